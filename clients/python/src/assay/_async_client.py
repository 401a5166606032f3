"""The asyncio client: any number of tasks, a few connections for each event loop.

Guarantees: see `AsyncClient`. Not here: sockets (_async_link), the protocol's rules (_connection),
what is tried again (_options), requests of the calls' words (_calls).
"""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Generic, TypeVar
from weakref import ref

from . import _calls
from ._async_link import AsyncLink, _wake
from ._call import Call, Waiter, at_rest
from ._calls import Plan
from ._errors import CONNECTION_CLOSED, GIVEN_UP, TIMED_OUT, AssayError
from ._fork import in_children
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

ChunkT = TypeVar("ChunkT")
ResultT = TypeVar("ResultT")


class AsyncAnswerStream(Generic[ChunkT, ResultT]):
    """An answer as it comes: an asynchronous iterator over its chunks, then `result`.

    The request is sent at the first step. `aclose()`, leaving the `async with` block, cancelling
    the task, and dropping the stream before its end have the server stop. One task at a time, of
    one loop. A stream whose step was cancelled, or ended by another exception, is over.
    """

    #: between two steps: the answer is wanted, although nobody waits for it now
    is_at_rest = False

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
        self._in_step = False

    def __aiter__(self) -> AsyncIterator[ChunkT]:
        return self

    async def __anext__(self) -> ChunkT:
        if self._in_step:
            self._close()
        self._check_loop()
        if self._error is not None:
            raise self._error
        if self._result is not None:
            raise StopAsyncIteration
        self._in_step = True
        try:
            chunk = await self._step()
        except AssayError:
            self._in_step = False
            raise
        except BaseException:  # such as the task's cancellation
            self._close()
            raise
        self._in_step = False
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    def _check_loop(self) -> None:
        """A stream belongs to the event loop of its first step. Elsewhere the stream is over."""
        link = self._link
        if link is None or link.belongs_here or self._result is not None:
            return
        if self._error is None:
            self._error = AssayError(
                GIVEN_UP, "the stream was begun in another event loop, and ends with it"
            )
            self.is_at_rest = False
            link.drop()

    async def _step(self) -> ChunkT | None:
        """The next chunk; None at the end. Asks again where that is allowed."""
        while True:
            call = self._call or Call(self._plan.kind, self._plan.request, True, at_rest(ref(self)))
            try:
                with call.alive:
                    self.is_at_rest = False
                    if self._call is None:
                        self._link = await self._client._ask(call, self._trial)
                        self._call = call
                    assert self._link is not None
                    chunk: ChunkT | None = await self._link.step(call, self._trial)
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
                await self._client._pause(self._trial, error, call)
                self._error = None

    @property
    def result(self) -> ResultT:
        """The whole answer, the chunks' parts included. Raises when it is not complete."""
        if self._result is not None:
            return self._result
        raise self._error or AssayError(GIVEN_UP, "the answer has not been read to its end")

    async def aclose(self) -> None:
        """Gives up what has not come yet. Safe to repeat."""
        self._close()

    def _close(self) -> None:
        if self._result is None and self._error is None:
            self._error = AssayError(GIVEN_UP, "the caller gave the answer up")
            self.is_at_rest = False
            if self._link is not None:
                self._link.cancel()

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
            self.is_at_rest = False
            if self._error is None and self._link is not None:
                self._link.drop()


class _Home:
    """What a client has in one event loop of one process."""

    def __init__(self, count: int) -> None:
        self.process = os.getpid()
        self.links: list[AsyncLink | None] = [None] * count
        self.made: weakref.WeakSet[AsyncLink] = weakref.WeakSet()  # those that drain, too
        #: who makes each connection, and the calls that wait for it
        self.makers: list[Waiter | None] = [None] * count
        self.queues: list[dict[Waiter, None]] = [{} for _ in range(count)]


