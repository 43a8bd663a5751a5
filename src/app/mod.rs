//! What the screen is about: the model, what changes it, and which key does what. It draws nothing.

mod action;
mod anew;
pub mod budget;
mod comparison;
pub mod consent;
mod copy;
mod curve;
mod documents_form;
mod editor;
pub mod exposing;
mod figures;
mod find;
pub mod forecast;
mod fork_models;
mod fork_text;
mod gate;
mod gate_rows;
mod gate_text;
mod goto;
mod highlight;
mod in_overlay;
mod input;
mod key;
mod keymap;
mod layout;
mod ledger;
mod lines;
mod listing;
mod load;
mod markdown;
mod message;
mod model;
mod outline;
mod overlay;
mod panes;
mod pause;
mod perform;
pub mod picker;
mod programs;
mod progress;
mod question;
mod reword;
mod rows;
mod rows_pane;
mod scrubber;
mod search;
mod side_by_side;
mod start_form;
mod table;
#[cfg(test)]
mod tests;
mod update;
mod visible;
mod waits;
mod work;
#[cfg(test)]
pub(crate) mod world;
mod wrap;

pub use action::{Action, BINDINGS, Binding, Context};
pub use curve::{CURVE_CONTEXTS, CurveAreas, CurveScreen, Spot};
pub use documents_form::{DocumentsForm, Reading};
pub use figures::{
    Figures, Marks, broken_off, counted, dollars, seconds, seconds_left, short_bytes, short_count, short_time, span_at,
};
pub use forecast::Expected;
pub use fork_models::{Named, is_named};
pub use fork_text::{ForkEdit, ForkText};
pub use gate::{Exposes, GateForm};
pub use gate_text::{GateEdit, GateText};
pub use input::LineInput;
pub use key::{Key, KeyCode, Sequence, UnknownKey};
pub use keymap::{Bound, Keymap, Meaning, binding_of};
pub use layout::{Area, Layout, Pane, Shape};
pub use ledger::{Account, Exposed};
pub use lines::{DocumentRow, LineIndex, Position};
pub use load::{Axis, Counted, Load, LoadRow};
pub use message::{
    ChosenModels, Command, Filling, ForkChange, Message, Mouse, MouseKind, PickerNews, ReplayCommand, Unit,
};
pub use model::{
    DocumentPane, Highlight, Mode, Model, Notice, OpenDocument, Overlay, Partial, PlannerPane, Player, Tints,
};
pub use outline::{Entry, Outline, Section};
pub use panes::answers::AnswersTab;
pub use panes::document::{RowMarks, gutter};
pub use panes::job_grid::{Bands, Cell, Grid, LABEL};
pub use panes::job_list::{Filter, Sort, tokens};
pub use panes::jobs::{Follow, JobsPane, job_word};
pub use panes::map::MapRow;
pub use panes::marks::{Share, Tint};
pub use panes::selection::{By, Selection};
pub use picker::Picking;
pub use progress::{Headline, StepState, TimelineRound, TimelineStep, headline, planner_name, reader_name, timeline};
pub use question::Question;
pub use rows::{Fold, Mark, Piece, Row, Target, Tone, match_word, not_found, piece_width};
pub use rows_pane::RowsPane;
pub use scrubber::{record_at, scrubber_track, track_cell};
pub use search::{Going, Search};
pub use side_by_side::SideBySide;
pub use start_form::{Lever, StartForm};
pub use table::{TableRow, table};
pub use update::update;
pub use visible::{Glyph, gist, glyphs, visible, width};
pub use work::{Work, WorkId, Worked};
pub use wrap::wrap;
