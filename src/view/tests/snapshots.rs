//! The screen at four sizes in the states that people see most.

use super::*;
use crate::app::PickerNews;
use crate::app::picker::{Choice, Group, Note, PickerRow, Standing};
use crate::app::world::FAULTY;
use crate::app::{Command, Mode};
use crate::protocol::{Gate, GateChoice, Gates, Input, ProtocolKind, Settings, windows};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (20, 6)];

fn shots(name: &str, make: impl Fn(u16, u16) -> Model) {
    for (width, height) in SIZES {
        let model = make(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&drawn(&model, Depth::True)));
    }
}

#[test]
fn before_a_question_is_asked() {
    shots("empty", |width, height| World::new().model(width, height));
}

#[test]
fn while_jobs_run() {
    shots("running", |width, height| World::new().half().model(width, height));
}

#[test]
fn while_a_reply_streams_in() {
    shots("streaming", |width, height| {
        let mut world = World::new();
        world.start().reply("Look for net income.");
        let mut model = world.model(width, height);
        press(&mut model, "2");
        let ask = world.pending().unwrap();
        for part in
            ["I split the report by page.\n\n```python\ndef prepare_jobs(cont", "ext):\n    jobs = []\n    for ch"]
        {
            update(&mut model, Message::Delta { ask, text: part.into() });
        }
        model
    });
}

fn rejected(width: u16, height: u16) -> Model {
    let mut world = World::new();
    world.start().reject(FAULTY, 6, "NameError: name 'chunk_by_pages' is not defined");
    let mut model = world.model(width, height);
    press(&mut model, "2 z");
    model
}

#[test]
fn a_rejected_program_with_its_error_at_its_line() {
    for (width, height) in [(80, 24), (120, 40)] {
        insta::assert_snapshot!(
            format!("rejected_{width}x{height}"),
            text(&drawn(&rejected(width, height), Depth::True))
        );
    }
}

#[test]
fn a_program_in_colour_and_without() {
    for (depth, name) in
        [(Depth::True, "true"), (Depth::Indexed, "indexed"), (Depth::Ansi, "ansi"), (Depth::None, "none")]
    {
        insta::assert_snapshot!(format!("rejected_{name}"), styled(&drawn(&rejected(80, 24), depth)));
    }
}

#[test]
fn when_the_answer_is_there() {
    shots("answered", |width, height| World::new().whole().model(width, height));
}

#[test]
fn after_a_jump_to_a_citation() {
    shots("cited", |width, height| {
        let mut model = World::new().whole().model(width, height);
        press(&mut model, "/ [ 1 ] enter enter");
        model
    });
}

#[test]
fn in_a_replay() {
    shots("replay", |width, height| {
        let mut model = World::new().half().model(width, height);
        update(
            &mut model,
            Message::Player(Player { position: 31, len: 52, playing: true, speed: 4.0, ..Player::default() }),
        );
        model
    });
}

#[test]
fn help() {
    shots("help", |width, height| {
        let mut model = World::new().half().model(width, height);
        press(&mut model, "?");
        model
    });
}

#[test]
fn a_job_opened() {
    shots("job", |width, height| {
        let mut model = World::new().half().model(width, height);
        press(&mut model, "3 g j j enter");
        model
    });
}

/// The first call may cost more than this.
fn poor() -> World {
    let mut world = World { budget_usd: 0.02, ..World::new() };
    world.start();
    world
}

#[test]
fn at_a_reached_budget() {
    shots("budget", |width, height| poor().model(width, height));
}

/// A session in step mode that waits at its `last` gate of the first round.
fn at_gate(last: Gate) -> World {
    let mut world = World { gates: [Gate::Code].into_iter().collect(), ..World::new() };
    world.start().plan();
    if last == Gate::Code {
        return world;
    }
    let mut world = World::new();
    world.half().input(Input::ChooseGates(Gates::all())).outputs();
    if last == Gate::Outputs {
        return world;
    }
    world.say(GateChoice::Pass);
    if last == Gate::Request {
        return world;
    }
    world.say(GateChoice::Pass).reply("That is enough.").say(GateChoice::Pass);
    let decision = r#"{"decision": "provide_final_answer", "answer": "$48.2 million", "explanation": "It says so.", "citations": ["was $48.2 million"]}"#;
    world.reply(decision);
    world
}

#[test]
fn at_each_gate() {
    for gate in Gate::ALL {
        for (width, height) in [(80, 24), (200, 50)] {
            let model = at_gate(gate).model(width, height);
            let name = format!("gate_{}_{width}x{height}", gate.name());
            insta::assert_snapshot!(name, text(&drawn(&model, Depth::True)));
        }
    }
}

#[test]
fn while_a_program_is_edited_at_its_gate() {
    for (width, height) in [(80, 24), (200, 50)] {
        let mut model = at_gate(Gate::Code).model(width, height);
        press(&mut model, "e");
        insta::assert_snapshot!(format!("gate_edit_{width}x{height}"), text(&drawn(&model, Depth::True)));
    }
}

