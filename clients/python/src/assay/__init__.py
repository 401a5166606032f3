"""A client of Assay, the server of language models whose every answer says whether it is real.

    import assay

    with assay.Client("tcp://127.0.0.1:7411") as client:
        answer = client.generate(assay.GenerateRequest(prompt="317+485=", max_tokens=8))
        print(answer.text, answer.provenance)

`Client` blocks and may be shared by threads, `AsyncClient` is for asyncio; both have the same
calls. Requests and answers are the dataclasses of `assay.messages`; every failure is an
`AssayError`. Times are milliseconds, those in `answer.timing` microseconds.
"""

from ._async_client import AsyncAnswerStream, AsyncClient
from ._client import AnswerStream, Client
from ._errors import AssayError
from ._options import Options
from ._protocol import REVISION, Limits, Status
from .messages import (
    Answer,
    ChatMessage,
    ContinuationScore,
    Counter,
    DetokenizeResponse,
    EmbedRequest,
    EmbedResponse,
    GenerateChunk,
    GenerateRequest,
    GenerateResponse,
    HealthResponse,
    Input,
    Layer,
    LoadResponse,
    LogitsRequest,
    LogitsResponse,
    Logprobs,
    Model,
    ModelsResponse,
    PingResponse,
    Requirements,
    ScoreRequest,
    ScoreResponse,
    StatsResponse,
    Timing,
    TokenizeResponse,
    UnloadResponse,
)

__all__ = [
    "Answer",
    "AnswerStream",
    "AssayError",
    "AsyncAnswerStream",
    "AsyncClient",
    "ChatMessage",
    "Client",
    "ContinuationScore",
    "Counter",
    "DetokenizeResponse",
    "EmbedRequest",
    "EmbedResponse",
    "GenerateChunk",
    "GenerateRequest",
    "GenerateResponse",
    "HealthResponse",
    "Input",
    "Layer",
    "Limits",
    "LoadResponse",
    "LogitsRequest",
    "LogitsResponse",
    "Logprobs",
    "Model",
    "ModelsResponse",
    "Options",
    "PingResponse",
    "REVISION",
    "Requirements",
    "ScoreRequest",
    "ScoreResponse",
    "StatsResponse",
    "Status",
    "Timing",
    "TokenizeResponse",
    "UnloadResponse",
]
