//! Tests of `wait_milliseconds`: servers that are not up yet, or whose model loads.
//!
//! Guarantees: the wait covers both cases, ends with the error, and is off by default. The tests
//! are a separate program, since a child forked by another test would keep a port open.

mod fake;

use assay_client::*;
use fake::*;
use std::thread::{scope, sleep};
use std::time::Duration;

fn waiting(url: &str, wait_milliseconds: u64, attempts: u64) -> Client {
    let options = Options { wait_milliseconds, attempts, ..Default::default() };
    Client::new(url, options).expect("an address")
}

#[test]
fn a_wait_covers_a_missing_socket() {
    let fake = Fake::start(1, well);
    let away = fake.path.with_extension("away");
    std::fs::rename(&fake.path, &away).expect("moved");
    scope(|threads| {
        threads.spawn(|| {
            sleep(Duration::from_millis(100));
            std::fs::rename(&away, &fake.path).expect("moved back");
        });
        assert_eq!(ping(&waiting(&fake.url, 60_000, 1)), Ok(()));
    });
}

/// Starts a server that refuses the first `refusals` pings.
fn loading(refusals: usize, pause: u64) -> Fake {
    Fake::start(1, move |seen| match seen.kind {
        KIND_PING if seen.nth <= refusals => refused(seen, 14, "model_loading", &number(4, pause)),
        _ => well(seen),
    })
}

#[test]
fn a_wait_covers_a_model_that_loads_and_ends_with_the_error() {
    let always = usize::MAX;
    for (refusals, pause, wait, attempts, expected, tries) in [
        (9, 1, 60_000, 1, Ok(()), Some(10)),
        (9, 1, 0, 3, Err(Code::ServerRefused), Some(3)),
        (9, 3_600_000, 60_000, 1, Err(Code::ServerRefused), Some(1)),
        (always, 1, 200, 1, Err(Code::ServerRefused), None),
    ] {
        let fake = loading(refusals, pause);
        assert_eq!(ping(&waiting(&fake.url, wait, attempts)), expected);
        let seen = fake.bodies(KIND_PING).len();
        assert!(tries.map_or(seen > 1, |tries| seen == tries), "{} tries", seen);
    }
}

#[test]
fn a_dead_address_fails_at_once_or_when_the_wait_is_over() {
    let dead = "unix:///nobody/there";
    assert_eq!(ping(&waiting(dead, 0, 1)), Err(Code::Unreachable));
    assert_eq!(ping(&waiting(dead, 50, 1)), Err(Code::Unreachable));
    let until_the_deadline = waiting(dead, 3_600_000, 1).deadline_milliseconds(50);
    assert_eq!(ping(&until_the_deadline), Err(Code::Unreachable));
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr();
    let refused = format!("tcp://{}", port.expect("bound")); // the port is closed again
    assert_eq!(ping(&waiting(&refused, 50, 1)), Err(Code::Unreachable));
}

#[test]
fn close_ends_a_pause() {
    for (wait, attempts) in [(0, 3), (7_200_000, 1)] {
        let fake = loading(usize::MAX, 3_600_000);
        let client = waiting(&fake.url, wait, attempts);
        scope(|threads| {
            let call = threads.spawn(|| ping(&client));
            fake.wait_for(KIND_PING);
            sleep(Duration::from_millis(100)); // the call pauses by now, or soon
            client.close();
            assert_eq!(call.join().expect("no panic"), Err(Code::ConnectionClosed));
        });
        assert_eq!(fake.bodies(KIND_PING).len(), 1);
    }
}
