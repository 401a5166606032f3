//! One call: attempts, frames, deadlines and pauses.
//!
//! Guarantees: a request is not sent again after a part of the answer was handed out. A request
//! that may do harm twice is not sent again when the first copy may have arrived. A request that
//! crossed a GoAway idle did not arrive, and is sent again, the first time without an attempt. A
//! call that is closed or dropped early is given up: the server is told to stop, and the connection
//! lives on.
//! Not here: sockets (see `connection`) and the rules for answers (see `answers`).

use crate::answers::{body_of, merge, read_frame, Gather};
use crate::codec::Encoded;
use crate::connection::Connection;
use crate::errors::{error, AssayError, Result};
use crate::frames::request_frame;
use crate::pool::Pool;
use crate::protocol::{Code, GenerateRequest, Provenance, Status, CONTEXT_SINCE};
use std::mem::{replace, take};
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than any deadline.
const NEVER: Duration = Duration::from_secs(1 << 28);
/// Longest pause between two tries within `wait_milliseconds`.
const WAIT_PAUSE: Duration = Duration::from_millis(200);

/// A whole answer, with facts from its last frame. The response's fields can be read directly from
/// the reply.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply<T> {
    /// The answer, with the content of all chunks.
    pub response: T,
    /// Real or mock. Mock only when the client allows mocks.
    pub provenance: Provenance,
    /// Generation of the answering model, 0 for none.
    pub generation: u32,
    /// True when the answer is degraded. The response's `answer.degradations` has the details.
    pub degraded: bool,
}

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.response
    }
}

/// The chunks of an answer. Ends after the last chunk or after an error. Then
/// [`result`](Exchange::result) has the whole answer.
pub type GenerateStream = Exchange<GenerateRequest>;

/// A running call and its answer in parts.
pub struct Exchange<R: Gather> {
    pool: Arc<Pool>,
    request: R,
    encoded: Encoded,
    /// 0 for none.
    deadline_milliseconds: u32,
    deadline: Instant,
    /// End of `wait_milliseconds`.
    wait_until: Instant,
    /// Failed attempts, without the tries within `wait_milliseconds`.
    attempts_made: u64,
    waits_made: u64,
    /// True when an idle connection has ended under the request, which was no attempt.
    has_moved: bool,
    /// True when the caller receives the chunks.
    hands_out: bool,
    attempt: Option<Attempt<R>>,
    end: Option<Result<Reply<R::Response>>>,
}

/// A running attempt.
struct Attempt<R: Gather> {
    connection: Arc<Connection>,
    id: u64,
    was_written: bool,
    /// Number of frames received. `whole` is the answer so far.
    frames: u64,
    whole: R::Response,
}

impl<R: Gather> Drop for Attempt<R> {
    fn drop(&mut self) {
        let _ = self.connection.end(self.id, self.was_written); // Cancel may fail
    }
}

impl<R: Gather> Exchange<R> {
    /// Makes the call without sending the request, which demands a real model unless mocks are
    /// allowed. With `hands_out`, chunks from `next` reach the caller, so the request is not sent
    /// again after the first chunk.
    pub(crate) fn new(
        pool: &Arc<Pool>, request: &R, deadline_milliseconds: u32, hands_out: bool,
    ) -> Result<Self> {
        let mut request = request.clone();
        if let (false, Some(requirements)) = (pool.options.allow_mock, request.requirements()) {
            requirements.get_or_insert_with(Default::default).real = Some(true);
        }
        let now = Instant::now();
        let limit = Duration::from_millis(deadline_milliseconds.into());
        let limit = if limit.is_zero() { NEVER } else { limit };
        Ok(Exchange {
            pool: Arc::clone(pool),
            encoded: body_of(&mut request)?,
            request,
            deadline_milliseconds,
            deadline: now + limit,
            wait_until: now + Duration::from_millis(pool.options.wait_milliseconds),
            attempts_made: 0,
            waits_made: 0,
            has_moved: false,
            hands_out,
            attempt: None,
            end: None,
        })
    }

    /// Reads the rest of the answer and returns all of it: tokens, text and log-probabilities,
    /// chunks included. Fails with the error that ended the answer.
    pub fn result(mut self) -> Result<Reply<R::Response>> {
        loop {
            match self.end.take() {
                Some(end) => return end,
                None => drop(self.next()),
            }
        }
    }

    /// Gives up the rest of the answer. May be repeated, and does nothing after the end.
    pub fn close(&mut self) {
        if self.end.is_none() {
            self.attempt = None;
            let name = R::KIND.name;
            self.end = Some(Err(error!(GivenUp, "calling {name}: the caller closed the stream")));
        }
    }

    /// Runs `step`, and again after a pause as long as it fails and a retry is safe.
    pub(crate) fn retry<T>(&mut self, step: impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        loop {
            match step(self) {
                Err(error) => self.leave(error)?,
                done => return done,
            }
        }
    }

