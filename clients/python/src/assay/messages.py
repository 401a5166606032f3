# Generated from Protocol/protocol.json by Protocol/generate.py; do not edit.
"""What is sent and what comes back: one dataclass per message of Protocol/SPEC.md, section 8.

Optional fields of requests are None when they are not given; a field that is given is sent, even
with its default. In answers, an absent list, text or byte string is empty, an absent number with a
default has it, and everything else that is absent is None.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as _field
from typing import Literal

Provenance = Literal["real", "mock"]


def _no_values() -> array[float]:
    return array("f")


@dataclass(slots=True, kw_only=True)
class Result:
    """What every answer, and every part of one, says about itself."""

    #: "mock" only when the client allows mocks
    provenance: Provenance
    #: of the model that answered, 0 for none
    generation: int
    #: True exactly when `answer.degradations` is not empty
    degraded: bool


@dataclass(slots=True, kw_only=True)
class Requirements:
    """Requirements."""

    #: the model must be real; default false
    real: bool | None = None
    #: SHA-256 of the file that must answer
    fingerprint: bytes | None = None
    #: device that must compute
    device: str | None = None


@dataclass(slots=True, kw_only=True)
class RequestContext:
    """Request context."""

    #: a W3C `traceparent` of version 00: where the caller's trace stands
    trace_context: str | None = None
    #: which attempt of its call this is; default 1
    attempt: int | None = None
    #: orders the requests of one connection that wait, the highest first; default 4
    priority: int | None = None


@dataclass(slots=True, kw_only=True)
class Answer:
    """Answer."""

    #: name of the model that answered
    model: str
    #: SHA-256 of the bytes that serve: of its file, or of the list of its files'; absent for a
    #: mock
    fingerprint: bytes | None = None
    #: device that computed
    device: str
    #: a `Timing`
    timing: Timing
    #: what makes this answer worse than it could be; not empty exactly when flag bit 2 is set
    degradations: list[str] = _field(default_factory=list)
    #: how busy the server was when it answered
    server_load: ServerLoad | None = None


@dataclass(slots=True, kw_only=True)
class ServerLoad:
    """Server load."""

    #: requests that wait for the engine
    queued: int
    #: requests that the engine works on
    running: int
    #: how long a request that comes now may wait, microseconds, estimated
    wait_microseconds: int
    #: pages of the key-value cache in use
    cache_pages_used: int
    #: pages of the key-value cache in all
    cache_pages: int


@dataclass(slots=True, kw_only=True)
class Timing:
    """Timing."""

    #: last byte read to request admitted
    accept: int
    #: waiting for the engine
    queue: int
    #: text to tokens
    tokenize: int
    #: reading the prompt
    prefill: int
    #: making tokens
    decode: int
    #: frames to the socket
    write: int
    #: receipt to last frame
    total: int


@dataclass(slots=True, kw_only=True)
class ChatMessage:
    """Chat message."""

    #: who speaks
    role: Literal["system", "user", "assistant"]
    #: what is said, may be empty
    content: str


@dataclass(slots=True, kw_only=True)
class Input:
    """Input."""

    #: tokenized by the server
    text: str | None = None
    #: token ids, used as they are
    tokens: Sequence[int] | None = None


@dataclass(slots=True, kw_only=True)
class Logprobs:
    """Logprobs."""

    #: the tokens, in order
    tokens: list[int]
    #: of each token; as many as `tokens`
    logprobs: array[float]
    #: alternatives per token; default 0
    top_count: int = 0
    #: the best tokens at each position: a row of `top_count` per token, best first
    top_tokens: list[int] = _field(default_factory=list)
    #: of each of them; as many as `top_tokens`
    top_logprobs: array[float] = _field(default_factory=_no_values)


@dataclass(slots=True, kw_only=True)
class ErrorBody:
    """Error."""

    #: stable reason in snake_case
    code: str
    #: one sentence: tried, found, allowed, where
    message: str
    #: path of the refused field, `requirements.device`; `#9` for an unknown id
    field: str | None = None
    #: pause before another attempt
    retry_after_milliseconds: int | None = None
    #: with MODEL_REJECTED: the layer that refused
    layer: Literal["file", "parse", "compatibility", "placement", "validation"] | None = None
    #: how busy the server was when it refused
    server_load: ServerLoad | None = None


@dataclass(slots=True, kw_only=True)
class HelloRequest:
    """Hello request."""

    #: name and version of the client program
    client: str
    #: highest revision of version 1 the client speaks
    revision: int
    #: the client reads compressed bodies and may send them; default false
    compression: bool | None = None
    #: largest body before compression the client accepts; default 4194304
    body_size_max: int | None = None


@dataclass(slots=True, kw_only=True)
class PingRequest:
    """Ping request."""

    #: sent back as it is
    payload: bytes | None = None


@dataclass(slots=True, kw_only=True)
class HealthRequest:
    """Health request."""

    #: a model; absent: the server as a whole
    model: str | None = None
    #: verify the model now; default false
    verify: bool | None = None
    #: where the request stands among others
    context: RequestContext | None = None
    #: demands on that model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class ModelsRequest:
    """Models request."""


@dataclass(slots=True, kw_only=True)
class Model:
    """Model."""

    #: name it is served under
    name: str
    #: where it stands
    state: Literal["loading", "ready", "failed", "draining"]
    #: 1 real, 2 mock
    provenance: int
    #: family, such as `llama`; empty while loading
    architecture: str
    #: weights, a count
    parameters: int
    #: tokens of the vocabulary
    vocabulary: int
    #: tokens of context
    context: int
    #: SHA-256 of the bytes that serve; absent for a mock
    fingerprint: bytes | None = None
    #: 1 for the first load under this name, one more for each later one
    generation: int
    #: `cpu`, `cuda:0`
    device: str
    #: why this device and not the one asked for
    device_reason: str | None = None
    #: memory taken
    bytes: int
    #: its files on disk beside those that were loaded; absent for a mock
    file: Literal["unchanged", "changed", "missing"] | None = None


@dataclass(slots=True, kw_only=True)
class LoadRequest:
    """Load request."""

    #: name to serve it under
    name: str
    #: file on the server's machine
    path: str
    #: how hard to try; default: the server's setting
    strategy: Literal["strict", "graceful", "development"] | None = None
    #: `auto`, `cpu`, `cuda`, `cuda:N`; default: the server's setting
    device: str | None = None


@dataclass(slots=True, kw_only=True)
class Layer:
    """Layer."""

    #: which layer of the assay
    layer: Literal["file", "parse", "compatibility", "placement", "validation"]
    #: its verdict
    ok: bool
    #: how long it took
    microseconds: int


@dataclass(slots=True, kw_only=True)
class UnloadRequest:
    """Unload request."""

    #: model to stop serving, once its requests are done
    name: str


@dataclass(slots=True, kw_only=True)
class TokenizeRequest:
    """Tokenize request."""

    #: absent: the server's only model
    model: str | None = None
    #: bytes, usually UTF-8; others are allowed
    text: bytes
    #: names of special tokens in the text become those tokens; default false
    parse_special: bool | None = None
    #: add begin and end tokens as the model asks for; default true
    add_special: bool | None = None
    #: where the request stands among others
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class DetokenizeRequest:
    """Detokenize request."""

    #: absent: the server's only model
    model: str | None = None
    #: token ids
    tokens: Sequence[int]
    #: where the request stands among others
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class GenerateRequest:
    """Generate request."""

    #: absent: the server's only model
    model: str | None = None
    #: text to continue, may be empty; or one of the others
    prompt: str | None = None
    #: token ids to continue, used as they are; or one of the others
    tokens: Sequence[int] | None = None
    #: names of special tokens in `prompt` become those tokens; default false
    parse_special: bool | None = None
    #: add begin tokens to `prompt` as the model asks for; default true
    add_special: bool | None = None
    #: tokens to make at most; default 256
    max_tokens: int | None = None
    #: 0 picks the best token every time; default 0
    temperature: float | None = None
    #: keep the k best tokens; default 0, all
    top_k: int | None = None
    #: keep the best tokens up to this share; default 1, all
    top_p: float | None = None
    #: keep tokens of at least this share of the best; default 0, all
    min_p: float | None = None
    #: seed of the sampler; default 0
    seed: int | None = None
    #: end before this text appears
    stop: Sequence[str] = ()
    #: an overlong prompt loses its beginning (`truncated_context`); default false: refused
    truncate_prompt: bool | None = None
    #: log-probability of each token made, and of so many of the best beside it; absent: none
    logprobs: int | None = None
    #: the same for the tokens of the prompt; absent: none
    prompt_logprobs: int | None = None
    #: one `Chat message` each: a conversation to continue; or one of the others
    messages: Sequence[ChatMessage] = ()
    #: an end token does not end the answer; default false
    ignore_eos: bool | None = None
    #: tokens before which neither an end token is chosen nor a stop string looked for; default 0
    min_tokens: int | None = None
    #: where the request stands among others
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class ScoreRequest:
    """Score request."""

    #: absent: the server's only model
    model: str | None = None
    #: text; or one of the others
    prompt: str | None = None
    #: token ids, used as they are; or one of the others
    tokens: Sequence[int] | None = None
    #: as in Generate
    parse_special: bool | None = None
    #: as in Generate
    add_special: bool | None = None
    #: one `Chat message` each: a conversation; or one of the others
    messages: Sequence[ChatMessage] = ()
    #: one `Input` each
    continuations: Sequence[Input]
    #: alternatives listed beside each token; default 0
    top_logprobs: int | None = None
    #: where the request stands among others
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class ContinuationScore:
    """Continuation score."""

    #: a `Logprobs` of the tokens that were scored
    logprobs: Logprobs
    #: their sum: of the continuation as a whole
    logprob: float
    #: every token was the most probable one at its place
    greedy: bool


@dataclass(slots=True, kw_only=True)
class EmbedRequest:
    """Embed request."""

    #: absent: the server's only model
    model: str | None = None
    #: one `Input` each
    inputs: Sequence[Input]
    #: names of special tokens in a text become those tokens; default false
    parse_special: bool | None = None
    #: add begin and end tokens to a text as the model asks for; default true
    add_special: bool | None = None
    #: how positions become one vector; default mean
    pooling: Literal["mean", "last", "cls"] | None = None
    #: divide by the Euclidean length; default true
    normalize: bool | None = None
    #: where the request stands among others
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class LogitsRequest:
    """Logits request."""

    #: absent: the server's only model
    model: str | None = None
    #: text; or one of the others
    prompt: str | None = None
    #: token ids, used as they are; or one of the others
    tokens: Sequence[int] | None = None
    #: as in Generate
    parse_special: bool | None = None
    #: as in Generate
    add_special: bool | None = None
    #: after every token; default false: after the last
    all_positions: bool | None = None
    #: one `Chat message` each: a conversation; or one of the others
    messages: Sequence[ChatMessage] = ()
    #: where the request stands among others
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class CancelRequest:
    """Cancel request."""

    #: id of the request to stop, of the same connection
    target: int


@dataclass(slots=True, kw_only=True)
class StatsRequest:
    """Stats request."""


@dataclass(slots=True, kw_only=True)
class Counter:
    """Counter."""

    #: what is counted
    name: str
    #: counted for real answers
    real: int
    #: counted for mock answers
    mock: int


@dataclass(slots=True, kw_only=True)
class GoAway:
    """GoAway."""

    #: `shutting_down`, `idle`
    reason: str
    #: time until the server closes what is still open
    drain_milliseconds: int


@dataclass(slots=True, kw_only=True)
class HelloResponse(Result):
    """Hello response."""

    #: name and version of the server program
    server: str
    #: the revision in force: the lower of the two
    revision: int
    #: bodies may be compressed from now on, in both directions
    compression: bool
    #: largest body before compression the server accepts
    body_size_max: int
    #: requests this connection may have in flight
    requests_in_flight_max: int


@dataclass(slots=True, kw_only=True)
class PingResponse(Result):
    """Ping response."""

    #: what was sent
    payload: bytes = b""


@dataclass(slots=True, kw_only=True)
class HealthResponse(Result):
    """Health response."""

    #: work is accepted
    ready: bool
    #: where it stands
    state: Literal["loading", "ready", "failed", "draining"]
    #: why not, or what to know
    reason: str | None = None
    #: only after `verify`: what the comparison gave
    seal: Literal["absent", "matched", "drifted"] | None = None
    #: only with `matched`: how far a logit lay from the sealed one at most
    largest_difference: float | None = None
    #: of one real model: its files on disk beside those that were loaded
    file: Literal["unchanged", "changed", "missing"] | None = None


@dataclass(slots=True, kw_only=True)
class ModelsResponse(Result):
    """Models response."""

    #: one `Model` each, in order of name
    models: list[Model] = _field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class LoadProgress(Result):
    """Load progress."""

    #: a `Layer`: this one is done
    layer: Layer
    #: number of this frame in its answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class LoadResponse(Result):
    """Load response."""

    #: always true here; a rejection is a status
    accepted: bool
    #: one `Layer` each, in order
    layers: list[Layer] = _field(default_factory=list)
    #: the `Model` now served
    model: Model | None = None
    #: configuration overrides in effect, `key=value`
    overrides: list[str] = _field(default_factory=list)
    #: one sentence per failed attempt before this one
    attempts: list[str] = _field(default_factory=list)
    #: number of this frame in its answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class UnloadResponse(Result):
    """Unload response."""


@dataclass(slots=True, kw_only=True)
class TokenizeResponse(Result):
    """Tokenize response."""

    #: token ids
    tokens: list[int]
    #: who answered
    answer: Answer


@dataclass(slots=True, kw_only=True)
class DetokenizeResponse(Result):
    """Detokenize response."""

    #: bytes; single tokens need not be whole characters
    text: bytes
    #: who answered
    answer: Answer


@dataclass(slots=True, kw_only=True)
class GenerateChunk(Result):
    """Generate chunk."""

    #: tokens made since the last frame
    tokens: list[int] = _field(default_factory=list)
    #: their text, whole characters; may lag behind
    text: str = ""
    #: prompt tokens read so far
    prompt_done: int | None = None
    #: prompt tokens in all
    prompt_total: int | None = None
    #: a `Logprobs` of exactly `tokens`; when asked for
    logprobs: Logprobs | None = None
    #: a `Logprobs` of the next prompt tokens; when asked for
    prompt_logprobs: Logprobs | None = None
    #: number of this frame in its answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class GenerateResponse(Result):
    """Generate response."""

    #: tokens not sent in chunks
    tokens: list[int] = _field(default_factory=list)
    #: text not sent in chunks
    text: str = ""
    #: end token or stop string; `max_tokens` or context; Cancel; deadline
    finish_reason: Literal["stop", "length", "cancelled", "deadline"]
    #: the stop string that ended it
    stop_matched: str | None = None
    #: tokens of the prompt
    prompt_tokens: int
    #: tokens made in all
    completion_tokens: int
    #: a `Logprobs` of exactly `tokens`; when asked for
    logprobs: Logprobs | None = None
    #: a `Logprobs` of the prompt tokens not sent in chunks
    prompt_logprobs: Logprobs | None = None
    #: number of this frame in its answer, from 0
    frame: int | None = None
    #: who answered
    answer: Answer


@dataclass(slots=True, kw_only=True)
class ScoreResponse(Result):
    """Score response."""

    #: one `Continuation score` for each continuation, in order
    scores: list[ContinuationScore] = _field(default_factory=list)
    #: tokens of the prompt alone
    prompt_tokens: int
    #: who answered
    answer: Answer


@dataclass(slots=True, kw_only=True)
class EmbedChunk(Result):
    """Embed chunk."""

    #: the next values
    embeddings: array[float]
    #: number of this frame in its answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class EmbedResponse(Result):
    """Embed response."""

    #: the last values
    embeddings: array[float]
    #: values per input
    dimensions: int
    #: inputs, as many as the request has
    count: int
    #: tokens of all inputs together
    prompt_tokens: int
    #: number of this frame in its answer, from 0
    frame: int | None = None
    #: who answered
    answer: Answer


@dataclass(slots=True, kw_only=True)
class LogitsChunk(Result):
    """Logits chunk."""

    #: the next values
    logits: array[float]
    #: number of this frame in its answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class LogitsResponse(Result):
    """Logits response."""

    #: the last values
    logits: array[float]
    #: values per position
    vocabulary: int
    #: positions in all
    positions: int
    #: number of this frame in its answer, from 0
    frame: int | None = None
    #: who answered
    answer: Answer


@dataclass(slots=True, kw_only=True)
class CancelResponse(Result):
    """Cancel response."""

    #: it was in flight and is being stopped
    found: bool


@dataclass(slots=True, kw_only=True)
class StatsResponse(Result):
    """Stats response."""

    #: one `Counter` each, in order of name
    counters: list[Counter] = _field(default_factory=list)


__all__ = [
    "Answer",
    "CancelRequest",
    "CancelResponse",
    "ChatMessage",
    "ContinuationScore",
    "Counter",
    "DetokenizeRequest",
    "DetokenizeResponse",
    "EmbedChunk",
    "EmbedRequest",
    "EmbedResponse",
    "ErrorBody",
    "GenerateChunk",
    "GenerateRequest",
    "GenerateResponse",
    "GoAway",
    "HealthRequest",
    "HealthResponse",
    "HelloRequest",
    "HelloResponse",
    "Input",
    "Layer",
    "LoadProgress",
    "LoadRequest",
    "LoadResponse",
    "LogitsChunk",
    "LogitsRequest",
    "LogitsResponse",
    "Logprobs",
    "Model",
    "ModelsRequest",
    "ModelsResponse",
    "PingRequest",
    "PingResponse",
    "Provenance",
    "RequestContext",
    "Requirements",
    "Result",
    "ScoreRequest",
    "ScoreResponse",
    "ServerLoad",
    "StatsRequest",
    "StatsResponse",
    "Timing",
    "TokenizeRequest",
    "TokenizeResponse",
    "UnloadRequest",
    "UnloadResponse",
]
