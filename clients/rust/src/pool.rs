//! The connections of a client, made on demand.
//!
//! Guarantees: a call takes the connection with the fewest calls. A connection opens once, for all
//! calls that wait for it. A connection that was idle for 0.1 ms or more and died meanwhile is
//! replaced before a request is written. Closing ends all waits at once. A forked child has its own
//! connections, and waits for no lock that a thread of the parent held at the fork.
//! Not here: the use of a connection by a call.

use crate::connection::Connection;
use crate::errors::{error, AssayError, Result};
use crate::protocol::Options;
use crate::socket::Address;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::mem::{take, ManuallyDrop};
use std::process::id;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Largest number of processes in one line of forks that share a client. A line goes from parent to
/// child, so the number of children of one process has no bound.
const LINE_LENGTH_MAX: usize = 16;

/// The part of a client that belongs to one process. A child must not wait for a lock of its
/// parent, since no thread would release the lock. Therefore each process finds its own place,
/// without a lock.
#[derive(Default)]
struct Place {
    /// 0 for a free place.
    process: AtomicU32,
    /// Connections that may be in use, draining ones included.
    connections: ManuallyDrop<Mutex<Vec<Arc<Connection>>>>,
    /// Notified when the client is closed.
    closing: Condvar,
}

impl Place {
    /// Drops the connections. In a child, drops the references to the parent's connections, which
    /// closes the copies of idle sockets without a shutdown. A list that a thread of the parent had
    /// locked at the fork may be half changed, and is neither read nor dropped.
    fn clear(&self) {
        if let Ok(mut connections) = self.connections.try_lock() {
            *connections = Vec::new();
        }
    }
}

/// State shared by a client and its clones.
pub struct Pool {
    pub options: Options,
    address: Address,
    /// In a child, the value at the time of the fork.
    is_closed: AtomicBool,
    line: [Place; LINE_LENGTH_MAX],
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.line.iter().for_each(Place::clear);
    }
}

/// Locks `mutex` even after a panic of a holder, because the guarded value is whole between
/// statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> AssayError {
    error!(ConnectionClosed, "calling: this client was closed")
}

impl Pool {
    /// Makes a pool. Fails with `address_invalid`, or with `request_invalid` and the option's name
    /// as `field`.
    pub fn new(address: &str, mut options: Options) -> Result<Self> {
        options.check()?;
        let address = Address::parse(address)?;
        Ok(Pool { address, options, is_closed: AtomicBool::new(false), line: Default::default() })
    }

    fn check_open(&self) -> Result<()> {
        (!self.is_closed.load(SeqCst)).then_some(()).ok_or_else(closed)
    }

    /// Finds or claims the place of a process.
    fn place(&self, process: u32) -> Result<&Place> {
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
        self.is_closed.store(true, SeqCst);
        if let Ok(place) = self.place(id()) {
            let connections = take(&mut *lock(&place.connections));
            place.closing.notify_all();
            connections.iter().for_each(|each| each.close(&closed()));
        }
    }

    /// Pauses between two attempts. Fails when the client is closed.
    pub fn pause(&self, until: Instant) -> Result<()> {
        let place = self.place(id())?;
        let left = until.saturating_duration_since(Instant::now());
        let connections = lock(&place.connections);
        drop(place.closing.wait_timeout_while(connections, left, |_| self.check_open().is_ok()));
        self.check_open()
    }

    /// Pause after the `made`th attempt: random between half and all of the doubled back-off.
    pub fn backoff(&self, made: u64) -> Duration {
        let doubled = self.options.backoff_milliseconds << (made.clamp(1, 20) - 1);
        let half = doubled.min(self.options.backoff_max_milliseconds) * 500;
        let random = RandomState::new().build_hasher().finish(); // different each time
        Duration::from_micros(half + random % (half + 1))
    }

    /// Returns the connection with the fewest holders, or a new connection when all are in use and
    /// more are allowed. Holders are the calls and the thread that opens the connection.
    pub fn choose(&self) -> Result<Arc<Connection>> {
        let mut connections = lock(&self.place(id())?.connections);
        self.check_open()?;
        let usable: Vec<_> = connections.iter().filter(|each| each.is_usable()).collect();
        let may_open = (usable.len() as u64) < self.options.connections;
        let best = usable.iter().min_by_key(|each| Arc::strong_count(each));
        if let Some(best) = best.filter(|best| !may_open || Arc::strong_count(best) == 1) {
            return Ok(Arc::clone(best));
        }
        let opened = Arc::new(Connection::new(&self.address, &self.options));
        opened.begin();
        // Dropping a connection that is neither usable nor in use ends it.
        connections.retain(|each| each.is_usable() || Arc::strong_count(each) > 1);
        connections.push(Arc::clone(&opened));
        Ok(opened)
    }
}

#[cfg(test)]
#[path = "tests/pool.rs"]
mod tests;
