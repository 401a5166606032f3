//! System calls that the standard library lacks: all `unsafe` code of the crate.
//!
//! Guarantees: the system probes a TCP connection. A thread also starts in a forked child whose
//! parent was starting or ending threads at the time of the fork.
//! Not here: the purpose of a connection and its thread (see `socket`, `connection`).

#![allow(unsafe_code)]

use std::io::{Error, Result};
use std::net::TcpStream;
use std::os::raw::{c_int, c_void};
use std::os::unix::io::AsRawFd;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null_mut;

/// Level, name and value of the options of a probed connection, with Linux's numbers. Times in
/// seconds.
pub const PROBES: [(c_int, c_int, c_int); 4] = [
    (1, 9, 1),  // SOL_SOCKET, SO_KEEPALIVE
    (6, 4, 30), // IPPROTO_TCP, TCP_KEEPIDLE
    (6, 5, 10), // IPPROTO_TCP, TCP_KEEPINTVL
    (6, 6, 3),  // IPPROTO_TCP, TCP_KEEPCNT
];

type Run = extern "C" fn(*mut c_void) -> *mut c_void;

extern "C" {
    // As declared by POSIX: an option value is an int, `socklen_t` is a u32, and a `pthread_t` has
    // the width of a pointer on every system that the crate builds on.
    fn setsockopt(file: c_int, level: c_int, name: c_int, value: *const c_int, size: u32) -> c_int;
    fn pthread_create(
        thread: *mut usize, attributes: *const c_void, run: Run, work: *mut c_void,
    ) -> c_int;
    fn pthread_detach(thread: usize) -> c_int;
}

/// Makes the system detect a dead machine at the far end. Has an effect on Linux only.
pub fn probe(stream: &TcpStream) {
    for (level, name, value) in PROBES.iter().filter(|_| cfg!(target_os = "linux")) {
        // Sound: `stream` is borrowed, so its descriptor is open. `value` points at the 4 bytes of
        // a live int, and the system only reads them.
        unsafe { setsockopt(stream.as_raw_fd(), *level, *name, value, 4) };
    }
}

/// Runs `work` on a detached thread. A panic ends only the thread. `std::thread` does not fit: its
/// threads take a process-wide lock at start and end, and a child forked at such a moment would
/// wait for the lock forever.
pub fn start_thread<W: FnOnce() + Send + 'static>(work: W) -> Result<()> {
    let work = Box::into_raw(Box::new(work));
    let mut thread = 0;
    // Sound: `run` has the required signature and owns the box from then on, whose content is
    // `Send`. When no thread was made, the box is still owned here. `thread` is detached once.
    unsafe {
        let code = pthread_create(&mut thread, null_mut(), run::<W>, work.cast());
        if code == 0 {
            pthread_detach(thread);
            return Ok(());
        }
        drop(Box::from_raw(work));
        Err(Error::from_raw_os_error(code))
    }
}

extern "C" fn run<W: FnOnce()>(work: *mut c_void) -> *mut c_void {
    // Sound: `start_thread` made the box for this thread alone.
    let work = unsafe { Box::from_raw(work.cast::<W>()) };
    let _ = catch_unwind(AssertUnwindSafe(work));
    null_mut()
}

#[cfg(test)]
#[path = "tests/system.rs"]
mod tests;