    /// Makes one attempt to send, unless an attempt is under way.
    pub(crate) fn send(&mut self) -> Result<()> {
        if self.attempt.is_some() {
            return Ok(());
        }
        let name = R::KIND.name;
        let (connection, (id, agreed)) = loop {
            let connection = self.pool.choose()?;
            if let Some(place) = connection.register(R::KIND, self.deadline)? {
                break (connection, place);
            }
        };
        let (limit, whole) = (self.limit(), R::Response::default());
        let attempt = Attempt { connection, id, was_written: false, frames: 0, whole };
        let attempt = self.attempt.insert(attempt);
        let since = self.encoded.since.max(R::KIND.since);
        if since > agreed.revision {
            let found = format!("the server speaks revision {}", agreed.revision);
            return Err(error!(RevisionTooLow, "sending {name}: it needs {since}, {found}"));
        }
        let mut marked = None;
        let has_number = self.attempts_made > 0 && agreed.revision >= CONTEXT_SINCE;
        if let (true, Some(context)) = (has_number, self.request.context()) {
            context.get_or_insert_with(Default::default).attempt = Some(self.attempts_made + 1);
            marked = Some(body_of(&mut self.request)?);
        }
        let body = &marked.as_ref().unwrap_or(&self.encoded).body;
        if body.len() as u64 > agreed.body_size_max {
            let (found, allowed) = (body.len(), agreed.body_size_max);
            let words = format!("its body has {found} bytes, the server accepts {allowed}");
            return Err(error!(RequestInvalid, "sending {name}: {words}"));
        }
        let left = self.deadline.saturating_duration_since(Instant::now()).as_millis() as u64;
        let deadline = self.deadline_milliseconds.min(u32::try_from(left + 1).unwrap_or(u32::MAX));
        let frame = request_frame(R::KIND.number, id, deadline, body, agreed.compression)?;
        attempt.connection.write(R::KIND, &frame, limit)?;
        attempt.was_written = true;
        Ok(())
    }

    /// Receives one frame. Returns the chunk, or `None` for the last frame.
    fn receive(&mut self) -> Result<Option<R::Chunk>> {
        let (limit, allow_mock) = (self.limit(), self.pool.options.allow_mock);
        let unsent = || error!(ConnectionClosed, "reading: nothing was sent");
        let attempt = self.attempt.as_mut().ok_or_else(unsent)?;
        let before = attempt.frames;
        let frame = attempt.connection.next_frame(R::KIND, attempt.id, limit)?;
        let (mut chunk, mut piece) = (None, R::Response::default());
        if frame.header.is_more() {
            merge(&mut piece, chunk.insert(read_frame::<R::Chunk>(&frame, before, allow_mock)?));
        } else {
            piece = read_frame(&frame, before, allow_mock)?;
        }
        attempt.frames += 1;
        self.request.check_piece(&attempt.whole, &mut piece)?;
        merge(&mut attempt.whole, &mut piece);
        if chunk.is_some() {
            return Ok(chunk);
        }
        let mut response = take(&mut attempt.whole);
        self.request.check_whole(&mut response)?;
        self.attempt = None;
        self.end = Some(Ok(Reply {
            response,
            provenance: frame.provenance,
            generation: frame.header.generation,
            degraded: frame.header.is_degraded(),
        }));
        Ok(None)
    }

    /// Time to stop waiting for the next frame.
    fn limit(&self) -> Instant {
        let end = self.deadline + Duration::from_millis(self.pool.options.grace_milliseconds);
        match self.pool.options.answer_milliseconds {
            0 => end,
            silence => end.min(Instant::now() + Duration::from_millis(silence)),
        }
    }

    /// Ends the failed attempt and pauses before the next. Returns the error when no attempt may
    /// follow.
    fn leave(&mut self, error: AssayError) -> Result<()> {
        let attempt = self.attempt.take();
        let was_answered = attempt.as_ref().map_or(false, |attempt| attempt.frames > 0);
        let is_unread = error.code == Code::ConnectionClosed
            && !was_answered
            && attempt.as_ref().map_or(false, |attempt| attempt.connection.is_forsaken());
        if is_unread && !replace(&mut self.has_moved, true) {
            return self.pool.pause(Instant::now());
        }
        let was_written = attempt.as_ref().map_or(false, |attempt| attempt.was_written);
        if let Some(attempt) = attempt.filter(|_| error.code == Code::ProtocolError) {
            attempt.connection.fail(&error);
        }
        let was_seen = was_answered && self.hands_out;
        match self.next_try(&error, was_written && !is_unread).filter(|_| !was_seen) {
            Some(until) if until < self.deadline => self.pool.pause(until),
            _ => Err(error),
        }
    }

    /// Time of the next try. `None` when no try may follow the error.
    fn next_try(&mut self, error: &AssayError, was_written: bool) -> Option<Instant> {
        let now = Instant::now();
        let asked = error.retry_after_milliseconds.map(Duration::from_millis);
        let is_loading = error.code == Code::ServerRefused
            && error.server_code.as_deref() == Some("model_loading");
        let left = self.wait_until.saturating_duration_since(now);
        if !left.is_zero() && (is_loading || error.code == Code::Unreachable) {
            let pause = match is_loading {
                true => asked.unwrap_or(WAIT_PAUSE),
                false => self.pool.backoff(self.waits_made + 1).min(WAIT_PAUSE).min(left),
            };
            if pause <= left {
                self.waits_made += 1;
                return Some(now + pause.max(Duration::from_millis(1)));
            }
        }
        self.attempts_made += 1;
        let passing = [Status::Unavailable, Status::ResourceExhausted, Status::Aborted];
        let may_retry = match error.code {
            Code::Unreachable => true,
            Code::ConnectionClosed => !was_written || R::KIND.retry_safe,
            Code::ServerRefused => passing.contains(&error.status),
            _ => false,
        };
        let pause = asked.unwrap_or_else(|| self.pool.backoff(self.attempts_made));
        (may_retry && self.attempts_made < self.pool.options.attempts).then(|| now + pause)
    }
}

impl<R: Gather> Iterator for Exchange<R> {
    type Item = Result<R::Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.end.is_some() {
            return None;
        }
        let chunk = self.retry(|call| call.send().and_then(|()| call.receive()));
        if let Err(error) = &chunk {
            self.end = Some(Err(error.clone()));
        }
        chunk.transpose()
    }
}
