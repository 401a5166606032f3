"""The blocking client: any number of threads, a few connections, no thread of its own.

Guarantees: see `Client`. Not here: sockets and who reads them (_link), the protocol's rules
(_connection), what is tried again (_options), requests of the calls' words (_calls).
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar

from . import _calls
from ._calls import Plan
from ._connection import Call
from ._errors import CONNECTION_CLOSED, GIVEN_UP, TIMED_OUT, AssayError
from ._link import Link, now_seconds
from ._options import Address, Options, Trial
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

ChunkT = TypeVar("ChunkT")
ResultT = TypeVar("ResultT")


class AnswerStream(Generic[ChunkT, ResultT]):
    """An answer as it comes: an iterator over its chunks, then `result`.

    The request is sent at the first step. `close()`, leaving the `with` block, and dropping the
    stream before its end have the server stop. One thread at a time.
    """

    def __init__(self, client: Client, plan: Plan[ResultT], deadline_milliseconds: int) -> None:
        self._client = client
        self._plan = plan
        self._trial = client._trial(plan, deadline_milliseconds)
        self._link: Link | None = None
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
                    self._link, self._call = self._client._ask(self._plan, self._trial, True)
                assert self._link is not None
                if not self._call.ready:
                    self._link.wait(self._call, self._trial)
                chunk: ChunkT | None = self._link.take_chunk(self._call)
                if chunk is not None:
                    self._trial.handed_out = True
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
        self._links: list[Link | None] = [None] * self.options.connections
        self._made: weakref.WeakSet[Link] = weakref.WeakSet()  # those that drain, too
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
        """Closes every connection; calls under way end with `given_up`."""
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
        now = now_seconds() if deadline_milliseconds else 0.0
        return Trial(self.options, plan.kind, deadline_milliseconds, now)

    def _answer(self, plan: Plan[ResultT], deadline_milliseconds: int) -> ResultT:
        now = now_seconds() if deadline_milliseconds else 0.0
        trial = Trial(self.options, plan.kind, deadline_milliseconds, now)
        while True:
            call = None
            try:
                _, call = self._ask(plan, trial, False)
                if call.error is not None:
                    raise call.error
                result: ResultT = call.result
                return result
            except AssayError as error:
                self._pause(trial, error, call is not None)

    def _pause(self, trial: Trial, error: AssayError, written: bool) -> None:
        """Waits before the next attempt, or raises `error` when there is none."""
        if self._closed and error.code == CONNECTION_CLOSED:
            raise AssayError(GIVEN_UP, "the caller closed this client") from None
        pause = None if self._closed else trial.pause_after(error, written, now_seconds())
        if pause is None:
            raise error
        time.sleep(pause)

    def _ask(self, plan: Plan[Any], trial: Trial, streams: bool) -> tuple[Link, Call]:
        """Sends the request on the connection with the fewest in flight, a new one if need be,
        and waits until there is something to take."""
        while True:
            link = self._links[0 if len(self._links) == 1 else self._slot()]
            fresh = link is None or not link.core.usable
            if link is None or fresh:
                link = self._connect(trial)
            call = Call(plan.kind, plan.request, streams)
            if link.ask(call, trial):
                return link, call
            if fresh:
                raise AssayError(CONNECTION_CLOSED, "the server takes no requests")

    def _slot(self) -> int:
        """Index of the connection with the fewest requests in flight, made ones first."""

        def weight(index: int) -> tuple[int, bool]:
            link = self._links[index]
            made = link is not None and link.core.usable
            return (link.load if made and link else 0) + self._busy[index], not made

        return min(range(len(self._links)), key=weight)

    def _connect(self, trial: Trial) -> Link:
        """Makes a connection, or waits until another thread has made it."""
        with self._lock:
            slot = self._slot()
            self._busy[slot] += 1
        try:
            if not self._connecting[slot].acquire(
                timeout=trial.connect_limit(now_seconds()) - now_seconds()
            ):
                raise AssayError(TIMED_OUT, f"connecting to {self.address.text}: not in time")
            try:
                return self._connect_slot(slot, trial)
            finally:
                self._connecting[slot].release()
        finally:
            with self._lock:
                self._busy[slot] -= 1

    def _connect_slot(self, slot: int, trial: Trial) -> Link:
        link = self._links[slot]
        if link is not None and link.core.usable:
            return link
        if self._closed:
            raise AssayError(GIVEN_UP, "the caller closed this client")
        link = Link.open(self.address, self.options, trial)
        with self._lock:
            self._links[slot] = link
            self._made.add(link)
            closed = self._closed
        if closed:
            link.close("the caller closed this client", GIVEN_UP)
        link.greet(self.address, trial)
        return link
