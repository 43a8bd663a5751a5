//! `minions run` as a whole: the program itself, against scripted models on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

#[path = "runs/bad_input.rs"]
mod bad_input;
#[path = "runs/budget.rs"]
mod budget;
#[path = "runs/comparisons.rs"]
mod comparisons;
#[path = "runs/copying.rs"]
mod copying;
#[path = "runs/counted.rs"]
mod counted;
#[path = "runs/crashes.rs"]
mod crashes;
#[path = "runs/embedded.rs"]
mod embedded;
#[path = "runs/embedding.rs"]
mod embedding;
#[path = "runs/engine.rs"]
mod engine;
#[path = "runs/evals.rs"]
mod evals;
#[path = "runs/evals_gone_on.rs"]
mod evals_gone_on;
#[path = "runs/evals_paid.rs"]
mod evals_paid;
#[path = "runs/forecasts.rs"]
mod forecasts;
#[path = "runs/forks.rs"]
mod forks;
#[path = "runs/home.rs"]
mod home;
#[path = "runs/injection.rs"]
mod injection;
mod loopback;
#[path = "runs/many_jobs.rs"]
mod many_jobs;
#[path = "runs/money.rs"]
mod money;
#[path = "runs/planner.rs"]
mod planner;
#[path = "runs/planted.rs"]
mod planted;
#[path = "runs/private.rs"]
mod private;
#[path = "runs/protocols.rs"]
mod protocols;
#[path = "runs/providers.rs"]
mod providers;
#[path = "runs/readers.rs"]
mod readers;
// What `tests/pty.rs` does with a terminal beyond this is its own.
#[allow(dead_code)]
#[path = "screen/pty.rs"]
mod pty;
#[path = "runs/remote_faults.rs"]
mod remote_faults;
#[path = "runs/stopped.rs"]
mod stopped;
#[path = "runs/store.rs"]
mod store;
#[path = "runs/taken_up.rs"]
mod taken_up;
#[path = "runs/waiting.rs"]
mod waiting;
