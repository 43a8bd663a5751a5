//! `minions replay`.
use super::{Exit, Failure};
use crate::cli::{Point, ReplayArgs};
use crate::config::{Loaded, Sources};
use crate::journal::Session;
use crate::replay::Timeline;

/// How many records come before the place that `--from` names.
pub fn first_record(session: &Session, from: Option<Point>) -> Result<usize, Failure> {
    let journal = session.read()?;
    match from {
        None => Ok(0),
        Some(Point::Record(seq)) => Ok(journal.records.iter().take_while(|record| record.seq < seq).count()),
        Some(Point::Round(round)) => {
            let rounds = Timeline::new(journal.records);
            rounds
                .round_start(round)
                .ok_or_else(|| Failure::usage(format!("session {} has no round {round}", session.id())))
        }
    }
}
pub async fn replay(_: &Loaded, _: Sources, _: &Session, _: &ReplayArgs) -> Result<Exit, Failure> {
    Ok(Exit::Success)
}
