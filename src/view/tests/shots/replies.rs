//! What the remote LM said and what came of it: the Planner pane and the tabs of Answers.

use super::Scene::Workbench;
use super::screen::after;
use super::*;

pub const SHOTS: &[Shot] = &[
    ("reply_in_markdown", Workbench(markdown)),
    ("program_beside_the_one_before", Workbench(compared)),
    ("traceback_below_its_program", Workbench(traceback)),
    (
        "answer_with_an_uncited_number",
        Workbench(|width, height| after("4 z", World::new().two_rounds(), width, height)),
    ),
    (
        "round_whose_jobs_contradict",
        Workbench(|width, height| after("4 z l", World::new().two_rounds(), width, height)),
    ),
    (
        "round_beside_the_one_before",
        Workbench(|width, height| after("4 z l l", World::new().two_rounds(), width, height)),
    ),
];

/// Searches for the words that follow the keys.
fn searched(model: &mut Model, words: &str, keys: &str) {
    update(model, Message::Paste(words.into()));
    press(model, keys);
}

fn markdown(width: u16, height: u16) -> Model {
    let mut model = after("2 z g /", World::new().two_rounds(), width, height);
    searched(&mut model, "Two figures", "enter");
    model
}

fn compared(width: u16, height: u16) -> Model {
    let mut model = after("2 z g d /", World::new().two_rounds(), width, height);
    searched(&mut model, "against round", "enter esc");
    model
}

fn traceback(width: u16, height: u16) -> Model {
    let mut world = World::new();
    world.start().reject("def prepare_jobs(context):\n    return f()\n", 2, "NameError: name 'f' is not defined");
    let mut model = after("2 z /", &world, width, height);
    searched(&mut model, "traceback", "enter enter");
    model
}
