//! Tests of the client against a fake server: streams, giving up, retries, many threads, hostile
//! bytes. One file, a case a function.

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
    let reply = stream.result().expect("an answer");
    assert_eq!(reply.text.as_deref(), Some("one two three"));
    assert_eq!(reply.answer.timing.total, 7);
    assert_eq!((reply.provenance, reply.degraded), (Provenance::Real, false));
    assert_eq!(client.generate(&request()).expect("again").response, reply.response);
    client.close();
}

#[test]
fn a_reply_reads_as_its_response() {
    let fake = Fake::start(1, Box::new(well));
    let client = fake.client();
    let reply = client.generate(&request()).expect("an answer");
    assert_eq!(reply.text.as_deref(), Some("one two three"));
    assert_eq!(reply.finish_reason, reply.response.finish_reason);
    assert_eq!(reply.answer.model, "fake");
    client.close();
}

#[test]
fn a_stream_is_closed_once_and_not_after_its_end() {
    let cancels = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&cancels);
    let fake = Fake::start(
        1,
        Box::new(move |seen| match seen.kind {
            KIND_GENERATE if seen.body.ends_with(b"held") => {
                Some(frame(KIND_GENERATE, seen.id, FLAG_MORE, 0, &text(2, "one ")))
            }
            KIND_CANCEL => {
                counted.fetch_add(1, Ordering::SeqCst);
                let target = u64::from_le_bytes(seen.body[8..16].try_into().expect("8 bytes"));
                let end = frame(KIND_GENERATE, target, 0, 0, &generated(""));
                Some([well(seen)?, end].concat())
            }
            _ => well(seen),
        }),
    );
    let options = Options { allow_mock: true, ..Default::default() }; // omits requirements
    let client = Client::new(&fake.url, options).expect("an address");
    let held = GenerateRequest { prompt: Some("held".to_owned()), ..Default::default() };
    let mut stream = client.generate_stream(&held).expect("sent");
    assert!(stream.next().expect("a chunk").is_ok());
    stream.close();
    stream.close();
    assert!(stream.next().is_none());
    assert_eq!(stream.result().expect_err("closed").code, Code::GivenUp);
    client.ping(&bytes(b"abc")).expect("the connection lives on");
    assert_eq!(cancels.load(Ordering::SeqCst), 1);

    let mut stream = client.generate_stream(&request()).expect("sent");
    assert_eq!(stream.by_ref().filter(Result::is_ok).count(), 2);
    stream.close();
    assert_eq!(stream.result().expect("all of it").text.as_deref(), Some("one two three"));
    client.ping(&bytes(b"abc")).expect("the connection lives on");
    assert_eq!(cancels.load(Ordering::SeqCst), 1, "nothing was left to give up");
    client.close();
}

#[test]
fn an_answer_that_is_too_large_is_given_up() {
    let (sender, cancelled) = mpsc::channel();
    let fake = Fake::start(
        1,
        Box::new(move |seen| match seen.kind {
            KIND_GENERATE => {
                let chunk = text(2, &"x".repeat(1500));
                Some(frame(KIND_GENERATE, seen.id, FLAG_MORE, 0, &chunk).repeat(3))
            }
            KIND_CANCEL => {
                let target = u64::from_le_bytes(seen.body[8..16].try_into().expect("8 bytes"));
                sender.send(target).expect("the test listens");
                let end = frame(KIND_GENERATE, target, 0, 0, &generated(""));
                Some([well(seen)?, end].concat())
            }
            _ => well(seen),
        }),
    );
    let options = Options { answer_size_max: 4096, ..Default::default() };
    let client = Client::new(&fake.url, options).expect("an address");
    let error = client.generate(&request()).expect_err("too large");
    assert_eq!((error.code, error.status), (Code::GivenUp, Status::Cancelled));
    assert_eq!(cancelled.recv(), Ok(2), "1 was Hello");
    client.ping(&bytes(b"abc")).expect("the connection lives on");
    client.close();
}

/// Answers Hello with a revision, refuses two of three Generates, and passes the requests to the
/// test.
fn refusing(revision: u64, requests: mpsc::Sender<Vec<u8>>) -> Box<Answering> {
    let mut count = 0;
    Box::new(move |seen| match seen.kind {
        KIND_HELLO => Some(frame(seen.kind, seen.id, 0, 0, &hello_of(revision, 4))),
        KIND_GENERATE => {
            requests.send(seen.body.clone()).expect("the test listens");
            count += 1;
            if count == 3 {
                return well(seen);
            }
            let load: Vec<u8> = (1..=5).flat_map(|id| number(id, id.into())).collect();
            let load = if revision >= 3 { field(6, 7, &load) } else { Vec::new() };
            let words = [text(1, "queue_full"), text(2, "x"), number(4, 1), load].concat();
            Some(frame(seen.kind, seen.id, 0, 8, &words))
        }
        _ => well(seen),
    })
}

