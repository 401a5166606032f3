# Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
"""Numbers and message tables of the wire protocol (Protocol/SPEC.md)."""

from typing import Dict, NamedTuple, Optional, Tuple, Union


class Field(NamedTuple):
    """One row of a message's table."""

    id: int
    name: str
    #: u64, f64, bytes, text, u32[], f32[], record, bool
    type: str
    #: required, optional, repeated
    presence: str
    #: bytes of a text or bytes, elements of an array, otherwise the value; None: any
    min: Union[int, float, None] = None
    max: Union[int, float, None] = None
    min_exclusive: bool = False
    times_min: int = 0
    times_max: int = 1
    choices: Tuple[str, ...] = ()
    default: Union[bool, int, float, str, None] = None
    #: name of the message that a record holds
    record: Optional[str] = None
    #: lowest revision that knows the field
    since: int = 1


class Kind(NamedTuple):
    """One kind of request."""

    number: int
    name: str
    #: served, reserved, push
    state: str
    since: int
    streamed: bool
    retry_safe: bool
    #: names of its messages
    request: Optional[str]
    chunk: Optional[str]
    response: Optional[str]


class Status(NamedTuple):
    """One status number."""

    number: int
    name: str
    #: none, retry, backoff, fix
    advice: str
    on_wire: bool


VERSION = 1
REVISION = 2
DEFAULT_PORT = 7411
RESPONSE_BIT = 128

# Flags of a frame.
FLAG_COMPRESSED = 1
FLAG_MORE = 2
FLAG_DEGRADED = 4

# Provenance of a frame.
PROVENANCE_REAL = 1
PROVENANCE_MOCK = 2

# Limits; the unit stands behind each.
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

KINDS: Dict[str, Kind] = {
    'Hello': Kind(1, 'Hello', 'served', 1, False, True, 'Hello request', None, 'Hello response'),
    'Ping': Kind(2, 'Ping', 'served', 1, False, True, 'Ping request', None, 'Ping response'),
    'Health': Kind(3, 'Health', 'served', 1, False, True, 'Health request', None, 'Health response'),
    'Models': Kind(4, 'Models', 'served', 1, False, True, 'Models request', None, 'Models response'),
    'Load': Kind(5, 'Load', 'served', 1, True, False, 'Load request', 'Load progress', 'Load response'),
    'Swap': Kind(6, 'Swap', 'reserved', 1, False, False, None, None, None),
    'Unload': Kind(7, 'Unload', 'served', 1, False, False, 'Unload request', None, 'Unload response'),
    'Tokenize': Kind(8, 'Tokenize', 'served', 1, False, True, 'Tokenize request', None, 'Tokenize response'),
    'Detokenize': Kind(9, 'Detokenize', 'served', 1, False, True, 'Detokenize request', None, 'Detokenize response'),
    'Generate': Kind(10, 'Generate', 'served', 1, True, True, 'Generate request', 'Generate chunk', 'Generate response'),
    'Score': Kind(11, 'Score', 'served', 2, False, True, 'Score request', None, 'Score response'),
    'Logits': Kind(12, 'Logits', 'served', 1, True, True, 'Logits request', 'Logits chunk', 'Logits response'),
    'Embed': Kind(13, 'Embed', 'served', 2, True, True, 'Embed request', 'Embed chunk', 'Embed response'),
    'Cancel': Kind(14, 'Cancel', 'served', 1, False, False, 'Cancel request', None, 'Cancel response'),
    'Stats': Kind(15, 'Stats', 'served', 1, False, True, 'Stats request', None, 'Stats response'),
    'GoAway': Kind(112, 'GoAway', 'push', 1, False, False, None, None, 'GoAway'),
}

