"""One connection with its socket, read by the waiting threads. Server addresses.

One waiting thread at a time leads: it connects, reads, files frames, and wakes the threads whose
answers progressed. When the leader has its own answer, it passes the lead on. So an answer passes
between threads at most once.

An exception may end a thread's work at any point (a signal's handler, Ctrl-C). Therefore locks are
held by `with` alone, and each leading or waiting call has a lock `alive` that shows if its thread
is still there. A thread that leaves wakes the next thread. If even the wake-up is interrupted, the
waiting threads check every second.

The coroutines here never suspend: every wait blocks. A subclass for event loops replaces the waits
(_tasks).

The kernel probes a TCP connection after 30 s of silence, every 10 s, 3 times. So a dead machine is
noticed while its answer is awaited.

Guarantees: any thread may call any method. No wait exceeds its limit. A connect that fails or is
interrupted closes its socket. A call that ends by an exception or a cancellation gives its answer
up. A writer whose server does not read keeps reading, so that the two sides never wait for each
other. A forked child does not read or write the parent's socket.
Not here: the protocol's rules (_connection), the choice of connection (_base), attempts
(_exchange).
One file, since all of it waits under the one lock.
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

_TCP = re.compile(r"(?:tcp://)?(\[[^][/]+\]|[^][/]+):([0-9]{1,5})")
_UNIX = re.compile(r"(?:unix://)?(/[^\0]*)")
_PATH_SIZE_MAX = 107  # longest path of a Unix socket, bytes, without terminator
#: seconds without a byte after which a time-out ends the connection
_SILENCE_MAX = 10.0
#: interval of checks while connecting, seconds: first and longest
_NAP_MIN, _NAP_MAX = 0.0005, 0.02
#: interval in which a waiting thread checks for a leader, seconds
_LOOK_EVERY = 1.0
#: interval of checks while bytes wait to be written, seconds
_LOOK_OFTEN = 0.05
#: codes of an unfinished connect, EAGAIN from a Unix socket whose server is slow to accept
_UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY, errno.EAGAIN)
#: on, seconds of silence before the first probe, seconds between probes, unanswered probes
KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 10),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


@dataclass(frozen=True, slots=True)
class Address:
    """`tcp://host:port`, `tcp://[::1]:port` or `unix:///path`, or one of them without a scheme."""

    text: str
    #: path for a Unix socket, empty for TCP
    path: str = ""
    host: str = ""
    port: int = 0

    @staticmethod
    def parse(text: str) -> Address:
        """Parses an address without using the network. Raises `address_invalid`."""
        tcp, unix = _TCP.fullmatch(text), _UNIX.fullmatch(text)
        if tcp is not None and 0 < int(tcp[2]) < 65536:
            return Address(text, host=tcp[1].strip("[]"), port=int(tcp[2]))
        if unix is not None and len(unix[1].encode()) <= _PATH_SIZE_MAX:
            return Address(text, path=unix[1])
        allowed = f"unix:///PATH, an absolute path of at most {_PATH_SIZE_MAX} bytes"
        message = f'found "{text}", allowed: tcp://HOST:PORT, a port from 1 to 65535, or {allowed}'
        raise AssayError(protocol.ADDRESS_INVALID, f"reading the server address: {message}")


def set_up_tcp(sock: socket.socket) -> None:
    """Disables delays of small frames, and probes a silent peer where the system can."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for level, name, value in KEEPALIVE:
        with contextlib.suppress(OSError):
            sock.setsockopt(level, name, value)


