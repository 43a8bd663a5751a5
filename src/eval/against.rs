//! Settings held against remote-only, where it was asked too: how much of its quality they keep, and of its cost they take.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::report::Setting;
use super::row::Row;
use super::summary::{Group, Measure};

/// As shares of what remote-only came to, over the tries in which both were asked.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Against {
    pub tries: usize,
    /// By the measure of the eval; nothing where remote-only has none of it.
    pub quality: Option<f64>,
    /// In dollars of planner and reader; nothing where remote-only cost none.
    pub cost: Option<f64>,
}

/// Says of each group what it comes to against remote-only.
pub fn hold(groups: &mut [Group], rows: &[&Row], settings: &[Setting], measure: Measure) {
    for group in groups {
        let Some(of) = settings.iter().find(|setting| setting.label == group.setting) else { continue };
        let Some(whole) = baseline(of, settings) else { continue };
        let in_set = |row: &&&Row| group.dataset.as_ref().is_none_or(|set| *set == row.dataset);
        let of_setting = |fingerprint: &str| {
            let rows = rows.iter().filter(in_set).filter(|row| row.of.setting == fingerprint && row.refused.is_none());
            rows.map(|row| ((row.of.question.as_str(), row.of.repeat), *row)).collect::<BTreeMap<_, _>>()
        };
        let (own, whole) = (of_setting(&of.fingerprint), of_setting(&whole.fingerprint));
        let both: Vec<(&Row, &Row)> = own.iter().filter_map(|(of, row)| Some((*row, *whole.get(of)?))).collect();
        if !both.is_empty() {
            group.of_remote_only = Some(Against {
                tries: both.len(),
                quality: share(&both, |row| measure.of(row)),
                cost: share(&both, |row| row.cost.paid().all().usd()),
            });
        }
    }
}

/// The remote-only that has most settings in common with this one.
fn baseline<'a>(of: &Setting, settings: &'a [Setting]) -> Option<&'a Setting> {
    let is_whole = |setting: &&Setting| setting.settings["protocol"]["name"] == "remote-only";
    // Of several alike the first.
    settings.iter().rev().filter(is_whole).max_by_key(|setting| alike(&of.settings, &setting.settings))
}

/// In how many values two objects agree.
fn alike(one: &Value, other: &Value) -> usize {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.iter().filter_map(|(key, value)| Some(alike(value, other.get(key)?))).sum()
        }
        _ => usize::from(one == other),
    }
}

/// The sum of the first ones' values as a share of the others', over the pairs in which both have one.
fn share(both: &[(&Row, &Row)], of: impl Fn(&Row) -> Option<f64>) -> Option<f64> {
    let values: Vec<(f64, f64)> = both.iter().filter_map(|(own, whole)| Some((of(own)?, of(whole)?))).collect();
    let (own, whole) = values.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
    (whole > 0.0).then(|| own / whole)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::eval::{Followed, Try, judge, summarise};

    fn row(setting: &str, question: &str, score: f64, usd: f64) -> Row {
        let of = Try { setting: setting.into(), question: question.into(), repeat: 1 };
        let mut row = Followed::new(&[]).row(of, "s".into(), &judge::tests::question(&["1"]), &[]);
        (row.scores.judge, row.cost.usd) = (Some(score), Some(usd));
        row
    }

    fn setting(fingerprint: &str, protocol: &str, model: &str) -> Setting {
        let settings = json!({ "protocol": { "name": protocol }, "remote": { "model": model } });
        Setting { fingerprint: fingerprint.into(), label: fingerprint.to_uppercase(), settings }
    }

    #[test]
    fn quality_and_cost_are_shares_of_the_remote_only_that_was_asked_the_same() {
        let settings = [
            setting("m", "minions", "large"),
            setting("x", "remote-only", "small"),
            setting("w", "remote-only", "large"),
        ];
        let mut rows =
            vec![row("m", "1", 1.0, 1.0), row("m", "2", 0.5, 1.0), row("m", "3", 0.0, 9.0), row("w", "1", 1.0, 4.0)];
        rows.extend([row("w", "2", 1.0, 6.0), row("x", "1", 1.0, 100.0)]);
        let of = Try { setting: "w".into(), question: "3".into(), repeat: 1 };
        rows.push(Row::refused(of, &judge::tests::question(&["1"]), "too long".into()));
        let rows: Vec<&Row> = rows.iter().collect();
        let labels: Vec<(String, String)> =
            settings.iter().map(|setting| (setting.fingerprint.clone(), setting.label.clone())).collect();
        let mut groups = summarise(&rows, &labels);
        hold(&mut groups, &rows, &settings, Measure::Score);
        assert_eq!(groups[0].of_remote_only, Some(Against { tries: 2, quality: Some(0.75), cost: Some(0.2) }));
        let itself = Against { tries: 2, quality: Some(1.0), cost: Some(1.0) };
        assert_eq!((groups[1].of_remote_only.unwrap().tries, groups[2].of_remote_only), (1, Some(itself)));
        // Without remote-only there is nothing to hold against.
        let mut alone = summarise(&rows, &labels[..1]);
        hold(&mut alone, &rows, &settings[..1], Measure::Score);
        assert_eq!(alone[0].of_remote_only, None);
    }
}
