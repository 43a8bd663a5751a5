//! Models over HTTP, against a scripted server on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "http/asking.rs"]
mod asking;
#[path = "http/fleet.rs"]
mod fleet;
#[path = "http/local.rs"]
mod local;
mod loopback;
#[path = "http/providers.rs"]
mod providers;
#[path = "http/pull.rs"]
mod pull;
#[path = "http/remote.rs"]
mod remote;
