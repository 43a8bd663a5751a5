//! The table of a report: a line for each set and setting, and the columns that say something.

use unicode_width::UnicodeWidthStr;

use super::super::summary::{Group, Measure};
use super::Report;
use crate::protocol::Times;

/// A column of the tables.
struct Column {
    title: &'static str,
    measure: Measure,
    /// Whether it is left out where a table has to be narrow.
    wide: bool,
}

const COLUMNS: [Column; 18] = [
    Column { title: "answered", measure: Measure::Answered, wide: true },
    Column { title: "score", measure: Measure::Score, wide: false },
    Column { title: "exact", measure: Measure::Exact, wide: true },
    Column { title: "F1", measure: Measure::F1, wide: true },
    Column { title: "number", measure: Measure::Number, wide: true },
    Column { title: "choice", measure: Measure::Choice, wide: true },
    Column { title: "judge", measure: Measure::Judge, wide: true },
    Column { title: "evidence", measure: Measure::Evidence, wide: false },
    Column { title: "key lines", measure: Measure::KeyLines, wide: true },
    Column { title: "cited", measure: Measure::Recall, wide: false },
    Column { title: "precision", measure: Measure::Precision, wide: true },
    Column { title: "sent on", measure: Measure::SentOn, wide: false },
    Column { title: "exposed", measure: Measure::Exposed, wide: true },
    Column { title: "tokens", measure: Measure::Tokens, wide: false },
    Column { title: "of whole", measure: Measure::TokenShare, wide: false },
    Column { title: "$", measure: Measure::Usd, wide: false },
    Column { title: "reader's $", measure: Measure::LocalUsd, wide: false },
    Column { title: "seconds", measure: Measure::Seconds, wide: true },
];

/// What the columns mean, below each table.
pub const LEGEND: &str = "\
score: judge, else choice, else number, else F1. evidence: its share in what the first round hands on, of remote-only in what was sent. cited: evidence that the answer \
cites. sent on: the handed-on text against the documents. tokens: of the remote LM, a question; of whole: against sending the documents. \
$: of the planner, a question; ≈: a part of it is estimated; +≤: at most so much more for answers that were lost. \
of remote-only: against what it came to where both were asked.";

impl Report {
    /// The table for a terminal, columns aligned, one line for each set and setting, and one for the spread over settings.
    /// Where a line has no room in `columns`, the figures of each stand below it.
    pub fn table(&self, columns: usize) -> String {
        let (heads, lines) = (self.heads(false), self.lines(false));
        let table = aligned(&[&[heads.clone()][..], &lines].concat());
        let fits = table.lines().all(|line| line.width() <= columns);
        if fits { table } else { stacked(&heads, &lines, columns) }
    }

    pub(super) fn heads(&self, wide: bool) -> Vec<String> {
        let mut heads = vec!["set".to_owned(), "setting".to_owned(), "n".to_owned()];
        heads.extend(self.has_refused().then(|| "refused".to_owned()));
        heads.extend(self.columns(wide).map(|column| column.title.to_owned()));
        if self.has_ratio() {
            heads.push("cheaper".into());
        }
        if self.has_remote_only() {
            heads.extend(["quality of remote-only".into(), "cost of remote-only".into()]);
        }
        heads
    }

    pub(super) fn lines(&self, wide: bool) -> Vec<Vec<String>> {
        let mut lines = Vec::new();
        for (n, group) in self.groups.iter().enumerate() {
            let set = group.dataset.clone().unwrap_or_else(|| "all".into());
            let count = match group.repeats {
                1 => group.questions.to_string(),
                repeats => format!("{}×{repeats}", group.questions),
            };
            let mut line = vec![set, group.setting.clone(), count];
            line.extend(self.has_refused().then(|| group.refused.to_string()));
            line.extend(self.columns(wide).map(|column| told(column.measure, group)));
            if self.has_ratio() {
                line.push(group.times.map_or_else(|| "-".into(), cheaper));
            }
            if self.has_remote_only() {
                let against = group.of_remote_only;
                let told =
                    |share: Option<f64>| share.map_or_else(|| "-".into(), |share| format!("{:.1} %", share * 100.0));
                line.extend([told(against.and_then(|of| of.quality)), told(against.and_then(|of| of.cost))]);
            }
            lines.push(line);
            let of_set: Vec<&Group> = self.groups.iter().filter(|other| other.dataset == group.dataset).collect();
            let is_last = self.groups.get(n + 1).is_none_or(|next| next.dataset != group.dataset);
            if is_last && of_set.len() > 1 {
                lines.push(self.over_settings(&of_set, wide));
            }
        }
        lines
    }

