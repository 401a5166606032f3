# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""The calls of both clients: one method for each kind and its request.

A request may be given as arguments instead: `load("name", "/path", device="cpu")`,
`generate("text", max_tokens=8)`. Records may be dictionaries of their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from . import _words as w
from . import messages as m
from ._base import BaseClient
from ._exchange import Exchange
from ._protocol import KINDS
from ._requests import request_of
from ._stream import AsyncGenerateStream, GenerateStream, done

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Calls(BaseClient):
    """The calls of the blocking client."""

    def ping(
        self,
        request: m.PingRequest | bytes | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.PingWords],
    ) -> m.PingResponse:
        """Returns the payload unchanged."""
        made = request_of("Ping", request, words, fields)
        answer: m.PingResponse = done(self._answer("Ping", made, deadline_milliseconds))
        return answer

    def health(
        self,
        request: m.HealthRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.HealthWords],
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
        request: m.LoadRequest | str | None = None,
        *words: Any,
        on_layer: Callable[[m.Layer], None] | None = None,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.LoadWords],
    ) -> m.LoadResponse:
        """Assays a model file and serves the model. Never sent again once the work may have begun.

        `on_layer` gets the verdict of each layer. An exception from `on_layer` gives up the answer.
        """
        made = request_of("Load", request, words, fields)
        answer: m.LoadResponse = done(self._answer("Load", made, deadline_milliseconds, on_layer))
        return answer

    def swap(
        self,
        request: m.SwapRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.SwapWords],
    ) -> m.SwapResponse:
        """Assays a model file beside the served one, and switches to it. Never sent again once the work may have begun."""
        made = request_of("Swap", request, words, fields)
        answer: m.SwapResponse = done(self._answer("Swap", made, deadline_milliseconds))
        return answer

    def unload(
        self,
        request: m.UnloadRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.UnloadWords],
    ) -> m.UnloadResponse:
        """Stops serving a model. Never sent again once the work may have begun."""
        made = request_of("Unload", request, words, fields)
        answer: m.UnloadResponse = done(self._answer("Unload", made, deadline_milliseconds))
        return answer

    def tokenize(
        self,
        request: m.TokenizeRequest | bytes | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.TokenizeWords],
    ) -> m.TokenizeResponse:
        """Turns text into token ids."""
        made = request_of("Tokenize", request, words, fields)
        answer: m.TokenizeResponse = done(self._answer("Tokenize", made, deadline_milliseconds))
        return answer

    def detokenize(
        self,
        request: m.DetokenizeRequest | Sequence[int] | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.DetokenizeWords],
    ) -> m.DetokenizeResponse:
        """Turns token ids into text."""
        made = request_of("Detokenize", request, words, fields)
        answer: m.DetokenizeResponse = done(self._answer("Detokenize", made, deadline_milliseconds))
        return answer

    def generate(
        self,
        request: m.GenerateRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.GenerateWords],
    ) -> m.GenerateResponse:
        """Continues a prompt."""
        made = request_of("Generate", request, words, fields)
        answer: m.GenerateResponse = done(self._answer("Generate", made, deadline_milliseconds))
        return answer

    def generate_stream(
        self,
        request: m.GenerateRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.GenerateWords],
    ) -> GenerateStream[m.GenerateChunk, m.GenerateResponse]:
        """Continues a prompt as a stream of chunks. `result` is the whole answer at the end."""
        made = request_of("Generate", request, words, fields)
        exchange = Exchange(self, KINDS["Generate"], made, deadline_milliseconds, True)
        return GenerateStream(exchange)

    def chat(
        self,
        messages: Sequence[w.Turn],
        *,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.ChatWords],
    ) -> m.GenerateResponse:
        """Continues a conversation: `chat([{"role": "user", "content": "..."}], max_tokens=8)`."""
        made = request_of("Generate", None, (), {"messages": messages, **fields})
        answer: m.GenerateResponse = done(self._answer("Generate", made, deadline_milliseconds))
        return answer

    def chat_stream(
        self,
        messages: Sequence[w.Turn],
        *,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.ChatWords],
    ) -> GenerateStream[m.GenerateChunk, m.GenerateResponse]:
        """Continues a conversation as a stream of chunks, see `generate_stream`."""
        made = request_of("Generate", None, (), {"messages": messages, **fields})
        exchange = Exchange(self, KINDS["Generate"], made, deadline_milliseconds, True)
        return GenerateStream(exchange)

    def score(
        self,
        request: m.ScoreRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.ScoreWords],
    ) -> m.ScoreResponse:
        """Computes log-probabilities of given continuations."""
        made = request_of("Score", request, words, fields)
        answer: m.ScoreResponse = done(self._answer("Score", made, deadline_milliseconds))
        return answer

    def logits(
        self,
        request: m.LogitsRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.LogitsWords],
    ) -> m.LogitsResponse:
        """Computes raw scores of the vocabulary."""
        made = request_of("Logits", request, words, fields)
        answer: m.LogitsResponse = done(self._answer("Logits", made, deadline_milliseconds))
        return answer

    def embed(
        self,
        request: m.EmbedRequest | Sequence[w.Piece] | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.EmbedWords],
    ) -> m.EmbedResponse:
        """Turns inputs into vectors."""
        made = request_of("Embed", request, words, fields)
        answer: m.EmbedResponse = done(self._answer("Embed", made, deadline_milliseconds))
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
        request: m.RenderRequest | Sequence[w.Turn] | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.RenderWords],
    ) -> m.RenderResponse:
        """Renders a conversation by the model's chat template."""
        made = request_of("Render", request, words, fields)
        answer: m.RenderResponse = done(self._answer("Render", made, deadline_milliseconds))
        return answer

    def rollback(
        self,
        request: m.RollbackRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.RollbackWords],
    ) -> m.RollbackResponse:
        """Returns to the generation before the last swap. Never sent again once the work may have begun."""
        made = request_of("Rollback", request, words, fields)
        answer: m.RollbackResponse = done(self._answer("Rollback", made, deadline_milliseconds))
        return answer

    def pin(
        self,
        request: m.PinRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.PinWords],
    ) -> m.PinResponse:
        """Keeps a model in memory, or lets it go."""
        made = request_of("Pin", request, words, fields)
        answer: m.PinResponse = done(self._answer("Pin", made, deadline_milliseconds))
        return answer

    def alias(
        self,
        request: m.AliasRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.AliasWords],
    ) -> m.AliasResponse:
        """Gives a generation of a model a label, with a share of the requests."""
        made = request_of("Alias", request, words, fields)
        answer: m.AliasResponse = done(self._answer("Alias", made, deadline_milliseconds))
        return answer


