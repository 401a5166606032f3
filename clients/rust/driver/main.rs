//! The program that the conformance kit drives: a JSON object a line in, a JSON object a line out
//! (Protocol/conformance says which). Messages go from JSON to the structs of the crate and back
//! by table, so nothing here knows a field by name. A thread per call. A test tool, no example: for
//! the command `fork` it calls the C library.

mod json;

use assay_client::*;
use json::{quoted, Json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;

// ---------------------------------------------------------------- JSON to records and back

fn value_from(field: &Field, json: &Json) -> Value {
    match field.kind {
        Type::U64 => Value::U64(json.u64()),
        Type::F64 => Value::F64(json.f64()),
        Type::Bool => Value::Bool(json.is_true()),
        Type::Text => Value::Text(json.text().to_owned()),
        Type::Bytes => {
            let digits = json.text().as_bytes();
            let digit = |byte: u8| (byte as char).to_digit(16).unwrap_or(0) as u8;
            Value::Bytes(digits.chunks(2).map(|two| digit(two[0]) << 4 | digit(two[1])).collect())
        }
        Type::U32s => Value::U32s(json.items().iter().map(|one| one.u64() as u32).collect()),
        Type::F32s => Value::F32s(json.items().iter().map(|one| one.f64() as f32).collect()),
        Type::Record => Value::Record(match field.record {
            Some(info) => record_from(info, json),
            None => Record::default(),
        }),
    }
}

fn record_from(info: &MessageInfo, json: &Json) -> Record {
    let mut record = Record::default();
    for field in info.fields {
        match (json.get(field.name), field.presence) {
            (None, _) => {}
            (Some(list), Presence::Repeated) => {
                let values = list.items().iter().map(|one| (field.id, value_from(field, one)));
                record.fields.extend(values);
            }
            (Some(one), _) => record.fields.push((field.id, value_from(field, one))),
        }
    }
    record
}

fn joined(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn value_text(field: &Field, value: &Value) -> String {
    match value {
        Value::U64(value) => format!("\"{}\"", value),
        Value::F64(value) => format!("{:?}", value),
        Value::Bool(value) => value.to_string(),
        Value::Text(value) => quoted(value),
        Value::Bytes(value) => {
            format!("\"{}\"", value.iter().map(|byte| format!("{:02x}", byte)).collect::<String>())
        }
        Value::U32s(values) => joined(values.iter().map(u32::to_string)),
        Value::F32s(values) => joined(values.iter().map(|one| format!("{:?}", f64::from(*one)))),
        Value::Record(record) => match field.record {
            Some(info) => record_text(info, record),
            None => "{}".to_owned(),
        },
    }
}

fn record_text(info: &MessageInfo, record: &Record) -> String {
    let mut members = Vec::new();
    for field in info.fields {
        let values = record.fields.iter().filter(|(id, _)| *id == field.id);
        let mut texts = values.map(|(_, value)| value_text(field, value));
        let text = match field.presence {
            Presence::Repeated => Some(joined(texts)),
            _ => texts.next(),
        };
        members.extend(text.map(|text| format!("{}:{}", quoted(field.name), text)));
    }
    format!("{{{}}}", members.join(","))
}

fn message_text<M: Message>(message: &M) -> String {
    record_text(M::info(), &message.to_record())
}

// ---------------------------------------------------------------- answers

fn print(line: String) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{}", line).and_then(|()| out.flush()).is_err() {
        std::process::exit(1); // nobody reads any more
    }
}

fn optional(text: Option<&str>) -> String {
    text.map_or("null".to_owned(), quoted)
}

fn error_text(error: &Error) -> String {
    format!(
        "{{\"code\":\"{}\",\"status\":\"{}\",\"message\":{},\"server_code\":{},\"field\":{},\
         \"layer\":{},\"retry_after_milliseconds\":{},\"provenance\":{}}}",
        error.code.name(),
        error.status.name(),
        quoted(&error.message),
        optional(error.server_code.as_deref()),
        optional(error.field.as_deref()),
        optional(error.layer.as_deref()),
        optional(error.retry_after_milliseconds.map(|pause| pause.to_string()).as_deref()),
        optional(error.provenance.map(Provenance::name)),
    )
}

