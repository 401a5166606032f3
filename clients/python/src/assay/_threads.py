"""How threads wait: one connection of the blocking client, read by whoever waits for an answer.

One waiting thread at a time leads: it reads, files frames for the others, wakes those whose answer
moved on, and passes the lead on when its own is there. So an answer reaches its caller with no
hand-over between threads, or with one.

An exception may take a thread away at any point (a signal's handler, Ctrl-C). What it held then is
not in its hands: who leads or waits is asked whether it is `alive`, which is a lock that only a
`with` block holds. A thread that leaves wakes the next one; should even that be cut short, the
others look for themselves every second.

Guarantees: any thread may call anything; a writer whom the server does not read goes on reading, so
that the two never wait for each other. The coroutines here never suspend.
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ._exchange import Waiter, now_seconds
from ._options import Options
from ._socket import Address, Link

T = TypeVar("T")
#: seconds after which a waiting thread looks whether somebody still leads
_LOOK_EVERY = 1.0
#: the same while bytes wait to be written
_LOOK_OFTEN = 0.05


def done(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine that never suspends comes to."""
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("a wait that does not block")


class ThreadLink(Link):
    """One socket and its state. Any thread may call anything here."""

    def __init__(self, sock: socket.socket, options: Options) -> None:
        super().__init__(sock, options)
        self._leader: Waiter | None = None  # the one that reads
        self._waiting: dict[Waiter, None] = {}

    # ------------------------------------------------------------ waiting

    @staticmethod
    async def resolve(address: Address, limit: float) -> list[Any]:
        return socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)

    @staticmethod
    async def connect(sock: socket.socket, place: Any, limit: float) -> None:
        sock.settimeout(max(0.001, limit - now_seconds()))
        sock.connect(place)
        sock.settimeout(None)

    @staticmethod
    def hang_bell(waiter: Waiter) -> None:
        if waiter.bell is None:
            bell = threading.Lock()
            bell.acquire()
            waiter.bell = bell

    @staticmethod
    async def listen(waiter: Waiter, limit: float | None) -> None:
        """For a while only, as bells may be lost."""
        left = _LOOK_EVERY if limit is None else min(_LOOK_EVERY, limit - now_seconds())
        waiter.bell.acquire(timeout=max(0.0, left))

    @staticmethod
    def ring(waiter: Waiter) -> None:
        bell = waiter.bell
        if bell is not None:
            try:
                bell.release()
            except RuntimeError:
                pass  # it rings already

    async def _wait(
        self, waiter: Waiter, is_over: Callable[[], bool], limit: Callable[[], float | None]
    ) -> bool:
        try:
            while not is_over() and self.core.broken is None:
                until = limit()
                if until is not None and now_seconds() >= until:
                    return False
                if not self._leads(waiter, is_over):
                    if self.core.outbox:
                        self._write_when_possible()
                    else:
                        await self.listen(waiter, until)
                elif not is_over():  # filed by whoever led before, just now
                    self._read(until)
            return True
        finally:
            self._step_down(waiter)

    # ------------------------------------------------------------ the lead

    @property
    def _is_led(self) -> bool:
        return self._leader is not None and self._leader.alive.locked()

    def _leads(self, waiter: Waiter, is_over: Callable[[], bool]) -> bool:
        """Takes the lead when nobody has it; otherwise is among those to be woken."""
        if self._leader is waiter:
            return True
        with self._lock:
            if not self._is_led:
                self._leader = waiter
                return True
            self.hang_bell(waiter)
            self._waiting[waiter] = None
            if is_over():
                self.ring(waiter)
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
                        self.ring(other)
                        break
                    self._waiting.pop(other)  # its thread was interrupted

    def _ended(self) -> None:
        """The socket itself goes when nobody reads it."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._close_unless_read()

    def _close_unless_read(self) -> None:
        is_over = self.core.broken is not None or self.core.finished
        if is_over and not self._is_led:
            self._socket.close()

    def drop(self) -> None:
        """No lock is waited for: who holds it now, or comes next, finds the call."""
        self.core.untidy = True
        held: list[bool] = []
        try:
            held.extend(map(self._lock.acquire, (False,)))
            if held[0]:
                self._tidy()
        finally:
            if held and held[0]:
                self._lock.release()

    # ------------------------------------------------------------ reading and writing

    def _read(self, until: float | None) -> None:
        """Reads once, as soon as something comes. Leader only."""
        core = self.core
        if core.outbox and core.is_settled:
            if not self._write_when_possible(select.POLLIN):
                return
        elif until is not None and core.is_settled:
            # One wait of the kernel takes no more than 2^31 milliseconds.
            left = min(max(0.0, (until - now_seconds()) * 1000), 1e9)
            if not self._input.poll(left):
                return
        self._receive()

    def _has_input(self) -> bool:
        return not self._is_led and super()._has_input()

    def _read_what_came(self, waiter: Waiter) -> None:
        try:
            while self.core.broken is None and self._leads(waiter, bool):
                if not self._input.poll(0):
                    break
                self._receive()
        finally:
            self._step_down(waiter)

    def _write_when_possible(self, also: int = 0) -> bool:
        """Waits for a while until the kernel takes more, or `also` happens; True when it did."""
        both, happened = select.poll(), False
        try:
            both.register(self._socket, select.POLLOUT | also)
        except ValueError:
            return True  # another thread has closed it
        for _, event in both.poll(_LOOK_OFTEN * 1000):
            happened = happened or bool(event & ~select.POLLOUT)
        self._write_more()
        return happened
