//! The screen driven by keys over a scripted session.

mod budget;
mod gates;
mod jobs;
mod replay;
mod replies;
mod steering;

use super::world::{World, notice, press, type_in};
use super::*;
use crate::document::{Document, Match, Span};
use crate::protocol::redact::{Redactor, Rules};
use crate::protocol::{BudgetChoice, Fact, Input, JobId};

fn highlighted(model: &Model) -> Option<&str> {
    let span = model.document.highlight?.span;
    model.documents[span.document].document.slice(span.start, span.end)
}

/// The text of the row under the cursor in Answers.
fn under_cursor(model: &Model) -> String {
    model.answers.rows[model.answers.cursor].text()
}

#[test]
fn tab_and_numbers_move_the_focus() {
    let mut model = World::new().half().model(80, 24);
    assert_eq!(model.focus, Pane::Answers);
    press(&mut model, "tab");
    assert_eq!(model.focus, Pane::Document);
    press(&mut model, "backtab backtab");
    assert_eq!(model.focus, Pane::Jobs);
    press(&mut model, "2");
    assert_eq!(model.focus, Pane::Planner);
}

#[test]
fn enter_on_a_citation_opens_the_document_at_its_words() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut model = World::new().whole().model(width, height);
        press(&mut model, "/");
        type_in(&mut model, "[1]");
        press(&mut model, "enter enter");
        assert_eq!(model.focus, Pane::Document);
        let words = "Net income for the year ended 31 December 2023 was $48.2 million";
        assert_eq!(highlighted(&model), Some(words));
        let open = model.shown_document().unwrap();
        let rows = open.lines.visible(&open.document, model.document.top, model.text_width(), height.into());
        let start = model.document.highlight.unwrap().span.start;
        let in_sight = rows.iter().any(|row| matches!(row, DocumentRow::Text { bytes, .. } if bytes.contains(&start)));
        assert!(in_sight, "{width}x{height}");
        press(&mut model, "b");
        assert_eq!(model.focus, Pane::Answers);
        assert!(under_cursor(&model).contains("[1]"));
    }
}

/// An answer whose first citation stands in two more places.
fn with_places(width: u16, height: u16) -> (Model, Vec<usize>) {
    let mut world = World::new();
    world.whole();
    for fact in &mut world.facts {
        if let Fact::Answered { citations, .. } = fact {
            let located = citations[0].located.as_mut().unwrap();
            located.elsewhere = crate::document::Elsewhere {
                spans: vec![Span::new(0, 5, 20), Span::new(0, 40, 60)],
                count: 2,
                or_more: false,
            };
        }
    }
    let model = world.model(width, height);
    let located = model.state.answer.as_ref().unwrap().citations[0].located.as_ref().unwrap();
    let starts = located.places().map(|span| span.start).collect();
    (model, starts)
}

#[test]
fn the_places_of_a_citation_are_listed_and_gone_through() {
    let (mut model, starts) = with_places(120, 40);
    let told: Vec<String> = model
        .answers_pane()
        .rows
        .iter()
        .map(|row| super::panes::planner::words_of(std::slice::from_ref(row)))
        .collect();
    assert!(told.iter().any(|row| row.contains("1 of 3 places")), "{told:#?}");
    assert_eq!(told.iter().filter(|row| row.contains("also ")).count(), 2, "{told:#?}");
    let at = |model: &Model| model.document.highlight.map(|highlight| highlight.span.start);
    press(&mut model, "4 /");
    type_in(&mut model, "[1]");
    press(&mut model, "enter enter");
    assert_eq!(at(&model), Some(starts[0]));
    assert!(notice(&model).starts_with("place 1 of 3"), "{}", notice(&model));
    for (keys, place) in [("n", 1), ("n", 2), ("n", 0), ("N", 2)] {
        press(&mut model, keys);
        assert_eq!(at(&model), Some(starts[place]), "{keys}");
    }
    // From the Answers pane Enter goes on with the next one.
    press(&mut model, "b enter");
    assert_eq!(at(&model), Some(starts[0]));
    press(&mut model, "b enter");
    assert_eq!(at(&model), Some(starts[1]));
    // A step to what was cited is none to the citation's next place.
    press(&mut model, "C");
    assert!(model.document.highlight.unwrap().how.is_none());
}

