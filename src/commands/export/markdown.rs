//! The report in Markdown (CommonMark with GitHub's tables). Text from outside stays text: it is escaped or fenced.

use std::io::{self, Write};

use super::super::Failure;
use super::subject::Subject;
use super::told;
use crate::document::escape::{markdown as inline, visible_lines};
use crate::protocol::{Edit, Redaction, Round};

pub fn write(subject: &Subject, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "# {}\n", inline(subject.label.title.as_deref().unwrap_or(subject.question())))?;
    if subject.label.title.is_some() {
        quote(subject.question(), out)?;
    }
    rows(&told::about(subject), out)?;
    answer(subject, out)?;
    writeln!(out, "## Costs\n")?;
    rows(&told::costs(subject), out)?;
    table(["round", "request", "state", "tokens", "cost", "time"], &told::calls(subject), out)?;
    for round in &subject.state.rounds {
        one_round(subject, round, out)?;
    }
    if !subject.notes.is_empty() {
        writeln!(out, "## Notes\n")?;
        for note in &subject.notes {
            writeln!(out, "- at record {}: {}", note.seq, inline(&note.text))?;
        }
        writeln!(out)?;
    }
    if subject.with_documents {
        for document in &subject.documents {
            writeln!(out, "## Document {}\n", inline(&document.name))?;
            fence("text", &document.text, out)?;
        }
    }
    for warning in &subject.warnings {
        writeln!(out, "*Warning:* {}\n", inline(warning))?;
    }
    Ok(())
}

fn answer(subject: &Subject, out: &mut dyn Write) -> io::Result<()> {
    let report = &subject.report;
    writeln!(out, "## Answer\n")?;
    match &report.answer {
        Some(answer) => quote(answer, out)?,
        None => writeln!(out, "There is no answer.\n")?,
    }
    if let Some(explanation) = subject.state.answer.as_ref().map(|answer| &answer.explanation)
        && !explanation.trim().is_empty()
    {
        writeln!(out, "### Why\n")?;
        quote(explanation, out)?;
    }
    if !report.citations.is_empty() {
        writeln!(out, "### Citations\n")?;
        for (index, citation) in report.citations.iter().enumerate() {
            let agrees = citation.agrees().map_or(String::new(), |word| format!(", {word}"));
            let place = match (citation.start, citation.end) {
                (Some(start), Some(end)) => format!("{}{agrees}, bytes {start}–{end}", citation.place()),
                _ => citation.place(),
            };
            let others: Vec<String> = citation
                .places
                .iter()
                .skip(1)
                .map(|it| format!("bytes {}–{} of {}", it.start, it.end, it.document))
                .collect();
            let more = citation.elsewhere().map_or(String::new(), |more| format!(", {more}: {}", others.join(", ")));
            let place = format!("{place}{more}");
            writeln!(out, "{}. “{}” — {}", index + 1, inline(&citation.text), inline(&place))?;
        }
        writeln!(out)?;
    }
    for line in report.doubts() {
        writeln!(out, "*Note:* {}\n", inline(&line))?;
    }
    Ok(())
}

