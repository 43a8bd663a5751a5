//! What a run is expected to come to, in words: in two lines for the start form, in several for `--dry-run`, and beside what it
//! became.

use super::figures::{dollars, short_count};
use super::message::Command;
use super::model::{Model, Overlay};
use crate::document::Span;
use crate::ledger::{Basis, Forecast};
use crate::protocol::{Paid, ProtocolKind};

/// The number of the forecast for the run itself; those of the form count from 1.
pub const OF_RUN: u64 = 0;

/// What stands in the form: the question, its levers, and the only part that it is about.
type Typed = (String, Vec<String>, Option<Span>);

/// What is expected: of the question in the form, and of the run that was begun.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    /// What was asked for last; nothing where a form was opened since.
    pub(crate) asked: Option<Typed>,
    number: u64,
    /// For the form; nothing while it is worked out.
    pub form: Option<Result<Box<Forecast>, String>>,
    pub run: Option<Box<Forecast>>,
}

impl Model {
    /// Asks for the forecast of what stands in the form, where that changed since it was asked for last.
    pub(crate) fn ask_forecast(&mut self) -> Vec<Command> {
        let Some(Overlay::Question(form)) = &self.overlay else { return Vec::new() };
        let levers = form.levers.iter().map(|lever| lever.input.text.clone()).collect();
        let typed = (form.question.text.clone(), levers, self.selected());
        if self.expected.asked.as_ref() == Some(&typed) {
            return Vec::new();
        }
        let mut settings = self.settings.clone();
        let levers =
            form.levers.iter().filter(|lever| settings.value(lever.setting).as_ref() != Some(&lever.input.text));
        let changes: Vec<_> = levers.map(|lever| (lever.setting, lever.input.text.clone())).collect();
        let wrong = changes.iter().any(|(setting, text)| settings.change(setting, text).is_err());
        let (question, config) = (typed.0.trim().to_owned(), Box::new(settings.config));
        self.expected.asked = Some(typed);
        self.expected.form = None;
        // What is still worked out was asked for before.
        self.expected.number += 1;
        // A fork takes most of its work from the record: nothing is told of it.
        if wrong || question.is_empty() || form.fork.is_some() {
            return Vec::new();
        }
        vec![Command::Forecast { number: self.expected.number, question, part: self.selected(), config }]
    }

    /// Takes a forecast; one of what was typed before is old.
    pub(crate) fn take_forecast(&mut self, number: u64, forecast: Result<Box<Forecast>, String>) {
        match number {
            OF_RUN => self.expected.run = forecast.ok(),
            number if number == self.expected.number => self.expected.form = Some(forecast),
            _ => {}
        }
    }

    /// What the form says is expected, in two lines; blank while nothing is known.
    pub fn expected_of_form(&self) -> [String; 2] {
        match &self.expected.form {
            Some(Ok(forecast)) => short(forecast),
            Some(Err(why)) => [why.clone(), String::new()],
            None => Default::default(),
        }
    }
}

/// In two lines: cost and jobs, then time and tokens.
pub fn short(forecast: &Forecast) -> [String; 2] {
    let rounds = match forecast.max_rounds {
        1 => String::new(),
        most => format!(" in {} of {most} rounds", forecast.rounds),
    };
    let jobs = match forecast.protocol {
        ProtocolKind::RemoteOnly => String::new(),
        _ => {
            let (count, a_round) = told_jobs(forecast);
            let noun = if count == 1 { "job" } else { "jobs" };
            format!("{}{} {noun}{a_round}{rounds}", about(forecast), short_count(count))
        }
    };
    let (cost, sent) = match forecast.calls {
        0 => (String::new(), "nothing is sent".to_owned()),
        _ => {
            let (input, output) = (short_count(forecast.input_tokens), short_count(forecast.output_tokens));
            (cost(forecast), format!("{input} tokens in, {output} out"))
        }
    };
    let what = [cost, jobs].into_iter().filter(|told| !told.is_empty()).collect::<Vec<_>>().join("; ");
    let took = match (forecast.seconds, forecast.local_seconds) {
        (Some(all), Some(reading)) if reading > 0.0 => {
            format!("≈ {}, reading {}", time(Some(all)), time(Some(reading)))
        }
        (Some(all), _) => format!("≈ {}", time(Some(all))),
        (None, Some(reading)) if reading > 0.0 => format!("reading ≈ {}, the rest not known", time(Some(reading))),
        (None, _) => time(None),
    };
    [what, format!("{took}; {sent}")]
}

