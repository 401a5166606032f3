// Generated from Protocol/protocol.json by Protocol/generate.py. Do not edit.
//! Numbers, options, errors and messages of the wire protocol (Protocol/SPEC.md).

use crate::answers::Gather;
use crate::client::Client;
use crate::codec::{BodyError, Message, Request, See};
use crate::errors::{error, AssayError, Result};
use crate::exchange::Reply;

/// Version of the protocol.
pub const VERSION: u8 = 1;
/// Revision of the version.
pub const REVISION: u64 = 4;
/// Port that a server listens on.
pub const DEFAULT_PORT: u16 = 7411;
/// Set in the kind of a response.
pub const RESPONSE_BIT: u8 = 128;
/// Flag: the body is an LZ4 block (section 5).
pub const FLAG_COMPRESSED: u8 = 1;
/// Flag: more frames of the response follow (only with status 0).
pub const FLAG_MORE: u8 = 2;
/// Flag: the answer lists degradations (only with status 0).
pub const FLAG_DEGRADED: u8 = 4;
/// Provenance: no mock took part.
pub const PROVENANCE_REAL: u8 = 1;
/// Provenance: a mock model produced a part of the answer, or is the model addressed.
pub const PROVENANCE_MOCK: u8 = 2;
/// Frame before Hello: bytes with header, so that a stranger cannot claim memory.
pub const FRAME_SIZE_MAX_BEFORE_HELLO: usize = 4096;
/// Body after Hello: bytes before compression (each side may announce a different limit in Hello).
pub const BODY_SIZE_MAX: usize = 4194304;
/// Smallest body limit of a peer: bytes, room for every Error.
pub const BODY_SIZE_MIN: usize = 4096;
/// Smallest compressed body: bytes (below, the header costs more than compression saves).
pub const COMPRESSION_SIZE_MIN: usize = 1024;
/// Requests in flight: requests per connection, as the Hello response says.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 256;
/// Text in one field: bytes, so that further fields fit into the body.
pub const TEXT_SIZE_MAX: usize = 4000000;
/// Tokens in one field: elements of 4 bytes.
pub const TOKEN_COUNT_MAX: usize = 1000000;
/// Records in one list: elements.
pub const LIST_COUNT_MAX: usize = 1024;
/// Messages of one conversation: records.
pub const MESSAGE_COUNT_MAX: usize = 1024;
/// Tool calls of one message: records.
pub const TOOL_CALL_COUNT_MAX: usize = 128;
/// Template variables of one request: records.
pub const TEMPLATE_VARIABLE_COUNT_MAX: usize = 64;
/// Depth of one JSON text: levels of arrays and objects.
pub const JSON_DEPTH_MAX: usize = 64;
/// Continuations of one Score: records.
pub const CONTINUATION_COUNT_MAX: usize = 256;
/// Inputs of one Embed: records.
pub const INPUT_COUNT_MAX: usize = 256;
/// Alternatives beside a token: tokens (Logits gives all tokens).
pub const TOP_LOGPROBS_MAX: usize = 64;
/// Values of one embedding: elements.
pub const EMBEDDING_DIMENSIONS_MAX: usize = 131072;
/// Ping payload: bytes.
pub const PING_PAYLOAD_SIZE_MAX: usize = 65536;
/// Longest retry-after: milliseconds (1 hour).
pub const RETRY_AFTER_MILLISECONDS_MAX: usize = 3600000;
/// Limit: bytes of a frame header, length word included.
pub const HEADER_SIZE: usize = 32;
/// Limit: bytes of the header counted by the length word.
pub const HEADER_SIZE_COUNTED: usize = 28;
/// Limit: bytes of a field header.
pub const FIELD_HEADER_SIZE: usize = 8;
/// Limit: percent of a body that may remain when the body is sent compressed.
pub const COMPRESSION_PERCENT_MAX: usize = 90;
/// Limit: bytes of the smallest body judged by a sample first.
pub const COMPRESSION_SAMPLED_SIZE_MIN: usize = 16384;
/// Limit: bytes of the sample, from the middle of the body.
pub const COMPRESSION_SAMPLE_SIZE: usize = 4096;
/// Kind: first request of a connection, with an agreement on revision, compression and limits.
pub const KIND_HELLO: u8 = 0x01;
/// Kind: returns the payload unchanged.
pub const KIND_PING: u8 = 0x02;
/// Kind: reports if a model, or the server, accepts work.
pub const KIND_HEALTH: u8 = 0x03;
/// Kind: lists the models.
pub const KIND_MODELS: u8 = 0x04;
/// Kind: assays a model file and serves the model (streamed).
pub const KIND_LOAD: u8 = 0x05;
/// Kind: assays a model file beside the served one, and switches to it (streamed).
pub const KIND_SWAP: u8 = 0x06;
/// Kind: stops serving a model.
pub const KIND_UNLOAD: u8 = 0x07;
/// Kind: turns text into token ids.
pub const KIND_TOKENIZE: u8 = 0x08;
/// Kind: turns token ids into text.
pub const KIND_DETOKENIZE: u8 = 0x09;
/// Kind: continues a prompt (streamed).
pub const KIND_GENERATE: u8 = 0x0a;
/// Kind: computes log-probabilities of given continuations.
pub const KIND_SCORE: u8 = 0x0b;
/// Kind: computes raw scores of the vocabulary (streamed).
pub const KIND_LOGITS: u8 = 0x0c;
/// Kind: turns inputs into vectors (streamed).
pub const KIND_EMBED: u8 = 0x0d;
/// Kind: stops a request in flight.
pub const KIND_CANCEL: u8 = 0x0e;
/// Kind: returns counters, split by provenance.
pub const KIND_STATS: u8 = 0x0f;
/// Kind: renders a conversation by the model's chat template.
pub const KIND_RENDER: u8 = 0x10;
/// Kind: returns to the generation before the last swap.
pub const KIND_ROLLBACK: u8 = 0x12;
/// Kind: keeps a model in memory, or lets it go.
pub const KIND_PIN: u8 = 0x13;
/// Kind: gives a generation of a model a label, with a share of the requests.
pub const KIND_ALIAS: u8 = 0x14;
/// Kind: sent by the server only, with byte 5 `0xf0` and request id 0 (as a request a protocol
/// error, `kind_reserved`).
pub const KIND_GO_AWAY: u8 = 0x70;
/// Lowest revision with a context in requests.
pub const CONTEXT_SINCE: u64 = 3;

/// Settings of a client: name, demands, bounds and times.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name and version of the program, for the server's log, by default the library's (text,
    /// 1..128).
    pub name: String,
    /// Answers of mocks are handed out, with provenance mock (bool, default false).
    pub allow_mock: bool,
    /// LZ4 compression is offered in Hello (bool, default true).
    pub compression: bool,
    /// Largest body accepted, bytes (u64, 4096..4294967295, default 4194304).
    pub body_size_max: u64,
    /// Largest whole answer accepted before the answer is given up, bytes of all bodies (u64,
    /// 4096..9007199254740991, default 1073741824).
    pub answer_size_max: u64,
    /// Size of the pool, where a call takes the connection with the fewest requests in flight (u64,
    /// 1..1024, default 1).
    pub connections: u64,
    /// Time to connect, and again for Hello, milliseconds (u64, 1..4294967295, default 5000).
    pub connect_milliseconds: u64,
    /// Longest silence on an answer, 0 for no bound, milliseconds (u64, 0..4294967295, default 0).
    pub answer_milliseconds: u64,
    /// Time after a request's deadline before the client gives up the answer, milliseconds (u64,
    /// 0..4294967295, default 2000).
    pub grace_milliseconds: u64,
    /// Attempts of a call in all (u64, 1..4294967295, default 3).
    pub attempts: u64,
    /// First pause between attempts, doubled for each later pause, with jitter from half to whole,
    /// milliseconds (u64, 0..4294967295, default 50).
    pub backoff_milliseconds: u64,
    /// Longest pause between attempts, milliseconds (u64, 0..4294967295, default 2000).
    pub backoff_max_milliseconds: u64,
    /// Time from a call's start to wait for a server that is absent or loads its model,
    /// milliseconds (u64, 0..4294967295, default 0).
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
    /// Name, value, least and most of each option with a range.
    /// The value of a text is its number of bytes.
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

/// Source of an answer: a real model or a mock.
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

/// Outcome of a call, from the server or from this client. See SPEC.md.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// The answer follows.
    Ok,
    /// A Cancel, or the connection's end, came before the work began.
    Cancelled,
    /// An unclassified failure, or a number unknown to the client.
    Unknown,
    /// A field is unknown, malformed, out of range or missing (the error body names the field).
    InvalidArgument,
    /// The request's deadline passed before the work began.
    DeadlineExceeded,
    /// No model of the requested name is served.
    NotFound,
    /// The name, or the request id, is taken.
    AlreadyExists,
    /// The client is not allowed to make the request.
    PermissionDenied,
    /// A queue or a budget is full (refused at once instead of waiting without bound).
    ResourceExhausted,
    /// The state forbids the request: no Hello yet (hello_required), a second Hello, a model not
    /// ready.
    FailedPrecondition,
    /// Overtaken by a concurrent change, for example a model being replaced.
    Aborted,
    /// Valid, but too much for the model: a prompt longer than the context, a token id outside the
    /// vocabulary.
    OutOfRange,
    /// The kind is unknown or reserved (the connection lives on).
    Unimplemented,
    /// A fault of the server.
    Internal,
    /// The server is draining, or the model is still loading (model_loading).
    Unavailable,
    /// A served model drifted from its seal, or gives non-finite logits.
    DataLoss,
    /// The server demands that the client identifies itself.
    Unauthenticated,
    /// The bytes break the framing (sent in a GoAway before the connection closes).
    ProtocolError,
    /// A model file failed the assay (the error body names the layer).
    ModelRejected,
    /// A requirement of the request does not hold, and nothing was computed.
    RequirementNotMet,
    /// Made by a client that receives a mock answer and does not allow mocks.
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
    /// The status of a number. An unknown number gives `Unknown`.
    pub fn from_number(number: u32) -> Status {
        let known = STATUSES.iter().find(|row| row.0 == number);
        known.map_or(Status::Unknown, |row| row.1)
    }

    /// The name, `UNAVAILABLE`.
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
    /// The server's bytes break the protocol, and the connection is closed.
    ProtocolError,
    /// The answer comes from a mock and mocks are not allowed, so the answer is withheld.
    MockRefused,
    /// The server answered with a status.
    ServerRefused,
    /// The caller gave up the answer, or the answer is larger than answer_size_max.
    GivenUp,
    /// The request breaks the tables or exceeds a limit, and nothing was sent.
    RequestInvalid,
    /// The server speaks an older revision without the request, and nothing was sent.
    RevisionTooLow,
}

impl Code {
    /// The name in snake_case.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The name, and the fitting status.
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

/// Details of an [`AssayError`](crate::AssayError), read through the error.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// Stable reason.
    pub code: Code,
    /// The server's status, or the status of the code.
    pub status: Status,
    /// A sentence.
    pub message: String,
    /// From the server: stable reason in snake_case.
    pub server_code: Option<String>,
    /// From the server: path of the refused field (`requirements.device`), or `#9` for an unknown
    /// id.
    pub field: Option<String>,
    /// From the server: pause before another attempt, milliseconds.
    pub retry_after_milliseconds: Option<u64>,
    /// From the server: layer that refused the model, with MODEL_REJECTED.
    pub layer: Option<String>,
    /// From the server: load of the server at the time of the refusal.
    pub server_load: Option<ServerLoad>,
    /// Provenance of the failed frame, if any.
    pub provenance: Option<Provenance>,
    pub(crate) cause: Option<Cause>,
}

impl ErrorDetail {
    pub(crate) fn new(code: Code, message: String) -> Self {
        ErrorDetail {
            code,
            status: code.row().1,
            message,
            server_code: None,
            field: None,
            retry_after_milliseconds: None,
            layer: None,
            server_load: None,
            provenance: None,
            cause: None,
        }
    }

    /// Takes over the server's fields except `message`.
    pub(crate) fn set_words(&mut self, words: ErrorBody) {
        self.server_code = Some(words.code);
        self.field = words.field;
        self.retry_after_milliseconds = words.retry_after_milliseconds;
        self.layer = words.layer;
        self.server_load = words.server_load;
    }
}

/// First bytes of other protocols, with their names. None begins a frame before Hello.
const STRANGERS: &[(&[u8], &str)] = &[
    (b"HTTP", "HTTP"),
    (b"GET ", "HTTP"),
    (b"HEAD", "HTTP"),
    (b"POST", "HTTP"),
    (b"PUT ", "HTTP"),
    (b"DELE", "HTTP"),
    (b"OPTI", "HTTP"),
    (b"PATC", "HTTP"),
    (b"CONN", "HTTP"),
    (b"TRAC", "HTTP"),
    (b"PRI ", "HTTP"),
    (b"\x15\x03\x01", "TLS"),
    (b"\x15\x03\x02", "TLS"),
    (b"\x15\x03\x03", "TLS"),
    (b"\x16\x03\x01", "TLS"),
    (b"\x16\x03\x02", "TLS"),
    (b"\x16\x03\x03", "TLS"),
    (b"SSH-", "SSH"),
];

/// The error for the first bytes of the peer at `url`. `None` when they may begin a frame.
pub(crate) fn stranger(url: &str, first: &[u8]) -> Option<AssayError> {
    let word = <[u8; 4]>::try_from(first.get(..4)?).ok()?;
    let fits = (28..=4092).contains(&u32::from_le_bytes(word));
    if fits && first.get(4).map_or(true, |version| *version == VERSION) {
        return None;
    }
    let shown = first[..first.len().min(16)].escape_ascii();
    let words = match STRANGERS.iter().find(|(start, _)| first.starts_with(start)) {
        Some((_, name)) => format!("speaks {name}, not Assay's protocol"),
        None => format!("does not speak Assay's protocol, its first bytes are \"{shown}\""),
    };
    Some(error!(ProtocolError, "reading the first bytes: the peer at {url} {words}"))
}

/// The header of a frame.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Header {
    /// Bytes after the length word: 28 + body bytes on the wire.
    pub length: u32,
    /// 1.
    pub version: u8,
    /// The request's kind with bit 7 set.
    pub kind: u8,
    /// Bits 0, 1, 2.
    pub flags: u8,
    /// 1 real, 2 mock.
    pub provenance: u8,
    /// Id of the request, 0 in GoAway only.
    pub request_id: u64,
    /// Status code, 0 is OK.
    pub status: u32,
    /// Body bytes before compression.
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

    pub fn is_compressed(&self) -> bool {
        self.flags & FLAG_COMPRESSED != 0
    }

    pub fn is_more(&self) -> bool {
        self.flags & FLAG_MORE != 0
    }

    pub fn is_degraded(&self) -> bool {
        self.flags & FLAG_DEGRADED != 0
    }
}

/// One row of a message's table.
#[derive(Debug)]
pub struct Field {
    /// Id of the field.
    pub id: u16,
    /// Name of the field.
    pub name: &'static str,
    /// Number of the type.
    pub kind: u8,
    /// Lowest revision with the field.
    pub since: u64,
    /// Least and most occurrences.
    pub times: (usize, usize),
    /// Least and most bytes or elements, or least and largest u64.
    pub bounds: (u64, u64),
    /// Least and largest f64.
    pub numbers: (f64, f64),
    /// The least f64 is excluded.
    pub above_min: bool,
    /// Allowed words, empty for any.
    pub choices: &'static [&'static str],
    /// Words later than the field, with the lowest revision of each.
    pub words_since: &'static [(&'static str, u64)],
    /// The text is a W3C traceparent of version 00.
    pub is_traceparent: bool,
}

/// An optional field with any value but NaN.
const FIELD: Field = Field {
    id: 0,
    name: "",
    kind: 0,
    since: 1,
    times: (0, 1),
    bounds: (0, u64::MAX),
    numbers: (f64::NEG_INFINITY, f64::INFINITY),
    above_min: false,
    choices: &[],
    words_since: &[],
    is_traceparent: false,
};

/// The fields and rules of a message.
#[derive(Debug)]
pub struct Table {
    /// Name in SPEC.md.
    pub name: &'static str,
    /// Fields in order of id.
    pub fields: &'static [Field],
    /// Indices of fields, at least one of which must be given.
    pub one_of: &'static [usize],
    /// Indices of fields, at most one of which may be given.
    pub excludes: &'static [&'static [usize]],
}

/// A kind of request.
#[derive(Debug)]
pub struct Kind {
    /// Number of the kind in a request.
    pub number: u8,
    /// Name of the kind.
    pub name: &'static str,
    /// Lowest revision with the kind.
    pub since: u64,
    /// Several frames may answer the request.
    pub streamed: bool,
    /// A repeated request does no harm.
    pub retry_safe: bool,
}

