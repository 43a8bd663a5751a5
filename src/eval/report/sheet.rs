//! The report as CSV.

use super::super::summary::Measure;
use super::Report;

impl Report {
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
            "lost_usd",
            "judge_usd",
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
            record.extend([
                row.cost.baseline_tokens.to_string(),
                plain(row.cost.baseline_usd),
                plain(row.cost.times_cheaper().map(|times| times.times)),
                row.cost.is_estimated().to_string(),
                row.cost.doubtful_usd.to_string(),
                plain((!row.cost.judge.unpriced).then_some(row.cost.judge.usd)),
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

/// What others wrote must not become a formula where the file is opened as a sheet. A plain number is none.
pub(super) fn formula_safe(text: &str) -> String {
    let begins = text.trim_start().starts_with(['=', '+', '-', '@']) || text.starts_with(['\t', '\r', '\n']);
    if begins && text.parse::<f64>().is_err() { format!("'{text}") } else { text.to_owned() }
}
