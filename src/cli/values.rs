//! Values of flags, read from what was typed.

use super::{Point, Speed};
use crate::config::{FILE_NAME, Override};

pub(super) fn given(name: &str, value: String, flag: &str) -> Override {
    Override { name: name.into(), value, flag: flag.into() }
}

pub(super) fn setting(text: &str) -> Result<Override, String> {
    match text.split_once('=') {
        Some((name, value)) => Ok(given(name.trim(), value.into(), "--set")),
        None => Err(format!("write section.key=value, with a section and key of {FILE_NAME}")),
    }
}

pub(super) fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| (0.0..=1.0).contains(share)).ok_or_else(|| "write a number from 0 to 1".into())
}

pub(super) fn dollars(text: &str) -> Result<f64, String> {
    let usd = text.parse::<f64>().ok().filter(|usd| usd.is_finite() && *usd > 0.0);
    usd.ok_or_else(|| "allowed: dollars above 0, such as 1.50".into())
}

pub(super) fn speed(text: &str) -> Result<Speed, String> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(Speed::Max),
        Ok(times) if times > 0.0 && times <= 1000.0 => Ok(Speed::Times(times)),
        _ => Err("allowed: a number above 0 and up to 1000, or max".into()),
    }
}

/// A round, counted from 1, and a job of it, counted from 0.
pub(super) fn job(text: &str) -> Result<(u32, u32), String> {
    let id = text.split_once('.').and_then(|(round, job)| Some((round.parse().ok()?, job.parse().ok()?)));
    id.filter(|(round, _)| *round > 0).ok_or_else(|| "allowed: ROUND.JOB, such as 1.0".into())
}

pub(super) fn screen_size(text: &str) -> Result<(u16, u16), String> {
    let size = text.split_once('x').and_then(|(columns, rows)| Some((columns.parse().ok()?, rows.parse().ok()?)));
    size.filter(|(columns, rows)| (20..=500).contains(columns) && (6..=200).contains(rows))
        .ok_or_else(|| "allowed: columns from 20 to 500, x, and rows from 6 to 200, such as 120x36".into())
}

pub(super) fn point(text: &str) -> Result<Point, String> {
    let point = match text.strip_prefix("round:") {
        Some(round) => round.parse().ok().filter(|n| *n > 0).map(Point::Round),
        None => text.parse().ok().map(Point::Record),
    };
    point.ok_or_else(|| "allowed: round:N with N from 1, or the number of a record".into())
}