/// The place of a value in a message.
pub enum Place<'a> {
    /// Unsigned integer.
    U64(&'a mut u64),
    /// Number (NaN is out of every range).
    F64(&'a mut f64),
    /// Raw bytes.
    Bytes(&'a mut Vec<u8>),
    /// UTF-8, well-formed (no overlong forms, no surrogates).
    Text(&'a mut String),
    /// Array of unsigned integers.
    U32s(&'a mut Vec<u32>),
    /// Array of numbers.
    F32s(&'a mut Vec<f32>),
    /// Nested fields, with ids of the record's own table.
    Record(&'a mut dyn Message),
    /// 0 or 1.
    Bool(&'a mut bool),
}

/// Message `Requirements`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Requirements {
    /// The model must be real, default false (optional).
    pub real: Option<bool>,
    /// SHA-256 of the file that must answer (optional, 32..32 bytes).
    pub fingerprint: Option<Vec<u8>>,
    /// Device that must compute the answer (optional, 1..64 bytes).
    pub device: Option<String>,
}

const REQUIREMENTS_TABLE: Table = Table {
    name: "Requirements",
    fields: &[
        Field { id: 1, name: "real", kind: 8, ..FIELD },
        Field { id: 2, name: "fingerprint", kind: 3, bounds: (32, 32), ..FIELD },
        Field { id: 3, name: "device", kind: 4, bounds: (1, 64), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for Requirements {
    fn table(&self) -> &'static Table {
        &REQUIREMENTS_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.real {
            see(0, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.fingerprint {
            see(1, Place::Bytes(value))?;
        }
        if let Some(value) = &mut self.device {
            see(2, Place::Text(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Bool(self.real.get_or_insert_with(Default::default)),
            1 => Place::Bytes(self.fingerprint.get_or_insert_with(Default::default)),
            2 => Place::Text(self.device.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Request context`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RequestContext {
    /// W3C `traceparent` of version 00, the place in the caller's trace (optional, 55..55 bytes).
    pub trace_context: Option<String>,
    /// Number of the attempt within the call, default 1 (optional, 1..4294967295).
    pub attempt: Option<u64>,
    /// Priority among the waiting requests of the connection, highest first, default 4 (optional,
    /// 0..9).
    pub priority: Option<u64>,
}

const REQUEST_CONTEXT_TABLE: Table = Table {
    name: "Request context",
    fields: &[
        Field {
            id: 1, name: "trace_context", kind: 4, bounds: (55, 55), is_traceparent: true, since: 3,
            ..FIELD
        },
        Field { id: 2, name: "attempt", kind: 1, bounds: (1, 4294967295), since: 3, ..FIELD },
        Field { id: 3, name: "priority", kind: 1, bounds: (0, 9), since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for RequestContext {
    fn table(&self) -> &'static Table {
        &REQUEST_CONTEXT_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.trace_context {
            see(0, Place::Text(value))?;
        }
        if let Some(value) = &mut self.attempt {
            see(1, Place::U64(value))?;
        }
        if let Some(value) = &mut self.priority {
            see(2, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.trace_context.get_or_insert_with(Default::default)),
            1 => Place::U64(self.attempt.get_or_insert_with(Default::default)),
            2 => Place::U64(self.priority.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Answer`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Name of the model that answered (required, 1..128 bytes).
    pub model: String,
    /// SHA-256 of the bytes that serve: of the model's file, or of the list of the files' SHA-256,
    /// absent for a mock (optional, 32..32 bytes).
    pub fingerprint: Option<Vec<u8>>,
    /// Device that computed the answer (required, 1..64 bytes).
    pub device: String,
    /// Time budget of the answer, a `Timing` (required).
    pub timing: Timing,
    /// Reasons for an answer worse than possible, not empty exactly when flag bit 2 is set (0..1024
    /// times, 1..2048 bytes).
    pub degradations: Vec<String>,
    /// Load of the server at the time of the answer (optional).
    pub server_load: Option<ServerLoad>,
    /// Time that the chat template was given, only for a conversation, seconds since 1970
    /// (optional, 0..253402300799).
    pub template_time: Option<u64>,
}

const ANSWER_TABLE: Table = Table {
    name: "Answer",
    fields: &[
        Field { id: 1, name: "model", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "fingerprint", kind: 3, bounds: (32, 32), ..FIELD },
        Field { id: 3, name: "device", kind: 4, times: (1, 1), bounds: (1, 64), ..FIELD },
        Field { id: 4, name: "timing", kind: 7, times: (1, 1), ..FIELD },
        Field {
            id: 5, name: "degradations", kind: 4, times: (0, 1024), bounds: (1, 2048), ..FIELD
        },
        Field { id: 6, name: "server_load", kind: 7, since: 3, ..FIELD },
        Field {
            id: 7, name: "template_time", kind: 1, bounds: (0, 253402300799), since: 3, ..FIELD
        },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for Answer {
    fn table(&self) -> &'static Table {
        &ANSWER_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.model))?;
        if let Some(value) = &mut self.fingerprint {
            see(1, Place::Bytes(value))?;
        }
        see(2, Place::Text(&mut self.device))?;
        see(3, Place::Record(&mut self.timing))?;
        for value in &mut self.degradations {
            see(4, Place::Text(value))?;
        }
        if let Some(value) = &mut self.server_load {
            see(5, Place::Record(value))?;
        }
        if let Some(value) = &mut self.template_time {
            see(6, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.model),
            1 => Place::Bytes(self.fingerprint.get_or_insert_with(Default::default)),
            2 => Place::Text(&mut self.device),
            3 => Place::Record(&mut self.timing),
            4 => {
                self.degradations.push(Default::default());
                Place::Text(self.degradations.last_mut()?)
            }
            5 => Place::Record(self.server_load.get_or_insert_with(Default::default)),
            6 => Place::U64(self.template_time.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Server load`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServerLoad {
    /// Requests waiting for the engine (required).
    pub queued: u64,
    /// Requests running on the engine (required).
    pub running: u64,
    /// Estimated wait of a new request, microseconds (required).
    pub wait_microseconds: u64,
    /// Pages of the key-value cache in use (required).
    pub cache_pages_used: u64,
    /// Pages of the key-value cache in all (required).
    pub cache_pages: u64,
}

const SERVER_LOAD_TABLE: Table = Table {
    name: "Server load",
    fields: &[
        Field { id: 1, name: "queued", kind: 1, times: (1, 1), since: 3, ..FIELD },
        Field { id: 2, name: "running", kind: 1, times: (1, 1), since: 3, ..FIELD },
        Field { id: 3, name: "wait_microseconds", kind: 1, times: (1, 1), since: 3, ..FIELD },
        Field { id: 4, name: "cache_pages_used", kind: 1, times: (1, 1), since: 3, ..FIELD },
        Field { id: 5, name: "cache_pages", kind: 1, times: (1, 1), since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ServerLoad {
    fn table(&self) -> &'static Table {
        &SERVER_LOAD_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::U64(&mut self.queued))?;
        see(1, Place::U64(&mut self.running))?;
        see(2, Place::U64(&mut self.wait_microseconds))?;
        see(3, Place::U64(&mut self.cache_pages_used))?;
        see(4, Place::U64(&mut self.cache_pages))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::U64(&mut self.queued),
            1 => Place::U64(&mut self.running),
            2 => Place::U64(&mut self.wait_microseconds),
            3 => Place::U64(&mut self.cache_pages_used),
            4 => Place::U64(&mut self.cache_pages),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Timing`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timing {
    /// From last byte read to request admitted, microseconds (required).
    pub accept: u64,
    /// Waiting for the engine, microseconds (required).
    pub queue: u64,
    /// Turning text into tokens, microseconds (required).
    pub tokenize: u64,
    /// Reading the prompt, microseconds (required).
    pub prefill: u64,
    /// Making tokens, microseconds (required).
    pub decode: u64,
    /// Writing frames to the socket, microseconds (required).
    pub write: u64,
    /// From receipt to last frame, microseconds (required).
    pub total: u64,
}

const TIMING_TABLE: Table = Table {
    name: "Timing",
    fields: &[
        Field { id: 1, name: "accept", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 2, name: "queue", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 3, name: "tokenize", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 4, name: "prefill", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 5, name: "decode", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 6, name: "write", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 7, name: "total", kind: 1, times: (1, 1), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for Timing {
    fn table(&self) -> &'static Table {
        &TIMING_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::U64(&mut self.accept))?;
        see(1, Place::U64(&mut self.queue))?;
        see(2, Place::U64(&mut self.tokenize))?;
        see(3, Place::U64(&mut self.prefill))?;
        see(4, Place::U64(&mut self.decode))?;
        see(5, Place::U64(&mut self.write))?;
        see(6, Place::U64(&mut self.total))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::U64(&mut self.accept),
            1 => Place::U64(&mut self.queue),
            2 => Place::U64(&mut self.tokenize),
            3 => Place::U64(&mut self.prefill),
            4 => Place::U64(&mut self.decode),
            5 => Place::U64(&mut self.write),
            6 => Place::U64(&mut self.total),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Chat message`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatMessage {
    /// Speaker of the turn, `tool` from revision 3 on (required, `system`, `user`, `assistant`,
    /// `tool`).
    pub role: String,
    /// Text of the turn, may be empty (required, 0..4000000 bytes).
    pub content: String,
    /// JSON text of a content that is no text (`null`, a list of parts), beside an empty `content`
    /// (optional, 1..4000000 bytes).
    pub content_json: Option<String>,
    /// Reasoning of the turn, apart from `content` (optional, 1..4000000 bytes).
    pub reasoning_content: Option<String>,
    /// Name of the speaker, or of the tool whose result the turn is (optional, 1..256 bytes).
    pub name: Option<String>,
    /// Calls of tools that the turn makes, a `Tool call` each (0..128 times).
    pub tool_calls: Vec<ToolCall>,
    /// Id of the call whose result the turn is (optional, 1..256 bytes).
    pub tool_call_id: Option<String>,
}

const CHAT_MESSAGE_TABLE: Table = Table {
    name: "Chat message",
    fields: &[
        Field {
            id: 1, name: "role", kind: 4, times: (1, 1), choices: &["system", "user", "assistant",
            "tool"], words_since: &[("tool", 3)], since: 2, ..FIELD
        },
        Field {
            id: 2, name: "content", kind: 4, times: (1, 1), bounds: (0, 4000000), since: 2, ..FIELD
        },
        Field { id: 3, name: "content_json", kind: 4, bounds: (1, 4000000), since: 3, ..FIELD },
        Field {
            id: 4, name: "reasoning_content", kind: 4, bounds: (1, 4000000), since: 3, ..FIELD
        },
        Field { id: 5, name: "name", kind: 4, bounds: (1, 256), since: 3, ..FIELD },
        Field { id: 6, name: "tool_calls", kind: 7, times: (0, 128), since: 3, ..FIELD },
        Field { id: 7, name: "tool_call_id", kind: 4, bounds: (1, 256), since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ChatMessage {
    fn table(&self) -> &'static Table {
        &CHAT_MESSAGE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.role))?;
        see(1, Place::Text(&mut self.content))?;
        if let Some(value) = &mut self.content_json {
            see(2, Place::Text(value))?;
        }
        if let Some(value) = &mut self.reasoning_content {
            see(3, Place::Text(value))?;
        }
        if let Some(value) = &mut self.name {
            see(4, Place::Text(value))?;
        }
        for value in &mut self.tool_calls {
            see(5, Place::Record(value))?;
        }
        if let Some(value) = &mut self.tool_call_id {
            see(6, Place::Text(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.role),
            1 => Place::Text(&mut self.content),
            2 => Place::Text(self.content_json.get_or_insert_with(Default::default)),
            3 => Place::Text(self.reasoning_content.get_or_insert_with(Default::default)),
            4 => Place::Text(self.name.get_or_insert_with(Default::default)),
            5 => {
                self.tool_calls.push(Default::default());
                Place::Record(self.tool_calls.last_mut()?)
            }
            6 => Place::Text(self.tool_call_id.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Tool call`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolCall {
    /// Id of the call, for the result's `tool_call_id` (optional, 1..256 bytes).
    pub id: Option<String>,
    /// Name of the tool (required, 1..256 bytes).
    pub name: String,
    /// JSON text of the arguments, an object as a rule (required, 1..1000000 bytes).
    pub arguments: String,
}

const TOOL_CALL_TABLE: Table = Table {
    name: "Tool call",
    fields: &[
        Field { id: 1, name: "id", kind: 4, bounds: (1, 256), since: 3, ..FIELD },
        Field { id: 2, name: "name", kind: 4, times: (1, 1), bounds: (1, 256), since: 3, ..FIELD },
        Field {
            id: 3, name: "arguments", kind: 4, times: (1, 1), bounds: (1, 1000000), since: 3,
            ..FIELD
        },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ToolCall {
    fn table(&self) -> &'static Table {
        &TOOL_CALL_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.id {
            see(0, Place::Text(value))?;
        }
        see(1, Place::Text(&mut self.name))?;
        see(2, Place::Text(&mut self.arguments))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.id.get_or_insert_with(Default::default)),
            1 => Place::Text(&mut self.name),
            2 => Place::Text(&mut self.arguments),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Template variable`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TemplateVariable {
    /// Name of the variable (`enable_thinking`, `reasoning_effort`) (required, 1..128 bytes).
    pub name: String,
    /// JSON text of the value (required, 1..65536 bytes).
    pub value: String,
}

const TEMPLATE_VARIABLE_TABLE: Table = Table {
    name: "Template variable",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), since: 3, ..FIELD },
        Field {
            id: 2, name: "value", kind: 4, times: (1, 1), bounds: (1, 65536), since: 3, ..FIELD
        },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for TemplateVariable {
    fn table(&self) -> &'static Table {
        &TEMPLATE_VARIABLE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        see(1, Place::Text(&mut self.value))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            1 => Place::Text(&mut self.value),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Chat template`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatTemplate {
    /// Place of the template in the model's files (`tokenizer.chat_template`,
    /// `chat_template.jinja`) (required, 1..512 bytes).
    pub source: String,
    /// SHA-256 of the template's text (required, 32..32 bytes).
    pub fingerprint: Vec<u8>,
    /// The template writes `tools` (required).
    pub reads_tools: bool,
    /// Form in which the template gets the arguments of past calls, absent when none are written
    /// (optional, `object`, `text`).
    pub tool_arguments: Option<String>,
    /// Reasoning before an answer: not foreseen, chosen by a variable, or always (required, `none`,
    /// `optional`, `always`).
    pub thinking: String,
    /// The template writes the time (required).
    pub reads_time: bool,
    /// Names of variables that the template reads, in order of name (0..1024 times, 1..128 bytes).
    pub variables: Vec<String>,
}

const CHAT_TEMPLATE_TABLE: Table = Table {
    name: "Chat template",
    fields: &[
        Field {
            id: 1, name: "source", kind: 4, times: (1, 1), bounds: (1, 512), since: 3, ..FIELD
        },
        Field {
            id: 2, name: "fingerprint", kind: 3, times: (1, 1), bounds: (32, 32), since: 3, ..FIELD
        },
        Field { id: 3, name: "reads_tools", kind: 8, times: (1, 1), since: 3, ..FIELD },
        Field {
            id: 4, name: "tool_arguments", kind: 4, choices: &["object", "text"], since: 3, ..FIELD
        },
        Field {
            id: 5, name: "thinking", kind: 4, times: (1, 1), choices: &["none", "optional",
            "always"], since: 3, ..FIELD
        },
        Field { id: 6, name: "reads_time", kind: 8, times: (1, 1), since: 3, ..FIELD },
        Field {
            id: 7, name: "variables", kind: 4, times: (0, 1024), bounds: (1, 128), since: 3, ..FIELD
        },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ChatTemplate {
    fn table(&self) -> &'static Table {
        &CHAT_TEMPLATE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.source))?;
        see(1, Place::Bytes(&mut self.fingerprint))?;
        see(2, Place::Bool(&mut self.reads_tools))?;
        if let Some(value) = &mut self.tool_arguments {
            see(3, Place::Text(value))?;
        }
        see(4, Place::Text(&mut self.thinking))?;
        see(5, Place::Bool(&mut self.reads_time))?;
        for value in &mut self.variables {
            see(6, Place::Text(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.source),
            1 => Place::Bytes(&mut self.fingerprint),
            2 => Place::Bool(&mut self.reads_tools),
            3 => Place::Text(self.tool_arguments.get_or_insert_with(Default::default)),
            4 => Place::Text(&mut self.thinking),
            5 => Place::Bool(&mut self.reads_time),
            6 => {
                self.variables.push(Default::default());
                Place::Text(self.variables.last_mut()?)
            }
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Input`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// Text, tokenized by the server (optional, 0..4000000 bytes).
    pub text: Option<String>,
    /// Token ids, used unchanged (optional, 1..1000000 elements).
    pub tokens: Option<Vec<u32>>,
}

const INPUT_TABLE: Table = Table {
    name: "Input",
    fields: &[
        Field { id: 1, name: "text", kind: 4, bounds: (0, 4000000), since: 2, ..FIELD },
        Field { id: 2, name: "tokens", kind: 5, bounds: (1, 1000000), since: 2, ..FIELD },
    ],
    one_of: &[0, 1],
    excludes: &[&[0, 1]],
};

impl Message for Input {
    fn table(&self) -> &'static Table {
        &INPUT_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.text {
            see(0, Place::Text(value))?;
        }
        if let Some(value) = &mut self.tokens {
            see(1, Place::U32s(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.text.get_or_insert_with(Default::default)),
            1 => Place::U32s(self.tokens.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Logprobs`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Logprobs {
    /// The tokens, in order (required, 0..1000000 elements).
    pub tokens: Vec<u32>,
    /// Log-probability of each token, as many as `tokens` (required, 0..1000000 elements).
    pub logprobs: Vec<f32>,
    /// Alternatives per token, default 0 (optional, 0..64).
    pub top_count: Option<u64>,
    /// The best tokens at each position: a row of `top_count` per token, best first (optional,
    /// 0..1000000 elements).
    pub top_tokens: Option<Vec<u32>>,
    /// Log-probability of each alternative, as many as `top_tokens` (optional, 0..1000000
    /// elements).
    pub top_logprobs: Option<Vec<f32>>,
}

const LOGPROBS_TABLE: Table = Table {
    name: "Logprobs",
    fields: &[
        Field {
            id: 1, name: "tokens", kind: 5, times: (1, 1), bounds: (0, 1000000), since: 2, ..FIELD
        },
        Field {
            id: 2, name: "logprobs", kind: 6, times: (1, 1), bounds: (0, 1000000), since: 2, ..FIELD
        },
        Field { id: 3, name: "top_count", kind: 1, bounds: (0, 64), since: 2, ..FIELD },
        Field { id: 4, name: "top_tokens", kind: 5, bounds: (0, 1000000), since: 2, ..FIELD },
        Field { id: 5, name: "top_logprobs", kind: 6, bounds: (0, 1000000), since: 2, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for Logprobs {
    fn table(&self) -> &'static Table {
        &LOGPROBS_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::U32s(&mut self.tokens))?;
        see(1, Place::F32s(&mut self.logprobs))?;
        if let Some(value) = &mut self.top_count {
            see(2, Place::U64(value))?;
        }
        if let Some(value) = &mut self.top_tokens {
            see(3, Place::U32s(value))?;
        }
        if let Some(value) = &mut self.top_logprobs {
            see(4, Place::F32s(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::U32s(&mut self.tokens),
            1 => Place::F32s(&mut self.logprobs),
            2 => Place::U64(self.top_count.get_or_insert_with(Default::default)),
            3 => Place::U32s(self.top_tokens.get_or_insert_with(Default::default)),
            4 => Place::F32s(self.top_logprobs.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Error`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ErrorBody {
    /// Stable reason in snake_case (required, 1..128 bytes).
    pub code: String,
    /// Sentence with the attempt, the finding, the allowed values and the place (required, 0..2048
    /// bytes).
    pub message: String,
    /// Path of the refused field (`requirements.device`), or `#9` for an unknown id (optional,
    /// 1..128 bytes).
    pub field: Option<String>,
    /// Pause before another attempt, milliseconds (optional, 0..3600000).
    pub retry_after_milliseconds: Option<u64>,
    /// Layer that refused the model, with MODEL_REJECTED (optional, `file`, `parse`,
    /// `compatibility`, `placement`, `validation`).
    pub layer: Option<String>,
    /// Load of the server at the time of the refusal (optional).
    pub server_load: Option<ServerLoad>,
}

const ERROR_TABLE: Table = Table {
    name: "Error",
    fields: &[
        Field { id: 1, name: "code", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "message", kind: 4, times: (1, 1), bounds: (0, 2048), ..FIELD },
        Field { id: 3, name: "field", kind: 4, bounds: (1, 128), ..FIELD },
        Field { id: 4, name: "retry_after_milliseconds", kind: 1, bounds: (0, 3600000), ..FIELD },
        Field {
            id: 5, name: "layer", kind: 4, choices: &["file", "parse", "compatibility", "placement",
            "validation"], ..FIELD
        },
        Field { id: 6, name: "server_load", kind: 7, since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ErrorBody {
    fn table(&self) -> &'static Table {
        &ERROR_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.code))?;
        see(1, Place::Text(&mut self.message))?;
        if let Some(value) = &mut self.field {
            see(2, Place::Text(value))?;
        }
        if let Some(value) = &mut self.retry_after_milliseconds {
            see(3, Place::U64(value))?;
        }
        if let Some(value) = &mut self.layer {
            see(4, Place::Text(value))?;
        }
        if let Some(value) = &mut self.server_load {
            see(5, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.code),
            1 => Place::Text(&mut self.message),
            2 => Place::Text(self.field.get_or_insert_with(Default::default)),
            3 => Place::U64(self.retry_after_milliseconds.get_or_insert_with(Default::default)),
            4 => Place::Text(self.layer.get_or_insert_with(Default::default)),
            5 => Place::Record(self.server_load.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Hello request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HelloRequest {
    /// Name and version of the client program (required, 1..128 bytes).
    pub client: String,
    /// Highest revision of version 1 the client speaks (required, 1..4294967295).
    pub revision: u64,
    /// The client reads, and may send, compressed bodies, default false (optional).
    pub compression: Option<bool>,
    /// Largest body that the client accepts, bytes before compression, default 4194304 (optional,
    /// 4096..4294967295).
    pub body_size_max: Option<u64>,
    /// Token that names the client, absent without one (optional, 1..256 bytes).
    pub token: Option<String>,
    /// Part of the client's own share of the server that the connection belongs to (optional, 1..64
    /// bytes).
    pub tenant: Option<String>,
}

const HELLO_REQUEST_TABLE: Table = Table {
    name: "Hello request",
    fields: &[
        Field { id: 1, name: "client", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "revision", kind: 1, times: (1, 1), bounds: (1, 4294967295), ..FIELD },
        Field { id: 3, name: "compression", kind: 8, ..FIELD },
        Field { id: 4, name: "body_size_max", kind: 1, bounds: (4096, 4294967295), ..FIELD },
        Field { id: 5, name: "token", kind: 4, bounds: (1, 256), ..FIELD },
        Field { id: 6, name: "tenant", kind: 4, bounds: (1, 64), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for HelloRequest {
    fn table(&self) -> &'static Table {
        &HELLO_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.client))?;
        see(1, Place::U64(&mut self.revision))?;
        if let Some(value) = &mut self.compression {
            see(2, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.body_size_max {
            see(3, Place::U64(value))?;
        }
        if let Some(value) = &mut self.token {
            see(4, Place::Text(value))?;
        }
        if let Some(value) = &mut self.tenant {
            see(5, Place::Text(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.client),
            1 => Place::U64(&mut self.revision),
            2 => Place::Bool(self.compression.get_or_insert_with(Default::default)),
            3 => Place::U64(self.body_size_max.get_or_insert_with(Default::default)),
            4 => Place::Text(self.token.get_or_insert_with(Default::default)),
            5 => Place::Text(self.tenant.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Hello response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HelloResponse {
    /// Name and version of the server program (required, 1..128 bytes).
    pub server: String,
    /// Revision in force, the lower of the client's and the server's (required, 1..4294967295).
    pub revision: u64,
    /// Bodies may be compressed from now on, in both directions (required).
    pub compression: bool,
    /// Largest body that the server accepts, bytes before compression (required, 4096..4294967295).
    pub body_size_max: u64,
    /// Requests that the connection may have in flight (required, 1..4294967295).
    pub requests_in_flight_max: u64,
}

const HELLO_RESPONSE_TABLE: Table = Table {
    name: "Hello response",
    fields: &[
        Field { id: 1, name: "server", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "revision", kind: 1, times: (1, 1), bounds: (1, 4294967295), ..FIELD },
        Field { id: 3, name: "compression", kind: 8, times: (1, 1), ..FIELD },
        Field {
            id: 4, name: "body_size_max", kind: 1, times: (1, 1), bounds: (4096, 4294967295),
            ..FIELD
        },
        Field {
            id: 5, name: "requests_in_flight_max", kind: 1, times: (1, 1), bounds: (1, 4294967295),
            ..FIELD
        },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for HelloResponse {
    fn table(&self) -> &'static Table {
        &HELLO_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.server))?;
        see(1, Place::U64(&mut self.revision))?;
        see(2, Place::Bool(&mut self.compression))?;
        see(3, Place::U64(&mut self.body_size_max))?;
        see(4, Place::U64(&mut self.requests_in_flight_max))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.server),
            1 => Place::U64(&mut self.revision),
            2 => Place::Bool(&mut self.compression),
            3 => Place::U64(&mut self.body_size_max),
            4 => Place::U64(&mut self.requests_in_flight_max),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Ping request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PingRequest {
    /// Bytes to send back unchanged (optional, 0..65536 bytes).
    pub payload: Option<Vec<u8>>,
}

const PING_REQUEST_TABLE: Table = Table {
    name: "Ping request",
    fields: &[
        Field { id: 1, name: "payload", kind: 3, bounds: (0, 65536), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for PingRequest {
    fn table(&self) -> &'static Table {
        &PING_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.payload {
            see(0, Place::Bytes(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Bytes(self.payload.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Ping response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PingResponse {
    /// Payload of the request (optional, 0..65536 bytes).
    pub payload: Option<Vec<u8>>,
}

const PING_RESPONSE_TABLE: Table = Table {
    name: "Ping response",
    fields: &[
        Field { id: 1, name: "payload", kind: 3, bounds: (0, 65536), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for PingResponse {
    fn table(&self) -> &'static Table {
        &PING_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.payload {
            see(0, Place::Bytes(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Bytes(self.payload.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Health request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HealthRequest {
    /// Name of a model, absent for the server as a whole (optional, 1..128 bytes).
    pub model: Option<String>,
    /// Verify the model now, default false (optional).
    pub verify: Option<bool>,
    /// Trace, attempt and priority of the request (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

const HEALTH_REQUEST_TABLE: Table = Table {
    name: "Health request",
    fields: &[
        Field { id: 1, name: "model", kind: 4, bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "verify", kind: 8, since: 2, ..FIELD },
        Field { id: 29, name: "context", kind: 7, since: 3, ..FIELD },
        Field { id: 30, name: "requirements", kind: 7, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for HealthRequest {
    fn table(&self) -> &'static Table {
        &HEALTH_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.model {
            see(0, Place::Text(value))?;
        }
        if let Some(value) = &mut self.verify {
            see(1, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.context {
            see(2, Place::Record(value))?;
        }
        if let Some(value) = &mut self.requirements {
            see(3, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.model.get_or_insert_with(Default::default)),
            1 => Place::Bool(self.verify.get_or_insert_with(Default::default)),
            2 => Place::Record(self.context.get_or_insert_with(Default::default)),
            3 => Place::Record(self.requirements.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        Some(&mut self.context)
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        self.model.as_ref()?;
        Some(&mut self.requirements)
    }
}

/// Message `Health response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HealthResponse {
    /// Work is accepted (required).
    pub ready: bool,
    /// State of the model, or of the server (required, `loading`, `ready`, `failed`, `draining`).
    pub state: String,
    /// Reason for not being ready, or a note (optional, 1..2048 bytes).
    pub reason: Option<String>,
    /// Result of the comparison with the seal, only after `verify` (optional, `absent`, `matched`,
    /// `drifted`).
    pub seal: Option<String>,
    /// Largest distance of a logit from the sealed logit, only with `matched` (optional,
    /// 0.0..10.0).
    pub largest_difference: Option<f64>,
    /// Files on disk compared with the loaded files, only for one real model (optional,
    /// `unchanged`, `changed`, `missing`).
    pub file: Option<String>,
}

const HEALTH_RESPONSE_TABLE: Table = Table {
    name: "Health response",
    fields: &[
        Field { id: 1, name: "ready", kind: 8, times: (1, 1), ..FIELD },
        Field {
            id: 2, name: "state", kind: 4, times: (1, 1), choices: &["loading", "ready", "failed",
            "draining"], ..FIELD
        },
        Field { id: 3, name: "reason", kind: 4, bounds: (1, 2048), ..FIELD },
        Field {
            id: 4, name: "seal", kind: 4, choices: &["absent", "matched", "drifted"], since: 2,
            ..FIELD
        },
        Field {
            id: 5, name: "largest_difference", kind: 2, numbers: (0.0, 10.0), since: 2, ..FIELD
        },
        Field {
            id: 6, name: "file", kind: 4, choices: &["unchanged", "changed", "missing"], since: 3,
            ..FIELD
        },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for HealthResponse {
    fn table(&self) -> &'static Table {
        &HEALTH_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Bool(&mut self.ready))?;
        see(1, Place::Text(&mut self.state))?;
        if let Some(value) = &mut self.reason {
            see(2, Place::Text(value))?;
        }
        if let Some(value) = &mut self.seal {
            see(3, Place::Text(value))?;
        }
        if let Some(value) = &mut self.largest_difference {
            see(4, Place::F64(value))?;
        }
        if let Some(value) = &mut self.file {
            see(5, Place::Text(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Bool(&mut self.ready),
            1 => Place::Text(&mut self.state),
            2 => Place::Text(self.reason.get_or_insert_with(Default::default)),
            3 => Place::Text(self.seal.get_or_insert_with(Default::default)),
            4 => Place::F64(self.largest_difference.get_or_insert_with(Default::default)),
            5 => Place::Text(self.file.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Models request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelsRequest {
}

const MODELS_REQUEST_TABLE: Table = Table {
    name: "Models request",
    fields: &[],
    one_of: &[],
    excludes: &[],
};

impl Message for ModelsRequest {
    fn table(&self) -> &'static Table {
        &MODELS_REQUEST_TABLE
    }

    fn each(&mut self, _: &mut See) -> Result<(), BodyError> {
        Ok(())
    }

    fn add(&mut self, _: usize) -> Option<Place<'_>> {
        None
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Models response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelsResponse {
    /// A `Model` for each model, in order of name (0..1024 times).
    pub models: Vec<Model>,
}

const MODELS_RESPONSE_TABLE: Table = Table {
    name: "Models response",
    fields: &[
        Field { id: 1, name: "models", kind: 7, times: (0, 1024), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ModelsResponse {
    fn table(&self) -> &'static Table {
        &MODELS_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        for value in &mut self.models {
            see(0, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => {
                self.models.push(Default::default());
                Place::Record(self.models.last_mut()?)
            }
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Model`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// Name under which the model is served (required, 1..128 bytes).
    pub name: String,
    /// State of the model (required, `loading`, `ready`, `failed`, `draining`).
    pub state: String,
    /// 1 real, 2 mock (required, 1..2).
    pub provenance: u64,
    /// Architecture family (`llama`), empty while loading (required, 0..128 bytes).
    pub architecture: String,
    /// Number of weights (required).
    pub parameters: u64,
    /// Size of the vocabulary, tokens (required).
    pub vocabulary: u64,
    /// Size of the context, tokens (required).
    pub context: u64,
    /// SHA-256 of the bytes that serve, absent for a mock (optional, 32..32 bytes).
    pub fingerprint: Option<Vec<u8>>,
    /// 1 for the first load under the name, 1 more for each later load (required, 0..4294967295).
    pub generation: u64,
    /// Device of the model (`cpu`, `cuda:0`) (required, 0..64 bytes).
    pub device: String,
    /// Reason for a device different from the requested device (optional, 1..2048 bytes).
    pub device_reason: Option<String>,
    /// Memory taken, bytes (required).
    pub bytes: u64,
    /// Files on disk compared with the loaded files, absent for a mock (optional, `unchanged`,
    /// `changed`, `missing`).
    pub file: Option<String>,
    /// A `Model label` for each label (0..64 times).
    pub labels: Vec<ModelLabel>,
    /// True for a model that stays in memory until it is unpinned (optional).
    pub pinned: Option<bool>,
    /// Generation that Rollback returns to, absent for none (optional, 1..4294967295).
    pub held_generation: Option<u64>,
    /// True for a model that was put out of memory and is loaded for its next request (optional).
    pub evicted: Option<bool>,
    /// State of the model's circuit breaker, absent for a server without (optional, `closed`,
    /// `open`, `half_open`).
    pub breaker: Option<String>,
    /// Failure that the breaker opened for (optional, 1..2048 bytes).
    pub breaker_reason: Option<String>,
    /// Time since the breaker changed its state, seconds (optional, 0.0..1000000000000.0).
    pub breaker_seconds: Option<f64>,
    /// Time since the weights in memory were last compared with the seal, seconds (optional,
    /// 0.0..1000000000000.0).
    pub seal_age_seconds: Option<f64>,
    /// Reason of the last swap or reload that failed while the model went on (optional, 1..2048
    /// bytes).
    pub load_failure: Option<String>,
}

const MODEL_TABLE: Table = Table {
    name: "Model",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
        Field {
            id: 2, name: "state", kind: 4, times: (1, 1), choices: &["loading", "ready", "failed",
            "draining"], ..FIELD
        },
        Field { id: 3, name: "provenance", kind: 1, times: (1, 1), bounds: (1, 2), ..FIELD },
        Field { id: 4, name: "architecture", kind: 4, times: (1, 1), bounds: (0, 128), ..FIELD },
        Field { id: 5, name: "parameters", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 6, name: "vocabulary", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 7, name: "context", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 8, name: "fingerprint", kind: 3, bounds: (32, 32), ..FIELD },
        Field {
            id: 9, name: "generation", kind: 1, times: (1, 1), bounds: (0, 4294967295), ..FIELD
        },
        Field { id: 10, name: "device", kind: 4, times: (1, 1), bounds: (0, 64), ..FIELD },
        Field { id: 11, name: "device_reason", kind: 4, bounds: (1, 2048), ..FIELD },
        Field { id: 12, name: "bytes", kind: 1, times: (1, 1), ..FIELD },
        Field {
            id: 13, name: "file", kind: 4, choices: &["unchanged", "changed", "missing"], since: 3,
            ..FIELD
        },
        Field { id: 14, name: "labels", kind: 7, times: (0, 64), since: 4, ..FIELD },
        Field { id: 15, name: "pinned", kind: 8, since: 4, ..FIELD },
        Field {
            id: 16, name: "held_generation", kind: 1, bounds: (1, 4294967295), since: 4, ..FIELD
        },
        Field { id: 17, name: "evicted", kind: 8, since: 4, ..FIELD },
        Field {
            id: 18, name: "breaker", kind: 4, choices: &["closed", "open", "half_open"], since: 4,
            ..FIELD
        },
        Field { id: 19, name: "breaker_reason", kind: 4, bounds: (1, 2048), since: 4, ..FIELD },
        Field {
            id: 20, name: "breaker_seconds", kind: 2, numbers: (0.0, 1000000000000.0), since: 4,
            ..FIELD
        },
        Field {
            id: 21, name: "seal_age_seconds", kind: 2, numbers: (0.0, 1000000000000.0), since: 4,
            ..FIELD
        },
        Field { id: 22, name: "load_failure", kind: 4, bounds: (1, 2048), since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for Model {
    fn table(&self) -> &'static Table {
        &MODEL_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        see(1, Place::Text(&mut self.state))?;
        see(2, Place::U64(&mut self.provenance))?;
        see(3, Place::Text(&mut self.architecture))?;
        see(4, Place::U64(&mut self.parameters))?;
        see(5, Place::U64(&mut self.vocabulary))?;
        see(6, Place::U64(&mut self.context))?;
        if let Some(value) = &mut self.fingerprint {
            see(7, Place::Bytes(value))?;
        }
        see(8, Place::U64(&mut self.generation))?;
        see(9, Place::Text(&mut self.device))?;
        if let Some(value) = &mut self.device_reason {
            see(10, Place::Text(value))?;
        }
        see(11, Place::U64(&mut self.bytes))?;
        if let Some(value) = &mut self.file {
            see(12, Place::Text(value))?;
        }
        for value in &mut self.labels {
            see(13, Place::Record(value))?;
        }
        if let Some(value) = &mut self.pinned {
            see(14, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.held_generation {
            see(15, Place::U64(value))?;
        }
        if let Some(value) = &mut self.evicted {
            see(16, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.breaker {
            see(17, Place::Text(value))?;
        }
        if let Some(value) = &mut self.breaker_reason {
            see(18, Place::Text(value))?;
        }
        if let Some(value) = &mut self.breaker_seconds {
            see(19, Place::F64(value))?;
        }
        if let Some(value) = &mut self.seal_age_seconds {
            see(20, Place::F64(value))?;
        }
        if let Some(value) = &mut self.load_failure {
            see(21, Place::Text(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            1 => Place::Text(&mut self.state),
            2 => Place::U64(&mut self.provenance),
            3 => Place::Text(&mut self.architecture),
            4 => Place::U64(&mut self.parameters),
            5 => Place::U64(&mut self.vocabulary),
            6 => Place::U64(&mut self.context),
            7 => Place::Bytes(self.fingerprint.get_or_insert_with(Default::default)),
            8 => Place::U64(&mut self.generation),
            9 => Place::Text(&mut self.device),
            10 => Place::Text(self.device_reason.get_or_insert_with(Default::default)),
            11 => Place::U64(&mut self.bytes),
            12 => Place::Text(self.file.get_or_insert_with(Default::default)),
            13 => {
                self.labels.push(Default::default());
                Place::Record(self.labels.last_mut()?)
            }
            14 => Place::Bool(self.pinned.get_or_insert_with(Default::default)),
            15 => Place::U64(self.held_generation.get_or_insert_with(Default::default)),
            16 => Place::Bool(self.evicted.get_or_insert_with(Default::default)),
            17 => Place::Text(self.breaker.get_or_insert_with(Default::default)),
            18 => Place::Text(self.breaker_reason.get_or_insert_with(Default::default)),
            19 => Place::F64(self.breaker_seconds.get_or_insert_with(Default::default)),
            20 => Place::F64(self.seal_age_seconds.get_or_insert_with(Default::default)),
            21 => Place::Text(self.load_failure.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Load request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadRequest {
    /// Name under which the model will be served (required, 1..128 bytes).
    pub name: String,
    /// Path of the model on the server's machine (required, 1..4096 bytes).
    pub path: String,
    /// Loading strategy, absent for the server's setting (optional, `strict`, `graceful`,
    /// `development`).
    pub strategy: Option<String>,
    /// Device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting (optional, 1..64
    /// bytes).
    pub device: Option<String>,
    /// True asks for frames while a layer runs, with `bytes_read` in the `Layer` (optional).
    pub progress: Option<bool>,
}

const LOAD_REQUEST_TABLE: Table = Table {
    name: "Load request",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "path", kind: 4, times: (1, 1), bounds: (1, 4096), ..FIELD },
        Field {
            id: 3, name: "strategy", kind: 4, choices: &["strict", "graceful", "development"],
            ..FIELD
        },
        Field { id: 4, name: "device", kind: 4, bounds: (1, 64), ..FIELD },
        Field { id: 5, name: "progress", kind: 8, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for LoadRequest {
    fn table(&self) -> &'static Table {
        &LOAD_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        see(1, Place::Text(&mut self.path))?;
        if let Some(value) = &mut self.strategy {
            see(2, Place::Text(value))?;
        }
        if let Some(value) = &mut self.device {
            see(3, Place::Text(value))?;
        }
        if let Some(value) = &mut self.progress {
            see(4, Place::Bool(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            1 => Place::Text(&mut self.path),
            2 => Place::Text(self.strategy.get_or_insert_with(Default::default)),
            3 => Place::Text(self.device.get_or_insert_with(Default::default)),
            4 => Place::Bool(self.progress.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Load progress`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadProgress {
    /// The `Layer` just completed, or the running one where it has `bytes_read` (required).
    pub layer: Layer,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
}

const LOAD_PROGRESS_TABLE: Table = Table {
    name: "Load progress",
    fields: &[
        Field { id: 1, name: "layer", kind: 7, times: (1, 1), ..FIELD },
        Field { id: 28, name: "frame", kind: 1, since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for LoadProgress {
    fn table(&self) -> &'static Table {
        &LOAD_PROGRESS_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Record(&mut self.layer))?;
        if let Some(value) = &mut self.frame {
            see(1, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Record(&mut self.layer),
            1 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Load response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadResponse {
    /// Always true, since a rejection is a status (required).
    pub accepted: bool,
    /// A `Layer` for each layer, in order (0..1024 times).
    pub layers: Vec<Layer>,
    /// The `Model` now served (optional).
    pub model: Option<Model>,
    /// Configuration overrides in effect, `key=value` (0..1024 times, 1..2048 bytes).
    pub overrides: Vec<String>,
    /// A sentence for each earlier failed attempt (0..1024 times, 1..2048 bytes).
    pub attempts: Vec<String>,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
}

const LOAD_RESPONSE_TABLE: Table = Table {
    name: "Load response",
    fields: &[
        Field { id: 1, name: "accepted", kind: 8, times: (1, 1), ..FIELD },
        Field { id: 2, name: "layers", kind: 7, times: (0, 1024), ..FIELD },
        Field { id: 3, name: "model", kind: 7, ..FIELD },
        Field { id: 4, name: "overrides", kind: 4, times: (0, 1024), bounds: (1, 2048), ..FIELD },
        Field { id: 5, name: "attempts", kind: 4, times: (0, 1024), bounds: (1, 2048), ..FIELD },
        Field { id: 28, name: "frame", kind: 1, since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for LoadResponse {
    fn table(&self) -> &'static Table {
        &LOAD_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Bool(&mut self.accepted))?;
        for value in &mut self.layers {
            see(1, Place::Record(value))?;
        }
        if let Some(value) = &mut self.model {
            see(2, Place::Record(value))?;
        }
        for value in &mut self.overrides {
            see(3, Place::Text(value))?;
        }
        for value in &mut self.attempts {
            see(4, Place::Text(value))?;
        }
        if let Some(value) = &mut self.frame {
            see(5, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Bool(&mut self.accepted),
            1 => {
                self.layers.push(Default::default());
                Place::Record(self.layers.last_mut()?)
            }
            2 => Place::Record(self.model.get_or_insert_with(Default::default)),
            3 => {
                self.overrides.push(Default::default());
                Place::Text(self.overrides.last_mut()?)
            }
            4 => {
                self.attempts.push(Default::default());
                Place::Text(self.attempts.last_mut()?)
            }
            5 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Layer`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layer {
    /// Layer of the assay (required, `file`, `parse`, `compatibility`, `placement`, `validation`).
    pub layer: String,
    /// Verdict of the layer, true when passed, or when the layer still runs (required).
    pub ok: bool,
    /// Time taken, microseconds, 0 while the layer runs (required).
    pub microseconds: u64,
    /// Bytes of the files read so far, by a layer that still runs (optional).
    pub bytes_read: Option<u64>,
    /// Bytes of the files as a whole, beside `bytes_read` (optional).
    pub bytes_total: Option<u64>,
}

const LAYER_TABLE: Table = Table {
    name: "Layer",
    fields: &[
        Field {
            id: 1, name: "layer", kind: 4, times: (1, 1), choices: &["file", "parse",
            "compatibility", "placement", "validation"], ..FIELD
        },
        Field { id: 2, name: "ok", kind: 8, times: (1, 1), ..FIELD },
        Field { id: 3, name: "microseconds", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 4, name: "bytes_read", kind: 1, ..FIELD },
        Field { id: 5, name: "bytes_total", kind: 1, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for Layer {
    fn table(&self) -> &'static Table {
        &LAYER_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.layer))?;
        see(1, Place::Bool(&mut self.ok))?;
        see(2, Place::U64(&mut self.microseconds))?;
        if let Some(value) = &mut self.bytes_read {
            see(3, Place::U64(value))?;
        }
        if let Some(value) = &mut self.bytes_total {
            see(4, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.layer),
            1 => Place::Bool(&mut self.ok),
            2 => Place::U64(&mut self.microseconds),
            3 => Place::U64(self.bytes_read.get_or_insert_with(Default::default)),
            4 => Place::U64(self.bytes_total.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Unload request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnloadRequest {
    /// Name of the model to stop serving, once its requests are done (required, 1..128 bytes).
    pub name: String,
}

const UNLOAD_REQUEST_TABLE: Table = Table {
    name: "Unload request",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for UnloadRequest {
    fn table(&self) -> &'static Table {
        &UNLOAD_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Unload response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnloadResponse {
}

const UNLOAD_RESPONSE_TABLE: Table = Table {
    name: "Unload response",
    fields: &[],
    one_of: &[],
    excludes: &[],
};

impl Message for UnloadResponse {
    fn table(&self) -> &'static Table {
        &UNLOAD_RESPONSE_TABLE
    }

    fn each(&mut self, _: &mut See) -> Result<(), BodyError> {
        Ok(())
    }

    fn add(&mut self, _: usize) -> Option<Place<'_>> {
        None
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Model label`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelLabel {
    /// Label, named in requests as `NAME:LABEL` (required, 1..64 bytes).
    pub label: String,
    /// Generation that the label stands for (required, 1..4294967295).
    pub generation: u64,
    /// Share of the requests for the plain name that the generation answers, absent for none
    /// (optional, 0.0..1.0).
    pub share: Option<f64>,
}

const MODEL_LABEL_TABLE: Table = Table {
    name: "Model label",
    fields: &[
        Field { id: 1, name: "label", kind: 4, times: (1, 1), bounds: (1, 64), since: 4, ..FIELD },
        Field {
            id: 2, name: "generation", kind: 1, times: (1, 1), bounds: (1, 4294967295), since: 4,
            ..FIELD
        },
        Field { id: 3, name: "share", kind: 2, numbers: (0.0, 1.0), since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ModelLabel {
    fn table(&self) -> &'static Table {
        &MODEL_LABEL_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.label))?;
        see(1, Place::U64(&mut self.generation))?;
        if let Some(value) = &mut self.share {
            see(2, Place::F64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.label),
            1 => Place::U64(&mut self.generation),
            2 => Place::F64(self.share.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Swap request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SwapRequest {
    /// Name of the served model (required, 1..128 bytes).
    pub name: String,
    /// Path of the new model on the server's machine (required, 1..4096 bytes).
    pub path: String,
    /// Loading strategy, absent for the server's setting (optional, `strict`, `graceful`,
    /// `development`).
    pub strategy: Option<String>,
    /// Device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting (optional, 1..64
    /// bytes).
    pub device: Option<String>,
    /// True asks for frames while a layer runs, with `bytes_read` in the `Layer` (optional).
    pub progress: Option<bool>,
    /// Live requests to compute by both generations and compare before the switch, default 0
    /// (optional, 0..4096).
    pub shadow: Option<u64>,
    /// A difference found by the shadow ends the swap, default false (optional).
    pub require_equal: Option<bool>,
}

const SWAP_REQUEST_TABLE: Table = Table {
    name: "Swap request",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), since: 4, ..FIELD },
        Field { id: 2, name: "path", kind: 4, times: (1, 1), bounds: (1, 4096), since: 4, ..FIELD },
        Field {
            id: 3, name: "strategy", kind: 4, choices: &["strict", "graceful", "development"],
            since: 4, ..FIELD
        },
        Field { id: 4, name: "device", kind: 4, bounds: (1, 64), since: 4, ..FIELD },
        Field { id: 5, name: "progress", kind: 8, since: 4, ..FIELD },
        Field { id: 6, name: "shadow", kind: 1, bounds: (0, 4096), since: 4, ..FIELD },
        Field { id: 7, name: "require_equal", kind: 8, since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for SwapRequest {
    fn table(&self) -> &'static Table {
        &SWAP_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        see(1, Place::Text(&mut self.path))?;
        if let Some(value) = &mut self.strategy {
            see(2, Place::Text(value))?;
        }
        if let Some(value) = &mut self.device {
            see(3, Place::Text(value))?;
        }
        if let Some(value) = &mut self.progress {
            see(4, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.shadow {
            see(5, Place::U64(value))?;
        }
        if let Some(value) = &mut self.require_equal {
            see(6, Place::Bool(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            1 => Place::Text(&mut self.path),
            2 => Place::Text(self.strategy.get_or_insert_with(Default::default)),
            3 => Place::Text(self.device.get_or_insert_with(Default::default)),
            4 => Place::Bool(self.progress.get_or_insert_with(Default::default)),
            5 => Place::U64(self.shadow.get_or_insert_with(Default::default)),
            6 => Place::Bool(self.require_equal.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Swap progress`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SwapProgress {
    /// The `Layer` just completed, or the running one where it has `bytes_read` (optional).
    pub layer: Option<Layer>,
    /// Step behind the layers (optional, `warm_up`, `shadow`).
    pub step: Option<String>,
    /// Requests of the step that were computed (optional).
    pub done: Option<u64>,
    /// Requests of the step in all (optional).
    pub total: Option<u64>,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
}

const SWAP_PROGRESS_TABLE: Table = Table {
    name: "Swap progress",
    fields: &[
        Field { id: 1, name: "layer", kind: 7, since: 4, ..FIELD },
        Field { id: 2, name: "step", kind: 4, choices: &["warm_up", "shadow"], since: 4, ..FIELD },
        Field { id: 3, name: "done", kind: 1, since: 4, ..FIELD },
        Field { id: 4, name: "total", kind: 1, since: 4, ..FIELD },
        Field { id: 28, name: "frame", kind: 1, since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for SwapProgress {
    fn table(&self) -> &'static Table {
        &SWAP_PROGRESS_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.layer {
            see(0, Place::Record(value))?;
        }
        if let Some(value) = &mut self.step {
            see(1, Place::Text(value))?;
        }
        if let Some(value) = &mut self.done {
            see(2, Place::U64(value))?;
        }
        if let Some(value) = &mut self.total {
            see(3, Place::U64(value))?;
        }
        if let Some(value) = &mut self.frame {
            see(4, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Record(self.layer.get_or_insert_with(Default::default)),
            1 => Place::Text(self.step.get_or_insert_with(Default::default)),
            2 => Place::U64(self.done.get_or_insert_with(Default::default)),
            3 => Place::U64(self.total.get_or_insert_with(Default::default)),
            4 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Swap response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SwapResponse {
    /// A `Layer` for each layer, in order (0..1024 times).
    pub layers: Vec<Layer>,
    /// The `Model` now served (required).
    pub model: Model,
    /// Generation that answered until the switch (required, 1..4294967295).
    pub previous_generation: u64,
    /// Configuration overrides in effect, `key=value` (0..1024 times, 1..2048 bytes).
    pub overrides: Vec<String>,
    /// A sentence for each earlier failed attempt (0..1024 times, 1..2048 bytes).
    pub attempts: Vec<String>,
    /// Requests that the new generation computed before the switch (required).
    pub warmed: u64,
    /// The `Shadow report`, when the request asked for a shadow (optional).
    pub shadow: Option<ShadowReport>,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
}

const SWAP_RESPONSE_TABLE: Table = Table {
    name: "Swap response",
    fields: &[
        Field { id: 1, name: "layers", kind: 7, times: (0, 1024), since: 4, ..FIELD },
        Field { id: 2, name: "model", kind: 7, times: (1, 1), since: 4, ..FIELD },
        Field {
            id: 3, name: "previous_generation", kind: 1, times: (1, 1), bounds: (1, 4294967295),
            since: 4, ..FIELD
        },
        Field {
            id: 4, name: "overrides", kind: 4, times: (0, 1024), bounds: (1, 2048), since: 4,
            ..FIELD
        },
        Field {
            id: 5, name: "attempts", kind: 4, times: (0, 1024), bounds: (1, 2048), since: 4, ..FIELD
        },
        Field { id: 6, name: "warmed", kind: 1, times: (1, 1), since: 4, ..FIELD },
        Field { id: 7, name: "shadow", kind: 7, since: 4, ..FIELD },
        Field { id: 28, name: "frame", kind: 1, since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for SwapResponse {
    fn table(&self) -> &'static Table {
        &SWAP_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        for value in &mut self.layers {
            see(0, Place::Record(value))?;
        }
        see(1, Place::Record(&mut self.model))?;
        see(2, Place::U64(&mut self.previous_generation))?;
        for value in &mut self.overrides {
            see(3, Place::Text(value))?;
        }
        for value in &mut self.attempts {
            see(4, Place::Text(value))?;
        }
        see(5, Place::U64(&mut self.warmed))?;
        if let Some(value) = &mut self.shadow {
            see(6, Place::Record(value))?;
        }
        if let Some(value) = &mut self.frame {
            see(7, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => {
                self.layers.push(Default::default());
                Place::Record(self.layers.last_mut()?)
            }
            1 => Place::Record(&mut self.model),
            2 => Place::U64(&mut self.previous_generation),
            3 => {
                self.overrides.push(Default::default());
                Place::Text(self.overrides.last_mut()?)
            }
            4 => {
                self.attempts.push(Default::default());
                Place::Text(self.attempts.last_mut()?)
            }
            5 => Place::U64(&mut self.warmed),
            6 => Place::Record(self.shadow.get_or_insert_with(Default::default)),
            7 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Shadow report`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShadowReport {
    /// Live requests that both generations computed (required).
    pub compared: u64,
    /// Those with equal answers (required).
    pub equal: u64,
    /// Largest divergence between the answers, 0 where all are equal (required, 0.0..1e+300).
    pub divergence_max: f64,
    /// Sentence about the first request with different answers (optional, 1..2048 bytes).
    pub first_difference: Option<String>,
}

const SHADOW_REPORT_TABLE: Table = Table {
    name: "Shadow report",
    fields: &[
        Field { id: 1, name: "compared", kind: 1, times: (1, 1), since: 4, ..FIELD },
        Field { id: 2, name: "equal", kind: 1, times: (1, 1), since: 4, ..FIELD },
        Field {
            id: 3, name: "divergence_max", kind: 2, times: (1, 1), numbers: (0.0, 1e+300), since: 4,
            ..FIELD
        },
        Field { id: 4, name: "first_difference", kind: 4, bounds: (1, 2048), since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ShadowReport {
    fn table(&self) -> &'static Table {
        &SHADOW_REPORT_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::U64(&mut self.compared))?;
        see(1, Place::U64(&mut self.equal))?;
        see(2, Place::F64(&mut self.divergence_max))?;
        if let Some(value) = &mut self.first_difference {
            see(3, Place::Text(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::U64(&mut self.compared),
            1 => Place::U64(&mut self.equal),
            2 => Place::F64(&mut self.divergence_max),
            3 => Place::Text(self.first_difference.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Rollback request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RollbackRequest {
    /// Name of the model to return to its held generation (required, 1..128 bytes).
    pub name: String,
}

const ROLLBACK_REQUEST_TABLE: Table = Table {
    name: "Rollback request",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for RollbackRequest {
    fn table(&self) -> &'static Table {
        &ROLLBACK_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Rollback response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RollbackResponse {
    /// The `Model` now served (required).
    pub model: Model,
}

const ROLLBACK_RESPONSE_TABLE: Table = Table {
    name: "Rollback response",
    fields: &[
        Field { id: 1, name: "model", kind: 7, times: (1, 1), since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for RollbackResponse {
    fn table(&self) -> &'static Table {
        &ROLLBACK_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Record(&mut self.model))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Record(&mut self.model),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Pin request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PinRequest {
    /// Name of the model (required, 1..128 bytes).
    pub name: String,
    /// True keeps the model in memory, false lets it go, default true (optional).
    pub pinned: Option<bool>,
}

const PIN_REQUEST_TABLE: Table = Table {
    name: "Pin request",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), since: 4, ..FIELD },
        Field { id: 2, name: "pinned", kind: 8, since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for PinRequest {
    fn table(&self) -> &'static Table {
        &PIN_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        if let Some(value) = &mut self.pinned {
            see(1, Place::Bool(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            1 => Place::Bool(self.pinned.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Pin response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PinResponse {
    /// The `Model` (required).
    pub model: Model,
}

const PIN_RESPONSE_TABLE: Table = Table {
    name: "Pin response",
    fields: &[
        Field { id: 1, name: "model", kind: 7, times: (1, 1), since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for PinResponse {
    fn table(&self) -> &'static Table {
        &PIN_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Record(&mut self.model))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Record(&mut self.model),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Alias request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AliasRequest {
    /// Name of the model (required, 1..128 bytes).
    pub name: String,
    /// Label, without the name and the `:` (required, 1..64 bytes).
    pub label: String,
    /// Generation that the label stands for, 0 to remove the label (required, 0..4294967295).
    pub generation: u64,
    /// Share of the requests for the plain name that the generation answers, absent for none
    /// (optional, 0.0..1.0).
    pub share: Option<f64>,
}

const ALIAS_REQUEST_TABLE: Table = Table {
    name: "Alias request",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), since: 4, ..FIELD },
        Field { id: 2, name: "label", kind: 4, times: (1, 1), bounds: (1, 64), since: 4, ..FIELD },
        Field {
            id: 3, name: "generation", kind: 1, times: (1, 1), bounds: (0, 4294967295), since: 4,
            ..FIELD
        },
        Field { id: 4, name: "share", kind: 2, numbers: (0.0, 1.0), since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for AliasRequest {
    fn table(&self) -> &'static Table {
        &ALIAS_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        see(1, Place::Text(&mut self.label))?;
        see(2, Place::U64(&mut self.generation))?;
        if let Some(value) = &mut self.share {
            see(3, Place::F64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            1 => Place::Text(&mut self.label),
            2 => Place::U64(&mut self.generation),
            3 => Place::F64(self.share.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Alias response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AliasResponse {
    /// The `Model` (required).
    pub model: Model,
}

const ALIAS_RESPONSE_TABLE: Table = Table {
    name: "Alias response",
    fields: &[
        Field { id: 1, name: "model", kind: 7, times: (1, 1), since: 4, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for AliasResponse {
    fn table(&self) -> &'static Table {
        &ALIAS_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Record(&mut self.model))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Record(&mut self.model),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Tokenize request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenizeRequest {
    /// Name of the model, absent for the server's only model (optional, 1..128 bytes).
    pub model: Option<String>,
    /// Text as bytes, usually UTF-8, but any bytes are allowed (required, 0..4000000 bytes).
    pub text: Vec<u8>,
    /// Names of special tokens in the text become special tokens, default false (optional).
    pub parse_special: Option<bool>,
    /// Add begin and end tokens as the model demands, default true (optional).
    pub add_special: Option<bool>,
    /// Trace, attempt and priority of the request (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

const TOKENIZE_REQUEST_TABLE: Table = Table {
    name: "Tokenize request",
    fields: &[
        Field { id: 1, name: "model", kind: 4, bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "text", kind: 3, times: (1, 1), bounds: (0, 4000000), ..FIELD },
        Field { id: 3, name: "parse_special", kind: 8, ..FIELD },
        Field { id: 4, name: "add_special", kind: 8, ..FIELD },
        Field { id: 29, name: "context", kind: 7, since: 3, ..FIELD },
        Field { id: 30, name: "requirements", kind: 7, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for TokenizeRequest {
    fn table(&self) -> &'static Table {
        &TOKENIZE_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.model {
            see(0, Place::Text(value))?;
        }
        see(1, Place::Bytes(&mut self.text))?;
        if let Some(value) = &mut self.parse_special {
            see(2, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.add_special {
            see(3, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.context {
            see(4, Place::Record(value))?;
        }
        if let Some(value) = &mut self.requirements {
            see(5, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.model.get_or_insert_with(Default::default)),
            1 => Place::Bytes(&mut self.text),
            2 => Place::Bool(self.parse_special.get_or_insert_with(Default::default)),
            3 => Place::Bool(self.add_special.get_or_insert_with(Default::default)),
            4 => Place::Record(self.context.get_or_insert_with(Default::default)),
            5 => Place::Record(self.requirements.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        Some(&mut self.context)
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        Some(&mut self.requirements)
    }
}

/// Message `Tokenize response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenizeResponse {
    /// Token ids (required, 0..1000000 elements).
    pub tokens: Vec<u32>,
    /// Facts about the answer, an `Answer` (required).
    pub answer: Answer,
}

const TOKENIZE_RESPONSE_TABLE: Table = Table {
    name: "Tokenize response",
    fields: &[
        Field { id: 1, name: "tokens", kind: 5, times: (1, 1), bounds: (0, 1000000), ..FIELD },
        Field { id: 31, name: "answer", kind: 7, times: (1, 1), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for TokenizeResponse {
    fn table(&self) -> &'static Table {
        &TOKENIZE_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::U32s(&mut self.tokens))?;
        see(1, Place::Record(&mut self.answer))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::U32s(&mut self.tokens),
            1 => Place::Record(&mut self.answer),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Detokenize request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DetokenizeRequest {
    /// Name of the model, absent for the server's only model (optional, 1..128 bytes).
    pub model: Option<String>,
    /// Token ids (required, 0..1000000 elements).
    pub tokens: Vec<u32>,
    /// Trace, attempt and priority of the request (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

const DETOKENIZE_REQUEST_TABLE: Table = Table {
    name: "Detokenize request",
    fields: &[
        Field { id: 1, name: "model", kind: 4, bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "tokens", kind: 5, times: (1, 1), bounds: (0, 1000000), ..FIELD },
        Field { id: 29, name: "context", kind: 7, since: 3, ..FIELD },
        Field { id: 30, name: "requirements", kind: 7, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for DetokenizeRequest {
    fn table(&self) -> &'static Table {
        &DETOKENIZE_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.model {
            see(0, Place::Text(value))?;
        }
        see(1, Place::U32s(&mut self.tokens))?;
        if let Some(value) = &mut self.context {
            see(2, Place::Record(value))?;
        }
        if let Some(value) = &mut self.requirements {
            see(3, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.model.get_or_insert_with(Default::default)),
            1 => Place::U32s(&mut self.tokens),
            2 => Place::Record(self.context.get_or_insert_with(Default::default)),
            3 => Place::Record(self.requirements.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        Some(&mut self.context)
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        Some(&mut self.requirements)
    }
}

/// Message `Detokenize response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DetokenizeResponse {
    /// Text as bytes, since single tokens need not be whole characters (required, 0..4000000
    /// bytes).
    pub text: Vec<u8>,
    /// Facts about the answer, an `Answer` (required).
    pub answer: Answer,
}

const DETOKENIZE_RESPONSE_TABLE: Table = Table {
    name: "Detokenize response",
    fields: &[
        Field { id: 1, name: "text", kind: 3, times: (1, 1), bounds: (0, 4000000), ..FIELD },
        Field { id: 31, name: "answer", kind: 7, times: (1, 1), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for DetokenizeResponse {
    fn table(&self) -> &'static Table {
        &DETOKENIZE_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Bytes(&mut self.text))?;
        see(1, Place::Record(&mut self.answer))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Bytes(&mut self.text),
            1 => Place::Record(&mut self.answer),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Generate request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenerateRequest {
    /// Name of the model, absent for the server's only model (optional, 1..128 bytes).
    pub model: Option<String>,
    /// Text to continue, may be empty, instead of `tokens` or `messages` (optional, 0..4000000
    /// bytes).
    pub prompt: Option<String>,
    /// Token ids to continue, used unchanged, instead of `prompt` or `messages` (optional,
    /// 1..1000000 elements).
    pub tokens: Option<Vec<u32>>,
    /// Names of special tokens in `prompt` become special tokens, default false (optional).
    pub parse_special: Option<bool>,
    /// Add begin tokens to `prompt` as the model demands, default true (optional).
    pub add_special: Option<bool>,
    /// Tokens to make at most, default 256 (optional, 1..1048576).
    pub max_tokens: Option<u64>,
    /// Sampling temperature, where 0 always picks the best token, default 0 (optional, 0.0..100.0).
    pub temperature: Option<f64>,
    /// Number of best tokens to keep, default 0, meaning all (optional, 0..16777216).
    pub top_k: Option<u64>,
    /// Share of probability up to which the best tokens are kept, default 1, meaning all, above 0
    /// unless the temperature is 0 (optional, 0.0..1.0).
    pub top_p: Option<f64>,
    /// Least share of the best token's probability for a token to be kept, default 0, meaning all
    /// (optional, 0.0..1.0).
    pub min_p: Option<f64>,
    /// Seed of the sampler, default 0 (optional).
    pub seed: Option<u64>,
    /// Stop string, before which the answer ends (0..16 times, 1..256 bytes).
    pub stop: Vec<String>,
    /// Cut the beginning of an overlong prompt (`truncated_context`) instead of refusing, default
    /// false (optional).
    pub truncate_prompt: Option<bool>,
    /// Number of best alternatives to list beside each token's log-probability, absent for no
    /// log-probabilities (optional, 0..64).
    pub logprobs: Option<u64>,
    /// Number of best alternatives to list beside each prompt token's log-probability, absent for
    /// none (optional, 0..64).
    pub prompt_logprobs: Option<u64>,
    /// Conversation to continue, instead of `prompt` or `tokens` (0..1024 times).
    pub messages: Vec<ChatMessage>,
    /// An end token does not end the answer, default false (optional).
    pub ignore_eos: Option<bool>,
    /// Tokens before which neither an end token is chosen nor a stop string looked for, default 0
    /// (optional, 0..1048576).
    pub min_tokens: Option<u64>,
    /// JSON text of a list of tools, only with `messages` (optional, 1..1000000 bytes).
    pub tools: Option<String>,
    /// Further variables of the chat template, only with `messages` (0..64 times).
    pub template_variables: Vec<TemplateVariable>,
    /// End with the template's opening of an answer, default true, only with `messages` (optional).
    pub add_generation_prompt: Option<bool>,
    /// Leave the last message open instead, to be continued, default false, only with `messages`
    /// (optional).
    pub continue_final_message: Option<bool>,
    /// Time for the chat template, absent for the server's time, seconds since 1970, only with
    /// `messages` (optional, 0..253402300799).
    pub template_time: Option<u64>,
    /// Trace, attempt and priority of the request (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

const GENERATE_REQUEST_TABLE: Table = Table {
    name: "Generate request",
    fields: &[
        Field { id: 1, name: "model", kind: 4, bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "prompt", kind: 4, bounds: (0, 4000000), ..FIELD },
        Field { id: 3, name: "tokens", kind: 5, bounds: (1, 1000000), ..FIELD },
        Field { id: 4, name: "parse_special", kind: 8, ..FIELD },
        Field { id: 5, name: "add_special", kind: 8, ..FIELD },
        Field { id: 6, name: "max_tokens", kind: 1, bounds: (1, 1048576), ..FIELD },
        Field { id: 7, name: "temperature", kind: 2, numbers: (0.0, 100.0), ..FIELD },
        Field { id: 8, name: "top_k", kind: 1, bounds: (0, 16777216), ..FIELD },
        Field { id: 9, name: "top_p", kind: 2, numbers: (0.0, 1.0), ..FIELD },
        Field { id: 10, name: "min_p", kind: 2, numbers: (0.0, 1.0), ..FIELD },
        Field { id: 11, name: "seed", kind: 1, ..FIELD },
        Field { id: 12, name: "stop", kind: 4, times: (0, 16), bounds: (1, 256), ..FIELD },
        Field { id: 13, name: "truncate_prompt", kind: 8, ..FIELD },
        Field { id: 14, name: "logprobs", kind: 1, bounds: (0, 64), since: 2, ..FIELD },
        Field { id: 15, name: "prompt_logprobs", kind: 1, bounds: (0, 64), since: 2, ..FIELD },
        Field { id: 16, name: "messages", kind: 7, times: (0, 1024), since: 2, ..FIELD },
        Field { id: 17, name: "ignore_eos", kind: 8, since: 3, ..FIELD },
        Field { id: 18, name: "min_tokens", kind: 1, bounds: (0, 1048576), since: 3, ..FIELD },
        Field { id: 19, name: "tools", kind: 4, bounds: (1, 1000000), since: 3, ..FIELD },
        Field { id: 20, name: "template_variables", kind: 7, times: (0, 64), since: 3, ..FIELD },
        Field { id: 21, name: "add_generation_prompt", kind: 8, since: 3, ..FIELD },
        Field { id: 22, name: "continue_final_message", kind: 8, since: 3, ..FIELD },
        Field {
            id: 23, name: "template_time", kind: 1, bounds: (0, 253402300799), since: 3, ..FIELD
        },
        Field { id: 29, name: "context", kind: 7, since: 3, ..FIELD },
        Field { id: 30, name: "requirements", kind: 7, ..FIELD },
    ],
    one_of: &[1, 2, 15],
    excludes: &[&[1, 2, 15], &[15, 3], &[15, 4], &[1, 18], &[1, 19], &[1, 20], &[1, 21], &[1, 22], &[2, 18], &[2, 19], &[2, 20], &[2, 21], &[2, 22], &[20, 21]],
};

impl Message for GenerateRequest {
    fn table(&self) -> &'static Table {
        &GENERATE_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.model {
            see(0, Place::Text(value))?;
        }
        if let Some(value) = &mut self.prompt {
            see(1, Place::Text(value))?;
        }
        if let Some(value) = &mut self.tokens {
            see(2, Place::U32s(value))?;
        }
        if let Some(value) = &mut self.parse_special {
            see(3, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.add_special {
            see(4, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.max_tokens {
            see(5, Place::U64(value))?;
        }
        if let Some(value) = &mut self.temperature {
            see(6, Place::F64(value))?;
        }
        if let Some(value) = &mut self.top_k {
            see(7, Place::U64(value))?;
        }
        if let Some(value) = &mut self.top_p {
            see(8, Place::F64(value))?;
        }
        if let Some(value) = &mut self.min_p {
            see(9, Place::F64(value))?;
        }
        if let Some(value) = &mut self.seed {
            see(10, Place::U64(value))?;
        }
        for value in &mut self.stop {
            see(11, Place::Text(value))?;
        }
        if let Some(value) = &mut self.truncate_prompt {
            see(12, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.logprobs {
            see(13, Place::U64(value))?;
        }
        if let Some(value) = &mut self.prompt_logprobs {
            see(14, Place::U64(value))?;
        }
        for value in &mut self.messages {
            see(15, Place::Record(value))?;
        }
        if let Some(value) = &mut self.ignore_eos {
            see(16, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.min_tokens {
            see(17, Place::U64(value))?;
        }
        if let Some(value) = &mut self.tools {
            see(18, Place::Text(value))?;
        }
        for value in &mut self.template_variables {
            see(19, Place::Record(value))?;
        }
        if let Some(value) = &mut self.add_generation_prompt {
            see(20, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.continue_final_message {
            see(21, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.template_time {
            see(22, Place::U64(value))?;
        }
        if let Some(value) = &mut self.context {
            see(23, Place::Record(value))?;
        }
        if let Some(value) = &mut self.requirements {
            see(24, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.model.get_or_insert_with(Default::default)),
            1 => Place::Text(self.prompt.get_or_insert_with(Default::default)),
            2 => Place::U32s(self.tokens.get_or_insert_with(Default::default)),
            3 => Place::Bool(self.parse_special.get_or_insert_with(Default::default)),
            4 => Place::Bool(self.add_special.get_or_insert_with(Default::default)),
            5 => Place::U64(self.max_tokens.get_or_insert_with(Default::default)),
            6 => Place::F64(self.temperature.get_or_insert_with(Default::default)),
            7 => Place::U64(self.top_k.get_or_insert_with(Default::default)),
            8 => Place::F64(self.top_p.get_or_insert_with(Default::default)),
            9 => Place::F64(self.min_p.get_or_insert_with(Default::default)),
            10 => Place::U64(self.seed.get_or_insert_with(Default::default)),
            11 => {
                self.stop.push(Default::default());
                Place::Text(self.stop.last_mut()?)
            }
            12 => Place::Bool(self.truncate_prompt.get_or_insert_with(Default::default)),
            13 => Place::U64(self.logprobs.get_or_insert_with(Default::default)),
            14 => Place::U64(self.prompt_logprobs.get_or_insert_with(Default::default)),
            15 => {
                self.messages.push(Default::default());
                Place::Record(self.messages.last_mut()?)
            }
            16 => Place::Bool(self.ignore_eos.get_or_insert_with(Default::default)),
            17 => Place::U64(self.min_tokens.get_or_insert_with(Default::default)),
            18 => Place::Text(self.tools.get_or_insert_with(Default::default)),
            19 => {
                self.template_variables.push(Default::default());
                Place::Record(self.template_variables.last_mut()?)
            }
            20 => Place::Bool(self.add_generation_prompt.get_or_insert_with(Default::default)),
            21 => Place::Bool(self.continue_final_message.get_or_insert_with(Default::default)),
            22 => Place::U64(self.template_time.get_or_insert_with(Default::default)),
            23 => Place::Record(self.context.get_or_insert_with(Default::default)),
            24 => Place::Record(self.requirements.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        Some(&mut self.context)
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        Some(&mut self.requirements)
    }
}

/// Message `Generate chunk`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenerateChunk {
    /// Tokens made since the last frame (optional, 0..1000000 elements).
    pub tokens: Option<Vec<u32>>,
    /// Text of the tokens, whole characters, may lag behind (optional, 0..4000000 bytes).
    pub text: Option<String>,
    /// Prompt tokens read so far (optional).
    pub prompt_done: Option<u64>,
    /// Prompt tokens in all (optional).
    pub prompt_total: Option<u64>,
    /// Log-probabilities of exactly `tokens`, when requested (optional).
    pub logprobs: Option<Logprobs>,
    /// Log-probabilities of the next prompt tokens, when requested (optional).
    pub prompt_logprobs: Option<Logprobs>,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
}

const GENERATE_CHUNK_TABLE: Table = Table {
    name: "Generate chunk",
    fields: &[
        Field { id: 1, name: "tokens", kind: 5, bounds: (0, 1000000), ..FIELD },
        Field { id: 2, name: "text", kind: 4, bounds: (0, 4000000), ..FIELD },
        Field { id: 3, name: "prompt_done", kind: 1, ..FIELD },
        Field { id: 4, name: "prompt_total", kind: 1, ..FIELD },
        Field { id: 5, name: "logprobs", kind: 7, since: 2, ..FIELD },
        Field { id: 6, name: "prompt_logprobs", kind: 7, since: 2, ..FIELD },
        Field { id: 28, name: "frame", kind: 1, since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for GenerateChunk {
    fn table(&self) -> &'static Table {
        &GENERATE_CHUNK_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.tokens {
            see(0, Place::U32s(value))?;
        }
        if let Some(value) = &mut self.text {
            see(1, Place::Text(value))?;
        }
        if let Some(value) = &mut self.prompt_done {
            see(2, Place::U64(value))?;
        }
        if let Some(value) = &mut self.prompt_total {
            see(3, Place::U64(value))?;
        }
        if let Some(value) = &mut self.logprobs {
            see(4, Place::Record(value))?;
        }
        if let Some(value) = &mut self.prompt_logprobs {
            see(5, Place::Record(value))?;
        }
        if let Some(value) = &mut self.frame {
            see(6, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::U32s(self.tokens.get_or_insert_with(Default::default)),
            1 => Place::Text(self.text.get_or_insert_with(Default::default)),
            2 => Place::U64(self.prompt_done.get_or_insert_with(Default::default)),
            3 => Place::U64(self.prompt_total.get_or_insert_with(Default::default)),
            4 => Place::Record(self.logprobs.get_or_insert_with(Default::default)),
            5 => Place::Record(self.prompt_logprobs.get_or_insert_with(Default::default)),
            6 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Generate response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenerateResponse {
    /// Tokens not sent in chunks (optional, 0..1000000 elements).
    pub tokens: Option<Vec<u32>>,
    /// Text not sent in chunks (optional, 0..4000000 bytes).
    pub text: Option<String>,
    /// Cause of the end: end token or stop string, `max_tokens` or context, Cancel, deadline
    /// (required, `stop`, `length`, `cancelled`, `deadline`).
    pub finish_reason: String,
    /// Stop string that ended the answer (optional, 1..256 bytes).
    pub stop_matched: Option<String>,
    /// Tokens of the prompt (required).
    pub prompt_tokens: u64,
    /// Tokens made in all (required).
    pub completion_tokens: u64,
    /// Log-probabilities of exactly `tokens`, when requested (optional).
    pub logprobs: Option<Logprobs>,
    /// Log-probabilities of the prompt tokens not sent in chunks (optional).
    pub prompt_logprobs: Option<Logprobs>,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
    /// Facts about the answer, an `Answer` (required).
    pub answer: Answer,
}

const GENERATE_RESPONSE_TABLE: Table = Table {
    name: "Generate response",
    fields: &[
        Field { id: 1, name: "tokens", kind: 5, bounds: (0, 1000000), ..FIELD },
        Field { id: 2, name: "text", kind: 4, bounds: (0, 4000000), ..FIELD },
        Field {
            id: 5, name: "finish_reason", kind: 4, times: (1, 1), choices: &["stop", "length",
            "cancelled", "deadline"], ..FIELD
        },
        Field { id: 6, name: "stop_matched", kind: 4, bounds: (1, 256), ..FIELD },
        Field { id: 7, name: "prompt_tokens", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 8, name: "completion_tokens", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 9, name: "logprobs", kind: 7, since: 2, ..FIELD },
        Field { id: 10, name: "prompt_logprobs", kind: 7, since: 2, ..FIELD },
        Field { id: 28, name: "frame", kind: 1, since: 3, ..FIELD },
        Field { id: 31, name: "answer", kind: 7, times: (1, 1), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for GenerateResponse {
    fn table(&self) -> &'static Table {
        &GENERATE_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.tokens {
            see(0, Place::U32s(value))?;
        }
        if let Some(value) = &mut self.text {
            see(1, Place::Text(value))?;
        }
        see(2, Place::Text(&mut self.finish_reason))?;
        if let Some(value) = &mut self.stop_matched {
            see(3, Place::Text(value))?;
        }
        see(4, Place::U64(&mut self.prompt_tokens))?;
        see(5, Place::U64(&mut self.completion_tokens))?;
        if let Some(value) = &mut self.logprobs {
            see(6, Place::Record(value))?;
        }
        if let Some(value) = &mut self.prompt_logprobs {
            see(7, Place::Record(value))?;
        }
        if let Some(value) = &mut self.frame {
            see(8, Place::U64(value))?;
        }
        see(9, Place::Record(&mut self.answer))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::U32s(self.tokens.get_or_insert_with(Default::default)),
            1 => Place::Text(self.text.get_or_insert_with(Default::default)),
            2 => Place::Text(&mut self.finish_reason),
            3 => Place::Text(self.stop_matched.get_or_insert_with(Default::default)),
            4 => Place::U64(&mut self.prompt_tokens),
            5 => Place::U64(&mut self.completion_tokens),
            6 => Place::Record(self.logprobs.get_or_insert_with(Default::default)),
            7 => Place::Record(self.prompt_logprobs.get_or_insert_with(Default::default)),
            8 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            9 => Place::Record(&mut self.answer),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Score request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreRequest {
    /// Name of the model, absent for the server's only model (optional, 1..128 bytes).
    pub model: Option<String>,
    /// Text, instead of `tokens` or `messages` (optional, 0..4000000 bytes).
    pub prompt: Option<String>,
    /// Token ids, used unchanged, instead of `prompt` or `messages` (optional, 1..1000000
    /// elements).
    pub tokens: Option<Vec<u32>>,
    /// As in Generate (optional).
    pub parse_special: Option<bool>,
    /// As in Generate (optional).
    pub add_special: Option<bool>,
    /// Conversation, instead of `prompt` or `tokens` (0..1024 times).
    pub messages: Vec<ChatMessage>,
    /// Continuations to score, an `Input` each (1..256 times).
    pub continuations: Vec<Input>,
    /// Alternatives listed beside each token, default 0 (optional, 0..64).
    pub top_logprobs: Option<u64>,
    /// JSON text of a list of tools, only with `messages` (optional, 1..1000000 bytes).
    pub tools: Option<String>,
    /// Further variables of the chat template, only with `messages` (0..64 times).
    pub template_variables: Vec<TemplateVariable>,
    /// End with the template's opening of an answer, default true, only with `messages` (optional).
    pub add_generation_prompt: Option<bool>,
    /// Leave the last message open instead, to be continued, default false, only with `messages`
    /// (optional).
    pub continue_final_message: Option<bool>,
    /// Time for the chat template, absent for the server's time, seconds since 1970, only with
    /// `messages` (optional, 0..253402300799).
    pub template_time: Option<u64>,
    /// Trace, attempt and priority of the request (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

const SCORE_REQUEST_TABLE: Table = Table {
    name: "Score request",
    fields: &[
        Field { id: 1, name: "model", kind: 4, bounds: (1, 128), since: 2, ..FIELD },
        Field { id: 2, name: "prompt", kind: 4, bounds: (0, 4000000), since: 2, ..FIELD },
        Field { id: 3, name: "tokens", kind: 5, bounds: (1, 1000000), since: 2, ..FIELD },
        Field { id: 4, name: "parse_special", kind: 8, since: 2, ..FIELD },
        Field { id: 5, name: "add_special", kind: 8, since: 2, ..FIELD },
        Field { id: 6, name: "messages", kind: 7, times: (0, 1024), since: 2, ..FIELD },
        Field { id: 7, name: "continuations", kind: 7, times: (1, 256), since: 2, ..FIELD },
        Field { id: 8, name: "top_logprobs", kind: 1, bounds: (0, 64), since: 2, ..FIELD },
        Field { id: 9, name: "tools", kind: 4, bounds: (1, 1000000), since: 3, ..FIELD },
        Field { id: 10, name: "template_variables", kind: 7, times: (0, 64), since: 3, ..FIELD },
        Field { id: 11, name: "add_generation_prompt", kind: 8, since: 3, ..FIELD },
        Field { id: 12, name: "continue_final_message", kind: 8, since: 3, ..FIELD },
        Field {
            id: 13, name: "template_time", kind: 1, bounds: (0, 253402300799), since: 3, ..FIELD
        },
        Field { id: 29, name: "context", kind: 7, since: 3, ..FIELD },
        Field { id: 30, name: "requirements", kind: 7, since: 2, ..FIELD },
    ],
    one_of: &[1, 2, 5],
    excludes: &[&[1, 2, 5], &[5, 3], &[5, 4], &[1, 8], &[1, 9], &[1, 10], &[1, 11], &[1, 12], &[2, 8], &[2, 9], &[2, 10], &[2, 11], &[2, 12], &[10, 11]],
};

impl Message for ScoreRequest {
    fn table(&self) -> &'static Table {
        &SCORE_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.model {
            see(0, Place::Text(value))?;
        }
        if let Some(value) = &mut self.prompt {
            see(1, Place::Text(value))?;
        }
        if let Some(value) = &mut self.tokens {
            see(2, Place::U32s(value))?;
        }
        if let Some(value) = &mut self.parse_special {
            see(3, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.add_special {
            see(4, Place::Bool(value))?;
        }
        for value in &mut self.messages {
            see(5, Place::Record(value))?;
        }
        for value in &mut self.continuations {
            see(6, Place::Record(value))?;
        }
        if let Some(value) = &mut self.top_logprobs {
            see(7, Place::U64(value))?;
        }
        if let Some(value) = &mut self.tools {
            see(8, Place::Text(value))?;
        }
        for value in &mut self.template_variables {
            see(9, Place::Record(value))?;
        }
        if let Some(value) = &mut self.add_generation_prompt {
            see(10, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.continue_final_message {
            see(11, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.template_time {
            see(12, Place::U64(value))?;
        }
        if let Some(value) = &mut self.context {
            see(13, Place::Record(value))?;
        }
        if let Some(value) = &mut self.requirements {
            see(14, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.model.get_or_insert_with(Default::default)),
            1 => Place::Text(self.prompt.get_or_insert_with(Default::default)),
            2 => Place::U32s(self.tokens.get_or_insert_with(Default::default)),
            3 => Place::Bool(self.parse_special.get_or_insert_with(Default::default)),
            4 => Place::Bool(self.add_special.get_or_insert_with(Default::default)),
            5 => {
                self.messages.push(Default::default());
                Place::Record(self.messages.last_mut()?)
            }
            6 => {
                self.continuations.push(Default::default());
                Place::Record(self.continuations.last_mut()?)
            }
            7 => Place::U64(self.top_logprobs.get_or_insert_with(Default::default)),
            8 => Place::Text(self.tools.get_or_insert_with(Default::default)),
            9 => {
                self.template_variables.push(Default::default());
                Place::Record(self.template_variables.last_mut()?)
            }
            10 => Place::Bool(self.add_generation_prompt.get_or_insert_with(Default::default)),
            11 => Place::Bool(self.continue_final_message.get_or_insert_with(Default::default)),
            12 => Place::U64(self.template_time.get_or_insert_with(Default::default)),
            13 => Place::Record(self.context.get_or_insert_with(Default::default)),
            14 => Place::Record(self.requirements.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        Some(&mut self.context)
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        Some(&mut self.requirements)
    }
}

/// Message `Score response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ScoreResponse {
    /// A `Continuation score` for each continuation, in order (1..256 times).
    pub scores: Vec<ContinuationScore>,
    /// Tokens of the prompt alone (required).
    pub prompt_tokens: u64,
    /// Facts about the answer, an `Answer` (required).
    pub answer: Answer,
}

const SCORE_RESPONSE_TABLE: Table = Table {
    name: "Score response",
    fields: &[
        Field { id: 1, name: "scores", kind: 7, times: (1, 256), since: 2, ..FIELD },
        Field { id: 2, name: "prompt_tokens", kind: 1, times: (1, 1), since: 2, ..FIELD },
        Field { id: 31, name: "answer", kind: 7, times: (1, 1), since: 2, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ScoreResponse {
    fn table(&self) -> &'static Table {
        &SCORE_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        for value in &mut self.scores {
            see(0, Place::Record(value))?;
        }
        see(1, Place::U64(&mut self.prompt_tokens))?;
        see(2, Place::Record(&mut self.answer))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => {
                self.scores.push(Default::default());
                Place::Record(self.scores.last_mut()?)
            }
            1 => Place::U64(&mut self.prompt_tokens),
            2 => Place::Record(&mut self.answer),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Continuation score`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContinuationScore {
    /// Log-probabilities of the scored tokens (required).
    pub logprobs: Logprobs,
    /// Sum of the log-probabilities, for the continuation as a whole (required).
    pub logprob: f64,
    /// Every token was the most probable token at its position (required).
    pub greedy: bool,
}

const CONTINUATION_SCORE_TABLE: Table = Table {
    name: "Continuation score",
    fields: &[
        Field { id: 1, name: "logprobs", kind: 7, times: (1, 1), since: 2, ..FIELD },
        Field { id: 2, name: "logprob", kind: 2, times: (1, 1), since: 2, ..FIELD },
        Field { id: 3, name: "greedy", kind: 8, times: (1, 1), since: 2, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for ContinuationScore {
    fn table(&self) -> &'static Table {
        &CONTINUATION_SCORE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Record(&mut self.logprobs))?;
        see(1, Place::F64(&mut self.logprob))?;
        see(2, Place::Bool(&mut self.greedy))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Record(&mut self.logprobs),
            1 => Place::F64(&mut self.logprob),
            2 => Place::Bool(&mut self.greedy),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Embed request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedRequest {
    /// Name of the model, absent for the server's only model (optional, 1..128 bytes).
    pub model: Option<String>,
    /// Inputs to embed, an `Input` each (1..256 times).
    pub inputs: Vec<Input>,
    /// Names of special tokens in a text become special tokens, default false (optional).
    pub parse_special: Option<bool>,
    /// Add begin and end tokens to a text as the model demands, default true (optional).
    pub add_special: Option<bool>,
    /// Reduction of the positions to a single vector, absent for the model's own (mean under
    /// revision 2) (optional, `mean`, `last`, `cls`).
    pub pooling: Option<String>,
    /// Divide each vector by the Euclidean length, default true (optional).
    pub normalize: Option<bool>,
    /// Trace, attempt and priority of the request (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

const EMBED_REQUEST_TABLE: Table = Table {
    name: "Embed request",
    fields: &[
        Field { id: 1, name: "model", kind: 4, bounds: (1, 128), since: 2, ..FIELD },
        Field { id: 2, name: "inputs", kind: 7, times: (1, 256), since: 2, ..FIELD },
        Field { id: 3, name: "parse_special", kind: 8, since: 2, ..FIELD },
        Field { id: 4, name: "add_special", kind: 8, since: 2, ..FIELD },
        Field {
            id: 5, name: "pooling", kind: 4, choices: &["mean", "last", "cls"], since: 2, ..FIELD
        },
        Field { id: 6, name: "normalize", kind: 8, since: 2, ..FIELD },
        Field { id: 29, name: "context", kind: 7, since: 3, ..FIELD },
        Field { id: 30, name: "requirements", kind: 7, since: 2, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for EmbedRequest {
    fn table(&self) -> &'static Table {
        &EMBED_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.model {
            see(0, Place::Text(value))?;
        }
        for value in &mut self.inputs {
            see(1, Place::Record(value))?;
        }
        if let Some(value) = &mut self.parse_special {
            see(2, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.add_special {
            see(3, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.pooling {
            see(4, Place::Text(value))?;
        }
        if let Some(value) = &mut self.normalize {
            see(5, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.context {
            see(6, Place::Record(value))?;
        }
        if let Some(value) = &mut self.requirements {
            see(7, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.model.get_or_insert_with(Default::default)),
            1 => {
                self.inputs.push(Default::default());
                Place::Record(self.inputs.last_mut()?)
            }
            2 => Place::Bool(self.parse_special.get_or_insert_with(Default::default)),
            3 => Place::Bool(self.add_special.get_or_insert_with(Default::default)),
            4 => Place::Text(self.pooling.get_or_insert_with(Default::default)),
            5 => Place::Bool(self.normalize.get_or_insert_with(Default::default)),
            6 => Place::Record(self.context.get_or_insert_with(Default::default)),
            7 => Place::Record(self.requirements.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        Some(&mut self.context)
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        Some(&mut self.requirements)
    }
}

/// Message `Embed chunk`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedChunk {
    /// The next values (required, 1..1000000 elements).
    pub embeddings: Vec<f32>,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
}

const EMBED_CHUNK_TABLE: Table = Table {
    name: "Embed chunk",
    fields: &[
        Field {
            id: 1, name: "embeddings", kind: 6, times: (1, 1), bounds: (1, 1000000), since: 2,
            ..FIELD
        },
        Field { id: 28, name: "frame", kind: 1, since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for EmbedChunk {
    fn table(&self) -> &'static Table {
        &EMBED_CHUNK_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::F32s(&mut self.embeddings))?;
        if let Some(value) = &mut self.frame {
            see(1, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::F32s(&mut self.embeddings),
            1 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Embed response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbedResponse {
    /// The last values (required, 0..1000000 elements).
    pub embeddings: Vec<f32>,
    /// Values per input (required, 1..131072).
    pub dimensions: u64,
    /// Number of inputs, equal to the request's (required, 1..256).
    pub count: u64,
    /// Tokens of all inputs together (required).
    pub prompt_tokens: u64,
    /// Reduction that made the vectors (optional, `mean`, `last`, `cls`).
    pub pooling: Option<String>,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
    /// Facts about the answer, an `Answer` (required).
    pub answer: Answer,
}

const EMBED_RESPONSE_TABLE: Table = Table {
    name: "Embed response",
    fields: &[
        Field {
            id: 1, name: "embeddings", kind: 6, times: (1, 1), bounds: (0, 1000000), since: 2,
            ..FIELD
        },
        Field {
            id: 2, name: "dimensions", kind: 1, times: (1, 1), bounds: (1, 131072), since: 2,
            ..FIELD
        },
        Field { id: 3, name: "count", kind: 1, times: (1, 1), bounds: (1, 256), since: 2, ..FIELD },
        Field { id: 4, name: "prompt_tokens", kind: 1, times: (1, 1), since: 2, ..FIELD },
        Field {
            id: 5, name: "pooling", kind: 4, choices: &["mean", "last", "cls"], since: 3, ..FIELD
        },
        Field { id: 28, name: "frame", kind: 1, since: 3, ..FIELD },
        Field { id: 31, name: "answer", kind: 7, times: (1, 1), since: 2, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for EmbedResponse {
    fn table(&self) -> &'static Table {
        &EMBED_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::F32s(&mut self.embeddings))?;
        see(1, Place::U64(&mut self.dimensions))?;
        see(2, Place::U64(&mut self.count))?;
        see(3, Place::U64(&mut self.prompt_tokens))?;
        if let Some(value) = &mut self.pooling {
            see(4, Place::Text(value))?;
        }
        if let Some(value) = &mut self.frame {
            see(5, Place::U64(value))?;
        }
        see(6, Place::Record(&mut self.answer))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::F32s(&mut self.embeddings),
            1 => Place::U64(&mut self.dimensions),
            2 => Place::U64(&mut self.count),
            3 => Place::U64(&mut self.prompt_tokens),
            4 => Place::Text(self.pooling.get_or_insert_with(Default::default)),
            5 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            6 => Place::Record(&mut self.answer),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Logits request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogitsRequest {
    /// Name of the model, absent for the server's only model (optional, 1..128 bytes).
    pub model: Option<String>,
    /// Text, instead of `tokens` or `messages` (optional, 0..4000000 bytes).
    pub prompt: Option<String>,
    /// Token ids, used unchanged, instead of `prompt` or `messages` (optional, 1..1000000
    /// elements).
    pub tokens: Option<Vec<u32>>,
    /// As in Generate (optional).
    pub parse_special: Option<bool>,
    /// As in Generate (optional).
    pub add_special: Option<bool>,
    /// Logits after every token instead of the last alone, default false (optional).
    pub all_positions: Option<bool>,
    /// Conversation, instead of `prompt` or `tokens` (0..1024 times).
    pub messages: Vec<ChatMessage>,
    /// JSON text of a list of tools, only with `messages` (optional, 1..1000000 bytes).
    pub tools: Option<String>,
    /// Further variables of the chat template, only with `messages` (0..64 times).
    pub template_variables: Vec<TemplateVariable>,
    /// End with the template's opening of an answer, default true, only with `messages` (optional).
    pub add_generation_prompt: Option<bool>,
    /// Leave the last message open instead, to be continued, default false, only with `messages`
    /// (optional).
    pub continue_final_message: Option<bool>,
    /// Time for the chat template, absent for the server's time, seconds since 1970, only with
    /// `messages` (optional, 0..253402300799).
    pub template_time: Option<u64>,
    /// Trace, attempt and priority of the request (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

const LOGITS_REQUEST_TABLE: Table = Table {
    name: "Logits request",
    fields: &[
        Field { id: 1, name: "model", kind: 4, bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "prompt", kind: 4, bounds: (0, 4000000), ..FIELD },
        Field { id: 3, name: "tokens", kind: 5, bounds: (1, 1000000), ..FIELD },
        Field { id: 4, name: "parse_special", kind: 8, ..FIELD },
        Field { id: 5, name: "add_special", kind: 8, ..FIELD },
        Field { id: 6, name: "all_positions", kind: 8, ..FIELD },
        Field { id: 7, name: "messages", kind: 7, times: (0, 1024), since: 2, ..FIELD },
        Field { id: 8, name: "tools", kind: 4, bounds: (1, 1000000), since: 3, ..FIELD },
        Field { id: 9, name: "template_variables", kind: 7, times: (0, 64), since: 3, ..FIELD },
        Field { id: 10, name: "add_generation_prompt", kind: 8, since: 3, ..FIELD },
        Field { id: 11, name: "continue_final_message", kind: 8, since: 3, ..FIELD },
        Field {
            id: 12, name: "template_time", kind: 1, bounds: (0, 253402300799), since: 3, ..FIELD
        },
        Field { id: 29, name: "context", kind: 7, since: 3, ..FIELD },
        Field { id: 30, name: "requirements", kind: 7, ..FIELD },
    ],
    one_of: &[1, 2, 6],
    excludes: &[&[1, 2, 6], &[6, 3], &[6, 4], &[1, 7], &[1, 8], &[1, 9], &[1, 10], &[1, 11], &[2, 7], &[2, 8], &[2, 9], &[2, 10], &[2, 11], &[9, 10]],
};

impl Message for LogitsRequest {
    fn table(&self) -> &'static Table {
        &LOGITS_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.model {
            see(0, Place::Text(value))?;
        }
        if let Some(value) = &mut self.prompt {
            see(1, Place::Text(value))?;
        }
        if let Some(value) = &mut self.tokens {
            see(2, Place::U32s(value))?;
        }
        if let Some(value) = &mut self.parse_special {
            see(3, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.add_special {
            see(4, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.all_positions {
            see(5, Place::Bool(value))?;
        }
        for value in &mut self.messages {
            see(6, Place::Record(value))?;
        }
        if let Some(value) = &mut self.tools {
            see(7, Place::Text(value))?;
        }
        for value in &mut self.template_variables {
            see(8, Place::Record(value))?;
        }
        if let Some(value) = &mut self.add_generation_prompt {
            see(9, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.continue_final_message {
            see(10, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.template_time {
            see(11, Place::U64(value))?;
        }
        if let Some(value) = &mut self.context {
            see(12, Place::Record(value))?;
        }
        if let Some(value) = &mut self.requirements {
            see(13, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.model.get_or_insert_with(Default::default)),
            1 => Place::Text(self.prompt.get_or_insert_with(Default::default)),
            2 => Place::U32s(self.tokens.get_or_insert_with(Default::default)),
            3 => Place::Bool(self.parse_special.get_or_insert_with(Default::default)),
            4 => Place::Bool(self.add_special.get_or_insert_with(Default::default)),
            5 => Place::Bool(self.all_positions.get_or_insert_with(Default::default)),
            6 => {
                self.messages.push(Default::default());
                Place::Record(self.messages.last_mut()?)
            }
            7 => Place::Text(self.tools.get_or_insert_with(Default::default)),
            8 => {
                self.template_variables.push(Default::default());
                Place::Record(self.template_variables.last_mut()?)
            }
            9 => Place::Bool(self.add_generation_prompt.get_or_insert_with(Default::default)),
            10 => Place::Bool(self.continue_final_message.get_or_insert_with(Default::default)),
            11 => Place::U64(self.template_time.get_or_insert_with(Default::default)),
            12 => Place::Record(self.context.get_or_insert_with(Default::default)),
            13 => Place::Record(self.requirements.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        Some(&mut self.context)
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        Some(&mut self.requirements)
    }
}

/// Message `Logits chunk`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogitsChunk {
    /// The next values (required, 1..1000000 elements).
    pub logits: Vec<f32>,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
}

const LOGITS_CHUNK_TABLE: Table = Table {
    name: "Logits chunk",
    fields: &[
        Field { id: 1, name: "logits", kind: 6, times: (1, 1), bounds: (1, 1000000), ..FIELD },
        Field { id: 28, name: "frame", kind: 1, since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for LogitsChunk {
    fn table(&self) -> &'static Table {
        &LOGITS_CHUNK_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::F32s(&mut self.logits))?;
        if let Some(value) = &mut self.frame {
            see(1, Place::U64(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::F32s(&mut self.logits),
            1 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Logits response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogitsResponse {
    /// The last values (required, 0..1000000 elements).
    pub logits: Vec<f32>,
    /// Values per position (required, 1..4294967295).
    pub vocabulary: u64,
    /// Positions in all (required, 1..4294967295).
    pub positions: u64,
    /// Number of the frame in the answer, from 0 (optional).
    pub frame: Option<u64>,
    /// Facts about the answer, an `Answer` (required).
    pub answer: Answer,
}

const LOGITS_RESPONSE_TABLE: Table = Table {
    name: "Logits response",
    fields: &[
        Field { id: 1, name: "logits", kind: 6, times: (1, 1), bounds: (0, 1000000), ..FIELD },
        Field {
            id: 2, name: "vocabulary", kind: 1, times: (1, 1), bounds: (1, 4294967295), ..FIELD
        },
        Field {
            id: 3, name: "positions", kind: 1, times: (1, 1), bounds: (1, 4294967295), ..FIELD
        },
        Field { id: 28, name: "frame", kind: 1, since: 3, ..FIELD },
        Field { id: 31, name: "answer", kind: 7, times: (1, 1), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for LogitsResponse {
    fn table(&self) -> &'static Table {
        &LOGITS_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::F32s(&mut self.logits))?;
        see(1, Place::U64(&mut self.vocabulary))?;
        see(2, Place::U64(&mut self.positions))?;
        if let Some(value) = &mut self.frame {
            see(3, Place::U64(value))?;
        }
        see(4, Place::Record(&mut self.answer))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::F32s(&mut self.logits),
            1 => Place::U64(&mut self.vocabulary),
            2 => Place::U64(&mut self.positions),
            3 => Place::U64(self.frame.get_or_insert_with(Default::default)),
            4 => Place::Record(&mut self.answer),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        self.frame
    }

    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Render request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RenderRequest {
    /// Name of the model, absent for the server's only model (optional, 1..128 bytes).
    pub model: Option<String>,
    /// Conversation to render (1..1024 times).
    pub messages: Vec<ChatMessage>,
    /// JSON text of a list of tools (optional, 1..1000000 bytes).
    pub tools: Option<String>,
    /// Further variables of the chat template (0..64 times).
    pub template_variables: Vec<TemplateVariable>,
    /// End with the template's opening of an answer, default true (optional).
    pub add_generation_prompt: Option<bool>,
    /// Leave the last message open instead, to be continued, default false (optional).
    pub continue_final_message: Option<bool>,
    /// Time for the chat template, absent for the server's time, seconds since 1970 (optional,
    /// 0..253402300799).
    pub template_time: Option<u64>,
    /// Trace, attempt and priority of the request (optional).
    pub context: Option<RequestContext>,
    /// Demands on the model (optional).
    pub requirements: Option<Requirements>,
}

const RENDER_REQUEST_TABLE: Table = Table {
    name: "Render request",
    fields: &[
        Field { id: 1, name: "model", kind: 4, bounds: (1, 128), since: 3, ..FIELD },
        Field { id: 2, name: "messages", kind: 7, times: (1, 1024), since: 3, ..FIELD },
        Field { id: 3, name: "tools", kind: 4, bounds: (1, 1000000), since: 3, ..FIELD },
        Field { id: 4, name: "template_variables", kind: 7, times: (0, 64), since: 3, ..FIELD },
        Field { id: 5, name: "add_generation_prompt", kind: 8, since: 3, ..FIELD },
        Field { id: 6, name: "continue_final_message", kind: 8, since: 3, ..FIELD },
        Field {
            id: 7, name: "template_time", kind: 1, bounds: (0, 253402300799), since: 3, ..FIELD
        },
        Field { id: 29, name: "context", kind: 7, since: 3, ..FIELD },
        Field { id: 30, name: "requirements", kind: 7, since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[&[4, 5]],
};

impl Message for RenderRequest {
    fn table(&self) -> &'static Table {
        &RENDER_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        if let Some(value) = &mut self.model {
            see(0, Place::Text(value))?;
        }
        for value in &mut self.messages {
            see(1, Place::Record(value))?;
        }
        if let Some(value) = &mut self.tools {
            see(2, Place::Text(value))?;
        }
        for value in &mut self.template_variables {
            see(3, Place::Record(value))?;
        }
        if let Some(value) = &mut self.add_generation_prompt {
            see(4, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.continue_final_message {
            see(5, Place::Bool(value))?;
        }
        if let Some(value) = &mut self.template_time {
            see(6, Place::U64(value))?;
        }
        if let Some(value) = &mut self.context {
            see(7, Place::Record(value))?;
        }
        if let Some(value) = &mut self.requirements {
            see(8, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(self.model.get_or_insert_with(Default::default)),
            1 => {
                self.messages.push(Default::default());
                Place::Record(self.messages.last_mut()?)
            }
            2 => Place::Text(self.tools.get_or_insert_with(Default::default)),
            3 => {
                self.template_variables.push(Default::default());
                Place::Record(self.template_variables.last_mut()?)
            }
            4 => Place::Bool(self.add_generation_prompt.get_or_insert_with(Default::default)),
            5 => Place::Bool(self.continue_final_message.get_or_insert_with(Default::default)),
            6 => Place::U64(self.template_time.get_or_insert_with(Default::default)),
            7 => Place::Record(self.context.get_or_insert_with(Default::default)),
            8 => Place::Record(self.requirements.get_or_insert_with(Default::default)),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        Some(&mut self.context)
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        Some(&mut self.requirements)
    }
}

/// Message `Render response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RenderResponse {
    /// Conversation as the template writes it (required, 0..4000000 bytes).
    pub text: String,
    /// Token ids that a Generate of the conversation reads (required, 0..1000000 elements).
    pub tokens: Vec<u32>,
    /// Facts about the template, a `Chat template` (required).
    pub template: ChatTemplate,
    /// Facts about the answer, an `Answer` (required).
    pub answer: Answer,
}

const RENDER_RESPONSE_TABLE: Table = Table {
    name: "Render response",
    fields: &[
        Field {
            id: 1, name: "text", kind: 4, times: (1, 1), bounds: (0, 4000000), since: 3, ..FIELD
        },
        Field {
            id: 2, name: "tokens", kind: 5, times: (1, 1), bounds: (0, 1000000), since: 3, ..FIELD
        },
        Field { id: 3, name: "template", kind: 7, times: (1, 1), since: 3, ..FIELD },
        Field { id: 31, name: "answer", kind: 7, times: (1, 1), since: 3, ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for RenderResponse {
    fn table(&self) -> &'static Table {
        &RENDER_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.text))?;
        see(1, Place::U32s(&mut self.tokens))?;
        see(2, Place::Record(&mut self.template))?;
        see(3, Place::Record(&mut self.answer))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.text),
            1 => Place::U32s(&mut self.tokens),
            2 => Place::Record(&mut self.template),
            3 => Place::Record(&mut self.answer),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        Some(&self.answer)
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Cancel request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CancelRequest {
    /// Id of the request to stop, of the same connection (required, 1..18446744073709551615).
    pub target: u64,
}

const CANCEL_REQUEST_TABLE: Table = Table {
    name: "Cancel request",
    fields: &[
        Field {
            id: 1, name: "target", kind: 1, times: (1, 1), bounds: (1, 18446744073709551615),
            ..FIELD
        },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for CancelRequest {
    fn table(&self) -> &'static Table {
        &CANCEL_REQUEST_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::U64(&mut self.target))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::U64(&mut self.target),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Cancel response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CancelResponse {
    /// The target was in flight and is being stopped (required).
    pub found: bool,
}

const CANCEL_RESPONSE_TABLE: Table = Table {
    name: "Cancel response",
    fields: &[
        Field { id: 1, name: "found", kind: 8, times: (1, 1), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for CancelResponse {
    fn table(&self) -> &'static Table {
        &CANCEL_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Bool(&mut self.found))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Bool(&mut self.found),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Stats request`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatsRequest {
}

const STATS_REQUEST_TABLE: Table = Table {
    name: "Stats request",
    fields: &[],
    one_of: &[],
    excludes: &[],
};

impl Message for StatsRequest {
    fn table(&self) -> &'static Table {
        &STATS_REQUEST_TABLE
    }

    fn each(&mut self, _: &mut See) -> Result<(), BodyError> {
        Ok(())
    }

    fn add(&mut self, _: usize) -> Option<Place<'_>> {
        None
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Stats response`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StatsResponse {
    /// A `Counter` for each counter, in order of name (0..1024 times).
    pub counters: Vec<Counter>,
}

const STATS_RESPONSE_TABLE: Table = Table {
    name: "Stats response",
    fields: &[
        Field { id: 1, name: "counters", kind: 7, times: (0, 1024), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for StatsResponse {
    fn table(&self) -> &'static Table {
        &STATS_RESPONSE_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        for value in &mut self.counters {
            see(0, Place::Record(value))?;
        }
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => {
                self.counters.push(Default::default());
                Place::Record(self.counters.last_mut()?)
            }
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `Counter`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counter {
    /// Name of the counter (required, 1..128 bytes).
    pub name: String,
    /// Count for real answers (required).
    pub real: u64,
    /// Count for mock answers (required).
    pub mock: u64,
}

const COUNTER_TABLE: Table = Table {
    name: "Counter",
    fields: &[
        Field { id: 1, name: "name", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "real", kind: 1, times: (1, 1), ..FIELD },
        Field { id: 3, name: "mock", kind: 1, times: (1, 1), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for Counter {
    fn table(&self) -> &'static Table {
        &COUNTER_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.name))?;
        see(1, Place::U64(&mut self.real))?;
        see(2, Place::U64(&mut self.mock))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.name),
            1 => Place::U64(&mut self.real),
            2 => Place::U64(&mut self.mock),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
}

/// Message `GoAway`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GoAway {
    /// Reason of the end: `shutting_down`, `idle`, or a word of a later server (required, 1..128
    /// bytes).
    pub reason: String,
    /// Time until the server closes everything still open, milliseconds (required).
    pub drain_milliseconds: u64,
}

const GOAWAY_TABLE: Table = Table {
    name: "GoAway",
    fields: &[
        Field { id: 1, name: "reason", kind: 4, times: (1, 1), bounds: (1, 128), ..FIELD },
        Field { id: 2, name: "drain_milliseconds", kind: 1, times: (1, 1), ..FIELD },
    ],
    one_of: &[],
    excludes: &[],
};

impl Message for GoAway {
    fn table(&self) -> &'static Table {
        &GOAWAY_TABLE
    }

    fn each(&mut self, see: &mut See) -> Result<(), BodyError> {
        see(0, Place::Text(&mut self.reason))?;
        see(1, Place::U64(&mut self.drain_milliseconds))?;
        Ok(())
    }

    fn add(&mut self, place: usize) -> Option<Place<'_>> {
        Some(match place {
            0 => Place::Text(&mut self.reason),
            1 => Place::U64(&mut self.drain_milliseconds),
            _ => return None,
        })
    }

    fn frame(&self) -> Option<u64> {
        None
    }

    fn answer(&self) -> Option<&Answer> {
        None
    }

    fn context(&mut self) -> Option<&mut Option<RequestContext>> {
        None
    }

    fn requirements(&mut self) -> Option<&mut Option<Requirements>> {
        None
    }
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

impl Request for SwapRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x06, name: "Swap", since: 4, streamed: true, retry_safe: false,
    };
    type Chunk = SwapProgress;
    type Response = SwapResponse;
}

impl Gather for SwapRequest {}

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

impl Request for RenderRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x10, name: "Render", since: 3, streamed: false, retry_safe: true,
    };
    type Chunk = RenderResponse;
    type Response = RenderResponse;
}

impl Gather for RenderRequest {}

impl Request for RollbackRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x12, name: "Rollback", since: 4, streamed: false, retry_safe: false,
    };
    type Chunk = RollbackResponse;
    type Response = RollbackResponse;
}

impl Gather for RollbackRequest {}

impl Request for PinRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x13, name: "Pin", since: 4, streamed: false, retry_safe: true,
    };
    type Chunk = PinResponse;
    type Response = PinResponse;
}

impl Gather for PinRequest {}

impl Request for AliasRequest {
    const KIND: &'static Kind = &Kind {
        number: 0x14, name: "Alias", since: 4, streamed: false, retry_safe: true,
    };
    type Chunk = AliasResponse;
    type Response = AliasResponse;
}

impl Gather for AliasRequest {}

/// One method for each kind of request.
impl Client {
    /// Returns the payload unchanged.
    pub fn ping(&self, request: &PingRequest) -> Result<Reply<PingResponse>> {
        self.call(request)
    }

    /// Reports if a model, or the server, accepts work.
    pub fn health(&self, request: &HealthRequest) -> Result<Reply<HealthResponse>> {
        self.call(request)
    }

    /// Lists the models.
    pub fn models(&self, request: &ModelsRequest) -> Result<Reply<ModelsResponse>> {
        self.call(request)
    }

    /// Assays a model file beside the served one, and switches to it (streamed).
    pub fn swap(&self, request: &SwapRequest) -> Result<Reply<SwapResponse>> {
        self.call(request)
    }

    /// Stops serving a model.
    pub fn unload(&self, request: &UnloadRequest) -> Result<Reply<UnloadResponse>> {
        self.call(request)
    }

    /// Turns text into token ids.
    pub fn tokenize(&self, request: &TokenizeRequest) -> Result<Reply<TokenizeResponse>> {
        self.call(request)
    }

    /// Turns token ids into text.
    pub fn detokenize(&self, request: &DetokenizeRequest) -> Result<Reply<DetokenizeResponse>> {
        self.call(request)
    }

    /// Continues a prompt (streamed).
    pub fn generate(&self, request: &GenerateRequest) -> Result<Reply<GenerateResponse>> {
        self.call(request)
    }

    /// Computes log-probabilities of given continuations.
    pub fn score(&self, request: &ScoreRequest) -> Result<Reply<ScoreResponse>> {
        self.call(request)
    }

    /// Computes raw scores of the vocabulary (streamed).
    pub fn logits(&self, request: &LogitsRequest) -> Result<Reply<LogitsResponse>> {
        self.call(request)
    }

    /// Turns inputs into vectors (streamed).
    pub fn embed(&self, request: &EmbedRequest) -> Result<Reply<EmbedResponse>> {
        self.call(request)
    }

    /// Returns counters, split by provenance.
    pub fn stats(&self, request: &StatsRequest) -> Result<Reply<StatsResponse>> {
        self.call(request)
    }

    /// Renders a conversation by the model's chat template.
    pub fn render(&self, request: &RenderRequest) -> Result<Reply<RenderResponse>> {
        self.call(request)
    }

    /// Returns to the generation before the last swap.
    pub fn rollback(&self, request: &RollbackRequest) -> Result<Reply<RollbackResponse>> {
        self.call(request)
    }

    /// Keeps a model in memory, or lets it go.
    pub fn pin(&self, request: &PinRequest) -> Result<Reply<PinResponse>> {
        self.call(request)
    }

    /// Gives a generation of a model a label, with a share of the requests.
    pub fn alias(&self, request: &AliasRequest) -> Result<Reply<AliasResponse>> {
        self.call(request)
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl PingRequest {
    /// Sets `payload`: bytes to send back unchanged.
    pub fn payload(mut self, value: Vec<u8>) -> Self {
        self.payload = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl HealthRequest {
    /// Sets `model`: name of a model, absent for the server as a whole.
    pub fn model(mut self, value: impl Into<String>) -> Self {
        self.model = Some(value.into());
        self
    }

    /// Sets `verify`: verify the model now, default false.
    pub fn verify(mut self, value: bool) -> Self {
        self.verify = Some(value);
        self
    }

    /// Sets `context`: trace, attempt and priority of the request.
    pub fn with_context(mut self, value: RequestContext) -> Self {
        self.context = Some(value);
        self
    }

    /// Sets `requirements`: demands on the model.
    pub fn with_requirements(mut self, value: Requirements) -> Self {
        self.requirements = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl LoadRequest {
    /// Sets `name`: name under which the model will be served.
    pub fn name(mut self, value: impl Into<String>) -> Self {
        self.name = value.into();
        self
    }

    /// Sets `path`: path of the model on the server's machine.
    pub fn path(mut self, value: impl Into<String>) -> Self {
        self.path = value.into();
        self
    }

    /// Sets `strategy`: loading strategy, absent for the server's setting.
    pub fn strategy(mut self, value: impl Into<String>) -> Self {
        self.strategy = Some(value.into());
        self
    }

    /// Sets `device`: device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting.
    pub fn device(mut self, value: impl Into<String>) -> Self {
        self.device = Some(value.into());
        self
    }

    /// Sets `progress`: true asks for frames while a layer runs, with `bytes_read` in the `Layer`.
    pub fn progress(mut self, value: bool) -> Self {
        self.progress = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl SwapRequest {
    /// Sets `name`: name of the served model.
    pub fn name(mut self, value: impl Into<String>) -> Self {
        self.name = value.into();
        self
    }

    /// Sets `path`: path of the new model on the server's machine.
    pub fn path(mut self, value: impl Into<String>) -> Self {
        self.path = value.into();
        self
    }

    /// Sets `strategy`: loading strategy, absent for the server's setting.
    pub fn strategy(mut self, value: impl Into<String>) -> Self {
        self.strategy = Some(value.into());
        self
    }

    /// Sets `device`: device (`auto`, `cpu`, `cuda`, `cuda:N`), absent for the server's setting.
    pub fn device(mut self, value: impl Into<String>) -> Self {
        self.device = Some(value.into());
        self
    }

    /// Sets `progress`: true asks for frames while a layer runs, with `bytes_read` in the `Layer`.
    pub fn progress(mut self, value: bool) -> Self {
        self.progress = Some(value);
        self
    }

    /// Sets `shadow`: live requests to compute by both generations and compare before the switch,
    /// default 0.
    pub fn shadow(mut self, value: u64) -> Self {
        self.shadow = Some(value);
        self
    }

    /// Sets `require_equal`: a difference found by the shadow ends the swap, default false.
    pub fn require_equal(mut self, value: bool) -> Self {
        self.require_equal = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl UnloadRequest {
    /// Sets `name`: name of the model to stop serving, once its requests are done.
    pub fn name(mut self, value: impl Into<String>) -> Self {
        self.name = value.into();
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl TokenizeRequest {
    /// Sets `model`: name of the model, absent for the server's only model.
    pub fn model(mut self, value: impl Into<String>) -> Self {
        self.model = Some(value.into());
        self
    }

    /// Sets `text`: text as bytes, usually UTF-8, but any bytes are allowed.
    pub fn text(mut self, value: Vec<u8>) -> Self {
        self.text = value;
        self
    }

    /// Sets `parse_special`: names of special tokens in the text become special tokens, default
    /// false.
    pub fn parse_special(mut self, value: bool) -> Self {
        self.parse_special = Some(value);
        self
    }

    /// Sets `add_special`: add begin and end tokens as the model demands, default true.
    pub fn add_special(mut self, value: bool) -> Self {
        self.add_special = Some(value);
        self
    }

    /// Sets `context`: trace, attempt and priority of the request.
    pub fn with_context(mut self, value: RequestContext) -> Self {
        self.context = Some(value);
        self
    }

    /// Sets `requirements`: demands on the model.
    pub fn with_requirements(mut self, value: Requirements) -> Self {
        self.requirements = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl DetokenizeRequest {
    /// Sets `model`: name of the model, absent for the server's only model.
    pub fn model(mut self, value: impl Into<String>) -> Self {
        self.model = Some(value.into());
        self
    }

    /// Sets `tokens`: token ids.
    pub fn tokens(mut self, value: Vec<u32>) -> Self {
        self.tokens = value;
        self
    }

    /// Sets `context`: trace, attempt and priority of the request.
    pub fn with_context(mut self, value: RequestContext) -> Self {
        self.context = Some(value);
        self
    }

    /// Sets `requirements`: demands on the model.
    pub fn with_requirements(mut self, value: Requirements) -> Self {
        self.requirements = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl GenerateRequest {
    /// Sets `model`: name of the model, absent for the server's only model.
    pub fn model(mut self, value: impl Into<String>) -> Self {
        self.model = Some(value.into());
        self
    }

    /// Sets `prompt`: text to continue, may be empty, instead of `tokens` or `messages`.
    pub fn prompt(mut self, value: impl Into<String>) -> Self {
        self.prompt = Some(value.into());
        self
    }

    /// Sets `tokens`: token ids to continue, used unchanged, instead of `prompt` or `messages`.
    pub fn tokens(mut self, value: Vec<u32>) -> Self {
        self.tokens = Some(value);
        self
    }

    /// Sets `parse_special`: names of special tokens in `prompt` become special tokens, default
    /// false.
    pub fn parse_special(mut self, value: bool) -> Self {
        self.parse_special = Some(value);
        self
    }

    /// Sets `add_special`: add begin tokens to `prompt` as the model demands, default true.
    pub fn add_special(mut self, value: bool) -> Self {
        self.add_special = Some(value);
        self
    }

    /// Sets `max_tokens`: tokens to make at most, default 256.
    pub fn max_tokens(mut self, value: u64) -> Self {
        self.max_tokens = Some(value);
        self
    }

    /// Sets `temperature`: sampling temperature, where 0 always picks the best token, default 0.
    pub fn temperature(mut self, value: f64) -> Self {
        self.temperature = Some(value);
        self
    }

    /// Sets `top_k`: number of best tokens to keep, default 0, meaning all.
    pub fn top_k(mut self, value: u64) -> Self {
        self.top_k = Some(value);
        self
    }

    /// Sets `top_p`: share of probability up to which the best tokens are kept, default 1, meaning
    /// all, above 0 unless the temperature is 0.
    pub fn top_p(mut self, value: f64) -> Self {
        self.top_p = Some(value);
        self
    }

    /// Sets `min_p`: least share of the best token's probability for a token to be kept, default 0,
    /// meaning all.
    pub fn min_p(mut self, value: f64) -> Self {
        self.min_p = Some(value);
        self
    }

    /// Sets `seed`: seed of the sampler, default 0.
    pub fn seed(mut self, value: u64) -> Self {
        self.seed = Some(value);
        self
    }

    /// Sets `stop`: stop string, before which the answer ends.
    pub fn stop(mut self, value: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.stop = value.into_iter().map(Into::into).collect();
        self
    }

    /// Sets `truncate_prompt`: cut the beginning of an overlong prompt (`truncated_context`)
    /// instead of refusing, default false.
    pub fn truncate_prompt(mut self, value: bool) -> Self {
        self.truncate_prompt = Some(value);
        self
    }

    /// Sets `logprobs`: number of best alternatives to list beside each token's log-probability,
    /// absent for no log-probabilities.
    pub fn logprobs(mut self, value: u64) -> Self {
        self.logprobs = Some(value);
        self
    }

    /// Sets `prompt_logprobs`: number of best alternatives to list beside each prompt token's
    /// log-probability, absent for none.
    pub fn prompt_logprobs(mut self, value: u64) -> Self {
        self.prompt_logprobs = Some(value);
        self
    }

    /// Sets `messages`: conversation to continue, instead of `prompt` or `tokens`.
    pub fn messages(mut self, value: impl IntoIterator<Item = ChatMessage>) -> Self {
        self.messages = value.into_iter().collect();
        self
    }

    /// Sets `ignore_eos`: an end token does not end the answer, default false.
    pub fn ignore_eos(mut self, value: bool) -> Self {
        self.ignore_eos = Some(value);
        self
    }

    /// Sets `min_tokens`: tokens before which neither an end token is chosen nor a stop string
    /// looked for, default 0.
    pub fn min_tokens(mut self, value: u64) -> Self {
        self.min_tokens = Some(value);
        self
    }

    /// Sets `tools`: JSON text of a list of tools, only with `messages`.
    pub fn tools(mut self, value: impl Into<String>) -> Self {
        self.tools = Some(value.into());
        self
    }

    /// Sets `template_variables`: further variables of the chat template, only with `messages`.
    pub fn template_variables(mut self, value: impl IntoIterator<Item = TemplateVariable>) -> Self {
        self.template_variables = value.into_iter().collect();
        self
    }

    /// Sets `add_generation_prompt`: end with the template's opening of an answer, default true,
    /// only with `messages`.
    pub fn add_generation_prompt(mut self, value: bool) -> Self {
        self.add_generation_prompt = Some(value);
        self
    }

    /// Sets `continue_final_message`: leave the last message open instead, to be continued, default
    /// false, only with `messages`.
    pub fn continue_final_message(mut self, value: bool) -> Self {
        self.continue_final_message = Some(value);
        self
    }

    /// Sets `template_time`: time for the chat template, absent for the server's time, seconds
    /// since 1970, only with `messages`.
    pub fn template_time(mut self, value: u64) -> Self {
        self.template_time = Some(value);
        self
    }

    /// Sets `context`: trace, attempt and priority of the request.
    pub fn with_context(mut self, value: RequestContext) -> Self {
        self.context = Some(value);
        self
    }

    /// Sets `requirements`: demands on the model.
    pub fn with_requirements(mut self, value: Requirements) -> Self {
        self.requirements = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl ScoreRequest {
    /// Sets `model`: name of the model, absent for the server's only model.
    pub fn model(mut self, value: impl Into<String>) -> Self {
        self.model = Some(value.into());
        self
    }

    /// Sets `prompt`: text, instead of `tokens` or `messages`.
    pub fn prompt(mut self, value: impl Into<String>) -> Self {
        self.prompt = Some(value.into());
        self
    }

    /// Sets `tokens`: token ids, used unchanged, instead of `prompt` or `messages`.
    pub fn tokens(mut self, value: Vec<u32>) -> Self {
        self.tokens = Some(value);
        self
    }

    /// Sets `parse_special`: as in Generate.
    pub fn parse_special(mut self, value: bool) -> Self {
        self.parse_special = Some(value);
        self
    }

    /// Sets `add_special`: as in Generate.
    pub fn add_special(mut self, value: bool) -> Self {
        self.add_special = Some(value);
        self
    }

    /// Sets `messages`: conversation, instead of `prompt` or `tokens`.
    pub fn messages(mut self, value: impl IntoIterator<Item = ChatMessage>) -> Self {
        self.messages = value.into_iter().collect();
        self
    }

    /// Sets `continuations`: continuations to score, an `Input` each.
    pub fn continuations(mut self, value: impl IntoIterator<Item = Input>) -> Self {
        self.continuations = value.into_iter().collect();
        self
    }

    /// Sets `top_logprobs`: alternatives listed beside each token, default 0.
    pub fn top_logprobs(mut self, value: u64) -> Self {
        self.top_logprobs = Some(value);
        self
    }

    /// Sets `tools`: JSON text of a list of tools, only with `messages`.
    pub fn tools(mut self, value: impl Into<String>) -> Self {
        self.tools = Some(value.into());
        self
    }

    /// Sets `template_variables`: further variables of the chat template, only with `messages`.
    pub fn template_variables(mut self, value: impl IntoIterator<Item = TemplateVariable>) -> Self {
        self.template_variables = value.into_iter().collect();
        self
    }

    /// Sets `add_generation_prompt`: end with the template's opening of an answer, default true,
    /// only with `messages`.
    pub fn add_generation_prompt(mut self, value: bool) -> Self {
        self.add_generation_prompt = Some(value);
        self
    }

    /// Sets `continue_final_message`: leave the last message open instead, to be continued, default
    /// false, only with `messages`.
    pub fn continue_final_message(mut self, value: bool) -> Self {
        self.continue_final_message = Some(value);
        self
    }

    /// Sets `template_time`: time for the chat template, absent for the server's time, seconds
    /// since 1970, only with `messages`.
    pub fn template_time(mut self, value: u64) -> Self {
        self.template_time = Some(value);
        self
    }

    /// Sets `context`: trace, attempt and priority of the request.
    pub fn with_context(mut self, value: RequestContext) -> Self {
        self.context = Some(value);
        self
    }

    /// Sets `requirements`: demands on the model.
    pub fn with_requirements(mut self, value: Requirements) -> Self {
        self.requirements = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl LogitsRequest {
    /// Sets `model`: name of the model, absent for the server's only model.
    pub fn model(mut self, value: impl Into<String>) -> Self {
        self.model = Some(value.into());
        self
    }

    /// Sets `prompt`: text, instead of `tokens` or `messages`.
    pub fn prompt(mut self, value: impl Into<String>) -> Self {
        self.prompt = Some(value.into());
        self
    }

    /// Sets `tokens`: token ids, used unchanged, instead of `prompt` or `messages`.
    pub fn tokens(mut self, value: Vec<u32>) -> Self {
        self.tokens = Some(value);
        self
    }

    /// Sets `parse_special`: as in Generate.
    pub fn parse_special(mut self, value: bool) -> Self {
        self.parse_special = Some(value);
        self
    }

    /// Sets `add_special`: as in Generate.
    pub fn add_special(mut self, value: bool) -> Self {
        self.add_special = Some(value);
        self
    }

    /// Sets `all_positions`: logits after every token instead of the last alone, default false.
    pub fn all_positions(mut self, value: bool) -> Self {
        self.all_positions = Some(value);
        self
    }

    /// Sets `messages`: conversation, instead of `prompt` or `tokens`.
    pub fn messages(mut self, value: impl IntoIterator<Item = ChatMessage>) -> Self {
        self.messages = value.into_iter().collect();
        self
    }

    /// Sets `tools`: JSON text of a list of tools, only with `messages`.
    pub fn tools(mut self, value: impl Into<String>) -> Self {
        self.tools = Some(value.into());
        self
    }

    /// Sets `template_variables`: further variables of the chat template, only with `messages`.
    pub fn template_variables(mut self, value: impl IntoIterator<Item = TemplateVariable>) -> Self {
        self.template_variables = value.into_iter().collect();
        self
    }

    /// Sets `add_generation_prompt`: end with the template's opening of an answer, default true,
    /// only with `messages`.
    pub fn add_generation_prompt(mut self, value: bool) -> Self {
        self.add_generation_prompt = Some(value);
        self
    }

    /// Sets `continue_final_message`: leave the last message open instead, to be continued, default
    /// false, only with `messages`.
    pub fn continue_final_message(mut self, value: bool) -> Self {
        self.continue_final_message = Some(value);
        self
    }

    /// Sets `template_time`: time for the chat template, absent for the server's time, seconds
    /// since 1970, only with `messages`.
    pub fn template_time(mut self, value: u64) -> Self {
        self.template_time = Some(value);
        self
    }

    /// Sets `context`: trace, attempt and priority of the request.
    pub fn with_context(mut self, value: RequestContext) -> Self {
        self.context = Some(value);
        self
    }

    /// Sets `requirements`: demands on the model.
    pub fn with_requirements(mut self, value: Requirements) -> Self {
        self.requirements = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl EmbedRequest {
    /// Sets `model`: name of the model, absent for the server's only model.
    pub fn model(mut self, value: impl Into<String>) -> Self {
        self.model = Some(value.into());
        self
    }

    /// Sets `inputs`: inputs to embed, an `Input` each.
    pub fn inputs(mut self, value: impl IntoIterator<Item = Input>) -> Self {
        self.inputs = value.into_iter().collect();
        self
    }

    /// Sets `parse_special`: names of special tokens in a text become special tokens, default
    /// false.
    pub fn parse_special(mut self, value: bool) -> Self {
        self.parse_special = Some(value);
        self
    }

    /// Sets `add_special`: add begin and end tokens to a text as the model demands, default true.
    pub fn add_special(mut self, value: bool) -> Self {
        self.add_special = Some(value);
        self
    }

    /// Sets `pooling`: reduction of the positions to a single vector, absent for the model's own
    /// (mean under revision 2).
    pub fn pooling(mut self, value: impl Into<String>) -> Self {
        self.pooling = Some(value.into());
        self
    }

    /// Sets `normalize`: divide each vector by the Euclidean length, default true.
    pub fn normalize(mut self, value: bool) -> Self {
        self.normalize = Some(value);
        self
    }

    /// Sets `context`: trace, attempt and priority of the request.
    pub fn with_context(mut self, value: RequestContext) -> Self {
        self.context = Some(value);
        self
    }

    /// Sets `requirements`: demands on the model.
    pub fn with_requirements(mut self, value: Requirements) -> Self {
        self.requirements = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl RenderRequest {
    /// Sets `model`: name of the model, absent for the server's only model.
    pub fn model(mut self, value: impl Into<String>) -> Self {
        self.model = Some(value.into());
        self
    }

    /// Sets `messages`: conversation to render.
    pub fn messages(mut self, value: impl IntoIterator<Item = ChatMessage>) -> Self {
        self.messages = value.into_iter().collect();
        self
    }

    /// Sets `tools`: JSON text of a list of tools.
    pub fn tools(mut self, value: impl Into<String>) -> Self {
        self.tools = Some(value.into());
        self
    }

    /// Sets `template_variables`: further variables of the chat template.
    pub fn template_variables(mut self, value: impl IntoIterator<Item = TemplateVariable>) -> Self {
        self.template_variables = value.into_iter().collect();
        self
    }

    /// Sets `add_generation_prompt`: end with the template's opening of an answer, default true.
    pub fn add_generation_prompt(mut self, value: bool) -> Self {
        self.add_generation_prompt = Some(value);
        self
    }

    /// Sets `continue_final_message`: leave the last message open instead, to be continued, default
    /// false.
    pub fn continue_final_message(mut self, value: bool) -> Self {
        self.continue_final_message = Some(value);
        self
    }

    /// Sets `template_time`: time for the chat template, absent for the server's time, seconds
    /// since 1970.
    pub fn template_time(mut self, value: u64) -> Self {
        self.template_time = Some(value);
        self
    }

    /// Sets `context`: trace, attempt and priority of the request.
    pub fn with_context(mut self, value: RequestContext) -> Self {
        self.context = Some(value);
        self
    }

    /// Sets `requirements`: demands on the model.
    pub fn with_requirements(mut self, value: Requirements) -> Self {
        self.requirements = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl RollbackRequest {
    /// Sets `name`: name of the model to return to its held generation.
    pub fn name(mut self, value: impl Into<String>) -> Self {
        self.name = value.into();
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl PinRequest {
    /// Sets `name`: name of the model.
    pub fn name(mut self, value: impl Into<String>) -> Self {
        self.name = value.into();
        self
    }

    /// Sets `pinned`: true keeps the model in memory, false lets it go, default true.
    pub fn pinned(mut self, value: bool) -> Self {
        self.pinned = Some(value);
        self
    }
}

/// The fields one by one: each method sets a field, and returns the request.
impl AliasRequest {
    /// Sets `name`: name of the model.
    pub fn name(mut self, value: impl Into<String>) -> Self {
        self.name = value.into();
        self
    }

    /// Sets `label`: label, without the name and the `:`.
    pub fn label(mut self, value: impl Into<String>) -> Self {
        self.label = value.into();
        self
    }

    /// Sets `generation`: generation that the label stands for, 0 to remove the label.
    pub fn generation(mut self, value: u64) -> Self {
        self.generation = value;
        self
    }

    /// Sets `share`: share of the requests for the plain name that the generation answers, absent
    /// for none.
    pub fn share(mut self, value: f64) -> Self {
        self.share = Some(value);
        self
    }
}

/// Version of this client.
pub const CLIENT_VERSION: &str = env!("CARGO_PKG_VERSION");

impl From<&str> for Input {
    fn from(text: &str) -> Input {
        Input { text: Some(text.to_owned()), ..Default::default() }
    }
}

impl From<String> for Input {
    fn from(text: String) -> Input {
        Input { text: Some(text), ..Default::default() }
    }
}

impl From<Vec<u32>> for Input {
    fn from(tokens: Vec<u32>) -> Input {
        Input { tokens: Some(tokens), ..Default::default() }
    }
}

impl ChatMessage {
    /// A turn of the role system.
    pub fn system(content: impl Into<String>) -> Self {
        ChatMessage { role: "system".to_owned(), content: content.into(), ..Default::default() }
    }

    /// A turn of the role user.
    pub fn user(content: impl Into<String>) -> Self {
        ChatMessage { role: "user".to_owned(), content: content.into(), ..Default::default() }
    }

    /// A turn of the role assistant.
    pub fn assistant(content: impl Into<String>) -> Self {
        ChatMessage { role: "assistant".to_owned(), content: content.into(), ..Default::default() }
    }

    /// A turn of the role tool.
    pub fn tool(content: impl Into<String>) -> Self {
        ChatMessage { role: "tool".to_owned(), content: content.into(), ..Default::default() }
    }
}

impl GenerateRequest {
    /// Continues a text.
    pub fn text(prompt: impl Into<String>) -> Self {
        GenerateRequest { prompt: Some(prompt.into()), ..Default::default() }
    }

    /// Continues a conversation.
    pub fn chat(messages: impl IntoIterator<Item = ChatMessage>) -> Self {
        GenerateRequest { messages: messages.into_iter().collect(), ..Default::default() }
    }
}

impl EmbedRequest {
    /// Turns each text, or the token ids of a text, into a vector.
    pub fn of(inputs: impl IntoIterator<Item = impl Into<Input>>) -> Self {
        let inputs = inputs.into_iter().map(Into::into).collect();
        EmbedRequest { inputs, ..Default::default() }
    }
}

impl EmbedResponse {
    /// One vector for each input, in the order of the inputs.
    pub fn vectors(&self) -> std::slice::ChunksExact<'_, f32> {
        self.embeddings.chunks_exact(usize::try_from(self.dimensions).unwrap_or(0).max(1))
    }
}

impl Model {
    /// The provenance of the model's answers.
    pub fn source(&self) -> Provenance {
        if self.provenance == u64::from(PROVENANCE_REAL) {
            Provenance::Real
        } else {
            Provenance::Mock
        }
    }
}

/// Short calls. For further fields, see [`GenerateRequest::text`], [`GenerateRequest::chat`] and
/// [`EmbedRequest::of`].
impl Client {
    /// Continues a text.
    pub fn generate_text(&self, prompt: impl Into<String>) -> Result<Reply<GenerateResponse>> {
        self.generate(&GenerateRequest::text(prompt))
    }

    /// Continues a conversation.
    pub fn chat(
        &self, messages: impl IntoIterator<Item = ChatMessage>,
    ) -> Result<Reply<GenerateResponse>> {
        self.generate(&GenerateRequest::chat(messages))
    }

    /// Turns each text into a vector, see [`EmbedResponse::vectors`].
    pub fn embed_all(
        &self, inputs: impl IntoIterator<Item = impl Into<Input>>,
    ) -> Result<Reply<EmbedResponse>> {
        self.embed(&EmbedRequest::of(inputs))
    }
}

/// The system's error behind an [`AssayError`].
#[derive(Debug, Clone)]
pub(crate) struct Cause(std::sync::Arc<std::io::Error>);

impl PartialEq for Cause {
    fn eq(&self, other: &Cause) -> bool {
        self.0.kind() == other.0.kind()
    }
}

impl AssayError {
    /// The kind of an `std::io::Error` that fits.
    pub fn io_kind(&self) -> std::io::ErrorKind {
        use std::io::ErrorKind;
        if let Some(cause) = &self.cause {
            return cause.0.kind();
        }
        match (self.code, self.status) {
            (Code::AddressInvalid, _) => ErrorKind::InvalidInput,
            (Code::Unreachable, _) => ErrorKind::NotConnected,
            (Code::ConnectionClosed, _) => ErrorKind::ConnectionAborted,
            (Code::TimedOut, _) => ErrorKind::TimedOut,
            (Code::ProtocolError, _) => ErrorKind::InvalidData,
            (Code::GivenUp, _) => ErrorKind::Interrupted,
            (Code::RequestInvalid, _) => ErrorKind::InvalidInput,
            (Code::RevisionTooLow, _) => ErrorKind::Unsupported,
            (_, Status::DeadlineExceeded) => ErrorKind::TimedOut,
            (_, Status::NotFound) => ErrorKind::NotFound,
            (_, Status::AlreadyExists) => ErrorKind::AlreadyExists,
            (_, Status::PermissionDenied) => ErrorKind::PermissionDenied,
            (_, Status::Unauthenticated) => ErrorKind::PermissionDenied,
            (_, Status::InvalidArgument) => ErrorKind::InvalidInput,
            (_, Status::OutOfRange) => ErrorKind::InvalidInput,
            _ => ErrorKind::Other,
        }
    }

    pub(crate) fn because(mut self, error: std::io::Error) -> Self {
        self.0.cause = Some(Cause(std::sync::Arc::new(error)));
        self
    }
}

impl std::fmt::Display for AssayError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for AssayError {
    /// The system's error, if any.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_ref().map(|cause| &*cause.0 as &(dyn std::error::Error + 'static))
    }
}

impl From<AssayError> for std::io::Error {
    fn from(error: AssayError) -> std::io::Error {
        std::io::Error::new(error.io_kind(), error)
    }
}
