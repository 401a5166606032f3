//! Driver for the conformance kit: reads one JSON object a line and writes one JSON object a line
//! (format: Protocol/conformance). The tables of the messages map JSON to the crate's structs and
//! back, so the driver names no fields. Each call has a thread. A test tool, not an example: for
//! the command `fork` the driver calls the C library.

mod json;

use assay_client::*;
use json::{quoted, Json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

// ---------------------------------------------------------------- JSON to messages and back

/// Fills a message from the members of an object.
fn fill(message: &mut dyn Message, json: &Json) {
    for (place, row) in message.table().fields.iter().enumerate() {
        let mut set = |one| fill_place(message.add(place).expect("a place of the table"), one);
        match json.get(row.name) {
            None => {}
            Some(list) if row.times.1 > 1 => list.items().iter().for_each(set),
            Some(one) => set(one),
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
        Place::U32s(value) => *value = json.items().iter().map(|one| one.u64() as u32).collect(),
        Place::F32s(value) => *value = json.items().iter().map(|one| one.f64() as f32).collect(),
        Place::Record(message) => fill(message, json),
    }
}

fn joined(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn told(place: Place) -> String {
    match place {
        Place::U64(value) => format!("\"{}\"", value),
        Place::F64(value) => format!("{:?}", value),
        Place::Bool(value) => value.to_string(),
        Place::Text(value) => quoted(value),
        Place::Bytes(value) => {
            format!("\"{}\"", value.iter().map(|byte| format!("{:02x}", byte)).collect::<String>())
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
    let members = fields.iter().zip(values).filter_map(|(row, values)| {
        let list = (row.times.1 > 1).then(|| format!("[{}]", values.join(",")));
        let value = list.or_else(|| values.into_iter().next())?;
        Some(format!("{}:{}", quoted(row.name), value))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

// ---------------------------------------------------------------- answers

fn print(line: String) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{}", line).and_then(|()| out.flush()).is_err() {
        std::process::exit(1); // the reader is gone
    }
}

fn optional(text: Option<&str>) -> String {
    text.map_or("null".to_owned(), quoted)
}

fn error_text(error: &AssayError) -> String {
    let load = error.server_load.clone();
    format!(
        "{{\"code\":\"{}\",\"status\":\"{}\",\"message\":{},\"server_code\":{},\"field\":{},\
         \"layer\":{},\"retry_after_milliseconds\":{},\"server_load\":{},\"provenance\":{}}}",
        error.code.name(),
        error.status.name(),
        quoted(&error.message),
        optional(error.server_code.as_deref()),
        optional(error.field.as_deref()),
        optional(error.layer.as_deref()),
        optional(error.retry_after_milliseconds.map(|pause| pause.to_string()).as_deref()),
        load.map_or("null".to_owned(), |mut load| message_text(&mut load)),
        optional(error.provenance.map(Provenance::name)),
    )
}

fn reply_text<M: Message>(mut reply: Reply<M>) -> String {
    format!(
        "\"ok\":{{\"provenance\":\"{}\",\"generation\":{},\"degraded\":{},\"response\":{}}}",
        reply.provenance.name(),
        reply.generation,
        reply.degraded,
        message_text(&mut reply.response)
    )
}

/// A requested call.
struct Call {
    id: String,
    client: Client,
    kind: String,
    request: Json,
    streams: bool,
    cancel_after: u64,
}

impl Call {
    fn request<R: Request + Default>(&self) -> R {
        let mut request = R::default();
        fill(&mut request, &self.request);
        request
    }

    fn stream(&self) -> Result<String, AssayError> {
        let mut seen = 0;
        let mut stream = self.client.generate_stream(&self.request())?;
        while let Some(chunk) = stream.next() {
            print(format!("{{\"id\":{},\"chunk\":{}}}", self.id, message_text(&mut chunk?)));
            seen += 1;
            if seen == self.cancel_after {
                stream.close();
            }
        }
        Ok(reply_text(stream.result()?))
    }

    fn load(&self) -> Result<String, AssayError> {
        let reply = self.client.load(&self.request(), |layer| {
            if self.streams {
                let mut layer = LoadProgress { layer: layer.clone(), frame: None };
                print(format!("{{\"id\":{},\"chunk\":{}}}", self.id, message_text(&mut layer)));
            }
        })?;
        Ok(reply_text(reply))
    }

    /// Runs the call and returns the line to print.
    fn line(&self) -> String {
        let result = self.run();
        let result = result.unwrap_or_else(|error| format!("\"error\":{}", error_text(&error)));
        format!("{{\"id\":{},{}}}", self.id, result)
    }

    fn run(&self) -> Result<String, AssayError> {
        let client = &self.client;
        Ok(match self.kind.as_str() {
            "Ping" => reply_text(client.ping(&self.request())?),
            "Health" => reply_text(client.health(&self.request())?),
            "Models" => reply_text(client.models(&self.request())?),
            "Stats" => reply_text(client.stats(&self.request())?),
            "Load" => self.load()?,
            "Unload" => reply_text(client.unload(&self.request())?),
            "Tokenize" => reply_text(client.tokenize(&self.request())?),
            "Detokenize" => reply_text(client.detokenize(&self.request())?),
            "Generate" if self.streams => self.stream()?,
            "Generate" => reply_text(client.generate(&self.request())?),
            "Score" => reply_text(client.score(&self.request())?),
            "Logits" => reply_text(client.logits(&self.request())?),
            "Embed" => reply_text(client.embed(&self.request())?),
            other => {
                format!("\"error\":{{\"code\":\"request_invalid\",\"message\":\"{}\"}}", other)
            }
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
fn fork_call(call: Call) -> std::io::Result<JoinHandle<()>> {
    let (ours, mut childs) = UnixStream::pair()?;
    // The child makes the call, writes to its end of the pair, and exits. The child takes no lock
    // of the parent's threads except the allocator's, which the C library keeps in order.
    let child = unsafe { fork() };
    if child < 0 {
        return Err(std::io::Error::last_os_error());
    }
    if child == 0 {
        let status = match childs.write_all(format!("{}\n", call.line()).as_bytes()) {
            Ok(()) => 0,
            Err(_) => 1,
        };
        unsafe { _exit(status) };
    }
    drop(childs);
    Ok(std::thread::spawn(move || {
        let mut line = String::new();
        let heard = BufReader::new(ours).read_line(&mut line);
        unsafe { waitpid(child, std::ptr::null_mut(), 0) };
        if heard.is_ok() && line.ends_with('\n') {
            print(line.trim_end().to_owned());
        } else {
            let words = "the forked child ended without a word";
            let error = format!("{{\"code\":\"connection_closed\",\"message\":\"{}\"}}", words);
            print(format!("{{\"id\":{},\"error\":{}}}", call.id, error));
        }
    }))
}

// ---------------------------------------------------------------- commands

fn options_from(json: Option<&Json>) -> Options {
    let mut options = Options::default();
    let get = |name| json.and_then(|json| json.get(name));
    let number = |name, default| get(name).map_or(default, Json::u64);
    if let Some(name) = get("name") {
        options.name = name.text().to_owned();
    }
    options.allow_mock = get("allow_mock").map_or(options.allow_mock, Json::is_true);
    options.compression = get("compression").map_or(options.compression, Json::is_true);
    options.body_size_max = number("body_size_max", options.body_size_max);
    options.answer_size_max = number("answer_size_max", options.answer_size_max);
    options.connections = number("connections", 1);
    options.connect_milliseconds = number("connect_milliseconds", options.connect_milliseconds);
    options.answer_milliseconds = number("answer_milliseconds", options.answer_milliseconds);
    options.grace_milliseconds = number("grace_milliseconds", options.grace_milliseconds);
    options.attempts = number("attempts", options.attempts);
    options.backoff_milliseconds = number("backoff_milliseconds", options.backoff_milliseconds);
    options.backoff_max_milliseconds =
        number("backoff_max_milliseconds", options.backoff_max_milliseconds);
    options.wait_milliseconds = number("wait_milliseconds", 0);
    options
}

fn main() {
    let mut clients: HashMap<String, Client> = HashMap::new();
    let mut threads = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let command = match line.ok().as_deref().map(Json::parse) {
            Some(Some(command)) => command,
            _ => {
                eprintln!("driver: a line that is no command");
                continue;
            }
        };
        let text = |name| command.get(name).map_or("", Json::text).to_owned();
        let (id, name) = (text("id"), text("client"));
        match (text("op").as_str(), clients.get(&name)) {
            ("open", _) => {
                let made = Client::new(&text("server"), options_from(command.get("options")));
                print(match &made {
                    Ok(_) => format!("{{\"id\":{},\"ok\":{{}}}}", id),
                    Err(error) => format!("{{\"id\":{},\"error\":{}}}", id, error_text(error)),
                });
                clients.extend(made.ok().map(|client| (name, client)));
            }
            (op @ ("call" | "fork"), Some(client)) => {
                let number = |name| command.get(name).map_or(0, Json::u64);
                let deadline = number("deadline_milliseconds") as u32;
                let call = Call {
                    id,
                    client: client.deadline_milliseconds(deadline),
                    kind: text("kind"),
                    request: command.get("request").cloned().unwrap_or(Json::Null),
                    streams: op == "call" && command.get("stream").map_or(false, Json::is_true),
                    cancel_after: number("cancel_after_chunks"),
                };
                threads.push(match op {
                    "fork" => fork_call(call).expect("a child"),
                    _ => std::thread::spawn(move || print(call.line())),
                });
            }
            ("close", client) => {
                client.into_iter().for_each(Client::close);
                print(format!("{{\"id\":{},\"ok\":{{}}}}", id));
            }
            _ => eprintln!("driver: no such command or client"),
        }
    }
    clients.values().for_each(Client::close);
    for thread in threads {
        if thread.join().is_err() {
            std::process::exit(1);
        }
    }
}
