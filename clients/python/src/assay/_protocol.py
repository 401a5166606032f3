# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""Numbers and message tables of the wire protocol (Protocol/SPEC.md)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from . import messages


@dataclass(slots=True)
class Field:
    """One row of a message's table."""

    id: int
    name: str
    #: number of the type, as in the header of a field
    type: int
    #: lowest revision with the field
    since: int
    #: least and most bytes of a value
    size_min: int
    size_max: int
    #: least and most occurrences
    times_min: int
    times_max: int
    repeated: bool = False
    #: lowest and highest value of a number, where `above` excludes the lowest
    range: tuple[float, float] | None = None
    above: bool = False
    choices: tuple[str, ...] | None = None
    #: words that came with a later revision than the field, and the revision of each
    words_since: tuple[tuple[str, int], ...] = ()
    #: name of a record's message
    record: str | None = None


class Message:
    """The rows of a message, by id and in order, and the dataclass of the values."""

    def __init__(
        self,
        name: str,
        type: type[Any],
        fields: tuple[Field, ...],
        exactly_one: tuple[str, ...] = (),
        excludes: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.name = name
        self.type = type
        self.fields = fields
        self.by_id = {field.id: field for field in fields}
        #: names of the fields, a prompt first, then required fields
        self.names = [
            f.name for f in sorted(fields, key=lambda f: (f.name != "prompt", not f.times_min))
        ]
        #: fields that are required or may be repeated
        self.counted = tuple(f for f in fields if f.times_min or f.repeated)
        #: fields of which exactly one is given
        self.exactly_one = exactly_one
        #: pairs of fields of which at most one is given
        self.excludes = excludes
        #: true when there are checks across fields
        self.rules = bool(self.counted or exactly_one or excludes)


@dataclass(slots=True)
class Kind:
    """One kind of request, with the messages."""

    number: int
    name: str
    since: int
    #: true when the request may be sent again after a lost connection
    retry_safe: bool
    request: Message
    chunk: Message | None
    response: Message
    #: fields that are spread over the frames of an answer
    shares: tuple[str, ...]


VERSION = 1
REVISION = 4
DEFAULT_PORT = 7411
RESPONSE_BIT = 128

# Flags of a frame.
FLAG_COMPRESSED = 1
FLAG_MORE = 2
FLAG_DEGRADED = 4

# Provenance of a frame.
PROVENANCE_REAL = 1
PROVENANCE_MOCK = 2

# Types of a field.
U64 = 1
F64 = 2
BYTES = 3
TEXT = 4
U32S = 5
F32S = 6
RECORD = 7
BOOL = 8


class Limits:
    """Limits that both sides keep, with units."""

    FRAME_SIZE_MAX_BEFORE_HELLO = 4096  # bytes
    BODY_SIZE_MAX = 4194304  # bytes
    BODY_SIZE_MIN = 4096  # bytes
    COMPRESSION_SIZE_MIN = 1024  # bytes
    REQUESTS_IN_FLIGHT_MAX = 256  # requests
    TEXT_SIZE_MAX = 4000000  # bytes
    TOKEN_COUNT_MAX = 1000000  # elements
    LIST_COUNT_MAX = 1024  # elements
    MESSAGE_COUNT_MAX = 1024  # records
    TOOL_CALL_COUNT_MAX = 128  # records
    TEMPLATE_VARIABLE_COUNT_MAX = 64  # records
    JSON_DEPTH_MAX = 64  # levels
    CONTINUATION_COUNT_MAX = 256  # records
    INPUT_COUNT_MAX = 256  # records
    TOP_LOGPROBS_MAX = 64  # tokens
    EMBEDDING_DIMENSIONS_MAX = 131072  # elements
    PING_PAYLOAD_SIZE_MAX = 65536  # bytes
    RETRY_AFTER_MILLISECONDS_MAX = 3600000  # milliseconds
    HEADER_SIZE = 32  # bytes
    HEADER_SIZE_COUNTED = 28  # bytes
    FIELD_HEADER_SIZE = 8  # bytes
    COMPRESSION_PERCENT_MAX = 90  # percent
    COMPRESSION_SAMPLED_SIZE_MIN = 16384  # bytes
    COMPRESSION_SAMPLE_SIZE = 4096  # bytes


class Status(IntEnum):
    """Outcome of a request."""

    #: none: the answer follows
    OK = 0
    #: fix: a Cancel, or the connection's end, came before the work began
    CANCELLED = 1
    #: fix: an unclassified failure, or a number unknown to the client
    UNKNOWN = 2
    #: fix: a field is unknown, malformed, out of range or missing (the error body names the field)
    INVALID_ARGUMENT = 3
    #: backoff: the request's deadline passed before the work began
    DEADLINE_EXCEEDED = 4
    #: fix: no model of the requested name is served
    NOT_FOUND = 5
    #: fix: the name, or the request id, is taken
    ALREADY_EXISTS = 6
    #: fix: the client is not allowed to make the request
    PERMISSION_DENIED = 7
    #: backoff: a queue or a budget is full (refused at once instead of waiting without bound)
    RESOURCE_EXHAUSTED = 8
    #: fix: the state forbids the request: no Hello yet (hello_required), a second Hello, a model
    #: not ready
    FAILED_PRECONDITION = 9
    #: retry: overtaken by a concurrent change, for example a model being replaced
    ABORTED = 10
    #: fix: valid, but too much for the model: a prompt longer than the context, a token id outside
    #: the vocabulary
    OUT_OF_RANGE = 11
    #: fix: the kind is unknown or reserved (the connection lives on)
    UNIMPLEMENTED = 12
    #: fix: a fault of the server
    INTERNAL = 13
    #: backoff: the server is draining, or the model is still loading (model_loading)
    UNAVAILABLE = 14
    #: fix: a served model drifted from its seal, or gives non-finite logits
    DATA_LOSS = 15
    #: fix: the server demands that the client identifies itself
    UNAUTHENTICATED = 16
    #: fix: the bytes break the framing (sent in a GoAway before the connection closes)
    PROTOCOL_ERROR = 32
    #: fix: a model file failed the assay (the error body names the layer)
    MODEL_REJECTED = 33
    #: fix: a requirement of the request does not hold, and nothing was computed
    REQUIREMENT_NOT_MET = 34
    #: fix: made by a client that receives a mock answer and does not allow mocks
    MOCK_REFUSED = 35


# Codes of the client's own errors.

#: the address is not a URL of a known form
ADDRESS_INVALID = "address_invalid"
#: nobody answers at the address
UNREACHABLE = "unreachable"
#: the connection ended, or the client was closed, before the answer was complete
CONNECTION_CLOSED = "connection_closed"
#: the answer did not come in time
TIMED_OUT = "timed_out"
#: the server's bytes break the protocol, and the connection is closed
PROTOCOL_ERROR = "protocol_error"
#: the answer comes from a mock and mocks are not allowed, so the answer is withheld
MOCK_REFUSED = "mock_refused"
#: the server answered with a status
SERVER_REFUSED = "server_refused"
#: the caller gave up the answer, or the answer is larger than answer_size_max
GIVEN_UP = "given_up"
#: the request breaks the tables or exceeds a limit, and nothing was sent
REQUEST_INVALID = "request_invalid"
#: the server speaks an older revision without the request, and nothing was sent
REVISION_TOO_LOW = "revision_too_low"

#: status of each code (a server's refusal has the server's status)
ERROR_STATUS = {
    ADDRESS_INVALID: Status.INVALID_ARGUMENT,
    UNREACHABLE: Status.UNAVAILABLE,
    CONNECTION_CLOSED: Status.UNAVAILABLE,
    TIMED_OUT: Status.DEADLINE_EXCEEDED,
    PROTOCOL_ERROR: Status.PROTOCOL_ERROR,
    MOCK_REFUSED: Status.MOCK_REFUSED,
    SERVER_REFUSED: Status.UNKNOWN,
    GIVEN_UP: Status.CANCELLED,
    REQUEST_INVALID: Status.INVALID_ARGUMENT,
    REVISION_TOO_LOW: Status.UNIMPLEMENTED,
}

MESSAGES: dict[str, Message] = {
    "Requirements": Message(
        "Requirements",
        messages.Requirements,
        (
            Field(1, "real", BOOL, 1, 1, 1, 0, 1),
            Field(2, "fingerprint", BYTES, 1, 32, 32, 0, 1),
            Field(3, "device", TEXT, 1, 1, 64, 0, 1),
        ),
    ),
    "Request context": Message(
        "Request context",
        messages.RequestContext,
        (
            Field(1, "trace_context", TEXT, 3, 55, 55, 0, 1),
            Field(2, "attempt", U64, 3, 8, 8, 0, 1, range=(1, 4294967295)),
            Field(3, "priority", U64, 3, 8, 8, 0, 1, range=(0, 9)),
        ),
    ),
    "Answer": Message(
        "Answer",
        messages.Answer,
        (
            Field(1, "model", TEXT, 1, 1, 128, 1, 1),
            Field(2, "fingerprint", BYTES, 1, 32, 32, 0, 1),
            Field(3, "device", TEXT, 1, 1, 64, 1, 1),
            Field(4, "timing", RECORD, 1, 0, 4294967295, 1, 1, record="Timing"),
            Field(5, "degradations", TEXT, 1, 1, 2048, 0, 1024, repeated=True),
            Field(6, "server_load", RECORD, 3, 0, 4294967295, 0, 1, record="Server load"),
            Field(7, "template_time", U64, 3, 8, 8, 0, 1, range=(0, 253402300799)),
        ),
    ),
    "Server load": Message(
        "Server load",
        messages.ServerLoad,
        (
            Field(1, "queued", U64, 3, 8, 8, 1, 1),
            Field(2, "running", U64, 3, 8, 8, 1, 1),
            Field(3, "wait_microseconds", U64, 3, 8, 8, 1, 1),
            Field(4, "cache_pages_used", U64, 3, 8, 8, 1, 1),
            Field(5, "cache_pages", U64, 3, 8, 8, 1, 1),
        ),
    ),
    "Timing": Message(
        "Timing",
        messages.Timing,
        (
            Field(1, "accept", U64, 1, 8, 8, 1, 1),
            Field(2, "queue", U64, 1, 8, 8, 1, 1),
            Field(3, "tokenize", U64, 1, 8, 8, 1, 1),
            Field(4, "prefill", U64, 1, 8, 8, 1, 1),
            Field(5, "decode", U64, 1, 8, 8, 1, 1),
            Field(6, "write", U64, 1, 8, 8, 1, 1),
            Field(7, "total", U64, 1, 8, 8, 1, 1),
        ),
    ),
    "Chat message": Message(
        "Chat message",
        messages.ChatMessage,
        (
            Field(1, "role", TEXT, 2, 0, 4294967295, 1, 1,
                choices=("system", "user", "assistant", "tool"), words_since=(("tool", 3),)),
            Field(2, "content", TEXT, 2, 0, 4000000, 1, 1),
            Field(3, "content_json", TEXT, 3, 1, 4000000, 0, 1),
            Field(4, "reasoning_content", TEXT, 3, 1, 4000000, 0, 1),
            Field(5, "name", TEXT, 3, 1, 256, 0, 1),
            Field(6, "tool_calls", RECORD, 3, 0, 4294967295, 0, 128, repeated=True,
                record="Tool call"),
            Field(7, "tool_call_id", TEXT, 3, 1, 256, 0, 1),
        ),
    ),
    "Tool call": Message(
        "Tool call",
        messages.ToolCall,
        (
            Field(1, "id", TEXT, 3, 1, 256, 0, 1),
            Field(2, "name", TEXT, 3, 1, 256, 1, 1),
            Field(3, "arguments", TEXT, 3, 1, 1000000, 1, 1),
        ),
    ),
    "Template variable": Message(
        "Template variable",
        messages.TemplateVariable,
        (
            Field(1, "name", TEXT, 3, 1, 128, 1, 1),
            Field(2, "value", TEXT, 3, 1, 65536, 1, 1),
        ),
    ),
    "Chat template": Message(
        "Chat template",
        messages.ChatTemplate,
        (
            Field(1, "source", TEXT, 3, 1, 512, 1, 1),
            Field(2, "fingerprint", BYTES, 3, 32, 32, 1, 1),
            Field(3, "reads_tools", BOOL, 3, 1, 1, 1, 1),
            Field(4, "tool_arguments", TEXT, 3, 0, 4294967295, 0, 1, choices=("object", "text")),
            Field(5, "thinking", TEXT, 3, 0, 4294967295, 1, 1,
                choices=("none", "optional", "always")),
            Field(6, "reads_time", BOOL, 3, 1, 1, 1, 1),
            Field(7, "variables", TEXT, 3, 1, 128, 0, 1024, repeated=True),
        ),
    ),
    "Input": Message(
        "Input",
        messages.Input,
        (
            Field(1, "text", TEXT, 2, 0, 4000000, 0, 1),
            Field(2, "tokens", U32S, 2, 4, 4000000, 0, 1),
        ),
        exactly_one=("text", "tokens"),
    ),
    "Logprobs": Message(
        "Logprobs",
        messages.Logprobs,
        (
            Field(1, "tokens", U32S, 2, 0, 4000000, 1, 1),
            Field(2, "logprobs", F32S, 2, 0, 4000000, 1, 1),
            Field(3, "top_count", U64, 2, 8, 8, 0, 1, range=(0, 64)),
            Field(4, "top_tokens", U32S, 2, 0, 4000000, 0, 1),
            Field(5, "top_logprobs", F32S, 2, 0, 4000000, 0, 1),
        ),
    ),
    "Error": Message(
        "Error",
        messages.ErrorBody,
        (
            Field(1, "code", TEXT, 1, 1, 128, 1, 1),
            Field(2, "message", TEXT, 1, 0, 2048, 1, 1),
            Field(3, "field", TEXT, 1, 1, 128, 0, 1),
            Field(4, "retry_after_milliseconds", U64, 1, 8, 8, 0, 1, range=(0, 3600000)),
            Field(5, "layer", TEXT, 1, 0, 4294967295, 0, 1,
                choices=("file", "parse", "compatibility", "placement", "validation")),
            Field(6, "server_load", RECORD, 3, 0, 4294967295, 0, 1, record="Server load"),
        ),
    ),
    "Hello request": Message(
        "Hello request",
        messages.HelloRequest,
        (
            Field(1, "client", TEXT, 1, 1, 128, 1, 1),
            Field(2, "revision", U64, 1, 8, 8, 1, 1, range=(1, 4294967295)),
            Field(3, "compression", BOOL, 1, 1, 1, 0, 1),
            Field(4, "body_size_max", U64, 1, 8, 8, 0, 1, range=(4096, 4294967295)),
            Field(5, "token", TEXT, 1, 1, 256, 0, 1),
            Field(6, "tenant", TEXT, 1, 1, 64, 0, 1),
        ),
    ),
    "Hello response": Message(
        "Hello response",
        messages.HelloResponse,
        (
            Field(1, "server", TEXT, 1, 1, 128, 1, 1),
            Field(2, "revision", U64, 1, 8, 8, 1, 1, range=(1, 4294967295)),
            Field(3, "compression", BOOL, 1, 1, 1, 1, 1),
            Field(4, "body_size_max", U64, 1, 8, 8, 1, 1, range=(4096, 4294967295)),
            Field(5, "requests_in_flight_max", U64, 1, 8, 8, 1, 1, range=(1, 4294967295)),
        ),
    ),
    "Ping request": Message(
        "Ping request",
        messages.PingRequest,
        (
            Field(1, "payload", BYTES, 1, 0, 65536, 0, 1),
        ),
    ),
    "Ping response": Message(
        "Ping response",
        messages.PingResponse,
        (
            Field(1, "payload", BYTES, 1, 0, 65536, 0, 1),
        ),
    ),
    "Health request": Message(
        "Health request",
        messages.HealthRequest,
        (
            Field(1, "model", TEXT, 1, 1, 128, 0, 1),
            Field(2, "verify", BOOL, 2, 1, 1, 0, 1),
            Field(29, "context", RECORD, 3, 0, 4294967295, 0, 1, record="Request context"),
            Field(30, "requirements", RECORD, 1, 0, 4294967295, 0, 1, record="Requirements"),
        ),
    ),
    "Health response": Message(
        "Health response",
        messages.HealthResponse,
        (
            Field(1, "ready", BOOL, 1, 1, 1, 1, 1),
            Field(2, "state", TEXT, 1, 0, 4294967295, 1, 1,
                choices=("loading", "ready", "failed", "draining")),
            Field(3, "reason", TEXT, 1, 1, 2048, 0, 1),
            Field(4, "seal", TEXT, 2, 0, 4294967295, 0, 1,
                choices=("absent", "matched", "drifted")),
            Field(5, "largest_difference", F64, 2, 8, 8, 0, 1, range=(0.0, 10.0)),
            Field(6, "file", TEXT, 3, 0, 4294967295, 0, 1,
                choices=("unchanged", "changed", "missing")),
        ),
    ),
    "Models request": Message(
        "Models request",
        messages.ModelsRequest,
        (),
    ),
    "Models response": Message(
        "Models response",
        messages.ModelsResponse,
        (
            Field(1, "models", RECORD, 1, 0, 4294967295, 0, 1024, repeated=True, record="Model"),
        ),
    ),
    "Model": Message(
        "Model",
        messages.Model,
        (
            Field(1, "name", TEXT, 1, 1, 128, 1, 1),
            Field(2, "state", TEXT, 1, 0, 4294967295, 1, 1,
                choices=("loading", "ready", "failed", "draining")),
            Field(3, "provenance", U64, 1, 8, 8, 1, 1, range=(1, 2)),
            Field(4, "architecture", TEXT, 1, 0, 128, 1, 1),
            Field(5, "parameters", U64, 1, 8, 8, 1, 1),
            Field(6, "vocabulary", U64, 1, 8, 8, 1, 1),
            Field(7, "context", U64, 1, 8, 8, 1, 1),
            Field(8, "fingerprint", BYTES, 1, 32, 32, 0, 1),
            Field(9, "generation", U64, 1, 8, 8, 1, 1, range=(0, 4294967295)),
            Field(10, "device", TEXT, 1, 0, 64, 1, 1),
            Field(11, "device_reason", TEXT, 1, 1, 2048, 0, 1),
            Field(12, "bytes", U64, 1, 8, 8, 1, 1),
            Field(13, "file", TEXT, 3, 0, 4294967295, 0, 1,
                choices=("unchanged", "changed", "missing")),
            Field(14, "labels", RECORD, 4, 0, 4294967295, 0, 64, repeated=True,
                record="Model label"),
            Field(15, "pinned", BOOL, 4, 1, 1, 0, 1),
            Field(16, "held_generation", U64, 4, 8, 8, 0, 1, range=(1, 4294967295)),
            Field(17, "evicted", BOOL, 4, 1, 1, 0, 1),
            Field(18, "breaker", TEXT, 4, 0, 4294967295, 0, 1,
                choices=("closed", "open", "half_open")),
            Field(19, "breaker_reason", TEXT, 4, 1, 2048, 0, 1),
            Field(20, "breaker_seconds", F64, 4, 8, 8, 0, 1, range=(0.0, 1000000000000.0)),
            Field(21, "seal_age_seconds", F64, 4, 8, 8, 0, 1, range=(0.0, 1000000000000.0)),
            Field(22, "load_failure", TEXT, 4, 1, 2048, 0, 1),
        ),
    ),
    "Load request": Message(
        "Load request",
        messages.LoadRequest,
        (
            Field(1, "name", TEXT, 1, 1, 128, 1, 1),
            Field(2, "path", TEXT, 1, 1, 4096, 1, 1),
            Field(3, "strategy", TEXT, 1, 0, 4294967295, 0, 1,
                choices=("strict", "graceful", "development")),
            Field(4, "device", TEXT, 1, 1, 64, 0, 1),
            Field(5, "progress", BOOL, 1, 1, 1, 0, 1),
        ),
    ),
    "Load progress": Message(
        "Load progress",
        messages.LoadProgress,
        (
            Field(1, "layer", RECORD, 1, 0, 4294967295, 1, 1, record="Layer"),
            Field(28, "frame", U64, 3, 8, 8, 0, 1),
        ),
    ),
    "Load response": Message(
        "Load response",
        messages.LoadResponse,
        (
            Field(1, "accepted", BOOL, 1, 1, 1, 1, 1),
            Field(2, "layers", RECORD, 1, 0, 4294967295, 0, 1024, repeated=True, record="Layer"),
            Field(3, "model", RECORD, 1, 0, 4294967295, 0, 1, record="Model"),
            Field(4, "overrides", TEXT, 1, 1, 2048, 0, 1024, repeated=True),
            Field(5, "attempts", TEXT, 1, 1, 2048, 0, 1024, repeated=True),
            Field(28, "frame", U64, 3, 8, 8, 0, 1),
        ),
    ),
    "Layer": Message(
        "Layer",
        messages.Layer,
        (
            Field(1, "layer", TEXT, 1, 0, 4294967295, 1, 1,
                choices=("file", "parse", "compatibility", "placement", "validation")),
            Field(2, "ok", BOOL, 1, 1, 1, 1, 1),
            Field(3, "microseconds", U64, 1, 8, 8, 1, 1),
            Field(4, "bytes_read", U64, 1, 8, 8, 0, 1),
            Field(5, "bytes_total", U64, 1, 8, 8, 0, 1),
        ),
    ),
    "Unload request": Message(
        "Unload request",
        messages.UnloadRequest,
        (
            Field(1, "name", TEXT, 1, 1, 128, 1, 1),
        ),
    ),
    "Unload response": Message(
        "Unload response",
        messages.UnloadResponse,
        (),
    ),
    "Model label": Message(
        "Model label",
        messages.ModelLabel,
        (
            Field(1, "label", TEXT, 4, 1, 64, 1, 1),
            Field(2, "generation", U64, 4, 8, 8, 1, 1, range=(1, 4294967295)),
            Field(3, "share", F64, 4, 8, 8, 0, 1, range=(0.0, 1.0)),
        ),
    ),
    "Swap request": Message(
        "Swap request",
        messages.SwapRequest,
        (
            Field(1, "name", TEXT, 4, 1, 128, 1, 1),
            Field(2, "path", TEXT, 4, 1, 4096, 1, 1),
            Field(3, "strategy", TEXT, 4, 0, 4294967295, 0, 1,
                choices=("strict", "graceful", "development")),
            Field(4, "device", TEXT, 4, 1, 64, 0, 1),
            Field(5, "progress", BOOL, 4, 1, 1, 0, 1),
            Field(6, "shadow", U64, 4, 8, 8, 0, 1, range=(0, 4096)),
            Field(7, "require_equal", BOOL, 4, 1, 1, 0, 1),
        ),
    ),
    "Swap progress": Message(
        "Swap progress",
        messages.SwapProgress,
        (
            Field(1, "layer", RECORD, 4, 0, 4294967295, 0, 1, record="Layer"),
            Field(2, "step", TEXT, 4, 0, 4294967295, 0, 1, choices=("warm_up", "shadow")),
            Field(3, "done", U64, 4, 8, 8, 0, 1),
            Field(4, "total", U64, 4, 8, 8, 0, 1),
            Field(28, "frame", U64, 4, 8, 8, 0, 1),
        ),
    ),
    "Swap response": Message(
        "Swap response",
        messages.SwapResponse,
        (
            Field(1, "layers", RECORD, 4, 0, 4294967295, 0, 1024, repeated=True, record="Layer"),
            Field(2, "model", RECORD, 4, 0, 4294967295, 1, 1, record="Model"),
            Field(3, "previous_generation", U64, 4, 8, 8, 1, 1, range=(1, 4294967295)),
            Field(4, "overrides", TEXT, 4, 1, 2048, 0, 1024, repeated=True),
            Field(5, "attempts", TEXT, 4, 1, 2048, 0, 1024, repeated=True),
            Field(6, "warmed", U64, 4, 8, 8, 1, 1),
            Field(7, "shadow", RECORD, 4, 0, 4294967295, 0, 1, record="Shadow report"),
            Field(28, "frame", U64, 4, 8, 8, 0, 1),
        ),
    ),
    "Shadow report": Message(
        "Shadow report",
        messages.ShadowReport,
        (
            Field(1, "compared", U64, 4, 8, 8, 1, 1),
            Field(2, "equal", U64, 4, 8, 8, 1, 1),
            Field(3, "divergence_max", F64, 4, 8, 8, 1, 1, range=(0.0, 1e+300)),
            Field(4, "first_difference", TEXT, 4, 1, 2048, 0, 1),
        ),
    ),
    "Rollback request": Message(
        "Rollback request",
        messages.RollbackRequest,
        (
            Field(1, "name", TEXT, 4, 1, 128, 1, 1),
        ),
    ),
    "Rollback response": Message(
        "Rollback response",
        messages.RollbackResponse,
        (
            Field(1, "model", RECORD, 4, 0, 4294967295, 1, 1, record="Model"),
        ),
    ),
    "Pin request": Message(
        "Pin request",
        messages.PinRequest,
        (
            Field(1, "name", TEXT, 4, 1, 128, 1, 1),
            Field(2, "pinned", BOOL, 4, 1, 1, 0, 1),
        ),
    ),
    "Pin response": Message(
        "Pin response",
        messages.PinResponse,
        (
            Field(1, "model", RECORD, 4, 0, 4294967295, 1, 1, record="Model"),
        ),
    ),
    "Alias request": Message(
        "Alias request",
        messages.AliasRequest,
        (
            Field(1, "name", TEXT, 4, 1, 128, 1, 1),
            Field(2, "label", TEXT, 4, 1, 64, 1, 1),
            Field(3, "generation", U64, 4, 8, 8, 1, 1, range=(0, 4294967295)),
            Field(4, "share", F64, 4, 8, 8, 0, 1, range=(0.0, 1.0)),
        ),
    ),
    "Alias response": Message(
        "Alias response",
        messages.AliasResponse,
        (
            Field(1, "model", RECORD, 4, 0, 4294967295, 1, 1, record="Model"),
        ),
    ),
    "Tokenize request": Message(
        "Tokenize request",
        messages.TokenizeRequest,
        (
            Field(1, "model", TEXT, 1, 1, 128, 0, 1),
            Field(2, "text", BYTES, 1, 0, 4000000, 1, 1),
            Field(3, "parse_special", BOOL, 1, 1, 1, 0, 1),
            Field(4, "add_special", BOOL, 1, 1, 1, 0, 1),
            Field(29, "context", RECORD, 3, 0, 4294967295, 0, 1, record="Request context"),
            Field(30, "requirements", RECORD, 1, 0, 4294967295, 0, 1, record="Requirements"),
        ),
    ),
    "Tokenize response": Message(
        "Tokenize response",
        messages.TokenizeResponse,
        (
            Field(1, "tokens", U32S, 1, 0, 4000000, 1, 1),
            Field(31, "answer", RECORD, 1, 0, 4294967295, 1, 1, record="Answer"),
        ),
    ),
    "Detokenize request": Message(
        "Detokenize request",
        messages.DetokenizeRequest,
        (
            Field(1, "model", TEXT, 1, 1, 128, 0, 1),
            Field(2, "tokens", U32S, 1, 0, 4000000, 1, 1),
            Field(29, "context", RECORD, 3, 0, 4294967295, 0, 1, record="Request context"),
            Field(30, "requirements", RECORD, 1, 0, 4294967295, 0, 1, record="Requirements"),
        ),
    ),
    "Detokenize response": Message(
        "Detokenize response",
        messages.DetokenizeResponse,
        (
            Field(1, "text", BYTES, 1, 0, 4000000, 1, 1),
            Field(31, "answer", RECORD, 1, 0, 4294967295, 1, 1, record="Answer"),
        ),
    ),
    "Generate request": Message(
        "Generate request",
        messages.GenerateRequest,
        (
            Field(1, "model", TEXT, 1, 1, 128, 0, 1),
            Field(2, "prompt", TEXT, 1, 0, 4000000, 0, 1),
            Field(3, "tokens", U32S, 1, 4, 4000000, 0, 1),
            Field(4, "parse_special", BOOL, 1, 1, 1, 0, 1),
            Field(5, "add_special", BOOL, 1, 1, 1, 0, 1),
            Field(6, "max_tokens", U64, 1, 8, 8, 0, 1, range=(1, 1048576)),
            Field(7, "temperature", F64, 1, 8, 8, 0, 1, range=(0.0, 100.0)),
            Field(8, "top_k", U64, 1, 8, 8, 0, 1, range=(0, 16777216)),
            Field(9, "top_p", F64, 1, 8, 8, 0, 1, range=(0.0, 1.0)),
            Field(10, "min_p", F64, 1, 8, 8, 0, 1, range=(0.0, 1.0)),
            Field(11, "seed", U64, 1, 8, 8, 0, 1),
            Field(12, "stop", TEXT, 1, 1, 256, 0, 16, repeated=True),
            Field(13, "truncate_prompt", BOOL, 1, 1, 1, 0, 1),
            Field(14, "logprobs", U64, 2, 8, 8, 0, 1, range=(0, 64)),
            Field(15, "prompt_logprobs", U64, 2, 8, 8, 0, 1, range=(0, 64)),
            Field(16, "messages", RECORD, 2, 0, 4294967295, 0, 1024, repeated=True,
                record="Chat message"),
            Field(17, "ignore_eos", BOOL, 3, 1, 1, 0, 1),
            Field(18, "min_tokens", U64, 3, 8, 8, 0, 1, range=(0, 1048576)),
            Field(19, "tools", TEXT, 3, 1, 1000000, 0, 1),
            Field(20, "template_variables", RECORD, 3, 0, 4294967295, 0, 64, repeated=True,
                record="Template variable"),
            Field(21, "add_generation_prompt", BOOL, 3, 1, 1, 0, 1),
            Field(22, "continue_final_message", BOOL, 3, 1, 1, 0, 1),
            Field(23, "template_time", U64, 3, 8, 8, 0, 1, range=(0, 253402300799)),
            Field(29, "context", RECORD, 3, 0, 4294967295, 0, 1, record="Request context"),
            Field(30, "requirements", RECORD, 1, 0, 4294967295, 0, 1, record="Requirements"),
        ),
        exactly_one=("prompt", "tokens", "messages"),
        excludes=(
            ("messages", "parse_special"), ("messages", "add_special"), ("prompt", "tools"),
            ("prompt", "template_variables"), ("prompt", "add_generation_prompt"),
            ("prompt", "continue_final_message"), ("prompt", "template_time"), ("tokens", "tools"),
            ("tokens", "template_variables"), ("tokens", "add_generation_prompt"),
            ("tokens", "continue_final_message"), ("tokens", "template_time"),
            ("add_generation_prompt", "continue_final_message"),
        ),
    ),
    "Generate chunk": Message(
        "Generate chunk",
        messages.GenerateChunk,
        (
            Field(1, "tokens", U32S, 1, 0, 4000000, 0, 1),
            Field(2, "text", TEXT, 1, 0, 4000000, 0, 1),
            Field(3, "prompt_done", U64, 1, 8, 8, 0, 1),
            Field(4, "prompt_total", U64, 1, 8, 8, 0, 1),
            Field(5, "logprobs", RECORD, 2, 0, 4294967295, 0, 1, record="Logprobs"),
            Field(6, "prompt_logprobs", RECORD, 2, 0, 4294967295, 0, 1, record="Logprobs"),
            Field(28, "frame", U64, 3, 8, 8, 0, 1),
        ),
    ),
    "Generate response": Message(
        "Generate response",
        messages.GenerateResponse,
        (
            Field(1, "tokens", U32S, 1, 0, 4000000, 0, 1),
            Field(2, "text", TEXT, 1, 0, 4000000, 0, 1),
            Field(5, "finish_reason", TEXT, 1, 0, 4294967295, 1, 1,
                choices=("stop", "length", "cancelled", "deadline")),
            Field(6, "stop_matched", TEXT, 1, 1, 256, 0, 1),
            Field(7, "prompt_tokens", U64, 1, 8, 8, 1, 1),
            Field(8, "completion_tokens", U64, 1, 8, 8, 1, 1),
            Field(9, "logprobs", RECORD, 2, 0, 4294967295, 0, 1, record="Logprobs"),
            Field(10, "prompt_logprobs", RECORD, 2, 0, 4294967295, 0, 1, record="Logprobs"),
            Field(28, "frame", U64, 3, 8, 8, 0, 1),
            Field(31, "answer", RECORD, 1, 0, 4294967295, 1, 1, record="Answer"),
        ),
    ),
    "Score request": Message(
        "Score request",
        messages.ScoreRequest,
        (
            Field(1, "model", TEXT, 2, 1, 128, 0, 1),
            Field(2, "prompt", TEXT, 2, 0, 4000000, 0, 1),
            Field(3, "tokens", U32S, 2, 4, 4000000, 0, 1),
            Field(4, "parse_special", BOOL, 2, 1, 1, 0, 1),
            Field(5, "add_special", BOOL, 2, 1, 1, 0, 1),
            Field(6, "messages", RECORD, 2, 0, 4294967295, 0, 1024, repeated=True,
                record="Chat message"),
            Field(7, "continuations", RECORD, 2, 0, 4294967295, 1, 256, repeated=True,
                record="Input"),
            Field(8, "top_logprobs", U64, 2, 8, 8, 0, 1, range=(0, 64)),
            Field(9, "tools", TEXT, 3, 1, 1000000, 0, 1),
            Field(10, "template_variables", RECORD, 3, 0, 4294967295, 0, 64, repeated=True,
                record="Template variable"),
            Field(11, "add_generation_prompt", BOOL, 3, 1, 1, 0, 1),
            Field(12, "continue_final_message", BOOL, 3, 1, 1, 0, 1),
            Field(13, "template_time", U64, 3, 8, 8, 0, 1, range=(0, 253402300799)),
            Field(29, "context", RECORD, 3, 0, 4294967295, 0, 1, record="Request context"),
            Field(30, "requirements", RECORD, 2, 0, 4294967295, 0, 1, record="Requirements"),
        ),
        exactly_one=("prompt", "tokens", "messages"),
        excludes=(
            ("messages", "parse_special"), ("messages", "add_special"), ("prompt", "tools"),
            ("prompt", "template_variables"), ("prompt", "add_generation_prompt"),
            ("prompt", "continue_final_message"), ("prompt", "template_time"), ("tokens", "tools"),
            ("tokens", "template_variables"), ("tokens", "add_generation_prompt"),
            ("tokens", "continue_final_message"), ("tokens", "template_time"),
            ("add_generation_prompt", "continue_final_message"),
        ),
    ),
    "Score response": Message(
        "Score response",
        messages.ScoreResponse,
        (
            Field(1, "scores", RECORD, 2, 0, 4294967295, 1, 256, repeated=True,
                record="Continuation score"),
            Field(2, "prompt_tokens", U64, 2, 8, 8, 1, 1),
            Field(31, "answer", RECORD, 2, 0, 4294967295, 1, 1, record="Answer"),
        ),
    ),
    "Continuation score": Message(
        "Continuation score",
        messages.ContinuationScore,
        (
            Field(1, "logprobs", RECORD, 2, 0, 4294967295, 1, 1, record="Logprobs"),
            Field(2, "logprob", F64, 2, 8, 8, 1, 1),
            Field(3, "greedy", BOOL, 2, 1, 1, 1, 1),
        ),
    ),
    "Embed request": Message(
        "Embed request",
        messages.EmbedRequest,
        (
            Field(1, "model", TEXT, 2, 1, 128, 0, 1),
            Field(2, "inputs", RECORD, 2, 0, 4294967295, 1, 256, repeated=True, record="Input"),
            Field(3, "parse_special", BOOL, 2, 1, 1, 0, 1),
            Field(4, "add_special", BOOL, 2, 1, 1, 0, 1),
            Field(5, "pooling", TEXT, 2, 0, 4294967295, 0, 1, choices=("mean", "last", "cls")),
            Field(6, "normalize", BOOL, 2, 1, 1, 0, 1),
            Field(29, "context", RECORD, 3, 0, 4294967295, 0, 1, record="Request context"),
            Field(30, "requirements", RECORD, 2, 0, 4294967295, 0, 1, record="Requirements"),
        ),
    ),
    "Embed chunk": Message(
        "Embed chunk",
        messages.EmbedChunk,
        (
            Field(1, "embeddings", F32S, 2, 4, 4000000, 1, 1),
            Field(28, "frame", U64, 3, 8, 8, 0, 1),
        ),
    ),
    "Embed response": Message(
        "Embed response",
        messages.EmbedResponse,
        (
            Field(1, "embeddings", F32S, 2, 0, 4000000, 1, 1),
            Field(2, "dimensions", U64, 2, 8, 8, 1, 1, range=(1, 131072)),
            Field(3, "count", U64, 2, 8, 8, 1, 1, range=(1, 256)),
            Field(4, "prompt_tokens", U64, 2, 8, 8, 1, 1),
            Field(5, "pooling", TEXT, 3, 0, 4294967295, 0, 1, choices=("mean", "last", "cls")),
            Field(28, "frame", U64, 3, 8, 8, 0, 1),
            Field(31, "answer", RECORD, 2, 0, 4294967295, 1, 1, record="Answer"),
        ),
    ),
    "Logits request": Message(
        "Logits request",
        messages.LogitsRequest,
        (
            Field(1, "model", TEXT, 1, 1, 128, 0, 1),
            Field(2, "prompt", TEXT, 1, 0, 4000000, 0, 1),
            Field(3, "tokens", U32S, 1, 4, 4000000, 0, 1),
            Field(4, "parse_special", BOOL, 1, 1, 1, 0, 1),
            Field(5, "add_special", BOOL, 1, 1, 1, 0, 1),
            Field(6, "all_positions", BOOL, 1, 1, 1, 0, 1),
            Field(7, "messages", RECORD, 2, 0, 4294967295, 0, 1024, repeated=True,
                record="Chat message"),
            Field(8, "tools", TEXT, 3, 1, 1000000, 0, 1),
            Field(9, "template_variables", RECORD, 3, 0, 4294967295, 0, 64, repeated=True,
                record="Template variable"),
            Field(10, "add_generation_prompt", BOOL, 3, 1, 1, 0, 1),
            Field(11, "continue_final_message", BOOL, 3, 1, 1, 0, 1),
            Field(12, "template_time", U64, 3, 8, 8, 0, 1, range=(0, 253402300799)),
            Field(29, "context", RECORD, 3, 0, 4294967295, 0, 1, record="Request context"),
            Field(30, "requirements", RECORD, 1, 0, 4294967295, 0, 1, record="Requirements"),
        ),
        exactly_one=("prompt", "tokens", "messages"),
        excludes=(
            ("messages", "parse_special"), ("messages", "add_special"), ("prompt", "tools"),
            ("prompt", "template_variables"), ("prompt", "add_generation_prompt"),
            ("prompt", "continue_final_message"), ("prompt", "template_time"), ("tokens", "tools"),
            ("tokens", "template_variables"), ("tokens", "add_generation_prompt"),
            ("tokens", "continue_final_message"), ("tokens", "template_time"),
            ("add_generation_prompt", "continue_final_message"),
        ),
    ),
    "Logits chunk": Message(
        "Logits chunk",
        messages.LogitsChunk,
        (
            Field(1, "logits", F32S, 1, 4, 4000000, 1, 1),
            Field(28, "frame", U64, 3, 8, 8, 0, 1),
        ),
    ),
    "Logits response": Message(
        "Logits response",
        messages.LogitsResponse,
        (
            Field(1, "logits", F32S, 1, 0, 4000000, 1, 1),
            Field(2, "vocabulary", U64, 1, 8, 8, 1, 1, range=(1, 4294967295)),
            Field(3, "positions", U64, 1, 8, 8, 1, 1, range=(1, 4294967295)),
            Field(28, "frame", U64, 3, 8, 8, 0, 1),
            Field(31, "answer", RECORD, 1, 0, 4294967295, 1, 1, record="Answer"),
        ),
    ),
    "Render request": Message(
        "Render request",
        messages.RenderRequest,
        (
            Field(1, "model", TEXT, 3, 1, 128, 0, 1),
            Field(2, "messages", RECORD, 3, 0, 4294967295, 1, 1024, repeated=True,
                record="Chat message"),
            Field(3, "tools", TEXT, 3, 1, 1000000, 0, 1),
            Field(4, "template_variables", RECORD, 3, 0, 4294967295, 0, 64, repeated=True,
                record="Template variable"),
            Field(5, "add_generation_prompt", BOOL, 3, 1, 1, 0, 1),
            Field(6, "continue_final_message", BOOL, 3, 1, 1, 0, 1),
            Field(7, "template_time", U64, 3, 8, 8, 0, 1, range=(0, 253402300799)),
            Field(29, "context", RECORD, 3, 0, 4294967295, 0, 1, record="Request context"),
            Field(30, "requirements", RECORD, 3, 0, 4294967295, 0, 1, record="Requirements"),
        ),
        excludes=(("add_generation_prompt", "continue_final_message"),),
    ),
    "Render response": Message(
        "Render response",
        messages.RenderResponse,
        (
            Field(1, "text", TEXT, 3, 0, 4000000, 1, 1),
            Field(2, "tokens", U32S, 3, 0, 4000000, 1, 1),
            Field(3, "template", RECORD, 3, 0, 4294967295, 1, 1, record="Chat template"),
            Field(31, "answer", RECORD, 3, 0, 4294967295, 1, 1, record="Answer"),
        ),
    ),
    "Cancel request": Message(
        "Cancel request",
        messages.CancelRequest,
        (
            Field(1, "target", U64, 1, 8, 8, 1, 1, range=(1, 18446744073709551615)),
        ),
    ),
    "Cancel response": Message(
        "Cancel response",
        messages.CancelResponse,
        (
            Field(1, "found", BOOL, 1, 1, 1, 1, 1),
        ),
    ),
    "Stats request": Message(
        "Stats request",
        messages.StatsRequest,
        (),
    ),
    "Stats response": Message(
        "Stats response",
        messages.StatsResponse,
        (
            Field(1, "counters", RECORD, 1, 0, 4294967295, 0, 1024, repeated=True,
                record="Counter"),
        ),
    ),
    "Counter": Message(
        "Counter",
        messages.Counter,
        (
            Field(1, "name", TEXT, 1, 1, 128, 1, 1),
            Field(2, "real", U64, 1, 8, 8, 1, 1),
            Field(3, "mock", U64, 1, 8, 8, 1, 1),
        ),
    ),
    "GoAway": Message(
        "GoAway",
        messages.GoAway,
        (
            Field(1, "reason", TEXT, 1, 1, 128, 1, 1),
            Field(2, "drain_milliseconds", U64, 1, 8, 8, 1, 1),
        ),
    ),
}

KINDS: dict[str, Kind] = {
    "Hello": Kind(
        1, "Hello", since=1, retry_safe=True,
        request=MESSAGES["Hello request"],
        chunk=None,
        response=MESSAGES["Hello response"],
        shares=(),
    ),
    "Ping": Kind(
        2, "Ping", since=1, retry_safe=True,
        request=MESSAGES["Ping request"],
        chunk=None,
        response=MESSAGES["Ping response"],
        shares=(),
    ),
    "Health": Kind(
        3, "Health", since=1, retry_safe=True,
        request=MESSAGES["Health request"],
        chunk=None,
        response=MESSAGES["Health response"],
        shares=(),
    ),
    "Models": Kind(
        4, "Models", since=1, retry_safe=True,
        request=MESSAGES["Models request"],
        chunk=None,
        response=MESSAGES["Models response"],
        shares=(),
    ),
    "Load": Kind(
        5, "Load", since=1, retry_safe=False,
        request=MESSAGES["Load request"],
        chunk=MESSAGES["Load progress"],
        response=MESSAGES["Load response"],
        shares=(),
    ),
    "Swap": Kind(
        6, "Swap", since=4, retry_safe=False,
        request=MESSAGES["Swap request"],
        chunk=MESSAGES["Swap progress"],
        response=MESSAGES["Swap response"],
        shares=("step",),
    ),
    "Unload": Kind(
        7, "Unload", since=1, retry_safe=False,
        request=MESSAGES["Unload request"],
        chunk=None,
        response=MESSAGES["Unload response"],
        shares=(),
    ),
    "Tokenize": Kind(
        8, "Tokenize", since=1, retry_safe=True,
        request=MESSAGES["Tokenize request"],
        chunk=None,
        response=MESSAGES["Tokenize response"],
        shares=(),
    ),
    "Detokenize": Kind(
        9, "Detokenize", since=1, retry_safe=True,
        request=MESSAGES["Detokenize request"],
        chunk=None,
        response=MESSAGES["Detokenize response"],
        shares=(),
    ),
    "Generate": Kind(
        10, "Generate", since=1, retry_safe=True,
        request=MESSAGES["Generate request"],
        chunk=MESSAGES["Generate chunk"],
        response=MESSAGES["Generate response"],
        shares=("tokens", "text",),
    ),
    "Score": Kind(
        11, "Score", since=2, retry_safe=True,
        request=MESSAGES["Score request"],
        chunk=None,
        response=MESSAGES["Score response"],
        shares=(),
    ),
    "Logits": Kind(
        12, "Logits", since=1, retry_safe=True,
        request=MESSAGES["Logits request"],
        chunk=MESSAGES["Logits chunk"],
        response=MESSAGES["Logits response"],
        shares=("logits",),
    ),
    "Embed": Kind(
        13, "Embed", since=2, retry_safe=True,
        request=MESSAGES["Embed request"],
        chunk=MESSAGES["Embed chunk"],
        response=MESSAGES["Embed response"],
        shares=("embeddings",),
    ),
    "Cancel": Kind(
        14, "Cancel", since=1, retry_safe=False,
        request=MESSAGES["Cancel request"],
        chunk=None,
        response=MESSAGES["Cancel response"],
        shares=(),
    ),
    "Stats": Kind(
        15, "Stats", since=1, retry_safe=True,
        request=MESSAGES["Stats request"],
        chunk=None,
        response=MESSAGES["Stats response"],
        shares=(),
    ),
    "Render": Kind(
        16, "Render", since=3, retry_safe=True,
        request=MESSAGES["Render request"],
        chunk=None,
        response=MESSAGES["Render response"],
        shares=(),
    ),
    "Rollback": Kind(
        18, "Rollback", since=4, retry_safe=False,
        request=MESSAGES["Rollback request"],
        chunk=None,
        response=MESSAGES["Rollback response"],
        shares=(),
    ),
    "Pin": Kind(
        19, "Pin", since=4, retry_safe=True,
        request=MESSAGES["Pin request"],
        chunk=None,
        response=MESSAGES["Pin response"],
        shares=(),
    ),
    "Alias": Kind(
        20, "Alias", since=4, retry_safe=True,
        request=MESSAGES["Alias request"],
        chunk=None,
        response=MESSAGES["Alias response"],
        shares=(),
    ),
}

GOAWAY_KIND = 112
