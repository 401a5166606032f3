// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//! Numbers and messages of the wire protocol (Protocol/SPEC.md).

use crate::codec::{
    Field, Fields, Message, MessageInfo, Presence, Record, Request, Type, ANY_F64, ANY_SIZE,
    ANY_U64,
};

/// Version of the protocol.
pub const VERSION: u8 = 1;
/// Revision of that version.
pub const REVISION: u64 = 3;
/// Port that a server listens on.
pub const DEFAULT_PORT: u16 = 7411;
/// Set in the kind of a response.
pub const RESPONSE_BIT: u8 = 128;
/// Flag: the body is one LZ4 block (section 5).
pub const FLAG_COMPRESSED: u8 = 1;
/// Flag: more frames of this response follow; never with a status other than 0.
pub const FLAG_MORE: u8 = 2;
/// Flag: the answer lists degradations; never with a status other than 0.
pub const FLAG_DEGRADED: u8 = 4;
/// Provenance: no mock took part.
pub const PROVENANCE_REAL: u8 = 1;
/// Provenance: a mock model produced a part of the answer, or is the model addressed.
pub const PROVENANCE_MOCK: u8 = 2;
/// Limit, in bytes.
pub const FRAME_SIZE_MAX_BEFORE_HELLO: usize = 4096;
/// Limit, in bytes.
pub const BODY_SIZE_MAX: usize = 4194304;
/// Limit, in bytes.
pub const BODY_SIZE_MIN: usize = 4096;
/// Limit, in bytes.
pub const COMPRESSION_SIZE_MIN: usize = 1024;
/// Limit, in requests.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 256;
/// Limit, in bytes.
pub const TEXT_SIZE_MAX: usize = 4000000;
/// Limit, in elements.
pub const TOKEN_COUNT_MAX: usize = 1000000;
/// Limit, in elements.
pub const LIST_COUNT_MAX: usize = 1024;
/// Limit, in records.
pub const MESSAGE_COUNT_MAX: usize = 1024;
/// Limit, in records.
pub const CONTINUATION_COUNT_MAX: usize = 256;
/// Limit, in records.
pub const INPUT_COUNT_MAX: usize = 256;
/// Limit, in tokens.
pub const TOP_LOGPROBS_MAX: usize = 64;
/// Limit, in elements.
pub const EMBEDDING_DIMENSIONS_MAX: usize = 131072;
/// Limit, in bytes.
pub const PING_PAYLOAD_SIZE_MAX: usize = 65536;
/// Limit, in milliseconds.
pub const RETRY_AFTER_MILLISECONDS_MAX: usize = 3600000;
/// Limit, in bytes.
pub const HEADER_SIZE: usize = 32;
/// Limit, in bytes.
pub const HEADER_SIZE_COUNTED: usize = 28;
/// Limit, in bytes.
pub const FIELD_HEADER_SIZE: usize = 8;
/// Limit, in percent.
pub const COMPRESSION_PERCENT_MAX: usize = 90;
/// Limit, in bytes.
pub const COMPRESSION_SAMPLED_SIZE_MIN: usize = 16384;
/// Limit, in bytes.
pub const COMPRESSION_SAMPLE_SIZE: usize = 4096;
/// Kind: first request of a connection; agree on revision, compression, limits.
pub const KIND_HELLO: u8 = 0x01;
/// Kind: same bytes back.
pub const KIND_PING: u8 = 0x02;
/// Kind: may this model, or this server, be sent work.
pub const KIND_HEALTH: u8 = 0x03;
/// Kind: list of models.
pub const KIND_MODELS: u8 = 0x04;
/// Kind: assay a file and serve it; streamed.
pub const KIND_LOAD: u8 = 0x05;
/// Kind: UNIMPLEMENTED for now.
pub const KIND_SWAP: u8 = 0x06;
/// Kind: stop serving a model.
pub const KIND_UNLOAD: u8 = 0x07;
/// Kind: text to token ids.
pub const KIND_TOKENIZE: u8 = 0x08;
/// Kind: token ids to text.
pub const KIND_DETOKENIZE: u8 = 0x09;
/// Kind: continue a prompt; streamed.
pub const KIND_GENERATE: u8 = 0x0a;
/// Kind: log-probabilities of given continuations.
pub const KIND_SCORE: u8 = 0x0b;
/// Kind: raw scores; streamed.
pub const KIND_LOGITS: u8 = 0x0c;
/// Kind: inputs to vectors; streamed.
pub const KIND_EMBED: u8 = 0x0d;
/// Kind: stop a request in flight.
pub const KIND_CANCEL: u8 = 0x0e;
/// Kind: counters, split by provenance.
pub const KIND_STATS: u8 = 0x0f;
/// Kind: only from the server, byte 5 is `0xf0`, request id 0; as a request it is a protocol error (`kind_reserved`).
pub const KIND_GO_AWAY: u8 = 0x70;

/// What a server's answer, or this client, says about a call; see SPEC.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The answer follows.
    Ok,
    /// A Cancel, or the connection's end, came before the work began.
    Cancelled,
    /// A failure nobody classified; also how a client reads a number it does not know.
    Unknown,
    /// A field is unknown, malformed, out of range or missing; the error body names it.
    InvalidArgument,
    /// The request's deadline passed before the work began.
    DeadlineExceeded,
    /// No model of that name is served.
    NotFound,
    /// The name, or the request id, is taken.
    AlreadyExists,
    /// This client may not do that.
    PermissionDenied,
    /// A queue or a budget is full; refused at once instead of waiting without bound.
    ResourceExhausted,
    /// Not in this state: no Hello yet (hello_required), a second Hello, a model that is not ready.
    FailedPrecondition,
    /// Overtaken by something concurrent, such as a model being replaced.
    Aborted,
    /// Right in itself but too much for this model: a prompt longer than the context, a token id
    /// outside the vocabulary.
    OutOfRange,
    /// The kind is unknown or reserved; the connection lives on.
    Unimplemented,
    /// A fault of the server.
    Internal,
    /// Not now: draining, or a model still loading (model_loading).
    Unavailable,
    /// A served model drifted from its seal, or gives logits that are not finite.
    DataLoss,
    /// The server wants to know who is asking.
    Unauthenticated,
    /// The bytes break the framing; sent in a GoAway, then the connection closes.
    ProtocolError,
    /// A model file failed the assay; the error body names the layer.
    ModelRejected,
    /// A requirement stated in the request does not hold; nothing was computed.
    RequirementNotMet,
    /// Made by a client that got a mock answer without having allowed mocks.
    MockRefused,
}

impl Status {
    /// The status of a number; one nobody knows reads as `Unknown`.
    pub fn from_number(number: u32) -> Status {
        match number {
            0 => Status::Ok,
            1 => Status::Cancelled,
            2 => Status::Unknown,
            3 => Status::InvalidArgument,
            4 => Status::DeadlineExceeded,
            5 => Status::NotFound,
            6 => Status::AlreadyExists,
            7 => Status::PermissionDenied,
            8 => Status::ResourceExhausted,
            9 => Status::FailedPrecondition,
            10 => Status::Aborted,
            11 => Status::OutOfRange,
            12 => Status::Unimplemented,
            13 => Status::Internal,
            14 => Status::Unavailable,
            15 => Status::DataLoss,
            16 => Status::Unauthenticated,
            32 => Status::ProtocolError,
            33 => Status::ModelRejected,
            34 => Status::RequirementNotMet,
            35 => Status::MockRefused,
            _ => Status::Unknown,
        }
    }

    /// Its name, `UNAVAILABLE`.
    pub fn name(self) -> &'static str {
        match self {
            Status::Ok => "OK",
            Status::Cancelled => "CANCELLED",
            Status::Unknown => "UNKNOWN",
            Status::InvalidArgument => "INVALID_ARGUMENT",
            Status::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Status::NotFound => "NOT_FOUND",
            Status::AlreadyExists => "ALREADY_EXISTS",
            Status::PermissionDenied => "PERMISSION_DENIED",
            Status::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Status::FailedPrecondition => "FAILED_PRECONDITION",
            Status::Aborted => "ABORTED",
            Status::OutOfRange => "OUT_OF_RANGE",
            Status::Unimplemented => "UNIMPLEMENTED",
            Status::Internal => "INTERNAL",
            Status::Unavailable => "UNAVAILABLE",
            Status::DataLoss => "DATA_LOSS",
            Status::Unauthenticated => "UNAUTHENTICATED",
            Status::ProtocolError => "PROTOCOL_ERROR",
            Status::ModelRejected => "MODEL_REJECTED",
            Status::RequirementNotMet => "REQUIREMENT_NOT_MET",
            Status::MockRefused => "MOCK_REFUSED",
        }
    }
}

/// Message `Requirements`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Requirements {
    /// The model must be real; default false (optional).
    pub real: Option<bool>,
    /// SHA-256 of the file that must answer (optional; 32..32 bytes).
    pub fingerprint: Option<Vec<u8>>,
    /// Device that must compute (optional; 1..64 bytes).
    pub device: Option<String>,
}

impl Message for Requirements {
    fn info() -> &'static MessageInfo {
        &REQUIREMENTS
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.real);
        record.put_optional(2, &self.fingerprint);
        record.put_optional(3, &self.device);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            real: fields.take_optional(1),
            fingerprint: fields.take_optional(2),
            device: fields.take_optional(3),
        }
    }
}

