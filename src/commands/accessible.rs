//! `--accessible`: the session one line after the other, for a screen reader, with questions where the person decides.
//!
//! Nothing is drawn and nothing is drawn again: no colour, no cursor, no spinner. What is typed is a line with Enter.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Stdout, Write, stdin, stdout};
use std::pin::pin;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::alone::Alone;
use super::answering::{Answering, Beforehand, left_open};
use super::begin::{Begun, begin};
use super::bill;
use super::replay_headless::{Style, Transcript};
use super::{Exit, Failure};
use crate::app::{budget, exposing};
use crate::config::{Config, OnHangup};
use crate::document::Document;
use crate::document::escape::{visible, visible_lines};
use crate::journal::{Record, Session};
use crate::ledger::Ledger;
use crate::protocol::{
    BudgetChoice, ExposureChoice, Fact, Gate, GateChoice, Held, Need, Overexposed, Phase, Reached, Redaction, RunTo,
};
use crate::runtime::{Event, Order};
use crate::term::{self, Signal};

/// A line longer than this is cut. In bytes.
const LONGEST: u64 = 16 * 1024;

/// Asks and answers until the person leaves.
pub async fn open(config: &Config, documents: Vec<Document>, question: Option<String>) -> Result<Exit, Failure> {
    let mut person = Person { lines: lines(), signals: Box::new(term::signals()?), out: stdout() };
    let names: Vec<&str> = documents.iter().map(|document| document.name.as_str()).collect();
    person.say(&format!("minions, on {}.", names.join(", ")))?;
    let (mut exit, mut next, mut before) = (Exit::Success, question, None);
    loop {
        let question = match next.take() {
            Some(question) => question,
            None => match person.ask("What do you want to know? An empty line leaves.").await? {
                Said::Line(line) if !line.trim().is_empty() => line.trim().to_owned(),
                Said::Line(_) | Said::Leave => return Ok(exit),
            },
        };
        exit = match run(config, &documents, question, &mut before, &mut person).await {
            Ok(Ran { exit, leave: true }) => return Ok(exit),
            Ok(Ran { exit, leave: false }) => exit,
            // Nobody is there to ask anew.
            Err(failure) if person.lines.is_closed() => return Err(failure),
            Err(failure) => {
                person.say(&format!("This did not work: {failure}"))?;
                failure.exit()
            }
        };
    }
}

struct Ran {
    exit: Exit,
    /// The terminal is gone, or the process is asked to end.
    leave: bool,
}

/// What a line that is typed now answers.
enum Wanted {
    Nothing,
    Choice(Box<Limit>),
    Amount(Box<Limit>),
    Consent,
    /// The session waits at its `n`-th gate.
    Gate {
        n: u32,
        gate: Gate,
    },
}

impl Wanted {
    /// What a line answers where the run stands.
    fn at(phase: &Phase) -> Self {
        match phase.need() {
            Some(Need::Budget(reached)) => Wanted::Choice(Box::new(Limit::Budget(reached.clone()))),
            Some(Need::Exposure(reached)) => Wanted::Choice(Box::new(Limit::Exposure(*reached))),
            Some(Need::Gate { n, held }) => Wanted::Gate { n, gate: held.gate() },
            Some(Need::Consent) => Wanted::Consent,
            // Only a session that is gone on with waits there.
            Some(Need::SendAgain(_)) | None => Wanted::Nothing,
        }
    }
}

/// What the run waits at.
#[derive(Clone, Debug)]
enum Limit {
    Budget(Reached),
    Exposure(Overexposed),
}

impl Limit {
    fn lines(&self) -> [String; 3] {
        match self {
            Self::Budget(reached) => budget::lines(reached),
            Self::Exposure(reached) => exposing::lines(reached),
        }
    }

