//! Tests of bodies and frames: random messages written and read, damage, every cut.

use super::random::Random;
use crate::codec::*;
use crate::frames::{compress, request_frame, FrameReader};
use crate::protocol::*;

type Fresh = fn() -> Box<dyn Message>;

macro_rules! messages {
    ($($name:ident)+) => { [$(|| Box::<$name>::default()),+] };
}

static MESSAGES: [Fresh; 32] = messages! {
    Requirements Answer ErrorBody HelloRequest HelloResponse PingResponse HealthResponse
    ModelsResponse LoadRequest LoadProgress LoadResponse TokenizeResponse DetokenizeResponse
    GenerateRequest GenerateChunk GenerateResponse ScoreRequest ScoreResponse EmbedRequest
    EmbedResponse LogitsResponse RenderRequest RenderResponse CancelResponse StatsResponse GoAway
    SwapRequest SwapProgress SwapResponse RollbackRequest PinResponse AliasRequest
};

/// Fills a message with random values within bounds. Texts and lists stay short.
fn fill(random: &mut Random, message: &mut dyn Message) {
    let table = message.table();
    // At least one prompt field must be present.
    let prompts = ["Input", "Generate request", "Score request"].contains(&table.name);
    let mut given = Vec::new();
    for (place, row) in table.fields.iter().enumerate() {
        let is_excluded = table.excludes.iter().any(|together| {
            together.contains(&place) && together.iter().any(|other| given.contains(other))
        });
        let times = match (row.times, row.name) {
            _ if is_excluded => 0,
            (_, "prompt" | "text") if prompts => 1,
            (_, "tokens" | "messages") if prompts => 0,
            ((min, max), _) => min + random.below((max - min).min(2) as u64 + 1) as usize,
        };
        if times > 0 {
            given.push(place);
        }
        for _ in 0..times {
            let (min, max) = row.bounds;
            let count = (min + random.below((max - min).min(3) + 1)) as usize;
            match message.add(place).expect("a place of the table") {
                Place::U64(value) => *value = min + random.below((max - min).max(1)),
                Place::F64(value) if row.numbers.1.is_finite() => *value = row.numbers.1,
                Place::F64(value) => *value = -1.5,
                Place::Bytes(value) => *value = (0..count).map(|_| random.next() as u8).collect(),
                Place::Text(value) if row.is_traceparent => {
                    *value = format!("00-{}-{}-00", "a".repeat(32), "b".repeat(16));
                }
                Place::Text(value) => {
                    *value = "x".repeat(count);
                    row.choices.iter().take(1).for_each(|word| *value = word.to_string());
                }
                Place::U32s(value) => *value = (0..count).map(|_| random.next() as u32).collect(),
                Place::F32s(value) => *value = (0..count).map(|_| random.below(9) as f32).collect(),
                Place::Record(message) => fill(random, message),
                Place::Bool(value) => *value = random.below(2) == 1,
            }
        }
    }
}

fn body(message: &mut dyn Message) -> Vec<u8> {
    let name = message.table().name;
    encode(message).unwrap_or_else(|error| panic!("{}: {:?}", name, error)).body
}

fn random_body(random: &mut Random, fresh: Fresh) -> Vec<u8> {
    let mut message = fresh();
    fill(random, &mut *message);
    body(&mut *message)
}

#[test]
fn bodies_survive_the_round_trip() {
    let mut random = Random::seeded();
    for _ in 0..50 {
        for fresh in MESSAGES {
            let bytes = random_body(&mut random, fresh);
            let mut read = fresh();
            assert_eq!(decode(&mut *read, &bytes), Ok(()), "{}", read.table().name);
            assert_eq!(body(&mut *read), bytes, "{}", read.table().name);
        }
    }
}

#[test]
fn values_are_read_as_they_were_written() {
    let content = ChatMessage { role: "user".into(), content: "a".into(), ..Default::default() };
    let mut request = GenerateRequest {
        messages: vec![content.clone(), content],
        temperature: Some(0.5),
        seed: Some(u64::MAX),
        stop: vec!["x".into(), "y".into()],
        ..Default::default()
    };
    let mut read = GenerateRequest::default();
    assert_eq!(decode(&mut read, &body(&mut request)), Ok(()));
    assert_eq!(read, request);
}

#[test]
fn damaged_bodies_are_refused_or_read() {
    let mut random = Random::seeded();
    for _ in 0..100 {
        for fresh in MESSAGES {
            let mut bytes = random_body(&mut random, fresh);
            if bytes.is_empty() {
                continue;
            }
            for _ in 0..20 {
                random.damage(&mut bytes);
                let mut read = fresh();
                if decode(&mut *read, &bytes).is_ok() && rules_hold(&mut *read) {
                    assert_eq!(body(&mut *read).len(), bytes.len(), "{}", read.table().name);
                }
            }
            let cut = random.below(bytes.len() as u64) as usize;
            let _ = decode(&mut *fresh(), &bytes[..cut]); // must not panic
        }
    }
}

