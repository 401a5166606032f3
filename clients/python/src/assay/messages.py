# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""Requests and answers: one dataclass per message of SPEC.md, section 8.

Optional fields of requests are None when not given. A given field is sent, even with the default
value. In answers, an absent list, text or byte string is empty, an absent number with a default has
the default, and every further absent field is None.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as _field
from enum import Enum
from typing import Literal


class Provenance(str, Enum):
    """The source of an answer. Equal to the word, and printed as the word."""

    #: no mock took part
    REAL = "real"
    #: a mock model produced a part of the answer, or is the model addressed
    MOCK = "mock"

    #: as a key, the word, too
    __hash__ = str.__hash__

    def __str__(self) -> str:
        return self.value


def _no_values() -> array[float]:
    return array("f")


@dataclass(slots=True, kw_only=True)
class Result:
    """Facts about every answer, and about every part of an answer."""

    #: mock only when the client allows mocks
    provenance: Provenance
    #: generation of the model that answered, 0 for none
    generation: int
    #: True exactly when `answer.degradations` is not empty
    degraded: bool


@dataclass(slots=True, kw_only=True)
class Requirements:
    """Requirements."""

    #: the model must be real, default false
    real: bool | None = None
    #: SHA-256 of the file that must answer
    fingerprint: bytes | None = None
    #: device that must compute the answer
    device: str | None = None


@dataclass(slots=True, kw_only=True)
class RequestContext:
    """Request context."""

    #: W3C `traceparent` of version 00, the place in the caller's trace
    trace_context: str | None = None
    #: number of the attempt within the call, default 1
    attempt: int | None = None
    #: priority among the waiting requests of the connection, highest first, default 4
    priority: int | None = None


@dataclass(slots=True, kw_only=True)
class Answer:
    """Answer."""

    #: name of the model that answered
    model: str
    #: SHA-256 of the bytes that serve: of the model's file, or of the list of the files' SHA-256,
    #: absent for a mock
    fingerprint: bytes | None = None
    #: device that computed the answer
    device: str
    #: time budget of the answer, a `Timing`
    timing: Timing
    #: reasons for an answer worse than possible, not empty exactly when flag bit 2 is set
    degradations: list[str] = _field(default_factory=list)
    #: load of the server at the time of the answer
    server_load: ServerLoad | None = None
    #: time that the chat template was given, only for a conversation, seconds since 1970
    template_time: int | None = None


@dataclass(slots=True, kw_only=True)
class ServerLoad:
    """Server load."""

    #: requests waiting for the engine
    queued: int
    #: requests running on the engine
    running: int
    #: estimated wait of a new request, microseconds
    wait_microseconds: int
    #: pages of the key-value cache in use
    cache_pages_used: int
    #: pages of the key-value cache in all
    cache_pages: int


@dataclass(slots=True, kw_only=True)
class Timing:
    """Timing."""

    #: from last byte read to request admitted, microseconds
    accept: int
    #: waiting for the engine, microseconds
    queue: int
    #: turning text into tokens, microseconds
    tokenize: int
    #: reading the prompt, microseconds
    prefill: int
    #: making tokens, microseconds
    decode: int
    #: writing frames to the socket, microseconds
    write: int
    #: from receipt to last frame, microseconds
    total: int


@dataclass(slots=True, kw_only=True)
class ChatMessage:
    """Chat message."""

    #: speaker of the turn, `tool` from revision 3 on
    role: Literal["system", "user", "assistant", "tool"]
    #: text of the turn, may be empty
    content: str
    #: JSON text of a content that is no text (`null`, a list of parts), beside an empty `content`
    content_json: str | None = None
    #: reasoning of the turn, apart from `content`
    reasoning_content: str | None = None
    #: name of the speaker, or of the tool whose result the turn is
    name: str | None = None
    #: calls of tools that the turn makes, a `Tool call` each
    tool_calls: Sequence[ToolCall] = ()
    #: id of the call whose result the turn is
    tool_call_id: str | None = None


@dataclass(slots=True, kw_only=True)
class ToolCall:
    """Tool call."""

    #: id of the call, for the result's `tool_call_id`
    id: str | None = None
    #: name of the tool
    name: str
    #: JSON text of the arguments, an object as a rule
    arguments: str