/// One figure a line, each with what it rests on.
pub fn lines(forecast: &Forecast) -> Vec<String> {
    let Forecast { protocol, rounds, max_rounds, .. } = forecast;
    let mut lines = vec![format!("expected, and nothing is sent; every figure is an estimate ({})", protocol.name())];
    let mut row = |name: &str, told: String| lines.push(format!("  {name:8} {told}"));
    if *protocol != ProtocolKind::RemoteOnly {
        let within =
            if *max_rounds > 1 { format!(" in {rounds} of at most {max_rounds} rounds") } else { String::new() };
        let (about, (jobs, a_round)) = (about(forecast), told_jobs(forecast));
        row("jobs", format!("{about}{jobs}{a_round}{within}: {}", basis(forecast.jobs_basis, forecast)));
        let pace = match (forecast.local_seconds, forecast.tokens_per_second) {
            (Some(seconds), Some(pace)) => format!(
                "{} at {} tokens a second, measured in {} of {}",
                time(Some(seconds)),
                short_count(pace.round() as u64),
                sessions(forecast.timed_by),
                forecast.local
            ),
            _ => format!("time not known: {} has not read here yet", forecast.local),
        };
        row("reading", format!("≈ {} tokens, {pace}", short_count(forecast.local_tokens)));
    }
    if forecast.calls > 0 {
        row(
            "asking",
            format!(
                "≈ {} requests to {}, {} tokens in, {} out: {}",
                forecast.calls,
                forecast.remote,
                short_count(forecast.input_tokens),
                short_count(forecast.output_tokens),
                basis(forecast.remote_basis, forecast)
            ),
        );
    }
    row("cost", cost(forecast));
    row("time", time(forecast.seconds));
    lines
}

/// What was expected beside what it became.
pub fn became(forecast: &Forecast, jobs: u64, seconds: f64, paid: &Paid) -> String {
    let told = |(jobs, a_round): (u64, &str), seconds: Option<f64>, cost: String| {
        let noun = if jobs == 1 { "job" } else { "jobs" };
        format!("{jobs} {noun}{a_round}, {}, {cost}", time(seconds))
    };
    let cost = |paid: &Paid| if paid.planner.unpriced { "a cost that is not known".into() } else { paid.told() };
    let expected = told(told_jobs(forecast), forecast.seconds, cost(&forecast.paid()));
    format!("expected {}{expected}; became {}", about(forecast), told((jobs, ""), Some(seconds), cost(paid)))
}

/// The jobs, and of what they are: a bound holds for each round alone, and how many rounds there are is no more than likely.
fn told_jobs(forecast: &Forecast) -> (u64, &'static str) {
    match forecast.jobs_at_most && forecast.max_rounds > 1 {
        true => (forecast.jobs_a_round, " a round"),
        false => (forecast.jobs, ""),
    }
}

/// Before the number of jobs.
fn about(forecast: &Forecast) -> &'static str {
    if forecast.jobs_at_most { "up to " } else { "≈ " }
}

fn cost(forecast: &Forecast) -> String {
    let reader = forecast.local_usd.map_or(String::new(), |usd| format!(", and ≈ {} for the reader", dollars(usd)));
    format!("{}{reader}", planner_cost(forecast))
}

