//! Tests of bodies and frames: random messages there and back, damage, every cut.

use crate::codec::{decode, encode, Field, MessageInfo, Presence, Record, Type, Value};
use crate::error::Code;
use crate::frame::{check_header, compress, request_frame, FrameReader};
use crate::protocol::*;
use crate::random::Random;

static MESSAGES: [&MessageInfo; 24] = [
    &REQUIREMENTS,
    &ANSWER,
    &ERROR_BODY,
    &HELLO_REQUEST,
    &HELLO_RESPONSE,
    &PING_RESPONSE,
    &HEALTH_RESPONSE,
    &MODELS_RESPONSE,
    &LOAD_REQUEST,
    &LOAD_PROGRESS,
    &LOAD_RESPONSE,
    &TOKENIZE_RESPONSE,
    &DETOKENIZE_RESPONSE,
    &GENERATE_REQUEST,
    &GENERATE_CHUNK,
    &GENERATE_RESPONSE,
    &SCORE_REQUEST,
    &SCORE_RESPONSE,
    &EMBED_REQUEST,
    &EMBED_RESPONSE,
    &LOGITS_RESPONSE,
    &CANCEL_RESPONSE,
    &STATS_RESPONSE,
    &GO_AWAY,
];

fn random() -> Random {
    let given = std::env::var("ASSAY_SEED").ok().and_then(|text| text.parse().ok());
    let seed = given.unwrap_or_else(Random::seed_of_the_day);
    println!("seed {} (ASSAY_SEED)", seed);
    Random::new(seed)
}

/// A value that the table allows; texts and lists stay short.
fn value(random: &mut Random, field: &Field) -> Value {
    let (min, max) = field.bounds;
    let count = (min + random.below((max - min).min(3) + 1)) as usize;
    match field.kind {
        Type::U64 => Value::U64(min + random.below((max - min).max(1))),
        Type::F64 if field.numbers.1.is_finite() => Value::F64(field.numbers.1),
        Type::F64 => Value::F64(-1.5),
        Type::Bytes => Value::Bytes((0..count).map(|_| random.next() as u8).collect()),
        Type::Text => match field.choices.first() {
            Some(word) => Value::Text(word.to_string()),
            None => Value::Text("x".repeat(count)),
        },
        Type::U32s => Value::U32s((0..count).map(|_| random.next() as u32).collect()),
        Type::F32s => Value::F32s((0..count).map(|_| random.below(9) as f32).collect()),
        Type::Record => Value::Record(record(random, field.record.expect("a record's message"))),
        Type::Bool => Value::Bool(random.below(2) == 1),
    }
}

fn record(random: &mut Random, info: &MessageInfo) -> Record {
    let mut made = Record::default();
    for field in info.fields {
        if info.name == "Logprobs" {
            // Counts that must agree: none.
            match field.name {
                "tokens" => made.fields.push((field.id, Value::U32s(Vec::new()))),
                "logprobs" => made.fields.push((field.id, Value::F32s(Vec::new()))),
                _ => {}
            }
            continue;
        }
        let times = match field.presence {
            Presence::Required => 1,
            Presence::Optional if field.name.contains("logprobs") => 0,
            Presence::Optional => random.below(2) as usize,
            Presence::Repeated => field.times.0 + random.below(3) as usize,
        };
        for _ in 0..times {
            let one = value(random, field);
            made.fields.push((field.id, one));
        }
    }
    made
}

fn body(info: &MessageInfo, record: &Record) -> Vec<u8> {
    let mut out = Vec::new();
    encode(info, record, &mut out).unwrap_or_else(|error| panic!("{}: {:?}", info.name, error));
    out
}

#[test]
fn bodies_survive_the_round_trip() {
    let mut random = random();
    for _ in 0..50 {
        for info in MESSAGES {
            let made = record(&mut random, info);
            let bytes = body(info, &made);
            assert_eq!(decode(info, &bytes), Ok(made), "{}", info.name);
        }
    }
}

#[test]
fn damaged_bodies_are_refused_or_read() {
    let mut random = random();
    for _ in 0..100 {
        for info in MESSAGES {
            let mut bytes = body(info, &record(&mut random, info));
            if bytes.is_empty() {
                continue;
            }
            for _ in 0..20 {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.next() as u8;
                if let Ok(read) = decode(info, &bytes) {
                    assert_eq!(body(info, &read).len(), bytes.len(), "{}", info.name);
                }
            }
            let cut = random.below(bytes.len() as u64) as usize;
            let _ = decode(info, &bytes[..cut]); // fine or not, without a panic
        }
    }
}

