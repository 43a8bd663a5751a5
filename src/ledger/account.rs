//! What the session cost: tokens, dollars and time, by call and in all, and what asking without a local LM would have cost.

use super::jobs::{JobCount, Standing};
use super::rounds::{self, RoundTotals};
use crate::protocol::{
    AskId, DocumentTokens, Fact, ModelInfo, Models, ModelsInForce, Price, Purpose, RemoteAnswer, RemoteAsk,
    RemoteFailure, Scope, Tally, Usage, estimate_tokens,
};

/// A fold over facts. Every figure is a sum over the facts applied so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    calls: Vec<Call>,
    rounds: Vec<RoundTotals>,
    remote: RemoteTotals,
    local: LocalTotals,
    jobs: JobCount,
    budget_usd: Option<f64>,
    remote_price: Option<Price>,
    /// The price of a remote model; nothing where none plans, since then there is no remote-only to compare with.
    baseline_price: Option<Price>,
    local_price: Option<Price>,
    /// What the local LM's tokens cost that were read for at another price before.
    local_before: Option<f64>,
    local_tokens: Tokens,
    models: ModelsInForce,
    document_bytes: usize,
    question_bytes: usize,
    counted: Option<DocumentTokens>,
}

/// A request to the remote LM and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub ask: AskId,
    pub purpose: Purpose,
    /// Who was asked; nothing where the session does not say.
    pub model: Option<ModelInfo>,
    /// Which try at this purpose in its round, counted from 1.
    pub attempt: u32,
    /// The most it was expected to cost; nothing where the price is not known.
    pub worst_cost_usd: Option<f64>,
    /// How often sending it failed.
    pub failures: u32,
    pub state: CallState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CallState {
    /// Sent, with no reply on record.
    Pending,
    Answered {
        usage: Usage,
        cost_usd: Option<f64>,
        first_token_ms: u64,
        total_ms: u64,
    },
    GivenUp,
}

/// Tokens that a server counted, and tokens that we estimated: two sums that are never one figure unless asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    pub measured: Usage,
    pub estimated: Usage,
}

impl Tokens {
    pub(super) fn add(&mut self, usage: Usage) {
        if usage.estimated { self.estimated += usage } else { self.measured += usage }
    }

    /// Both together, marked as estimated if any part is.
    pub fn all(&self) -> Usage {
        let mut all = self.measured;
        all += self.estimated;
        all
    }
}

/// The remote LM's replies in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RemoteTotals {
    /// Replies that came: those whose tokens and dollars are summed here.
    pub calls: u64,
    /// Tries that failed.
    pub failures: u64,
    pub tokens: Tokens,
    /// Dollars of the calls whose price is known.
    priced_usd: f64,
    unpriced_calls: u64,
    /// Of those dollars, the ones of replies whose tokens the server did not count.
    pub estimated_usd: f64,
    /// The worst case of failed tries that may have been paid for.
    pub doubtful_usd: f64,
    pub total_ms: u64,
}

/// The local LM's jobs in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LocalTotals {
    /// Replies that came, those that were thrown away and tried again included.
    pub calls: u64,
    pub tokens: Tokens,
    /// The time of all jobs, one after the other.
    pub busy_ms: u64,
    pub retries: u64,
}

/// Everything the status line and the report say of cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    pub remote: RemoteTotals,
    pub local: LocalTotals,
    /// The jobs of all rounds by state.
    pub jobs: Tally,
    /// Nothing where the price of any call is not known.
    pub remote_cost_usd: Option<f64>,
    /// Nothing where the local LM has no price.
    pub local_cost_usd: Option<f64>,
    pub budget_usd: Option<f64>,
    pub baseline: Baseline,
}

/// What sending every document and the question to the same remote LM once would take, without the answer that it would
/// have given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    pub input_tokens: u64,
    /// Whether the tokens, and with them the cost, are an estimate: nothing counted them with the model's own tokenizer.
    pub estimated: bool,
    /// Nothing where the price is not known.
    pub cost_usd: Option<f64>,
    /// How many times what the session spent; nothing while it spent nothing.
    pub ratio: Option<f64>,
}

