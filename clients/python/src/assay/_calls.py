# Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
"""The calls of both clients: one method for each kind, which takes the kind's request.

Where a request is made of a few words, these do as well: `load("name", "/path", device="cpu")`.
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
        """Same bytes back."""
        made = request_of("Ping", request, words, fields)
        answer = self._answer("Ping", made, m.PingResponse, deadline_milliseconds)
        return done(answer)

    def health(
        self,
        request: m.HealthRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.HealthResponse:
        """May this model, or this server, be sent work."""
        made = request_of("Health", request, words, fields)
        answer = self._answer("Health", made, m.HealthResponse, deadline_milliseconds)
        return done(answer)

    def models(
        self,
        request: m.ModelsRequest | None = None,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.ModelsResponse:
        """List of models."""
        made = request or m.ModelsRequest()
        answer = self._answer("Models", made, m.ModelsResponse, deadline_milliseconds)
        return done(answer)

    def load(
        self,
        request: m.LoadRequest | Any = None,
        *words: Any,
        on_layer: Callable[[m.Layer], None] | None = None,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.LoadResponse:
        """Assay a file and serve it. Never sent again once it may have begun.

        `on_layer` sees each layer's verdict as it comes; what it raises gives the answer up.
        """
        made = request_of("Load", request, words, fields)
        answer = self._answer("Load", made, m.LoadResponse, deadline_milliseconds, on_layer)
        return done(answer)

    def unload(
        self,
        request: m.UnloadRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.UnloadResponse:
        """Stop serving a model. Never sent again once it may have begun."""
        made = request_of("Unload", request, words, fields)
        answer = self._answer("Unload", made, m.UnloadResponse, deadline_milliseconds)
        return done(answer)

    def tokenize(
        self,
        request: m.TokenizeRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.TokenizeResponse:
        """Text to token ids."""
        made = request_of("Tokenize", request, words, fields)
        answer = self._answer("Tokenize", made, m.TokenizeResponse, deadline_milliseconds)
        return done(answer)

    def detokenize(
        self,
        request: m.DetokenizeRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.DetokenizeResponse:
        """Token ids to text."""
        made = request_of("Detokenize", request, words, fields)
        answer = self._answer("Detokenize", made, m.DetokenizeResponse, deadline_milliseconds)
        return done(answer)

    def generate(
        self,
        request: m.GenerateRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.GenerateResponse:
        """Continue a prompt."""
        answer = self._answer("Generate", request, m.GenerateResponse, deadline_milliseconds)
        return done(answer)

    def generate_stream(
        self, request: m.GenerateRequest, *, deadline_milliseconds: int = 0
    ) -> GenerateStream[m.GenerateChunk, m.GenerateResponse]:
        """The same as it comes: chunks, and then the whole answer as `result`."""
        exchange = Exchange(self, KINDS["Generate"], request, deadline_milliseconds, True)
        return GenerateStream(exchange)

    def score(
        self,
        request: m.ScoreRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.ScoreResponse:
        """Log-probabilities of given continuations."""
        answer = self._answer("Score", request, m.ScoreResponse, deadline_milliseconds)
        return done(answer)

    def logits(
        self,
        request: m.LogitsRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.LogitsResponse:
        """Raw scores."""
        answer = self._answer("Logits", request, m.LogitsResponse, deadline_milliseconds)
        return done(answer)

    def embed(
        self,
        request: m.EmbedRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.EmbedResponse:
        """Inputs to vectors."""
        answer = self._answer("Embed", request, m.EmbedResponse, deadline_milliseconds)
        return done(answer)

    def stats(
        self,
        request: m.StatsRequest | None = None,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.StatsResponse:
        """Counters, split by provenance."""
        made = request or m.StatsRequest()
        answer = self._answer("Stats", made, m.StatsResponse, deadline_milliseconds)
        return done(answer)


class AsyncCalls(BaseClient):
    """The calls of the asyncio client."""

    async def ping(
        self,
        request: m.PingRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.PingResponse:
        """Same bytes back."""
        made = request_of("Ping", request, words, fields)
        answer = self._answer("Ping", made, m.PingResponse, deadline_milliseconds)
        return await answer

    async def health(
        self,
        request: m.HealthRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.HealthResponse:
        """May this model, or this server, be sent work."""
        made = request_of("Health", request, words, fields)
        answer = self._answer("Health", made, m.HealthResponse, deadline_milliseconds)
        return await answer

    async def models(
        self,
        request: m.ModelsRequest | None = None,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.ModelsResponse:
        """List of models."""
        made = request or m.ModelsRequest()
        answer = self._answer("Models", made, m.ModelsResponse, deadline_milliseconds)
        return await answer

    async def load(
        self,
        request: m.LoadRequest | Any = None,
        *words: Any,
        on_layer: Callable[[m.Layer], None] | None = None,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.LoadResponse:
        """Assay a file and serve it. Never sent again once it may have begun.

        `on_layer` sees each layer's verdict as it comes; what it raises gives the answer up.
        """
        made = request_of("Load", request, words, fields)
        answer = self._answer("Load", made, m.LoadResponse, deadline_milliseconds, on_layer)
        return await answer

    async def unload(
        self,
        request: m.UnloadRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.UnloadResponse:
        """Stop serving a model. Never sent again once it may have begun."""
        made = request_of("Unload", request, words, fields)
        answer = self._answer("Unload", made, m.UnloadResponse, deadline_milliseconds)
        return await answer

    async def tokenize(
        self,
        request: m.TokenizeRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.TokenizeResponse:
        """Text to token ids."""
        made = request_of("Tokenize", request, words, fields)
        answer = self._answer("Tokenize", made, m.TokenizeResponse, deadline_milliseconds)
        return await answer

    async def detokenize(
        self,
        request: m.DetokenizeRequest | Any = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Any,
    ) -> m.DetokenizeResponse:
        """Token ids to text."""
        made = request_of("Detokenize", request, words, fields)
        answer = self._answer("Detokenize", made, m.DetokenizeResponse, deadline_milliseconds)
        return await answer

    async def generate(
        self,
        request: m.GenerateRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.GenerateResponse:
        """Continue a prompt."""
        answer = self._answer("Generate", request, m.GenerateResponse, deadline_milliseconds)
        return await answer

    def generate_stream(
        self, request: m.GenerateRequest, *, deadline_milliseconds: int = 0
    ) -> AsyncGenerateStream[m.GenerateChunk, m.GenerateResponse]:
        """The same as it comes: chunks, and then the whole answer as `result`."""
        exchange = Exchange(self, KINDS["Generate"], request, deadline_milliseconds, True)
        return AsyncGenerateStream(exchange)

    async def score(
        self,
        request: m.ScoreRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.ScoreResponse:
        """Log-probabilities of given continuations."""
        answer = self._answer("Score", request, m.ScoreResponse, deadline_milliseconds)
        return await answer

    async def logits(
        self,
        request: m.LogitsRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.LogitsResponse:
        """Raw scores."""
        answer = self._answer("Logits", request, m.LogitsResponse, deadline_milliseconds)
        return await answer

    async def embed(
        self,
        request: m.EmbedRequest,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.EmbedResponse:
        """Inputs to vectors."""
        answer = self._answer("Embed", request, m.EmbedResponse, deadline_milliseconds)
        return await answer

    async def stats(
        self,
        request: m.StatsRequest | None = None,
        *,
        deadline_milliseconds: int = 0,
    ) -> m.StatsResponse:
        """Counters, split by provenance."""
        made = request or m.StatsRequest()
        answer = self._answer("Stats", made, m.StatsResponse, deadline_milliseconds)
        return await answer
