//! One call: attempts, frames, deadlines and pauses.
//!
//! Guarantees: nothing is sent again once a part of the answer has been handed out, and nothing
//! that may do harm twice when it may have arrived; a call that is dropped tells the server to
//! stop.
//! Not here: sockets (see `connection`), and what an answer must be (see `answers`).

use crate::answers::{admit, read_frame, Gather};
use crate::codec::{encode, Message};
use crate::connection::{earlier, Connection, Until};
use crate::errors::{error, AssayError, Result};
use crate::frames::request_frame;
use crate::pool::Pool;
use crate::protocol::{Answer, Code, Options, Provenance, Status, CONTEXT_SINCE};
use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest pause between two tries within `wait_milliseconds`.
const WAIT_PAUSE: Duration = Duration::from_millis(200);

/// A whole answer, whose fields can be read straight off it, and what its last frame said about it.
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

impl<T> Deref for Reply<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.response
    }
}

/// What comes next of an answer.
pub enum Step<R: Gather> {
    Chunk(R::Chunk),
    Whole(Reply<R::Response>),
}

/// A call that runs.
pub struct Exchange<'r, R: Gather> {
    pool: Arc<Pool>,
    request: Cow<'r, R>,
    body: Vec<u8>,
    /// Lowest revision that knows all of the request.
    since: u64,
    deadline: Until,
    /// The end of `wait_milliseconds`.
    wait_until: Instant,
    /// Attempts that failed, without the tries made while waiting.
    attempts_made: u64,
    waits_made: u64,
    /// The caller is given the chunks.
    hands_out: bool,
    attempt: Option<Attempt<R>>,
}

/// An attempt that is under way.
struct Attempt<R: Gather> {
    connection: Arc<Connection>,
    id: u64,
    was_written: bool,
    /// Frames that came, and the answer in the making.
    frames: u64,
    whole: R::Response,
}

impl<R: Gather> Drop for Attempt<R> {
    /// Tells the server to stop, unless the answer is whole.
    fn drop(&mut self) {
        if self.was_written {
            self.connection.give_up(self.id);
        } else {
            self.connection.remove(self.id);
        }
    }
}

/// The body of a request, which asks for a real model unless mocks are allowed, and may say which
/// attempt it is; and the lowest revision that knows all of it.
fn body_of<R: Gather>(
    request: &R,
    allow_mock: bool,
    attempt: Option<u64>,
) -> Result<(Vec<u8>, u64)> {
    let mut request = request.clone();
    if let (false, Some(requirements)) = (allow_mock, request.requirements()) {
        requirements.get_or_insert_with(Default::default).real = Some(true);
    }
    if let (Some(_), Some(context)) = (attempt, request.context()) {
        context.get_or_insert_with(Default::default).attempt = attempt;
    }
    encode(&mut request).map_err(|wrong| {
        let words = format!("{} at \"{}\"", wrong.code, wrong.path);
        error!(RequestInvalid, "making {}: {words}", request.title()).field(wrong.path)
    })
}

impl<'r, R: Gather> Exchange<'r, R> {
    /// Makes the request; nothing is sent yet.
    pub fn new(
        pool: &Arc<Pool>,
        request: Cow<'r, R>,
        deadline_milliseconds: u32,
        hands_out: bool,
    ) -> Result<Self> {
        let (body, since) = body_of(&*request, pool.options.allow_mock, None)?;
        let now = Instant::now();
        let limit = Duration::from_millis(deadline_milliseconds.into());
        Ok(Exchange {
            pool: Arc::clone(pool),
            request,
            body,
            since: since.max(R::KIND.since),
            deadline: Some(now + limit).filter(|_| !limit.is_zero()),
            wait_until: now + Duration::from_millis(pool.options.wait_milliseconds),
            attempts_made: 0,
            waits_made: 0,
            hands_out,
            attempt: None,
        })
    }

    /// Runs to the end.
    pub fn run(mut self, mut on_chunk: impl FnMut(R::Chunk)) -> Result<Reply<R::Response>> {
        loop {
            match self.advance()? {
                Step::Chunk(chunk) => on_chunk(chunk),
                Step::Whole(reply) => return Ok(reply),
            }
        }
    }

    /// Sends the request, unless it is under way; tries again where that is safe.
    pub fn begin(&mut self) -> Result<()> {
        while self.attempt.is_none() {
            if let Err(error) = self.send() {
                self.leave(error)?;
            }
        }
        Ok(())
    }

    /// The next part of the answer; tries again where that is safe.
    pub fn advance(&mut self) -> Result<Step<R>> {
        loop {
            self.begin()?;
            match self.receive() {
                Ok(step) => return Ok(step),
                Err(error) => self.leave(error)?,
            }
        }
    }

    /// Gives up the answer, when it is under way.
    pub fn give_up(&mut self) {
        self.attempt = None;
    }

