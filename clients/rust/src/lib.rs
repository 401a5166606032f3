//! A client of the Assay protocol: blocking, thread safe, without dependencies.
//!
//! ```no_run
//! use assay_client::{Client, GenerateRequest, Options};
//!
//! let client = Client::new("unix:///run/assay.sock", Options::default())?;
//! let request = GenerateRequest { prompt: Some("317+485=".into()), ..Default::default() };
//! let reply = client.deadline_milliseconds(2000).generate(&request)?;
//! println!("{} ({})", reply.response.text.unwrap_or_default(), reply.provenance.name());
//! # Ok::<(), assay_client::Error>(())
//! ```
//!
//! Unless [`Options::allow_mock`] is set, an answer of a mock model is never handed out: requests
//! say that they want a real one, and the first frame that says mock ends the call. A client is
//! cheap to clone and to share; no thread is started but for connecting to a Unix socket.
//!
//! A forked child may go on with the client that the parent made: the child makes connections of
//! its own, and the parent's are neither read, written nor shut down by it.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod call;
mod client;
mod codec;
#[cfg(test)]
mod codec_tests;
mod connection;
mod error;
mod frame;
mod gather;
#[allow(unsafe_code)] // the one exception
mod keepalive;
mod lz4;
mod pool;
mod process;
#[rustfmt::skip]
mod protocol;
mod random;
mod socket;
mod waiting;

pub use call::Reply;
pub use client::{Client, GenerateStream, Options};
pub use codec::{Field, Message, MessageInfo, Presence, Record, Request, Type, Value};
pub use error::{Code, Error, ErrorDetail, Provenance};
pub use protocol::*;

pub(crate) fn address_of(text: &str) -> Result<socket::Address, Error> {
    socket::Address::parse(text)
}
