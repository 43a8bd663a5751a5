//! Draws the curve of an eval: a plot of braille dots, the settings as a list, how far it is.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use ratatui::symbols::Marker;
use ratatui::widgets::Widget;
use ratatui::widgets::canvas::{Canvas, Context, Line, Points};

use super::glyphs::{Glyph, to_ascii};
use super::paint::Paint;
use super::theme::{Role, Theme};
use crate::app::{Area, CurveAreas, CurveScreen, Spot, gist, width};

/// Cells of the numbers left of the plot.
const NUMBERS: u16 = 7;
/// Which colours tell settings apart; letters do so without any.
const SERIES: [Role; 6] = [Role::Accent, Role::Good, Role::Warning, Role::Keyword, Role::Number, Role::Bad];

pub fn draw_curve(frame: &mut Frame, screen: &CurveScreen, theme: &Theme) {
    let mut paint = Paint { buffer: frame.buffer_mut(), theme, ascii: screen.ascii };
    let Rect { x, y, width, height } = paint.buffer.area;
    paint.clear(Area::new(x, y, width, height), theme.base());
    let title = format!(" minions eval · {} · {} against {}", screen.title, screen.quality, screen.cost);
    paint.clear(Area::new(x, y, width, 1), paint.style(Role::Bar));
    paint.text(x, y, width, &gist(&title, usize::from(width)), paint.style(Role::Bar));
    let areas = screen.areas(width, height);
    let moved = |area: Area| Area { x: area.x + x, y: area.y + y, ..area };
    draw_plot(&mut paint, screen, moved(areas.plot));
    draw_list(&mut paint, screen, &CurveAreas { list: moved(areas.list), ..areas });
    let bottom = y + height;
    // Below: how far it is, and the keys.
    if height > 2 {
        paint.text(x + 1, bottom - 2, width.saturating_sub(1), &screen.standing, paint.style(Role::Strong));
        hints(&mut paint, screen, Area::new(x + 1, bottom - 1, width.saturating_sub(1), 1));
    }
    if screen.ascii {
        to_ascii(paint.buffer);
    }
}

/// The axes with their numbers, and within them the settings. In the lowest row stand the numbers of the cost.
fn draw_plot(paint: &mut Paint, screen: &CurveScreen, area: Area) {
    if area.height < 3 || area.width <= NUMBERS + 2 {
        return;
    }
    let inside = Area { x: area.x + NUMBERS + 1, width: area.width - NUMBERS - 2, height: area.height - 2, ..area };
    let rule = paint.style(Role::Rule);
    for row in inside.y..inside.y + inside.height {
        paint.glyph(inside.x - 1, row, Glyph::Column, rule);
    }
    paint.line(inside.x, inside.y + inside.height, inside.width, Glyph::Rule, rule);
    paint.glyph(inside.x - 1, inside.y + inside.height, Glyph::BottomLeft, rule);
    let dim = paint.style(Role::Dim);
    let mut free = inside.y + inside.height;
    for (at, told) in &screen.quality_ticks {
        let row = row_of(inside, *at);
        // Where rows are few, numbers are left out rather than put on one another.
        if row < free || *at == 0.0 {
            paint.right(area.x, row, NUMBERS, told, dim);
            free = row;
        }
    }
    let mut from = area.x;
    for (at, told) in &screen.cost_ticks {
        let wide = width(told) as u16;
        let middle = column_of(inside, *at);
        let start = middle.saturating_sub(wide / 2).min((area.x + area.width).saturating_sub(wide));
        if start >= from {
            paint.text(start, inside.y + inside.height + 1, wide, told, dim);
            from = start + wide + 1;
        }
    }
    if screen.spots.is_empty() {
        paint.text(inside.x + 1, inside.y + inside.height / 2, inside.width, "no setting has an answer yet", dim);
        return;
    }
    match paint.ascii {
        true => lines(paint, screen, inside),
        false => dots(paint, screen, inside),
    }
    for Letters { x, y, of } in letters(screen, inside) {
        let style = paint.style(series(of[0])).add_modifier(Modifier::BOLD);
        let told = of.iter().map(|n| screen.spots[*n].letter.as_str()).collect::<Vec<_>>().join(" ");
        let room = (inside.x + inside.width + 1).saturating_sub(x);
        paint.text(x, y, room, &told, style);
    }
}

/// The settings that share a cell, those on the front first.
struct Letters {
    x: u16,
    y: u16,
    of: Vec<usize>,
}

/// Where letters stand: those with a setting on the front come last, so that no other is drawn over them.
fn letters(screen: &CurveScreen, inside: Area) -> Vec<Letters> {
    let mut all: Vec<Letters> = Vec::new();
    let (on_front, behind): (Vec<usize>, Vec<usize>) = (0..screen.spots.len()).partition(|n| screen.spots[*n].on_front);
    for n in on_front.into_iter().chain(behind) {
        let at = screen.spots[n].at;
        let (x, y) = (column_of(inside, at.0), row_of(inside, at.1));
        match all.iter_mut().find(|known| (known.x, known.y) == (x, y)) {
            Some(known) => known.of.push(n),
            None => all.push(Letters { x, y, of: vec![n] }),
        }
    }
    all.sort_by_key(|letters| letters.of.first().map(|n| (screen.spots[*n].on_front, *n)));
    all
}