    /// One attempt to send.
    fn send(&mut self) -> Result<()> {
        let name = R::KIND.name;
        let (connection, id) = self.pool.acquire(R::KIND, self.deadline)?;
        let agreed = connection.agreed();
        let whole = R::Response::default();
        let attempt = Attempt { connection, id, was_written: false, frames: 0, whole };
        let attempt = self.attempt.insert(attempt);
        if self.since > agreed.revision {
            let found = format!("the server speaks {}", agreed.revision);
            let needed = format!("it needs revision {} of the protocol", self.since);
            return Err(error!(RevisionTooLow, "sending {name}: {needed}, {found}"));
        }
        let mut body = Cow::Borrowed(&self.body);
        if self.attempts_made > 0 && agreed.revision >= CONTEXT_SINCE {
            let attempt = Some(self.attempts_made + 1);
            body = Cow::Owned(body_of(&*self.request, self.pool.options.allow_mock, attempt)?.0);
        }
        if body.len() as u64 > agreed.body_size_max {
            let allowed = format!("the server accepts {}", agreed.body_size_max);
            let found = format!("its body has {} bytes", body.len());
            return Err(error!(RequestInvalid, "sending {name}: {found}, {allowed}"));
        }
        let deadline = self.deadline.map_or(0, |until| {
            let left = until.saturating_duration_since(Instant::now());
            u32::try_from(left.as_millis() + 1).unwrap_or(u32::MAX)
        });
        let frame = request_frame(R::KIND.number, id, deadline, &body, agreed.compression)?;
        attempt.connection.write(&frame, limit(&self.pool.options, self.deadline))?;
        attempt.was_written = true;
        Ok(())
    }

    fn receive(&mut self) -> Result<Step<R>> {
        let options = &self.pool.options;
        let attempt = match &mut self.attempt {
            Some(attempt) => attempt,
            None => return Err(error!(ConnectionClosed, "reading: nothing was sent")),
        };
        let frame = attempt.connection.next_frame(attempt.id, limit(options, self.deadline))?;
        admit(&frame, R::KIND.name, options.allow_mock)?;
        let before = attempt.frames;
        attempt.frames += 1;
        if !frame.is_last() {
            let chunk = read_frame(&frame, before)?;
            self.request.add(&mut attempt.whole, &chunk)?;
            return Ok(Step::Chunk(chunk));
        }
        let mut response = read_frame(&frame, before)?;
        self.request.finish(std::mem::take(&mut attempt.whole), &mut response)?;
        self.attempt = None;
        Ok(Step::Whole(Reply {
            response,
            provenance: frame.provenance,
            generation: frame.header.generation,
            degraded: frame.is_degraded(),
        }))
    }

    /// Ends an attempt that failed; an error: there is no other.
    fn leave(&mut self, error: AssayError) -> Result<()> {
        let attempt = self.attempt.take();
        let was_written = attempt.as_ref().map_or(false, |attempt| attempt.was_written);
        let had_frames = attempt.as_ref().map_or(false, |attempt| attempt.frames > 0);
        if let (Some(attempt), Code::ProtocolError) = (&attempt, error.code) {
            attempt.connection.fail(&error);
        }
        drop(attempt);
        match self.next_try(&error, was_written, had_frames && self.hands_out) {
            Some(until) if self.deadline.map_or(true, |deadline| until < deadline) => {
                self.pool.pause(until)
            }
            _ => Err(error),
        }
    }

    /// The time of the next try; `None`: there is none after this error.
    fn next_try(&mut self, error: &AssayError, was_written: bool, was_seen: bool) -> Until {
        let now = Instant::now();
        let asked = error.retry_after_milliseconds.map(Duration::from_millis);
        let is_loading = error.code == Code::ServerRefused
            && error.server_code.as_deref() == Some("model_loading");
        let may_wait = is_loading || error.code == Code::Unreachable;
        if may_wait && !was_seen && now < self.wait_until {
            let left = self.wait_until - now;
            let pause = match is_loading {
                true => asked.unwrap_or(WAIT_PAUSE),
                false => self.pool.backoff(self.waits_made + 1).min(WAIT_PAUSE).min(left),
            };
            if !is_loading || pause <= left {
                self.waits_made += 1;
                return Some(now + pause.max(Duration::from_millis(1)));
            }
        }
        self.attempts_made += 1;
        let may_retry = match error.code {
            Code::Unreachable => true,
            Code::ConnectionClosed => !was_written || R::KIND.retry_safe,
            Code::ServerRefused => matches!(
                error.status,
                Status::Unavailable | Status::ResourceExhausted | Status::Aborted
            ),
            _ => false,
        };
        if !may_retry || was_seen || self.attempts_made >= self.pool.options.attempts {
            return None;
        }
        Some(now + asked.unwrap_or_else(|| self.pool.backoff(self.attempts_made)))
    }
}

/// When to stop waiting for the next frame.
fn limit(options: &Options, deadline: Until) -> Until {
    let grace = Duration::from_millis(options.grace_milliseconds);
    let silence = Duration::from_millis(options.answer_milliseconds);
    let silence = Some(silence).filter(|silence| !silence.is_zero());
    earlier(deadline.map(|until| until + grace), silence.map(|limit| Instant::now() + limit))
}