@dataclass(slots=True, kw_only=True)
class TemplateVariable:
    """Template variable."""

    #: name of the variable (`enable_thinking`, `reasoning_effort`)
    name: str
    #: JSON text of the value
    value: str


@dataclass(slots=True, kw_only=True)
class ChatTemplate:
    """Chat template."""

    #: place of the template in the model's files (`tokenizer.chat_template`,
    #: `chat_template.jinja`)
    source: str
    #: SHA-256 of the template's text
    fingerprint: bytes
    #: the template writes `tools`
    reads_tools: bool
    #: form in which the template gets the arguments of past calls, absent when none are written
    tool_arguments: Literal["object", "text"] | None = None
    #: reasoning before an answer: not foreseen, chosen by a variable, or always
    thinking: Literal["none", "optional", "always"]
    #: the template writes the time
    reads_time: bool
    #: names of variables that the template reads, in order of name
    variables: list[str] = _field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Input:
    """Input."""

    #: text, tokenized by the server
    text: str | None = None
    #: token ids, used unchanged
    tokens: Sequence[int] | None = None


@dataclass(slots=True, kw_only=True)
class Logprobs:
    """Logprobs."""

    #: the tokens, in order
    tokens: list[int]
    #: log-probability of each token, as many as `tokens`
    logprobs: array[float]
    #: alternatives per token, default 0
    top_count: int = 0
    #: the best tokens at each position: a row of `top_count` per token, best first
    top_tokens: list[int] = _field(default_factory=list)
    #: log-probability of each alternative, as many as `top_tokens`
    top_logprobs: array[float] = _field(default_factory=_no_values)


@dataclass(slots=True, kw_only=True)
class ErrorBody:
    """Error."""

    #: stable reason in snake_case
    code: str
    #: sentence with the attempt, the finding, the allowed values and the place
    message: str
    #: path of the refused field (`requirements.device`), or `#9` for an unknown id
    field: str | None = None
    #: pause before another attempt, milliseconds
    retry_after_milliseconds: int | None = None
    #: layer that refused the model, with MODEL_REJECTED
    layer: Literal["file", "parse", "compatibility", "placement", "validation"] | None = None
    #: load of the server at the time of the refusal
    server_load: ServerLoad | None = None


@dataclass(slots=True, kw_only=True)
class HelloRequest:
    """Hello request."""

    #: name and version of the client program
    client: str
    #: highest revision of version 1 the client speaks
    revision: int
    #: the client reads, and may send, compressed bodies, default false
    compression: bool | None = None
    #: largest body that the client accepts, bytes before compression, default 4194304
    body_size_max: int | None = None
    #: token that names the client, absent without one
    token: str | None = None
    #: part of the client's own share of the server that the connection belongs to
    tenant: str | None = None


@dataclass(slots=True, kw_only=True)
class PingRequest:
    """Ping request."""

    #: bytes to send back unchanged
    payload: bytes | None = None


@dataclass(slots=True, kw_only=True)
class HealthRequest:
    """Health request."""

    #: name of a model, absent for the server as a whole
    model: str | None = None
    #: verify the model now, default false
    verify: bool | None = None
    #: trace, attempt and priority of the request
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class ModelsRequest:
    """Models request."""


