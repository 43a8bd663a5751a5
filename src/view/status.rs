//! The line at the top that names the question, the tabs, and the status line.

use super::document;
use super::glyphs::{Glyph, glyph, spinner};
use super::paint::Paint;
use super::theme::Role;
use crate::app::{
    Action, Area, Figures, Model, Pane, broken_off, dollars, gist, headline, planner_name, reader_name, seconds,
    seconds_left, short_bytes, short_count, width, wrap,
};
use crate::protocol::{Paid, Round, Usage, percent};

/// A model's name, and whose turn it is from the next round on.
fn with_next(name: String, next: Option<String>) -> String {
    next.map_or_else(|| name.clone(), |next| format!("{name}, then {next}"))
}

/// The question, and who plans and who reads.
pub fn bar(paint: &mut Paint, model: &Model) {
    let area = model.layout().bar;
    let style = paint.style(Role::Bar);
    paint.clear(area, paint.theme.base().patch(style));
    let mut x = area.x + 1;
    x += paint.text(x, area.y, area.width, "minions ", style.patch(paint.style(Role::TitleFocused)));
    let (now, next) = (&model.state.models.now, &model.state.models.next);
    let who = now.remote.as_ref().zip(now.local.as_ref()).map(|(remote, local)| {
        let plans = with_next(planner_name(remote), next.remote.as_ref().map(planner_name));
        let reads = with_next(reader_name(local), next.local.as_ref().map(reader_name));
        format!("plans: {plans} · reads: {reads} ")
    });
    let mut room = (area.x + area.width).saturating_sub(x);
    let question = gist(model.state.question(), usize::from(room));
    if let Some(who) = who.filter(|who| width(who) + width(&question) + 6 < usize::from(room)) {
        room -= paint.right(x, area.y, room, &who, style.patch(paint.style(Role::Dim)));
    }
    let prompt = glyph(Glyph::Prompt, paint.ascii);
    if question.is_empty() {
        let none = match model.player() {
            Some(_) => format!("before the first record; {} plays", model.key_for(Action::Play)),
            None => format!("no question yet; press {} to ask one", model.key_for(Action::Ask)),
        };
        paint.text(x, area.y, room, &none, style.patch(paint.style(Role::Dim)));
    } else {
        let taken = paint.text(x, area.y, room, &format!("{prompt} "), style.patch(paint.style(Role::Accent)));
        paint.text(x + taken, area.y, room.saturating_sub(taken + 1), &question, style);
    }
}

/// One tab a pane, each with its state in a word.
pub fn tabs(paint: &mut Paint, model: &Model) {
    let layout = model.layout();
    if layout.tabs.is_empty() {
        return;
    }
    for pane in Pane::ALL {
        let area = layout.tab(pane);
        let current = pane == model.focus;
        let style = paint.style(if current { Role::TabCurrent } else { Role::Tab });
        paint.clear(area, paint.theme.base().patch(style));
        let sign = if current { glyph(Glyph::Cursor, paint.ascii) } else { " " };
        let name = format!("{sign}{} {} ", pane.index() + 1, pane.name());
        let at = paint.text(area.x, area.y, area.width, &name, style);
        let word = gist(&tab_word(model, pane), 24);
        let room = area.width.saturating_sub(at + 1);
        if width(&word) <= usize::from(room) {
            let dim = if current { style } else { style.patch(paint.style(Role::Dim)) };
            paint.text(area.x + at, area.y, room, &word, dim);
        }
    }
}

fn tab_word(model: &Model, pane: Pane) -> String {
    match pane {
        Pane::Document => match model.document_place() {
            Some((_, Some((page, _)))) => format!("p {page}"),
            _ => document::place(model),
        },
        Pane::Planner => match model.state.round() {
            Some(round) => round.asks.last().map_or(String::new(), |ask| ask.request.purpose.name().into()),
            None => String::new(),
        },
        Pane::Jobs => match model.jobs_round().map(Round::tally).filter(|tally| tally.planned > 0) {
            Some(tally) => format!("{}/{}", tally.planned - tally.running - tally.waiting, tally.planned),
            None => String::new(),
        },
        Pane::Answers => match headline(model).word {
            "no answer" => "none".into(),
            word => word.into(),
        },
    }
}

