//! Locks and waits that end at a time.
//!
//! Guarantees: a wait ends at its time, or earlier and without a cause.
//! Not here: the causes that are waited for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// The end of a wait; `None` is never.
pub type Until = Option<Instant>;

pub fn is_past(until: Until) -> bool {
    until.map_or(false, |until| Instant::now() >= until)
}

pub fn earlier(a: Until, b: Until) -> Until {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A lock that another thread's panic does not spoil: what it guards is whole between statements.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn wait<'a, T>(wake: &Condvar, guard: MutexGuard<'a, T>, until: Until) -> MutexGuard<'a, T> {
    match until {
        None => wake.wait(guard).unwrap_or_else(PoisonError::into_inner),
        Some(until) => {
            let left = until.saturating_duration_since(Instant::now());
            wake.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
        }
    }
}
