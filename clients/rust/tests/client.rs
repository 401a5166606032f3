//! Tests of the client against a fake server: streams, giving up, retries, many threads, hostile
//! bytes. One file, a case a function.

mod fake;
#[path = "../src/tests/random.rs"]
mod random;

use assay_client::*;
use fake::*;
use random::Random;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;
use std::thread::{scope, sleep, spawn};
use std::time::Duration;

#[test]
fn a_stream_is_put_together() {
    let fake = Fake::start(1, well);
    let mut stream = fake.client.generate_stream(&request()).expect("sent");
    let first = stream.next().expect("a chunk").expect("fine");
    assert_eq!(first.text.as_deref(), Some("one "));
    let reply = stream.result().expect("an answer");
    assert_eq!(reply.text.as_deref(), Some("one two three"));
    assert_eq!(reply.answer.timing.total, 7);
    assert_eq!((reply.provenance, reply.degraded), (Provenance::Real, false));
    assert_eq!(fake.client.generate(&request()).expect("again").response, reply.response);
}

#[test]
fn a_reply_reads_as_its_response() {
    let fake = Fake::start(1, well);
    let reply = fake.client.generate(&request()).expect("an answer");
    assert_eq!(reply.text.as_deref(), Some("one two three"));
    assert_eq!(reply.finish_reason, reply.response.finish_reason);
    assert_eq!(reply.answer.model, "fake");
}

#[test]
fn a_stream_is_closed_once_and_not_after_its_end() {
    let fake = Fake::start(1, |seen| match seen.kind {
        KIND_GENERATE if seen.nth == 2 => well(seen),
        _ => endless(seen),
    });
    let mut stream = first_chunk(&fake.client);
    stream.close();
    stream.close();
    assert!(stream.next().is_none());
    assert_eq!(stream.result().expect_err("closed").code, Code::GivenUp);
    assert_eq!(ping(&fake.client), Ok(()), "the connection lives on");
    assert_eq!(fake.bodies(KIND_CANCEL).len(), 1);

    let mut stream = fake.client.generate_stream(&request()).expect("sent");
    assert_eq!(stream.by_ref().filter(Result::is_ok).count(), 2);
    stream.close();
    assert_eq!(stream.result().expect("all of it").text.as_deref(), Some("one two three"));
    assert_eq!(ping(&fake.client), Ok(()), "the connection lives on");
    assert_eq!(fake.bodies(KIND_CANCEL).len(), 1, "nothing was left to give up");
}

#[test]
fn an_answer_that_is_too_large_is_given_up() {
    let fake = Fake::start(1, |seen| match seen.kind {
        KIND_GENERATE => Some(chunk(seen, &"x".repeat(1500)).repeat(3)),
        _ => endless(seen),
    });
    let client = fake.client_with(Options { answer_size_max: 4096, ..Default::default() });
    let error = client.generate(&request()).expect_err("too large");
    assert_eq!((error.code, error.status), (Code::GivenUp, Status::Cancelled));
    assert_eq!(ping(&client), Ok(()), "the connection lives on");
    assert_eq!(fake.bodies(KIND_CANCEL), [number(1, 2)], "1 was Hello");
}

/// Starts a server that answers Hello with a revision, and refuses two of three Generates.
fn refusing(revision: u64) -> Fake {
    Fake::start(1, move |seen| match seen.kind {
        KIND_HELLO => Some(frame(seen.kind, seen.id, 0, 0, &hello(revision, 4))),
        KIND_GENERATE if seen.nth < 3 => {
            let load: Vec<u8> = (1..=5).flat_map(|id| number(id, id.into())).collect();
            let load = if revision >= 3 { field(6, 7, &load) } else { Vec::new() };
            refused(seen, 8, "queue_full", &[number(4, 1), load].concat())
        }
        _ => well(seen),
    })
}

#[test]
fn attempts_are_counted_where_the_server_knows_that() {
    let context = RequestContext { priority: Some(9), ..Default::default() };
    let given = GenerateRequest { context: Some(context), ..request() };
    // Revision, request, priority as sent, attempts.
    for (revision, request, priority, attempts) in [
        (3, &request(), Vec::new(), [None, Some(2), Some(3)]),
        (3, &given, number(3, 9), [None, Some(2), Some(3)]),
        (2, &request(), Vec::new(), [None, None, None]),
    ] {
        let fake = refusing(revision);
        fake.client.generate(request).expect("the third attempt");
        let bodies = fake.bodies(KIND_GENERATE);
        assert_eq!(bodies.len(), attempts.len());
        for (attempt, body) in attempts.into_iter().zip(bodies) {
            let number_sent = attempt.map_or(Vec::new(), |attempt| number(2, attempt));
            let fields = [number_sent, priority.clone()].concat();
            let context = field(29, 7, &fields);
            let is_there = body.windows(context.len()).any(|window| window == context);
            assert_eq!(is_there, !fields.is_empty(), "{:?} of {}", attempt, revision);
        }
    }
}

