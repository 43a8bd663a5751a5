//! What the terminal is promised: the bytes of a frame show what was drawn, are few, and come in one write.

use std::cell::RefCell;
use std::io::{self, Write};
use std::num::NonZeroU16;
use std::rc::Rc;

use proptest::prelude::*;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier, Style};

use super::{Screen, TermError};

/// A terminal that counts its writes.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<Vec<Vec<u8>>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().push(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire {
    fn take(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.0.borrow_mut())
    }
}

fn screen(width: u16, height: u16) -> (Screen<Wire>, Wire, vt100::Parser) {
    let wire = Wire::default();
    let screen = Screen::new(wire.clone(), (width, height), true).unwrap();
    (screen, wire, vt100::Parser::new(cells(height), cells(width), 0))
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn text(line: &'static str) -> impl FnOnce(&mut Frame) {
    move |frame| frame.render_widget(line, frame.area())
}

#[test]
fn a_frame_is_one_synchronized_write() {
    let (mut screen, wire, _) = screen(160, 48);
    let stats = screen.draw(|frame| frame.render_widget("x".repeat(5_000), frame.area())).unwrap();
    let writes = wire.take();
    assert_eq!(writes.len(), 1);
    assert_eq!(stats.bytes, writes[0].len());
    assert!(writes[0].starts_with(b"\x1b[?2026h") && writes[0].ends_with(b"\x1b[?2026l"));
}

#[test]
fn a_terminal_that_prints_unknown_modes_gets_no_brackets() {
    let wire = Wire::default();
    let mut screen = Screen::new(wire.clone(), (20, 6), false).unwrap();
    screen.draw(text("hello")).unwrap();
    assert!(!String::from_utf8(wire.take().concat()).unwrap().contains("2026"));
}

#[test]
fn nothing_changed_is_no_byte_and_no_write() {
    let (mut screen, wire, _) = screen(80, 24);
    screen.draw(text("hello")).unwrap();
    wire.take();
    assert_eq!(screen.draw(text("hello")).unwrap().bytes, 0);
    let with_cursor = |frame: &mut Frame| {
        frame.render_widget("hello", frame.area());
        frame.set_cursor_position(Position::new(2, 3));
    };
    assert!(screen.draw(with_cursor).unwrap().bytes > 0);
    wire.take();
    assert_eq!(screen.draw(with_cursor).unwrap().bytes, 0);
    assert!(wire.take().is_empty());
}

#[test]
fn one_cell_is_at_most_64_bytes() {
    let (mut screen, _, _) = screen(160, 48);
    screen.draw(text("/ working")).unwrap();
    let bytes = screen.draw(text("- working")).unwrap().bytes;
    assert!(bytes <= 64, "{bytes}");
}

#[test]
fn a_full_paint_at_160_by_48_is_at_most_16_kilobytes() {
    let (mut screen, _, _) = screen(160, 48);
    let paint = |frame: &mut Frame| {
        for y in 0..48 {
            let row = Rect::new(0, y, 160, 1);
            let line: String = "All work and no play. ".chars().cycle().skip(y as usize).take(160).collect();
            frame.render_widget(ratatui::text::Line::styled(line, Style::new().fg(Color::Indexed(y as u8))), row);
        }
    };
    let bytes = screen.draw(paint).unwrap().bytes;
    assert!(bytes <= 16 * 1024, "{bytes}");
}

#[test]
fn the_cursor_is_shown_where_it_is_asked_for_and_hidden_otherwise() {
    let (mut screen, wire, mut terminal) = screen(20, 6);
    terminal.process(b"\x1b[?25l");
    let mut at = |screen: &mut Screen<Wire>, cursor: Option<(u16, u16)>, line: &'static str| {
        if line == "spoilt" {
            let shown = !terminal.screen().hide_cursor();
            terminal.process(if shown { b"\x1b[?25l" } else { b"\x1b[?25h" });
            screen.repaint();
        }
        screen
            .draw(|frame| {
                frame.render_widget(line, frame.area());
                if let Some(position) = cursor {
                    frame.set_cursor_position(position);
                }
            })
            .unwrap();
        terminal.process(&wire.take().concat());
        let (row, column) = terminal.screen().cursor_position();
        (!terminal.screen().hide_cursor()).then_some((column, row))
    };
    assert_eq!(at(&mut screen, None, "a"), None);
    assert_eq!(at(&mut screen, Some((3, 2)), "a"), Some((3, 2)));
    assert_eq!(at(&mut screen, Some((3, 2)), "b"), Some((3, 2)), "drawing elsewhere brings it back");
    assert_eq!(at(&mut screen, Some((4, 2)), "b"), Some((4, 2)));
    assert_eq!(at(&mut screen, Some((4, 2)), "spoilt"), Some((4, 2)));
    assert_eq!(at(&mut screen, None, "b"), None);
    assert_eq!(at(&mut screen, None, "spoilt"), None);
}

