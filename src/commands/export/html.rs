//! One page in one file: no script, nothing fetched, light or dark as the reader's system is, every text escaped.
//!
//! It is well-formed XML too, so that a strict parser can tell in the tests that nothing of a text became an element.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::super::Failure;
use super::subject::Subject;
use super::told::{self, JobRow};
use crate::document::Document;
use crate::document::escape::visible_lines;
use crate::protocol::{Edit, Round};

const STYLE: &str = include_str!("page.css");

/// A part of a document that is cited: where it ends, what it is called, and whether the answer cites it.
struct Cited {
    start: usize,
    end: usize,
    id: String,
    by_answer: bool,
}

pub fn write(subject: &Subject, out: &mut dyn Write) -> Result<(), Failure> {
    let title = escape(subject.label.title.as_deref().unwrap_or(subject.question()));
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\" />\n\
         <meta name=\"viewport\" content=\"width=device-width\" />\n<meta name=\"color-scheme\" content=\"light dark\" />\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    )?;
    writeln!(out, "<h1>{title}</h1>")?;
    if subject.label.title.is_some() {
        writeln!(out, "<p class=\"text\">{}</p>", escape(subject.question()))?;
    }
    list(&told::about(subject), out)?;
    answer(subject, out)?;
    writeln!(out, "<h2>Costs</h2>")?;
    list(&told::costs(subject), out)?;
    table(&["round", "request", "state", "tokens", "cost", "time"], &told::calls(subject), out)?;
    let mut cited: Vec<Vec<Cited>> = subject.documents.iter().map(|_| Vec::new()).collect();
    let located =
        subject.state.answer.iter().flat_map(|answer| &answer.citations).map(|citation| citation.located.as_ref());
    for (index, located) in located.enumerate() {
        for (place, span) in located.iter().flat_map(|located| located.places()).enumerate() {
            if let Some(of_document) = cited.get_mut(span.document) {
                let id = if place == 0 { format!("c{}", index + 1) } else { format!("c{}-{place}", index + 1) };
                of_document.push(Cited { start: span.start, end: span.end, id, by_answer: true });
            }
        }
    }
    for round in &subject.state.rounds {
        let jobs = told::jobs(subject, round);
        for job in &jobs {
            if let Some((document, start, end, _)) = &job.place
                && let Some(of_document) = cited.get_mut(*document)
            {
                of_document.push(Cited { start: *start, end: *end, id: format!("j{}", job.name), by_answer: false });
            }
        }
        one_round(round, &jobs, out)?;
    }
    if !subject.notes.is_empty() {
        writeln!(out, "<h2>Notes</h2>\n<ul>")?;
        for note in &subject.notes {
            writeln!(out, "<li>at record {}: <span class=\"text\">{}</span></li>", note.seq, escape(&note.text))?;
        }
        writeln!(out, "</ul>")?;
    }
    for (document, mut cited) in subject.documents.iter().zip(cited) {
        cited.sort_by_key(|cited| (cited.start, cited.end));
        writeln!(out, "<h2>{}</h2>", escape(&document.name))?;
        if subject.with_documents {
            whole(document, &cited, out)?;
        } else {
            passages(document, &cited, out)?;
        }
    }
    for warning in &subject.warnings {
        writeln!(out, "<p class=\"warning\">{}</p>", escape(warning))?;
    }
    writeln!(out, "</main>\n</body>\n</html>")?;
    Ok(())
}

fn answer(subject: &Subject, out: &mut dyn Write) -> io::Result<()> {
    let report = &subject.report;
    writeln!(out, "<h2>Answer</h2>")?;
    match &report.answer {
        Some(answer) => writeln!(out, "<p class=\"text answer\">{}</p>", escape(answer.trim()))?,
        None => writeln!(out, "<p>There is no answer.</p>")?,
    }
    if let Some(explanation) = subject.state.answer.as_ref().map(|answer| answer.explanation.trim())
        && !explanation.is_empty()
    {
        writeln!(out, "<p class=\"text\">{}</p>", escape(explanation))?;
    }
    for line in report.doubts() {
        writeln!(out, "<p class=\"warning\">{}</p>", escape(&line))?;
    }
    if report.citations.is_empty() {
        return Ok(());
    }
    writeln!(out, "<ol class=\"citations\">")?;
    for (index, citation) in report.citations.iter().enumerate() {
        let agrees = citation.agrees().map_or(String::new(), |word| format!(", {word}"));
        let (words, place) = (escape(&citation.text), escape(&format!("{}{agrees}", citation.place())));
        match citation.start {
            Some(_) => {
                write!(out, "<li><q>{words}</q> <a href=\"#c{}\">{place}</a>", index + 1)?;
                if let Some(more) = citation.elsewhere() {
                    let others = (1..citation.places.len())
                        .map(|at| format!(" <a href=\"#c{}-{at}\">{}</a>", index + 1, at + 1));
                    write!(out, ", {more}:{}", others.collect::<String>())?;
                }
                writeln!(out, "</li>")?;
            }
            None => writeln!(out, "<li class=\"warning\"><q>{words}</q> {place}</li>")?,
        }
    }
    writeln!(out, "</ol>")
}

