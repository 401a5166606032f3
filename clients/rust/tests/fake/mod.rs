//! A fake server for the tests, with a function that answers requests.
//!
//! Guarantees: the server listens on its own Unix socket, removed at the end, and keeps the bodies
//! of all requests. The end waits for all connections, and a failing server fails the test.
//! Not here: compressed frames.

#![allow(dead_code)] // each test program uses a part

use assay_client::*;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{scope, sleep, spawn, JoinHandle};
use std::time::Duration;

/// One request as read by the server.
#[derive(Clone)]
pub struct Seen {
    pub kind: u8,
    pub id: u64,
    pub body: Vec<u8>,
    /// Number of the request among those of its kind, from 1.
    pub nth: usize,
}

pub fn field(id: u16, kind: u8, bytes: &[u8]) -> Vec<u8> {
    let size = (bytes.len() as u32).to_le_bytes();
    [&id.to_le_bytes()[..], &[kind, 0], &size, bytes].concat()
}

pub fn number(id: u16, value: u64) -> Vec<u8> {
    field(id, 1, &value.to_le_bytes())
}

pub fn text(id: u16, value: &str) -> Vec<u8> {
    field(id, 4, value.as_bytes())
}

pub fn frame(kind: u8, id: u64, flags: u8, status: u32, body: &[u8]) -> Vec<u8> {
    let size = body.len() as u32;
    let (length, start) = ((28 + size).to_le_bytes(), [1, kind | 0x80, flags, 1]);
    let (id, status, size) = (id.to_le_bytes(), status.to_le_bytes(), size.to_le_bytes());
    [&length[..], &start, &id, &status, &size, &[0; 8], body].concat()
}

pub fn hello(revision: u64, in_flight_max: u64) -> Vec<u8> {
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

fn read_request(stream: &mut UnixStream) -> Option<Seen> {
    let mut header = [0; 32];
    stream.read_exact(&mut header).ok()?;
    let size = u32::from_le_bytes(header[..4].try_into().ok()?) as usize - 28;
    let mut body = vec![0; size];
    stream.read_exact(&mut body).ok()?;
    let id = u64::from_le_bytes(header[8..16].try_into().ok()?);
    Some(Seen { kind: header[5], id, body, nth: 1 })
}

/// A path for a socket that no other test uses.
pub fn free_path() -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = format!("assay-rust-test-{}-{}.sock", std::process::id(), number);
    std::env::temp_dir().join(name)
}

/// A server of a fixed number of connections, each on its own thread.
pub struct Fake {
    pub url: String,
    pub path: PathBuf,
    /// A client that pauses only shortly between attempts.
    pub client: Client,
    seen: Arc<Mutex<Vec<Seen>>>,
    thread: Option<JoinHandle<()>>,
}

impl Fake {
    /// Starts the server. `answer` returns the bytes to write for a request, or `None` to close the
    /// connection.
    pub fn start(
        connections: usize, answer: impl Fn(&Seen) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Fake {
        let path = free_path();
        let listener = UnixListener::bind(&path).expect("a socket");
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let all_seen = Arc::clone(&seen);
        let serve = move |mut stream: UnixStream| {
            while let Some(mut request) = read_request(&mut stream) {
                let mut all_seen = all_seen.lock().expect("whole");
                request.nth += all_seen.iter().filter(|one| one.kind == request.kind).count();
                all_seen.push(request.clone());
                drop(all_seen);
                match answer(&request) {
                    Some(bytes) => drop(stream.write_all(&bytes)), // the client may be gone
                    None => break,
                }
            }
        };
        let thread = spawn(move || {
            scope(|threads| {
                for stream in listener.incoming().take(connections) {
                    threads.spawn(|| serve(stream.expect("a client")));
                }
            });
        });
        let url = format!("unix://{}", path.display());
        let options = Options { backoff_milliseconds: 1, ..Default::default() };
        let client = Client::new(&url, options).expect("an address");
        Fake { url, path, client, seen, thread: Some(thread) }
    }

    pub fn client_with(&self, options: Options) -> Client {
        Client::new(&self.url, options).expect("an address")
    }

    /// Bodies of the requests of a kind so far.
    pub fn bodies(&self, kind: u8) -> Vec<Vec<u8>> {
        let seen = self.seen.lock().expect("whole");
        seen.iter().filter(|one| one.kind == kind).map(|one| one.body.clone()).collect()
    }

    /// Waits for a first request of a kind.
    pub fn wait_for(&self, kind: u8) {
        while self.bodies(kind).is_empty() {
            sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.client.close();
        let _ = std::fs::remove_file(&self.path);
        // A failing test does not wait for missing connections.
        if !std::thread::panicking() {
            let joined = self.thread.take().map(JoinHandle::join);
            assert!(matches!(joined, Some(Ok(()))), "the fake server failed");
        }
    }
}

/// Makes a chunk of the answer to a Generate.
pub fn chunk(seen: &Seen, value: &str) -> Vec<u8> {
    frame(seen.kind, seen.id, FLAG_MORE, 0, &text(2, value))
}

/// Answers Hello, Ping and Cancel, and Generate with two chunks and an end.
pub fn well(seen: &Seen) -> Option<Vec<u8>> {
    Some(match seen.kind {
        KIND_HELLO => frame(seen.kind, seen.id, 0, 0, &hello(2, 4)),
        KIND_PING => frame(seen.kind, seen.id, 0, 0, &seen.body),
        KIND_CANCEL => frame(seen.kind, seen.id, 0, 0, &field(1, 8, &[1])),
        kind => {
            let last = frame(kind, seen.id, 0, 0, &generated("three"));
            [chunk(seen, "one "), chunk(seen, "two "), last].concat()
        }
    })
}

/// Answers as `well`, but a Generate with one chunk, and with the end once the client cancels.
pub fn endless(seen: &Seen) -> Option<Vec<u8>> {
    Some(match seen.kind {
        KIND_GENERATE => chunk(seen, "one "),
        KIND_CANCEL => {
            let target = u64::from_le_bytes(seen.body[8..16].try_into().expect("8 bytes"));
            [well(seen)?, frame(KIND_GENERATE, target, 0, 0, &generated(""))].concat()
        }
        _ => return well(seen),
    })
}

/// Refuses a request with a status, a code, and the bytes of further fields.
pub fn refused(seen: &Seen, status: u32, code: &str, further: &[u8]) -> Option<Vec<u8>> {
    let words = [text(1, code), text(2, "too much")].concat();
    Some(frame(seen.kind, seen.id, 0, status, &[&words, further].concat()))
}

/// Begins a stream, and takes its first chunk.
pub fn first_chunk(client: &Client) -> GenerateStream {
    let mut stream = client.generate_stream(&request()).expect("sent");
    assert!(stream.next().expect("a chunk").is_ok());
    stream
}

pub fn request() -> GenerateRequest {
    GenerateRequest { prompt: Some("x".to_owned()), ..Default::default() }
}

pub fn load_request() -> LoadRequest {
    LoadRequest { name: "m".into(), path: "/m".into(), ..Default::default() }
}

pub fn bytes(payload: &[u8]) -> PingRequest {
    PingRequest { payload: Some(payload.to_vec()) }
}

/// Makes a Ping.
pub fn ping(client: &Client) -> Result<(), Code> {
    client.ping(&bytes(b"abc")).map(drop).map_err(|error| error.code)
}