    /// From the least to the most over the settings of a set.
    fn over_settings(&self, groups: &[&Group], wide: bool) -> Vec<String> {
        let mut line = vec![String::new(), format!("over {} settings", groups.len()), String::new()];
        line.extend(self.has_refused().then(String::new));
        line.extend(self.columns(wide).map(|column| {
            let means = groups.iter().filter_map(|group| group.stat(column.measure)).map(|stat| stat.mean);
            let (low, high) = means.fold((f64::MAX, f64::MIN), |(low, high), mean| (low.min(mean), high.max(mean)));
            if low > high {
                "-".into()
            } else {
                format!("{}–{}", number(column.measure, low), number(column.measure, high))
            }
        }));
        if self.has_ratio() {
            line.push(String::new());
        }
        if self.has_remote_only() {
            line.extend([String::new(), String::new()]);
        }
        line
    }

    /// Columns that say something.
    fn columns(&self, wide: bool) -> impl Iterator<Item = &'static Column> + '_ {
        let says = |column: &&Column| {
            let stats = self.groups.iter().filter_map(|group| group.stat(column.measure));
            // Nothing that is paid for: no dollars to tell.
            let mut stats = stats.filter(|stat| !is_paid(column.measure) || stat.mean > 0.0);
            stats.next().is_some()
        };
        COLUMNS.iter().filter(move |column| wide || !column.wide).filter(says)
    }

    fn has_ratio(&self) -> bool {
        self.groups.iter().any(|group| group.times_cheaper.is_some())
    }

    /// Whether remote-only was asked, and another setting.
    fn has_remote_only(&self) -> bool {
        self.groups.iter().any(|group| group.of_remote_only.is_some())
    }

    fn has_refused(&self) -> bool {
        self.groups.iter().any(|group| group.refused > 0)
    }
}

/// Set, setting and count of each line, and below it its figures, each behind its name.
fn stacked(heads: &[String], lines: &[Vec<String>], columns: usize) -> String {
    let mut out = String::new();
    for line in lines {
        let named: Vec<&str> = line[..3].iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
        out.push_str(&format!("{}\n", named.join("  ")));
        let mut row = String::new();
        for (head, cell) in heads.iter().zip(line).skip(3).filter(|(_, cell)| !cell.is_empty()) {
            let figure = format!("  {head} {cell}");
            if !row.is_empty() && row.chars().count() + figure.chars().count() > columns {
                out.push_str(&format!("{row}\n"));
                row.clear();
            }
            row.push_str(&figure);
        }
        out.push_str(&format!("{row}\n"));
    }
    out
}

fn is_paid(measure: Measure) -> bool {
    matches!(measure, Measure::Usd | Measure::LocalUsd)
}

/// The mean with its spread, marked where it rests on estimates or is not all that may have been paid.
fn told(measure: Measure, group: &Group) -> String {
    let Some(stat) = group.stat(measure) else { return "-".into() };
    let about = match measure {
        Measure::Tokens | Measure::TokenShare if group.estimated_tokens > 0 => "≈ ",
        Measure::Usd if group.estimated_usd > 0.0 => "≈ ",
        _ => "",
    };
    let lost = match measure {
        Measure::Usd if group.lost_usd > 0.0 => {
            format!(" +≤{}", number(measure, group.lost_usd / stat.of.max(1) as f64))
        }
        _ => String::new(),
    };
    format!("{about}{}{lost}", stat.told("±", |value| number(measure, value)))
}

fn cheaper(times: Times) -> String {
    let (most, about) = (if times.at_most { "≤ " } else { "" }, if times.estimated { "≈ " } else { "" });
    format!("{most}{about}{:.1}×", times.times)
}

fn number(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Usd | Measure::LocalUsd => format!("{value:.4}"),
        Measure::Seconds => format!("{value:.1}"),
        Measure::Tokens => format!("{value:.0}"),
        _ => format!("{:.1}", value * 100.0),
    }
}

/// Columns as wide as their widest cell, the first two to the left and the others to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let count = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |n: usize| lines.iter().filter_map(|line| line.get(n)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let mut out = String::new();
    for line in lines {
        let cells = line.iter().zip(&widths).enumerate().map(|(n, (cell, width))| {
            let blanks = " ".repeat(width.saturating_sub(cell.width()));
            if n < 2 { format!("{cell}{blanks}") } else { format!("{blanks}{cell}") }
        });
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}