/// True unless writing breaks a rule between fields. Damage may turn one field of a request into
/// another.
fn rules_hold(message: &mut dyn Message) -> bool {
    !matches!(encode(message), Err(error)
        if ["field_conflict", "field_missing"].contains(&error.code))
}

#[test]
fn what_is_wrong_is_named() {
    let [error, pong]: [Fresh; 2] = messages!(ErrorBody PingResponse);
    let cases: [(Fresh, &[u8], &str, &str); 11] = [
        (error, &[1, 0, 3], "body_truncated", ""),
        (error, &[1, 0, 4, 0, 255, 255, 255, 127], "body_truncated", ""),
        (pong, &[9, 0, 3, 0, 0, 0, 0, 0], "field_unknown", "#9"),
        (pong, &[1, 0, 4, 0, 0, 0, 0, 0], "field_type_mismatch", "payload"),
        (error, &[1, 0, 4, 1, 1, 0, 0, 0, b'x'], "field_reserved_not_zero", "code"),
        (error, &[1, 0, 4, 0, 1, 0, 0, 0, 255], "field_text_invalid", "code"),
        (error, &[1, 0, 4, 0, 0, 0, 0, 0], "field_out_of_range", "code"),
        (error, &[1, 0, 4, 0, 1, 0, 0, 0, b'x'], "field_missing", "message"),
        (error, &[2, 0, 4, 0, 0, 0, 0, 0], "field_missing", "code"),
        (pong, &[1, 0, 3, 0, 0, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0], "field_repeated", "payload"),
        (pong, &[1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0], "field_order", "#0"),
    ];
    for (fresh, bytes, code, path) in cases {
        let error = decode(&mut *fresh(), bytes).expect_err(code);
        assert_eq!((error.code, error.path.as_str()), (code, path));
    }
}

/// A request to generate that is valid.
fn one() -> GenerateRequest {
    GenerateRequest { prompt: Some("x".into()), ..Default::default() }
}

/// Code and path of the refusal of a message.
fn refusal(mut message: impl Message) -> (&'static str, String) {
    let error = encode(&mut message).err().expect("not valid");
    (error.code, error.path)
}

#[test]
fn requests_are_checked_by_their_table() {
    let context = |context| GenerateRequest { context: Some(context), ..one() };
    let messages = vec![ChatMessage { role: "nobody".into(), ..Default::default() }];
    for (path, request) in [
        ("max_tokens", GenerateRequest { max_tokens: Some(0), ..one() }),
        ("top_p", GenerateRequest { top_p: Some(-0.5), ..one() }),
        ("temperature", GenerateRequest { temperature: Some(f64::NAN), ..one() }),
        ("stop", GenerateRequest { stop: vec!["x".into(); 17], ..one() }),
        ("messages.role", GenerateRequest { messages, ..Default::default() }),
        ("context.priority", context(RequestContext { priority: Some(10), ..Default::default() })),
    ] {
        assert_eq!(refusal(request).1, path);
    }
    for (at, character) in [(0, "1"), (2, "0"), (10, "A"), (52, "0"), (54, "g")] {
        let mut trace = format!("00-{}-{}-01", "a".repeat(32), "b".repeat(16));
        let traced = |trace: &str| {
            context(RequestContext { trace_context: Some(trace.into()), ..Default::default() })
        };
        assert!(encode(&mut traced(&trace)).is_ok());
        trace.replace_range(at..=at, character);
        assert_eq!(refusal(traced(&trace)).1, "context.trace_context", "{}", trace);
    }
}

#[test]
fn fields_that_exclude_each_other_are_refused() {
    let found = |code, path: &str| (code, path.to_owned());
    assert_eq!(refusal(GenerateRequest::default()), found("field_missing", "prompt"));
    let two = GenerateRequest { tokens: Some(vec![1]), ..one() };
    assert_eq!(refusal(two), found("field_conflict", "tokens"));
    let messages = vec![ChatMessage { role: "user".into(), ..Default::default() }];
    let special = GenerateRequest { messages, add_special: Some(true), ..Default::default() };
    assert_eq!(refusal(special), found("field_conflict", "add_special"));
    let inputs = EmbedRequest { inputs: vec![Input::default()], ..Default::default() };
    assert_eq!(refusal(inputs), found("field_missing", "inputs.text"));
}

