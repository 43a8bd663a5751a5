//! `minions eval --show`: the curve of an eval that was made, from its folder.

use std::io::Write;
use std::path::Path;

use clap::ColorChoice;
use serde::Deserialize;

use super::super::json_line::json_line;
use super::super::{Exit, Failure, Output, screen as stage};
use super::folder::BOOK;
use super::{counted, screen};
use crate::config::Loaded;
use crate::document::escape::visible;
use crate::eval::{Book, Curve, book};

/// What is read of the report.
#[derive(Deserialize)]
struct Made {
    questions: String,
    asked: usize,
    done: usize,
    curve: Curve,
}

pub async fn show(
    folder: &Path,
    (json, plain): (bool, bool),
    loaded: &Loaded,
    color: ColorChoice,
) -> Result<Exit, Failure> {
    let path = folder.join("report.json");
    let bytes = std::fs::read(&path).map_err(|error| {
        let do_next =
            standing(folder).unwrap_or_else(|| "name the folder of an eval that has ended or was stopped".into());
        Failure::new(Exit::Error, format!("{path:?} could not be read ({error}): {do_next}"))
    })?;
    let made: Made = serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(Exit::Error, format!("{path:?} is no report of an eval: {error}")))?;
    let Made { questions, asked, done, curve } = made;
    if json {
        let mut out = Output::standard();
        json_line(&curve, &mut out)?;
        out.flush()?;
        return Ok(Exit::Success);
    }
    let standing = format!("{done} of {asked} tries done");
    if plain || loaded.config.screen.accessible || stage::possible().is_err() {
        let mut out = Output::standard();
        writeln!(out, "{}: {standing}", visible(&questions))?;
        curve.lines().iter().try_for_each(|line| writeln!(out, "{}", visible(line)))?;
        out.flush()?;
        return Ok(Exit::Success);
    }
    screen::show(&questions, &curve, &standing, loaded, color).await?;
    Ok(Exit::Success)
}

/// What the book of an eval says that has no report yet.
fn standing(folder: &Path) -> Option<String> {
    let (entries, _) = book::read(&std::fs::read_to_string(folder.join(BOOK)).ok()?).ok()?;
    let mut book = Book::default();
    entries.iter().for_each(|entry| book.apply(entry));
    Some(format!(
        "the eval runs or was killed, with {} and {} begun; the command that began it goes on with it and writes the report",
        counted(book.rows.len(), "answer", "answers"),
        counted(book.open.len(), "session", "sessions")
    ))
}
