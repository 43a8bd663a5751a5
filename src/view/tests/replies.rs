//! What the remote LM said and what came of it: the Planner pane and the tabs of Answers.

use super::jobs::pictures;
use super::*;

fn shots(name: &str, make: impl Fn(u16, u16) -> Model) {
    for (name, shot) in pictures(name, make) {
        insta::assert_snapshot!(name, shot);
    }
}

#[test]
fn a_reply_in_markdown() {
    shots("markdown", |width, height| {
        let mut model = World::new().two_rounds().model(width, height);
        press(&mut model, "2 z g /");
        update(&mut model, Message::Paste("Two figures".into()));
        press(&mut model, "enter");
        model
    });
}

#[test]
fn a_program_beside_the_one_before() {
    shots("compared", |width, height| {
        let mut model = World::new().two_rounds().model(width, height);
        press(&mut model, "2 z g d /");
        update(&mut model, Message::Paste("against round".into()));
        press(&mut model, "enter esc");
        model
    });
}

#[test]
fn a_traceback_opened_below_its_program() {
    shots("traceback", |width, height| {
        let mut world = World::new();
        world.start().reject("def prepare_jobs(context):\n    return f()\n", 2, "NameError: name 'f' is not defined");
        let mut model = world.model(width, height);
        press(&mut model, "2 z /");
        update(&mut model, Message::Paste("traceback".into()));
        press(&mut model, "enter enter");
        model
    });
}

#[test]
fn an_answer_with_a_number_that_nothing_cited_holds() {
    shots("doubted", |width, height| {
        let mut model = World::new().two_rounds().model(width, height);
        press(&mut model, "4 z");
        model
    });
}

#[test]
fn the_tab_of_a_round_whose_jobs_contradict_one_another() {
    shots("contradicted", |width, height| {
        let mut model = World::new().two_rounds().model(width, height);
        press(&mut model, "4 z l");
        model
    });
}

#[test]
fn the_tab_of_a_round_beside_the_one_before() {
    shots("changed", |width, height| {
        let mut model = World::new().two_rounds().model(width, height);
        press(&mut model, "4 z l l");
        model
    });
}