    fn choices(&self) -> String {
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

/// `before`: the session that the question follows up on, and in the end this one.
async fn run(
    config: &Config,
    documents: &[Document],
    question: String,
    before: &mut Option<Session>,
    person: &mut Person,
) -> Result<Ran, Failure> {
    let Begun { session, mut running, attached, .. } = {
        // Nothing is on the disk while models are connected: leaving off leaves nothing half-made.
        let mut beginning = pin!(begin(config, documents.to_vec(), question, None, before.clone()));
        loop {
            tokio::select! {
                begun = &mut beginning => break begun?,
                Some(signal) = person.signals.next() => match signal {
                    Signal::Continued => {}
                    signal => {
                        person.say("Stopped before the run began.")?;
                        return Ok(Ran { exit: Exit::Interrupted, leave: signal != Signal::Interrupt });
                    }
                },
            }
        }
    };
    let id = session.id().to_string();
    *before = Some(session);
    person.say("Type x and Enter to stop.")?;
    let (mut out, mut ledger) = (stdout(), Ledger::default());
    let mut told = Telling { transcript: Transcript::new(&mut out, documents.to_vec(), 0, Style::Spoken), quarters: 0 };
    let (mut wanted, mut leave, mut listening) = (Wanted::Nothing, false, true);
    let mut answering = Answering::new(Beforehand::default(), Alone::new(config, attached));
    let (finish, mut stood) = (config.sessions.on_hangup == OnHangup::Finish, Phase::New);
    loop {
        tokio::select! {
            event = running.events.recv() => match event {
                None => break,
                Some(Event::Delta { .. }) => {}
                Some(Event::Recorded(records)) => {
                    for record in &records {
                        if let Some(fact) = record.fact.known() {
                            ledger.apply(fact);
                        }
                        told.tell(record)?;
                        answering.alone.note(&told.transcript.state.phase);
                    }
                    let phase = &told.transcript.state.phase;
                    // Somebody who attached may have answered.
                    if *phase != stood {
                        (wanted, stood) = (Wanted::at(phase), phase.clone());
                    }
                    if !listening && let Some(ordered) = answering.order(phase) {
                        let _ = running.orders.try_send(ordered);
                    }
                }
            },
            Some(signal) = person.signals.next() => match signal {
                Signal::Continued => {}
                Signal::HangUp if finish => {
                    term::let_go_of_terminal();
                    (leave, listening) = (true, false);
                    answering.alone.begin();
                }
                Signal::Interrupt => order(&running.orders, Wish::Stop),
                Signal::HangUp | Signal::Terminate => {
                    leave = true;
                    let _ = running.orders.try_send(Order::Leave);
                }
            },
            () = answering.alone.in_vain() => drop(running.orders.try_send(Order::LeaveOpen)),
            line = person.lines.recv(), if listening => match line {
                Some(line) => {
                    let (say, ordered) = understood(line.trim(), &mut wanted);
                    if let Some(ordered) = ordered {
                        order(&running.orders, ordered);
                    }
                    person.say(&say)?;
                }
                None => {
                    listening = false;
                    if let Some(ordered) = answering.order(&told.transcript.state.phase) {
                        let _ = running.orders.try_send(ordered);
                    }
                }
            },
        }
    }
    let Telling { mut transcript, .. } = told;
    let is_model = transcript.state.opened.as_ref().is_some_and(|opened| opened.remote.is_model);
    transcript.totals()?;
    let open = transcript.state.phase.need().map(|need| left_open(&id, &need));
    let exit = transcript.state.ending().map_or(Exit::Interrupted, Exit::of);
    person.say(&bill::line(&ledger.totals(), is_model))?;
    running.outcome.await??;
    match open {
        Some(open) => {
            person.say(&open.to_string())?;
            Ok(Ran { exit: open.exit(), leave })
        }
        None => Ok(Ran { exit, leave }),
    }
}

/// What the person wants of the run.
#[derive(Clone, Debug, PartialEq)]
enum Wish {
    Stop,
    Consent,
    Budget(BudgetChoice),
    AtGate { n: u32, choice: GateChoice },
    RunOn { to: RunTo, n: u32 },
    Exposure(ExposureChoice),
}

/// A full queue holds orders that end the run already.
fn order(orders: &mpsc::Sender<Order>, wish: Wish) {
    let _ = orders.try_send(match wish {
        Wish::Stop => Order::Stop,
        Wish::Consent => Order::Consent,
        Wish::Budget(choice) => Order::Budget(choice),
        Wish::AtGate { n, choice } => Order::AtGate { n, choice },
        Wish::RunOn { to, n } => Order::RunOn { to, n: Some(n) },
        Wish::Exposure(choice) => Order::Exposure(choice),
    });
}

/// What a line means now: what to say to it, and what to do.
fn understood(line: &str, wanted: &mut Wanted) -> (String, Option<Wish>) {
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
            let (say, wish) = at_gate(n, gate, line);
            if wish.is_none() {
                *wanted = Wanted::Gate { n, gate };
            }
            (say, wish)
        }
        (Wanted::Nothing, "x") => ("Stopping.".into(), Some(Wish::Stop)),
        (Wanted::Nothing, _) => ("A run is under way. Type x and Enter to stop it.".into(), None),
    }
}

const CONSENT: &str = "Type yes to send the whole documents. Type x to send nothing and end the session.";

/// What a line at a gate means: a letter, and for some of them words after it.
fn at_gate(n: u32, gate: Gate, line: &str) -> (String, Option<Wish>) {
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
            let numbers = words.split_whitespace().map(|word| word.parse::<u32>().ok()?.checked_sub(1));
            match numbers.collect::<Option<_>>() {
                Some(jobs) => GateChoice::DropJobs { jobs },
                None => return ("Not taken: name the jobs by their numbers, counted from 1.".into(), None),
            }
        }
        _ => return (gate_choices(gate), None),
    };
    ("Taken.".into(), Some(Wish::AtGate { n, choice }))
}

fn gate_choices(gate: Gate) -> String {
    let own = match gate {
        Gate::Request => "",
        Gate::Code => "Type b and why to send the program back. ",
        Gate::Outputs => {
            "Type r and a pattern to redact it. Type d and the numbers of jobs to drop their outputs. Type b and why to send \
             the program back. "
        }
        Gate::Decision => "Type b and your feedback for one more round. ",
    };
    format!("Type p to pass. {own}Type R to run to the next round, E to the end, x to end the session.")
}

