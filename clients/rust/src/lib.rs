//! A client of the Assay protocol: blocking, thread safe, without dependencies.
//!
//! ```no_run
//! use assay_client::{Client, GenerateRequest, Options};
//!
//! let client = Client::new("unix:///run/assay.sock", Options::default())?;
//! let request = GenerateRequest::text("317+485=").max_tokens(8);
//! let reply = client.deadline_milliseconds(2000).generate(&request)?;
//! println!("{} ({})", reply.text.as_deref().unwrap_or(""), reply.provenance.name());
//! # Ok::<(), assay_client::AssayError>(())
//! ```
//!
//! Unless [`Options::allow_mock`] is set, no answer of a mock model is handed out. Requests demand
//! a real model, and the first frame of a mock ends the call. A client is cheap to clone and to
//! share. Threads are started only to open connections.
//!
//! A forked child may use the client that the parent made. The child makes its own connections, and
//! does not read, write or shut down the connections of the parent.

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
