//! The one error of the client: why a call gave no answer that may be used.
//!
//! Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to
//! try again, and a sentence a person can act on. Prompts and answers never appear in it.

use crate::protocol::{ErrorBody, Status};
use std::fmt;
use std::ops::Deref;

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// No mock took part.
    Real,
    /// A mock model produced a part of it, or is the model addressed.
    Mock,
}

impl Provenance {
    /// `real` or `mock`.
    pub fn name(self) -> &'static str {
        match self {
            Provenance::Real => "real",
            Provenance::Mock => "mock",
        }
    }
}

/// Stable reason of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// The address is not a URL of a known form.
    AddressInvalid,
    /// Nobody answers at the address.
    Unreachable,
    /// The connection ended before the answer was complete.
    ConnectionClosed,
    /// The answer did not come in time.
    TimedOut,
    /// The server's bytes break the protocol; the connection is closed.
    ProtocolError,
    /// The answer comes from a mock and mocks are not allowed.
    MockRefused,
    /// The server answered with a status.
    ServerRefused,
    /// The answer exceeds `answer_size_max`.
    GivenUp,
    /// The request cannot be sent to this server; nothing was sent.
    RequestInvalid,
    /// The server speaks an older revision, which does not know the request; nothing was sent.
    RevisionTooLow,
}

impl Code {
    /// The name in snake_case, and the status that fits.
    fn row(self) -> (&'static str, Status) {
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

    /// The name in snake_case.
    pub fn name(self) -> &'static str {
        self.row().0
    }
}

/// What an [`Error`] says; read it through the error itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// Stable reason.
    pub code: Code,
    /// The server's status, or the one that fits.
    pub status: Status,
    /// One sentence.
    pub message: String,
    /// The server's own reason, in snake_case.
    pub server_code: Option<String>,
    /// Path of the refused field.
    pub field: Option<String>,
    /// With `MODEL_REJECTED`: the layer of the assay that refused.
    pub layer: Option<String>,
    /// Pause the server asks for before another attempt, milliseconds.
    pub retry_after_milliseconds: Option<u64>,
    /// Provenance of the frame that failed; `None` when there was none.
    pub provenance: Option<Provenance>,
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error(Box<ErrorDetail>);

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(ErrorDetail {
            code,
            status: code.row().1,
            message: message.into(),
            server_code: None,
            field: None,
            layer: None,
            retry_after_milliseconds: None,
            provenance: None,
        }))
    }

    pub(crate) fn damage(message: impl Into<String>) -> Self {
        Error::new(Code::ProtocolError, message)
    }

    /// The same with the server's own words.
    pub(crate) fn with_words(mut self, body: ErrorBody, provenance: Provenance) -> Self {
        self.0.server_code = Some(body.code);
        self.0.field = body.field;
        self.0.layer = body.layer;
        self.0.retry_after_milliseconds = body.retry_after_milliseconds;
        self.0.provenance = Some(provenance);
        self
    }

    /// A status that the server answered with.
    pub(crate) fn refused(number: u32, body: ErrorBody, provenance: Provenance) -> Self {
        let status = Status::from_number(number);
        let message = format!("{}: {}", status.name(), body.message);
        let mut error = Error::new(Code::ServerRefused, message).with_words(body, provenance);
        error.0.status = status;
        error
    }

    pub(crate) fn mock(doing: &str) -> Self {
        let words = "the answer comes from a mock model, not from a real one";
        let mut error = Error::new(Code::MockRefused, format!("{}: {}", doing, words));
        error.0.provenance = Some(Provenance::Mock);
        error
    }

    pub(crate) fn field(mut self, path: String) -> Self {
        self.0.field = Some(path);
        self
    }
}

impl Deref for Error {
    type Target = ErrorDetail;

    fn deref(&self) -> &ErrorDetail {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for Error {}
