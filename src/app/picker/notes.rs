//! Notes and bookmarks on records of the session, and the list that goes to them.

use super::super::action::Action;
use super::super::figures::short_time;
use super::super::input::LineInput;
use super::super::layout::Pane;
use super::super::message::{Command, ReplayCommand};
use super::super::model::{Mode, Model, Overlay};
use super::super::progress::headline;
use super::super::rows::{Fold, Target};
use super::{Choice, Group, PickerRow, Picking};

/// What was written at a record: by the person, or by the program where it had something to remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub seq: u64,
    /// Of the record, in milliseconds since 1970.
    pub at_ms: u64,
    pub text: String,
    /// The last request to the planner by then, to go to while the run goes on; nothing in a replay.
    pub ask: Option<u32>,
}

impl Model {
    /// Asks for a note on the record at hand.
    pub(crate) fn open_note(&mut self) {
        if self.state.opened.is_none() {
            return self.notify("there is no session yet to write a note on");
        }
        let seq = self.seq;
        self.open_overlay(Overlay::Note { seq, input: LineInput::default() });
    }

    pub(crate) fn submit_note(&mut self, seq: u64, input: LineInput) -> Vec<Command> {
        if input.text.trim().is_empty() {
            self.overlay = Some(Overlay::Note { seq, input });
            self.notify(self.with_keys("the note is blank", &[(Action::Leave, "leaves it")]));
            return Vec::new();
        }
        vec![Command::Note { seq, text: input.text.trim().to_owned() }]
    }

    /// Marks the record at hand by what goes on there.
    pub(crate) fn bookmark(&mut self) -> Vec<Command> {
        if self.state.opened.is_none() {
            self.notify("there is no session yet to put a bookmark in");
            return Vec::new();
        }
        let word = headline(self).word;
        let text = match self.state.round() {
            Some(round) => format!("bookmark: round {}, {word}", round.number),
            None => format!("bookmark: {word}"),
        };
        vec![Command::Note { seq: self.seq, text }]
    }

    /// A note that stands on the disk now.
    pub(crate) fn take_note(&mut self, note: Note) {
        self.notify(format!("noted at record {}", note.seq));
        self.put_note(note);
    }

    /// Puts a note among the others, by the records they stand at.
    pub(crate) fn put_note(&mut self, note: Note) {
        let at = self.notes.partition_point(|known| known.seq <= note.seq);
        self.notes.insert(at, note);
    }

    pub(crate) fn open_notes(&mut self) {
        if self.notes.is_empty() {
            let ways = [(Action::Note, "writes one"), (Action::Bookmark, "sets one")];
            return self.notify(self.with_keys("no note or bookmark yet", &ways));
        }
        let began = self.began_ms.unwrap_or_default();
        let row = |(at, note): (usize, &Note)| {
            let time = short_time(note.at_ms.saturating_sub(began));
            let about = format!("{}\nrecord {}, {time} after the beginning", note.text, note.seq);
            let cells = vec![note.text.replace('\n', " "), note.seq.to_string(), time];
            PickerRow { current: note.seq == self.seq, ..PickerRow::new(Choice::Note(at), cells, about) }
        };
        let rows = self.notes.iter().enumerate().map(row).collect();
        self.open_picker(Picking::Notes, vec![Group { rows, ..Group::default() }]);
    }

    /// In a replay, goes to the next note or bookmark, or to the one before.
    pub(crate) fn step_to_note(&mut self, forward: bool) -> Vec<Command> {
        let here = self.record_at_hand();
        let found = match forward {
            true => self.notes.iter().find(|note| note.seq > here),
            false => self.notes.iter().rev().find(|note| note.seq < here),
        };
        match found.map(|note| note.seq) {
            Some(seq) => vec![Command::Replay(ReplayCommand::Seek(seq))],
            None => {
                self.notify(if forward { "no note or bookmark after this" } else { "no note or bookmark before this" });
                Vec::new()
            }
        }
    }

    /// Goes to a note: in a replay to its record; while a run goes on to what the planner was asked last by then; after
    /// it, to the record in a replay.
    pub(crate) fn go_to_note(&mut self, at: usize) -> Vec<Command> {
        self.overlay = None;
        let Some(Note { seq, ask, .. }) = self.notes.get(at).cloned() else { return Vec::new() };
        match self.mode {
            // Records are counted from 1 without gaps.
            Mode::Replay(_) => vec![Command::Replay(ReplayCommand::Seek(seq))],
            Mode::Live { running: false } => vec![Command::PlayFrom(seq)],
            Mode::Live { running: true } => {
                self.go_to_ask(ask);
                Vec::new()
            }
        }
    }

