//! The connections of a client, which are made when they are needed.
//!
//! Guarantees: a call takes the connection with the fewest requests in flight; never more are in
//! flight on one than its server allows, further calls wait; a connection that died while idle is
//! replaced before anything is written to it; closing ends every wait at once; a forked child has
//! connections of its own, and waits for no lock that a thread of its parent held at the fork.
//! Not here: what a call does with its connection.

use crate::answers::{admit, read_frame};
use crate::codec::{encode, Kind, Request};
use crate::connection::{earlier, is_past, lock, wait, Connection, Until};
use crate::errors::{error, AssayError, Result};
use crate::frames::request_frame;
use crate::protocol::{HelloRequest, HelloResponse, Options, BODY_SIZE_MAX, KIND_HELLO, REVISION};
use crate::socket::{Address, Socket};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{channel, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

/// Processes of one line of forks that may use the same client. A line goes from parent to child,
/// so the number of children of one process has no bound.
const LINE_LENGTH_MAX: usize = 16;

/// A place for a connection.
#[derive(Default)]
struct Slot {
    connection: Option<Arc<Connection>>,
    /// Ends the wait of the call that connects it.
    connecting: Option<Sender<Result<Socket>>>,
    /// Calls that chose it and are not in flight yet.
    chosen: u64,
}

#[derive(Default)]
struct State {
    slots: Vec<Slot>,
    /// Every connection that may still be in use.
    all: Vec<Weak<Connection>>,
}

/// The part of a client that belongs to one process. A child must not wait for a lock of its
/// parent, which nobody would release: hence one place for each process, found without a lock.
#[derive(Default)]
struct Place {
    /// 0: free.
    process: AtomicU32,
    state: ManuallyDrop<Mutex<State>>,
    changed: Condvar,
}

impl Place {
    /// Drops the connections, or a child's references to its parent's: that closes the copies of
    /// idle sockets, and shuts none down. What a thread of the parent had locked at the fork may be
    /// half changed, and is neither read nor dropped.
    fn clear(&self) {
        if let Ok(mut state) = self.state.try_lock() {
            *state = State::default();
        }
    }
}

/// Everything a client and its clones share.
pub struct Pool {
    pub options: Options,
    address: Address,
    /// Set with the state locked; a child has the value of the fork.
    is_closed: AtomicBool,
    line: [Place; LINE_LENGTH_MAX],
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.line.iter().for_each(Place::clear);
    }
}

fn closed() -> AssayError {
    error!(ConnectionClosed, "calling: this client was closed")
}

impl Pool {
    pub fn new(address: &str, options: Options) -> Result<Self> {
        options.check()?;
        let address = Address::parse(address)?;
        Ok(Pool { address, options, is_closed: AtomicBool::new(false), line: Default::default() })
    }

    fn check_open(&self) -> Result<()> {
        match self.is_closed.load(SeqCst) {
            true => Err(closed()),
            false => Ok(()),
        }
    }

    /// The place of this process.
    fn place(&self) -> Result<&Place> {
        self.place_of(std::process::id())
    }

    fn place_of(&self, process: u32) -> Result<&Place> {
        for (index, place) in self.line.iter().enumerate() {
            match place.process.compare_exchange(0, process, SeqCst, SeqCst) {
                Ok(_) => {
                    self.line[..index].iter().for_each(Place::clear);
                    return Ok(place);
                }
                Err(owner) if owner == process => return Ok(place),
                Err(_) => {}
            }
        }
        let found = "found a client that was handed down through more forks";
        Err(error!(RequestInvalid, "calling: {found}, allowed: {}", LINE_LENGTH_MAX - 1))
    }

    /// Ends all connections and refuses later calls.
    pub fn close(&self) {
        let place = match self.place() {
            Ok(place) => place,
            Err(_) => return self.is_closed.store(true, SeqCst), // nothing to close
        };
        let mut state = lock(&place.state);
        self.is_closed.store(true, SeqCst);
        for slot in &mut state.slots {
            slot.connection = None;
            if let Some(connecting) = &slot.connecting {
                let _ = connecting.send(Err(closed())); // connected by now: as well
            }
        }
        let all = std::mem::take(&mut state.all);
        place.changed.notify_all();
        drop(state);
        for connection in all.iter().filter_map(Weak::upgrade) {
            connection.close(&closed());
        }
    }

    /// Pauses between two attempts; fails when the client is closed.
    pub fn pause(&self, until: Instant) -> Result<()> {
        let place = self.place()?;
        let mut state = lock(&place.state);
        while self.check_open().is_ok() && Instant::now() < until {
            state = wait(&place.changed, state, Some(until));
        }
        self.check_open()
    }

    /// The pause before the attempt after the `made`th, from half to all of what it may be.
    pub fn backoff(&self, made: u64) -> Duration {
        let doubled = self.options.backoff_milliseconds << (made.clamp(1, 20) - 1);
        let half = doubled.min(self.options.backoff_max_milliseconds) * 500;
        let random = RandomState::new().build_hasher().finish(); // differs each time
        Duration::from_micros(half + random % (half + 1))
    }