impl Ledger {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn apply(&mut self, fact: &Fact) {
        self.take(fact);
        // After what the fact says of models, so that a round has those it began with.
        rounds::apply(&mut self.rounds, &self.models.now, fact);
    }

    fn take(&mut self, fact: &Fact) {
        self.models.apply(fact);
        match fact {
            Fact::SessionOpened(opened) => {
                self.local_before = Some(0.0);
                self.take_prices();
                self.budget_usd = opened.settings.budget_usd;
                self.document_bytes = match opened.settings.part {
                    Some(part) => part.span.len(),
                    None => opened.documents.iter().map(|document| document.bytes).sum(),
                };
                self.question_bytes = opened.question.len();
            }
            Fact::RoundBegan { .. } => {
                // A model that has read nothing has cost nothing, whatever its price.
                if self.local_tokens != Tokens::default() {
                    self.local_before = self.local_cost_usd();
                    self.local_tokens = Tokens::default();
                }
                self.take_prices();
            }
            Fact::RemoteAsked(request) => self.asked(request),
            Fact::RemoteAnswered(answer) => self.answered(answer),
            Fact::RemoteFailed(failure) => self.failed(failure),
            Fact::BudgetRaised { scope: Scope::Session, to_usd, once: false } => self.budget_usd = Some(*to_usd),
            Fact::JobsPlanned(planned) => self.jobs.plan(planned.round, planned.jobs.len()),
            Fact::JobStarted { job, .. } => self.jobs.stand(*job, Standing::Running),
            Fact::JobRetried { job, usage, .. } => {
                self.local.calls += 1;
                self.local.retries += 1;
                self.local.tokens.add(*usage);
                self.local_tokens.add(*usage);
                self.jobs.stand(*job, Standing::Waiting);
            }
            Fact::JobReopened { job, .. } => self.jobs.reopen(*job),
            Fact::JobFinished { job, outcome, usage, ms, .. } => {
                self.local.calls += u64::from(outcome.replied());
                self.local.tokens.add(*usage);
                self.local_tokens.add(*usage);
                self.local.busy_ms += ms;
                self.jobs.stand(*job, Standing::of(outcome));
            }
            Fact::DocumentsCounted(tokens) => self.counted = Some(tokens.clone()),
            Fact::SessionEnded { .. } => self.jobs.cancel_open(),
            _ => {}
        }
    }

    /// The requests to the remote LM, in the order they were made.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What each round cost so far, in order.
    pub fn rounds(&self) -> &[RoundTotals] {
        &self.rounds
    }

    /// The prices that calls are reckoned with now: of the remote and of the local LM.
    pub fn prices(&self) -> (Option<Price>, Option<Price>) {
        (self.remote_price, self.local_price)
    }

    pub fn totals(&self) -> Totals {
        let baseline = self.baseline();
        Totals {
            remote: self.remote,
            local: self.local,
            jobs: self.jobs.tally(),
            remote_cost_usd: self.remote_cost_usd(),
            local_cost_usd: self.local_cost_usd(),
            budget_usd: self.budget_usd,
            baseline,
        }
    }

    /// Dollars of every reply that came. Nothing where the price of any of them is not known: part of a sum is no sum.
    pub fn remote_cost_usd(&self) -> Option<f64> {
        let known = self.remote.unpriced_calls == 0 && (self.remote.calls > 0 || self.remote_price.is_some());
        known.then_some(self.remote.priced_usd)
    }

    pub fn baseline(&self) -> Baseline {
        let (input_tokens, estimated) = match &self.counted {
            Some(tokens) => (tokens.documents.iter().sum::<u64>() + tokens.question, !tokens.counted),
            None => (estimate_tokens(self.document_bytes) + estimate_tokens(self.question_bytes), true),
        };
        let usage = Usage { input_tokens, estimated, ..Usage::default() };
        let cost_usd = self.baseline_price.map(|price| price.cost(&usage));
        let ratio = match (cost_usd, self.remote_cost_usd()) {
            (Some(baseline), Some(spent)) if spent > 0.0 => Some(baseline / spent),
            _ => None,
        };
        Baseline { input_tokens, estimated, cost_usd, ratio }
    }

