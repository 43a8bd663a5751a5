//! Ask questions of long private documents with two language models: a local one that reads, a remote one that never does.
//!
//! The rooms. Which may use which is the table in `ARCHITECTURE.md`, kept by `tests/architecture.rs`.

pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod control;
pub mod document;
pub mod eval;
pub mod journal;
pub mod ledger;
pub mod load;
pub mod local;
pub mod protocol;
pub mod provider;
pub mod remote;
pub mod replay;
pub mod runtime;
pub mod sandbox;
pub mod term;
pub mod utilization;
pub mod view;
