//! The Planner pane: every message to and from the remote LM, its programs with their errors, its decisions.

use crate::app::figures::{counted, dollars, short_bytes, short_count, short_time};
use crate::app::layout::Pane;
use crate::app::markdown::LastBlock;
use crate::app::model::Model;
use crate::app::panes::findings::write_decision;
use crate::app::panes::reply::{Before, is_json, write_json_so_far, write_program, write_reply, write_words};
use crate::app::rows::{Fold, Mark, Piece, Row, Target, Tone, Writer, pad};
use crate::protocol::{Ask, AskState, Code, CodeError, ProtocolKind, Purpose, ReplyFormat, Role, Round, Usage};

/// How much of the reply under way is laid out for good: all of its blocks but the last, which may still change; of JSON
/// all lines but the last.
#[derive(Clone, Copy, Debug, Default)]
pub struct Laid {
    /// The pane's row at which the reply begins.
    from: usize,
    /// Bytes of the reply that are laid out for good, and the rows that they take.
    bytes: usize,
    rows: usize,
    /// Bytes that the reply had.
    seen: usize,
}

impl Laid {
    /// What still holds for the reply as it is now: nothing where its beginning was cut off.
    fn for_text(self, text: &str) -> Self {
        let holds = text.len() >= self.seen && text.is_char_boundary(self.bytes);
        let kept = if holds { self } else { Self { from: self.from, ..Self::default() } };
        Self { seen: text.len(), ..kept }
    }

    /// Once `rest`, what was not laid out for good, was written and its last block is known.
    fn with(self, rest: &str, last: LastBlock) -> Self {
        // A line that is not whole may yet turn out to belong to the block before it.
        let whole = rest.get(last.at..).is_some_and(|block| block.contains('\n'));
        if last.row == 0 || !whole {
            return self;
        }
        // The blank row before the last block is written with that block.
        Self { bytes: self.bytes + last.at, rows: self.rows + last.row.saturating_sub(1), ..self }
    }
}

impl Model {
    /// Lays the pane out anew; what is folded stays folded and the cursor on its row.
    pub(crate) fn lay_out_planner(&mut self) {
        let width = self.row_width(Pane::Planner);
        let mut writer = Writer::knowing(std::mem::take(&mut self.planner.programs), width);
        let mut reply_from = None;
        let mut before = None;
        for round in &self.state.rounds {
            self.write_round(&mut writer, round, &mut before, &mut reply_from);
        }
        self.planner.partial = Laid { from: reply_from.unwrap_or(writer.rows.len()), ..Laid::default() };
        self.planner.rows.rows = writer.rows;
        self.planner.programs = writer.programs;
        self.lay_out_partial();
    }

    /// Lays out what is new of the reply under way, which is the last thing in the pane.
    pub(crate) fn lay_out_partial(&mut self) {
        let asked = self.state.asks().last().map(|ask| ask.request.ask);
        let Some(partial) = self.partial.as_ref().filter(|partial| Some(partial.ask) == asked) else { return };
        let width = self.row_width(Pane::Planner);
        let laid = self.planner.partial.for_text(&partial.text);
        let mut writer = Writer::knowing(std::mem::take(&mut self.planner.programs), width);
        let text = partial.text.get(laid.bytes..).unwrap_or_default();
        // The beginning tells which it is: the rest may begin with a brace of its own.
        self.planner.partial = if is_json(&partial.text) {
            let (bytes, rows) = write_json_so_far(&mut writer, text);
            Laid { bytes: laid.bytes + bytes, rows: laid.rows + rows, ..laid }
        } else {
            if laid.bytes > 0 && !text.is_empty() {
                writer.row(Vec::new(), None);
            }
            laid.with(text, write_words(&mut writer, text))
        };
        self.planner.rows.rows.truncate(laid.from + laid.rows);
        self.planner.rows.rows.append(&mut writer.rows);
        self.planner.programs = writer.programs;
    }