fn planner_cost(forecast: &Forecast) -> String {
    let Some(usd) = forecast.usd else {
        return format!("a cost that is not known: no price of {} is known", forecast.remote);
    };
    let bad_case = match (forecast.bad_case_usd, forecast.budget_usd) {
        (Some(usd), Some(budget)) if usd >= budget => format!(", at most {} by the budget", dollars(budget)),
        (Some(usd), _) if usd > 0.0 => format!(", in a bad case about {}", dollars(usd)),
        _ => String::new(),
    };
    if usd == 0.0 && bad_case.is_empty() { dollars(0.0) } else { format!("≈ {}{bad_case}", dollars(usd)) }
}

/// How long something takes, in the unit that suits it.
pub fn time(seconds: Option<f64>) -> String {
    match seconds {
        None => "time not known".into(),
        Some(seconds) if seconds < 10.0 => format!("{seconds:.1} s"),
        Some(seconds) if seconds < 60.0 => format!("{seconds:.0} s"),
        Some(seconds) if seconds < 3600.0 => format!("{}:{:02} min", seconds as u64 / 60, seconds as u64 % 60),
        Some(seconds) => format!("{:.1} h", seconds / 3600.0),
    }
}

fn basis(basis: Basis, forecast: &Forecast) -> String {
    match basis {
        Basis::Known => "by the documents' length".into(),
        Basis::Levers => "as many as the levers allow".into(),
        Basis::OfflinePlanner if forecast.remote.ends_with("(no model)") => "as its program will divide them".into(),
        Basis::OfflinePlanner => {
            format!("as the offline planner would divide them; {} may do otherwise", forecast.remote)
        }
        Basis::Past { sessions: n } => format!("the median of {} with {}", sessions(n), forecast.remote),
        Basis::Guess => format!("a guess, until {} has answered here", forecast.remote),
    }
}

fn sessions(count: usize) -> String {
    if count == 1 { "1 session".into() } else { format!("{count} sessions") }
}

#[cfg(test)]
mod tests {
    use super::super::message::Message;
    use super::super::update::update;
    use super::super::world::{World, paste, press};
    use super::*;

    fn forecast() -> Forecast {
        Forecast {
            protocol: ProtocolKind::Minions,
            remote: "gpt (openai)".into(),
            local: "llama (ollama)".into(),
            rounds: 1,
            max_rounds: 3,
            jobs: 24,
            jobs_a_round: 24,
            jobs_at_most: false,
            jobs_basis: Basis::Past { sessions: 2 },
            local_tokens: 7200,
            local_seconds: Some(24.0),
            tokens_per_second: Some(300.0),
            timed_by: 1,
            calls: 4,
            input_tokens: 3000,
            output_tokens: 1200,
            remote_basis: Basis::Guess,
            usd: Some(0.0123),
            local_usd: None,
            bad_case_usd: Some(0.5),
            budget_usd: Some(0.5),
            seconds: Some(95.0),
        }
    }

    fn paid(usd: f64) -> Paid {
        let mut paid = Paid::default();
        paid.planner.pay(Some(usd), false);
        paid
    }

    #[test]
    fn a_reader_that_is_paid_for_is_in_what_is_expected_and_in_what_it_became() {
        let dear = Forecast { local_usd: Some(1.25), ..forecast() };
        assert!(short(&dear)[0].starts_with("≈ $0.0123, at most $0.50 by the budget, and ≈ $1.25 for the reader; "));
        let mut paid = paid(0.014);
        paid.reader.pay(Some(1.5), false);
        assert_eq!(
            became(&dear, 30, 28.4, &paid),
            "expected ≈ 24 jobs, 1:35 min, planner $0.0123, reader $1.25; became 30 jobs, 28 s, planner $0.0140, reader $1.50"
        );
    }

    #[test]
    fn nothing_but_a_budget_is_told_as_a_cap() {
        let free = Forecast { budget_usd: None, ..forecast() };
        assert!(short(&free)[0].starts_with("≈ $0.0123, in a bad case about $0.50; "), "{:?}", short(&free));
        let ample = Forecast { budget_usd: Some(2.0), ..forecast() };
        assert!(short(&ample)[0].starts_with("≈ $0.0123, in a bad case about $0.50; "), "{:?}", short(&ample));
    }

