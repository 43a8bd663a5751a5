//! The report of an eval: a table for people, Markdown, CSV and one JSON object.

use std::collections::BTreeMap;

use serde::Serialize;

use super::curve::Curve;
use super::judge::{self, JudgedBy};
use super::row::Row;
use super::summary::{Group, Measure, Stat};
use crate::document::escape::markdown;

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
    /// Who judged the rows, and how many each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub judges: Vec<Judge>,
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
    #[serde(flatten)]
    pub by: JudgedBy,
    pub rows: usize,
    /// What it is asked, word for word; nothing where that was the prompt of another program than this.
    pub asked: Option<&'static str>,
}

impl Judge {
    /// Those whose verdicts these rows have.
    pub fn of(rows: &[Row]) -> Vec<Self> {
        let mut judges: BTreeMap<&JudgedBy, usize> = BTreeMap::new();
        let judged = rows.iter().filter(|row| row.scores.judge.is_some());
        for by in judged.filter_map(|row| row.judged_by.as_ref()) {
            *judges.entry(by).or_default() += 1;
        }
        let told = |(by, rows): (&JudgedBy, usize)| {
            let is_of_now = *by == JudgedBy::now(by.model.clone());
            Self { by: by.clone(), rows, asked: is_of_now.then_some(judge::PROMPT) }
        };
        judges.into_iter().map(told).collect()
    }
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
    /// Beside them, what sessions may have cost that are still open.
    pub open_usd: f64,
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
score: judge, else choice, else number, else F1. evidence: its share in what the first round hands on, of remote-only in what was sent. cited: evidence that the answer \
cites. sent on: the handed-on text against the documents. tokens: of the remote LM, a question; of whole: against sending the documents. \
of remote-only: against what it came to where both were asked.";

impl Report {
    /// The table for a terminal, columns aligned, one line for each set and setting, and one for the spread over settings.
    /// Where a line has no room in `columns`, the figures of each stand below it.
    pub fn table(&self, columns: usize) -> String {
        let (heads, lines) = (self.heads(false), self.lines(false));
        let table = aligned(&[&[heads.clone()][..], &lines].concat());
        let fits = table.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= columns);
        if fits { table } else { stacked(&heads, &lines, columns) }
    }

