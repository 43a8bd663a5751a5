//! The ledger overlay: every request to the planner with its tokens, dollars and time, the sums, the budgets, and what
//! remote-only would have cost. What a server counted and what we estimate stand apart, and an estimate is marked with ≈.

use super::figures::{dollars, short_bytes, short_time};
use super::forecast;
use super::gate::Exposes;
use super::message::Command;
use super::model::{Model, Overlay};
use super::panes::planner::words_of;
use super::rows::{Piece, Tone, Writer};
use crate::document::Span;
use crate::ledger::{Call, CallState, Ledger, Tokens};
use crate::protocol::{AskId, Purpose, Scope, Usage, percent};

/// Cells from which on a request takes one line.
const TABLE: usize = 112;
/// Cells of a copy's lines.
const COPY: usize = 124;

/// What was folded from the records for the overlay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    pub ledger: Ledger,
    /// What each request took along of the documents.
    pub exposed: Vec<Exposed>,
    /// Dollars that all sessions of the folder spent or reserved today; nothing where nobody looked.
    pub today_usd: Option<f64>,
    /// What the request would expose that is held at a gate.
    pub held: Option<Exposes>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Exposed {
    pub ask: AskId,
    pub purpose: Purpose,
    /// The first passages of the documents that it took along.
    pub spans: Vec<Span>,
    /// All of them.
    pub count: usize,
    pub bytes: u64,
    /// Of all documents, 0–1.
    pub share: f64,
}

impl Exposed {
    /// More passages are counted only.
    pub const MOST: usize = 200;
}

/// Replies of one kind: those that the server counted, or those that we estimate.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    calls: u64,
    usage: Usage,
    /// Nothing where the price of any is not known.
    usd: Option<f64>,
    ms: u64,
}

impl Sum {
    /// Of the replies whose tokens the server counted, those of no use included, and of those whose tokens are estimated.
    fn both<'a>(calls: impl Iterator<Item = &'a Call>) -> [Self; 2] {
        let mut sums = [Self { usd: Some(0.0), ..Self::default() }; 2];
        for call in calls {
            let (tokens, paid) = (call.tokens(), call.paid);
            let estimated = match call.state {
                CallState::Answered { usage, .. } => u64::from(usage.estimated),
                CallState::Pending | CallState::GivenUp => 0,
            };
            let parts = [
                (call.replies - estimated, tokens.measured, paid.priced_usd - paid.estimated_usd),
                (estimated, tokens.estimated, paid.estimated_usd),
            ];
            for (sum, (calls, usage, usd)) in sums.iter_mut().zip(parts).filter(|(_, (calls, ..))| *calls > 0) {
                sum.calls += calls;
                sum.usage += usage;
                sum.usd = sum.usd.filter(|_| !paid.unpriced).map(|sum| sum + usd);
            }
            if let CallState::Answered { total_ms, .. } = call.state {
                sums[estimated as usize].ms += total_ms;
            }
        }
        sums
    }
}

impl Model {
    pub(crate) fn open_ledger(&mut self) -> Vec<Command> {
        self.open_overlay(Overlay::Ledger(Default::default()));
        self.count_day()
    }

    /// Asks what the day has spent, where that is of interest.
    pub(crate) fn count_day(&self) -> Vec<Command> {
        let limited = self.state.budgets.usd(Scope::Day).is_some() && self.player().is_none();
        let open = matches!(self.overlay, Some(Overlay::Ledger(_)));
        if open && limited { vec![Command::CountDay] } else { Vec::new() }
    }

    /// Takes what was folded; what is known of the day stays until it is counted again.
    pub(crate) fn take_account(&mut self, account: Account) -> Vec<Command> {
        let today_usd = account.today_usd.or(self.account.today_usd);
        self.account = Account { today_usd, ..account };
        if matches!(self.overlay, Some(Overlay::Ledger(_) | Overlay::Gate(_))) {
            self.lay_out_overlay();
        }
        self.count_day()
    }

    /// The whole ledger as text, as wide as its table is.
    pub(crate) fn ledger_text(&self) -> String {
        words_of(&self.write_ledger(COPY).rows)
    }