/// Table of `Requirements`.
pub static REQUIREMENTS: MessageInfo = MessageInfo {
    name: "Requirements",
    fields: &[
        Field {
            name: "real", id: 1, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "fingerprint", id: 2, kind: Type::Bytes, presence: Presence::Optional, since: 1,
            bounds: (32, 32), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "device", id: 3, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 64), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Request context`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestContext {
    /// A W3C `traceparent` of version 00: where the caller's trace stands (optional; 55..55 bytes).
    pub trace_context: Option<String>,
    /// Which attempt of its call this is; default 1 (optional; 1..4294967295).
    pub attempt: Option<u64>,
    /// Orders the requests of one connection that wait, the highest first; default 4 (optional;
    /// 0..9).
    pub priority: Option<u64>,
}

impl Message for RequestContext {
    fn info() -> &'static MessageInfo {
        &REQUEST_CONTEXT
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.trace_context);
        record.put_optional(2, &self.attempt);
        record.put_optional(3, &self.priority);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            trace_context: fields.take_optional(1),
            attempt: fields.take_optional(2),
            priority: fields.take_optional(3),
        }
    }
}

/// Table of `Request context`.
pub static REQUEST_CONTEXT: MessageInfo = MessageInfo {
    name: "Request context",
    fields: &[
        Field {
            name: "trace_context", id: 1, kind: Type::Text, presence: Presence::Optional, since: 3,
            bounds: (55, 55), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "attempt", id: 2, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: (1, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "priority", id: 3, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: (0, 9), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Answer`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Name of the model that answered (required; 1..128 bytes).
    pub model: String,
    /// SHA-256 of the bytes that serve: of its file, or of the list of its files'; absent for a
    /// mock (optional; 32..32 bytes).
    pub fingerprint: Option<Vec<u8>>,
    /// Device that computed (required; 1..64 bytes).
    pub device: String,
    /// A `Timing` (required).
    pub timing: Timing,
    /// What makes this answer worse than it could be; not empty exactly when flag bit 2 is set
    /// (0..1024 times; 1..2048 bytes).
    pub degradations: Vec<String>,
    /// How busy the server was when it answered (optional).
    pub server_load: Option<ServerLoad>,
}

impl Message for Answer {
    fn info() -> &'static MessageInfo {
        &ANSWER
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.model);
        record.put_optional(2, &self.fingerprint);
        record.put_value(3, &self.device);
        record.put_value(4, &self.timing);
        record.put_repeated(5, &self.degradations);
        record.put_optional(6, &self.server_load);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            model: fields.take_value(1),
            fingerprint: fields.take_optional(2),
            device: fields.take_value(3),
            timing: fields.take_value(4),
            degradations: fields.take_repeated(5),
            server_load: fields.take_optional(6),
        }
    }
}

/// Table of `Answer`.
pub static ANSWER: MessageInfo = MessageInfo {
    name: "Answer",
    fields: &[
        Field {
            name: "model", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "fingerprint", id: 2, kind: Type::Bytes, presence: Presence::Optional, since: 1,
            bounds: (32, 32), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "device", id: 3, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 64), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "timing", id: 4, kind: Type::Record, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&TIMING),
        },
        Field {
            name: "degradations", id: 5, kind: Type::Text, presence: Presence::Repeated, since: 1,
            bounds: (1, 2048), numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: None,
        },
        Field {
            name: "server_load", id: 6, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&SERVER_LOAD),
        },
    ],
};

/// Message `Server load`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerLoad {
    /// Requests that wait for the engine (required).
    pub queued: u64,
    /// Requests that the engine works on (required).
    pub running: u64,
    /// How long a request that comes now may wait, microseconds, estimated (required).
    pub wait_microseconds: u64,
    /// Pages of the key-value cache in use (required).
    pub cache_pages_used: u64,
    /// Pages of the key-value cache in all (required).
    pub cache_pages: u64,
}

impl Message for ServerLoad {
    fn info() -> &'static MessageInfo {
        &SERVER_LOAD
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.queued);
        record.put_value(2, &self.running);
        record.put_value(3, &self.wait_microseconds);
        record.put_value(4, &self.cache_pages_used);
        record.put_value(5, &self.cache_pages);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            queued: fields.take_value(1),
            running: fields.take_value(2),
            wait_microseconds: fields.take_value(3),
            cache_pages_used: fields.take_value(4),
            cache_pages: fields.take_value(5),
        }
    }
}

/// Table of `Server load`.
pub static SERVER_LOAD: MessageInfo = MessageInfo {
    name: "Server load",
    fields: &[
        Field {
            name: "queued", id: 1, kind: Type::U64, presence: Presence::Required, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "running", id: 2, kind: Type::U64, presence: Presence::Required, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "wait_microseconds", id: 3, kind: Type::U64, presence: Presence::Required, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "cache_pages_used", id: 4, kind: Type::U64, presence: Presence::Required, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "cache_pages", id: 5, kind: Type::U64, presence: Presence::Required, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Timing`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timing {
    /// Last byte read to request admitted (required).
    pub accept: u64,
    /// Waiting for the engine (required).
    pub queue: u64,
    /// Text to tokens (required).
    pub tokenize: u64,
    /// Reading the prompt (required).
    pub prefill: u64,
    /// Making tokens (required).
    pub decode: u64,
    /// Frames to the socket (required).
    pub write: u64,
    /// Receipt to last frame (required).
    pub total: u64,
}

impl Message for Timing {
    fn info() -> &'static MessageInfo {
        &TIMING
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.accept);
        record.put_value(2, &self.queue);
        record.put_value(3, &self.tokenize);
        record.put_value(4, &self.prefill);
        record.put_value(5, &self.decode);
        record.put_value(6, &self.write);
        record.put_value(7, &self.total);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            accept: fields.take_value(1),
            queue: fields.take_value(2),
            tokenize: fields.take_value(3),
            prefill: fields.take_value(4),
            decode: fields.take_value(5),
            write: fields.take_value(6),
            total: fields.take_value(7),
        }
    }
}

/// Table of `Timing`.
pub static TIMING: MessageInfo = MessageInfo {
    name: "Timing",
    fields: &[
        Field {
            name: "accept", id: 1, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "queue", id: 2, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "tokenize", id: 3, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prefill", id: 4, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "decode", id: 5, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "write", id: 6, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "total", id: 7, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Chat message`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatMessage {
    /// Who speaks (required; `system`, `user`, `assistant`).
    pub role: String,
    /// What is said, may be empty (required; 0..4000000 bytes).
    pub content: String,
}

impl Message for ChatMessage {
    fn info() -> &'static MessageInfo {
        &CHAT_MESSAGE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.role);
        record.put_value(2, &self.content);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            role: fields.take_value(1),
            content: fields.take_value(2),
        }
    }
}

/// Table of `Chat message`.
pub static CHAT_MESSAGE: MessageInfo = MessageInfo {
    name: "Chat message",
    fields: &[
        Field {
            name: "role", id: 1, kind: Type::Text, presence: Presence::Required, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["system", "user", "assistant"], record: None,
        },
        Field {
            name: "content", id: 2, kind: Type::Text, presence: Presence::Required, since: 2,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Input`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// Tokenized by the server (optional; 0..4000000 bytes).
    pub text: Option<String>,
    /// Token ids, used as they are (optional; 1..1000000 elements).
    pub tokens: Option<Vec<u32>>,
}

impl Message for Input {
    fn info() -> &'static MessageInfo {
        &INPUT
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.text);
        record.put_optional(2, &self.tokens);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            text: fields.take_optional(1),
            tokens: fields.take_optional(2),
        }
    }
}

/// Table of `Input`.
pub static INPUT: MessageInfo = MessageInfo {
    name: "Input",
    fields: &[
        Field {
            name: "text", id: 1, kind: Type::Text, presence: Presence::Optional, since: 2,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "tokens", id: 2, kind: Type::U32s, presence: Presence::Optional, since: 2,
            bounds: (1, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Logprobs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logprobs {
    /// The tokens, in order (required; 0..1000000 elements).
    pub tokens: Vec<u32>,
    /// Of each token; as many as `tokens` (required; 0..1000000 elements).
    pub logprobs: Vec<f32>,
    /// Alternatives per token; default 0 (optional; 0..64).
    pub top_count: Option<u64>,
    /// The best tokens at each position: a row of `top_count` per token, best first (optional;
    /// 0..1000000 elements).
    pub top_tokens: Option<Vec<u32>>,
    /// Of each of them; as many as `top_tokens` (optional; 0..1000000 elements).
    pub top_logprobs: Option<Vec<f32>>,
}

impl Message for Logprobs {
    fn info() -> &'static MessageInfo {
        &LOGPROBS
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.tokens);
        record.put_value(2, &self.logprobs);
        record.put_optional(3, &self.top_count);
        record.put_optional(4, &self.top_tokens);
        record.put_optional(5, &self.top_logprobs);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            tokens: fields.take_value(1),
            logprobs: fields.take_value(2),
            top_count: fields.take_optional(3),
            top_tokens: fields.take_optional(4),
            top_logprobs: fields.take_optional(5),
        }
    }
}

/// Table of `Logprobs`.
pub static LOGPROBS: MessageInfo = MessageInfo {
    name: "Logprobs",
    fields: &[
        Field {
            name: "tokens", id: 1, kind: Type::U32s, presence: Presence::Required, since: 2,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "logprobs", id: 2, kind: Type::F32s, presence: Presence::Required, since: 2,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "top_count", id: 3, kind: Type::U64, presence: Presence::Optional, since: 2,
            bounds: (0, 64), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "top_tokens", id: 4, kind: Type::U32s, presence: Presence::Optional, since: 2,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "top_logprobs", id: 5, kind: Type::F32s, presence: Presence::Optional, since: 2,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Error`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorBody {
    /// Stable reason in snake_case (required; 1..128 bytes).
    pub code: String,
    /// One sentence: tried, found, allowed, where (required; 0..2048 bytes).
    pub message: String,
    /// Path of the refused field, `requirements.device`; `#9` for an unknown id (optional; 1..128
    /// bytes).
    pub field: Option<String>,
    /// Pause before another attempt (optional; 0..3600000).
    pub retry_after_milliseconds: Option<u64>,
    /// With MODEL_REJECTED: the layer that refused (optional; `file`, `parse`, `compatibility`,
    /// `placement`, `validation`).
    pub layer: Option<String>,
    /// How busy the server was when it refused (optional).
    pub server_load: Option<ServerLoad>,
}

impl Message for ErrorBody {
    fn info() -> &'static MessageInfo {
        &ERROR_BODY
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.code);
        record.put_value(2, &self.message);
        record.put_optional(3, &self.field);
        record.put_optional(4, &self.retry_after_milliseconds);
        record.put_optional(5, &self.layer);
        record.put_optional(6, &self.server_load);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            code: fields.take_value(1),
            message: fields.take_value(2),
            field: fields.take_optional(3),
            retry_after_milliseconds: fields.take_optional(4),
            layer: fields.take_optional(5),
            server_load: fields.take_optional(6),
        }
    }
}