#[test]
fn what_left_is_listed_by_request_and_leads_to_its_passage() {
    let mut model = World::new().whole().model(120, 40);
    press(&mut model, "W");
    let picker = model.picker().expect("the list is open");
    assert_eq!(picker.groups.len(), model.account.exposed.len());
    press(&mut model, "enter");
    assert_eq!((model.focus, model.document.highlight.unwrap().span), (Pane::Document, Span::new(0, 0, 164)));
}

#[test]
fn what_left_is_listed_as_it_left() {
    let mut model = World::new().whole().model(120, 40);
    let words = model.passage(Span::new(0, 0, 164)).unwrap().split_whitespace().next().unwrap().to_owned();
    let rules = Rules { names: vec![words.clone()], ..Rules::default() };
    model.state.redactor = Redactor::open(&rules, std::iter::once(words.as_str()));
    press(&mut model, "W");
    let row = model.picker().unwrap().groups.iter().find_map(|group| group.rows.first()).unwrap();
    assert!(row.cells[0].starts_with("NAME_1"), "{:?}", row.cells);
    assert!(row.about.contains("NAME_1") && !row.about.contains(&words), "{:?}", row.about);
}

#[test]
fn a_citation_that_stands_nowhere_says_so_and_highlights_nothing() {
    let mut model = World::new().whole().model(80, 24);
    press(&mut model, "/");
    type_in(&mut model, "NOT FOUND");
    press(&mut model, "enter enter");
    assert_eq!((model.focus, highlighted(&model)), (Pane::Answers, None));
    assert!(notice(&model).starts_with("NOT FOUND"), "{}", notice(&model));
}

#[test]
fn a_nearly_found_citation_is_marked_as_such() {
    let mut world = World::new();
    world.whole();
    for fact in &mut world.facts {
        if let Fact::Answered { citations, .. } = fact {
            citations[1].located.as_mut().unwrap().how = Match::Fuzzy;
        }
    }
    let model = world.model(120, 40);
    let told: Vec<String> = model.answers.rows.iter().map(Row::text).filter(|text| text.starts_with('[')).collect();
    assert!(told[0].contains("exact") && told[1].contains("nearly") && told[2].contains("NOT FOUND"), "{told:?}");
}

#[test]
fn leaving_asks_while_work_is_in_flight() {
    let mut model = World::new().half().model(80, 24);
    assert_eq!(press(&mut model, "q"), []);
    assert!(matches!(model.overlay, Some(Overlay::Quit)));
    assert_eq!(press(&mut model, "n"), []);
    assert!(model.overlay.is_none());
    assert_eq!(press(&mut model, "ctrl-c y"), [Command::StopRun, Command::Quit]);
    let mut done = World::new().whole().model(80, 24);
    assert_eq!(press(&mut done, "q"), [Command::Quit]);
    // A run that ends while it is asked takes the question with it, and says so.
    press(&mut model, "q");
    update(&mut model, Message::RunEnded { error: None });
    assert!(model.overlay.is_none() && notice(&model).contains("q leaves"), "{}", notice(&model));
    assert_eq!(press(&mut model, "q"), [Command::Quit]);
}

#[test]
fn escape_never_leaves_the_program_and_closes_one_thing_at_a_time() {
    let mut model = World::new().half().model(80, 24);
    press(&mut model, "?");
    assert_eq!(press(&mut model, "esc esc esc esc"), []);
    assert!(model.overlay.is_none());
}

#[test]
fn stopping_the_run_asks_first() {
    let mut model = World::new().half().model(80, 24);
    assert_eq!(press(&mut model, "X n"), []);
    assert_eq!(press(&mut model, "X enter"), [Command::StopRun]);
    let mut done = World::new().whole().model(80, 24);
    press(&mut done, "X");
    assert!(done.overlay.is_none());
}

#[test]
fn a_blank_question_is_refused_and_a_written_one_is_asked() {
    let mut model = World::new().model(80, 24);
    assert_eq!(press(&mut model, "a space enter"), [Command::EarlierQuestions]);
    assert!(matches!(model.overlay, Some(Overlay::Question(_))));
    type_in(&mut model, "Who?");
    update(&mut model, Message::Paste("\nand why".into()));
    assert_eq!(press(&mut model, "enter"), [Command::Ask { question: "Who?\nand why".into(), part: None }]);
}

