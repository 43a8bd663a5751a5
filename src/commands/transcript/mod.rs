//! What happens in a session, record by record as plain text: for `replay --headless`, `--accessible` and an `attach` without a screen.

mod layout;
mod replies;

use std::io::Write;

use super::Failure;
use super::sessions::{dollars, minute, model_name};
use crate::app::{counted, not_found};
use crate::document::escape::{visible, visible_lines};
use crate::document::{Document, Match};
use crate::journal::Record;
use crate::ledger::{Ledger, calls_told};
use crate::protocol::{
    AnswerCitation, Decision, Ending, Fact, JobState, Outcome, PlannedJobs, Purpose, Reached, RemoteAnswer, Round,
    Scope, SessionOpened, State, extract_code,
};

pub use layout::Style;
use replies::{cost, open, tokens};

/// How many errors of jobs are told of a round.
const ERRORS_TOLD: usize = 3;

pub struct Transcript<'a> {
    pub out: &'a mut dyn Write,
    documents: Vec<Document>,
    began_ms: u64,
    style: Style,
    /// With the record applied that is told. Of rounds before the one at hand it holds nothing.
    pub state: State,
    ledger: Ledger,
    /// Requests of those rounds without a reply on record: they may have been paid for.
    open: Vec<(u32, Purpose)>,
}

impl<'a> Transcript<'a> {
    /// `began_ms`: the time of the session's first record; 0 takes it from the first that is applied.
    pub fn new(out: &'a mut dyn Write, documents: Vec<Document>, began_ms: u64, style: Style) -> Self {
        Self { out, documents, began_ms, style, state: State::default(), ledger: Ledger::new(), open: Vec::new() }
    }

    pub fn apply(&mut self, record: &Record) {
        if self.began_ms == 0 {
            self.began_ms = record.at_ms;
        }
        if let Some(fact) = record.fact.known() {
            self.ledger.apply(fact);
            self.state.apply(fact);
            if matches!(fact, Fact::RoundBegan { .. })
                && let Some(before) = self.state.part_with_round()
            {
                self.open.extend(open(&before));
            }
        }
    }

