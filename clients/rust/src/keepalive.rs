//! TCP keepalive, for which the standard library has no call: the one module with `unsafe`.
//!
//! Guarantees: the system probes a connection after 30 s of silence, every 10 s, and ends the
//! connection after 3 probes without an answer. A system that refuses one of these options keeps
//! its own numbers, and the connection is used all the same. On other systems than Linux nothing is
//! set.
//! Not here: other options.

use std::io::{Error, Result};
use std::net::TcpStream;
use std::os::raw::{c_int, c_void};
use std::os::unix::io::AsRawFd;

/// Two of Linux's numbers differ on MIPS and SPARC.
const OLD: bool = cfg!(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64"));

/// Level, name and value of each option, as Linux numbers them; seconds.
const OPTIONS: [(c_int, c_int, c_int); 4] = [
    (if OLD { 0xFFFF } else { 1 }, if OLD { 8 } else { 9 }, 1), // SOL_SOCKET, SO_KEEPALIVE
    (6, 4, 30),                                                 // IPPROTO_TCP, TCP_KEEPIDLE
    (6, 5, 10),                                                 // IPPROTO_TCP, TCP_KEEPINTVL
    (6, 6, 3),                                                  // IPPROTO_TCP, TCP_KEEPCNT
];

extern "C" {
    // As POSIX declares it; `socklen_t` is an u32.
    fn setsockopt(file: c_int, level: c_int, name: c_int, value: *const c_void, size: u32)
        -> c_int;
}

/// The system finds out that the machine at the far end is gone without a word.
pub fn enable(stream: &TcpStream) -> Result<()> {
    for (level, name, value) in OPTIONS.iter().filter(|_| cfg!(target_os = "linux")) {
        let size = std::mem::size_of_val(value) as u32;
        let place: *const c_int = value;
        // Sound: `stream` is borrowed, so its descriptor is open; `place` points at `size` bytes
        // that live on, and the system only reads them.
        let result = unsafe { setsockopt(stream.as_raw_fd(), *level, *name, place.cast(), size) };
        if result != 0 {
            return Err(Error::last_os_error());
        }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
#[path = "tests/keepalive.rs"]
mod tests;