/// Table of `Error`.
pub static ERROR_BODY: MessageInfo = MessageInfo {
    name: "Error",
    fields: &[
        Field {
            name: "code", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "message", id: 2, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (0, 2048), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "field", id: 3, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "retry_after_milliseconds", id: 4, kind: Type::U64, presence: Presence::Optional, since: 1,
            bounds: (0, 3600000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "layer", id: 5, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["file", "parse", "compatibility", "placement", "validation"], record: None,
        },
        Field {
            name: "server_load", id: 6, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&SERVER_LOAD),
        },
    ],
};

/// Message `Hello request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HelloRequest {
    /// Name and version of the client program (required; 1..128 bytes).
    pub client: String,
    /// Highest revision of version 1 the client speaks (required; 1..4294967295).
    pub revision: u64,
    /// The client reads compressed bodies and may send them; default false (optional).
    pub compression: Option<bool>,
    /// Largest body before compression the client accepts; default 4194304 (optional;
    /// 4096..4294967295).
    pub body_size_max: Option<u64>,
}

impl Message for HelloRequest {
    fn info() -> &'static MessageInfo {
        &HELLO_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.client);
        record.put_value(2, &self.revision);
        record.put_optional(3, &self.compression);
        record.put_optional(4, &self.body_size_max);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            client: fields.take_value(1),
            revision: fields.take_value(2),
            compression: fields.take_optional(3),
            body_size_max: fields.take_optional(4),
        }
    }
}

/// Table of `Hello request`.
pub static HELLO_REQUEST: MessageInfo = MessageInfo {
    name: "Hello request",
    fields: &[
        Field {
            name: "client", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "revision", id: 2, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (1, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "compression", id: 3, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "body_size_max", id: 4, kind: Type::U64, presence: Presence::Optional, since: 1,
            bounds: (4096, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Hello response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HelloResponse {
    /// Name and version of the server program (required; 1..128 bytes).
    pub server: String,
    /// The revision in force: the lower of the two (required; 1..4294967295).
    pub revision: u64,
    /// Bodies may be compressed from now on, in both directions (required).
    pub compression: bool,
    /// Largest body before compression the server accepts (required; 4096..4294967295).
    pub body_size_max: u64,
    /// Requests this connection may have in flight (required; 1..4294967295).
    pub requests_in_flight_max: u64,
}

impl Message for HelloResponse {
    fn info() -> &'static MessageInfo {
        &HELLO_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.server);
        record.put_value(2, &self.revision);
        record.put_value(3, &self.compression);
        record.put_value(4, &self.body_size_max);
        record.put_value(5, &self.requests_in_flight_max);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            server: fields.take_value(1),
            revision: fields.take_value(2),
            compression: fields.take_value(3),
            body_size_max: fields.take_value(4),
            requests_in_flight_max: fields.take_value(5),
        }
    }
}

/// Table of `Hello response`.
pub static HELLO_RESPONSE: MessageInfo = MessageInfo {
    name: "Hello response",
    fields: &[
        Field {
            name: "server", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "revision", id: 2, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (1, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "compression", id: 3, kind: Type::Bool, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "body_size_max", id: 4, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (4096, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "requests_in_flight_max", id: 5, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (1, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Ping request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PingRequest {
    /// Sent back as it is (optional; 0..65536 bytes).
    pub payload: Option<Vec<u8>>,
}

impl Message for PingRequest {
    fn info() -> &'static MessageInfo {
        &PING_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.payload);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            payload: fields.take_optional(1),
        }
    }
}

/// Table of `Ping request`.
pub static PING_REQUEST: MessageInfo = MessageInfo {
    name: "Ping request",
    fields: &[
        Field {
            name: "payload", id: 1, kind: Type::Bytes, presence: Presence::Optional, since: 1,
            bounds: (0, 65536), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Ping response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PingResponse {
    /// What was sent (optional; 0..65536 bytes).
    pub payload: Option<Vec<u8>>,
}

impl Message for PingResponse {
    fn info() -> &'static MessageInfo {
        &PING_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.payload);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            payload: fields.take_optional(1),
        }
    }
}

/// Table of `Ping response`.
pub static PING_RESPONSE: MessageInfo = MessageInfo {
    name: "Ping response",
    fields: &[
        Field {
            name: "payload", id: 1, kind: Type::Bytes, presence: Presence::Optional, since: 1,
            bounds: (0, 65536), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Health request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HealthRequest {
    /// A model; absent: the server as a whole (optional; 1..128 bytes).
    pub model: Option<String>,
    /// Verify the model now; default false (optional).
    pub verify: Option<bool>,
    /// Where the request stands among others (optional).
    pub context: Option<RequestContext>,
    /// Demands on that model (optional).
    pub requirements: Option<Requirements>,
}

impl Message for HealthRequest {
    fn info() -> &'static MessageInfo {
        &HEALTH_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.model);
        record.put_optional(2, &self.verify);
        record.put_optional(29, &self.context);
        record.put_optional(30, &self.requirements);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            model: fields.take_optional(1),
            verify: fields.take_optional(2),
            context: fields.take_optional(29),
            requirements: fields.take_optional(30),
        }
    }
}

/// Table of `Health request`.
pub static HEALTH_REQUEST: MessageInfo = MessageInfo {
    name: "Health request",
    fields: &[
        Field {
            name: "model", id: 1, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "verify", id: 2, kind: Type::Bool, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "context", id: 29, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUEST_CONTEXT),
        },
        Field {
            name: "requirements", id: 30, kind: Type::Record, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUIREMENTS),
        },
    ],
};

/// Message `Health response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HealthResponse {
    /// Work is accepted (required).
    pub ready: bool,
    /// Where it stands (required; `loading`, `ready`, `failed`, `draining`).
    pub state: String,
    /// Why not, or what to know (optional; 1..2048 bytes).
    pub reason: Option<String>,
    /// Only after `verify`: what the comparison gave (optional; `absent`, `matched`, `drifted`).
    pub seal: Option<String>,
    /// Only with `matched`: how far a logit lay from the sealed one at most (optional; 0.0..10.0).
    pub largest_difference: Option<f64>,
    /// Of one real model: its files on disk beside those that were loaded (optional; `unchanged`,
    /// `changed`, `missing`).
    pub file: Option<String>,
}

impl Message for HealthResponse {
    fn info() -> &'static MessageInfo {
        &HEALTH_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.ready);
        record.put_value(2, &self.state);
        record.put_optional(3, &self.reason);
        record.put_optional(4, &self.seal);
        record.put_optional(5, &self.largest_difference);
        record.put_optional(6, &self.file);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            ready: fields.take_value(1),
            state: fields.take_value(2),
            reason: fields.take_optional(3),
            seal: fields.take_optional(4),
            largest_difference: fields.take_optional(5),
            file: fields.take_optional(6),
        }
    }
}

/// Table of `Health response`.
pub static HEALTH_RESPONSE: MessageInfo = MessageInfo {
    name: "Health response",
    fields: &[
        Field {
            name: "ready", id: 1, kind: Type::Bool, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "state", id: 2, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["loading", "ready", "failed", "draining"], record: None,
        },
        Field {
            name: "reason", id: 3, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 2048), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "seal", id: 4, kind: Type::Text, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["absent", "matched", "drifted"], record: None,
        },
        Field {
            name: "largest_difference", id: 5, kind: Type::F64, presence: Presence::Optional, since: 2,
            bounds: ANY_U64, numbers: (0.0, 10.0), above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "file", id: 6, kind: Type::Text, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["unchanged", "changed", "missing"], record: None,
        },
    ],
};

/// Message `Models request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelsRequest {
}

impl Message for ModelsRequest {
    fn info() -> &'static MessageInfo {
        &MODELS_REQUEST
    }
    fn to_record(&self) -> Record {
        Record::default()
    }
    fn from_record(_: Record) -> Self {
        Self::default()
    }
}

/// Table of `Models request`.
pub static MODELS_REQUEST: MessageInfo = MessageInfo {
    name: "Models request",
    fields: &[
    ],
};

/// Message `Models response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelsResponse {
    /// One `Model` each, in order of name (0..1024 times).
    pub models: Vec<Model>,
}

impl Message for ModelsResponse {
    fn info() -> &'static MessageInfo {
        &MODELS_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_repeated(1, &self.models);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            models: fields.take_repeated(1),
        }
    }
}

