// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//! Numbers, options, errors and messages of the wire protocol (Protocol/SPEC.md).

use crate::answers::Gather;
use crate::client::Client;
use crate::codec::{
    exactly_one, excludes, given, message, single, BodyError, Kind, Member, Message, Request,
};
use crate::errors::Result;
use crate::exchange::Reply;

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
/// Kind: only from the server, byte 5 is `0xf0`, request id 0; as a request it is a protocol error
/// (`kind_reserved`).
pub const KIND_GO_AWAY: u8 = 0x70;
/// Lowest revision that knows a request's context.
pub const CONTEXT_SINCE: u64 = 3;

/// What a client says about itself and insists on.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name and version of the program, for the server's log; default: the library's (text,
    /// 1..128).
    pub name: String,
    /// Hand out answers of mocks, which say so (bool; default false).
    pub allow_mock: bool,
    /// Offer LZ4 (bool; default true).
    pub compression: bool,
    /// Largest body accepted, bytes (u64, 4096..4294967295; default 4194304).
    pub body_size_max: u64,
    /// Largest whole answer accepted, bytes of its bodies; beyond it the answer is given up (u64,
    /// 4096..9007199254740991; default 1073741824).
    pub answer_size_max: u64,
    /// Size of the pool; a call takes the connection with the fewest requests in flight (u64,
    /// 1..1024; default 1).
    pub connections: u64,
    /// To connect, and again for Hello (u64, 1..4294967295; default 5000).
    pub connect_milliseconds: u64,
    /// Longest silence on an answer; 0: any (u64, 0..4294967295; default 0).
    pub answer_milliseconds: u64,
    /// Beyond a request's deadline before the client gives up by itself (u64, 0..4294967295;
    /// default 2000).
    pub grace_milliseconds: u64,
    /// In all (u64, 1..4294967295; default 3).
    pub attempts: u64,
    /// First pause between attempts; doubles; each with jitter from half to whole (u64,
    /// 0..4294967295; default 50).
    pub backoff_milliseconds: u64,
    /// Longest pause between attempts (u64, 0..4294967295; default 2000).
    pub backoff_max_milliseconds: u64,
    /// How long, from a call's start, to wait for a server that is not there or loads its model
    /// (u64, 0..4294967295; default 0).
    pub wait_milliseconds: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            name: concat!("assay-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            allow_mock: false,
            compression: true,
            body_size_max: 4194304,
            answer_size_max: 1073741824,
            connections: 1,
            connect_milliseconds: 5000,
            answer_milliseconds: 0,
            grace_milliseconds: 2000,
            attempts: 3,
            backoff_milliseconds: 50,
            backoff_max_milliseconds: 2000,
            wait_milliseconds: 0,
        }
    }
}

impl Options {
    /// Name, value and range of each that has a range; of a text its bytes.
    pub(crate) fn ranges(&self) -> [(&'static str, u64, u64, u64); 11] {
        [
            ("name", self.name.len() as u64, 1, 128),
            ("body_size_max", self.body_size_max, 4096, 4294967295),
            ("answer_size_max", self.answer_size_max, 4096, 9007199254740991),
            ("connections", self.connections, 1, 1024),
            ("connect_milliseconds", self.connect_milliseconds, 1, 4294967295),
            ("answer_milliseconds", self.answer_milliseconds, 0, 4294967295),
            ("grace_milliseconds", self.grace_milliseconds, 0, 4294967295),
            ("attempts", self.attempts, 1, 4294967295),
            ("backoff_milliseconds", self.backoff_milliseconds, 0, 4294967295),
            ("backoff_max_milliseconds", self.backoff_max_milliseconds, 0, 4294967295),
            ("wait_milliseconds", self.wait_milliseconds, 0, 4294967295),
        ]
    }
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Provenance {
    /// No mock took part.
    Real,
    /// A mock model produced a part of the answer, or is the model addressed.
    Mock,
}

impl Provenance {
    pub(crate) fn from_number(number: u8) -> Option<Provenance> {
        match number {
            1 => Some(Provenance::Real),
            2 => Some(Provenance::Mock),
            _ => None,
        }
    }

    /// `real` or `mock`.
    pub fn name(self) -> &'static str {
        match self {
            Provenance::Real => "real",
            Provenance::Mock => "mock",
        }
    }
}

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

const STATUSES: [(u32, Status, &str); 21] = [
    (0, Status::Ok, "OK"),
    (1, Status::Cancelled, "CANCELLED"),
    (2, Status::Unknown, "UNKNOWN"),
    (3, Status::InvalidArgument, "INVALID_ARGUMENT"),
    (4, Status::DeadlineExceeded, "DEADLINE_EXCEEDED"),
    (5, Status::NotFound, "NOT_FOUND"),
    (6, Status::AlreadyExists, "ALREADY_EXISTS"),
    (7, Status::PermissionDenied, "PERMISSION_DENIED"),
    (8, Status::ResourceExhausted, "RESOURCE_EXHAUSTED"),
    (9, Status::FailedPrecondition, "FAILED_PRECONDITION"),
    (10, Status::Aborted, "ABORTED"),
    (11, Status::OutOfRange, "OUT_OF_RANGE"),
    (12, Status::Unimplemented, "UNIMPLEMENTED"),
    (13, Status::Internal, "INTERNAL"),
    (14, Status::Unavailable, "UNAVAILABLE"),
    (15, Status::DataLoss, "DATA_LOSS"),
    (16, Status::Unauthenticated, "UNAUTHENTICATED"),
    (32, Status::ProtocolError, "PROTOCOL_ERROR"),
    (33, Status::ModelRejected, "MODEL_REJECTED"),
    (34, Status::RequirementNotMet, "REQUIREMENT_NOT_MET"),
    (35, Status::MockRefused, "MOCK_REFUSED"),
];

impl Status {
    /// The status of a number; one nobody knows reads as `Unknown`.
    pub fn from_number(number: u32) -> Status {
        let known = STATUSES.iter().find(|row| row.0 == number);
        known.map_or(Status::Unknown, |row| row.1)
    }

    /// Its name, `UNAVAILABLE`.
    pub fn name(self) -> &'static str {
        let known = STATUSES.iter().find(|row| row.1 == self);
        known.map_or("UNKNOWN", |row| row.2)
    }
}

