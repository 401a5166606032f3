//! One connection: who reads, who writes, who waits.
//!
//! The thread that waits for an answer reads the socket itself (it leads), files the frames it
//! finds for others and wakes each; when it has its own it wakes one of those that still wait,
//! which leads from then on. A frame passes through one hand-over between threads at most.
//!
//! Guarantees: a frame is kept only when it answers a request in flight, with that request's kind
//! and with the provenance and generation of its earlier frames (Load excepted, whose progress
//! comes before its model); anything else ends the connection. Frames of an answer that was given
//! up are dropped until its last one. In a forked child a connection of the parent is not touched:
//! its calls fail, and dropping it closes the child's copy without shutting the connection down. A
//! thread that panics while it reads, writes or holds the lock ends the connection.
//! Not here: Hello, retries, the pool.

use crate::codec::{decode, Message, MessageInfo, Record};
use crate::error::{Code, Error, Provenance};
use crate::frame::{request_frame, Frame, FrameReader};
use crate::protocol::{ErrorBody, GoAway, KIND_CANCEL, KIND_GO_AWAY, KIND_LOAD};
use crate::socket::Socket;
use crate::waiting::{is_past, lock, wait, Until};
use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

const READ_SIZE: usize = 64 << 10;
/// Silence after which a time-out ends the connection.
const SILENCE: Duration = Duration::from_secs(10);
/// Time to write a Cancel.
const CANCEL_LIMIT: Duration = Duration::from_secs(1);
/// A write that waits looks up after this, and whether there is something to read.
const WRITE_STEP: Duration = Duration::from_millis(20);

/// What a request is, for those who read its answer.
#[derive(Clone, Copy)]
pub struct KindInfo {
    pub number: u8,
    pub name: &'static str,
    pub since: u64,
    pub streamed: bool,
    pub retry_safe: bool,
}

/// A request in flight.
struct Pending {
    kind: KindInfo,
    frames: VecDeque<Frame>,
    queued_size: u64,
    first: Option<(Provenance, u32)>,
    is_complete: bool,
    is_orphan: bool,
    is_too_large: bool,
    wake: Arc<Condvar>,
}

/// What Hello agreed on.
#[derive(Debug, Clone, Copy)]
pub struct Agreement {
    pub revision: u64,
    pub compression: bool,
    pub body_max: u64,
    pub in_flight_max: u64,
}

/// What the lock guards.
pub struct State {
    is_leading: bool,
    is_writing: bool,
    is_draining: bool,
    failure: Option<Error>,
    pendings: HashMap<u64, Pending>,
    waiters: Vec<Arc<Condvar>>,
    in_flight: u64,
    next_id: u64,
    last_byte_at: Instant,
    pub agreed: Agreement,
}

impl State {
    fn wake_all(&self) {
        self.waiters.iter().for_each(|wake| wake.notify_one());
    }

    /// Whoever stops waiting calls this: somebody else must lead.
    fn hand_over(&self) {
        if !self.is_leading {
            if let Some(wake) = self.waiters.last() {
                wake.notify_one();
            }
        }
    }

    /// A request's place is free again.
    fn free_place(&mut self, kind: u8) {
        if kind != KIND_CANCEL {
            self.in_flight -= 1;
            if self.in_flight + 1 == self.agreed.in_flight_max {
                self.wake_all();
            }
        }
    }

    fn remove(&mut self, id: u64) {
        if let Some(pending) = self.pendings.remove(&id) {
            if !pending.is_complete {
                self.free_place(pending.kind.number);
            }
        }
    }
}

/// What the leader alone uses.
struct Reading {
    frames: FrameReader,
    buffer: Vec<u8>,
    limit: Until,
    has_limit: bool,
}

/// A connection. Shared by the pool and the calls that use it.
pub struct Connection {
    /// The process that made it.
    process: u32,
    socket: Socket,
    queue_max: u64,
    state: Mutex<State>,
    reading: Mutex<Reading>,
    write_free: Condvar,
}

/// The bodies of a server's refusal and farewell, or what is wrong with them.
pub fn decode_message<M: Message>(body: &[u8]) -> Result<M, Error> {
    decode_record::<M>(body).map(M::from_record)
}

/// The fields of a message.
pub fn decode_record<M: Message>(body: &[u8]) -> Result<Record, Error> {
    let info: &'static MessageInfo = M::info();
    decode(info, body).map_err(|error| {
        Error::damage(format!("reading {}: {} at \"{}\"", info.name, error.code, error.path))
    })
}

