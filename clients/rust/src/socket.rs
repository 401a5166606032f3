//! Where a server listens, and how to connect to it.
//!
//! Guarantees: parsing touches no network; nobody waits for a connection longer than wanted.
//! Looking up a name, and connecting to a Unix socket whose server's queue is full, have no limit in
//! the standard library: that is done on a thread of its own, which is left behind when nobody waits
//! any more.

use crate::errors::{error, AssayError};
use crate::keepalive;
use std::fmt;
use std::io::{Error, ErrorKind, Result as IoResult};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::io::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::Sender;
use std::time::Instant;

/// Longest path a Unix socket's address has room for, bytes.
const PATH_SIZE_MAX: usize = 107;

/// A connected socket of either family: what is done with it is the same for both.
pub type Socket = UnixStream;

/// Address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Tcp(String, u16),
    Unix(String),
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(host, port) if host.contains(':') => write!(out, "tcp://[{host}]:{port}"),
            Address::Tcp(host, port) => write!(out, "tcp://{host}:{port}"),
            Address::Unix(path) => write!(out, "unix://{path}"),
        }
    }
}

impl Address {
    /// Parses `tcp://HOST:PORT` or `unix:///PATH`.
    pub fn parse(text: &str) -> Result<Address, AssayError> {
        let invalid = |allowed: &str| {
            let found = format!("found \"{text}\", allowed: {allowed}");
            Err(error!(AddressInvalid, "reading the server address: {found}"))
        };
        if let Some(path) = text.strip_prefix("unix://") {
            if !path.starts_with('/') || path.len() > PATH_SIZE_MAX || path.contains('\0') {
                return invalid("an absolute path of at most 107 bytes after unix://");
            }
            return Ok(Address::Unix(path.to_owned()));
        }
        let (host, port) = match text.strip_prefix("tcp://").map(|rest| rest.rsplit_once(':')) {
            Some(Some(parts)) => parts,
            _ => return invalid("tcp://HOST:PORT or unix:///PATH"),
        };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if host.is_empty() || (bare.is_none() && host.contains(':')) {
            return invalid("tcp://HOST:PORT, an IPv6 host in brackets");
        }
        match port.parse() {
            Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Address::Tcp(bare.unwrap_or(host).to_owned(), number))
            }
            _ => invalid("a port from 1 to 65535 after the last colon"),
        }
    }

    /// Connects before `until`, on a thread of its own, which sends what came of it.
    pub fn connect(
        &self,
        until: Instant,
        sender: Sender<Result<Socket, AssayError>>,
    ) -> Result<(), AssayError> {
        let address = self.clone();
        let work = move || {
            let result = address.open(until).map_err(|error| address.failed(&error));
            let _ = sender.send(result); // nobody waits any more: closed again
        };
        let thread = std::thread::Builder::new().name("assay-connect".into()).spawn(work);
        thread.map(drop).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &Error) -> AssayError {
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                error!(TimedOut, "connecting to {self}: {error}")
            }
            _ => error!(Unreachable, "connecting to {self}: {error}"),
        }
    }

    fn open(&self, until: Instant) -> IoResult<Socket> {
        match self {
            Address::Tcp(host, port) => open_tcp(host, *port, until),
            Address::Unix(path) => loop {
                match UnixStream::connect(path) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    result => return result,
                }
            },
        }
    }
}

fn open_tcp(host: &str, port: u16, until: Instant) -> IoResult<Socket> {
    let mut last = Error::new(ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::new(ErrorKind::TimedOut, "the time is up"));
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                let _ = keepalive::enable(&stream); // refused: as well, see there
                return Ok(OwnedFd::from(stream).into());
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
#[path = "tests/socket.rs"]
mod tests;
