//! The one error of the client: why a call gave no answer that may be used.
//!
//! Guarantees: a stable code, a status (the server's, or the one that fits), whether and when to
//! try again, and a sentence a person can act on. Prompts and answers never appear in it.

use crate::protocol::{Code, ErrorBody, ErrorDetail, Provenance, Status};
use std::fmt;
use std::ops::Deref;

/// What most calls give.
pub(crate) type Result<T, E = AssayError> = std::result::Result<T, E>;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq)]
pub struct AssayError(Box<ErrorDetail>);

/// An [`AssayError`] of that code, with a sentence as `format!` makes it.
macro_rules! error {
    ($code:ident, $($words:tt)+) => {
        crate::errors::AssayError::new(crate::protocol::Code::$code, format!($($words)+))
    };
}
pub(crate) use error;

/// Returns a breach of the protocol unless something holds.
macro_rules! ensure {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(crate::errors::error!(ProtocolError, "reading {}", format!($($words)+)));
        }
    };
}
pub(crate) use ensure;

impl AssayError {
    pub(crate) fn new(code: Code, message: String) -> Self {
        AssayError(Box::new(ErrorDetail::new(code, message)))
    }

    /// What a server said instead of an answer.
    pub(crate) fn said(code: Code, number: u32, words: ErrorBody) -> Self {
        let status = Status::from_number(number);
        let mut error = AssayError::new(code, format!("{}: {}", status.name(), words.message));
        error.0.status = status;
        error.0.set_words(words);
        error
    }

    /// The same about a frame of that provenance.
    pub(crate) fn of(mut self, provenance: Provenance) -> Self {
        self.0.provenance = Some(provenance);
        self
    }

    pub(crate) fn field(mut self, path: impl Into<String>) -> Self {
        self.0.field = Some(path.into());
        self
    }
}

impl Deref for AssayError {
    type Target = ErrorDetail;

    fn deref(&self) -> &ErrorDetail {
        &self.0
    }
}

impl fmt::Display for AssayError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.code.name(), self.message)
    }
}

impl std::error::Error for AssayError {}
