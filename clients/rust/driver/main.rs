//! Driver for the conformance kit: reads one JSON object a line and writes one JSON object a line
//! (format: Protocol/conformance). The tables of the messages map JSON to the crate's structs and
//! back, so the driver names no fields. Each call has a thread. A test tool, not an example: for
//! the command `fork` the driver calls the C library.

mod json;

use assay_client::*;
use json::{quoted, Json};
use std::collections::HashMap;
use std::io::{BufRead, Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

// ---------------------------------------------------------------- JSON to messages and back

/// Fills a message from the members of an object.
fn fill(message: &mut dyn Message, json: &Json) {
    for (place, row) in message.table().fields.iter().enumerate() {
        let mut set = |one| fill_place(message.add(place).expect("a place of the table"), one);
        match json.get(row.name) {
            Json::Null => {}
            list if row.times.1 > 1 => list.items().for_each(set),
            one => set(one),
        }
    }
}

fn fill_place(place: Place, json: &Json) {
    match place {
        Place::U64(value) => *value = json.u64(),
        Place::F64(value) => *value = json.f64(),
        Place::Bool(value) => *value = json.is_true(),
        Place::Text(value) => *value = json.text().to_owned(),
        Place::Bytes(value) => {
            let digits = json.text().as_bytes();
            let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
            *value = digits.chunks(2).map(|two| digit(two[0]) << 4 | digit(two[1])).collect();
        }
        Place::U32s(value) => *value = json.items().map(|one| one.u64() as u32).collect(),
        Place::F32s(value) => *value = json.items().map(|one| one.f64() as f32).collect(),
        Place::Record(message) => fill(message, json),
    }
}

fn joined(items: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", items.into_iter().collect::<Vec<_>>().join(","))
}

fn object<'a>(members: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let members = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn told(place: Place) -> String {
    match place {
        Place::U64(value) => format!("\"{value}\""),
        Place::F64(value) => format!("{value:?}"),
        Place::Bool(value) => value.to_string(),
        Place::Text(value) => quoted(value),
        Place::Bytes(value) => {
            quoted(&value.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        Place::U32s(values) => joined(values.iter().map(u32::to_string)),
        Place::F32s(values) => joined(values.iter().map(|one| format!("{:?}", f64::from(*one)))),
        Place::Record(message) => message_text(message),
    }
}

/// Writes the fields present as the members of an object.
fn message_text(message: &mut dyn Message) -> String {
    let fields = message.table().fields;
    let mut values = vec![Vec::new(); fields.len()];
    let mut see = |place: usize, value: Place| {
        values[place].push(told(value));
        Ok(())
    };
    message.each(&mut see).expect("nothing is refused");
    let present = fields.iter().zip(values).filter(|(_, values)| !values.is_empty());
    object(present.map(|(row, mut values)| {
        (row.name, if row.times.1 > 1 { joined(values) } else { values.remove(0) })
    }))
}

// ---------------------------------------------------------------- answers

fn print(line: String) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
        std::process::exit(1); // the reader is gone
    }
}

fn optional(text: Option<impl AsRef<str>>) -> String {
    text.map_or("null".to_owned(), |text| quoted(text.as_ref()))
}

fn error_text(error: &AssayError) -> String {
    let pause = error.retry_after_milliseconds.map(|pause| pause.to_string());
    let load = error.server_load.clone().map(|mut load| message_text(&mut load));
    object([
        ("code", quoted(error.code.name())),
        ("status", quoted(error.status.name())),
        ("message", quoted(&error.message)),
        ("server_code", optional(error.server_code.as_ref())),
        ("field", optional(error.field.as_ref())),
        ("layer", optional(error.layer.as_ref())),
        ("retry_after_milliseconds", optional(pause)),
        ("server_load", load.unwrap_or("null".to_owned())),
        ("provenance", optional(error.provenance.map(Provenance::name))),
    ])
}