/// Spreads and front in dots, eight to a cell.
fn dots(paint: &mut Paint, screen: &CurveScreen, inside: Area) {
    let colour = |role| paint.style(role).fg.unwrap_or(Color::Reset);
    let colours: Vec<Color> = (0..screen.spots.len()).map(|n| colour(series(n))).collect();
    let (along_front, background) = (colour(Role::Dim), paint.style(Role::Background).bg.unwrap_or(Color::Reset));
    // A dot a cell: it is no spread.
    let front = front(screen, f64::from(inside.width));
    let draw = |context: &mut Context| {
        context.draw(&Points { coords: &front, color: along_front });
        context.layer();
        for (Spot { at, across, along, .. }, colour) in screen.spots.iter().zip(&colours) {
            context.draw(&Line { x1: across.0, y1: at.1, x2: across.1, y2: at.1, color: *colour });
            context.draw(&Line { x1: at.0, y1: along.0, x2: at.0, y2: along.1, color: *colour });
        }
    };
    let area = Rect::new(inside.x, inside.y, inside.width, inside.height).intersection(paint.buffer.area);
    Canvas::default()
        .marker(Marker::Braille)
        .background_color(background)
        .x_bounds([0.0, 1.0])
        .y_bounds([0.0, 1.0])
        .paint(draw)
        .render(area, paint.buffer);
}

/// The same in lines of ASCII.
fn lines(paint: &mut Paint, screen: &CurveScreen, inside: Area) {
    let dim = paint.style(Role::Dim);
    for (x, y) in front(screen, f64::from(inside.width)) {
        paint.text(column_of(inside, x), row_of(inside, y), 1, ".", dim);
    }
    for (n, spot) in screen.spots.iter().enumerate() {
        let style = paint.style(series(n));
        let (row, column) = (row_of(inside, spot.at.1), column_of(inside, spot.at.0));
        for x in column_of(inside, spot.across.0)..=column_of(inside, spot.across.1) {
            paint.text(x, row, 1, "-", style);
        }
        for y in row_of(inside, spot.along.1)..=row_of(inside, spot.along.0) {
            paint.text(column, y, 1, "|", style);
        }
    }
}

/// Points on the lines from each corner of the front to the next.
fn front(screen: &CurveScreen, dots: f64) -> Vec<(f64, f64)> {
    let between = screen.front.windows(2).flat_map(|pair| {
        let [(x1, y1), (x2, y2)] = [pair[0], pair[1]];
        let steps = (((x2 - x1).abs() * dots) as usize).clamp(8, 400);
        (0..=steps).map(move |n| {
            let part = n as f64 / steps as f64;
            (x1 + (x2 - x1) * part, y1 + (y2 - y1) * part)
        })
    });
    between.collect()
}

fn column_of(inside: Area, x: f64) -> u16 {
    inside.x + (x * f64::from(inside.width.saturating_sub(1))).round() as u16
}

fn row_of(inside: Area, y: f64) -> u16 {
    inside.y + ((1.0 - y) * f64::from(inside.height.saturating_sub(1))).round() as u16
}

fn series(n: usize) -> Role {
    SERIES[n % SERIES.len()]
}

/// The settings with their figures: in one row where there is room, else in two.
fn draw_list(paint: &mut Paint, screen: &CurveScreen, areas: &CurveAreas) {
    let area = areas.list;
    // As many as fit, and never an empty list.
    let first = screen.first.min(screen.spots.len().saturating_sub(areas.shown().max(1)));
    let dim = paint.style(Role::Dim);
    let mut y = area.y;
    for (n, spot) in screen.spots.iter().enumerate().skip(first).take(areas.shown()) {
        let style = paint.style(series(n)).add_modifier(Modifier::BOLD);
        paint.text(area.x + 1, y, 3, &spot.letter, style);
        let mark = if spot.on_front { "front" } else { "" };
        let figures = format!("{}  {mark:5}", spot.told);
        let (x, room) = (area.x + 4, area.width.saturating_sub(4));
        if areas.rows == 2 {
            paint.text(x, y, room, &gist(&spot.setting, usize::from(room)), paint.style(Role::Text));
            paint.text(x, y + 1, room, &figures, dim);
        } else {
            let taken = width(&figures) as u16 + 1;
            paint.text(x, y, room.saturating_sub(taken), &spot.setting, paint.style(Role::Text));
            paint.right(x, y, room, &figures, dim);
        }
        y += areas.rows;
    }
}

fn hints(paint: &mut Paint, screen: &CurveScreen, area: Area) {
    let mut x = 0;
    for (key, does) in &screen.hints {
        if x + (width(key) + width(does) + 1) as u16 > area.width {
            return;
        }
        x += paint.text(area.x + x, area.y, area.width - x, key, paint.style(Role::Key));
        x += paint.text(area.x + x, area.y, area.width - x, &format!(" {does}   "), paint.style(Role::Dim));
    }
}
