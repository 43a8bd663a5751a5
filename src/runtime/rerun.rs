//! Runs a recorded session's programs again and compares what comes of them with the record.

use super::hidden::Hidden;
use super::likeness::Embeddings;
use super::programs::ProgramCall;
use crate::document::Document;
use crate::protocol::{CodeErrorKind, CodeId, CodeStage, Fact, State, decide};
use crate::sandbox::Sandbox;

/// A program's function that was run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rerun {
    pub code: CodeId,
    pub stage: CodeStage,
    pub verdict: Verdict,
}

/// Whether a program gives again what is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Same,
    /// What is not the same, in words.
    Different(String),
    /// It ended at a limit of time or memory, which another machine may reach sooner or later.
    ByLimit,
    /// What it retrieved cannot be retrieved again in the same way, for this reason.
    NotCompared(String),
}

/// Runs every call that the facts tell of, in order. No language model is asked.
pub async fn rerun<'a>(
    facts: impl Iterator<Item = &'a Fact>,
    documents: &[Document],
    sandbox: &Sandbox,
    embeddings: &Embeddings,
) -> Vec<Rerun> {
    let mut state = State::default();
    let mut done = Vec::new();
    let mut went_by_words = None;
    let mut hidden = Hidden::none(documents);
    for fact in facts {
        if is_result(fact)
            && let Some(call) = ProgramCall::due(&state)
        {
            let (code, stage) = (call.code(), call.stage());
            let verdict = if by_limit(fact) {
                Verdict::ByLimit
            } else if went_by_words == Some((code, stage)) {
                Verdict::NotCompared("its embedding model failed then, and chunks were retrieved by words alone".into())
            } else {
                let again = decide(&state, call.prepared(&hidden).run(&hidden, sandbox, embeddings).await);
                compared(fact, &again.facts)
            };
            done.push(Rerun { code, stage, verdict });
        }
        if let Fact::EmbeddingFailed { code, stage, .. } = fact {
            went_by_words = Some((*code, *stage));
        }
        state.apply(fact);
        match fact {
            Fact::SessionOpened(_) if state.redactor.is_on() => hidden = Hidden::of(documents, &state.redactor),
            Fact::WordsRedacted { .. } => hidden.learn(documents, &state.redactor),
            _ => {}
        }
    }
    done
}

fn compared(recorded: &Fact, again: &[Fact]) -> Verdict {
    match again {
        [Fact::EmbeddingFailed { error, .. }, ..] => Verdict::NotCompared(error.clone()),
        again => difference(recorded, again.first()).map_or(Verdict::Same, Verdict::Different),
    }
}

/// Whether the fact says what a program gave.
fn is_result(fact: &Fact) -> bool {
    match fact {
        Fact::JobsPlanned(_) | Fact::OutputsAggregated { .. } => true,
        Fact::CodeRejected { stage, .. } => *stage != CodeStage::Extract,
        _ => false,
    }
}

fn by_limit(fact: &Fact) -> bool {
    let Fact::CodeRejected { error, .. } = fact else { return false };
    matches!(error.kind, CodeErrorKind::TimeLimit | CodeErrorKind::MemoryLimit)
}

/// What the record and the new run disagree on. The words of an error may change with the program's version.
fn difference(recorded: &Fact, again: Option<&Fact>) -> Option<String> {
    match (recorded, again) {
        (Fact::JobsPlanned(then), Some(Fact::JobsPlanned(now))) => {
            let parts = [
                ("jobs", then.jobs != now.jobs),
                ("chunks", then.chunks != now.chunks),
                ("tasks", then.tasks != now.tasks),
                ("advice", then.advices != now.advices),
            ];
            let other: Vec<&str> = parts.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
            (!other.is_empty()).then(|| {
                format!("other {} ({} jobs on record, {} now)", other.join(", "), then.jobs.len(), now.jobs.len())
            })
        }
        (Fact::OutputsAggregated { text: then, .. }, Some(Fact::OutputsAggregated { text: now, .. })) => {
            (then != now).then(|| format!("another text ({} bytes on record, {} now)", then.len(), now.len()))
        }
        (Fact::CodeRejected { error: then, .. }, Some(Fact::CodeRejected { error: now, .. })) => {
            let same = then.kind == now.kind && then.line == now.line;
            (!same).then(|| format!("another error ({then} on record, {now} now)"))
        }
        (_, Some(Fact::CodeRejected { error, .. })) => Some(format!("it ran then, and fails now: {error}")),
        (Fact::CodeRejected { error, .. }, Some(_)) => Some(format!("it failed then ({error}), and runs now")),
        _ => Some("it could not be run".into()),
    }
}