/// Table of `Models response`.
pub static MODELS_RESPONSE: MessageInfo = MessageInfo {
    name: "Models response",
    fields: &[
        Field {
            name: "models", id: 1, kind: Type::Record, presence: Presence::Repeated, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: Some(&MODEL),
        },
    ],
};

/// Message `Model`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// Name it is served under (required; 1..128 bytes).
    pub name: String,
    /// Where it stands (required; `loading`, `ready`, `failed`, `draining`).
    pub state: String,
    /// 1 real, 2 mock (required; 1..2).
    pub provenance: u64,
    /// Family, such as `llama`; empty while loading (required; 0..128 bytes).
    pub architecture: String,
    /// Weights, a count (required).
    pub parameters: u64,
    /// Tokens of the vocabulary (required).
    pub vocabulary: u64,
    /// Tokens of context (required).
    pub context: u64,
    /// SHA-256 of the bytes that serve; absent for a mock (optional; 32..32 bytes).
    pub fingerprint: Option<Vec<u8>>,
    /// 1 for the first load under this name, one more for each later one (required; 0..4294967295).
    pub generation: u64,
    /// `cpu`, `cuda:0` (required; 0..64 bytes).
    pub device: String,
    /// Why this device and not the one asked for (optional; 1..2048 bytes).
    pub device_reason: Option<String>,
    /// Memory taken (required).
    pub bytes: u64,
    /// Its files on disk beside those that were loaded; absent for a mock (optional; `unchanged`,
    /// `changed`, `missing`).
    pub file: Option<String>,
}

impl Message for Model {
    fn info() -> &'static MessageInfo {
        &MODEL
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.name);
        record.put_value(2, &self.state);
        record.put_value(3, &self.provenance);
        record.put_value(4, &self.architecture);
        record.put_value(5, &self.parameters);
        record.put_value(6, &self.vocabulary);
        record.put_value(7, &self.context);
        record.put_optional(8, &self.fingerprint);
        record.put_value(9, &self.generation);
        record.put_value(10, &self.device);
        record.put_optional(11, &self.device_reason);
        record.put_value(12, &self.bytes);
        record.put_optional(13, &self.file);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            name: fields.take_value(1),
            state: fields.take_value(2),
            provenance: fields.take_value(3),
            architecture: fields.take_value(4),
            parameters: fields.take_value(5),
            vocabulary: fields.take_value(6),
            context: fields.take_value(7),
            fingerprint: fields.take_optional(8),
            generation: fields.take_value(9),
            device: fields.take_value(10),
            device_reason: fields.take_optional(11),
            bytes: fields.take_value(12),
            file: fields.take_optional(13),
        }
    }
}

/// Table of `Model`.
pub static MODEL: MessageInfo = MessageInfo {
    name: "Model",
    fields: &[
        Field {
            name: "name", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "state", id: 2, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["loading", "ready", "failed", "draining"], record: None,
        },
        Field {
            name: "provenance", id: 3, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (1, 2), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "architecture", id: 4, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (0, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "parameters", id: 5, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "vocabulary", id: 6, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "context", id: 7, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "fingerprint", id: 8, kind: Type::Bytes, presence: Presence::Optional, since: 1,
            bounds: (32, 32), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "generation", id: 9, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (0, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "device", id: 10, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (0, 64), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "device_reason", id: 11, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 2048), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "bytes", id: 12, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "file", id: 13, kind: Type::Text, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["unchanged", "changed", "missing"], record: None,
        },
    ],
};

/// Message `Load request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadRequest {
    /// Name to serve it under (required; 1..128 bytes).
    pub name: String,
    /// File on the server's machine (required; 1..4096 bytes).
    pub path: String,
    /// How hard to try; default: the server's setting (optional; `strict`, `graceful`,
    /// `development`).
    pub strategy: Option<String>,
    /// `auto`, `cpu`, `cuda`, `cuda:N`; default: the server's setting (optional; 1..64 bytes).
    pub device: Option<String>,
}

impl Message for LoadRequest {
    fn info() -> &'static MessageInfo {
        &LOAD_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.name);
        record.put_value(2, &self.path);
        record.put_optional(3, &self.strategy);
        record.put_optional(4, &self.device);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            name: fields.take_value(1),
            path: fields.take_value(2),
            strategy: fields.take_optional(3),
            device: fields.take_optional(4),
        }
    }
}

/// Table of `Load request`.
pub static LOAD_REQUEST: MessageInfo = MessageInfo {
    name: "Load request",
    fields: &[
        Field {
            name: "name", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "path", id: 2, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 4096), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "strategy", id: 3, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["strict", "graceful", "development"], record: None,
        },
        Field {
            name: "device", id: 4, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 64), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Load progress`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadProgress {
    /// A `Layer`: this one is done (required).
    pub layer: Layer,
    /// Number of this frame in its answer, from 0 (optional).
    pub frame: Option<u64>,
}

impl Message for LoadProgress {
    fn info() -> &'static MessageInfo {
        &LOAD_PROGRESS
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.layer);
        record.put_optional(28, &self.frame);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            layer: fields.take_value(1),
            frame: fields.take_optional(28),
        }
    }
}

/// Table of `Load progress`.
pub static LOAD_PROGRESS: MessageInfo = MessageInfo {
    name: "Load progress",
    fields: &[
        Field {
            name: "layer", id: 1, kind: Type::Record, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&LAYER),
        },
        Field {
            name: "frame", id: 28, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Load response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadResponse {
    /// Always true here; a rejection is a status (required).
    pub accepted: bool,
    /// One `Layer` each, in order (0..1024 times).
    pub layers: Vec<Layer>,
    /// The `Model` now served (optional).
    pub model: Option<Model>,
    /// Configuration overrides in effect, `key=value` (0..1024 times; 1..2048 bytes).
    pub overrides: Vec<String>,
    /// One sentence per failed attempt before this one (0..1024 times; 1..2048 bytes).
    pub attempts: Vec<String>,
    /// Number of this frame in its answer, from 0 (optional).
    pub frame: Option<u64>,
}

impl Message for LoadResponse {
    fn info() -> &'static MessageInfo {
        &LOAD_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.accepted);
        record.put_repeated(2, &self.layers);
        record.put_optional(3, &self.model);
        record.put_repeated(4, &self.overrides);
        record.put_repeated(5, &self.attempts);
        record.put_optional(28, &self.frame);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            accepted: fields.take_value(1),
            layers: fields.take_repeated(2),
            model: fields.take_optional(3),
            overrides: fields.take_repeated(4),
            attempts: fields.take_repeated(5),
            frame: fields.take_optional(28),
        }
    }
}

/// Table of `Load response`.
pub static LOAD_RESPONSE: MessageInfo = MessageInfo {
    name: "Load response",
    fields: &[
        Field {
            name: "accepted", id: 1, kind: Type::Bool, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "layers", id: 2, kind: Type::Record, presence: Presence::Repeated, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: Some(&LAYER),
        },
        Field {
            name: "model", id: 3, kind: Type::Record, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&MODEL),
        },
        Field {
            name: "overrides", id: 4, kind: Type::Text, presence: Presence::Repeated, since: 1,
            bounds: (1, 2048), numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: None,
        },
        Field {
            name: "attempts", id: 5, kind: Type::Text, presence: Presence::Repeated, since: 1,
            bounds: (1, 2048), numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: None,
        },
        Field {
            name: "frame", id: 28, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Layer`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    /// Which layer of the assay (required; `file`, `parse`, `compatibility`, `placement`,
    /// `validation`).
    pub layer: String,
    /// Its verdict (required).
    pub ok: bool,
    /// How long it took (required).
    pub microseconds: u64,
}

impl Message for Layer {
    fn info() -> &'static MessageInfo {
        &LAYER
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.layer);
        record.put_value(2, &self.ok);
        record.put_value(3, &self.microseconds);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            layer: fields.take_value(1),
            ok: fields.take_value(2),
            microseconds: fields.take_value(3),
        }
    }
}

/// Table of `Layer`.
pub static LAYER: MessageInfo = MessageInfo {
    name: "Layer",
    fields: &[
        Field {
            name: "layer", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["file", "parse", "compatibility", "placement", "validation"], record: None,
        },
        Field {
            name: "ok", id: 2, kind: Type::Bool, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "microseconds", id: 3, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Unload request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnloadRequest {
    /// Model to stop serving, once its requests are done (required; 1..128 bytes).
    pub name: String,
}

impl Message for UnloadRequest {
    fn info() -> &'static MessageInfo {
        &UNLOAD_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.name);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            name: fields.take_value(1),
        }
    }
}

/// Table of `Unload request`.
pub static UNLOAD_REQUEST: MessageInfo = MessageInfo {
    name: "Unload request",
    fields: &[
        Field {
            name: "name", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Unload response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnloadResponse {
}

impl Message for UnloadResponse {
    fn info() -> &'static MessageInfo {
        &UNLOAD_RESPONSE
    }
    fn to_record(&self) -> Record {
        Record::default()
    }
    fn from_record(_: Record) -> Self {
        Self::default()
    }
}

/// Table of `Unload response`.
pub static UNLOAD_RESPONSE: MessageInfo = MessageInfo {
    name: "Unload response",
    fields: &[
    ],
};

/// Message `Tokenize request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenizeRequest {
    /// Absent: the server's only model (optional; 1..128 bytes).
    pub model: Option<String>,
    /// Bytes, usually UTF-8; others are allowed (required; 0..4000000 bytes).
    pub text: Vec<u8>,
    /// Names of special tokens in the text become those tokens; default false (optional).
    pub parse_special: Option<bool>,
    /// Add begin and end tokens as the model asks for; default true (optional).
    pub add_special: Option<bool>,
    /// Where the request stands among others (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

impl Message for TokenizeRequest {
    fn info() -> &'static MessageInfo {
        &TOKENIZE_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.model);
        record.put_value(2, &self.text);
        record.put_optional(3, &self.parse_special);
        record.put_optional(4, &self.add_special);
        record.put_optional(29, &self.context);
        record.put_optional(30, &self.requirements);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            model: fields.take_optional(1),
            text: fields.take_value(2),
            parse_special: fields.take_optional(3),
            add_special: fields.take_optional(4),
            context: fields.take_optional(29),
            requirements: fields.take_optional(30),
        }
    }
}

