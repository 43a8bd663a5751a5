//! The panes together, in the states that people see most, and the curve of an eval.

use super::Scene::{Curve, Workbench};
use super::*;
use crate::app::world::{FAULTY, curve_screen};
use crate::protocol::{ProtocolKind, Settings, windows};

pub const SHOTS: &[Shot] = &[
    ("before_a_question", Workbench(|width, height| World::new().model(width, height))),
    ("while_jobs_run", Workbench(|width, height| World::new().half().model(width, height))),
    ("planner_of_a_run", Workbench(|width, height| after("2", World::new().half(), width, height))),
    ("jobs_of_a_run", Workbench(|width, height| after("3", World::new().half(), width, height))),
    ("reply_that_streams_in", Workbench(streaming)),
    ("rejected_program", Workbench(rejected)),
    ("chat", Workbench(chat)),
    ("answered", Workbench(|width, height| World::new().whole().model(width, height))),
    ("citation_gone_to", Workbench(|width, height| after("/ [ 1 ] enter enter", World::new().whole(), width, height))),
    ("request_to_be_sent_again", Workbench(|width, height| World::new().start().fail(8_000).model(width, height))),
    ("replay", Workbench(|width, height| replayed((None, None), 4.0, width, height))),
    ("replay_of_a_range", Workbench(|width, height| replayed((Some(12), Some(40)), 0.25, width, height))),
    ("curve", Curve(|ascii| curve_screen(5, ascii))),
    ("curve_of_many", Curve(curve_of_many)),
];

/// The screen of a world after these keys.
pub fn after(keys: &str, world: &World, width: u16, height: u16) -> Model {
    let mut model = world.model(width, height);
    press(&mut model, keys);
    model
}

fn streaming(width: u16, height: u16) -> Model {
    let mut world = World::new();
    world.start().reply("Look for net income.");
    let mut model = after("2", &world, width, height);
    let ask = world.pending().unwrap();
    for part in ["I split the report by page.\n\n```python\ndef prepare_jobs(cont", "ext):\n    jobs = []\n    for ch"]
    {
        update(&mut model, Message::Delta { ask, text: part.into() });
    }
    model
}

fn rejected(width: u16, height: u16) -> Model {
    let mut world = World::new();
    world.start().reject(FAULTY, 6, "NameError: name 'chunk_by_pages' is not defined");
    after("2 z", &world, width, height)
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
    after("2", world.begin(0), width, height)
}

fn replayed(repeat: (Option<u64>, Option<u64>), speed: f64, width: u16, height: u16) -> Model {
    let mut model = World::new().half().model(width, height);
    update(&mut model, Message::Rounds(vec![2, 30]));
    update(&mut model, Message::Player(Player { position: 31, len: 52, repeat, playing: true, speed }));
    model
}

fn curve_of_many(ascii: bool) -> CurveScreen {
    let mut screen = curve_screen(30, ascii);
    screen.scroll(25, (80, 24));
    screen
}