class Link(Connection):
    """A connection: socket and state. The first call connects."""

    #: event loop of the connection, None for threads
    home: Any = None
    #: present once connected
    _socket: socket.socket

    def __init__(self, address: Address, options: Options) -> None:
        super().__init__(options, address.text)
        self._address = address
        self._lock = threading.Lock()  # of the state and the members below
        self._is_connected = False
        self._arrivals = select.poll()
        #: time limit of connecting, then of Hello
        self._open_until = now_seconds() + options.connect_milliseconds / 1000
        self._leader: Call | None = None  # the reading call
        self._waiting: dict[Call, None] = {}

    # ------------------------------------------------------------ waiting of a thread

    @staticmethod
    def here() -> Any:
        """Returns the running event loop, None for threads."""
        return None

    @staticmethod
    async def nap(seconds: float) -> None:
        """Waits for `seconds`."""
        time.sleep(seconds)

    async def _resolve(self) -> list[Any]:
        """Resolves a TCP address with getaddrinfo(3), without a time limit. Raises OSError."""
        return socket.getaddrinfo(self._address.host, self._address.port, type=socket.SOCK_STREAM)

    def wake(self, call: Call) -> None:
        if call.bell is not None:
            call.bell.put(None)

    async def _wait(
        self, call: Call, is_over: Callable[[], bool], limit: Callable[[], float]
    ) -> bool:
        """Waits until `is_over` or the connection breaks. False when `limit` passed first."""
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
        """Takes the lead when it is free. Otherwise the call is woken from now on."""
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
        """Passes the lead on to a waiting thread."""
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
        """Connects and says Hello. The answer is filed like all others. One caller at a time.

        A caller that leaves early, at `until` or by an exception, leaves the work to the next.
        """
        try:
            sock = await self._connected(min(until, self._open_until))
        except (OSError, UnicodeError) as error:  # UnicodeError: an invalid host name
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
        if self._is_connected:
            return AssayError(protocol.TIMED_OUT, f"saying Hello to {self.where}: {reason}")
        return AssayError(protocol.UNREACHABLE, f"connecting to {self.where}: {reason}")

    async def _connected(self, limit: float) -> socket.socket:
        """Returns a connected socket. Raises OSError."""
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
        """Connects in short naps, so closing the client ends the wait at once. Raises OSError."""
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
        """Makes `sock` the socket of the connection. Under the lock."""
        self._recv, self._send = sock.recv, sock.send  # built-in functions, see _connection
        self._arrivals = select.poll()
        self._arrivals.register(sock, select.POLLIN)
        self._socket, self._is_connected = sock, True

    @property
    def load(self) -> int:
        """Number of requests in flight or waiting to be sent."""
        return len(self.calls) + len(self.rooms)

    def end(self, error: AssayError) -> None:
        """Ends the connection and all its calls. Any thread may call."""
        with self._lock:
            self.fail(error)

    def ended(self) -> None:
        """Shuts the socket down, and closes it when no thread reads. Under the lock."""
        if self._is_connected:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            if not self._is_led:
                self._socket.close()

    def leave_to_parent(self) -> None:
        """In a forked child, closes only the child's copy of the descriptor, and wakes no call."""
        self._lock = threading.Lock()
        self.broken = closed("this connection is the parent process's")
        if self._is_connected:
            self._socket.close()

    # ------------------------------------------------------------ requests

    async def ask(self, call: Call, exchange: Exchange) -> bool:
        """Sends a request. `step` is called next. The caller is inside `with call.alive`.

        False when the connection cannot be used and no byte was written.
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
                        if self.home is not None:  # needs no turn of the loop
                            self._follow_up(self._receive())
                        elif not self._is_led:
                            self._leader = call  # the sender waits next
                        return True
                if await self._wait(call, self.room_or_none, limit) or now_seconds() < limit():
                    continue
                exchange.time_left(now_seconds())  # raises at the caller's deadline
                self.end(self._not_open("no answer in time"))
        finally:
            self.rooms.pop(call, None)
            if not (self.rooms or self.is_open):
                self.end(closed("nobody waits for this connection any more"))
            elif self.rooms:
                with self._lock:
                    self.wake_rooms()

    async def step(self, call: Call, exchange: Exchange) -> Any:
        """Returns the next chunk to hand out, or None when the answer is complete. Raises the
        call's error.

        The caller is inside `with call.alive`. A call that has waited too long is given up.
        """

        def limit() -> float:
            return min(call.heard + exchange.silence_max, exchange.give_up_at)

        while True:
            broken = self.broken  # read first, since a reader files frames before the end
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
                if call.id in self.calls:  # the server is asked to stop a mock's answer
                    self._abandon(call, call.error)
                raise call.error
            if not await self._wait(call, call.has_frames, limit):
                late = exchange.late("waiting for the answer to", "it did not come in time")
                self._abandon(call, late)

    def _abandon(self, call: Call, error: AssayError) -> None:
        """Ends a call from the client's side: cancels the request, or ends the connection."""
        with self._lock:
            self.give_up(call, error)
            if error.code == protocol.TIMED_OUT:
                if now_seconds() - max(self.heard, call.heard) >= _SILENCE_MAX:
                    self.fail(closed("nothing came for too long"))
                elif call.taken and call.id in self.outbox:  # no frame can follow half a frame
                    self.fail(closed("a request could not be written in time"))
            self._follow_up()

    def cancel(self, waits: bool = True) -> None:
        """Asks the server to stop a call that is no longer wanted.

        A finalizer may run inside any other method, so it waits for no lock: the holder, or the
        next user, finds the call.
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
        """Reads once, as soon as bytes arrive. Leader only."""
        if self.outbox and self.is_settled:
            if not self._write_when_possible(select.POLLIN):
                return
        elif left < math.inf and self.is_settled:
            # One wait of the kernel is limited to 2^31 milliseconds.
            if not self._arrivals.poll(min(left * 1000, 1e9)):
                return
        self._read_once()

    def _read_once(self) -> None:
        """Reads with one system call, and handles the bytes. Leader only."""
        failure = self._receive()
        with self._lock:
            self._follow_up(failure)

    def _receive(self) -> str:
        """Reads with one system call, unless bytes wait to be filed. Returns the reason of a
        failure. Leader only."""
        try:
            if self.is_settled:
                # One call of the interpreter both reads and stores, so that no byte is lost.
                self.input.pieces.extend(map(self._recv, (self.read_size,)))
        except BlockingIOError:
            pass
        except OSError as error:
            return f"reading from the server: {error.strerror}"
        return ""

    def _catch_up(self) -> None:
        """Files bytes already there, perhaps a GoAway or the end. Under the lock."""
        while self.broken is None and not self._is_led and self._arrivals.poll(0):
            self._follow_up(self._receive())

    def _follow_up(self, failure: str = "") -> None:
        """Files the received bytes, and does the work that follows from a change.

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
        """Writes the bytes that the kernel takes now. A failure ends the connection.

        Under the lock.
        """
        if self._is_connected:
            try:
                self.write(self._send)
            except OSError as error:
                self.fail(closed(f"writing to the server: {error.strerror}"))

    def _write_when_possible(self, also: int = 0) -> bool:
        """Waits a little while until the kernel takes more or `also` happens. True for `also`."""
        both = select.poll()
        try:
            both.register(self._socket, select.POLLOUT | also)
        except ValueError:
            return True  # another thread has closed the socket
        events = both.poll(_LOOK_OFTEN * 1000)
        with self._lock:
            self._write()
        return any(event & ~select.POLLOUT for _, event in events)
