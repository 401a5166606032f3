//! Where a server listens, and a connected socket.
//!
//! Guarantees: parsing touches no network; connecting ends within its limit. The standard library
//! has no limit for connecting to a Unix socket, which can wait when the server's queue is full:
//! that is done on a thread of its own, which is left behind when the time is up.

use crate::error::{Code, Error};
use crate::keepalive;
use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Longest path a Unix socket's address has room for, bytes.
const PATH_SIZE_MAX: usize = 107;

/// Address of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    Tcp(String, u16),
    Unix(String),
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(host, port) if host.contains(':') => {
                write!(out, "tcp://[{}]:{}", host, port)
            }
            Address::Tcp(host, port) => write!(out, "tcp://{}:{}", host, port),
            Address::Unix(path) => write!(out, "unix://{}", path),
        }
    }
}

impl Address {
    /// Parses `tcp://HOST:PORT` or `unix:///PATH`.
    pub fn parse(text: &str) -> Result<Address, Error> {
        let invalid = |allowed: &str| {
            let found = format!("reading the server address: found \"{}\", allowed: ", text);
            Err(Error::new(Code::AddressInvalid, found + allowed))
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
}

/// A connected socket; reading and writing need no exclusive access.
pub enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

macro_rules! both {
    ($socket:expr, $stream:ident => $call:expr) => {
        match $socket {
            Socket::Tcp($stream) => $call,
            Socket::Unix($stream) => $call,
        }
    };
}

impl Socket {
    /// Connects before `until`.
    pub fn connect(address: &Address, until: Instant) -> Result<Socket, Error> {
        let failed = |error: std::io::Error| {
            let late = matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock);
            let code = if late { Code::TimedOut } else { Code::Unreachable };
            Error::new(code, format!("connecting to {}: {}", address, error))
        };
        match address {
            Address::Tcp(host, port) => {
                connect_tcp(host, *port, until).map(Socket::Tcp).map_err(failed)
            }
            Address::Unix(path) => connect_unix(path, until).map(Socket::Unix).map_err(failed),
        }
    }

    pub fn read(&self, bytes: &mut [u8]) -> std::io::Result<usize> {
        both!(self, stream => { let mut stream = stream; stream.read(bytes) })
    }

    pub fn write(&self, bytes: &[u8]) -> std::io::Result<usize> {
        both!(self, stream => { let mut stream = stream; stream.write(bytes) })
    }

    pub fn set_read_timeout(&self, limit: Option<Duration>) -> std::io::Result<()> {
        both!(self, stream => stream.set_read_timeout(limit))
    }

    pub fn set_write_timeout(&self, limit: Option<Duration>) -> std::io::Result<()> {
        both!(self, stream => stream.set_write_timeout(limit))
    }

    pub fn set_nonblocking(&self, on: bool) -> std::io::Result<()> {
        both!(self, stream => stream.set_nonblocking(on))
    }

    /// Ends reading and writing, also of threads that are at it.
    pub fn shut_down(&self) {
        let _ = both!(self, stream => stream.shutdown(Shutdown::Both)); // closed already: as well
    }
}

fn left(until: Instant) -> std::io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(std::io::Error::new(ErrorKind::TimedOut, "the time is up"));
    }
    Ok(left)
}

fn connect_tcp(host: &str, port: u16, until: Instant) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::new(ErrorKind::NotFound, "the host has no address");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, left(until)?) {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                let _ = keepalive::enable(&stream); // refused: as well, see there
                return Ok(stream);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn connect_unix(path: &str, until: Instant) -> std::io::Result<UnixStream> {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    let limit = left(until)?;
    std::thread::Builder::new().name("assay-connect".into()).spawn(move || {
        let is_interrupted = |result: &std::io::Result<UnixStream>| {
            result.as_ref().err().map(std::io::Error::kind) == Some(ErrorKind::Interrupted)
        };
        let mut result = UnixStream::connect(&path);
        while is_interrupted(&result) {
            result = UnixStream::connect(&path);
        }
        let _ = sender.send(result); // nobody waits any more: closed again
    })?;
    match receiver.recv_timeout(limit) {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::new(ErrorKind::TimedOut, "the time is up")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_parsed() {
        let tcp = |host: &str, port| Address::Tcp(host.to_owned(), port);
        assert_eq!(Address::parse("tcp://h:1").unwrap(), tcp("h", 1));
        assert_eq!(Address::parse("tcp://[::1]:65535").unwrap(), tcp("::1", 65535));
        assert_eq!(Address::parse("unix:///a").unwrap(), Address::Unix("/a".to_owned()));
    }

    #[test]
    fn other_addresses_are_refused() {
        let long = format!("unix:///{}", "x".repeat(107));
        for text in [
            "",
            "h:1",
            "http://h:1",
            "tcp://h",
            "tcp://h:",
            "tcp://h:0",
            "tcp://h:65536",
            "tcp://h:+1",
            "tcp://:1",
            "tcp://::1:1",
            "unix://a",
            "unix:a",
            &long,
        ] {
            let error = Address::parse(text).expect_err(text);
            assert_eq!(error.code, Code::AddressInvalid, "{}", text);
        }
    }
}
