//! Bodies of frames, and answers made of frames: checked, merged, and compared with the request.
//!
//! Guarantees: the body of a mock's frame is not read unless mocks are allowed. The first frame
//! that contradicts the request or an earlier frame is a protocol error, and the answer is not
//! handed out as whole.
//! Not here: the match of frames and requests (see `connection`).

use crate::codec::{decode, encode, Encoded, Message, Request};
use crate::errors::{ensure, error, AssayError, Result};
use crate::frames::Frame;
use crate::protocol::*;

/// Makes the body of a request.
pub fn body_of<R: Request>(request: &mut R) -> Result<Encoded> {
    encode(request).map_err(|wrong| {
        let words = format!("{} at \"{}\"", wrong.code, wrong.path);
        error!(RequestInvalid, "making {}: {words}", R::KIND.name).field(wrong.path)
    })
}

/// Reads the body of a frame.
pub fn read_body<M: Message + Default>(body: &[u8]) -> Result<M> {
    let mut message = M::default();
    let name = message.table().name;
    decode(&mut message, body).map_err(|wrong| {
        error!(ProtocolError, "reading {name}: {} at \"{}\"", wrong.code, wrong.path)
    })?;
    Ok(message)
}

/// Fails with the server's error when the frame has a status.
pub fn refuse(frame: &Frame, code: Code) -> Result<()> {
    match frame.header.status {
        0 => Ok(()),
        number => Err(AssayError::said(code, number, read_body(&frame.body)?).of(frame.provenance)),
    }
}

/// Reads the frame that follows `before` frames of the same answer. Fails for a mock's frame when
/// mocks are not allowed, and for a frame with a status. The frame's number must be `before`, and
/// the degraded flag must agree with the list of degradations.
pub fn read_frame<M: Message + Default>(frame: &Frame, before: u64, allow_mock: bool) -> Result<M> {
    // The provenance is checked before the status, so that a mock's error text is not taken for
    // real.
    if frame.provenance == Provenance::Mock && !allow_mock {
        let words = "it comes from a mock model, not from a real one";
        return Err(error!(MockRefused, "reading an answer: {words}").of(frame.provenance));
    }
    refuse(frame, Code::ServerRefused)?;
    let message: M = read_body(&frame.body)?;
    let (name, number) = (message.table().name, message.frame().unwrap_or(before));
    ensure!(number == before, "{name}: found frame {number} of the answer, allowed: {before}");
    let lists = message.answer().map_or(false, |answer| !answer.degradations.is_empty());
    ensure!(lists == frame.header.is_degraded(), "{name}: its degraded flag and its list disagree");
    Ok(message)
}

/// Merges `piece` into `whole` by field names: texts and arrays grow, lists get more elements,
/// other values are replaced.
pub fn merge(whole: &mut dyn Message, piece: &mut dyn Message) {
    let (to, from) = (whole.table(), piece.table());
    let _ = piece.each(&mut |place, value| {
        let same = to.fields.iter().position(|row| row.name == from.fields[place].name);
        match (same.and_then(|same| whole.add(same)), value) {
            (Some(Place::U64(whole)), Place::U64(value)) => *whole = *value,
            (Some(Place::F64(whole)), Place::F64(value)) => *whole = *value,
            (Some(Place::Bool(whole)), Place::Bool(value)) => *whole = *value,
            (Some(Place::Bytes(whole)), Place::Bytes(value)) => *whole = value.clone(),
            (Some(Place::Text(whole)), Place::Text(value)) => whole.push_str(value),
            (Some(Place::U32s(whole)), Place::U32s(value)) => whole.extend_from_slice(value),
            (Some(Place::F32s(whole)), Place::F32s(value)) => whole.extend_from_slice(value),
            (Some(Place::Record(whole)), Place::Record(value)) => merge(whole, value),
            _ => {}
        }
        Ok(()) // never fails
    });
}

/// A request with rules for its answer.
pub trait Gather: Request {
    /// Checks one frame's part of the answer, and compares the part with the earlier parts.
    fn check_piece(&self, _before: &Self::Response, _piece: &mut Self::Response) -> Result<()> {
        Ok(())
    }

    /// Checks the whole answer. Fills in requested fields that are absent with empty values.
    fn check_whole(&self, _whole: &mut Self::Response) -> Result<()> {
        Ok(())
    }
}

impl Gather for PingRequest {
    fn check_whole(&self, whole: &mut PingResponse) -> Result<()> {
        let (sent, found) = (self.payload.as_deref(), whole.payload.as_deref());
        let is_same = sent.unwrap_or(&[]) == found.unwrap_or(&[]);
        ensure!(is_same, "the answer to Ping: other bytes came back than were sent");
        Ok(())
    }
}

/// Fails unless `found` equals `allowed`.
fn check_count(what: &str, found: usize, allowed: u64) -> Result<()> {
    ensure!(found as u64 == allowed, "the answer: found {found} {what}, allowed: {allowed}");
    Ok(())
}