    fn go_to_ask(&mut self, ask: Option<u32>) {
        self.focus_on(Pane::Planner);
        let is_of = |target: Option<Target>| matches!(target, Some(Target::Fold(Fold::Prompt(n) | Fold::Reply(n))) if Some(n) == ask);
        let rows = &mut self.planner.rows;
        rows.follow = false;
        rows.cursor = rows.rows.iter().position(|row| is_of(row.target)).unwrap_or(0);
        self.settle();
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::message::Message;
    use super::super::super::model::Player;
    use super::super::super::update::update;
    use super::super::super::world::{World, paste, press};
    use super::*;
    use crate::protocol::Fact;

    fn note(seq: u64, text: &str) -> Note {
        Note { seq, at_ms: seq * 250, text: text.into(), ask: None }
    }

    #[test]
    fn a_note_is_written_on_the_record_at_hand() {
        let mut model = World::new().half().model(80, 24);
        let seq = model.seq;
        press(&mut model, "A");
        paste(&mut model, " why so many? ");
        assert_eq!(press(&mut model, "enter"), [Command::Note { seq, text: "why so many?".into() }]);
        assert!(model.overlay.is_none());
        assert_eq!(press(&mut model, "A enter"), []);
        assert!(model.overlay.is_some(), "a blank one is not written");
        let [Command::Note { text, .. }] = &press(&mut model, "esc *")[..] else { panic!("no bookmark") };
        assert!(text.starts_with("bookmark: round 1, "), "{text}");
    }

    #[test]
    fn a_note_is_told_when_it_is_made_and_not_when_its_record_is_read_again() {
        let mut model = World::new().half().model(80, 24);
        update(&mut model, Message::Notice("a document has changed".into()));
        let fact = || Box::new(Fact::NoteAdded { text: "of last week".into() });
        update(&mut model, Message::Recalled { seq: 90, at_ms: 9, fact: fact() });
        assert_eq!(model.notice.as_ref().unwrap().text, "a document has changed");
        assert_eq!(model.notes.last().unwrap().text, "of last week");
        update(&mut model, Message::Fact { seq: 91, at_ms: 9, fact: fact() });
        assert_eq!(model.notice.as_ref().unwrap().text, "note: of last week");
    }

    #[test]
    fn a_note_that_is_not_taken_can_be_sent_again() {
        let mut model = World::new().half().model(80, 24);
        update(&mut model, Message::NoteRefused { seq: 3, text: "look here".into(), why: "not now".into() });
        assert_eq!(model.notice.as_ref().unwrap().text, "not now");
        assert_eq!(press(&mut model, "enter"), [Command::Note { seq: 3, text: "look here".into() }]);
    }

    #[test]
    fn while_the_run_goes_on_a_note_leads_to_what_the_planner_was_asked_then() {
        let mut model = World::new().half().model(120, 40);
        let seq = model.seq + 1;
        update(&mut model, Message::Fact { seq, at_ms: 9, fact: Box::new(Fact::NoteAdded { text: "here".into() }) });
        assert_eq!(model.notes.len(), 1);
        assert_eq!(press(&mut model, "' enter"), []);
        let pane = &model.planner.rows;
        let ask = model.state.asks().last().unwrap().request.ask.n;
        assert_eq!(model.focus, Pane::Planner);
        assert!(
            matches!(pane.rows[pane.cursor].target, Some(Target::Fold(Fold::Prompt(n) | Fold::Reply(n))) if n == ask)
        );
    }

    #[test]
    fn in_a_replay_a_note_leads_to_its_record_and_after_a_run_to_a_replay() {
        let mut model = World::new().whole().model(80, 24);
        update(&mut model, Message::Player(Player { len: 50, ..Player::default() }));
        update(&mut model, Message::Notes(vec![note(30, "late"), note(7, "early")]));
        assert_eq!(press(&mut model, "' enter"), [Command::Replay(ReplayCommand::Seek(7))]);
        let mut model = World::new().whole().model(80, 24);
        update(&mut model, Message::RunEnded { error: None });
        update(&mut model, Message::Noted(note(12, "x")));
        assert_eq!(press(&mut model, "' enter"), [Command::PlayFrom(12)]);
    }

    #[test]
    fn a_replay_steps_to_notes_and_bookmarks_both_ways() {
        let mut model = World::new().whole().model(80, 24);
        update(&mut model, Message::Player(Player { position: 5, len: 20, ..Player::default() }));
        update(&mut model, Message::Notes(vec![note(3, "a"), note(5, "here"), note(9, "b")]));
        assert_eq!(press(&mut model, "@"), [Command::Replay(ReplayCommand::Seek(9))]);
        assert_eq!(press(&mut model, "#"), [Command::Replay(ReplayCommand::Seek(3))]);
        model.notes.clear();
        assert!(
            press(&mut model, "@").is_empty()
                && model.notice.as_ref().unwrap().text.contains("no note or bookmark after")
        );
    }

    #[test]
    fn without_a_session_there_is_nothing_to_note() {
        let mut model = World::new().model(80, 24);
        assert_eq!(press(&mut model, "A * '"), []);
        assert!(model.overlay.is_none());
    }
}
