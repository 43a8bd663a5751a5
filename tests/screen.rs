//! The program on a real terminal: it starts, does what its keys say, survives what terminals do to it, and gives them
//! back as it found them.

// Clippy knows a test by its attribute; what the tests share fails by the same means.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

#[path = "screen/accessible.rs"]
mod accessible;
#[path = "screen/attach.rs"]
mod attach;
#[path = "screen/document.rs"]
mod document;
#[path = "screen/first_session.rs"]
mod first_session;
#[path = "screen/forks.rs"]
mod forks;
#[path = "screen/gates.rs"]
mod gates;
#[path = "screen/jobs.rs"]
mod jobs;
#[path = "screen/keys.rs"]
mod keys;
#[path = "screen/lists.rs"]
mod lists;
#[allow(unused_imports)]
mod loopback;
#[path = "screen/opening.rs"]
mod opening;
#[path = "screen/overlays.rs"]
mod overlays;
#[path = "runs/planner.rs"]
#[allow(dead_code)]
mod planner;
#[path = "screen/probe.rs"]
mod probe;
#[path = "screen/pty.rs"]
mod pty;
#[path = "screen/replies.rs"]
mod replies;
#[path = "screen/starts.rs"]
mod starts;
#[path = "screen/steering.rs"]
mod steering;
#[path = "screen/tour.rs"]
mod tour;
