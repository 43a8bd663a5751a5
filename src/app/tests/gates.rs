//! Step mode on the screen: what each key does at each gate.

use super::*;
use crate::protocol::{Gate, GateChoice, Gates, Redaction, RunTo, Settings};

fn say(n: u32, choice: GateChoice) -> Vec<Command> {
    vec![Command::AtGate { n, choice }]
}

/// Waits at its first request.
fn at_request() -> (World, Model) {
    let mut world = World { gates: Gates::all(), ..World::new() };
    world.start();
    let model = world.model(80, 24);
    assert!(matches!(model.overlay, Some(Overlay::Gate(_))));
    (world, model)
}

fn at_code() -> Model {
    let mut world = World { gates: [Gate::Code].into_iter().collect(), ..World::new() };
    world.start().plan();
    world.model(120, 40)
}

/// Waits with its outputs; `n` is 1.
fn at_outputs() -> (World, Model) {
    let mut world = World::new();
    world.half().input(Input::ChooseGates(Gates::all())).outputs();
    let model = world.model(120, 40);
    (world, model)
}

fn shown(model: &Model) -> String {
    let Some(Overlay::Gate(form)) = &model.overlay else { panic!("no gate is open") };
    form.rows.rows.iter().map(|row| row.text() + "\n").collect()
}

fn put_cursor_on(model: &mut Model, words: &str) {
    let Some(Overlay::Gate(form)) = &mut model.overlay else { panic!("no gate is open") };
    form.rows.cursor = form.rows.rows.iter().position(|row| row.text().contains(words)).unwrap();
}

