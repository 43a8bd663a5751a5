//! The report of an eval: a table for people, Markdown, CSV and one JSON object.

mod markdown;
mod sheet;
mod table;

use std::collections::BTreeMap;

use serde::Serialize;

use super::curve::Curve;
use super::judge::{self, JudgedBy};
use super::row::Row;
use super::summary::Group;

pub use table::LEGEND;

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

/// One of the settings that were tried, told from others by its hash.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    pub fingerprint: String,
    pub label: String,
    /// Every setting that changes an answer.
    pub settings: serde_json::Value,
}

/// Who judged, and how many of the rows.
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

impl Report {
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
}

#[cfg(test)]
mod tests {
    use super::super::curve::{Axis, Point};
    use super::super::row::{Cost, Try};
    use super::super::summary::Stat;
    use super::super::{summarise, svg};
    use super::sheet::formula_safe;
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
