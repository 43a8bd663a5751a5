use super::*;
use crate::protocol::Means;

fn outlook(protocol: ProtocolKind, plans_with_model: bool) -> Outlook {
    Outlook {
        local_price: None,
        settings: Settings { protocol, ..Settings::default() },
        remote: "planner".into(),
        local: "reader".into(),
        plans_with_model,
        price: Some(Price::flat(10.0, 10.0)),
        characters: 100_000,
        whole_tokens: 25_000,
        windows: 5,
        division: Division { chunk_chars: 500, topics: 2, read: 8, retrieves: true, keep: 10_000 },
        prompts: Prompts { advise: 500, decompose: 1500, think: 500, decide: 700, message: 600, answer: 300 },
        job_prompt: 100,
    }
}

fn past(jobs: u64, rounds: u32) -> Precedent {
    Precedent {
        protocol: ProtocolKind::Minions,
        remote: "planner".into(),
        local: "reader".into(),
        characters: 100_000,
        samples: 1,
        rounds,
        jobs,
        local_tokens: jobs * 300,
        local_output_tokens: jobs * 50,
        reading_ms: jobs * 100,
        calls: u64::from(rounds) * 4,
        input_tokens: u64::from(rounds) * 4000,
        output_tokens: u64::from(rounds) * 1000,
        asking_ms: u64::from(rounds) * 4 * 2500,
        other_ms: u64::from(rounds) * 500,
        of_eval: false,
    }
}

#[test]
fn what_has_no_planner_or_no_reader_is_known_from_the_documents() {
    let local = forecast(&outlook(ProtocolKind::LocalOnly, true), &[]);
    // Five windows, and once more their answers.
    assert_eq!((local.jobs, local.jobs_basis, local.calls, local.usd), (6, Basis::Known, 0, Some(0.0)));
    assert_eq!([0, 1, 2, 16, 17, 300].map(merges), [0, 0, 1, 1, 3, 22]);
    assert_eq!((local.bad_case_usd, local.local_seconds), (Some(0.0), None), "nobody timed the reader");
    let remote = forecast(&outlook(ProtocolKind::RemoteOnly, true), &[]);
    assert_eq!((remote.jobs, remote.calls, remote.input_tokens, remote.local_seconds), (0, 1, 25_000, Some(0.0)));
    let usd = (25_000.0 + SAID as f64) * 10.0 / 1e6;
    assert!((remote.usd.unwrap() - usd).abs() < 1e-9);
    assert!(remote.bad_case_usd.unwrap() > usd);
}

#[test]
fn without_a_model_the_offline_planners_program_tells_the_jobs() {
    let mut outlook = outlook(ProtocolKind::Minions, false);
    let told = forecast(&outlook, &[]);
    assert_eq!((told.jobs, told.jobs_basis, told.usd), (16, Basis::OfflinePlanner, Some(0.0)));
    assert!(told.jobs_at_most);
    outlook.settings.samples = 3;
    outlook.division.retrieves = false;
    let told = forecast(&outlook, &[]);
    assert_eq!((told.jobs, told.jobs_at_most), (2 * 200 * 3, false));
    outlook.settings.max_jobs = 100;
    assert_eq!(forecast(&outlook, &[]).jobs, 100);
    // A model that plans in its place may plan more.
    let told = forecast(&Outlook { plans_with_model: true, ..outlook }, &[]);
    assert_eq!((told.jobs_basis, told.jobs_at_most), (Basis::OfflinePlanner, false));
}

#[test]
fn sessions_of_evals_count_where_there_are_no_others() {
    let outlook = outlook(ProtocolKind::Minions, true);
    let eval = || Precedent { of_eval: true, ..past(90, 1) };
    let told = forecast(&outlook, &[eval(), eval()]);
    assert_eq!((told.jobs, told.jobs_basis), (90, Basis::Past { sessions: 2 }));
    let told = forecast(&outlook, &[eval(), past(20, 1), eval()]);
    assert_eq!((told.jobs, told.jobs_basis, told.timed_by), (20, Basis::Past { sessions: 1 }, 1));
    // One's own with another planner say nothing of this one.
    let other = Precedent { remote: "another".into(), ..past(20, 1) };
    let told = forecast(&outlook, &[eval(), other]);
    assert_eq!((told.jobs, told.jobs_basis, told.timed_by), (90, Basis::Past { sessions: 1 }, 1));
}

#[test]
fn the_levers_go_before_past_sessions_and_these_before_the_stand_in() {
    let mut outlook = outlook(ProtocolKind::Minions, true);
    assert_eq!(forecast(&outlook, &[]).jobs_basis, Basis::OfflinePlanner);
    let sessions = [past(20, 1), past(60, 1), past(30, 1)];
    let told = forecast(&outlook, &sessions);
    assert_eq!((told.jobs, told.jobs_basis), (30, Basis::Past { sessions: 3 }));
    // A document half as long has half as many.
    outlook.characters = 50_000;
    assert_eq!(forecast(&outlook, &sessions).jobs, 15);
    outlook.settings.chunk_chars = 1000;
    outlook.settings.tasks_per_round = 2;
    outlook.settings.samples = 2;
    let told = forecast(&outlook, &sessions);
    assert_eq!((told.jobs, told.jobs_basis), (50 * 2 * 2, Basis::Levers));
    outlook.settings.means = Means { retrieve_k: 10, overlap_chars: 500, ..Means::default() };
    assert_eq!(forecast(&outlook, &sessions).jobs, 10 * 2 * 2);
}

