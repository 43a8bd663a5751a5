//! Who answers where a run that goes by itself needs the person: what was said on the command line, who is attached, or
//! nobody. And what is told of a session that waits on.

use tokio::sync::mpsc;

use super::alone::Alone;
use super::{Exit, Failure};
use crate::app::{budget, exposing};
use crate::protocol::{BudgetChoice, Ending, ExposureChoice, Need, Phase, State};
use crate::runtime::Order;

/// What the person said on the command line, before a session needed it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Beforehand {
    /// The whole documents may leave.
    pub sends_documents: bool,
    /// The request whose answer never came is sent again.
    pub send_again: bool,
    /// What the session may spend, or today's sessions where their budget was reached.
    pub budget_usd: Option<f64>,
    /// What share of the documents may leave, 0 to 1.
    pub max_exposed_share: Option<f64>,
}

impl Beforehand {
    /// The order that follows from it; nothing where it says nothing of this, or not enough.
    pub fn answer(&self, need: &Need<'_>) -> Option<Order> {
        match need {
            Need::Budget(reached) => {
                let to_usd = self.budget_usd.filter(|usd| *usd >= reached.needed_usd())?;
                Some(Order::Budget(BudgetChoice::Raise { scope: reached.scope, to_usd }))
            }
            Need::Exposure(reached) => {
                let to_share = self.max_exposed_share.filter(|share| *share >= reached.share)?;
                Some(Order::Exposure(ExposureChoice::Raise { to_share }))
            }
            Need::SendAgain(_) => self.send_again.then_some(Order::SendAgain),
            Need::Consent => self.sends_documents.then_some(Order::Consent),
            Need::Gate { .. } | Need::GoOn { .. } => None,
        }
    }
}

/// Answers for a run whose person is not asked on a terminal.
pub struct Answering {
    said: Beforehand,
    pub alone: Alone,
    /// Where the run stood when it was answered last: orders take a while.
    answered: Option<Phase>,
    pub due: Due,
}

/// The answer that the run has not taken yet.
#[derive(Default)]
pub struct Due(Option<Order>);

impl Due {
    /// Gives it as soon as there is room for it; never comes back where there is none to give. Safe to cancel.
    pub async fn give(&mut self, orders: &mpsc::Sender<Order>) {
        if self.0.is_some()
            && let Ok(room) = orders.reserve().await
            && let Some(order) = self.0.take()
        {
            return room.send(order);
        }
        std::future::pending().await
    }
}

impl Answering {
    pub fn new(said: Beforehand, alone: Alone) -> Self {
        Self { said, alone, answered: None, due: Due::default() }
    }

    /// Where the run stands: what is to be answered there is due from now on, and what was due elsewhere is no longer.
    pub fn note(&mut self, state: &State) {
        if let Some(order) = self.order(state) {
            self.due = Due(Some(order));
        }
    }

    /// What to order where the run stands, if anything. Somebody who is attached is waited for, and as long as the terminal
    /// of a run that it was taken from would be; without either a limit ends the run, and anything else leaves it open.
    fn order(&mut self, state: &State) -> Option<Order> {
        self.alone.note(state);
        let Some(need) = state.need() else {
            (self.answered, self.due) = (None, Due::default());
            return None;
        };
        if self.answered.as_ref() == Some(&state.phase) {
            return None;
        }
        self.due = Due::default();
        self.answered = Some(state.phase.clone());
        if let Some(order) = self.said.answer(&need) {
            // What allows one thing to be sent again allows no other.
            self.said.send_again &= !matches!(need, Need::SendAgain(_));
            return Some(order);
        }
        if self.alone.has_begun() || self.alone.is_attached() {
            self.alone.begin();
            return None;
        }
        Some(match need {
            Need::Budget(_) => Order::Budget(BudgetChoice::Stop),
            Need::Exposure(_) => Order::Exposure(ExposureChoice::Stop),
            Need::Gate { .. } | Need::SendAgain(_) | Need::Consent | Need::GoOn { .. } => Order::LeaveOpen,
        })
    }
}

/// How a session that nobody follows any more ends the program. What failed, and what was left without an ending, is a
/// failure that says so.
pub fn ended(id: &str, state: &State) -> Result<Exit, Failure> {
    match (state.ending(), state.left_at()) {
        (Some(Ending::Failed { error }), _) => Err(Failure::new(Exit::Error, error.clone())),
        (Some(ending), _) => Ok(Exit::of(ending)),
        (None, Some(need)) => Err(left_open(id, &need)),
        (None, None) => Err(Failure::new(
            Exit::Error,
            format!("session {id} was left before it came to an end; `minions resume {id}` goes on"),
        )),
    }
}