#[test]
fn attempts_are_counted_where_the_server_knows_that() {
    let context = RequestContext { priority: Some(9), ..Default::default() };
    let given = GenerateRequest { context: Some(context), ..request() };
    // Revision, request, true when priority is sent, attempts.
    for (revision, request, priority, attempts) in [
        (3, &request(), false, [None, Some(2), Some(3)]),
        (3, &given, true, [None, Some(2), Some(3)]),
        (2, &request(), false, [None, None, None]),
    ] {
        let (sender, bodies) = mpsc::channel();
        let fake = Fake::start(1, refusing(revision, sender));
        let client = fake.client();
        client.generate(request).expect("the third attempt");
        for attempt in attempts {
            let fields = [
                attempt.map_or(Vec::new(), |attempt| number(2, attempt)),
                if priority { number(3, 9) } else { Vec::new() },
            ];
            let body = bodies.recv().expect("a request");
            let context = field(29, 7, &fields.concat());
            let is_there = body.windows(context.len()).any(|window| window == context);
            assert_eq!(is_there, attempt.is_some() || priority, "{:?} of {}", attempt, revision);
        }
        client.close();
    }
}

#[test]
fn a_refusal_says_how_busy_the_server_is() {
    let (sender, _bodies) = mpsc::channel();
    let fake = Fake::start(1, refusing(3, sender));
    let options = Options { attempts: 1, ..Default::default() };
    let client = Client::new(&fake.url, options).expect("an address");
    let error = client.generate(&request()).expect_err("refused");
    let load = error.server_load.as_ref().expect("the server said so");
    assert_eq!((load.queued, load.running, load.cache_pages), (1, 2, 5));
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

/// A server that accepts no connection: the queue is full, so further clients wait to connect.
fn full() -> (UnixListener, std::path::PathBuf, Vec<UnixStream>) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("assay-rust-test-{}-full-{}.sock", std::process::id(), number);
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
    while let Ok(stream) = receiver.recv_timeout(Duration::from_millis(500)) {
        queue.push(stream); // until the queue is full
    }
    (listener, path, queue)
}

#[test]
fn connecting_has_a_limit() {
    let (listener, path, _queue) = full();
    let options = Options { connect_milliseconds: 20, ..Default::default() };
    let client = Client::new(&format!("unix://{}", path.display()), options).expect("an address");
    let error = client.models(&ModelsRequest {}).expect_err("nobody accepts");
    assert_eq!(error.code, Code::Unreachable);
    let hasty = client.deadline_milliseconds(5);
    let error = hasty.models(&ModelsRequest {}).expect_err("nobody accepts");
    assert_eq!(error.code, Code::TimedOut, "its own deadline ended it");
    drop(listener); // ends the threads that still connect
    let _ = std::fs::remove_file(&path);
}

#[test]
fn closing_ends_a_call_that_connects() {
    let (listener, path, _queue) = full();
    let options = Options { connect_milliseconds: 600_000, ..Default::default() };
    let client = Client::new(&format!("unix://{}", path.display()), options).expect("an address");
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            std::thread::spawn(move || client.models(&ModelsRequest {}).expect_err("closed").code)
        })
        .collect();
    std::thread::sleep(Duration::from_millis(50)); // one call connects by now, the others wait
    client.close();
    for call in calls {
        assert_eq!(call.join().expect("no panic"), Code::ConnectionClosed);
    }
    drop(listener); // ends the threads that still connect
    let _ = std::fs::remove_file(&path);
}

#[test]
fn frames_about_the_connection_are_plain_and_never_a_mocks() {
    for (kind, at, value) in [
        (KIND_HELLO, 7, PROVENANCE_MOCK),
        (KIND_HELLO, 6, FLAG_MORE),
        (KIND_GO_AWAY, 7, PROVENANCE_MOCK),
        (KIND_GO_AWAY, 6, FLAG_MORE),
        (KIND_GO_AWAY, 6, FLAG_DEGRADED),
    ] {
        let leaving = [text(1, "idle"), number(2, 1000)].concat();
        let fake = Fake::start(
            1,
            Box::new(move |seen| {
                let mut answer = match seen.kind {
                    KIND_PING => frame(KIND_GO_AWAY, 0, 0, 0, &leaving),
                    _ => well(seen)?,
                };
                if seen.kind == KIND_PING || kind == KIND_HELLO {
                    answer[at] = value;
                }
                Some(answer)
            }),
        );
        let options = Options { allow_mock: true, attempts: 1, ..Default::default() };
        let client = Client::new(&fake.url, options).expect("an address");
        let error = client.ping(&bytes(b"abc")).expect_err("a breach");
        assert_eq!(error.code, Code::ProtocolError, "kind {} byte {} {}", kind, at, value);
        client.close();
    }
}

#[test]
fn options_and_requests_are_checked() {
    for (name, options) in [
        ("name", Options { name: String::new(), ..Default::default() }),
        ("connections", Options { connections: 0, ..Default::default() }),
        ("connections", Options { connections: 1025, ..Default::default() }),
        ("answer_size_max", Options { answer_size_max: 4095, ..Default::default() }),
        ("attempts", Options { attempts: 0, ..Default::default() }),
        ("wait_milliseconds", Options { wait_milliseconds: 1 << 32, ..Default::default() }),
    ] {
        let error = Client::new("tcp://h:1", options).err().expect(name);
        assert_eq!((error.code, error.field.as_deref()), (Code::RequestInvalid, Some(name)));
    }
    let client = Client::new("unix:///nobody/there", Options::default()).expect("an address");
    let request = GenerateRequest { max_tokens: Some(0), ..request() };
    let error = client.generate(&request).expect_err("out of range");
    assert_eq!(error.code, Code::RequestInvalid);
    assert_eq!(error.field.as_deref(), Some("max_tokens"));
}

/// A small random number generator, since the crate's generator is private.
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
