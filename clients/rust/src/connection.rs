//! One connection: opening, reading, writing and waiting.
//!
//! The connection opens on its own thread. Later, a thread that waits for an answer reads the
//! socket itself: the thread leads. The leader files the frames of other requests and wakes their
//! threads. When the leader has its own frame, it wakes another waiting thread, which leads next. A
//! frame passes between threads at most once.
//!
//! Guarantees: a frame is kept only when it answers a request in flight, has the kind of the
//! request, and has the provenance and generation of the answer's earlier frames. Load and Swap
//! are exempt from the last rule: their progress comes before their model. Any other frame ends the
//! connection. When an answer was given up or is larger than allowed, its frames are dropped up to
//! and including the last frame. A forked child does not touch a connection of the parent: calls on
//! the connection fail, and dropping it closes the child's copy of the socket without a shutdown. A
//! thread that panics while opening, reading, writing or holding the lock ends the connection.
//! Not here: retries, the pool. One file, since all of it is about the one lock.

use crate::answers::{body_of, read_body, read_frame, refuse};
use crate::codec::Request;
use crate::errors::{ensure, error, AssayError, Result};
use crate::frames::{request_frame, Frame, FrameReader};
use crate::protocol::*;
use crate::socket::{Address, Socket};
use crate::system::start_thread;
use std::collections::{BTreeMap, VecDeque};
use std::io::{Error, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const READ_SIZE: usize = 64 << 10;
/// Silence after which a time-out ends the connection.
const SILENCE: Duration = Duration::from_secs(10);
/// Age of the last byte below which a retry-safe request skips the read before sending.
const FRESHNESS: Duration = Duration::from_micros(100);
/// Time to write a Cancel.
const CANCEL_LIMIT: Duration = Duration::from_secs(1);
/// Interval at which a waiting caller checks for a free place, since a place can come free without
/// a frame.
const PLACE_STEP: Duration = Duration::from_millis(100);
/// Id of waiters for a place in flight. Waiters for frames use the id of their request.
const PLACE: u64 = 0;
/// Id of waiters for the turn to write.
const TURN: u64 = u64::MAX;

/// A request in flight.
struct Pending {
    kind: &'static Kind,
    /// Frames not yet taken by the caller. `None` once the answer was given up.
    frames: Option<VecDeque<Result<Frame>>>,
    /// Bytes of all bodies received.
    size: u64,
    first: Option<(Provenance, u32)>,
    is_complete: bool,
}

/// The state under the lock.
#[derive(Default)]
struct State {
    /// Present while the connection is up.
    socket: Option<Arc<Socket>>,
    /// Answer to Hello, once received.
    agreed: Option<Arc<HelloResponse>>,
    failure: Option<AssayError>,
    /// Taken out while a thread leads.
    reading: Option<Reading>,
    /// Taken out while a thread writes.
    writer: Option<Arc<Socket>>,
    is_draining: bool,
    /// True when the server found the connection idle, and read none of the requests in flight.
    is_forsaken: bool,
    requests: BTreeMap<u64, Pending>,
    last_id: u64,
    last_byte_at: Option<Instant>,
    /// Waiting threads, each with a request id, `PLACE` or `TURN`.
    waiters: Vec<(u64, Arc<Condvar>)>,
}

type Locked<'a> = MutexGuard<'a, State>;

impl State {
    fn wake(&self, id: u64) {
        self.waiters.iter().filter(|(of, _)| *of == id).for_each(|(_, wake)| wake.notify_one());
    }

    /// Wakes another waiter to lead. Called by each thread that stops waiting.
    fn hand_over(&self) {
        match self.waiters.iter().rev().find(|waiter| waiter.0 != PLACE && waiter.0 != TURN) {
            _ if self.reading.is_none() => {}
            Some((_, wake)) => wake.notify_one(),
            None => self.wake(PLACE),
        }
    }

    /// Records the first error, wakes all waiters, and shuts the socket down, which also ends
    /// running reads and writes.
    fn fail(&mut self, error: &AssayError) {
        if self.failure.is_none() {
            self.failure = Some(error.clone());
            self.waiters.iter().for_each(|(_, wake)| wake.notify_one());
        }
        if let Some(socket) = self.socket.take() {
            let _ = socket.shutdown(Shutdown::Both); // the socket may be closed already
        }
    }

    fn add(&mut self, kind: &'static Kind, is_wanted: bool) -> u64 {
        self.last_id += 1;
        let frames = is_wanted.then(VecDeque::new);
        let pending = Pending { kind, frames, size: 0, first: None, is_complete: false };
        self.requests.insert(self.last_id, pending);
        self.last_id
    }

    /// True when the connection has room for another request. Abandoned requests count, Cancel does
    /// not.
    fn has_place(&self, agreed: &HelloResponse) -> bool {
        let counts = |each: &&Pending| !each.is_complete && each.kind.number != KIND_CANCEL;
        let in_flight = self.requests.values().filter(counts).count();
        (in_flight as u64) < agreed.requests_in_flight_max
    }
}

/// Reading side, for the leader alone.
struct Reading {
    socket: Arc<Socket>,
    frames: FrameReader,
    buffer: Vec<u8>,
}

impl Reading {
    /// Reads once, or only the bytes already there when the time is up. Appends the frames
    /// completed by the bytes, and returns true when bytes arrived.
    fn read(&mut self, until: Instant, frames: &mut Vec<Frame>) -> Result<bool> {
        let left = until.saturating_duration_since(Instant::now());
        let prepared = match left.is_zero() {
            true => self.socket.set_nonblocking(true),
            false => self.socket.set_read_timeout(Some(left)),
        };
        let result = prepared.and_then(|()| (&*self.socket).read(&mut self.buffer));
        if left.is_zero() {
            let _ = self.socket.set_nonblocking(false); // fails only with the connection
        }
        match result {
            Ok(0) => Err(error!(ConnectionClosed, "reading: the server closed the connection")),
            Ok(count) => self.frames.take(&self.buffer[..count], frames).map(|()| true),
            Err(error) if is_passing(&error) => Ok(false),
            Err(error) => Err(error!(ConnectionClosed, "reading: {error}").because(error)),
        }
    }
}

/// A connection, shared by the pool and the calls on the connection.
pub struct Connection {
    /// Process that made the connection.
    process: u32,
    address: Address,
    options: Options,
    /// Deadline of connecting.
    connect_until: Instant,
    state: Mutex<State>,
}

fn panicked() -> AssayError {
    error!(ConnectionClosed, "calling: a thread panicked within the connection")
}

impl Connection {
    /// Makes a connection without opening it.
    pub fn new(address: &Address, options: &Options) -> Self {
        Connection {
            process: std::process::id(),
            address: address.clone(),
            options: options.clone(),
            connect_until: Instant::now() + Duration::from_millis(options.connect_milliseconds),
            state: Mutex::default(),
        }
    }

    /// Locks the state. A panic of an earlier holder may have left the state half changed, so the
    /// connection fails then.
    fn state(&self) -> Locked<'_> {
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            state.fail(&panicked());
            state
        })
    }

    /// Locks the state, or fails in a forked child: the connection belongs to the parent.
    fn own_state(&self) -> Result<Locked<'_>> {
        let whose = "this is a child of the process that asked";
        let is_own = self.process == std::process::id();
        is_own.then(|| self.state()).ok_or_else(|| error!(ConnectionClosed, "reading: {whose}"))
    }

    /// True when the connection takes requests, or will once open.
    pub fn is_usable(&self) -> bool {
        let state = self.state();
        state.failure.is_none() && !state.is_draining
    }

    /// True when the server ended the connection without reading the requests in flight.
    pub fn is_forsaken(&self) -> bool {
        self.own_state().map_or(false, |state| state.is_forsaken)
    }

    /// Ends the connection. All requests in flight fail with `error`.
    pub fn fail(&self, error: &AssayError) {
        self.state().fail(error);
    }

    /// Ends the connection with `error` and drops the frames not yet handed out.
    pub fn close(&self, error: &AssayError) {
        let mut state = self.state();
        state.requests.values_mut().for_each(|pending| pending.frames = None);
        state.fail(error);
    }

    /// Runs the work of opening, reading or writing. A panic ends the connection, since the
    /// position in the byte stream is unknown.
    fn in_role<T>(&self, work: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            self.fail(&panicked());
            resume_unwind(panic)
        })
    }

    // ------------------------------------------------------------ opening

    /// Begins to connect on a new thread. The standard library has no limit for a name look-up, nor
    /// for connecting to a Unix socket whose server has a full queue. The thread is left behind
    /// when no call waits for it any more.
    pub fn begin(self: &Arc<Self>) {
        let connection = Arc::clone(self);
        let started = start_thread(move || {
            let opened = connection.in_role(|| connection.open());
            opened.unwrap_or_else(|error| connection.fail(&error));
        });
        started.unwrap_or_else(|error| self.fail(&self.address.unreachable(&error)));
    }

    /// Connects and says Hello, each within `connect_milliseconds`.
    fn open(&self) -> Result<()> {
        let (kind, options) = (HelloRequest::KIND, &self.options);
        let socket = Arc::new(self.address.connect(self.connect_until)?);
        let body_max = FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE;
        let frames = FrameReader { body_max, ..FrameReader::default() };
        let buffer = vec![0; READ_SIZE];
        let mut state = self.state();
        state.failure.clone().map_or(Ok(()), Err)?; // no call waits any more
        state.reading = Some(Reading { socket: Arc::clone(&socket), frames, buffer });
        state.writer = Some(Arc::clone(&socket));
        state.socket = Some(socket);
        let id = state.add(kind, true);
        drop(state);
        let until = Instant::now() + Duration::from_millis(options.connect_milliseconds);
        let request = body_of(&mut HelloRequest {
            client: options.name.clone(),
            token: options.token.clone(),
            tenant: options.tenant.clone(),
            revision: REVISION,
            compression: Some(true).filter(|_| options.compression),
            body_size_max: Some(options.body_size_max).filter(|size| *size != BODY_SIZE_MAX as u64),
        })?;
        self.write(kind, &request_frame(kind.number, id, 0, &request.body, false)?, until)?;
        let frame = self.next_frame(kind, id, until)?;
        ensure!(frame.provenance == Provenance::Real, "the answer to Hello: a mock's");
        let hello: HelloResponse = read_frame(&frame, 0, false)?;
        let is_offered = hello.revision <= REVISION && (options.compression || !hello.compression);
        ensure!(is_offered, "the answer to Hello: it agrees to what was not offered");
        let mut state = self.state();
        if let Some(Reading { frames, .. }) = &mut state.reading {
            frames.body_max = options.body_size_max as usize;
            frames.may_compress = hello.compression;
        }
        state.requests.remove(&id);
        state.agreed = Some(Arc::new(hello));
        state.wake(PLACE);
        Ok(())
    }

    // ------------------------------------------------------------ waiting

    /// Waits for a frame, a place or the turn to write, until `ready` returns a value. Meanwhile
    /// leads when no other thread does.
    fn wait_for<'a, T>(
        &'a self, mut state: Locked<'a>, kind: &Kind, id: u64, until: Instant,
        mut ready: impl FnMut(&mut State) -> Option<T>,
    ) -> Result<T> {
        let is_answer = id != PLACE && id != TURN;
        let result = loop {
            if let Some(found) = ready(&mut state) {
                break Ok(found);
            }
            if let Some(error) = &state.failure {
                break Err(error.clone());
            }
            let now = Instant::now();
            if now >= until {
                let what = if is_answer { "for the answer to" } else { "to send" };
                let error = error!(TimedOut, "waiting {what} {}: the time is up", kind.name);
                if is_answer && state.last_byte_at.map_or(true, |at| now >= at + SILENCE) {
                    state.fail(&error);
                }
                break Err(error);
            }
            let is_connecting = state.socket.is_none();
            if is_connecting && now >= self.connect_until {
                state.fail(&self.address.unreachable(&"the time is up"));
            }
            let soon = if is_connecting { self.connect_until } else { now + PLACE_STEP };
            let limit = if id == PLACE { until.min(soon) } else { until };
            let may_lead = is_answer || (id == PLACE && state.agreed.is_some());
            if may_lead && state.reading.is_some() {
                state = self.lead(state, limit);
                continue;
            }
            let wake = Arc::new(Condvar::new());
            state.waiters.push((id, Arc::clone(&wake)));
            let woken = wake.wait_timeout(state, limit.saturating_duration_since(now));
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
            state.waiters.retain(|(_, other)| !Arc::ptr_eq(other, &wake));
        };
        state.hand_over();
        result
    }

    /// Waits for the connection to open and for a place in flight. Returns the request id and the
    /// answer to Hello. Reads the bytes already there first. `None` when the connection takes no
    /// more requests. Fails when opening failed or did not end in time.
    pub fn register(
        &self, kind: &'static Kind, until: Instant,
    ) -> Result<Option<(u64, Arc<HelloResponse>)>> {
        let mut state = self.state();
        let is_new = |at: Instant| kind.retry_safe && at.elapsed() < FRESHNESS;
        if state.agreed.is_some() && !state.last_byte_at.map_or(false, is_new) {
            state = self.lead(state, Instant::now()); // notices a closed connection
        }
        self.wait_for(state, kind, PLACE, until, |state| match state.agreed.clone() {
            Some(_) if state.failure.is_some() || state.is_draining => Some(None),
            Some(agreed) if state.has_place(&agreed) => Some(Some((state.add(kind, true), agreed))),
            _ => None,
        })
    }

    /// Returns the next frame of a request. Frames received before a failure come first.
    pub fn next_frame(&self, kind: &Kind, id: u64, until: Instant) -> Result<Frame> {
        let state = self.own_state()?;
        self.wait_for(state, kind, id, until, |state| {
            state.requests.get_mut(&id)?.frames.as_mut()?.pop_front()
        })?
    }

    // ------------------------------------------------------------ reading

    /// Reads the socket once for all requests, unless another thread reads.
    fn lead<'a>(&'a self, mut state: Locked<'a>, until: Instant) -> Locked<'a> {
        if let Some(mut reading) = state.reading.take() {
            drop(state);
            let mut frames = Vec::new();
            let came = self.in_role(|| reading.read(until, &mut frames));
            state = self.state();
            state.reading = Some(reading);
            if let Ok(true) = came {
                state.last_byte_at = Some(Instant::now());
            }
            let filed = frames.into_iter().try_for_each(|frame| self.file(&mut state, frame));
            if let (Err(error), Some(reading)) = (filed.and(came), &state.reading) {
                let first = state.agreed.is_none().then_some(&reading.frames.rest[..]);
                let strange = first.and_then(|first| stranger(&self.address.url, first));
                state.fail(&strange.unwrap_or(error));
            }
        }
        state
    }

    /// Files one frame under its request.
    fn file(&self, state: &mut State, frame: Frame) -> Result<()> {
        let (header, is_last) = (frame.header, !frame.header.is_more());
        if header.kind == RESPONSE_BIT | KIND_GO_AWAY {
            return file_go_away(state, &frame);
        }
        let pending = state.requests.get_mut(&header.request_id);
        let unknown = || error!(ProtocolError, "reading: found an id not in flight");
        let pending = pending.filter(|pending| !pending.is_complete).ok_or_else(unknown)?;
        let (kind, name) = (pending.kind, pending.kind.name);
        let origin = (frame.provenance, header.generation);
        let is_same = *pending.first.get_or_insert(origin) == origin
            || matches!(kind.number, KIND_LOAD | KIND_SWAP);
        let is_kind = header.kind == RESPONSE_BIT | kind.number;
        ensure!(is_kind, "the answer to {name}: found another kind");
        ensure!(is_last || kind.streamed, "the answer to {name}: more frames than one");
        ensure!(is_same, "the answer to {name}: a provenance or generation that changed");
        pending.is_complete = is_last;
        let (size, max) = (pending.size + frame.body.len() as u64, self.options.answer_size_max);
        let before = std::mem::replace(&mut pending.size, size);
        match &mut pending.frames {
            None if is_last => drop(state.requests.remove(&header.request_id)),
            Some(frames) if size <= max => frames.push_back(Ok(frame)),
            Some(frames) if before <= max => {
                let words = format!("found {size} bytes, allowed: {max}, answer_size_max");
                frames.push_back(Err(error!(GivenUp, "reading the answer to {name}: {words}")));
            }
            _ => {}
        }
        state.wake(header.request_id);
        if is_last {
            state.wake(PLACE);
        }
        Ok(())
    }

    // ------------------------------------------------------------ writing

    /// Writes a request, with one system call where possible. An error means that the request was
    /// not sent whole, so the server cannot act on it. When the server accepts no bytes and no
    /// other thread reads, the writer reads in between, since the server may be waiting to write
    /// too.
    pub fn write(&self, kind: &Kind, frame: &[u8], until: Instant) -> Result<()> {
        let writer = self.wait_for(self.state(), kind, TURN, until, |state| state.writer.take())?;
        let mut rest = frame;
        let mut result = Ok(());
        while result.is_ok() && !rest.is_empty() {
            match self.in_role(|| (&*writer).write(rest)) {
                Ok(count) => rest = &rest[count..],
                Err(error) if is_passing(&error) && Instant::now() < until => {
                    self.lead(self.state(), Instant::now()).hand_over();
                }
                Err(error) => result = Err(error),
            }
        }
        let mut state = self.state();
        state.writer = Some(writer);
        state.wake(TURN);
        result.map_err(|error| {
            let late = "the server did not take it in time";
            let error = match is_passing(&error) {
                true => error!(TimedOut, "sending {}: {late}", kind.name),
                false => error!(ConnectionClosed, "sending {}: {error}", kind.name).because(error),
            };
            if error.code != Code::TimedOut || rest.len() < frame.len() {
                state.fail(&error); // no frame can follow half a frame
            }
            state.failure.clone().unwrap_or(error)
        })
    }

    /// Ends a request. When the request was written and its answer is not whole, the remaining
    /// frames are dropped and the server is asked to stop. Fails when Cancel could not be sent.
    pub fn end(&self, id: u64, was_written: bool) -> Result<()> {
        let mut state = self.own_state()?;
        let pending = state.requests.get_mut(&id);
        match pending.filter(|pending| was_written && !pending.is_complete) {
            Some(pending) => pending.frames = None,
            None => {
                state.requests.remove(&id);
                state.wake(PLACE);
                return Ok(());
            }
        }
        let (kind, limit) = (CancelRequest::KIND, Instant::now() + CANCEL_LIMIT);
        let cancel = state.add(kind, false);
        drop(state);
        let body = body_of(&mut CancelRequest { target: id })?.body;
        let sent = self.write(kind, &request_frame(kind.number, cancel, 0, &body, false)?, limit);
        if sent.is_err() {
            self.state().requests.remove(&cancel);
        }
        sent
    }
}

