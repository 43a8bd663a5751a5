//! Cost against quality: a point a setting, with its spread and whether it is on the Pareto front.

use serde::{Deserialize, Serialize};

use super::pareto::front;
use super::row::Row;
use super::summary::{Measure, Stat, stat};
use super::svg::letters;

/// What cost is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// Dollars a question.
    Usd,
    /// Tokens of the remote LM a question, where no dollars are spent.
    #[default]
    Tokens,
}

/// One setting: what a question cost under it, and how good the answers were, 0–1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub setting: String,
    pub cost: Stat,
    pub quality: Stat,
    /// No other setting is as cheap and better, or as good and cheaper.
    pub on_front: bool,
}

/// The points of all settings that have answered anything yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    pub axis: Axis,
    /// The name of the measure of quality.
    pub measure: String,
    pub points: Vec<Point>,
}

impl Axis {
    fn measure(self) -> Measure {
        match self {
            Self::Usd => Measure::Usd,
            Self::Tokens => Measure::Tokens,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Usd => "$ a question",
            Self::Tokens => "remote tokens a question",
        }
    }

    /// A value as it is written on the axis.
    pub fn told(self, value: f64) -> String {
        match self {
            Self::Usd => format!("${value:.4}"),
            Self::Tokens if value >= 10_000.0 => format!("{:.0}k", value / 1e3),
            Self::Tokens => format!("{value:.0}"),
        }
    }

    /// What a question cost, with its spread.
    pub fn told_of(self, cost: &Stat) -> String {
        let told = cost.told("±", |value| self.told(value));
        match self {
            Self::Usd => format!("{told} a question"),
            Self::Tokens => format!("{told} remote tokens a question"),
        }
    }
}

/// A share in per cent, without the sign.
pub fn in_percent(share: f64) -> String {
    format!("{:.1}", share * 100.0)
}

impl Curve {
    /// `settings`: fingerprint and label, in the order in which they are listed.
    pub fn of(rows: &[&Row], settings: &[(String, String)], measure: Measure) -> Self {
        let spends = rows.iter().any(|row| row.cost.usd.is_some_and(|usd| usd > 0.0));
        let axis = if spends { Axis::Usd } else { Axis::Tokens };
        let mut points: Vec<Point> = settings
            .iter()
            .filter_map(|(fingerprint, label)| {
                let of: Vec<&Row> = rows.iter().filter(|row| row.of.setting == *fingerprint).copied().collect();
                let (cost, quality) = (stat(axis.measure(), &of)?, stat(measure, &of)?);
                Some(Point { setting: label.clone(), cost, quality, on_front: false })
            })
            .collect();
        let places: Vec<(f64, f64)> = points.iter().map(|point| (point.cost.mean, point.quality.mean)).collect();
        for (point, on_front) in points.iter_mut().zip(front(&places)) {
            point.on_front = on_front;
        }
        Self { axis, measure: measure.name().to_owned(), points }
    }

    /// The most that the axis of cost has to hold.
    pub fn widest(&self) -> f64 {
        let ends = self.points.iter().map(|point| point.cost.mean + point.cost.spread);
        ends.fold(0.0, f64::max).max(f64::MIN_POSITIVE)
    }

    /// The least and the most that the axis of quality has to hold, with some room, within 0 to 1.
    pub fn tallest(&self) -> (f64, f64) {
        let low = self.points.iter().map(|point| point.quality.mean - point.quality.spread).fold(1.0, f64::min);
        let high = self.points.iter().map(|point| point.quality.mean + point.quality.spread).fold(0.0, f64::max);
        let room = ((high - low) * 0.15).max(0.02);
        ((low - room).max(0.0), (high + room).min(1.0))
    }

    /// One line a setting: its letter, quality and cost with their spreads, and whether it is on the front.
    pub fn lines(&self) -> Vec<String> {
        let told = self.points.iter().zip(letters()).map(|(point, letter)| {
            let (cost, quality) = (point.cost, point.quality);
            format!(
                "{letter}  {}: {} % {}, {}{}",
                point.setting,
                quality.told("±", in_percent),
                self.measure,
                self.axis.told_of(&cost),
                if point.on_front { ", on the Pareto front" } else { "" }
            )
        });
        told.collect()
    }

    /// The points on the front, from the cheapest on.
    pub fn front(&self) -> Vec<&Point> {
        let mut front: Vec<&Point> = self.points.iter().filter(|point| point.on_front).collect();
        front.sort_by(|a, b| a.cost.mean.total_cmp(&b.cost.mean));
        front
    }
}
