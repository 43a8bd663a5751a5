//! The picker, driven by keys.

use super::super::world::{World, notice, press, type_in};
use super::super::*;
use super::*;
use crate::config::Loaded;

fn title(model: &Model) -> String {
    model.picker().and_then(Picker::selected).map_or_else(String::new, |row| row.cells[0].clone())
}

fn rows(count: usize) -> Vec<PickerRow> {
    let row = |n| PickerRow::new(Choice::Session(format!("s{n}")), vec![format!("question {n}")], "");
    (0..count).map(row).collect()
}

/// A picker of sessions with its rows there.
fn sessions(count: usize) -> Model {
    let mut model = World::new().model(80, 24);
    press(&mut model, "S");
    let ticket = model.pickers;
    let news = PickerNews::Rows { group: 0, rows: rows(count), standing: Standing::Whole };
    update(&mut model, Message::Picker { ticket, news });
    model
}

#[test]
fn the_palette_does_what_the_key_would() {
    for open in [":", "ctrl-p"] {
        let mut model = World::new().half().model(80, 24);
        press(&mut model, open);
        type_in(&mut model, "stop");
        assert_eq!(title(&model), "stop run");
        press(&mut model, "enter");
        assert!(matches!(model.overlay, Some(Overlay::Stop)));
    }
    let mut model = World::new().half().model(80, 24);
    press(&mut model, ":");
    type_in(&mut model, "next theme");
    assert!(matches!(press(&mut model, "enter")[..], [_, Command::Theme(_)]) && model.overlay.is_none());
}

#[test]
fn only_what_does_something_can_be_picked_and_the_rest_says_that_it_does_nothing() {
    let offers = |model: &mut Model, name: &str| {
        press(model, ":");
        let picker = model.picker().unwrap();
        let found = picker.groups[0].rows.iter().any(|row| row.cells[0] == name && row.refused.is_empty());
        press(model, "esc");
        found
    };
    let mut idle = World::new().model(80, 24);
    let mut running = World::new().half().model(80, 24);
    assert!(offers(&mut idle, "ask") && !offers(&mut running, "ask"));
    assert!(offers(&mut running, "stop run") && !offers(&mut idle, "stop run"));
    assert!(!offers(&mut idle, "cancel job") && !offers(&mut running, "play"));
    press(&mut idle, "2 :");
    type_in(&mut idle, "stop run");
    assert!(title(&idle) == "stop run" && press(&mut idle, "enter").is_empty());
    assert_eq!(notice(&idle), "no run is in flight");
    press(&mut idle, "esc");
    press(&mut running, "3");
    assert!(offers(&mut running, "filter"));
    assert!(!offers(&mut running, "submit") && !offers(&mut running, "yes"));
    assert!(!offers(&mut running, "right"));
    press(&mut running, "v");
    assert!(offers(&mut running, "right"), "from cell to cell");
    press(&mut running, "4");
    assert!(offers(&mut running, "right"), "to the next tab");
    press(&mut running, "1 v");
    running.notice = None;
    assert!(offers(&mut running, "dismiss"), "the selection");
    let mut settings = Loaded::default();
    settings.config.keys.entry("everywhere".into()).or_default().insert("filter".into(), vec!["f6".into()]);
    running.keymap = Keymap::of(&settings).unwrap();
    assert!(offers(&mut running, "filter"), "where it is bound");
}

#[test]
fn the_palette_does_what_another_pane_can_and_goes_there() {
    let mut model = World::new().half().model(80, 24);
    press(&mut model, "2 :");
    type_in(&mut model, "retry");
    assert!(model.picker().unwrap().counts().0 > 0);
    press(&mut model, "esc :");
    type_in(&mut model, "filter");
    press(&mut model, "enter");
    assert_eq!((model.focus, model.jobs.filter), (Pane::Jobs, Filter::Answered));
}

#[test]
fn help_is_searched_with_the_same_list_and_says_where_a_key_works() {
    let mut model = World::new().model(80, 24);
    press(&mut model, "? /");
    type_in(&mut model, "half the speed");
    assert_eq!(title(&model), "slower");
    press(&mut model, "enter");
    assert!(model.picker().is_some() && notice(&model).contains("replayed"));
}