/// True for a time-out or a signal, after which the connection still works.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn file_go_away(state: &mut State, frame: &Frame) -> Result<()> {
    let is_plain = frame.provenance == Provenance::Real && frame.header.flags <= FLAG_COMPRESSED;
    ensure!(is_plain, "GoAway: found a provenance or flags that it cannot have");
    let is_unnamed = Status::from_number(frame.header.status) == Status::Unauthenticated;
    refuse(frame, if is_unnamed { Code::ServerRefused } else { Code::ProtocolError })?;
    let leaving: GoAway = read_body(&frame.body)?;
    if state.agreed.is_none() {
        return Err(error!(ConnectionClosed, "connecting: the server is draining"));
    }
    if leaving.reason == "idle" {
        let is_apt = state.requests.values().all(|each| each.is_complete || each.first.is_none());
        ensure!(is_apt, "GoAway: found reason idle in the middle of an answer");
        state.is_forsaken = true;
        return Err(error!(ConnectionClosed, "reading: the server found the connection idle"));
    }
    state.is_draining = true;
    state.wake(PLACE);
    Ok(())
}

impl Drop for Connection {
    /// Shuts the socket down, even where a forked child has a copy.
    fn drop(&mut self) {
        if let Ok(mut state) = self.own_state() {
            state.fail(&error!(ConnectionClosed, "calling: nobody uses the connection"));
        }
    }
}

#[cfg(test)]
#[path = "tests/connection.rs"]
mod tests;
