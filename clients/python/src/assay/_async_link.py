"""One connection of the asyncio client: a socket that the event loop watches.

An answer is read, checked and filed in one callback, which wakes the task that waits for it. Needs
a loop with `add_reader`, as every loop on Linux has.

Guarantees: no wait outlasts its limit; a task's cancellation gives its answer up.
Not here: the protocol's rules (_connection), pooling and attempts (_async_client).
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Any

from ._connection import Call, Connection, Room
from ._errors import CONNECTION_CLOSED, TIMED_OUT, UNREACHABLE, AssayError
from ._options import SILENCE_MAX, Address, Options, Trial, late


class AsyncLink:
    """One socket and its state, on one event loop."""

    def __init__(self, sock: socket.socket, options: Options) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = sock
        self.core = Connection(options)
        self._unsent = bytearray()
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
            call, data = self.core.hello()
            limit = trial.connect_limit(self._loop.time())
            self._write(data, call)
            if not await self._wait(call, lambda: limit):
                raise AssayError(TIMED_OUT, f"saying Hello to {address.text}: no answer in time")
            if call.error is not None:
                raise call.error
        except BaseException:
            self.close("Hello was not answered")
            raise

    @property
    def load(self) -> int:
        """Requests in flight."""
        return len(self.core.calls)

    def close(self, reason: str, code: str = CONNECTION_CLOSED) -> None:
        """Ends the connection, and every call on it with this error."""
        self._ended(self.core.lost(reason, code))

    def _ended(self, items: list[Any]) -> None:
        if self._socket.fileno() >= 0 and not self._loop.is_closed():
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
        self._socket.close()
        self._unsent.clear()
        for item in items:
            _wake(item)

    # ------------------------------------------------------------ requests

    async def begin(self, call: Call, trial: Trial) -> bool:
        """Sends a request; False when this connection is of no use and nothing was written."""
        while not self.begin_now(call, trial):
            if not self.core.usable:
                return False
            await self._wait_for_room(self.core.room(), trial)
        return call.written

    def begin_now(self, call: Call, trial: Trial) -> bool:
        """Sends a request if that can be done at once; see `call.written`.

        What is answered already needs no turn of the loop.
        """
        core = self.core
        if not core.calls and self._input.poll(0):
            self._read_what_came()
        if not core.usable or not core.has_room:
            return False
        now = call.heard = self._loop.time()
        self._write(core.begin(call, trial.header_deadline(now)), call)
        if not self._unsent:
            self._read()
        return True

    async def _wait_for_room(self, room: Room, trial: Trial) -> None:
        arrived = False
        try:
            arrived = await self._wait(room, lambda: trial.deadline)
        finally:
            if not arrived:
                for other in self.core.leave(room):
                    _wake(other)
        if not arrived:
            raise trial.late()

    async def wait(self, call: Call, trial: Trial) -> None:
        """Until there is something to take. Raises `timed_out`, and gives up then."""
        try:
            arrived = await self._wait(call, lambda: trial.answer_limit(call.heard))
        except BaseException:  # such as the task's cancellation
            self.give_up(call)
            raise
        if not arrived:
            self.give_up(call, late(call.kind))
            if self._loop.time() - max(self.core.heard, call.heard) >= SILENCE_MAX:
                self.close("nothing came for too long")

    def take_chunk(self, call: Call) -> Any:
        """The next chunk to hand out; None when there is none."""
        return call.take_chunk()

    def give_up(self, call: Call, error: AssayError | None = None) -> None:
        """Ends a call from this side and has it cancelled."""
        self.core.give_up(call, error)
        self._flush()

    def drop(self, call: Call) -> None:
        """The same from a finalizer, which may run in any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.give_up, call)

    # ------------------------------------------------------------ reading

    async def _wait(self, item: Any, limit: Callable[[], float | None]) -> bool:
        """Until `item.ready`; False when `limit` passed first."""
        while not item.ready:
            if self.core.broken is not None:
                raise self.core.broken.again()
            waiter = item.waiter = self._loop.create_future()
            until = limit()
            if until is None:
                await waiter
                continue
            timer = self._loop.call_at(until, _wake, item)
            try:
                await waiter
            finally:
                timer.cancel()
            if not item.ready:
                until = limit()
                if until is not None and self._loop.time() >= until:
                    return False
        return True

    def _read(self) -> None:
        """Reads once and files what came. The loop calls it."""
        if self.core.broken is not None:
            return
        try:
            count = self._socket.recv_into(self.core.space())
            reason = "the server closed the connection"
        except BlockingIOError:
            return
        except OSError as error:
            count, reason = 0, f"reading from the server: {error.strerror}"
        if count == 0:
            self._ended(self.core.lost(reason))
            return
        moved = self.core.received(count, self._loop.time())
        if self.core.broken is not None:
            self._ended(moved)
            return
        for item in moved:
            _wake(item)
        if self.core.finished:
            self.close("the server takes no more requests")
        self._flush()

    def _read_what_came(self) -> None:
        """What lies on an idle connection: a GoAway perhaps, or its end."""
        while self.core.broken is None and self._input.poll(0):
            self._read()

    # ------------------------------------------------------------ writing

    def _write(self, data: bytes, call: Call | None) -> None:
        """In one system call, when the kernel takes it; the loop writes what it does not take."""
        if self._unsent:
            sent = 0
        else:
            try:
                sent = self._socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self.close(f"writing to the server: {error.strerror}")
                return
        if call is not None:
            call.written = True
        if sent < len(data):
            if not self._unsent:
                self._loop.add_writer(self._socket, self._write_rest)
            self._unsent += data[sent:]

    def _write_rest(self) -> None:
        try:
            del self._unsent[: self._socket.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError as error:
            self.close(f"writing to the server: {error.strerror}")
            return
        if not self._unsent:
            self._loop.remove_writer(self._socket)

    def _flush(self) -> None:
        """Writes the connection's own frames: Cancels."""
        if self.core.outgoing:
            self._write(self.core.take_outgoing(), None)


def _wake(item: Any) -> None:
    if item.waiter is not None and not item.waiter.done():
        item.waiter.set_result(None)


async def _connected(address: Address, limit: float) -> socket.socket:
    """A connected socket, without delay. Raises `unreachable`, or `timed_out`."""
    loop = asyncio.get_running_loop()
    try:
        return await asyncio.wait_for(_connect(address), max(0.001, limit - loop.time()))
    except (TimeoutError, asyncio.TimeoutError):
        raise AssayError(TIMED_OUT, f"connecting to {address.text}: no answer in time") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise AssayError(UNREACHABLE, f"connecting to {address.text}: {reason}") from None


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
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        sock.close()
        raise
    return sock