/// State and figures, the least important left out first.
pub fn status(paint: &mut Paint, model: &Model) {
    let area = model.layout().status;
    if area.is_empty() {
        return;
    }
    let bar = paint.style(Role::Bar);
    paint.clear(area, paint.theme.base().patch(bar));
    if let Some(notice) = &model.notice {
        let style = bar.patch(paint.style(Role::Warning));
        let (first, _) = in_two(&notice.text, area);
        paint.text(area.x + 1, area.y, area.width.saturating_sub(2), first, style);
        return;
    }
    let head = headline(model);
    let style = bar.patch(paint.theme.tone(head.tone));
    let sign =
        if model.is_busy() { spinner(model.now_ms, paint.ascii) } else { glyph(Glyph::Mark(head.mark), paint.ascii) };
    let mut x = area.x + 1;
    x += paint.text(x, area.y, area.width, &format!("{sign} {}", head.word), style);
    let room = usize::from((area.x + area.width).saturating_sub(x + 1));
    for text in fitted(&figures(model, head.word), room) {
        let between = format!(" {} ", glyph(Glyph::Column, paint.ascii));
        x += paint.text(x, area.y, area.width, &between, bar.patch(paint.style(Role::Dim)));
        x += paint.text(x, area.y, (area.x + area.width).saturating_sub(x), text, bar);
    }
}

/// A part of the status line, in words that get shorter.
struct Part {
    /// 0 stays longest.
    rank: u8,
    /// One at least.
    forms: Vec<String>,
}

impl Part {
    fn new(rank: u8, text: impl Into<String>) -> Self {
        Self { rank, forms: vec![text.into()] }
    }

    fn or(mut self, shorter: String) -> Self {
        self.forms.push(shorter);
        self
    }
}

/// Parts of no worse a rank are shortened so that none of them goes.
const KEPT: u8 = 2;

/// What of the parts fits into the room, in their order. Those to be kept come first, in words as long as all of them allow;
/// then the others, by rank, up to the first that does not fit: no part stays while one of a better rank had to go.
fn fitted(parts: &[Part], room: usize) -> Vec<&str> {
    let wide = |text: &String| width(text) + 3;
    let shortest = |part: &Part| part.forms.iter().map(wide).min().unwrap_or(0);
    let mut by_rank: Vec<(usize, &Part)> = parts.iter().enumerate().collect();
    by_rank.sort_by_key(|(_, part)| part.rank);
    let (kept, others) = by_rank.split_at(by_rank.partition_point(|(_, part)| part.rank <= KEPT));
    let mut left = room;
    let mut fits = |part: &Part| left.checked_sub(shortest(part)).map(|rest| left = rest).is_some();
    let count = kept.iter().take_while(|(_, part)| fits(part)).count();
    let reserved: Vec<usize> = kept.iter().take(count).map(|(_, part)| shortest(part)).collect();
    let others = if count < kept.len() { &[][..] } else { others };
    let mut told = Vec::new();
    for (place, (at, part)) in kept.iter().take(count).chain(others).enumerate() {
        left += reserved.get(place).copied().unwrap_or(0);
        let Some(form) = part.forms.iter().find(|form| wide(form) <= left) else { break };
        left -= wide(form);
        told.push((*at, form.as_str()));
    }
    told.sort_unstable();
    told.into_iter().map(|(_, form)| form).collect()
}

/// A notice on the status line, and what of it goes on in the line of the hints.
pub(super) fn in_two(text: &str, area: Area) -> (&str, &str) {
    let first = wrap(text, usize::from(area.width.saturating_sub(2)).max(1)).into_iter().next().unwrap_or(0..0);
    (&text[first.clone()], text[first.end..].trim_start())
}

/// What the status line tells.
fn figures(model: &Model, head: &str) -> Vec<Part> {
    let figures = &model.figures;
    let mut parts = Vec::new();
    if model.state.opened.is_none() {
        return parts;
    }
    // At a gate or a limit the head says that.
    if model.state.pause.is_some() && head != "paused" {
        parts.push(Part::new(1, "paused"));
    }
    if model.followed {
        parts.push(Part::new(1, "attached"));
    }
    if let Some(left_ms) = model.retry_in_ms().filter(|left| *left > 0) {
        parts.push(Part::new(1, format!("trying again in {}", seconds_left(left_ms))));
    }
    parts.push(cost(figures));
    let about = if figures.baseline_estimated { "≈ " } else { "" };
    match figures.baseline_usd {
        Some(baseline) => parts.push(Part::new(4, format!("remote-only {about}{}", dollars(baseline)))),
        None if figures.baseline_tokens > 0 => {
            parts.push(Part::new(4, format!("remote-only {about}{} tokens", short_count(figures.baseline_tokens))));
        }
        None => {}
    }
    let read = tokens(&figures.counted, &figures.estimated, true);
    parts.push(Part::new(3, read).or(tokens(&figures.counted, &figures.estimated, false)));
    let share = percent(figures.exposed_share);
    // A planner that runs here sends nothing anywhere: the figure then shows what a remote LM would have seen.
    let (verb, short, shortest) = match model.state.asked_a_model() {
        // Beside a budget a share that is "left" would be what remains of it.
        true => ("left device", "sent", "sent"),
        false => ("would leave", "would leave", "would go"),
    };
    let bytes = short_bytes(figures.exposed_bytes);
    parts.push(
        Part::new(2, format!("{verb} {bytes} ({share})"))
            .or(format!("{share} {short}"))
            .or(format!("{share} {shortest}")),
    );
    parts.push(Part::new(7, format!("saved #{}", figures.saved_record)));
    parts.push(Part::new(6, seconds(model.elapsed_ms())));
    let busy = model.state.utilization.as_ref().and_then(|sample| sample.gpus.first()).map(|gpu| gpu.busy_percent);
    let busy = busy.flatten().map_or("gpu n/a".into(), |busy| format!("gpu {busy:.0}%"));
    parts.push(Part::new(5, busy));
    parts
}