    fn write_round<'a>(
        &'a self,
        writer: &mut Writer,
        round: &'a Round,
        before: &mut Option<Before<'a>>,
        reply_from: &mut Option<usize>,
    ) {
        writer.blank();
        let last = if round.last { " · must answer" } else { "" };
        writer.row(
            vec![Piece::text(Tone::Heading, format!("Round {}{last}{}", round.number, self.round_cost(round)))],
            None,
        );
        let (mut told_jobs, mut decides) = (false, 0);
        for (ask, at) in round.asks.iter().zip(0..) {
            write_by_hand(writer, round, (at, false));
            let judges = matches!(ask.request.purpose, Purpose::Think | Purpose::Decide);
            if judges && !told_jobs {
                self.write_jobs(writer, round);
                told_jobs = true;
            }
            write_by_hand(writer, round, (at, true));
            let code = round
                .codes
                .iter()
                .find(|code| ask.request.purpose == Purpose::Decompose && code.id.attempt == ask.request.attempt);
            let told = ask.request.purpose == Purpose::Decide
                && round.decision.is_some()
                && decides >= round.decision_errors.len();
            self.write_ask(writer, ask, code, before.filter(|_| self.planner.compared), told);
            if let Some(code) = code.filter(|code| !code.source.is_empty()) {
                *before = Some(Before { source: &code.source, round: code.id.round, attempt: code.id.attempt });
            }
            if ask.state == AskState::Pending {
                *reply_from = Some(writer.rows.len());
            }
            if ask.request.format == ReplyFormat::Json {
                if let Some(error) = round.decision_errors.get(decides) {
                    let lead = vec![pad(2), Piece::Mark(Tone::Bad, Mark::Failed), pad(1)];
                    writer.lead(lead, Tone::Bad, &format!("decision not readable: {error}"), None);
                }
                decides += 1;
            }
        }
        write_by_hand(writer, round, (round.asks.len(), false));
        if !told_jobs {
            self.write_jobs(writer, round);
        }
        write_by_hand(writer, round, (round.asks.len(), true));
        if let Some(decision) = &round.decision {
            write_decision(writer, &self.state, round, decision);
        }
    }

    /// What the local LM was given to do; in a chat what it was asked, and what it replied.
    fn write_jobs(&self, writer: &mut Writer, round: &Round) {
        if self.state.settings().protocol != ProtocolKind::Minion {
            return write_jobs(writer, round);
        }
        if let Some(message) = round.tasks.first() {
            let lead = vec![Piece::text(Tone::Accent, "to the reader"), pad(2)];
            writer.lead(lead, Tone::Text, message, None);
        }
        if let Some(aggregated) = &round.aggregated {
            let words = format!("{} answers, {} windows", aggregated.kept, round.chunks.len());
            writer.row(vec![Piece::text(Tone::Good, "the reader"), pad(2), Piece::text(Tone::Dim, words)], None);
            writer.text(Tone::Text, 2, &aggregated.text, None);
        }
    }

    /// Shows programs beside the one before, or whole again.
    pub(crate) fn compare_programs(&mut self) {
        self.planner.compared = !self.planner.compared;
        let written = self.state.rounds.iter().flat_map(|round| &round.codes).filter(|code| !code.source.is_empty());
        let words = match (self.planner.compared, written.count()) {
            (false, _) => "programs are shown whole",
            (true, 0 | 1) => "programs are shown beside the one before; so far there is none before",
            (true, _) => "programs are shown beside the one before: + came, − went",
        };
        // The cursor stays with what it stood on, although rows above it come or go.
        let rows = &self.planner.rows.rows;
        let above = rows.iter().take(self.planner.rows.cursor + 1);
        let (at, target) = above.enumerate().filter_map(|(at, row)| Some((at, row.target?))).next_back().unzip();
        let below = self.planner.rows.cursor - at.unwrap_or_default();
        self.lay_out_planner();
        let again = self.planner.rows.rows.iter().position(|row| target.is_some() && row.target == target);
        if let Some(again) = again {
            self.planner.rows.cursor = again + below;
        }
        self.settle();
        self.notify(words);
    }

    /// What the round's replies cost so far, where a model gave them.
    fn round_cost(&self, round: &Round) -> String {
        let answers = || {
            round.asks.iter().filter_map(|ask| match &ask.state {
                AskState::Answered(answer) => Some(answer),
                AskState::Pending | AskState::GivenUp => None,
            })
        };
        let count = answers().count();
        if count == 0 || !round.models.remote.as_ref().is_some_and(|remote| remote.is_model) {
            return String::new();
        }
        let about = if answers().any(|answer| answer.usage.estimated) { "≈ " } else { "" };
        let cost: Option<f64> = answers().map(|answer| answer.cost_usd).sum();
        let cost = cost.map_or("price unknown".into(), |usd| format!("{about}{}", dollars(usd)));
        let calls = if count == 1 { "call" } else { "calls" };
        format!(" · {count} {calls} · {cost}")
    }

    fn is_unfolded(&self, fold: Fold, by_default: bool) -> bool {
        by_default != self.planner.toggled.contains(&fold)
    }

    /// `told`: it is a decision that was read and is told in words below, so that its JSON is folded away.
    fn write_ask(&self, writer: &mut Writer, ask: &Ask, code: Option<&Code>, before: Option<Before>, told: bool) {
        let n = ask.request.ask.n;
        let (lead, told_of_it) = self.ask_header(ask);
        writer.lead(lead, Tone::Dim, &told_of_it, Some(Target::Fold(Fold::Reply(n))));
        self.write_prompt(writer, ask);
        for failure in &ask.failures {
            let next = match failure.retry_in_ms {
                Some(ms) => format!("; trying again in {}", short_time(ms)),
                None => "; given up".into(),
            };
            let lead = vec![pad(2), Piece::Mark(Tone::Bad, Mark::Failed), pad(1)];
            writer.lead(lead, Tone::Bad, &format!("try {}: {}{next}", failure.attempt, failure.error), None);
        }
        if !self.is_unfolded(Fold::Reply(n), !told) {
            if let AskState::Answered(answer) = &ask.state {
                let words = format!("reply  {}", short_bytes(answer.text.len() as u64));
                let fold = Piece::Mark(Tone::Dim, Mark::Folded);
                writer
                    .row(vec![pad(2), fold, pad(1), Piece::text(Tone::Dim, words)], Some(Target::Fold(Fold::Reply(n))));
            }
            return;
        }
        if ask.state == AskState::GivenUp
            && let Some(failure) = ask.failures.last()
        {
            write_reply(writer, &failure.partial);
        }
        if let AskState::Answered(answer) = &ask.state {
            match code.filter(|code| !code.source.is_empty()) {
                Some(code) => write_program(writer, &answer.text, code, before),
                None => write_reply(writer, &answer.text),
            }
        }
        if let Some(error) = code.and_then(|code| code.embedding_error.as_ref()) {
            let lead = vec![pad(2), Piece::Mark(Tone::Warning, Mark::Failed), pad(1)];
            writer.lead(lead, Tone::Warning, &format!("chunks were retrieved by words alone: {error}"), None);
        }
        if let Some(error) = code.and_then(|code| code.rejected.as_ref()) {
            self.write_rejection(writer, error, n);
        }
    }

    fn write_rejection(&self, writer: &mut Writer, error: &CodeError, n: u32) {
        let lead = vec![pad(2), Piece::Mark(Tone::Bad, Mark::Failed), pad(1)];
        writer.lead(lead, Tone::Bad, &format!("program rejected: {error}"), None);
        if let Some(hint) = &error.hint {
            writer.lead(vec![pad(4), Piece::text(Tone::Dim, "hint: ")], Tone::Text, hint, None);
        }
        for line in error.printed.iter().flat_map(|printed| printed.trim_end().lines()) {
            writer.lead(vec![pad(4), Piece::text(Tone::Dim, "printed: ")], Tone::Text, line, None);
        }
        if let Some(traceback) = &error.traceback {
            let fold = Fold::Traceback(n);
            let open = self.is_unfolded(fold, false);
            let mark = if open { Mark::Unfolded } else { Mark::Folded };
            let words = format!("traceback  {}", counted(traceback.lines().count(), "line"));
            let target = Some(Target::Fold(fold));
            writer.row(vec![pad(4), Piece::Mark(Tone::Dim, mark), pad(1), Piece::text(Tone::Dim, words)], target);
            if open {
                writer.text(Tone::Code, 6, traceback, target);
            }
        }
    }

    /// Mark, purpose and try of a request, and what there is to say of it.
    fn ask_header(&self, ask: &Ask) -> (Vec<Piece>, String) {
        let (mark, tone) = match &ask.state {
            AskState::Pending if self.state.ending().is_some() => (Mark::Failed, Tone::Warning),
            AskState::Pending => (Mark::Current, Tone::Accent),
            AskState::Answered(_) => (Mark::Done, Tone::Good),
            AskState::GivenUp => (Mark::Failed, Tone::Bad),
        };
        let mut pieces = vec![Piece::Mark(tone, mark), pad(1), Piece::text(Tone::Strong, ask.request.purpose.name())];
        if ask.request.attempt > 1 {
            pieces.push(Piece::text(Tone::Warning, format!(" try {}", ask.request.attempt)));
        }
        let told = match &ask.state {
            AskState::Pending if self.state.ending().is_some() => "interrupted, no reply on record".into(),
            AskState::Pending => {
                let begun = self.partial.as_ref().is_some_and(|partial| partial.ask == ask.request.ask);
                let reply = if begun { "reply under way" } else { "no reply yet" };
                format!("about {} tokens in, {reply}", short_count(ask.request.estimate.input_tokens))
            }
            AskState::GivenUp => "given up".into(),
            AskState::Answered(answer) => {
                let cost = answer.cost_usd.map_or("price unknown".into(), dollars);
                format!("{} · {cost} · {}", tokens(answer.usage), short_time(answer.total_ms))
            }
        };
        pieces.push(pad(2));
        (pieces, told)
    }

    fn write_prompt(&self, writer: &mut Writer, ask: &Ask) {
        let fold = Fold::Prompt(ask.request.ask.n);
        let open = self.is_unfolded(fold, false);
        let messages = &ask.request.messages;
        let bytes: usize = messages.iter().map(|message| message.content.len()).sum();
        let mark = if open { Mark::Unfolded } else { Mark::Folded };
        let words = format!("prompt  {} messages · {}", messages.len(), short_bytes(bytes as u64));
        writer.row(
            vec![pad(2), Piece::Mark(Tone::Dim, mark), pad(1), Piece::text(Tone::Dim, words)],
            Some(Target::Fold(fold)),
        );
        if !open {
            return;
        }
        for message in messages {
            let role = match message.role {
                Role::System => "system",
                Role::User => "user",
                Role::Assistant => "assistant",
            };
            writer.row(vec![pad(4), Piece::text(Tone::Accent, role)], Some(Target::Fold(fold)));
            writer.text(Tone::Text, 4, &message.content, Some(Target::Fold(fold)));
        }
    }
}

