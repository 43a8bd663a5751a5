//! The report of an eval: a table for people, Markdown, CSV and one JSON object.

use serde::Serialize;

use super::curve::Curve;
use super::row::Row;
use super::summary::{Group, Measure, Stat};

/// Everything that a report says.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The file of questions, by its name and the blake3 of its content.
    pub questions: String,
    pub questions_blake3: String,
    pub program: &'static str,
    pub settings: Vec<Setting>,
    /// Tries that were asked for, and those that have come to an end.
    pub asked: usize,
    pub done: usize,
    pub spent: Spent,
    pub groups: Vec<Group>,
    pub curve: Curve,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judge: Option<Judge>,
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    pub fingerprint: String,
    pub label: String,
    /// Every setting that changes an answer.
    pub settings: serde_json::Value,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Judge {
    pub model: String,
    pub prompt: &'static str,
}

/// What the folder's sessions cost, all of them: those too that do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spent {
    pub sessions: usize,
    pub usd: f64,
    pub judge_usd: f64,
    pub remote_input_tokens: u64,
    pub remote_output_tokens: u64,
    /// Of those dollars, what sessions cost that were interrupted or asked anew.
    pub lost_usd: f64,
}

/// A column of the tables.
struct Column {
    title: &'static str,
    measure: Measure,
    /// Whether it is left out where a table has to be narrow.
    wide: bool,
}

const COLUMNS: [Column; 17] = [
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
    Column { title: "seconds", measure: Measure::Seconds, wide: true },
];

/// What the columns mean, below each table.
pub const LEGEND: &str = "\
score: judge, else choice, else number, else F1. evidence: its share in what the first round hands on. cited: evidence that the answer \
cites. sent on: the handed-on text against the documents. tokens: of the remote LM, a question; of whole: against sending the documents.";

impl Report {
    /// The table for a terminal, columns aligned, one line for each set and setting, and one for the spread over settings.
    pub fn table(&self) -> String {
        let mut lines = vec![self.heads(false)];
        lines.extend(self.lines(false));
        aligned(&lines)
    }

    fn heads(&self, wide: bool) -> Vec<String> {
        let mut heads = vec!["set".to_owned(), "setting".to_owned(), "n".to_owned()];
        heads.extend(self.columns(wide).map(|column| column.title.to_owned()));
        if self.has_ratio() {
            heads.push("cheaper".into());
        }
        heads
    }