    /// A connection on which a request is registered, and its id.
    pub fn acquire(&self, kind: &'static Kind, deadline: Until) -> Result<(Arc<Connection>, u64)> {
        let place = self.place()?;
        loop {
            if is_past(deadline) {
                return Err(error!(TimedOut, "sending {}: the deadline passed first", kind.name));
            }
            let mut state = lock(&place.state);
            self.check_open()?;
            state.slots.resize_with(self.options.connections as usize, Slot::default);
            let index = state.least_busy();
            state.slots[index].chosen += 1;
            let connection = self.connection(place, state, index, deadline);
            let registered = connection.map(|connection| {
                let connection = connection?;
                connection.register(kind, deadline).map(|id| (connection, id))
            });
            lock(&place.state).slots[index].chosen -= 1;
            if let Some(found) = registered? {
                return Ok(found);
            }
        }
    }

    /// The connection of a slot; `None` after a wait for another call that makes it.
    fn connection(
        &self,
        place: &Place,
        mut state: MutexGuard<'_, State>,
        index: usize,
        deadline: Until,
    ) -> Result<Option<Arc<Connection>>> {
        let slot = &mut state.slots[index];
        if let Some(connection) = slot.connection.clone() {
            drop(state);
            connection.look();
            return Ok(Some(connection));
        }
        if slot.connecting.is_some() {
            drop(wait(&place.changed, state, deadline));
            return Ok(None);
        }
        let (sender, receiver) = channel();
        slot.connecting = Some(sender.clone());
        drop(state);
        let until = self.connect_limit(deadline);
        self.address.connect(until, sender);
        let late = |_| Err(error!(TimedOut, "connecting to {}: the time is up", self.address.url));
        let left = until.saturating_duration_since(Instant::now());
        let socket = receiver.recv_timeout(left).unwrap_or_else(late);
        let result = socket.and_then(|socket| self.greet(place, socket, deadline));
        let mut state = lock(&place.state);
        place.changed.notify_all();
        let slot = &mut state.slots[index];
        slot.connecting = None;
        let connection = result?;
        self.check_open()?;
        slot.connection = Some(Arc::clone(&connection));
        Ok(Some(connection))
    }

    fn connect_limit(&self, deadline: Until) -> Instant {
        let limit = Duration::from_millis(self.options.connect_milliseconds);
        let until = Instant::now() + limit;
        earlier(Some(until), deadline).unwrap_or(until)
    }

    /// A connection that has said Hello.
    fn greet(&self, place: &Place, socket: Socket, deadline: Until) -> Result<Arc<Connection>> {
        let connection = Connection::new(socket, self.options.answer_size_max)
            .map_err(|error| error!(Unreachable, "connecting to {}: {error}", self.address.url))?;
        let connection = Arc::new(connection);
        let mut state = lock(&place.state); // known from here on, so that `close` ends it
        state.all.retain(|other| other.strong_count() > 0);
        state.all.push(Arc::downgrade(&connection));
        drop(state);
        self.check_open()?;
        self.hello(&connection, Some(self.connect_limit(deadline)))?;
        Ok(connection)
    }

    fn hello(&self, connection: &Connection, until: Until) -> Result<()> {
        let options = &self.options;
        let mut request = HelloRequest {
            client: options.name.clone(),
            revision: REVISION,
            compression: Some(true).filter(|_| options.compression),
            body_size_max: Some(options.body_size_max).filter(|size| *size != BODY_SIZE_MAX as u64),
        };
        let (body, _) = encode(&mut request)
            .map_err(|wrong| error!(RequestInvalid, "making Hello: {}", wrong.code))?;
        let lost = || error!(ConnectionClosed, "connecting: lost at once");
        let id = connection.register(HelloRequest::KIND, until).ok_or_else(lost)?;
        connection.write(&request_frame(KIND_HELLO, id, 0, &body, false)?, until)?;
        let frame = connection.next_frame(id, until)?;
        connection.remove(id);
        admit(&frame, "Hello", options.allow_mock)?;
        let hello: HelloResponse = read_frame(&frame, 0)?;
        if hello.revision > REVISION || (hello.compression && !options.compression) {
            let words = "it agrees to what was not offered";
            return Err(error!(ProtocolError, "reading the answer to Hello: {words}"));
        }
        connection.agree(hello, options.body_size_max as usize);
        connection.load().map(drop)
    }
}

impl State {
    /// The slot with the least to do; among equals one that is connected.
    fn least_busy(&mut self) -> usize {
        let load = |slot: &mut Slot| {
            let load = slot.connection.as_ref().and_then(|connection| connection.load().ok());
            if load.is_none() {
                slot.connection = None;
            }
            // An empty slot is better than a busy connection, and worse than an idle one.
            let is_empty = load.is_none() && slot.connecting.is_none();
            (slot.chosen + load.unwrap_or(0)) * 2 + u64::from(is_empty)
        };
        let loads = self.slots.iter_mut().map(load).enumerate();
        loads.min_by_key(|(_, load)| *load).map_or(0, |(index, _)| index)
    }
}

#[cfg(all(test, unix))]
#[allow(unsafe_code)]
#[path = "tests/pool.rs"]
mod tests;
