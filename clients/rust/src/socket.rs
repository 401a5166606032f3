//! Where a server listens, and how to connect to it.
//!
//! Guarantees: parsing touches no network. The system probes a TCP connection after 30 s of
//! silence, every 10 s, and ends it after 3 probes without an answer. Where it refuses one of these
//! options it keeps its own numbers, and the connection is used all the same: so on MIPS and SPARC,
//! whose numbers differ. On other systems than Linux nothing is set.
//! The standard library has no call for that: here is the one call that is `unsafe`.
//! Not here: the thread that connects (see `connection`).

use crate::errors::{error, AssayError, Result};
use std::fmt::Display;
use std::io::{Error, ErrorKind, Result as IoResult};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::raw::c_int;
use std::os::unix::io::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Longest path a Unix socket's address has room for, bytes.
const PATH_SIZE_MAX: usize = 107;

/// A write that waits looks up after this: is there something to read?
const WRITE_STEP: Duration = Duration::from_millis(20);

/// Level, name and value of each option of a probed connection, as Linux numbers them; seconds.
const PROBES: [(c_int, c_int, c_int); 4] = [
    (1, 9, 1),  // SOL_SOCKET, SO_KEEPALIVE
    (6, 4, 30), // IPPROTO_TCP, TCP_KEEPIDLE
    (6, 5, 10), // IPPROTO_TCP, TCP_KEEPINTVL
    (6, 6, 3),  // IPPROTO_TCP, TCP_KEEPCNT
];

extern "C" {
    // As POSIX declares it, for values that are an int; `socklen_t` is an u32.
    fn setsockopt(file: c_int, level: c_int, name: c_int, value: *const c_int, size: u32) -> c_int;
}

/// A connected socket of either family: what is done with it is the same for both.
pub type Socket = UnixStream;

/// Address of a server.
#[derive(Debug, Clone)]
pub struct Address {
    pub url: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Tcp(String, u16),
    Unix(String),
}

impl Address {
    /// Parses `tcp://HOST:PORT` or `unix:///PATH`.
    pub fn parse(url: &str) -> Result<Address> {
        let place = Place::parse(url).map_err(|allowed| {
            let found = format!("found \"{url}\", allowed: {allowed}");
            error!(AddressInvalid, "reading the server address: {found}")
        })?;
        Ok(Address { url: url.to_owned(), place })
    }

    /// Connects; TCP before `until`, but for looking up its name. Fails with `unreachable`.
    pub fn connect(&self, until: Instant) -> Result<Socket> {
        let socket = match &self.place {
            Place::Tcp(host, port) => open_tcp(host, *port, until),
            Place::Unix(path) => loop {
                match UnixStream::connect(path) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    result => break result,
                }
            },
        };
        socket
            .and_then(|socket| socket.set_write_timeout(Some(WRITE_STEP)).map(|()| socket))
            .map_err(|error| self.unreachable(&error))
    }

    pub fn unreachable(&self, why: &dyn Display) -> AssayError {
        error!(Unreachable, "connecting to {}: {why}", self.url)
    }
}

impl Place {
    /// An error: what is allowed.
    fn parse(url: &str) -> Result<Place, &'static str> {
        if let Some(path) = url.strip_prefix("unix://") {
            let fits = path.starts_with('/') && path.len() <= PATH_SIZE_MAX;
            let place = (fits && !path.contains('\0')).then(|| Place::Unix(path.to_owned()));
            return place.ok_or("an absolute path of at most 107 bytes after unix://");
        }
        let rest = url.strip_prefix("tcp://").ok_or("tcp://HOST:PORT or unix:///PATH")?;
        let (host, port) = rest.rsplit_once(':').ok_or("tcp://HOST:PORT")?;
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if host.is_empty() || (bare.is_none() && host.contains(':')) {
            return Err("tcp://HOST:PORT, an IPv6 host in brackets");
        }
        let number = port.parse().ok().filter(|number| *number > 0 && !port.starts_with('+'));
        let place = number.map(|number| Place::Tcp(bare.unwrap_or(host).to_owned(), number));
        place.ok_or("a port from 1 to 65535 after the last colon")
    }
}

fn open_tcp(host: &str, port: u16, until: Instant) -> IoResult<Socket> {
    let mut last = Err(Error::new(ErrorKind::NotFound, "the host has no address"));
    for address in (host, port).to_socket_addrs()? {
        let left = until.saturating_duration_since(Instant::now());
        last = TcpStream::connect_timeout(&address, left.max(Duration::from_millis(1)));
        if last.is_ok() {
            break;
        }
    }
    let stream = last?;
    stream.set_nodelay(true)?;
    probe(&stream);
    Ok(OwnedFd::from(stream).into())
}

/// Has the system find out that the machine at the far end is gone without a word.
#[allow(unsafe_code)] // the one exception
fn probe(stream: &TcpStream) {
    for (level, name, value) in PROBES.iter().filter(|_| cfg!(target_os = "linux")) {
        let size = std::mem::size_of_val(value) as u32;
        // Sound: `stream` is borrowed, so its descriptor is open; `value` points at `size` bytes
        // that live on, and the system only reads them.
        unsafe { setsockopt(stream.as_raw_fd(), *level, *name, value, size) };
    }
}

#[cfg(test)]
#[path = "tests/socket.rs"]
mod tests;
