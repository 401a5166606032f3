"""The HTTP side: routes, settings, health, and failures.

Guarantees: every failure has OpenAI's error shape. No answer leaves without provenance.
Not here: foreign names (_guard), bytes of bodies (_reading), streams (_events), parameters
(_parameters), shapes of answers (_bodies), statuses (_errors).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from assay import AssayError, AsyncClient, Options
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import _bodies as bodies
from . import _parameters as parameters
from ._errors import Refusal, cut_short, refusal_of
from ._events import Events, head, unless_gone
from ._guard import Guard
from ._parameters import Generation
from ._reading import json_of

#: longest wait of `/readyz` for the server, seconds
_READY_WITHIN = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of the bridge."""

    #: URL of the Assay server
    server: str = "tcp://127.0.0.1:7411"
    #: token that the bridge shows the server, or None
    token: str | None = field(default=None, repr=False)
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
    #: names by which clients reach the bridge, beside loopback and the address of arrival
    allow_hosts: tuple[str, ...] = ()
    #: time for which a head or body may stop, seconds
    body_seconds: int = 15
    #: time for which a reader may stop, seconds
    reader_seconds: int = 30
    #: time from the request to end until the end, seconds
    shutdown_seconds: int = 10


def application(settings: Settings) -> Starlette:
    """The ASGI application. Raises `AssayError` when the server's address is invalid."""
    bridge = Bridge(settings)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await bridge.client.close()
        await bridge.prober.close()

    return Starlette(
        routes=[
            Route("/health", bridge.health, methods=["GET"]),
            Route("/readyz", bridge.ready, methods=["GET"]),
            Route("/v1/models", bridge.models, methods=["GET"]),
            Route("/v1/models/{name:path}", bridge.model, methods=["GET"]),
            Route("/v1/completions", bridge.completion, methods=["POST"]),
            Route("/v1/chat/completions", bridge.chat, methods=["POST"]),
            Route("/v1/embeddings", bridge.embeddings, methods=["POST"]),
        ],
        middleware=[Middleware(Guard, names=settings.allow_hosts)],
        exception_handlers=dict.fromkeys((Refusal, AssayError, HTTPException, Exception), _failure),
        lifespan=lifespan,
    )


class Bridge:
    """The endpoints over one client."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        options = Options(
            name="assay-bridge/1",
            token=settings.token,
            allow_mock=settings.allow_mock,
            connections=settings.connections,
            wait_milliseconds=settings.wait_milliseconds,
        )
        self.client = AsyncClient(settings.server, options)
        #: asks for health over a connection of its own, where no request waits
        probing = Options(
            name="assay-bridge/1 readyz", token=settings.token, allow_mock=True, attempts=1
        )
        self.prober = AsyncClient(settings.server, probing)

    async def health(self, request: Request) -> Response:
        """GET /health: the bridge itself lives, whatever its server does."""
        return JSONResponse({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """GET /readyz: the server accepts work. Red otherwise, also for a server that is silent."""
        try:
            found = await asyncio.wait_for(self.prober.health(), _READY_WITHIN)
        except AssayError as error:  # also an error that is a TimeoutError
            text = f"asking the server for its health: {error.message}"
            raise Refusal(503, "not_ready", text, retry_milliseconds=1000) from None
        except asyncio.TimeoutError:
            text = f"the server did not answer Health within {_READY_WITHIN} s"
            raise Refusal(503, "not_ready", text, retry_milliseconds=1000) from None
        body = {"status": "ok" if found.ready else "not ready", "state": found.state}
        status = 200 if found.ready else 503
        return JSONResponse(body | {"reason": found.reason}, status_code=status)

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
        body = bodies.embeddings(await unless_gone(request.receive, call), asked.base64)
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
            await unless_gone(request.receive, events.begin())
            return events
        call = self.client.generate(asked.request, deadline_milliseconds=deadline)
        answer = await unless_gone(request.receive, call)
        if answer.finish_reason == "cancelled":  # not by this client, which still waits
            raise cut_short(answer.provenance)
        texts = bodies.TokenTexts(self.client, answer.answer.model)
        spelled = await texts.spelled(asked.chat, answer)
        reason = bodies.finish_reason(answer)
        body = head(asked, answer.answer.model, "text_completion", "chat.completion") | {
            "choices": [bodies.choice(asked.chat, answer.text, spelled, reason)],
            "usage": bodies.usage(answer),
            "assay": bodies.marks(answer, answer.answer) | {"finish_reason": answer.finish_reason},
        }
        return JSONResponse(body, headers=bodies.headers(body["assay"]))

    async def _body(self, request: Request) -> Any:
        settings = self.settings
        return await json_of(request, settings.body_size_max, settings.body_seconds)


# ---------------------------------------------------------------- failures


async def _failure(request: Request, error: Exception) -> Response:
    """The answer to a request that ended with any error."""
    if isinstance(error, HTTPException):
        code = {404: "unknown_url", 405: "method_not_allowed"}.get(error.status_code, "http_error")
        text = f"{request.method} {request.url.path}: {error.detail}"
        refusal = Refusal(error.status_code, code, text)
    else:
        refusal = refusal_of(error)
    return JSONResponse(refusal.body(), status_code=refusal.status, headers=refusal.headers())
