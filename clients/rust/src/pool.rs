//! The connections of a client: made on demand, chosen by load, replaced when lost.
//!
//! Guarantees: a call takes the connection with the fewest requests in flight; never more are in
//! flight on one than its server allows, further calls wait; a connection that died while idle is
//! replaced before anything is written to it; a forked child has connections of its own.
//! Not here: what a call does with its connection.

use crate::address_of;
use crate::codec::{encode, Message, Request};
use crate::connection::{decode_message, Agreement, Connection, KindInfo};
use crate::error::{Code, Error, Provenance};
use crate::frame::{request_frame, Frame};
use crate::process::PerProcess;
use crate::protocol::{
    ErrorBody, HelloRequest, HelloResponse, BODY_SIZE_MAX, BODY_SIZE_MIN,
    FRAME_SIZE_MAX_BEFORE_HELLO, HEADER_SIZE, REVISION,
};
use crate::random::Random;
use crate::socket::{Address, Socket};
use crate::waiting::{earlier, is_past, lock, wait, Until};
use crate::Options;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, TryLockError, Weak};
use std::time::{Duration, Instant};

/// A place for a connection.
#[derive(Default)]
struct Slot {
    connection: Option<Arc<Connection>>,
    is_connecting: bool,
    /// Calls that chose it and are not in flight yet.
    chosen: u64,
}

struct State {
    slots: Vec<Slot>,
    /// Every connection that may still be in use.
    all: Vec<Weak<Connection>>,
    random: Random,
}

impl Default for State {
    fn default() -> Self {
        let random = Random::new(Random::seed_of_the_day());
        State { slots: Vec::new(), all: Vec::new(), random }
    }
}

/// The part of a client that belongs to one process.
#[derive(Default)]
struct Shared {
    state: Arc<Mutex<State>>,
    changed: Condvar,
}

/// Everything a client and its clones share.
pub struct Pool {
    pub options: Options,
    address: Address,
    /// Set with the state locked; a child has the value of the fork.
    is_closed: AtomicBool,
    processes: PerProcess<Shared>,
}

/// A slot that a call has chosen, until the call is in flight or has failed.
struct Chosen<'a>(&'a Shared, usize);

impl Drop for Chosen<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).slots[self.1].chosen -= 1;
    }
}

/// A slot that a call connects. Threads that wait for the slot are told the end of that.
struct Connecting<'a>(&'a Shared, usize);

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        lock(&self.0.state).slots[self.1].is_connecting = false;
        self.0.changed.notify_all();
    }
}

/// Drops the references of a child to the connections of the parent. That closes the copies of idle
/// sockets, and shuts none down. A state that a thread of the parent had locked at the fork may be
/// half changed, and is neither read nor dropped.
fn leave_to_parent(shared: &Shared) {
    let mut state = match shared.state.try_lock() {
        Ok(state) => state,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return std::mem::forget(Arc::clone(&shared.state)),
    };
    state.slots.iter_mut().for_each(|slot| slot.connection = None);
    state.all.clear();
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.processes.of_others().for_each(leave_to_parent);
    }
}

/// How a kind is called.
pub fn kind_of<R: Request>() -> KindInfo {
    KindInfo {
        number: R::KIND,
        name: R::NAME,
        since: R::SINCE,
        streamed: R::STREAMED,
        retry_safe: R::RETRY_SAFE,
    }
}