/// Table of `Tokenize request`.
pub static TOKENIZE_REQUEST: MessageInfo = MessageInfo {
    name: "Tokenize request",
    fields: &[
        Field {
            name: "model", id: 1, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "text", id: 2, kind: Type::Bytes, presence: Presence::Required, since: 1,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "parse_special", id: 3, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "add_special", id: 4, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "context", id: 29, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUEST_CONTEXT),
        },
        Field {
            name: "requirements", id: 30, kind: Type::Record, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUIREMENTS),
        },
    ],
};

/// Message `Tokenize response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenizeResponse {
    /// Token ids (required; 0..1000000 elements).
    pub tokens: Vec<u32>,
    /// Who answered (required).
    pub answer: Answer,
}

impl Message for TokenizeResponse {
    fn info() -> &'static MessageInfo {
        &TOKENIZE_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.tokens);
        record.put_value(31, &self.answer);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            tokens: fields.take_value(1),
            answer: fields.take_value(31),
        }
    }
    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }
}

/// Table of `Tokenize response`.
pub static TOKENIZE_RESPONSE: MessageInfo = MessageInfo {
    name: "Tokenize response",
    fields: &[
        Field {
            name: "tokens", id: 1, kind: Type::U32s, presence: Presence::Required, since: 1,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "answer", id: 31, kind: Type::Record, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&ANSWER),
        },
    ],
};

/// Message `Detokenize request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DetokenizeRequest {
    /// Absent: the server's only model (optional; 1..128 bytes).
    pub model: Option<String>,
    /// Token ids (required; 0..1000000 elements).
    pub tokens: Vec<u32>,
    /// Where the request stands among others (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

impl Message for DetokenizeRequest {
    fn info() -> &'static MessageInfo {
        &DETOKENIZE_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.model);
        record.put_value(2, &self.tokens);
        record.put_optional(29, &self.context);
        record.put_optional(30, &self.requirements);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            model: fields.take_optional(1),
            tokens: fields.take_value(2),
            context: fields.take_optional(29),
            requirements: fields.take_optional(30),
        }
    }
}

/// Table of `Detokenize request`.
pub static DETOKENIZE_REQUEST: MessageInfo = MessageInfo {
    name: "Detokenize request",
    fields: &[
        Field {
            name: "model", id: 1, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "tokens", id: 2, kind: Type::U32s, presence: Presence::Required, since: 1,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "context", id: 29, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUEST_CONTEXT),
        },
        Field {
            name: "requirements", id: 30, kind: Type::Record, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUIREMENTS),
        },
    ],
};

/// Message `Detokenize response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DetokenizeResponse {
    /// Bytes; single tokens need not be whole characters (required; 0..4000000 bytes).
    pub text: Vec<u8>,
    /// Who answered (required).
    pub answer: Answer,
}

impl Message for DetokenizeResponse {
    fn info() -> &'static MessageInfo {
        &DETOKENIZE_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.text);
        record.put_value(31, &self.answer);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            text: fields.take_value(1),
            answer: fields.take_value(31),
        }
    }
    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }
}

/// Table of `Detokenize response`.
pub static DETOKENIZE_RESPONSE: MessageInfo = MessageInfo {
    name: "Detokenize response",
    fields: &[
        Field {
            name: "text", id: 1, kind: Type::Bytes, presence: Presence::Required, since: 1,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "answer", id: 31, kind: Type::Record, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&ANSWER),
        },
    ],
};

/// Message `Generate request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenerateRequest {
    /// Absent: the server's only model (optional; 1..128 bytes).
    pub model: Option<String>,
    /// Text to continue, may be empty; or one of the others (optional; 0..4000000 bytes).
    pub prompt: Option<String>,
    /// Token ids to continue, used as they are; or one of the others (optional; 1..1000000
    /// elements).
    pub tokens: Option<Vec<u32>>,
    /// Names of special tokens in `prompt` become those tokens; default false (optional).
    pub parse_special: Option<bool>,
    /// Add begin tokens to `prompt` as the model asks for; default true (optional).
    pub add_special: Option<bool>,
    /// Tokens to make at most; default 256 (optional; 1..1048576).
    pub max_tokens: Option<u64>,
    /// 0 picks the best token every time; default 0 (optional; 0.0..100.0).
    pub temperature: Option<f64>,
    /// Keep the k best tokens; default 0, all (optional; 0..16777216).
    pub top_k: Option<u64>,
    /// Keep the best tokens up to this share; default 1, all (optional; 0.0..1.0).
    pub top_p: Option<f64>,
    /// Keep tokens of at least this share of the best; default 0, all (optional; 0.0..1.0).
    pub min_p: Option<f64>,
    /// Seed of the sampler; default 0 (optional).
    pub seed: Option<u64>,
    /// End before this text appears (0..16 times; 1..256 bytes).
    pub stop: Vec<String>,
    /// An overlong prompt loses its beginning (`truncated_context`); default false: refused
    /// (optional).
    pub truncate_prompt: Option<bool>,
    /// Log-probability of each token made, and of so many of the best beside it; absent: none
    /// (optional; 0..64).
    pub logprobs: Option<u64>,
    /// The same for the tokens of the prompt; absent: none (optional; 0..64).
    pub prompt_logprobs: Option<u64>,
    /// One `Chat message` each: a conversation to continue; or one of the others (0..1024 times).
    pub messages: Vec<ChatMessage>,
    /// An end token does not end the answer; default false (optional).
    pub ignore_eos: Option<bool>,
    /// Tokens before which neither an end token is chosen nor a stop string looked for; default 0
    /// (optional; 0..1048576).
    pub min_tokens: Option<u64>,
    /// Where the request stands among others (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

impl Message for GenerateRequest {
    fn info() -> &'static MessageInfo {
        &GENERATE_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.model);
        record.put_optional(2, &self.prompt);
        record.put_optional(3, &self.tokens);
        record.put_optional(4, &self.parse_special);
        record.put_optional(5, &self.add_special);
        record.put_optional(6, &self.max_tokens);
        record.put_optional(7, &self.temperature);
        record.put_optional(8, &self.top_k);
        record.put_optional(9, &self.top_p);
        record.put_optional(10, &self.min_p);
        record.put_optional(11, &self.seed);
        record.put_repeated(12, &self.stop);
        record.put_optional(13, &self.truncate_prompt);
        record.put_optional(14, &self.logprobs);
        record.put_optional(15, &self.prompt_logprobs);
        record.put_repeated(16, &self.messages);
        record.put_optional(17, &self.ignore_eos);
        record.put_optional(18, &self.min_tokens);
        record.put_optional(29, &self.context);
        record.put_optional(30, &self.requirements);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            model: fields.take_optional(1),
            prompt: fields.take_optional(2),
            tokens: fields.take_optional(3),
            parse_special: fields.take_optional(4),
            add_special: fields.take_optional(5),
            max_tokens: fields.take_optional(6),
            temperature: fields.take_optional(7),
            top_k: fields.take_optional(8),
            top_p: fields.take_optional(9),
            min_p: fields.take_optional(10),
            seed: fields.take_optional(11),
            stop: fields.take_repeated(12),
            truncate_prompt: fields.take_optional(13),
            logprobs: fields.take_optional(14),
            prompt_logprobs: fields.take_optional(15),
            messages: fields.take_repeated(16),
            ignore_eos: fields.take_optional(17),
            min_tokens: fields.take_optional(18),
            context: fields.take_optional(29),
            requirements: fields.take_optional(30),
        }
    }
}

/// Table of `Generate request`.
pub static GENERATE_REQUEST: MessageInfo = MessageInfo {
    name: "Generate request",
    fields: &[
        Field {
            name: "model", id: 1, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prompt", id: 2, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "tokens", id: 3, kind: Type::U32s, presence: Presence::Optional, since: 1,
            bounds: (1, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "parse_special", id: 4, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "add_special", id: 5, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "max_tokens", id: 6, kind: Type::U64, presence: Presence::Optional, since: 1,
            bounds: (1, 1048576), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "temperature", id: 7, kind: Type::F64, presence: Presence::Optional, since: 1,
            bounds: ANY_U64, numbers: (0.0, 100.0), above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "top_k", id: 8, kind: Type::U64, presence: Presence::Optional, since: 1,
            bounds: (0, 16777216), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "top_p", id: 9, kind: Type::F64, presence: Presence::Optional, since: 1,
            bounds: ANY_U64, numbers: (0.0, 1.0), above_min: true, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "min_p", id: 10, kind: Type::F64, presence: Presence::Optional, since: 1,
            bounds: ANY_U64, numbers: (0.0, 1.0), above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "seed", id: 11, kind: Type::U64, presence: Presence::Optional, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "stop", id: 12, kind: Type::Text, presence: Presence::Repeated, since: 1,
            bounds: (1, 256), numbers: ANY_F64, above_min: false, times: (0, 16),
            choices: &[], record: None,
        },
        Field {
            name: "truncate_prompt", id: 13, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "logprobs", id: 14, kind: Type::U64, presence: Presence::Optional, since: 2,
            bounds: (0, 64), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prompt_logprobs", id: 15, kind: Type::U64, presence: Presence::Optional, since: 2,
            bounds: (0, 64), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "messages", id: 16, kind: Type::Record, presence: Presence::Repeated, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: Some(&CHAT_MESSAGE),
        },
        Field {
            name: "ignore_eos", id: 17, kind: Type::Bool, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "min_tokens", id: 18, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: (0, 1048576), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "context", id: 29, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUEST_CONTEXT),
        },
        Field {
            name: "requirements", id: 30, kind: Type::Record, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUIREMENTS),
        },
    ],
};

