//! One connection: who reads, who writes, who waits.
//!
//! The thread that waits for an answer reads the socket itself (it leads), files the frames it
//! finds for others and wakes each; when it has its own it wakes one of those that still wait,
//! which leads from then on. A frame passes through one hand-over between threads at most.
//!
//! Guarantees: a frame is kept only when it answers a request in flight, with that request's kind
//! and with the provenance and generation of its earlier frames (Load excepted, whose progress
//! comes before its model); anything else ends the connection. Of an answer that was given up, or
//! that is larger than allowed, frames are dropped until its last one. In a forked child a
//! connection of the parent is not touched: its calls fail, and dropping it closes the child's copy
//! without shutting the connection down. A thread that panics while it reads, writes or holds the
//! lock ends the connection.
//! Not here: Hello, retries, the pool. In one file, since all of it is about one lock.

use crate::answers::read_body;
use crate::codec::{Kind, Request};
use crate::errors::{error, AssayError, Result};
use crate::frames::{request_frame, Frame, FrameReader};
use crate::protocol::{
    CancelRequest, Code, ErrorBody, GoAway, HelloResponse, Provenance, BODY_SIZE_MIN,
    FRAME_SIZE_MAX_BEFORE_HELLO, HEADER_SIZE, KIND_CANCEL, KIND_GO_AWAY, KIND_LOAD, RESPONSE_BIT,
};
use crate::socket::Socket;
use std::collections::{HashMap, VecDeque};
use std::io::{Error, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const READ_SIZE: usize = 64 << 10;
/// Silence after which a time-out ends the connection.
const SILENCE: Duration = Duration::from_secs(10);
/// Time to write a Cancel.
const CANCEL_LIMIT: Duration = Duration::from_secs(1);
/// A write that waits looks up after this, and whether there is something to read.
const WRITE_STEP: Duration = Duration::from_millis(20);

/// The end of a wait; `None` is never.
pub type Until = Option<Instant>;

pub fn is_past(until: Until) -> bool {
    until.map_or(false, |until| Instant::now() >= until)
}

pub fn earlier(a: Until, b: Until) -> Until {
    a.into_iter().chain(b).min()
}

/// A lock that another thread's panic does not spoil: what it guards is whole between statements.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits to be woken; may also end without a cause.
pub fn wait<'a, T>(wake: &Condvar, guard: MutexGuard<'a, T>, until: Until) -> MutexGuard<'a, T> {
    match until {
        None => wake.wait(guard).unwrap_or_else(PoisonError::into_inner),
        Some(until) => {
            let left = until.saturating_duration_since(Instant::now());
            wake.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
        }
    }
}

/// A request in flight.
struct Pending {
    kind: &'static Kind,
    frames: VecDeque<Frame>,
    /// Bytes of all bodies that came.
    size: u64,
    first: Option<(Provenance, u32)>,
    is_complete: bool,
    /// Nobody wants the answer any more.
    is_orphan: bool,
    wake: Arc<Condvar>,
}

/// What the lock guards.
#[derive(Default)]
struct State {
    is_leading: bool,
    is_writing: bool,
    is_draining: bool,
    failure: Option<AssayError>,
    pendings: HashMap<u64, Pending>,
    waiters: Vec<Arc<Condvar>>,
    in_flight: u64,
    last_id: u64,
    last_byte_at: Option<Instant>,
    agreed: Arc<HelloResponse>,
}

impl State {
    fn wake_all(&self) {
        self.waiters.iter().for_each(|wake| wake.notify_one());
    }

    /// Whoever stops waiting calls this: somebody else must lead.
    fn hand_over(&self) {
        if let (false, Some(wake)) = (self.is_leading, self.waiters.last()) {
            wake.notify_one();
        }
    }

    fn add(&mut self, kind: &'static Kind, is_orphan: bool) -> u64 {
        self.last_id += 1;
        self.in_flight += u64::from(kind.number != KIND_CANCEL);
        let pending = Pending {
            kind,
            frames: VecDeque::new(),
            size: 0,
            first: None,
            is_complete: false,
            is_orphan,
            wake: Arc::new(Condvar::new()),
        };
        self.pendings.insert(self.last_id, pending);
        self.last_id
    }

    /// A request's place is free again.
    fn free_place(&mut self, kind: &Kind) {
        if kind.number != KIND_CANCEL {
            self.in_flight -= 1;
            if self.in_flight + 1 == self.agreed.requests_in_flight_max {
                self.wake_all();
            }
        }
    }