    fn take_prices(&mut self) {
        let Models { remote, local } = &self.models.now;
        self.remote_price = remote.as_ref().and_then(|remote| remote.price);
        self.baseline_price = self.remote_price.filter(|_| remote.as_ref().is_some_and(|remote| remote.is_model));
        self.local_price = local.as_ref().and_then(|local| local.price);
    }

    /// Each token at the price of the model that read it; nothing where one that read has none.
    fn local_cost_usd(&self) -> Option<f64> {
        let now = match (self.local_price, self.local_tokens == Tokens::default()) {
            (Some(price), _) => price.cost(&self.local_tokens.all()),
            // One that has not read anything yet has cost nothing, which counts where another did before.
            (None, true) if self.local_before.is_some_and(|before| before > 0.0) => 0.0,
            (None, _) => return None,
        };
        self.local_before.map(|before| before + now)
    }

    fn asked(&mut self, request: &RemoteAsk) {
        self.calls.push(Call {
            ask: request.ask,
            purpose: request.purpose,
            model: self.models.now.remote.clone(),
            attempt: request.attempt,
            worst_cost_usd: request.estimate.worst_cost_usd,
            failures: 0,
            state: CallState::Pending,
        });
    }

    fn answered(&mut self, answer: &RemoteAnswer) {
        self.remote.calls += 1;
        self.remote.tokens.add(answer.usage);
        self.remote.total_ms += answer.total_ms;
        match answer.cost_usd {
            Some(cost) => {
                self.remote.priced_usd += cost;
                self.remote.estimated_usd += if answer.usage.estimated { cost } else { 0.0 };
            }
            None => self.remote.unpriced_calls += 1,
        }
        if let Some(call) = self.call_mut(answer.ask) {
            call.state = CallState::Answered {
                usage: answer.usage,
                cost_usd: answer.cost_usd,
                first_token_ms: answer.first_token_ms,
                total_ms: answer.total_ms,
            };
        }
    }

    fn failed(&mut self, failure: &RemoteFailure) {
        self.remote.failures += 1;
        let Some(call) = self.call_mut(failure.ask) else { return };
        call.failures += 1;
        if failure.retry_in_ms.is_none() {
            call.state = CallState::GivenUp;
        }
        let worst = call.worst_cost_usd.unwrap_or(0.0);
        if failure.may_cost() {
            self.remote.doubtful_usd += worst;
        }
    }