/// Stable reason of an [`AssayError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The address is not a URL of a known form.
    AddressInvalid,
    /// Nobody answers at the address.
    Unreachable,
    /// The connection ended, or the client was closed, before the answer was complete.
    ConnectionClosed,
    /// The answer did not come in time.
    TimedOut,
    /// The server's bytes break the protocol; the connection is closed.
    ProtocolError,
    /// The answer comes from a mock and mocks are not allowed; nothing of it is handed out.
    MockRefused,
    /// The server answered with a status.
    ServerRefused,
    /// The caller gave the answer up, or it is larger than answer_size_max.
    GivenUp,
    /// The request cannot be sent: it breaks the tables or exceeds a limit; nothing was sent.
    RequestInvalid,
    /// The server speaks an older revision that does not know the request; nothing was sent.
    RevisionTooLow,
}

impl Code {
    /// The name in snake_case.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Its name, and the status that fits.
    pub(crate) fn row(self) -> (&'static str, Status) {
        match self {
            Code::AddressInvalid => ("address_invalid", Status::InvalidArgument),
            Code::Unreachable => ("unreachable", Status::Unavailable),
            Code::ConnectionClosed => ("connection_closed", Status::Unavailable),
            Code::TimedOut => ("timed_out", Status::DeadlineExceeded),
            Code::ProtocolError => ("protocol_error", Status::ProtocolError),
            Code::MockRefused => ("mock_refused", Status::MockRefused),
            Code::ServerRefused => ("server_refused", Status::Unknown),
            Code::GivenUp => ("given_up", Status::Cancelled),
            Code::RequestInvalid => ("request_invalid", Status::InvalidArgument),
            Code::RevisionTooLow => ("revision_too_low", Status::Unimplemented),
        }
    }
}

/// A frame's header, word by word.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Header {
    /// Same.
    pub length: u32,
    /// 1.
    pub version: u8,
    /// The request's kind with bit 7 set.
    pub kind: u8,
    /// Bits 0, 1, 2.
    pub flags: u8,
    /// 1 real, 2 mock.
    pub provenance: u8,
    /// The request's; 0 in GoAway only.
    pub request_id: u64,
    /// Status code, 0 is OK.
    pub status: u32,
    /// Same.
    pub raw_size: u32,
    /// Generation of the model that answered, 0 for none.
    pub generation: u32,
    /// 0.
    pub reserved: u32,
}

fn word<const SIZE: usize>(bytes: &[u8; HEADER_SIZE], at: usize) -> [u8; SIZE] {
    let mut word = [0; SIZE];
    word.copy_from_slice(&bytes[at..at + SIZE]);
    word
}

impl Header {
    pub fn parse(bytes: &[u8; HEADER_SIZE]) -> Self {
        Header {
            length: u32::from_le_bytes(word(bytes, 0)),
            version: u8::from_le_bytes(word(bytes, 4)),
            kind: u8::from_le_bytes(word(bytes, 5)),
            flags: u8::from_le_bytes(word(bytes, 6)),
            provenance: u8::from_le_bytes(word(bytes, 7)),
            request_id: u64::from_le_bytes(word(bytes, 8)),
            status: u32::from_le_bytes(word(bytes, 16)),
            raw_size: u32::from_le_bytes(word(bytes, 20)),
            generation: u32::from_le_bytes(word(bytes, 24)),
            reserved: u32::from_le_bytes(word(bytes, 28)),
        }
    }

    pub fn bytes(&self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        bytes[0..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..5].copy_from_slice(&self.version.to_le_bytes());
        bytes[5..6].copy_from_slice(&self.kind.to_le_bytes());
        bytes[6..7].copy_from_slice(&self.flags.to_le_bytes());
        bytes[7..8].copy_from_slice(&self.provenance.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.request_id.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.status.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.raw_size.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.generation.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.reserved.to_le_bytes());
        bytes
    }
}

