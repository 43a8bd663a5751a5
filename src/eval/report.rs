//! The report of an eval: a table for people, Markdown, CSV and one JSON object.

mod markdown;
mod sheet;
mod table;

use std::collections::BTreeMap;

use serde::Serialize;

use super::curve::Curve;
use super::judge::{self, JudgedBy};
use super::row::{Cost, Row};
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
    /// Dollars of planner and judge, those that may have been spent as well; nothing where a price is not known.
    pub usd: Option<f64>,
    /// Those of them that rest on estimated tokens, and those at most that answers cost which were lost.
    pub estimated_usd: f64,
    pub doubtful_usd: f64,
    /// Those of them that are the judge's; nothing where its price is not known.
    pub judge_usd: Option<f64>,
    /// Beside them, dollars of the reader, where it is paid for.
    pub local_usd: f64,
    pub remote_input_tokens: u64,
    pub remote_output_tokens: u64,
    pub estimated_input_tokens: u64,
    pub estimated_output_tokens: u64,
    pub judge_input_tokens: u64,
    pub judge_output_tokens: u64,
    /// Of those dollars, what sessions cost that were interrupted or asked anew.
    pub lost_usd: f64,
    /// Beside them, what sessions may have cost that are still open.
    pub open_usd: f64,
}

impl Spent {
    /// Adds up what each session cost, those that do not count among them.
    pub fn of<'a>(sessions: usize, costs: impl Iterator<Item = &'a Cost>) -> Self {
        let mut spent = Self { sessions, usd: Some(0.0), judge_usd: Some(0.0), ..Self::default() };
        for cost in costs {
            let Cost { judge, traffic, .. } = cost;
            // A session that asked nobody has no price to be known.
            let is_priced = cost.usd.is_some() || traffic.remote_calls == 0;
            let judge_usd = (!judge.unpriced).then_some(judge.usd);
            spent.judge_usd = spent.judge_usd.zip(judge_usd).map(|(sum, usd)| sum + usd);
            spent.usd = spent.usd.filter(|_| is_priced && !judge.unpriced).map(|sum| sum + cost.spent_usd());
            spent.estimated_usd += cost.estimated_usd + judge.estimated_usd;
            spent.doubtful_usd += cost.doubtful_usd;
            spent.local_usd += cost.local_usd;
            spent.remote_input_tokens += traffic.remote_input_tokens;
            spent.remote_output_tokens += traffic.remote_output_tokens;
            spent.estimated_input_tokens += cost.estimated_input_tokens;
            spent.estimated_output_tokens += cost.estimated_output_tokens;
            spent.judge_input_tokens += judge.input_tokens;
            spent.judge_output_tokens += judge.output_tokens;
        }
        spent
    }

    /// In sentences.
    fn told(&self) -> String {
        let unknown = || "a price that is not known".to_owned();
        let about = if self.estimated_usd > 0.0 { "≈ " } else { "" };
        let usd = |usd: Option<f64>| usd.map_or_else(unknown, |usd| format!("${usd:.4}"));
        let mut told = format!(
            "All {} sessions together: {about}{}, of which {} for the judge, at most ${:.4} for answers that were lost and ${:.4} \
             for sessions that were interrupted or asked anew; {} tokens in and {} out of the remote LM",
            self.sessions,
            usd(self.usd),
            usd(self.judge_usd),
            self.doubtful_usd,
            self.lost_usd,
            self.remote_input_tokens,
            self.remote_output_tokens
        );
        if self.estimated_input_tokens + self.estimated_output_tokens > 0 {
            let (input, output) = (self.estimated_input_tokens, self.estimated_output_tokens);
            told.push_str(&format!(" (≈ {input} and {output} of them not counted by the server)"));
        }
        if self.judge_input_tokens + self.judge_output_tokens > 0 {
            let (input, output) = (self.judge_input_tokens, self.judge_output_tokens);
            told.push_str(&format!(", {input} in and {output} out of the judge"));
        }
        told.push('.');
        if self.local_usd > 0.0 {
            told.push_str(&format!(" The reader cost ${:.4} beside that.", self.local_usd));
        }
        if self.open_usd > 0.0 {
            told.push_str(&format!(" What is still open may have cost ${:.4} beside that.", self.open_usd));
        }
        told.push_str(" A question cost what its row of `report.csv` says.");
        told
    }
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
    use super::super::row::Try;
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
