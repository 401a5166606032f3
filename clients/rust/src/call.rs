//! One call: attempts, frames, and the answer put together.
//!
//! Guarantees: a mock's frame is never handed out unless mocks are allowed; nothing is sent again
//! once a part of the answer has been handed out, and nothing that may do harm twice when it may
//! have arrived; a call that is dropped tells the server to stop.
//! Not here: sockets, which connection.

use crate::codec::{encode, Message};
use crate::connection::{decode_message, earlier, Connection, KindInfo, Until};
use crate::error::{Code, Error, Provenance};
use crate::frame::{request_frame, Frame, Header};
use crate::gather::Gather;
use crate::pool::{kind_of, Pool};
use crate::protocol::{Answer, ErrorBody, Status, KIND_HEALTH};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A whole answer and what its last frame said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply<T> {
    /// The answer; what was sent in chunks is in it.
    pub response: T,
    /// Real or mock; mock only when the client allows mocks.
    pub provenance: Provenance,
    /// Generation of the model that answered, 0 for none.
    pub generation: u32,
    /// `answer().degradations` says how.
    pub degraded: bool,
}

impl<T: Message> Reply<T> {
    /// Who answered, on what and in what time (microseconds); `None`: the kind does not say.
    pub fn answer(&self) -> Option<&Answer> {
        self.response.answer()
    }
}

/// What comes next of an answer.
pub enum Step<R: Gather> {
    Chunk(R::Chunk),
    Whole(Reply<R::Response>),
}

/// A call that runs.
pub struct Call<'r, R: Gather + Clone> {
    pool: Arc<Pool>,
    request: Cow<'r, R>,
    kind: KindInfo,
    body: Vec<u8>,
    /// Lowest revision that knows all of the request.
    since: u64,
    deadline: Until,
    active: Option<(Arc<Connection>, u64)>,
    attempts_made: u32,
    was_written: bool,
    /// A part of the answer has been handed out.
    pub was_seen: bool,
    size: u64,
    whole: R::Response,
}

impl<'r, R: Gather + Clone> Call<'r, R> {
    /// Makes the request; nothing is sent yet.
    pub fn new(
        pool: &Arc<Pool>,
        request: Cow<'r, R>,
        deadline_milliseconds: u32,
    ) -> Result<Self, Error> {
        let info = R::info();
        let mut record = request.to_record();
        let kind = kind_of::<R>();
        // The health of a server has no model that could be real.
        let is_server_wide =
            kind.number == KIND_HEALTH && record.fields.iter().all(|(id, _)| *id != 1);
        if !pool.options.allow_mock && !is_server_wide {
            record.demand_real(info);
        }
        let mut body = Vec::new();
        let since = encode(info, &record, &mut body).map_err(|error| {
            let words = format!("making {}: {} at \"{}\"", info.name, error.code, error.path);
            Error::new(Code::RequestInvalid, words).field(error.path)
        })?;
        let limit = Duration::from_millis(deadline_milliseconds.into());
        Ok(Call {
            pool: Arc::clone(pool),
            request,
            kind,
            body,
            since: since.max(kind.since),
            deadline: Some(limit).filter(|limit| !limit.is_zero()).map(|l| Instant::now() + l),
            active: None,
            attempts_made: 0,
            was_written: false,
            was_seen: false,
            size: 0,
            whole: R::Response::default(),
        })
    }

    /// Runs to the end; the chunks are in the whole answer only.
    pub fn run(mut self) -> Result<Reply<R::Response>, Error> {
        loop {
            if let Step::Whole(reply) = self.advance()? {
                return Ok(reply);
            }
        }
    }

    /// Sends the request, unless it is under way; tries again where that is safe.
    pub fn begin(&mut self) -> Result<(), Error> {
        while self.active.is_none() {
            if let Err(error) = self.start() {
                self.leave(error)?;
            }
        }
        Ok(())
    }

    /// The next part of the answer; tries again where that is safe.
    pub fn advance(&mut self) -> Result<Step<R>, Error> {
        loop {
            self.begin()?;
            match self.receive() {
                Ok(step) => return Ok(step),
                Err(error) => self.leave(error)?,
            }
        }
    }

