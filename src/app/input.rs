//! What the person types: a line, or several.

use unicode_segmentation::UnicodeSegmentation;

use super::action::Action;
use super::key::{Key, KeyCode};

/// Typed text is cut here, so that a paste of a whole book does no harm. In bytes.
const LONGEST: usize = 16 * 1024;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineInput {
    pub text: String,
    /// A byte offset between two graphemes.
    pub cursor: usize,
}

impl LineInput {
    pub fn of(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { cursor: text.len(), text }
    }

    /// Puts text in at the cursor; line ends and tabs become spaces, other control characters are left out.
    pub fn insert(&mut self, text: &str) {
        self.insert_lines(&text.replace("\r\n", " ").replace(['\n', '\r', '\t'], " "));
    }

    /// The same with line ends as they are.
    pub fn insert_lines(&mut self, text: &str) {
        let clean = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', " ");
        for character in clean.chars().filter(|character| *character == '\n' || !character.is_control()) {
            if self.text.len() + character.len_utf8() > LONGEST {
                return;
            }
            self.text.insert(self.cursor, character);
            self.cursor += character.len_utf8();
        }
    }

    /// As [`typed`](Self::typed), in a text of several lines.
    pub(crate) fn typed_in_lines(&mut self, action: Option<Action>, key: Key) {
        match action {
            Some(Action::FormUp) => {
                self.line_up();
            }
            Some(Action::FormDown) => {
                self.line_down();
            }
            Some(Action::NewLine) => self.insert_lines("\n"),
            action => self.typed(action, key),
        }
    }

    /// What a key does where text is typed; `action` is what the keymap says of it.
    pub fn typed(&mut self, action: Option<Action>, key: Key) {
        match (action, key.code) {
            (Some(Action::EraseWord), _) => self.erase_word(),
            (Some(Action::EraseLine), _) => self.erase_line(),
            (_, KeyCode::Char(character)) if !key.ctrl && !key.alt => self.insert(character.encode_utf8(&mut [0; 4])),
            (_, KeyCode::Backspace) => self.erase_back(),
            (_, KeyCode::Delete) => self.erase_on(),
            (_, KeyCode::Left) => self.left(),
            (_, KeyCode::Right) => self.right(),
            (_, KeyCode::Home) => self.home(),
            (_, KeyCode::End) => self.end(),
            _ => {}
        }
    }

    pub fn left(&mut self) {
        self.cursor = self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
    }

    pub fn right(&mut self) {
        self.cursor += self.text[self.cursor..].graphemes(true).next().map_or(0, str::len);
    }

    /// To the line above, as far along as it reaches; false where there is none.
    pub fn line_up(&mut self) -> bool {
        let Some(end) = self.text[..self.cursor].rfind('\n') else { return false };
        let start = self.text[..end].rfind('\n').map_or(0, |at| at + 1);
        self.cursor = along(&self.text, start..end, self.column());
        true
    }

    /// To the line below.
    pub fn line_down(&mut self) -> bool {
        let Some(start) = self.text[self.cursor..].find('\n').map(|at| self.cursor + at + 1) else { return false };
        let end = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        self.cursor = along(&self.text, start..end, self.column());
        true
    }

    /// Graphemes of the line before the cursor.
    fn column(&self) -> usize {
        let start = self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1);
        self.text[start..self.cursor].graphemes(true).count()
    }

    pub fn home(&mut self) {
        self.cursor = 0;
    }

    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }

    pub fn erase_back(&mut self) {
        let end = self.cursor;
        self.left();
        self.text.drain(self.cursor..end);
    }

    pub fn erase_on(&mut self) {
        let end = self.cursor + self.text[self.cursor..].graphemes(true).next().map_or(0, str::len);
        self.text.drain(self.cursor..end);
    }

    pub fn erase_word(&mut self) {
        let kept = self.text[..self.cursor]
            .trim_end()
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + self.text[at..].chars().next().map_or(0, char::len_utf8));
        self.text.drain(kept..self.cursor);
        self.cursor = kept;
    }

    pub fn erase_line(&mut self) {
        self.text.drain(..self.cursor);
        self.cursor = 0;
    }
}

/// Where so many graphemes of a line of the text end, or the line itself.
fn along(text: &str, line: std::ops::Range<usize>, column: usize) -> usize {
    let mut graphemes = text[line.clone()].grapheme_indices(true);
    graphemes.nth(column).map_or(line.end, |(at, _)| line.start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_moves_and_erases_whole_characters() {
        let mut input = LineInput::default();
        input.insert("a e\u{301}\nb");
        assert_eq!(input.text, "a e\u{301} b");
        input.left();
        input.left();
        input.erase_back();
        assert_eq!(input.text, "a  b");
        input.end();
        input.erase_word();
        assert_eq!(input.text, "a  ");
        input.home();
        input.erase_on();
        assert_eq!(input.text, "  ");
        input.erase_line();
        input.end();
        input.erase_line();
        assert_eq!(input, LineInput::default());
    }

    #[test]
    fn the_cursor_keeps_its_column_from_line_to_line() {
        let mut input = LineInput::default();
        input.insert_lines("one two\r\na\u{301}b\n\u{1b}three");
        assert_eq!(input.text, "one two\na\u{301}b\nthree");
        let at = |input: &LineInput| input.text[input.cursor..].to_owned();
        assert!(input.line_up() && input.line_up() && !input.line_up());
        assert_eq!(at(&input), "e two\na\u{301}b\nthree");
        assert!(input.line_down() && input.line_down() && !input.line_down());
        assert_eq!(at(&input), "ree");
    }
}