    fn remove(&mut self, id: u64) {
        if let Some(pending) = self.pendings.remove(&id) {
            if !pending.is_complete {
                self.free_place(pending.kind);
            }
        }
    }
}

/// What the leader alone uses.
struct Reading {
    frames: FrameReader,
    buffer: Vec<u8>,
    has_limit: bool,
}

/// A connection. Shared by the pool and the calls that use it.
pub struct Connection {
    /// The process that made it.
    process: u32,
    socket: Socket,
    answer_size_max: u64,
    state: Mutex<State>,
    reading: Mutex<Reading>,
    write_free: Condvar,
}

fn panicked() -> AssayError {
    error!(ConnectionClosed, "calling: a thread panicked within the connection")
}

impl Connection {
    /// Wraps a socket that has not said Hello: stricter limits hold until `agree`.
    pub fn new(socket: Socket, answer_size_max: u64) -> std::io::Result<Self> {
        socket.set_write_timeout(Some(WRITE_STEP))?;
        let before_hello = HelloResponse {
            body_size_max: BODY_SIZE_MIN as u64,
            requests_in_flight_max: 1,
            ..HelloResponse::default()
        };
        Ok(Connection {
            process: std::process::id(),
            socket,
            answer_size_max,
            state: Mutex::new(State { agreed: Arc::new(before_hello), ..State::default() }),
            reading: Mutex::new(Reading {
                frames: FrameReader::new(FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE),
                buffer: vec![0; READ_SIZE],
                has_limit: false,
            }),
            write_free: Condvar::new(),
        })
    }

