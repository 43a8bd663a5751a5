//! What sessions came to, as the rows of a table with a column for each: on the screen, and below `minions run --compare`.

use super::figures::{short_bytes, short_count, short_time};
use super::rows::{Piece, Tone, Writer, pad, piece_width};
use super::wrap::wrap;
use crate::ledger::{ComparedFigures, Side, differing};
use crate::protocol::{ProtocolKind, Settings, percent};

/// What stands in the first column, and in those of the sessions.
pub type TableRow = (String, Vec<String>);

/// What stands where nothing is known.
const NOTHING: &str = "-";

/// Protocol, models, the settings in which they differ, and what came of each. Nothing stands for a session that was not begun.
pub fn table(sides: &[Option<&Side>]) -> Vec<TableRow> {
    let row = |name: &str, of: &dyn Fn(&Side) -> String| {
        let cell = |side: &Option<&Side>| side.map_or_else(|| NOTHING.to_owned(), of);
        (name.to_owned(), sides.iter().map(cell).collect::<Vec<_>>())
    };
    let figure = |name: &str, of: fn(&ComparedFigures) -> String| row(name, &|side: &Side| of(&side.figures));
    let mut rows = vec![
        row("protocol", &|side| side.protocol.name().to_owned()),
        row("planner", &|side| side.remote.clone()),
        row("reader", &|side| side.local.clone()),
    ];
    let settings: Vec<Option<&Settings>> =
        sides.iter().map(|side| side.and_then(|side| side.settings.as_ref())).collect();
    let told = |cell: Option<String>| cell.unwrap_or_else(|| NOTHING.to_owned());
    let differing = differing(&settings).into_iter();
    rows.extend(differing.map(|(name, cells)| (name.replace('_', " "), cells.into_iter().map(told).collect())));
    rows.extend([
        row("outcome", &|side| told_outcome(&side.outcome)),
        row("citations found", &|side| match (side.citations_found, side.citations.len()) {
            (_, 0) => "none".to_owned(),
            (Some(found), all) => format!("{found} of {all}"),
            (None, all) => format!("{all}, not looked for"),
        }),
        figure("rounds", |figures| figures.rounds.to_string()),
        row("jobs", &|side| match (side.protocol, side.figures.jobs, side.figures.jobs_reused) {
            (ProtocolKind::RemoteOnly, ..) => NOTHING.to_owned(),
            (_, jobs, 0) => jobs.to_string(),
            (_, jobs, reused) => format!("{jobs}, {reused} reused"),
        }),
        figure("planner tokens", |figures| {
            let traffic = &figures.traffic;
            let about = about(figures.remote_estimated);
            format!("{about}{}", tokens(traffic.remote_input_tokens, traffic.remote_output_tokens))
        }),
        figure("reader tokens", |figures| {
            tokens(figures.traffic.local_input_tokens, figures.traffic.local_output_tokens)
        }),
        figure("cost", |figures| match figures.paid.planner {
            planner if planner.unpriced => "n/a".to_owned(),
            planner => planner.told_with_lost(),
        }),
    ]);
    if sides.iter().flatten().any(|side| side.figures.paid.pays_reader()) {
        rows.push(figure("reader's cost", |figures| figures.paid.reader.told()));
    }
    rows.extend([
        figure("time", |figures| short_time((figures.seconds * 1000.0) as u64)),
        figure("exposed", |figures| {
            format!("{} ({})", short_bytes(figures.exposed_bytes), percent(figures.exposed_share))
        }),
    ]);
    rows
}

/// How a session ended, or what was decided in a round, in words.
fn told_outcome(outcome: &str) -> String {
    match outcome {
        "provide_final_answer" => "answered".to_owned(),
        "request_additional_info" => "asked for more".to_owned(),
        other => other.replace('_', " "),
    }
}

fn tokens(input: u64, output: u64) -> String {
    format!("{} in, {} out", short_count(input), short_count(output))
}

fn about(estimated: bool) -> &'static str {
    if estimated { "≈ " } else { "" }
}

/// A name and its cells, each wrapped in its column.
pub(super) fn line(writer: &mut Writer, names: usize, column: usize, name: &str, cells: &[(Tone, String)]) {
    let wrapped = |text: &str, room: usize| -> Vec<String> {
        let lines = text.trim_end().lines();
        lines
            .flat_map(|line| wrap(line, room.max(1)).into_iter().map(|part| line[part].trim_end().to_owned()))
            .collect()
    };
    let name = wrapped(name, names.saturating_sub(1));
    let cells: Vec<(Tone, Vec<String>)> =
        cells.iter().map(|(tone, text)| (*tone, wrapped(text, column.saturating_sub(2)))).collect();
    let rows = cells.iter().map(|(_, rows)| rows.len()).chain([name.len()]).max().unwrap_or(0);
    for at in 0..rows {
        let mut pieces = Vec::new();
        let mut add = |tone: Tone, text: Option<&String>, room: usize| {
            let piece = Piece::text(tone, text.map_or("", String::as_str));
            let rest = room.saturating_sub(piece_width(&piece));
            pieces.extend([piece, pad(rest)]);
        };
        add(Tone::Dim, name.get(at), names);
        cells.iter().for_each(|(tone, rows)| add(*tone, rows.get(at), column));
        writer.row(pieces, None);
    }
}