/// The place of one value in a message.
pub enum Place<'a> {
    /// Unsigned integer.
    U64(&'a mut u64),
    /// Number; NaN is out of every range.
    F64(&'a mut f64),
    /// As they are.
    Bytes(&'a mut Vec<u8>),
    /// UTF-8, well-formed (no overlong forms, no surrogates).
    Text(&'a mut String),
    /// Array.
    U32s(&'a mut Vec<u32>),
    /// Array.
    F32s(&'a mut Vec<f32>),
    /// Fields again, ids of their own.
    Record(&'a mut dyn Message),
    /// 0 or 1.
    Bool(&'a mut bool),
}

impl Place<'_> {
    /// The number of its type on the wire.
    pub fn number(&self) -> u8 {
        match self {
            Place::U64(_) => 1,
            Place::F64(_) => 2,
            Place::Bytes(_) => 3,
            Place::Text(_) => 4,
            Place::U32s(_) => 5,
            Place::F32s(_) => 6,
            Place::Record(_) => 7,
            Place::Bool(_) => 8,
        }
    }
}

single!(u64, U64);
single!(f64, F64);
single!(Vec<u8>, Bytes);
single!(String, Text);
single!(Vec<u32>, U32s);
single!(Vec<f32>, F32s);
single!(bool, Bool);

message! {
    /// Message `Requirements`.
    Requirements, "Requirements"
    /// The model must be real; default false (optional).
    1 real: Option<bool> {}
    /// SHA-256 of the file that must answer (optional; 32..32 bytes).
    2 fingerprint: Option<Vec<u8>> { bounds: (32, 32) }
    /// Device that must compute (optional; 1..64 bytes).
    3 device: Option<String> { bounds: (1, 64) }
}

message! {
    /// Message `Request context`.
    RequestContext, "Request context"
    /// A W3C `traceparent` of version 00: where the caller's trace stands (optional; 55..55 bytes).
    1 trace_context: Option<String> { bounds: (55, 55), is_traceparent: true, since: 3 }
    /// Which attempt of its call this is; default 1 (optional; 1..4294967295).
    2 attempt: Option<u64> { bounds: (1, 4294967295), since: 3 }
    /// Orders the requests of one connection that wait, the highest first; default 4 (optional;
    /// 0..9).
    3 priority: Option<u64> { bounds: (0, 9), since: 3 }
}

message! {
    /// Message `Answer`.
    Answer, "Answer"
    /// Name of the model that answered (required; 1..128 bytes).
    1 model: String { times: (1, 1), bounds: (1, 128) }
    /// SHA-256 of the bytes that serve: of its file, or of the list of its files'; absent for a
    /// mock (optional; 32..32 bytes).
    2 fingerprint: Option<Vec<u8>> { bounds: (32, 32) }
    /// Device that computed (required; 1..64 bytes).
    3 device: String { times: (1, 1), bounds: (1, 64) }
    /// A `Timing` (required).
    4 timing: Timing { times: (1, 1) }
    /// What makes this answer worse than it could be; not empty exactly when flag bit 2 is set
    /// (0..1024 times; 1..2048 bytes).
    5 degradations: Vec<String> { times: (0, 1024), bounds: (1, 2048) }
    /// How busy the server was when it answered (optional).
    6 server_load: Option<ServerLoad> { since: 3 }
}

message! {
    /// Message `Server load`.
    ServerLoad, "Server load"
    /// Requests that wait for the engine (required).
    1 queued: u64 { times: (1, 1), since: 3 }
    /// Requests that the engine works on (required).
    2 running: u64 { times: (1, 1), since: 3 }
    /// How long a request that comes now may wait, microseconds, estimated (required).
    3 wait_microseconds: u64 { times: (1, 1), since: 3 }
    /// Pages of the key-value cache in use (required).
    4 cache_pages_used: u64 { times: (1, 1), since: 3 }
    /// Pages of the key-value cache in all (required).
    5 cache_pages: u64 { times: (1, 1), since: 3 }
}

message! {
    /// Message `Timing`.
    Timing, "Timing"
    /// Last byte read to request admitted (required).
    1 accept: u64 { times: (1, 1) }
    /// Waiting for the engine (required).
    2 queue: u64 { times: (1, 1) }
    /// Text to tokens (required).
    3 tokenize: u64 { times: (1, 1) }
    /// Reading the prompt (required).
    4 prefill: u64 { times: (1, 1) }
    /// Making tokens (required).
    5 decode: u64 { times: (1, 1) }
    /// Frames to the socket (required).
    6 write: u64 { times: (1, 1) }
    /// Receipt to last frame (required).
    7 total: u64 { times: (1, 1) }
}

message! {
    /// Message `Chat message`.
    ChatMessage, "Chat message"
    /// Who speaks (required; `system`, `user`, `assistant`).
    1 role: String { times: (1, 1), choices: &["system", "user", "assistant"], since: 2 }
    /// What is said, may be empty (required; 0..4000000 bytes).
    2 content: String { times: (1, 1), bounds: (0, 4000000), since: 2 }
}

message! {
    /// Message `Input`.
    Input, "Input"
    /// Tokenized by the server (optional; 0..4000000 bytes).
    1 text: Option<String> { bounds: (0, 4000000), since: 2 }
    /// Token ids, used as they are (optional; 1..1000000 elements).
    2 tokens: Option<Vec<u32>> { bounds: (1, 1000000), since: 2 }
    with {
        fn rules(&self) -> Result<(), BodyError> {
            exactly_one(given!(self, text, tokens))
        }
    }
}

message! {
    /// Message `Logprobs`.
    Logprobs, "Logprobs"
    /// The tokens, in order (required; 0..1000000 elements).
    1 tokens: Vec<u32> { times: (1, 1), bounds: (0, 1000000), since: 2 }
    /// Of each token; as many as `tokens` (required; 0..1000000 elements).
    2 logprobs: Vec<f32> { times: (1, 1), bounds: (0, 1000000), since: 2 }
    /// Alternatives per token; default 0 (optional; 0..64).
    3 top_count: Option<u64> { bounds: (0, 64), since: 2 }
    /// The best tokens at each position: a row of `top_count` per token, best first (optional;
    /// 0..1000000 elements).
    4 top_tokens: Option<Vec<u32>> { bounds: (0, 1000000), since: 2 }
    /// Of each of them; as many as `top_tokens` (optional; 0..1000000 elements).
    5 top_logprobs: Option<Vec<f32>> { bounds: (0, 1000000), since: 2 }
}

message! {
    /// Message `Error`.
    ErrorBody, "Error"
    /// Stable reason in snake_case (required; 1..128 bytes).
    1 code: String { times: (1, 1), bounds: (1, 128) }
    /// One sentence: tried, found, allowed, where (required; 0..2048 bytes).
    2 message: String { times: (1, 1), bounds: (0, 2048) }
    /// Path of the refused field, `requirements.device`; `#9` for an unknown id (optional; 1..128
    /// bytes).
    3 field: Option<String> { bounds: (1, 128) }
    /// Pause before another attempt (optional; 0..3600000).
    4 retry_after_milliseconds: Option<u64> { bounds: (0, 3600000) }
    /// With MODEL_REJECTED: the layer that refused (optional; `file`, `parse`, `compatibility`,
    /// `placement`, `validation`).
    5 layer: Option<String> {
        choices: &["file", "parse", "compatibility", "placement", "validation"]
    }
    /// How busy the server was when it refused (optional).
    6 server_load: Option<ServerLoad> { since: 3 }
}

message! {
    /// Message `Hello request`.
    HelloRequest, "Hello request"
    /// Name and version of the client program (required; 1..128 bytes).
    1 client: String { times: (1, 1), bounds: (1, 128) }
    /// Highest revision of version 1 the client speaks (required; 1..4294967295).
    2 revision: u64 { times: (1, 1), bounds: (1, 4294967295) }
    /// The client reads compressed bodies and may send them; default false (optional).
    3 compression: Option<bool> {}
    /// Largest body before compression the client accepts; default 4194304 (optional;
    /// 4096..4294967295).
    4 body_size_max: Option<u64> { bounds: (4096, 4294967295) }
}

message! {
    /// Message `Hello response`.
    HelloResponse, "Hello response"
    /// Name and version of the server program (required; 1..128 bytes).
    1 server: String { times: (1, 1), bounds: (1, 128) }
    /// The revision in force: the lower of the two (required; 1..4294967295).
    2 revision: u64 { times: (1, 1), bounds: (1, 4294967295) }
    /// Bodies may be compressed from now on, in both directions (required).
    3 compression: bool { times: (1, 1) }
    /// Largest body before compression the server accepts (required; 4096..4294967295).
    4 body_size_max: u64 { times: (1, 1), bounds: (4096, 4294967295) }
    /// Requests this connection may have in flight (required; 1..4294967295).
    5 requests_in_flight_max: u64 { times: (1, 1), bounds: (1, 4294967295) }
}

message! {
    /// Message `Ping request`.
    PingRequest, "Ping request"
    /// Sent back as it is (optional; 0..65536 bytes).
    1 payload: Option<Vec<u8>> { bounds: (0, 65536) }
}

message! {
    /// Message `Ping response`.
    PingResponse, "Ping response"
    /// What was sent (optional; 0..65536 bytes).
    1 payload: Option<Vec<u8>> { bounds: (0, 65536) }
}

message! {
    /// Message `Health request`.
    HealthRequest, "Health request"
    /// A model; absent: the server as a whole (optional; 1..128 bytes).
    1 model: Option<String> { bounds: (1, 128) }
    /// Verify the model now; default false (optional).
    2 verify: Option<bool> { since: 2 }
    /// Where the request stands among others (optional).
    29 context: Option<RequestContext> { since: 3 }
    /// Demands on that model (optional).
    30 requirements: Option<Requirements> {}
    with {
        fn context(&mut self) -> Option<&mut Option<RequestContext>> {
            Some(&mut self.context)
        }
        fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
            self.model.as_ref()?;
            Some(&mut self.requirements)
        }
    }
}

message! {
    /// Message `Health response`.
    HealthResponse, "Health response"
    /// Work is accepted (required).
    1 ready: bool { times: (1, 1) }
    /// Where it stands (required; `loading`, `ready`, `failed`, `draining`).
    2 state: String { times: (1, 1), choices: &["loading", "ready", "failed", "draining"] }
    /// Why not, or what to know (optional; 1..2048 bytes).
    3 reason: Option<String> { bounds: (1, 2048) }
    /// Only after `verify`: what the comparison gave (optional; `absent`, `matched`, `drifted`).
    4 seal: Option<String> { choices: &["absent", "matched", "drifted"], since: 2 }
    /// Only with `matched`: how far a logit lay from the sealed one at most (optional; 0.0..10.0).
    5 largest_difference: Option<f64> { numbers: (0.0, 10.0), since: 2 }
    /// Of one real model: its files on disk beside those that were loaded (optional; `unchanged`,
    /// `changed`, `missing`).
    6 file: Option<String> { choices: &["unchanged", "changed", "missing"], since: 3 }
}

message! {
    /// Message `Models request`.
    ModelsRequest, "Models request"
}

message! {
    /// Message `Models response`.
    ModelsResponse, "Models response"
    /// One `Model` each, in order of name (0..1024 times).
    1 models: Vec<Model> { times: (0, 1024) }
}

message! {
    /// Message `Model`.
    Model, "Model"
    /// Name it is served under (required; 1..128 bytes).
    1 name: String { times: (1, 1), bounds: (1, 128) }
    /// Where it stands (required; `loading`, `ready`, `failed`, `draining`).
    2 state: String { times: (1, 1), choices: &["loading", "ready", "failed", "draining"] }
    /// 1 real, 2 mock (required; 1..2).
    3 provenance: u64 { times: (1, 1), bounds: (1, 2) }
    /// Family, such as `llama`; empty while loading (required; 0..128 bytes).
    4 architecture: String { times: (1, 1), bounds: (0, 128) }
    /// Weights, a count (required).
    5 parameters: u64 { times: (1, 1) }
    /// Tokens of the vocabulary (required).
    6 vocabulary: u64 { times: (1, 1) }
    /// Tokens of context (required).
    7 context: u64 { times: (1, 1) }
    /// SHA-256 of the bytes that serve; absent for a mock (optional; 32..32 bytes).
    8 fingerprint: Option<Vec<u8>> { bounds: (32, 32) }
    /// 1 for the first load under this name, one more for each later one (required; 0..4294967295).
    9 generation: u64 { times: (1, 1), bounds: (0, 4294967295) }
    /// `cpu`, `cuda:0` (required; 0..64 bytes).
    10 device: String { times: (1, 1), bounds: (0, 64) }
    /// Why this device and not the one asked for (optional; 1..2048 bytes).
    11 device_reason: Option<String> { bounds: (1, 2048) }
    /// Memory taken (required).
    12 bytes: u64 { times: (1, 1) }
    /// Its files on disk beside those that were loaded; absent for a mock (optional; `unchanged`,
    /// `changed`, `missing`).
    13 file: Option<String> { choices: &["unchanged", "changed", "missing"], since: 3 }
}

message! {
    /// Message `Load request`.
    LoadRequest, "Load request"
    /// Name to serve it under (required; 1..128 bytes).
    1 name: String { times: (1, 1), bounds: (1, 128) }
    /// File on the server's machine (required; 1..4096 bytes).
    2 path: String { times: (1, 1), bounds: (1, 4096) }
    /// How hard to try; default: the server's setting (optional; `strict`, `graceful`,
    /// `development`).
    3 strategy: Option<String> { choices: &["strict", "graceful", "development"] }
    /// `auto`, `cpu`, `cuda`, `cuda:N`; default: the server's setting (optional; 1..64 bytes).
    4 device: Option<String> { bounds: (1, 64) }
}

message! {
    /// Message `Load progress`.
    LoadProgress, "Load progress"
    /// A `Layer`: this one is done (required).
    1 layer: Layer { times: (1, 1) }
    /// Number of this frame in its answer, from 0 (optional).
    28 frame: Option<u64> { since: 3 }
    with {
        fn frame(&self) -> Option<u64> {
            self.frame
        }
    }
}

message! {
    /// Message `Load response`.
    LoadResponse, "Load response"
    /// Always true here; a rejection is a status (required).
    1 accepted: bool { times: (1, 1) }
    /// One `Layer` each, in order (0..1024 times).
    2 layers: Vec<Layer> { times: (0, 1024) }
    /// The `Model` now served (optional).
    3 model: Option<Model> {}
    /// Configuration overrides in effect, `key=value` (0..1024 times; 1..2048 bytes).
    4 overrides: Vec<String> { times: (0, 1024), bounds: (1, 2048) }
    /// One sentence per failed attempt before this one (0..1024 times; 1..2048 bytes).
    5 attempts: Vec<String> { times: (0, 1024), bounds: (1, 2048) }
    /// Number of this frame in its answer, from 0 (optional).
    28 frame: Option<u64> { since: 3 }
    with {
        fn frame(&self) -> Option<u64> {
            self.frame
        }
    }
}

message! {
    /// Message `Layer`.
    Layer, "Layer"
    /// Which layer of the assay (required; `file`, `parse`, `compatibility`, `placement`,
    /// `validation`).
    1 layer: String {
        times: (1, 1), choices: &["file", "parse", "compatibility", "placement", "validation"]
    }
    /// Its verdict (required).
    2 ok: bool { times: (1, 1) }
    /// How long it took (required).
    3 microseconds: u64 { times: (1, 1) }
}

message! {
    /// Message `Unload request`.
    UnloadRequest, "Unload request"
    /// Model to stop serving, once its requests are done (required; 1..128 bytes).
    1 name: String { times: (1, 1), bounds: (1, 128) }
}

message! {
    /// Message `Unload response`.
    UnloadResponse, "Unload response"
}

message! {
    /// Message `Tokenize request`.
    TokenizeRequest, "Tokenize request"
    /// Absent: the server's only model (optional; 1..128 bytes).
    1 model: Option<String> { bounds: (1, 128) }
    /// Bytes, usually UTF-8; others are allowed (required; 0..4000000 bytes).
    2 text: Vec<u8> { times: (1, 1), bounds: (0, 4000000) }
    /// Names of special tokens in the text become those tokens; default false (optional).
    3 parse_special: Option<bool> {}
    /// Add begin and end tokens as the model asks for; default true (optional).
    4 add_special: Option<bool> {}
    /// Where the request stands among others (optional).
    29 context: Option<RequestContext> { since: 3 }
    /// Demands on the model (optional).
    30 requirements: Option<Requirements> {}
    with {
        fn context(&mut self) -> Option<&mut Option<RequestContext>> {
            Some(&mut self.context)
        }
        fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
            Some(&mut self.requirements)
        }
    }
}

message! {
    /// Message `Tokenize response`.
    TokenizeResponse, "Tokenize response"
    /// Token ids (required; 0..1000000 elements).
    1 tokens: Vec<u32> { times: (1, 1), bounds: (0, 1000000) }
    /// Who answered (required).
    31 answer: Answer { times: (1, 1) }
    with {
        fn answer(&self) -> Option<&Answer> {
            Some(&self.answer)
        }
    }
}

message! {
    /// Message `Detokenize request`.
    DetokenizeRequest, "Detokenize request"
    /// Absent: the server's only model (optional; 1..128 bytes).
    1 model: Option<String> { bounds: (1, 128) }
    /// Token ids (required; 0..1000000 elements).
    2 tokens: Vec<u32> { times: (1, 1), bounds: (0, 1000000) }
    /// Where the request stands among others (optional).
    29 context: Option<RequestContext> { since: 3 }
    /// Demands on the model (optional).
    30 requirements: Option<Requirements> {}
    with {
        fn context(&mut self) -> Option<&mut Option<RequestContext>> {
            Some(&mut self.context)
        }
        fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
            Some(&mut self.requirements)
        }
    }
}

message! {
    /// Message `Detokenize response`.
    DetokenizeResponse, "Detokenize response"
    /// Bytes; single tokens need not be whole characters (required; 0..4000000 bytes).
    1 text: Vec<u8> { times: (1, 1), bounds: (0, 4000000) }
    /// Who answered (required).
    31 answer: Answer { times: (1, 1) }
    with {
        fn answer(&self) -> Option<&Answer> {
            Some(&self.answer)
        }
    }
}

message! {
    /// Message `Generate request`.
    GenerateRequest, "Generate request"
    /// Absent: the server's only model (optional; 1..128 bytes).
    1 model: Option<String> { bounds: (1, 128) }
    /// Text to continue, may be empty; or one of the others (optional; 0..4000000 bytes).
    2 prompt: Option<String> { bounds: (0, 4000000) }
    /// Token ids to continue, used as they are; or one of the others (optional; 1..1000000
    /// elements).
    3 tokens: Option<Vec<u32>> { bounds: (1, 1000000) }
    /// Names of special tokens in `prompt` become those tokens; default false (optional).
    4 parse_special: Option<bool> {}
    /// Add begin tokens to `prompt` as the model asks for; default true (optional).
    5 add_special: Option<bool> {}
    /// Tokens to make at most; default 256 (optional; 1..1048576).
    6 max_tokens: Option<u64> { bounds: (1, 1048576) }
    /// 0 picks the best token every time; default 0 (optional; 0.0..100.0).
    7 temperature: Option<f64> { numbers: (0.0, 100.0) }
    /// Keep the k best tokens; default 0, all (optional; 0..16777216).
    8 top_k: Option<u64> { bounds: (0, 16777216) }
    /// Keep the best tokens up to this share; default 1, all (optional; 0.0..1.0).
    9 top_p: Option<f64> { numbers: (0.0, 1.0), above_min: true }
    /// Keep tokens of at least this share of the best; default 0, all (optional; 0.0..1.0).
    10 min_p: Option<f64> { numbers: (0.0, 1.0) }
    /// Seed of the sampler; default 0 (optional).
    11 seed: Option<u64> {}
    /// End before this text appears (0..16 times; 1..256 bytes).
    12 stop: Vec<String> { times: (0, 16), bounds: (1, 256) }
    /// An overlong prompt loses its beginning (`truncated_context`); default false: refused
    /// (optional).
    13 truncate_prompt: Option<bool> {}
    /// Log-probability of each token made, and of so many of the best beside it; absent: none
    /// (optional; 0..64).
    14 logprobs: Option<u64> { bounds: (0, 64), since: 2 }
    /// The same for the tokens of the prompt; absent: none (optional; 0..64).
    15 prompt_logprobs: Option<u64> { bounds: (0, 64), since: 2 }
    /// One `Chat message` each: a conversation to continue; or one of the others (0..1024 times).
    16 messages: Vec<ChatMessage> { times: (0, 1024), since: 2 }
    /// An end token does not end the answer; default false (optional).
    17 ignore_eos: Option<bool> { since: 3 }
    /// Tokens before which neither an end token is chosen nor a stop string looked for; default 0
    /// (optional; 0..1048576).
    18 min_tokens: Option<u64> { bounds: (0, 1048576), since: 3 }
    /// Where the request stands among others (optional).
    29 context: Option<RequestContext> { since: 3 }
    /// Demands on the model (optional).
    30 requirements: Option<Requirements> {}
    with {
        fn rules(&self) -> Result<(), BodyError> {
            exactly_one(given!(self, prompt, tokens, messages))?;
            excludes(given!(self, messages, parse_special))?;
            excludes(given!(self, messages, add_special))
        }
        fn context(&mut self) -> Option<&mut Option<RequestContext>> {
            Some(&mut self.context)
        }
        fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
            Some(&mut self.requirements)
        }
    }
}

message! {
    /// Message `Generate chunk`.
    GenerateChunk, "Generate chunk"
    /// Tokens made since the last frame (optional; 0..1000000 elements).
    1 tokens: Option<Vec<u32>> { bounds: (0, 1000000) }
    /// Their text, whole characters; may lag behind (optional; 0..4000000 bytes).
    2 text: Option<String> { bounds: (0, 4000000) }
    /// Prompt tokens read so far (optional).
    3 prompt_done: Option<u64> {}
    /// Prompt tokens in all (optional).
    4 prompt_total: Option<u64> {}
    /// A `Logprobs` of exactly `tokens`; when asked for (optional).
    5 logprobs: Option<Logprobs> { since: 2 }
    /// A `Logprobs` of the next prompt tokens; when asked for (optional).
    6 prompt_logprobs: Option<Logprobs> { since: 2 }
    /// Number of this frame in its answer, from 0 (optional).
    28 frame: Option<u64> { since: 3 }
    with {
        fn frame(&self) -> Option<u64> {
            self.frame
        }
    }
}

message! {
    /// Message `Generate response`.
    GenerateResponse, "Generate response"
    /// Tokens not sent in chunks (optional; 0..1000000 elements).
    1 tokens: Option<Vec<u32>> { bounds: (0, 1000000) }
    /// Text not sent in chunks (optional; 0..4000000 bytes).
    2 text: Option<String> { bounds: (0, 4000000) }
    /// End token or stop string; `max_tokens` or context; Cancel; deadline (required; `stop`,
    /// `length`, `cancelled`, `deadline`).
    5 finish_reason: String { times: (1, 1), choices: &["stop", "length", "cancelled", "deadline"] }
    /// The stop string that ended it (optional; 1..256 bytes).
    6 stop_matched: Option<String> { bounds: (1, 256) }
    /// Tokens of the prompt (required).
    7 prompt_tokens: u64 { times: (1, 1) }
    /// Tokens made in all (required).
    8 completion_tokens: u64 { times: (1, 1) }
    /// A `Logprobs` of exactly `tokens`; when asked for (optional).
    9 logprobs: Option<Logprobs> { since: 2 }
    /// A `Logprobs` of the prompt tokens not sent in chunks (optional).
    10 prompt_logprobs: Option<Logprobs> { since: 2 }
    /// Number of this frame in its answer, from 0 (optional).
    28 frame: Option<u64> { since: 3 }
    /// Who answered (required).
    31 answer: Answer { times: (1, 1) }
    with {
        fn frame(&self) -> Option<u64> {
            self.frame
        }
        fn answer(&self) -> Option<&Answer> {
            Some(&self.answer)
        }
    }
}

message! {
    /// Message `Score request`.
    ScoreRequest, "Score request"
    /// Absent: the server's only model (optional; 1..128 bytes).
    1 model: Option<String> { bounds: (1, 128), since: 2 }
    /// Text; or one of the others (optional; 0..4000000 bytes).
    2 prompt: Option<String> { bounds: (0, 4000000), since: 2 }
    /// Token ids, used as they are; or one of the others (optional; 1..1000000 elements).
    3 tokens: Option<Vec<u32>> { bounds: (1, 1000000), since: 2 }
    /// As in Generate (optional).
    4 parse_special: Option<bool> { since: 2 }
    /// As in Generate (optional).
    5 add_special: Option<bool> { since: 2 }
    /// One `Chat message` each: a conversation; or one of the others (0..1024 times).
    6 messages: Vec<ChatMessage> { times: (0, 1024), since: 2 }
    /// One `Input` each (1..256 times).
    7 continuations: Vec<Input> { times: (1, 256), since: 2 }
    /// Alternatives listed beside each token; default 0 (optional; 0..64).
    8 top_logprobs: Option<u64> { bounds: (0, 64), since: 2 }
    /// Where the request stands among others (optional).
    29 context: Option<RequestContext> { since: 3 }
    /// Demands on the model (optional).
    30 requirements: Option<Requirements> { since: 2 }
    with {
        fn rules(&self) -> Result<(), BodyError> {
            exactly_one(given!(self, prompt, tokens, messages))?;
            excludes(given!(self, messages, parse_special))?;
            excludes(given!(self, messages, add_special))
        }
        fn context(&mut self) -> Option<&mut Option<RequestContext>> {
            Some(&mut self.context)
        }
        fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
            Some(&mut self.requirements)
        }
    }
}

message! {
    /// Message `Score response`.
    ScoreResponse, "Score response"
    /// One `Continuation score` for each continuation, in order (1..256 times).
    1 scores: Vec<ContinuationScore> { times: (1, 256), since: 2 }
    /// Tokens of the prompt alone (required).
    2 prompt_tokens: u64 { times: (1, 1), since: 2 }
    /// Who answered (required).
    31 answer: Answer { times: (1, 1), since: 2 }
    with {
        fn answer(&self) -> Option<&Answer> {
            Some(&self.answer)
        }
    }
}

message! {
    /// Message `Continuation score`.
    ContinuationScore, "Continuation score"
    /// A `Logprobs` of the tokens that were scored (required).
    1 logprobs: Logprobs { times: (1, 1), since: 2 }
    /// Their sum: of the continuation as a whole (required).
    2 logprob: f64 { times: (1, 1), since: 2 }
    /// Every token was the most probable one at its place (required).
    3 greedy: bool { times: (1, 1), since: 2 }
}

message! {
    /// Message `Embed request`.
    EmbedRequest, "Embed request"
    /// Absent: the server's only model (optional; 1..128 bytes).
    1 model: Option<String> { bounds: (1, 128), since: 2 }
    /// One `Input` each (1..256 times).
    2 inputs: Vec<Input> { times: (1, 256), since: 2 }
    /// Names of special tokens in a text become those tokens; default false (optional).
    3 parse_special: Option<bool> { since: 2 }
    /// Add begin and end tokens to a text as the model asks for; default true (optional).
    4 add_special: Option<bool> { since: 2 }
    /// How positions become one vector; default mean (optional; `mean`, `last`, `cls`).
    5 pooling: Option<String> { choices: &["mean", "last", "cls"], since: 2 }
    /// Divide by the Euclidean length; default true (optional).
    6 normalize: Option<bool> { since: 2 }
    /// Where the request stands among others (optional).
    29 context: Option<RequestContext> { since: 3 }
    /// Demands on the model (optional).
    30 requirements: Option<Requirements> { since: 2 }
    with {
        fn context(&mut self) -> Option<&mut Option<RequestContext>> {
            Some(&mut self.context)
        }
        fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
            Some(&mut self.requirements)
        }
    }
}

