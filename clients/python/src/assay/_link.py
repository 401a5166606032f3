"""One connection with its socket, read by whichever thread waits for an answer; server addresses.

One waiting thread at a time leads: it connects, reads, files frames for the others, wakes those
whose answer moved on, and passes the lead on when its own is there. So an answer reaches its caller
with no hand-over between threads, or with one.

An exception may take a thread away at any point (a signal's handler, Ctrl-C). What it held then is
not in its hands: locks are held by `with` alone, and who leads or waits is asked whether it is
`alive`, which is such a lock. A thread that leaves wakes the next one; should even that be cut
short, the others look for themselves every second.

Written as coroutines, which never suspend here: every wait blocks. For an event loop a subclass
replaces the waits (_tasks).

A TCP connection is probed by the kernel after 30 s of silence, every 10 s, 3 times: a machine that
went without a word is noticed while its answer is awaited.

Guarantees: any thread may call anything; no wait outlasts its limit; whatever ends connecting
closes the socket; a call that ends anywhere, by an exception or a cancellation, gives its answer
up; a writer whom the server does not read goes on reading, so that the two never wait for each
other; in a forked child nothing is read from or written to the parent's socket.
Not here: the protocol's rules (_connection), which connection (_base), attempts (_exchange).
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import queue
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import _protocol as protocol
from ._connection import Connection
from ._errors import AssayError, closed
from ._exchange import Call, Exchange, now_seconds
from ._options import Options

_TCP = re.compile(r"tcp://(\[[^][/]+\]|[^][/]+):([0-9]{1,5})")
_UNIX = re.compile(r"unix://(/[^\0]*)")
_PATH_SIZE_MAX = 107  # bytes a Unix socket's address has room for, less its terminator
#: seconds without a byte after which a time-out ends the connection
_SILENCE_MAX = 10.0
#: seconds until connecting is looked at again: the first time, and at most
_NAP_MIN, _NAP_MAX = 0.0005, 0.02
#: seconds after which a waiting thread looks whether somebody still leads
_LOOK_EVERY = 1.0
#: the same while bytes wait to be written
_LOOK_OFTEN = 0.05
#: what connecting says meanwhile; EAGAIN is a Unix socket's whose server is slow to accept
_UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY, errno.EAGAIN)
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
        tcp, unix = _TCP.fullmatch(text), _UNIX.fullmatch(text)
        if tcp is not None and 0 < int(tcp[2]) < 65536:
            return Address(text, host=tcp[1].strip("[]"), port=int(tcp[2]))
        if unix is not None and len(unix[1].encode()) <= _PATH_SIZE_MAX:
            return Address(text, path=unix[1])
        allowed = f"unix:///PATH, an absolute path of at most {_PATH_SIZE_MAX} bytes"
        message = f'found "{text}", allowed: tcp://HOST:PORT, a port from 1 to 65535, or {allowed}'
        raise AssayError(protocol.ADDRESS_INVALID, f"reading the server address: {message}")


def set_up_tcp(sock: socket.socket) -> None:
    """No delay of small frames, and probes of a silent peer, as far as the system has them."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for level, name, value in KEEPALIVE:
        with contextlib.suppress(OSError):
            sock.setsockopt(level, name, value)


