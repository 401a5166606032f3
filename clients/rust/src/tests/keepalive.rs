//! What the system says about a connection.

use crate::socket::Address;
use std::net::TcpListener;
use std::os::raw::{c_int, c_void};
use std::os::unix::io::AsRawFd;
use std::time::{Duration, Instant};

extern "C" {
    fn getsockopt(
        socket: c_int, level: c_int, name: c_int, value: *mut c_void, size: *mut u32,
    ) -> c_int;
}

#[test]
fn tcp_connections_are_probed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let address = Address::parse(&format!("tcp://127.0.0.1:{}", port)).expect("an address");
    let until = Instant::now() + Duration::from_secs(60);
    let stream = address.connect(until).expect("listening");
    for (level, name, expected) in super::OPTIONS {
        let (mut value, mut size): (c_int, u32) = (-1, 4);
        let place: *mut c_int = &mut value;
        // Sound: both pointers are to variables that live on, and `size` says how large the
        // first is.
        let result =
            unsafe { getsockopt(stream.as_raw_fd(), level, name, place.cast(), &mut size) };
        assert_eq!((result, value), (0, expected), "level {} name {}", level, name);
    }
}