    pub(crate) fn write_ledger(&self, width: usize) -> Writer {
        let mut writer = Writer::new(width);
        let ledger = &self.account.ledger;
        if ledger.calls().is_empty() {
            writer.text(Tone::Dim, 0, "no request to the planner yet", None);
        } else {
            self.write_calls(&mut writer, width >= TABLE);
        }
        self.write_sums(&mut writer);
        self.write_local(&mut writer);
        self.write_baseline(&mut writer);
        self.write_budgets(&mut writer);
        self.write_expected(&mut writer);
        writer.blank();
        writer.text(
            Tone::Dim,
            0,
            "≈ estimated here; all else was counted by the server. Dollars follow the tokens.",
            None,
        );
        writer
    }

    /// What was expected before the run began, and beside it what it became.
    fn write_expected(&self, writer: &mut Writer) {
        let Some(expected) = &self.expected.run else { return };
        heading(writer, "Expected before it began");
        for line in forecast::lines(expected).iter().skip(1) {
            writer.text(Tone::Text, 2, line.trim_start(), None);
        }
        if self.state.ending().is_some() {
            let totals = self.account.ledger.totals();
            // The person's own time was no part of what was expected.
            let seconds = self.elapsed_ms().saturating_sub(self.waited.ms()) as f64 / 1e3;
            let told = forecast::became(expected, totals.jobs.planned.into(), seconds, &totals.paid);
            writer.text(Tone::Strong, 2, &told, None);
        }
    }

    fn write_calls(&self, writer: &mut Writer, as_table: bool) {
        heading(writer, "Requests to the planner");
        if as_table {
            let names =
                columns(["#", "purpose", "model", "in", "cached", "out", "reasoning", "cost", "time", self.left()]);
            writer.row(vec![Piece::text(Tone::Dim, names)], None);
        }
        let mut round = 0;
        for (number, call) in (1..).zip(self.account.ledger.calls()) {
            if call.ask.round != round {
                round = call.ask.round;
                writer.row(vec![Piece::text(Tone::Accent, format!("round {round}"))], None);
            }
            let cells = self.cells(number, call);
            if as_table {
                writer.row(vec![Piece::text(tone(call), columns(cells.each_ref().map(String::as_str)))], None);
                if let Some(trouble) = trouble(call) {
                    writer.text(Tone::Warning, 4, &trouble, None);
                }
                continue;
            }
            let [number, purpose, model, input, cached, out, reasoning, cost, time, left] = cells;
            let lead = vec![Piece::text(Tone::Dim, format!("{number:>3} "))];
            let known: Vec<String> = [purpose, cost, time, model].into_iter().filter(|cell| !cell.is_empty()).collect();
            writer.lead(lead, tone(call), &known.join(" · "), None);
            if call.replies > 0 {
                let tokens =
                    format!("{input} in ({cached} cached), {out} out ({reasoning} reasoning) · {} {left}", self.left());
                writer.text(Tone::Dim, 4, &tokens, None);
            } else if !left.is_empty() {
                writer.text(Tone::Dim, 4, &format!("{} {left}", self.left()), None);
            }
            if let Some(trouble) = trouble(call) {
                writer.text(Tone::Warning, 4, &trouble, None);
            }
        }
    }

    fn cells(&self, number: usize, call: &Call) -> [String; 10] {
        let model = call.model.as_ref().map_or(String::new(), |model| model.model.clone());
        let exposed = self.account.exposed.iter().find(|exposed| exposed.ask == call.ask);
        let left = exposed.map_or(String::new(), |exposed| share(exposed.bytes, exposed.share));
        let purpose = call.purpose.name().to_owned();
        if call.replies == 0 {
            let none = String::new;
            return [number.to_string(), purpose, model, none(), none(), none(), none(), none(), none(), left];
        }
        let usage = call.tokens().all();
        let time = match call.state {
            CallState::Answered { total_ms, .. } => short_time(total_ms),
            CallState::Pending | CallState::GivenUp => String::new(),
        };
        let about = about(usage.estimated);
        let count = |tokens: u64| format!("{about}{tokens}");
        [
            number.to_string(),
            purpose,
            model,
            count(usage.input_tokens),
            count(usage.cached_input_tokens),
            count(usage.output_tokens),
            count(usage.reasoning_tokens),
            if call.paid.unpriced { "n/a".into() } else { call.paid.told() },
            time,
            left,
        ]
    }

