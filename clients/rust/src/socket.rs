//! Server addresses and how to connect.
//!
//! Guarantees: parsing uses no network. On Linux, the system probes a TCP connection after 30 s of
//! silence, then every 10 s, and ends the connection after 3 probes without an answer. A system
//! that refuses an option keeps its own value, and the connection is still used. This is the case
//! on MIPS and SPARC, whose option numbers differ. Other systems than Linux get no options.
//! Not here: the thread that connects (see `connection`).

use crate::errors::{error, AssayError, Result};
use crate::system::probe;
use std::fmt::Display;
use std::io::{Error, ErrorKind, Result as IoResult};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::io::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Longest path of a Unix socket, bytes.
const PATH_SIZE_MAX: usize = 107;

/// Longest wait of one write, before the writer checks for bytes to read.
const WRITE_STEP: Duration = Duration::from_millis(20);

/// A connected socket, TCP or Unix. The calls used here are the same for both.
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
    /// Parses `tcp://HOST:PORT` or `unix:///PATH`, or one of them without its scheme.
    pub fn parse(given: &str) -> Result<Address> {
        let scheme = match given {
            _ if given.contains("://") => "",
            _ if given.starts_with('/') => "unix://",
            _ => "tcp://",
        };
        let url = format!("{scheme}{given}");
        let place = parse_place(&url).map_err(|allowed| {
            let found = format!("found \"{given}\", allowed: {allowed}");
            error!(AddressInvalid, "reading the server address: {found}")
        })?;
        Ok(Address { url, place })
    }

    /// Connects. A TCP connection opens before `until`, apart from the name look-up. Fails with
    /// `unreachable`.
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
            .map_err(|error| self.unreachable(&error).because(error))
    }

    pub fn unreachable(&self, why: &dyn Display) -> AssayError {
        error!(Unreachable, "connecting to {}: {why}", self.url)
    }
}

/// Parses an address. The error names the allowed form.
fn parse_place(url: &str) -> Result<Place, &'static str> {
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

fn open_tcp(host: &str, port: u16, until: Instant) -> IoResult<Socket> {
    let mut last = Err(Error::new(ErrorKind::NotFound, "the host has no address"));
    for address in (host, port).to_socket_addrs()? {
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        last = last.or_else(|_| TcpStream::connect_timeout(&address, left));
    }
    let stream = last?;
    stream.set_nodelay(true)?;
    probe(&stream);
    Ok(OwnedFd::from(stream).into())
}

#[cfg(test)]
#[path = "tests/socket.rs"]
mod tests;
