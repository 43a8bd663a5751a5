//! What opens over the panes beside lists and gates.

use super::Scene::Workbench;
use super::screen::after;
use super::*;
use crate::ledger::{Comparison, Ledger, Side};
use crate::protocol::{ProtocolKind, Settings};

pub const SHOTS: &[Shot] = &[
    ("help", Workbench(|width, height| after("?", World::new().half(), width, height))),
    ("ledger", Workbench(|width, height| after("L", World::new().whole(), width, height))),
    ("job", Workbench(|width, height| after("3 g j j enter", World::new().half(), width, height))),
    ("quit", Workbench(|width, height| after("q", World::new().half(), width, height))),
    ("stop", Workbench(|width, height| after("X", World::new().half(), width, height))),
    ("start_form", Workbench(start_form)),
    ("fork_with_another_output", Workbench(|width, height| forked("3 g Y 7 backspace enter", width, height))),
    ("documents", Workbench(documents)),
    ("search", Workbench(|width, height| after("1 / n e t", World::new().half(), width, height))),
    (
        "go_to_a_page_that_is_not_there",
        Workbench(|width, height| after("1 z ctrl-g p 9 9 enter", &World::new(), width, height)),
    ),
    ("note", Workbench(|width, height| after("A L o o k", World::new().half(), width, height))),
    ("setting_typed_wrong", Workbench(setting)),
    ("run_that_failed", Workbench(failed)),
    ("two_sessions", Workbench(sessions)),
    ("two_rounds", Workbench(rounds)),
    ("sessions_side_by_side", Workbench(|width, height| side_by_side("", width, height))),
    ("sessions_side_by_side_scrolled", Workbench(|width, height| side_by_side("l l l G", width, height))),
];

fn start_form(width: u16, height: u16) -> Model {
    let mut model = after("a", &World::new(), width, height);
    let question = "What was the net income of Harbour Freight Lines in 2023,\nand what drove the change?";
    update(&mut model, Message::Paste(question.into()));
    press(&mut model, "tab ctrl-u 9 9 enter");
    model
}

fn forked(keys: &str, width: u16, height: u16) -> Model {
    let mut world = World::new();
    world.whole();
    let mut model = world.model(width, height);
    update(&mut model, Message::RunEnded { error: None });
    press(&mut model, keys);
    model
}

fn documents(width: u16, height: u16) -> Model {
    let mut model = Model::new(Vec::new(), Mode::Live { running: false });
    update(&mut model, Message::Resize { width, height });
    update(&mut model, Message::AskQuestion);
    press(&mut model, "a . t x t enter");
    update(
        &mut model,
        Message::DocumentsRefused("there is no file a.txt in this folder; name one that is there".into()),
    );
    model
}

fn setting(width: u16, height: u16) -> Model {
    let mut model = after("O", &World::new(), width, height);
    update(&mut model, Message::Paste("max_rounds".into()));
    press(&mut model, "enter 9 enter");
    model
}

fn failed(width: u16, height: u16) -> Model {
    let mut model = World::new().half().model(width, height);
    let error = "the session's folder cannot be written\n\ncaused by: no space left on device (os error 28)\n\nfree some, then go on with the session: `minions resume 0192`".to_owned();
    update(&mut model, Message::RunEnded { error: Some(error) });
    model
}

fn ledger(world: &World) -> Ledger {
    let mut ledger = Ledger::new();
    world.facts.iter().for_each(|fact| ledger.apply(fact));
    ledger
}

/// One question in four ways.
fn side_by_side(keys: &str, width: u16, height: u16) -> Model {
    let (mut one, mut two, mut chat) = (World::new(), World::new(), World::new());
    one.whole();
    two.two_rounds();
    chat.start_with(Settings { protocol: ProtocolKind::Minion, ..Settings::default() });
    let side = |name: &str, world: &World, jobs_reused| {
        let id = format!("2023-07-01T10-00-00-{name}");
        let mut side = Side::session(id, &world.state, &ledger(world), (164, 0.011), 12.5);
        side.title = Some(name.to_owned()).filter(|name| name != "untitled");
        side.figures.jobs_reused = jobs_reused;
        side
    };
    let mut more = side("samples=2", &two, 16);
    if let Some(settings) = &mut more.settings {
        (settings.samples, settings.local_max_output_tokens) = (2, 900);
    }
    let sides = vec![side("minions", &one, 0), more, side("minion", &chat, 0), side("untitled", &one, 0)];
    let mut model = two.model(width, height);
    update(&mut model, Message::SideBySide { sides, unread: Vec::new() });
    if !keys.is_empty() {
        press(&mut model, keys);
    }
    model
}

fn sessions(width: u16, height: u16) -> Model {
    let (mut one, mut two) = (World::new(), World::new());
    one.whole();
    two.two_rounds();
    let side = |name: &str, world: &World| Side::session(name.into(), &world.state, &ledger(world), (164, 0.011), 12.5);
    let compared = Comparison::new(side("2023-07-01T10-00-00-aaaa", &one), side("2023-07-02T10-00-00-bbbb", &two));
    let mut model = two.model(width, height);
    update(&mut model, Message::Compared(Box::new(compared)));
    model
}

fn rounds(width: u16, height: u16) -> Model {
    let mut world = World::new();
    world.two_rounds();
    let ledger = ledger(&world);
    let side = |round: u32| {
        Side::round(format!("round {round}"), &world.state, &ledger, round, (164, 0.011), 6.0 + f64::from(round))
            .unwrap()
    };
    let mut model = world.model(width, height);
    update(
        &mut model,
        Message::ComparedRounds { rounds: (1, 2), compared: Box::new(Comparison::new(side(1), side(2))) },
    );
    model
}
