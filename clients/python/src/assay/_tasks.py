"""How tasks wait: one connection of the asyncio client, a socket that the event loop watches.

Frames are read and filed in one callback, which wakes the task that waits for them. Needs a loop
with `add_reader`, as every loop on Linux has.

Guarantees: a closed loop is not touched, nor, by a forked child, its parent's.
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
    """One connection, for the tasks of one event loop. None of them leads: the loop reads."""

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
        """The loop's thread does it, unless the loop does not run any more."""
        if self.home.is_running() and asyncio._get_running_loop() is not self.home:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                self.home.call_soon_threadsafe(super().end, error)
        else:
            super().end(error)

    def cancel(self, waits: bool = True) -> None:
        """The loop's thread does it, in a moment."""
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
        """Reads once, files what came, writes what is to be written. The loop calls it."""
        try:
            if self.broken is None:
                super()._read_once()
        except BaseException:  # of a signal's handler: what it left undone is done in a moment
            self.home.call_soon(self._read_once)
            raise

    def _write(self) -> None:
        """The loop writes what the kernel does not take now."""
        super()._write()
        if bool(self.outbox) != self._watches_output and self.broken is None:
            self._watches_output = not self._watches_output
            if self._watches_output:
                self.home.add_writer(self._socket, self._read_once)
            else:
                self.home.remove_writer(self._socket)
