//! The client as a program sees it. The methods that differ only in the kind are generated.

use crate::answers::Gather;
use crate::errors::Result;
use crate::exchange::{Exchange, GenerateStream, Reply};
use crate::pool::Pool;
use crate::protocol::{GenerateRequest, Options};
use std::sync::Arc;

/// A client of one server. Any number of threads may share the client or its clones. A call blocks
/// its thread until the answer is whole. See [`Code`](crate::Code) for the errors.
///
/// A call is tried again, within its deadline and with at most `attempts` attempts in all, when the
/// request was never sent, when the server said `UNAVAILABLE`, `RESOURCE_EXHAUSTED` or `ABORTED`,
/// or when the connection was lost (except for load, swap, rollback and unload). A call is never
/// tried again after a part of the answer has been handed out.
///
/// A forked child may use the client of its parent. The first use in the child makes new
/// connections and leaves the parent's connections alone. A call in flight at the fork goes on in
/// the parent. In the child the call fails as if its connection had closed.
#[derive(Clone)]
pub struct Client {
    pool: Arc<Pool>,
    deadline_milliseconds: u32,
}

impl Client {
    /// Makes a client for `unix:///PATH` or `tcp://HOST:PORT` without connecting. The first call
    /// connects, and a call connects anew after the connection was lost. Fails for options out of
    /// range, and for a token file without a token.
    pub fn new(address: &str, options: Options) -> Result<Client> {
        Ok(Client { pool: Arc::new(Pool::new(address, options)?), deadline_milliseconds: 0 })
    }

    /// Returns a clone whose calls each have the given deadline, for all attempts together. 0 means
    /// no deadline.
    pub fn deadline_milliseconds(&self, milliseconds: u32) -> Client {
        Client { pool: Arc::clone(&self.pool), deadline_milliseconds: milliseconds }
    }

    /// Closes all connections. Calls that run or wait fail with `connection_closed` at once, and so
    /// do later calls, clones included. May be repeated.
    pub fn close(&self) {
        self.pool.close();
    }

    pub(crate) fn call<R: Gather>(&self, request: &R) -> Result<Reply<R::Response>> {
        Exchange::new(&self.pool, request, self.deadline_milliseconds, false)?.result()
    }

    pub(crate) fn call_in_parts<R: Gather>(
        &self, request: &R, mut on_chunk: impl FnMut(R::Chunk),
    ) -> Result<Reply<R::Response>> {
        let mut exchange = Exchange::new(&self.pool, request, self.deadline_milliseconds, true)?;
        for chunk in &mut exchange {
            on_chunk(chunk?);
        }
        exchange.result()
    }

    /// Sends the request and returns the stream of the answer's chunks.
    pub fn generate_stream(&self, request: &GenerateRequest) -> Result<GenerateStream> {
        let mut exchange = Exchange::new(&self.pool, request, self.deadline_milliseconds, true)?;
        exchange.retry(Exchange::send)?;
        Ok(exchange)
    }
}
