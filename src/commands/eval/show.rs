//! `minions eval --show`: the curve of an eval that was made, from its folder.

use std::io::Write;
use std::path::Path;

use clap::ColorChoice;
use serde::Deserialize;

use super::super::json_line::json_line;
use super::super::{Exit, Failure, Output, screen as stage};
use super::screen;
use crate::config::Loaded;
use crate::document::escape::visible;
use crate::eval::Curve;

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
        Failure::new(
            Exit::Error,
            format!("{path:?} could not be read ({error}): name the folder of an eval that has ended or was stopped"),
        )
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