/// The transcript, and how far the jobs of a round are.
struct Telling<'a> {
    transcript: Transcript<'a>,
    /// Quarters of the round's jobs that were told.
    quarters: usize,
}

impl Telling<'_> {
    /// Tells a record, with what the person is asked by it.
    fn tell(&mut self, record: &Record) -> Result<(), Failure> {
        self.transcript.apply(record);
        self.transcript.tell(record)?;
        match record.fact.known() {
            Some(Fact::JobsPlanned(_)) => self.quarters = 0,
            Some(Fact::JobFinished { .. }) => self.jobs()?,
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

/// Who reads what is said, and types.
struct Person {
    lines: mpsc::Receiver<String>,
    signals: Box<dyn Stream<Item = Signal> + Unpin + Send>,
    out: Stdout,
}

enum Said {
    Line(String),
    /// There is no more to read, or a signal came.
    Leave,
}

impl Person {
    fn say(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{}", visible_lines(text))?;
        self.out.flush()?;
        Ok(())
    }

    async fn ask(&mut self, question: &str) -> Result<Said, Failure> {
        self.say(question)?;
        loop {
            tokio::select! {
                line = self.lines.recv() => return Ok(line.map_or(Said::Leave, Said::Line)),
                Some(signal) = self.signals.next() => {
                    if signal != Signal::Continued {
                        return Ok(Said::Leave);
                    }
                }
            }
        }
    }
}

/// Lines from the terminal, which is not standard input where a document came in by that. Read in a thread of its own:
/// such a read cannot be cancelled.
fn lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(16);
    let read = move || {
        let terminal = (!stdin().is_terminal()).then(|| File::open("/dev/tty").ok()).flatten();
        let mut reader: Box<dyn BufRead> = match terminal {
            Some(terminal) => Box::new(BufReader::new(terminal)),
            None => Box::new(stdin().lock()),
        };
        while let Ok(Some(line)) = read_line(&mut reader) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    };
    // Without the thread no line ever comes, as where there is no terminal.
    let _ = std::thread::Builder::new().name("lines".into()).spawn(read);
    lines
}

/// The next line, nothing where there is none. What is beyond the longest is left out.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if !line.ends_with(b"\n") {
        reader.skip_until(b'\n')?;
    }
    Ok(Some(visible(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n'])).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_line_that_is_too_long_is_no_answer() {
        let typed = format!("{}\nno\r\nlast", "x".repeat(3 * LONGEST as usize));
        let mut typed = typed.as_bytes();
        let mut next = || read_line(&mut typed).unwrap();
        assert_eq!(next().map(|line| line.len()), Some(LONGEST as usize));
        assert_eq!((next().as_deref(), next().as_deref(), next()), (Some("no"), Some("last"), None));
    }
    use crate::protocol::{Purpose, Scope};

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
        let choose = |line| understood(line, &mut Wanted::Choice(reached())).1;
        assert_eq!(choose("o"), Some(Wish::Budget(BudgetChoice::Once)));
        assert_eq!(choose("x"), Some(Wish::Budget(BudgetChoice::Stop)));
        assert_eq!(choose(""), None);
        assert_eq!(choose("yes"), None);

        let mut wanted = Wanted::Choice(reached());
        assert!(understood("r", &mut wanted).0.contains("$0.0600 at least"));
        let (say, ordered) = understood("0.01", &mut wanted);
        assert!(say.starts_with("Not taken:") && ordered.is_none());
        assert_eq!(
            understood("0.5", &mut wanted).1,
            Some(Wish::Budget(BudgetChoice::Raise { scope: Scope::Session, to_usd: 0.5 }))
        );
        assert!(matches!(wanted, Wanted::Nothing));
    }

    #[test]
    fn a_line_at_a_gate_is_a_choice_for_that_gate_and_nothing_else_is_sent() {
        let said = |gate, line| understood(line, &mut Wanted::Gate { n: 3, gate }).1;
        let choice = |choice| Some(Wish::AtGate { n: 3, choice });
        assert_eq!(said(Gate::Request, "p"), choice(GateChoice::Pass));
        assert_eq!(said(Gate::Code, "b fewer jobs"), choice(GateChoice::SendBack { words: "fewer jobs".into() }));
        assert_eq!(said(Gate::Decision, "b look on"), choice(GateChoice::AnotherRound { feedback: "look on".into() }));
        assert_eq!(said(Gate::Outputs, "d 1 3"), choice(GateChoice::DropJobs { jobs: [0, 2].into() }));
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
            assert_eq!(understood(line, &mut wanted).1, None, "{line}");
            assert!(matches!(wanted, Wanted::Gate { n: 3, .. }), "it is asked still");
        }
    }

    #[test]
    fn while_a_run_goes_on_x_stops_it_and_other_lines_say_how() {
        assert_eq!(understood("x", &mut Wanted::Nothing).1, Some(Wish::Stop));
        let (say, ordered) = understood("why?", &mut Wanted::Nothing);
        assert!(say.contains("Type x") && ordered.is_none());
    }
}