#[test]
fn a_request_shows_its_bytes_its_cost_and_what_it_exposes() {
    let mut world = World::new();
    world.half().input(Input::ChooseGates(Gates::all())).outputs().say(GateChoice::Pass);
    let model = world.model(160, 50);
    let shown = shown(&model);
    for words in ["to think", "tokens in", "at most", "message 2 of 2, user", "higher volumes, lower fuel cost"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert!(shown.contains("It exposes no passage of the documents."), "{shown}");
}

#[test]
fn a_request_with_words_of_a_document_shows_which() {
    let words = "Net income for the year ended 31 December 2023 was $48.2 million";
    let (mut world, _) = at_outputs();
    world.say(GateChoice::EditOutputs { text: words.into() }).say(GateChoice::Pass);
    let shown = shown(&world.model(160, 50));
    assert!(shown.contains("It would expose, to a model, 1 passage of the documents, 65 B"), "{shown}");
    assert!(shown.contains(&format!(" {words}\n\nmessage 1")), "{shown}");
}

#[test]
fn what_is_done_at_a_gate_names_it() {
    let choice = |keys: &str| press(&mut at_request().1, keys);
    assert_eq!(choice("p"), say(1, GateChoice::Pass));
    assert_eq!(choice("R"), [Command::RunOn { to: RunTo::NextRound, n: Some(1) }]);
    assert_eq!(choice("E"), [Command::RunOn { to: RunTo::End, n: Some(1) }]);
    assert_eq!(choice("X"), [Command::StopRun]);
    assert_eq!(choice("b r d space"), [], "those are keys of other gates");
    assert_eq!(choice("esc P p"), say(1, GateChoice::Pass), "one can look around first");
}

#[test]
fn enter_passes_no_gate_and_says_what_does() {
    let (_, mut model) = at_request();
    assert_eq!(press(&mut model, "enter"), []);
    assert!(matches!(model.overlay, Some(Overlay::Gate(_))), "it stays open");
    assert!(notice(&model).contains("p passes") && notice(&model).contains("? lists"), "{}", notice(&model));
}

#[test]
fn all_keys_of_a_gate_are_listed_at_it() {
    let (_, mut model) = at_request();
    press(&mut model, "j ?");
    let Some(Overlay::Help(pane)) = &model.overlay else { panic!("no list is open") };
    assert_eq!(pane.rows[0].text(), "At a gate", "those of the place come first");
    let cursor = match &model.beneath {
        Some(Overlay::Gate(form)) => form.rows.cursor,
        _ => panic!("the gate waits beneath"),
    };
    press(&mut model, "esc");
    assert!(matches!(&model.overlay, Some(Overlay::Gate(form)) if form.rows.cursor == cursor), "back where it was");
    assert_eq!(press(&mut model, "? ? p"), say(1, GateChoice::Pass));
}

#[test]
fn a_gate_that_was_put_aside_is_told_of_by_the_keys_that_lead_back_to_it() {
    let (_, mut model) = at_request();
    press(&mut model, "esc s");
    assert!(notice(&model).contains("P comes back to it"), "{}", notice(&model));
    assert_eq!(press(&mut model, "p"), [], "a run that waits is not paused");
    assert!(matches!(model.overlay, Some(Overlay::Gate(_))));
    assert!(notice(&model).contains("waits at this gate; p passes it"), "{}", notice(&model));
    assert_eq!(press(&mut model, "p"), say(1, GateChoice::Pass));
}

#[test]
fn a_message_of_the_request_is_edited_in_place_and_in_the_editor() {
    let (_, mut model) = at_request();
    press(&mut model, "G e");
    assert!(matches!(&model.overlay, Some(Overlay::GateText(form)) if form.what == GateEdit::Message(1)));
    press(&mut model, "ctrl-u");
    type_in(&mut model, "Please: ");
    let done = press(&mut model, "enter");
    let [Command::AtGate { n: 1, choice: GateChoice::EditRequest { message: 1, text } }] = done.as_slice() else {
        panic!("{done:?}")
    };
    assert!(text.starts_with("Please: ") && text.contains("net income of Harbour"));

    let (_, mut model) = at_request();
    let edit = press(&mut model, "G e ctrl-g");
    let [Command::Edit(before)] = edit.as_slice() else { panic!("{edit:?}") };
    assert_eq!(update(&mut model, Message::Edited(format!("{before}\n"))), [], "nothing was changed");
    assert!(matches!(model.overlay, Some(Overlay::Gate(_))));
    press(&mut model, "G e");
    let done = update(&mut model, Message::Edited("Other\tword\n".into()));
    assert_eq!(done, say(1, GateChoice::EditRequest { message: 1, text: "Other\tword".into() }));
}

#[test]
fn a_program_shows_its_jobs_by_task_and_goes_back_with_words() {
    let mut model = at_code();
    let rows = shown(&model);
    for words in ["16 jobs on 8 chunks, 2 tasks", "Task 1, 8 jobs", "Task 2, 8 jobs", " 1.7 ", "def prepare_jobs"] {
        assert!(rows.contains(words), "{words}: {rows}");
    }
    press(&mut model, "b");
    assert_eq!(press(&mut model, "enter"), []);
    assert!(matches!(&model.overlay, Some(Overlay::GateText(form)) if form.wrong.contains("nothing is written")));
    type_in(&mut model, "fewer jobs");
    assert_eq!(press(&mut model, "enter"), say(1, GateChoice::SendBack { words: "fewer jobs".into() }));
    let mut model = at_code();
    press(&mut model, "e");
    type_in(&mut model, "#");
    let done = press(&mut model, "enter");
    assert!(
        matches!(&done[..], [Command::AtGate { n: 1, choice: GateChoice::EditProgram { source } }] if source.starts_with("#def"))
    );
}

/// The row of this job at the outputs.
fn row_of(model: &Model, job: u32) -> (usize, String) {
    let Some(Overlay::Gate(form)) = &model.overlay else { panic!("no gate is open") };
    let of = |row: &Row| matches!(row.target, Some(Target::Job(JobId { index, .. })) if index == job);
    let at = form.rows.rows.iter().position(of).unwrap();
    (at, form.rows.rows[at].text())
}

fn tick(model: &mut Model, job: u32) {
    let at = row_of(model, job).0;
    let Some(Overlay::Gate(form)) = &mut model.overlay else { panic!("no gate is open") };
    form.rows.cursor = at;
    assert_eq!(press(model, "space"), []);
}

fn is_ticked(model: &Model, job: u32) -> bool {
    let row = row_of(model, job).1;
    assert!(row.contains("[x] ") != row.contains("[ ] "), "{row}");
    row.contains("[x] ")
}

#[test]
fn samples_of_a_job_are_one_row_and_of_many_jobs_the_first_are_told() {
    let mut world = World { gates: [Gate::Code].into_iter().collect(), ..World::new() };
    world.start_with(Settings { samples: 3, ..Settings::default() }).plan();
    let rows = shown(&world.model(120, 40));
    assert!(rows.contains("Task 2, 24 jobs") && rows.matches(" ×3 ").count() == 16, "{rows}");
    let mut world = World { gates: [Gate::Code].into_iter().collect(), ..World::new() };
    world.start().plan_many(1_000);
    let rows = shown(&world.model(120, 40));
    assert!(rows.contains("1000 jobs on") && rows.contains("and 800 more"), "{rows}");
    let is_job = |row: &&str| {
        row.trim_start().strip_prefix("1.").is_some_and(|row| row.starts_with(|first: char| first.is_ascii_digit()))
    };
    assert_eq!(rows.lines().filter(is_job).count(), 200);
}

#[test]
fn an_output_is_dropped_by_its_tick_and_what_is_left_is_looked_at_before_it_goes_on() {
    for pass in ["p", "R", "E"] {
        let (_, mut model) = at_outputs();
        assert!(is_ticked(&model, 3));
        tick(&mut model, 3);
        assert!(!is_ticked(&model, 3) && is_ticked(&model, 2));
        assert_eq!(press(&mut model, pass), say(1, GateChoice::DropJobs { jobs: [3].into() }), "{pass}");
        assert!(notice(&model).contains("made anew"));
    }
    let (_, mut model) = at_outputs();
    tick(&mut model, 3);
    tick(&mut model, 3);
    assert!(is_ticked(&model, 3));
    assert_eq!(press(&mut model, "p"), say(1, GateChoice::Pass), "ticked again");
}

#[test]
fn ticks_stay_whatever_else_is_done_at_the_outputs() {
    for other in ["e esc", "r esc", "b esc", "e enter", "esc P"] {
        let (_, mut model) = at_outputs();
        tick(&mut model, 3);
        press(&mut model, other);
        assert!(!is_ticked(&model, 3), "{other}");
        assert_eq!(press(&mut model, "p"), say(1, GateChoice::DropJobs { jobs: [3].into() }), "{other}");
    }
    let (mut world, mut model) = at_outputs();
    tick(&mut model, 3);
    put_cursor_on(&mut model, "- 48.2");
    press(&mut model, "d");
    world.say(GateChoice::Redact(Redaction::Line("- 48.2".into())));
    world.feed(&mut model);
    assert_eq!(press(&mut model, "E"), say(2, GateChoice::DropJobs { jobs: [3].into() }));
}

#[test]
fn to_the_end_is_found_by_name_too_and_leaves_no_tick_behind() {
    let (_, mut model) = at_outputs();
    tick(&mut model, 3);
    press(&mut model, "esc");
    let done = model.perform(crate::app::Action::RunToEnd);
    assert_eq!(done, say(1, GateChoice::DropJobs { jobs: [3].into() }));
}

#[test]
fn a_line_and_a_pattern_are_redacted() {
    let (_, mut model) = at_outputs();
    put_cursor_on(&mut model, "- 48.2");
    let line = Redaction::Line("- 48.2".into());
    assert_eq!(press(&mut model, "d"), say(1, GateChoice::Redact(line)));
    let (_, mut model) = at_outputs();
    press(&mut model, "r");
    type_in(&mut model, "(");
    assert_eq!(press(&mut model, "enter"), []);
    assert!(matches!(&model.overlay, Some(Overlay::GateText(form)) if form.wrong.contains("unclosed")));
    press(&mut model, "ctrl-u");
    type_in(&mut model, r"\d+");
    assert_eq!(press(&mut model, "enter"), say(1, GateChoice::Redact(Redaction::Pattern(r"\d+".into()))));
}

#[test]
fn the_gate_comes_again_with_what_was_changed() {
    let (mut world, mut model) = at_outputs();
    put_cursor_on(&mut model, "- 48.2");
    press(&mut model, "d");
    world.say(GateChoice::Redact(Redaction::Line("- 48.2".into())));
    world.feed(&mut model);
    assert!(shown(&model).contains(Redaction::MARK), "{}", shown(&model));
    assert_eq!(press(&mut model, "p"), say(2, GateChoice::Pass));
    world.say(GateChoice::Pass);
    world.feed(&mut model);
    assert!(shown(&model).contains(Redaction::MARK), "and so does the request");
}

#[test]
fn a_gate_that_another_screen_went_on_from_is_closed_here_too() {
    let mut world = World { gates: [Gate::Code].into_iter().collect(), ..World::new() };
    world.start().plan();
    let mut model = world.model(80, 24);
    assert!(matches!(model.overlay, Some(Overlay::Gate(_))));
    world.say(GateChoice::SendBack { words: "fewer jobs".into() });
    world.feed(&mut model);
    assert!(model.overlay.is_none());
}

fn typed(model: &Model) -> (&str, &str) {
    let Some(Overlay::GateText(form)) = &model.overlay else { panic!("nothing is typed at a gate") };
    (&form.input.text, &form.wrong)
}

#[test]
fn what_is_typed_for_a_gate_that_is_passed_meanwhile_stays_until_it_is_left() {
    let mut world = World { gates: [Gate::Code, Gate::Outputs].into_iter().collect(), ..World::new() };
    world.start().plan();
    let mut model = world.model(100, 30);
    press(&mut model, "b");
    type_in(&mut model, "fewer jobs");
    world.say(GateChoice::Pass);
    world.feed(&mut model);
    for _ in 0..2 {
        assert_eq!(press(&mut model, "enter"), []);
        let (text, wrong) = typed(&model);
        assert_eq!((text, wrong.contains("passed meanwhile")), ("fewer jobs", true), "{wrong}");
    }
    assert_eq!(press(&mut model, "ctrl-g"), [Command::Edit("fewer jobs".into())]);
    assert_eq!(update(&mut model, Message::Edited("fewer jobs, please".into())), []);
    assert_eq!(typed(&model).0, "fewer jobs, please");
    press(&mut model, "esc");
    assert!(model.overlay.is_none());
}

#[test]
fn a_gate_that_came_while_something_was_typed_is_shown_once_that_is_left() {
    let (mut world, mut model) = at_outputs();
    press(&mut model, "r");
    type_in(&mut model, "a+");
    world.say(GateChoice::DropJobs { jobs: [3].into() });
    world.outputs();
    world.feed(&mut model);
    assert_eq!((press(&mut model, "enter"), typed(&model).0), (Vec::new(), "a+"));
    press(&mut model, "esc");
    assert!(matches!(&model.overlay, Some(Overlay::Gate(form)) if form.n == 2));
    press(&mut model, "esc");
    assert!(model.overlay.is_none(), "one can look around");
}

#[test]
fn a_long_text_is_as_it_was_where_the_editor_fails_and_as_it_was_written_where_it_is_not_taken() {
    let (mut world, _) = at_outputs();
    let long = "- one line of many\n".repeat(2_000);
    world.say(GateChoice::EditOutputs { text: long.clone() });
    let mut model = world.model(120, 40);
    assert_eq!(press(&mut model, "e"), [Command::Edit(long.clone())]);
    assert_eq!(update(&mut model, Message::EditorFailed("no editor".into())), []);
    assert!(matches!(model.overlay, Some(Overlay::Gate(_))));
    assert_eq!(notice(&model), "no editor");

    press(&mut model, "e");
    world.say(GateChoice::Pass);
    world.feed(&mut model);
    assert_eq!(update(&mut model, Message::Edited(format!("{long}more"))), []);
    assert_eq!(typed(&model).0, format!("{long}more"));

    // What was typed in place stays as it is, too.
    let (_, mut model) = at_request();
    press(&mut model, "G e ctrl-u");
    type_in(&mut model, "Please: ");
    press(&mut model, "ctrl-g");
    update(&mut model, Message::EditorFailed("no editor".into()));
    assert!(typed(&model).0.starts_with("Please: "));
    assert_eq!(update(&mut model, Message::Edited("  \n".into())), []);
    assert_eq!((typed(&model).0, typed(&model).1.contains("nothing is written")), ("  ", true));
}

#[test]
fn a_gate_waits_until_what_is_typed_is_closed() {
    let mut world = World::new();
    world.half().input(Input::ChooseGates(Gates::all()));
    let mut model = world.model(80, 24);
    press(&mut model, "A h i");
    world.outputs();
    world.feed(&mut model);
    assert!(notice(&model).contains("waits at a gate"));
    press(&mut model, "p");
    assert!(matches!(&model.overlay, Some(Overlay::Note { input, .. }) if input.text == "hip"));
    press(&mut model, "esc");
    assert!(matches!(model.overlay, Some(Overlay::Gate(_))));
}

#[test]
fn s_switches_step_mode_for_the_run_and_the_next_question() {
    let mut world = World::new();
    world.start();
    let mut model = world.model(80, 24);
    let on = press(&mut model, "s");
    assert!(
        matches!(&on[..], [Command::Settings(config), Command::Gates(gates)] if config.protocol.step && *gates == Gates::all())
    );
    world.input(Input::ChooseGates(Gates::all()));
    world.feed(&mut model);
    let off = press(&mut model, "s");
    assert!(
        matches!(&off[..], [Command::Settings(config), Command::Gates(gates)] if !config.protocol.step && gates.is_empty())
    );
    let mut idle = World::new().model(80, 24);
    assert!(matches!(&press(&mut idle, "s")[..], [Command::Settings(config)] if config.protocol.step));
}

#[test]
fn nothing_moves_at_a_gate_and_a_replay_asks_nothing() {
    let (world, model) = at_request();
    assert!(model.is_running() && !model.is_busy() && headline(&model).word == "at gate");
    let mut model = Model::new(vec![world.document.clone()], Mode::Replay(Player::default()));
    world.feed(&mut model);
    assert_eq!((headline(&model).word, model.overlay.is_none()), ("at gate", true));
}

#[test]
fn a_replay_shows_what_waited_at_its_gates_and_takes_no_word_there() {
    let (world, _) = at_outputs();
    let mut model = world.model(120, 40);
    update(&mut model, Message::Player(Player { position: 60, len: 90, speed: 1.0, ..Player::default() }));
    model.overlay = None;
    press(&mut model, "P");
    let words = shown(&model);
    assert!(words.contains("What goes on") && words.contains("[x]"), "{words}");
    for key in ["p", "e", "r", "b", "x", "R", "E", "X"] {
        assert_eq!(press(&mut model, key), [], "{key}");
        assert!(notice(&model).starts_with("what was said at this gate is on record"), "{key}: {}", notice(&model));
        assert_eq!(shown(&model), words, "{key}");
    }
    assert_eq!(press(&mut model, "="), [Command::Replay(ReplayCommand::Step { unit: Unit::Gate, forward: true })]);
    assert!(model.overlay.is_none(), "one goes on from there");
    // Where the recording goes on meanwhile, nothing that is over is shown.
    press(&mut model, "P");
    let mut before = World::new();
    before.start();
    let state = Box::new(before.state.clone());
    update(&mut model, Message::World { seq: 2, began_ms: 100, at_ms: 600, state, load: Load::default() });
    assert!(model.overlay.is_none());
    press(&mut model, "P");
    assert_eq!(notice(&model), "no gate is closed here; = goes on to the next one");
}

#[test]
fn the_time_at_a_gate_is_the_persons_and_no_part_of_what_the_run_took() {
    let mut world = World { gates: [Gate::Code].into_iter().collect(), ..World::new() };
    world.start().plan();
    let mut model = world.model(120, 40);
    let told = world.facts.len();
    assert_eq!(model.waited.ms(), 0);
    world.say(GateChoice::Pass).abstained(0).abstained(1);
    for (seq, fact) in (1..).zip(&world.facts).skip(told) {
        // A minute later.
        update(&mut model, Message::Fact { seq, at_ms: seq * 250 + 60_000, fact: Box::new(fact.clone()) });
    }
    assert_eq!(model.waited.ms(), 60_250);
}

#[test]
fn the_planner_pane_tells_what_was_done_by_hand_where_it_was_done() {
    let (mut world, _) = at_outputs();
    world.say(GateChoice::EditOutputs { text: "12 million".into() }).say(GateChoice::Pass);
    let model = world.model(160, 50);
    let rows: Vec<String> = model.planner.rows.rows.iter().map(Row::text).collect();
    let at =
        |words: &str| rows.iter().position(|row| row.contains(words)).unwrap_or_else(|| panic!("{words}: {rows:#?}"));
    assert!(at("by hand") > at("aggregated"), "{rows:#?}");
    assert!(rows[at("by hand")].contains("the outputs were edited: "), "{rows:#?}");

    let mut world = World { gates: [Gate::Decision].into_iter().collect(), ..World::new() };
    world.whole();
    let rows = |world: &World| {
        let model = world.model(160, 50);
        model.planner.rows.rows.iter().map(|row| row.text() + "\n").collect::<String>()
    };
    assert!(!rows(&world).contains("by hand"), "what the remote LM decided is its own");
    world.say(GateChoice::AnotherRound { feedback: "Look at 2022 as well.".into() });
    let told = rows(&world);
    assert!(told.contains("by hand  one more round, with this feedback: Look at 2022 as well."), "{told}");
    assert!(told.contains("more information wanted, decided by hand"), "{told}");
}

#[test]
fn run_to_the_end_leaves_step_mode_for_the_next_question_too() {
    let (_, mut model) = at_request();
    model.settings.change("protocol.step", "true").unwrap();
    let done = press(&mut model, "E");
    let [Command::RunOn { to: RunTo::End, n: Some(1) }, Command::Settings(config)] = &done[..] else {
        panic!("{done:?}")
    };
    assert!(!config.protocol.step);
    let (_, mut model) = at_request();
    model.settings.change("protocol.step", "true").unwrap();
    assert_eq!(press(&mut model, "R"), [Command::RunOn { to: RunTo::NextRound, n: Some(1) }]);
    assert!(model.settings.config.protocol.step, "to the next round alone it is left for a while");
}

#[test]
fn a_key_that_comes_before_its_gate_pauses_only_once_it_is_pressed_again_and_the_gate_says_so() {
    let mut world = World { gates: [Gate::Outputs].into_iter().collect(), ..World::new() };
    world.start();
    let mut model = world.model(160, 50);
    assert_eq!(press(&mut model, "p"), []);
    assert_eq!(notice(&model), "no gate is open yet; p once more pauses the run");
    assert_eq!(press(&mut model, "p"), [Command::Pause]);
    assert_eq!(notice(&model), "the run pauses; p goes on");
    let mut free = World::new();
    free.start();
    let mut model = free.model(160, 50);
    assert_eq!((press(&mut model, "p"), model.notice.is_none()), (vec![Command::Pause], true));

    let (mut world, model) = at_request();
    assert!(!shown(&model).contains("paused"));
    world.input(Input::Pause { holds: false });
    assert!(shown(&world.model(160, 50)).contains("The run is paused. Whatever is done at this gate has it go on."));
}
