//! Rows summed up: the mean of each measure by setting and set, and its spread.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::against::Against;
use super::row::Row;
use crate::protocol::{Paid, Times};

/// What can be read off a row. The names are those of `--measure` and of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The score that suits the question best: the judge's, the choice, the number, F1.
    Score,
    Exact,
    F1,
    Number,
    Choice,
    Judge,
    /// Evidence in what the first round hands on; in the requests, where the protocol aggregates nothing.
    Evidence,
    KeyLines,
    Recall,
    Precision,
    Answered,
    SentOn,
    Exposed,
    TokenShare,
    Tokens,
    Usd,
    /// Of the reader, where it is paid for.
    LocalUsd,
    Seconds,
}

impl Measure {
    /// Those that say how good answers are, as `--measure` names them.
    pub const QUALITY: [Measure; 9] = [
        Self::Score,
        Self::Exact,
        Self::F1,
        Self::Number,
        Self::Choice,
        Self::Judge,
        Self::Evidence,
        Self::Recall,
        Self::Precision,
    ];
    pub const ALL: [Measure; 18] = [
        Self::Answered,
        Self::Score,
        Self::Exact,
        Self::F1,
        Self::Number,
        Self::Choice,
        Self::Judge,
        Self::Evidence,
        Self::KeyLines,
        Self::Recall,
        Self::Precision,
        Self::SentOn,
        Self::Exposed,
        Self::TokenShare,
        Self::Tokens,
        Self::Usd,
        Self::LocalUsd,
        Self::Seconds,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Exact => "exact",
            Self::F1 => "f1",
            Self::Number => "number",
            Self::Choice => "choice",
            Self::Judge => "judge",
            Self::Evidence => "evidence",
            Self::KeyLines => "key_lines",
            Self::Recall => "recall",
            Self::Precision => "precision",
            Self::Answered => "answered",
            Self::SentOn => "sent_on",
            Self::Exposed => "exposed",
            Self::TokenShare => "token_share",
            Self::Tokens => "tokens",
            Self::Usd => "usd",
            Self::LocalUsd => "local_usd",
            Self::Seconds => "seconds",
        }
    }

    /// What the row says; nothing where it says nothing of this. One that was refused says only that it has no answer.
    pub fn of(self, row: &Row) -> Option<f64> {
        if row.refused.is_some() && self != Self::Answered {
            return None;
        }
        match self {
            Self::Score => row.scores.best_suited(),
            Self::Exact => row.scores.exact,
            Self::F1 => row.scores.f1,
            Self::Number => row.scores.number,
            Self::Choice => row.scores.choice,
            Self::Judge => row.scores.judge,
            // Where nobody was asked, nothing was handed on to hold it against.
            Self::Evidence => {
                let sent = row.evidence.exposed.filter(|_| row.cost.traffic.remote_calls > 0);
                row.evidence.aggregated.or(sent)
            }
            Self::KeyLines => row.evidence.key,
            Self::Recall => row.evidence.recall,
            Self::Precision => row.evidence.precision,
            Self::Answered => Some(f64::from(u8::from(row.answer.is_some()))),
            Self::SentOn => row.cost.sent_on,
            Self::Exposed => Some(row.cost.exposed),
            Self::TokenShare => row.cost.token_share(),
            Self::Tokens => Some(row.cost.traffic.remote_tokens() as f64),
            Self::Usd => row.cost.usd,
            Self::LocalUsd => Some(row.cost.local_usd),
            Self::Seconds => Some(row.seconds),
        }
    }
}

/// A mean, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stat {
    pub mean: f64,
    /// With several repeats the standard deviation between their means; with one the standard error over questions.
    pub spread: f64,
    /// Rows that say something of it.
    pub of: usize,
}

impl Stat {
    /// The mean and its spread, each as `number` writes it, with a sign between. One value alone has no spread.
    pub fn told(&self, plus: &str, number: impl Fn(f64) -> String) -> String {
        let spread = if self.of < 2 { "–".to_owned() } else { number(self.spread) };
        format!("{} {plus} {spread}", number(self.mean))
    }
}

/// One setting on one set; on all sets together where none is named.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    pub setting: String,
    pub dataset: Option<String>,
    pub questions: usize,
    pub repeats: usize,
    /// Tries whose documents could not be asked about: they count in `answered` alone.
    pub refused: usize,
    pub stats: BTreeMap<Measure, Stat>,
    /// Dollars of the planner in all; nothing where a price is not known.
    pub usd: Option<f64>,
    /// Those of them that rest on estimated tokens.
    pub estimated_usd: f64,
    /// Dollars of the reader in all, where it is paid for.
    pub local_usd: f64,
    /// Dollars at most in all, beside those, for answers of the planner that were lost.
    pub lost_usd: f64,
    /// Dollars of the judge in all.
    pub judge_usd: f64,
    /// What asking the remote LM alone would cost, in all and as a multiple of what was spent on planner and reader.
    pub baseline_usd: Option<f64>,
    pub times_cheaper: Option<f64>,
    /// The multiple, as it is told to people.
    #[serde(skip)]
    pub times: Option<Times>,
    /// Against remote-only, where it was asked too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of_remote_only: Option<Against>,
    /// Whether anything of it rests on tokens that were not counted by a server, and how many of the planner's were not.
    pub estimated: bool,
    pub estimated_tokens: u64,
}

