//! The screen driven by keys over a scripted session.

mod replies;

use super::world::World;
use super::*;
use crate::document::{Document, Match, Span};
use crate::protocol::{BudgetChoice, Fact, Input, JobId};

fn press(model: &mut Model, keys: &str) -> Vec<Command> {
    keys.split(' ').flat_map(|key| update(model, Message::Key(key.parse().unwrap()))).collect()
}

fn type_in(model: &mut Model, words: &str) {
    for character in words.chars() {
        update(model, Message::Key(Key::plain(KeyCode::Char(character))));
    }
}

fn notice(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

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
            citations[1].located.as_mut().unwrap().how = Match::Normalised;
        }
    }
    let model = world.model(120, 40);
    let told: Vec<String> = model.answers.rows.iter().map(Row::text).filter(|text| text.starts_with('[')).collect();
    assert!(told[0].contains("exact") && told[1].contains("nearly") && told[2].contains("NOT FOUND"), "{told:?}");
}

#[test]
fn a_job_opens_to_its_details_and_jumps_to_its_citation() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 g j j enter");
    assert!(matches!(model.overlay, Some(Overlay::Job { job: JobId { round: 1, index: 2 }, .. })));
    press(&mut model, "enter");
    assert!(model.overlay.is_none());
    assert_eq!(highlighted(&model), Some("Net income for the year ended 31 December 2023 was $48.2 million"));
}

#[test]
fn a_job_whose_citation_is_not_found_shows_its_chunk_and_says_so() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 g");
    for _ in 0..8 {
        press(&mut model, "down");
    }
    press(&mut model, "o");
    assert!(model.document.highlight.unwrap().located.is_none());
    assert!(notice(&model).contains("NOT FOUND"));
}

