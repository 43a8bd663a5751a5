//! The curve screen: cost against quality of an eval, under way or finished, with every place worked out between 0 and 1.

use super::action::{Action, Context};
use super::keymap::Keymap;
use super::layout::Area;
use crate::eval::{Curve, in_percent, svg};

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
    /// Keys and what they do.
    pub hints: Vec<(String, &'static str)>,
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
/// Where its keys are looked up, the most special first.
pub const CURVE_CONTEXTS: [Context; 2] = [Context::Curve, Context::Everywhere];
/// What keys do while the eval runs, and when it is over.
const RUNNING: &[(Action, &str)] = &[
    (Action::LeaveCurve, "leave, the eval goes on"),
    (Action::AskNoMore, "ask no more, again: stop"),
    (Action::Down, "down"),
    (Action::Up, "up"),
];
const OVER: &[(Action, &str)] = &[(Action::LeaveCurve, "leave"), (Action::Down, "down"), (Action::Up, "up")];
/// From so many columns on the list stands beside the plot, with so many cells.
const WIDE: u16 = 110;
const LIST: u16 = 48;
/// Rows of the list below a plot at most, and of a plot at least.
const LISTED: u16 = 8;
const PLOT: u16 = 6;
/// A list that is narrower has two rows for a setting.
const ONE_ROW: u16 = 60;

/// Where the parts of the screen stand: between a title, and the two rows at the bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CurveAreas {
    pub plot: Area,
    pub list: Area,
    /// Rows that a setting has in the list.
    pub rows: u16,
}

impl CurveAreas {
    /// Settings that the list shows at once.
    pub fn shown(&self) -> usize {
        usize::from(self.list.height / self.rows)
    }
}

impl CurveScreen {
    pub fn of(title: &str, curve: &Curve, standing: String, is_running: bool, ascii: bool, keymap: &Keymap) -> Self {
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
                    "{} %, {}",
                    quality.told(plus, in_percent),
                    cost.told(plus, |value| curve.axis.told(value))
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
            hints: if is_running { RUNNING } else { OVER }
                .iter()
                .filter_map(|(action, does)| Some((keymap.first_keys(*action)?.to_string(), *does)))
                .collect(),
            first: 0,
            ascii,
        }
    }

    /// Where its parts stand on a screen of this size.
    pub fn areas(&self, width: u16, height: u16) -> CurveAreas {
        let rest = Area::new(0, 1, width, height.saturating_sub(3));
        if width >= WIDE {
            let plot = Area { width: width - LIST, ..rest };
            let list = Area { x: plot.width + 1, width: LIST - 1, ..rest.below(1) };
            return CurveAreas { plot, list, rows: 2 };
        }
        let rows = if width < ONE_ROW { 2 } else { 1 };
        let wanted = (self.spots.len() as u16).saturating_mul(rows);
        let listed = wanted.min(LISTED).min(rest.height.saturating_sub(PLOT)) / rows * rows;
        let plot = Area { height: rest.height - listed, ..rest };
        CurveAreas { plot, list: rest.below(plot.height), rows }
    }

    /// Moves the list by so many settings, on a screen of this size: no further than where its last one is in sight.
    pub fn scroll(&mut self, settings: isize, (width, height): (u16, u16)) {
        let last = self.spots.len().saturating_sub(self.areas(width, height).shown().max(1));
        self.first = self.first.min(last).saturating_add_signed(settings).min(last);
    }
}
