//! A fake server for the tests, with a function that answers requests.
//!
//! Guarantees: the server listens on its own Unix socket, removed at the end. A failing server
//! fails the test. Not here: compressed frames.

#![allow(dead_code)] // each test program uses a part

use assay_client::*;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// One request as read by the server.
pub struct Seen {
    pub kind: u8,
    pub id: u64,
    pub body: Vec<u8>,
}

pub fn field(id: u16, kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = id.to_le_bytes().to_vec();
    out.extend([kind, 0]);
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
    out
}

pub fn number(id: u16, value: u64) -> Vec<u8> {
    field(id, 1, &value.to_le_bytes())
}

pub fn text(id: u16, value: &str) -> Vec<u8> {
    field(id, 4, value.as_bytes())
}

pub fn frame(kind: u8, id: u64, flags: u8, status: u32, body: &[u8]) -> Vec<u8> {
    let mut out = (28 + body.len() as u32).to_le_bytes().to_vec();
    out.extend([1, kind | 0x80, flags, 1]);
    out.extend(id.to_le_bytes());
    out.extend(status.to_le_bytes());
    out.extend((body.len() as u32).to_le_bytes());
    out.extend([0; 8]);
    out.extend(body);
    out
}

pub fn hello(in_flight_max: u64) -> Vec<u8> {
    hello_of(2, in_flight_max)
}

pub fn hello_of(revision: u64, in_flight_max: u64) -> Vec<u8> {
    let agreed =
        [number(2, revision), field(3, 8, &[0]), number(4, 1 << 20), number(5, in_flight_max)];
    [text(1, "fake/1"), agreed.concat()].concat()
}

pub fn words(id: u16, values: &[u32]) -> Vec<u8> {
    field(id, 5, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
}

pub fn values(id: u16, values: &[f32]) -> Vec<u8> {
    field(id, 6, &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>())
}

/// Makes the `answer` field.
pub fn answer() -> Vec<u8> {
    let timing: Vec<u8> = (1..=7).flat_map(|id| number(id, id.into())).collect();
    field(31, 7, &[text(1, "fake"), text(3, "cpu"), field(4, 7, &timing)].concat())
}

/// Makes the last frame of a Generate of one token.
pub fn generated(value: &str) -> Vec<u8> {
    let counts = [number(7, 1), number(8, 1)].concat();
    [words(1, &[7]), text(2, value), text(5, "length"), counts, answer()].concat()
}

pub fn read_request(stream: &mut UnixStream) -> Option<Seen> {
    let mut header = [0; 32];
    stream.read_exact(&mut header).ok()?;
    let size = u32::from_le_bytes(header[..4].try_into().ok()?) as usize - 28;
    let mut body = vec![0; size];
    stream.read_exact(&mut body).ok()?;
    Some(Seen { kind: header[5], id: u64::from_le_bytes(header[8..16].try_into().ok()?), body })
}

/// Returns the bytes to write for a request. `None` closes the connection.
pub type Answering = dyn FnMut(&Seen) -> Option<Vec<u8>> + Send;

/// A server of a fixed number of connections, in turn or (`at_once`) each on its own thread.
pub struct Fake {
    pub url: String,
    pub path: PathBuf,
    thread: Option<JoinHandle<()>>,
}

pub fn serve(mut stream: UnixStream, answer: &Mutex<Box<Answering>>) {
    while let Some(seen) = read_request(&mut stream) {
        let bytes = answer.lock().expect("no answer fails")(&seen);
        match bytes {
            Some(bytes) => {
                let _ = stream.write_all(&bytes); // the client may be gone
            }
            None => break,
        }
    }
}

impl Fake {
    pub fn start(connections: usize, answer: Box<Answering>) -> Fake {
        Fake::start_with(connections, answer, false)
    }

    pub fn start_at_once(connections: usize, answer: Box<Answering>) -> Fake {
        Fake::start_with(connections, answer, true)
    }

    fn start_with(connections: usize, answer: Box<Answering>, at_once: bool) -> Fake {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("assay-rust-test-{}-{}.sock", std::process::id(), number);
        let path = std::env::temp_dir().join(name);
        let listener = UnixListener::bind(&path).expect("a socket");
        let answer = Arc::new(Mutex::new(answer));
        let thread = std::thread::spawn(move || {
            let mut threads = Vec::new();
            for _ in 0..connections {
                let stream = listener.accept().expect("a client").0;
                let answer = Arc::clone(&answer);
                if at_once {
                    threads.push(std::thread::spawn(move || serve(stream, &answer)));
                } else {
                    serve(stream, &answer);
                }
            }
            threads.into_iter().for_each(|thread| thread.join().expect("no server fails"));
        });
        Fake { url: format!("unix://{}", path.display()), path, thread: Some(thread) }
    }

    pub fn client(&self) -> Client {
        let options = Options { backoff_milliseconds: 1, ..Default::default() };
        Client::new(&self.url, options).expect("an address")
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        // A failing test does not wait for missing connections.
        if !std::thread::panicking() {
            let joined = self.thread.take().map(JoinHandle::join);
            assert!(matches!(joined, Some(Ok(()))), "the fake server failed");
        }
    }
}

/// Answers Hello, Ping and Cancel, and Generate with two chunks and an end.
pub fn well(seen: &Seen) -> Option<Vec<u8>> {
    Some(match seen.kind {
        KIND_HELLO => frame(seen.kind, seen.id, 0, 0, &hello(4)),
        KIND_PING => frame(seen.kind, seen.id, 0, 0, &seen.body),
        KIND_CANCEL => frame(seen.kind, seen.id, 0, 0, &field(1, 8, &[1])),
        kind => [
            frame(kind, seen.id, FLAG_MORE, 0, &text(2, "one ")),
            frame(kind, seen.id, FLAG_MORE, 0, &text(2, "two ")),
            frame(kind, seen.id, 0, 0, &generated("three")),
        ]
        .concat(),
    })
}

pub fn request() -> GenerateRequest {
    GenerateRequest { prompt: Some("x".to_owned()), ..Default::default() }
}

pub fn bytes(payload: &[u8]) -> PingRequest {
    PingRequest { payload: Some(payload.to_vec()) }
}