/// Message `Generate chunk`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenerateChunk {
    /// Tokens made since the last frame (optional; 0..1000000 elements).
    pub tokens: Option<Vec<u32>>,
    /// Their text, whole characters; may lag behind (optional; 0..4000000 bytes).
    pub text: Option<String>,
    /// Prompt tokens read so far (optional).
    pub prompt_done: Option<u64>,
    /// Prompt tokens in all (optional).
    pub prompt_total: Option<u64>,
    /// A `Logprobs` of exactly `tokens`; when asked for (optional).
    pub logprobs: Option<Logprobs>,
    /// A `Logprobs` of the next prompt tokens; when asked for (optional).
    pub prompt_logprobs: Option<Logprobs>,
    /// Number of this frame in its answer, from 0 (optional).
    pub frame: Option<u64>,
}

impl Message for GenerateChunk {
    fn info() -> &'static MessageInfo {
        &GENERATE_CHUNK
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.tokens);
        record.put_optional(2, &self.text);
        record.put_optional(3, &self.prompt_done);
        record.put_optional(4, &self.prompt_total);
        record.put_optional(5, &self.logprobs);
        record.put_optional(6, &self.prompt_logprobs);
        record.put_optional(28, &self.frame);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            tokens: fields.take_optional(1),
            text: fields.take_optional(2),
            prompt_done: fields.take_optional(3),
            prompt_total: fields.take_optional(4),
            logprobs: fields.take_optional(5),
            prompt_logprobs: fields.take_optional(6),
            frame: fields.take_optional(28),
        }
    }
}

/// Table of `Generate chunk`.
pub static GENERATE_CHUNK: MessageInfo = MessageInfo {
    name: "Generate chunk",
    fields: &[
        Field {
            name: "tokens", id: 1, kind: Type::U32s, presence: Presence::Optional, since: 1,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "text", id: 2, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prompt_done", id: 3, kind: Type::U64, presence: Presence::Optional, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prompt_total", id: 4, kind: Type::U64, presence: Presence::Optional, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "logprobs", id: 5, kind: Type::Record, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&LOGPROBS),
        },
        Field {
            name: "prompt_logprobs", id: 6, kind: Type::Record, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&LOGPROBS),
        },
        Field {
            name: "frame", id: 28, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Generate response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenerateResponse {
    /// Tokens not sent in chunks (optional; 0..1000000 elements).
    pub tokens: Option<Vec<u32>>,
    /// Text not sent in chunks (optional; 0..4000000 bytes).
    pub text: Option<String>,
    /// End token or stop string; `max_tokens` or context; Cancel; deadline (required; `stop`,
    /// `length`, `cancelled`, `deadline`).
    pub finish_reason: String,
    /// The stop string that ended it (optional; 1..256 bytes).
    pub stop_matched: Option<String>,
    /// Tokens of the prompt (required).
    pub prompt_tokens: u64,
    /// Tokens made in all (required).
    pub completion_tokens: u64,
    /// A `Logprobs` of exactly `tokens`; when asked for (optional).
    pub logprobs: Option<Logprobs>,
    /// A `Logprobs` of the prompt tokens not sent in chunks (optional).
    pub prompt_logprobs: Option<Logprobs>,
    /// Number of this frame in its answer, from 0 (optional).
    pub frame: Option<u64>,
    /// Who answered (required).
    pub answer: Answer,
}

impl Message for GenerateResponse {
    fn info() -> &'static MessageInfo {
        &GENERATE_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.tokens);
        record.put_optional(2, &self.text);
        record.put_value(5, &self.finish_reason);
        record.put_optional(6, &self.stop_matched);
        record.put_value(7, &self.prompt_tokens);
        record.put_value(8, &self.completion_tokens);
        record.put_optional(9, &self.logprobs);
        record.put_optional(10, &self.prompt_logprobs);
        record.put_optional(28, &self.frame);
        record.put_value(31, &self.answer);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            tokens: fields.take_optional(1),
            text: fields.take_optional(2),
            finish_reason: fields.take_value(5),
            stop_matched: fields.take_optional(6),
            prompt_tokens: fields.take_value(7),
            completion_tokens: fields.take_value(8),
            logprobs: fields.take_optional(9),
            prompt_logprobs: fields.take_optional(10),
            frame: fields.take_optional(28),
            answer: fields.take_value(31),
        }
    }
    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }
}

/// Table of `Generate response`.
pub static GENERATE_RESPONSE: MessageInfo = MessageInfo {
    name: "Generate response",
    fields: &[
        Field {
            name: "tokens", id: 1, kind: Type::U32s, presence: Presence::Optional, since: 1,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "text", id: 2, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "finish_reason", id: 5, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["stop", "length", "cancelled", "deadline"], record: None,
        },
        Field {
            name: "stop_matched", id: 6, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 256), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prompt_tokens", id: 7, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "completion_tokens", id: 8, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "logprobs", id: 9, kind: Type::Record, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&LOGPROBS),
        },
        Field {
            name: "prompt_logprobs", id: 10, kind: Type::Record, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&LOGPROBS),
        },
        Field {
            name: "frame", id: 28, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "answer", id: 31, kind: Type::Record, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&ANSWER),
        },
    ],
};

/// Message `Score request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreRequest {
    /// Absent: the server's only model (optional; 1..128 bytes).
    pub model: Option<String>,
    /// Text; or one of the others (optional; 0..4000000 bytes).
    pub prompt: Option<String>,
    /// Token ids, used as they are; or one of the others (optional; 1..1000000 elements).
    pub tokens: Option<Vec<u32>>,
    /// As in Generate (optional).
    pub parse_special: Option<bool>,
    /// As in Generate (optional).
    pub add_special: Option<bool>,
    /// One `Chat message` each: a conversation; or one of the others (0..1024 times).
    pub messages: Vec<ChatMessage>,
    /// One `Input` each (1..256 times).
    pub continuations: Vec<Input>,
    /// Alternatives listed beside each token; default 0 (optional; 0..64).
    pub top_logprobs: Option<u64>,
    /// Where the request stands among others (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

impl Message for ScoreRequest {
    fn info() -> &'static MessageInfo {
        &SCORE_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.model);
        record.put_optional(2, &self.prompt);
        record.put_optional(3, &self.tokens);
        record.put_optional(4, &self.parse_special);
        record.put_optional(5, &self.add_special);
        record.put_repeated(6, &self.messages);
        record.put_repeated(7, &self.continuations);
        record.put_optional(8, &self.top_logprobs);
        record.put_optional(29, &self.context);
        record.put_optional(30, &self.requirements);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            model: fields.take_optional(1),
            prompt: fields.take_optional(2),
            tokens: fields.take_optional(3),
            parse_special: fields.take_optional(4),
            add_special: fields.take_optional(5),
            messages: fields.take_repeated(6),
            continuations: fields.take_repeated(7),
            top_logprobs: fields.take_optional(8),
            context: fields.take_optional(29),
            requirements: fields.take_optional(30),
        }
    }
}

/// Table of `Score request`.
pub static SCORE_REQUEST: MessageInfo = MessageInfo {
    name: "Score request",
    fields: &[
        Field {
            name: "model", id: 1, kind: Type::Text, presence: Presence::Optional, since: 2,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prompt", id: 2, kind: Type::Text, presence: Presence::Optional, since: 2,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "tokens", id: 3, kind: Type::U32s, presence: Presence::Optional, since: 2,
            bounds: (1, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "parse_special", id: 4, kind: Type::Bool, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "add_special", id: 5, kind: Type::Bool, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "messages", id: 6, kind: Type::Record, presence: Presence::Repeated, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: Some(&CHAT_MESSAGE),
        },
        Field {
            name: "continuations", id: 7, kind: Type::Record, presence: Presence::Repeated, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (1, 256),
            choices: &[], record: Some(&INPUT),
        },
        Field {
            name: "top_logprobs", id: 8, kind: Type::U64, presence: Presence::Optional, since: 2,
            bounds: (0, 64), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "context", id: 29, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUEST_CONTEXT),
        },
        Field {
            name: "requirements", id: 30, kind: Type::Record, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUIREMENTS),
        },
    ],
};

/// Message `Score response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreResponse {
    /// One `Continuation score` for each continuation, in order (1..256 times).
    pub scores: Vec<ContinuationScore>,
    /// Tokens of the prompt alone (required).
    pub prompt_tokens: u64,
    /// Who answered (required).
    pub answer: Answer,
}

impl Message for ScoreResponse {
    fn info() -> &'static MessageInfo {
        &SCORE_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_repeated(1, &self.scores);
        record.put_value(2, &self.prompt_tokens);
        record.put_value(31, &self.answer);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            scores: fields.take_repeated(1),
            prompt_tokens: fields.take_value(2),
            answer: fields.take_value(31),
        }
    }
    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }
}