@dataclass(slots=True, kw_only=True)
class Model:
    """Model."""

    #: name under which the model is served
    name: str
    #: state of the model
    state: Literal["loading", "ready", "failed", "draining"]
    #: 1 real, 2 mock
    provenance: int
    #: architecture family (`llama`), empty while loading
    architecture: str
    #: number of weights
    parameters: int
    #: size of the vocabulary, tokens
    vocabulary: int
    #: size of the context, tokens
    context: int
    #: SHA-256 of the bytes that serve, absent for a mock
    fingerprint: bytes | None = None
    #: 1 for the first load under the name, 1 more for each later load
    generation: int
    #: device of the model (`cpu`, `cuda:0`)
    device: str
    #: reason for a device different from the requested device
    device_reason: str | None = None
    #: memory taken, bytes
    bytes: int
    #: files on disk compared with the loaded files, absent for a mock
    file: Literal["unchanged", "changed", "missing"] | None = None
    #: a `Model label` for each label
    labels: list[ModelLabel] = _field(default_factory=list)
    #: true for a model that stays in memory until it is unpinned
    pinned: bool | None = None
    #: generation that Rollback returns to, absent for none
    held_generation: int | None = None
    #: true for a model that was put out of memory and is loaded for its next request
    evicted: bool | None = None
    #: state of the model's circuit breaker, absent for a server without
    breaker: Literal["closed", "open", "half_open"] | None = None
    #: failure that the breaker opened for
    breaker_reason: str | None = None
    #: time since the breaker changed its state, seconds
    breaker_seconds: float | None = None
    #: time since the weights in memory were last compared with the seal, seconds
    seal_age_seconds: float | None = None
    #: reason of the last swap or reload that failed while the model went on
    load_failure: str | None = None

    @property
    def source(self) -> Provenance:
        """The provenance as a word."""
        return Provenance.REAL if self.provenance == 1 else Provenance.MOCK


@dataclass(slots=True, kw_only=True)
class LoadRequest:
    """Load request."""

    #: name under which the model will be served
    name: str
    #: path of the model on the server's machine
    path: str
    #: loading strategy, absent for the server's setting
    strategy: Literal["strict", "graceful", "development"] | None = None
    #: device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting
    device: str | None = None
    #: true asks for frames while a layer runs, with `bytes_read` in the `Layer`
    progress: bool | None = None


@dataclass(slots=True, kw_only=True)
class Layer:
    """Layer."""

    #: layer of the assay
    layer: Literal["file", "parse", "compatibility", "placement", "validation"]
    #: verdict of the layer, true when passed, or when the layer still runs
    ok: bool
    #: time taken, microseconds, 0 while the layer runs
    microseconds: int
    #: bytes of the files read so far, by a layer that still runs
    bytes_read: int | None = None
    #: bytes of the files as a whole, beside `bytes_read`
    bytes_total: int | None = None


@dataclass(slots=True, kw_only=True)
class UnloadRequest:
    """Unload request."""

    #: name of the model to stop serving, once its requests are done
    name: str


@dataclass(slots=True, kw_only=True)
class ModelLabel:
    """Model label."""

    #: label, named in requests as `NAME:LABEL`
    label: str
    #: generation that the label stands for
    generation: int
    #: share of the requests for the plain name that the generation answers, absent for none
    share: float | None = None


@dataclass(slots=True, kw_only=True)
class SwapRequest:
    """Swap request."""

    #: name of the served model
    name: str
    #: path of the new model on the server's machine
    path: str
    #: loading strategy, absent for the server's setting
    strategy: Literal["strict", "graceful", "development"] | None = None
    #: device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting
    device: str | None = None
    #: true asks for frames while a layer runs, with `bytes_read` in the `Layer`
    progress: bool | None = None
    #: live requests to compute by both generations and compare before the switch, default 0
    shadow: int | None = None
    #: a difference found by the shadow ends the swap, default false
    require_equal: bool | None = None


@dataclass(slots=True, kw_only=True)
class ShadowReport:
    """Shadow report."""

    #: live requests that both generations computed
    compared: int
    #: those with equal answers
    equal: int
    #: largest divergence between the answers, 0 where all are equal
    divergence_max: float
    #: sentence about the first request with different answers
    first_difference: str | None = None


@dataclass(slots=True, kw_only=True)
class RollbackRequest:
    """Rollback request."""

    #: name of the model to return to its held generation
    name: str


@dataclass(slots=True, kw_only=True)
class PinRequest:
    """Pin request."""

    #: name of the model
    name: str
    #: true keeps the model in memory, false lets it go, default true
    pinned: bool | None = None


@dataclass(slots=True, kw_only=True)
class AliasRequest:
    """Alias request."""

    #: name of the model
    name: str
    #: label, without the name and the `:`
    label: str
    #: generation that the label stands for, 0 to remove the label
    generation: int
    #: share of the requests for the plain name that the generation answers, absent for none
    share: float | None = None


