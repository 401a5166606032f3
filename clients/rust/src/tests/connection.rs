//! A thread that panics within a connection: the others are told, and none waits for ever.

use super::*;
use crate::protocol::PingRequest;
use std::os::unix::net::UnixStream;
use std::panic::{catch_unwind, AssertUnwindSafe};

fn connection() -> (Connection, UnixStream) {
    let (ours, peers) = UnixStream::pair().expect("a pair");
    (Connection::new(ours, 4096).expect("a connection"), peers)
}

fn panics(action: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(action)).is_err());
}

#[test]
fn a_reader_that_panics_ends_the_connection_for_all() {
    let (connection, _peers) = connection();
    let id = connection.register(PingRequest::KIND, None).expect("a place");
    panics(|| {
        connection.state().is_leading = true;
        connection.in_role(|| panic!("as a reader might"));
    });
    let error = connection.next_frame(id, None).expect_err("nobody reads any more");
    assert_eq!(error.code, Code::ConnectionClosed);
    assert!(connection.load().is_err());
}

#[test]
fn a_panic_with_the_lock_held_ends_the_connection() {
    let (connection, _peers) = connection();
    panics(|| {
        let _state = connection.state();
        panic!("half changed");
    });
    assert!(connection.load().is_err());
    assert_eq!(connection.write(&[0], None).expect_err("ended").code, Code::ConnectionClosed);
}