    /// Tells the record that was applied last.
    pub fn tell(&mut self, record: &Record) -> Result<(), Failure> {
        let at_ms = record.at_ms;
        let Some(fact) = record.fact.known() else {
            let kind = record.fact.unknown_kind().unwrap_or("?");
            let line = format!("record {}: `{}`, which this program does not know", record.seq, visible(kind));
            return self.line(at_ms, &line);
        };
        match fact {
            Fact::SessionOpened(opened) => self.opened(opened, at_ms),
            Fact::RoundBegan { round, last } => {
                let words = format!("round {round}{}", if *last { ", which must answer" } else { "" });
                match self.style {
                    Style::Columns => writeln!(self.out, "\n── {words} ──")?,
                    Style::Spoken => writeln!(self.out, "{words}")?,
                }
                Ok(())
            }
            Fact::RemoteAsked(ask) => {
                let cost = ask.estimate.worst_cost_usd.map_or(String::new(), |cost| format!(", at most ${cost:.4}"));
                let attempt = if ask.attempt > 1 { format!(", attempt {}", ask.attempt) } else { String::new() };
                let line = format!(
                    "ask {} to {}{attempt}: about {} tokens{cost}",
                    ask.ask.n,
                    ask.purpose.name(),
                    ask.estimate.input_tokens
                );
                self.line(at_ms, &line)
            }
            Fact::RemoteAnswered(answer) => self.answered(answer, at_ms),
            Fact::RemoteFailed(failure) => {
                let next = match failure.retry_in_ms {
                    Some(ms) => format!("asked again in {}", seconds(ms)),
                    None => "given up".into(),
                };
                let error = visible(&failure.error);
                self.line(at_ms, &format!("ask {} failed at try {}: {error}; {next}", failure.ask.n, failure.attempt))?;
                self.block(&failure.partial)
            }
            Fact::BudgetReached(reached) => {
                let of = match reached.scope {
                    Scope::Session => "the session's budget",
                    Scope::Day => "the budget of the day",
                };
                let Reached { worst_usd, committed_usd, budget_usd, .. } = reached;
                let line = format!(
                    "{of} is reached: {} may cost ${worst_usd:.4} after ${committed_usd:.4} of ${budget_usd:.4}",
                    reached.purpose.name()
                );
                self.line(at_ms, &line)
            }
            Fact::SessionResumed(resumed) => {
                let version = visible(&resumed.program);
                self.line(at_ms, &format!("taken up again by version {version}; {}", visible(&resumed.models.both())))
            }
            Fact::RemoteInterrupted(interrupted) => {
                self.line(at_ms, &format!("ask {}: {}", interrupted.ask.n, interrupted.told()))
            }
            Fact::WordsRedacted { words } => self.line(at_ms, &format!("{} more words are kept private", words.len())),
            Fact::ExposureReached(reached) => self.line(at_ms, &reached.reason()),
            Fact::CodeReceived { code, source } => {
                self.line(at_ms, &format!("code, attempt {}", code.attempt))?;
                self.block(source)
            }
            Fact::CodeRejected { code, error, .. } => {
                let hint = error.hint.as_ref().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
                let told = format!("{error}{hint}");
                self.line(at_ms, &format!("code of attempt {} rejected: {}", code.attempt, visible(&told)))
            }
            Fact::EmbeddingFailed { error, .. } => {
                self.line(at_ms, &format!("retrieved by words alone: {}", visible(error)))
            }
            Fact::JobsPlanned(planned) => self.planned(planned, at_ms),
            // Thousands of them: they are told as a tally when the round is aggregated.
            Fact::JobStarted { .. } | Fact::JobRetried { .. } | Fact::JobFinished { .. } => Ok(()),
            Fact::JobUseless { .. } => Ok(()),
            Fact::TransformBegan { .. } | Fact::UtilizationSampled(_) | Fact::DocumentsCounted(_) => Ok(()),
            Fact::OutputsAggregated { round, text, kept, dropped } => {
                self.jobs(*round, at_ms)?;
                self.line(at_ms, &format!("aggregated: {kept} outputs kept, {dropped} dropped"))?;
                self.block(text)
            }
            Fact::Decided { decision, .. } => match decision {
                Decision::ProvideFinalAnswer(_) => self.line(at_ms, "decision: answer"),
                Decision::RequestAdditionalInfo(more) => {
                    self.line(at_ms, "decision: more information is needed")?;
                    self.block(&more.feedback)
                }
            },
            Fact::DecisionRejected { error, .. } => self.line(at_ms, &format!("decision rejected: {}", visible(error))),
            Fact::Answered { answer, explanation, citations } => {
                let answer = answer.as_deref().unwrap_or("none");
                writeln!(self.out, "\nanswer: {}", visible_lines(answer))?;
                if !explanation.trim().is_empty() {
                    writeln!(self.out, "{}", visible_lines(explanation))?;
                }
                self.citations(citations)
            }
            Fact::GateReached { held, .. } => {
                self.line(at_ms, &visible(&fact.told_of_gate().unwrap_or_default()))?;
                self.held(held)
            }
            Fact::GatesChosen { .. } | Fact::RanOn { .. } | Fact::GatePassed { .. } => {
                self.line(at_ms, &visible(&fact.told_of_gate().unwrap_or_default()))
            }
            Fact::ProgramEdited { after, .. } | Fact::OutputsEdited { after, .. } => {
                self.line(at_ms, &visible(&fact.told_by_hand().unwrap_or_default()))?;
                self.block(after)
            }
            Fact::BudgetRaised { .. }
            | Fact::ResendAllowed { .. }
            | Fact::ExposureRaised { .. }
            | Fact::JobReopened { .. }
            | Fact::RequestEdited { .. }
            | Fact::JobsDropped { .. }
            | Fact::DecisionChanged { .. }
            | Fact::ModelsChosen(_)
            | Fact::RunPaused { .. }
            | Fact::RunContinued
            | Fact::LeversChosen(_)
            | Fact::PassagesPinned { .. } => self.line(at_ms, &visible(&fact.told_by_hand().unwrap_or_default())),
            Fact::ConsentAsked { estimate, .. } => {
                let line = format!(
                    "waits for you to agree that the whole documents leave the machine: about {} tokens{}",
                    estimate.input_tokens,
                    estimate.worst_cost_usd.map_or(String::new(), |usd| format!(", at most ${usd:.4}"))
                );
                self.line(at_ms, &line)
            }
            Fact::ConsentGiven => self.line(at_ms, "you agreed that the documents leave the machine"),
            Fact::NoteAdded { text } => self.line(at_ms, &format!("note: {}", visible(text))),
            Fact::SessionEnded { ending } => self.ended(ending),
        }
    }

