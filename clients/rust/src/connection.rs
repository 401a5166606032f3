//! One connection: who opens it, who reads, who writes, who waits.
//!
//! It opens on a thread of its own. From then on the thread that waits for an answer reads the
//! socket itself (it leads), files the frames it finds for others and wakes each; when it has its
//! own it wakes one of those that still wait, which leads from then on. A frame passes through one
//! hand-over between threads at most.
//!
//! Guarantees: a frame is kept only when it answers a request in flight, with that request's kind
//! and with the provenance and generation of its earlier frames (Load excepted, whose progress
//! comes before its model); anything else ends the connection. Of an answer that was given up, or
//! that is larger than allowed, frames are dropped until its last one. In a forked child a
//! connection of the parent is not touched: its calls fail, and dropping it closes the child's copy
//! without shutting the connection down. A thread that panics while it opens, reads, writes or
//! holds the lock ends the connection.
//! Not here: retries, the pool. In one file, since all of it is about one lock.

use crate::answers::{admit, read_body, read_frame};
use crate::codec::{encode, Request};
use crate::errors::{error, AssayError, Result};
use crate::frames::{request_frame, Frame, FrameReader};
use crate::protocol::{
    CancelRequest, Code, ErrorBody, GoAway, HelloRequest, HelloResponse, Kind, Options, Provenance,
    BODY_SIZE_MAX, FRAME_SIZE_MAX_BEFORE_HELLO, HEADER_SIZE, KIND_CANCEL, KIND_GO_AWAY, KIND_HELLO,
    KIND_LOAD, RESPONSE_BIT, REVISION,
};
use crate::socket::{Address, Socket};
use std::collections::{BTreeMap, VecDeque};
use std::io::{Error, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

const READ_SIZE: usize = 64 << 10;
/// Silence after which a time-out ends the connection.
const SILENCE: Duration = Duration::from_secs(10);
/// What was read so lately counts as all that has arrived.
const FRESHNESS: Duration = Duration::from_micros(100);
/// Time to write a Cancel.
const CANCEL_LIMIT: Duration = Duration::from_secs(1);
/// A write that waits looks up after this, and whether there is something to read.
const WRITE_STEP: Duration = Duration::from_millis(20);
/// Who reads for want of a place looks up after this: one may come free without a frame.
const PLACE_STEP: Duration = Duration::from_millis(100);
/// What waits for something else than frames, where the others have the id of their request.
const NO_REQUEST: u64 = 0;

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
    let now = Instant::now();
    let left = until.map_or(SILENCE, |until| until.saturating_duration_since(now));
    wake.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
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
}

/// What the lock guards.
#[derive(Default)]
struct State {
    /// There once it is connected.
    socket: Option<Arc<Socket>>,
    /// There once Hello is answered.
    agreed: Option<Arc<HelloResponse>>,
    failure: Option<AssayError>,
    is_leading: bool,
    is_writing: bool,
    is_draining: bool,
    requests: BTreeMap<u64, Pending>,
    last_id: u64,
    last_byte_at: Option<Instant>,
    /// Each with the request whose frames it waits for.
    waiters: Vec<(u64, Arc<Condvar>)>,
}

impl State {
    fn wake(&self, id: u64) {
        let waiters = self.waiters.iter().filter(|waiter| waiter.0 == id);
        waiters.for_each(|(_, wake)| wake.notify_one());
    }

    /// Whoever stops waiting calls this: somebody else must lead.
    fn hand_over(&self) {
        match self.waiters.iter().rev().find(|waiter| waiter.0 != NO_REQUEST) {
            _ if self.is_leading => {}
            Some((_, wake)) => wake.notify_one(),
            None => self.wake(NO_REQUEST),
        }
    }

    /// What to read from and write to.
    fn socket(&self) -> Result<Arc<Socket>> {
        match (&self.failure, &self.socket) {
            (None, Some(socket)) => Ok(Arc::clone(socket)),
            (Some(error), _) => Err(error.clone()),
            (None, None) => Err(error!(ConnectionClosed, "calling: not connected yet")),
        }
    }

    fn add(&mut self, kind: &'static Kind, is_orphan: bool) -> u64 {
        self.last_id += 1;
        let (frames, size) = (VecDeque::new(), 0);
        let pending = Pending { kind, frames, size, first: None, is_complete: false, is_orphan };
        self.requests.insert(self.last_id, pending);
        self.last_id
    }