fn reply_text<M: Message>(reply: &Reply<M>) -> String {
    format!(
        "\"ok\":{{\"provenance\":\"{}\",\"generation\":{},\"degraded\":{},\"response\":{}}}",
        reply.provenance.name(),
        reply.generation,
        reply.degraded,
        message_text(&reply.response)
    )
}

/// What was asked for.
struct Call {
    id: String,
    client: Client,
    kind: String,
    request: Json,
    streams: bool,
    cancel_after: u64,
}

impl Call {
    fn request<R: Request>(&self) -> R {
        R::from_record(record_from(R::info(), &self.request))
    }

    fn stream(&self) -> Result<String, Error> {
        let mut seen = 0;
        let mut stream = self.client.generate_stream(&self.request())?;
        while let Some(chunk) = stream.next() {
            print(format!("{{\"id\":{},\"chunk\":{}}}", self.id, message_text(&chunk?)));
            seen += 1;
            if seen == self.cancel_after {
                drop(stream);
                // The crate has no such error for a stream that was dropped: its caller knows.
                return Ok("\"error\":{\"code\":\"given_up\",\"status\":\"CANCELLED\",\
                           \"message\":\"the caller gave the answer up\"}"
                    .to_owned());
            }
        }
        Ok(reply_text(&stream.finish()?))
    }

    fn load(&self) -> Result<String, Error> {
        let reply = self.client.load(&self.request(), |layer| {
            if self.streams {
                let layer = LoadProgress { layer: layer.clone(), frame: None };
                print(format!("{{\"id\":{},\"chunk\":{}}}", self.id, message_text(&layer)));
            }
        })?;
        Ok(reply_text(&reply))
    }

    /// What the call comes to.
    fn line(&self) -> String {
        let result = self.run();
        let result = result.unwrap_or_else(|error| format!("\"error\":{}", error_text(&error)));
        format!("{{\"id\":{},{}}}", self.id, result)
    }

    fn run(&self) -> Result<String, Error> {
        let client = &self.client;
        Ok(match self.kind.as_str() {
            "Ping" => {
                let request: PingRequest = self.request();
                reply_text(&client.ping(&request.payload.unwrap_or_default())?)
            }
            "Health" => reply_text(&client.health(&self.request())?),
            "Models" => reply_text(&client.models()?),
            "Stats" => reply_text(&client.stats()?),
            "Load" => self.load()?,
            "Unload" => reply_text(&client.unload(&self.request::<UnloadRequest>().name)?),
            "Tokenize" => reply_text(&client.tokenize(&self.request())?),
            "Detokenize" => reply_text(&client.detokenize(&self.request())?),
            "Generate" if self.streams => self.stream()?,
            "Generate" => reply_text(&client.generate(&self.request())?),
            "Score" => reply_text(&client.score(&self.request())?),
            "Logits" => reply_text(&client.logits(&self.request())?),
            "Embed" => reply_text(&client.embed(&self.request())?),
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

/// Makes the call in a forked child, and hands on the line that the child writes. Returns at once.
fn fork_call(call: Call) -> std::io::Result<JoinHandle<()>> {
    let (ours, mut childs) = UnixStream::pair()?;
    // The child makes the call, writes into its end of the pair and ends. It takes no lock of the
    // parent's threads but the allocator's, which the C library keeps in order.
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
    let number = |name, default: u32| get(name).map_or(default, |value| value.u64() as u32);
    if let Some(name) = get("name") {
        options.name = name.text().to_owned();
    }
    options.allow_mock = get("allow_mock").map_or(options.allow_mock, Json::is_true);
    options.compression = get("compression").map_or(options.compression, Json::is_true);
    options.body_size_max = number("body_size_max", options.body_size_max);
    options.connections = number("connections", 1) as usize;
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