/// Table of `Score response`.
pub static SCORE_RESPONSE: MessageInfo = MessageInfo {
    name: "Score response",
    fields: &[
        Field {
            name: "scores", id: 1, kind: Type::Record, presence: Presence::Repeated, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (1, 256),
            choices: &[], record: Some(&CONTINUATION_SCORE),
        },
        Field {
            name: "prompt_tokens", id: 2, kind: Type::U64, presence: Presence::Required, since: 2,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "answer", id: 31, kind: Type::Record, presence: Presence::Required, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&ANSWER),
        },
    ],
};

/// Message `Continuation score`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContinuationScore {
    /// A `Logprobs` of the tokens that were scored (required).
    pub logprobs: Logprobs,
    /// Their sum: of the continuation as a whole (required).
    pub logprob: f64,
    /// Every token was the most probable one at its place (required).
    pub greedy: bool,
}

impl Message for ContinuationScore {
    fn info() -> &'static MessageInfo {
        &CONTINUATION_SCORE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.logprobs);
        record.put_value(2, &self.logprob);
        record.put_value(3, &self.greedy);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            logprobs: fields.take_value(1),
            logprob: fields.take_value(2),
            greedy: fields.take_value(3),
        }
    }
}

/// Table of `Continuation score`.
pub static CONTINUATION_SCORE: MessageInfo = MessageInfo {
    name: "Continuation score",
    fields: &[
        Field {
            name: "logprobs", id: 1, kind: Type::Record, presence: Presence::Required, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&LOGPROBS),
        },
        Field {
            name: "logprob", id: 2, kind: Type::F64, presence: Presence::Required, since: 2,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "greedy", id: 3, kind: Type::Bool, presence: Presence::Required, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Embed request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedRequest {
    /// Absent: the server's only model (optional; 1..128 bytes).
    pub model: Option<String>,
    /// One `Input` each (1..256 times).
    pub inputs: Vec<Input>,
    /// Names of special tokens in a text become those tokens; default false (optional).
    pub parse_special: Option<bool>,
    /// Add begin and end tokens to a text as the model asks for; default true (optional).
    pub add_special: Option<bool>,
    /// How positions become one vector; default mean (optional; `mean`, `last`, `cls`).
    pub pooling: Option<String>,
    /// Divide by the Euclidean length; default true (optional).
    pub normalize: Option<bool>,
    /// Where the request stands among others (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

impl Message for EmbedRequest {
    fn info() -> &'static MessageInfo {
        &EMBED_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.model);
        record.put_repeated(2, &self.inputs);
        record.put_optional(3, &self.parse_special);
        record.put_optional(4, &self.add_special);
        record.put_optional(5, &self.pooling);
        record.put_optional(6, &self.normalize);
        record.put_optional(29, &self.context);
        record.put_optional(30, &self.requirements);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            model: fields.take_optional(1),
            inputs: fields.take_repeated(2),
            parse_special: fields.take_optional(3),
            add_special: fields.take_optional(4),
            pooling: fields.take_optional(5),
            normalize: fields.take_optional(6),
            context: fields.take_optional(29),
            requirements: fields.take_optional(30),
        }
    }
}

/// Table of `Embed request`.
pub static EMBED_REQUEST: MessageInfo = MessageInfo {
    name: "Embed request",
    fields: &[
        Field {
            name: "model", id: 1, kind: Type::Text, presence: Presence::Optional, since: 2,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "inputs", id: 2, kind: Type::Record, presence: Presence::Repeated, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (1, 256),
            choices: &[], record: Some(&INPUT),
        },
        Field {
            name: "parse_special", id: 3, kind: Type::Bool, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "add_special", id: 4, kind: Type::Bool, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "pooling", id: 5, kind: Type::Text, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &["mean", "last", "cls"], record: None,
        },
        Field {
            name: "normalize", id: 6, kind: Type::Bool, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "context", id: 29, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUEST_CONTEXT),
        },
        Field {
            name: "requirements", id: 30, kind: Type::Record, presence: Presence::Optional, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUIREMENTS),
        },
    ],
};

/// Message `Embed chunk`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedChunk {
    /// The next values (required; 1..1000000 elements).
    pub embeddings: Vec<f32>,
    /// Number of this frame in its answer, from 0 (optional).
    pub frame: Option<u64>,
}

impl Message for EmbedChunk {
    fn info() -> &'static MessageInfo {
        &EMBED_CHUNK
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.embeddings);
        record.put_optional(28, &self.frame);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            embeddings: fields.take_value(1),
            frame: fields.take_optional(28),
        }
    }
}

/// Table of `Embed chunk`.
pub static EMBED_CHUNK: MessageInfo = MessageInfo {
    name: "Embed chunk",
    fields: &[
        Field {
            name: "embeddings", id: 1, kind: Type::F32s, presence: Presence::Required, since: 2,
            bounds: (1, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "frame", id: 28, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Embed response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedResponse {
    /// The last values (required; 0..1000000 elements).
    pub embeddings: Vec<f32>,
    /// Values per input (required; 1..131072).
    pub dimensions: u64,
    /// Inputs, as many as the request has (required; 1..256).
    pub count: u64,
    /// Tokens of all inputs together (required).
    pub prompt_tokens: u64,
    /// Number of this frame in its answer, from 0 (optional).
    pub frame: Option<u64>,
    /// Who answered (required).
    pub answer: Answer,
}

impl Message for EmbedResponse {
    fn info() -> &'static MessageInfo {
        &EMBED_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.embeddings);
        record.put_value(2, &self.dimensions);
        record.put_value(3, &self.count);
        record.put_value(4, &self.prompt_tokens);
        record.put_optional(28, &self.frame);
        record.put_value(31, &self.answer);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            embeddings: fields.take_value(1),
            dimensions: fields.take_value(2),
            count: fields.take_value(3),
            prompt_tokens: fields.take_value(4),
            frame: fields.take_optional(28),
            answer: fields.take_value(31),
        }
    }
    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }
}

/// Table of `Embed response`.
pub static EMBED_RESPONSE: MessageInfo = MessageInfo {
    name: "Embed response",
    fields: &[
        Field {
            name: "embeddings", id: 1, kind: Type::F32s, presence: Presence::Required, since: 2,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "dimensions", id: 2, kind: Type::U64, presence: Presence::Required, since: 2,
            bounds: (1, 131072), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "count", id: 3, kind: Type::U64, presence: Presence::Required, since: 2,
            bounds: (1, 256), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prompt_tokens", id: 4, kind: Type::U64, presence: Presence::Required, since: 2,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "frame", id: 28, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "answer", id: 31, kind: Type::Record, presence: Presence::Required, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&ANSWER),
        },
    ],
};

/// Message `Logits request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogitsRequest {
    /// Absent: the server's only model (optional; 1..128 bytes).
    pub model: Option<String>,
    /// Text; or one of the others (optional; 0..4000000 bytes).
    pub prompt: Option<String>,
    /// Token ids, used as they are; or one of the others (optional; 1..1000000 elements).
    pub tokens: Option<Vec<u32>>,
    /// As in Generate (optional).
    pub parse_special: Option<bool>,
    /// As in Generate (optional).
    pub add_special: Option<bool>,
    /// After every token; default false: after the last (optional).
    pub all_positions: Option<bool>,
    /// One `Chat message` each: a conversation; or one of the others (0..1024 times).
    pub messages: Vec<ChatMessage>,
    /// Where the request stands among others (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

impl Message for LogitsRequest {
    fn info() -> &'static MessageInfo {
        &LOGITS_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_optional(1, &self.model);
        record.put_optional(2, &self.prompt);
        record.put_optional(3, &self.tokens);
        record.put_optional(4, &self.parse_special);
        record.put_optional(5, &self.add_special);
        record.put_optional(6, &self.all_positions);
        record.put_repeated(7, &self.messages);
        record.put_optional(29, &self.context);
        record.put_optional(30, &self.requirements);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            model: fields.take_optional(1),
            prompt: fields.take_optional(2),
            tokens: fields.take_optional(3),
            parse_special: fields.take_optional(4),
            add_special: fields.take_optional(5),
            all_positions: fields.take_optional(6),
            messages: fields.take_repeated(7),
            context: fields.take_optional(29),
            requirements: fields.take_optional(30),
        }
    }
}

/// Table of `Logits request`.
pub static LOGITS_REQUEST: MessageInfo = MessageInfo {
    name: "Logits request",
    fields: &[
        Field {
            name: "model", id: 1, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "prompt", id: 2, kind: Type::Text, presence: Presence::Optional, since: 1,
            bounds: (0, 4000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "tokens", id: 3, kind: Type::U32s, presence: Presence::Optional, since: 1,
            bounds: (1, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "parse_special", id: 4, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "add_special", id: 5, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "all_positions", id: 6, kind: Type::Bool, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "messages", id: 7, kind: Type::Record, presence: Presence::Repeated, since: 2,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: Some(&CHAT_MESSAGE),
        },
        Field {
            name: "context", id: 29, kind: Type::Record, presence: Presence::Optional, since: 3,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUEST_CONTEXT),
        },
        Field {
            name: "requirements", id: 30, kind: Type::Record, presence: Presence::Optional, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&REQUIREMENTS),
        },
    ],
};

/// Message `Logits chunk`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogitsChunk {
    /// The next values (required; 1..1000000 elements).
    pub logits: Vec<f32>,
    /// Number of this frame in its answer, from 0 (optional).
    pub frame: Option<u64>,
}

impl Message for LogitsChunk {
    fn info() -> &'static MessageInfo {
        &LOGITS_CHUNK
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.logits);
        record.put_optional(28, &self.frame);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            logits: fields.take_value(1),
            frame: fields.take_optional(28),
        }
    }
}

