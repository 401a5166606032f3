//! The error type of the client: the reason why a call has no usable answer.
//!
//! Guarantees: an error has a stable code, a status (from the server, or the closest match), advice
//! on a retry, and a sentence that a person can act on. Prompts and answers never appear in an
//! error.

use crate::protocol::{Code, ErrorBody, ErrorDetail, Provenance, Status};
use std::ops::Deref;

/// Result of most functions.
pub(crate) type Result<T, E = AssayError> = std::result::Result<T, E>;

/// The reason why a call failed.
#[derive(Debug, Clone, PartialEq)]
pub struct AssayError(pub(crate) Box<ErrorDetail>);

/// Makes an [`AssayError`] with the code, and with a sentence as from `format!`.
macro_rules! error {
    ($code:ident, $($words:tt)+) => {
        crate::errors::AssayError::new(crate::protocol::Code::$code, format!($($words)+))
    };
}
pub(crate) use error;

/// Returns a protocol error from the enclosing function unless the condition holds.
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

    /// Makes the error for a server's `ErrorBody` with status `number`.
    pub(crate) fn said(code: Code, number: u32, words: ErrorBody) -> Self {
        let status = Status::from_number(number);
        let mut error = AssayError::new(code, format!("{}: {}", status.name(), words.message));
        error.0.status = status;
        error.0.set_words(words);
        error
    }

    /// Sets the provenance of the frame that the error is about.
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