#[test]
fn a_refusal_says_how_busy_the_server_is() {
    let fake = refusing(3);
    let client = fake.client_with(Options { attempts: 1, ..Default::default() });
    let error = client.generate(&request()).expect_err("refused");
    let load = error.server_load.as_ref().expect("the server said so");
    assert_eq!((load.queued, load.running, load.cache_pages), (1, 2, 5));
}

#[test]
fn dropping_a_stream_cancels_and_the_connection_lives_on() {
    let fake = Fake::start(1, endless);
    drop(first_chunk(&fake.client));
    assert_eq!(ping(&fake.client), Ok(()), "the connection lives on");
    assert_eq!(fake.bodies(KIND_CANCEL), [number(1, 2)], "1 was Hello");
}

#[test]
fn a_refusal_carries_the_servers_words_and_is_tried_again() {
    let fake = Fake::start(1, |seen| match seen.kind {
        KIND_PING => {
            let attempt = number(4, seen.nth as u64);
            refused(seen, 8, "queue_full", &[text(3, "x"), attempt].concat())
        }
        _ => well(seen),
    });
    let error = fake.client.ping(&bytes(b"abc")).expect_err("refused");
    assert_eq!((error.code, error.status), (Code::ServerRefused, Status::ResourceExhausted));
    assert_eq!(error.server_code.as_deref(), Some("queue_full"));
    assert_eq!(error.retry_after_milliseconds, Some(3), "the third attempt");
    assert_eq!(error.to_string(), "server_refused: RESOURCE_EXHAUSTED: too much");
}

#[test]
fn a_lost_connection_is_replaced_and_a_load_is_not_sent_twice() {
    let fake = Fake::start(2, |seen| match seen.kind {
        KIND_PING if seen.nth == 1 => None,
        KIND_LOAD => None,
        _ => well(seen),
    });
    assert_eq!(ping(&fake.client), Ok(()), "on the second connection");
    let error = fake.client.load(&load_request(), |_| {}).expect_err("cut");
    assert_eq!(error.code, Code::ConnectionClosed);
    assert_eq!(fake.bodies(KIND_LOAD).len(), 1);
}

#[test]
fn many_threads_share_one_connection() {
    let fake = Fake::start(1, well);
    let call = |number: u32, round: u32| {
        if round % 10 == 9 {
            fake.client.generate(&request()).expect("an answer");
        } else {
            let words = [number.to_le_bytes(), round.to_le_bytes()].concat();
            fake.client.ping(&bytes(&words)).expect("its own bytes");
        }
    };
    scope(|threads| {
        for number in 0..12 {
            threads.spawn(move || (0..300).for_each(|round| call(number, round)));
        }
    });
}

#[test]
fn closing_ends_calls_that_wait() {
    let fake = Fake::start(1, silent);
    scope(|threads| {
        let call = threads.spawn(|| ping(&fake.client));
        fake.wait_for(KIND_PING);
        fake.client.close();
        assert_eq!(call.join().expect("no panic"), Err(Code::ConnectionClosed));
    });
    assert_eq!(ping(&fake.client), Err(Code::ConnectionClosed));
}

/// Answers Hello alone.
fn silent(seen: &Seen) -> Option<Vec<u8>> {
    well(seen).map(|bytes| if seen.kind == KIND_HELLO { bytes } else { Vec::new() })
}

/// Code of the failure of a call.
fn failure(client: &Client) -> Code {
    client.models(&ModelsRequest {}).expect_err("no server").code
}

#[test]
fn nobody_there_is_unreachable_and_a_deadline_ends_the_wait() {
    let options = Options { backoff_milliseconds: 1, ..Default::default() };
    let client = Client::new("unix:///nobody/there", options).expect("an address");
    assert_eq!(failure(&client), Code::Unreachable);
    let fake = Fake::start(1, silent);
    let client = fake.client_with(Options { grace_milliseconds: 5, ..Default::default() });
    let error = client.deadline_milliseconds(20).ping(&bytes(b"abc")).expect_err("silence");
    assert_eq!((error.code, error.status), (Code::TimedOut, Status::DeadlineExceeded));
}

