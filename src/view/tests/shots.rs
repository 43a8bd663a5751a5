//! The list of pictures that all snapshots are taken from, and that no pane, overlay or list is missing in it.

use super::curve::drawn as drawn_curve;
use super::picture::{Picture, written};
use super::*;
use crate::app::{CurveScreen, Overlay, Pane, Picking};

mod document;
mod gates;
mod jobs;
mod lists;
mod overlays;
mod replies;
mod screen;

/// One pane at a time, the smallest screen that has panes, a few words only, and the smallest with two and with three columns
/// as they are seen.
const SIZES: [(u16, u16); 5] = [(80, 24), (40, 12), (20, 6), (110, 32), (200, 60)];

/// The name of a picture, and how the screen comes to it.
type Shot = (&'static str, Scene);

enum Scene {
    /// The workbench at a width and a height.
    Workbench(fn(u16, u16) -> Model),
    /// The curve of an eval; `true` for ASCII.
    Curve(fn(bool) -> CurveScreen),
}

/// Every picture there is, by where it is looked at.
const SHOTS: [&[Shot]; 7] =
    [screen::SHOTS, document::SHOTS, replies::SHOTS, jobs::SHOTS, overlays::SHOTS, gates::SHOTS, lists::SHOTS];

fn picture(scene: &Scene, (width, height): (u16, u16)) -> Picture {
    match scene {
        Scene::Workbench(make) => {
            let mut model = make(width, height);
            let mut draw_at = |depth, ascii| {
                model.ascii = ascii;
                drawn(&model, depth)
            };
            Picture::of(&mut draw_at)
        }
        Scene::Curve(make) => Picture::of(&mut |depth, ascii| drawn_curve(&make(ascii), width, height, depth)),
    }
}

fn assert_shots(shots: &[Shot]) {
    for (name, scene) in shots {
        let pictures = SIZES.map(|size| picture(scene, size));
        for Picture { none, ascii, full, .. } in &pictures {
            let reset = ratatui::style::Color::Reset;
            assert!(none.content.iter().all(|cell| cell.fg == reset && cell.bg == reset), "{name} has a colour");
            assert!(ascii.content.iter().all(|cell| cell.symbol().is_ascii()), "{name} is no ASCII");
            // A question mark stands in for a sign from outside that ASCII lacks; no sign of ours is one.
            for (sign, twin) in full.content.iter().zip(&ascii.content) {
                assert!(twin.symbol() != "?" || "?␛␇".contains(sign.symbol()), "{name}: {} has no twin", sign.symbol());
            }
        }
        insta::assert_snapshot!(*name, written(&pictures));
    }
}

#[test]
fn the_whole_screen() {
    assert_shots(screen::SHOTS);
}

#[test]
fn the_document_pane() {
    assert_shots(document::SHOTS);
}

#[test]
fn what_was_said_and_answered() {
    assert_shots(replies::SHOTS);
}

#[test]
fn the_jobs_pane() {
    assert_shots(jobs::SHOTS);
}

#[test]
fn what_opens_over_the_panes() {
    assert_shots(overlays::SHOTS);
}

#[test]
fn every_gate() {
    assert_shots(gates::SHOTS);
}

#[test]
fn every_list() {
    assert_shots(lists::SHOTS);
}

/// The names of all variants, and the name of a value. A variant that is not named here does not compile.
macro_rules! names {
    ($all:ident, $of:ident, $kind:ident: $($name:ident)*) => {
        const $all: &[&str] = &[$(stringify!($name)),*];

        fn $of(value: &$kind) -> &'static str {
            match value {
                $($kind::$name { .. } => stringify!($name),)*
            }
        }
    };
}

names! { OVERLAYS, overlay_name, Overlay:
    Help Ledger Quit Stop Budget Interrupted Consent Amount Question Gate GateText ForkText Documents Search Note Picker Setting GoTo
    Job Text Comparison SideBySide
}

names! { LISTS, list_name, Picking:
    Actions Keys Section RemoteModel LocalModel Session Settings Notes Sent Log
}

#[test]
fn every_pane_every_overlay_and_every_list_has_its_picture() {
    let models: Vec<Model> = SHOTS
        .iter()
        .flat_map(|shots| shots.iter())
        .filter_map(|(_, scene)| match scene {
            Scene::Workbench(make) => Some(make(80, 24)),
            Scene::Curve(_) => None,
        })
        .collect();
    let panes = |zoomed| {
        move |pane: &Pane, model: &Model| model.overlay.is_none() && model.focus == *pane && model.zoomed == zoomed
    };
    for pane in Pane::ALL {
        assert!(models.iter().any(|model| panes(false)(&pane, model)), "{pane:?} is in no picture");
        assert!(models.iter().any(|model| panes(true)(&pane, model)), "{pane:?} is zoomed in no picture");
    }
    let overlays: Vec<&Overlay> = models.iter().filter_map(|model| model.overlay.as_ref()).collect();
    for name in OVERLAYS {
        assert!(overlays.iter().any(|overlay| overlay_name(overlay) == *name), "{name} is in no picture");
    }
    for name in LISTS {
        let shown = models.iter().filter_map(Model::picker).any(|picker| list_name(&picker.of) == *name);
        assert!(shown, "the list {name} is in no picture");
    }
    let mut names: Vec<&str> = SHOTS.iter().flat_map(|shots| shots.iter()).map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "two pictures have one name");
}