message! {
    /// Message `Embed chunk`.
    EmbedChunk, "Embed chunk"
    /// The next values (required; 1..1000000 elements).
    1 embeddings: Vec<f32> { times: (1, 1), bounds: (1, 1000000), since: 2 }
    /// Number of this frame in its answer, from 0 (optional).
    28 frame: Option<u64> { since: 3 }
    with {
        fn frame(&self) -> Option<u64> {
            self.frame
        }
    }
}

message! {
    /// Message `Embed response`.
    EmbedResponse, "Embed response"
    /// The last values (required; 0..1000000 elements).
    1 embeddings: Vec<f32> { times: (1, 1), bounds: (0, 1000000), since: 2 }
    /// Values per input (required; 1..131072).
    2 dimensions: u64 { times: (1, 1), bounds: (1, 131072), since: 2 }
    /// Inputs, as many as the request has (required; 1..256).
    3 count: u64 { times: (1, 1), bounds: (1, 256), since: 2 }
    /// Tokens of all inputs together (required).
    4 prompt_tokens: u64 { times: (1, 1), since: 2 }
    /// Number of this frame in its answer, from 0 (optional).
    28 frame: Option<u64> { since: 3 }
    /// Who answered (required).
    31 answer: Answer { times: (1, 1), since: 2 }
    with {
        fn frame(&self) -> Option<u64> {
            self.frame
        }
        fn answer(&self) -> Option<&Answer> {
            Some(&self.answer)
        }
    }
}

