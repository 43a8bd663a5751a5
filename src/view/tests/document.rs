//! The Document pane: its map, selection, search and outline, in every size and colour.

use super::snapshots::styled;
use super::*;

const SIZES: [(u16, u16); 3] = [(80, 24), (200, 60), (40, 12)];

fn shots(name: &str, make: impl Fn(u16, u16) -> Model) {
    for (width, height) in SIZES {
        let mut model = make(width, height);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), text(&drawn(&model, Depth::True)));
        model.ascii = true;
        let ascii = text(&drawn(&model, Depth::None));
        assert!(ascii.is_ascii());
        insta::assert_snapshot!(format!("{name}_{width}x{height}_ascii"), ascii);
    }
    let model = make(80, 24);
    for (depth, what) in [(Depth::True, "true"), (Depth::Ansi, "ansi"), (Depth::None, "none")] {
        insta::assert_snapshot!(format!("{name}_{what}"), styled(&drawn(&model, depth)));
    }
}

/// Does what is done beside the screen.
fn finish(model: &mut Model) {
    while let Some(work) = model.due().first().and_then(|id| model.work(*id)) {
        let mut found = Vec::new();
        work.run(&std::sync::atomic::AtomicBool::new(false), &mut |worked| found.push(worked));
        for worked in found {
            update(model, Message::Worked(worked));
        }
    }
}

#[test]
fn the_map_while_jobs_run() {
    shots("document_running", |width, height| {
        let mut model = World::new().half().model(width, height);
        press(&mut model, "1");
        model
    });
}

#[test]
fn stepping_through_what_was_cited() {
    shots("document_cited", |width, height| {
        let mut model = World::new().whole().model(width, height);
        press(&mut model, "1 z C");
        model
    });
}

#[test]
fn a_search_with_its_match() {
    shots("document_search", |width, height| {
        let mut model = World::new().model(width, height);
        press(&mut model, "1 z / n e t space i n c . * enter n");
        model
    });
}

#[test]
fn selected_lines() {
    shots("document_selected", |width, height| {
        let mut model = World::new().model(width, height);
        press(&mut model, "1 z ctrl-g 3 enter v j j");
        model
    });
}

#[test]
fn asking_about_selected_lines() {
    shots("document_ask", |width, height| {
        let mut model = World::new().model(width, height);
        press(&mut model, "1 z ctrl-g 3 enter v j a W h y");
        model
    });
}

#[test]
fn going_to_a_page_that_is_not_there() {
    shots("document_goto", |width, height| {
        let mut model = World::new().model(width, height);
        press(&mut model, "1 z ctrl-g p 9 9 enter");
        model
    });
}

#[test]
fn the_outline() {
    shots("document_outline", |width, height| {
        let mut model = World::new().model(width, height);
        finish(&mut model);
        press(&mut model, "1 z ctrl-g p 5 enter o");
        model
    });
}
