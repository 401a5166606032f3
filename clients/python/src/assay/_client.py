"""The blocking client: any number of threads, a few connections, no thread of its own.

Whoever waits for an answer reads the socket itself. One waiting thread at a time leads: it reads,
files frames for the others, wakes those whose answer moved on, and passes the lead on when its own
is there. So an answer reaches its caller with no hand-over, or with one.

Guarantees: see `Client`. Not here: the protocol's rules (_connection), what is tried again
(_options), the calls and their words (_calls).
"""

from __future__ import annotations

import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar

from . import _calls
from ._calls import Plan
from ._connection import Call, Connection
from ._errors import (
    CONNECTION_CLOSED,
    GIVEN_UP,
    TIMED_OUT,
    UNREACHABLE,
    AssayError,
)
from ._options import SILENCE_MAX, Address, Options, Trial, late
from .messages import (
    DetokenizeResponse,
    EmbedRequest,
    EmbedResponse,
    GenerateChunk,
    GenerateRequest,
    GenerateResponse,
    HealthResponse,
    Layer,
    LoadProgress,
    LoadResponse,
    LogitsRequest,
    LogitsResponse,
    ModelsResponse,
    PingResponse,
    Requirements,
    ScoreRequest,
    ScoreResponse,
    StatsResponse,
    TokenizeResponse,
    UnloadResponse,
)

_now = time.monotonic
_DONTWAIT = socket.MSG_DONTWAIT
ChunkT = TypeVar("ChunkT")
ResultT = TypeVar("ResultT")


