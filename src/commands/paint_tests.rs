//! How many bytes the screen takes on the line, in what people see most.

use crate::app::world::{FAULTY, World, answered};
use crate::app::{Message, Model, update};
use crate::protocol::{Fact, JobId, UtilizationSample};
use crate::term::Screen;
use crate::view::theme::BUILT_IN;
use crate::view::{Depth, Theme, draw};

fn dark() -> Theme {
    Theme::built_in("dark", Depth::True).unwrap()
}

fn screen(model: &Model) -> Screen<Vec<u8>> {
    Screen::new(Vec::new(), (model.width, model.height), true).unwrap()
}

/// The bytes of one frame.
fn painted(screen: &mut Screen<Vec<u8>>, model: &Model, theme: &Theme) -> usize {
    screen.draw(|frame| draw(frame, model, theme)).unwrap().bytes
}

fn press(model: &mut Model, keys: &str) {
    keys.split(' ').for_each(|key| drop(update(model, Message::Key(key.parse().unwrap()))));
}

#[test]
fn the_whole_screen_is_painted_in_16_kilobytes_in_every_theme_and_pane() {
    for (name, _) in BUILT_IN {
        let theme = Theme::built_in(name, Depth::True).unwrap();
        for keys in ["1", "2", "3", "4", "1 z", "2 z", "3 z", "4 z"] {
            let mut model = World::new().whole().model(160, 48);
            press(&mut model, keys);
            let mut screen = screen(&model);
            let bytes = painted(&mut screen, &model, &theme);
            assert!(bytes <= 16 * 1024, "{name}, after {keys}: {bytes}");
            for (opens, closes) in [("?", "esc"), (":", "esc")] {
                press(&mut model, opens);
                let opened = painted(&mut screen, &model, &theme);
                press(&mut model, closes);
                let closed = painted(&mut screen, &model, &theme);
                assert!(opened.max(closed) <= 16 * 1024, "{name}, {opens} after {keys}: {opened}, then {closed}");
            }
        }
    }
}

fn tell(model: &mut Model, at_ms: u64, fact: Fact) {
    let seq = model.seq + 1;
    update(model, Message::Fact { seq, at_ms, fact: Box::new(fact) });
}

fn begun(index: u32) -> Fact {
    Fact::JobStarted { job: JobId { round: 1, index }, attempt: 1 }
}

#[test]
fn a_pane_full_of_program_in_every_colour_is_painted_in_16_kilobytes() {
    let mut world = World::new();
    world.start().reject(&FAULTY.repeat(4), 6, "NameError: name 'chunk_by_pages' is not defined");
    let mut model = world.model(160, 48);
    press(&mut model, "2 z");
    let bytes = painted(&mut screen(&model), &model, &dark());
    assert!(bytes <= 16 * 1024, "{bytes}");
}

#[test]
fn what_changed_nothing_takes_no_byte_and_a_spinner_takes_few() {
    let mut model = World::new().half().model(160, 48);
    let mut screen = screen(&model);
    press(&mut model, "3");
    painted(&mut screen, &model, &dark());
    assert_eq!(painted(&mut screen, &model, &dark()), 0);
    let now_ms = model.now_ms + 100;
    update(&mut model, Message::Tick { now_ms });
    let spinner = painted(&mut screen, &model, &dark());
    assert!(spinner <= 128, "{spinner}");
}

#[test]
fn a_job_that_changes_takes_512_bytes_at_most_with_all_that_tells_of_it() {
    for keys in ["3 z", "3 z v"] {
        let mut model = World::many().model(80, 24);
        let mut screen = screen(&model);
        press(&mut model, keys);
        // The cursor stands on the first job, so that the list does not move on with the work.
        press(&mut model, "g");
        for fact in [begun(0), begun(1), begun(2), answered(0), answered(1)] {
            let at_ms = model.at_ms + 10;
            tell(&mut model, at_ms, fact);
        }
        painted(&mut screen, &model, &dark());
        // With tallies, gauge, sparklines, tab and timeline.
        for fact in [begun(5), answered(2), answered(5)] {
            let at_ms = model.at_ms + 10;
            tell(&mut model, at_ms, fact);
            let bytes = painted(&mut screen, &model, &dark());
            assert!((1..=512).contains(&bytes), "{keys}: {bytes}");
        }
    }
}

#[test]
fn jobs_by_the_thousand_take_20_kilobytes_a_second_at_most() {
    for (width, height, keys) in [(80, 24, "3"), (160, 48, "3"), (200, 60, "3 v"), (160, 48, "3 g s s")] {
        let mut model = World::many().model(width, height);
        let mut screen = screen(&model);
        press(&mut model, keys);
        painted(&mut screen, &model, &dark());
        let (begun_ms, mut sum) = (model.at_ms, 0);
        for frame in 0..100u32 {
            let at_ms = begun_ms + u64::from(frame) * 100;
            for index in frame * 2_048 / 100..(frame + 1) * 2_048 / 100 {
                tell(&mut model, at_ms, begun(index));
                tell(&mut model, at_ms, answered(index));
            }
            if frame % 10 == 0 {
                let cpu_percent = Some((frame * 7 % 100) as f32);
                let sample = UtilizationSample { cpu_percent, ..UtilizationSample::default() };
                tell(&mut model, at_ms, Fact::UtilizationSampled(sample));
            }
            update(&mut model, Message::Tick { now_ms: at_ms });
            sum += painted(&mut screen, &model, &dark());
        }
        assert!(sum > 0 && sum <= 200_000, "{keys} at {width}×{height}: {sum} bytes in 10 s");
    }
}