/// The role of a thread that reads or writes for all. A panic drops the role before its end, and
/// with it the connection, since nobody knows how far the bytes had come.
struct Role<'a>(&'a Connection);

impl Role<'_> {
    fn end(self) {
        std::mem::forget(self);
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_leading = false;
        state.is_writing = false;
        self.0.fail_locked(&mut state, &panicked());
    }
}

fn panicked() -> Error {
    Error::new(Code::ConnectionClosed, "calling: a thread panicked within the connection")
}

impl Connection {
    /// Wraps a socket that has not said Hello; `body_max` holds until `agree`.
    pub fn new(socket: Socket, body_max: usize, queue_max: u64) -> std::io::Result<Self> {
        socket.set_write_timeout(Some(WRITE_STEP))?;
        let agreed =
            Agreement { revision: 1, compression: false, body_max: 4096, in_flight_max: 1 };
        Ok(Connection {
            process: std::process::id(),
            socket,
            queue_max,
            state: Mutex::new(State {
                is_leading: false,
                is_writing: false,
                is_draining: false,
                failure: None,
                pendings: HashMap::new(),
                waiters: Vec::new(),
                in_flight: 0,
                next_id: 1,
                last_byte_at: Instant::now(),
                agreed,
            }),
            reading: Mutex::new(Reading {
                frames: FrameReader::new(body_max),
                buffer: vec![0; READ_SIZE],
                limit: None,
                has_limit: false,
            }),
            write_free: Condvar::new(),
        })
    }

