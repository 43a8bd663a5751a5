//! What the screen is about: the model, what changes it, and which key does what. It draws nothing.

mod action;
pub mod budget;
mod copy;
mod figures;
mod find;
mod highlight;
mod input;
mod key;
mod keymap;
mod layout;
mod lines;
mod message;
mod model;
mod overlay;
mod panes;
mod perform;
mod programs;
mod progress;
mod rows;
mod search;
#[cfg(test)]
mod tests;
mod update;
mod visible;
#[cfg(test)]
pub(crate) mod world;
mod wrap;

pub use action::{Action, BINDINGS, Binding, Context};
pub use figures::{Figures, Marks, dollars, seconds, seconds_left, short_bytes, short_count, short_time, span_at};
pub use input::LineInput;
pub use key::{Key, KeyCode, UnknownKey};
pub use keymap::{Keymap, binding_of};
pub use layout::{Area, Layout, Pane, Shape};
pub use lines::{DocumentRow, LineIndex, Position};
pub use message::{Command, Message, Mouse, MouseKind, ReplayCommand, Unit};
pub use model::{
    DocumentPane, Highlight, JobsPane, Mode, Model, Notice, OpenDocument, Overlay, Partial, PlannerPane, Player,
    RowsPane, SAMPLES, Tints,
};
pub use panes::document::{RowMarks, gutter};
pub use panes::jobs::{Filter, Follow, job_word};
pub use progress::{Headline, StepState, TimelineRound, TimelineStep, headline, planner_name, reader_name, timeline};
pub use rows::{Fold, Mark, Piece, Row, Target, Tone, match_word, piece_width};
pub use search::Search;
pub use update::{scrubber_track, update};
pub use visible::{Glyph, gist, glyphs, visible, width};
pub use wrap::wrap;
