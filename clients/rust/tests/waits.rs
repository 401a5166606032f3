//! Tests of `wait_milliseconds`: servers that are not up yet, or whose model loads.
//!
//! Guarantees: the wait covers both cases, ends with the error, and is off by default. The tests
//! are a separate program, since a child forked by another test would keep a port open.

mod fake;

use assay_client::*;
use fake::*;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Duration;

fn waiting(url: &str, wait_milliseconds: u64, attempts: u64) -> Client {
    let options = Options { wait_milliseconds, attempts, ..Default::default() };
    Client::new(url, options).expect("an address")
}

fn code(client: &Client) -> Result<(), Code> {
    client.ping(&bytes(b"abc")).map(|_| ()).map_err(|error| error.code)
}

#[test]
fn a_wait_covers_a_missing_socket() {
    let fake = Fake::start(1, Box::new(well));
    let away = fake.path.with_extension("away");
    std::fs::rename(&fake.path, &away).expect("moved");
    let client = waiting(&fake.url, 60_000, 1);
    let here = fake.path.clone();
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        std::fs::rename(away, here).expect("moved back");
    });
    assert_eq!(code(&client), Ok(()));
    thread.join().expect("no panic");
    client.close();
}

/// Refuses the first `refusals` pings, and counts all pings.
fn loading(refusals: u64, pause: u64, seen_in_all: Arc<AtomicU64>) -> Box<Answering> {
    Box::new(move |seen| {
        if seen.kind != KIND_PING || seen_in_all.fetch_add(1, Ordering::SeqCst) >= refusals {
            return well(seen);
        }
        let body = [text(1, "model_loading"), text(2, "not yet"), number(4, pause)].concat();
        Some(frame(KIND_PING, seen.id, 0, 14, &body))
    })
}

#[test]
fn a_wait_covers_a_model_that_loads_and_ends_with_the_error() {
    let always = u64::MAX;
    for (refusals, pause, wait, attempts, expected, tries) in [
        (9, 1, 60_000, 1, Ok(()), Some(10)),
        (9, 1, 0, 3, Err(Code::ServerRefused), Some(3)),
        (9, 3_600_000, 60_000, 1, Err(Code::ServerRefused), Some(1)),
        (always, 1, 50, 1, Err(Code::ServerRefused), None),
    ] {
        let seen = Arc::new(AtomicU64::new(0));
        let fake = Fake::start(1, loading(refusals, pause, Arc::clone(&seen)));
        let client = waiting(&fake.url, wait, attempts);
        assert_eq!(code(&client), expected);
        client.close();
        let seen = seen.load(Ordering::SeqCst);
        assert!(tries.map_or(seen > 1, |tries| seen == tries), "{} tries", seen);
    }
}

#[test]
fn a_dead_address_fails_at_once_or_when_the_wait_is_over() {
    let dead = "unix:///nobody/there";
    assert_eq!(code(&waiting(dead, 0, 1)), Err(Code::Unreachable));
    assert_eq!(code(&waiting(dead, 50, 1)), Err(Code::Unreachable));
    let until_the_deadline = waiting(dead, 3_600_000, 1).deadline_milliseconds(50);
    assert_eq!(code(&until_the_deadline), Err(Code::Unreachable));
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr();
    let refused = format!("tcp://{}", port.expect("bound")); // the port is closed again
    assert_eq!(code(&waiting(&refused, 50, 1)), Err(Code::Unreachable));
}

#[test]
fn close_ends_a_pause() {
    for (wait, attempts) in [(0, 3), (7_200_000, 1)] {
        let seen = Arc::new(AtomicU64::new(0));
        let fake = Fake::start(1, loading(u64::MAX, 3_600_000, Arc::clone(&seen)));
        let client = waiting(&fake.url, wait, attempts);
        let other = client.clone();
        let thread = std::thread::spawn(move || code(&other));
        while seen.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(100)); // the call pauses by now, or soon
        client.close();
        assert_eq!(thread.join().expect("no panic"), Err(Code::ConnectionClosed));
        assert_eq!(seen.load(Ordering::SeqCst), 1);
    }
}