#[test]
fn what_is_wrong_is_named() {
    let (error, pong) = (&ERROR_BODY, &PING_RESPONSE);
    let cases: [(&MessageInfo, &[u8], &str, &str); 10] = [
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
    ];
    for (info, bytes, code, path) in cases {
        let error = decode(info, bytes).expect_err(code);
        assert_eq!((error.code, error.path.as_str()), (code, path));
    }
}

#[test]
fn requests_are_checked_by_their_table() {
    let refusal = |request: &GenerateRequest| {
        use crate::codec::Message;
        let error = encode(&GENERATE_REQUEST, &request.to_record(), &mut Vec::new());
        error.expect_err("not valid").path
    };
    let none = GenerateRequest::default;
    assert_eq!(refusal(&GenerateRequest { max_tokens: Some(0), ..none() }), "max_tokens");
    assert_eq!(refusal(&GenerateRequest { top_p: Some(0.0), ..none() }), "top_p");
    assert_eq!(refusal(&GenerateRequest { temperature: Some(f64::NAN), ..none() }), "temperature");
    assert_eq!(refusal(&GenerateRequest { stop: vec!["x".into(); 17], ..none() }), "stop");
    let content = ChatMessage { role: "nobody".into(), content: String::new() };
    assert_eq!(refusal(&GenerateRequest { messages: vec![content], ..none() }), "messages.role");
}

#[test]
fn real_is_demanded_beside_what_the_caller_demands() {
    use crate::codec::Message;
    let device = Some("cpu".to_owned());
    let requirements = Requirements { real: Some(false), device, ..Default::default() };
    let request = TokenizeRequest { requirements: Some(requirements), ..Default::default() };
    let mut record = request.to_record();
    record.demand_real(&TOKENIZE_REQUEST);
    let made = TokenizeRequest::from_record(record).requirements.expect("is there");
    assert_eq!((made.real, made.device.as_deref()), (Some(true), Some("cpu")));
    let mut record = Record::default();
    record.demand_real(&MODELS_REQUEST);
    assert_eq!(record, Record::default());
}

fn response(kind: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = request_frame(kind | RESPONSE_BIT, 1, 0, body, false).expect("small");
    frame[6] = flags;
    frame[7] = PROVENANCE_REAL;
    frame
}

#[test]
fn headers_are_refused_as_early_as_can_be() {
    let good = response(KIND_PING, 0, b"12345678");
    for have in 0..=good.len() {
        assert!(check_header(&good[..have], 4096, true).is_ok());
    }
    // The byte that is wrong, how many must be there to see it, its value.
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
        assert!(check_header(&bytes[..from - 1], 4096, true).is_ok(), "{}", code);
        let error = check_header(&bytes[..from], 4096, true).expect_err(code);
        assert_eq!(error.code, Code::ProtocolError);
        assert!(error.message.contains(code), "{} in {}", code, error.message);
    }
}

#[test]
fn frames_are_the_same_however_they_are_cut() {
    let mut random = random();
    let text = "a text that comes again and again ".repeat(200);
    let block = compress(text.as_bytes()).expect("it pays");
    let mut packed = response(KIND_GENERATE, FLAG_COMPRESSED, &block);
    packed[20..24].copy_from_slice(&(text.len() as u32).to_le_bytes());
    let stream = [response(KIND_PING, 0, b""), packed, response(KIND_PING, 0, &[7; 3000])].concat();
    for round in 0..200 {
        let mut reader = FrameReader::new(1 << 20);
        reader.may_compress = true;
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
    let text = [b'x'; 5000];
    let block = compress(&text).expect("it pays");
    let mut frame = response(KIND_PING, FLAG_COMPRESSED, &block);
    frame[20..24].copy_from_slice(&5000u32.to_le_bytes());
    let mut reader = FrameReader::new(1 << 20);
    assert!(reader.take(&frame, &mut Vec::new()).is_err(), "not agreed");
    frame[20..24].copy_from_slice(&1_000_000u32.to_le_bytes());
    let mut reader = FrameReader::new(1 << 20);
    reader.may_compress = true;
    let error = reader.take(&frame, &mut Vec::new()).expect_err("a lie");
    assert!(error.message.contains("compressed_body_damaged"), "{}", error);
}