    fn opened(&mut self, opened: &SessionOpened, at_ms: u64) -> Result<(), Failure> {
        writeln!(self.out, "opened {} UTC, prompts {}", minute(at_ms), visible(&opened.prompts))?;
        writeln!(self.out, "question: {}", visible_lines(&opened.question))?;
        for document in &opened.documents {
            let pages = if document.pages == 0 { String::new() } else { format!(", {} pages", document.pages) };
            writeln!(self.out, "document: {} ({} bytes{pages})", visible(&document.name), document.bytes)?;
        }
        writeln!(self.out, "remote LM: {}", model_name(&opened.remote))?;
        writeln!(self.out, "local LM: {}", model_name(&opened.local))?;
        if let Some(embedding) = &opened.embedding {
            writeln!(self.out, "embedding model: {}", visible(&embedding.model))?;
        }
        if let Some(parent) = &opened.parent {
            writeln!(self.out, "forked from {} at record {}", visible(&parent.session), parent.seq)?;
        }
        Ok(())
    }

    fn answered(&mut self, answer: &RemoteAnswer, at_ms: u64) -> Result<(), Failure> {
        let round = self.state.round();
        let asked = round.and_then(|round| round.asks.iter().find(|ask| ask.request.ask == answer.ask));
        let purpose = asked.map_or("?", |ask| ask.request.purpose.name());
        let line = format!(
            "reply {} ({purpose}): {}, {}, {}",
            answer.ask.n,
            tokens(&answer.usage),
            dollars(round.and_then(|round| cost(answer, round))),
            seconds(answer.total_ms)
        );
        self.line(at_ms, &line)?;
        // A program is told once, by the fact that it was taken out of the reply.
        if purpose == Purpose::Decompose.name() && extract_code(&answer.text).is_ok() {
            return Ok(());
        }
        // Nobody wants JSON read out, and what it says is told next.
        if purpose == Purpose::Decide.name() && self.style == Style::Spoken {
            return Ok(());
        }
        self.block(&answer.text)
    }

    fn planned(&mut self, planned: &PlannedJobs, at_ms: u64) -> Result<(), Failure> {
        let (jobs, chunks) = (planned.jobs.len(), planned.chunks.len());
        let samples = planned.jobs.iter().map(|job| job.sample + 1).max().unwrap_or(1);
        let line = format!(
            "{}: {}, {}, {}",
            counted(jobs, "job"),
            counted(chunks, "chunk"),
            counted(planned.tasks.len(), "task"),
            counted(samples as usize, "sample")
        );
        self.line(at_ms, &line)?;
        if let Some(told) = self.state.pins_left_out() {
            self.line(at_ms, &told)?;
        }
        for task in &planned.tasks {
            writeln!(self.out, "{}task: {}", self.indent(), visible(task))?;
        }
        Ok(())
    }

    /// The jobs of a round by the state in which they ended, and the first errors among them.
    fn jobs(&mut self, number: u32, at_ms: u64) -> Result<(), Failure> {
        let Some(round) = self.state.round_numbered(number) else { return Ok(()) };
        let errors = job_errors(round);
        let line = format!("jobs: {}", round.tally().told());
        self.line(at_ms, &line)?;
        for error in errors {
            writeln!(self.out, "{}{}", self.indent(), visible(&error))?;
        }
        Ok(())
    }

    fn citations(&mut self, citations: &[AnswerCitation]) -> Result<(), Failure> {
        for (number, citation) in citations.iter().enumerate() {
            let place = self.place(citation);
            match self.style {
                Style::Columns => writeln!(self.out, "  [{}] “{}” ({place})", number + 1, visible(&citation.text))?,
                Style::Spoken => {
                    let words: Vec<&str> = citation.text.split_whitespace().collect();
                    writeln!(self.out, "citation {}, {place}: {}", number + 1, visible(&words.join(" ")))?;
                }
            }
        }
        Ok(())
    }

