//! What several questions or settings are expected to come to together: a line a setting, before anything is sent.

use std::io::Write;

use serde::Serialize;

use super::super::json_line::json_line;
use super::super::{Exit, Failure, Output};
use crate::app::forecast::time;
use crate::app::{dollars, short_count};
use crate::document::escape::visible;
use crate::ledger::Forecast;

/// The forecasts of all tries of one setting, added up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sum {
    pub setting: String,
    pub tries: u64,
    /// Tries whose documents cannot be read: nothing is expected of them.
    pub refused: u64,
    pub jobs: u64,
    /// Whether fewer are likely, and more are not.
    pub jobs_at_most: bool,
    pub local_tokens: u64,
    /// Of reading, one try after the other; nothing where the reader has not been timed here.
    pub local_seconds: Option<f64>,
    pub calls: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Nothing where the price is not known.
    pub usd: Option<f64>,
    /// Of the reader, where it is paid for.
    pub local_usd: f64,
    pub bad_case_usd: Option<f64>,
}

impl Sum {
    pub fn of(setting: &str) -> Self {
        let none = Some(0.0);
        Self {
            setting: setting.into(),
            local_seconds: none,
            usd: none,
            bad_case_usd: none,
            jobs_at_most: true,
            ..Self::default()
        }
    }

    /// Adds what is expected of a question that is asked so often.
    pub fn add(&mut self, forecast: &Forecast, times: u32) {
        let often = u64::from(times);
        let plus = |sum: Option<f64>, one: Option<f64>| Some(sum? + one? * f64::from(times));
        self.tries += often;
        self.jobs += forecast.jobs * often;
        // How many rounds there will be is no more than likely.
        self.jobs_at_most &= forecast.jobs_at_most && forecast.max_rounds == 1;
        self.local_tokens += forecast.local_tokens * often;
        self.local_seconds = plus(self.local_seconds, forecast.local_seconds);
        self.calls += forecast.calls * often;
        self.input_tokens += forecast.input_tokens * often;
        self.output_tokens += forecast.output_tokens * often;
        self.usd = plus(self.usd, forecast.usd);
        self.local_usd += forecast.local_usd.unwrap_or(0.0) * f64::from(times);
        self.bad_case_usd = plus(self.bad_case_usd, forecast.bad_case_usd);
    }

    fn told(&self) -> String {
        let about = if self.jobs_at_most { "up to" } else { "≈" };
        let refused = if self.refused > 0 { format!(" ({} more cannot be read)", self.refused) } else { String::new() };
        let reading = match self.local_seconds {
            Some(seconds) => format!("reading ≈ {}", time(Some(seconds))),
            None => "time of reading not known".into(),
        };
        let cost = match (self.usd, self.bad_case_usd) {
            (Some(usd), Some(bad)) if usd > 0.0 => {
                format!("≈ {}, in a bad case about {}", dollars(usd), dollars(bad))
            }
            (Some(usd), _) => dollars(usd),
            (None, _) => "a cost that is not known: no price of the model is known".into(),
        };
        let reader = match self.local_usd {
            usd if usd > 0.0 => format!(", and ≈ {} for the reader", dollars(usd)),
            _ => String::new(),
        };
        format!(
            "{}: {} {}{refused}, {about} {} jobs, {reading}; {} tokens in, {} out; {cost}{reader}",
            self.setting,
            self.tries,
            if self.tries == 1 { "try" } else { "tries" },
            short_count(self.jobs),
            short_count(self.input_tokens),
            short_count(self.output_tokens)
        )
    }
}

/// Tells the sums, and does nothing of it.
pub fn tell(sums: &[Sum], json: bool) -> Result<Exit, Failure> {
    let mut out = Output::standard();
    if json {
        json_line(&sums, &mut out)?;
    } else {
        writeln!(
            out,
            "expected, and nothing is sent; every figure is an estimate, and of all tries, done before or not"
        )?;
        sums.iter().try_for_each(|sum| writeln!(out, "  {}", visible(&sum.told())))?;
    }
    out.flush()?;
    Ok(Exit::Success)
}
