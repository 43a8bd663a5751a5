//! The servers that models are asked of, remote and local: their wires, keys, time limits and failures.
//!
//! [`Client`] makes one request and gives back one whole reply or one [`Failure`]; what is tried again and when is the
//! caller's, with [`Backoff`]. What differs between providers stands in two places: [`presets`] has a row for each, and
//! `wire` a file for each way to speak.

mod about;
mod assembly;
mod backoff;
mod body;
mod client;
mod dialect;
mod effort;
mod endpoint;
mod failure;
mod headers;
mod key;
pub mod keyring;
mod models;
pub mod presets;
mod quote;
mod reading;
mod redact;
mod refusal;
mod request;
mod room;
mod server;
mod stream;
mod waits;
mod wire;

pub use about::About;
pub use backoff::Backoff;
pub use client::{ChatReply, Client};
pub use failure::{Again, Failure, Trouble};
pub use models::{ListedPrice, Listing, Model, Probe};
pub use presets::{KeyPlace, Preset};
pub use reading::{Read, Reading, weight};
pub use redact::LEAST_KEY;
pub use request::{Cache, Chat, Format};
pub use wire::Wire;