    fn place(&self, citation: &AnswerCitation) -> String {
        let Some(located) = &citation.located else { return not_found(&citation.text).into() };
        let span = located.span;
        let named = self.state.opened.as_ref().and_then(|opened| opened.documents.get(span.document));
        let name = named.map_or("?", |document| document.name.as_str());
        let page = self.documents.get(span.document).and_then(|document| document.page_of(span.start));
        let page = page.map_or(String::new(), |page| format!(", page {page}"));
        let how = match located.how {
            Match::Exact => "word for word",
            Match::Normalised => "the same words, set differently",
            Match::Fuzzy => "nearly the same words",
        };
        format!("{}{page}, bytes {}–{}, {how}", visible(name), span.start, span.end)
    }

    fn ended(&mut self, ending: &Ending) -> Result<(), Failure> {
        write!(self.out, "\nended: {}", ending.name())?;
        match ending.reason() {
            Some(reason) => writeln!(self.out, ", {}", visible(reason))?,
            None => writeln!(self.out)?,
        }
        self.open_asks()
    }

    /// Requests that left and whose reply is not on record: they may have been paid for.
    pub fn open_asks(&mut self) -> Result<(), Failure> {
        for (number, purpose) in self.open.iter().copied().chain(self.state.rounds.iter().flat_map(open)) {
            writeln!(self.out, "ask {number} ({}) has no reply on record", purpose.name())?;
        }
        Ok(())
    }

    /// What all rounds came to, the one at hand included.
    pub fn totals(&mut self) -> Result<(), Failure> {
        let totals = self.ledger.totals();
        let (remote, local, paid) = (&totals.remote, &totals.local, &totals.paid);
        let calls = calls_told(remote.calls, remote.replies);
        writeln!(self.out, "remote: {calls}, {}, {}", remote.tokens.told(), paid.planner.told_with_lost())?;
        let reader = if paid.pays_reader() { format!(", {}", paid.reader.told()) } else { String::new() };
        writeln!(self.out, "local: {} jobs, {}{reader}", totals.jobs.planned, local.tokens.told())?;
        Ok(())
    }
}

fn job_errors(round: &Round) -> Vec<String> {
    let errors = round.jobs.iter().enumerate().filter_map(|(index, job)| match &job.state {
        JobState::Ended(Outcome::Failed { error } | Outcome::Malformed { error, .. }) => {
            Some(format!("job {}.{index}: {error}", round.number))
        }
        _ => None,
    });
    errors.take(ERRORS_TOLD).collect()
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Stored;
    use crate::journal::world::World;

    #[test]
    fn a_transcript_holds_one_round_and_sums_up_all() {
        let facts = World::facts(5, 4, 6);
        let mut whole = State::default();
        facts.iter().for_each(|fact| whole.apply(fact));
        assert!(whole.rounds.len() > 1, "{}", whole.rounds.len());
        let mut out = Vec::new();
        let mut transcript = Transcript::new(&mut out, Vec::new(), 0, Style::Columns);
        for (fact, seq) in facts.into_iter().zip(1..) {
            let record = Record { v: 1, seq, at_ms: 1, fact: Stored::Known(Box::new(fact)), blake3: None };
            transcript.apply(&record);
            transcript.tell(&record).unwrap();
        }
        let past = transcript.state.rounds.iter().rev().skip(1);
        assert_eq!(past.map(|round| round.jobs.len() + round.asks.len()).sum::<usize>(), 0);
        let jobs: usize = whole.rounds.iter().map(|round| round.jobs.len()).sum();
        let open: Vec<_> = whole.rounds.iter().flat_map(open).collect();
        transcript.totals().unwrap();
        transcript.open_asks().unwrap();
        let told = String::from_utf8(out).unwrap();
        assert!(jobs > 0 && told.contains(&format!("local: {jobs} jobs, ")), "{told}");
        assert_eq!(told.matches("has no reply on record").count(), open.len() * 2, "at the end, and when asked");
    }
}
