//! The Document pane, driven by keys, the mouse and what is found beside the screen.

use super::document::gutter;
use super::marks::Tint;
use crate::app::world::{World, finish, found, notice, press, type_in};
use crate::app::*;
use crate::document::Document;
use crate::protocol::Input;

/// A document too long to be looked through at once: lines `n: words`, with a heading before each thousand.
fn long() -> Model {
    let mut text = String::new();
    for line in 1..=40_000 {
        match line % 1_000 {
            1 => text.push_str(&format!("# Part {}\n", line / 1_000)),
            0 => text.push_str("a needle in all this hay\n\u{c}"),
            _ => text.push_str(&format!("{line}: some words of a line that goes on\n")),
        }
    }
    let mut model = Model::new(vec![Document::from_text("long.txt", text)], Mode::Live { running: false });
    update(&mut model, Message::Resize { width: 80, height: 24 });
    press(&mut model, "1");
    model
}

/// The text of the first row in sight.
fn first_row(model: &Model) -> String {
    let open = model.shown_document().unwrap();
    let rest = &open.document.text[model.top_offset()..];
    rest.trim_start_matches('\u{c}').lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_long_document_is_there_before_its_lines_are_known_and_jumps_wait_for_them() {
    let mut model = long();
    assert_eq!(first_row(&model), "# Part 0");
    assert!(!model.shown_document().unwrap().lines.is_whole());
    press(&mut model, "G");
    let far = model.top_offset();
    finish(&mut model);
    assert!(model.top_offset() > far && model.document_place().unwrap().0 == 100);
    let mut model = long();
    press(&mut model, "ctrl-g");
    type_in(&mut model, "39002");
    press(&mut model, "enter");
    assert_eq!(first_row(&model), "# Part 0", "its line is not known yet");
    finish(&mut model);
    assert_eq!(first_row(&model), "39002: some words of a line that goes on");
}

#[test]
fn lines_that_come_late_are_for_the_text_they_were_found_in() {
    let stale = found(&long());
    let mut other = long();
    for worked in stale {
        update(&mut other, Message::Worked(worked));
    }
    assert!(!other.shown_document().unwrap().lines.is_whole());
}

#[test]
fn one_goes_to_a_line_a_page_or_a_share_and_is_told_what_can_be_written() {
    let mut model = long();
    finish(&mut model);
    let mut go = |typed: &str| {
        press(&mut model, "ctrl-g");
        type_in(&mut model, typed);
        press(&mut model, "enter");
        let at = (first_row(&model), notice(&model).to_owned(), model.overlay.is_some());
        press(&mut model, "esc");
        at
    };
    assert_eq!(go("2003").0, "2003: some words of a line that goes on");
    assert_eq!(go("p3").0, "# Part 2");
    assert!(go("50%").0.starts_with("20"));
    assert_eq!(go("0%").0, "# Part 0");
    for (typed, told) in [
        ("p41", "pages go from p1 to p40"),
        ("40001", "the document has 40000 lines"),
        ("0", "lines are counted from 1"),
        ("101%", "a share goes from 0% to 100%"),
        ("here", "write a line such as 120, a page such as p12, or a share such as 50%"),
    ] {
        let (_, notice, open) = go(typed);
        assert_eq!((notice.as_str(), open), (told, true), "{typed}");
    }
}

#[test]
fn a_long_document_is_searched_beside_the_screen_with_the_first_match_at_once() {
    let mut model = long();
    finish(&mut model);
    press(&mut model, "/");
    type_in(&mut model, r"needle\s+in");
    press(&mut model, "enter");
    assert_eq!(model.search.tally(), "none yet (0% searched)");
    let messages = found(&model);
    assert!(messages.len() > 2);
    let mut tallies = Vec::new();
    for worked in messages {
        update(&mut model, Message::Worked(worked));
        tallies.push(model.search.tally());
    }
    assert!(tallies[0].starts_with("1 of ") && tallies[0].ends_with("% searched)"), "{tallies:?}");
    assert_eq!(tallies.last().unwrap(), "1 of 40");
    press(&mut model, "n n");
    assert_eq!(model.search.tally(), "3 of 40");
    press(&mut model, "N N N");
    assert_eq!(model.search.tally(), "40 of 40");
}

#[test]
fn a_search_begun_behind_the_last_match_goes_around_to_the_first() {
    let mut model = long();
    finish(&mut model);
    press(&mut model, "G /");
    type_in(&mut model, "# Part 3$");
    press(&mut model, "enter");
    finish(&mut model);
    assert_eq!((model.search.tally().as_str(), notice(&model)), ("1 of 1", ""));
    press(&mut model, "G /");
    type_in(&mut model, "xyzzy");
    press(&mut model, "enter");
    finish(&mut model);
    assert_eq!(notice(&model), "`xyzzy` is not in this pane");
}

#[test]
fn a_search_that_was_left_is_not_gone_on_with_and_its_findings_are_too_late() {
    let mut model = long();
    finish(&mut model);
    press(&mut model, "/");
    type_in(&mut model, "needle");
    press(&mut model, "enter");
    let late = found(&model);
    press(&mut model, "esc");
    assert_eq!(model.due(), []);
    press(&mut model, "/");
    type_in(&mut model, "hay");
    press(&mut model, "enter");
    for worked in late {
        update(&mut model, Message::Worked(worked));
    }
    assert!(model.search.matches.is_empty());
}

#[test]
fn what_is_no_expression_is_searched_as_plain_text_and_that_is_said() {
    let mut model = World::new().model(80, 24);
    press(&mut model, "1 /");
    type_in(&mut model, "$48.2");
    press(&mut model, "enter");
    assert_eq!(model.search.tally(), "(plain text) 1 of 1");
    let mut model = Model::new(vec![Document::from_text("d", "net (loss) 5\n")], Mode::Live { running: false });
    press(&mut model, "1 /");
    type_in(&mut model, "(loss");
    press(&mut model, "enter");
    assert!(notice(&model).contains("unclosed group"), "{}", notice(&model));
    assert_eq!(model.search.tally(), "(plain text) 1 of 1");
}

#[test]
fn each_tint_says_how_much_it_marks_and_is_stepped_through() {
    let mut model = World::new().whole().model(120, 40);
    press(&mut model, "1 c");
    assert_eq!(notice(&model), "cited: 2 places, 0.8% of this document; not marked any more");
    press(&mut model, "C");
    let highlighted = |model: &Model| {
        let span = model.document.highlight.unwrap().span;
        model.documents[0].document.slice(span.start, span.end).unwrap().to_owned()
    };
    assert!(highlighted(&model).starts_with("Net income for the year"));
    assert_eq!(model.search.tally(), "1 of 2");
    press(&mut model, "C");
    assert!(highlighted(&model).starts_with("driven by higher"));
    press(&mut model, "N");
    assert!(highlighted(&model).starts_with("Net income for the year"));
    press(&mut model, "E");
    assert_eq!(
        (highlighted(&model).as_str(), model.search.words.as_str()),
        ("compared with $39.7 million in 2022", Tint::Left.words())
    );
    let mut fresh = World::new().model(80, 24);
    press(&mut fresh, "1 R");
    assert_eq!(notice(&fresh), "nothing of this document is read by workers so far");
}

#[test]
fn the_map_shows_where_jobs_run_where_evidence_is_and_what_was_never_read() {
    let half = World::new().half().model(80, 24);
    let rows = half.map_rows(8, (0, 100));
    let pages = |of: fn(&MapRow) -> bool| -> Vec<usize> {
        rows.iter().enumerate().filter(|(_, row)| of(row)).map(|(page, _)| page + 1).collect()
    };
    // Two jobs read page 6, of eight pages of about one length.
    assert!(pages(|row| row.running).iter().all(|page| [6, 7].contains(page)) && rows[5].running);
    assert!(pages(|row| row.cited).iter().all(|page| *page <= 2) && rows.iter().any(|row| row.cited));
    assert!(rows.iter().all(|row| !row.answered));
    assert_eq!(pages(|row| !row.read), [7, 8], "a row is read where anything in it was");
    assert_eq!(pages(|row| row.seen), [1]);
    let whole = World::new().whole().model(80, 24);
    let rows = whole.map_rows(8, (0, 100));
    assert!(rows.iter().any(|row| row.answered) && rows.iter().all(|row| !row.running));
}

#[test]
fn pressing_the_map_goes_there_and_dragging_it_scrolls() {
    let mut model = long();
    finish(&mut model);
    let map = model.map_area();
    let mut mouse = |what, x, y| {
        update(&mut model, Message::Mouse(Mouse { what, x, y }));
        model.document_place().unwrap().0
    };
    let middle = mouse(MouseKind::Press, map.x, map.y + map.height / 2);
    assert!((45..=55).contains(&middle), "{middle}");
    assert_eq!(mouse(MouseKind::Drag, 3, map.y + map.height - 1), 100);
    assert_eq!(mouse(MouseKind::Drag, 3, map.y), 0);
    mouse(MouseKind::Release, 3, map.y);
    assert_eq!(mouse(MouseKind::Drag, 3, map.y + 5), 0);
}

#[test]
fn selected_lines_are_copied_or_asked_about_alone() {
    let mut model = World::new().model(120, 40);
    press(&mut model, "1 ctrl-g 3 enter v j");
    let span = model.selected().unwrap();
    let words = model.documents[0].document.slice(span.start, span.end).unwrap().to_owned();
    assert_eq!(model.selected_words().unwrap(), "lines 3–4, 291 B");
    assert!(words.starts_with("Section 1.1.") && words.lines().count() == 2, "{words}");
    assert_eq!(press(&mut model, "y"), [Command::Copy(words)]);
    press(&mut model, "enter");
    assert!(matches!(model.overlay, Some(Overlay::Question(_))));
    type_in(&mut model, "Which routes?");
    assert_eq!(press(&mut model, "enter"), [Command::Ask { question: "Which routes?".into(), part: Some(span) }]);
    press(&mut model, "k k k");
    assert_eq!(model.selected_words().unwrap(), "lines 1–3, 216 B", "from the line where it began");
    press(&mut model, "esc");
    assert!(model.selected().is_none());
}

#[test]
fn a_selection_without_words_is_neither_asked_about_nor_pinned() {
    let document = Document::from_text("report.txt", "\n  \nThe margin was 4 %.\n");
    let mut model = Model::new(vec![document], Mode::Live { running: false });
    update(&mut model, Message::Resize { width: 80, height: 24 });
    for keys in ["1 v a", "j a", "enter"] {
        assert!(press(&mut model, keys).is_empty());
        assert!(model.overlay.is_none() && notice(&model).contains("no words are selected"), "{}", notice(&model));
    }
    press(&mut model, "j a");
    assert!(matches!(model.overlay, Some(Overlay::Question(_))), "the next line has some");
    press(&mut model, "esc esc");
    (model.mode, model.state) = (Mode::Live { running: true }, World::new().start().state.clone());
    assert!(press(&mut model, "g v +").is_empty());
    assert!(notice(&model).contains("no words are selected"), "{}", notice(&model));
}

#[test]
fn selected_lines_are_pinned_while_a_round_may_come_and_let_go_again() {
    let mut world = World::new();
    let mut model = world.half().model(120, 40);
    press(&mut model, "1 ctrl-g 3 enter v j");
    assert!(notice(&model).contains("+ pins them to the next round"), "{}", notice(&model));
    let span = model.selected().unwrap();
    assert_eq!(press(&mut model, "+"), [Command::Pin(span)]);
    world.input(Input::Pin(span));
    world.feed(&mut model);
    assert_eq!(model.pinned_words().unwrap(), "lines 3–4");
    press(&mut model, "v j +");
    assert_eq!(notice(&model), "lines 3–4: no longer pinned");
    let mut ended = World::new().whole().model(120, 40);
    press(&mut ended, "1 g v j");
    assert!(press(&mut ended, "+").is_empty());
    assert!(notice(&ended).contains("ask about the lines instead"), "{}", notice(&ended));
}

#[test]
fn a_selection_does_not_end_at_a_line_that_only_seems_to_be_the_last() {
    let mut model = long();
    press(&mut model, "v G");
    assert_eq!(model.selected_words().unwrap(), "line 1, 8 B");
    assert!(notice(&model).contains("still looking for the lines"), "{}", notice(&model));
    finish(&mut model);
    press(&mut model, "G");
    assert!(model.selected_words().unwrap().starts_with("lines 1–40"));
}

#[test]
fn a_selection_reaches_as_far_as_one_moves_and_stays_in_sight() {
    let mut model = long();
    finish(&mut model);
    press(&mut model, "v ctrl-f ctrl-f");
    let head = model.document.selection.unwrap().head.start;
    assert!(model.bytes_in_sight().contains(&head));
    press(&mut model, "G");
    let whole = model.selected().unwrap();
    assert_eq!(whole.start, 0);
    assert!(model.documents[0].document.text.len() - whole.end <= 2);
    press(&mut model, "g");
    assert_eq!(model.selected_words().unwrap(), "line 1, 8 B");
    press(&mut model, "v");
    assert!(model.selected().is_none());
}

#[test]
fn the_mouse_selects_what_it_is_dragged_over_and_whole_lines_beside_the_text() {
    let mut model = World::new().model(80, 24);
    press(&mut model, "1");
    let area = model.inside(Pane::Document);
    let text = area.x + gutter(model.shown_document().unwrap());
    let mut mouse = |what, x, row| update(&mut model, Message::Mouse(Mouse { what, x, y: area.y + row }));
    mouse(MouseKind::Press, text + 8, 2);
    mouse(MouseKind::Drag, text + 11, 2);
    mouse(MouseKind::Release, text + 11, 2);
    mouse(MouseKind::Drag, text + 20, 5);
    assert_eq!(copied(&mut model), "1.1.");
    let mut mouse = |what, x, row| update(&mut model, Message::Mouse(Mouse { what, x, y: area.y + row }));
    mouse(MouseKind::Press, text + 2, 2);
    mouse(MouseKind::Drag, text, 2);
    assert_eq!(copied(&mut model), "Sec", "to the left");
    let mut mouse = |what, x, row| update(&mut model, Message::Mouse(Mouse { what, x, y: area.y + row }));
    mouse(MouseKind::Press, text - 2, 2);
    mouse(MouseKind::Drag, text - 2, 5);
    assert_eq!(model.selected_words().unwrap(), "lines 3–4, 291 B");
    update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x: 20, y: area.y }));
    assert!(model.selected().is_none());
}

