//! What a program calls: a client, its options, one method for each kind of request.

use crate::call::{Call, Reply, Step};
use crate::error::{Code, Error};
use crate::gather::Gather;
use crate::pool::Pool;
use crate::protocol::*;
use std::borrow::Cow;
use std::sync::Arc;

/// What a client says about itself and insists on.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name sent in Hello, for the server's log.
    pub name: String,
    /// Answers of mock models are handed out (and say so); otherwise they are refused.
    pub allow_mock: bool,
    /// Offer LZ4 in Hello.
    pub compression: bool,
    /// Largest body accepted, bytes.
    pub body_size_max: u32,
    /// Size of the pool, 1..64.
    pub connections: usize,
    /// Time to connect and say Hello, milliseconds.
    pub connect_milliseconds: u32,
    /// Longest silence on an answer, milliseconds; 0: no limit.
    pub answer_milliseconds: u32,
    /// Time beyond a deadline before the client stops waiting by itself, milliseconds.
    pub grace_milliseconds: u32,
    /// Attempts in all, 1 or more.
    pub attempts: u32,
    /// First pause between attempts, milliseconds; doubles, with jitter from half to whole.
    pub backoff_milliseconds: u32,
    /// Longest pause, milliseconds.
    pub backoff_max_milliseconds: u32,
    /// Largest whole answer, bytes.
    pub answer_size_max: u64,
    /// Time to wait for a server that comes up, from the start of a call and within its deadline,
    /// milliseconds. `unreachable` and refusals with `model_loading` are tried again, and these
    /// tries do not count as attempts. 0: none.
    pub wait_milliseconds: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            name: "assay-rust/1".to_owned(),
            allow_mock: false,
            compression: true,
            body_size_max: BODY_SIZE_MAX as u32,
            connections: 1,
            connect_milliseconds: 5000,
            answer_milliseconds: 0,
            grace_milliseconds: 2000,
            attempts: 3,
            backoff_milliseconds: 50,
            backoff_max_milliseconds: 2000,
            answer_size_max: 1 << 30,
            wait_milliseconds: 0,
        }
    }
}

/// A client of one server. Any number of threads may share it, or clones of it; a call blocks its
/// thread until the answer is whole. See [`Code`] for what can go wrong.
///
/// A call is tried again, at most `attempts` times in all and within its deadline, when it was
/// never sent, when the server said `UNAVAILABLE`, `RESOURCE_EXHAUSTED` or `ABORTED`, or when the
/// connection was lost (not for load and unload); and never once a part of the answer has been
/// handed out.
///
/// A forked child may use the client of its parent. The first use in the child makes new
/// connections. Those of the parent are left alone. A call that was in flight at the fork goes on
/// in the parent, and is lost for the child as if its connection had closed.
#[derive(Clone)]
pub struct Client {
    pool: Arc<Pool>,
    deadline_milliseconds: u32,
}

impl Client {
    /// Makes a client for `unix:///PATH` or `tcp://HOST:PORT`. Does not connect: the first call
    /// does, and a call connects anew when a connection was lost.
    pub fn new(address: &str, options: Options) -> Result<Client, Error> {
        let pool = Arc::new(Pool::new(address, options)?);
        Ok(Client { pool, deadline_milliseconds: 0 })
    }

    /// The same client, whose calls each have this deadline for all their attempts; 0: none.
    pub fn deadline_milliseconds(&self, milliseconds: u32) -> Client {
        Client { pool: Arc::clone(&self.pool), deadline_milliseconds: milliseconds }
    }

    /// Closes all connections: calls that run fail with `connection_closed`, and so do later ones,
    /// also of clones. Safe to repeat.
    pub fn close(&self) {
        self.pool.close();
    }

    fn call<R: Gather + Clone>(&self, request: &R) -> Result<Reply<R::Response>, Error> {
        Call::new(&self.pool, Cow::Borrowed(request), self.deadline_milliseconds)?.run()
    }

    /// Sends `payload` and verifies that exactly it comes back.
    pub fn ping(&self, payload: &[u8]) -> Result<Reply<PingResponse>, Error> {
        let payload = Some(payload.to_vec()).filter(|bytes| !bytes.is_empty());
        self.call(&PingRequest { payload })
    }