impl Group {
    pub fn stat(&self, measure: Measure) -> Option<&Stat> {
        self.stats.get(&measure)
    }
}

/// Groups by set and setting, settings in the order of `settings` (fingerprint and label); with several sets one more for
/// all together.
pub fn summarise(rows: &[&Row], settings: &[(String, String)]) -> Vec<Group> {
    let sets: BTreeSet<&str> = rows.iter().map(|row| row.dataset.as_str()).collect();
    let mut groups = Vec::new();
    let all = (sets.len() > 1).then_some(None);
    for set in sets.into_iter().map(Some).chain(all) {
        for (fingerprint, label) in settings {
            let of: Vec<&Row> = rows
                .iter()
                .filter(|row| row.of.setting == *fingerprint && set.is_none_or(|set| row.dataset == set))
                .copied()
                .collect();
            if !of.is_empty() {
                groups.push(group(label, set, &of));
            }
        }
    }
    groups
}

fn group(label: &str, set: Option<&str>, rows: &[&Row]) -> Group {
    let questions: BTreeSet<&str> = rows.iter().map(|row| row.of.question.as_str()).collect();
    let repeats: BTreeSet<u32> = rows.iter().map(|row| row.of.repeat).collect();
    let stats = Measure::ALL.into_iter().filter_map(|measure| Some((measure, stat(measure, rows)?))).collect();
    let asked: Vec<&Row> = rows.iter().filter(|row| row.refused.is_none()).copied().collect();
    let sum = |of: fn(&Row) -> Option<f64>| asked.iter().map(|row| of(row)).sum::<Option<f64>>();
    let usd = sum(|row| row.cost.usd);
    let baseline_usd = sum(|row| row.cost.baseline_usd);
    let estimated = asked.iter().any(|row| row.cost.is_estimated());
    let of_row = |row: &&Row| row.cost.estimated_input_tokens + row.cost.estimated_output_tokens;
    let estimated_tokens = asked.iter().map(of_row).sum();
    let mut paid = Paid::default();
    for row in &asked {
        let of_row = row.cost.paid();
        paid.planner += of_row.planner;
        paid.reader += of_row.reader;
    }
    let times = baseline_usd.and_then(|baseline| paid.times(baseline, false));
    Group {
        setting: label.to_owned(),
        dataset: set.map(str::to_owned),
        questions: questions.len(),
        repeats: repeats.len(),
        refused: rows.len() - asked.len(),
        stats,
        usd,
        estimated_usd: paid.planner.estimated_usd,
        local_usd: paid.reader.priced_usd,
        lost_usd: paid.planner.lost_usd,
        estimated_tokens,
        judge_usd: asked.iter().map(|row| row.cost.judge.usd).sum(),
        baseline_usd,
        times_cheaper: times.map(|times| times.times),
        times,
        of_remote_only: None,
        estimated,
    }
}

/// Nothing where no row says anything of it.
pub fn stat(measure: Measure, rows: &[&Row]) -> Option<Stat> {
    let mut by_repeat: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    for row in rows {
        if let Some(value) = measure.of(row) {
            by_repeat.entry(row.of.repeat).or_default().push(value);
        }
    }
    let all: Vec<f64> = by_repeat.values().flatten().copied().collect();
    if all.is_empty() {
        return None;
    }
    let spread = match by_repeat.len() {
        1 => deviation(&all) / (all.len() as f64).sqrt(),
        _ => deviation(&by_repeat.values().map(|values| mean(values)).collect::<Vec<_>>()),
    };
    Some(Stat { mean: mean(&all), spread, of: all.len() })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The sample standard deviation; 0 for one value.
fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let squares: f64 = values.iter().map(|value| (value - middle).powi(2)).sum();
    if values.len() < 2 { 0.0 } else { (squares / (values.len() - 1) as f64).sqrt() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_alone_has_no_spread() {
        let told = |of| Stat { mean: 0.5, spread: 0.25, of }.told("±", |value| format!("{:.2}", value));
        assert_eq!([told(1), told(2)], ["0.50 ± –", "0.50 ± 0.25"]);
    }
}