fn one_round(subject: &Subject, round: &Round, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Round {}\n", round.number)?;
    for (what, text) in told::replies(round) {
        writeln!(out, "### {what}\n")?;
        quote(text, out)?;
    }
    for code in round.codes.iter().filter(|code| !code.source.is_empty()) {
        let rejected =
            code.rejected.as_ref().map_or(String::new(), |error| format!(", rejected: {}", inline(&error.to_string())));
        writeln!(out, "### {}{rejected}\n", told::program(code))?;
        fence("python", &code.source, out)?;
    }
    if !round.jobs.is_empty() {
        writeln!(out, "### Jobs\n\n{}\n", inline(&told::tally(round)))?;
        let answered = told::jobs(subject, round).into_iter().filter(|job| job.answer.is_some());
        let cells = answered.map(|job| {
            let place = match (job.place, job.citation) {
                (Some((.., place)), _) => place,
                (None, Some(citation)) if Redaction::is_all_of(citation) => "redacted".into(),
                (None, _) => "not found".into(),
            };
            [
                job.name,
                job.task.to_owned(),
                job.answer.unwrap_or_default().to_owned(),
                job.citation.unwrap_or_default().to_owned(),
                place,
            ]
        });
        table(["job", "task", "answer", "citation", "where"], &cells.collect::<Vec<_>>(), out)?;
    }
    if let Some(aggregated) = &round.aggregated {
        let (title, kept, dropped) = (told::sent_on(round), aggregated.kept, aggregated.dropped);
        writeln!(out, "### {title}\n\n{kept} answers kept, {dropped} dropped.\n")?;
        fence("text", &aggregated.text, out)?;
    }
    by_hand(round, out)?;
    if let Some(decision) = told::decision(round) {
        let told = decision.into_iter().filter(|(_, text)| !text.trim().is_empty());
        rows(&told.map(|(what, text)| (what, text.to_owned())).collect::<Vec<_>>(), out)?;
    }
    Ok(())
}

/// What the person did, with what was there before.
fn by_hand(round: &Round, out: &mut dyn Write) -> io::Result<()> {
    if !round.by_hand.is_empty() {
        writeln!(out, "### By hand\n")?;
    }
    for (done, n) in round.by_hand.iter().zip(1..) {
        writeln!(out, "{n}\\. {}\n", inline(&done.told))?;
        if let Some(Edit { before, after }) = &done.edit {
            writeln!(out, "Before:\n")?;
            fence("text", before, out)?;
            writeln!(out, "After:\n")?;
            fence("text", after, out)?;
        }
    }
    Ok(())
}

fn rows(rows: &[(&'static str, String)], out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in rows {
        writeln!(out, "- **{name}:** {}", inline(value))?;
    }
    writeln!(out)
}

fn table<const N: usize>(head: [&str; N], cells: &[[String; N]], out: &mut dyn Write) -> io::Result<()> {
    if cells.is_empty() {
        return Ok(());
    }
    writeln!(out, "| {} |\n|{}", head.join(" | "), "---|".repeat(N))?;
    for row in cells {
        let row: Vec<String> = row.iter().map(|cell| inline(cell)).collect();
        writeln!(out, "| {} |", row.join(" | "))?;
    }
    writeln!(out)
}

/// Lines of text in a quotation, each where it was.
fn quote(text: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = visible_lines(text.trim()).into_owned();
    let lines: Vec<String> = text.lines().map(inline).collect();
    for (at, line) in lines.iter().enumerate() {
        // A backslash before another line of the paragraph breaks it there; anywhere else it would be seen.
        let goes_on = !line.is_empty() && lines.get(at + 1).is_some_and(|next| !next.is_empty());
        writeln!(out, "{}", format!("> {line}{}", if goes_on { "\\" } else { "" }).trim_end())?;
    }
    writeln!(out)
}

/// A block of code whose fence is longer than any row of backticks in it.
fn fence(language: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    let text = visible_lines(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    writeln!(out, "{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use pulldown_cmark::{Event, Parser};

    use super::*;

    #[test]
    fn a_quotation_has_its_lines_and_paragraphs_and_no_backslash_is_seen() {
        let mut out = Vec::new();
        quote("one\ntwo\n\nthree\n", &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "> one\\\n> two\n>\n> three\n\n");
    }

    #[test]
    fn no_fence_in_a_text_ends_its_block() {
        let mut out = Vec::new();
        let hostile = "a\n```\n# out\n``````\n\u{1b}[2J";
        fence("text", hostile, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let blocks: Vec<_> = Parser::new(&text).filter(|event| matches!(event, Event::Start(_))).collect();
        assert_eq!(blocks.len(), 1, "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
