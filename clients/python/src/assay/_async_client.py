"""The asyncio client: any number of tasks of one event loop, a few connections.

Guarantees: see `AsyncClient`. Not here: sockets (_async_link), the protocol's rules (_connection),
what is tried again (_options), requests of the calls' words (_calls).
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from . import _calls
from ._async_link import AsyncLink
from ._calls import Plan
from ._connection import Call
from ._errors import CONNECTION_CLOSED, GIVEN_UP, TIMED_OUT, AssayError
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


class AsyncAnswerStream(Generic[ChunkT, ResultT]):
    """An answer as it comes: an asynchronous iterator over its chunks, then `result`.

    The request is sent at the first step. `aclose()`, leaving the `async with` block, cancelling
    the task, and dropping the stream before its end have the server stop. One task at a time.
    """

    def __init__(
        self, client: AsyncClient, plan: Plan[ResultT], deadline_milliseconds: int
    ) -> None:
        self._client = client
        self._plan = plan
        self._trial = client._trial(plan, deadline_milliseconds)
        self._link: AsyncLink | None = None
        self._call: Call | None = None
        self._result: ResultT | None = None
        self._error: AssayError | None = None

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        return self

    async def __anext__(self) -> ChunkT:
        while self._result is None:
            if self._error is not None:
                raise self._error
            try:
                if self._call is None:
                    self._link, self._call = await self._client._begin(
                        self._plan, self._trial, True
                    )
                assert self._link is not None
                await self._link.wait(self._call, self._trial)
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
                await self._client._pause(self._trial, error, written)
                self._error = None
        raise StopAsyncIteration

    @property
    def result(self) -> ResultT:
        """The whole answer, the chunks' parts included. Raises when it is not complete."""
        if self._result is not None:
            return self._result
        raise self._error or AssayError(GIVEN_UP, "the answer has not been read to its end")

    async def aclose(self) -> None:
        """Gives up what has not come yet. Safe to repeat."""
        if self._result is None and self._error is None:
            self._error = AssayError(GIVEN_UP, "the caller gave the answer up")
            if self._call is not None and self._link is not None:
                self._link.give_up(self._call)

    async def __aenter__(self) -> AsyncAnswerStream[ChunkT, ResultT]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if getattr(self, "_call", None) is not None and self._result is None:
            if self._error is None and self._link is not None and self._call is not None:
                self._link.drop(self._call)


