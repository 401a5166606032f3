"""One connection of the asyncio client: a socket that the event loop watches.

Frames are read and filed in one callback, which wakes the task that waits for them. Needs a loop
with `add_reader`, as every loop on Linux has.

Guarantees: no wait outlasts its limit; a task that ends anywhere, by cancellation or by an
exception, gives its answer up; the loop of a forked child's parent, and one that is closed, is not
touched.
Not here: the protocol's rules (_connection, _call), pooling and attempts (_async_client).
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
from collections.abc import Callable
from typing import Any

from ._call import Call, Waiter
from ._connection import Connection
from ._errors import CONNECTION_CLOSED, TIMED_OUT, AssayError
from ._options import SILENCE_MAX, Address, Options, Trial, late
from ._sockets import not_connected, set_up_tcp


class AsyncLink:
    """One socket and its state, on one event loop."""

    def __init__(self, sock: socket.socket, options: Options) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = os.getpid()
        self._socket = sock
        self._recv, self._send = sock.recv, sock.send  # of C: see _connection
        self.core = Connection(options, _wake)
        self._watches_output = False
        self._input = select.poll()
        self._input.register(sock, select.POLLIN)
        self._loop.add_reader(sock, self._read)

    # ------------------------------------------------------------ life

    @staticmethod
    async def open(address: Address, options: Options, trial: Trial) -> AsyncLink:
        """Connects; `greet` comes next. Raises `unreachable`, or `timed_out`."""
        limit = trial.connect_limit(asyncio.get_running_loop().time())
        return AsyncLink(await _connected(address, limit), options)

    async def greet(self, address: Address, trial: Trial) -> None:
        """Says Hello and waits for the answer; a connection that has none is closed."""
        try:
            call = self.core.hello()
            limit = trial.connect_limit(self._loop.time())
            with call.alive:
                self.core.begin(call, 0)
                self._write()
                while not call.done:
                    if not await self._wait(call, call.has_frames, lambda: limit):
                        text = f"saying Hello to {address.text}: no answer in time"
                        raise AssayError(TIMED_OUT, text)
                    self._accept(call)
            if call.error is not None:
                raise call.error
            self.core.agree(call.result)
        except BaseException:
            self.close("Hello was not answered")
            raise

    @property
    def load(self) -> int:
        """Requests in flight."""
        return len(self.core.calls) if self.core.broken is None else 0

    def close(self, reason: str, code: str = CONNECTION_CLOSED) -> None:
        """Ends the connection, and every call on it with this error. In the loop's thread, or when
        the loop does not run any more."""
        self.core.lost(reason, code)
        self._ended()

    def close_from_anywhere(self, reason: str, code: str) -> None:
        """The same from another thread than that of the loop."""
        try:
            running: Any = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if running is self._loop or not self._loop.is_running():
            self.close(reason, code)
            return
        try:
            self._loop.call_soon_threadsafe(self.close, reason, code)
        except RuntimeError:  # closed meanwhile
            self.close(reason, code)

    def _ended(self) -> None:
        """A closed loop is not touched, and neither is that of another process: a child has a copy
        of the descriptors by which the parent's loop watches its sockets."""
        if self._socket.fileno() >= 0 and not self._loop.is_closed():
            if self._process == os.getpid():
                self._loop.remove_reader(self._socket)
                self._loop.remove_writer(self._socket)
        self._socket.close()

    def leave_to_parent(self) -> None:
        """In a forked child: only this copy of the descriptor is closed."""
        self._socket.close()
        self.core.broken = AssayError(CONNECTION_CLOSED, "this connection is the parent process's")

    # ------------------------------------------------------------ requests

    async def ask(self, call: Call, trial: Trial) -> bool:
        """Sends a request; `step` comes next. The caller is inside `with call.alive`.

        False when this connection is of no use and nothing was written.
        """
        core = self.core
        try:
            while not self._ask_now(call, trial):
                if not core.usable:
                    return False
                core.rooms[call] = None
                try:
                    if not await self._wait(call, core.room_or_none, lambda: trial.deadline):
                        raise trial.late()
                finally:
                    core.rooms.pop(call, None)
                    core.wake_rooms()
            return not call.is_unsent
        except BaseException:
            call.over = True
            self.cancel()
            raise

    def _ask_now(self, call: Call, trial: Trial) -> bool:
        """Sends a request if that can be done at once.

        What is answered already needs no turn of the loop.
        """
        core = self.core
        while core.broken is None and self._input.poll(0):
            self._read()
        now = self._loop.time()
        core.tidy(now)
        if not core.usable or not core.has_room:
            return False
        call.heard = now
        core.begin(call, trial.header_deadline(now))
        self._write()
        if not core.outbox:
            self._read()
        return True

    async def step(self, call: Call, trial: Trial) -> Any:
        """The next chunk to hand out; None when the answer is complete, or never will be.

        The caller is inside `with call.alive`; a call that has waited for too long is given up.
        """
        while True:
            chunk = self._accept(call)
            if chunk is not None or call.done:
                return chunk
            if not await self._wait(call, call.has_frames, lambda: trial.answer_limit(call.heard)):
                self.give_up(call, late(call.kind))
                if self._loop.time() - max(self.core.heard, call.heard) >= SILENCE_MAX:
                    self.close("nothing came for too long")

    def _accept(self, call: Call) -> Any:
        try:
            chunk = call.accept(self.core.options.allow_mock)
        except AssayError as error:
            self.core.fail(error)
            self._ended()
            raise
        if chunk is None and not call.done and self.core.broken is not None:
            call.error = self.core.broken.again()
        if call.error is not None and call.id in self.core.calls:
            self.give_up(call)  # a mock's answer goes on: the server is asked to stop
        return chunk

    def give_up(self, call: Call, error: AssayError | None = None) -> None:
        """Ends a call from this side and has it cancelled."""
        self.core.give_up(call, error)
        self.cancel()

    def cancel(self) -> None:
        """A call of this link is not wanted any more: the server is asked to stop."""
        if self._loop.is_closed() or self._process != os.getpid():
            return
        self.core.untidy = True
        self.core.tidy(self._loop.time())
        self._write()

    @property
    def belongs_here(self) -> bool:
        """Whether the running event loop is the one this connection was made in."""
        return self._loop is asyncio.get_running_loop()

    def drop(self) -> None:
        """The same from a finalizer, which may run in any thread."""
        self.core.untidy = True
        if self._process == os.getpid() and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self.cancel)
            except RuntimeError:
                pass  # closed meanwhile

    # ------------------------------------------------------------ reading

    async def _wait(
        self, waiter: Waiter, is_over: Callable[[], bool], limit: Callable[[], float | None]
    ) -> bool:
        """Until `is_over`, or the connection broke; False when `limit` passed first."""
        while not is_over() and self.core.broken is None:
            bell = waiter.bell = self._loop.create_future()
            until = limit()
            if until is None:
                await bell
                continue
            if self._loop.time() >= until:
                return False
            timer = self._loop.call_at(until, _wake, waiter)
            try:
                await bell
            finally:
                timer.cancel()
        return True

    def _read(self) -> None:
        """Reads once, files what came, writes what is to be written. The loop calls it."""
        try:
            if self.core.broken is None:
                self._read_once()
        except BaseException:  # of a signal's handler: what it left undone is done in a moment
            if not self._loop.is_closed():
                self._loop.call_soon(self._read)
            raise

    def _read_once(self) -> None:
        core = self.core
        try:
            if core.is_settled:
                # In one call of the interpreter: no byte is read and lost.
                core.arrived.extend(map(self._recv, (core.read_size,)))
        except BlockingIOError:
            pass
        except OSError as error:
            core.lost(f"reading from the server: {error.strerror}")
        now = self._loop.time()
        if not core.is_settled:
            core.file(now)
        if core.broken is not None:
            self._ended()
        elif core.finished:
            self.close("the server takes no more requests")
        else:
            core.tidy(now)
            self._write()

    # ------------------------------------------------------------ writing

    def _write(self) -> None:
        """In one system call, when the kernel takes it; the loop writes what it does not take."""
        core = self.core
        if not core.outbox or core.broken is not None:
            return
        try:
            is_written = core.write(self._send)
        except OSError as error:
            self.close(f"writing to the server: {error.strerror}")
            return
        if is_written and self._watches_output:
            self._loop.remove_writer(self._socket)
            self._watches_output = False
        elif not is_written and not self._watches_output:
            self._loop.add_writer(self._socket, self._write)
            self._watches_output = True


def _wake(waiter: Waiter) -> None:
    bell = waiter.bell
    if bell is not None and not bell.done():
        bell.set_result(None)


async def _connected(address: Address, limit: float) -> socket.socket:
    """A connected socket. Raises `unreachable`, or `timed_out`."""
    loop = asyncio.get_running_loop()
    try:
        return await asyncio.wait_for(_connect(address), max(0.001, limit - loop.time()))
    except (TimeoutError, asyncio.TimeoutError):
        raise not_connected(address, TimeoutError()) from None
    except OSError as error:
        raise not_connected(address, error) from None


async def _connect(address: Address) -> socket.socket:
    if address.path:
        return await _connect_to(socket.AF_UNIX, address.path)
    loop, failure = asyncio.get_running_loop(), OSError("the host has no address")
    found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    for family, _, _, _, place in found:
        try:
            return await _connect_to(family, place)
        except OSError as error:
            failure = error
    raise failure


async def _connect_to(family: int, place: Any) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, place)
        if family != socket.AF_UNIX:
            set_up_tcp(sock)
    except BaseException:
        sock.close()
        raise
    return sock