impl Pool {
    pub fn new(address: &str, options: Options) -> Result<Self, Error> {
        let checks = [
            ("name, bytes", options.name.len() as u64, 1, 128),
            ("connections", options.connections as u64, 1, 64),
            ("attempts", options.attempts.into(), 1, u32::MAX.into()),
            ("body_size_max", options.body_size_max.into(), BODY_SIZE_MIN as u64, u32::MAX.into()),
        ];
        for (name, found, low, high) in checks {
            if !(low..=high).contains(&found) {
                return Err(Error::new(
                    Code::RequestInvalid,
                    format!(
                        "making a client: option {}: found {}, allowed: {}..{}",
                        name, found, low, high
                    ),
                ));
            }
        }
        Ok(Pool {
            address: address_of(address)?,
            options,
            is_closed: AtomicBool::new(false),
            processes: PerProcess::new(),
        })
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// The part of this process, with all its slots.
    fn shared(&self) -> Result<&Shared, Error> {
        let shared = self.processes.get(leave_to_parent)?;
        lock(&shared.state).slots.resize_with(self.options.connections, Slot::default);
        Ok(shared)
    }

    fn closed() -> Error {
        Error::new(Code::ConnectionClosed, "calling: this client was closed")
    }

    /// Ends all connections and refuses later calls.
    pub fn close(&self) {
        let shared = match self.shared() {
            Ok(shared) => shared,
            Err(_) => return self.is_closed.store(true, Ordering::SeqCst), // nothing to close
        };
        let mut state = lock(&shared.state);
        self.is_closed.store(true, Ordering::SeqCst);
        let all = std::mem::take(&mut state.all);
        state.slots.iter_mut().for_each(|slot| slot.connection = None);
        shared.changed.notify_all();
        drop(state);
        for connection in all.iter().filter_map(Weak::upgrade) {
            connection.fail(&Pool::closed());
        }
    }

    /// Pauses between two attempts; fails when the client is closed.
    pub fn pause(&self, until: Instant) -> Result<(), Error> {
        let shared = self.shared()?;
        let mut state = lock(&shared.state);
        while !self.is_closed() && Instant::now() < until {
            state = wait(&shared.changed, state, Some(until));
        }
        if self.is_closed() {
            return Err(Pool::closed());
        }
        Ok(())
    }

    /// The pause before the attempt after the `made`th, from half to all of what it may be.
    pub fn backoff(&self, made: u32) -> Duration {
        let options = &self.options;
        let doubled = u64::from(options.backoff_milliseconds) << (made.clamp(1, 20) - 1);
        let whole = doubled.min(options.backoff_max_milliseconds.into()) * 1000;
        let bound = whole / 2 + 1;
        let jitter = self.shared().map_or(0, |shared| lock(&shared.state).random.below(bound));
        Duration::from_micros(whole / 2 + jitter)
    }

    /// A connection on which a request is registered, and its id.
    pub fn acquire(
        &self,
        kind: KindInfo,
        deadline: Until,
    ) -> Result<(Arc<Connection>, u64), Error> {
        let shared = self.shared()?;
        loop {
            if is_past(deadline) {
                let words = format!("sending {}: the deadline passed first", kind.name);
                return Err(Error::new(Code::TimedOut, words));
            }
            let mut state = lock(&shared.state);
            if self.is_closed() {
                return Err(Pool::closed());
            }
            let index = state.least_busy();
            state.slots[index].chosen += 1;
            let _chosen = Chosen(shared, index);
            let connection = self.slot_connection(shared, state, index, deadline)?;
            if let Some(id) = connection.register(kind, deadline) {
                return Ok((connection, id));
            }
        }
    }

    /// The connection of a slot, made by this call or by one before it.
    fn slot_connection(
        &self,
        shared: &Shared,
        mut state: MutexGuard<'_, State>,
        index: usize,
        deadline: Until,
    ) -> Result<Arc<Connection>, Error> {
        loop {
            if self.is_closed() {
                return Err(Pool::closed());
            }
            if let Some(connection) = &state.slots[index].connection {
                let connection = Arc::clone(connection);
                drop(state);
                connection.look();
                return Ok(connection);
            }
            if !state.slots[index].is_connecting {
                break;
            }
            if is_past(deadline) {
                return Err(Error::new(Code::TimedOut, "connecting: the deadline passed first"));
            }
            state = wait(&shared.changed, state, deadline);
        }
        state.slots[index].is_connecting = true;
        drop(state);
        let _connecting = Connecting(shared, index); // declared before the guard, dropped after
        let connection = self.connect(shared, deadline)?;
        let mut state = lock(&shared.state);
        if self.is_closed() {
            return Err(Pool::closed());
        }
        state.slots[index].connection = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// A connection that has said Hello.
    fn connect(&self, shared: &Shared, deadline: Until) -> Result<Arc<Connection>, Error> {
        let limit = Duration::from_millis(self.options.connect_milliseconds.into());
        let until = Instant::now() + limit;
        let until = earlier(Some(until), deadline).unwrap_or(until);
        let body_max = FRAME_SIZE_MAX_BEFORE_HELLO - HEADER_SIZE;
        let socket = Socket::connect(&self.address, until)?;
        let connection = Connection::new(socket, body_max, self.options.answer_size_max)
            .map_err(|error| Error::new(Code::Unreachable, format!("connecting: {}", error)))?;
        let connection = Arc::new(connection);
        let mut state = lock(&shared.state); // known from here on, so that `close` ends it
        state.all.retain(|other| other.strong_count() > 0);
        state.all.push(Arc::downgrade(&connection));
        drop(state);
        if self.is_closed() {
            return Err(Pool::closed());
        }
        let result = self.say_hello(&connection, Some(until));
        let result = result.and_then(|()| match connection.failure() {
            Some(error) => Err(error),
            None if connection.is_usable() => Ok(()),
            None => Err(Error::new(Code::ConnectionClosed, "connecting: the server is draining")),
        });
        match result {
            Ok(()) => Ok(connection),
            Err(error) => {
                connection.fail(&error);
                Err(error)
            }
        }
    }

    fn say_hello(&self, connection: &Connection, until: Until) -> Result<(), Error> {
        let options = &self.options;
        let body_size_max = u64::from(options.body_size_max);
        let hello = HelloRequest {
            client: options.name.clone(),
            revision: REVISION,
            compression: if options.compression { Some(true) } else { None },
            body_size_max: Some(body_size_max).filter(|size| *size != BODY_SIZE_MAX as u64),
        };
        let mut body = Vec::new();
        encode(HelloRequest::info(), &hello.to_record(), &mut body).map_err(|error| {
            Error::new(Code::RequestInvalid, format!("making Hello: {}", error.code))
        })?;
        let kind = kind_of::<HelloRequest>();
        let id = connection
            .register(kind, until)
            .ok_or_else(|| Error::new(Code::ConnectionClosed, "connecting: lost at once"))?;
        connection.write(&request_frame(kind.number, id, 0, &body, false)?, until)?;
        let frame = connection.next_frame(id, until)?;
        connection.remove(id);
        self.take_hello(connection, &frame)
    }

    /// Takes over what the answer to Hello agrees to.
    fn take_hello(&self, connection: &Connection, frame: &Frame) -> Result<(), Error> {
        let (header, options) = (&frame.header, &self.options);
        if header.provenance == Provenance::Mock && !options.allow_mock {
            return Err(Error::mock("connecting"));
        }
        if header.status != 0 {
            let words = decode_message::<ErrorBody>(&frame.body)?;
            return Err(Error::refused(header.status, words, header.provenance));
        }
        let hello = decode_message::<HelloResponse>(&frame.body)?;
        if hello.revision > REVISION
            || (hello.compression && !options.compression)
            || header.is_degraded()
        {
            let words = "reading the answer to Hello: it agrees to what was not offered";
            return Err(Error::damage(words));
        }
        let agreed = Agreement {
            revision: hello.revision,
            compression: hello.compression,
            body_max: hello.body_size_max,
            in_flight_max: hello.requests_in_flight_max,
        };
        connection.agree(agreed, options.body_size_max as usize);
        Ok(())
    }
}

impl State {
    /// The slot with the least to do; among equals one that is connected.
    fn least_busy(&mut self) -> usize {
        let load = |slot: &mut Slot| {
            slot.connection = slot.connection.take().filter(|one| one.is_usable());
            let busy = slot.connection.as_ref().map_or(0, |connection| connection.load());
            // An empty slot is better than a busy connection, and worse than an idle one.
            let is_empty = slot.connection.is_none() && !slot.is_connecting;
            (slot.chosen + busy) * 2 + u64::from(is_empty)
        };
        let loads = self.slots.iter_mut().map(load).enumerate();
        loads.min_by_key(|(_, load)| *load).map_or(0, |(index, _)| index)
    }
}

#[cfg(all(test, unix))]
#[allow(unsafe_code)]
mod tests {
    use super::*;

    extern "C" {
        fn fork() -> i32;
        fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
        fn alarm(seconds: u32) -> u32;
        fn _exit(status: i32) -> !;
    }

    #[test]
    fn a_child_needs_no_lock_of_its_parent() {
        let pool = Pool::new("unix:///nobody/there", Options::default()).expect("an address");
        let held = Arc::clone(&pool.shared().expect("a place").state);
        let guard = lock(&held);
        // Sound: none of the four reads or writes memory but `status`, which lives on. The child
        // runs on with a copy of everything and ends without unwinding into the test's harness.
        let child = unsafe { fork() };
        if child == 0 {
            unsafe { alarm(60) }; // a child that hangs is killed
            let until = Instant::now() + Duration::from_secs(60);
            let kind = kind_of::<HelloRequest>();
            let acquired = pool.acquire(kind, Some(until)).map(|_| ()).map_err(|error| error.code);
            pool.close();
            drop(pool);
            unsafe { _exit(i32::from(acquired != Err(Code::Unreachable))) };
        }
        drop(guard);
        let mut status = -1;
        assert_eq!(unsafe { waitpid(child, &mut status, 0) }, child);
        assert_eq!(status, 0);
        assert!(!pool.is_closed(), "the child closed its own");
    }
}