#[test]
fn only_a_job_in_flight_can_be_cancelled() {
    let mut model = World::new().half().model(120, 40);
    assert_eq!(press(&mut model, "3 G x"), [Command::CancelJob(JobId { round: 1, index: 15 })]);
    assert_eq!(press(&mut model, "g x"), []);
    assert!(notice(&model).contains("ended already"));
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
fn the_list_of_jobs_can_be_narrowed() {
    let mut model = World::new().half().model(120, 40);
    let counts: Vec<usize> = (0..4)
        .map(|_| {
            let count = model.listed_jobs().len();
            press(&mut model, "3 f");
            count
        })
        .collect();
    assert_eq!(counts, [16, 3, 7, 3]);
    assert_eq!(model.jobs.filter, Filter::All);
}

#[test]
fn replay_keys_steer_the_player_and_not_the_run() {
    let mut model = World::new().half().model(120, 40);
    update(&mut model, Message::Player(Player { position: 4, len: 40, speed: 1.0, ..Player::default() }));
    let replay = |command| Command::Replay(command);
    assert_eq!(
        press(&mut model, "space ] [ } > < 0 $"),
        [
            replay(ReplayCommand::TogglePlay),
            replay(ReplayCommand::Step { unit: Unit::Record, forward: true }),
            replay(ReplayCommand::Step { unit: Unit::Record, forward: false }),
            replay(ReplayCommand::Step { unit: Unit::Round, forward: true }),
            replay(ReplayCommand::Faster),
            replay(ReplayCommand::Slower),
            replay(ReplayCommand::Seek(0)),
            replay(ReplayCommand::Seek(40)),
        ]
    );
    assert_eq!(press(&mut model, "3 G x"), []);
    assert_eq!(press(&mut model, "q"), [Command::Quit]);
}

#[test]
fn pressing_the_scrubber_seeks() {
    let mut model = World::new().half().model(120, 40);
    update(&mut model, Message::Player(Player { position: 4, len: 400, speed: 1.0, ..Player::default() }));
    let track = model.layout().scrubber;
    let (begin, cells) = scrubber_track(track.width);
    let mut at = |x| update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x, y: track.y }));
    assert_eq!(at(begin), [Command::Replay(ReplayCommand::Seek(0))]);
    assert_eq!(at(begin + cells - 1), [Command::Replay(ReplayCommand::Seek(400))]);
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
fn a_seek_shows_what_was_known_then() {
    let mut world = World::new();
    world.start();
    let early = world.state.clone();
    world.whole();
    let mut model = world.model(120, 40);
    update(&mut model, Message::Player(Player { position: 2, len: 90, speed: 1.0, ..Player::default() }));
    update(
        &mut model,
        Message::World { seq: 2, began_ms: 100, at_ms: 600, state: Box::new(early.clone()), load: Load::default() },
    );
    assert_eq!(model.state, early);
    assert!(model.answers.rows.is_empty());
    assert_eq!(model.elapsed_ms(), 500);
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
    assert_eq!(model.place_of(Some(&chunk)), "2:@2");
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

/// A screen whose session waits at its budget.
fn at_the_budget() -> (World, Model) {
    let mut world = World { budget_usd: 0.02, ..World::new() };
    world.start();
    let model = world.model(80, 24);
    assert!(matches!(model.overlay, Some(Overlay::Budget)));
    (world, model)
}

#[test]
fn at_a_reached_budget_each_key_passes_its_choice_on() {
    let choice = |keys: &str| press(&mut at_the_budget().1, keys);
    assert_eq!(choice("o"), [Command::Budget(BudgetChoice::Once)]);
    assert_eq!(choice("x"), [Command::Budget(BudgetChoice::Stop)]);
    assert_eq!(choice("esc"), []);
    assert_eq!(choice("esc B o"), [Command::Budget(BudgetChoice::Once)], "one can look around first");
    assert_eq!(choice("r esc x"), [Command::Budget(BudgetChoice::Stop)], "the amount goes back to the choice");
    let (_, mut model) = at_the_budget();
    press(&mut model, "r ctrl-u");
    type_in(&mut model, "0.01");
    assert_eq!(press(&mut model, "enter"), []);
    assert!(notice(&model).contains("at least"), "{}", notice(&model));
    press(&mut model, "ctrl-u");
    type_in(&mut model, "1.5");
    assert_eq!(press(&mut model, "enter"), [Command::Budget(BudgetChoice::Raise { to_usd: 1.5 })]);
}

#[test]
fn a_reached_budget_and_a_failed_run_wait_until_what_is_typed_is_closed() {
    let (mut world, mut model) = at_the_budget();
    world.input(Input::Budget(BudgetChoice::Raise { to_usd: 1.0 }));
    world.feed(&mut model);
    press(&mut model, "A w h");
    let reached = world.facts.iter().find(|fact| matches!(fact, Fact::BudgetReached(_))).unwrap().clone();
    let seq = model.seq + 1;
    update(&mut model, Message::Fact { seq, at_ms: 0, fact: Box::new(reached) });
    assert!(notice(&model).contains("budget"), "{}", notice(&model));
    assert_eq!(press(&mut model, "o"), [], "a letter of the note is no choice");
    assert!(matches!(&model.overlay, Some(Overlay::Note { input, .. }) if input.text == "who"));
    assert!(matches!(press(&mut model, "enter")[..], [Command::Note { .. }]));
    assert!(matches!(model.overlay, Some(Overlay::Budget)));
    press(&mut model, "esc A w");
    update(&mut model, Message::RunEnded { error: Some("the disk is full".into()) });
    assert!(matches!(&model.overlay, Some(Overlay::Note { input, .. }) if input.text == "w"));
    press(&mut model, "esc");
    assert!(matches!(&model.overlay, Some(Overlay::Text { text, .. }) if text == "the disk is full"));
    press(&mut model, "esc");
    assert!(model.overlay.is_none());
}

#[test]
fn a_raised_budget_takes_the_question_away_and_the_run_goes_on() {
    let (mut world, mut model) = at_the_budget();
    assert_eq!(headline(&model).word, "paused");
    world.input(Input::Budget(BudgetChoice::Raise { to_usd: 1.0 }));
    world.feed(&mut model);
    assert!(model.overlay.is_none());
    assert_eq!(headline(&model).word, "planning");
    press(&mut model, "B");
    assert_eq!(notice(&model), "no budget is reached");
}

#[test]
fn a_replay_shows_the_pause_and_asks_nothing() {
    let (world, _) = at_the_budget();
    let mut model = Model::new(vec![world.document.clone()], Mode::Replay(Player::default()));
    world.feed(&mut model);
    assert_eq!((headline(&model).word, model.overlay.is_none()), ("paused", true));
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

/// The rows of the table as job indexes.
fn listed(model: &Model) -> Vec<u32> {
    model.listed_jobs().to_vec()
}

#[test]
fn one_key_sorts_the_jobs_and_the_cursor_stays_with_its_job() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 g j j s");
    assert_eq!(model.jobs.sort, Sort::State);
    assert_eq!(listed(&model)[..8], [10, 11, 7, 12, 13, 14, 15, 5], "running, waiting, then trouble");
    press(&mut model, "s s");
    assert_eq!((model.jobs.sort, &listed(&model)[..3]), (Sort::Task, &[0, 2, 4][..]));
    press(&mut model, "s");
    assert_eq!(listed(&model)[0], 6, "two attempts took the most tokens");
    press(&mut model, "j j");
    let job = model.selected_job();
    let mut world = World::new();
    world.half();
    world.answered(10, "one", "no such words");
    // The job that ended goes up by its tokens; the cursor does not stay on the row but on the job.
    world.feed(&mut model);
    assert_eq!(model.selected_job(), job);
    press(&mut model, "s s");
    assert_eq!(model.jobs.sort, Sort::Order);
}

#[test]
fn jobs_are_narrowed_to_a_task_and_to_what_is_typed() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 g j T");
    assert_eq!(listed(&model), [1, 3, 5, 7, 9, 11, 13, 15]);
    press(&mut model, "T F");
    assert!(matches!(model.overlay, Some(Overlay::Search(_))));
    type_in(&mut model, "figure 48");
    press(&mut model, "esc F");
    type_in(&mut model, "million");
    press(&mut model, "enter");
    assert_eq!(listed(&model), [2, 8]);
    assert_eq!(model.jobs_narrowed(), "\"million\"");
    press(&mut model, "F");
    assert_eq!(listed(&model).len(), 16);
    press(&mut model, "F");
    assert_eq!(listed(&model), [2, 8], "the search that was made is the one that narrows");
}