fn one_round(round: &Round, jobs: &[JobRow], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<h2>Round {}</h2>", round.number)?;
    for (what, text) in told::replies(round) {
        folded(what, text, out)?;
    }
    for code in round.codes.iter().filter(|code| !code.source.is_empty()) {
        folded(&told::program(code), &code.source, out)?;
        if let Some(error) = &code.rejected {
            writeln!(out, "<p class=\"text warning\">rejected: {}</p>", escape(&error.to_string()))?;
        }
    }
    if !jobs.is_empty() {
        writeln!(out, "<details>\n<summary>{}</summary>", escape(&told::tally(round)))?;
        writeln!(out, "<table>\n<tr><th>job</th><th>state</th><th>task</th><th>answer</th><th>citation</th></tr>")?;
        for job in jobs {
            let words = job.citation.map_or(String::new(), |words| format!("<q>{}</q>", escape(words)));
            let place = match &job.place {
                Some((.., place)) => format!(" <a href=\"#j{}\">{}</a>", job.name, escape(place)),
                None => String::new(),
            };
            writeln!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{words}{place}</td></tr>",
                job.name,
                job.state,
                escape(job.task),
                escape(job.answer.unwrap_or_default())
            )?;
        }
        writeln!(out, "</table>\n</details>")?;
    }
    if let Some(aggregated) = &round.aggregated {
        let (title, kept, dropped) = (told::sent_on(round), aggregated.kept, aggregated.dropped);
        folded(&format!("{title} ({kept} answers kept, {dropped} dropped)"), &aggregated.text, out)?;
    }
    by_hand(round, out)?;
    if let Some(decision) = told::decision(round) {
        let told = decision.into_iter().filter(|(_, text)| !text.trim().is_empty());
        list(&told.map(|(what, text)| (what, text.to_owned())).collect::<Vec<_>>(), out)?;
    }
    Ok(())
}

/// What the person did; what was there before is folded.
fn by_hand(round: &Round, out: &mut dyn Write) -> io::Result<()> {
    if round.by_hand.is_empty() {
        return Ok(());
    }
    writeln!(out, "<h3>By hand</h3>\n<ol>")?;
    for done in &round.by_hand {
        writeln!(out, "<li><span class=\"text\">{}</span>", escape(&done.told))?;
        if let Some(Edit { before, after }) = &done.edit {
            folded("before", before, out)?;
            folded("after", after, out)?;
        }
        writeln!(out, "</li>")?;
    }
    writeln!(out, "</ol>")
}

fn folded(title: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<details>\n<summary>{}</summary>\n<pre>{}</pre>\n</details>", escape(title), escape(text))
}

fn list(rows: &[(&'static str, String)], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<dl>")?;
    for (name, value) in rows {
        writeln!(out, "<dt>{name}</dt><dd class=\"text\">{}</dd>", escape(value))?;
    }
    writeln!(out, "</dl>")
}

fn table<const N: usize>(head: &[&str; N], rows: &[[String; N]], out: &mut dyn Write) -> io::Result<()> {
    let cells = |kind: &str, cells: &mut dyn Iterator<Item = &str>| {
        cells.fold(String::new(), |mut row, cell| {
            // Writing into a string cannot fail.
            let _ = write!(row, "<{kind}>{}</{kind}>", escape(cell));
            row
        })
    };
    writeln!(out, "<table>\n<tr>{}</tr>", cells("th", &mut head.iter().copied()))?;
    for row in rows {
        writeln!(out, "<tr>{}</tr>", cells("td", &mut row.iter().map(String::as_str)))?;
    }
    writeln!(out, "</table>")
}

/// The whole text with what is cited marked; links lead to where each citation begins.
fn whole(document: &Document, cited: &[Cited], out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<pre class=\"document\">")?;
    let mut cuts: Vec<usize> = cited.iter().flat_map(|cited| [cited.start, cited.end]).collect();
    cuts.extend([0, document.text.len()]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut begin = 0;
    for pair in cuts.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        while let Some(begun) = cited.get(begin).filter(|cited| cited.start == from) {
            write!(out, "<span class=\"place\" id=\"{}\"></span>", begun.id)?;
            begin += 1;
        }
        let text = escape(document.slice(from, to).unwrap_or_default());
        let mut over = cited[..begin].iter().filter(|cited| cited.end > from).peekable();
        match (over.peek().is_some(), over.any(|cited| cited.by_answer)) {
            (false, _) => write!(out, "{text}")?,
            (true, true) => write!(out, "<mark class=\"answer\">{text}</mark>")?,
            (true, false) => write!(out, "<mark>{text}</mark>")?,
        }
    }
    writeln!(out, "</pre>")
}

/// What is cited and nothing else, in the order of the document.
fn passages(document: &Document, cited: &[Cited], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<p>The document's text is not part of this file; these are the passages that were cited.</p>")?;
    for cited in cited {
        let words = escape(document.slice(cited.start, cited.end).unwrap_or_default());
        let class = if cited.by_answer { " class=\"answer\"" } else { "" };
        let place = match document.page_of(cited.start) {
            Some(page) => format!("page {page}"),
            None => format!("line {}", document.line_of(cited.start)),
        };
        writeln!(
            out,
            "<p class=\"place\" id=\"{}\"><mark{class}>{words}</mark> <small>{place}, bytes {}–{}</small></p>",
            cited.id, cited.start, cited.end
        )?;
    }
    Ok(())
}

/// Text in which nothing is HTML, and every control is shown.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for character in visible_lines(text).chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No characters of XML, and of no use on a page.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
