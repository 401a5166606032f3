//! The connections of a client, which are made when they are needed.
//!
//! Guarantees: a call takes the connection that the fewest calls use; however many wait for one, it
//! is opened once; a connection that died while idle, for 0.1 ms at least, is replaced before
//! anything is written to it; closing ends every wait at once; a forked child has connections of
//! its own, and waits for no lock that a thread of its parent held at the fork.
//! Not here: what a call does with its connection.

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

/// Processes of one line of forks that may use the same client. A line goes from parent to child,
/// so the number of children of one process has no bound.
const LINE_LENGTH_MAX: usize = 16;

/// The part of a client that belongs to one process. A child must not wait for a lock of its
/// parent, which nobody would release: hence one place for each process, found without a lock.
#[derive(Default)]
struct Place {
    /// 0: free.
    process: AtomicU32,
    /// All that may be in use, those that drain included.
    connections: ManuallyDrop<Mutex<Vec<Arc<Connection>>>>,
    /// The client was closed.
    closing: Condvar,
}

impl Place {
    /// Drops the connections, or a child's references to its parent's: that closes the copies of
    /// idle sockets, and shuts none down. What a thread of the parent had locked at the fork may be
    /// half changed, and is neither read nor dropped.
    fn clear(&self) {
        if let Ok(mut connections) = self.connections.try_lock() {
            *connections = Vec::new();
        }
    }
}

/// Everything a client and its clones share.
pub struct Pool {
    pub options: Options,
    address: Address,
    /// A child has the value of the fork.
    is_closed: AtomicBool,
    line: [Place; LINE_LENGTH_MAX],
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.line.iter().for_each(Place::clear);
    }
}

/// A lock that another thread's panic does not spoil: what it guards is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> AssayError {
    error!(ConnectionClosed, "calling: this client was closed")
}

impl Pool {
    /// Fails with `address_invalid`, or `request_invalid` and an option's name as `field`.
    pub fn new(address: &str, options: Options) -> Result<Self> {
        for (name, found, min, max) in options.ranges() {
            if !(min..=max).contains(&found) {
                let words = format!("option {name}: found {found}, allowed: {min}..{max}");
                return Err(error!(RequestInvalid, "making a client: {words}").field(name));
            }
        }
        let address = Address::parse(address)?;
        Ok(Pool { address, options, is_closed: AtomicBool::new(false), line: Default::default() })
    }

    fn check_open(&self) -> Result<()> {
        let is_open = !self.is_closed.load(SeqCst);
        is_open.then_some(()).ok_or_else(closed)
    }

    /// The place of a process.
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

    /// Pauses between two attempts; fails when the client is closed.
    pub fn pause(&self, until: Instant) -> Result<()> {
        let place = self.place(id())?;
        let left = until.saturating_duration_since(Instant::now());
        let connections = lock(&place.connections);
        drop(place.closing.wait_timeout_while(connections, left, |_| self.check_open().is_ok()));
        self.check_open()
    }

    /// The pause before the attempt after the `made`th, from half to all of what it may be.
    pub fn backoff(&self, made: u64) -> Duration {
        let doubled = self.options.backoff_milliseconds << (made.clamp(1, 20) - 1);
        let half = doubled.min(self.options.backoff_max_milliseconds) * 500;
        let random = RandomState::new().build_hasher().finish(); // differs each time
        Duration::from_micros(half + random % (half + 1))
    }

    /// The connection that the fewest hold, but a new one rather than one in use, if there may be
    /// more: each call holds the one it uses, and so does the thread that opens one.
    pub fn choose(&self) -> Result<Arc<Connection>> {
        let mut connections = lock(&self.place(id())?.connections);
        self.check_open()?;
        let usable: Vec<_> = connections.iter().filter(|each| each.is_usable()).collect();
        let may_open = (usable.len() as u64) < self.options.connections;
        match usable.iter().min_by_key(|each| Arc::strong_count(each)) {
            Some(best) if !may_open || Arc::strong_count(best) == 1 => Ok(Arc::clone(best)),
            _ => {
                let opened = Arc::new(Connection::new(&self.address, &self.options));
                opened.begin();
                // What neither takes requests nor is used by anyone is dropped, and so ended.
                connections.retain(|each| each.is_usable() || Arc::strong_count(each) > 1);
                connections.push(Arc::clone(&opened));
                Ok(opened)
            }
        }
    }
}

#[cfg(test)]
#[path = "tests/pool.rs"]
mod tests;
