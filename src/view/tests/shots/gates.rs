//! Where the session waits for the person: at each gate, at a limit, before documents leave.

use super::Scene::Workbench;
use super::screen::after;
use super::*;
use crate::protocol::{Fact, Gate, GateChoice, Gates, Input, Interrupted, ProtocolKind, Settings};

pub const SHOTS: &[Shot] = &[
    ("gate_code", Workbench(|width, height| at_gate(Gate::Code).model(width, height))),
    ("gate_outputs", Workbench(|width, height| at_gate(Gate::Outputs).model(width, height))),
    ("gate_request", Workbench(|width, height| at_gate(Gate::Request).model(width, height))),
    ("gate_decision", Workbench(|width, height| at_gate(Gate::Decision).model(width, height))),
    ("gate_program_edited", Workbench(|width, height| after("e", &at_gate(Gate::Code), width, height))),
    ("gate_program_sent_back", Workbench(|width, height| after("b", &at_gate(Gate::Code), width, height))),
    ("gate_in_a_replay", Workbench(replayed)),
    ("budget_reached", Workbench(|width, height| poor().model(width, height))),
    ("budget_typed", Workbench(|width, height| after("r", &poor(), width, height))),
    ("consent", Workbench(consent)),
    ("answer_that_never_came", Workbench(interrupted)),
];

/// What waited, and that nothing can be said of it.
fn replayed(width: u16, height: u16) -> Model {
    let mut model = at_gate(Gate::Outputs).model(width, height);
    update(&mut model, Message::Player(Player { position: 41, len: 52, speed: 1.0, ..Player::default() }));
    press(&mut model, "p");
    model
}

/// The first call may cost more than this.
fn poor() -> World {
    let mut world = World { budget_usd: 0.02, ..World::new() };
    world.start();
    world
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

/// Whole documents are about to leave.
pub fn consent(width: u16, height: u16) -> Model {
    let mut world = World::new();
    world.start_with(Settings { protocol: ProtocolKind::RemoteOnly, ..Settings::default() });
    let mut model = World::new().model(width, height);
    model.mode = Mode::Live { running: true };
    for (fact, seq) in world.facts.iter().zip(1..) {
        update(&mut model, Message::Fact { seq, at_ms: seq, fact: Box::new(fact.clone()) });
    }
    model
}

fn interrupted(width: u16, height: u16) -> Model {
    let mut world = World::new();
    world.start();
    let interrupted = Interrupted { worst_usd: Some(0.0123), ..Interrupted::of(&world.state).unwrap() };
    world.facts.push(Fact::RemoteInterrupted(interrupted));
    world.model(width, height)
}