    /// May this model, or this server, be sent work?
    pub fn health(&self, request: &HealthRequest) -> Result<Reply<HealthResponse>, Error> {
        self.call(request)
    }

    /// What is being served. The list is real even when a model on it is not.
    pub fn models(&self) -> Result<Reply<ModelsResponse>, Error> {
        self.call(&ModelsRequest {})
    }

    /// Counters of the server, split by provenance.
    pub fn stats(&self) -> Result<Reply<StatsResponse>, Error> {
        self.call(&StatsRequest {})
    }

    /// Has a file assayed and served; `on_layer` sees each layer's verdict as it comes.
    pub fn load(
        &self,
        request: &LoadRequest,
        mut on_layer: impl FnMut(&Layer),
    ) -> Result<Reply<LoadResponse>, Error> {
        let mut call = Call::new(&self.pool, Cow::Borrowed(request), self.deadline_milliseconds)?;
        loop {
            match call.advance()? {
                Step::Whole(reply) => return Ok(reply),
                Step::Chunk(progress) => {
                    call.was_seen = true;
                    on_layer(&progress.layer);
                }
            }
        }
    }

    /// Stops serving a model.
    pub fn unload(&self, name: &str) -> Result<Reply<UnloadResponse>, Error> {
        self.call(&UnloadRequest { name: name.to_owned() })
    }

    /// Text to token ids.
    pub fn tokenize(&self, request: &TokenizeRequest) -> Result<Reply<TokenizeResponse>, Error> {
        self.call(request)
    }

    /// Token ids to text.
    pub fn detokenize(
        &self,
        request: &DetokenizeRequest,
    ) -> Result<Reply<DetokenizeResponse>, Error> {
        self.call(request)
    }

    /// Continues a prompt.
    pub fn generate(&self, request: &GenerateRequest) -> Result<Reply<GenerateResponse>, Error> {
        self.call(request)
    }

    /// Continues a prompt and hands out its parts as they come. Sends the request; an answer that
    /// is dropped before its end is given up: the server is told to stop.
    pub fn generate_stream(&self, request: &GenerateRequest) -> Result<GenerateStream, Error> {
        let request = Cow::Owned(request.clone());
        let mut call = Call::new(&self.pool, request, self.deadline_milliseconds)?;
        call.begin()?;
        Ok(GenerateStream { call: Some(call), reply: None })
    }

    /// Log-probabilities of continuations of one prompt: one score each, in their order.
    pub fn score(&self, request: &ScoreRequest) -> Result<Reply<ScoreResponse>, Error> {
        self.call(request)
    }

    /// Raw scores; their number is verified.
    pub fn logits(&self, request: &LogitsRequest) -> Result<Reply<LogitsResponse>, Error> {
        self.call(request)
    }

    /// One vector per input; their number is verified.
    pub fn embed(&self, request: &EmbedRequest) -> Result<Reply<EmbedResponse>, Error> {
        self.call(request)
    }
}

/// The chunks of an answer as they come. Ends after the last one, or after an error; then
/// [`finish`](GenerateStream::finish) has the whole answer.
pub struct GenerateStream {
    call: Option<Call<'static, GenerateRequest>>,
    reply: Option<Reply<GenerateResponse>>,
}

impl GenerateStream {
    /// Reads what is left, and returns the whole answer: all tokens, text and log-probabilities,
    /// those of the chunks included. After `next` has returned an error there is none.
    pub fn finish(mut self) -> Result<Reply<GenerateResponse>, Error> {
        for chunk in &mut self {
            chunk?;
        }
        self.reply.ok_or_else(|| Error::new(Code::GivenUp, "the stream ended with an error"))
    }
}

impl Iterator for GenerateStream {
    type Item = Result<GenerateChunk, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let call = self.call.as_mut()?;
        match call.advance() {
            Ok(Step::Chunk(chunk)) => {
                call.was_seen = true;
                return Some(Ok(chunk));
            }
            Ok(Step::Whole(reply)) => self.reply = Some(reply),
            Err(error) => {
                self.call = None;
                return Some(Err(error));
            }
        }
        self.call = None;
        None
    }
}
