"""How tasks wait: one connection of the asyncio client, a socket that the event loop watches.

Frames are read and filed in one callback, which wakes the task that waits for them. Needs a loop
with `add_reader`, as every loop on Linux has.

Guarantees: the loop of a forked child's parent, and one that is closed, is not touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from typing import Any

from ._exchange import Call, Exchange, Waiter, now_seconds
from ._options import Options
from ._socket import Address, Link


async def _within(limit: float, work: Any) -> Any:
    try:
        return await asyncio.wait_for(work, max(0.001, limit - now_seconds()))
    except asyncio.TimeoutError:  # which is no TimeoutError before Python 3.11
        raise TimeoutError from None


class TaskLink(Link):
    """One socket and its state, on one event loop."""

    def __init__(self, sock: socket.socket, options: Options) -> None:
        super().__init__(sock, options)
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._watches_output = False
        self._loop.add_reader(sock, self._read)

    # ------------------------------------------------------------ waiting

    @staticmethod
    async def resolve(address: Address, limit: float) -> list[Any]:
        loop = asyncio.get_running_loop()
        found: list[Any] = await _within(
            limit, loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        )
        return found

    @staticmethod
    async def connect(sock: socket.socket, place: Any, limit: float) -> None:
        sock.setblocking(False)
        await _within(limit, asyncio.get_running_loop().sock_connect(sock, place))

    @staticmethod
    def hang_bell(waiter: Waiter) -> None:
        waiter.bell = asyncio.get_running_loop().create_future()

    @staticmethod
    async def listen(waiter: Waiter, limit: float | None) -> None:
        if limit is None:
            await waiter.bell
            return
        delay = limit - now_seconds()
        timer = asyncio.get_running_loop().call_later(delay, TaskLink.ring, waiter)
        try:
            await waiter.bell
        finally:
            timer.cancel()

    @staticmethod
    def ring(waiter: Waiter) -> None:
        bell = waiter.bell
        if bell is not None and not bell.done():
            bell.set_result(None)

    async def _wait(
        self, waiter: Waiter, is_over: Callable[[], bool], limit: Callable[[], float | None]
    ) -> bool:
        while not is_over() and self.core.broken is None:
            until = limit()
            if until is not None and now_seconds() >= until:
                return False
            self.hang_bell(waiter)
            await self.listen(waiter, until)
        return True

    # ------------------------------------------------------------ the loop

    @property
    def belongs_here(self) -> bool:
        """Whether the running event loop is the one this connection was made in."""
        return self._loop is asyncio.get_running_loop()

    @property
    def _is_out_of_reach(self) -> bool:
        """A child has a copy of the descriptors by which the parent's loop watches its sockets."""
        return self._loop.is_closed() or self._process != os.getpid()

    def _in_loop(self, work: Callable[..., None], *words: Any) -> None:
        """Has the loop's thread do it; here and now when the loop does not run any more."""
        if asyncio._get_running_loop() is not self._loop and self._loop.is_running():
            try:
                self._loop.call_soon_threadsafe(work, *words)
                return
            except RuntimeError:
                pass  # closed meanwhile
        work(*words)

    def close(self, reason: str) -> None:
        self._in_loop(super().close, reason)

    def cancel(self) -> None:
        self._in_loop(super().cancel)

    def drop(self) -> None:
        self.core.untidy = True
        if not self._is_out_of_reach:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self._loop.call_soon_threadsafe(self.cancel)

    def _ended(self) -> None:
        if self._socket.fileno() >= 0 and not self._is_out_of_reach:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket.close()

    # ------------------------------------------------------------ reading and writing

    async def ask(self, call: Call, exchange: Exchange) -> bool:
        is_asked = await super().ask(call, exchange)
        if is_asked and not self.core.outbox and len(self.core.calls) > 1:
            self._read()  # what is answered already needs no turn of the loop
        return is_asked

    def _read(self) -> None:
        """Reads once, files what came, writes what is to be written. The loop calls it."""
        try:
            if self.core.broken is None:
                self._receive()
                if self.core.finished:
                    self.close("the server takes no more requests")
        except BaseException:  # of a signal's handler: what it left undone is done in a moment
            if not self._loop.is_closed():
                self._loop.call_soon(self._read)
            raise

    def _read_what_came(self, waiter: Waiter) -> None:
        self._read()

    def _wrote(self, is_all: bool) -> None:
        """The loop writes the rest."""
        if is_all == self._watches_output and not self._is_out_of_reach:
            self._watches_output = not is_all
            if is_all:
                self._loop.remove_writer(self._socket)
            else:
                self._loop.add_writer(self._socket, self._write_more)
