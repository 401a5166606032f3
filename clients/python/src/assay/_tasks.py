"""Waiting of tasks: a connection of the asyncio client, with a socket that the event loop watches.

A single callback reads and files frames, and wakes the tasks that wait for them. Needs a loop with
`add_reader`, which every loop on Linux has.

Guarantees: a closed loop is not touched. A forked child does not touch the parent's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import socket
from collections.abc import Callable
from typing import Any

from ._errors import AssayError, closed
from ._exchange import Call, now_seconds
from ._link import Address, Link
from ._options import Options


class TaskLink(Link):
    """A connection for the tasks of one event loop. No task leads, since the loop reads."""

    def __init__(self, address: Address, options: Options) -> None:
        super().__init__(address, options)
        self.home: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self._watches_output = False
        self._opening = self.home.create_task(self._open())
        self._opening.add_done_callback(self._opened)

    def _opened(self, _: object) -> None:
        if not self._is_connected:
            self.end(closed("connecting was cut short"))

    # ------------------------------------------------------------ waiting

    @staticmethod
    def here() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    @staticmethod
    async def nap(seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _resolve(self) -> list[Any]:
        host, port = self._address.host, self._address.port
        return list(await self.home.getaddrinfo(host, port, type=socket.SOCK_STREAM))

    def wake(self, call: Call) -> None:
        if call.bell is not None and not call.bell.done():
            call.bell.set_result(None)

    async def _wait(
        self, call: Call, is_over: Callable[[], bool], limit: Callable[[], float]
    ) -> bool:
        while not is_over() and self.broken is None:
            left = limit() - now_seconds()
            if left <= 0:
                return False
            call.bell = self.home.create_future()
            if left < math.inf:
                await asyncio.wait([call.bell], timeout=left)
            else:
                await call.bell
        return True

    # ------------------------------------------------------------ the loop

    def end(self, error: AssayError) -> None:
        """Ends the connection in the loop's thread, unless the loop no longer runs."""
        if self.home.is_running() and asyncio._get_running_loop() is not self.home:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self.home.call_soon_threadsafe(super().end, error)
        else:
            super().end(error)

    def cancel(self, waits: bool = True) -> None:
        """Cancels in the loop's thread, soon."""
        self.untidy = True
        if self.broken is None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self.home.call_soon_threadsafe(super().cancel)

    def _attach(self, sock: socket.socket) -> None:
        super()._attach(sock)
        self.home.add_reader(sock, self._read_once)

    def ended(self) -> None:
        if self._is_connected:
            if self._socket.fileno() >= 0 and not self.home.is_closed():
                self.home.remove_reader(self._socket)
                self.home.remove_writer(self._socket)
            self._socket.close()

    # ------------------------------------------------------------ reading and writing

    def _read_once(self) -> None:
        """Reads once, files the bytes, and writes queued frames. Called by the loop."""
        try:
            if self.broken is None:
                super()._read_once()
        except BaseException:  # from a signal's handler: the loop soon repeats the step
            self.home.call_soon(self._read_once)
            raise

    def _write(self) -> None:
        """Writes now, and lets the loop write the bytes that the kernel does not take."""
        super()._write()
        if bool(self.outbox) != self._watches_output and self.broken is None:
            self._watches_output = not self._watches_output
            if self._watches_output:
                self.home.add_writer(self._socket, self._read_once)
            else:
                self.home.remove_writer(self._socket)