#[test]
fn time_and_tokens_come_from_sessions_with_the_same_models() {
    let outlook = outlook(ProtocolKind::Minions, true);
    let told = forecast(&outlook, &[past(20, 2), past(20, 2)]);
    assert_eq!((told.rounds, told.timed_by), (2, 2));
    // 300 tokens a job in 100 ms.
    assert!((told.tokens_per_second.unwrap() - 3000.0).abs() < 1e-9);
    assert_eq!((told.calls, told.input_tokens, told.output_tokens), (8, 8000, 2000));
    assert!((told.usd.unwrap() - 0.1).abs() < 1e-9);
    let local = told.local_tokens as f64 / 3000.0;
    assert!((told.seconds.unwrap() - (local + 8.0 * 2.5 + 2.0 * 0.5)).abs() < 1e-6);
    let other = Precedent { local: "another".into(), remote: "another".into(), ..past(20, 2) };
    let told = forecast(&outlook, &[other]);
    assert_eq!((told.tokens_per_second, told.seconds, told.remote_basis), (None, None, Basis::Guess));
}

#[test]
fn more_jobs_hand_on_more_and_the_prompts_stay() {
    let mut outlook = outlook(ProtocolKind::Minion, true);
    // Of 8,000 tokens, 600 and two rounds of 1,200 are prompts.
    let before = Precedent { protocol: ProtocolKind::Minion, input_tokens: 8000, ..past(10, 2) };
    let found = 8000 - 600 - 2 * 1200;
    let tokens = |outlook: &Outlook| forecast(outlook, std::slice::from_ref(&before)).input_tokens;
    assert_eq!(tokens(&outlook), 8000, "as many jobs a round as before");
    outlook.windows = 10;
    assert_eq!(tokens(&outlook), 8000 + found);
    outlook.windows = 5;
    outlook.settings.samples = 2;
    assert_eq!(tokens(&outlook), 8000 + found);
    outlook.settings.means.merge = Merge::Majority;
    assert_eq!(tokens(&outlook), 8000, "merged samples are handed on as one");
    outlook.settings = Settings { protocol: ProtocolKind::Minion, samples: 20, ..Settings::default() };
    assert_eq!(tokens(&outlook), 8000 - found + 2 * 2 * 10_000 / 4, "no more than a program hands on");
}

#[test]
fn a_bad_case_has_the_margin_of_what_is_reserved() {
    let mut outlook = outlook(ProtocolKind::Minion, true);
    let settings = &mut outlook.settings;
    (settings.budget_usd, settings.max_rounds, settings.decision_attempts) = (None, 1, 1);
    let (cap, found) = (settings.remote_max_output_tokens as f64, 5.0 * settings.local_max_output_tokens as f64);
    let inputs = 600.0 + (500.0 + found) + (700.0 + found + cap);
    let usd = (1.5 * inputs + 3.0 * cap) * 10.0 / 1e6;
    let told = forecast(&outlook, &[]).bad_case_usd.unwrap();
    assert!((told - usd).abs() < 1e-6, "{told} {usd}");
}

#[test]
fn the_whole_documents_go_once_in_a_bad_case_too() {
    let outlook = outlook(ProtocolKind::RemoteOnly, true);
    let cap = outlook.settings.remote_max_output_tokens as f64;
    let tries = f64::from(outlook.settings.decision_attempts);
    let told =
        forecast(&Outlook { settings: Settings { budget_usd: None, ..outlook.settings.clone() }, ..outlook }, &[]);
    let retries: f64 = (1..tries as u32).map(|before| 1.5 * (300.0 + f64::from(before) * cap) + cap).sum();
    // What is estimated is reckoned with half as much again.
    let usd = (1.5 * 25_000.0 + cap + retries) * 10.0 / 1e6;
    assert!((told.bad_case_usd.unwrap() - usd).abs() < 1e-9, "{told:?}");
}

#[test]
fn a_bad_case_has_every_round_and_the_budget_caps_it() {
    let mut outlook = outlook(ProtocolKind::Minions, true);
    let one = Outlook { settings: Settings { max_rounds: 1, ..outlook.settings.clone() }, ..outlook.clone() };
    let (all, one) = (forecast(&outlook, &[]), forecast(&one, &[]));
    assert!(all.bad_case_usd > one.bad_case_usd && one.bad_case_usd > one.usd, "{all:?} {one:?}");
    outlook.settings.budget_usd = Some(0.05);
    assert_eq!(forecast(&outlook, &[]).bad_case_usd, Some(0.05));
    outlook.price = None;
    let told = forecast(&outlook, &[]);
    assert_eq!((told.usd, told.bad_case_usd), (None, None), "a price that is not known is not guessed");
}
