//! The curve as an SVG picture: standing by itself, without scripts, readable without colour.

use super::curve::{Curve, in_percent};

const WIDTH: f64 = 720.0;
/// At least; the list of settings may need more.
const HEIGHT: f64 = 420.0;
/// Of one setting in the list.
const ROW: f64 = 34.0;
/// Left, top, right and bottom of the plot; to the right stands the list of settings.
const PLOT: (f64, f64, f64, f64) = (64.0, 24.0, 450.0, 360.0);
const TICKS: u32 = 4;
/// Okabe and Ito's colours, which most people tell apart.
const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"];

pub fn draw(curve: &Curve) -> String {
    let (left, top, right, bottom) = PLOT;
    let height = HEIGHT.max(60.0 + ROW * curve.points.len() as f64);
    let (widest, (low, high)) = (curve.widest(), curve.tallest());
    let x = |cost: f64| left + (cost / widest).clamp(0.0, 1.0) * (right - left);
    let y = |quality: f64| bottom - ((quality - low) / (high - low).max(1e-9)).clamp(0.0, 1.0) * (bottom - top);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{} against {}</title>\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escaped(&curve.measure),
        escaped(curve.axis.title())
    );
    for tick in 0..=TICKS {
        let part = f64::from(tick) / f64::from(TICKS);
        let (cost, quality) = (widest * part, low + (high - low) * part);
        let (at_x, at_y) = (x(cost), y(quality));
        out.push_str(&format!(
            "<path d=\"M{left} {at_y:.1}H{right}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{:.0} %</text>\
             <text x=\"{at_x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\n",
            left - 6.0,
            at_y + 4.0,
            quality * 100.0,
            bottom + 18.0,
            curve.axis.told(cost)
        ));
    }
    out.push_str(&format!(
        "<path d=\"M{left} {top}V{bottom}H{right}\" fill=\"none\" stroke=\"#333333\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
         <text x=\"{left}\" y=\"{:.1}\">{}</text>\n",
        (left + right) / 2.0,
        bottom + 42.0,
        escaped(curve.axis.title()),
        top - 8.0,
        escaped(&curve.measure)
    ));
    let front: Vec<String> =
        curve.front().iter().map(|point| format!("{:.1},{:.1}", x(point.cost.mean), y(point.quality.mean))).collect();
    if front.len() > 1 {
        out.push_str(&format!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#333333\" stroke-dasharray=\"5 4\"/>\n",
            front.join(" ")
        ));
    }
    let named: Vec<String> = letters().take(curve.points.len()).collect();
    // Points on the front come last, so that no other is drawn over them.
    let mut order: Vec<usize> = (0..curve.points.len()).collect();
    order.sort_by_key(|n| curve.points[*n].on_front);
    let place = |n: &usize| {
        let point = &curve.points[*n];
        (x(point.cost.mean).round() as i64, y(point.quality.mean).round() as i64)
    };
    for n in order {
        let (point, letter) = (&curve.points[n], &named[n]);
        // Those at one place have one label, in which the front stands first.
        let mut here: Vec<usize> = (0..curve.points.len()).filter(|other| place(other) == place(&n)).collect();
        here.sort_by_key(|other| !curve.points[*other].on_front);
        let label = match here.first() {
            Some(first) if *first == n => here.iter().map(|n| named[*n].as_str()).collect::<Vec<_>>().join(" "),
            _ => String::new(),
        };
        let colour = COLOURS[n % COLOURS.len()];
        let (at_x, at_y) = (x(point.cost.mean), y(point.quality.mean));
        let (cost, quality) = (point.cost, point.quality);
        let list = top + 8.0 + ROW * n as f64;
        out.push_str(&format!(
            "<g stroke=\"{colour}\" fill=\"{colour}\"><path d=\"M{:.1} {at_y:.1}H{:.1}M{at_x:.1} {:.1}V{:.1}\"/>\
             <circle cx=\"{at_x:.1}\" cy=\"{at_y:.1}\" r=\"{}\"/></g>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-weight=\"bold\">{label}</text>\n",
            x(cost.mean - cost.spread),
            x(cost.mean + cost.spread),
            y(quality.mean - quality.spread),
            y(quality.mean + quality.spread),
            if point.on_front { 5 } else { 3 },
            at_x + 7.0,
            at_y - 6.0,
        ));
        out.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{list:.1}\" fill=\"{colour}\" font-weight=\"bold\">{letter}{} {}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\">{} %, {}</text>\n",
            right + 18.0,
            if point.on_front { " (front)" } else { "" },
            escaped(&point.setting),
            right + 18.0,
            list + 14.0,
            quality.told("±", in_percent),
            cost.told("±", |value| curve.axis.told(value)),
        ));
    }
    out.push_str("</svg>\n");
    out
}

/// `A` to `Z`, then `A2` to `Z2` and so on.
pub fn letters() -> impl Iterator<Item = String> {
    (1..).flat_map(|round: u32| {
        ('A'..='Z').map(move |letter| if round == 1 { letter.to_string() } else { format!("{letter}{round}") })
    })
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            character if character.is_control() => out.push('\u{fffd}'),
            character => out.push(character),
        }
    }
    out
}
