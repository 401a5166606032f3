//! Addresses.

use super::*;
use crate::protocol::Code;

#[test]
fn addresses_are_parsed() {
    let tcp = |host: &str, port| Place::Tcp(host.to_owned(), port);
    assert_eq!(Address::parse("tcp://h:1").unwrap().place, tcp("h", 1));
    assert_eq!(Address::parse("tcp://[::1]:65535").unwrap().place, tcp("::1", 65535));
    assert_eq!(Address::parse("unix:///a").unwrap().place, Place::Unix("/a".to_owned()));
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