message! {
    /// Message `Logits request`.
    LogitsRequest, "Logits request"
    /// Absent: the server's only model (optional; 1..128 bytes).
    1 model: Option<String> { bounds: (1, 128) }
    /// Text; or one of the others (optional; 0..4000000 bytes).
    2 prompt: Option<String> { bounds: (0, 4000000) }
    /// Token ids, used as they are; or one of the others (optional; 1..1000000 elements).
    3 tokens: Option<Vec<u32>> { bounds: (1, 1000000) }
    /// As in Generate (optional).
    4 parse_special: Option<bool> {}
    /// As in Generate (optional).
    5 add_special: Option<bool> {}
    /// After every token; default false: after the last (optional).
    6 all_positions: Option<bool> {}
    /// One `Chat message` each: a conversation; or one of the others (0..1024 times).
    7 messages: Vec<ChatMessage> { times: (0, 1024), since: 2 }
    /// Where the request stands among others (optional).
    29 context: Option<RequestContext> { since: 3 }
    /// Demands on the model (optional).
    30 requirements: Option<Requirements> {}
    with {
        fn rules(&self) -> Result<(), BodyError> {
            exactly_one(given!(self, prompt, tokens, messages))?;
            excludes(given!(self, messages, parse_special))?;
            excludes(given!(self, messages, add_special))
        }
        fn context(&mut self) -> Option<&mut Option<RequestContext>> {
            Some(&mut self.context)
        }
        fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
            Some(&mut self.requirements)
        }
    }
}

