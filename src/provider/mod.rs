//! The OpenAI-compatible chat wire, spoken to remote and local servers alike.
//!
//! [`Client`] makes one request and gives back one whole reply or one [`Failure`]; what is tried again and when is the
//! caller's, with [`Backoff`]. Source of the format: the "Chat Completions" API reference of OpenAI, and what the servers
//! that imitate it were seen to do otherwise.

mod assembly;
mod backoff;
mod body;
mod client;
mod dialect;
mod endpoint;
mod failure;
mod key;
mod probe;
mod quote;
mod refusal;
mod request;
mod server;
mod stream;

pub use backoff::Backoff;
pub use client::{ChatReply, Client};
pub use failure::{Again, Failure};
pub use probe::{Listing, Probe};
pub use request::{Chat, Format};
