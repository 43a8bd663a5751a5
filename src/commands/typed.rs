//! What a typed line means: at a limit, at a gate, where whole documents would leave, and while a run goes on.

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::app::{budget, exposing};
use crate::protocol::{
    BudgetChoice, ExposureChoice, Gate, GateChoice, JobId, JobState, Need, Overexposed, Phase, Reached, Redaction,
    RunTo, State,
};
use crate::runtime::Order;

/// What a line that is typed now answers.
pub enum Wanted {
    Nothing,
    Choice(Box<Limit>),
    Amount(Box<Limit>),
    Consent,
    /// The session waits at its `n`-th gate.
    Gate {
        n: u32,
        gate: Gate,
    },
    /// It is paused, and nothing is under way.
    GoOn,
    /// A request whose answer never came may be sent again.
    SendAgain,
}

impl Wanted {
    /// What a line answers where the run stands.
    pub fn at(state: &State) -> Self {
        match state.need() {
            Some(Need::Budget(reached)) => Wanted::Choice(Box::new(Limit::Budget(reached.clone()))),
            Some(Need::Exposure(reached)) => Wanted::Choice(Box::new(Limit::Exposure(*reached))),
            Some(Need::Gate { n, held }) => Wanted::Gate { n, gate: held.gate() },
            Some(Need::Consent) => Wanted::Consent,
            Some(Need::GoOn { .. }) => Wanted::GoOn,
            Some(Need::SendAgain(_)) => Wanted::SendAgain,
            None => Wanted::Nothing,
        }
    }

    /// Whether the run waits for a line.
    pub fn is_asked(&self) -> bool {
        !matches!(self, Wanted::Nothing)
    }

    /// What makes a line mean something else when it changes.
    pub fn stands(state: &State) -> (Phase, bool) {
        (state.phase.clone(), state.rests())
    }
}

/// What the run waits at.
#[derive(Clone, Debug)]
pub enum Limit {
    Budget(Reached),
    Exposure(Overexposed),
}

impl Limit {
    pub fn lines(&self) -> [String; 3] {
        match self {
            Self::Budget(reached) => budget::lines(reached),
            Self::Exposure(reached) => exposing::lines(reached),
        }
    }

    pub fn choices(&self) -> String {
        let (once, limit) = match self {
            Self::Budget(reached) => (budget::once(reached), "the budget"),
            Self::Exposure(reached) => (exposing::once(reached), "what may leave"),
        };
        format!(
            "Type o to {once}. Type r to raise {limit} for this session. Type x to end the session; what was paid for is saved."
        )
    }

    fn amount(&self) -> String {
        let (what, least) = match self {
            Self::Budget(reached) => ("The new budget in dollars", budget::at_least(reached)),
            Self::Exposure(reached) => ("What may leave, in per cent of the documents", exposing::at_least(reached)),
        };
        format!("{what}, for this session. {least} at least; an empty line goes back.")
    }

    fn once(&self) -> Wish {
        match self {
            Self::Budget(_) => Wish::Budget(BudgetChoice::Once),
            Self::Exposure(_) => Wish::Exposure(ExposureChoice::Once),
        }
    }

    fn stop(&self) -> Wish {
        match self {
            Self::Budget(_) => Wish::Budget(BudgetChoice::Stop),
            Self::Exposure(_) => Wish::Exposure(ExposureChoice::Stop),
        }
    }

    fn raise(&self, typed: &str) -> Result<Wish, String> {
        match self {
            Self::Budget(reached) => budget::read(reached, typed)
                .map(|to_usd| Wish::Budget(BudgetChoice::Raise { scope: reached.scope, to_usd })),
            Self::Exposure(reached) => {
                exposing::read(reached, typed).map(|to_share| Wish::Exposure(ExposureChoice::Raise { to_share }))
            }
        }
    }
}

/// What the person wants of the run.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    Stop,
    SendAgain,
    CancelJob(JobId),
    Pause,
    GoOn,
    Consent,
    Budget(BudgetChoice),
    AtGate { n: u32, choice: GateChoice },
    RunOn { to: RunTo, n: u32 },
    Exposure(ExposureChoice),
}