/// Runs `test` with a client of a server that accepts no connection: the queue is full, so further
/// clients wait to connect.
fn with_full_queue(connect_milliseconds: u64, test: impl FnOnce(Client)) {
    let path = free_path();
    let listener = UnixListener::bind(&path).expect("a socket");
    let (sender, receiver) = mpsc::channel();
    let filling = path.clone();
    let connect = move || UnixStream::connect(&filling);
    spawn(move || while connect().map_or(false, |stream| sender.send(stream).is_ok()) {});
    let next = || receiver.recv_timeout(Duration::from_millis(500)).ok();
    let _queue: Vec<UnixStream> = std::iter::from_fn(next).collect(); // until the queue is full
    let options = Options { connect_milliseconds, ..Default::default() };
    test(Client::new(&format!("unix://{}", path.display()), options).expect("an address"));
    drop(listener); // ends the threads that still connect
    let _ = std::fs::remove_file(&path);
}

#[test]
fn connecting_has_a_limit() {
    with_full_queue(20, |client| {
        assert_eq!(failure(&client), Code::Unreachable, "nobody accepts");
        let hasty = client.deadline_milliseconds(5);
        assert_eq!(failure(&hasty), Code::TimedOut, "its own deadline ended it");
    });
}

#[test]
fn closing_ends_a_call_that_connects() {
    with_full_queue(600_000, |client| {
        scope(|threads| {
            for _ in 0..3 {
                threads.spawn(|| assert_eq!(failure(&client), Code::ConnectionClosed));
            }
            sleep(Duration::from_millis(50)); // one call connects by now, the others wait
            client.close();
        });
    });
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
        let fake = Fake::start(1, move |seen| {
            let mut answer = match seen.kind {
                KIND_PING => frame(KIND_GO_AWAY, 0, 0, 0, &leaving),
                _ => well(seen)?,
            };
            if seen.kind == KIND_PING || kind == KIND_HELLO {
                answer[at] = value;
            }
            Some(answer)
        });
        let options = Options { allow_mock: true, attempts: 1, ..Default::default() };
        let found = ping(&fake.client_with(options));
        assert_eq!(found, Err(Code::ProtocolError), "kind {} byte {} {}", kind, at, value);
    }
}

/// Answers the Unloads of `answered` (counted from 1) and one chunk of each Generate. Beside all
/// else the server finds the connection idle, and has not read the request.
fn finds_idle(seen: &Seen, answered: &[usize]) -> Option<Vec<u8>> {
    let idle = frame(KIND_GO_AWAY, 0, 0, 0, &[text(1, "idle"), number(2, 0)].concat());
    Some(match seen.kind {
        KIND_UNLOAD if answered.contains(&seen.nth) => frame(seen.kind, seen.id, 0, 0, &[]),
        KIND_UNLOAD => idle,
        KIND_GENERATE => [chunk(seen, "one "), idle].concat(),
        _ => return well(seen),
    })
}

#[test]
fn a_request_that_crosses_goaway_idle_is_sent_again() {
    let fake = Fake::start(4, |seen| finds_idle(seen, &[2, 4]));
    let client = fake.client_with(Options { attempts: 1, ..Default::default() });
    let unload = || client.unload(&UnloadRequest { name: "m".into() });
    let codes = [(); 3].map(|()| unload().err().map(|error| error.code));
    assert_eq!(codes, [None, None, Some(Code::ConnectionClosed)]);
    assert_eq!(fake.bodies(KIND_UNLOAD).len(), 6);
}

#[test]
fn goaway_idle_in_the_middle_of_an_answer_is_damage() {
    let fake = Fake::start(1, |seen| finds_idle(seen, &[]));
    let error = fake.client.generate(&request()).expect_err("a breach");
    assert_eq!(error.code, Code::ProtocolError);
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
    assert_eq!((error.code, error.field.as_deref()), (Code::RequestInvalid, Some("max_tokens")));
}

#[test]
fn a_hostile_server_breaks_nothing() {
    let mut random = Random::seeded();
    for _ in 0..200 {
        let seed = random.next();
        let fake = Fake::start(1, move |seen| {
            let (mut bytes, mut random) = (well(seen)?, Random::new(seed ^ seen.id));
            if seen.kind != KIND_HELLO {
                (0..=random.below(3)).for_each(|_| random.damage(&mut bytes));
            }
            Some(bytes)
        });
        let options = Options { answer_milliseconds: 10, attempts: 1, ..Default::default() };
        let _ = fake.client_with(options).generate(&request()); // never a panic
    }
}
