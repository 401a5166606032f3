//! The client against a fake server: streams, giving up, retries, many threads, hostile bytes.

mod fake;

use assay_client::*;
use fake::*;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{mpsc, Arc};
use std::time::Duration;

#[test]
fn a_stream_is_put_together() {
    let fake = Fake::start(1, Box::new(well));
    let client = fake.client();
    let mut stream = client.generate_stream(&request()).expect("sent");
    let first = stream.next().expect("a chunk").expect("fine");
    assert_eq!(first.text.as_deref(), Some("one "));
    let reply = stream.finish().expect("an answer");
    assert_eq!(reply.text.as_deref(), Some("one two three"));
    assert_eq!(reply.answer().expect("says who").timing.total, 7);
    assert_eq!((reply.provenance, reply.degraded), (Provenance::Real, false));
    assert_eq!(client.generate(&request()).expect("again").response, reply.response);
    client.close();
}

#[test]
fn dropping_a_stream_cancels_and_the_connection_lives_on() {
    let (sender, cancelled) = mpsc::channel();
    let fake = Fake::start(
        1,
        Box::new(move |seen| match seen.kind {
            KIND_GENERATE => Some(frame(KIND_GENERATE, seen.id, FLAG_MORE, 0, &text(2, "one "))),
            KIND_CANCEL => {
                let target = u64::from_le_bytes(seen.body[8..16].try_into().expect("8 bytes"));
                sender.send(target).expect("the test listens");
                let end = frame(KIND_GENERATE, target, 0, 0, &generated(""));
                Some([well(seen)?, end].concat())
            }
            _ => well(seen),
        }),
    );
    let client = fake.client();
    let mut stream = client.generate_stream(&request()).expect("sent");
    assert!(stream.next().expect("a chunk").is_ok());
    drop(stream);
    client.ping(&bytes(b"abc")).expect("the connection lives on");
    assert_eq!(cancelled.recv(), Ok(2), "1 was Hello");
    client.close();
}

#[test]
fn a_refusal_carries_the_servers_words_and_is_tried_again() {
    let mut count = 0;
    let fake = Fake::start(
        1,
        Box::new(move |seen| {
            if seen.kind != KIND_PING {
                return well(seen);
            }
            count += 1;
            let body = [text(1, "queue_full"), text(2, "too much"), text(3, "x"), number(4, count)];
            Some(frame(KIND_PING, seen.id, 0, 8, &body.concat()))
        }),
    );
    let client = fake.client();
    let error = client.ping(&bytes(b"abc")).expect_err("refused");
    assert_eq!((error.code, error.status), (Code::ServerRefused, Status::ResourceExhausted));
    assert_eq!(error.server_code.as_deref(), Some("queue_full"));
    assert_eq!(error.retry_after_milliseconds, Some(3), "the third attempt");
    assert_eq!(error.to_string(), "server_refused: RESOURCE_EXHAUSTED: too much");
    client.close();
}

