# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""Numbers and message tables of the wire protocol (Protocol/SPEC.md)."""

from __future__ import annotations

from enum import IntEnum

from . import messages
from ._tables import Field, Kind, Message

VERSION = 1
REVISION = 3
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
    """Numbers that both sides keep; the unit stands behind each."""

    FRAME_SIZE_MAX_BEFORE_HELLO = 4096  # bytes
    BODY_SIZE_MAX = 4194304  # bytes
    BODY_SIZE_MIN = 4096  # bytes
    COMPRESSION_SIZE_MIN = 1024  # bytes
    REQUESTS_IN_FLIGHT_MAX = 256  # requests
    TEXT_SIZE_MAX = 4000000  # bytes
    TOKEN_COUNT_MAX = 1000000  # elements
    LIST_COUNT_MAX = 1024  # elements
    MESSAGE_COUNT_MAX = 1024  # records
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
    """How a request ended."""

    #: none: the answer follows
    OK = 0
    #: fix: a Cancel, or the connection's end, came before the work began
    CANCELLED = 1
    #: fix: a failure nobody classified; also how a client reads a number it does not know
    UNKNOWN = 2
    #: fix: a field is unknown, malformed, out of range or missing; the error body names it
    INVALID_ARGUMENT = 3
    #: backoff: the request's deadline passed before the work began
    DEADLINE_EXCEEDED = 4
    #: fix: no model of that name is served
    NOT_FOUND = 5
    #: fix: the name, or the request id, is taken
    ALREADY_EXISTS = 6
    #: fix: this client may not do that
    PERMISSION_DENIED = 7
    #: backoff: a queue or a budget is full; refused at once instead of waiting without bound
    RESOURCE_EXHAUSTED = 8
    #: fix: not in this state: no Hello yet (hello_required), a second Hello, a model that is not
    #: ready
    FAILED_PRECONDITION = 9
    #: retry: overtaken by something concurrent, such as a model being replaced
    ABORTED = 10
    #: fix: right in itself but too much for this model: a prompt longer than the context, a token
    #: id outside the vocabulary
    OUT_OF_RANGE = 11
    #: fix: the kind is unknown or reserved; the connection lives on
    UNIMPLEMENTED = 12
    #: fix: a fault of the server
    INTERNAL = 13
    #: backoff: not now: draining, or a model still loading (model_loading)
    UNAVAILABLE = 14
    #: fix: a served model drifted from its seal, or gives logits that are not finite
    DATA_LOSS = 15
    #: fix: the server wants to know who is asking
    UNAUTHENTICATED = 16
    #: fix: the bytes break the framing; sent in a GoAway, then the connection closes
    PROTOCOL_ERROR = 32
    #: fix: a model file failed the assay; the error body names the layer
    MODEL_REJECTED = 33
    #: fix: a requirement stated in the request does not hold; nothing was computed
    REQUIREMENT_NOT_MET = 34
    #: fix: made by a client that got a mock answer without having allowed mocks
    MOCK_REFUSED = 35