message! {
    /// Message `Logits chunk`.
    LogitsChunk, "Logits chunk"
    /// The next values (required; 1..1000000 elements).
    1 logits: Vec<f32> { times: (1, 1), bounds: (1, 1000000) }
    /// Number of this frame in its answer, from 0 (optional).
    28 frame: Option<u64> { since: 3 }
    with {
        fn frame(&self) -> Option<u64> {
            self.frame
        }
    }
}

message! {
    /// Message `Logits response`.
    LogitsResponse, "Logits response"
    /// The last values (required; 0..1000000 elements).
    1 logits: Vec<f32> { times: (1, 1), bounds: (0, 1000000) }
    /// Values per position (required; 1..4294967295).
    2 vocabulary: u64 { times: (1, 1), bounds: (1, 4294967295) }
    /// Positions in all (required; 1..4294967295).
    3 positions: u64 { times: (1, 1), bounds: (1, 4294967295) }
    /// Number of this frame in its answer, from 0 (optional).
    28 frame: Option<u64> { since: 3 }
    /// Who answered (required).
    31 answer: Answer { times: (1, 1) }
    with {
        fn frame(&self) -> Option<u64> {
            self.frame
        }
        fn answer(&self) -> Option<&Answer> {
            Some(&self.answer)
        }
    }
}