    /// One attempt to send.
    fn start(&mut self) -> Result<(), Error> {
        self.attempts_made += 1;
        self.was_written = false;
        self.size = 0;
        self.whole = R::Response::default();
        let (connection, id) = self.pool.acquire(self.kind, self.deadline)?;
        self.active = Some((Arc::clone(&connection), id));
        let agreed = connection.agreed();
        if self.since > agreed.revision {
            let words = format!(
                "sending {}: it needs revision {} of the protocol, the server speaks {}",
                self.kind.name, self.since, agreed.revision
            );
            return Err(Error::new(Code::RevisionTooLow, words));
        }
        if self.body.len() as u64 > agreed.body_max {
            let words = format!(
                "sending {}: its body has {} bytes, the server accepts {}",
                self.kind.name,
                self.body.len(),
                agreed.body_max
            );
            return Err(Error::new(Code::RequestInvalid, words));
        }
        let compression = agreed.compression;
        let deadline = self.deadline.map_or(0, |until| {
            let left = until.saturating_duration_since(Instant::now());
            u32::try_from(left.as_millis() + 1).unwrap_or(u32::MAX)
        });
        let frame = request_frame(self.kind.number, id, deadline, &self.body, compression)?;
        connection.write(&frame, self.limit())?;
        self.was_written = true;
        Ok(())
    }

    /// When to stop waiting for the next frame.
    fn limit(&self) -> Until {
        let options = &self.pool.options;
        let grace = Duration::from_millis(options.grace_milliseconds.into());
        let silence = Duration::from_millis(options.answer_milliseconds.into());
        let silence = Some(silence).filter(|limit| !limit.is_zero());
        earlier(
            self.deadline.map(|until| until + grace),
            silence.map(|limit| Instant::now() + limit),
        )
    }

    fn receive(&mut self) -> Result<Step<R>, Error> {
        let (connection, id) = match &self.active {
            Some((connection, id)) => (connection, *id),
            None => return Err(Error::new(Code::ConnectionClosed, "reading: nothing was sent")),
        };
        let frame = connection.next_frame(id, self.limit())?;
        let header = frame.header;
        // A mock first and a failure second: nobody should act on a mock's words unawares.
        if header.provenance == Provenance::Mock && !self.pool.options.allow_mock {
            return Err(Error::mock(&format!("calling {}", self.kind.name)));
        }
        if header.status != 0 {
            let words = decode_message::<ErrorBody>(&frame.body)?;
            return Err(Error::refused(header.status, words, header.provenance));
        }
        self.size += frame.body.len() as u64;
        if self.size > self.pool.options.answer_size_max {
            let words = "the answer has more bytes than answer_size_max";
            return Err(Error::new(Code::GivenUp, format!("{}: {}", self.kind.name, words)));
        }
        if !header.is_last() {
            let chunk = decode_fitting::<R::Chunk>(&frame)?;
            self.request.add(&mut self.whole, &chunk)?;
            return Ok(Step::Chunk(chunk));
        }
        let last = decode_fitting::<R::Response>(&frame)?;
        let response = self.request.finish(std::mem::take(&mut self.whole), last)?;
        connection.remove(id);
        self.active = None;
        Ok(Step::Whole(reply(response, &header)))
    }

    /// Ends an attempt that failed; an error: there is no other.
    fn leave(&mut self, error: Error) -> Result<(), Error> {
        if let Some((connection, id)) = self.active.take() {
            if error.code == Code::ProtocolError {
                connection.fail(&error);
            }
            if self.was_written {
                connection.give_up(id);
            } else {
                connection.remove(id);
            }
        }
        let options = &self.pool.options;
        if self.attempts_made >= options.attempts || !self.may_retry(&error) {
            return Err(error);
        }
        let pause = match error.retry_after_milliseconds {
            Some(milliseconds) => Duration::from_millis(milliseconds),
            None => self.pool.backoff(self.attempts_made),
        };
        let until = Instant::now() + pause;
        if self.deadline.map_or(false, |deadline| until >= deadline) || !self.pool.pause(until) {
            return Err(error);
        }
        Ok(())
    }

    fn may_retry(&self, error: &Error) -> bool {
        let is_passing = matches!(
            error.status,
            Status::Unavailable | Status::ResourceExhausted | Status::Aborted
        );
        !self.was_seen
            && match error.code {
                Code::Unreachable => true,
                Code::ConnectionClosed => !self.was_written || self.kind.retry_safe,
                Code::ServerRefused => is_passing,
                _ => false,
            }
    }
}

impl<R: Gather + Clone> Drop for Call<'_, R> {
    fn drop(&mut self) {
        if let Some((connection, id)) = self.active.take() {
            connection.give_up(id);
        }
    }
}

fn reply<T>(response: T, header: &Header) -> Reply<T> {
    Reply {
        response,
        provenance: header.provenance,
        generation: header.generation,
        degraded: header.is_degraded(),
    }
}

/// Decodes a frame and compares its degraded flag with what it says.
fn decode_fitting<M: Message>(frame: &Frame) -> Result<M, Error> {
    let message: M = decode_message(&frame.body)?;
    let lists = message.answer().map_or(false, |answer| !answer.degradations.is_empty());
    if lists != frame.header.is_degraded() {
        let words = format!("reading {}: its degraded flag and its list disagree", M::info().name);
        return Err(Error::damage(words));
    }
    Ok(message)
}
