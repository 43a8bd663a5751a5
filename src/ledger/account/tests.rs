//! What sums are promised, whatever happens in a session.

use proptest::prelude::*;

use super::*;
use crate::document::{Document, Span};
use crate::protocol::{
    Chunk, Counted, Ending, Estimate, Finish, Flaw, JobId, JobOutput, Outcome, PlannedJob, PlannedJobs, ReplyFormat,
    Resumed, SessionOpened, Settings, State,
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
        estimate: Estimate { input_tokens: 10, worst_cost_usd: Some(0.25), ..Estimate::default() },
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
    let jobs = prop::collection::vec((usage(), outcome(), prop::option::of(usage()), any::<bool>(), 0u64..90), 1..20);
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
    for fact in
        [opened(Some(PRICE)), asked(1), answered(1, measured, Some(0.1)), asked(2), answered(2, estimated, Some(0.2))]
    {
        ledger.apply(&fact);
    }
    let tokens = ledger.totals().remote.tokens;
    assert_eq!((tokens.measured, tokens.estimated), (measured, estimated));
    assert!(tokens.all().estimated);
    assert_eq!((ledger.remote_cost_usd(), ledger.totals().paid.planner.estimated_usd), (Some(0.1 + 0.2), 0.2));
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
            assert_eq!(ledger.prices().0, prices[round.saturating_sub(2) as usize], "the model of the round before");
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
            counted: None,
        })
    };
    for fact in [opened(Some(PRICE)), asked(1), failure("", Some(10)), failure("half an ans", None)] {
        ledger.apply(&fact);
    }
    let totals = ledger.totals();
    assert_eq!((totals.remote.failures, totals.paid.planner.lost_usd, totals.remote.calls), (2, 0.25, 0));
    assert_eq!((ledger.calls()[0].failures, &ledger.calls()[0].state), (2, &CallState::GivenUp));
}

#[test]
fn a_reply_of_no_use_that_the_server_counted_costs_what_it_counted() {
    let ask = AskId { round: 1, n: 1 };
    let usage = Usage { input_tokens: 1000, output_tokens: 10, ..Usage::default() };
    let failure = |cost_usd| {
        Fact::RemoteFailed(RemoteFailure {
            ask,
            attempt: 1,
            error: "no text".into(),
            retry_in_ms: Some(5),
            partial: String::new(),
            lost: true,
            counted: Some(Counted { usage, cost_usd }),
        })
    };
    for (counted, spent) in [(Some(0.25), Some(0.75)), (None, None)] {
        let mut ledger = Ledger::new();
        let began = Fact::RoundBegan { round: 1, last: false };
        for fact in [opened(Some(PRICE)), began, asked(1), failure(counted), answered(1, usage, Some(0.5))] {
            ledger.apply(&fact);
        }
        let totals = ledger.totals();
        assert_eq!((totals.remote_cost_usd, totals.paid.planner.lost_usd, totals.remote.calls), (spent, 0.0, 1));
        assert_eq!(totals.remote.tokens.measured.input_tokens, 2000);
        let (call, round) = (&ledger.calls()[0], &ledger.rounds()[0]);
        assert_eq!((call.useless.measured, call.failed.usd(), call.paid.lost_usd), (usage, counted, 0.0));
        assert_eq!((call.replies, call.paid.usd(), totals.remote.replies), (2, spent, 2));
        assert_eq!(
            (round.remote.calls, round.remote.paid.usd(), round.remote.tokens),
            (1, spent, totals.remote.tokens)
        );
    }
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
    assert!((baseline.ratio.unwrap().times - cost / 0.000_5).abs() < 1e-9);
    for counted in [true, false] {
        let (tokenizer, documents) = ("o200k_base".to_owned(), vec![500, 20]);
        ledger.apply(&Fact::DocumentsCounted(DocumentTokens { tokenizer, counted, question: 5, documents }));
        let baseline = ledger.baseline();
        assert_eq!((baseline.input_tokens, baseline.estimated), (525, !counted));
        assert!((baseline.cost_usd.unwrap() - 525.0 * 2.0 / 1e6).abs() < 1e-12);
    }
}