class _Link:
    """One socket and its state. Any thread may call anything here."""

    def __init__(self, sock: socket.socket, options: Options) -> None:
        self._socket = sock
        self._core = Connection(options)
        self._lock = threading.Lock()  # of the state, and of what follows
        self._write_lock = threading.Lock()
        self._reading = False  # somebody leads
        self._followers: dict[Any, None] = {}
        self._orphans: deque[Call] = deque()  # given up where no lock may be waited for
        self._input = select.poll()
        self._input.register(sock, select.POLLIN)

    # ------------------------------------------------------------ life

    @classmethod
    def open(cls, address: Address, options: Options, trial: Trial) -> _Link:
        """Connects and says Hello."""
        link = cls(_connected(address, trial.connect_limit(_now())), options)
        try:
            call, data = link._core.hello()
            limit = trial.connect_limit(_now())
            link._write(data, call, limit)
            if not link._wait(call, lambda: limit):
                raise AssayError(TIMED_OUT, f"saying Hello to {address.text}: no answer in time")
            if call.error is not None:
                raise call.error
        except BaseException:
            link.close("Hello was not answered")
            raise
        return link

    @property
    def usable(self) -> bool:
        """New requests are taken, as far as is known."""
        return self._core.usable

    @property
    def load(self) -> int:
        """Requests in flight."""
        return len(self._core.calls)

    def close(self, reason: str) -> None:
        """Ends the connection, and every call on it with `connection_closed`."""
        with self._lock:
            self._core.lost(reason)
            self._ended()

    def _ended(self) -> None:
        """Wakes everybody; the socket itself goes when nobody reads it. Under the lock."""
        for item in list(self._followers):
            self._wake(item)
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        if not self._reading:
            self._socket.close()

    # ------------------------------------------------------------ requests

    def begin(self, call: Call, trial: Trial) -> bool:
        """Sends a request; False when this connection is of no use and nothing was written."""
        if not self._reading and not self._core.calls:
            self._read_what_came()
        while True:
            with self._lock:
                if not self._core.usable:
                    return False
                if self._core.has_room:
                    now = call.heard = _now()
                    data = self._core.begin(call, trial.header_deadline(now))
                    break
                room = self._core.room()
            if not self._wait(room, lambda: trial.deadline):
                with self._lock:
                    self._wake_all(self._core.leave(room))
                raise trial.late()
        self._write(data, call, trial.give_up_at)
        return call.written

    def wait(self, call: Call, trial: Trial) -> None:
        """Until there is something to take. Raises `timed_out`, and gives up then."""
        try:
            arrived = self._wait(call, lambda: trial.answer_limit(call.heard))
        except BaseException:  # such as an interrupt from the keyboard
            self.give_up(call)
            raise
        if not arrived:
            self.give_up(call, late(call.kind))
            if _now() - max(self._core.heard, call.heard) >= SILENCE_MAX:
                self.close("nothing came for too long")

    def give_up(self, call: Call, error: AssayError | None = None) -> None:
        """Ends a call from this side and has it cancelled."""
        with self._lock:
            self._core.give_up(call, error)
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
            self._core.give_up(self._orphans.popleft())

    # ------------------------------------------------------------ reading

    def _wait(self, item: Any, limit: Callable[[], float | None]) -> bool:
        """Until `item.ready`, as leader or follower; False when `limit` passed first."""
        while True:
            with self._lock:
                if item.ready:
                    return True
                if self._core.broken is not None:
                    raise self._core.broken.again()
                leads = not self._reading
                if leads:
                    self._reading = True
                else:
                    item.waiter = threading.Lock()
                    item.waiter.acquire()
                    self._followers[item] = None
            if leads:
                return self._lead(item, limit)
            if not self._follow(item, limit):
                return False

    def _lead(self, item: Any, limit: Callable[[], float | None]) -> bool:
        try:
            while not item.ready:
                if not self._read(limit()):
                    until = limit()
                    if until is not None and _now() >= until:
                        return False
            return True
        finally:
            self._step_down()

    def _step_down(self) -> None:
        """Passes the lead on to whoever waits."""
        with self._lock:
            self._reading = False
            if self._core.broken is not None:
                self._socket.close()
            self._wake_next()

    def _follow(self, item: Any, limit: Callable[[], float | None]) -> bool:
        woken = False
        try:
            while not woken:
                until = limit()
                if until is not None and _now() >= until:
                    break
                woken = item.waiter.acquire(timeout=-1 if until is None else until - _now())
            return woken
        finally:
            if not woken:
                with self._lock:
                    self._followers.pop(item, None)
                    self._wake_next()  # the lead may have come to this one just now

    def _wake_next(self) -> None:
        if not self._reading and self._followers:
            self._wake(next(iter(self._followers)))

    def _wake(self, item: Any) -> None:
        if item in self._followers:
            del self._followers[item]
            item.waiter.release()

    def _wake_all(self, items: list[Any]) -> None:
        for item in items:
            self._wake(item)

    def _read(self, until: float | None) -> bool:
        """Reads once and files what came; False when nothing did by `until`. Leader only."""
        if until is not None and not self._input.poll(max(0.0, until - _now()) * 1000):
            return False
        self._receive()
        if self._core.has_outgoing:
            self._flush()
        return True

    def _receive(self) -> None:
        """One system call, and whoever has something to take now is woken. Leader only."""
        try:
            count = self._socket.recv_into(self._core.space())
            reason = "the server closed the connection"
        except OSError as error:
            count, reason = 0, f"reading from the server: {error.strerror}"
        with self._lock:
            moved = self._core.received(count, _now()) if count else self._core.lost(reason)
            if self._core.broken is not None:
                self._ended()
            elif self._followers:
                self._wake_all(moved)
            if self._orphans:
                self._adopt()

    def _read_what_came(self) -> None:
        """What lies on an idle connection: a GoAway perhaps, or its end."""
        with self._lock:
            if self._reading or self._core.broken is not None:
                return
            self._reading = True
        try:
            while self._core.broken is None and self._input.poll(0):
                self._read(None)
        finally:
            self._step_down()

    # ------------------------------------------------------------ writing

    def _write(self, data: bytes, call: Call | None, until: float | None) -> None:
        """One frame in one system call, when the kernel takes it.

        A failure ends the connection, and with it the call; `call.written` says whether the server
        may have seen any of it.
        """
        with self._write_lock:
            try:
                sent = self._socket.send(data, _DONTWAIT)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                self.close(f"writing to the server: {error.strerror}")
                return
            if call is not None:
                call.written = True
            if sent < len(data):
                try:
                    self._write_rest(memoryview(data)[sent:], call, until)
                except BaseException:
                    self.close("interrupted while writing a request")
                    raise

    def _write_rest(self, data: memoryview, call: Call | None, until: float | None) -> None:
        """While the server does not read, it may be waiting to be read: both are done here."""
        while data and self._core.broken is None:
            self._read_or_wait_to_write(until)
            if until is not None and _now() >= until:
                # Half a frame is on the wire: nothing can follow it.
                if call is not None:
                    self._core.give_up(call, late(call.kind))
                self.close("a request could not be written in time")
                return
            try:
                data = data[self._socket.send(data, _DONTWAIT) :]
            except BlockingIOError:
                pass
            except OSError as error:
                self.close(f"writing to the server: {error.strerror}")

    def _read_or_wait_to_write(self, until: float | None) -> None:
        with self._lock:
            leads = not self._reading and self._core.broken is None
            self._reading = self._reading or leads
        both = select.poll()
        both.register(self._socket, select.POLLOUT | (select.POLLIN if leads else 0))
        try:
            timeout = 1.0 if until is None else min(1.0, max(0.0, until - _now()))
            for _, event in both.poll(timeout * 1000):
                if leads and event & ~select.POLLOUT:
                    self._receive()
        finally:
            if leads:
                self._step_down()

    def _flush(self) -> None:
        """Writes the connection's own frames: Cancels. A failure is no news to their caller."""
        with self._lock:
            self._adopt()
            data = self._core.take_outgoing()
        if data:
            self._write(data, None, _now() + 1)