    /// The state, locked. A panic of the thread that held it may have left it half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            self.fail_locked(&mut state, &panicked());
            state
        })
    }

    /// The same; `None` in a forked child: the connection belongs to the parent.
    fn own_state(&self) -> Option<MutexGuard<'_, State>> {
        (self.process == std::process::id()).then(|| self.state())
    }

    /// Puts what Hello agreed on into force; the client accepts bodies up to `body_max`.
    pub fn agree(&self, hello: HelloResponse, body_max: usize) {
        let mut reading = lock(&self.reading);
        reading.frames.body_max = body_max;
        reading.frames.may_compress = hello.compression;
        self.state().agreed = Arc::new(hello);
    }

    pub fn agreed(&self) -> Arc<HelloResponse> {
        Arc::clone(&self.state().agreed)
    }

    /// Requests in flight, given up ones included; an error: new ones cannot be sent.
    pub fn load(&self) -> Result<u64> {
        let state = self.state();
        match &state.failure {
            Some(error) => Err(error.clone()),
            None if state.is_draining => {
                Err(error!(ConnectionClosed, "calling: the server is draining"))
            }
            None => Ok(state.in_flight),
        }
    }

    /// Reads what has arrived on an idle connection: has the server closed it meanwhile?
    pub fn look(&self) {
        let state = self.state();
        if state.pendings.is_empty() && !state.is_leading && state.failure.is_none() {
            self.lead(state, Some(Instant::now())).hand_over();
        }
    }

    /// Ends the connection; everything in flight on it fails with `error`.
    pub fn fail(&self, error: &AssayError) {
        if let Some(mut state) = self.own_state() {
            self.fail_locked(&mut state, error);
        }
    }

    /// The same, and nothing that has come is handed out any more.
    pub fn close(&self, error: &AssayError) {
        if let Some(mut state) = self.own_state() {
            state.pendings.values_mut().for_each(|pending| pending.frames.clear());
            self.fail_locked(&mut state, error);
        }
    }

    fn fail_locked(&self, state: &mut State, error: &AssayError) {
        if state.failure.is_none() {
            state.failure = Some(error.clone());
            self.shut_down();
            state.wake_all();
            self.write_free.notify_all();
        }
    }

    /// Ends reading and writing, also of threads that are at it.
    fn shut_down(&self) {
        let _ = self.socket.shutdown(Shutdown::Both); // closed already: as well
    }

    /// Reads or writes for all. A panic ends the connection, since nobody knows how far the bytes
    /// had come.
    fn in_role<T>(&self, work: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            self.fail(&panicked());
            resume_unwind(panic)
        })
    }

    // ------------------------------------------------------------ reading

    /// Reads once, without a lock but the leader's own; what is there already when the time is up.
    /// True: something came.
    fn read(&self, until: Until, found: &mut Vec<Frame>) -> Result<bool> {
        let at_once = is_past(until);
        let mut reading = lock(&self.reading);
        let Reading { frames, buffer, has_limit } = &mut *reading;
        let prepared = if at_once {
            self.socket.set_nonblocking(true)
        } else if until.is_some() || *has_limit {
            *has_limit = until.is_some();
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            self.socket.set_read_timeout(left.map(|left| left.max(Duration::from_millis(1))))
        } else {
            Ok(())
        };
        let result = prepared.and_then(|()| (&self.socket).read(buffer));
        if at_once {
            let _ = self.socket.set_nonblocking(false); // fails only with the connection
        }
        match result {
            Ok(0) => Err(error!(ConnectionClosed, "reading: the server closed the connection")),
            Ok(count) => frames.take(&buffer[..count], found).map(|()| true),
            Err(error) if is_passing(&error) => Ok(false),
            Err(error) => Err(error!(ConnectionClosed, "reading from the server: {error}")),
        }
    }

    /// Reads the socket for everybody.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>, until: Until) -> MutexGuard<'a, State> {
        state.is_leading = true;
        drop(state);
        let mut frames = Vec::new();
        let result = self.in_role(|| self.read(until, &mut frames));
        let mut state = self.state();
        state.is_leading = false;
        if let Ok(true) = result {
            state.last_byte_at = Some(Instant::now());
        }
        let filed = frames.into_iter().try_for_each(|frame| self.file(&mut state, frame));
        if let Err(error) = filed.and(result) {
            self.fail_locked(&mut state, &error);
        }
        state
    }

    /// Files one frame under its request.
    fn file(&self, state: &mut State, frame: Frame) -> Result<()> {
        let header = frame.header;
        if header.kind == RESPONSE_BIT | KIND_GO_AWAY {
            return file_go_away(state, &frame);
        }
        let breach = |kind: &str, found: &str| {
            Err(error!(ProtocolError, "reading the answer to {kind}: found {found}"))
        };
        let pending = match state.pendings.get_mut(&header.request_id) {
            Some(pending) if !pending.is_complete => pending,
            _ => return breach("a request", "a request id that is not in flight"),
        };
        let (kind, is_last) = (pending.kind, frame.is_last());
        if header.kind != RESPONSE_BIT | kind.number {
            return breach(kind.name, "another kind than was asked for");
        }
        if !is_last && !kind.streamed {
            return breach(kind.name, "more frames than one");
        }
        let origin = (frame.provenance, header.generation);
        if *pending.first.get_or_insert(origin) != origin && kind.number != KIND_LOAD {
            return breach(kind.name, "a provenance or generation that changed between frames");
        }
        pending.is_complete = is_last;
        pending.size += frame.body.len() as u64;
        let is_orphan = pending.is_orphan;
        if !is_orphan && pending.size <= self.answer_size_max {
            pending.frames.push_back(frame);
        }
        pending.wake.notify_one();
        if is_last {
            state.free_place(kind);
            if is_orphan {
                state.pendings.remove(&header.request_id);
            }
        }
        Ok(())
    }

    /// Waits for something to happen, as leader when there is none.
    fn step<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        wake: &Arc<Condvar>,
        until: Until,
    ) -> MutexGuard<'a, State> {
        if !state.is_leading {
            return self.lead(state, until);
        }
        state.waiters.push(Arc::clone(wake));
        let mut state = wait(wake, state, until);
        state.waiters.retain(|other| !Arc::ptr_eq(other, wake));
        state
    }

    /// The next frame of a request. Those that came before a failure are handed out first.
    pub fn next_frame(&self, id: u64, until: Until) -> Result<Frame> {
        let mut state = self.own_state().ok_or_else(|| {
            let words = "the answer belongs to the process that asked, this is a child";
            error!(ConnectionClosed, "reading: {words}")
        })?;
        let result = loop {
            let pending = match state.pendings.get_mut(&id) {
                Some(pending) => pending,
                None => break Err(error!(ConnectionClosed, "reading: the request is over")),
            };
            if let Some(frame) = pending.frames.pop_front() {
                break Ok(frame);
            }
            let name = pending.kind.name;
            if pending.size > self.answer_size_max {
                let (size, max) = (pending.size, self.answer_size_max);
                let words = format!("found {size} bytes, allowed: {max}, answer_size_max");
                break Err(error!(GivenUp, "reading the answer to {name}: {words}"));
            }
            let wake = Arc::clone(&pending.wake);
            if let Some(error) = &state.failure {
                break Err(error.clone());
            }
            if is_past(until) {
                let error =
                    error!(TimedOut, "waiting for the answer to {name}: nothing came in time");
                if state.last_byte_at.map_or(true, |at| at.elapsed() >= SILENCE) {
                    self.fail_locked(&mut state, &error);
                }
                break Err(error);
            }
            state = self.step(state, &wake, until);
        };
        state.hand_over();
        result
    }

    // ------------------------------------------------------------ writing

    /// Registers a request when there is a place for it, else waits a step; `None`: not yet.
    pub fn register(&self, kind: &'static Kind, until: Until) -> Option<u64> {
        let mut state = self.state();
        if state.failure.is_some() || state.is_draining {
            return None;
        }
        if state.in_flight >= state.agreed.requests_in_flight_max {
            // A place may come free without a frame, which nobody tells who reads.
            let soon = Some(Instant::now() + Duration::from_millis(100));
            self.step(state, &Arc::new(Condvar::new()), earlier(until, soon)).hand_over();
            return None;
        }
        Some(state.add(kind, false))
    }

    /// Writes a frame with one call if the system takes it; an error: it was not sent whole, so
    /// the server cannot act on it.
    pub fn write(&self, bytes: &[u8], until: Until) -> Result<()> {
        let mut state = self.state();
        while state.is_writing && state.failure.is_none() && !is_past(until) {
            state = wait(&self.write_free, state, until);
        }
        if let Some(error) = &state.failure {
            return Err(error.clone());
        }
        if state.is_writing {
            return Err(late());
        }
        state.is_writing = true;
        drop(state);
        let mut sent = 0;
        let result = self.in_role(|| self.send(bytes, &mut sent, until));
        let mut state = self.state();
        state.is_writing = false;
        self.write_free.notify_one();
        result.map_err(|error| {
            if sent > 0 || error.code != Code::TimedOut {
                self.fail_locked(&mut state, &error); // half a frame: nothing can follow it
            }
            state.failure.clone().unwrap_or(error)
        })
    }

    /// Counts what the system took. Reads meanwhile when the server takes nothing and nobody else
    /// reads, since it may wait for us in turn.
    fn send(&self, bytes: &[u8], sent: &mut usize, until: Until) -> Result<()> {
        while *sent < bytes.len() {
            match (&self.socket).write(&bytes[*sent..]) {
                Ok(count) => *sent += count,
                Err(error) if is_passing(&error) => {
                    let state = self.state();
                    if let Some(error) = &state.failure {
                        return Err(error.clone());
                    }
                    if is_past(until) {
                        return Err(late());
                    }
                    if !state.is_leading {
                        self.lead(state, Some(Instant::now())).hand_over();
                    }
                }
                Err(error) => {
                    return Err(error!(ConnectionClosed, "writing to the server: {error}"));
                }
            }
        }
        Ok(())
    }

    /// Forgets a request that was not sent, or that has had its last frame.
    pub fn remove(&self, id: u64) {
        if let Some(mut state) = self.own_state() {
            state.remove(id);
        }
    }

    /// Drops what is still to come of an answer, and asks the server to stop making it.
    pub fn give_up(&self, id: u64) {
        let mut state = match self.own_state() {
            Some(state) => state,
            None => return,
        };
        let has_failed = state.failure.is_some();
        match state.pendings.get_mut(&id) {
            Some(pending) if !pending.is_complete && !has_failed => {
                pending.is_orphan = true;
                pending.frames.clear();
            }
            _ => return state.remove(id),
        }
        let cancel = state.add(CancelRequest::KIND, true);
        drop(state);
        let mut body = vec![1, 0, 1, 0, 8, 0, 0, 0]; // field 1, u64, 8 bytes
        body.extend_from_slice(&id.to_le_bytes());
        let limit = Some(Instant::now() + CANCEL_LIMIT);
        let sent = request_frame(KIND_CANCEL, cancel, 0, &body, false)
            .and_then(|frame| self.write(&frame, limit));
        if sent.is_err() {
            self.remove(cancel);
        }
    }
}

/// The time was up, or a signal came: the connection is as good as before.
fn is_passing(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

fn late() -> AssayError {
    error!(TimedOut, "sending: the server did not take it in time")
}

fn file_go_away(state: &mut State, frame: &Frame) -> Result<()> {
    if frame.header.status == 0 {
        read_body::<GoAway>(&frame.body)?;
        state.is_draining = true;
        state.wake_all();
        return Ok(());
    }
    let words: ErrorBody = read_body(&frame.body)?;
    let error = error!(ProtocolError, "the server ended the connection: {}", words.message);
    Err(error.with_words(words, frame.provenance))
}

impl Drop for Connection {
    /// Ends the connection also where a forked child has a copy of its socket.
    fn drop(&mut self) {
        if self.process == std::process::id() {
            self.shut_down();
        }
    }
}

#[cfg(test)]
#[path = "tests/connection.rs"]
mod tests;
