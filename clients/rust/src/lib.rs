//! A client of the Assay protocol: blocking, thread safe, without dependencies.
//!
//! ```no_run
//! use assay_client::{Client, GenerateRequest, Options};
//!
//! let client = Client::new("unix:///run/assay.sock", Options::default())?;
//! let request = GenerateRequest { prompt: Some("317+485=".into()), ..Default::default() };
//! let reply = client.deadline_milliseconds(2000).generate(&request)?;
//! println!("{} ({})", reply.text.as_deref().unwrap_or(""), reply.provenance.name());
//! # Ok::<(), assay_client::AssayError>(())
//! ```
//!
//! Unless [`Options::allow_mock`] is set, an answer of a mock model is never handed out: requests
//! say that they want a real one, and the first frame that says mock ends the call. A client is
//! cheap to clone and to share; no thread is started but for opening a connection.
//!
//! A forked child may go on with the client that the parent made: the child makes connections of
//! its own, and the parent's are neither read, written nor shut down by it.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod answers;
mod client;
mod codec;
mod connection;
mod errors;
mod exchange;
mod frames;
mod lz4;
mod pool;
#[rustfmt::skip]
mod protocol;
mod socket;
mod system;
#[cfg(test)]
mod tests;

pub use client::Client;
pub use codec::{BodyError, Message, Request, See};
pub use errors::{AssayError, AssayError as Error};
pub use exchange::{Exchange, GenerateStream, Reply};
pub use protocol::*;
