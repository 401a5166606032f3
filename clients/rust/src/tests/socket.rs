//! Tests of addresses, and of the options of a connection's socket.

#![allow(unsafe_code)]

use super::*;
use crate::protocol::Code;
use std::net::TcpListener;
use std::os::unix::io::AsRawFd;

#[test]
fn addresses_are_parsed() {
    let tcp = |host: &str, port| Place::Tcp(host.to_owned(), port);
    assert_eq!(Address::parse("tcp://h:1").unwrap().place, tcp("h", 1));
    assert_eq!(Address::parse("tcp://[::1]:65535").unwrap().place, tcp("::1", 65535));
    assert_eq!(Address::parse("unix:///a").unwrap().place, Place::Unix("/a".to_owned()));
    assert_eq!(Address::parse("h:1").unwrap().url, "tcp://h:1");
    assert_eq!(Address::parse("/a").unwrap().url, "unix:///a");
}

#[test]
fn other_addresses_are_refused() {
    let others = "h http://h:1 tcp://h tcp://h: tcp://h:0 tcp://h:65536 tcp://h:+1 tcp://:1 \
                  tcp://::1:1 unix://a unix:a";
    let long = format!("unix:///{}", "x".repeat(107));
    for text in others.split(' ').chain(["", &long]) {
        let error = Address::parse(text).expect_err(text);
        assert_eq!(error.code, Code::AddressInvalid, "{}", text);
    }
}

extern "C" {
    fn getsockopt(socket: i32, level: i32, name: i32, value: *mut i32, size: *mut u32) -> i32;
}

#[test]
#[cfg(target_os = "linux")]
fn tcp_connections_are_probed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let address = Address::parse(&format!("tcp://127.0.0.1:{}", port)).expect("an address");
    let until = Instant::now() + Duration::from_secs(60);
    let stream = address.connect(until).expect("listening");
    for (level, name, expected) in crate::system::PROBES {
        let (mut value, mut size) = (-1, 4);
        // Sound: both pointers are to live variables, and `size` is the size of the first.
        let result = unsafe { getsockopt(stream.as_raw_fd(), level, name, &mut value, &mut size) };
        assert_eq!((result, value), (0, expected), "level {} name {}", level, name);
    }
}