/// Table of `Logits chunk`.
pub static LOGITS_CHUNK: MessageInfo = MessageInfo {
    name: "Logits chunk",
    fields: &[
        Field {
            name: "logits", id: 1, kind: Type::F32s, presence: Presence::Required, since: 1,
            bounds: (1, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "frame", id: 28, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Logits response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogitsResponse {
    /// The last values (required; 0..1000000 elements).
    pub logits: Vec<f32>,
    /// Values per position (required; 1..4294967295).
    pub vocabulary: u64,
    /// Positions in all (required; 1..4294967295).
    pub positions: u64,
    /// Number of this frame in its answer, from 0 (optional).
    pub frame: Option<u64>,
    /// Who answered (required).
    pub answer: Answer,
}

impl Message for LogitsResponse {
    fn info() -> &'static MessageInfo {
        &LOGITS_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.logits);
        record.put_value(2, &self.vocabulary);
        record.put_value(3, &self.positions);
        record.put_optional(28, &self.frame);
        record.put_value(31, &self.answer);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            logits: fields.take_value(1),
            vocabulary: fields.take_value(2),
            positions: fields.take_value(3),
            frame: fields.take_optional(28),
            answer: fields.take_value(31),
        }
    }
    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }
}

/// Table of `Logits response`.
pub static LOGITS_RESPONSE: MessageInfo = MessageInfo {
    name: "Logits response",
    fields: &[
        Field {
            name: "logits", id: 1, kind: Type::F32s, presence: Presence::Required, since: 1,
            bounds: (0, 1000000), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "vocabulary", id: 2, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (1, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "positions", id: 3, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (1, 4294967295), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "frame", id: 28, kind: Type::U64, presence: Presence::Optional, since: 3,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "answer", id: 31, kind: Type::Record, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: Some(&ANSWER),
        },
    ],
};

/// Message `Cancel request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CancelRequest {
    /// Id of the request to stop, of the same connection (required; 1..18446744073709551615).
    pub target: u64,
}

impl Message for CancelRequest {
    fn info() -> &'static MessageInfo {
        &CANCEL_REQUEST
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.target);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            target: fields.take_value(1),
        }
    }
}

/// Table of `Cancel request`.
pub static CANCEL_REQUEST: MessageInfo = MessageInfo {
    name: "Cancel request",
    fields: &[
        Field {
            name: "target", id: 1, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: (1, 18446744073709551615), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Cancel response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CancelResponse {
    /// It was in flight and is being stopped (required).
    pub found: bool,
}

impl Message for CancelResponse {
    fn info() -> &'static MessageInfo {
        &CANCEL_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.found);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            found: fields.take_value(1),
        }
    }
}

/// Table of `Cancel response`.
pub static CANCEL_RESPONSE: MessageInfo = MessageInfo {
    name: "Cancel response",
    fields: &[
        Field {
            name: "found", id: 1, kind: Type::Bool, presence: Presence::Required, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `Stats request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatsRequest {
}

impl Message for StatsRequest {
    fn info() -> &'static MessageInfo {
        &STATS_REQUEST
    }
    fn to_record(&self) -> Record {
        Record::default()
    }
    fn from_record(_: Record) -> Self {
        Self::default()
    }
}

/// Table of `Stats request`.
pub static STATS_REQUEST: MessageInfo = MessageInfo {
    name: "Stats request",
    fields: &[
    ],
};

/// Message `Stats response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatsResponse {
    /// One `Counter` each, in order of name (0..1024 times).
    pub counters: Vec<Counter>,
}

impl Message for StatsResponse {
    fn info() -> &'static MessageInfo {
        &STATS_RESPONSE
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_repeated(1, &self.counters);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            counters: fields.take_repeated(1),
        }
    }
}

/// Table of `Stats response`.
pub static STATS_RESPONSE: MessageInfo = MessageInfo {
    name: "Stats response",
    fields: &[
        Field {
            name: "counters", id: 1, kind: Type::Record, presence: Presence::Repeated, since: 1,
            bounds: ANY_SIZE, numbers: ANY_F64, above_min: false, times: (0, 1024),
            choices: &[], record: Some(&COUNTER),
        },
    ],
};

/// Message `Counter`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counter {
    /// What is counted (required; 1..128 bytes).
    pub name: String,
    /// Counted for real answers (required).
    pub real: u64,
    /// Counted for mock answers (required).
    pub mock: u64,
}

impl Message for Counter {
    fn info() -> &'static MessageInfo {
        &COUNTER
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.name);
        record.put_value(2, &self.real);
        record.put_value(3, &self.mock);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            name: fields.take_value(1),
            real: fields.take_value(2),
            mock: fields.take_value(3),
        }
    }
}

/// Table of `Counter`.
pub static COUNTER: MessageInfo = MessageInfo {
    name: "Counter",
    fields: &[
        Field {
            name: "name", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "real", id: 2, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "mock", id: 3, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

/// Message `GoAway`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GoAway {
    /// `shutting_down`, `idle` (required; 1..128 bytes).
    pub reason: String,
    /// Time until the server closes what is still open (required).
    pub drain_milliseconds: u64,
}

impl Message for GoAway {
    fn info() -> &'static MessageInfo {
        &GO_AWAY
    }
    fn to_record(&self) -> Record {
        let mut record = Record::default();
        record.put_value(1, &self.reason);
        record.put_value(2, &self.drain_milliseconds);
        record
    }
    fn from_record(record: Record) -> Self {
        let mut fields = Fields::new(record);
        Self {
            reason: fields.take_value(1),
            drain_milliseconds: fields.take_value(2),
        }
    }
}

/// Table of `GoAway`.
pub static GO_AWAY: MessageInfo = MessageInfo {
    name: "GoAway",
    fields: &[
        Field {
            name: "reason", id: 1, kind: Type::Text, presence: Presence::Required, since: 1,
            bounds: (1, 128), numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
        Field {
            name: "drain_milliseconds", id: 2, kind: Type::U64, presence: Presence::Required, since: 1,
            bounds: ANY_U64, numbers: ANY_F64, above_min: false, times: (0, 1),
            choices: &[], record: None,
        },
    ],
};

impl Request for HelloRequest {
    const KIND: u8 = 0x01;
    const NAME: &'static str = "Hello";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = true;
    type Chunk = HelloResponse;
    type Response = HelloResponse;
}

impl Request for PingRequest {
    const KIND: u8 = 0x02;
    const NAME: &'static str = "Ping";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = true;
    type Chunk = PingResponse;
    type Response = PingResponse;
}

impl Request for HealthRequest {
    const KIND: u8 = 0x03;
    const NAME: &'static str = "Health";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = true;
    type Chunk = HealthResponse;
    type Response = HealthResponse;
}

impl Request for ModelsRequest {
    const KIND: u8 = 0x04;
    const NAME: &'static str = "Models";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = true;
    type Chunk = ModelsResponse;
    type Response = ModelsResponse;
}

impl Request for LoadRequest {
    const KIND: u8 = 0x05;
    const NAME: &'static str = "Load";
    const SINCE: u64 = 1;
    const STREAMED: bool = true;
    const RETRY_SAFE: bool = false;
    type Chunk = LoadProgress;
    type Response = LoadResponse;
}

impl Request for UnloadRequest {
    const KIND: u8 = 0x07;
    const NAME: &'static str = "Unload";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = false;
    type Chunk = UnloadResponse;
    type Response = UnloadResponse;
}

impl Request for TokenizeRequest {
    const KIND: u8 = 0x08;
    const NAME: &'static str = "Tokenize";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = true;
    type Chunk = TokenizeResponse;
    type Response = TokenizeResponse;
}

impl Request for DetokenizeRequest {
    const KIND: u8 = 0x09;
    const NAME: &'static str = "Detokenize";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = true;
    type Chunk = DetokenizeResponse;
    type Response = DetokenizeResponse;
}

impl Request for GenerateRequest {
    const KIND: u8 = 0x0a;
    const NAME: &'static str = "Generate";
    const SINCE: u64 = 1;
    const STREAMED: bool = true;
    const RETRY_SAFE: bool = true;
    type Chunk = GenerateChunk;
    type Response = GenerateResponse;
}

impl Request for ScoreRequest {
    const KIND: u8 = 0x0b;
    const NAME: &'static str = "Score";
    const SINCE: u64 = 2;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = true;
    type Chunk = ScoreResponse;
    type Response = ScoreResponse;
}

impl Request for LogitsRequest {
    const KIND: u8 = 0x0c;
    const NAME: &'static str = "Logits";
    const SINCE: u64 = 1;
    const STREAMED: bool = true;
    const RETRY_SAFE: bool = true;
    type Chunk = LogitsChunk;
    type Response = LogitsResponse;
}

impl Request for EmbedRequest {
    const KIND: u8 = 0x0d;
    const NAME: &'static str = "Embed";
    const SINCE: u64 = 2;
    const STREAMED: bool = true;
    const RETRY_SAFE: bool = true;
    type Chunk = EmbedChunk;
    type Response = EmbedResponse;
}

impl Request for CancelRequest {
    const KIND: u8 = 0x0e;
    const NAME: &'static str = "Cancel";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = false;
    type Chunk = CancelResponse;
    type Response = CancelResponse;
}

impl Request for StatsRequest {
    const KIND: u8 = 0x0f;
    const NAME: &'static str = "Stats";
    const SINCE: u64 = 1;
    const STREAMED: bool = false;
    const RETRY_SAFE: bool = true;
    type Chunk = StatsResponse;
    type Response = StatsResponse;
}
