"""One connection's socket, as far as threads and event loops treat it alike; and server addresses.

Written as coroutines that wait in `Link`'s few abstract methods only: those of an event loop
suspend, those of threads (_threads) block and return, so that nothing is ever suspended there.

A TCP connection is probed by the kernel after 30 s of silence, every 10 s, 3 times: a machine that
went without a word is noticed while its answer is awaited.

Guarantees: no wait outlasts its limit; whatever ends connecting closes the socket; a call that ends
anywhere, by an exception or a cancellation, gives its answer up; in a forked child nothing is read
from or written to the parent's socket. Locks are held by `with` alone: an exception may come at any
point. Not here: the protocol's rules (_connection), pooling (_pool), attempts (_exchange).
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _protocol as protocol
from ._connection import Connection
from ._errors import AssayError
from ._exchange import Call, Exchange, Waiter, now_seconds
from ._options import Options

_PATH_SIZE_MAX = 107  # bytes a Unix socket's address has room for, less its terminator
#: seconds without a byte after which a time-out ends the connection
_SILENCE_MAX = 10.0
#: on; seconds of silence before the first probe, between probes; probes without an answer
KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


@dataclass(frozen=True, slots=True)
class Address:
    """`tcp://host:port`, `tcp://[::1]:port` or `unix:///path`."""

    text: str
    #: of a Unix socket; empty for TCP
    path: str = ""
    host: str = ""
    port: int = 0

    @staticmethod
    def parse(text: str) -> Address:
        """Touches no network. Raises `address_invalid`."""
        scheme, _, rest = text.partition("://")
        if scheme == "unix":
            if rest.startswith("/") and len(rest.encode()) <= _PATH_SIZE_MAX and "\0" not in rest:
                return Address(text, path=rest)
            allowed = f"an absolute path of at most {_PATH_SIZE_MAX} bytes after unix://"
        elif scheme == "tcp":
            host, _, port = rest.rpartition(":")
            if host.startswith("[") and host.endswith("]"):
                host = host[1:-1]
            is_port = port.isascii() and port.isdigit() and 0 < int(port) < 65536
            if host and "/" not in host and is_port:
                return Address(text, host=host, port=int(port))
            allowed = "a host, and a port from 1 to 65535 after the last colon"
        else:
            allowed = "tcp://HOST:PORT or unix:///PATH"
        message = f'reading the server address: found "{text}", allowed: {allowed}'
        raise AssayError(protocol.ADDRESS_INVALID, message)


def set_up_tcp(sock: socket.socket) -> None:
    """No delay of small frames, and probes of a silent peer, as far as the system has them."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for level, name, value in KEEPALIVE:
        with contextlib.suppress(OSError):
            sock.setsockopt(level, name, value)


