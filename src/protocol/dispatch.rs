//! Where the protocols part ways: what each does first in a round, after a reply, and after its jobs.

use super::advance::end;
use super::fact::Ending;
use super::input::Step;
use super::message::Purpose;
use super::settings::ProtocolKind;
use super::state::{Due, Round, State};
use super::{local_only, minion};

/// What comes first in this round.
pub(super) fn first(state: &State, round: u32) -> Due {
    let settings = state.settings();
    let ask = |purpose| Due::Ask { purpose, attempt: 1 };
    match settings.protocol {
        ProtocolKind::Minions if round == 1 => ask(Purpose::Advise),
        ProtocolKind::Minions => ask(Purpose::Decompose),
        ProtocolKind::Minion if round == 1 => ask(Purpose::Message),
        ProtocolKind::Minion | ProtocolKind::LocalOnly => Due::PlanJobs,
        ProtocolKind::RemoteOnly => Due::AskConsent,
    }
}

/// What comes after the reply to a request.
pub(super) fn after_reply(purpose: Purpose, attempt: u32) -> Due {
    match purpose {
        Purpose::Advise => Due::Ask { purpose: Purpose::Decompose, attempt: 1 },
        Purpose::Decompose => Due::ReadCode { attempt },
        Purpose::Think => Due::Ask { purpose: Purpose::Decide, attempt: 1 },
        Purpose::Message => Due::PlanJobs,
        Purpose::Decide | Purpose::Answer => Due::ReadDecision,
    }
}

/// What comes once the round's outputs are on record as one text.
pub(super) fn after_outputs(state: &State) -> Due {
    match state.settings().protocol {
        ProtocolKind::LocalOnly => Due::ReadDecision,
        // As in the chat of the paper, the last reply is answered without thinking aloud first.
        ProtocolKind::Minion if state.round().is_some_and(|round| round.last) => {
            Due::Ask { purpose: Purpose::Decide, attempt: 1 }
        }
        _ => Due::Ask { purpose: Purpose::Think, attempt: 1 },
    }
}

/// Whether a round must answer.
pub(super) fn is_last(state: &State, round: u32) -> bool {
    let settings = state.settings();
    match settings.protocol {
        ProtocolKind::RemoteOnly => true,
        // It goes on until one answer is left.
        ProtocolKind::LocalOnly => false,
        ProtocolKind::Minions | ProtocolKind::Minion => round >= settings.max_rounds,
    }
}

/// Plans a round's jobs where no program does.
pub(super) fn plan_jobs(state: &State) -> Step {
    match (state.settings().protocol, state.round()) {
        (ProtocolKind::Minion, Some(round)) => minion::plan(state, round),
        (ProtocolKind::LocalOnly, Some(round)) => local_only::plan(state, round),
        _ => end(Ending::Failed { error: "jobs were planned outside of their protocol; please report it".into() }),
    }
}

/// What the round's outputs come to where no program says it; nothing where one does.
pub(super) fn outputs(state: &State, round: &Round) -> Option<String> {
    state.settings().protocol.reads_windows().then(|| super::windows_read::told(state, round))
}
