//! A reply of the remote LM: its words in Markdown, its program with errors in place or beside the program before.

use crate::app::listing::Fault;
use crate::app::markdown::{LastBlock, fenced};
use crate::app::rows::{Mark, Piece, Tone, Writer, pad};
use crate::protocol::{Code, CodeError, is_python};

/// The program that another is compared with.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    pub source: &'a str,
    pub round: u32,
    pub attempt: u32,
}

/// Whether a reply is no Markdown but JSON, as far as its beginning tells.
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{')
}

/// A reply that came whole, or failed where it ends.
pub fn write_reply(writer: &mut Writer, text: &str) {
    if is_json(text) {
        let value = serde_json::from_str::<serde_json::Value>(text);
        let pretty = value.and_then(|value| serde_json::to_string_pretty(&value));
        writer.text(Tone::Code, 2, pretty.as_deref().unwrap_or(text), None);
    } else {
        write_words(writer, text);
    }
}

/// A reply in Markdown, or a part of one that begins with a block.
pub fn write_words(writer: &mut Writer, text: &str) -> LastBlock {
    writer.markdown_with(Tone::Text, 2, text, None, &mut write_block)
}

/// A part of a reply in JSON that begins with a line; how many of its bytes and of its rows stay as they are, whatever
/// comes.
pub fn write_json_so_far(writer: &mut Writer, text: &str) -> (usize, usize) {
    let text = text.trim_end();
    let whole = text.rfind('\n').map_or(0, |end| end + 1);
    let (lines, last) = text.split_at(whole);
    for line in lines.lines() {
        writer.lead(vec![pad(2)], Tone::Code, line, None);
    }
    let rows = writer.rows.len();
    writer.text(Tone::Code, 2, last, None);
    (whole, rows)
}

fn write_block(writer: &mut Writer, deeper: usize, language: &str, source: &str) {
    match language {
        "json" => writer.text(Tone::Code, 2 + deeper, source, None),
        _ => writer.code(deeper, source, 1, None),
    }
}

/// A reply with the program that was taken out of it, where it stands in the reply.
pub fn write_program(writer: &mut Writer, reply: &str, code: &Code, before: Option<Before>) {
    let fault = code.rejected.as_ref().and_then(fault);
    let blocks = fenced(reply);
    let named = blocks.iter().any(|(language, _)| is_python(language));
    let is_part = |language: &str| if named { is_python(language) } else { language.is_empty() };
    let parts: Vec<&str> =
        blocks.iter().filter(|(language, _)| is_part(language)).map(|(_, source)| source.as_str()).collect();
    if parts.join("\n") != code.source {
        // The program was read otherwise than Markdown would: it is shown as it was read.
        let prose: Vec<&str> = reply.lines().take_while(|line| !line.trim_start().starts_with("```")).collect();
        if prose.len() < reply.lines().count() {
            writer.markdown(Tone::Text, 2, &prose.join("\n"), None);
        }
        return write_source(writer, code, fault.as_ref(), before);
    }
    let mut first = 1;
    writer.markdown_with(Tone::Text, 2, reply, None, &mut |writer, deeper, language, source| match before {
        _ if !is_part(language) => write_block(writer, deeper, language, source),
        // All parts are compared as one program.
        Some(_) if first == 1 => {
            write_source(writer, code, fault.as_ref(), before);
            first = 0;
        }
        Some(_) => {}
        None => {
            writer.code(deeper, source, first, fault.as_ref());
            // The parts were joined by an empty line.
            first += source.matches('\n').count() as u32 + 1;
        }
    });
}

fn write_source(writer: &mut Writer, code: &Code, fault: Option<&Fault>, before: Option<Before>) {
    if code.edited {
        writer.row(vec![pad(2), Piece::text(Tone::Accent, "the program, as it was edited by hand")], None);
    }
    let Some(before) = before else { return writer.code(0, &code.source, 1, fault) };
    let words = match code.id.round == before.round {
        true => format!("against try {}", before.attempt),
        false => format!("against round {}", before.round),
    };
    let same = if before.source == code.source { ": the same program" } else { "" };
    writer.row(
        vec![pad(2), Piece::Mark(Tone::Accent, Mark::Arrow), pad(1), Piece::text(Tone::Accent, words + same)],
        None,
    );
    writer.code_since(before.source, &code.source, fault);
}

/// Where in the program the error stands, and who called that line.
fn fault(error: &CodeError) -> Option<Fault> {
    let line = error.line?;
    let called = error.traceback.iter().flat_map(|traceback| traceback.lines()).filter_map(line_of_frame);
    let callers = called.filter(|caller| *caller != line).collect();
    Some(Fault { line, message: error.message.clone(), callers })
}

/// The line that a line of a traceback names: `File "…", line 12, in f`.
fn line_of_frame(text: &str) -> Option<u32> {
    let (_, rest) = text.trim_start().strip_prefix("File \"")?.split_once("\", line ")?;
    rest.split(',').next()?.trim().parse().ok()
}
