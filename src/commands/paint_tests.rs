//! How many bytes the screen takes on the line, in what people see most.

use crate::app::world::World;
use crate::app::{Message, Model, update};
use crate::term::Screen;
use crate::view::theme::BUILT_IN;
use crate::view::{Depth, Theme, draw};

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
            let mut screen = Screen::new(Vec::new(), (160, 48), true).unwrap();
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

#[test]
fn what_changed_nothing_takes_no_byte_and_a_row_takes_few() {
    let theme = Theme::built_in("dark", Depth::True).unwrap();
    let mut model = World::new().half().model(160, 48);
    let mut screen = Screen::new(Vec::new(), (160, 48), true).unwrap();
    press(&mut model, "3");
    painted(&mut screen, &model, &theme);
    assert_eq!(painted(&mut screen, &model, &theme), 0);
    let now_ms = model.now_ms + 100;
    update(&mut model, Message::Tick { now_ms });
    let spinner = painted(&mut screen, &model, &theme);
    assert!(spinner <= 128, "{spinner}");
}