#[test]
fn the_lowest_revision_is_that_of_the_newest_field() {
    for (since, mut request) in [
        (1, one()),
        (2, GenerateRequest { logprobs: Some(0), ..one() }),
        (3, GenerateRequest { ignore_eos: Some(true), ..one() }),
        (3, GenerateRequest { context: Some(RequestContext::default()), ..one() }),
    ] {
        assert_eq!(encode(&mut request).expect("valid").since, since);
    }
}

#[test]
fn the_health_of_a_server_has_no_requirements() {
    assert!(HealthRequest::default().requirements().is_none());
    let mut one = HealthRequest { model: Some("m".into()), ..Default::default() };
    assert!(one.requirements().is_some());
    assert!(TokenizeRequest::default().requirements().is_some());
    assert!(ModelsRequest::default().requirements().is_none());
}

fn response(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = request_frame(kind | RESPONSE_BIT, 1, 0, body, false).expect("small");
    frame[6] = flags;
    frame[7] = PROVENANCE_REAL;
    frame
}

/// A frame with `text` as a block, said to be of `raw_size` bytes.
fn packed(text: &[u8], raw_size: u32) -> Vec<u8> {
    let mut frame = response(KIND_PING, FLAG_COMPRESSED, &compress(text).expect("it pays"));
    frame[20..24].copy_from_slice(&raw_size.to_le_bytes());
    frame
}

fn reader(body_max: usize) -> FrameReader {
    let mut reader = FrameReader { body_max, ..FrameReader::default() };
    reader.may_compress = true;
    reader
}

#[test]
fn headers_are_refused_as_early_as_can_be() {
    let good = response(KIND_PING, 0, b"12345678");
    let reader = reader(4096);
    for have in 0..=good.len() {
        assert!(reader.check_header(&good[..have]).is_ok());
    }
    // Offset of the wrong byte, bytes needed for the check, value, code.
    let cases = [
        (0, 4, 27, "length_too_small"),
        (3, 4, 1, "length_too_large"),
        (4, 5, 2, "version_unsupported"),
        (28, 32, 1, "reserved_not_zero"),
        (5, 32, 2, "kind_out_of_range"),
        (5, 32, 0x80, "kind_out_of_range"),
        (6, 32, 8, "flags_unknown"),
        (7, 32, 0, "provenance_invalid"),
        (7, 32, 3, "provenance_invalid"),
        (8, 32, 0, "request_id_invalid"),
        (5, 32, 0xF0, "request_id_invalid"),
        (20, 32, 9, "raw_size_mismatch"),
        (22, 32, 1, "raw_size_too_large"),
        (6, 32, 1, "compression_not_useful"),
    ];
    for (at, from, byte, code) in cases {
        let mut bytes = good.clone();
        bytes[at] = byte;
        assert!(reader.check_header(&bytes[..from - 1]).is_ok(), "{}", code);
        let error = reader.check_header(&bytes[..from]).expect_err(code);
        assert_eq!(error.code, Code::ProtocolError);
        assert!(error.message.contains(code), "{} in {}", code, error.message);
    }
}

#[test]
fn frames_are_the_same_however_they_are_cut() {
    let mut random = Random::seeded();
    let text = "a text that comes again and again ".repeat(200);
    let packed = packed(text.as_bytes(), text.len() as u32);
    let stream = [response(KIND_PING, 0, b""), packed, response(KIND_PING, 0, &[7; 3000])].concat();
    for round in 0..200 {
        let mut reader = reader(1 << 20);
        let (mut frames, mut rest) = (Vec::new(), &stream[..]);
        while !rest.is_empty() {
            let size = if round == 0 { 1 } else { 1 + random.below(rest.len() as u64) as usize };
            reader.take(&rest[..size], &mut frames).expect("fine");
            rest = &rest[size..];
        }
        let bodies: Vec<&[u8]> = frames.iter().map(|frame| &frame.body[..]).collect();
        assert_eq!(bodies, [&b""[..], text.as_bytes(), &[7; 3000][..]]);
    }
}

#[test]
fn blocks_are_refused_without_agreement_and_when_they_lie() {
    let refusal = |mut reader: FrameReader, raw_size| {
        let taken = reader.take(&packed(&[b'x'; 5000], raw_size), &mut Vec::new());
        taken.expect_err("a breach").message.clone()
    };
    let plain = FrameReader { body_max: 1 << 20, ..FrameReader::default() };
    let message = refusal(plain, 5000);
    assert!(message.contains("compression_not_agreed: "), "not agreed: {}", message);
    let message = refusal(reader(1 << 20), 1_000_000);
    assert!(message.contains("compressed_body_damaged"), "a lie: {}", message);
}