#[test]
fn searching_the_document_steps_through_matches_in_a_circle() {
    let mut model = World::new().model(80, 24);
    press(&mut model, "1 /");
    type_in(&mut model, "net income");
    press(&mut model, "enter");
    assert_eq!(model.search.tally(), "1 of 2");
    let first = model.document.top;
    press(&mut model, "n");
    assert!(model.document.top > first);
    press(&mut model, "n");
    assert_eq!((model.search.tally().as_str(), model.document.top), ("1 of 2", first));
    press(&mut model, "esc n");
    assert!(notice(&model).contains("press / first"));
}

#[test]
fn vim_and_arrow_keys_scroll_alike() {
    let mut vim = World::new().whole().model(80, 24);
    let mut arrows = vim.clone();
    press(&mut vim, "1 j j j k ctrl-f ctrl-b G g l h");
    press(&mut arrows, "1 down down down up pgdn pgup end home right left");
    assert_eq!(vim.document.top, arrows.document.top);
    press(&mut vim, "G");
    let open = vim.shown_document().unwrap();
    assert_eq!(
        vim.document.top,
        open.lines.last_top(&open.document, vim.text_width(), vim.inside(Pane::Document).height.into())
    );
}

#[test]
fn long_lines_can_be_left_unwrapped_and_a_jump_brings_the_words_into_sight() {
    let mut model = World::new().whole().model(80, 24);
    press(&mut model, "1 w l l");
    assert_eq!((model.document.unwrapped, model.document.left), (true, 16));
    press(&mut model, "/");
    type_in(&mut model, "compared with");
    press(&mut model, "enter");
    assert!(model.document.left > 0);
    press(&mut model, "w");
    assert_eq!((model.document.unwrapped, model.document.left), (false, 0));
}

#[test]
fn the_planner_follows_what_comes_until_it_is_scrolled() {
    let mut world = World::new();
    let mut model = world.start().model(80, 24);
    press(&mut model, "2");
    world.plan();
    world.feed(&mut model);
    assert_eq!(model.planner.rows.cursor, model.planner.rows.rows.len() - 1);
    press(&mut model, "k k");
    let at = model.planner.rows.cursor;
    for index in 0..16 {
        world.abstained(index);
    }
    world.feed(&mut model);
    assert_eq!(model.planner.rows.cursor, at);
    press(&mut model, "G");
    assert!(model.planner.rows.follow);
}

#[test]
fn prompts_are_folded_until_they_are_opened() {
    let mut model = World::new().half().model(120, 40);
    let before = model.planner.rows.rows.len();
    press(&mut model, "2 g");
    while !model.planner.rows.rows[model.planner.rows.cursor].text().contains("prompt") {
        press(&mut model, "j");
    }
    press(&mut model, "enter");
    assert!(model.planner.rows.rows.len() > before + 5);
    press(&mut model, "enter");
    assert_eq!(model.planner.rows.rows.len(), before);
}

#[test]
fn pressing_a_pane_or_a_tab_gives_it_the_focus() {
    let mut model = World::new().half().model(80, 24);
    update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x: 45, y: 1 }));
    assert_eq!(model.focus, Pane::Jobs);
    update(&mut model, Message::Resize { width: 120, height: 40 });
    update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x: 3, y: 10 }));
    assert_eq!(model.focus, Pane::Document);
    let top = model.document.top;
    update(&mut model, Message::Mouse(Mouse { what: MouseKind::ScrollDown, x: 3, y: 10 }));
    assert!(model.document.top > top);
}

#[test]
fn what_is_selected_is_copied() {
    let mut model = World::new().whole().model(120, 40);
    assert_eq!(
        press(&mut model, "4 y"),
        [Command::Copy("Net income was $48.2 million in 2023, up from $39.7 million in 2022.".into())]
    );
    assert_eq!(press(&mut model, "1 y"), []);
    assert!(notice(&model).contains("nothing is selected"));
}

#[test]
fn in_the_planner_the_whole_prompt_or_reply_is_copied() {
    let mut model = World::new().whole().model(120, 40);
    let copied = |model: &mut Model, keys| match press(model, keys).as_slice() {
        [Command::Copy(text)] => text.clone(),
        other => panic!("{other:?}"),
    };
    assert!(copied(&mut model, "2 g j y").starts_with("Look for net income"));
    assert!(copied(&mut model, "j y").contains(world::QUESTION));
    assert!(copied(&mut model, "j y").starts_with("Look for net income"));
}

#[test]
fn at_no_size_does_a_hidden_pane_break() {
    let mut model = World::new().whole().model(0, 0);
    press(&mut model, "1 G j k ctrl-d pgup / enter n z 2 G j enter 3 G o 4 G enter ? j esc");
    update(&mut model, Message::Resize { width: 120, height: 40 });
    press(&mut model, "1 j k");
}