#[test]
fn a_write_that_failed_is_told_and_the_next_frame_is_whole() {
    struct Full(Wire, bool);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::take(&mut self.1) { Err(io::ErrorKind::BrokenPipe.into()) } else { self.0.write(bytes) }
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let wire = Wire::default();
    let mut screen = Screen::new(Full(wire.clone(), true), (20, 6), true).unwrap();
    assert!(matches!(screen.draw(text("hello")), Err(TermError::Write(_))));
    screen.draw(text("hello")).unwrap();
    let mut terminal = vt100::Parser::new(cells(6), cells(20), 0);
    terminal.process(&wire.take().concat());
    assert_eq!(terminal.screen().contents().trim_end(), "hello");
}

/// A frame as a property test makes it: pieces of text at places, in styles.
type Piece = (u16, u16, String, u8, u8, u16);

fn piece() -> impl Strategy<Value = Piece> {
    (0..40u16, 0..12u16, "[ -~éß…│─中文👍]{0,12}", 0..=16u8, 0..=16u8, 0..8u16)
}

fn drawn(frame: &mut Frame, pieces: &[Piece]) {
    let area = frame.area();
    for (x, y, text, foreground, background, modifiers) in pieces {
        if *x < area.width && *y < area.height {
            let colour = |number: u8| if number == 16 { Color::Reset } else { Color::Indexed(number) };
            let mut modifier = Modifier::empty();
            modifier.set(Modifier::BOLD, modifiers & 1 != 0);
            modifier.set(Modifier::REVERSED, modifiers & 2 != 0);
            modifier.set(Modifier::UNDERLINED, modifiers & 4 != 0);
            let style = Style::new().fg(colour(*foreground)).bg(colour(*background)).add_modifier(modifier);
            frame.buffer_mut().set_string(*x, *y, text, style);
        }
    }
}

fn same(buffer: &Buffer, terminal: &vt100::Screen) -> Result<(), TestCaseError> {
    let colour = |shown: vt100::Color| match shown {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(number) => Color::Indexed(number),
        vt100::Color::Rgb(r, g, b) => Color::Rgb(r, g, b),
    };
    for y in 0..buffer.area.height {
        for x in 0..buffer.area.width {
            let (drawn, shown) = (&buffer[(x, y)], terminal.cell(y, x).unwrap());
            if shown.is_wide_continuation() {
                continue;
            }
            let contents = if shown.has_contents() { shown.contents() } else { " " };
            prop_assert_eq!(drawn.symbol(), contents, "at {},{}", x, y);
            prop_assert_eq!(drawn.bg, colour(shown.bgcolor()), "background at {},{}", x, y);
            prop_assert_eq!(drawn.modifier.contains(Modifier::REVERSED), shown.inverse(), "reverse at {},{}", x, y);
            if drawn.symbol() != " " {
                prop_assert_eq!(drawn.fg, colour(shown.fgcolor()), "colour at {},{}", x, y);
                prop_assert_eq!(drawn.modifier.contains(Modifier::BOLD), shown.bold(), "bold at {},{}", x, y);
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_terminal_shows_exactly_what_was_drawn(
        frames in prop::collection::vec((prop::collection::vec(piece(), 0..8), 1..50u16, 1..14u16, any::<bool>()), 1..6)
    ) {
        let (mut screen, wire, mut terminal) = screen(40, 12);
        for (pieces, width, height, again) in frames {
            if again {
                screen.repaint();
                terminal.process(b"\x1b[?25lgarbage from elsewhere");
            } else {
                screen.resize((width, height));
                terminal.screen_mut().set_size(cells(height), cells(width));
            }
            let mut buffer = Buffer::default();
            screen.draw(|frame| {
                drawn(frame, &pieces);
                buffer = frame.buffer_mut().clone();
            }).unwrap();
            terminal.process(&wire.take().concat());
            same(&buffer, terminal.screen())?;
        }
    }
}
