//! Tests of processes and calls with an early end: forks, panics of the caller, dropped or
//! forgotten streams.
//!
//! Guarantees: no other caller is disturbed, and no place in flight is lost.
//! Not here: a server that lies (`answers`).

#[path = "../src/tests/child.rs"]
mod child;
mod fake;

use assay_client::*;
use child::*;
use fake::*;
use std::panic::{catch_unwind, panic_any, AssertUnwindSafe};
use std::thread::scope;

fn pings(client: &Client, count: usize) -> bool {
    (0..count).all(|_| client.ping(&bytes(b"words")).is_ok())
}

// ---------------------------------------------------------------- forks

#[test]
fn a_child_makes_connections_of_its_own() {
    let fake = Fake::start(1 + 5, well);
    assert!(pings(&fake.client, 1));
    for _ in 0..5 {
        let inherited = fake.client.clone();
        let child = in_child(move || {
            let is_fine = pings(&inherited, 5);
            inherited.close();
            is_fine
        });
        assert!(pings(&fake.client, 20));
        wait_for_child(child);
    }
    assert!(pings(&fake.client, 1));
}

/// The child never used the client. Its copy of the socket is closed without a shutdown.
#[test]
fn dropping_a_client_in_a_child_ends_nothing_of_the_parent() {
    let fake = Fake::start(1, well);
    let mut client = Some(fake.client_with(Options::default()));
    assert!(client.as_ref().map_or(false, |client| pings(client, 1)));
    wait_for_child(in_child(|| client.take().is_some()));
    assert!(client.as_ref().map_or(false, |client| pings(client, 1)));
}

#[test]
fn a_child_of_a_busy_parent_hangs_on_no_lock() {
    let fake = Fake::start(1 + 10, well);
    let busy = fake.client.clone();
    let fork = |_| wait_for_child(in_child(|| pings(&fake.client, 3)));
    while_busy(3, move || assert!(pings(&busy, 10)), || (0..10).for_each(fork));
}

#[test]
fn a_call_in_flight_survives_a_fork() {
    let fake = Fake::start(2, |seen| match seen.kind {
        KIND_GENERATE => Some(Vec::new()), // answered after a ping of "go"
        KIND_PING if seen.body.ends_with(b"go") => {
            let held = frame(KIND_GENERATE, 2, 0, 0, &generated("held")); // 1 was Hello
            Some([well(seen)?, held].concat())
        }
        _ => well(seen),
    });
    scope(|threads| {
        let call = threads.spawn(|| fake.client.generate(&request()));
        fake.wait_for(KIND_GENERATE);
        wait_for_child(in_child(|| {
            let is_fine = pings(&fake.client, 3);
            fake.client.close();
            is_fine
        }));
        fake.client.ping(&bytes(b"go")).expect("the parent's connection lives on");
        let reply = call.join().expect("no panic").expect("its own answer");
        assert_eq!(reply.text.as_deref(), Some("held"));
    });
}

#[test]
fn a_stream_stays_with_the_process_that_began_it() {
    let fake = Fake::start(2, well);
    let mut stream = first_chunk(&fake.client);
    wait_for_child(in_child(|| {
        let code = stream.next().and_then(Result::err).map(|error| error.code);
        let is_over = stream.next().is_none();
        code == Some(Code::ConnectionClosed) && is_over && pings(&fake.client, 3)
    }));
    let reply = stream.result().expect("all of it");
    assert_eq!(reply.text.as_deref(), Some("one two three"));
    assert!(pings(&fake.client, 1));
    assert_eq!(fake.bodies(KIND_CANCEL).len(), 0);
}

#[test]
fn a_client_closed_before_the_fork_stays_closed() {
    let fake = Fake::start(1, well);
    assert!(pings(&fake.client, 1));
    fake.client.close();
    wait_for_child(in_child(|| ping(&fake.client) == Err(Code::ConnectionClosed)));
}

// ---------------------------------------------------------------- callers that stop

/// Starts a server that offers one place in flight. A Generate ends when cancelled.
fn one_at_a_time() -> Fake {
    Fake::start(1, |seen| match seen.kind {
        KIND_HELLO => Some(frame(seen.kind, seen.id, 0, 0, &hello(2, 1))),
        _ => endless(seen),
    })
}

#[test]
fn a_dropped_stream_gives_its_place_back() {
    let fake = one_at_a_time();
    for _ in 0..5 {
        drop(first_chunk(&fake.client));
        assert!(pings(&fake.client, 1));
    }
    assert_eq!(fake.bodies(KIND_CANCEL).len(), 5);
}

#[test]
fn a_panic_of_the_caller_gives_its_place_back() {
    let fake = one_at_a_time();
    for _ in 0..3 {
        let call = || {
            let _stream = first_chunk(&fake.client);
            panic_any("as a caller might"); // shown by the harness
        };
        assert!(scope(|threads| threads.spawn(call).join().is_err()));
        assert!(pings(&fake.client, 1));
    }
    assert_eq!(fake.bodies(KIND_CANCEL).len(), 3);
}

#[test]
fn a_panic_while_layers_come_gives_its_place_back() {
    let layer = [text(1, "file"), field(2, 8, &[1]), number(3, 1)].concat();
    let fake = Fake::start(1, move |seen| match seen.kind {
        KIND_LOAD => {
            let progress = frame(KIND_LOAD, seen.id, FLAG_MORE, 0, &field(1, 7, &layer));
            Some([progress, refused(seen, 13, "internal", &[])?].concat())
        }
        _ => well(seen),
    });
    for _ in 0..6 {
        // The loop runs more often than there are places in flight.
        let mut was_called = false;
        let on_layer = |_: &Layer| {
            was_called = true;
            panic_any("as a caller might");
        };
        let call = AssertUnwindSafe(|| fake.client.load(&load_request(), on_layer));
        assert!(catch_unwind(call).is_err());
        assert!(was_called && pings(&fake.client, 1));
    }
}

#[test]
fn a_forgotten_stream_holds_its_place_to_the_last_frame_only() {
    let fake = Fake::start(1, well);
    for _ in 0..10 {
        std::mem::forget(first_chunk(&fake.client)); // 4 places in flight
        assert!(pings(&fake.client, 1));
    }
}