/// Gives the order, or says why it is not taken.
pub fn order(orders: &mpsc::Sender<Order>, wish: Wish) -> Result<(), String> {
    let given = orders.try_send(match wish {
        Wish::Stop => Order::Stop,
        Wish::SendAgain => Order::SendAgain,
        Wish::CancelJob(job) => Order::CancelJob(job),
        Wish::Pause => Order::Pause,
        Wish::GoOn => Order::GoOn,
        Wish::Consent => Order::Consent,
        Wish::Budget(choice) => Order::Budget(choice),
        Wish::AtGate { n, choice } => Order::AtGate { n, choice },
        Wish::RunOn { to, n } => Order::RunOn { to, n: Some(n) },
        Wish::Exposure(choice) => Order::Exposure(choice),
    });
    given.map_err(|error| match error {
        TrySendError::Full(_) => "the run takes no more orders at the moment; type it again.".into(),
        TrySendError::Closed(_) => "the run has just ended.".into(),
    })
}

/// What a line means now: what to say to it, and what to do.
pub fn understood(line: &str, wanted: &mut Wanted, state: &State) -> (String, Option<Wish>) {
    match (std::mem::replace(wanted, Wanted::Nothing), line) {
        (Wanted::Choice(reached), "o") => ("The call is made.".into(), Some(reached.once())),
        (Wanted::Choice(reached), "r") => {
            let say = reached.amount();
            *wanted = Wanted::Amount(reached);
            (say, None)
        }
        (Wanted::Choice(reached), "x") => ("Stopping.".into(), Some(reached.stop())),
        (Wanted::Choice(reached), _) => {
            let say = reached.choices();
            *wanted = Wanted::Choice(reached);
            (say, None)
        }
        (Wanted::Amount(reached), "") => {
            let say = reached.choices();
            *wanted = Wanted::Choice(reached);
            (say, None)
        }
        (Wanted::Amount(reached), line) => match reached.raise(line) {
            Ok(raise) => ("The limit is raised.".into(), Some(raise)),
            Err(wrong) => {
                let say = format!("Not taken: {wrong}. {}", reached.amount());
                *wanted = Wanted::Amount(reached);
                (say, None)
            }
        },
        (Wanted::Consent, "yes") => ("The documents are sent.".into(), Some(Wish::Consent)),
        (Wanted::Consent, "x") => ("Nothing is sent. Stopping.".into(), Some(Wish::Stop)),
        (Wanted::Consent, _) => {
            *wanted = Wanted::Consent;
            (CONSENT.into(), None)
        }
        (Wanted::Gate { n, gate }, line) => {
            let (say, wish) = at_gate((n, gate), line, state);
            if wish.is_none() {
                *wanted = Wanted::Gate { n, gate };
            }
            (say, wish)
        }
        (Wanted::GoOn, "x") => ("Stopping.".into(), Some(Wish::Stop)),
        (Wanted::GoOn, "g") => ("Going on.".into(), Some(Wish::GoOn)),
        (Wanted::GoOn, _) => {
            *wanted = Wanted::GoOn;
            (PAUSED.into(), None)
        }
        (Wanted::Nothing, "h") => {
            ("Pausing: what is under way finishes, nothing new begins.".into(), Some(Wish::Pause))
        }
        (Wanted::Nothing, "g") => ("Going on.".into(), Some(Wish::GoOn)),
        (Wanted::SendAgain, "yes") => ("It is sent again.".into(), Some(Wish::SendAgain)),
        (Wanted::SendAgain, "x") => ("Stopping.".into(), Some(Wish::Stop)),
        (Wanted::SendAgain, _) => {
            *wanted = Wanted::SendAgain;
            (SEND_AGAIN.into(), None)
        }
        (Wanted::Nothing, "j") => (jobs(state), None),
        (Wanted::Nothing, line) if line.starts_with("c ") => cancel(line, state),
        (Wanted::Nothing, "x") => ("Stopping.".into(), Some(Wish::Stop)),
        (Wanted::Nothing, _) => (UNDER_WAY.into(), None),
    }
}

/// Whether the line means something while a run goes on that waits for none.
pub fn is_meant_for_any_time(line: &str) -> bool {
    matches!(line, "h" | "j") || line.starts_with("c ")
}

