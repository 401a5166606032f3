# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""The calls of both clients: one method for each kind and its request.

Short requests may be given as arguments instead: `load("name", "/path", device="cpu")`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from ._base import BaseClient
from ._exchange import Exchange, request_of
from ._protocol import KINDS
from ._stream import AsyncGenerateStream, GenerateStream, done


class Calls(BaseClient):
    """The calls of the blocking client."""

    def ping(
        self,
        request: m.PingRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.PingResponse:
        """Returns the payload unchanged."""
        made = request_of("Ping", request, words, fields)
        answer: m.PingResponse = done(self._answer("Ping", made, deadline_milliseconds))
        return answer

    def health(
        self,
        request: m.HealthRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.HealthResponse:
        """Reports if a model, or the server, accepts work."""
        made = request_of("Health", request, words, fields)
        answer: m.HealthResponse = done(self._answer("Health", made, deadline_milliseconds))
        return answer

    def models(
        self,
        request: m.ModelsRequest | None = None,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.ModelsResponse:
        """Lists the models."""
        made = request or m.ModelsRequest()
        answer: m.ModelsResponse = done(self._answer("Models", made, deadline_milliseconds))
        return answer

    def load(
        self,
        request: m.LoadRequest | Any = None,
        *words: Any,
        on_layer: Callable[[m.Layer], None] | None = None,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.LoadResponse:
        """Assays a model file and serves the model. Never sent again once the work may have begun.

        `on_layer` gets the verdict of each layer. An exception from `on_layer` gives up the answer.
        """
        made = request_of("Load", request, words, fields)
        answer: m.LoadResponse = done(self._answer("Load", made, deadline_milliseconds, on_layer))
        return answer

    def unload(
        self,
        request: m.UnloadRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.UnloadResponse:
        """Stops serving a model. Never sent again once the work may have begun."""
        made = request_of("Unload", request, words, fields)
        answer: m.UnloadResponse = done(self._answer("Unload", made, deadline_milliseconds))
        return answer

    def tokenize(
        self,
        request: m.TokenizeRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.TokenizeResponse:
        """Turns text into token ids."""
        made = request_of("Tokenize", request, words, fields)
        answer: m.TokenizeResponse = done(self._answer("Tokenize", made, deadline_milliseconds))
        return answer

    def detokenize(
        self,
        request: m.DetokenizeRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.DetokenizeResponse:
        """Turns token ids into text."""
        made = request_of("Detokenize", request, words, fields)
        answer: m.DetokenizeResponse = done(self._answer("Detokenize", made, deadline_milliseconds))
        return answer

    def generate(
        self,
        request: m.GenerateRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.GenerateResponse:
        """Continues a prompt."""
        answer: m.GenerateResponse = done(self._answer("Generate", request, deadline_milliseconds))
        return answer

    def generate_stream(
        self, request: m.GenerateRequest, *, deadline_milliseconds: int = 0
    ) -> GenerateStream[m.GenerateChunk, m.GenerateResponse]:
        """Continues a prompt as a stream of chunks. `result` is the whole answer at the end."""
        exchange = Exchange(self, KINDS["Generate"], request, deadline_milliseconds, True)
        return GenerateStream(exchange)

    def score(
        self,
        request: m.ScoreRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.ScoreResponse:
        """Computes log-probabilities of given continuations."""
        answer: m.ScoreResponse = done(self._answer("Score", request, deadline_milliseconds))
        return answer

    def logits(
        self,
        request: m.LogitsRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.LogitsResponse:
        """Computes raw scores of the vocabulary."""
        answer: m.LogitsResponse = done(self._answer("Logits", request, deadline_milliseconds))
        return answer

    def embed(
        self,
        request: m.EmbedRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.EmbedResponse:
        """Turns inputs into vectors."""
        answer: m.EmbedResponse = done(self._answer("Embed", request, deadline_milliseconds))
        return answer

    def stats(
        self,
        request: m.StatsRequest | None = None,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.StatsResponse:
        """Returns counters, split by provenance."""
        made = request or m.StatsRequest()
        answer: m.StatsResponse = done(self._answer("Stats", made, deadline_milliseconds))
        return answer

    def render(
        self,
        request: m.RenderRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.RenderResponse:
        """Renders a conversation by the model's chat template."""
        answer: m.RenderResponse = done(self._answer("Render", request, deadline_milliseconds))
        return answer


class AsyncCalls(BaseClient):
    """The calls of the asyncio client."""

    async def ping(
        self,
        request: m.PingRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.PingResponse:
        """Returns the payload unchanged."""
        made = request_of("Ping", request, words, fields)
        answer: m.PingResponse = await self._answer("Ping", made, deadline_milliseconds)
        return answer

    async def health(
        self,
        request: m.HealthRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.HealthResponse:
        """Reports if a model, or the server, accepts work."""
        made = request_of("Health", request, words, fields)
        answer: m.HealthResponse = await self._answer("Health", made, deadline_milliseconds)
        return answer

    async def models(
        self,
        request: m.ModelsRequest | None = None,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.ModelsResponse:
        """Lists the models."""
        made = request or m.ModelsRequest()
        answer: m.ModelsResponse = await self._answer("Models", made, deadline_milliseconds)
        return answer

    async def load(
        self,
        request: m.LoadRequest | Any = None,
        *words: Any,
        on_layer: Callable[[m.Layer], None] | None = None,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.LoadResponse:
        """Assays a model file and serves the model. Never sent again once the work may have begun.

        `on_layer` gets the verdict of each layer. An exception from `on_layer` gives up the answer.
        """
        made = request_of("Load", request, words, fields)
        answer: m.LoadResponse = await self._answer("Load", made, deadline_milliseconds, on_layer)
        return answer

    async def unload(
        self,
        request: m.UnloadRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.UnloadResponse:
        """Stops serving a model. Never sent again once the work may have begun."""
        made = request_of("Unload", request, words, fields)
        answer: m.UnloadResponse = await self._answer("Unload", made, deadline_milliseconds)
        return answer

    async def tokenize(
        self,
        request: m.TokenizeRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.TokenizeResponse:
        """Turns text into token ids."""
        made = request_of("Tokenize", request, words, fields)
        answer: m.TokenizeResponse = await self._answer("Tokenize", made, deadline_milliseconds)
        return answer

    async def detokenize(
        self,
        request: m.DetokenizeRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.DetokenizeResponse:
        """Turns token ids into text."""
        made = request_of("Detokenize", request, words, fields)
        answer: m.DetokenizeResponse = await self._answer("Detokenize", made, deadline_milliseconds)
        return answer

    async def generate(
        self,
        request: m.GenerateRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.GenerateResponse:
        """Continues a prompt."""
        answer: m.GenerateResponse = await self._answer("Generate", request, deadline_milliseconds)
        return answer

    def generate_stream(
        self, request: m.GenerateRequest, *, deadline_milliseconds: int = 0
    ) -> AsyncGenerateStream[m.GenerateChunk, m.GenerateResponse]:
        """Continues a prompt as a stream of chunks. `result` is the whole answer at the end."""
        exchange = Exchange(self, KINDS["Generate"], request, deadline_milliseconds, True)
        return AsyncGenerateStream(exchange)

    async def score(
        self,
        request: m.ScoreRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.ScoreResponse:
        """Computes log-probabilities of given continuations."""
        answer: m.ScoreResponse = await self._answer("Score", request, deadline_milliseconds)
        return answer

    async def logits(
        self,
        request: m.LogitsRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.LogitsResponse:
        """Computes raw scores of the vocabulary."""
        answer: m.LogitsResponse = await self._answer("Logits", request, deadline_milliseconds)
        return answer

    async def embed(
        self,
        request: m.EmbedRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.EmbedResponse:
        """Turns inputs into vectors."""
        answer: m.EmbedResponse = await self._answer("Embed", request, deadline_milliseconds)
        return answer

    async def stats(
        self,
        request: m.StatsRequest | None = None,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.StatsResponse:
        """Returns counters, split by provenance."""
        made = request or m.StatsRequest()
        answer: m.StatsResponse = await self._answer("Stats", made, deadline_milliseconds)
        return answer

    async def render(
        self,
        request: m.RenderRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.RenderResponse:
        """Renders a conversation by the model's chat template."""
        answer: m.RenderResponse = await self._answer("Render", request, deadline_milliseconds)
        return answer