def _connected(address: Address, limit: float) -> socket.socket:
    """A connected socket, without delay. Raises `unreachable`, or `timed_out`."""
    try:
        timeout = max(0.001, limit - _now())
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


class AnswerStream(Generic[ChunkT, ResultT]):
    """An answer as it comes: an iterator over its chunks, then `result`.

    The request is sent at the first step. `close()`, leaving the `with` block, and dropping the
    stream before its end have the server stop. One thread at a time.
    """

    def __init__(self, client: Client, plan: Plan[ResultT], deadline_milliseconds: int) -> None:
        self._client = client
        self._plan = plan
        self._trial = client._trial(plan, deadline_milliseconds)
        self._link: _Link | None = None
        self._call: Call | None = None
        self._result: ResultT | None = None
        self._error: AssayError | None = None

    def __iter__(self) -> Iterator[ChunkT]:
        return self

    def __next__(self) -> ChunkT:
        while self._result is None:
            if self._error is not None:
                raise self._error
            try:
                if self._call is None:
                    self._link, self._call = self._client._begin(self._plan, self._trial, True)
                assert self._link is not None
                self._link.wait(self._call, self._trial)
                if self._call.chunks:
                    self._trial.handed_out = True
                    chunk: ChunkT = self._call.chunks.popleft()
                    return chunk
                if self._call.error is not None:
                    raise self._call.error
                self._result = self._call.result
            except AssayError as error:
                written, self._call = self._call is not None, None
                self._error = error
                self._client._pause(self._trial, error, written)
                self._error = None
        raise StopIteration

    @property
    def result(self) -> ResultT:
        """The whole answer, the chunks' parts included. Raises when it is not complete."""
        if self._result is not None:
            return self._result
        raise self._error or AssayError(GIVEN_UP, "the answer has not been read to its end")

    def close(self) -> None:
        """Gives up what has not come yet. Safe to repeat."""
        if self._result is None and self._error is None:
            self._error = AssayError(GIVEN_UP, "the caller gave the answer up")
            if self._call is not None and self._link is not None:
                self._link.give_up(self._call)

    def __enter__(self) -> AnswerStream[ChunkT, ResultT]:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_call", None) is not None and self._result is None:
            if self._error is None and self._link is not None and self._call is not None:
                self._link.drop(self._call)