MESSAGES: dict[str, Message] = {
    "Requirements": Message(
        "Requirements",
        messages.Requirements,
        (
            Field(1, "real", BOOL),
            Field(2, "fingerprint", BYTES, min=32, max=32),
            Field(3, "device", TEXT, min=1, max=64),
        ),
    ),
    "Request context": Message(
        "Request context",
        messages.RequestContext,
        (
            Field(1, "trace_context", TEXT, min=55, max=55, since=3),
            Field(2, "attempt", U64, min=1, max=4294967295, since=3),
            Field(3, "priority", U64, min=0, max=9, since=3),
        ),
    ),
    "Answer": Message(
        "Answer",
        messages.Answer,
        (
            Field(1, "model", TEXT, required=True, min=1, max=128),
            Field(2, "fingerprint", BYTES, min=32, max=32),
            Field(3, "device", TEXT, required=True, min=1, max=64),
            Field(4, "timing", RECORD, required=True, record="Timing"),
            Field(
                5,
                "degradations",
                TEXT,
                repeated=True,
                min=1,
                max=2048,
                times_min=0,
                times_max=1024,
            ),
            Field(6, "server_load", RECORD, record="Server load", since=3),
        ),
    ),
    "Server load": Message(
        "Server load",
        messages.ServerLoad,
        (
            Field(1, "queued", U64, required=True, since=3),
            Field(2, "running", U64, required=True, since=3),
            Field(3, "wait_microseconds", U64, required=True, since=3),
            Field(4, "cache_pages_used", U64, required=True, since=3),
            Field(5, "cache_pages", U64, required=True, since=3),
        ),
    ),
    "Timing": Message(
        "Timing",
        messages.Timing,
        (
            Field(1, "accept", U64, required=True),
            Field(2, "queue", U64, required=True),
            Field(3, "tokenize", U64, required=True),
            Field(4, "prefill", U64, required=True),
            Field(5, "decode", U64, required=True),
            Field(6, "write", U64, required=True),
            Field(7, "total", U64, required=True),
        ),
    ),
    "Chat message": Message(
        "Chat message",
        messages.ChatMessage,
        (
            Field(
                1,
                "role",
                TEXT,
                required=True,
                choices=("system", "user", "assistant"),
                since=2,
            ),
            Field(2, "content", TEXT, required=True, min=0, max=4000000, since=2),
        ),
    ),
    "Input": Message(
        "Input",
        messages.Input,
        (
            Field(1, "text", TEXT, min=0, max=4000000, since=2),
            Field(2, "tokens", U32S, min=1, max=1000000, since=2),
        ),
    ),
    "Logprobs": Message(
        "Logprobs",
        messages.Logprobs,
        (
            Field(1, "tokens", U32S, required=True, min=0, max=1000000, since=2),
            Field(2, "logprobs", F32S, required=True, min=0, max=1000000, since=2),
            Field(3, "top_count", U64, min=0, max=64, since=2),
            Field(4, "top_tokens", U32S, min=0, max=1000000, since=2),
            Field(5, "top_logprobs", F32S, min=0, max=1000000, since=2),
        ),
    ),
    "Error": Message(
        "Error",
        messages.ErrorBody,
        (
            Field(1, "code", TEXT, required=True, min=1, max=128),
            Field(2, "message", TEXT, required=True, min=0, max=2048),
            Field(3, "field", TEXT, min=1, max=128),
            Field(4, "retry_after_milliseconds", U64, min=0, max=3600000),
            Field(
                5,
                "layer",
                TEXT,
                choices=("file", "parse", "compatibility", "placement", "validation"),
            ),
            Field(6, "server_load", RECORD, record="Server load", since=3),
        ),
    ),
    "Hello request": Message(
        "Hello request",
        messages.HelloRequest,
        (
            Field(1, "client", TEXT, required=True, min=1, max=128),
            Field(2, "revision", U64, required=True, min=1, max=4294967295),
            Field(3, "compression", BOOL),
            Field(4, "body_size_max", U64, min=4096, max=4294967295),
        ),
    ),
    "Hello response": Message(
        "Hello response",
        messages.HelloResponse,
        (
            Field(1, "server", TEXT, required=True, min=1, max=128),
            Field(2, "revision", U64, required=True, min=1, max=4294967295),
            Field(3, "compression", BOOL, required=True),
            Field(4, "body_size_max", U64, required=True, min=4096, max=4294967295),
            Field(5, "requests_in_flight_max", U64, required=True, min=1, max=4294967295),
        ),
    ),
    "Ping request": Message(
        "Ping request",
        messages.PingRequest,
        (
            Field(1, "payload", BYTES, min=0, max=65536),
        ),
    ),
    "Ping response": Message(
        "Ping response",
        messages.PingResponse,
        (
            Field(1, "payload", BYTES, min=0, max=65536),
        ),
    ),
    "Health request": Message(
        "Health request",
        messages.HealthRequest,
        (
            Field(1, "model", TEXT, min=1, max=128),
            Field(2, "verify", BOOL, since=2),
            Field(29, "context", RECORD, record="Request context", since=3),
            Field(30, "requirements", RECORD, record="Requirements"),
        ),
    ),
    "Health response": Message(
        "Health response",
        messages.HealthResponse,
        (
            Field(1, "ready", BOOL, required=True),
            Field(
                2,
                "state",
                TEXT,
                required=True,
                choices=("loading", "ready", "failed", "draining"),
            ),
            Field(3, "reason", TEXT, min=1, max=2048),
            Field(4, "seal", TEXT, choices=("absent", "matched", "drifted"), since=2),
            Field(5, "largest_difference", F64, min=0.0, max=10.0, since=2),
            Field(6, "file", TEXT, choices=("unchanged", "changed", "missing"), since=3),
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
            Field(1, "models", RECORD, repeated=True, times_min=0, times_max=1024, record="Model"),
        ),
    ),
    "Model": Message(
        "Model",
        messages.Model,
        (
            Field(1, "name", TEXT, required=True, min=1, max=128),
            Field(
                2,
                "state",
                TEXT,
                required=True,
                choices=("loading", "ready", "failed", "draining"),
            ),
            Field(3, "provenance", U64, required=True, min=1, max=2),
            Field(4, "architecture", TEXT, required=True, min=0, max=128),
            Field(5, "parameters", U64, required=True),
            Field(6, "vocabulary", U64, required=True),
            Field(7, "context", U64, required=True),
            Field(8, "fingerprint", BYTES, min=32, max=32),
            Field(9, "generation", U64, required=True, min=0, max=4294967295),
            Field(10, "device", TEXT, required=True, min=0, max=64),
            Field(11, "device_reason", TEXT, min=1, max=2048),
            Field(12, "bytes", U64, required=True),
            Field(13, "file", TEXT, choices=("unchanged", "changed", "missing"), since=3),
        ),
    ),
    "Load request": Message(
        "Load request",
        messages.LoadRequest,
        (
            Field(1, "name", TEXT, required=True, min=1, max=128),
            Field(2, "path", TEXT, required=True, min=1, max=4096),
            Field(3, "strategy", TEXT, choices=("strict", "graceful", "development")),
            Field(4, "device", TEXT, min=1, max=64),
        ),
    ),
    "Load progress": Message(
        "Load progress",
        messages.LoadProgress,
        (
            Field(1, "layer", RECORD, required=True, record="Layer"),
            Field(28, "frame", U64, since=3),
        ),
    ),
    "Load response": Message(
        "Load response",
        messages.LoadResponse,
        (
            Field(1, "accepted", BOOL, required=True),
            Field(2, "layers", RECORD, repeated=True, times_min=0, times_max=1024, record="Layer"),
            Field(3, "model", RECORD, record="Model"),
            Field(
                4,
                "overrides",
                TEXT,
                repeated=True,
                min=1,
                max=2048,
                times_min=0,
                times_max=1024,
            ),
            Field(
                5,
                "attempts",
                TEXT,
                repeated=True,
                min=1,
                max=2048,
                times_min=0,
                times_max=1024,
            ),
            Field(28, "frame", U64, since=3),
        ),
    ),
    "Layer": Message(
        "Layer",
        messages.Layer,
        (
            Field(
                1,
                "layer",
                TEXT,
                required=True,
                choices=("file", "parse", "compatibility", "placement", "validation"),
            ),
            Field(2, "ok", BOOL, required=True),
            Field(3, "microseconds", U64, required=True),
        ),
    ),
    "Unload request": Message(
        "Unload request",
        messages.UnloadRequest,
        (
            Field(1, "name", TEXT, required=True, min=1, max=128),
        ),
    ),
    "Unload response": Message(
        "Unload response",
        messages.UnloadResponse,
        (),
    ),
    "Tokenize request": Message(
        "Tokenize request",
        messages.TokenizeRequest,
        (
            Field(1, "model", TEXT, min=1, max=128),
            Field(2, "text", BYTES, required=True, min=0, max=4000000),
            Field(3, "parse_special", BOOL),
            Field(4, "add_special", BOOL),
            Field(29, "context", RECORD, record="Request context", since=3),
            Field(30, "requirements", RECORD, record="Requirements"),
        ),
    ),
    "Tokenize response": Message(
        "Tokenize response",
        messages.TokenizeResponse,
        (
            Field(1, "tokens", U32S, required=True, min=0, max=1000000),
            Field(31, "answer", RECORD, required=True, record="Answer"),
        ),
    ),
    "Detokenize request": Message(
        "Detokenize request",
        messages.DetokenizeRequest,
        (
            Field(1, "model", TEXT, min=1, max=128),
            Field(2, "tokens", U32S, required=True, min=0, max=1000000),
            Field(29, "context", RECORD, record="Request context", since=3),
            Field(30, "requirements", RECORD, record="Requirements"),
        ),
    ),
    "Detokenize response": Message(
        "Detokenize response",
        messages.DetokenizeResponse,
        (
            Field(1, "text", BYTES, required=True, min=0, max=4000000),
            Field(31, "answer", RECORD, required=True, record="Answer"),
        ),
    ),
    "Generate request": Message(
        "Generate request",
        messages.GenerateRequest,
        (
            Field(1, "model", TEXT, min=1, max=128),
            Field(2, "prompt", TEXT, min=0, max=4000000),
            Field(3, "tokens", U32S, min=1, max=1000000),
            Field(4, "parse_special", BOOL),
            Field(5, "add_special", BOOL),
            Field(6, "max_tokens", U64, min=1, max=1048576),
            Field(7, "temperature", F64, min=0.0, max=100.0),
            Field(8, "top_k", U64, min=0, max=16777216),
            Field(9, "top_p", F64, min=0.0, max=1.0),
            Field(10, "min_p", F64, min=0.0, max=1.0),
            Field(11, "seed", U64),
            Field(12, "stop", TEXT, repeated=True, min=1, max=256, times_min=0, times_max=16),
            Field(13, "truncate_prompt", BOOL),
            Field(14, "logprobs", U64, min=0, max=64, since=2),
            Field(15, "prompt_logprobs", U64, min=0, max=64, since=2),
            Field(
                16,
                "messages",
                RECORD,
                repeated=True,
                times_min=0,
                times_max=1024,
                record="Chat message",
                since=2,
            ),
            Field(17, "ignore_eos", BOOL, since=3),
            Field(18, "min_tokens", U64, min=0, max=1048576, since=3),
            Field(29, "context", RECORD, record="Request context", since=3),
            Field(30, "requirements", RECORD, record="Requirements"),
        ),
    ),
    "Generate chunk": Message(
        "Generate chunk",
        messages.GenerateChunk,
        (
            Field(1, "tokens", U32S, min=0, max=1000000),
            Field(2, "text", TEXT, min=0, max=4000000),
            Field(3, "prompt_done", U64),
            Field(4, "prompt_total", U64),
            Field(5, "logprobs", RECORD, record="Logprobs", since=2),
            Field(6, "prompt_logprobs", RECORD, record="Logprobs", since=2),
            Field(28, "frame", U64, since=3),
        ),
    ),
    "Generate response": Message(
        "Generate response",
        messages.GenerateResponse,
        (
            Field(1, "tokens", U32S, min=0, max=1000000),
            Field(2, "text", TEXT, min=0, max=4000000),
            Field(
                5,
                "finish_reason",
                TEXT,
                required=True,
                choices=("stop", "length", "cancelled", "deadline"),
            ),
            Field(6, "stop_matched", TEXT, min=1, max=256),
            Field(7, "prompt_tokens", U64, required=True),
            Field(8, "completion_tokens", U64, required=True),
            Field(9, "logprobs", RECORD, record="Logprobs", since=2),
            Field(10, "prompt_logprobs", RECORD, record="Logprobs", since=2),
            Field(28, "frame", U64, since=3),
            Field(31, "answer", RECORD, required=True, record="Answer"),
        ),
    ),
    "Score request": Message(
        "Score request",
        messages.ScoreRequest,
        (
            Field(1, "model", TEXT, min=1, max=128, since=2),
            Field(2, "prompt", TEXT, min=0, max=4000000, since=2),
            Field(3, "tokens", U32S, min=1, max=1000000, since=2),
            Field(4, "parse_special", BOOL, since=2),
            Field(5, "add_special", BOOL, since=2),
            Field(
                6,
                "messages",
                RECORD,
                repeated=True,
                times_min=0,
                times_max=1024,
                record="Chat message",
                since=2,
            ),
            Field(
                7,
                "continuations",
                RECORD,
                repeated=True,
                times_min=1,
                times_max=256,
                record="Input",
                since=2,
            ),
            Field(8, "top_logprobs", U64, min=0, max=64, since=2),
            Field(29, "context", RECORD, record="Request context", since=3),
            Field(30, "requirements", RECORD, record="Requirements", since=2),
        ),
    ),
    "Score response": Message(
        "Score response",
        messages.ScoreResponse,
        (
            Field(
                1,
                "scores",
                RECORD,
                repeated=True,
                times_min=1,
                times_max=256,
                record="Continuation score",
                since=2,
            ),
            Field(2, "prompt_tokens", U64, required=True, since=2),
            Field(31, "answer", RECORD, required=True, record="Answer", since=2),
        ),
    ),
    "Continuation score": Message(
        "Continuation score",
        messages.ContinuationScore,
        (
            Field(1, "logprobs", RECORD, required=True, record="Logprobs", since=2),
            Field(2, "logprob", F64, required=True, since=2),
            Field(3, "greedy", BOOL, required=True, since=2),
        ),
    ),
    "Embed request": Message(
        "Embed request",
        messages.EmbedRequest,
        (
            Field(1, "model", TEXT, min=1, max=128, since=2),
            Field(
                2,
                "inputs",
                RECORD,
                repeated=True,
                times_min=1,
                times_max=256,
                record="Input",
                since=2,
            ),
            Field(3, "parse_special", BOOL, since=2),
            Field(4, "add_special", BOOL, since=2),
            Field(5, "pooling", TEXT, choices=("mean", "last", "cls"), since=2),
            Field(6, "normalize", BOOL, since=2),
            Field(29, "context", RECORD, record="Request context", since=3),
            Field(30, "requirements", RECORD, record="Requirements", since=2),
        ),
    ),
    "Embed chunk": Message(
        "Embed chunk",
        messages.EmbedChunk,
        (
            Field(1, "embeddings", F32S, required=True, min=1, max=1000000, since=2),
            Field(28, "frame", U64, since=3),
        ),
    ),
    "Embed response": Message(
        "Embed response",
        messages.EmbedResponse,
        (
            Field(1, "embeddings", F32S, required=True, min=0, max=1000000, since=2),
            Field(2, "dimensions", U64, required=True, min=1, max=131072, since=2),
            Field(3, "count", U64, required=True, min=1, max=256, since=2),
            Field(4, "prompt_tokens", U64, required=True, since=2),
            Field(28, "frame", U64, since=3),
            Field(31, "answer", RECORD, required=True, record="Answer", since=2),
        ),
    ),
    "Logits request": Message(
        "Logits request",
        messages.LogitsRequest,
        (
            Field(1, "model", TEXT, min=1, max=128),
            Field(2, "prompt", TEXT, min=0, max=4000000),
            Field(3, "tokens", U32S, min=1, max=1000000),
            Field(4, "parse_special", BOOL),
            Field(5, "add_special", BOOL),
            Field(6, "all_positions", BOOL),
            Field(
                7,
                "messages",
                RECORD,
                repeated=True,
                times_min=0,
                times_max=1024,
                record="Chat message",
                since=2,
            ),
            Field(29, "context", RECORD, record="Request context", since=3),
            Field(30, "requirements", RECORD, record="Requirements"),
        ),
    ),
    "Logits chunk": Message(
        "Logits chunk",
        messages.LogitsChunk,
        (
            Field(1, "logits", F32S, required=True, min=1, max=1000000),
            Field(28, "frame", U64, since=3),
        ),
    ),
    "Logits response": Message(
        "Logits response",
        messages.LogitsResponse,
        (
            Field(1, "logits", F32S, required=True, min=0, max=1000000),
            Field(2, "vocabulary", U64, required=True, min=1, max=4294967295),
            Field(3, "positions", U64, required=True, min=1, max=4294967295),
            Field(28, "frame", U64, since=3),
            Field(31, "answer", RECORD, required=True, record="Answer"),
        ),
    ),
    "Cancel request": Message(
        "Cancel request",
        messages.CancelRequest,
        (
            Field(1, "target", U64, required=True, min=1, max=18446744073709551615),
        ),
    ),
    "Cancel response": Message(
        "Cancel response",
        messages.CancelResponse,
        (
            Field(1, "found", BOOL, required=True),
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
            Field(
                1,
                "counters",
                RECORD,
                repeated=True,
                times_min=0,
                times_max=1024,
                record="Counter",
            ),
        ),
    ),
    "Counter": Message(
        "Counter",
        messages.Counter,
        (
            Field(1, "name", TEXT, required=True, min=1, max=128),
            Field(2, "real", U64, required=True),
            Field(3, "mock", U64, required=True),
        ),
    ),
    "GoAway": Message(
        "GoAway",
        messages.GoAway,
        (
            Field(1, "reason", TEXT, required=True, min=1, max=128),
            Field(2, "drain_milliseconds", U64, required=True),
        ),
    ),
}