#[test]
fn while_a_new_budget_is_typed() {
    shots("amount", |width, height| {
        let mut model = poor().model(width, height);
        press(&mut model, "r");
        model
    });
}

#[test]
fn while_a_request_waits_to_be_sent_again() {
    shots("retry", |width, height| {
        let mut world = World::new();
        world.start().fail(8_000);
        world.model(width, height)
    });
}

#[test]
fn leaving_while_work_is_in_flight() {
    shots("quit", |width, height| {
        let mut model = World::new().half().model(width, height);
        press(&mut model, "q");
        model
    });
}

#[test]
fn in_ascii() {
    shots("ascii", |width, height| {
        let mut model = World::new().whole().model(width, height);
        model.ascii = true;
        let shown = text(&drawn(&model, Depth::None));
        assert!(shown.is_ascii());
        // A question mark is only the key for help; no sign of ours lacks its twin.
        assert!(!shown.replace("? help", "").replace("change?", "").contains('?'), "{shown}");
        model
    });
}

#[test]
fn every_tab_at_80x24() {
    for (key, name) in [("1", "document"), ("2", "planner"), ("3", "jobs"), ("4", "answers")] {
        let mut model = World::new().half().model(80, 24);
        press(&mut model, key);
        insta::assert_snapshot!(format!("tab_{name}"), text(&drawn(&model, Depth::True)));
    }
}

/// Each row once as text, then its runs of style, so that a change of look is seen.
pub(super) fn styled(buffer: &Buffer) -> String {
    let mut lines = Vec::new();
    for (y, row) in buffer.content.chunks(usize::from(buffer.area.width)).enumerate() {
        let mut x = 0;
        while x < row.len() {
            let style = row[x].style();
            let run = row[x..].iter().take_while(|cell| cell.style() == style).count();
            let words: String = row[x..x + run].iter().map(|cell| cell.symbol()).collect();
            if !words.trim().is_empty() {
                let paint = [style.fg, style.bg].map(|colour| colour.map_or("-".into(), |colour| colour.to_string()));
                lines.push(format!(
                    "{y:>2}:{x:<3} {} on {} {:?} {:?}",
                    paint[0],
                    paint[1],
                    style.add_modifier,
                    words.trim_end()
                ));
            }
            x += run;
        }
    }
    lines.join("\n")
}

#[test]
fn tints_and_the_highlight_in_colour_and_without() {
    let mut model = World::new().whole().model(80, 18);
    press(&mut model, "/ [ 1 ] enter enter");
    for (depth, name) in
        [(Depth::True, "true"), (Depth::Indexed, "indexed"), (Depth::Ansi, "ansi"), (Depth::None, "none")]
    {
        insta::assert_snapshot!(format!("styled_{name}"), styled(&drawn(&model, depth)));
    }
}

#[test]
fn without_colour_no_cell_has_one() {
    let model = World::new().half().model(120, 40);
    let buffer = drawn(&model, Depth::None);
    let reset = ratatui::style::Color::Reset;
    assert!(buffer.content.iter().all(|cell| cell.fg == reset && cell.bg == reset));
}

/// The sizes that lists are made for, from one with a preview beside it to one with none.
const LISTS: [(u16, u16); 4] = [(80, 24), (200, 60), (40, 12), (40, 10)];

fn lists(name: &str, make: impl Fn(u16, u16) -> Model) {
    for (width, height) in LISTS {
        let model = make(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&drawn(&model, Depth::True)));
    }
}

#[test]
fn the_palette_narrowed() {
    lists("palette", |width, height| {
        let mut model = World::new().half().model(width, height);
        press(&mut model, ":");
        update(&mut model, Message::Paste("mark".into()));
        model
    });
}

#[test]
fn keys_searched() {
    lists("keys", |width, height| {
        let mut model = World::new().half().model(width, height);
        press(&mut model, "? / d o c u");
        model
    });
}

/// A list with rows as they come from outside.
fn filled(key: &str, groups: Vec<Group>, width: u16, height: u16) -> Model {
    let mut model = World::new().model(width, height);
    press(&mut model, key);
    let news = PickerNews::Groups(groups);
    let ticket = model.pickers;
    update(&mut model, Message::Picker { ticket, news });
    model
}

fn picked(cells: &[&str], about: &str) -> PickerRow {
    let choice = Choice::Session(cells[0].into());
    PickerRow::new(choice, cells.iter().map(ToString::to_string).collect(), about)
}

#[test]
fn models_to_pick_from() {
    lists("models", |width, height| {
        let mut used = picked(&["gpt-small", "128k", "0.150", "0.600"], "gpt-small\nreads 128000 tokens at once");
        used.current = true;
        let offered = vec![used, picked(&["gpt-\u{1b}]0;large", "n/a", "n/a", "n/a"], "its price is not known")];
        let failed = Standing::Failed("no key: set OPENAI_API_KEY, or name another variable in api_key_env".into());
        let groups = vec![
            Group { title: "openai at api.openai.com".into(), rows: offered, standing: Standing::Whole },
            Group { title: "From ollama".into(), rows: vec![], standing: Standing::Loading("asking…".into()) },
            Group { title: "Elsewhere".into(), rows: vec![], standing: failed },
        ];
        filled("m", groups, width, height)
    });
}

