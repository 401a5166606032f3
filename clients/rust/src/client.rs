//! What a program calls. The methods that are alike, one for each kind, are generated.

use crate::answers::Gather;
use crate::errors::Result;
use crate::exchange::{Exchange, GenerateStream, Reply};
use crate::pool::Pool;
use crate::protocol::{GenerateRequest, Layer, LoadRequest, LoadResponse, Options};
use std::sync::Arc;

/// A client of one server. Any number of threads may share it, or clones of it; a call blocks its
/// thread until the answer is whole. See [`Code`](crate::Code) for what can go wrong.
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
    pub fn new(address: &str, options: Options) -> Result<Client> {
        Ok(Client { pool: Arc::new(Pool::new(address, options)?), deadline_milliseconds: 0 })
    }

    /// The same client, whose calls each have this deadline for all their attempts; 0: none.
    pub fn deadline_milliseconds(&self, milliseconds: u32) -> Client {
        Client { pool: Arc::clone(&self.pool), deadline_milliseconds: milliseconds }
    }

    /// Closes all connections: calls that run or wait fail with `connection_closed` at once, and so
    /// do later ones, also of clones. Safe to repeat.
    pub fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn call<R: Gather>(&self, request: &R) -> Result<Reply<R::Response>> {
        Exchange::new(&self.pool, request, self.deadline_milliseconds, false)?.result()
    }

    /// Has a file assayed and served; `on_layer` sees each layer's verdict as it comes.
    pub fn load(
        &self, request: &LoadRequest, mut on_layer: impl FnMut(&Layer),
    ) -> Result<Reply<LoadResponse>> {
        let mut exchange = Exchange::new(&self.pool, request, self.deadline_milliseconds, true)?;
        for progress in &mut exchange {
            on_layer(&progress?.layer);
        }
        exchange.result()
    }

    /// Continues a prompt and hands out its parts as they come. Sends the request.
    pub fn generate_stream(&self, request: &GenerateRequest) -> Result<GenerateStream> {
        let mut exchange = Exchange::new(&self.pool, request, self.deadline_milliseconds, true)?;
        exchange.retry(Exchange::send)?;
        Ok(exchange)
    }
}