const UNDER_WAY: &str = "A run is under way. Type h to hold it: what is under way finishes, nothing new begins. Type j for \
                         the jobs under way, c and its name to cancel one, x to stop the run.";
pub const SEND_AGAIN: &str = "Type yes to send the request again. Type x to end the session.";
pub const PAUSED: &str = "The run is paused. Type g to go on. Type x to end the session.";
pub const CONSENT: &str = "Type yes to send the whole documents. Type x to send nothing and end the session.";

/// The jobs that workers have at hand, with their numbers.
fn jobs(state: &State) -> String {
    let Some(round) = state.round() else { return "No job is under way.".into() };
    let running = (0..).zip(&round.jobs).filter(|(_, job)| matches!(job.state, JobState::Running { .. }));
    let id = |index| JobId { round: round.number, index };
    let told: Vec<String> = running.map(|(index, job)| format!("job {}: {}", id(index), round.task_of(job))).collect();
    if told.is_empty() { "No job is under way.".into() } else { told.join("\n") }
}

/// Cancels the job of this name.
fn cancel(line: &str, state: &State) -> (String, Option<Wish>) {
    let job = JobId::named(line.trim_start_matches("c ").trim());
    match job.filter(|job| state.job(*job).is_some_and(|job| job.outcome().is_none())) {
        Some(job) => (format!("Cancelling job {job}."), Some(Wish::CancelJob(job))),
        None => (
            "Not taken: no job of that name is waiting or under way; jobs are named as 1.0, round and number.".into(),
            None,
        ),
    }
}

/// What a line at a gate means: a letter, and for some of them words after it.
fn at_gate((n, gate): (u32, Gate), line: &str, state: &State) -> (String, Option<Wish>) {
    let (letter, words) = line.split_once(' ').map_or((line, ""), |(letter, words)| (letter, words.trim()));
    let choice = match (letter, gate) {
        ("p", _) => GateChoice::Pass,
        ("R", _) => return ("Running to the next round.".into(), Some(Wish::RunOn { to: RunTo::NextRound, n })),
        ("E", _) => return ("Running to the end.".into(), Some(Wish::RunOn { to: RunTo::End, n })),
        ("x", _) => return ("Stopping.".into(), Some(Wish::Stop)),
        ("b", Gate::Code | Gate::Outputs) if !words.is_empty() => GateChoice::SendBack { words: words.into() },
        ("b", Gate::Decision) if !words.is_empty() => GateChoice::AnotherRound { feedback: words.into() },
        ("r", Gate::Outputs) if !words.is_empty() => {
            let redaction = Redaction::Pattern(words.into());
            match redaction.check() {
                Ok(()) => GateChoice::Redact(redaction),
                Err(why) => return (format!("Not taken: {why}"), None),
            }
        }
        ("d", Gate::Outputs) => {
            let round = state.round().map(|round| round.number);
            let named = |word| JobId::named(word).filter(|job| Some(job.round) == round).map(|job| job.index);
            match words.split_whitespace().map(named).collect::<Option<_>>() {
                Some(jobs) => GateChoice::DropJobs { jobs },
                None => return ("Not taken: name jobs of this round as 1.0, round and number.".into(), None),
            }
        }
        _ => return (gate_choices(gate), None),
    };
    ("Taken.".into(), Some(Wish::AtGate { n, choice }))
}