#[test]
fn sessions_to_pick_from() {
    lists("sessions", |width, height| {
        let session = |n: u32| {
            let question = format!("{n}. What was the net income of Harbour Freight Lines, and what drove it?");
            picked(&[&question, "harbour-2023.txt", "answered", "$0.0208", "2d"], "Net income was $48.2 million.")
        };
        let rows = (1..=40).map(session).collect();
        let mut model = filled("S", vec![Group { rows, ..Group::default() }], width, height);
        press(&mut model, "down down ctrl-x");
        model
    });
}

#[test]
fn the_ledger() {
    lists("ledger", |width, height| {
        let mut model = World::new().whole().model(width, height);
        press(&mut model, "L");
        model
    });
}

/// A conversation of two rounds over the document in four windows.
fn chat(width: u16, height: u16) -> Model {
    let mut world = World::new();
    let windows = windows(std::slice::from_ref(&world.document), None, world.document.text.len() / 4 + 200, 0);
    world.start_with(Settings { protocol: ProtocolKind::Minion, windows, ..Settings::default() });
    let nothing = r#"{"explanation": "no figure here", "citation": null, "answer": null}"#;
    let found = r#"{"explanation": "the statement", "citation": "Net income               48.2      39.7", "answer": "$48.2 million"}"#;
    world.reply(r#"{"explanation": "the figure, then the reasons", "message": "Find the net income of 2023."}"#);
    for (index, said) in (0..).zip([nothing, nothing, found, nothing]) {
        world.job(index, said, None);
    }
    world.reply("The figure is there; the reasons are missing.");
    world.reply(r#"{"decision": "request_additional_info", "explanation": "reasons", "feedback": "Find why net income changed.", "scratchpad": "$48.2 million"}"#);
    world.begin(0);
    let mut model = world.model(width, height);
    press(&mut model, "2");
    model
}

#[test]
fn a_chat_as_a_conversation() {
    for (width, height) in [(80, 24), (200, 60)] {
        insta::assert_snapshot!(format!("chat_{width}x{height}"), text(&drawn(&chat(width, height), Depth::True)));
    }
}

#[test]
fn before_whole_documents_leave() {
    for (width, height) in [(80, 24), (20, 6)] {
        let mut world = World::new();
        world.start_with(Settings { protocol: ProtocolKind::RemoteOnly, ..Settings::default() });
        let mut model = World::new().model(width, height);
        model.mode = Mode::Live { running: true };
        for (fact, seq) in world.facts.iter().zip(1..) {
            update(&mut model, Message::Fact { seq, at_ms: seq, fact: Box::new(fact.clone()) });
        }
        insta::assert_snapshot!(format!("consent_{width}x{height}"), text(&drawn(&model, Depth::True)));
        assert_eq!(press(&mut model.clone(), "y"), [Command::Consent]);
        assert_eq!(press(&mut model.clone(), "enter"), [], "a second Enter sends nothing");
        assert_eq!(press(&mut model, "n"), [Command::StopRun]);
    }
}

#[test]
fn the_start_form() {
    lists("start_form", |width, height| {
        let mut model = World::new().model(width, height);
        press(&mut model, "a");
        let question = "What was the net income of Harbour Freight Lines in 2023,\nand what drove the change?";
        update(&mut model, Message::Paste(question.into()));
        press(&mut model, "tab ctrl-u 9 9 enter");
        model
    });
}

#[test]
fn the_settings() {
    lists("settings", |width, height| {
        let mut model = World::new().model(width, height);
        model.settings = built_in();
        press(&mut model, "O");
        update(&mut model, Message::Paste("budget".into()));
        press(&mut model, "enter ctrl-u 2 . 5 enter");
        model
    });
}

#[test]
fn a_setting_that_is_typed_wrong() {
    lists("setting", |width, height| {
        let mut model = World::new().model(width, height);
        press(&mut model, "O");
        update(&mut model, Message::Paste("max_rounds".into()));
        press(&mut model, "enter 9 enter");
        model
    });
}

#[test]
fn notes_to_go_to() {
    lists("notes", |width, height| {
        let mut model = World::new().whole().model(width, height);
        let note = |seq, text: &str| Note { seq, at_ms: seq * 250, text: text.into(), ask: None };
        let notes = vec![note(3, "bookmark: round 1, planning"), note(20, "is this the\nright \u{1b}[31mpage?")];
        update(&mut model, Message::Notes(notes));
        press(&mut model, "' down");
        model
    });
}

#[test]
fn the_log() {
    lists("log", |width, height| {
        let line = |level: &str, what: &str| {
            let cells = vec![level.to_owned(), "07:34:24".into(), what.to_owned()];
            PickerRow::new(Choice::Copy(what.to_owned()), cells, what)
        };
        let rows = vec![line("error", "minions::local: gone \u{1b}[31m"), line("warn", "minions::remote: slow")];
        let mut model = filled("!", vec![Group { rows, ..Group::default() }], width, height);
        update(&mut model, Message::Paste("err".into()));
        model
    });
}
