//! One object a line, as `--json` prints it.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

/// Writes an object on one line. Control characters that JSON leaves alone are escaped as well, so that a terminal shows
/// them and does not obey them.
pub fn json_line(object: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::new();
    json_through(object, &mut line)?;
    out.write_all(&line)
}

/// The same for an object too long to be held: what is written is not taken back where something fails in its midst.
pub fn json_through(object: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    object.serialize(&mut serde_json::Serializer::with_formatter(&mut out, TerminalSafe))?;
    out.write_all(b"\n")?;
    out.flush()
}

/// JSON in which no character but printable ones stands as itself.
struct TerminalSafe;

impl Formatter for TerminalSafe {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(obeyed) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let length = rest[at..].chars().next().map_or(1, char::len_utf8);
            for unit in rest[at..at + length].encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + length..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Whether a terminal would act on the character or be led astray by it: controls and bidirectional overrides.
pub(super) fn obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
