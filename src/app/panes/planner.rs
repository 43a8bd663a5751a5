//! The Planner pane: every message to and from the remote LM, its programs with their errors, its decisions.

use crate::app::figures::{dollars, short_bytes, short_count, short_time};
use crate::app::layout::Pane;
use crate::app::model::Model;
use crate::app::rows::{Fold, Mark, Piece, Row, Target, Tone, Writer, pad};
use crate::protocol::{Ask, AskState, Code, Decision, Purpose, Role, Round};

impl Model {
    /// Lays the pane out anew; what is folded stays folded and the cursor on its row.
    pub(crate) fn lay_out_planner(&mut self) {
        let width = usize::from(self.inside(Pane::Planner).width.saturating_sub(2));
        let mut writer = Writer::knowing(std::mem::take(&mut self.planner.programs), width);
        let mut pending_from = None;
        for round in &self.state.rounds {
            self.write_round(&mut writer, round, &mut pending_from);
        }
        self.planner.pending_from = pending_from.unwrap_or(writer.rows.len());
        self.planner.rows.rows = writer.rows;
        self.planner.programs = writer.programs;
    }

    /// Lays out only the reply under way, which is the last thing in the pane.
    pub(crate) fn lay_out_partial(&mut self) {
        let width = usize::from(self.inside(Pane::Planner).width.saturating_sub(2));
        let mut writer = Writer::knowing(std::mem::take(&mut self.planner.programs), width);
        if let Some(partial) = &self.partial {
            write_reply(&mut writer, &partial.text);
        }
        self.planner.rows.rows.truncate(self.planner.pending_from);
        self.planner.rows.rows.append(&mut writer.rows);
        self.planner.programs = writer.programs;
    }

    fn write_round(&self, writer: &mut Writer, round: &Round, pending_from: &mut Option<usize>) {
        writer.blank();
        let last = if round.last { " · must answer" } else { "" };
        writer.row(
            vec![Piece::text(Tone::Heading, format!("Round {}{last}{}", round.number, self.round_cost(round)))],
            None,
        );
        let (mut told_jobs, mut decides) = (false, 0);
        for ask in &round.asks {
            if ask.request.purpose == Purpose::Think && !told_jobs {
                write_jobs(writer, round);
                told_jobs = true;
            }
            let pending = ask.state == AskState::Pending;
            let code = round
                .codes
                .iter()
                .find(|code| ask.request.purpose == Purpose::Decompose && code.id.attempt == ask.request.attempt);
            self.write_ask(writer, ask, code, round.decision.is_some() && decides >= round.decision_errors.len());
            if pending {
                *pending_from = Some(writer.rows.len());
                if let Some(partial) = self.partial.as_ref().filter(|partial| partial.ask == ask.request.ask) {
                    write_reply(writer, &partial.text);
                }
            }
            if ask.request.purpose == Purpose::Decide {
                if let Some(error) = round.decision_errors.get(decides) {
                    let lead = vec![pad(2), Piece::Mark(Tone::Bad, Mark::Failed), pad(1)];
                    writer.lead(lead, Tone::Bad, &format!("decision not readable: {error}"), None);
                }
                decides += 1;
            }
        }
        if !told_jobs {
            write_jobs(writer, round);
        }
        if let Some(decision) = &round.decision {
            write_decision(writer, decision);
        }
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

    fn write_ask(&self, writer: &mut Writer, ask: &Ask, code: Option<&Code>, decided: bool) {
        let n = ask.request.ask.n;
        writer.row(self.ask_header(ask), Some(Target::Fold(Fold::Reply(n))));
        self.write_prompt(writer, ask);
        for failure in &ask.failures {
            let next = match failure.retry_in_ms {
                Some(ms) => format!("; trying again in {}", short_time(ms)),
                None => "; given up".into(),
            };
            let lead = vec![pad(2), Piece::Mark(Tone::Bad, Mark::Failed), pad(1)];
            writer.lead(lead, Tone::Bad, &format!("try {}: {}{next}", failure.attempt, failure.error), None);
        }
        // A decision that could be read is told in words below; its JSON is folded away.
        let told = ask.request.purpose == Purpose::Decide && decided;
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
                Some(code) => write_code(writer, &answer.text, code),
                None => write_reply(writer, &answer.text),
            }
        }
        if let Some(error) = code.and_then(|code| code.embedding_error.as_ref()) {
            let lead = vec![pad(2), Piece::Mark(Tone::Warning, Mark::Failed), pad(1)];
            writer.lead(lead, Tone::Warning, &format!("chunks were retrieved by words alone: {error}"), None);
        }
        if let Some(error) = code.and_then(|code| code.rejected.as_ref()) {
            let lead = vec![pad(2), Piece::Mark(Tone::Bad, Mark::Failed), pad(1)];
            writer.lead(lead, Tone::Bad, &format!("program rejected: {error}"), None);
            if let Some(hint) = &error.hint {
                writer.lead(vec![pad(4), Piece::text(Tone::Dim, "hint: ")], Tone::Text, hint, None);
            }
            for line in error.printed.iter().flat_map(|printed| printed.trim_end().lines()) {
                writer.lead(vec![pad(4), Piece::text(Tone::Dim, "printed: ")], Tone::Text, line, None);
            }
        }
    }

    fn ask_header(&self, ask: &Ask) -> Vec<Piece> {
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
                let about = if answer.usage.estimated { "≈ " } else { "" };
                let cost = answer.cost_usd.map_or("price unknown".into(), dollars);
                format!(
                    "{about}{} in · {} out · {cost} · {}",
                    short_count(answer.usage.input_tokens),
                    short_count(answer.usage.output_tokens),
                    short_time(answer.total_ms)
                )
            }
        };
        pieces.push(Piece::text(Tone::Dim, format!("  {told}")));
        pieces
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