class AsyncClient:
    """A client of one server, for the tasks of any event loop; creating it does not connect.

    Connections belong to the loop they were made in: another loop makes its own, those of a closed
    loop are dropped, and so are the parent's in a forked child.

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
        self._closed = False
        self._begin_anew()
        in_children(self)

    def _begin_anew(self) -> None:
        self._lock = threading.Lock()
        self._homes: dict[asyncio.AbstractEventLoop, _Home] = {}
        self._last = _Home(self.options.connections)

    def after_fork(self) -> None:
        """In a forked child, before anything else: the loop's connections are the parent's."""
        inherited = list(self._homes.values())
        self._begin_anew()
        for home in inherited:
            for link in list(home.made):
                link.leave_to_parent()

    @property
    def _links(self) -> list[AsyncLink | None]:
        """The connections of the loop that was used last."""
        return self._last.links

    def _home(self) -> _Home:
        """What belongs to the running loop."""
        loop = asyncio.get_running_loop()
        if self._last.process != os.getpid():
            self.after_fork()
        home = self._homes.get(loop)
        if home is None:
            with self._lock:
                gone = [self._homes.pop(one) for one in list(self._homes) if one.is_closed()]
                home = self._homes[loop] = _Home(self.options.connections)
            for other in gone:
                for link in list(other.made):
                    link.close("its event loop was closed")
        self._last = home
        return home

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
        self._home()
        for home in list(self._homes.values()):
            for link in list(home.made):
                link.close_from_anywhere("the caller closed this client", GIVEN_UP)

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
            call = Call(plan.kind, plan.request)
            link = None
            try:
                with call.alive:
                    link = await self._ask(call, trial)
                    await link.step(call, trial)
                    if call.error is not None:
                        raise call.error
                    result: ResultT = call.result
                    return result
            except AssayError as error:
                await self._pause(trial, error, call)
            except BaseException:  # such as the task's cancellation
                if link is not None:
                    link.cancel()
                raise

    async def _pause(self, trial: Trial, error: AssayError, call: Call) -> None:
        """Waits before the next attempt, or raises `error` when there is none.

        `close` ends the wait, in whatever loop: the next attempt finds that out.
        """
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._closed and error.code == CONNECTION_CLOSED:
            raise AssayError(GIVEN_UP, "the caller closed this client") from None
        pause = None if self._closed else trial.pause_after(error, call.is_written, now)
        if pause is None:
            raise error
        left = pause
        while not self._closed and left >= 0:  # one turn of the loop at least
            await asyncio.sleep(min(left, PAUSE_STEP))
            left = now + pause - loop.time()

    async def _ask(self, call: Call, trial: Trial) -> AsyncLink:
        """Sends a request on the connection with the fewest in flight, a new one if need be.

        The caller is inside `with call.alive`.
        """
        home = self._home()
        while True:
            slot = 0 if len(home.links) == 1 else _slot(home)
            link = home.links[slot]
            fresh = link is None or not link.core.usable
            if link is None or fresh:
                link = await self._connect(home, slot, trial)
            if await link.ask(call, trial):
                return link
            if fresh:
                raise AssayError(CONNECTION_CLOSED, "the server takes no requests")

    async def _connect(self, home: _Home, slot: int, trial: Trial) -> AsyncLink:
        """Makes a connection, or waits until another task has made it."""
        waiter, queue = Waiter(), home.queues[slot]
        loop = asyncio.get_running_loop()
        limit = trial.connect_limit(loop.time())
        with waiter.alive:
            queue[waiter] = None
            try:
                while True:
                    link = home.links[slot]
                    if link is not None and link.core.usable:
                        return link
                    if self._closed:
                        raise AssayError(GIVEN_UP, "the caller closed this client")
                    maker = home.makers[slot]
                    if maker is None or not maker.alive.locked():
                        home.makers[slot] = waiter
                        return await self._make(home, slot, trial)
                    waiter.bell = loop.create_future()
                    timer = loop.call_at(limit, _wake, waiter)
                    try:
                        await waiter.bell
                    finally:
                        timer.cancel()
                    if loop.time() >= limit:
                        text = f"connecting to {self.address.text}: not in time"
                        raise AssayError(TIMED_OUT, text)
            finally:
                queue.pop(waiter, None)

    async def _make(self, home: _Home, slot: int, trial: Trial) -> AsyncLink:
        try:
            link = home.links[slot] = await AsyncLink.open(self.address, self.options, trial)
            home.made.add(link)
            if self._closed:
                link.close("the caller closed this client", GIVEN_UP)
            await link.greet(self.address, trial)
            return link
        finally:
            home.makers[slot] = None
            for other in list(home.queues[slot]):
                _wake(other)


def _slot(home: _Home) -> int:
    """Index of the connection with the fewest requests in flight, made ones first."""

    def weight(index: int) -> tuple[int, bool]:
        link = home.links[index]
        made = link is not None and link.core.usable
        return (link.load if made and link else 0) + len(home.queues[index]), not made

    return min(range(len(home.links)), key=weight)
