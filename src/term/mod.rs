//! The terminal: lifecycle, input, one-write frames, capabilities, clipboard, signals.
//!
//! The only room that knows crossterm. Everything the screen writes goes through one handle, a frame a write, and
//! whatever way the program ends the terminal is given back as it was found.

mod backend;
mod capabilities;
mod clipboard;
mod editor;
mod error;
mod escape;
mod frame;
mod input;
mod letting_go;
mod lifecycle;
mod modes;
mod painted;
mod pump;
mod sane;
mod signals;
mod stderr;

pub use capabilities::{Capabilities, ColourDepth, Multiplexer, columns};
pub use clipboard::{Copied, MAX_COPY_BYTES};
pub use error::TermError;
pub use frame::{Due, FrameLimiter, FrameStats, Screen};
pub use input::{Events, Mouse, MouseButton, MouseKind, TermEvent};
pub use letting_go::let_go_of_terminal;
pub use lifecycle::{Options, Terminal};
pub use painted::painted;
pub use pump::{Pump, Turn};
pub use signals::{Signal, signals};

#[cfg(test)]
mod tests;