@dataclass(slots=True, kw_only=True)
class TokenizeRequest:
    """Tokenize request."""

    #: name of the model, absent for the server's only model
    model: str | None = None
    #: text as bytes, usually UTF-8, but any bytes are allowed
    text: bytes
    #: names of special tokens in the text become special tokens, default false
    parse_special: bool | None = None
    #: add begin and end tokens as the model demands, default true
    add_special: bool | None = None
    #: trace, attempt and priority of the request
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class DetokenizeRequest:
    """Detokenize request."""

    #: name of the model, absent for the server's only model
    model: str | None = None
    #: token ids
    tokens: Sequence[int]
    #: trace, attempt and priority of the request
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class GenerateRequest:
    """Generate request."""

    #: name of the model, absent for the server's only model
    model: str | None = None
    #: text to continue, may be empty, instead of `tokens` or `messages`
    prompt: str | None = None
    #: token ids to continue, used unchanged, instead of `prompt` or `messages`
    tokens: Sequence[int] | None = None
    #: names of special tokens in `prompt` become special tokens, default false
    parse_special: bool | None = None
    #: add begin tokens to `prompt` as the model demands, default true
    add_special: bool | None = None
    #: tokens to make at most, default 256
    max_tokens: int | None = None
    #: sampling temperature, where 0 always picks the best token, default 0
    temperature: float | None = None
    #: number of best tokens to keep, default 0, meaning all
    top_k: int | None = None
    #: share of probability up to which the best tokens are kept, default 1, meaning all, above 0
    #: unless the temperature is 0
    top_p: float | None = None
    #: least share of the best token's probability for a token to be kept, default 0, meaning all
    min_p: float | None = None
    #: seed of the sampler, default 0
    seed: int | None = None
    #: stop string, before which the answer ends
    stop: Sequence[str] = ()
    #: cut the beginning of an overlong prompt (`truncated_context`) instead of refusing, default
    #: false
    truncate_prompt: bool | None = None
    #: number of best alternatives to list beside each token's log-probability, absent for no
    #: log-probabilities
    logprobs: int | None = None
    #: number of best alternatives to list beside each prompt token's log-probability, absent for
    #: none
    prompt_logprobs: int | None = None
    #: conversation to continue, instead of `prompt` or `tokens`
    messages: Sequence[ChatMessage] = ()
    #: an end token does not end the answer, default false
    ignore_eos: bool | None = None
    #: tokens before which neither an end token is chosen nor a stop string looked for, default 0
    min_tokens: int | None = None
    #: JSON text of a list of tools, only with `messages`
    tools: str | None = None
    #: further variables of the chat template, only with `messages`
    template_variables: Sequence[TemplateVariable] = ()
    #: end with the template's opening of an answer, default true, only with `messages`
    add_generation_prompt: bool | None = None
    #: leave the last message open instead, to be continued, default false, only with `messages`
    continue_final_message: bool | None = None
    #: time for the chat template, absent for the server's time, seconds since 1970, only with
    #: `messages`
    template_time: int | None = None
    #: trace, attempt and priority of the request
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class ScoreRequest:
    """Score request."""

    #: name of the model, absent for the server's only model
    model: str | None = None
    #: text, instead of `tokens` or `messages`
    prompt: str | None = None
    #: token ids, used unchanged, instead of `prompt` or `messages`
    tokens: Sequence[int] | None = None
    #: as in Generate
    parse_special: bool | None = None
    #: as in Generate
    add_special: bool | None = None
    #: conversation, instead of `prompt` or `tokens`
    messages: Sequence[ChatMessage] = ()
    #: continuations to score, an `Input` each
    continuations: Sequence[Input]
    #: alternatives listed beside each token, default 0
    top_logprobs: int | None = None
    #: JSON text of a list of tools, only with `messages`
    tools: str | None = None
    #: further variables of the chat template, only with `messages`
    template_variables: Sequence[TemplateVariable] = ()
    #: end with the template's opening of an answer, default true, only with `messages`
    add_generation_prompt: bool | None = None
    #: leave the last message open instead, to be continued, default false, only with `messages`
    continue_final_message: bool | None = None
    #: time for the chat template, absent for the server's time, seconds since 1970, only with
    #: `messages`
    template_time: int | None = None
    #: trace, attempt and priority of the request
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class ContinuationScore:
    """Continuation score."""

    #: log-probabilities of the scored tokens
    logprobs: Logprobs
    #: sum of the log-probabilities, for the continuation as a whole
    logprob: float
    #: every token was the most probable token at its position
    greedy: bool


