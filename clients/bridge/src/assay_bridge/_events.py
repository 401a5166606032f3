"""Streamed generations: server-sent events, and clients that go away.

Guarantees: the request of a client that disconnects is cancelled on the server. The head leaves
after `_HEAD_AFTER` at the latest, and a comment leaves in every silence of `_COMMENT_EVERY`, so
that no proxy takes a long prompt for a dead server. A stream that is cut ends with an error, and
never with `[DONE]`. No answer leaves without provenance.
Not here: shapes of chunks (_bodies), readers that stopped (_serving).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from typing import Any, TypeVar

from assay import AsyncAnswerStream, AsyncClient, GenerateChunk, GenerateResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from . import _bodies as bodies
from ._errors import Refusal, cut_short, refusal_of, shutting_down
from ._parameters import Generation

T = TypeVar("T")
Stream = AsyncAnswerStream[GenerateChunk, GenerateResponse]

#: longest wait for the first token before the head leaves, seconds
_HEAD_AFTER = 1.0
#: interval of comments in a silent stream, seconds
_COMMENT_EVERY = 5.0
#: time for the last words of a stream that is cut, seconds
_LAST_WORDS_WITHIN = 1.0
#: no proxy holds the events back, and no cache keeps them
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def head(asked: Generation, model: str, completion: str, chat: str) -> dict[str, Any]:
    """The first members of every body of a generation."""
    return {
        "id": ("chatcmpl-" if asked.chat else "cmpl-") + secrets.token_hex(12),
        "object": chat if asked.chat else completion,
        "created": int(time.time()),
        "model": model,
    }


class Events(Response):
    """A streamed generation: server-sent events, each with the provenance."""

    media_type = "text/event-stream"

    def __init__(self, client: AsyncClient, asked: Generation, stream: Stream) -> None:
        super().__init__()
        self._client = client
        self._asked = asked
        self._stream = stream
        self._texts = bodies.TokenTexts(client, asked.request.model or "")
        self._head = head(
            asked, asked.request.model or "", "text_completion", "chat.completion.chunk"
        )
        self._next: asyncio.Task[GenerateChunk | None] | None = None
        self._prompt_tokens: int | None = None
        self._token_count = 0
        self._text_count = 0

    async def begin(self) -> None:
        """Waits for the first token or the end, but not for long.

        A failure until then has a status of its own, and the head has marks of the answer.
        """
        try:
            marks = {}
            self._next = asyncio.ensure_future(self._step())
            if await _is_done(self._next, _HEAD_AFTER):
                marks = bodies.headers(await self._marks(self._next.result()))
        except BaseException:
            await self._close()
            raise
        self.init_headers(marks | _HEADERS)
        del self.headers["content-length"]

    async def _marks(self, first: GenerateChunk | None) -> dict[str, Any]:
        if first is not None:
            return bodies.marks(first) | await self._device(first.generation)
        result = self._stream.result
        if result.finish_reason == "cancelled":
            raise cut_short(result.provenance)
        return bodies.marks(result, result.answer)

    async def _step(self) -> GenerateChunk | None:
        """The next chunk that is not empty. None at the end."""
        async for chunk in self._stream:
            self._prompt_tokens = chunk.prompt_total or self._prompt_tokens
            if chunk.tokens or chunk.text:
                return chunk
        return None

    async def _close(self) -> None:
        if self._next is not None:
            self._next.cancel()
            with contextlib.suppress(BaseException):
                await self._next
        await self._stream.aclose()

    async def _device(self, generation: int) -> dict[str, Any]:
        """Fingerprint and device of the model, which chunks do not hold.

        Nothing when the question itself waits, as it does beside many requests.
        """
        try:
            listed = await asyncio.wait_for(self._client.models(), _HEAD_AFTER)
        except asyncio.TimeoutError:
            return {}
        for found in listed.models:
            if found.name == self._asked.request.model and found.generation == generation:
                assay = bodies.model(found)["assay"]
                return {"fingerprint": assay["fingerprint"], "device": assay["device"]}
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until the end. When the client goes away, the request is cancelled."""
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            with contextlib.suppress(Refusal, OSError):  # the client went away
                await unless_gone(receive, self._send_all(send))
        except asyncio.CancelledError:  # the bridge ends
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(_last(send, shutting_down()), _LAST_WORDS_WITHIN)
        finally:
            await self._close()

    async def _send_all(self, send: Send) -> None:
        try:
            async for body in self._bodies():
                text = f"data: {json.dumps(body)}\n\n" if body else ": reading the prompt\n\n"
                await _write(send, text)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            refusal = refusal_of(error)
            if refusal.status == 500:
                logging.getLogger("uvicorn.error").error("a stream failed", exc_info=error)
            await _last(send, refusal)
        else:
            await _write(send, "data: [DONE]\n\n", more=False)

    async def _bodies(self) -> AsyncIterator[dict[str, Any] | None]:
        """Gives a chunk for each part, for the end, and for the usage if requested.

        Gives None where a comment is due.
        """
        first = True
        while True:
            self._next = self._next or asyncio.ensure_future(self._step())
            silence = 0.0 if first else _COMMENT_EVERY  # a late first token was waited for before
            while not await _is_done(self._next, silence):
                yield None
                silence = _COMMENT_EVERY
            chunk, self._next = self._next.result(), None
            if chunk is None:
                break
            self._token_count += len(chunk.tokens)
            self._text_count += len(chunk.text)
            yield await self._body(chunk, None, bodies.marks(chunk), first)
            first = False
        result = self._stream.result
        assay = bodies.marks(result, result.answer) | {"finish_reason": result.finish_reason}
        self._prompt_tokens = result.prompt_tokens
        end, is_cut = self._rest(result), result.finish_reason == "cancelled"
        self._token_count += len(end.tokens)
        yield await self._body(end, None if is_cut else bodies.finish_reason(result), assay, first)
        if is_cut:
            raise cut_short(result.provenance)
        if self._asked.include_usage:
            yield self._head | {"choices": [], "usage": bodies.usage(result), "assay": assay}

    def _rest(self, result: GenerateResponse) -> GenerateChunk:
        """The content of the last frame only: the whole answer less the sent part."""
        return GenerateChunk(
            provenance=result.provenance,
            generation=result.generation,
            degraded=result.degraded,
            tokens=result.tokens[self._token_count :],
            text=result.text[self._text_count :],
            logprobs=bodies.after(result.logprobs, self._token_count),
        )

    async def _body(
        self, part: GenerateChunk, reason: str | None, assay: dict[str, Any], first: bool
    ) -> dict[str, Any]:
        chat = self._asked.chat
        spelled = await self._texts.spelled(chat, part)
        made = self._head | {
            "choices": [bodies.chunk_choice(chat, part.text, spelled, reason, first)],
            "assay": assay,
        }
        if self._asked.continuous_usage:
            prompt = await self._prompt_count()
            made["usage"] = bodies.token_counts(prompt, self._token_count)
        elif self._asked.include_usage:
            made["usage"] = None
        return made

    async def _prompt_count(self) -> int:
        """The number of the prompt's tokens, which the server tells before the end only for a
        prompt of several steps. A shorter prompt is read a second time, for a single token."""
        if self._prompt_tokens is None:
            asked = replace(
                self._asked.request, max_tokens=1, min_tokens=None, logprobs=None, stop=()
            )
            self._prompt_tokens = (await self._client.generate(asked)).prompt_tokens
        return self._prompt_tokens


async def _is_done(task: asyncio.Task[Any], seconds: float) -> bool:
    """Waits for the end of `task`, which goes on when the time is over."""
    return bool((await asyncio.wait([task], timeout=seconds))[0])


async def _write(send: Send, text: str, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


async def _last(send: Send, refusal: Refusal) -> None:
    """The error as the last event. No `[DONE]` follows, since the answer is not whole."""
    await _write(send, f"data: {json.dumps(refusal.body())}\n\n", more=False)


# ---------------------------------------------------------------- clients that go away


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone(receive: Receive, call: Awaitable[T]) -> T:
    """The result of `call`. The call and the request are cancelled when the client goes away."""
    working = asyncio.ensure_future(call)
    leaving = asyncio.create_task(_disconnected(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Refusal(499, "client_closed_request", "the client went away")
        return working.result()
    finally:
        leaving.cancel()
        working.cancel()
        with contextlib.suppress(BaseException):
            await working
