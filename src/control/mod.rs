//! Steering a session from another process: a Unix socket in the session's folder, made by the process that runs it.
//!
//! What happened is in the journal, which whoever follows reads for itself. Over the socket go orders, what became of each,
//! and the pieces of a reply that is still coming in. Systems without Unix sockets have none of this.

mod client;
mod place;
mod server;
mod wire;

pub use client::{Link, Said, connect};
pub use server::{Attached, Connector, share};
