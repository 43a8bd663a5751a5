//! The Document pane: its map, tints, selection and search.

use super::Scene::Workbench;
use super::screen::after;
use super::*;

pub const SHOTS: &[Shot] = &[
    ("document_while_jobs_run", Workbench(|width, height| after("1", World::new().half(), width, height))),
    ("document_next_cited", Workbench(|width, height| after("1 z C", World::new().whole(), width, height))),
    (
        "document_searched",
        Workbench(|width, height| after("1 z / n e t space i n c . * enter n", &World::new(), width, height)),
    ),
    ("document_selected", Workbench(|width, height| after("1 z ctrl-g 3 enter v j j", &World::new(), width, height))),
    (
        "document_asked_about",
        Workbench(|width, height| after("1 z ctrl-g 3 enter v j a W h y", &World::new(), width, height)),
    ),
];