@dataclass(slots=True, kw_only=True)
class EmbedRequest:
    """Embed request."""

    #: name of the model, absent for the server's only model
    model: str | None = None
    #: inputs to embed, an `Input` each
    inputs: Sequence[Input]
    #: names of special tokens in a text become special tokens, default false
    parse_special: bool | None = None
    #: add begin and end tokens to a text as the model demands, default true
    add_special: bool | None = None
    #: reduction of the positions to a single vector, absent for the model's own (mean under
    #: revision 2)
    pooling: Literal["mean", "last", "cls"] | None = None
    #: divide each vector by the Euclidean length, default true
    normalize: bool | None = None
    #: trace, attempt and priority of the request
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class LogitsRequest:
    """Logits request."""

    #: name of the model, absent for the server's only model
    model: str | None = None
    #: text, instead of `tokens` or `messages`
    prompt: str | None = None
    #: token ids, used unchanged, instead of `prompt` or `messages`
    tokens: Sequence[int] | None = None
    #: as in Generate
    parse_special: bool | None = None
    #: as in Generate
    add_special: bool | None = None
    #: logits after every token instead of the last alone, default false
    all_positions: bool | None = None
    #: conversation, instead of `prompt` or `tokens`
    messages: Sequence[ChatMessage] = ()
    #: JSON text of a list of tools, only with `messages`
    tools: str | None = None
    #: further variables of the chat template, only with `messages`
    template_variables: Sequence[TemplateVariable] = ()
    #: end with the template's opening of an answer, default true, only with `messages`
    add_generation_prompt: bool | None = None
    #: leave the last message open instead, to be continued, default false, only with `messages`
    continue_final_message: bool | None = None
    #: time for the chat template, absent for the server's time, seconds since 1970, only with
    #: `messages`
    template_time: int | None = None
    #: trace, attempt and priority of the request
    context: RequestContext | None = None
    #: demands on the model
    requirements: Requirements | None = None


@dataclass(slots=True, kw_only=True)
class RenderRequest:
    """Render request."""

    #: name of the model, absent for the server's only model
    model: str | None = None
    #: conversation to render
    messages: Sequence[ChatMessage]
    #: JSON text of a list of tools
    tools: str | None = None
    #: further variables of the chat template
    template_variables: Sequence[TemplateVariable] = ()
    #: end with the template's opening of an answer, default true
    add_generation_prompt: bool | None = None
    #: leave the last message open instead, to be continued, default false
    continue_final_message: bool | None = None
    #: time for the chat template, absent for the server's time, seconds since 1970
    template_time: int | None = None
    #: trace, attempt and priority of the request
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

    #: name of the counter
    name: str
    #: count for real answers
    real: int
    #: count for mock answers
    mock: int


@dataclass(slots=True, kw_only=True)
class GoAway:
    """GoAway."""

    #: reason of the end: `shutting_down`, `idle`, or a word of a later server
    reason: str
    #: time until the server closes everything still open, milliseconds
    drain_milliseconds: int


@dataclass(slots=True, kw_only=True)
class HelloResponse(Result):
    """Hello response."""

    #: name and version of the server program
    server: str
    #: revision in force, the lower of the client's and the server's
    revision: int
    #: bodies may be compressed from now on, in both directions
    compression: bool
    #: largest body that the server accepts, bytes before compression
    body_size_max: int
    #: requests that the connection may have in flight
    requests_in_flight_max: int


@dataclass(slots=True, kw_only=True)
class PingResponse(Result):
    """Ping response."""

    #: payload of the request
    payload: bytes = b""


