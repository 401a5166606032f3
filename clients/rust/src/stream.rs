//! An answer in its parts.
//!
//! Guarantees: an answer that is closed or dropped before its end is given up: the server is told
//! to stop, and the connection lives on.

use crate::errors::{error, Result};
use crate::exchange::{Exchange, Reply, Step};
use crate::protocol::{GenerateChunk, GenerateRequest, GenerateResponse};

/// The chunks of an answer as they come. Ends after the last one, or after an error; then
/// [`result`](GenerateStream::result) has the whole answer.
pub struct GenerateStream {
    exchange: Exchange<'static, GenerateRequest>,
    end: Option<Result<Reply<GenerateResponse>>>,
}

impl GenerateStream {
    pub(crate) fn begin(mut exchange: Exchange<'static, GenerateRequest>) -> Result<Self> {
        exchange.begin()?;
        Ok(GenerateStream { exchange, end: None })
    }

    /// Reads what is left, and returns the whole answer: all tokens, text and log-probabilities,
    /// those of the chunks included; or the error that ended it.
    pub fn result(mut self) -> Result<Reply<GenerateResponse>> {
        loop {
            match self.end.take() {
                Some(end) => return end,
                None => drop(self.next()),
            }
        }
    }

    /// The same as [`result`](GenerateStream::result).
    pub fn finish(self) -> Result<Reply<GenerateResponse>> {
        self.result()
    }

    /// Gives up what is left. May be repeated, and does nothing after the end.
    pub fn close(&mut self) {
        if self.end.is_none() {
            self.exchange.give_up();
            self.end = Some(Err(error!(GivenUp, "calling Generate: the caller closed the stream")));
        }
    }
}

impl Iterator for GenerateStream {
    type Item = Result<GenerateChunk>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end.is_some() {
            return None;
        }
        let end = match self.exchange.advance() {
            Ok(Step::Chunk(chunk)) => return Some(Ok(chunk)),
            Ok(Step::Whole(reply)) => Ok(reply),
            Err(error) => Err(error),
        };
        let error = end.as_ref().err().cloned();
        self.end = Some(end);
        error.map(Err)
    }
}