/// A reply as it stands, its fenced programs numbered.
fn write_reply(writer: &mut Writer, text: &str) {
    let mut prose = String::new();
    let mut code: Option<String> = None;
    let mut is_json = false;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        match (&mut code, fence) {
            (Some(program), true) => {
                if is_json {
                    writer.text(Tone::Code, 2, program, None);
                } else {
                    writer.code(program, None);
                }
                code = None;
            }
            (None, true) => {
                writer.text(Tone::Text, 2, &prose, None);
                prose.clear();
                is_json = line.contains("json");
                code = Some(String::new());
            }
            (Some(program), false) => {
                program.push_str(line);
                program.push('\n');
            }
            (None, false) => {
                prose.push_str(line);
                prose.push('\n');
            }
        }
    }
    writer.text(Tone::Text, 2, &prose, None);
    if let Some(program) = code {
        writer.code(&program, None);
    }
}

/// The words before the program, then the program as it was taken out of the reply, with its error in place.
fn write_code(writer: &mut Writer, reply: &str, code: &Code) {
    let prose: Vec<&str> = reply.lines().take_while(|line| !line.trim_start().starts_with("```")).collect();
    if prose.len() < reply.lines().count() {
        writer.text(Tone::Text, 2, &prose.join("\n"), None);
    }
    let error = code.rejected.as_ref().and_then(|error| Some((error.line?, error.message.as_str())));
    writer.code(&code.source, error);
}

fn write_jobs(writer: &mut Writer, round: &Round) {
    if !round.jobs.is_empty() {
        let words = format!("{} jobs: {} chunks, {} tasks", round.jobs.len(), round.chunks.len(), round.tasks.len());
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

fn write_decision(writer: &mut Writer, decision: &Decision) {
    let (words, parts): (&str, Vec<(&str, &str)>) = match decision {
        Decision::ProvideFinalAnswer(last) => {
            ("final answer", vec![("", last.answer.as_deref().unwrap_or("the documents do not tell"))])
        }
        Decision::RequestAdditionalInfo(more) => (
            "more information wanted",
            vec![("why", &more.explanation), ("find out", &more.feedback), ("known", &more.scratchpad)],
        ),
    };
    writer.row(vec![Piece::Mark(Tone::Accent, Mark::Arrow), pad(1), Piece::text(Tone::Strong, words)], None);
    for (name, text) in parts.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
        for (at, line) in text.trim().lines().enumerate() {
            let name = if at == 0 { name } else { "" };
            let lead = match name {
                "" => vec![pad(2)],
                name => vec![pad(2), Piece::text(Tone::Dim, format!("{name}: "))],
            };
            writer.lead(lead, Tone::Text, line, None);
        }
    }
}

/// The program or reply that a row of the pane belongs to, for the clipboard.
pub(crate) fn words_of(rows: &[Row]) -> String {
    let lines: Vec<String> = rows.iter().map(|row| row.text().trim_end().to_owned()).collect();
    lines.join("\n")
}
