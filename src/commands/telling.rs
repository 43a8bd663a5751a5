//! What happens in a run, told line by line as it is recorded, with what the person is asked.

use super::Failure;
use super::transcript::Transcript;
use super::typed::{CONSENT, Limit, PAUSED, SEND_AGAIN, gate_choices};
use crate::document::escape::{visible, visible_lines};
use crate::journal::Record;
use crate::protocol::{Fact, Held};

/// The transcript, and how far the jobs of a round are.
pub struct Telling<'a> {
    pub transcript: Transcript<'a>,
    /// Quarters of the round's jobs that were told.
    quarters: usize,
}

impl<'a> Telling<'a> {
    pub fn new(transcript: Transcript<'a>) -> Self {
        Self { transcript, quarters: 0 }
    }

    /// Tells a record, with what the person is asked by it.
    pub fn tell(&mut self, record: &Record) -> Result<(), Failure> {
        self.transcript.apply(record);
        self.transcript.tell(record)?;
        match record.fact.known() {
            Some(Fact::JobsPlanned(_)) => self.quarters = 0,
            Some(Fact::JobFinished { .. }) => self.jobs()?,
            Some(Fact::RunPaused { .. }) => writeln!(self.transcript.out, "{PAUSED}")?,
            Some(Fact::RemoteInterrupted(interrupted)) if interrupted.may_cost() => {
                writeln!(self.transcript.out, "{SEND_AGAIN}")?;
            }
            Some(Fact::ConsentAsked { .. }) => writeln!(self.transcript.out, "{CONSENT}")?,
            Some(Fact::BudgetReached(reached)) => self.choice(&Limit::Budget(reached.clone()))?,
            Some(Fact::ExposureReached(reached)) => self.choice(&Limit::Exposure(*reached))?,
            Some(Fact::GateReached { held, .. }) => {
                self.held(held)?;
                writeln!(self.transcript.out, "{}", gate_choices(held.gate()))?;
            }
            _ => {}
        }
        Ok(self.transcript.out.flush()?)
    }

    /// What waits, where no record before told it.
    fn held(&mut self, held: &Held) -> Result<(), Failure> {
        match held {
            Held::Request(request) => {
                for (message, at) in request.messages.iter().zip(1..) {
                    writeln!(self.transcript.out, "message {at}, {} bytes:", message.content.len())?;
                    writeln!(self.transcript.out, "{}", visible_lines(&message.content))?;
                }
            }
            Held::Outputs { .. } => {
                let round = self.transcript.state.round();
                for (job, at) in round.iter().flat_map(|round| &round.jobs).zip(1..) {
                    let output = job.outcome().and_then(|outcome| outcome.output());
                    if let Some(answer) = output.and_then(|output| output.answer.as_deref()) {
                        writeln!(self.transcript.out, "job {at}: {}", visible(answer))?;
                    }
                }
            }
            Held::Code { .. } | Held::Decision { .. } => {}
        }
        Ok(())
    }

    fn choice(&mut self, limit: &Limit) -> Result<(), Failure> {
        for line in limit.lines() {
            writeln!(self.transcript.out, "{line}")?;
        }
        writeln!(self.transcript.out, "{}", limit.choices())?;
        Ok(())
    }

    fn jobs(&mut self) -> Result<(), Failure> {
        let Some(round) = self.transcript.state.round() else { return Ok(()) };
        let planned = round.jobs.len();
        let done = planned.saturating_sub(round.unfinished as usize);
        let quarters = done * 4 / planned.max(1);
        // The whole is told with its outcome when the round is aggregated.
        if quarters > self.quarters && quarters < 4 {
            self.quarters = quarters;
            writeln!(self.transcript.out, "{done} of {planned} jobs done")?;
        }
        Ok(())
    }
}
