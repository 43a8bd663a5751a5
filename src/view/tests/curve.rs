//! The curve of an eval: no size is too small for it, and its list scrolls.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::text;
use crate::app::CurveScreen;
use crate::app::world::curve_screen as screen;
use crate::view::{Depth, Theme, draw_curve};

pub(super) fn drawn(screen: &CurveScreen, width: u16, height: u16, depth: Depth) -> Buffer {
    let theme = Theme::built_in("dark", depth).unwrap();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw_curve(frame, screen, &theme)).unwrap();
    terminal.backend().buffer().clone()
}

#[test]
fn no_size_and_no_number_of_settings_is_too_much_for_it() {
    for (width, height) in [(0, 0), (1, 1), (8, 3), (20, 6), (109, 5), (111, 4), (300, 100)] {
        for count in [0, 1, 3, 60] {
            for ascii in [false, true] {
                let mut screen = screen(count, ascii);
                screen.scroll(100, (width, height));
                let buffer = drawn(&screen, width, height, Depth::None);
                assert!(!ascii || buffer.content.iter().all(|cell| cell.symbol().is_ascii()));
            }
        }
    }
}

#[test]
fn without_colour_letters_tell_the_settings_apart_and_the_list_scrolls() {
    let none = drawn(&screen(30, false), 80, 24, Depth::None);
    assert!(none.content.iter().all(|cell| cell.fg == ratatui::style::Color::Reset));
    assert!(text(&none).contains("\n A  offline_share=0.00"), "{}", text(&none));
    let mut screen = screen(30, false);
    // No press is dead at either end.
    screen.scroll(-3, (80, 24));
    screen.scroll(1, (80, 24));
    assert!(!text(&drawn(&screen, 80, 24, Depth::None)).contains("\n A  "));
    screen.scroll(-1, (80, 24));
    assert!(text(&drawn(&screen, 80, 24, Depth::None)).contains("\n A  "));
    screen.scroll(100, (80, 24));
    screen.scroll(-1, (80, 24));
    assert!(!text(&drawn(&screen, 80, 24, Depth::None)).contains("\n D2 "));
    screen.scroll(1, (80, 24));
    let told = text(&drawn(&screen, 80, 24, Depth::None));
    assert!(told.contains("\n D2 offline_share=0.29") && !told.contains(" A  offline"), "{told}");
}

#[test]
fn a_setting_on_the_front_is_hidden_by_no_other() {
    let mut screen = screen(3, false);
    for (spot, (at, on_front)) in
        screen.spots.iter_mut().zip([((0.5, 0.5), true), ((0.5, 0.5), false), ((0.9, 0.9), false)])
    {
        (spot.at, spot.across, spot.along, spot.on_front) = (at, (at.0, at.0), (at.1, at.1), on_front);
    }
    let plot = |screen: &CurveScreen| text(&drawn(screen, 120, 24, Depth::None));
    assert!(plot(&screen).contains("A B"), "{}", plot(&screen));
    screen.spots[0].on_front = false;
    screen.spots[1].on_front = true;
    assert!(plot(&screen).contains("B A"), "{}", plot(&screen));
}