@dataclass(slots=True, kw_only=True)
class HealthResponse(Result):
    """Health response."""

    #: work is accepted
    ready: bool
    #: state of the model, or of the server
    state: Literal["loading", "ready", "failed", "draining"]
    #: reason for not being ready, or a note
    reason: str | None = None
    #: result of the comparison with the seal, only after `verify`
    seal: Literal["absent", "matched", "drifted"] | None = None
    #: largest distance of a logit from the sealed logit, only with `matched`
    largest_difference: float | None = None
    #: files on disk compared with the loaded files, only for one real model
    file: Literal["unchanged", "changed", "missing"] | None = None


@dataclass(slots=True, kw_only=True)
class ModelsResponse(Result):
    """Models response."""

    #: a `Model` for each model, in order of name
    models: list[Model] = _field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class LoadProgress(Result):
    """Load progress."""

    #: the `Layer` just completed, or the running one where it has `bytes_read`
    layer: Layer
    #: number of the frame in the answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class LoadResponse(Result):
    """Load response."""

    #: always true, since a rejection is a status
    accepted: bool
    #: a `Layer` for each layer, in order
    layers: list[Layer] = _field(default_factory=list)
    #: the `Model` now served
    model: Model | None = None
    #: configuration overrides in effect, `key=value`
    overrides: list[str] = _field(default_factory=list)
    #: a sentence for each earlier failed attempt
    attempts: list[str] = _field(default_factory=list)
    #: number of the frame in the answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class UnloadResponse(Result):
    """Unload response."""


@dataclass(slots=True, kw_only=True)
class SwapProgress(Result):
    """Swap progress."""

    #: the `Layer` just completed, or the running one where it has `bytes_read`
    layer: Layer | None = None
    #: step behind the layers
    step: Literal["warm_up", "shadow"] | None = None
    #: requests of the step that were computed
    done: int | None = None
    #: requests of the step in all
    total: int | None = None
    #: number of the frame in the answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class SwapResponse(Result):
    """Swap response."""

    #: a `Layer` for each layer, in order
    layers: list[Layer] = _field(default_factory=list)
    #: the `Model` now served
    model: Model
    #: generation that answered until the switch
    previous_generation: int
    #: configuration overrides in effect, `key=value`
    overrides: list[str] = _field(default_factory=list)
    #: a sentence for each earlier failed attempt
    attempts: list[str] = _field(default_factory=list)
    #: requests that the new generation computed before the switch
    warmed: int
    #: the `Shadow report`, when the request asked for a shadow
    shadow: ShadowReport | None = None
    #: number of the frame in the answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class RollbackResponse(Result):
    """Rollback response."""

    #: the `Model` now served
    model: Model


@dataclass(slots=True, kw_only=True)
class PinResponse(Result):
    """Pin response."""

    #: the `Model`
    model: Model


@dataclass(slots=True, kw_only=True)
class AliasResponse(Result):
    """Alias response."""

    #: the `Model`
    model: Model


@dataclass(slots=True, kw_only=True)
class TokenizeResponse(Result):
    """Tokenize response."""

    #: token ids
    tokens: list[int]
    #: facts about the answer, an `Answer`
    answer: Answer


@dataclass(slots=True, kw_only=True)
class DetokenizeResponse(Result):
    """Detokenize response."""

    #: text as bytes, since single tokens need not be whole characters
    text: bytes
    #: facts about the answer, an `Answer`
    answer: Answer