message! {
    /// Message `Cancel request`.
    CancelRequest, "Cancel request"
    /// Id of the request to stop, of the same connection (required; 1..18446744073709551615).
    1 target: u64 { times: (1, 1), bounds: (1, 18446744073709551615) }
}

message! {
    /// Message `Cancel response`.
    CancelResponse, "Cancel response"
    /// It was in flight and is being stopped (required).
    1 found: bool { times: (1, 1) }
}

message! {
    /// Message `Stats request`.
    StatsRequest, "Stats request"
}

message! {
    /// Message `Stats response`.
    StatsResponse, "Stats response"
    /// One `Counter` each, in order of name (0..1024 times).
    1 counters: Vec<Counter> { times: (0, 1024) }
}

message! {
    /// Message `Counter`.
    Counter, "Counter"
    /// What is counted (required; 1..128 bytes).
    1 name: String { times: (1, 1), bounds: (1, 128) }
    /// Counted for real answers (required).
    2 real: u64 { times: (1, 1) }
    /// Counted for mock answers (required).
    3 mock: u64 { times: (1, 1) }
}

message! {
    /// Message `GoAway`.
    GoAway, "GoAway"
    /// `shutting_down`, `idle` (required; 1..128 bytes).
    1 reason: String { times: (1, 1), bounds: (1, 128) }
    /// Time until the server closes what is still open (required).
    2 drain_milliseconds: u64 { times: (1, 1) }
}