class AsyncClient:
    """A client of one server, for the tasks of one event loop; creating it does not connect.

    Every method waits until its answer is complete, and raises `AssayError`. A task's cancellation
    has the server stop. Lost connections are made anew on demand; what is safe to repeat is
    repeated, `Options.attempts` times in all. `deadline_milliseconds` is how long the server may
    take from receipt on, 0 for no limit; the client itself gives up `Options.grace_milliseconds`
    later. Unless `Options.allow_mock`, every request demands a real model, and an answer of a mock
    raises `mock_refused`.
    """

    def __init__(self, address: str, options: Options | None = None) -> None:
        """Raises `address_invalid`; `address` is `tcp://host:port` or `unix:///path`."""
        self.address = Address.parse(address)
        self.options = options or Options()
        self._links: list[AsyncLink | None] = [None] * self.options.connections
        self._made: weakref.WeakSet[AsyncLink] = weakref.WeakSet()  # those that drain, too
        self._connecting: list[asyncio.Lock | None] = [None] * self.options.connections
        self._busy = [0] * self.options.connections  # calls waiting for a connection to be made
        self._closed = False

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes every connection; calls under way end with `given_up`."""
        self._closed = True
        for link in list(self._made):
            link.close("the caller closed this client", GIVEN_UP)

    # ------------------------------------------------------------ calls

    async def ping(self, payload: bytes = b"", *, deadline_milliseconds: int = 0) -> PingResponse:
        """The same bytes back, 65536 at most."""
        return await self._answer(_calls.ping(payload), deadline_milliseconds)

    async def health(
        self,
        model: str | None = None,
        *,
        verify: bool | None = None,
        requirements: Requirements | None = None,
        deadline_milliseconds: int = 0,
    ) -> HealthResponse:
        """May this model, or this server, be sent work? `verify` compares it with its seal first,
        which takes as long as reading its file."""
        plan = _calls.health(model, verify, requirements)
        return await self._answer(plan, deadline_milliseconds)

    async def models(self, *, deadline_milliseconds: int = 0) -> ModelsResponse:
        """What is being served. The list is real even when a model on it is not."""
        return await self._answer(_calls.models(), deadline_milliseconds)

    async def stats(self, *, deadline_milliseconds: int = 0) -> StatsResponse:
        """Counters of the server, split by provenance."""
        return await self._answer(_calls.stats(), deadline_milliseconds)

    async def load(
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
            return await self._answer(plan, deadline_milliseconds)
        stream: AsyncAnswerStream[LoadProgress, LoadResponse]
        stream = AsyncAnswerStream(self, plan, deadline_milliseconds)
        async with stream:
            async for progress in stream:
                on_layer(progress.layer)
        return stream.result

    async def unload(self, name: str, *, deadline_milliseconds: int = 0) -> UnloadResponse:
        """Stops serving a model, once its requests are done. Never sent twice once written."""
        return await self._answer(_calls.unload(name), deadline_milliseconds)

    async def tokenize(
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
        return await self._answer(plan, deadline_milliseconds)

    async def detokenize(
        self,
        tokens: _calls.Tokens,
        model: str | None = None,
        *,
        requirements: Requirements | None = None,
        deadline_milliseconds: int = 0,
    ) -> DetokenizeResponse:
        """Token ids to bytes of text."""
        plan = _calls.detokenize(tokens, model, requirements)
        return await self._answer(plan, deadline_milliseconds)

    async def generate(
        self, request: GenerateRequest, *, deadline_milliseconds: int = 0
    ) -> GenerateResponse:
        """Continues a prompt; the whole answer at once."""
        return await self._answer(_calls.generate(request), deadline_milliseconds)

    def generate_stream(
        self, request: GenerateRequest, *, deadline_milliseconds: int = 0
    ) -> AsyncAnswerStream[GenerateChunk, GenerateResponse]:
        """Continues a prompt; tokens, text and progress as they come."""
        return AsyncAnswerStream(self, _calls.generate(request), deadline_milliseconds)

    async def score(
        self, request: ScoreRequest, *, deadline_milliseconds: int = 0
    ) -> ScoreResponse:
        """Log-probabilities of continuations of one prompt: one score each, in their order."""
        return await self._answer(_calls.score(request), deadline_milliseconds)

    async def logits(
        self, request: LogitsRequest, *, deadline_milliseconds: int = 0
    ) -> LogitsResponse:
        """Raw scores, positions by vocabulary; their number is verified."""
        return await self._answer(_calls.logits(request), deadline_milliseconds)

    async def embed(
        self, request: EmbedRequest, *, deadline_milliseconds: int = 0
    ) -> EmbedResponse:
        """One vector for each input, one after another; their number is verified."""
        return await self._answer(_calls.embed(request), deadline_milliseconds)

    # ------------------------------------------------------------ attempts

    def _trial(self, plan: Plan[Any], deadline_milliseconds: int) -> Trial:
        now = asyncio.get_running_loop().time()
        return Trial(self.options, plan.kind, deadline_milliseconds, now)

    async def _answer(self, plan: Plan[ResultT], deadline_milliseconds: int) -> ResultT:
        trial = self._trial(plan, deadline_milliseconds)
        while True:
            written = False
            try:
                link = self._links[0]
                call = Call(plan.kind, plan.request)
                if len(self._links) > 1 or link is None or not link.begin_now(call, trial):
                    link, call = await self._begin(plan, trial, False)
                elif not call.written:  # the connection had ended
                    link, call = await self._begin(plan, trial, False)
                written = True
                if not call.ready:
                    await link.wait(call, trial)
                if call.error is not None:
                    raise call.error
                result: ResultT = call.result
                return result
            except AssayError as error:
                await self._pause(trial, error, written)

    async def _pause(self, trial: Trial, error: AssayError, written: bool) -> None:
        """Waits before the next attempt, or raises `error` when there is none."""
        now = asyncio.get_running_loop().time()
        if self._closed and error.code == CONNECTION_CLOSED:
            raise AssayError(GIVEN_UP, "the caller closed this client") from None
        pause = None if self._closed else trial.pause_after(error, written, now)
        if pause is None:
            raise error
        await asyncio.sleep(pause)

    async def _begin(self, plan: Plan[Any], trial: Trial, streams: bool) -> tuple[AsyncLink, Call]:
        """Sends the request on the connection with the fewest in flight, a new one if need be."""
        while True:
            slot = self._slot()
            link = self._links[slot]
            fresh = link is None or not link.core.usable
            if link is None or fresh:
                link = await self._connect(slot, trial)
            call = Call(plan.kind, plan.request, streams)
            if await link.begin(call, trial):
                return link, call
            if fresh:
                raise AssayError(CONNECTION_CLOSED, "the server takes no requests")

    def _slot(self) -> int:
        """Index of the connection with the fewest requests in flight, made ones first."""
        if len(self._links) == 1:
            return 0

        def weight(index: int) -> tuple[int, bool]:
            link = self._links[index]
            made = link is not None and link.core.usable
            return (link.load if made and link else 0) + self._busy[index], not made

        return min(range(len(self._links)), key=weight)

    async def _connect(self, slot: int, trial: Trial) -> AsyncLink:
        """Makes a connection, or waits until another task has made it."""
        self._busy[slot] += 1
        try:
            lock = self._connecting[slot] = self._connecting[slot] or asyncio.Lock()
            now = asyncio.get_running_loop().time()
            try:
                await asyncio.wait_for(lock.acquire(), trial.connect_limit(now) - now)
            except (TimeoutError, asyncio.TimeoutError):
                text = f"connecting to {self.address.text}: not in time"
                raise AssayError(TIMED_OUT, text) from None
            try:
                return await self._connect_slot(slot, trial)
            finally:
                lock.release()
        finally:
            self._busy[slot] -= 1

    async def _connect_slot(self, slot: int, trial: Trial) -> AsyncLink:
        link = self._links[slot]
        if link is not None and link.core.usable:
            return link
        if self._closed:
            raise AssayError(GIVEN_UP, "the caller closed this client")
        link = self._links[slot] = await AsyncLink.open(self.address, self.options, trial)
        self._made.add(link)
        if self._closed:
            link.close("the caller closed this client", GIVEN_UP)
        await link.greet(self.address, trial)
        return link