pub fn gate_choices(gate: Gate) -> String {
    let own = match gate {
        Gate::Request => "",
        Gate::Code => "Type b and why to send the program back. ",
        Gate::Outputs => {
            "Type r and a pattern to redact it. Type d and the names of jobs, as 1.0, to drop their outputs. Type b and why to send \
             the program back. "
        }
        Gate::Decision => "Type b and your feedback for one more round. ",
    };
    format!("Type p to pass. {own}Type R to run to the next round, E to the end, x to end the session.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Purpose, Scope};

    fn said_to(line: &str, wanted: &mut Wanted) -> (String, Option<Wish>) {
        understood(line, wanted, &State::default())
    }

    fn reached() -> Box<Limit> {
        Box::new(Limit::Budget(Reached {
            scope: Scope::Session,
            purpose: Purpose::Think,
            attempt: 1,
            again: None,
            worst_usd: 0.02,
            committed_usd: 0.04,
            budget_usd: 0.05,
        }))
    }

    #[test]
    fn a_line_at_the_budget_is_a_choice_and_nothing_else_is_sent() {
        let choose = |line| said_to(line, &mut Wanted::Choice(reached())).1;
        assert_eq!(choose("o"), Some(Wish::Budget(BudgetChoice::Once)));
        assert_eq!(choose("x"), Some(Wish::Budget(BudgetChoice::Stop)));
        assert_eq!(choose(""), None);
        assert_eq!(choose("yes"), None);

        let mut wanted = Wanted::Choice(reached());
        assert!(said_to("r", &mut wanted).0.contains("$0.0600 at least"));
        let (say, ordered) = said_to("0.01", &mut wanted);
        assert!(say.starts_with("Not taken:") && ordered.is_none());
        assert_eq!(
            said_to("0.5", &mut wanted).1,
            Some(Wish::Budget(BudgetChoice::Raise { scope: Scope::Session, to_usd: 0.5 }))
        );
        assert!(matches!(wanted, Wanted::Nothing));
    }

    #[test]
    fn a_line_at_a_gate_is_a_choice_for_that_gate_and_nothing_else_is_sent() {
        let said = |gate, line| said_to(line, &mut Wanted::Gate { n: 3, gate }).1;
        let choice = |choice| Some(Wish::AtGate { n: 3, choice });
        assert_eq!(said(Gate::Request, "p"), choice(GateChoice::Pass));
        assert_eq!(said(Gate::Code, "b fewer jobs"), choice(GateChoice::SendBack { words: "fewer jobs".into() }));
        assert_eq!(said(Gate::Decision, "b look on"), choice(GateChoice::AnotherRound { feedback: "look on".into() }));
        let mut state = State::default();
        state.apply(&crate::protocol::Fact::RoundBegan { round: 2, last: false });
        let drop = |line| understood(line, &mut Wanted::Gate { n: 3, gate: Gate::Outputs }, &state).1;
        assert_eq!(drop("d 2.0 2.8"), choice(GateChoice::DropJobs { jobs: [0, 8].into() }));
        assert_eq!((drop("d 1.0"), drop("d 3")), (None, None), "of another round, or of none");
        assert_eq!(said(Gate::Outputs, "r a+"), choice(GateChoice::Redact(Redaction::Pattern("a+".into()))));
        assert_eq!(said(Gate::Code, "E"), Some(Wish::RunOn { to: RunTo::End, n: 3 }));
        assert_eq!(said(Gate::Code, "x"), Some(Wish::Stop));
        for (gate, line) in [
            (Gate::Request, "b no"),
            (Gate::Code, "b"),
            (Gate::Outputs, "r ("),
            (Gate::Outputs, "d 0"),
            (Gate::Code, ""),
        ] {
            let mut wanted = Wanted::Gate { n: 3, gate };
            assert_eq!(said_to(line, &mut wanted).1, None, "{line}");
            assert!(matches!(wanted, Wanted::Gate { n: 3, .. }), "it is asked still");
        }
    }

    #[test]
    fn an_order_that_the_run_does_not_take_says_why() {
        let (orders, waiting) = mpsc::channel(1);
        assert_eq!(order(&orders, Wish::Pause), Ok(()));
        assert!(order(&orders, Wish::GoOn).unwrap_err().contains("type it again"));
        drop(waiting);
        assert!(order(&orders, Wish::Stop).unwrap_err().contains("has just ended"));
    }

    #[test]
    fn while_a_run_goes_on_x_stops_it_and_other_lines_say_how() {
        assert_eq!(said_to("x", &mut Wanted::Nothing).1, Some(Wish::Stop));
        assert_eq!(said_to("h", &mut Wanted::Nothing).1, Some(Wish::Pause));
        let mut wanted = Wanted::GoOn;
        assert_eq!(said_to("p", &mut wanted).1, None, "that passes a gate");
        assert_eq!(said_to("g", &mut wanted).1, Some(Wish::GoOn));
        let (say, ordered) = said_to("why?", &mut Wanted::Nothing);
        assert!(say.contains("x to stop") && say.contains("Type h") && ordered.is_none());
        let (say, ordered) = said_to("c 1.0", &mut Wanted::Nothing);
        assert!(say.contains("no job of that name") && ordered.is_none());
    }
}