    fn heads(&self, wide: bool) -> Vec<String> {
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

    fn lines(&self, wide: bool) -> Vec<Vec<String>> {
        let mut lines = Vec::new();
        for (n, group) in self.groups.iter().enumerate() {
            let set = group.dataset.clone().unwrap_or_else(|| "all".into());
            let count = match group.repeats {
                1 => group.questions.to_string(),
                repeats => format!("{}×{repeats}", group.questions),
            };
            let mut line = vec![set, group.setting.clone(), count];
            line.extend(self.has_refused().then(|| group.refused.to_string()));
            line.extend(self.columns(wide).map(|column| told(column.measure, group.stat(column.measure))));
            if self.has_ratio() {
                line.push(group.times_cheaper.map_or_else(|| "-".into(), |times| format!("{times:.1}×")));
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
            let mut stats = stats.filter(|stat| column.measure != Measure::Usd || stat.mean > 0.0);
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

    /// What could not be asked, and why, a line each.
    pub fn refusals(&self) -> Vec<String> {
        let refused = self.rows.iter().filter_map(|row| {
            let label = self.label(&row.of.setting);
            Some(format!("{} ({label}) was not asked: {}", row.of.question, row.refused.as_ref()?))
        });
        refused.collect()
    }

    /// What a setting is called.
    fn label<'a>(&'a self, fingerprint: &'a str) -> &'a str {
        let found = self.settings.iter().find(|setting| setting.fingerprint == fingerprint);
        found.map_or(fingerprint, |setting| &setting.label)
    }

    pub fn markdown(&self) -> String {
        let mut out = format!("# Eval of {}\n\n", markdown(&self.questions));
        out.push_str(&format!(
            "{} of {} tries done, with minions {}. Mean ± spread: with several repeats the standard deviation between their \
             means, with one the standard error over questions. {LEGEND}\n\n",
            self.done, self.asked, self.program
        ));
        let cells = |line: Vec<String>| format!("| {} |\n", line.join(" | "));
        let heads = self.heads(true);
        let rule = heads.iter().map(|_| "---".to_owned()).collect();
        out.push_str(&cells(heads));
        out.push_str(&cells(rule));
        for line in self.lines(true) {
            // Set and setting are called as others wrote them; the rest are figures.
            let cell = |(n, cell): (usize, String)| if n < 2 { markdown(&cell) } else { cell };
            out.push_str(&cells(line.into_iter().enumerate().map(cell).collect()));
        }
        let refusals = self.refusals();
        if !refusals.is_empty() {
            out.push_str("\nRefused, and in no figure but `answered`:\n\n");
            refusals.iter().for_each(|told| out.push_str(&format!("* {}\n", markdown(told))));
        }
        let missing: usize = self.rows.iter().map(|row| row.evidence.missing).sum();
        if missing > 0 {
            out.push_str(&format!(
                "\n{missing} pieces of evidence stand nowhere in their documents and count in no score; `report.json` has \
                 their questions.\n"
            ));
        }
        let spent = &self.spent;
        let open = match spent.open_usd > 0.0 {
            true => format!(" What is still open may have cost ${:.4} beside that.", spent.open_usd),
            false => String::new(),
        };
        out.push_str(&format!(
            "\nAll {} sessions together: ${:.4}, of which ${:.4} for the judge and ${:.4} for sessions that were interrupted or \
             asked anew; {} tokens in and {} out of the remote LM.{open} A question cost what its row of `report.csv` says.\n",
            spent.sessions, spent.usd, spent.judge_usd, spent.lost_usd, spent.remote_input_tokens, spent.remote_output_tokens
        ));
        if self.curve.points.len() > 1 {
            out.push_str(&format!("\n## Cost against {}\n\n![curve](curve.svg)\n\n", self.curve.measure));
            for point in &self.curve.points {
                let front = if point.on_front { " **on the Pareto front**" } else { "" };
                out.push_str(&format!(
                    "* {}: {:.1} ± {:.1} %, {}{front}\n",
                    markdown(&point.setting),
                    point.quality.mean * 100.0,
                    point.quality.spread * 100.0,
                    self.curve.axis.told_of(&point.cost)
                ));
            }
        }
        for judge in &self.judges {
            let Judge { by, rows, asked } = judge;
            out.push_str(&format!("\n## The judge\n\n{} judged {rows} of {}", markdown(&by.model), self.rows.len()));
            match asked {
                Some(asked) => out.push_str(&format!(" and was asked, word for word:\n\n````text\n{asked}\n````\n")),
                None => out
                    .push_str(&format!(" by the prompt {} of another version of the program.\n", markdown(&by.prompt))),
            }
        }
        out.push_str("\n## Settings\n\n");
        for setting in &self.settings {
            let settings = markdown(&setting.settings.to_string());
            out.push_str(&format!("* {} (`{}`): {settings}\n", markdown(&setting.label), setting.fingerprint));
        }
        out
    }

    /// A line a try, for spreadsheets and scripts.
    pub fn csv(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut heads = vec!["setting", "dataset", "question", "repeat", "session", "outcome"];
        heads.extend(Measure::ALL.iter().map(|measure| measure.name()));
        heads.extend([
            "baseline_tokens",
            "baseline_usd",
            "times_cheaper",
            "estimated",
            "rounds",
            "jobs",
            "judged_by",
            "refused",
            "answer",
        ]);
        writer.write_record(&heads)?;
        for row in &self.rows {
            let plain = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
            let mut record = vec![
                formula_safe(self.label(&row.of.setting)),
                formula_safe(&row.dataset),
                formula_safe(&row.of.question),
                row.of.repeat.to_string(),
                formula_safe(&row.session),
                formula_safe(&row.outcome),
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
                row.judged_by.as_ref().map_or(String::new(), |by| formula_safe(&by.model)),
                formula_safe(row.refused.as_deref().unwrap_or_default()),
                formula_safe(row.answer.as_deref().unwrap_or_default()),
            ]);
            writer.write_record(&record)?;
        }
        let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
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

/// What others wrote must not become a formula where the file is opened as a sheet. A plain number is none.
fn formula_safe(text: &str) -> String {
    let begins = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    if begins && text.parse::<f64>().is_err() { format!("'{text}") } else { text.to_owned() }
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

#[cfg(test)]
mod tests {
    use super::super::curve::{Axis, Point};
    use super::super::row::{Cost, Try};
    use super::super::{summarise, svg};
    use super::*;

    fn report(name: &str) -> Report {
        let row = Row {
            of: Try { setting: "f".into(), question: name.into(), repeat: 1 },
            dataset: name.into(),
            session: "s".into(),
            outcome: "answered".into(),
            refused: None,
            answer: Some(name.into()),
            scores: Default::default(),
            unjudged: None,
            judged_by: Some(JudgedBy { model: name.into(), prompt: "`d`".into() }),
            documents: Vec::new(),
            evidence: super::super::score::EvidenceScores { missing: 2, ..Default::default() },
            cost: Cost::default(),
            rounds: 1,
            jobs: 1,
            seconds: 1.0,
        };
        let stat = Stat { mean: 0.5, spread: 0.1, of: 1 };
        let point = Point { setting: name.into(), quality: stat, cost: stat, on_front: true };
        Report {
            questions: name.into(),
            questions_blake3: String::new(),
            program: "0",
            settings: vec![Setting {
                fingerprint: "f".into(),
                label: name.into(),
                settings: serde_json::json!({ "remote": { "model": name } }),
            }],
            asked: 1,
            done: 1,
            spent: Spent::default(),
            groups: summarise(&[&row], &[("f".into(), name.into())]),
            curve: Curve { measure: "score".into(), axis: Axis::Usd, points: vec![point.clone(), point] },
            judges: Judge::of(std::slice::from_ref(&row)),
            rows: vec![row],
        }
    }

    #[test]
    fn names_of_files_sets_and_models_stay_text_in_the_report() {
        use pulldown_cmark::{Event, Options, Parser, Tag};
        let name = "a | b\n# c `d` <img src=x> [e](http://f) ![g](h)";
        let markdown = report(name).markdown();
        for event in Parser::new_ext(&markdown, Options::all()) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => panic!("{html}"),
                Event::Start(Tag::Link { dest_url, .. }) => panic!("{dest_url}"),
                Event::Start(Tag::Image { dest_url, .. }) => assert_eq!(&*dest_url, "curve.svg"),
                Event::Code(code) => assert!(!code.contains('d'), "{code}"),
                _ => {}
            }
        }
        assert!(markdown.contains("2 pieces of evidence stand nowhere"), "{markdown}");
    }

    #[test]
    fn where_the_table_has_no_room_its_figures_stand_below_each_line() {
        let report = report("a set with a long name");
        let wide = report.table(usize::MAX);
        assert!(wide.lines().next().unwrap().starts_with("set "), "{wide}");
        let narrow = report.table(40);
        assert!(narrow.starts_with("a set with a long name  a set with a long name  1\n  "), "{narrow}");
        assert!(narrow.contains("  tokens 0"), "{narrow}");
    }

    #[test]
    fn nothing_that_others_wrote_is_a_formula_and_a_number_stays_one() {
        let csv = report("=1+1").csv().unwrap();
        let record = csv::Reader::from_reader(csv.as_bytes()).records().next().unwrap().unwrap();
        assert!(!record.iter().any(|field| field.starts_with('=')), "{record:?}");
        assert_eq!(record.iter().filter(|field| *field == "'=1+1").count(), 5);
        for (text, safe) in [("-12.5", "-12.5"), ("-12.5 dollars", "'-12.5 dollars"), (" @a", "' @a"), ("a", "a")] {
            assert_eq!(formula_safe(text), safe);
        }
    }

    #[test]
    fn points_at_one_place_share_a_label_and_the_front_is_drawn_last() {
        let mut curve = report("one").curve;
        curve.points = vec![curve.points[0].clone(); 3];
        curve.points[0].on_front = false;
        curve.points[2].cost.mean = 5.0;
        curve.points[2].on_front = false;
        let drawn = svg::draw(&curve);
        assert!(drawn.contains(">B A</text>") && drawn.contains(">C</text>"), "{drawn}");
        let radii: Vec<&str> = drawn.split(" r=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(radii, ["3", "3", "5"]);
    }

    #[test]
    fn the_picture_has_room_for_every_setting() {
        let mut curve = report("one").curve;
        curve.points = vec![curve.points[0].clone(); 40];
        let drawn = svg::draw(&curve);
        let tree = roxmltree::Document::parse(&drawn).unwrap();
        let height: f64 =
            tree.root_element().attribute("viewBox").unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        let lowest = tree.descendants().filter_map(|node| node.attribute("y")?.parse::<f64>().ok()).fold(0.0, f64::max);
        assert!(lowest < height, "{lowest} of {height}");
    }
}