fn copied(model: &mut Model) -> String {
    let commands = press(model, "y");
    let [Command::Copy(text)] = commands.as_slice() else { panic!("{commands:?}") };
    text.clone()
}

#[test]
fn keys_select_word_by_word_from_where_a_search_stands() {
    let mut model = World::new().model(120, 40);
    press(&mut model, "1 /");
    type_in(&mut model, "operates vessels");
    press(&mut model, "enter v");
    assert!(copied(&mut model).starts_with("Section 1.1."), "the line first");
    press(&mut model, "l");
    assert_eq!(copied(&mut model), "operates");
    press(&mut model, "l l");
    assert_eq!(copied(&mut model), "operates vessels between");
    press(&mut model, "h");
    assert_eq!(copied(&mut model), "operates vessels");
    press(&mut model, "h h");
    assert_eq!(copied(&mut model), "company operates", "and on to the left");
    assert!(notice(&model).contains("line 3, 16 B selected"), "{}", notice(&model));
    press(&mut model, "j");
    assert_eq!(model.selected_words().unwrap(), "lines 3–4, 291 B", "lines again");
}

#[test]
fn the_outline_opens_at_the_section_in_sight_and_goes_to_another() {
    let mut model = long();
    press(&mut model, "o");
    assert!(notice(&model).contains("looking for the headings"));
    finish(&mut model);
    assert!(model.picker().is_some(), "it opens when they are found");
    press(&mut model, "esc");
    press(&mut model, "ctrl-g");
    type_in(&mut model, "5500");
    press(&mut model, "enter o");
    let title = |model: &Model| model.picker().unwrap().selected().unwrap().cells.clone();
    assert_eq!(title(&model), ["Part 5", "p 6", "5001"]);
    assert!(model.picker().unwrap().selected().unwrap().current);
    type_in(&mut model, "Part 31");
    press(&mut model, "enter");
    assert_eq!((first_row(&model).as_str(), model.overlay.is_none()), ("# Part 31", true));
    let mut plain = Model::new(vec![Document::from_text("d", "one line\n")], Mode::Live { running: false });
    finish(&mut plain);
    press(&mut plain, "1 o");
    assert_eq!(notice(&plain), "d has no headings and no pages");
}

#[test]
fn at_no_size_does_the_pane_break() {
    for (width, height) in [(0, 0), (1, 1), (20, 6), (40, 12), (41, 13), (300, 3)] {
        let mut model = World::new().whole().model(width, height);
        finish(&mut model);
        press(&mut model, "1 v j G g pgdn y C R E o esc ctrl-g 5 0 % enter G w l l w k");
        for what in [MouseKind::Press, MouseKind::Drag, MouseKind::Release] {
            update(&mut model, Message::Mouse(Mouse { what, x: width.saturating_sub(1), y: height / 2 }));
        }
        press(&mut model, "/ n e t enter n N esc esc");
    }
}
