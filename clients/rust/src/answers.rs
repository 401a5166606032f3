//! The frames of one answer checked, put together, and compared with what was asked for.
//!
//! Guarantees: of a mock's frame nothing is read unless mocks are allowed; the first frame that
//! contradicts the request or another frame is a protocol error, and nothing of the answer is
//! handed out as whole then.
//! Not here: which frame belongs to which request (see `connection`).

use crate::codec::{decode, encode, Encoded, Message, Request};
use crate::errors::{error, AssayError, Result};
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
    match decode(&mut message, body) {
        Ok(()) => Ok(message),
        Err(wrong) => Err(error!(
            ProtocolError,
            "reading {}: {} at \"{}\"",
            message.table().name,
            wrong.code,
            wrong.path
        )),
    }
}

/// Fails for a mock's frame, unless mocks are allowed, and for a status.
pub fn admit(frame: &Frame, kind: &str, allow_mock: bool) -> Result<()> {
    // A mock first and a failure second: nobody should act on a mock's words unawares.
    if frame.provenance == Provenance::Mock && !allow_mock {
        let words = "the answer comes from a mock model, not from a real one";
        return Err(error!(MockRefused, "calling {kind}: {words}").of(frame.provenance));
    }
    if frame.header.status != 0 {
        let words = read_body(&frame.body)?;
        return Err(AssayError::refused(frame.header.status, words, frame.provenance));
    }
    Ok(())
}

/// Reads the frame that comes after `before` frames of the same answer. Its number must be that,
/// and its degraded flag must agree with its list.
pub fn read_frame<M: Message + Default>(frame: &Frame, before: u64) -> Result<M> {
    let message: M = read_body(&frame.body)?;
    let name = message.table().name;
    if let Some(number) = message.frame().filter(|number| *number != before) {
        let found = format!("found frame {number} of the answer, allowed: the one after {before}");
        return Err(error!(ProtocolError, "reading {name}: {found} others"));
    }
    let lists = message.answer().map_or(false, |answer| !answer.degradations.is_empty());
    if lists != frame.is_degraded() {
        let words = "its degraded flag and its list disagree";
        return Err(error!(ProtocolError, "reading {name}: {words}"));
    }
    Ok(message)
}

/// A request whose answer can be put together.
pub trait Gather: Request {
    /// The answer in the making.
    fn begin(&self) -> Self::Response {
        Self::Response::default()
    }

    /// Takes a chunk into the answer in the making.
    fn add(&self, _whole: &mut Self::Response, _chunk: &Self::Chunk) -> Result<()> {
        Ok(())
    }

    /// Puts what came before the last frame into it.
    fn finish(&self, _whole: Self::Response, _last: &mut Self::Response) -> Result<()> {
        Ok(())
    }
}

impl Gather for PingRequest {
    fn finish(&self, _: PingResponse, last: &mut PingResponse) -> Result<()> {
        if self.payload.as_deref().unwrap_or(&[]) != last.payload.as_deref().unwrap_or(&[]) {
            return Err(error!(ProtocolError, "pinging: other bytes came back than were sent"));
        }
        Ok(())
    }
}

/// Whether a number is what it has to be.
fn check_count(what: &str, found: usize, allowed: Option<u64>) -> Result<()> {
    if allowed == Some(found as u64) {
        return Ok(());
    }
    let allowed = allowed.map_or_else(|| "fewer".to_owned(), |count| count.to_string());
    Err(error!(ProtocolError, "reading the answer: found {found} {what}, allowed: {allowed}"))
}

/// Whether the lists within one list of log-probabilities are as long as they say, and whether it
/// has no more alternatives than were asked for.
fn check_logprobs(name: &str, list: &Logprobs, asked: u64) -> Result<()> {
    let (width, tokens) = (list.top_count.unwrap_or(0), list.tokens.len() as u64);
    if width > asked {
        let found = format!("found {width} alternatives per token, allowed: at most {asked}");
        return Err(error!(ProtocolError, "reading \"{name}\": {found}"));
    }
    let count = |list: Option<usize>| list.unwrap_or(0);
    let top_tokens = count(list.top_tokens.as_ref().map(Vec::len));
    let top_logprobs = count(list.top_logprobs.as_ref().map(Vec::len));
    check_count("log-probabilities of tokens", list.logprobs.len(), Some(tokens))?;
    check_count("alternatives", top_tokens, Some(tokens * width))?;
    check_count("log-probabilities of alternatives", top_logprobs, Some(tokens * width))
}

/// Adds a piece to a list of log-probabilities that was asked for with `asked` alternatives.
fn add_logprobs(
    name: &str,
    asked: Option<u64>,
    whole: &mut Option<Logprobs>,
    piece: &Option<Logprobs>,
) -> Result<()> {
    let (piece, asked) = match (piece, asked) {
        (None, _) => return Ok(()),
        (Some(piece), Some(asked)) => (piece, asked),
        (Some(_), None) => {
            let found = format!("found \"{name}\", which was not asked for");
            return Err(error!(ProtocolError, "reading the answer to Generate: {found}"));
        }
    };
    check_logprobs(name, piece, asked)?;
    if piece.tokens.is_empty() {
        return Ok(());
    }
    let width = piece.top_count.unwrap_or(0);
    let whole = whole.get_or_insert_with(|| Logprobs {
        top_count: Some(width),
        top_tokens: Some(Vec::new()),
        top_logprobs: Some(Vec::new()),
        ..Logprobs::default()
    });
    if whole.top_count != Some(width) {
        let found = format!("found {width} alternatives per token, allowed: as many as before");
        return Err(error!(ProtocolError, "reading \"{name}\": {found}"));
    }
    whole.tokens.extend_from_slice(&piece.tokens);
    whole.logprobs.extend_from_slice(&piece.logprobs);
    append(&mut whole.top_tokens, &piece.top_tokens);
    append(&mut whole.top_logprobs, &piece.top_logprobs);
    Ok(())
}