fn reply_text<M: Message>(mut reply: Reply<M>) -> String {
    object([
        ("provenance", quoted(reply.provenance.name())),
        ("generation", reply.generation.to_string()),
        ("degraded", reply.degraded.to_string()),
        ("response", message_text(&mut reply.response)),
    ])
}

/// Writes the line that answers a command with one member.
fn line(command: &Json, name: &str, value: String) -> String {
    object([("id", command.get("id").text().to_owned()), (name, value)])
}

/// Writes an error without a server.
fn failure(code: &str, message: &str) -> String {
    object([("code", quoted(code)), ("message", quoted(message))])
}

/// A call, and the command that asks for the call.
struct Call {
    command: Json,
    client: Client,
}

impl Call {
    fn new(command: &Json, client: &Client) -> Call {
        let deadline = command.get("deadline_milliseconds").u64() as u32;
        Call { command: command.clone(), client: client.deadline_milliseconds(deadline) }
    }

    fn request<R: Request + Default>(&self) -> R {
        let mut request = R::default();
        fill(&mut request, self.command.get("request"));
        request
    }

    fn streams(&self) -> bool {
        self.command.get("op").text() == "call" && self.command.get("stream").is_true()
    }

    fn stream(&self) -> Result<String, AssayError> {
        let mut seen = 0;
        let mut stream = self.client.generate_stream(&self.request())?;
        while let Some(chunk) = stream.next() {
            print(line(&self.command, "chunk", message_text(&mut chunk?)));
            seen += 1;
            if seen == self.command.get("cancel_after_chunks").u64() {
                stream.close();
            }
        }
        stream.result().map(reply_text)
    }

    fn show(&self, chunk: &mut dyn Message) {
        if self.streams() {
            print(line(&self.command, "chunk", message_text(chunk)));
        }
    }

    fn load(&self) -> Result<String, AssayError> {
        let on_layer = |layer: &Layer| {
            self.show(&mut LoadProgress { layer: layer.clone(), frame: None });
        };
        self.client.load(&self.request(), on_layer).map(reply_text)
    }

    fn swap(&self) -> Result<String, AssayError> {
        let on_progress = |progress: &SwapProgress| self.show(&mut progress.clone());
        self.client.swap(&self.request(), on_progress).map(reply_text)
    }

    /// Runs the call and returns the line to print.
    fn line(&self) -> String {
        let kind = self.command.get("kind").text();
        let (name, value) = match self.run(kind) {
            None => ("error", failure("request_invalid", kind)),
            Some(Ok(reply)) => ("ok", reply),
            Some(Err(error)) => ("error", error_text(&error)),
        };
        line(&self.command, name, value)
    }

    /// Runs the call. `None` for an unknown kind.
    fn run(&self, kind: &str) -> Option<Result<String, AssayError>> {
        let client = &self.client;
        Some(match kind {
            "Ping" => client.ping(&self.request()).map(reply_text),
            "Health" => client.health(&self.request()).map(reply_text),
            "Models" => client.models(&self.request()).map(reply_text),
            "Stats" => client.stats(&self.request()).map(reply_text),
            "Load" => self.load(),
            "Swap" => self.swap(),
            "Rollback" => client.rollback(&self.request()).map(reply_text),
            "Pin" => client.pin(&self.request()).map(reply_text),
            "Alias" => client.alias(&self.request()).map(reply_text),
            "Unload" => client.unload(&self.request()).map(reply_text),
            "Tokenize" => client.tokenize(&self.request()).map(reply_text),
            "Detokenize" => client.detokenize(&self.request()).map(reply_text),
            "Generate" if self.streams() => self.stream(),
            "Generate" => client.generate(&self.request()).map(reply_text),
            "Score" => client.score(&self.request()).map(reply_text),
            "Logits" => client.logits(&self.request()).map(reply_text),
            "Embed" => client.embed(&self.request()).map(reply_text),
            "Render" => client.render(&self.request()).map(reply_text),
            _ => return None,
        })
    }
}

// ---------------------------------------------------------------- forks