/// The tokens of a call, with the parts of them that are priced otherwise.
fn tokens(usage: Usage) -> String {
    let about = if usage.estimated { "≈ " } else { "" };
    let part = |count: u64, word: &str| match count {
        0 => String::new(),
        count => format!(" ({} {word})", short_count(count)),
    };
    format!(
        "{about}{} in{} · {} out{}",
        short_count(usage.input_tokens),
        part(usage.cached_input_tokens, "cached"),
        short_count(usage.output_tokens),
        part(usage.reasoning_tokens, "reasoning")
    )
}

/// What the person did once so many of the round's requests had been sent, before its outputs were there or after.
fn write_by_hand(writer: &mut Writer, round: &Round, at: (usize, bool)) {
    for done in round.by_hand.iter().filter(|done| (done.after_asks, done.after_outputs) == at) {
        let lead = vec![Piece::Mark(Tone::Accent, Mark::Bullet), pad(1), Piece::text(Tone::Strong, "by hand"), pad(2)];
        writer.lead(lead, Tone::Text, &done.told, None);
    }
}

fn write_jobs(writer: &mut Writer, round: &Round) {
    if !round.jobs.is_empty() {
        let words = format!(
            "{}: {}, {}",
            counted(round.jobs.len(), "job"),
            counted(round.chunks.len(), "chunk"),
            counted(round.tasks.len(), "task")
        );
        writer.row(
            vec![
                Piece::Mark(Tone::Good, Mark::Done),
                pad(1),
                Piece::text(Tone::Strong, "planned"),
                pad(2),
                Piece::text(Tone::Dim, words),
            ],
            None,
        );
        for (at, task) in round.tasks.iter().enumerate() {
            let lead = vec![pad(2), Piece::text(Tone::LineNumber, format!("t{at}")), pad(1)];
            let one_line: Vec<&str> = task.split_whitespace().collect();
            writer.lead(lead, Tone::Text, &one_line.join(" "), None);
        }
    }
    if let Some(aggregated) = &round.aggregated {
        let words = format!(
            "{} to send on: {} answers kept, {} dropped",
            short_bytes(aggregated.text.len() as u64),
            aggregated.kept,
            aggregated.dropped
        );
        writer.row(
            vec![
                Piece::Mark(Tone::Good, Mark::Done),
                pad(1),
                Piece::text(Tone::Strong, "aggregated"),
                pad(2),
                Piece::text(Tone::Dim, words),
            ],
            None,
        );
    }
}

/// The program or reply that a row of the pane belongs to, for the clipboard.
pub(crate) fn words_of(rows: &[Row]) -> String {
    let lines: Vec<String> = rows.iter().map(|row| row.text().trim_end().to_owned()).collect();
    lines.join("\n")
}