class AsyncCalls(BaseClient):
    """The calls of the asyncio client."""

    async def ping(
        self,
        request: m.PingRequest | bytes | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.PingWords],
    ) -> m.PingResponse:
        """Returns the payload unchanged."""
        made = request_of("Ping", request, words, fields)
        answer: m.PingResponse = await self._answer("Ping", made, deadline_milliseconds)
        return answer

    async def health(
        self,
        request: m.HealthRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.HealthWords],
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
        request: m.LoadRequest | str | None = None,
        *words: Any,
        on_layer: Callable[[m.Layer], None] | None = None,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.LoadWords],
    ) -> m.LoadResponse:
        """Assays a model file and serves the model. Never sent again once the work may have begun.

        `on_layer` gets the verdict of each layer. An exception from `on_layer` gives up the answer.
        """
        made = request_of("Load", request, words, fields)
        answer: m.LoadResponse = await self._answer("Load", made, deadline_milliseconds, on_layer)
        return answer

    async def swap(
        self,
        request: m.SwapRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.SwapWords],
    ) -> m.SwapResponse:
        """Assays a model file beside the served one, and switches to it. Never sent again once the work may have begun."""
        made = request_of("Swap", request, words, fields)
        answer: m.SwapResponse = await self._answer("Swap", made, deadline_milliseconds)
        return answer

    async def unload(
        self,
        request: m.UnloadRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.UnloadWords],
    ) -> m.UnloadResponse:
        """Stops serving a model. Never sent again once the work may have begun."""
        made = request_of("Unload", request, words, fields)
        answer: m.UnloadResponse = await self._answer("Unload", made, deadline_milliseconds)
        return answer

    async def tokenize(
        self,
        request: m.TokenizeRequest | bytes | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.TokenizeWords],
    ) -> m.TokenizeResponse:
        """Turns text into token ids."""
        made = request_of("Tokenize", request, words, fields)
        answer: m.TokenizeResponse = await self._answer("Tokenize", made, deadline_milliseconds)
        return answer

    async def detokenize(
        self,
        request: m.DetokenizeRequest | Sequence[int] | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.DetokenizeWords],
    ) -> m.DetokenizeResponse:
        """Turns token ids into text."""
        made = request_of("Detokenize", request, words, fields)
        answer: m.DetokenizeResponse = await self._answer("Detokenize", made, deadline_milliseconds)
        return answer

    async def generate(
        self,
        request: m.GenerateRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.GenerateWords],
    ) -> m.GenerateResponse:
        """Continues a prompt."""
        made = request_of("Generate", request, words, fields)
        answer: m.GenerateResponse = await self._answer("Generate", made, deadline_milliseconds)
        return answer

    def generate_stream(
        self,
        request: m.GenerateRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.GenerateWords],
    ) -> AsyncGenerateStream[m.GenerateChunk, m.GenerateResponse]:
        """Continues a prompt as a stream of chunks. `result` is the whole answer at the end."""
        made = request_of("Generate", request, words, fields)
        exchange = Exchange(self, KINDS["Generate"], made, deadline_milliseconds, True)
        return AsyncGenerateStream(exchange)

    async def chat(
        self,
        messages: Sequence[w.Turn],
        *,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.ChatWords],
    ) -> m.GenerateResponse:
        """Continues a conversation: `chat([{"role": "user", "content": "..."}], max_tokens=8)`."""
        made = request_of("Generate", None, (), {"messages": messages, **fields})
        answer: m.GenerateResponse = await self._answer("Generate", made, deadline_milliseconds)
        return answer

    def chat_stream(
        self,
        messages: Sequence[w.Turn],
        *,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.ChatWords],
    ) -> AsyncGenerateStream[m.GenerateChunk, m.GenerateResponse]:
        """Continues a conversation as a stream of chunks, see `generate_stream`."""
        made = request_of("Generate", None, (), {"messages": messages, **fields})
        exchange = Exchange(self, KINDS["Generate"], made, deadline_milliseconds, True)
        return AsyncGenerateStream(exchange)

    async def score(
        self,
        request: m.ScoreRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.ScoreWords],
    ) -> m.ScoreResponse:
        """Computes log-probabilities of given continuations."""
        made = request_of("Score", request, words, fields)
        answer: m.ScoreResponse = await self._answer("Score", made, deadline_milliseconds)
        return answer

    async def logits(
        self,
        request: m.LogitsRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.LogitsWords],
    ) -> m.LogitsResponse:
        """Computes raw scores of the vocabulary."""
        made = request_of("Logits", request, words, fields)
        answer: m.LogitsResponse = await self._answer("Logits", made, deadline_milliseconds)
        return answer

    async def embed(
        self,
        request: m.EmbedRequest | Sequence[w.Piece] | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.EmbedWords],
    ) -> m.EmbedResponse:
        """Turns inputs into vectors."""
        made = request_of("Embed", request, words, fields)
        answer: m.EmbedResponse = await self._answer("Embed", made, deadline_milliseconds)
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
        request: m.RenderRequest | Sequence[w.Turn] | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.RenderWords],
    ) -> m.RenderResponse:
        """Renders a conversation by the model's chat template."""
        made = request_of("Render", request, words, fields)
        answer: m.RenderResponse = await self._answer("Render", made, deadline_milliseconds)
        return answer

    async def rollback(
        self,
        request: m.RollbackRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.RollbackWords],
    ) -> m.RollbackResponse:
        """Returns to the generation before the last swap. Never sent again once the work may have begun."""
        made = request_of("Rollback", request, words, fields)
        answer: m.RollbackResponse = await self._answer("Rollback", made, deadline_milliseconds)
        return answer

    async def pin(
        self,
        request: m.PinRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.PinWords],
    ) -> m.PinResponse:
        """Keeps a model in memory, or lets it go."""
        made = request_of("Pin", request, words, fields)
        answer: m.PinResponse = await self._answer("Pin", made, deadline_milliseconds)
        return answer

    async def alias(
        self,
        request: m.AliasRequest | str | None = None,
        *words: Any,
        deadline_milliseconds: int = 0,
        **fields: Unpack[w.AliasWords],
    ) -> m.AliasResponse:
        """Gives a generation of a model a label, with a share of the requests."""
        made = request_of("Alias", request, words, fields)
        answer: m.AliasResponse = await self._answer("Alias", made, deadline_milliseconds)
        return answer