#[test]
fn only_jobs_in_trouble_are_tried_again_and_a_refusal_says_why() {
    let job = |index| JobId { round: 1, index };
    let mut world = World::new();
    let mut model = world.half().model(120, 40);
    press(&mut model, "3 g j j j j j");
    assert_eq!(press(&mut model, "R"), [Command::RetryJobs(vec![job(5)])]);
    assert_eq!(press(&mut model, "ctrl-r"), [Command::RetryJobs(vec![job(5), job(6), job(9)])]);
    assert_eq!(press(&mut model, "enter R"), [Command::RetryJobs(vec![job(5)])], "and from its details");
    press(&mut model, "esc g R");
    assert_eq!(notice(&model), "job 1.0 abstained; only jobs in trouble are tried again");
    press(&mut model, "G R");
    assert_eq!(notice(&model), "job 1.15 has not ended yet");
    world.input(Input::RetryJobs(vec![job(5), job(9)]));
    world.answered(5, "again", "nowhere");
    world.feed(&mut model);
    let retried = model.state.job(job(5)).unwrap();
    assert_eq!((retried.attempt(), retried.outcome().unwrap().name()), (2, "answered"));
    press(&mut model, "g j j j j j enter");
    let Some(Overlay::Job { rows, .. }) = &model.overlay else { panic!() };
    let told: Vec<String> = rows.rows.iter().map(Row::text).collect();
    let told = told.join("\n");
    for words in
        ["attempt 2", "failed, and tried again at your word", "closed the connection", "raw reply", "<excerpt>"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let mut done = World::new().whole().model(120, 40);
    assert_eq!(press(&mut done, "3 ctrl-r"), []);
    assert_eq!(notice(&done), "no run is in flight");
}

#[test]
fn a_round_that_has_aggregated_takes_no_job_back() {
    let mut world = World::new();
    world.half();
    world.job(7, "{", None);
    for index in 10..16 {
        world.abstained(index);
    }
    let mut model = world.model(120, 40);
    assert!(model.is_running());
    let refused = "round 1 has gone on to aggregate; its jobs stand as they are";
    for keys in ["3 g j j j j j R", "ctrl-r"] {
        assert_eq!(press(&mut model, keys), []);
        assert_eq!(notice(&model), refused);
        press(&mut model, "esc");
    }
}

#[test]
fn in_the_grid_keys_go_from_cell_to_cell_and_open_their_jobs() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 v");
    assert_eq!(model.selected_job(), Some(JobId { round: 1, index: 7 }), "the work is followed");
    press(&mut model, "g h l l j");
    assert_eq!(model.grid_cursor(), Cell { chunk: 4, task: 1 });
    press(&mut model, "h h h");
    assert_eq!(model.selected_job(), Some(JobId { round: 1, index: 3 }));
    press(&mut model, "enter");
    assert!(matches!(model.overlay, Some(Overlay::Job { job: JobId { round: 1, index: 3 }, .. })));
    press(&mut model, "esc f");
    assert_eq!(model.job_grid().best(Cell { chunk: 0, task: 0 }), None, "only the answered are left");
    press(&mut model, "f f f l l j k o");
    assert_eq!(model.focus, Pane::Document);
}