#[test]
fn counted_and_estimated_tokens_are_told_apart() {
    let usage =
        |input_tokens, output_tokens, estimated| Usage { input_tokens, output_tokens, estimated, ..Usage::default() };
    let of = |measured, estimated| Tokens { measured, estimated }.told();
    let none = Usage::default();
    assert_eq!(of(usage(10, 2, false), none), "10 tokens in, 2 out");
    assert_eq!(of(none, usage(7, 1, true)), "≈ 7 tokens in, 1 out");
    let both = of(Usage { cached_input_tokens: 4, ..usage(10, 2, false) }, usage(7, 1, true));
    assert_eq!(both, "10 tokens in (4 cached), 2 out, and ≈ 7 tokens in, 1 out not counted by the server");
}

#[test]
fn replies_of_the_reader_that_were_of_no_use_are_counted_and_paid_for() {
    let counted = Usage { input_tokens: 1_000_000, ..Usage::default() };
    let (first, other) = (JobId { round: 1, index: 0 }, JobId { round: 1, index: 1 });
    let finished = |job, outcome, usage| Fact::JobFinished { job, outcome, raw: None, usage, ms: 5 };
    let mut ledger = Ledger::new();
    for fact in [
        opened(Some(PRICE)),
        chosen_models(None, Some(Some(PRICE))),
        Fact::RoundBegan { round: 1, last: false },
        Fact::JobUseless { job: first, usage: counted },
        finished(first, Outcome::Abstained { output: JobOutput::default() }, counted),
        Fact::JobUseless { job: other, usage: counted },
        finished(other, Outcome::Failed { error: "refused".into() }, Usage::default()),
    ] {
        ledger.apply(&fact);
    }
    let (totals, round) = (ledger.totals(), &ledger.rounds()[0]);
    assert_eq!((totals.local.calls, totals.local.tokens.measured.input_tokens), (1, 3_000_000));
    assert_eq!((totals.local_cost_usd, round.local.paid.usd()), (Some(6.0), Some(6.0)));
    assert_eq!((totals.local.busy_ms, round.local.ms, round.local.tokens), (10, 10, totals.local.tokens));
}

#[test]
fn a_round_that_is_read_at_two_prices_costs_what_the_session_does() {
    let usage = Usage { input_tokens: 1_000_000, ..Usage::default() };
    let outcome = Outcome::Abstained { output: JobOutput::default() };
    let job =
        |index| Fact::JobFinished { job: JobId { round: 1, index }, outcome: outcome.clone(), raw: None, usage, ms: 1 };
    let models = Models { remote: None, local: Some(model(Some(Price::flat(1.0, 1.0)))) };
    let mut ledger = Ledger::new();
    for fact in [
        opened(Some(PRICE)),
        chosen_models(None, Some(Some(PRICE))),
        Fact::RoundBegan { round: 1, last: false },
        job(0),
        Fact::SessionResumed(Resumed { program: "p".into(), models, embedding: None }),
        job(1),
    ] {
        ledger.apply(&fact);
    }
    assert_eq!((ledger.totals().local_cost_usd, ledger.rounds()[0].local.paid.usd()), (Some(3.0), Some(3.0)));
}

#[test]
fn remote_only_is_held_against_all_that_was_paid_and_may_have_been() {
    let usage = Usage { input_tokens: 10, ..Usage::default() };
    let read = Usage { input_tokens: 1_000_000, ..Usage::default() };
    let mut ledger = Ledger::new();
    for fact in [
        opened(Some(PRICE)),
        chosen_models(None, Some(Some(PRICE))),
        Fact::RoundBegan { round: 1, last: false },
        asked(1),
        answered(1, usage, Some(0.000_5)),
        Fact::JobFinished {
            job: JobId { round: 1, index: 0 },
            outcome: Outcome::Abstained { output: JobOutput::default() },
            raw: None,
            usage: read,
            ms: 1,
        },
        asked(2),
    ] {
        ledger.apply(&fact);
    }
    let ratio = ledger.baseline().ratio.unwrap();
    assert!((ratio.times - 1006.0 * 2.0 / 1e6 / 2.000_5).abs() < 1e-9 && !ratio.at_most, "{ratio:?}");
    assert_eq!((ledger.left().planner.lost_usd, ledger.totals().paid.planner.lost_usd), (0.25, 0.0));
    let ask = AskId { round: 1, n: 2 };
    ledger.apply(&Fact::RemoteInterrupted(Interrupted {
        ask,
        purpose: Purpose::Decide,
        attempt: 1,
        worst_usd: Some(0.25),
    }));
    assert!(ledger.baseline().ratio.unwrap().at_most);
    assert_eq!((ledger.left().planner.lost_usd, ledger.rounds()[0].remote.paid.lost_usd), (0.25, 0.25));
}
