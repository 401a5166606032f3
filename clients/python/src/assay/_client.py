"""The blocking client: any number of threads, a few connections, no thread of its own.

Guarantees: see `Client`. Not here: sockets and who reads them (_link), the protocol's rules
(_connection), what is tried again (_options), requests of the calls' words (_calls).
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar
from weakref import ref

from . import _calls
from ._call import Call, Waiter, at_rest
from ._calls import Plan
from ._errors import CONNECTION_CLOSED, GIVEN_UP, TIMED_OUT, AssayError
from ._fork import in_children
from ._link import Link, now_seconds, ring
from ._options import PAUSE_STEP, Address, Options, Trial
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

#: seconds after which a waiting thread looks whether the connection is still being made
_LOOK_EVERY = 1.0
ChunkT = TypeVar("ChunkT")
ResultT = TypeVar("ResultT")


class AnswerStream(Generic[ChunkT, ResultT]):
    """An answer as it comes: an iterator over its chunks, then `result`.

    The request is sent at the first step. `close()`, leaving the `with` block, and dropping the
    stream before its end have the server stop. One thread at a time. A stream whose step was
    interrupted by an exception (Ctrl-C, a signal's handler) is over, as a generator would be.
    """

    #: between two steps: the answer is wanted, although nobody waits for it now
    is_at_rest = False

    def __init__(self, client: Client, plan: Plan[ResultT], deadline_milliseconds: int) -> None:
        self._client = client
        self._plan = plan
        self._trial = client._trial(plan, deadline_milliseconds)
        self._link: Link | None = None
        self._call: Call | None = None
        self._result: ResultT | None = None
        self._error: AssayError | None = None
        self._in_step = False

    def __iter__(self) -> Iterator[ChunkT]:
        return self

    def __next__(self) -> ChunkT:
        if self._in_step:
            self.close()
        if self._error is not None:
            raise self._error
        if self._result is not None:
            raise StopIteration
        self._in_step = True
        try:
            chunk = self._step()
        except AssayError:
            self._in_step = False
            raise
        except BaseException:
            self.close()
            raise
        self._in_step = False
        if chunk is None:
            raise StopIteration
        return chunk

    def _step(self) -> ChunkT | None:
        """The next chunk; None at the end. Asks again where that is allowed."""
        while True:
            call = self._call or Call(self._plan.kind, self._plan.request, True, at_rest(ref(self)))
            try:
                with call.alive:
                    self.is_at_rest = False
                    if self._call is None:
                        self._link = self._client._ask(call, self._trial)
                        self._call = call
                    assert self._link is not None
                    chunk: ChunkT | None = self._link.step(call, self._trial)
                    if chunk is not None:
                        self._trial.handed_out = True
                        self.is_at_rest = True
                        return chunk
                    if call.error is not None:
                        raise call.error
                    self._result = call.result
                    return None
            except AssayError as error:
                self._call = None
                self._error = error
                self._client._pause(self._trial, error, call)
                self._error = None

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
            self.is_at_rest = False
            if self._link is not None:
                self._link.cancel()

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
            self.is_at_rest = False
            if self._error is None and self._link is not None:
                self._link.drop()


class Client:
    """A client of one server. Threads may share it; creating it does not connect.

    Every method blocks until its answer is complete, and raises `AssayError`. Lost connections are
    made anew on demand, and a forked child makes its own; what is safe to repeat is repeated,
    `Options.attempts` times in all. `deadline_milliseconds` is how long the server may take from
    receipt on, 0 for no limit; the client itself gives up `Options.grace_milliseconds` later.
    Unless `Options.allow_mock`, every request demands a real model, and an answer of a mock raises
    `mock_refused`.
    """

    def __init__(self, address: str, options: Options | None = None) -> None:
        """Raises `address_invalid`; `address` is `tcp://host:port` or `unix:///path`."""
        self.address = Address.parse(address)
        self.options = options or Options()
        self._closed = False
        self._begin_anew()
        in_children(self)

    def _begin_anew(self) -> None:
        count = self.options.connections
        self._lock = threading.Lock()
        self._links: list[Link | None] = [None] * count
        self._made: weakref.WeakSet[Link] = weakref.WeakSet()  # those that drain, too
        #: who makes each connection, and the calls that wait for it
        self._makers: list[Waiter | None] = [None] * count
        self._queues: list[dict[Waiter, None]] = [{} for _ in range(count)]
        self._process = os.getpid()  # last: whoever is interrupted before begins anew again

    def after_fork(self) -> None:
        """In a forked child, before anything else: connections of its own, locks nobody holds."""
        inherited = list(self._made)
        self._begin_anew()
        for link in inherited:
            link.leave_to_parent()

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
        """Closes every connection; calls under way end with `given_up`."""
        if self._process != os.getpid():
            self.after_fork()
        with self._lock:
            self._closed = True
            links = list(self._made)
        for link in links:
            link.close("the caller closed this client", GIVEN_UP)

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
        timed = deadline_milliseconds or self.options.wait_milliseconds
        return Trial(
            self.options, plan.kind, deadline_milliseconds, now_seconds() if timed else 0.0
        )

    def _answer(self, plan: Plan[ResultT], deadline_milliseconds: int) -> ResultT:
        trial = self._trial(plan, deadline_milliseconds)
        while True:
            call = Call(plan.kind, plan.request)
            link = None
            try:
                with call.alive:
                    link = self._ask(call, trial)
                    link.step(call, trial)
                    if call.error is not None:
                        raise call.error
                    result: ResultT = call.result
                    return result
            except AssayError as error:
                self._pause(trial, error, call)
            except BaseException:  # such as an interrupt from the keyboard
                if link is not None:
                    link.cancel()
                raise

    def _pause(self, trial: Trial, error: AssayError, call: Call) -> None:
        """Waits before the next attempt, or raises `error` when there is none.

        `close` ends the wait: the next attempt finds that out.
        """
        if self._closed and error.code == CONNECTION_CLOSED:
            raise AssayError(GIVEN_UP, "the caller closed this client") from None
        pause = None
        if not self._closed:
            pause = trial.pause_after(error, call.is_written, now_seconds())
        if pause is None:
            raise error
        until = now_seconds() + pause
        while not self._closed and (left := until - now_seconds()) > 0:
            time.sleep(min(left, PAUSE_STEP))

    def _ask(self, call: Call, trial: Trial) -> Link:
        """Sends a request on the connection with the fewest in flight, a new one if need be.

        The caller is inside `with call.alive`.
        """
        if self._process != os.getpid():
            self.after_fork()
        while True:
            link = self._links[0 if len(self._links) == 1 else self._slot()]
            fresh = link is None or not link.core.usable
            if link is None or fresh:
                link = self._connect(trial)
            if link.ask(call, trial):
                return link
            if fresh:
                raise AssayError(CONNECTION_CLOSED, "the server takes no requests")

    def _slot(self) -> int:
        """Index of the connection with the fewest requests in flight, made ones first."""

        def weight(index: int) -> tuple[int, bool]:
            link = self._links[index]
            made = link is not None and link.core.usable
            return (link.load if made and link else 0) + len(self._queues[index]), not made

        return min(range(len(self._links)), key=weight)

    def _connect(self, trial: Trial) -> Link:
        """Makes a connection, or waits until another thread has made it."""
        waiter = Waiter()
        with waiter.alive:
            with self._lock:
                slot = self._slot()
                queue = self._queues[slot]
                for other in list(queue):
                    if not other.alive.locked():
                        queue.pop(other, None)  # its thread was interrupted
                queue[waiter] = None
            try:
                return self._make_or_wait(slot, waiter, trial)
            finally:
                queue.pop(waiter, None)

    def _make_or_wait(self, slot: int, waiter: Waiter, trial: Trial) -> Link:
        waiter.bell = threading.Lock()
        waiter.bell.acquire()
        limit = trial.connect_limit(now_seconds())
        while True:
            with self._lock:
                link = self._links[slot]
                if link is not None and link.core.usable:
                    return link
                if self._closed:
                    raise AssayError(GIVEN_UP, "the caller closed this client")
                maker = self._makers[slot]
                if maker is None or not maker.alive.locked():
                    maker = self._makers[slot] = waiter
            if maker is waiter:
                return self._make(slot, trial)
            left = limit - now_seconds()
            if left <= 0:
                raise AssayError(TIMED_OUT, f"connecting to {self.address.text}: not in time")
            waiter.bell.acquire(timeout=min(left, _LOOK_EVERY))

    def _make(self, slot: int, trial: Trial) -> Link:
        try:
            link = Link.open(self.address, self.options, trial)
            with self._lock:
                self._links[slot] = link
                self._made.add(link)
                closed = self._closed
            if closed:
                link.close("the caller closed this client", GIVEN_UP)
            link.greet(self.address, trial)
            return link
        finally:
            self._makers[slot] = None
            for other in list(self._queues[slot]):
                ring(other)