#[test]
fn the_ends_of_a_loop_are_set_where_the_replay_stands_and_cleared() {
    let mut model = World::new().half().model(120, 40);
    let at = |model: &mut Model, position, repeat| {
        let player = Player { position, len: 40, repeat, speed: 1.0, ..Player::default() };
        update(model, Message::Player(player));
    };
    let repeat = |from, to| [Command::Replay(ReplayCommand::Repeat(from, to))];
    at(&mut model, 4, (None, None));
    assert_eq!(press(&mut model, "("), repeat(Some(4), None));
    at(&mut model, 9, (Some(4), None));
    assert_eq!(press(&mut model, ")"), repeat(Some(4), Some(9)));
    at(&mut model, 12, (Some(4), Some(9)));
    assert_eq!(press(&mut model, "("), repeat(Some(12), None), "an end that is passed gives way");
    assert_eq!(press(&mut model, "|"), repeat(None, None));
}

#[test]
fn the_knob_is_dragged_as_far_as_the_button_is_held() {
    let mut model = World::new().half().model(120, 40);
    update(&mut model, Message::Player(Player { position: 4, len: 400, speed: 1.0, ..Player::default() }));
    let track = model.layout().scrubber;
    let (begin, cells) = scrubber_track(track.width);
    let mut mouse = |what, x, y| update(&mut model, Message::Mouse(Mouse { what, x, y }));
    let to = |position| [Command::Replay(ReplayCommand::Seek(position))];
    assert_eq!(mouse(MouseKind::Drag, begin, track.y), [], "it was not taken");
    assert_eq!(mouse(MouseKind::Press, begin, track.y), to(0));
    assert_eq!(mouse(MouseKind::Drag, begin + cells - 1, track.y - 3), to(400), "the mouse need not keep the line");
    assert_eq!(mouse(MouseKind::Drag, 119, track.y), to(400));
    assert_eq!(mouse(MouseKind::Release, 119, track.y), []);
    assert_eq!(mouse(MouseKind::Drag, begin, track.y), []);
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

#[test]
fn nothing_moves_while_the_run_waits_for_the_person() {
    let (_, model) = at_the_budget();
    assert!(model.is_running() && !model.is_busy() && !model.is_moving());
}
