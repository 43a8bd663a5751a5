//! The lists to pick from.

use super::Scene::Workbench;
use super::screen::after;
use super::*;
use crate::app::PickerNews;
use crate::app::picker::{Choice, Group, Note, PickerRow, Standing};
use crate::app::world::finish;

pub const SHOTS: &[Shot] = &[
    ("list_of_actions", Workbench(|width, height| pasted(":", "mark", World::new().half(), width, height))),
    ("list_of_keys", Workbench(|width, height| after("? / d o c u", World::new().half(), width, height))),
    ("list_of_sections", Workbench(sections)),
    ("list_of_remote_models", Workbench(remote_models)),
    ("list_of_local_models", Workbench(local_models)),
    ("list_of_sessions", Workbench(|width, height| sessions("down down", width, height))),
    ("list_of_sessions_deleting", Workbench(|width, height| sessions("down down ctrl-x", width, height))),
    ("list_of_sessions_renaming", Workbench(|width, height| sessions("down down ctrl-r", width, height))),
    ("list_of_settings", Workbench(settings)),
    ("list_of_notes", Workbench(notes)),
    ("list_of_what_was_sent", Workbench(|width, height| after("W", World::new().whole(), width, height))),
    ("list_of_the_log", Workbench(log)),
];

fn pasted(keys: &str, words: &str, world: &World, width: u16, height: u16) -> Model {
    let mut model = after(keys, world, width, height);
    update(&mut model, Message::Paste(words.into()));
    model
}

/// A list with rows as they come from outside.
fn filled(key: &str, groups: Vec<Group>, width: u16, height: u16) -> Model {
    let mut model = after(key, &World::new(), width, height);
    let news = PickerNews::Groups(groups);
    let ticket = model.pickers;
    update(&mut model, Message::Picker { ticket, news });
    model
}

fn picked(cells: &[&str], about: &str) -> PickerRow {
    let choice = Choice::Session(cells[0].into());
    PickerRow::new(choice, cells.iter().map(ToString::to_string).collect(), about)
}

fn sections(width: u16, height: u16) -> Model {
    let mut model = World::new().model(width, height);
    finish(&mut model);
    press(&mut model, "1 z ctrl-g p 5 enter o");
    model
}

fn remote_models(width: u16, height: u16) -> Model {
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
}

fn local_models(width: u16, height: u16) -> Model {
    let rows = vec![
        picked(&["qwen3-4b-q4_k_m.gguf", "32k", "4.0 B", "2.5 GB"], "a file in ~/models"),
        picked(&["llama3.2:3b", "128k", "3.2 B", "2.0 GB"], "of ollama at localhost"),
    ];
    filled("M", vec![Group { rows, ..Group::default() }], width, height)
}

fn sessions(keys: &str, width: u16, height: u16) -> Model {
    let session = |n: u32| {
        let question = format!("{n}. What was the net income of Harbour Freight Lines, and what drove it?");
        let cells = [&question, "harbour-2023.txt", "answered", "$0.0208", "2d"];
        PickerRow { of_session: Some(Box::default()), ..picked(&cells, "Net income was $48.2 million.") }
    };
    let rows = (1..=40).map(session).collect();
    let mut model = filled("S", vec![Group { rows, ..Group::default() }], width, height);
    press(&mut model, keys);
    model
}

fn settings(width: u16, height: u16) -> Model {
    let mut model = World::new().model(width, height);
    model.settings = built_in();
    press(&mut model, "O");
    update(&mut model, Message::Paste("budget".into()));
    press(&mut model, "enter ctrl-u 2 . 5 enter");
    model
}

fn notes(width: u16, height: u16) -> Model {
    let mut model = World::new().whole().model(width, height);
    let note = |seq, text: &str| Note { seq, at_ms: seq * 250, text: text.into(), ask: None };
    let notes = vec![note(3, "bookmark: round 1, planning"), note(20, "is this the\nright \u{1b}[31mpage?")];
    update(&mut model, Message::Notes(notes));
    press(&mut model, "' down");
    model
}

fn log(width: u16, height: u16) -> Model {
    let line = |level: &str, what: &str| {
        let cells = vec![level.to_owned(), "07:34:24".into(), what.to_owned()];
        PickerRow::new(Choice::Copy(what.to_owned()), cells, what)
    };
    let rows = vec![line("error", "minions::local: gone \u{1b}[31m"), line("warn", "minions::remote: slow")];
    let mut model = filled("!", vec![Group { rows, ..Group::default() }], width, height);
    update(&mut model, Message::Paste("err".into()));
    model
}