STATUSES: Tuple[Status, ...] = (
    Status(0, 'OK', 'none', True),
    Status(1, 'CANCELLED', 'fix', True),
    Status(2, 'UNKNOWN', 'fix', True),
    Status(3, 'INVALID_ARGUMENT', 'fix', True),
    Status(4, 'DEADLINE_EXCEEDED', 'backoff', True),
    Status(5, 'NOT_FOUND', 'fix', True),
    Status(6, 'ALREADY_EXISTS', 'fix', True),
    Status(7, 'PERMISSION_DENIED', 'fix', True),
    Status(8, 'RESOURCE_EXHAUSTED', 'backoff', True),
    Status(9, 'FAILED_PRECONDITION', 'fix', True),
    Status(10, 'ABORTED', 'retry', True),
    Status(11, 'OUT_OF_RANGE', 'fix', True),
    Status(12, 'UNIMPLEMENTED', 'fix', True),
    Status(13, 'INTERNAL', 'fix', True),
    Status(14, 'UNAVAILABLE', 'backoff', True),
    Status(15, 'DATA_LOSS', 'fix', True),
    Status(16, 'UNAUTHENTICATED', 'fix', True),
    Status(32, 'PROTOCOL_ERROR', 'fix', True),
    Status(33, 'MODEL_REJECTED', 'fix', True),
    Status(34, 'REQUIREMENT_NOT_MET', 'fix', True),
    Status(35, 'MOCK_REFUSED', 'fix', False),
)

# Name of a type -> its number in a field header.
TYPES: Dict[str, int] = {
    'u64': 1,
    'f64': 2,
    'bytes': 3,
    'text': 4,
    'u32[]': 5,
    'f32[]': 6,
    'record': 7,
    'bool': 8,
}

# Exactly one of these fields is given.
EXACTLY_ONE: Dict[str, Tuple[str, ...]] = {
    'Input': ('text', 'tokens'),
    'Generate request': ('prompt', 'tokens', 'messages'),
    'Score request': ('prompt', 'tokens', 'messages'),
    'Logits request': ('prompt', 'tokens', 'messages'),
}