    /// Whether another request may be sent; given up ones count, Cancel does not.
    fn has_place(&self, agreed: &HelloResponse) -> bool {
        let counts = |each: &&Pending| !each.is_complete && each.kind.number != KIND_CANCEL;
        let in_flight = self.requests.values().filter(counts).count();
        (in_flight as u64) < agreed.requests_in_flight_max
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
    address: Address,
    options: Options,
    /// The end of connecting.
    connect_until: Instant,
    state: Mutex<State>,
    reading: Mutex<Reading>,
}

fn panicked() -> AssayError {
    error!(ConnectionClosed, "calling: a thread panicked within the connection")
}

impl Connection {
    /// A connection that is not open.
    pub fn new(address: &Address, options: &Options) -> Self {
        Connection {
            process: std::process::id(),
            address: address.clone(),
            options: options.clone(),
            connect_until: Instant::now() + Duration::from_millis(options.connect_milliseconds),
            state: Mutex::default(),
            reading: Mutex::new(Reading {
                frames: FrameReader::new(FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE),
                buffer: vec![0; READ_SIZE],
                has_limit: false,
            }),
        }
    }

    /// The state, locked. A panic of the thread that held it may have left it half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            self.fail_locked(&mut state, &panicked());
            state
        })
    }

    /// The same, unless this is a forked child: the connection belongs to the parent.
    fn own_state(&self) -> Result<MutexGuard<'_, State>> {
        if self.process == std::process::id() {
            return Ok(self.state());
        }
        let words = "the answer belongs to the process that asked, this is a child";
        Err(error!(ConnectionClosed, "reading: {words}"))
    }

    /// Takes requests, or will when it is open.
    pub fn is_usable(&self) -> bool {
        let state = self.state();
        state.failure.is_none() && !state.is_draining
    }

    /// Ends the connection; everything in flight on it fails with `error`.
    pub fn fail(&self, error: &AssayError) {
        self.fail_locked(&mut self.state(), error);
    }

    /// The same, and nothing that has come is handed out any more.
    pub fn close(&self, error: &AssayError) {
        let mut state = self.state();
        state.requests.values_mut().for_each(|pending| pending.frames.clear());
        self.fail_locked(&mut state, error);
    }

    fn fail_locked(&self, state: &mut State, error: &AssayError) {
        if state.failure.is_none() {
            state.failure = Some(error.clone());
            shut_down(state);
            state.waiters.iter().for_each(|(_, wake)| wake.notify_one());
        }
    }

    /// Opens, reads or writes for all. A panic ends the connection, since nobody knows how far the
    /// bytes had come.
    fn in_role<T>(&self, work: impl FnOnce() -> T) -> T {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            self.fail(&panicked());
            resume_unwind(panic)
        })
    }

    // ------------------------------------------------------------ opening

    /// Begins to connect, on a thread of its own: looking up a name, and connecting to a Unix
    /// socket whose server's queue is full, have no limit in the standard library. The thread is
    /// left behind when nobody waits for it any more.
    pub fn begin(self: &Arc<Self>) {
        let connection = Arc::clone(self);
        let work = move || {
            if let Err(error) = connection.in_role(|| connection.open()) {
                connection.fail(&error);
            }
        };
        if let Err(error) = Builder::new().name("assay-connect".into()).spawn(work) {
            self.fail(&self.address.unreachable(&error));
        }
    }

    /// Connects and says Hello, each within `connect_milliseconds`.
    fn open(&self) -> Result<()> {
        let socket = self.address.connect(self.connect_until)?;
        let id = self.attach(socket)?;
        let options = &self.options;
        let until = Instant::now() + Duration::from_millis(options.connect_milliseconds);
        let mut request = HelloRequest {
            client: options.name.clone(),
            revision: REVISION,
            compression: Some(true).filter(|_| options.compression),
            body_size_max: Some(options.body_size_max).filter(|size| *size != BODY_SIZE_MAX as u64),
        };
        let encoded = encode(&mut request)
            .map_err(|wrong| error!(RequestInvalid, "making Hello: {}", wrong.code))?;
        self.write(&request_frame(KIND_HELLO, id, 0, &encoded.body, false)?, Some(until))?;
        let frame = self.next_frame(id, Some(until))?;
        admit(&frame, "Hello", true)?;
        let hello: HelloResponse = read_frame(&frame, 0)?;
        if hello.revision > REVISION || (hello.compression && !options.compression) {
            let words = "it agrees to what was not offered";
            return Err(error!(ProtocolError, "reading the answer to Hello: {words}"));
        }
        let mut reading = lock(&self.reading);
        reading.frames.body_max = options.body_size_max as usize;
        reading.frames.may_compress = hello.compression;
        let mut state = self.state();
        state.requests.remove(&id);
        state.agreed = Some(Arc::new(hello));
        state.wake(NO_REQUEST);
        Ok(())
    }

    /// Takes a connected socket; the id is Hello's. Fails when nobody waits for it any more.
    fn attach(&self, socket: Socket) -> Result<u64> {
        let limited = socket.set_write_timeout(Some(WRITE_STEP));
        limited.map_err(|error| self.address.unreachable(&error))?;
        let mut state = self.state();
        state.socket = Some(Arc::new(socket));
        state.socket()?;
        Ok(state.add(HelloRequest::KIND, false))
    }

    // ------------------------------------------------------------ waiting

    /// Waits for frames of a request, or for something else, while others read.
    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        id: u64,
        until: Until,
    ) -> MutexGuard<'a, State> {
        let wake = Arc::new(Condvar::new());
        state.waiters.push((id, Arc::clone(&wake)));
        let mut state = wait(&wake, state, until);
        state.waiters.retain(|(_, other)| !Arc::ptr_eq(other, &wake));
        state
    }

    /// The same, as leader when there is none.
    fn step<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        id: u64,
        until: Until,
    ) -> MutexGuard<'a, State> {
        match state.is_leading {
            true => self.wait(state, id, until),
            false => self.lead(state, until),
        }
    }

    /// A place for a request, once the connection is open and has one: its id, and what Hello
    /// agreed on. What has arrived is read first: has the server closed it meanwhile? `None`: it
    /// takes no more requests; an error: it did not open, or not in time.
    pub fn register(
        &self,
        kind: &'static Kind,
        deadline: Until,
    ) -> Result<Option<(u64, Arc<HelloResponse>)>> {
        let is_new = |at: Instant| kind.retry_safe && at.elapsed() < FRESHNESS;
        let mut state = self.state();
        let mut has_looked = state.last_byte_at.map_or(false, is_new);
        let result = loop {
            match (&state.failure, state.agreed.clone()) {
                (Some(error), None) => break Err(error.clone()),
                (Some(_), Some(_)) => break Ok(None),
                _ if state.is_draining => break Ok(None),
                _ if is_past(deadline) => {
                    let words = "the deadline passed first";
                    break Err(error!(TimedOut, "sending {}: {words}", kind.name));
                }
                (None, None) => {
                    let limit = Some(self.connect_until).filter(|_| state.socket.is_none());
                    if is_past(limit) {
                        let error = self.address.unreachable(&"the time is up");
                        self.fail_locked(&mut state, &error);
                    } else {
                        state = self.wait(state, NO_REQUEST, earlier(deadline, limit));
                    }
                }
                (None, Some(agreed)) if !state.has_place(&agreed) => {
                    let soon = Some(Instant::now() + PLACE_STEP);
                    state = self.step(state, NO_REQUEST, earlier(deadline, soon));
                }
                (None, Some(_)) if !has_looked && !state.is_leading => {
                    has_looked = true;
                    state = self.lead(state, Some(Instant::now()));
                }
                (None, Some(agreed)) => break Ok(Some((state.add(kind, false), agreed))),
            }
        };
        state.hand_over();
        result
    }

    /// The next frame of a request. Those that came before a failure are handed out first.
    pub fn next_frame(&self, id: u64, until: Until) -> Result<Frame> {
        let max = self.options.answer_size_max;
        let mut state = self.own_state()?;
        let result = loop {
            let pending = match state.requests.get_mut(&id) {
                Some(pending) => pending,
                None => break Err(error!(ConnectionClosed, "reading: the request is over")),
            };
            if let Some(frame) = pending.frames.pop_front() {
                break Ok(frame);
            }
            let (name, size) = (pending.kind.name, pending.size);
            if size > max {
                let words = format!("found {size} bytes, allowed: {max}, answer_size_max");
                break Err(error!(GivenUp, "reading the answer to {name}: {words}"));
            }
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
            state = self.step(state, id, until);
        };
        state.hand_over();
        result
    }

    // ------------------------------------------------------------ reading

    /// Reads once, without a lock but the leader's own; what is there already when the time is up.
    /// True: something came.
    fn read(&self, mut socket: &Socket, until: Until, found: &mut Vec<Frame>) -> Result<bool> {
        let at_once = is_past(until);
        let mut reading = lock(&self.reading);
        let Reading { frames, buffer, has_limit } = &mut *reading;
        let prepared = if at_once {
            socket.set_nonblocking(true)
        } else if until.is_some() || *has_limit {
            *has_limit = until.is_some();
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            socket.set_read_timeout(left.map(|left| left.max(Duration::from_millis(1))))
        } else {
            Ok(())
        };
        let result = prepared.and_then(|()| socket.read(buffer));
        if at_once {
            let _ = socket.set_nonblocking(false); // fails only with the connection
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
        let socket = state.socket();
        state.is_leading = true;
        drop(state);
        let mut frames = Vec::new();
        let result =
            socket.and_then(|socket| self.in_role(|| self.read(&socket, until, &mut frames)));
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
        let pending = match state.requests.get_mut(&header.request_id) {
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
        if kind.number == KIND_HELLO && frame.provenance == Provenance::Mock {
            return breach(kind.name, "a mock's provenance, which no Hello can have");
        }
        let origin = (frame.provenance, header.generation);
        if *pending.first.get_or_insert(origin) != origin && kind.number != KIND_LOAD {
            return breach(kind.name, "a provenance or generation that changed between frames");
        }
        pending.is_complete = is_last;
        pending.size += frame.body.len() as u64;
        if pending.is_orphan && is_last {
            state.requests.remove(&header.request_id);
        } else if !pending.is_orphan && pending.size <= self.options.answer_size_max {
            pending.frames.push_back(frame);
        }
        state.wake(header.request_id);
        if is_last {
            state.wake(NO_REQUEST); // a place is free
        }
        Ok(())
    }

    // ------------------------------------------------------------ writing

    /// Writes a frame with one call if the system takes it; an error: it was not sent whole, so
    /// the server cannot act on it.
    pub fn write(&self, bytes: &[u8], until: Until) -> Result<()> {
        let mut state = self.state();
        while state.is_writing && state.failure.is_none() && !is_past(until) {
            state = self.wait(state, NO_REQUEST, until);
        }
        let socket = state.socket()?;
        if state.is_writing {
            return Err(late());
        }
        state.is_writing = true;
        drop(state);
        let mut sent = 0;
        let result = self.in_role(|| self.send(&socket, bytes, &mut sent, until));
        let mut state = self.state();
        state.is_writing = false;
        state.wake(NO_REQUEST);
        result.map_err(|error| {
            if sent > 0 || error.code != Code::TimedOut {
                self.fail_locked(&mut state, &error); // half a frame: nothing can follow it
            }
            state.failure.clone().unwrap_or(error)
        })
    }

    /// Counts what the system took. Reads meanwhile when the server takes nothing and nobody else
    /// reads, since it may wait for us in turn.
    fn send(
        &self,
        mut socket: &Socket,
        bytes: &[u8],
        sent: &mut usize,
        until: Until,
    ) -> Result<()> {
        while *sent < bytes.len() {
            match socket.write(&bytes[*sent..]) {
                Ok(count) => *sent += count,
                Err(error) if is_passing(&error) => {
                    let state = self.state();
                    state.socket()?;
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

    /// Ends a request. When it was written and its answer is not whole, what is still to come is
    /// dropped, and the server is asked to stop making it.
    pub fn end(&self, id: u64, was_written: bool) {
        let mut state = match self.own_state() {
            Ok(state) => state,
            Err(_) => return,
        };
        let may_come = was_written && state.failure.is_none();
        match state.requests.get_mut(&id) {
            Some(pending) if may_come && !pending.is_complete => {
                pending.is_orphan = true;
                pending.frames.clear();
            }
            _ => {
                state.requests.remove(&id);
                return state.wake(NO_REQUEST);
            }
        }
        let cancel = state.add(CancelRequest::KIND, true);
        drop(state);
        let limit = Some(Instant::now() + CANCEL_LIMIT);
        let sent = encode(&mut CancelRequest { target: id })
            .map_err(|wrong| error!(RequestInvalid, "making Cancel: {}", wrong.code))
            .and_then(|encoded| request_frame(KIND_CANCEL, cancel, 0, &encoded.body, false))
            .and_then(|frame| self.write(&frame, limit));
        if sent.is_err() {
            self.state().requests.remove(&cancel);
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

fn breach(kind: &str, found: &str) -> Result<()> {
    Err(error!(ProtocolError, "reading the answer to {kind}: found {found}"))
}

fn file_go_away(state: &mut State, frame: &Frame) -> Result<()> {
    if frame.provenance == Provenance::Mock || !frame.is_last() || frame.is_degraded() {
        return breach("nothing", "a GoAway with a provenance or flags that it cannot have");
    }
    if frame.header.status != 0 {
        let words: ErrorBody = read_body(&frame.body)?;
        let error = error!(ProtocolError, "the server ended the connection: {}", words.message);
        return Err(error.with_words(words, frame.provenance));
    }
    read_body::<GoAway>(&frame.body)?;
    if state.agreed.is_none() {
        return Err(error!(ConnectionClosed, "connecting: the server is draining"));
    }
    state.is_draining = true;
    state.wake(NO_REQUEST);
    Ok(())
}

/// Ends reading and writing, also of threads that are at it.
fn shut_down(state: &State) {
    if let Some(socket) = &state.socket {
        let _ = socket.shutdown(Shutdown::Both); // closed already: as well
    }
}

impl Drop for Connection {
    /// Ends the connection also where a forked child has a copy of its socket.
    fn drop(&mut self) {
        if self.process == std::process::id() {
            shut_down(&self.state());
        }
    }
}

#[cfg(test)]
#[path = "tests/connection.rs"]
mod tests;
