//! Tests of processes and calls with an early end: forks, panics of the caller, dropped or
//! forgotten streams.
//!
//! Guarantees: no other caller is disturbed, and no place in flight is lost.
//! Not here: a server that lies (`answers`).

mod fake;

use assay_client::*;
use fake::*;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc};

extern "C" {
    fn fork() -> i32;
    fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    fn alarm(seconds: u32) -> u32;
    fn _exit(status: i32) -> !;
}

/// Runs `action` in a forked child and returns the child's number. A child that hangs is killed.
fn in_child(action: impl FnOnce() -> bool) -> i32 {
    // The child has a copy of everything, and ends without unwinding into the test harness.
    let child = unsafe { fork() };
    assert!(child >= 0, "no child");
    if child == 0 {
        unsafe { alarm(60) };
        let is_fine = catch_unwind(AssertUnwindSafe(action)).unwrap_or(false);
        unsafe { _exit(i32::from(!is_fine)) };
    }
    child
}

fn wait_for_child(child: i32) {
    let mut status = -1;
    assert_eq!(unsafe { waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0, "what the child found");
}

fn pings(client: &Client, count: usize) -> bool {
    (0..count).all(|_| client.ping(&bytes(b"words")).is_ok())
}

// ---------------------------------------------------------------- forks

#[test]
fn a_child_makes_connections_of_its_own() {
    let fake = Fake::start_at_once(1 + 5, Box::new(well));
    let client = fake.client();
    assert!(pings(&client, 1));
    for _ in 0..5 {
        let inherited = client.clone();
        let child = in_child(move || {
            let is_fine = pings(&inherited, 5);
            inherited.close();
            drop(inherited);
            is_fine
        });
        assert!(pings(&client, 20));
        wait_for_child(child);
    }
    assert!(pings(&client, 1));
    client.close();
}

/// The child never used the client. Its copy of the socket is closed without a shutdown.
#[test]
fn dropping_a_client_in_a_child_ends_nothing_of_the_parent() {
    let fake = Fake::start(1, Box::new(well));
    let mut client = Some(fake.client());
    assert!(client.as_ref().map_or(false, |client| pings(client, 1)));
    wait_for_child(in_child(|| {
        client.take();
        true
    }));
    assert!(client.as_ref().map_or(false, |client| pings(client, 1)));
    client.expect("the parent's").close();
}

#[test]
fn a_child_of_a_busy_parent_hangs_on_no_lock() {
    let fake = Fake::start_at_once(1 + 10, Box::new(well));
    let client = fake.client();
    let is_over = Arc::new(AtomicU64::new(0));
    let busy: Vec<_> = (0..3)
        .map(|_| {
            let (client, is_over) = (client.clone(), Arc::clone(&is_over));
            std::thread::spawn(move || {
                while is_over.load(Ordering::SeqCst) == 0 {
                    assert!(pings(&client, 10));
                }
            })
        })
        .collect();
    for _ in 0..10 {
        wait_for_child(in_child(|| pings(&client, 3)));
    }
    is_over.store(1, Ordering::SeqCst);
    busy.into_iter().for_each(|thread| thread.join().expect("nobody is disturbed"));
    client.close();
}

/// Answers a Generate only after a ping of "go".
fn on_go(begun: mpsc::Sender<()>) -> Box<Answering> {
    let mut held = None;
    Box::new(move |seen| {
        if seen.kind == KIND_GENERATE {
            held = Some(seen.id);
            begun.send(()).expect("the test listens");
            return Some(Vec::new());
        }
        let mut bytes = well(seen)?;
        if seen.kind == KIND_PING && seen.body.ends_with(b"go") {
            let id = held.take().expect("a call in flight");
            bytes.extend(frame(KIND_GENERATE, id, 0, 0, &generated("held")));
        }
        Some(bytes)
    })
}

#[test]
fn a_call_in_flight_survives_a_fork() {
    let (sender, begun) = mpsc::channel();
    let fake = Fake::start_at_once(2, on_go(sender));
    let client = fake.client();
    let other = client.clone();
    let thread = std::thread::spawn(move || other.generate(&request()));
    begun.recv().expect("a call in flight");
    wait_for_child(in_child(|| {
        let is_fine = pings(&client, 3);
        client.close();
        is_fine
    }));
    client.ping(&bytes(b"go")).expect("the parent's connection lives on");
    let reply = thread.join().expect("no panic").expect("its own answer");
    assert_eq!(reply.text.as_deref(), Some("held"));
    client.close();
}

#[test]
fn a_stream_stays_with_the_process_that_began_it() {
    let cancels = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&cancels);
    let fake = Fake::start_at_once(
        2,
        Box::new(move |seen| {
            counted.fetch_add(u64::from(seen.kind == KIND_CANCEL), Ordering::SeqCst);
            well(seen)
        }),
    );
    let client = fake.client();
    let mut stream = client.generate_stream(&request()).expect("sent");
    assert!(stream.next().expect("a chunk").is_ok());
    let child = in_child(|| {
        let code = stream.next().and_then(Result::err).map(|error| error.code);
        let is_over = stream.next().is_none();
        code == Some(Code::ConnectionClosed) && is_over && pings(&client, 3)
    });
    wait_for_child(child);
    let reply = stream.result().expect("all of it");
    assert_eq!(reply.text.as_deref(), Some("one two three"));
    assert!(pings(&client, 1));
    assert_eq!(cancels.load(Ordering::SeqCst), 0);
    client.close();
}