MESSAGES: Dict[str, Tuple[Field, ...]] = {
    'Requirements': (
        Field(1, 'real', 'bool', 'optional', default=False),
        Field(2, 'fingerprint', 'bytes', 'optional', min=32, max=32),
        Field(3, 'device', 'text', 'optional', min=1, max=64),
    ),
    'Answer': (
        Field(1, 'model', 'text', 'required', min=1, max=128),
        Field(2, 'fingerprint', 'bytes', 'optional', min=32, max=32),
        Field(3, 'device', 'text', 'required', min=1, max=64),
        Field(4, 'timing', 'record', 'required', record='Timing'),
        Field(5, 'degradations', 'text', 'repeated', min=1, max=2048, times_min=0, times_max=1024),
    ),
    'Timing': (
        Field(1, 'accept', 'u64', 'required'),
        Field(2, 'queue', 'u64', 'required'),
        Field(3, 'tokenize', 'u64', 'required'),
        Field(4, 'prefill', 'u64', 'required'),
        Field(5, 'decode', 'u64', 'required'),
        Field(6, 'write', 'u64', 'required'),
        Field(7, 'total', 'u64', 'required'),
    ),
    'Chat message': (
        Field(1, 'role', 'text', 'required', choices=('system', 'user', 'assistant'), since=2),
        Field(2, 'content', 'text', 'required', min=0, max=4000000, since=2),
    ),
    'Input': (
        Field(1, 'text', 'text', 'optional', min=0, max=4000000, since=2),
        Field(2, 'tokens', 'u32[]', 'optional', min=1, max=1000000, since=2),
    ),
    'Logprobs': (
        Field(1, 'tokens', 'u32[]', 'required', min=0, max=1000000, since=2),
        Field(2, 'logprobs', 'f32[]', 'required', min=0, max=1000000, since=2),
        Field(3, 'top_count', 'u64', 'optional', min=0, max=64, default=0, since=2),
        Field(4, 'top_tokens', 'u32[]', 'optional', min=0, max=1000000, since=2),
        Field(5, 'top_logprobs', 'f32[]', 'optional', min=0, max=1000000, since=2),
    ),
    'Error': (
        Field(1, 'code', 'text', 'required', min=1, max=128),
        Field(2, 'message', 'text', 'required', min=0, max=2048),
        Field(3, 'field', 'text', 'optional', min=1, max=128),
        Field(4, 'retry_after_milliseconds', 'u64', 'optional', min=0, max=3600000),
        Field(5, 'layer', 'text', 'optional', choices=('file', 'parse', 'compatibility', 'placement', 'validation')),
    ),
    'Hello request': (
        Field(1, 'client', 'text', 'required', min=1, max=128),
        Field(2, 'revision', 'u64', 'required', min=1, max=4294967295),
        Field(3, 'compression', 'bool', 'optional', default=False),
        Field(4, 'body_size_max', 'u64', 'optional', min=4096, max=4294967295, default=4194304),
    ),
    'Hello response': (
        Field(1, 'server', 'text', 'required', min=1, max=128),
        Field(2, 'revision', 'u64', 'required', min=1, max=4294967295),
        Field(3, 'compression', 'bool', 'required'),
        Field(4, 'body_size_max', 'u64', 'required', min=4096, max=4294967295),
        Field(5, 'requests_in_flight_max', 'u64', 'required', min=1, max=4294967295),
    ),
    'Ping request': (
        Field(1, 'payload', 'bytes', 'optional', min=0, max=65536),
    ),
    'Ping response': (
        Field(1, 'payload', 'bytes', 'optional', min=0, max=65536),
    ),
    'Health request': (
        Field(1, 'model', 'text', 'optional', min=1, max=128),
        Field(2, 'verify', 'bool', 'optional', default=False, since=2),
        Field(30, 'requirements', 'record', 'optional', record='Requirements'),
    ),
    'Health response': (
        Field(1, 'ready', 'bool', 'required'),
        Field(2, 'state', 'text', 'required', choices=('loading', 'ready', 'failed', 'draining')),
        Field(3, 'reason', 'text', 'optional', min=1, max=2048),
        Field(4, 'seal', 'text', 'optional', choices=('absent', 'matched', 'drifted'), since=2),
        Field(5, 'largest_difference', 'f64', 'optional', min=0.0, max=10.0, since=2),
    ),
    'Models request': (),
    'Models response': (
        Field(1, 'models', 'record', 'repeated', times_min=0, times_max=1024, record='Model'),
    ),
    'Model': (
        Field(1, 'name', 'text', 'required', min=1, max=128),
        Field(2, 'state', 'text', 'required', choices=('loading', 'ready', 'failed', 'draining')),
        Field(3, 'provenance', 'u64', 'required', min=1, max=2),
        Field(4, 'architecture', 'text', 'required', min=0, max=128),
        Field(5, 'parameters', 'u64', 'required'),
        Field(6, 'vocabulary', 'u64', 'required'),
        Field(7, 'context', 'u64', 'required'),
        Field(8, 'fingerprint', 'bytes', 'optional', min=32, max=32),
        Field(9, 'generation', 'u64', 'required', min=0, max=4294967295),
        Field(10, 'device', 'text', 'required', min=0, max=64),
        Field(11, 'device_reason', 'text', 'optional', min=1, max=2048),
        Field(12, 'bytes', 'u64', 'required'),
    ),
    'Load request': (
        Field(1, 'name', 'text', 'required', min=1, max=128),
        Field(2, 'path', 'text', 'required', min=1, max=4096),
        Field(3, 'strategy', 'text', 'optional', choices=('strict', 'graceful', 'development')),
        Field(4, 'device', 'text', 'optional', min=1, max=64),
    ),
    'Load progress': (
        Field(1, 'layer', 'record', 'required', record='Layer'),
    ),
    'Load response': (
        Field(1, 'accepted', 'bool', 'required'),
        Field(2, 'layers', 'record', 'repeated', times_min=0, times_max=1024, record='Layer'),
        Field(3, 'model', 'record', 'optional', record='Model'),
        Field(4, 'overrides', 'text', 'repeated', min=1, max=2048, times_min=0, times_max=1024),
        Field(5, 'attempts', 'text', 'repeated', min=1, max=2048, times_min=0, times_max=1024),
    ),
    'Layer': (
        Field(1, 'layer', 'text', 'required', choices=('file', 'parse', 'compatibility', 'placement', 'validation')),
        Field(2, 'ok', 'bool', 'required'),
        Field(3, 'microseconds', 'u64', 'required'),
    ),
    'Unload request': (
        Field(1, 'name', 'text', 'required', min=1, max=128),
    ),
    'Unload response': (),
    'Tokenize request': (
        Field(1, 'model', 'text', 'optional', min=1, max=128),
        Field(2, 'text', 'bytes', 'required', min=0, max=4000000),
        Field(3, 'parse_special', 'bool', 'optional', default=False),
        Field(4, 'add_special', 'bool', 'optional', default=True),
        Field(30, 'requirements', 'record', 'optional', record='Requirements'),
    ),
    'Tokenize response': (
        Field(1, 'tokens', 'u32[]', 'required', min=0, max=1000000),
        Field(31, 'answer', 'record', 'required', record='Answer'),
    ),
    'Detokenize request': (
        Field(1, 'model', 'text', 'optional', min=1, max=128),
        Field(2, 'tokens', 'u32[]', 'required', min=0, max=1000000),
        Field(30, 'requirements', 'record', 'optional', record='Requirements'),
    ),
    'Detokenize response': (
        Field(1, 'text', 'bytes', 'required', min=0, max=4000000),
        Field(31, 'answer', 'record', 'required', record='Answer'),
    ),
    'Generate request': (
        Field(1, 'model', 'text', 'optional', min=1, max=128),
        Field(2, 'prompt', 'text', 'optional', min=0, max=4000000),
        Field(3, 'tokens', 'u32[]', 'optional', min=1, max=1000000),
        Field(4, 'parse_special', 'bool', 'optional', default=False),
        Field(5, 'add_special', 'bool', 'optional', default=True),
        Field(6, 'max_tokens', 'u64', 'optional', min=1, max=1048576, default=256),
        Field(7, 'temperature', 'f64', 'optional', min=0.0, max=100.0, default=0.0),
        Field(8, 'top_k', 'u64', 'optional', min=0, max=16777216, default=0),
        Field(9, 'top_p', 'f64', 'optional', min=0.0, max=1.0, min_exclusive=True, default=1.0),
        Field(10, 'min_p', 'f64', 'optional', min=0.0, max=1.0, default=0.0),
        Field(11, 'seed', 'u64', 'optional', default=0),
        Field(12, 'stop', 'text', 'repeated', min=1, max=256, times_min=0, times_max=16),
        Field(13, 'truncate_prompt', 'bool', 'optional', default=False),
        Field(14, 'logprobs', 'u64', 'optional', min=0, max=64, since=2),
        Field(15, 'prompt_logprobs', 'u64', 'optional', min=0, max=64, since=2),
        Field(16, 'messages', 'record', 'repeated', times_min=0, times_max=1024, record='Chat message', since=2),
        Field(30, 'requirements', 'record', 'optional', record='Requirements'),
    ),
    'Generate chunk': (
        Field(1, 'tokens', 'u32[]', 'optional', min=0, max=1000000),
        Field(2, 'text', 'text', 'optional', min=0, max=4000000),
        Field(3, 'prompt_done', 'u64', 'optional'),
        Field(4, 'prompt_total', 'u64', 'optional'),
        Field(5, 'logprobs', 'record', 'optional', record='Logprobs', since=2),
        Field(6, 'prompt_logprobs', 'record', 'optional', record='Logprobs', since=2),
    ),
    'Generate response': (
        Field(1, 'tokens', 'u32[]', 'optional', min=0, max=1000000),
        Field(2, 'text', 'text', 'optional', min=0, max=4000000),
        Field(5, 'finish_reason', 'text', 'required', choices=('stop', 'length', 'cancelled', 'deadline')),
        Field(6, 'stop_matched', 'text', 'optional', min=1, max=256),
        Field(7, 'prompt_tokens', 'u64', 'required'),
        Field(8, 'completion_tokens', 'u64', 'required'),
        Field(9, 'logprobs', 'record', 'optional', record='Logprobs', since=2),
        Field(10, 'prompt_logprobs', 'record', 'optional', record='Logprobs', since=2),
        Field(31, 'answer', 'record', 'required', record='Answer'),
    ),
    'Score request': (
        Field(1, 'model', 'text', 'optional', min=1, max=128, since=2),
        Field(2, 'prompt', 'text', 'optional', min=0, max=4000000, since=2),
        Field(3, 'tokens', 'u32[]', 'optional', min=1, max=1000000, since=2),
        Field(4, 'parse_special', 'bool', 'optional', default=False, since=2),
        Field(5, 'add_special', 'bool', 'optional', default=True, since=2),
        Field(6, 'messages', 'record', 'repeated', times_min=0, times_max=1024, record='Chat message', since=2),
        Field(7, 'continuations', 'record', 'repeated', times_min=1, times_max=256, record='Input', since=2),
        Field(8, 'top_logprobs', 'u64', 'optional', min=0, max=64, default=0, since=2),
        Field(30, 'requirements', 'record', 'optional', record='Requirements', since=2),
    ),
    'Score response': (
        Field(1, 'scores', 'record', 'repeated', times_min=1, times_max=256, record='Continuation score', since=2),
        Field(2, 'prompt_tokens', 'u64', 'required', since=2),
        Field(31, 'answer', 'record', 'required', record='Answer', since=2),
    ),
    'Continuation score': (
        Field(1, 'logprobs', 'record', 'required', record='Logprobs', since=2),
        Field(2, 'logprob', 'f64', 'required', since=2),
        Field(3, 'greedy', 'bool', 'required', since=2),
    ),
    'Embed request': (
        Field(1, 'model', 'text', 'optional', min=1, max=128, since=2),
        Field(2, 'inputs', 'record', 'repeated', times_min=1, times_max=256, record='Input', since=2),
        Field(3, 'parse_special', 'bool', 'optional', default=False, since=2),
        Field(4, 'add_special', 'bool', 'optional', default=True, since=2),
        Field(5, 'pooling', 'text', 'optional', choices=('mean', 'last', 'cls'), default='mean', since=2),
        Field(6, 'normalize', 'bool', 'optional', default=True, since=2),
        Field(30, 'requirements', 'record', 'optional', record='Requirements', since=2),
    ),
    'Embed chunk': (
        Field(1, 'embeddings', 'f32[]', 'required', min=1, max=1000000, since=2),
    ),
    'Embed response': (
        Field(1, 'embeddings', 'f32[]', 'required', min=0, max=1000000, since=2),
        Field(2, 'dimensions', 'u64', 'required', min=1, max=131072, since=2),
        Field(3, 'count', 'u64', 'required', min=1, max=256, since=2),
        Field(4, 'prompt_tokens', 'u64', 'required', since=2),
        Field(31, 'answer', 'record', 'required', record='Answer', since=2),
    ),
    'Logits request': (
        Field(1, 'model', 'text', 'optional', min=1, max=128),
        Field(2, 'prompt', 'text', 'optional', min=0, max=4000000),
        Field(3, 'tokens', 'u32[]', 'optional', min=1, max=1000000),
        Field(4, 'parse_special', 'bool', 'optional', default=False),
        Field(5, 'add_special', 'bool', 'optional', default=True),
        Field(6, 'all_positions', 'bool', 'optional', default=False),
        Field(7, 'messages', 'record', 'repeated', times_min=0, times_max=1024, record='Chat message', since=2),
        Field(30, 'requirements', 'record', 'optional', record='Requirements'),
    ),
    'Logits chunk': (
        Field(1, 'logits', 'f32[]', 'required', min=1, max=1000000),
    ),
    'Logits response': (
        Field(1, 'logits', 'f32[]', 'required', min=0, max=1000000),
        Field(2, 'vocabulary', 'u64', 'required', min=1, max=4294967295),
        Field(3, 'positions', 'u64', 'required', min=1, max=4294967295),
        Field(31, 'answer', 'record', 'required', record='Answer'),
    ),
    'Cancel request': (
        Field(1, 'target', 'u64', 'required', min=1, max=18446744073709551615),
    ),
    'Cancel response': (
        Field(1, 'found', 'bool', 'required'),
    ),
    'Stats request': (),
    'Stats response': (
        Field(1, 'counters', 'record', 'repeated', times_min=0, times_max=1024, record='Counter'),
    ),
    'Counter': (
        Field(1, 'name', 'text', 'required', min=1, max=128),
        Field(2, 'real', 'u64', 'required'),
        Field(3, 'mock', 'u64', 'required'),
    ),
    'GoAway': (
        Field(1, 'reason', 'text', 'required', min=1, max=128),
        Field(2, 'drain_milliseconds', 'u64', 'required'),
    ),
}
