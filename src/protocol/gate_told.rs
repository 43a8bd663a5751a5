//! What happened at gates, in a line each.

use super::decision::Decision;
use super::fact::Fact;
use super::gate::{Gate, Held, Redaction, RunTo};

impl Fact {
    /// In words, where it is about a gate. No text of requests, programs or outputs stands in it, but what the person wrote does.
    pub fn told_of_gate(&self) -> Option<String> {
        Some(match self {
            Fact::GatesChosen { gates } if gates.is_empty() => "step mode is left".into(),
            Fact::GatesChosen { gates } => {
                let names: Vec<&str> = gates.iter().map(Gate::name).collect();
                format!("step mode: waits at {}", names.join(", "))
            }
            Fact::RanOn { to: RunTo::NextRound } => "runs to the next round without waiting".into(),
            Fact::RanOn { to: RunTo::End } => "runs to the end without waiting".into(),
            Fact::GateReached { n, held } => format!("gate {n} ({}): {}", held.gate().name(), held.told()),
            Fact::GatePassed { n, gate } => format!("gate {n} ({}) was passed", gate.name()),
            Fact::RequestEdited { message, before, after } => {
                format!("message {} of the request was edited: {}", message + 1, bytes(before, after))
            }
            Fact::ProgramEdited { before, after, .. } => format!("the program was edited: {}", bytes(before, after)),
            Fact::JobsDropped { jobs, .. } => match jobs.len() {
                0 => "all outputs go on".into(),
                1 => "the output of one job was dropped".into(),
                count => format!("the outputs of {count} jobs were dropped"),
            },
            Fact::OutputsEdited { redaction: Some(Redaction::Line(_)), .. } => {
                "a line of the outputs was redacted".into()
            }
            Fact::OutputsEdited { redaction: Some(Redaction::Pattern(pattern)), before, after, .. } => {
                let count =
                    after.matches(Redaction::MARK).count().saturating_sub(before.matches(Redaction::MARK).count());
                format!("the pattern {pattern} was redacted from the outputs: {count} places")
            }
            Fact::OutputsEdited { redaction: None, before, after, .. } => {
                format!("the outputs were edited: {}", bytes(before, after))
            }
            Fact::DecisionChanged { after: Decision::RequestAdditionalInfo(more), .. } => {
                format!("one more round, with this feedback: {}", more.feedback)
            }
            Fact::DecisionChanged { after: Decision::ProvideFinalAnswer(_), .. } => {
                "the answer was taken as final".into()
            }
            _ => return None,
        })
    }
}

impl Held {
    /// What waits, in a few words.
    pub fn told(&self) -> String {
        match self {
            Held::Request(request) => {
                let size: usize = request.messages.iter().map(|message| message.content.len()).sum();
                format!("the request to {} waits, {size} bytes", request.purpose.name())
            }
            Held::Code { code } => format!("the program of attempt {} waits", code.attempt),
            Held::Outputs { .. } => "the outputs wait to go to the remote LM".into(),
            Held::Decision { .. } => "the decision waits".into(),
        }
    }
}

fn bytes(before: &str, after: &str) -> String {
    format!("{} bytes before, {} after", before.len(), after.len())
}