    fn lines(&self, wide: bool) -> Vec<Vec<String>> {
        let mut lines = Vec::new();
        for (n, group) in self.groups.iter().enumerate() {
            let set = group.dataset.clone().unwrap_or_else(|| "all".into());
            let count = match group.repeats {
                1 => group.questions.to_string(),
                repeats => format!("{}×{repeats}", group.questions),
            };
            let mut line = vec![set, group.setting.clone(), count];
            line.extend(self.columns(wide).map(|column| told(column.measure, group.stat(column.measure))));
            if self.has_ratio() {
                line.push(group.times_cheaper.map_or_else(|| "-".into(), |times| format!("{times:.1}×")));
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
        line
    }

    /// Columns that say something.
    fn columns(&self, wide: bool) -> impl Iterator<Item = &'static Column> + '_ {
        let says = |column: &&Column| {
            let stats = self.groups.iter().filter_map(|group| group.stat(column.measure));
            // Nothing that is paid for: no dollars to tell.
            let mut stats = stats.filter(|stat| column.measure != Measure::Usd || stat.mean > 0.0);
            stats.next().is_some()
        };
        COLUMNS.iter().filter(move |column| wide || !column.wide).filter(says)
    }

    fn has_ratio(&self) -> bool {
        self.groups.iter().any(|group| group.times_cheaper.is_some())
    }

    pub fn markdown(&self) -> String {
        let mut out = format!("# Eval of {}\n\n", self.questions);
        out.push_str(&format!(
            "{} of {} tries done, with minions {}. Mean ± spread: with several repeats the standard deviation between their \
             means, with one the standard error over questions. {LEGEND}\n\n",
            self.done, self.asked, self.program
        ));
        let cells = |line: Vec<String>| format!("| {} |\n", line.join(" | ").replace('\n', " "));
        let heads = self.heads(true);
        let rule = heads.iter().map(|_| "---".to_owned()).collect();
        out.push_str(&cells(heads));
        out.push_str(&cells(rule));
        for line in self.lines(true) {
            out.push_str(&cells(line.iter().map(|cell| cell.replace('|', "\\|")).collect()));
        }
        let spent = &self.spent;
        out.push_str(&format!(
            "\nAll {} sessions together: ${:.4}, of which ${:.4} for the judge and ${:.4} for sessions that were interrupted or \
             asked anew; {} tokens in and {} out of the remote LM. A question cost what its row of `report.csv` says.\n",
            spent.sessions, spent.usd, spent.judge_usd, spent.lost_usd, spent.remote_input_tokens, spent.remote_output_tokens
        ));
        if self.curve.points.len() > 1 {
            out.push_str(&format!("\n## Cost against {}\n\n![curve](curve.svg)\n\n", self.curve.measure));
            for point in &self.curve.points {
                let front = if point.on_front { " **on the Pareto front**" } else { "" };
                out.push_str(&format!(
                    "* {}: {:.1} ± {:.1} %, {} ± {}{front}\n",
                    point.setting,
                    point.quality.mean * 100.0,
                    point.quality.spread * 100.0,
                    self.curve.axis.told(point.cost.mean),
                    self.curve.axis.told(point.cost.spread)
                ));
            }
        }
        if let Some(judge) = &self.judge {
            out.push_str(&format!(
                "\n## The judge\n\n{} was asked, word for word:\n\n````text\n{}\n````\n",
                judge.model, judge.prompt
            ));
        }
        out.push_str("\n## Settings\n\n");
        for setting in &self.settings {
            out.push_str(&format!("* {} (`{}`): `{}`\n", setting.label, setting.fingerprint, setting.settings));
        }
        out
    }

    /// A line a try, for spreadsheets and scripts.
    pub fn csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut heads = vec!["setting", "dataset", "question", "repeat", "session", "outcome"];
        heads.extend(Measure::ALL.iter().map(|measure| measure.name()));
        heads.extend(["baseline_tokens", "baseline_usd", "times_cheaper", "estimated", "rounds", "jobs", "answer"]);
        writer.write_record(&heads)?;
        for row in &self.rows {
            let label = self.settings.iter().find(|setting| setting.fingerprint == row.of.setting);
            let plain = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
            let mut record = vec![
                label.map_or_else(|| row.of.setting.clone(), |setting| setting.label.clone()),
                row.dataset.clone(),
                row.of.question.clone(),
                row.of.repeat.to_string(),
                row.session.clone(),
                row.outcome.clone(),
            ];
            record.extend(Measure::ALL.iter().map(|measure| plain(measure.of(row))));
            let spent = row.cost.usd.filter(|usd| *usd > 0.0);
            record.extend([
                row.cost.baseline_tokens.to_string(),
                plain(row.cost.baseline_usd),
                plain(row.cost.baseline_usd.zip(spent).map(|(baseline, spent)| baseline / spent)),
                row.cost.estimated.to_string(),
                row.rounds.to_string(),
                row.jobs.to_string(),
                formula_safe(row.answer.as_deref().unwrap_or_default()),
            ]);
            writer.write_record(&record)?;
        }
        let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// What a model wrote must not become a formula where the file is opened as a sheet.
fn formula_safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn told(measure: Measure, stat: Option<&Stat>) -> String {
    stat.map_or_else(|| "-".into(), |stat| format!("{} ± {}", number(measure, stat.mean), number(measure, stat.spread)))
}

fn number(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Usd => format!("{value:.4}"),
        Measure::Seconds => format!("{value:.1}"),
        Measure::Tokens => format!("{value:.0}"),
        _ => format!("{:.1}", value * 100.0),
    }
}

/// Columns as wide as their widest cell, the first two to the left and the others to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    use unicode_width::UnicodeWidthStr;
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
