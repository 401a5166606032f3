"""The calls in the words of the protocol: arguments to requests, for both clients alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Literal, TypeVar

from ._protocol import KINDS
from ._tables import Kind
from .messages import (
    DetokenizeRequest,
    DetokenizeResponse,
    EmbedRequest,
    EmbedResponse,
    GenerateRequest,
    GenerateResponse,
    HealthRequest,
    HealthResponse,
    LoadRequest,
    LoadResponse,
    LogitsRequest,
    LogitsResponse,
    ModelsRequest,
    ModelsResponse,
    PingRequest,
    PingResponse,
    Requirements,
    ScoreRequest,
    ScoreResponse,
    StatsRequest,
    StatsResponse,
    TokenizeRequest,
    TokenizeResponse,
    UnloadRequest,
    UnloadResponse,
)

Strategy = Literal["strict", "graceful", "development"]
Tokens = Sequence[int]
ResultT_co = TypeVar("ResultT_co", covariant=True)


class Plan(Generic[ResultT_co]):
    """A request, its kind, and (for the type checker) what its answer is."""

    __slots__ = ("kind", "request")

    def __init__(self, kind: Kind, request: Any) -> None:
        self.kind = kind
        self.request = request


_PING, _HEALTH, _MODELS, _STATS = (KINDS[n] for n in ("Ping", "Health", "Models", "Stats"))
_LOAD, _UNLOAD, _GENERATE, _SCORE = (KINDS[n] for n in ("Load", "Unload", "Generate", "Score"))
_TOKENIZE, _DETOKENIZE = KINDS["Tokenize"], KINDS["Detokenize"]
_LOGITS, _EMBED = KINDS["Logits"], KINDS["Embed"]


def ping(payload: bytes) -> Plan[PingResponse]:
    return Plan(_PING, PingRequest(payload=payload or None))


def health(
    model: str | None, verify: bool | None, requirements: Requirements | None
) -> Plan[HealthResponse]:
    return Plan(_HEALTH, HealthRequest(model=model, verify=verify, requirements=requirements))


def models() -> Plan[ModelsResponse]:
    return Plan(_MODELS, ModelsRequest())


def stats() -> Plan[StatsResponse]:
    return Plan(_STATS, StatsRequest())


def load(name: str, path: str, strategy: Strategy | None, device: str | None) -> Plan[LoadResponse]:
    return Plan(_LOAD, LoadRequest(name=name, path=path, strategy=strategy, device=device))


def unload(name: str) -> Plan[UnloadResponse]:
    return Plan(_UNLOAD, UnloadRequest(name=name))


def tokenize(
    text: bytes | str,
    model: str | None,
    parse_special: bool | None,
    add_special: bool | None,
    requirements: Requirements | None,
) -> Plan[TokenizeResponse]:
    request = TokenizeRequest(
        model=model,
        text=text.encode() if isinstance(text, str) else text,
        parse_special=parse_special,
        add_special=add_special,
        requirements=requirements,
    )
    return Plan(_TOKENIZE, request)


def detokenize(
    tokens: Tokens, model: str | None, requirements: Requirements | None
) -> Plan[DetokenizeResponse]:
    request = DetokenizeRequest(model=model, tokens=tokens, requirements=requirements)
    return Plan(_DETOKENIZE, request)


def generate(request: GenerateRequest) -> Plan[GenerateResponse]:
    return Plan(_GENERATE, request)


def score(request: ScoreRequest) -> Plan[ScoreResponse]:
    return Plan(_SCORE, request)


def logits(request: LogitsRequest) -> Plan[LogitsResponse]:
    return Plan(_LOGITS, request)


def embed(request: EmbedRequest) -> Plan[EmbedResponse]:
    return Plan(_EMBED, request)