#[test]
fn the_theme_key_goes_round() {
    let mut model = World::new().model(80, 24);
    for next in ["light", "dark"] {
        let [Command::Settings(config), Command::Theme(theme)] = &press(&mut model, "t")[..] else {
            panic!("no theme")
        };
        assert_eq!((theme.as_str(), config.screen.theme.as_str()), (next, next));
        assert_eq!(model.settings.value("screen.theme").unwrap(), next, "the settings tell of it");
    }
}

#[test]
fn tints_show_only_where_they_are_wanted() {
    let mut model = World::new().whole().model(80, 24);
    let cited = model.marks.cited[0];
    assert!(model.marks_of(cited.start, cited.end).cited);
    press(&mut model, "c");
    assert!(!model.marks_of(cited.start, cited.end).cited);
}

#[test]
fn documents_are_paged_through_and_places_name_theirs() {
    let documents = vec![world::report(), Document::from_text("second.txt", "a\nb\n")];
    let mut model = Model::new(documents, Mode::Live { running: false });
    press(&mut model, "1 l");
    assert_eq!(model.document.shown, 1);
    press(&mut model, "l h");
    assert_eq!(model.document.shown, 0);
    let chunk = crate::protocol::Chunk::Span(Span::new(1, 2, 3));
    assert_eq!(model.place_of(Some(&chunk)), "2:L2");
}

#[test]
fn a_run_without_documents_at_hand_is_still_shown() {
    let mut world = World::new();
    world.whole();
    let mut model = Model::new(Vec::new(), Mode::Live { running: false });
    world.feed(&mut model);
    press(&mut model, "/");
    type_in(&mut model, "[1]");
    press(&mut model, "enter enter");
    assert!(notice(&model).contains("not at hand"));
}

#[test]
fn a_wait_before_the_next_try_is_counted_down() {
    let mut world = World::new();
    world.start().fail(8_000);
    let mut model = world.model(80, 24);
    let failed_ms = model.at_ms;
    let mut left = |passed_ms: u64| {
        update(&mut model, Message::Tick { now_ms: failed_ms + passed_ms });
        (model.retry_in_ms(), headline(&model).detail)
    };
    assert_eq!(left(1), (Some(7_999), "the request failed; trying again in 8 s".into()));
    assert_eq!(left(7_500).1, "the request failed; trying again in 1 s");
    assert_eq!(left(8_000), (Some(0), "waiting for the planner to advise".into()));
}

#[test]
fn a_round_says_what_its_calls_cost_where_a_model_gave_the_replies() {
    let heading = |is_model: bool| {
        let mut world = World::new();
        world.half();
        if let Fact::SessionOpened(opened) = &mut world.facts[0] {
            opened.remote.is_model = is_model;
        }
        let model = world.model(120, 40);
        let rows: Vec<String> = model.planner.rows.rows.iter().map(Row::text).collect();
        rows.into_iter().find(|row| row.starts_with("Round 1")).unwrap()
    };
    assert_eq!(heading(false), "Round 1");
    assert_eq!(heading(true), "Round 1 · 2 calls · ≈ $0.0104");
}

#[test]
fn a_sequence_waits_for_its_next_key_and_ends_with_one_that_is_none_of_it() {
    let mut model = World::new().whole().model(120, 40);
    press(&mut model, "ctrl-w");
    assert_eq!(model.pending.len(), 1);
    assert_eq!(press(&mut model, "m"), [Command::Mouse(false)]);
    assert!(model.pending.is_empty() && notice(&model).contains("the terminal's"));
    press(&mut model, "ctrl-w q");
    assert!(model.pending.is_empty() && model.overlay.is_none(), "q alone would have left");
    press(&mut model, "ctrl-w esc 2");
    assert_eq!(model.focus, Pane::Planner);
}

#[test]
fn what_was_written_in_the_editor_is_the_question() {
    let mut model = World::new().model(120, 40);
    press(&mut model, "a");
    type_in(&mut model, "What");
    assert_eq!(press(&mut model, "ctrl-g"), [Command::Edit("What".into())]);
    update(&mut model, Message::Edited("What was\nthe \u{1b}[31mmargin?\n".into()));
    assert_eq!(press(&mut model, "enter"), [Command::Ask { question: "What was\nthe [31mmargin?".into(), part: None }]);
    update(&mut model, Message::Edited("too late".into()));
}