/// Checks one list of log-probabilities: the inner lists have the promised lengths, and the number
/// of alternatives is at most `asked`.
fn check_logprobs(name: &str, list: &Logprobs, asked: u64) -> Result<()> {
    let (width, tokens) = (list.top_count.unwrap_or(0), list.tokens.len() as u64);
    ensure!(width <= asked, "\"{name}\": found {width} alternatives per token, allowed: {asked}");
    let top_tokens = list.top_tokens.as_ref().map_or(0, Vec::len);
    let top_logprobs = list.top_logprobs.as_ref().map_or(0, Vec::len);
    check_count("log-probabilities of tokens", list.logprobs.len(), tokens)?;
    check_count("alternatives", top_tokens, tokens * width)?;
    check_count("log-probabilities of alternatives", top_logprobs, tokens * width)
}

/// Checks a frame's part of a list requested with `asked` alternatives. Drops a part without
/// tokens.
fn check_piece_of_list(
    name: &str, asked: Option<u64>, before: &Option<Logprobs>, piece: &mut Option<Logprobs>,
) -> Result<()> {
    if let Some(list) = piece {
        ensure!(asked.is_some(), "the answer: found \"{name}\", which was not asked for");
        check_logprobs(name, list, asked.unwrap_or(0))?;
    }
    *piece = piece.take().filter(|list| !list.tokens.is_empty());
    if let (Some(before), Some(list)) = (before, piece) {
        let (width, same) = (list.top_count.unwrap_or(0), before.top_count.unwrap_or(0));
        ensure!(width == same, "\"{name}\": found {width} alternatives, allowed: {same} as before");
    }
    Ok(())
}

impl Gather for GenerateRequest {
    fn check_piece(&self, before: &GenerateResponse, piece: &mut GenerateResponse) -> Result<()> {
        let tokens = piece.tokens.as_deref().unwrap_or(&[]);
        let is_right = match &piece.logprobs {
            Some(list) => list.tokens == tokens,
            None => self.logprobs.is_none() || tokens.is_empty(),
        };
        ensure!(is_right, "the answer: tokens and log-probabilities of others came together");
        check_piece_of_list("logprobs", self.logprobs, &before.logprobs, &mut piece.logprobs)?;
        let (asked, list) = (self.prompt_logprobs, &before.prompt_logprobs);
        check_piece_of_list("prompt_logprobs", asked, list, &mut piece.prompt_logprobs)
    }

    fn check_whole(&self, whole: &mut GenerateResponse) -> Result<()> {
        whole.text.get_or_insert_with(String::new);
        let tokens = whole.tokens.get_or_insert_with(Vec::new).len();
        check_count("tokens", tokens, whole.completion_tokens)?;
        let none = |asked| Logprobs { top_count: Some(asked), ..Logprobs::default() };
        whole.logprobs = whole.logprobs.take().or_else(|| self.logprobs.map(none));
        let prompt_logprobs = whole.prompt_logprobs.take();
        whole.prompt_logprobs = prompt_logprobs.or_else(|| self.prompt_logprobs.map(none));
        if let Some(list) = &whole.prompt_logprobs {
            let (found, all_but_one) = (list.tokens.len(), whole.prompt_tokens.saturating_sub(1));
            let is_whole = whole.finish_reason == "stop" || whole.finish_reason == "length";
            if is_whole || found as u64 > all_but_one {
                check_count("log-probabilities of prompt tokens", found, all_but_one)?;
            }
        }
        Ok(())
    }
}

impl Gather for LogitsRequest {
    fn check_whole(&self, whole: &mut LogitsResponse) -> Result<()> {
        let positions = match (self.all_positions, &self.tokens) {
            (Some(true), Some(tokens)) => tokens.len(),
            (Some(true), None) => whole.positions as usize, // unknown for a text
            _ => 1,
        };
        check_count("positions", positions, whole.positions)?;
        // Saturates on overflow, to more than any list has.
        let logits = whole.positions.saturating_mul(whole.vocabulary);
        check_count("logits", whole.logits.len(), logits)
    }
}

impl Gather for EmbedRequest {
    fn check_piece(&self, before: &EmbedResponse, piece: &mut EmbedResponse) -> Result<()> {
        let found = before.embeddings.len() + piece.embeddings.len();
        let max = self.inputs.len() * EMBEDDING_DIMENSIONS_MAX;
        ensure!(found <= max, "the answer: found {found} values or more, allowed: {max}");
        Ok(())
    }

    fn check_whole(&self, whole: &mut EmbedResponse) -> Result<()> {
        check_count("inputs", self.inputs.len(), whole.count)?;
        let values = whole.count.saturating_mul(whole.dimensions);
        check_count("values of embeddings", whole.embeddings.len(), values)
    }
}

impl Gather for ScoreRequest {
    fn check_whole(&self, whole: &mut ScoreResponse) -> Result<()> {
        check_count("scores", whole.scores.len(), self.continuations.len() as u64)?;
        for ContinuationScore { logprobs, .. } in &whole.scores {
            check_logprobs("scores.logprobs", logprobs, self.top_logprobs.unwrap_or(0))?;
            ensure!(!logprobs.tokens.is_empty(), "the answer: found a score of no tokens");
        }
        Ok(())
    }
}