    #[test]
    fn every_figure_says_what_it_rests_on() {
        assert_eq!(
            short(&forecast()),
            [
                "≈ $0.0123, at most $0.50 by the budget; ≈ 24 jobs in 1 of 3 rounds",
                "≈ 1:35 min, reading 24 s; 3.0k tokens in, 1.2k out"
            ]
        );
        let told = lines(&forecast());
        assert_eq!(told[1], "  jobs     ≈ 24 in 1 of at most 3 rounds: the median of 2 sessions with gpt (openai)");
        assert_eq!(
            told[2],
            "  reading  ≈ 7.2k tokens, 24 s at 300 tokens a second, measured in 1 session of llama (ollama)"
        );
        assert!(told[3].ends_with("a guess, until gpt (openai) has answered here"), "{}", told[3]);
        let unknown = Forecast { tokens_per_second: None, local_seconds: None, seconds: None, usd: None, ..forecast() };
        assert_eq!(short(&unknown)[1], "time not known; 3.0k tokens in, 1.2k out");
        assert!(lines(&unknown)[2].contains("has not read here yet"));
        assert_eq!(
            lines(&unknown)[4..],
            ["  cost     a cost that is not known: no price of gpt (openai) is known", "  time     time not known"]
        );
        assert_eq!(
            became(&forecast(), 30, 28.4, &paid(0.014)),
            "expected ≈ 24 jobs, 1:35 min, $0.0123; became 30 jobs, 28 s, $0.0140"
        );
    }

    #[test]
    fn a_bound_of_jobs_is_told_for_what_it_holds() {
        let bound = Forecast { jobs: 48, jobs_a_round: 24, jobs_at_most: true, rounds: 2, ..forecast() };
        assert!(short(&bound)[0].ends_with("; up to 24 jobs a round in 2 of 3 rounds"), "{:?}", short(&bound));
        assert!(lines(&bound)[1].starts_with("  jobs     up to 24 a round in 2 of at most 3 rounds: "));
        assert!(became(&bound, 30, 28.4, &paid(0.0)).starts_with("expected up to 24 jobs a round, "));
        let once = Forecast { rounds: 1, max_rounds: 1, jobs: 1, jobs_a_round: 1, ..bound };
        assert!(short(&once)[0].ends_with("; up to 1 job"), "{:?}", short(&once));
        assert!(became(&once, 2, 1.0, &paid(0.0)).starts_with("expected up to 1 job, "));
    }

    #[test]
    fn the_form_asks_for_what_is_typed_and_shows_no_forecast_of_before() {
        let mut model = World::new().model(80, 24);
        press(&mut model, "a");
        paste(&mut model, "Who");
        let asked = press(&mut model, "?");
        let [Command::Forecast { number, question, config, .. }] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!((question.as_str(), config.protocol.samples), ("Who?", 1));
        let first = *number;
        assert!(press(&mut model, "tab tab tab tab").is_empty(), "nothing changed");
        let asked = press(&mut model, "ctrl-u 2");
        let Some(Command::Forecast { number, config, .. }) = asked.last() else { panic!("{asked:?}") };
        assert_eq!(config.protocol.samples, 2);
        update(&mut model, Message::Forecast { number: first, forecast: Ok(Box::new(forecast())) });
        assert_eq!(model.expected_of_form()[0], "", "that was of another lever");
        update(&mut model, Message::Forecast { number: *number, forecast: Ok(Box::new(forecast())) });
        assert!(model.expected_of_form()[0].contains("≈ 24 jobs"));
        let number = *number;
        assert!(press(&mut model, "x").is_empty(), "no number");
        update(&mut model, Message::Forecast { number, forecast: Ok(Box::new(forecast())) });
        assert_eq!(model.expected_of_form()[0], "", "it comes too late");
        // Opened again, the form asks anew: the selection or a setting may be another.
        press(&mut model, "backspace");
        assert!(matches!(&press(&mut model, "esc a")[..], [.., Command::Forecast { .. }]));
    }
}
