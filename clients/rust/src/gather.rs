//! The frames of one streamed answer put together, and compared with what was asked for.
//!
//! Guarantees: the first frame that contradicts the request or another frame is a protocol error,
//! and nothing of the answer is handed out as whole then.
//! Not here: counts within one frame (see `codec`).

use crate::codec::Request;
use crate::error::Error;
use crate::protocol::*;

/// A request whose answer can be put together.
pub trait Gather: Request {
    /// Takes a chunk into the answer in the making.
    fn add(&self, _whole: &mut Self::Response, _chunk: &Self::Chunk) -> Result<(), Error> {
        Ok(())
    }

    /// The last frame with everything before it.
    fn finish(
        &self,
        _whole: Self::Response,
        last: Self::Response,
    ) -> Result<Self::Response, Error> {
        Ok(last)
    }
}

impl Gather for HelloRequest {}
impl Gather for HealthRequest {}
impl Gather for ModelsRequest {}
impl Gather for StatsRequest {}
impl Gather for LoadRequest {}
impl Gather for UnloadRequest {}
impl Gather for TokenizeRequest {}
impl Gather for DetokenizeRequest {}

impl Gather for PingRequest {
    fn finish(&self, _: PingResponse, last: PingResponse) -> Result<PingResponse, Error> {
        let empty = Vec::new();
        if self.payload.as_ref().unwrap_or(&empty) != last.payload.as_ref().unwrap_or(&empty) {
            return Err(Error::damage("pinging: other bytes came back than were sent"));
        }
        Ok(last)
    }
}

/// Adds a piece to a list of log-probabilities that was asked for with `asked` alternatives.
fn add_logprobs(
    name: &str,
    asked: Option<u64>,
    whole: &mut Option<Logprobs>,
    piece: &Option<Logprobs>,
) -> Result<(), Error> {
    let (piece, asked) = match (piece, asked) {
        (None, _) => return Ok(()),
        (Some(piece), Some(asked)) => (piece, asked),
        (Some(_), None) => {
            let found = format!("found \"{}\", which was not asked for", name);
            return Err(Error::damage(format!("reading the answer to Generate: {}", found)));
        }
    };
    if piece.tokens.is_empty() {
        return Ok(());
    }
    let width = piece.top_count.unwrap_or(0);
    let before = whole.as_ref().map_or(width, |whole| whole.top_count.unwrap_or(0));
    if width > asked || width != before {
        return Err(Error::damage(format!(
            "reading \"{}\": found {} alternatives per token, allowed: at most {}, the same in \
             every frame",
            name, width, asked
        )));
    }
    let whole = whole.get_or_insert_with(|| Logprobs {
        top_count: Some(width),
        top_tokens: Some(Vec::new()),
        top_logprobs: Some(Vec::new()),
        ..Logprobs::default()
    });
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
    fn add(&self, whole: &mut GenerateResponse, chunk: &GenerateChunk) -> Result<(), Error> {
        append(&mut whole.tokens, &chunk.tokens);
        if let Some(text) = &chunk.text {
            whole.text.get_or_insert_with(String::new).push_str(text);
        }
        add_logprobs("logprobs", self.logprobs, &mut whole.logprobs, &chunk.logprobs)?;
        let (asked, piece) = (self.prompt_logprobs, &chunk.prompt_logprobs);
        add_logprobs("prompt_logprobs", asked, &mut whole.prompt_logprobs, piece)?;
        let tokens = whole.tokens.as_ref().map_or(0, Vec::len);
        let found = whole.logprobs.as_ref().map_or(0, |list| list.tokens.len());
        if self.logprobs.is_some() && found != tokens {
            return Err(Error::damage(format!(
                "reading the answer to Generate: {} tokens came with log-probabilities of {}",
                tokens, found
            )));
        }
        Ok(())
    }

    fn finish(
        &self,
        mut whole: GenerateResponse,
        mut last: GenerateResponse,
    ) -> Result<GenerateResponse, Error> {
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
        last.tokens = Some(whole.tokens.unwrap_or_default());
        last.text = Some(whole.text.unwrap_or_default());
        last.logprobs = whole.logprobs.or_else(|| none(self.logprobs));
        last.prompt_logprobs = whole.prompt_logprobs.or_else(|| none(self.prompt_logprobs));
        let found = last.tokens.as_ref().map_or(0, Vec::len);
        if found as u64 != last.completion_tokens {
            return Err(Error::damage(format!(
                "reading the answer to Generate: found {} tokens, allowed: {}, its \
                 completion_tokens",
                found, last.completion_tokens
            )));
        }
        if let Some(list) = &last.prompt_logprobs {
            let (found, expected) = (list.tokens.len() as u64, last.prompt_tokens.max(1) - 1);
            let is_whole = last.finish_reason == "stop" || last.finish_reason == "length";
            if found > expected || (is_whole && found != expected) {
                return Err(Error::damage(format!(
                    "reading the answer to Generate: found log-probabilities of {} prompt \
                     tokens, allowed: {}, of all but the first",
                    found, expected
                )));
            }
        }
        Ok(last)
    }
}

