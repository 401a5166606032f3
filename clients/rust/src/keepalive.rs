//! TCP keepalive, for which the standard library has no call: the one module with `unsafe`.
//!
//! Guarantees: the system probes a connection after 30 s of silence, every 10 s, and ends the
//! connection after 3 probes without an answer. A system that refuses one of these options keeps
//! its own numbers, and the connection is used all the same. On other systems than Linux nothing is
//! set.
//! Not here: other options.

use std::io::Result;
use std::net::TcpStream;

#[cfg(target_os = "linux")]
mod system {
    use std::io::{Error, Result};
    use std::net::TcpStream;
    use std::os::raw::{c_int, c_void};
    use std::os::unix::io::AsRawFd;

    /// Numbers of Linux. The first two differ on MIPS, SPARC and PA-RISC.
    const OLD: bool =
        cfg!(any(target_arch = "mips", target_arch = "mips64", target_arch = "sparc64"));
    pub const SOL_SOCKET: c_int = if OLD { 0xFFFF } else { 1 };
    pub const SO_KEEPALIVE: c_int = if OLD { 8 } else { 9 };
    pub const IPPROTO_TCP: c_int = 6;
    pub const TCP_KEEPIDLE: c_int = 4;
    pub const TCP_KEEPINTVL: c_int = 5;
    pub const TCP_KEEPCNT: c_int = 6;

    /// Level, name, value; seconds.
    pub const OPTIONS: [(c_int, c_int, c_int); 4] = [
        (SOL_SOCKET, SO_KEEPALIVE, 1),
        (IPPROTO_TCP, TCP_KEEPIDLE, 30),
        (IPPROTO_TCP, TCP_KEEPINTVL, 10),
        (IPPROTO_TCP, TCP_KEEPCNT, 3),
    ];

    extern "C" {
        // As POSIX declares it; `socklen_t` is an u32 on every Linux.
        fn setsockopt(
            socket: c_int,
            level: c_int,
            name: c_int,
            value: *const c_void,
            size: u32,
        ) -> c_int;
    }

    pub fn enable(stream: &TcpStream) -> Result<()> {
        for (level, name, value) in OPTIONS {
            let size = std::mem::size_of_val(&value) as u32;
            let place: *const c_int = &value;
            // Sound: `stream` is borrowed, so its descriptor is open; `place` points at `size`
            // bytes that live until the call returns, and the system only reads them.
            let result = unsafe { setsockopt(stream.as_raw_fd(), level, name, place.cast(), size) };
            if result != 0 {
                return Err(Error::last_os_error());
            }
        }
        Ok(())
    }
}

/// The system finds out that the machine at the far end is gone without a word.
#[cfg(target_os = "linux")]
pub fn enable(stream: &TcpStream) -> Result<()> {
    system::enable(stream)
}

/// Nothing: see above.
#[cfg(not(target_os = "linux"))]
pub fn enable(_: &TcpStream) -> Result<()> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
#[path = "tests/keepalive.rs"]
mod tests;