fn append<T: Clone>(whole: &mut Option<Vec<T>>, piece: &Option<Vec<T>>) {
    if let Some(piece) = piece {
        whole.get_or_insert_with(Vec::new).extend_from_slice(piece);
    }
}

impl Gather for GenerateRequest {
    fn add(&self, whole: &mut GenerateResponse, chunk: &GenerateChunk) -> Result<()> {
        let tokens = chunk.tokens.as_deref().unwrap_or(&[]);
        let listed = chunk.logprobs.as_ref().map(|list| &list.tokens[..]);
        if listed.map_or(self.logprobs.is_some() && !tokens.is_empty(), |listed| listed != tokens) {
            let words = "tokens and log-probabilities of others came together";
            return Err(error!(ProtocolError, "reading the answer to Generate: {words}"));
        }
        append(&mut whole.tokens, &chunk.tokens);
        whole.text.get_or_insert_with(String::new).push_str(chunk.text.as_deref().unwrap_or(""));
        add_logprobs("logprobs", self.logprobs, &mut whole.logprobs, &chunk.logprobs)?;
        let (asked, piece) = (self.prompt_logprobs, &chunk.prompt_logprobs);
        add_logprobs("prompt_logprobs", asked, &mut whole.prompt_logprobs, piece)
    }

    fn finish(&self, mut whole: GenerateResponse, last: &mut GenerateResponse) -> Result<()> {
        let rest = GenerateChunk {
            tokens: last.tokens.take(),
            text: last.text.take(),
            logprobs: last.logprobs.take(),
            prompt_logprobs: last.prompt_logprobs.take(),
            ..GenerateChunk::default()
        };
        self.add(&mut whole, &rest)?;
        let none = |asked: Option<u64>| {
            asked.map(|asked| Logprobs { top_count: Some(asked), ..Logprobs::default() })
        };
        let tokens = whole.tokens.unwrap_or_default();
        check_count("tokens", tokens.len(), Some(last.completion_tokens))?;
        last.tokens = Some(tokens);
        last.text = whole.text;
        last.logprobs = whole.logprobs.or_else(|| none(self.logprobs));
        last.prompt_logprobs = whole.prompt_logprobs.or_else(|| none(self.prompt_logprobs));
        if let Some(list) = &last.prompt_logprobs {
            let all_but_the_first = last.prompt_tokens.saturating_sub(1);
            let is_whole = last.finish_reason == "stop" || last.finish_reason == "length";
            if is_whole || list.tokens.len() as u64 > all_but_the_first {
                let what = "log-probabilities of prompt tokens";
                check_count(what, list.tokens.len(), Some(all_but_the_first))?;
            }
        }
        Ok(())
    }
}

impl Gather for LogitsRequest {
    fn add(&self, whole: &mut LogitsResponse, chunk: &LogitsChunk) -> Result<()> {
        whole.logits.extend_from_slice(&chunk.logits);
        Ok(())
    }

    fn finish(&self, mut whole: LogitsResponse, last: &mut LogitsResponse) -> Result<()> {
        whole.logits.append(&mut last.logits);
        last.logits = whole.logits;
        let positions = match (self.all_positions, &self.tokens) {
            (Some(true), Some(tokens)) => tokens.len(),
            (Some(true), None) => last.positions as usize, // of a text: nobody knows
            _ => 1,
        };
        check_count("positions", positions, Some(last.positions))?;
        check_count("logits", last.logits.len(), last.positions.checked_mul(last.vocabulary))
    }
}

impl Gather for EmbedRequest {
    fn add(&self, whole: &mut EmbedResponse, chunk: &EmbedChunk) -> Result<()> {
        whole.embeddings.extend_from_slice(&chunk.embeddings);
        let max = self.inputs.len() * EMBEDDING_DIMENSIONS_MAX;
        if whole.embeddings.len() > max {
            let found = format!("found {} values or more", whole.embeddings.len());
            return Err(error!(ProtocolError, "reading embeddings: {found}, allowed: {max}"));
        }
        Ok(())
    }

    fn finish(&self, mut whole: EmbedResponse, last: &mut EmbedResponse) -> Result<()> {
        whole.embeddings.append(&mut last.embeddings);
        last.embeddings = whole.embeddings;
        check_count("inputs", self.inputs.len(), Some(last.count))?;
        let values = last.count.checked_mul(last.dimensions);
        check_count("values of embeddings", last.embeddings.len(), values)
    }
}

impl Gather for ScoreRequest {
    fn finish(&self, _: ScoreResponse, last: &mut ScoreResponse) -> Result<()> {
        check_count("scores", last.scores.len(), Some(self.continuations.len() as u64))?;
        for score in &last.scores {
            check_logprobs("scores.logprobs", &score.logprobs, self.top_logprobs.unwrap_or(0))?;
            if score.logprobs.tokens.is_empty() {
                let found = "found a score of 0 tokens, allowed: 1 or more";
                return Err(error!(ProtocolError, "reading the answer to Score: {found}"));
            }
        }
        Ok(())
    }
}