    /// The heading of what stood in a request of the documents.
    fn left(&self) -> &'static str {
        if self.state.asked_a_model() { "left device" } else { "would leave" }
    }

    fn write_sums(&self, writer: &mut Writer) {
        let ledger = &self.account.ledger;
        if ledger.calls().is_empty() {
            return;
        }
        heading(writer, "The planner in all");
        for totals in ledger.rounds() {
            let of_round = ledger.calls().iter().filter(|call| call.ask.round == totals.round);
            write_sum(writer, &format!("round {}", totals.round), Sum::both(of_round));
        }
        write_sum(writer, "session", Sum::both(ledger.calls().iter()));
        let (figures, left) = (&self.figures, self.left());
        told(writer, "documents", &format!("{left} {}", share(figures.exposed_bytes, figures.exposed_share)));
    }

    fn write_local(&self, writer: &mut Writer) {
        let ledger = &self.account.ledger;
        let totals = ledger.totals();
        heading(writer, "The reader");
        for round in ledger.rounds().iter().filter(|round| round.local.calls > 0) {
            let words = local(round.local.calls, &round.local.tokens, round.local.ms);
            told(writer, &format!("round {}", round.round), &words);
        }
        told(writer, "session", &local(totals.local.calls, &totals.local.tokens, totals.local.busy_ms));
        if totals.paid.pays_reader() {
            told(writer, "cost", &totals.paid.reader.told());
        }
    }

    fn write_baseline(&self, writer: &mut Writer) {
        let totals = self.account.ledger.totals();
        let baseline = totals.baseline;
        heading(writer, "Remote-only, for comparison");
        let approx = about(baseline.estimated);
        told(writer, "tokens", &format!("{approx}{} in, without its answer", baseline.input_tokens));
        match baseline.cost_usd {
            Some(usd) => told(writer, "cost", &format!("{approx}{}", dollars(usd))),
            None => told(writer, "cost", "n/a: no model with a known price plans"),
        }
        if let Some(ratio) = baseline.ratio {
            told(writer, "ratio", &format!("{} what this session spent", ratio.told()));
        }
    }

    fn write_budgets(&self, writer: &mut Writer) {
        let ledger = &self.account.ledger;
        let totals = ledger.totals();
        heading(writer, "Budgets");
        let limit = |usd: Option<f64>| usd.map_or("none set".into(), dollars);
        told(writer, "session", &limit(self.state.budgets.usd(Scope::Session)));
        told(writer, "day", &limit(self.state.budgets.usd(Scope::Day)));
        if let Some(usd) = self.account.today_usd {
            told(writer, "today", &format!("{} spent or reserved by all sessions of this folder", dollars(usd)));
        }
        told(writer, "reserved", &format!("{} at most for what is under way", dollars(ledger.pending_usd())));
        if totals.paid.planner.lost_usd > 0.0 {
            let usd = dollars(totals.paid.planner.lost_usd);
            told(writer, "lost", &format!("{usd} at most for replies that broke off"));
        }
    }
}

/// One line of the table, from `#` to what left the device.
fn columns(cells: [&str; 10]) -> String {
    let [number, purpose, model, input, cached, out, reasoning, cost, time, left] = cells;
    let model = super::visible::gist(model, 20);
    format!(
        "{number:>3} {purpose:<10} {model:<20} {input:>9} {cached:>8} {out:>8} {reasoning:>9} {cost:>10} {time:>8}  {left}"
    )
}

fn heading(writer: &mut Writer, words: &str) {
    writer.blank();
    writer.row(vec![Piece::text(Tone::Heading, words)], None);
}

fn told(writer: &mut Writer, what: &str, words: &str) {
    writer.lead(vec![Piece::text(Tone::Dim, format!("  {what:<10} "))], Tone::Text, words, None);
}

/// Counted and estimated replies, each in a line of its own.
fn write_sum(writer: &mut Writer, what: &str, sums: [Sum; 2]) {
    let mut what = what;
    for (sum, approx) in sums.iter().zip(["", "≈ "]).filter(|(sum, _)| sum.calls > 0) {
        let Usage { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, .. } = sum.usage;
        let usd = sum.usd.map_or("price not known".into(), |usd| format!("{approx}{}", dollars(usd)));
        let calls = if sum.calls == 1 { "reply" } else { "replies" };
        let words = format!(
            "{} {calls}: {approx}{input_tokens} in ({cached_input_tokens} cached), {output_tokens} out \
             ({reasoning_tokens} reasoning), {usd}, {}",
            sum.calls,
            short_time(sum.ms)
        );
        told(writer, std::mem::take(&mut what), &words);
    }
    if !what.is_empty() {
        told(writer, what, "no reply yet");
    }
}