extern "C" {
    fn fork() -> i32;
    fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(status: i32) -> !;
}

/// Makes the call in a forked child, and passes on the line that the child writes. Returns at once.
fn fork_call(call: Call) -> JoinHandle<()> {
    let (mut ours, mut childs) = UnixStream::pair().expect("a pair");
    // The child makes the call, writes to its end of the pair, and exits. The child takes no lock
    // of the parent's threads except the allocator's, which the C library keeps in order.
    let child = unsafe { fork() };
    assert!(child >= 0, "no child");
    if child == 0 {
        let written = childs.write_all(format!("{}\n", call.line()).as_bytes());
        unsafe { _exit(i32::from(written.is_err())) };
    }
    drop(childs);
    std::thread::spawn(move || {
        let mut heard = String::new();
        let _ = ours.read_to_string(&mut heard); // a whole line ends with a line feed
        unsafe { waitpid(child, std::ptr::null_mut(), 0) };
        let words = "the forked child ended without a word";
        let none = || line(&call.command, "error", failure("connection_closed", words));
        print(heard.strip_suffix('\n').map_or_else(none, str::to_owned));
    })
}

// ---------------------------------------------------------------- commands

fn options_from(json: &Json) -> Options {
    let mut options = Options::default();
    for (name, place) in [
        ("token", &mut options.token),
        ("tenant", &mut options.tenant),
        ("token_file", &mut options.token_file),
    ] {
        if let given @ Json::Text(_) = json.get(name) {
            *place = Some(given.text().to_owned());
        }
    }
    for (name, place) in [
        ("name", Place::Text(&mut options.name)),
        ("allow_mock", Place::Bool(&mut options.allow_mock)),
        ("compression", Place::Bool(&mut options.compression)),
        ("body_size_max", Place::U64(&mut options.body_size_max)),
        ("answer_size_max", Place::U64(&mut options.answer_size_max)),
        ("connections", Place::U64(&mut options.connections)),
        ("connect_milliseconds", Place::U64(&mut options.connect_milliseconds)),
        ("answer_milliseconds", Place::U64(&mut options.answer_milliseconds)),
        ("grace_milliseconds", Place::U64(&mut options.grace_milliseconds)),
        ("attempts", Place::U64(&mut options.attempts)),
        ("backoff_milliseconds", Place::U64(&mut options.backoff_milliseconds)),
        ("backoff_max_milliseconds", Place::U64(&mut options.backoff_max_milliseconds)),
        ("wait_milliseconds", Place::U64(&mut options.wait_milliseconds)),
    ] {
        match json.get(name) {
            Json::Null => {}
            given => fill_place(place, given),
        }
    }
    options
}

fn main() {
    let mut clients: HashMap<String, Client> = HashMap::new();
    let mut threads = Vec::new();
    for input in std::io::stdin().lock().lines() {
        let command = match input.ok().as_deref().and_then(Json::parse) {
            Some(command) => command,
            None => {
                eprintln!("driver: a line that is no command");
                continue;
            }
        };
        let text = |name| command.get(name).text();
        match (text("op"), clients.get(text("client"))) {
            ("open", _) => {
                let made = Client::new(text("server"), options_from(command.get("options")));
                print(match &made {
                    Ok(_) => line(&command, "ok", object([])),
                    Err(error) => line(&command, "error", error_text(error)),
                });
                clients.extend(made.ok().map(|client| (text("client").to_owned(), client)));
            }
            ("call", Some(client)) => {
                let call = Call::new(&command, client);
                threads.push(std::thread::spawn(move || print(call.line())));
            }
            ("fork", Some(client)) => threads.push(fork_call(Call::new(&command, client))),
            ("close", client) => {
                client.into_iter().for_each(Client::close);
                print(line(&command, "ok", object([])));
            }
            _ => eprintln!("driver: no such command or client"),
        }
    }
    clients.values().for_each(Client::close);
    if threads.into_iter().any(|thread| thread.join().is_err()) {
        std::process::exit(1);
    }
}