    fn call_mut(&mut self, ask: AskId) -> Option<&mut Call> {
        self.calls.iter_mut().rev().find(|call| call.ask == ask)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::document::{Document, Span};
    use crate::protocol::{
        Chunk, Ending, Estimate, Finish, Flaw, JobId, JobOutput, Outcome, PlannedJob, PlannedJobs, ReplyFormat,
        SessionOpened, Settings, State,
    };

    const PRICE: Price = Price { input: 2.0, cached_input: 0.5, cache_write: None, output: 8.0, long: None };

    fn model(price: Option<Price>) -> ModelInfo {
        ModelInfo { provider: "openai".into(), model: "m".into(), is_model: true, price }
    }

    fn chosen_models(remote: Option<Option<Price>>, local: Option<Option<Price>>) -> Fact {
        Fact::ModelsChosen(Models { remote: remote.map(model), local: local.map(model) })
    }

    fn opened(price: Option<Price>) -> Fact {
        Fact::SessionOpened(Box::new(SessionOpened {
            question: "What was the revenue?".into(),
            settings: Settings { budget_usd: Some(1.0), ..Settings::default() },
            documents: vec![Document::from_text("d", "x".repeat(4000)).reference()],
            remote: model(price),
            local: model(None),
            prompts: "1".into(),
            program: "0".into(),
            clock_ms: None,
            embedding: None,
            parent: None,
        }))
    }

    fn usage() -> impl Strategy<Value = Usage> {
        (0u64..5000, 0u64..100, 0u64..900, 0u64..50, any::<bool>()).prop_map(
            |(input, cached, output, thought, estimated)| Usage {
                input_tokens: input + cached,
                cached_input_tokens: cached,
                output_tokens: output + thought,
                reasoning_tokens: thought,
                estimated,
                ..Usage::default()
            },
        )
    }

    fn outcome() -> impl Strategy<Value = Outcome> {
        prop_oneof![
            Just(Outcome::Answered { output: JobOutput::default(), located: None }),
            Just(Outcome::Abstained { output: JobOutput::default() }),
            Just(Outcome::Malformed { error: "e".into(), raw: "r".into() }),
            Just(Outcome::Truncated { raw: "r".into() }),
            Just(Outcome::Failed { error: "e".into() }),
            Just(Outcome::Cancelled),
        ]
    }

    fn asked(n: u32) -> Fact {
        Fact::RemoteAsked(RemoteAsk {
            ask: AskId { round: 1, n },
            purpose: Purpose::Decide,
            attempt: 1,
            messages: Vec::new(),
            format: ReplyFormat::Json,
            max_output_tokens: 100,
            estimate: Estimate { input_tokens: 10, counted: false, worst_cost_usd: Some(0.25) },
        })
    }

    fn answered(n: u32, usage: Usage, cost_usd: Option<f64>) -> Fact {
        Fact::RemoteAnswered(RemoteAnswer {
            ask: AskId { round: 1, n },
            text: String::new(),
            finish: Finish::Stop,
            usage,
            cost_usd,
            first_token_ms: 3,
            total_ms: 7,
        })
    }

    /// One round of calls and jobs as the protocol would record it; the last jobs may never finish.
    fn session() -> impl Strategy<Value = Vec<Fact>> {
        let calls = prop::collection::vec(usage(), 1..8);
        let jobs =
            prop::collection::vec((usage(), outcome(), prop::option::of(usage()), any::<bool>(), 0u64..90), 1..20);
        let price = || prop::option::of(Just(PRICE));
        let chosen = (price(), price(), any::<prop::sample::Index>());
        (calls, jobs, chosen, any::<bool>()).prop_map(|(calls, jobs, (remote, local, at), ended)| {
            let mut facts = vec![opened(Some(PRICE)), Fact::RoundBegan { round: 1, last: false }];
            for (n, usage) in calls.into_iter().enumerate() {
                facts.push(asked(n as u32 + 1));
                facts.push(answered(n as u32 + 1, usage, Some(PRICE.cost(&usage))));
            }
            facts.push(Fact::JobsPlanned(PlannedJobs {
                round: 1,
                chunks: vec![Chunk::Span(Span::new(0, 0, 9))],
                tasks: vec!["t".into()],
                advices: vec![String::new()],
                jobs: vec![PlannedJob { chunk: 0, task: 0, advice: 0, sample: 0 }; jobs.len()],
            }));
            for (index, (usage, outcome, retried, finishes, ms)) in jobs.into_iter().enumerate() {
                let job = JobId { round: 1, index: index as u32 };
                facts.push(Fact::JobStarted { job, attempt: 1 });
                if let Some(usage) = retried {
                    facts.push(Fact::JobRetried { job, flaw: Flaw::Truncated, raw: String::new(), usage });
                }
                if finishes {
                    facts.push(Fact::JobFinished { job, outcome: outcome.clone(), raw: None, usage, ms });
                }
                if finishes && outcome.is_trouble() {
                    facts.push(Fact::JobReopened { job, attempt: 2 });
                    facts.push(Fact::JobFinished { job, outcome: Outcome::Cancelled, raw: None, usage, ms });
                }
            }
            facts.insert(2 + at.index(facts.len() - 1), chosen_models(Some(remote), Some(local)));
            facts.push(Fact::RoundBegan { round: 2, last: true });
            if ended {
                facts.push(Fact::SessionEnded { ending: Ending::Cancelled });
            }
            facts
        })
    }

    proptest! {
        #[test]
        fn totals_are_the_sums_over_the_facts_at_every_point(facts in session()) {
            let (mut ledger, mut state) = (Ledger::new(), State::default());
            let (mut remote, mut local) = (Tokens::default(), Tokens::default());
            let (mut calls, mut cost, mut busy) = (0, 0.0, 0);
            for fact in &facts {
                ledger.apply(fact);
                state.apply(fact);
                match fact {
                    Fact::RemoteAnswered(answer) => {
                        calls += 1;
                        cost += answer.cost_usd.unwrap();
                        if answer.usage.estimated { remote.estimated += answer.usage } else { remote.measured += answer.usage }
                    }
                    Fact::JobRetried { usage, .. } | Fact::JobFinished { usage, .. } => {
                        if usage.estimated { local.estimated += *usage } else { local.measured += *usage }
                        if let Fact::JobFinished { ms, .. } = fact { busy += ms }
                    }
                    _ => {}
                }
                let totals = ledger.totals();
                prop_assert_eq!(totals.remote.calls, calls);
                prop_assert_eq!(totals.remote.tokens, remote);
                prop_assert_eq!(totals.remote_cost_usd, Some(cost).filter(|_| state.opened.is_some()));
                prop_assert_eq!(totals.local.tokens, local);
                prop_assert_eq!(totals.local.busy_ms, busy);
                let mut tally = Tally::default();
                state.rounds.iter().for_each(|round| tally += round.tally());
                prop_assert_eq!(totals.jobs, tally);
                let of_rounds = |sum: fn(&RoundTotals) -> u64| ledger.rounds().iter().map(sum).sum::<u64>();
                prop_assert_eq!(of_rounds(|round| round.remote.calls), totals.remote.calls);
                prop_assert_eq!(of_rounds(|round| round.local.calls), totals.local.calls);
                let input = |round: &RoundTotals| round.remote.tokens.all().input_tokens;
                prop_assert_eq!(of_rounds(input), totals.remote.tokens.all().input_tokens);
            }
            prop_assert_eq!(ledger.totals().local.tokens.all().input_tokens,
                state.rounds[0].jobs.iter().map(|job| job.usage.input_tokens).sum::<u64>());
        }
    }

    #[test]
    fn measured_and_estimated_tokens_are_two_sums() {
        let measured = Usage { input_tokens: 100, output_tokens: 10, ..Usage::default() };
        let estimated = Usage { input_tokens: 7, estimated: true, ..Usage::default() };
        let mut ledger = Ledger::new();
        for fact in [
            opened(Some(PRICE)),
            asked(1),
            answered(1, measured, Some(0.1)),
            asked(2),
            answered(2, estimated, Some(0.2)),
        ] {
            ledger.apply(&fact);
        }
        let tokens = ledger.totals().remote.tokens;
        assert_eq!((tokens.measured, tokens.estimated), (measured, estimated));
        assert!(tokens.all().estimated);
        assert_eq!((ledger.remote_cost_usd(), ledger.totals().remote.estimated_usd), (Some(0.1 + 0.2), 0.2));
        assert_eq!(tokens.all().input_tokens, 107);
        assert_eq!(ledger.calls().len(), 2);
        assert!(matches!(ledger.calls()[1].state, CallState::Answered { first_token_ms: 3, total_ms: 7, .. }));
    }

    #[test]
    fn a_cost_that_is_not_known_is_nothing_and_not_zero() {
        let mut ledger = Ledger::new();
        for fact in [opened(None), asked(1), answered(1, Usage::default(), None)] {
            assert_eq!(ledger.remote_cost_usd(), None);
            ledger.apply(&fact);
        }
        assert_eq!(ledger.remote_cost_usd(), None);
        assert_eq!((ledger.baseline().cost_usd, ledger.baseline().ratio), (None, None));
        assert_eq!(ledger.totals().local_cost_usd, None);
    }

    #[test]
    fn what_was_read_is_paid_at_the_price_of_its_round() {
        let (priced, free) = (Some(PRICE), Some(Price::flat(0.0, 0.0)));
        let usage = Usage { input_tokens: 1_000_000, ..Usage::default() };
        let job = |round| {
            let job = JobId { round, index: 0 };
            let outcome = Outcome::Abstained { output: JobOutput::default() };
            Fact::JobFinished { job, outcome, raw: None, usage, ms: 1 }
        };
        // The price of each round, whether it read, and what all of them came to.
        for (rounds, cost_usd) in [
            (vec![(priced, true), (priced, true)], Some(4.0)),
            (vec![(priced, true), (None, false)], Some(2.0)),
            (vec![(priced, true), (None, true)], None),
            (vec![(priced, true), (None, false), (priced, true)], Some(4.0)),
            (vec![(priced, true), (None, true), (priced, true)], None),
            (vec![(None, false), (priced, true)], Some(2.0)),
            (vec![(None, true), (priced, true)], None),
            (vec![(free, true), (priced, true)], Some(2.0)),
            (vec![(priced, true), (free, true)], Some(2.0)),
        ] {
            let mut ledger = Ledger::new();
            ledger.apply(&opened(priced));
            for (round, (price, reads)) in (1..).zip(&rounds) {
                ledger.apply(&chosen_models(None, Some(*price)));
                ledger.apply(&Fact::RoundBegan { round, last: false });
                if *reads {
                    ledger.apply(&job(round));
                }
            }
            assert_eq!(ledger.totals().local_cost_usd, cost_usd, "{rounds:?}");
        }
    }

    #[test]
    fn replies_and_the_baseline_are_priced_by_the_model_that_plans() {
        let usage = Usage { input_tokens: 1_000_000, ..Usage::default() };
        let twice = Price { input: 2.0 * PRICE.input, ..PRICE };
        for (prices, cost_usd, baseline) in [
            ([Some(PRICE), Some(twice)], Some(6.0), Some(twice)),
            ([Some(PRICE), None], None, None),
            ([None, Some(PRICE)], None, Some(PRICE)),
            ([Some(Price::flat(0.0, 0.0)), Some(PRICE)], Some(2.0), Some(PRICE)),
        ] {
            let mut ledger = Ledger::new();
            ledger.apply(&opened(prices[0]));
            for (round, price) in (1u32..).zip(prices) {
                ledger.apply(&chosen_models(Some(price), None));
                assert_eq!(
                    ledger.prices().0,
                    prices[round.saturating_sub(2) as usize],
                    "the model of the round before"
                );
                ledger.apply(&Fact::RoundBegan { round, last: false });
                ledger.apply(&asked(round));
                ledger.apply(&answered(round, usage, price.map(|price| price.cost(&usage))));
                assert_eq!(ledger.calls()[round as usize - 1].model, Some(model(price)));
            }
            assert_eq!(ledger.remote_cost_usd(), cost_usd, "{prices:?}");
            let whole = Usage { input_tokens: 1006, ..Usage::default() };
            assert_eq!(ledger.baseline().cost_usd, baseline.map(|price| price.cost(&whole)), "{prices:?}");
        }
    }

    #[test]
    fn a_lost_reply_keeps_its_worst_case_in_doubt() {
        let mut ledger = Ledger::new();
        let failure = |partial: &str, retry_in_ms| {
            let ask = AskId { round: 1, n: 1 };
            Fact::RemoteFailed(RemoteFailure {
                ask,
                attempt: 1,
                error: "cut".into(),
                retry_in_ms,
                partial: partial.into(),
                lost: false,
            })
        };
        for fact in [opened(Some(PRICE)), asked(1), failure("", Some(10)), failure("half an ans", None)] {
            ledger.apply(&fact);
        }
        let totals = ledger.totals();
        assert_eq!((totals.remote.failures, totals.remote.doubtful_usd, totals.remote.calls), (2, 0.25, 0));
        assert_eq!((ledger.calls()[0].failures, &ledger.calls()[0].state), (2, &CallState::GivenUp));
    }

    #[test]
    fn the_baseline_is_every_document_and_the_question_sent_once() {
        let mut ledger = Ledger::new();
        let spent = Some(0.000_5);
        for fact in [opened(Some(PRICE)), asked(1), answered(1, Usage::default(), spent)] {
            ledger.apply(&fact);
        }
        let baseline = ledger.baseline();
        assert_eq!((baseline.input_tokens, baseline.estimated), (1000 + 6, true));
        let cost = 1006.0 * 2.0 / 1e6;
        assert!((baseline.cost_usd.unwrap() - cost).abs() < 1e-12);
        assert!((baseline.ratio.unwrap() - cost / 0.000_5).abs() < 1e-9);
        for counted in [true, false] {
            let (tokenizer, documents) = ("o200k_base".to_owned(), vec![500, 20]);
            ledger.apply(&Fact::DocumentsCounted(DocumentTokens { tokenizer, counted, question: 5, documents }));
            let baseline = ledger.baseline();
            assert_eq!((baseline.input_tokens, baseline.estimated), (525, !counted));
            assert!((baseline.cost_usd.unwrap() - 525.0 * 2.0 / 1e6).abs() < 1e-12);
        }
    }
}
