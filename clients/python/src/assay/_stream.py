"""Streams of an answer: iterators over its chunks, blocking and asyncio.

Guarantees: a stream that is closed, left or dropped early stops the server. Only one thread or task
uses a stream at a time. A stream ends when a step ends with an exception of another kind than
`AssayError` (Ctrl-C, a signal's handler, the task's cancellation), like a generator.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

from ._errors import AssayError
from ._exchange import Exchange
from ._protocol import GIVEN_UP

ChunkT = TypeVar("ChunkT")
ResultT = TypeVar("ResultT")


def done(work: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine that never suspends and returns its result. For threads every wait
    blocks."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a wait that does not block")


class _Stream(Generic[ChunkT, ResultT]):
    """The base of both streams. The first step sends the request."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def result(self) -> ResultT:
        """The whole answer, chunks included. Raises when the answer is not complete."""
        result: ResultT | None = self._exchange.result
        if result is not None:
            return result
        text = "the answer has not been read to its end"
        raise self._exchange.error or AssayError(GIVEN_UP, text)

    def __del__(self) -> None:
        exchange = getattr(self, "_exchange", None)
        if exchange is not None:
            exchange.close(waits=False)


class GenerateStream(_Stream[ChunkT, ResultT]):
    """An iterator over the chunks, then `result`."""

    def __iter__(self) -> GenerateStream[ChunkT, ResultT]:
        return self

    def __next__(self) -> ChunkT:
        chunk: ChunkT | None = done(self._exchange.step())
        if chunk is None:
            raise StopIteration
        return chunk

    def close(self) -> None:
        """Gives up the rest of the answer. May be repeated."""
        self._exchange.close()

    def __enter__(self) -> GenerateStream[ChunkT, ResultT]:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class AsyncGenerateStream(_Stream[ChunkT, ResultT]):
    """An asynchronous iterator over the chunks, then `result`. A stream belongs to the event
    loop of its first step, and ends when used in another loop."""

    def __aiter__(self) -> AsyncGenerateStream[ChunkT, ResultT]:
        return self

    async def __anext__(self) -> ChunkT:
        chunk: ChunkT | None = await self._exchange.step()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Gives up the rest of the answer. May be repeated."""
        self._exchange.close()

    async def __aenter__(self) -> AsyncGenerateStream[ChunkT, ResultT]:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.aclose()