KINDS: dict[str, Kind] = {
    "Hello": Kind(
        1,
        "Hello",
        since=1,
        retry_safe=True,
        request=MESSAGES["Hello request"],
        chunk=None,
        response=MESSAGES["Hello response"],
    ),
    "Ping": Kind(
        2,
        "Ping",
        since=1,
        retry_safe=True,
        request=MESSAGES["Ping request"],
        chunk=None,
        response=MESSAGES["Ping response"],
    ),
    "Health": Kind(
        3,
        "Health",
        since=1,
        retry_safe=True,
        request=MESSAGES["Health request"],
        chunk=None,
        response=MESSAGES["Health response"],
    ),
    "Models": Kind(
        4,
        "Models",
        since=1,
        retry_safe=True,
        request=MESSAGES["Models request"],
        chunk=None,
        response=MESSAGES["Models response"],
    ),
    "Load": Kind(
        5,
        "Load",
        since=1,
        retry_safe=False,
        request=MESSAGES["Load request"],
        chunk=MESSAGES["Load progress"],
        response=MESSAGES["Load response"],
    ),
    "Unload": Kind(
        7,
        "Unload",
        since=1,
        retry_safe=False,
        request=MESSAGES["Unload request"],
        chunk=None,
        response=MESSAGES["Unload response"],
    ),
    "Tokenize": Kind(
        8,
        "Tokenize",
        since=1,
        retry_safe=True,
        request=MESSAGES["Tokenize request"],
        chunk=None,
        response=MESSAGES["Tokenize response"],
    ),
    "Detokenize": Kind(
        9,
        "Detokenize",
        since=1,
        retry_safe=True,
        request=MESSAGES["Detokenize request"],
        chunk=None,
        response=MESSAGES["Detokenize response"],
    ),
    "Generate": Kind(
        10,
        "Generate",
        since=1,
        retry_safe=True,
        request=MESSAGES["Generate request"],
        chunk=MESSAGES["Generate chunk"],
        response=MESSAGES["Generate response"],
    ),
    "Score": Kind(
        11,
        "Score",
        since=2,
        retry_safe=True,
        request=MESSAGES["Score request"],
        chunk=None,
        response=MESSAGES["Score response"],
    ),
    "Logits": Kind(
        12,
        "Logits",
        since=1,
        retry_safe=True,
        request=MESSAGES["Logits request"],
        chunk=MESSAGES["Logits chunk"],
        response=MESSAGES["Logits response"],
    ),
    "Embed": Kind(
        13,
        "Embed",
        since=2,
        retry_safe=True,
        request=MESSAGES["Embed request"],
        chunk=MESSAGES["Embed chunk"],
        response=MESSAGES["Embed response"],
    ),
    "Cancel": Kind(
        14,
        "Cancel",
        since=1,
        retry_safe=False,
        request=MESSAGES["Cancel request"],
        chunk=None,
        response=MESSAGES["Cancel response"],
    ),
    "Stats": Kind(
        15,
        "Stats",
        since=1,
        retry_safe=True,
        request=MESSAGES["Stats request"],
        chunk=None,
        response=MESSAGES["Stats response"],
    ),
}

GOAWAY_KIND = 112
