//! What the standard library has no call for: all code here that is `unsafe`.
//!
//! Guarantees: a TCP connection is probed by the system; a thread starts also in the forked child
//! of a process whose other threads were starting and ending at that moment.
//! Not here: what a connection and its thread are for (see `socket`, `connection`).

#![allow(unsafe_code)]

use std::io::{Error, Result};
use std::net::TcpStream;
use std::os::raw::{c_int, c_void};
use std::os::unix::io::AsRawFd;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null_mut;

/// Level, name and value of each option of a probed connection, as Linux numbers them; seconds.
pub const PROBES: [(c_int, c_int, c_int); 4] = [
    (1, 9, 1),  // SOL_SOCKET, SO_KEEPALIVE
    (6, 4, 30), // IPPROTO_TCP, TCP_KEEPIDLE
    (6, 5, 10), // IPPROTO_TCP, TCP_KEEPINTVL
    (6, 6, 3),  // IPPROTO_TCP, TCP_KEEPCNT
];

type Run = extern "C" fn(*mut c_void) -> *mut c_void;

extern "C" {
    // As POSIX declares them: option values are an int, `socklen_t` is an u32, and a `pthread_t` is
    // as wide as a pointer on every system that the crate builds on.
    fn setsockopt(file: c_int, level: c_int, name: c_int, value: *const c_int, size: u32) -> c_int;
    fn pthread_create(
        thread: *mut usize, attributes: *const c_void, run: Run, work: *mut c_void,
    ) -> c_int;
    fn pthread_detach(thread: usize) -> c_int;
}

/// Has the system find out that the machine at the far end is gone without a word. On other systems
/// than Linux nothing is set.
pub fn probe(stream: &TcpStream) {
    for (level, name, value) in PROBES.iter().filter(|_| cfg!(target_os = "linux")) {
        // Sound: `stream` is borrowed, so its descriptor is open; `value` points at the 4 bytes of
        // an int that lives on, and the system only reads them.
        unsafe { setsockopt(stream.as_raw_fd(), *level, *name, value, 4) };
    }
}

/// Runs `work` on a thread that nobody joins; a panic ends that thread alone. `std::thread` will
/// not do: its threads take a lock of the whole process as they start and end, and a child forked
/// at that moment would wait for it for ever.
pub fn start_thread<W: FnOnce() + Send + 'static>(work: W) -> Result<()> {
    let work = Box::into_raw(Box::new(work));
    let mut thread = 0;
    // Sound: `run` has the signature asked for, and owns the box from then on, whose content may
    // be sent; refused, no thread has it, and it is ours again; `thread` is detached once.
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
    // Sound: `start_thread` made this box, and gave it to this thread alone.
    let work = unsafe { Box::from_raw(work.cast::<W>()) };
    let _ = catch_unwind(AssertUnwindSafe(work));
    null_mut()
}

#[cfg(test)]
#[path = "tests/system.rs"]
mod tests;