class Link(Connection):
    """One connection: its socket and its state. It connects when the first call asks."""

    #: the event loop it was made in; None for threads
    home: Any = None
    #: once it is connected
    _socket: socket.socket

    def __init__(self, address: Address, options: Options) -> None:
        super().__init__(options)
        self._address = address
        self._lock = threading.Lock()  # of the state, and of what follows
        self._is_connected = False
        self._arrivals = select.poll()
        #: when connecting, or after that Hello, has taken too long
        self._open_until = now_seconds() + options.connect_milliseconds / 1000
        self._leader: Call | None = None  # the one that reads
        self._waiting: dict[Call, None] = {}

    # ------------------------------------------------------------ how a thread waits

    @staticmethod
    def here() -> Any:
        """The event loop that runs; None for threads."""
        return None

    @staticmethod
    async def nap(seconds: float) -> None:
        """Waits that long."""
        time.sleep(seconds)

    async def _resolve(self) -> list[Any]:
        """What getaddrinfo(3) gives for a TCP address, in the resolver's time. Raises OSError."""
        return socket.getaddrinfo(self._address.host, self._address.port, type=socket.SOCK_STREAM)

    def wake(self, call: Call) -> None:
        if call.bell is not None:
            call.bell.put(None)

    async def _wait(
        self, call: Call, is_over: Callable[[], bool], limit: Callable[[], float]
    ) -> bool:
        """Until `is_over`, or the connection broke; False when `limit` passed first."""
        try:
            while True:
                leads = self._leads(call)
                if is_over() or self.broken is not None:
                    return True
                until = limit()
                left = until - now_seconds()
                if left <= 0:
                    return False
                if leads and not self._is_connected:
                    await self._open(until)
                elif leads:
                    self._read(left)
                elif self.outbox:
                    self._write_when_possible()
                else:
                    with contextlib.suppress(queue.Empty):
                        call.bell.get(timeout=min(_LOOK_EVERY, left))
        finally:
            self._step_down(call)

    @property
    def _is_led(self) -> bool:
        return self._leader is not None and self._leader.alive.locked()

    def _leads(self, call: Call) -> bool:
        """Takes the lead when nobody has it; otherwise is among those to be woken from now on."""
        if self._leader is call:
            return True
        with self._lock:
            if not self._is_led:
                self._leader = call
                return True
            call.bell = call.bell or queue.SimpleQueue()
            self._waiting[call] = None
            return False

    def _step_down(self, call: Call) -> None:
        """Passes the lead on to whoever waits."""
        with self._lock:
            self._waiting.pop(call, None)
            if self._leader is call:
                self._leader = None
            if self._leader is None:
                if self.broken is not None:
                    self.ended()
                for other in list(self._waiting):
                    if other.alive.locked():
                        self.wake(other)
                        break
                    self._waiting.pop(other)  # its thread was interrupted

    # ------------------------------------------------------------ life

    async def _open(self, until: float = math.inf) -> None:
        """Connects and says Hello, whose answer is filed like any other. One caller at a time.

        One that has to leave before, at `until` or by an exception, leaves it to the next.
        """
        try:
            sock = await self._connected(min(until, self._open_until))
        except (OSError, UnicodeError) as error:  # a host that is no name at all, too
            if now_seconds() < until:
                self.end(self._not_open(getattr(error, "strerror", None) or error))
            return
        with self._lock:
            if self.broken is not None:
                sock.close()
                return
            self._open_until = now_seconds() + self.options.connect_milliseconds / 1000
            self.say_hello()
            self._attach(sock)
            self._write()

    def _not_open(self, reason: object) -> AssayError:
        where = self._address.text
        if self._is_connected:
            return AssayError(protocol.TIMED_OUT, f"saying Hello to {where}: {reason}")
        return AssayError(protocol.UNREACHABLE, f"connecting to {where}: {reason}")

    async def _connected(self, limit: float) -> socket.socket:
        """A socket that is connected. Raises OSError."""
        places: list[tuple[int, Any]] = [(socket.AF_UNIX, self._address.path)]
        if not self._address.path:
            places = [(family, place) for family, _, _, _, place in await self._resolve()]
        failure = OSError("the host has no address")
        for family, place in places:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.setblocking(False)
                await self._connect(sock, place, limit)
                sock.setblocking(self.home is None)
                if family != socket.AF_UNIX:
                    set_up_tcp(sock)
                return sock
            except BaseException as error:
                sock.close()
                if not isinstance(error, OSError):
                    raise
                failure = error
        raise failure

    async def _connect(self, sock: socket.socket, place: Any, limit: float) -> None:
        """In naps, so that closing the client ends it at once. Raises OSError."""
        nap = _NAP_MIN
        while (code := sock.connect_ex(place)) in _UNDER_WAY:
            left = limit - now_seconds()
            if left <= 0 or self.broken is not None:
                raise TimeoutError("no answer in time")
            await self.nap(min(nap, left))
            nap = min(2 * nap, _NAP_MAX)
        if code not in (0, errno.EISCONN):
            raise OSError(code, os.strerror(code))

    def _attach(self, sock: socket.socket) -> None:
        """From now on it is this connection's socket. Under the lock."""
        self._recv, self._send = sock.recv, sock.send  # of C: see _connection
        self._arrivals = select.poll()
        self._arrivals.register(sock, select.POLLIN)
        self._socket, self._is_connected = sock, True

    @property
    def load(self) -> int:
        """Requests in flight, and those that wait to be sent."""
        return len(self.calls) + len(self.rooms)

    def end(self, error: AssayError) -> None:
        """Ends the connection, and every call on it. From any thread."""
        with self._lock:
            self.fail(error)

    def ended(self) -> None:
        """The socket itself goes when nobody reads it. Under the lock."""
        if self._is_connected:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            if not self._is_led:
                self._socket.close()

    def leave_to_parent(self) -> None:
        """In a forked child: only this copy of the descriptor is closed, and nobody is woken."""
        self._lock = threading.Lock()
        self.broken = closed("this connection is the parent process's")
        if self._is_connected:
            self._socket.close()

    # ------------------------------------------------------------ requests

    async def ask(self, call: Call, exchange: Exchange) -> bool:
        """Sends a request; `step` comes next. The caller is inside `with call.alive`.

        False when this connection is of no use and nothing was written.
        """

        def limit() -> float:
            return exchange.deadline if self.is_open else min(exchange.deadline, self._open_until)

        try:
            while True:
                with self._lock:
                    self._catch_up()
                    if self.broken is not None and not self.is_open:
                        raise self.broken.again()
                    if not self.takes_requests:
                        return False
                    now = call.heard = now_seconds()
                    self.tidy(now)
                    if self.room_or_none():
                        self.begin(call, exchange.body(self.revision), exchange.time_left(now))
                        self.rooms.pop(call, None)
                        self._write()
                        if self.home is not None:  # an answer that is there needs no turn of it
                            self._follow_up(self._receive())
                        elif not self._is_led:
                            self._leader = call  # who asks waits next
                        return True
                if await self._wait(call, self.room_or_none, limit) or now_seconds() < limit():
                    continue
                exchange.time_left(now_seconds())  # raises where it was the caller's limit
                self.end(self._not_open("no answer in time"))
        finally:
            self.rooms.pop(call, None)
            if not (self.rooms or self.is_open):
                self.end(closed("nobody waits for this connection any more"))
            elif self.rooms:
                with self._lock:
                    self.wake_rooms()

    async def step(self, call: Call, exchange: Exchange) -> Any:
        """The next chunk to hand out; None when the answer is complete. Raises why it never will.

        The caller is inside `with call.alive`; a call that has waited for too long is given up.
        """

        def limit() -> float:
            return min(call.heard + exchange.silence_max, exchange.give_up_at)

        while True:
            broken = self.broken  # looked at first: who reads files first and ends it then
            try:
                chunk = call.accept(self.options.allow_mock) if call.inbox else None
            except AssayError as error:
                self.end(error)
                raise
            if chunk is not None or call.result is not None:
                return chunk
            if broken is not None and call.error is None:
                call.error = broken.again()
            if call.error is not None:
                if call.id in self.calls:  # a mock's answer goes on: the server is asked to stop
                    self._abandon(call, call.error)
                raise call.error
            if not await self._wait(call, call.has_frames, limit):
                late = exchange.late("waiting for the answer to", "it did not come in time")
                self._abandon(call, late)

    def _abandon(self, call: Call, error: AssayError) -> None:
        """Ends a call from this side: it is cancelled, or the connection ended."""
        with self._lock:
            self.give_up(call, error)
            if error.code == protocol.TIMED_OUT:
                if now_seconds() - max(self.heard, call.heard) >= _SILENCE_MAX:
                    self.fail(closed("nothing came for too long"))
                elif call.taken and call.id in self.outbox:  # nothing can follow half a frame
                    self.fail(closed("a request could not be written in time"))
            self._follow_up()

    def cancel(self, waits: bool = True) -> None:
        """A call of this link is not wanted any more: the server is asked to stop.

        A finalizer, which may run inside any other method, waits for no lock: who holds it, or
        comes next, finds the call.
        """
        self.untidy = True
        held: list[bool] = []
        try:
            held.extend(map(self._lock.acquire, (waits,)))
            if held[0]:
                self._follow_up()
        finally:
            if held and held[0]:
                self._lock.release()

    # ------------------------------------------------------------ reading and writing

    def _read(self, left: float) -> None:
        """Reads once, as soon as something comes. Leader only."""
        if self.outbox and self.is_settled:
            if not self._write_when_possible(select.POLLIN):
                return
        elif left < math.inf and self.is_settled:
            # One wait of the kernel takes no more than 2^31 milliseconds.
            if not self._arrivals.poll(min(left * 1000, 1e9)):
                return
        self._read_once()

    def _read_once(self) -> None:
        """One system call, and what follows. Leader only."""
        failure = self._receive()
        with self._lock:
            self._follow_up(failure)

    def _receive(self) -> str:
        """One system call, unless there is something to file; why it failed. Leader only."""
        try:
            if self.is_settled:
                # In one call of the interpreter: no byte is read and lost.
                self.input.pieces.extend(map(self._recv, (self.read_size,)))
        except BlockingIOError:
            pass
        except OSError as error:
            return f"reading from the server: {error.strerror}"
        return ""

    def _catch_up(self) -> None:
        """Files what lies there unread: a GoAway perhaps, or the end. Under the lock."""
        while self.broken is None and not self._is_led and self._arrivals.poll(0):
            self._follow_up(self._receive())

    def _follow_up(self, failure: str = "") -> None:
        """Files what was received, and does what that, or another change, makes necessary.

        Under the lock.
        """
        now = now_seconds()
        if failure:
            self.fail(closed(failure))
        if self.broken is None and not self.is_settled:
            self.file(now)
        if self.broken is None:
            self.tidy(now)
            if self.outbox:
                self._write()

    def _write(self) -> None:
        """What the kernel takes now; a failure ends the connection. Under the lock."""
        if self._is_connected:
            try:
                self.write(self._send)
            except OSError as error:
                self.fail(closed(f"writing to the server: {error.strerror}"))

    def _write_when_possible(self, also: int = 0) -> bool:
        """Waits for a while until the kernel takes more, or `also` happens; True when it did."""
        both = select.poll()
        try:
            both.register(self._socket, select.POLLOUT | also)
        except ValueError:
            return True  # another thread has closed it
        events = both.poll(_LOOK_OFTEN * 1000)
        with self._lock:
            self._write()
        return any(event & ~select.POLLOUT for _, event in events)
