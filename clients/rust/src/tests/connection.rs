//! Tests of a thread that panics within a connection: waiting threads get an error, and none waits
//! forever.

use super::*;
use crate::protocol::PingRequest;
use std::os::unix::net::UnixStream;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// An open connection, and its other end.
fn connection() -> (Connection, UnixStream) {
    let (ours, peers) = UnixStream::pair().expect("a pair");
    let address = Address::parse("unix:///nobody/there").expect("an address");
    let connection = Connection::new(&address, &Options::default());
    let agreed = HelloResponse { requests_in_flight_max: 1, ..Default::default() };
    connection.state().socket = Some(Arc::new(ours));
    connection.state().agreed = Some(Arc::new(agreed));
    (connection, peers)
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn panics(action: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(action)).is_err());
}

#[test]
fn a_reader_that_panics_ends_the_connection_for_all() {
    let (connection, _peers) = connection();
    let registered = connection.register(PingRequest::KIND, soon()).expect("it is open");
    let id = registered.expect("a place").0;
    panics(|| {
        connection.state().reading = None;
        connection.in_role(|| panic!("as a reader might"));
    });
    let error =
        connection.next_frame(PingRequest::KIND, id, soon()).expect_err("nobody reads any more");
    assert_eq!(error.code, Code::ConnectionClosed);
    assert!(!connection.is_usable());
}

#[test]
fn a_panic_with_the_lock_held_ends_the_connection() {
    let (connection, _peers) = connection();
    panics(|| {
        let _state = connection.state();
        panic!("half changed");
    });
    assert!(!connection.is_usable());
    let error = connection.write(PingRequest::KIND, &[0], soon()).expect_err("ended");
    assert_eq!(error.code, Code::ConnectionClosed);
}