    /// True in a forked child: the connection belongs to the parent.
    pub fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }

    /// The state, locked. A panic of the thread that held it may have left it half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            self.fail_locked(&mut state, &panicked());
            state
        })
    }

    /// Puts what Hello agreed on into force; the client accepts bodies up to `body_max`.
    pub fn agree(&self, agreed: Agreement, body_max: usize) {
        self.state().agreed = agreed;
        let mut reading = lock(&self.reading);
        reading.frames.body_max = body_max;
        reading.frames.may_compress = agreed.compression;
    }

    pub fn agreed(&self) -> Agreement {
        self.state().agreed
    }

    /// Requests in flight, given up ones included.
    pub fn load(&self) -> u64 {
        self.state().in_flight
    }

    /// New requests may be sent, as far as anybody knows.
    pub fn is_usable(&self) -> bool {
        let state = self.state();
        state.failure.is_none() && !state.is_draining
    }

    pub fn failure(&self) -> Option<Error> {
        self.state().failure.clone()
    }

    /// Reads what has arrived on an idle connection: has the server closed it meanwhile?
    pub fn look(&self) {
        let state = self.state();
        if state.pendings.is_empty() && !state.is_leading && state.failure.is_none() {
            let state = self.lead(state, Some(Instant::now()), true);
            state.hand_over();
        }
    }

    /// Ends the connection; everything in flight on it fails with `error`.
    pub fn fail(&self, error: &Error) {
        if !self.is_inherited() {
            self.fail_locked(&mut self.state(), error);
        }
    }

    fn fail_locked(&self, state: &mut State, error: &Error) {
        if state.failure.is_none() {
            state.failure = Some(error.clone());
            self.socket.shut_down();
            state.wake_all();
            self.write_free.notify_all();
        }
    }

    // ------------------------------------------------------------ reading

    /// Reads once; no lock is held but the leader's own.
    fn pump(&self, until: Until, at_once: bool) -> (Vec<Frame>, bool, Option<Error>) {
        let mut reading = lock(&self.reading);
        let Reading { frames, buffer, limit, has_limit } = &mut *reading;
        let mut found = Vec::new();
        let prepared = if at_once {
            self.socket.set_nonblocking(true)
        } else if until != *limit || until.is_some() || *has_limit {
            *limit = until;
            *has_limit = until.is_some();
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            self.socket.set_read_timeout(left.map(|left| left.max(Duration::from_millis(1))))
        } else {
            Ok(())
        };
        let result = prepared.and_then(|()| self.socket.read(buffer));
        if at_once {
            let _ = self.socket.set_nonblocking(false); // fails only with the connection
        }
        let error = match result {
            Ok(0) => Some("the server closed the connection".to_owned()),
            Ok(count) => {
                let failure = frames.take(&buffer[..count], &mut found).err();
                return (found, true, failure);
            }
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => None,
                _ => Some(error.to_string()),
            },
        };
        let error = error.map(|words| {
            Error::new(Code::ConnectionClosed, format!("reading from the server: {}", words))
        });
        (found, false, error)
    }

    /// Reads the socket for everybody.
    fn lead<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        until: Until,
        at_once: bool,
    ) -> MutexGuard<'a, State> {
        state.is_leading = true;
        drop(state);
        let role = Role(self); // declared before the guard, so dropped after it
        let (frames, is_alive, failure) = self.pump(until, at_once);
        let mut state = self.state();
        state.is_leading = false;
        if is_alive {
            state.last_byte_at = Instant::now();
        }
        for frame in frames {
            if state.failure.is_none() {
                if let Err(error) = self.file(&mut state, frame) {
                    self.fail_locked(&mut state, &error);
                }
            }
        }
        if let Some(error) = failure {
            self.fail_locked(&mut state, &error);
        }
        role.end();
        state
    }

    /// Files one frame under its request.
    fn file(&self, state: &mut State, frame: Frame) -> Result<(), Error> {
        let header = frame.header;
        if header.kind == KIND_GO_AWAY {
            return self.file_go_away(state, &frame);
        }
        let breach = |kind: &str, found: &str| {
            Err(Error::damage(format!("reading the answer to {}: found {}", kind, found)))
        };
        let pending = match state.pendings.get_mut(&header.request_id) {
            Some(pending) if !pending.is_complete => pending,
            _ => return breach("a request", "a request id that is not in flight"),
        };
        let kind = pending.kind;
        let is_last = header.is_last();
        if header.kind != kind.number {
            return breach(kind.name, "another kind than was asked for");
        }
        if !is_last && !kind.streamed {
            return breach(kind.name, "more frames than one");
        }
        let origin = (header.provenance, header.generation);
        if *pending.first.get_or_insert(origin) != origin && kind.number != KIND_LOAD {
            return breach(kind.name, "a provenance or generation that changed between frames");
        }
        pending.is_complete = is_last;
        pending.queued_size += frame.body.len() as u64;
        pending.is_too_large |= pending.queued_size > self.queue_max;
        if !pending.is_orphan && !pending.is_too_large {
            pending.frames.push_back(frame);
        }
        pending.wake.notify_one();
        let is_orphan = pending.is_orphan;
        if is_last {
            state.free_place(kind.number);
            if is_orphan {
                state.pendings.remove(&header.request_id);
            }
        }
        Ok(())
    }

    fn file_go_away(&self, state: &mut State, frame: &Frame) -> Result<(), Error> {
        if frame.header.status == 0 {
            decode_message::<GoAway>(&frame.body)?;
            state.is_draining = true;
            state.wake_all();
            return Ok(());
        }
        let words = decode_message::<ErrorBody>(&frame.body)?;
        let message = format!("the server ended the connection: {}", words.message);
        Err(Error::damage(message).with_words(words, frame.header.provenance))
    }

    /// Waits for something to happen, as leader when there is none.
    fn step<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        wake: &Arc<Condvar>,
        until: Until,
    ) -> MutexGuard<'a, State> {
        if !state.is_leading {
            return self.lead(state, until, false);
        }
        state.waiters.push(Arc::clone(wake));
        let mut state = wait(wake, state, until);
        state.waiters.retain(|other| !Arc::ptr_eq(other, wake));
        state
    }

    /// The next frame of a request. Those that came before a failure are handed out first.
    pub fn next_frame(&self, id: u64, until: Until) -> Result<Frame, Error> {
        if self.is_inherited() {
            let words = "reading: the answer belongs to the process that asked, this is a child";
            return Err(Error::new(Code::ConnectionClosed, words));
        }
        let mut state = self.state();
        let result = loop {
            let pending = match state.pendings.get_mut(&id) {
                Some(pending) => pending,
                None => break Err(Error::new(Code::ConnectionClosed, "the request is over")),
            };
            if let Some(frame) = pending.frames.pop_front() {
                pending.queued_size -= frame.body.len() as u64;
                break Ok(frame);
            }
            let name = pending.kind.name;
            if pending.is_too_large {
                let words = "more waits to be read than answer_size_max";
                break Err(Error::new(Code::GivenUp, format!("reading {}: {}", name, words)));
            }
            let wake = Arc::clone(&pending.wake);
            if let Some(error) = &state.failure {
                break Err(error.clone());
            }
            if is_past(until) {
                let words = format!("waiting for the answer to {}: nothing came in time", name);
                let error = Error::new(Code::TimedOut, words);
                if state.last_byte_at.elapsed() >= SILENCE {
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
    pub fn register(&self, kind: KindInfo, until: Until) -> Option<u64> {
        let mut state = self.state();
        if state.failure.is_some() || state.is_draining {
            return None;
        }
        if state.in_flight >= state.agreed.in_flight_max {
            let state = self.step(state, &Arc::new(Condvar::new()), until);
            state.hand_over();
            return None;
        }
        Some(self.add(&mut state, kind, false))
    }

    fn add(&self, state: &mut State, kind: KindInfo, is_orphan: bool) -> u64 {
        let id = state.next_id;
        state.next_id += 1;
        state.in_flight += u64::from(kind.number != KIND_CANCEL);
        let pending = Pending {
            kind,
            frames: VecDeque::new(),
            queued_size: 0,
            first: None,
            is_complete: false,
            is_orphan,
            is_too_large: false,
            wake: Arc::new(Condvar::new()),
        };
        state.pendings.insert(id, pending);
        id
    }

    /// Writes a frame with one call if the system takes it; an error: it was not sent whole, so
    /// the server cannot act on it.
    pub fn write(&self, bytes: &[u8], until: Until) -> Result<(), Error> {
        let late = || Error::new(Code::TimedOut, "sending: the server did not take it in time");
        let mut state = self.state();
        while state.is_writing && state.failure.is_none() {
            if is_past(until) {
                return Err(late());
            }
            state = wait(&self.write_free, state, until);
        }
        if let Some(error) = &state.failure {
            return Err(error.clone());
        }
        state.is_writing = true;
        drop(state);
        let role = Role(self);
        let (sent, failure) = self.send(bytes, until);
        role.end();
        let mut state = self.state();
        state.is_writing = false;
        self.write_free.notify_one();
        if sent == bytes.len() {
            return Ok(());
        }
        let error = match failure {
            Some(words) => {
                Error::new(Code::ConnectionClosed, format!("writing to the server: {}", words))
            }
            None if sent == 0 => return Err(late()),
            None => late(),
        };
        self.fail_locked(&mut state, &error);
        Err(state.failure.clone().unwrap_or(error))
    }

    /// How much the system took, and why not more. Reads meanwhile when the server takes nothing
    /// and nobody else reads, since it may wait for us in turn.
    fn send(&self, bytes: &[u8], until: Until) -> (usize, Option<String>) {
        let mut sent = 0;
        while sent < bytes.len() {
            match self.socket.write(&bytes[sent..]) {
                Ok(0) => return (sent, Some("it takes nothing".to_owned())),
                Ok(count) => sent += count,
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                        let state = self.state();
                        if let Some(error) = &state.failure {
                            return (sent, Some(error.message.clone()));
                        }
                        if is_past(until) {
                            return (sent, None);
                        }
                        if !state.is_leading {
                            let soon = Some(Instant::now() + Duration::from_millis(1));
                            self.lead(state, soon, false).hand_over();
                        }
                    }
                    _ => return (sent, Some(error.to_string())),
                },
            }
        }
        (sent, None)
    }

    /// Forgets a request that was not sent, or that has had its last frame.
    pub fn remove(&self, id: u64) {
        if !self.is_inherited() {
            self.state().remove(id);
        }
    }

    /// Drops what is still to come of an answer, and asks the server to stop making it.
    pub fn give_up(&self, id: u64) {
        if self.is_inherited() {
            return;
        }
        let mut state = self.state();
        let is_over = state.pendings.get(&id).map_or(true, |pending| pending.is_complete);
        if is_over || state.failure.is_some() {
            state.remove(id);
            return;
        }
        if let Some(pending) = state.pendings.get_mut(&id) {
            pending.is_orphan = true;
            pending.frames.clear();
        }
        let kind = KindInfo {
            number: KIND_CANCEL,
            name: "Cancel",
            since: 1,
            streamed: false,
            retry_safe: false,
        };
        let cancel = self.add(&mut state, kind, true);
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

impl Drop for Connection {
    /// Ends the connection also where a forked child has a copy of its socket.
    fn drop(&mut self) {
        if !self.is_inherited() {
            self.socket.shut_down();
        }
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
