"""One connection of the blocking client: a socket that whoever waits for an answer reads himself.

One waiting thread at a time leads: it reads, files frames for the others, wakes those whose answer
moved on, and passes the lead on when its own is there. So an answer reaches its caller with no
hand-over between threads, or with one.

Guarantees: any thread may call anything; no wait outlasts its limit; a writer whom the server does
not read goes on reading, so that the two never wait for each other.
Not here: the protocol's rules (_connection), pooling and attempts (_client).
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ._connection import Call, Connection
from ._errors import CONNECTION_CLOSED, TIMED_OUT, UNREACHABLE, AssayError
from ._options import SILENCE_MAX, Address, Options, Trial, late

now_seconds = time.monotonic
_DONTWAIT = socket.MSG_DONTWAIT


class Link:
    """One socket and its state. Any thread may call anything here."""

    def __init__(self, sock: socket.socket, options: Options) -> None:
        self._socket = sock
        self.core = Connection(options)
        self._lock = threading.Lock()  # of the state, and of what follows
        self._write_lock = threading.Lock()
        self._leader: Any = None  # the one that reads: what its thread waits for
        self._followers: dict[Any, None] = {}
        self._orphans: deque[Call] = deque()  # given up where no lock may be waited for
        self._input = select.poll()
        self._input.register(sock, select.POLLIN)

    # ------------------------------------------------------------ life

    @staticmethod
    def open(address: Address, options: Options, trial: Trial) -> Link:
        """Connects; `greet` comes next. Raises `unreachable`, or `timed_out`."""
        return Link(_connected(address, trial.connect_limit(now_seconds())), options)

    def greet(self, address: Address, trial: Trial) -> None:
        """Says Hello and waits for the answer; a connection that has none is closed."""
        try:
            call, data = self.core.hello()
            limit = trial.connect_limit(now_seconds())
            self._write(data, call, limit)
            if not self._wait(call, lambda: limit):
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
        with self._lock:
            self.core.lost(reason, code)
            self._ended()

    def _ended(self) -> None:
        """Wakes everybody; the socket itself goes when nobody reads it. Under the lock."""
        for item in list(self._followers):
            self._wake(item)
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if self._leader is None:
            self._socket.close()

    # ------------------------------------------------------------ requests

    def ask(self, call: Call, trial: Trial) -> bool:
        """Sends a request and waits until there is something to take, as `wait` does.

        False when this connection is of no use and nothing was written.
        """
        try:
            if not self._begin(call, trial):
                return False
            if trial.is_endless and self._leader is call:
                self._lead(call, _never)  # the shortest way; `wait` does the same
            if not call.ready:
                self.wait(call, trial)
            return True
        except BaseException:  # such as an interrupt from the keyboard
            self._interrupted(call)
            raise
        finally:
            if self._leader is call:
                self._step_down()

    def _begin(self, call: Call, trial: Trial) -> bool:
        """Sends a request, and leads if nobody does: who sends waits next."""
        core = self.core
        while True:
            room = None
            with self._lock:
                if not core.usable:
                    return False
                idle = self._leader is None and not core.calls
                if not idle or not self._input.poll(0):
                    if core.has_room:
                        now = call.heard = now_seconds()
                        data = core.begin(call, trial.header_deadline(now))
                        if self._leader is None:
                            self._leader = call
                        break
                    room = core.room()
            if room is None:
                self._read_what_came()
            elif not self._wait(room, lambda: trial.deadline):
                with self._lock:
                    self._wake_all(core.leave(room))
                raise trial.late()
        self._write(data, call, trial.give_up_at)
        return call.written

    def wait(self, call: Call, trial: Trial) -> None:
        """Until there is something to take; a call that has waited for too long is given up."""
        try:
            limit = _never if trial.is_endless else lambda: trial.answer_limit(call.heard)
            if self._wait(call, limit):
                return
        except BaseException:
            self._interrupted(call)
            raise
        self.give_up(call, late(call.kind))
        if now_seconds() - max(self.core.heard, call.heard) >= SILENCE_MAX:
            self.close("nothing came for too long")

    def _interrupted(self, call: Call) -> None:
        with self._lock:
            if not call.written:  # nobody will answer it
                self.core.calls.pop(call.id, None)
        self.give_up(call)

    def take_chunk(self, call: Call) -> Any:
        """The next chunk to hand out; None when there is none."""
        with self._lock:
            return call.take_chunk()

    def give_up(self, call: Call, error: AssayError | None = None) -> None:
        """Ends a call from this side and has it cancelled."""
        with self._lock:
            self.core.give_up(call, error)
        self._flush()

    def drop(self, call: Call) -> None:
        """The same from a finalizer, which may run inside any other method: waits for no lock."""
        self._orphans.append(call)
        if self._lock.acquire(blocking=False):
            try:
                self._adopt()
            finally:
                self._lock.release()
            if self._write_lock.acquire(blocking=False):
                self._write_lock.release()
                self._flush()

    def _adopt(self) -> None:
        while self._orphans:
            self.core.give_up(self._orphans.popleft())

    # ------------------------------------------------------------ reading

    def _wait(self, item: Any, limit: Callable[[], float | None]) -> bool:
        """Until `item.ready`, as leader or follower; False when `limit` passed first."""
        while True:
            if self._leader is not item:
                with self._lock:
                    if item.ready:
                        return True
                    if self.core.broken is not None:
                        raise self.core.broken.again()
                    if self._leader is None:
                        self._leader = item
                    else:
                        item.waiter = threading.Lock()
                        item.waiter.acquire()
                        self._followers[item] = None
            if not (self._lead if self._leader is item else self._follow)(item, limit):
                return False

    def _lead(self, item: Any, limit: Callable[[], float | None]) -> bool:
        """Reads until `item` is ready, or the connection broken; False when `limit` passed."""
        try:
            while not item.ready and self.core.broken is None:
                until = limit()
                if until is None or self._input.poll(milliseconds_until(until)):
                    self._receive(item)
                elif now_seconds() >= (limit() or until):
                    return False
            return True
        finally:
            if self._leader is item:
                self._step_down()

    def _step_down(self) -> None:
        """Passes the lead on to whoever waits."""
        with self._lock:
            self._hand_over()

    def _hand_over(self) -> None:
        self._leader = None
        if self.core.broken is not None or self.core.finished:
            self._socket.close()
        if self._followers:
            self._wake_next()

    def _follow(self, item: Any, limit: Callable[[], float | None]) -> bool:
        woken = False
        try:
            while not woken:
                until = limit()
                if until is not None and now_seconds() >= until:
                    break
                timeout = -1 if until is None else milliseconds_until(until) / 1000
                woken = item.waiter.acquire(timeout=timeout)
            return woken
        finally:
            if not woken:
                with self._lock:
                    self._followers.pop(item, None)
                    self._wake_next()  # the lead may have come to this one just now

    def _wake_next(self) -> None:
        if self._leader is None and self._followers:
            self._wake(next(iter(self._followers)))

    def _wake(self, item: Any) -> None:
        if item in self._followers:
            del self._followers[item]
            item.waiter.release()

    def _wake_all(self, items: list[Any]) -> None:
        for item in items:
            self._wake(item)

    def _receive(self, item: Any = None) -> None:
        """One system call, and whoever has something to take now is woken. Leader only.

        With an `item` that is ready then, the lead is passed on at once.
        """
        core = self.core
        try:
            count = self._socket.recv_into(core.space())
            reason = "the server closed the connection"
        except OSError as error:
            count, reason = 0, f"reading from the server: {error.strerror}"
        with self._lock:
            moved = core.received(count, now_seconds()) if count else core.lost(reason)
            if core.broken is not None:
                self._ended()
            elif self._followers:
                self._wake_all(moved)
            if self._orphans:
                self._adopt()
            if item is not None and item.ready:
                self._hand_over()
        if core.outgoing and not self._write_lock.locked():
            self._flush()

    def _read_what_came(self) -> None:
        """What lies on an idle connection: a GoAway perhaps, or its end."""
        with self._lock:
            if self._leader is not None or self.core.broken is not None:
                return
            self._leader = self
        try:
            while self.core.broken is None and self._input.poll(0):
                self._receive()
        finally:
            self._step_down()

    # ------------------------------------------------------------ writing

    def _write(self, data: bytes, call: Call | None, until: float | None) -> None:
        """One frame in one system call, when the kernel takes it.

        A failure ends the connection, and with it the call; `call.written` says whether the server
        may have seen any of it.
        """
        if call is not None:
            call.written = True
        with self._write_lock:
            try:
                sent = self._socket.send(data, _DONTWAIT)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                if call is not None:
                    call.written = False
                self.close(f"writing to the server: {error.strerror}")
                return
            if sent < len(data):
                try:
                    self._write_rest(memoryview(data)[sent:], call, until)
                except BaseException:
                    self.close("interrupted while writing a request")
                    raise

    def _write_rest(self, data: memoryview, call: Call | None, until: float | None) -> None:
        """While the server does not read, it may be waiting to be read: both are done here."""
        while data and self.core.broken is None:
            self._read_or_wait_to_write(call, until)
            if until is not None and now_seconds() >= until:
                # Half a frame is on the wire: nothing can follow it.
                if call is not None:
                    self.core.give_up(call, late(call.kind))
                self.close("a request could not be written in time")
                return
            try:
                data = data[self._socket.send(data, _DONTWAIT) :]
            except BlockingIOError:
                pass
            except OSError as error:
                self.close(f"writing to the server: {error.strerror}")

    def _read_or_wait_to_write(self, call: Call | None, until: float | None) -> None:
        with self._lock:
            if self._leader is None and self.core.broken is None:
                self._leader = call or self
            leads = self._leader is (call or self)
        both = select.poll()
        both.register(self._socket, select.POLLOUT | (select.POLLIN if leads else 0))
        try:
            timeout = 1.0 if until is None else min(1.0, max(0.0, until - now_seconds()))
            for _, event in both.poll(timeout * 1000):
                if leads and event & ~select.POLLOUT:
                    self._receive()
        finally:
            if self._leader is self:
                self._step_down()

    def _flush(self) -> None:
        """Writes the connection's own frames: Cancels. A failure is no news to their caller."""
        with self._lock:
            self._adopt()
            data = self.core.take_outgoing()
        if data:
            self._write(data, None, now_seconds() + 1)


def _never() -> None:
    """The limit of a wait that has none."""
    return None


def milliseconds_until(until: float) -> float:
    """For one wait of the kernel, which takes no more than 2^31; the caller looks again then."""
    return min(max(0.0, (until - now_seconds()) * 1000), 1e9)


def _connected(address: Address, limit: float) -> socket.socket:
    """A connected socket, without delay. Raises `unreachable`, or `timed_out`."""
    try:
        timeout = max(0.001, limit - now_seconds())
        if address.path:
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                sock.settimeout(timeout)
                sock.connect(address.path)
            except BaseException:
                sock.close()
                raise
        else:
            sock = socket.create_connection((address.host, address.port), timeout)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except TimeoutError:
        raise AssayError(TIMED_OUT, f"connecting to {address.text}: no answer in time") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise AssayError(UNREACHABLE, f"connecting to {address.text}: {reason}") from None
    sock.settimeout(None)
    return sock