/// Why the session was left where it stands, and how to go on with it.
pub fn left_open(id: &str, need: &Need<'_>) -> Failure {
    Failure::new(exit(need), format!("session {id} was left open: {}; {}", need.told(), how(id, need)))
}

/// Why the session is not gone on with, and how it would be.
pub fn refused(id: &str, need: &Need<'_>) -> Failure {
    Failure::new(exit(need), format!("session {id}: {}; nothing was sent: {}", need.told(), how(id, need)))
}

fn exit(need: &Need<'_>) -> Exit {
    match need {
        Need::Budget(_) | Need::Exposure(_) => Exit::Budget,
        Need::Gate { .. } | Need::SendAgain(_) | Need::Consent | Need::GoOn { .. } => Exit::NoAnswer,
    }
}

fn how(id: &str, need: &Need<'_>) -> String {
    match need {
        Need::Budget(reached) => {
            let least = budget::at_least(reached);
            format!("`minions resume {id} --budget {}` or more goes on", least.trim_start_matches('$'))
        }
        Need::Exposure(reached) => {
            format!("`minions resume {id} --max-exposed-share {}` or more goes on", exposing::least_share(reached))
        }
        Need::Gate { .. } => format!("`minions resume {id}` in a terminal goes on"),
        Need::SendAgain(_) => format!("`minions resume {id} --send-again` sends it again"),
        Need::GoOn { failed: Some(_) } => {
            format!("mend that, and `minions resume {id}` tries them again; the planner is not asked before")
        }
        Need::GoOn { failed: None } => format!("`minions resume {id}` goes on"),
        Need::Consent => format!("`minions resume {id} --yes-send-document` agrees"),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::config::Config;
    use crate::protocol::{Held, Interrupted, Overexposed, Purpose, Reached, Scope, Waiting};

    fn at(phase: &Phase) -> State {
        let mut state = State::default();
        state.phase = phase.clone();
        state
    }

    fn reached(scope: Scope, worst_usd: f64) -> Phase {
        let (purpose, attempt) = (Purpose::Think, 1);
        Phase::Paused(Reached { scope, purpose, attempt, again: None, worst_usd, committed_usd: 0.0, budget_usd: 0.01 })
    }

    fn exposed(share: f64) -> Phase {
        let (purpose, attempt) = (Purpose::Think, 1);
        Phase::Withheld(Overexposed { purpose, attempt, left: 0.1, share, bytes: 9, limit: 0.1 })
    }

    fn gate() -> Phase {
        Phase::AtGate { n: 2, held: Held::Outputs { round: 1 } }
    }

    fn interrupted() -> Phase {
        let ask = crate::protocol::AskId { round: 1, n: 1 };
        Phase::Interrupted(Interrupted { ask, purpose: Purpose::Think, attempt: 1, worst_usd: None })
    }

    const CONSENT: Phase = Phase::Waiting(Waiting::Consent);

    fn answering(said: Beforehand) -> (watch::Sender<usize>, Answering) {
        let (attached, watched) = watch::channel(0);
        (attached, Answering::new(said, Alone::new(&Config::default(), watched)))
    }

    #[test]
    fn with_nobody_there_a_limit_ends_the_run_and_anything_else_leaves_it_open() {
        let (_attached, mut nobody) = answering(Beforehand::default());
        assert!(nobody.order(&at(&Phase::Waiting(Waiting::Jobs))).is_none());
        let paused = reached(Scope::Session, 1.0);
        assert!(matches!(nobody.order(&at(&paused)), Some(Order::Budget(BudgetChoice::Stop))));
        assert!(nobody.order(&at(&paused)).is_none(), "once is enough");
        assert!(matches!(nobody.order(&at(&exposed(0.5))), Some(Order::Exposure(ExposureChoice::Stop))));
        for phase in [gate(), interrupted(), CONSENT] {
            assert!(matches!(nobody.order(&at(&phase)), Some(Order::LeaveOpen)), "{phase:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_finds_the_queue_full_is_given_when_there_is_room_and_only_where_it_still_holds() {
        let (orders, mut taken) = mpsc::channel(1);
        let given = |nobody: &mut Answering, orders: &mpsc::Sender<Order>| {
            let mut give = std::pin::pin!(nobody.due.give(orders));
            futures_util::FutureExt::now_or_never(&mut give).is_some()
        };
        let (_attached, mut nobody) = answering(Beforehand::default());
        orders.try_send(Order::GoOn).unwrap();
        nobody.note(&at(&CONSENT));
        assert!(!given(&mut nobody, &orders), "the queue is full");
        nobody.note(&at(&CONSENT));
        assert!(matches!(taken.recv().await, Some(Order::GoOn)));
        assert!(given(&mut nobody, &orders));
        assert!(matches!(taken.recv().await, Some(Order::LeaveOpen)));
        assert!(!given(&mut nobody, &orders), "once is enough");
        // Somebody else answered meanwhile.
        orders.try_send(Order::GoOn).unwrap();
        nobody.note(&at(&gate()));
        nobody.note(&at(&Phase::Waiting(Waiting::Jobs)));
        assert!(matches!(taken.recv().await, Some(Order::GoOn)));
        assert!(!given(&mut nobody, &orders));
    }

    #[test]
    fn a_session_without_an_ending_is_told_with_how_to_go_on() {
        let left = ended("x", &at(&CONSENT)).unwrap_err();
        assert!(left.exit() == Exit::NoAnswer && left.to_string().contains("resume x --yes-send-document"), "{left}");
        let left = ended("x", &at(&Phase::Waiting(Waiting::Jobs))).unwrap_err();
        assert!(left.exit() == Exit::Error && left.to_string().contains("`minions resume x`"), "{left}");
        let failed = ended("x", &at(&Phase::Ended(Ending::Failed { error: "no key".into() }))).unwrap_err();
        assert_eq!((failed.exit(), failed.to_string().as_str()), (Exit::Error, "no key"));
        assert_eq!(ended("x", &at(&Phase::Ended(Ending::Cancelled))).unwrap(), Exit::Interrupted);
    }

    #[test]
    fn who_is_attached_is_asked_and_who_attached_before_is_waited_for() {
        let (attached, mut somebody) = answering(Beforehand::default());
        attached.send(1).unwrap();
        assert!(somebody.order(&at(&CONSENT)).is_none() && somebody.alone.has_begun());
        attached.send(0).unwrap();
        assert!(somebody.order(&at(&Phase::Waiting(Waiting::Jobs))).is_none());
        assert!(somebody.order(&at(&gate())).is_none(), "they may come back");

        let (_attached, mut hung_up) = answering(Beforehand::default());
        hung_up.alone.begin();
        assert!(hung_up.order(&at(&reached(Scope::Session, 1.0))).is_none());
    }

    #[test]
    fn what_was_said_beforehand_answers_what_it_is_about_and_where_it_is_enough() {
        let said =
            Beforehand { sends_documents: true, send_again: true, budget_usd: Some(0.5), max_exposed_share: Some(0.5) };
        let (_attached, mut run) = answering(said);
        for scope in [Scope::Session, Scope::Day] {
            let order = run.order(&at(&reached(scope, 0.2)));
            assert!(matches!(order, Some(Order::Budget(BudgetChoice::Raise { scope: of, .. })) if of == scope));
        }
        assert!(matches!(run.order(&at(&reached(Scope::Day, 0.7))), Some(Order::Budget(BudgetChoice::Stop))));
        assert!(matches!(
            run.order(&at(&exposed(0.4))),
            Some(Order::Exposure(ExposureChoice::Raise { to_share: 0.5 }))
        ));
        assert!(matches!(run.order(&at(&CONSENT)), Some(Order::Consent)));
        assert!(matches!(run.order(&at(&interrupted())), Some(Order::SendAgain)));
        assert!(run.order(&at(&Phase::Waiting(Waiting::Jobs))).is_none());
        assert!(matches!(run.order(&at(&interrupted())), Some(Order::LeaveOpen)), "it was said of one request");
        assert!(matches!(run.order(&at(&gate())), Some(Order::LeaveOpen)), "no flag passes a gate");
    }

    #[test]
    fn what_is_told_names_the_amount_that_is_enough() {
        for worst_usd in [0.0134, 0.013_401, 0.2, 7.000_000_1] {
            let phase = reached(Scope::Session, worst_usd);
            let told = refused("x", &phase.need().unwrap()).to_string();
            let amount = told.split("--budget ").nth(1).unwrap().split('`').next().unwrap();
            let said = Beforehand { budget_usd: Some(amount.parse().unwrap()), ..Beforehand::default() };
            assert!(said.answer(&phase.need().unwrap()).is_some(), "{told}");
        }
        for share in [0.123_456, 0.5, 0.999_99, 1.0] {
            let phase = exposed(share);
            let told = refused("x", &phase.need().unwrap()).to_string();
            let amount = told.split("--max-exposed-share ").nth(1).unwrap().split('`').next().unwrap();
            let said = Beforehand { max_exposed_share: Some(amount.parse().unwrap()), ..Beforehand::default() };
            assert!(said.answer(&phase.need().unwrap()).is_some(), "{told}");
        }
        let told = left_open("x", &CONSENT.need().unwrap());
        assert!(told.exit() == Exit::NoAnswer && told.to_string().contains("resume x --yes-send-document"), "{told}");
        assert!(left_open("x", &gate().need().unwrap()).to_string().contains("gate 2 (outputs)"));
    }
}