impl Request for HelloRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x01, name: "Hello", since: 1, streamed: false, retry_safe: true,
    };
    type Chunk = HelloResponse;
    type Response = HelloResponse;
}

impl Gather for HelloRequest {}

impl Request for PingRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x02, name: "Ping", since: 1, streamed: false, retry_safe: true,
    };
    type Chunk = PingResponse;
    type Response = PingResponse;
}

impl Request for HealthRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x03, name: "Health", since: 1, streamed: false, retry_safe: true,
    };
    type Chunk = HealthResponse;
    type Response = HealthResponse;
}

impl Gather for HealthRequest {}

impl Request for ModelsRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x04, name: "Models", since: 1, streamed: false, retry_safe: true,
    };
    type Chunk = ModelsResponse;
    type Response = ModelsResponse;
}

impl Gather for ModelsRequest {}

impl Request for LoadRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x05, name: "Load", since: 1, streamed: true, retry_safe: false,
    };
    type Chunk = LoadProgress;
    type Response = LoadResponse;
}

impl Gather for LoadRequest {}

impl Request for UnloadRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x07, name: "Unload", since: 1, streamed: false, retry_safe: false,
    };
    type Chunk = UnloadResponse;
    type Response = UnloadResponse;
}

impl Gather for UnloadRequest {}

impl Request for TokenizeRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x08, name: "Tokenize", since: 1, streamed: false, retry_safe: true,
    };
    type Chunk = TokenizeResponse;
    type Response = TokenizeResponse;
}

impl Gather for TokenizeRequest {}

impl Request for DetokenizeRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x09, name: "Detokenize", since: 1, streamed: false, retry_safe: true,
    };
    type Chunk = DetokenizeResponse;
    type Response = DetokenizeResponse;
}

impl Gather for DetokenizeRequest {}

impl Request for GenerateRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x0a, name: "Generate", since: 1, streamed: true, retry_safe: true,
    };
    type Chunk = GenerateChunk;
    type Response = GenerateResponse;
}

impl Request for ScoreRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x0b, name: "Score", since: 2, streamed: false, retry_safe: true,
    };
    type Chunk = ScoreResponse;
    type Response = ScoreResponse;
}

impl Request for LogitsRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x0c, name: "Logits", since: 1, streamed: true, retry_safe: true,
    };
    type Chunk = LogitsChunk;
    type Response = LogitsResponse;
}

impl Request for EmbedRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x0d, name: "Embed", since: 2, streamed: true, retry_safe: true,
    };
    type Chunk = EmbedChunk;
    type Response = EmbedResponse;
}

impl Request for CancelRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x0e, name: "Cancel", since: 1, streamed: false, retry_safe: false,
    };
    type Chunk = CancelResponse;
    type Response = CancelResponse;
}

impl Gather for CancelRequest {}

impl Request for StatsRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x0f, name: "Stats", since: 1, streamed: false, retry_safe: true,
    };
    type Chunk = StatsResponse;
    type Response = StatsResponse;
}

impl Gather for StatsRequest {}

/// One method for each kind of request.
impl Client {
    /// Same bytes back.
    pub fn ping(&self, request: &PingRequest) -> Result<Reply<PingResponse>> {
        self.call(request)
    }

    /// May this model, or this server, be sent work.
    pub fn health(&self, request: &HealthRequest) -> Result<Reply<HealthResponse>> {
        self.call(request)
    }

    /// List of models.
    pub fn models(&self, request: &ModelsRequest) -> Result<Reply<ModelsResponse>> {
        self.call(request)
    }

    /// Stop serving a model.
    pub fn unload(&self, request: &UnloadRequest) -> Result<Reply<UnloadResponse>> {
        self.call(request)
    }

    /// Text to token ids.
    pub fn tokenize(&self, request: &TokenizeRequest) -> Result<Reply<TokenizeResponse>> {
        self.call(request)
    }

    /// Token ids to text.
    pub fn detokenize(&self, request: &DetokenizeRequest) -> Result<Reply<DetokenizeResponse>> {
        self.call(request)
    }

    /// Continue a prompt; streamed.
    pub fn generate(&self, request: &GenerateRequest) -> Result<Reply<GenerateResponse>> {
        self.call(request)
    }

    /// Log-probabilities of given continuations.
    pub fn score(&self, request: &ScoreRequest) -> Result<Reply<ScoreResponse>> {
        self.call(request)
    }

    /// Raw scores; streamed.
    pub fn logits(&self, request: &LogitsRequest) -> Result<Reply<LogitsResponse>> {
        self.call(request)
    }

    /// Inputs to vectors; streamed.
    pub fn embed(&self, request: &EmbedRequest) -> Result<Reply<EmbedResponse>> {
        self.call(request)
    }

    /// Counters, split by provenance.
    pub fn stats(&self, request: &StatsRequest) -> Result<Reply<StatsResponse>> {
        self.call(request)
    }
}