class Client:
    """A client of one server. Threads may share it; creating it does not connect.

    Every method blocks until its answer is complete, and raises `AssayError`. Lost connections are
    made anew on demand; what is safe to repeat is repeated, `Options.attempts` times in all.
    `deadline_milliseconds` is how long the server may take from receipt on, 0 for no limit; the
    client itself gives up `Options.grace_milliseconds` later. Unless `Options.allow_mock`, every
    request demands a real model, and an answer of a mock raises `mock_refused`.
    """

    def __init__(self, address: str, options: Options | None = None) -> None:
        """Raises `address_invalid`; `address` is `tcp://host:port` or `unix:///path`."""
        self.address = Address.parse(address)
        self.options = options or Options()
        self._lock = threading.Lock()
        self._links: list[_Link | None] = [None] * self.options.connections
        self._connecting = [threading.Lock() for _ in self._links]
        self._busy = [0] * self.options.connections  # calls waiting for a connection to be made
        self._closed = False

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes every connection; calls under way end with `connection_closed`."""
        self._closed = True
        with self._lock:
            links, self._links = self._links, [None] * len(self._links)
        for link in links:
            if link is not None:
                link.close("closed by this client")

    # ------------------------------------------------------------ calls

    def ping(self, payload: bytes = b"", *, deadline_milliseconds: int = 0) -> PingResponse:
        """The same bytes back, 65536 at most."""
        return self._answer(_calls.ping(payload), deadline_milliseconds)

    def health(
        self,
        model: str | None = None,
        *,
        verify: bool | None = None,
        requirements: Requirements | None = None,
        deadline_milliseconds: int = 0,
    ) -> HealthResponse:
        """May this model, or this server, be sent work? `verify` compares it with its seal first,
        which takes as long as reading its file."""
        return self._answer(_calls.health(model, verify, requirements), deadline_milliseconds)

    def models(self, *, deadline_milliseconds: int = 0) -> ModelsResponse:
        """What is being served. The list is real even when a model on it is not."""
        return self._answer(_calls.models(), deadline_milliseconds)

    def stats(self, *, deadline_milliseconds: int = 0) -> StatsResponse:
        """Counters of the server, split by provenance."""
        return self._answer(_calls.stats(), deadline_milliseconds)

    def load(
        self,
        name: str,
        path: str,
        *,
        strategy: _calls.Strategy | None = None,
        device: str | None = None,
        on_layer: Callable[[Layer], None] | None = None,
        deadline_milliseconds: int = 0,
    ) -> LoadResponse:
        """Has a file of the server's machine assayed and served. Never sent twice once written.

        `on_layer` sees each layer's verdict as it comes; what it raises gives the answer up."""
        plan = _calls.load(name, path, strategy, device)
        if on_layer is None:
            return self._answer(plan, deadline_milliseconds)
        stream: AnswerStream[LoadProgress, LoadResponse]
        stream = AnswerStream(self, plan, deadline_milliseconds)
        with stream:
            for progress in stream:
                on_layer(progress.layer)
        return stream.result

    def unload(self, name: str, *, deadline_milliseconds: int = 0) -> UnloadResponse:
        """Stops serving a model, once its requests are done. Never sent twice once written."""
        return self._answer(_calls.unload(name), deadline_milliseconds)

    def tokenize(
        self,
        text: bytes | str,
        model: str | None = None,
        *,
        parse_special: bool | None = None,
        add_special: bool | None = None,
        requirements: Requirements | None = None,
        deadline_milliseconds: int = 0,
    ) -> TokenizeResponse:
        """Text to token ids."""
        plan = _calls.tokenize(text, model, parse_special, add_special, requirements)
        return self._answer(plan, deadline_milliseconds)

    def detokenize(
        self,
        tokens: _calls.Tokens,
        model: str | None = None,
        *,
        requirements: Requirements | None = None,
        deadline_milliseconds: int = 0,
    ) -> DetokenizeResponse:
        """Token ids to bytes of text."""
        return self._answer(_calls.detokenize(tokens, model, requirements), deadline_milliseconds)

    def generate(
        self, request: GenerateRequest, *, deadline_milliseconds: int = 0
    ) -> GenerateResponse:
        """Continues a prompt; the whole answer at once."""
        return self._answer(_calls.generate(request), deadline_milliseconds)

    def generate_stream(
        self, request: GenerateRequest, *, deadline_milliseconds: int = 0
    ) -> AnswerStream[GenerateChunk, GenerateResponse]:
        """Continues a prompt; tokens, text and progress as they come."""
        return AnswerStream(self, _calls.generate(request), deadline_milliseconds)

    def score(self, request: ScoreRequest, *, deadline_milliseconds: int = 0) -> ScoreResponse:
        """Log-probabilities of continuations of one prompt: one score each, in their order."""
        return self._answer(_calls.score(request), deadline_milliseconds)

    def logits(self, request: LogitsRequest, *, deadline_milliseconds: int = 0) -> LogitsResponse:
        """Raw scores, positions by vocabulary; their number is verified."""
        return self._answer(_calls.logits(request), deadline_milliseconds)

    def embed(self, request: EmbedRequest, *, deadline_milliseconds: int = 0) -> EmbedResponse:
        """One vector for each input, one after another; their number is verified."""
        return self._answer(_calls.embed(request), deadline_milliseconds)

    # ------------------------------------------------------------ attempts

    def _trial(self, plan: Plan[Any], deadline_milliseconds: int) -> Trial:
        return Trial(self.options, plan.kind, deadline_milliseconds, _now())

    def _answer(self, plan: Plan[ResultT], deadline_milliseconds: int) -> ResultT:
        trial = self._trial(plan, deadline_milliseconds)
        while True:
            written = False
            try:
                link, call = self._begin(plan, trial, False)
                written = True
                link.wait(call, trial)
                if call.error is not None:
                    raise call.error
                result: ResultT = call.result
                return result
            except AssayError as error:
                self._pause(trial, error, written)

    def _pause(self, trial: Trial, error: AssayError, written: bool) -> None:
        """Waits before the next attempt, or raises `error` when there is none."""
        pause = None if self._closed else trial.pause_after(error, written, _now())
        if pause is None:
            raise error
        time.sleep(pause)

    def _begin(self, plan: Plan[Any], trial: Trial, streams: bool) -> tuple[_Link, Call]:
        """Sends the request on the connection with the fewest in flight, a new one if need be."""
        while True:
            link = self._least_busy()
            fresh = link is None
            if link is None:
                link = self._connect(trial)
            call = Call(plan.kind, plan.request, streams)
            if link.begin(call, trial):
                return link, call
            if fresh:
                raise AssayError(CONNECTION_CLOSED, "the server takes no requests")

    def _least_busy(self) -> _Link | None:
        """A usable connection, unless another one should rather be made."""
        if len(self._links) == 1:
            link = self._links[0]
            return link if link is not None and link.usable else None
        with self._lock:
            best = self._slot()
            link = self._links[best]
            return link if link is not None and link.usable else None

    def _slot(self) -> int:
        """Index of the connection with the fewest requests in flight, made ones first."""

        def weight(index: int) -> tuple[int, bool]:
            link = self._links[index]
            made = link is not None and link.usable
            return (link.load if made and link else 0) + self._busy[index], not made

        return min(range(len(self._links)), key=weight)

    def _connect(self, trial: Trial) -> _Link:
        """Makes a connection, or waits until another thread has made it."""
        with self._lock:
            slot = self._slot()
            self._busy[slot] += 1
        try:
            if not self._connecting[slot].acquire(timeout=trial.connect_limit(_now()) - _now()):
                raise AssayError(TIMED_OUT, f"connecting to {self.address.text}: not in time")
            try:
                return self._connect_slot(slot, trial)
            finally:
                self._connecting[slot].release()
        finally:
            with self._lock:
                self._busy[slot] -= 1

    def _connect_slot(self, slot: int, trial: Trial) -> _Link:
        link = self._links[slot]
        if link is not None and link.usable:
            return link
        if not self._closed:
            link = _Link.open(self.address, self.options, trial)
            with self._lock:
                if not self._closed:
                    self._links[slot] = link
                    return link
            link.close("closed by this client")
        raise AssayError(CONNECTION_CLOSED, "this client is closed")