#[test]
fn a_lost_connection_is_replaced_and_a_load_is_not_sent_twice() {
    let loads = Arc::new(AtomicU64::new(0));
    let (mut pings, counted) = (0, Arc::clone(&loads));
    let fake = Fake::start(
        2,
        Box::new(move |seen| match seen.kind {
            KIND_PING => {
                pings += 1;
                well(seen).filter(|_| pings > 1)
            }
            KIND_LOAD => {
                counted.fetch_add(1, Ordering::SeqCst);
                None
            }
            _ => well(seen),
        }),
    );
    let client = fake.client();
    client.ping(&bytes(b"abc")).expect("on the second connection");
    let load = LoadRequest { name: "m".into(), path: "/m".into(), ..Default::default() };
    let error = client.load(&load, |_| {}).expect_err("cut");
    assert_eq!(error.code, Code::ConnectionClosed);
    client.close();
    drop(fake);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[test]
fn many_threads_share_one_connection() {
    let fake = Fake::start(1, Box::new(well));
    let client = fake.client();
    let threads: Vec<_> = (0..12u32)
        .map(|number| {
            let client = client.clone();
            std::thread::spawn(move || {
                for round in 0..300u32 {
                    if round % 10 == 9 {
                        client.generate(&request()).expect("an answer");
                    } else {
                        let words = [number.to_le_bytes(), round.to_le_bytes()].concat();
                        client.ping(&bytes(&words)).expect("its own bytes");
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no thread fails");
    }
    client.close();
}

#[test]
fn closing_ends_calls_that_wait() {
    let (sender, waits) = mpsc::channel();
    let fake = Fake::start(
        1,
        Box::new(move |seen| match seen.kind {
            KIND_PING => {
                sender.send(()).expect("the test listens");
                Some(Vec::new())
            }
            _ => well(seen),
        }),
    );
    let client = fake.client();
    let other = client.clone();
    let thread = std::thread::spawn(move || other.ping(&bytes(b"abc")).expect_err("closed").code);
    waits.recv().expect("a call waits");
    client.close();
    assert_eq!(thread.join().expect("no panic"), Code::ConnectionClosed);
    assert_eq!(client.ping(&bytes(b"abc")).expect_err("closed").code, Code::ConnectionClosed);
}

#[test]
fn nobody_there_is_unreachable_and_a_deadline_ends_the_wait() {
    let options = Options { backoff_milliseconds: 1, ..Default::default() };
    let client = Client::new("unix:///nobody/there", options).expect("an address");
    assert_eq!(client.models(&ModelsRequest {}).expect_err("nobody").code, Code::Unreachable);
    let silent = Box::new(|seen: &Seen| match seen.kind {
        KIND_HELLO => well(seen),
        _ => Some(Vec::new()),
    });
    let fake = Fake::start(1, silent);
    let options = Options { grace_milliseconds: 5, ..Default::default() };
    let client = Client::new(&fake.url, options).expect("an address");
    let error = client.deadline_milliseconds(20).ping(&bytes(b"abc")).expect_err("silence");
    assert_eq!((error.code, error.status), (Code::TimedOut, Status::DeadlineExceeded));
    client.close();
}

/// A server that accepts nobody: its queue takes what it takes, the others wait to connect.
#[test]
fn connecting_has_a_limit() {
    let name = format!("assay-rust-test-{}-full.sock", std::process::id());
    let path = std::env::temp_dir().join(name);
    let listener = UnixListener::bind(&path).expect("a socket");
    let mut queue = Vec::new();
    let (sender, receiver) = mpsc::channel();
    let filling = path.clone();
    std::thread::spawn(move || {
        while let Ok(stream) = UnixStream::connect(&filling) {
            if sender.send(stream).is_err() {
                break;
            }
        }
    });
    while let Ok(stream) = receiver.recv_timeout(Duration::from_millis(100)) {
        queue.push(stream); // until the queue takes no more
    }
    let options = Options { connect_milliseconds: 20, ..Default::default() };
    let client = Client::new(&format!("unix://{}", path.display()), options).expect("an address");
    assert_eq!(client.models(&ModelsRequest {}).expect_err("nobody accepts").code, Code::TimedOut);
    drop(listener); // ends the threads that still connect
    let _ = std::fs::remove_file(&path);
}

#[test]
fn options_and_requests_are_checked() {
    let none = Options { connections: 0, ..Default::default() };
    assert_eq!(Client::new("tcp://h:1", none).err().map(|e| e.code), Some(Code::RequestInvalid));
    let client = Client::new("unix:///nobody/there", Options::default()).expect("an address");
    let request = GenerateRequest { max_tokens: Some(0), ..request() };
    let error = client.generate(&request).expect_err("out of range");
    assert_eq!(error.code, Code::RequestInvalid);
    assert_eq!(error.field.as_deref(), Some("max_tokens"));
}

/// A generator of its own: the crate's is private.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state >> 8
}

#[test]
fn a_hostile_server_breaks_nothing() {
    const ROUNDS: usize = 200;
    let given = std::env::var("ASSAY_SEED").ok().and_then(|text| text.parse().ok());
    let mut state: u64 = given.unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761);
    println!("seed {} (ASSAY_SEED)", state);
    let fake = Fake::start(
        ROUNDS,
        Box::new(move |seen| {
            let mut bytes = well(seen)?;
            if seen.kind != KIND_HELLO {
                for _ in 0..=next(&mut state) % 3 {
                    let at = next(&mut state) as usize % bytes.len();
                    bytes[at] = next(&mut state) as u8;
                }
            }
            Some(bytes)
        }),
    );
    for _ in 0..ROUNDS {
        let options = Options { answer_milliseconds: 10, attempts: 1, ..Default::default() };
        let client = Client::new(&fake.url, options).expect("an address");
        let _ = client.generate(&request()); // an answer or an error, and never a panic
        client.close();
    }
}
