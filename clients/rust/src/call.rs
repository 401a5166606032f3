//! One call: attempts, frames, and the answer put together.
//!
//! Guarantees: a mock's frame is never handed out unless mocks are allowed; nothing is sent again
//! once a part of the answer has been handed out, and nothing that may do harm twice when it may
//! have arrived; a call that is dropped tells the server to stop.
//! Not here: sockets, which connection.

use crate::codec::{encode, Message, Record, Value};
use crate::connection::{decode_message, decode_record, Connection, KindInfo};
use crate::error::{Code, Error, Provenance};
use crate::frame::{request_frame, Frame, Header};
use crate::gather::Gather;
use crate::pool::{kind_of, Pool};
use crate::protocol::{Answer, ErrorBody, Status, KIND_HEALTH};
use crate::waiting::{earlier, Until};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest pause between two tries within `wait_milliseconds`.
const WAIT_PAUSE: Duration = Duration::from_millis(200);

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
    /// The end of `wait_milliseconds`.
    wait_until: Instant,
    active: Option<(Arc<Connection>, u64)>,
    /// Attempts that failed, without the tries made while waiting.
    attempts_made: u32,
    waits_made: u32,
    /// Frames of the answer that came.
    frames: u64,
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
        let wait = Duration::from_millis(pool.options.wait_milliseconds.into());
        let now = Instant::now();
        Ok(Call {
            pool: Arc::clone(pool),
            request,
            kind,
            body,
            since: since.max(kind.since),
            deadline: Some(limit).filter(|limit| !limit.is_zero()).map(|limit| now + limit),
            wait_until: now + wait,
            active: None,
            attempts_made: 0,
            waits_made: 0,
            frames: 0,
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
        self.was_written = false;
        self.frames = 0;
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
        let number = self.frames;
        self.frames += 1;
        if !header.is_last() {
            let chunk = decode_fitting::<R::Chunk>(&frame, number)?;
            self.request.add(&mut self.whole, &chunk)?;
            return Ok(Step::Chunk(chunk));
        }
        let last = decode_fitting::<R::Response>(&frame, number)?;
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
        let until = match self.next_waiting_try(&error) {
            Some(until) => until,
            None => {
                self.attempts_made += 1;
                if self.attempts_made >= self.pool.options.attempts || !self.may_retry(&error) {
                    return Err(error);
                }
                Instant::now()
                    + match error.retry_after_milliseconds {
                        Some(milliseconds) => Duration::from_millis(milliseconds),
                        None => self.pool.backoff(self.attempts_made),
                    }
            }
        };
        if self.deadline.map_or(false, |deadline| until >= deadline) {
            return Err(error);
        }
        self.pool.pause(until)
    }

    /// The time of the next try within `wait_milliseconds`. `None`: the call does not wait after
    /// this error, or the time is up.
    fn next_waiting_try(&mut self, error: &Error) -> Until {
        let now = Instant::now();
        let is_loading = error.code == Code::ServerRefused
            && error.server_code.as_deref() == Some("model_loading")
            && !self.was_seen;
        if now >= self.wait_until || (error.code != Code::Unreachable && !is_loading) {
            return None;
        }
        let pause = match error.retry_after_milliseconds {
            Some(milliseconds) if is_loading => Duration::from_millis(milliseconds),
            _ if is_loading => WAIT_PAUSE,
            _ => self.pool.backoff(self.waits_made + 1).min(WAIT_PAUSE).min(self.wait_until - now),
        };
        let until = now + pause.max(Duration::from_millis(1));
        if is_loading && until > self.wait_until {
            return None;
        }
        self.waits_made += 1;
        Some(until)
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

/// The number in its answer that a frame says.
fn frame_number<M: Message>(record: &Record) -> Option<u64> {
    let id = M::info().fields.iter().find(|field| field.name == "frame")?.id;
    match record.fields.iter().rev().find(|(other, _)| *other == id) {
        Some((_, Value::U64(number))) => Some(*number),
        _ => None,
    }
}

/// Decodes the frame that comes after `before` frames of the same answer. Its number must be that,
/// and its degraded flag must agree with its list.
fn decode_fitting<M: Message>(frame: &Frame, before: u64) -> Result<M, Error> {
    let record = decode_record::<M>(&frame.body)?;
    match frame_number::<M>(&record) {
        Some(number) if number != before => {
            let name = M::info().name;
            let words = "of the answer, allowed: the one after";
            let found =
                format!("reading {}: found frame {} {} {} others", name, number, words, before);
            return Err(Error::damage(found));
        }
        _ => {}
    }
    let message = M::from_record(record);
    let lists = message.answer().map_or(false, |answer| !answer.degradations.is_empty());
    if lists != frame.header.is_degraded() {
        let words = format!("reading {}: its degraded flag and its list disagree", M::info().name);
        return Err(Error::damage(words));
    }
    Ok(message)
}