fn local(calls: u64, tokens: &Tokens, ms: u64) -> String {
    let tokens = tokens.told();
    let calls = if calls == 1 { "1 reply".to_owned() } else { format!("{calls} replies") };
    format!("{calls}: {tokens}, {:.1} s one after the other", ms as f64 / 1e3)
}

/// What there is to say of a request beyond its figures.
fn trouble(call: &Call) -> Option<String> {
    let failed = match call.failures {
        0 => None,
        1 => Some(format!("1 try failed{}", failed(call))),
        failures => Some(format!("{failures} tries failed{}", failed(call))),
    };
    let stands = match call.state {
        CallState::Answered { .. } => None,
        CallState::Pending => Some(call.worst_cost_usd.map_or("no reply on record yet".into(), |usd| {
            format!("no reply on record yet; {} at most are reserved", dollars(usd))
        })),
        CallState::GivenUp => Some("given up".into()),
    };
    let attempt = (call.attempt > 1).then(|| format!("try {} at this in its round", call.attempt));
    let parts: Vec<String> = [attempt, failed, stands].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What the tries came to that failed, where that is anything.
fn failed(call: &Call) -> String {
    let mut told = String::new();
    if call.useless != Tokens::default() {
        told.push_str(&format!(", {}, {}", call.useless.told(), call.failed.told()));
    }
    if call.failed.lost_usd > 0.0 {
        told.push_str(&format!(", at most {} lost", dollars(call.failed.lost_usd)));
    }
    told
}

fn tone(call: &Call) -> Tone {
    if matches!(call.state, CallState::Answered { .. }) { Tone::Text } else { Tone::Warning }
}

fn share(bytes: u64, share: f64) -> String {
    format!("{} ({})", short_bytes(bytes), percent(share))
}

fn about(is_estimated: bool) -> &'static str {
    if is_estimated { "≈ " } else { "" }
}

#[cfg(test)]
mod tests {
    use super::super::message::{Command, Message};
    use super::super::update::update;
    use super::super::world::World;
    use super::*;

    fn opened(width: u16, height: u16) -> Model {
        let mut model = World::new().whole().model(width, height);
        update(&mut model, Message::Key("L".parse().unwrap()));
        model
    }

    fn shown(model: &Model) -> String {
        let Some(Overlay::Ledger(pane)) = &model.overlay else { panic!("the ledger is not open") };
        words_of(&pane.rows)
    }

    #[test]
    fn each_request_stands_in_the_ledger_with_its_estimates_marked() {
        let (wide, narrow) = (shown(&opened(200, 60)), shown(&opened(80, 24)));
        for text in [&wide, &narrow] {
            for words in ["decompose", "≈ 1234", "≈ $0.0052", "remote-only", "session", "Budgets"] {
                assert!(text.to_lowercase().contains(&words.to_lowercase()), "{words} in:\n{text}");
            }
        }
    }

    #[test]
    fn counted_and_estimated_replies_are_never_one_figure() {
        let mut world = World::new();
        world.whole();
        let mut first = true;
        for fact in &mut world.facts {
            if let crate::protocol::Fact::RemoteAnswered(answer) = fact {
                answer.usage.estimated = !std::mem::take(&mut first);
            }
        }
        let mut model = world.model(200, 60);
        update(&mut model, Message::Key("L".parse().unwrap()));
        let text = shown(&model);
        let session = text.lines().skip_while(|line| !line.contains("The planner in all"));
        let lines: Vec<&str> = session.skip_while(|line| !line.contains("session")).take(2).collect();
        assert!(lines[0].contains("1 reply: 1234 in") && !lines[0].contains('≈'), "{lines:?}");
        assert!(lines[1].contains("replies: ≈ ") && lines[1].contains("≈ $"), "{lines:?}");
    }

    #[test]
    fn the_ledger_is_copied_whole_at_any_size() {
        let mut model = opened(40, 12);
        let copied = update(&mut model, Message::Key("y".parse().unwrap()));
        let [Command::Copy(text)] = copied.as_slice() else { panic!("{copied:?}") };
        assert!(text.contains("purpose") && text.contains("Budgets"), "{text}");
        update(&mut model, Message::Key("G".parse().unwrap()));
        update(&mut model, Message::Key("esc".parse().unwrap()));
        assert!(model.overlay.is_none());
    }
}
