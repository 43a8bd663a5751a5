//! Text with its style in the lines of a command, outside the screen.

use crossterm::style::Colored;
use ratatui::backend::IntoCrossterm;
use ratatui::style::Style;

/// The text as the terminal is to show it, with its own style back after it.
pub fn painted(text: &str, style: Style) -> String {
    // Whether there is colour was decided with the style.
    Colored::set_ansi_color_disabled(false);
    style.into_crossterm().apply(text).to_string()
}
