//! The curve screen: cost against quality of an eval, under way or finished, with every place worked out between 0 and 1.

use crate::eval::{Curve, svg};

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct CurveScreen {
    /// The file of questions.
    pub title: String,
    /// What is counted upwards, and what to the right.
    pub quality: String,
    pub cost: &'static str,
    pub spots: Vec<Spot>,
    /// Corners of the Pareto front, from the cheapest on.
    pub front: Vec<(f64, f64)>,
    pub quality_ticks: Vec<(f64, String)>,
    pub cost_ticks: Vec<(f64, String)>,
    /// How far it is, in words.
    pub standing: String,
    pub hints: &'static [(&'static str, &'static str)],
    /// The first setting that the list shows.
    pub first: usize,
    pub ascii: bool,
}

/// One setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    pub letter: String,
    pub setting: String,
    /// Quality and cost with their spreads.
    pub told: String,
    pub on_front: bool,
    /// Cost and quality, 0 to 1 of what the axes hold.
    pub at: (f64, f64),
    /// From the least to the most, likewise.
    pub across: (f64, f64),
    pub along: (f64, f64),
}

const TICKS: u32 = 4;
/// Qualities that lie within this much are told to a tenth of a per cent.
const CLOSE: f64 = 0.08;
/// What keys do while the eval runs, and when it is over.
const RUNNING: &[(&str, &str)] = &[
    ("q", "leave the picture, the eval goes on"),
    ("ctrl-c", "ask nothing further; again: stop now"),
    ("j k", "list"),
];
const OVER: &[(&str, &str)] = &[("q", "leave"), ("j k", "list")];

impl CurveScreen {
    pub fn of(title: &str, curve: &Curve, standing: String, is_running: bool, ascii: bool) -> Self {
        let (widest, (low, high)) = (curve.widest(), curve.tallest());
        let x = |cost: f64| (cost / widest).clamp(0.0, 1.0);
        let y = |quality: f64| ((quality - low) / (high - low).max(1e-9)).clamp(0.0, 1.0);
        let tick = |n: u32| f64::from(n) / f64::from(TICKS);
        let decimals = usize::from(high - low < CLOSE);
        let plus = if ascii { "+-" } else { "±" };
        let spots = curve.points.iter().zip(svg::letters()).map(|(point, letter)| {
            let (cost, quality) = (point.cost, point.quality);
            Spot {
                letter,
                setting: point.setting.clone(),
                told: format!(
                    "{:.1} {plus} {:.1} %, {} {plus} {}",
                    quality.mean * 100.0,
                    quality.spread * 100.0,
                    curve.axis.told(cost.mean),
                    curve.axis.told(cost.spread)
                ),
                on_front: point.on_front,
                at: (x(cost.mean), y(quality.mean)),
                across: (x(cost.mean - cost.spread), x(cost.mean + cost.spread)),
                along: (y(quality.mean - quality.spread), y(quality.mean + quality.spread)),
            }
        });
        Self {
            title: title.to_owned(),
            quality: curve.measure.clone(),
            cost: curve.axis.title(),
            spots: spots.collect(),
            front: curve.front().iter().map(|point| (x(point.cost.mean), y(point.quality.mean))).collect(),
            quality_ticks: (0..=TICKS)
                .map(|n| (tick(n), format!("{:.decimals$} %", (low + (high - low) * tick(n)) * 100.0)))
                .collect(),
            cost_ticks: (0..=TICKS).map(|n| (tick(n), curve.axis.told(widest * tick(n)))).collect(),
            standing,
            hints: if is_running { RUNNING } else { OVER },
            first: 0,
            ascii,
        }
    }

    /// Moves the list by so many rows.
    pub fn scroll(&mut self, rows: isize) {
        let last = self.spots.len().saturating_sub(1);
        self.first = self.first.saturating_add_signed(rows).min(last);
    }
}
