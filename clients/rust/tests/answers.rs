//! Tests of answers with frames or rows that are missing, doubled or out of order.
//!
//! Guarantees: each is refused as a breach of the protocol, no part is handed out as whole, and the
//! connection is not used again. Not here: damage within one frame (`src/tests/codec.rs`).

mod fake;

use assay_client::*;
use fake::*;

/// Plays the bodies of one answer, the last without the more flag, then answers well. `call` makes
/// the call. After a breach the client has to make another connection.
fn play<T>(
    name: &str, bodies: Vec<Vec<u8>>, is_right: bool, call: impl Fn(&Client) -> Result<T, Error>,
) {
    let fake = Fake::start(if is_right { 1 } else { 2 }, move |seen| {
        if seen.nth > 1 || [KIND_HELLO, KIND_PING].contains(&seen.kind) {
            return well(seen);
        }
        let more = |index| if index + 1 < bodies.len() { FLAG_MORE } else { 0 };
        let frames = bodies.iter().enumerate();
        Some(frames.flat_map(|(at, body)| frame(seen.kind, seen.id, more(at), 0, body)).collect())
    });
    let found = call(&fake.client).map(drop).map_err(|error| error.code);
    let expected = if is_right { Ok(()) } else { Err(Code::ProtocolError) };
    assert_eq!(found, expected, "{}", name);
    assert_eq!(ping(&fake.client), Ok(()), "{}", name);
}

/// Makes a chunk of `tokens` with its number in the answer, or `None`.
fn chunk(tokens: &[u32], at: impl Into<Option<u64>>) -> Vec<u8> {
    [words(1, tokens), at.into().map_or(Vec::new(), |at| number(28, at))].concat()
}

fn last(tokens: &[u32], counted: u64, at: impl Into<Option<u64>>, reason: &str) -> Vec<u8> {
    let at = at.into().map_or(Vec::new(), |at| number(28, at));
    let counts = [text(5, reason), number(7, 3), number(8, counted)].concat();
    [words(1, tokens), counts, at, answer()].concat()
}

#[test]
fn frames_and_tokens_are_counted() {
    let rows = [
        ("numbered", true, vec![chunk(&[5], 0), last(&[6], 2, 1, "length")]),
        ("not numbered", true, vec![chunk(&[5], None), last(&[], 1, None, "length")]),
        ("a chunk without tokens", true, vec![chunk(&[], 0), last(&[6], 1, 1, "stop")]),
        ("a number too few", false, vec![chunk(&[], 0), last(&[6], 1, 2, "length")]),
        ("the first is missing", false, vec![chunk(&[], 1), last(&[6], 1, 2, "stop")]),
        ("doubled", false, vec![chunk(&[5], 0), chunk(&[5], 0), last(&[], 2, 2, "length")]),
        ("swapped", false, vec![chunk(&[5], 1), chunk(&[6], 0), last(&[], 2, 2, "length")]),
        ("the last is not the next", false, vec![chunk(&[5], 0), last(&[], 1, 0, "stop")]),
        ("a token is missing", false, vec![chunk(&[5], None), last(&[6], 3, None, "length")]),
        ("a token too many", false, vec![chunk(&[5], None), last(&[6], 1, None, "stop")]),
        ("missing when cancelled", false, vec![last(&[], 1, None, "cancelled")]),
        ("missing at the deadline", false, vec![chunk(&[5], None), last(&[], 2, None, "deadline")]),
        ("none of the tokens", false, vec![last(&[], 2, None, "length")]),
    ];
    for (name, is_right, bodies) in rows {
        play(name, bodies.clone(), is_right, |client| client.generate(&request()));
        play(name, bodies, is_right, |client| client.generate_stream(&request())?.result());
    }
}

fn two_inputs() -> Vec<Input> {
    vec![Input { text: Some("a".to_owned()), ..Default::default() }; 2]
}

fn scores(count: usize) -> Vec<u8> {
    let logprobs = [words(1, &[5]), values(2, &[-0.5])].concat();
    let score = [field(1, 7, &logprobs), field(2, 2, &(-0.5f64).to_le_bytes()), field(3, 8, &[0])];
    [field(1, 7, &score.concat()).repeat(count), number(2, 3), answer()].concat()
}

#[test]
fn scores_are_counted() {
    let (prompt, continuations) = (Some("x".to_owned()), two_inputs());
    let request = ScoreRequest { prompt, continuations, ..Default::default() };
    for count in 1..=3 {
        play("scores", vec![scores(count)], count == 2, |client| client.score(&request));
    }
}

/// Vectors of 2 values.
fn vectors(count: u64, came: usize) -> Vec<u8> {
    let counts = [number(2, 2), number(3, count), number(4, 9)].concat();
    [values(1, &vec![0.5; came]), counts, answer()].concat()
}

#[test]
fn inputs_and_values_are_counted() {
    let request = EmbedRequest { inputs: two_inputs(), ..Default::default() };
    let call = |client: &Client| client.embed(&request);
    for count in 1..=3 {
        play("inputs", vec![vectors(count, count as usize * 2)], count == 2, call);
        play("values", vec![vectors(2, count as usize + 2)], count == 2, call);
    }
    let piece = |at| [values(1, &[0.5, 1.0]), number(28, at)].concat();
    play("all pieces", vec![piece(0), vectors(2, 2)], true, call);
    play("a piece is missing", vec![piece(0), vectors(2, 0)], false, call);
    play("a piece came twice", vec![piece(0), piece(0), vectors(2, 0)], false, call);
}

/// A vocabulary of 2.
fn logits(positions: u64, came: usize) -> Vec<u8> {
    let counts = [number(2, 2), number(3, positions)].concat();
    [values(1, &vec![0.5; came]), counts, answer()].concat()
}

#[test]
fn positions_are_counted() {
    let last = LogitsRequest { prompt: Some("x".to_owned()), ..Default::default() };
    let all = LogitsRequest { all_positions: Some(true), ..last.clone() };
    let tokens = LogitsRequest { tokens: Some(vec![5, 6, 7]), prompt: None, ..all.clone() };
    for count in 1..=3u64 {
        let bodies = || vec![logits(count, count as usize * 2)];
        play("the last alone", bodies(), count == 1, |client| client.logits(&last));
        play("of tokens", bodies(), count == 3, |client| client.logits(&tokens));
        play("of a text", bodies(), true, |client| client.logits(&all));
    }
    play("logits are missing", vec![logits(3, 4)], false, |client| client.logits(&tokens));
}
