"""The HTTP side: routes, limits, streaming, and clients that go away.

Guarantees: the request of a client that disconnects is cancelled on the server. A body above the
limit is refused before it is held. Every failure has OpenAI's error shape. No answer leaves without
provenance.
Not here: parameters (_parameters), bodies (_bodies), statuses (_errors).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar

from assay import (
    AssayError,
    AsyncAnswerStream,
    AsyncClient,
    GenerateChunk,
    GenerateResponse,
    Options,
)
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from . import _bodies as bodies
from . import _parameters as parameters
from ._errors import Refusal, bad, refused
from ._parameters import Generation

T = TypeVar("T")
Stream = AsyncAnswerStream[GenerateChunk, GenerateResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of the bridge."""

    #: URL of the Assay server
    server: str = "tcp://127.0.0.1:7411"
    #: hand out answers of mocks, with the provenance in every body
    allow_mock: bool = False
    #: connections to the server
    connections: int = 1
    #: time limit of a request on the server, milliseconds, 0 for no limit
    deadline_milliseconds: int = 0
    #: time for which a request waits for an absent server or a loading model, milliseconds
    wait_milliseconds: int = 0
    #: largest request body, bytes
    body_size_max: int = 8 << 20


def application(settings: Settings) -> Starlette:
    """The ASGI application. Raises `AssayError` when the server's address is invalid."""
    bridge = Bridge(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await bridge.client.close()

    return Starlette(
        routes=[
            Route("/v1/models", bridge.models, methods=["GET"]),
            Route("/v1/models/{name:path}", bridge.model, methods=["GET"]),
            Route("/v1/completions", bridge.completion, methods=["POST"]),
            Route("/v1/chat/completions", bridge.chat, methods=["POST"]),
            Route("/v1/embeddings", bridge.embeddings, methods=["POST"]),
        ],
        exception_handlers=dict.fromkeys((Refusal, AssayError, HTTPException, Exception), _failure),
        lifespan=lifespan,
    )


class Bridge:
    """The endpoints over one client."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        options = Options(
            name="assay-bridge/1",
            allow_mock=settings.allow_mock,
            connections=settings.connections,
            wait_milliseconds=settings.wait_milliseconds,
        )
        self.client = AsyncClient(settings.server, options)

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        answer = await self.client.models()
        assay = bodies.marks(answer)
        listed = [bodies.model(one) for one in answer.models]
        body = {"object": "list", "data": listed, "assay": assay}
        return JSONResponse(body, headers=bodies.headers(assay))

    async def model(self, request: Request) -> Response:
        """GET /v1/models/{id}."""
        name = request.path_params["name"]
        answer = await self.client.models()
        for found in answer.models:
            if found.name == name:
                body = bodies.model(found)
                return JSONResponse(body, headers=bodies.headers(body["assay"]))
        raise Refusal(404, "model_not_found", f'no model is named "{name}"', param="model")

    async def embeddings(self, request: Request) -> Response:
        """POST /v1/embeddings."""
        asked = parameters.embeddings(await self._body(request))
        call = self.client.embed(
            asked.request, deadline_milliseconds=self.settings.deadline_milliseconds
        )
        body = bodies.embeddings(await _unless_gone(request.receive, call), asked.base64)
        return JSONResponse(body, headers=bodies.headers(body["assay"]))

    async def completion(self, request: Request) -> Response:
        """POST /v1/completions."""
        return await self._generate(request, parameters.completion(await self._body(request)))

    async def chat(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        return await self._generate(request, parameters.chat(await self._body(request)))

    async def _generate(self, request: Request, asked: Generation) -> Response:
        deadline = self.settings.deadline_milliseconds
        if asked.stream:
            stream = self.client.generate_stream(asked.request, deadline_milliseconds=deadline)
            events = Events(self.client, asked, stream)
            await _unless_gone(request.receive, events.begin())
            return events
        call = self.client.generate(asked.request, deadline_milliseconds=deadline)
        answer = await _unless_gone(request.receive, call)
        texts = bodies.TokenTexts(self.client, answer.answer.model)
        spelled = await texts.spelled(asked.chat, answer)
        reason = bodies.finish_reason(answer)
        body = _head(asked, answer.answer.model, "text_completion", "chat.completion") | {
            "choices": [bodies.choice(asked.chat, answer.text, spelled, reason)],
            "usage": bodies.usage(answer),
            "assay": bodies.marks(answer, answer.answer) | {"finish_reason": answer.finish_reason},
        }
        return JSONResponse(body, headers=bodies.headers(body["assay"]))

    async def _body(self, request: Request) -> Any:
        """The request's JSON, of no more bytes than allowed."""
        most, data = self.settings.body_size_max, bytearray()
        length = request.headers.get("content-length", "0")
        too_large = Refusal(413, "body_too_large", f"a body has at most {most} bytes")
        if length.isdigit() and int(length) > most:
            raise too_large
        async for piece in request.stream():
            data += piece
            if len(data) > most:
                raise too_large
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise bad(None, "reading the body: found no JSON", "invalid_json") from None


def _head(asked: Generation, model: str, completion: str, chat: str) -> dict[str, Any]:
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
        self._head = _head(
            asked, asked.request.model or "", "text_completion", "chat.completion.chunk"
        )
        self._first: GenerateChunk | None = None
        self._token_count = 0
        self._text_count = 0

    async def begin(self) -> None:
        """Waits for the first token or the end. A failure until then has a status of its own."""
        try:
            self._first = await self._next()
            part = self._first or self._stream.result
            assay = bodies.marks(part)
            if self._first is None:
                assay = bodies.marks(part, self._stream.result.answer)
            else:
                assay |= await self._device(part.generation)
        except BaseException:
            await self._stream.aclose()
            raise
        self.init_headers(bodies.headers(assay) | {"Cache-Control": "no-store"})
        del self.headers["content-length"]

    async def _next(self) -> GenerateChunk | None:
        """The next chunk that is not empty. None at the end."""
        async for chunk in self._stream:
            if chunk.tokens or chunk.text:
                return chunk
        return None

    async def _device(self, generation: int) -> dict[str, Any]:
        """Fingerprint and device of the model, which chunks do not hold."""
        for found in (await self._client.models()).models:
            if found.name == self._asked.request.model and found.generation == generation:
                assay = bodies.model(found)["assay"]
                return {"fingerprint": assay["fingerprint"], "device": assay["device"]}
        return {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends until the end. When the client goes away, the request is cancelled."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        try:
            with contextlib.suppress(Refusal, OSError):  # the client went away
                await _unless_gone(receive, self._send_all(send))
        finally:
            await self._stream.aclose()

    async def _send_all(self, send: Send) -> None:
        async def event(body: dict[str, Any] | str) -> None:
            text = body if isinstance(body, str) else json.dumps(body)
            data = f"data: {text}\n\n".encode()
            await send({"type": "http.response.body", "body": data, "more_body": True})

        try:
            async for body in self._bodies():
                await event(body)
            await event("[DONE]")
        except AssayError as error:
            await event(refused(error).body())
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _bodies(self) -> AsyncIterator[dict[str, Any]]:
        """Sends a chunk for each part, for the end, and for the usage if requested."""
        chunk, first = self._first, True
        while chunk is not None:
            self._token_count += len(chunk.tokens)
            self._text_count += len(chunk.text)
            yield await self._body(chunk, None, bodies.marks(chunk), first)
            chunk, first = await self._next(), False
        result = self._stream.result
        assay = bodies.marks(result, result.answer) | {"finish_reason": result.finish_reason}
        end = self._rest(result)
        yield await self._body(end, bodies.finish_reason(result), assay, first)
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
        return made | {"usage": None} if self._asked.include_usage else made


# ---------------------------------------------------------------- clients that go away


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _unless_gone(receive: Receive, call: Awaitable[T]) -> T:
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


# ---------------------------------------------------------------- failures


async def _failure(request: Request, error: Exception) -> Response:
    """The answer to a request that ended with any error."""
    refusal = Refusal(500, "internal_error", "a fault of the bridge; its log says more")
    if isinstance(error, Refusal):
        refusal = error
    elif isinstance(error, AssayError):
        refusal = refused(error)
    elif isinstance(error, HTTPException):
        code = {404: "unknown_url", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        text = f"{request.method} {request.url.path}: {error.detail}"
        refusal = Refusal(error.status_code, code, text)
    return JSONResponse(refusal.body(), status_code=refusal.status, headers=refusal.headers())