#[test]
fn a_client_closed_before_the_fork_stays_closed() {
    let fake = Fake::start(1, Box::new(well));
    let client = fake.client();
    assert!(pings(&client, 1));
    client.close();
    wait_for_child(in_child(|| {
        client.ping(&bytes(b"child")).map_err(|error| error.code) == Err(Code::ConnectionClosed)
    }));
}

// ---------------------------------------------------------------- callers that stop

/// Offers one place in flight. A Generate ends when cancelled.
fn one_at_a_time(cancels: Arc<AtomicU64>) -> Box<Answering> {
    Box::new(move |seen| match seen.kind {
        KIND_HELLO => Some(frame(seen.kind, seen.id, 0, 0, &hello(1))),
        KIND_GENERATE => Some(frame(KIND_GENERATE, seen.id, FLAG_MORE, 0, &text(2, "one "))),
        KIND_CANCEL => {
            cancels.fetch_add(1, Ordering::SeqCst);
            let target = u64::from_le_bytes(seen.body[8..16].try_into().expect("8 bytes"));
            let end = frame(KIND_GENERATE, target, 0, 0, &generated(""));
            Some([well(seen)?, end].concat())
        }
        _ => well(seen),
    })
}

fn first_chunk(client: &Client) -> GenerateStream {
    let mut stream = client.generate_stream(&request()).expect("sent");
    assert!(stream.next().expect("a chunk").is_ok());
    stream
}

#[test]
fn a_dropped_stream_gives_its_place_back() {
    let cancels = Arc::new(AtomicU64::new(0));
    let fake = Fake::start(1, one_at_a_time(Arc::clone(&cancels)));
    let client = fake.client();
    for _ in 0..5 {
        drop(first_chunk(&client));
        assert!(pings(&client, 1));
    }
    assert_eq!(cancels.load(Ordering::SeqCst), 5);
    client.close();
}

#[test]
fn a_panic_of_the_caller_gives_its_place_back() {
    let cancels = Arc::new(AtomicU64::new(0));
    let fake = Fake::start(1, one_at_a_time(Arc::clone(&cancels)));
    let client = fake.client();
    for _ in 0..3 {
        let other = client.clone();
        let thread = std::thread::spawn(move || {
            let _stream = first_chunk(&other);
            std::panic::panic_any("as a caller might"); // shown by the harness
        });
        assert!(thread.join().is_err());
        assert!(pings(&client, 1));
    }
    assert_eq!(cancels.load(Ordering::SeqCst), 3);
    client.close();
}

#[test]
fn a_panic_while_layers_come_gives_its_place_back() {
    let layer = [text(1, "file"), field(2, 8, &[1]), number(3, 1)].concat();
    let fake = Fake::start(
        1,
        Box::new(move |seen| match seen.kind {
            KIND_LOAD => {
                let end = [text(1, "internal"), text(2, "gone")].concat();
                let progress = frame(KIND_LOAD, seen.id, FLAG_MORE, 0, &field(1, 7, &layer));
                Some([progress, frame(KIND_LOAD, seen.id, 0, 13, &end)].concat())
            }
            _ => well(seen),
        }),
    );
    let client = fake.client();
    let load = LoadRequest { name: "m".into(), path: "/m".into(), ..Default::default() };
    for _ in 0..6 {
        // The loop runs more often than there are places in flight.
        let mut was_called = false;
        let called = AssertUnwindSafe(|| {
            client.load(&load, |_| {
                was_called = true;
                std::panic::panic_any("as a caller might");
            })
        });
        assert!(catch_unwind(called).is_err());
        assert!(was_called && pings(&client, 1));
    }
    client.close();
}

#[test]
fn a_forgotten_stream_holds_its_place_to_the_last_frame_only() {
    let fake = Fake::start(1, Box::new(well));
    let client = fake.client();
    for _ in 0..10 {
        std::mem::forget(first_chunk(&client)); // 4 places in flight
        assert!(pings(&client, 1));
    }
    client.close();
}