/// Whether as many values came as rows times columns.
fn check_count(what: &str, found: usize, rows: u64, columns: u64) -> Result<(), Error> {
    if rows.checked_mul(columns) == Some(found as u64) {
        return Ok(());
    }
    Err(Error::damage(format!(
        "reading {}: found {} values, allowed: {} times {}",
        what, found, rows, columns
    )))
}

impl Gather for LogitsRequest {
    fn add(&self, whole: &mut LogitsResponse, chunk: &LogitsChunk) -> Result<(), Error> {
        whole.logits.extend_from_slice(&chunk.logits);
        Ok(())
    }

    fn finish(
        &self,
        mut whole: LogitsResponse,
        mut last: LogitsResponse,
    ) -> Result<LogitsResponse, Error> {
        whole.logits.append(&mut last.logits);
        let positions = match (self.all_positions, &self.tokens) {
            (Some(true), Some(tokens)) => tokens.len(),
            (Some(true), None) => last.positions as usize, // of a text: nobody knows
            _ => 1,
        };
        check_count("positions", positions, last.positions, 1)?;
        check_count("logits", whole.logits.len(), last.positions, last.vocabulary)?;
        last.logits = whole.logits;
        Ok(last)
    }
}

impl Gather for EmbedRequest {
    fn add(&self, whole: &mut EmbedResponse, chunk: &EmbedChunk) -> Result<(), Error> {
        whole.embeddings.extend_from_slice(&chunk.embeddings);
        let max = self.inputs.len() * EMBEDDING_DIMENSIONS_MAX;
        if whole.embeddings.len() > max {
            return Err(Error::damage(format!(
                "reading embeddings: found {} values or more, allowed: {} for {} inputs",
                whole.embeddings.len(),
                max,
                self.inputs.len()
            )));
        }
        Ok(())
    }

    fn finish(
        &self,
        mut whole: EmbedResponse,
        mut last: EmbedResponse,
    ) -> Result<EmbedResponse, Error> {
        whole.embeddings.append(&mut last.embeddings);
        check_count("embeddings", self.inputs.len(), last.count, 1)?;
        check_count("embeddings", whole.embeddings.len(), last.count, last.dimensions)?;
        last.embeddings = whole.embeddings;
        Ok(last)
    }
}

impl Gather for ScoreRequest {
    fn finish(&self, _: ScoreResponse, last: ScoreResponse) -> Result<ScoreResponse, Error> {
        check_count("scores", last.scores.len(), self.continuations.len() as u64, 1)?;
        let asked = self.top_logprobs.unwrap_or(0);
        for (index, score) in last.scores.iter().enumerate() {
            let found = score.logprobs.top_count.unwrap_or(0);
            if score.logprobs.tokens.is_empty() || found > asked {
                return Err(Error::damage(format!(
                    "reading score {}: found {} tokens with {} alternatives, allowed: 1 token \
                     or more with at most {}",
                    index,
                    score.logprobs.tokens.len(),
                    found,
                    asked
                )));
            }
        }
        Ok(last)
    }
}