class Link(ABC):
    """One socket and its state."""

    def __init__(self, sock: socket.socket, options: Options) -> None:
        self._socket = sock
        self._recv, self._send = sock.recv, sock.send  # of C: see _connection
        self._lock = threading.Lock()  # of the state
        self.core = Connection(options, self.ring)
        self._input = select.poll()
        self._input.register(sock, select.POLLIN)

    # ------------------------------------------------------------ how a caller waits

    @staticmethod
    @abstractmethod
    async def resolve(address: Address, limit: float) -> list[Any]:
        """What getaddrinfo(3) gives for a TCP address. Raises OSError."""

    @staticmethod
    @abstractmethod
    async def connect(sock: socket.socket, place: Any, limit: float) -> None:
        """Connects a socket. Raises OSError."""

    @staticmethod
    @abstractmethod
    def hang_bell(waiter: Waiter) -> None:
        """From now on `ring` is heard by the next `listen`."""

    @staticmethod
    @abstractmethod
    async def listen(waiter: Waiter, limit: float | None) -> None:
        """Waits until somebody rings, to the limit at most; or less: the caller looks again."""

    @staticmethod
    @abstractmethod
    def ring(waiter: Waiter) -> None:
        """Wakes whoever waits; twice is as good as once."""

    @abstractmethod
    async def _wait(
        self, waiter: Waiter, is_over: Callable[[], bool], limit: Callable[[], float | None]
    ) -> bool:
        """Until `is_over`, or the connection broke; False when `limit` passed first."""

    def _has_input(self) -> bool:
        """Something lies there that nobody reads: a GoAway perhaps, or the end. Under the lock."""
        return bool(self._input.poll(0))

    @abstractmethod
    def _read_what_came(self, waiter: Waiter) -> None:
        """Files that."""

    def _wrote(self, is_all: bool) -> None:  # noqa: B027
        """The kernel took what it takes now; whoever waits writes the rest. Under the lock."""

    @abstractmethod
    def _ended(self) -> None:
        """The connection is over: the socket is to go. Under the lock."""

    @property
    def belongs_here(self) -> bool:
        """Whether it may be used where it is asked for: every thread's may."""
        return True

    @abstractmethod
    def drop(self) -> None:
        """`cancel` from a finalizer, which may run in any thread, and inside any other method."""

    # ------------------------------------------------------------ life

    @classmethod
    async def open(cls, address: Address, options: Options, limit: float) -> Link:
        """Connects; `greet` comes next. Raises `unreachable`, or `timed_out`."""
        try:
            return cls(await cls._connected(address, limit), options)
        except TimeoutError:
            text = f"connecting to {address.text}: no answer in time"
            raise AssayError(protocol.TIMED_OUT, text) from None
        except (OSError, UnicodeError) as error:  # a host that is no name at all, too
            reason = getattr(error, "strerror", None) or error
            text = f"connecting to {address.text}: {reason}"
            raise AssayError(protocol.UNREACHABLE, text) from None

    @classmethod
    async def _connected(cls, address: Address, limit: float) -> socket.socket:
        places: list[tuple[int, Any]] = [(socket.AF_UNIX, address.path)]
        if not address.path:
            found = await cls.resolve(address, limit)
            places = [(family, place) for family, _, _, _, place in found]
        failure = OSError("the host has no address")
        for family, place in places:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                await cls.connect(sock, place, limit)
                if family != socket.AF_UNIX:
                    set_up_tcp(sock)
                return sock
            except OSError as error:
                sock.close()
                failure = error
            except BaseException:
                sock.close()
                raise
        raise failure

    async def greet(self, address: Address, exchange: Exchange) -> None:
        """Says Hello and waits for the answer; a connection that has none is closed."""
        try:
            call = self.core.hello()
            limit = exchange.connect_limit()
            with call.alive:
                with self._lock:
                    self.core.begin(call, 0)
                    self._write()
                while not call.done:
                    if not await self._wait(call, call.has_frames, lambda: limit):
                        text = f"saying Hello to {address.text}: no answer in time"
                        raise AssayError(protocol.TIMED_OUT, text)
                    self._accept(call)
            if call.error is not None:
                raise call.error
            with self._lock:
                self.core.agree(call.result)
        except BaseException:
            self.close("Hello was not answered")
            raise

    @property
    def load(self) -> int:
        """Requests in flight."""
        return len(self.core.calls) if self.core.broken is None else 0

    def close(self, reason: str) -> None:
        """Ends the connection, and every call on it. From any thread."""
        with self._lock:
            self.core.lost(reason)
            self._ended()

    def leave_to_parent(self) -> None:
        """In a forked child: only this copy of the descriptor is closed, and nobody is woken."""
        self._lock = threading.Lock()
        self._socket.close()
        text = "this connection is the parent process's"
        self.core.broken = AssayError(protocol.CONNECTION_CLOSED, text)

    # ------------------------------------------------------------ requests

    async def ask(self, call: Call, exchange: Exchange) -> bool:
        """Sends a request; `step` comes next. The caller is inside `with call.alive`.

        False when this connection is of no use and nothing was written.
        """
        core = self.core
        try:
            while True:
                with self._lock:
                    if not core.usable:
                        return False
                    now = call.heard = now_seconds()
                    core.tidy(now)
                    has_input = self._has_input()
                    if core.has_room and not has_input:
                        core.begin(call, exchange.header_deadline(now))
                        self._write()
                        return True
                    core.rooms[call] = None
                if has_input:
                    self._read_what_came(call)
                elif not await self._wait(call, core.room_or_none, lambda: exchange.deadline):
                    raise exchange.late("sending", "the deadline passed before it was sent")
        except BaseException:
            call.over = True
            self.cancel()
            raise
        finally:
            if core.rooms.pop(call, self) is not self:
                with self._lock:
                    core.wake_rooms()

    async def step(self, call: Call, exchange: Exchange) -> Any:
        """The next chunk to hand out; None when the answer is complete, or never will be.

        The caller is inside `with call.alive`; a call that has waited for too long is given up.
        """
        while True:
            chunk = self._accept(call)
            if chunk is not None or call.done:
                return chunk
            if not await self._wait(call, call.has_frames, exchange.answer_limit):
                late = exchange.late("waiting for the answer to", "it did not come in time")
                self._run_out_of_time(call, late)

    def _accept(self, call: Call) -> Any:
        core, chunk = self.core, None
        try:
            # Whoever reads files first and ends the connection then, so the end is looked at first.
            broken = core.broken
            if call.inbox:
                chunk = call.accept(core.options.allow_mock)
        except AssayError as error:
            with self._lock:
                core.fail(error)
                self._ended()
            raise
        if broken is not None and chunk is None and not call.done:
            call.error = broken.again()
        if call.error is not None and call.id in core.calls:
            self._give_up(call, call.error)  # a mock's answer goes on: the server is asked to stop
        return chunk

    def _run_out_of_time(self, call: Call, late: AssayError) -> None:
        with self._lock:
            core = self.core
            if core.is_begun(call):  # half a frame is on the wire: nothing can follow it
                core.lost("a request could not be written in time")
                self._ended()
            is_silent = now_seconds() - max(core.heard, call.heard) >= _SILENCE_MAX
        self._give_up(call, late)
        if is_silent:
            self.close("nothing came for too long")

    def _give_up(self, call: Call, error: AssayError) -> None:
        """Ends a call from this side and has it cancelled."""
        with self._lock:
            self.core.give_up(call, error)
            self._tidy()

    def cancel(self) -> None:
        """A call of this link is not wanted any more: the server is asked to stop."""
        with self._lock:
            self.core.untidy = True
            self._tidy()

    # ------------------------------------------------------------ reading and writing

    def _tidy(self) -> None:
        self.core.tidy(now_seconds())
        self._write()

    def _receive(self) -> None:
        """One system call, and what came is filed."""
        core, reason = self.core, ""
        try:
            if core.is_settled:
                # In one call of the interpreter: no byte is read and lost.
                core.arrived.extend(map(self._recv, (core.read_size,)))
        except BlockingIOError:
            return
        except OSError as error:
            reason = f"reading from the server: {error.strerror}"
        with self._lock:
            if reason:
                core.lost(reason)
            core.file(now_seconds())
            if core.broken is not None:
                self._ended()
            else:
                self._tidy()

    def _write(self) -> None:
        """What the kernel takes now; a failure ends the connection. Under the lock."""
        core = self.core
        if not core.outbox or core.broken is not None:
            return
        try:
            self._wrote(core.write(self._send))
        except OSError as error:
            core.lost(f"writing to the server: {error.strerror}")
            self._ended()

    def _write_more(self) -> None:
        with self._lock:
            self._write()
