"""One connection of the blocking client: a socket that whoever waits for an answer reads himself.

One waiting thread at a time leads: it reads, files frames for the others, wakes those whose answer
moved on, and passes the lead on when its own is there. So an answer reaches its caller with no
hand-over between threads, or with one.

An exception may take a thread away at any point (a signal's handler, Ctrl-C). What it held then is
not in its hands: locks are held by `with` alone, and who leads or waits is asked whether it is
`alive`, which is such a lock. A thread that leaves wakes the next one; should even that be cut
short, the others look for themselves every second.

Guarantees: any thread may call anything; no wait outlasts its limit; a writer whom the server does
not read goes on reading, so that the two never wait for each other; in a forked child nothing is
read from or written to the parent's socket.
Not here: the protocol's rules (_connection, _call), pooling and attempts (_client).
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from ._call import Call, Waiter
from ._connection import Connection
from ._errors import CONNECTION_CLOSED, TIMED_OUT, AssayError
from ._options import SILENCE_MAX, Address, Options, Trial, late
from ._sockets import connected

now_seconds = time.monotonic
_DONTWAIT = socket.MSG_DONTWAIT
#: seconds after which a waiting thread looks whether somebody still leads
_LOOK_EVERY = 1.0
#: the same while bytes wait to be written
_LOOK_OFTEN = 0.05


class Link:
    """One socket and its state. Any thread may call anything here."""

    def __init__(self, sock: socket.socket, options: Options) -> None:
        self._socket = sock
        self._recv, self._send = sock.recv, sock.send  # of C: see _connection
        self.core = Connection(options, ring)
        self._lock = threading.Lock()  # of the state, and of what follows
        self._leader: Waiter | None = None  # the one that reads
        self._waiting: dict[Waiter, None] = {}
        self._input = select.poll()
        self._input.register(sock, select.POLLIN)

    # ------------------------------------------------------------ life

    @staticmethod
    def open(address: Address, options: Options, trial: Trial) -> Link:
        """Connects; `greet` comes next. Raises `unreachable`, or `timed_out`."""
        timeout = max(0.001, trial.connect_limit(now_seconds()) - now_seconds())
        return Link(connected(address, timeout), options)

    def greet(self, address: Address, trial: Trial) -> None:
        """Says Hello and waits for the answer; a connection that has none is closed."""
        try:
            call = self.core.hello()
            limit = trial.connect_limit(now_seconds())
            with call.alive:
                with self._lock:
                    self.core.begin(call, 0)
                    self._write()
                while not call.done:
                    if not self._wait(call, call.has_frames, lambda: limit):
                        text = f"saying Hello to {address.text}: no answer in time"
                        raise AssayError(TIMED_OUT, text)
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

    def close(self, reason: str, code: str = CONNECTION_CLOSED) -> None:
        """Ends the connection, and every call on it with this error."""
        with self._lock:
            self.core.lost(reason, code)
            self._ended()

    def _ended(self) -> None:
        """The socket itself goes when nobody reads it. Under the lock."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._close_unless_read()

    def _close_unless_read(self) -> None:
        if not (self.core.broken is not None or self.core.finished):
            return
        if not self._is_led:
            self._socket.close()

    def leave_to_parent(self) -> None:
        """In a forked child: the socket is the parent's, and only this copy of it is closed."""
        self._lock = threading.Lock()
        self._leader = None
        self._socket.close()
        self.core.lost("this connection is the parent process's")

    # ------------------------------------------------------------ requests

    def ask(self, call: Call, trial: Trial) -> bool:
        """Sends a request; `step` comes next. The caller is inside `with call.alive`.

        False when this connection is of no use and nothing was written.
        """
        try:
            return self._ask(call, trial)
        except BaseException:
            call.over = True
            self.cancel()
            raise

    def _ask(self, call: Call, trial: Trial) -> bool:
        core = self.core
        while True:
            with self._lock:
                if not core.usable:
                    return False
                now = call.heard = now_seconds()
                core.tidy(now)
                if not self._has_input():
                    if core.has_room:
                        core.begin(call, trial.header_deadline(now))
                        self._write()
                        if not self._is_led:
                            self._leader = call  # who sends waits next
                        return not call.is_unsent
                    core.rooms[call] = None
            if call not in core.rooms:
                self._read_what_came(call)
                continue
            try:
                if not self._wait(call, core.room_or_none, lambda: trial.deadline):
                    raise trial.late()
            finally:
                core.rooms.pop(call, None)
                with self._lock:
                    core.wake_rooms()

    def _has_input(self) -> bool:
        """Something lies there that nobody reads: a GoAway perhaps, or the end."""
        return not self._is_led and bool(self._input.poll(0))

    @property
    def _is_led(self) -> bool:
        return self._leader is not None and self._leader.alive.locked()

    def step(self, call: Call, trial: Trial) -> Any:
        """The next chunk to hand out; None when the answer is complete, or never will be.

        The caller is inside `with call.alive`; a call that has waited for too long is given up.
        """
        limit = _never if trial.is_endless else lambda: trial.answer_limit(call.heard)
        try:
            while True:
                chunk = self._accept(call)
                if chunk is not None or call.done:
                    return chunk
                if not self._wait(call, call.has_frames, limit):
                    self._run_out_of_time(call)
        finally:
            if self._leader is call:
                self._step_down(call)

    def _accept(self, call: Call) -> Any:
        try:
            chunk = call.accept(self.core.options.allow_mock) if call.inbox else None
            if chunk is None and not call.done and self.core.broken is not None:
                # The thread that leads files first and ends the connection then.
                chunk = call.accept(self.core.options.allow_mock)
                if chunk is None and not call.done:
                    call.error = self.core.broken.again()
            if call.error is not None and call.id in self.core.calls:
                self.give_up(call)  # a mock's answer goes on: the server is asked to stop
            return chunk
        except AssayError as error:
            with self._lock:
                self.core.fail(error)
                self._ended()
            raise

    def _run_out_of_time(self, call: Call) -> None:
        with self._lock:
            core, now = self.core, now_seconds()
            if core.is_begun(call):  # half a frame is on the wire: nothing can follow it
                core.lost("a request could not be written in time")
                self._ended()
            silent = now - max(core.heard, call.heard) >= SILENCE_MAX
        self.give_up(call, late(call.kind))
        if silent:
            self.close("nothing came for too long")

    def give_up(self, call: Call, error: AssayError | None = None) -> None:
        """Ends a call from this side and has it cancelled."""
        with self._lock:
            self.core.give_up(call, error)
            self._tidy()

    def cancel(self) -> None:
        """A call of this link is not wanted any more: the server is asked to stop."""
        with self._lock:
            self.core.untidy = True
            self._tidy()

    def drop(self) -> None:
        """The same from a finalizer.

        It may run inside any other method, so no lock is waited for: who holds it now, or comes
        next, finds the call.
        """
        self.core.untidy = True
        held: list[bool] = []
        try:
            held.extend(map(self._lock.acquire, (False,)))
            if held[0]:
                self._tidy()
        finally:
            if held and held[0]:
                self._lock.release()

    def _tidy(self) -> None:
        self.core.tidy(now_seconds())
        self._write()

    # ------------------------------------------------------------ waiting and reading

    def _wait(
        self, waiter: Waiter, is_over: Callable[[], bool], limit: Callable[[], float | None]
    ) -> bool:
        """Until `is_over`, or the connection broke; as leader or not. False: `limit` passed."""
        try:
            while not is_over() and self.core.broken is None:
                if self._leads(waiter, is_over):
                    if is_over():
                        return True  # filed by whoever led before, just now
                    in_time = self._read_once(limit)
                else:
                    in_time = self._follow(waiter, limit)
                if not in_time and not is_over():
                    return False
            return True
        finally:
            self._step_down(waiter)

    def _leads(self, waiter: Waiter, is_over: Callable[[], bool]) -> bool:
        """Takes the lead when nobody has it; otherwise is among those to be woken."""
        if self._leader is waiter:
            return True
        with self._lock:
            leader = self._leader
            if leader is None or leader is waiter or not leader.alive.locked():
                self._leader = waiter
                return True
            if waiter.bell is None:
                bell = threading.Lock()
                bell.acquire()
                waiter.bell = bell
            self._waiting[waiter] = None
            if is_over():
                ring(waiter)
            return False

    def _step_down(self, waiter: Waiter) -> None:
        """Passes the lead on to whoever waits."""
        with self._lock:
            self._waiting.pop(waiter, None)
            if self._leader is waiter:
                self._leader = None
            if self._leader is None:
                self._close_unless_read()
                for other in list(self._waiting):
                    if other.alive.locked():
                        ring(other)
                        break
                    self._waiting.pop(other)  # its thread was interrupted

    def _follow(self, waiter: Waiter, limit: Callable[[], float | None]) -> bool:
        """Waits until somebody rings; for a while only, as bells may be lost."""
        until = limit()
        left = _LOOK_EVERY if until is None else min(_LOOK_EVERY, until - now_seconds())
        if left <= 0:
            return False
        if self.core.outbox:
            self._write_when_possible(min(left, _LOOK_OFTEN))
        else:
            waiter.bell.acquire(timeout=left)
        return True

    def _read_once(self, limit: Callable[[], float | None]) -> bool:
        """One system call, and what came is filed. Leader only. False: `limit` passed."""
        core = self.core
        until = limit()
        is_settled = core.is_settled
        if is_settled and (until is not None or core.outbox):
            if core.outbox:
                if not self._write_when_possible(_LOOK_OFTEN, select.POLLIN):
                    return until is None or now_seconds() < until
            elif until is not None and not self._input.poll(milliseconds_until(until)):
                return now_seconds() < (limit() or until)
        reason = ""
        if is_settled:
            try:
                # In one call of the interpreter: no byte is read and lost.
                core.arrived.extend(map(self._recv, (core.read_size,)))
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
        return True

    def _read_what_came(self, waiter: Waiter) -> None:
        """What lies on a connection that nobody reads."""
        try:
            while self.core.broken is None and self._leads(waiter, _always):
                if not self._input.poll(0):
                    break
                self._read_once(_never)
        finally:
            self._step_down(waiter)

    # ------------------------------------------------------------ writing

    def _write(self) -> None:
        """What the kernel takes now; a failure ends the connection. Under the lock."""
        if not self.core.outbox or self.core.broken is not None:
            return
        try:
            self.core.write(self._send, _DONTWAIT)
        except OSError as error:
            self.core.lost(f"writing to the server: {error.strerror}")
            self._ended()

    def _write_when_possible(self, seconds: float, also: int = 0) -> bool:
        """Waits until the kernel takes more, or `also` happens; True when `also` did."""
        both, happened = select.poll(), False
        try:
            both.register(self._socket, select.POLLOUT | also)
        except ValueError:
            return True  # another thread has closed it
        for _, event in both.poll(seconds * 1000):
            happened = happened or bool(event & ~select.POLLOUT)
        with self._lock:
            self._write()
        return happened


def ring(waiter: Waiter) -> None:
    """Wakes whoever waits; twice is as good as once."""
    bell = waiter.bell
    if bell is not None:
        try:
            bell.release()
        except RuntimeError:
            pass  # it rings already


def _never() -> None:
    """The limit of a wait that has none."""
    return None


def _always() -> bool:
    """Nothing is waited for."""
    return True


def milliseconds_until(until: float) -> float:
    """For one wait of the kernel, which takes no more than 2^31; the caller looks again then."""
    return min(max(0.0, (until - now_seconds()) * 1000), 1e9)