#[test]
fn the_cursor_moves_over_titles_and_stays_within_the_rows() {
    let mut model = World::new().model(80, 24);
    press(&mut model, "? /");
    assert_eq!(title(&model), "up");
    press(&mut model, "ctrl-p up");
    assert_eq!(title(&model), "up");
    let (_, all) = model.picker().unwrap().counts();
    assert_eq!(all, BINDINGS.len());
    for _ in 0..all {
        press(&mut model, "ctrl-n");
    }
    assert_eq!(title(&model), BINDINGS.iter().rfind(|known| Some(&known.context) == Context::ALL.last()).unwrap().name);
    press(&mut model, "pgup pgdn down");
    let picker = model.picker().unwrap();
    let height = model.picker_areas().list.height;
    assert!(picker.visible(height).any(|(at, _)| at == picker.cursor));
}

#[test]
fn rows_that_come_leave_the_cursor_where_it_was_put() {
    let mut model = sessions(5);
    press(&mut model, "down down");
    assert_eq!(title(&model), "question 2");
    let ticket = model.pickers;
    let more = PickerNews::Rows { group: 0, rows: vec![], standing: Standing::Failed("the disk is gone".into()) };
    update(&mut model, Message::Picker { ticket, news: more });
    assert_eq!(title(&model), "question 2");
    update(&mut model, Message::Picker { ticket, news: PickerNews::Gone(Choice::Session("s0".into())) });
    assert_eq!(title(&model), "question 2");
    type_in(&mut model, "4");
    assert_eq!(title(&model), "question 4");
}

#[test]
fn what_comes_for_a_list_that_was_closed_is_left_out() {
    let mut model = sessions(1);
    let old = model.pickers;
    assert_eq!(press(&mut model, "esc"), [Command::StopFilling]);
    press(&mut model, "S");
    let news = PickerNews::Rows { group: 0, rows: rows(3), standing: Standing::Whole };
    update(&mut model, Message::Picker { ticket: old, news });
    assert_eq!(model.picker().unwrap().counts(), (0, 0));
}

#[test]
fn a_session_is_opened_by_enter_and_deleted_only_after_a_yes() {
    let mut model = sessions(3);
    let read = press(&mut model, "down");
    assert_eq!(read, [Command::Read { ticket: model.pickers, session: "s1".into() }]);
    assert_eq!(press(&mut model, "ctrl-x n"), []);
    let ticket = model.pickers;
    assert_eq!(press(&mut model, "ctrl-x y"), [Command::DeleteSession { ticket, session: "s1".into() }]);
    assert_eq!(press(&mut model, "enter"), [Command::StopFilling, Command::Pick(Choice::Session("s1".into()))]);
    assert!(model.overlay.is_none());
}

#[test]
fn at_every_size_from_nothing_on_the_cursor_is_in_sight() {
    let mut model = sessions(300);
    for (width, height) in [(200, 60), (80, 24), (40, 12), (40, 10), (20, 6), (3, 2), (0, 0)] {
        update(&mut model, Message::Resize { width, height });
        press(&mut model, "pgdn down");
        let (picker, height) = (model.picker().unwrap(), model.picker_areas().list.height);
        assert!(height == 0 || picker.visible(height).any(|(at, _)| at == picker.cursor), "{width}x{height}");
    }
}

#[test]
fn a_session_is_marked_and_compared_with_another() {
    let mut model = sessions(3);
    press(&mut model, "down");
    assert_eq!(press(&mut model, "ctrl-t"), []);
    assert!(model.picker().unwrap().selected().unwrap().current);
    // Twice on the same one takes the mark away.
    assert_eq!(press(&mut model, "ctrl-t"), []);
    assert!(model.picker().unwrap().marked.is_empty());
    press(&mut model, "ctrl-t down");
    let compare = Command::CompareSessions { a: "s1".into(), b: "s2".into() };
    assert_eq!(press(&mut model, "ctrl-t"), [compare]);
}

#[test]
fn the_list_of_readers_begins_at_the_one_in_use_once_it_has_come() {
    let mut model = World::new().model(80, 24);
    press(&mut model, "M");
    let ticket = model.pickers;
    let row = |name: &str, current| {
        let choice = Choice::Local { provider: "openai".into(), model: name.into() };
        PickerRow { current, ..PickerRow::new(choice, vec![name.into()], "") }
    };
    let group = |rows| Group { title: "x".into(), rows, standing: Standing::Whole };
    let groups = vec![group(vec![row("extractive reader", false)]), group(Vec::new())];
    update(&mut model, Message::Picker { ticket, news: PickerNews::Groups(groups) });
    assert_eq!(title(&model), "extractive reader");
    let rows = vec![row("small", false), row("mine", true)];
    update(
        &mut model,
        Message::Picker { ticket, news: PickerNews::Rows { group: 1, rows, standing: Standing::Whole } },
    );
    assert_eq!(title(&model), "mine");
    // Words that are typed lead to what fits them best.
    type_in(&mut model, "sm");
    assert_eq!(title(&model), "small");
}
