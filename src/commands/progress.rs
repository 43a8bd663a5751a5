//! What a headless run says on standard error: one live line on a terminal, plain lines elsewhere.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::document::escape::visible;
use crate::protocol::{Ending, Fact, Need, ProtocolKind, State, Trouble, percent};

/// The live line is drawn at most this often.
const FRAME: Duration = Duration::from_millis(50);

pub struct Progress<W> {
    out: W,
    /// Whether the last line may be overwritten.
    live: bool,
    drawn: bool,
    drawn_at: Option<Instant>,
    /// Tenths of the round's jobs that were told, where lines cannot be overwritten.
    told: u32,
}

impl<W: Write> Progress<W> {
    pub fn new(out: W, live: bool) -> Self {
        Self { out, live, drawn: false, drawn_at: None, told: 0 }
    }

    /// Tells what this fact, already applied to `state`, means. Errors of writing are not worth stopping a run for.
    pub fn tell(&mut self, state: &State, fact: &Fact) {
        let _ = match fact {
            Fact::JobFinished { .. } | Fact::JobStarted { .. } | Fact::JobReopened { .. } => self.jobs(state),
            _ => before(state, fact).into_iter().chain(line(state, fact)).try_for_each(|line| self.line(&line)),
        };
    }

    /// Takes the live line away: what comes next on standard error is not of the run.
    pub fn end(&mut self) {
        let _ = self.clear();
    }

    /// A line after the last fact.
    pub fn add(&mut self, line: &str) {
        let _ = self.line(line);
    }

    fn line(&mut self, line: &str) -> std::io::Result<()> {
        self.clear()?;
        writeln!(self.out, "{}", visible(line))?;
        self.out.flush()
    }

    fn clear(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.drawn) {
            write!(self.out, "\r\x1b[2K")?;
        }
        Ok(())
    }

    fn jobs(&mut self, state: &State) -> std::io::Result<()> {
        let Some(round) = state.round() else { return Ok(()) };
        // Counting all jobs at each of them would take longer than the rest of the run.
        let planned = round.jobs.len() as u32;
        let done = planned.saturating_sub(round.unfinished);
        let tenth = done * 10 / planned.max(1);
        if done == 0 {
            self.told = 0;
        }
        let is_due = if self.live { self.drawn_at.is_none_or(|at| at.elapsed() >= FRAME) } else { tenth > self.told };
        if !is_due {
            return Ok(());
        }
        let tally = round.tally();
        let line = format!(
            "round {}: {done} of {} jobs done, {} running, {} answered",
            round.number, tally.planned, tally.running, tally.answered
        );
        if self.live {
            self.clear()?;
            write!(self.out, "{line}")?;
            (self.drawn, self.drawn_at) = (true, Some(Instant::now()));
            return self.out.flush();
        }
        self.told = tenth;
        self.line(&line)
    }
}

/// What is told before the outputs go on: that some jobs gave nothing to go on with.
fn before(state: &State, fact: &Fact) -> Option<String> {
    let Fact::OutputsAggregated { round, .. } = fact else { return None };
    let trouble = trouble(state).filter(|trouble| trouble.usable > 0)?;
    Some(match trouble.failed_alone() {
        Some(error) => {
            format!("round {round}: {} of {} jobs failed; the first with: {error}", trouble.failed, trouble.jobs)
        }
        None => format!("round {round}: {} of {} jobs gave no usable output: {trouble}", trouble.count(), trouble.jobs),
    })
}

fn line(state: &State, fact: &Fact) -> Option<String> {
    state.opened.as_ref()?;
    let round = state.round().map_or(0, |round| round.number);
    Some(match fact {
        Fact::SessionOpened(opened) => {
            let bytes: usize = opened.documents.iter().map(|document| document.bytes).sum();
            let count = match opened.documents.len() {
                1 => "1 document".to_owned(),
                count => format!("{count} documents"),
            };
            let (planner, reader) = (opened.remote.label(), opened.local.label());
            let embedding = opened.embedding.as_ref();
            let embedding = embedding.map(|model| format!("; embeddings: {}", model.model)).unwrap_or_default();
            format!("{count}, {bytes} bytes; planner: {planner}; reader: {reader}{embedding}")
        }
        Fact::RemoteAsked(ask) => {
            let again = if ask.attempt > 1 { format!(" (attempt {})", ask.attempt) } else { String::new() };
            format!(
                "round {round}: asking {} to {}{again}",
                state.remote().map_or("", |remote| remote.model.as_str()),
                ask.purpose.name()
            )
        }
        Fact::RemoteFailed(failure) => match failure.retry_in_ms {
            Some(wait) => format!("round {round}: {}; trying again in {:.1} s", failure.error, wait as f64 / 1000.0),
            // Then the session ends, and that is told with its cause.
            None => return None,
        },
        Fact::CodeRejected { error, .. } => format!("round {round}: the program was sent back: {error}"),
        Fact::EmbeddingFailed { error, .. } => format!("round {round}: chunks were retrieved by words alone: {error}"),
        Fact::JobsPlanned(planned) => {
            let left_out = state.pins_left_out().map(|told| format!("; {told}")).unwrap_or_default();
            format!("round {round}: {} jobs on {} chunks{left_out}", planned.jobs.len(), planned.chunks.len())
        }
        Fact::OutputsAggregated { text, kept, .. } => match trouble(state) {
            Some(trouble) if trouble.usable == 0 => match trouble.failed_alone() {
                Some(error) => format!("round {round}: no job gave a usable output; the first failed with: {error}"),
                None => format!("round {round}: no job gave a usable output: {trouble}"),
            },
            _ if state.settings().protocol == ProtocolKind::LocalOnly => {
                format!("round {round}: {kept} outputs, {} bytes, and nothing leaves", text.len())
            }
            _ => format!("round {round}: {kept} outputs go to the planner, {} bytes", text.len()),
        },
        Fact::DecisionRejected { error, .. } => format!("round {round}: the decision was sent back: {error}"),
        Fact::SessionResumed(resumed) => format!("round {round}: going on; {}", resumed.models.both()),
        Fact::RemoteInterrupted(interrupted) if interrupted.may_cost() => interrupted.told(),
        Fact::ResendAllowed { .. } => format!("round {round}: the request whose answer never came is sent again"),
        Fact::ModelsChosen(models) => models.told(),
        Fact::GatesChosen { .. } | Fact::RanOn { .. } => fact.told_of_gate()?,
        Fact::RunPaused { .. } => match state.need() {
            Some(Need::GoOn { failed: Some(error) }) => format!(
                "round {round}: paused, since none of the {} jobs could be done; the first failed with: {error}",
                state.round().map_or(0, |round| round.jobs.len())
            ),
            _ => "paused: what is under way finishes, nothing new begins".into(),
        },
        Fact::RunContinued => "the paused run goes on".into(),
        Fact::NoteAdded { text } => format!("note: {text}"),
        Fact::BudgetRaised { to_usd, .. } => format!("round {round}: the budget was raised to ${to_usd:.4}"),
        Fact::ExposureRaised { to_share, .. } => {
            format!("round {round}: {} of the documents may leave", percent(*to_share))
        }
        Fact::SessionEnded { ending: Ending::Answered | Ending::Failed { .. } } => return None,
        Fact::SessionEnded { ending } => match ending.reason() {
            Some(reason) => format!("ended: {}: {reason}", ending.name()),
            None => format!("ended: {}", ending.name()),
        },
        _ => return None,
    })
}

fn trouble(state: &State) -> Option<Trouble<'_>> {
    Trouble::of(state, state.round()?)
}