@dataclass(slots=True, kw_only=True)
class GenerateChunk(Result):
    """Generate chunk."""

    #: tokens made since the last frame
    tokens: list[int] = _field(default_factory=list)
    #: text of the tokens, whole characters, may lag behind
    text: str = ""
    #: prompt tokens read so far
    prompt_done: int | None = None
    #: prompt tokens in all
    prompt_total: int | None = None
    #: log-probabilities of exactly `tokens`, when requested
    logprobs: Logprobs | None = None
    #: log-probabilities of the next prompt tokens, when requested
    prompt_logprobs: Logprobs | None = None
    #: number of the frame in the answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class GenerateResponse(Result):
    """Generate response."""

    #: tokens not sent in chunks
    tokens: list[int] = _field(default_factory=list)
    #: text not sent in chunks
    text: str = ""
    #: cause of the end: end token or stop string, `max_tokens` or context, Cancel, deadline
    finish_reason: Literal["stop", "length", "cancelled", "deadline"]
    #: stop string that ended the answer
    stop_matched: str | None = None
    #: tokens of the prompt
    prompt_tokens: int
    #: tokens made in all
    completion_tokens: int
    #: log-probabilities of exactly `tokens`, when requested
    logprobs: Logprobs | None = None
    #: log-probabilities of the prompt tokens not sent in chunks
    prompt_logprobs: Logprobs | None = None
    #: number of the frame in the answer, from 0
    frame: int | None = None
    #: facts about the answer, an `Answer`
    answer: Answer


@dataclass(slots=True, kw_only=True)
class ScoreResponse(Result):
    """Score response."""

    #: a `Continuation score` for each continuation, in order
    scores: list[ContinuationScore] = _field(default_factory=list)
    #: tokens of the prompt alone
    prompt_tokens: int
    #: facts about the answer, an `Answer`
    answer: Answer


@dataclass(slots=True, kw_only=True)
class EmbedChunk(Result):
    """Embed chunk."""

    #: the next values
    embeddings: array[float]
    #: number of the frame in the answer, from 0
    frame: int | None = None


@dataclass(slots=True, kw_only=True)
class EmbedResponse(Result):
    """Embed response."""

    #: the last values
    embeddings: array[float]
    #: values per input
    dimensions: int
    #: number of inputs, equal to the request's
    count: int
    #: tokens of all inputs together
    prompt_tokens: int
    #: reduction that made the vectors
    pooling: Literal["mean", "last", "cls"] | None = None
    #: number of the frame in the answer, from 0
    frame: int | None = None
    #: facts about the answer, an `Answer`
    answer: Answer

    @property
    def vectors(self) -> list[array[float]]:
        """One vector for each input, in the order of the inputs."""
        values, size = self.embeddings, self.dimensions
        return [values[at : at + size] for at in range(0, len(values), size)]


@dataclass(slots=True, kw_only=True)
class LogitsChunk(Result):
    """Logits chunk."""

    #: the next values
    logits: array[float]
    #: number of the frame in the answer, from 0
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
    #: number of the frame in the answer, from 0
    frame: int | None = None
    #: facts about the answer, an `Answer`
    answer: Answer


@dataclass(slots=True, kw_only=True)
class RenderResponse(Result):
    """Render response."""

    #: conversation as the template writes it
    text: str
    #: token ids that a Generate of the conversation reads
    tokens: list[int]
    #: facts about the template, a `Chat template`
    template: ChatTemplate
    #: facts about the answer, an `Answer`
    answer: Answer


@dataclass(slots=True, kw_only=True)
class CancelResponse(Result):
    """Cancel response."""

    #: the target was in flight and is being stopped
    found: bool


@dataclass(slots=True, kw_only=True)
class StatsResponse(Result):
    """Stats response."""

    #: a `Counter` for each counter, in order of name
    counters: list[Counter] = _field(default_factory=list)


__all__ = [
    "AliasRequest",
    "AliasResponse",
    "Answer",
    "CancelRequest",
    "CancelResponse",
    "ChatMessage",
    "ChatTemplate",
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
    "ModelLabel",
    "ModelsRequest",
    "ModelsResponse",
    "PinRequest",
    "PinResponse",
    "PingRequest",
    "PingResponse",
    "Provenance",
    "RenderRequest",
    "RenderResponse",
    "RequestContext",
    "Requirements",
    "Result",
    "RollbackRequest",
    "RollbackResponse",
    "ScoreRequest",
    "ScoreResponse",
    "ServerLoad",
    "ShadowReport",
    "StatsRequest",
    "StatsResponse",
    "SwapProgress",
    "SwapRequest",
    "SwapResponse",
    "TemplateVariable",
    "Timing",
    "TokenizeRequest",
    "TokenizeResponse",
    "ToolCall",
    "UnloadRequest",
    "UnloadResponse",
]