/// What was spent, what may have been, and what may be.
fn cost(figures: &Figures) -> Part {
    let paid = figures.paid.unwrap_or_default();
    let Paid { planner, reader } = paid;
    let is_known = figures.paid.is_some() && !planner.unpriced;
    let spent = if is_known { planner.told() } else { "cost unknown".into() };
    let read = if paid.pays_reader() { format!(", reader {}", reader.told()) } else { String::new() };
    let budget = figures.budget_usd.map_or(String::new(), |budget| format!(" of {}", dollars(budget)));
    match broken_off(planner.lost_usd) {
        None => Part::new(0, format!("{spent}{budget}{read}")).or(format!("{spent}{read}")),
        Some(told) => {
            let usd = dollars(planner.lost_usd);
            Part::new(0, format!("{spent} + {told}{budget}{read}"))
                .or(format!("{spent} + up to {usd}{budget}{read}"))
                .or(format!("{spent} + up to {usd}{read}"))
        }
    }
}

/// What the server counted, and apart from it what we estimate.
fn tokens(counted: &Usage, estimated: &Usage, with_cached: bool) -> String {
    let told = |usage: &Usage| {
        let cached = match usage.cached_input_tokens {
            cached if cached == 0 || !with_cached => String::new(),
            cached => format!(" ({} cached)", short_count(cached)),
        };
        format!("{} in{cached}, {} out", short_count(usage.input_tokens), short_count(usage.output_tokens))
    };
    let any = |usage: &Usage| usage.input_tokens + usage.output_tokens > 0;
    match (any(counted), any(estimated)) {
        (_, false) => told(counted),
        (false, true) => format!("≈ {}", told(estimated)),
        (true, true) => format!("{} + ≈ {}", told(counted), told(estimated)),
    }
}

/// The lines between panes that stand side by side.
pub fn columns(paint: &mut Paint, model: &Model) {
    let layout = model.layout();
    let style = paint.style(Role::Rule);
    for pane in [Pane::Planner, Pane::Jobs, Pane::Answers] {
        let Area { x, y, height, .. } = layout.pane(pane);
        if x > 0 && height > 0 {
            for row in y..y + height {
                paint.glyph(x - 1, row, Glyph::Column, style);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_get_shorter_before_one_goes_and_none_outlasts_a_better_one() {
        let parts = [
            Part::new(0, "$0.01 of $1.00").or("$0.01".into()),
            Part::new(3, "12k in (1k cached), 3k out").or("12k in, 3k out".into()),
            Part::new(2, "left device 1 kB (39.3%)").or("39.3% sent".into()),
            Part::new(4, "gpu"),
        ];
        let all = ["$0.01 of $1.00", "12k in (1k cached), 3k out", "left device 1 kB (39.3%)", "gpu"];
        assert_eq!(fitted(&parts, 100), all);
        assert_eq!(fitted(&parts, 72), [all[0], "12k in, 3k out", all[2], "gpu"]);
        assert_eq!(fitted(&parts, 60), [all[0], all[2]], "the last would fit, were it better");
        assert_eq!(fitted(&parts, 40), [all[0], "39.3% sent"]);
        assert_eq!(fitted(&parts, 22), ["$0.01", "39.3% sent"]);
        assert_eq!(fitted(&parts, 12), ["$0.01"], "no part after the first that does not fit");
        assert!(fitted(&parts, 3).is_empty());
    }
}
