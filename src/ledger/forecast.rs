//! What a run is expected to come to before it is paid for. Every figure is an estimate and says what it rests on.

use serde::Serialize;

use super::precedent::Precedent;
use crate::protocol::{
    Merge, Money, Paid, Price, ProtocolKind, READ_TOGETHER, Settings, TokenCount, Usage, remote_only_worst,
};

/// Tokens of one reader's reply, where none of its sessions is known: a guess.
const REPLY: u64 = 64;
/// Tokens of the planner's replies, where none of its sessions is known: guesses.
const PLAN: u64 = 900;
const SAID: u64 = 300;
/// The share of jobs whose output goes on, where no session is known: a guess.
const GOES_ON: f64 = 0.3;

/// What is known of a run before it begins.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    pub settings: Settings,
    /// Who plans and who reads, as their labels.
    pub remote: String,
    pub local: String,
    /// Whether a model plans. One that is none costs nothing.
    pub plans_with_model: bool,
    pub price: Option<Price>,
    /// Of the reader; nothing where it has none.
    pub local_price: Option<Price>,
    /// Of the documents, or of the part that is asked about.
    pub characters: u64,
    /// Of all that is sent where the documents are sent whole.
    pub whole_tokens: u64,
    /// By which the documents are read where the reader gets all of them; with how many tokens in all.
    pub windows: u64,
    /// How the offline planner's program would divide the work.
    pub division: Division,
    /// Tokens of each request without what was found.
    pub prompts: Prompts,
    /// Tokens of a job's request without its chunk.
    pub job_prompt: u64,
}

/// How the offline planner would divide the work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Division {
    pub chunk_chars: u64,
    pub topics: u64,
    /// Chunks read for each topic at most.
    pub read: u64,
    /// Whether chunks are picked before they are read.
    pub retrieves: bool,
    /// Characters sent on at most.
    pub keep: u64,
}

/// Tokens of each request without what jobs and rounds bring into it, by what it asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prompts {
    pub advise: u64,
    pub decompose: u64,
    pub think: u64,
    pub decide: u64,
    pub message: u64,
    /// Of remote-only, without the documents.
    pub answer: u64,
}

/// What a figure rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It follows from protocol and documents.
    Known,
    /// From the levers: as many as these allow.
    Levers,
    /// What the offline planner's program would do.
    OfflinePlanner,
    /// The median of so many past sessions with the same model.
    Past { sessions: usize },
    /// Nothing is known of this model yet.
    Guess,
}

/// What a run is expected to come to. Tokens are those of all rounds together, and each basis says what its figures rest on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Forecast {
    pub protocol: ProtocolKind,
    pub remote: String,
    pub local: String,
    pub rounds: u32,
    pub max_rounds: u32,
    /// Of as many rounds as are expected.
    pub jobs: u64,
    pub jobs_a_round: u64,
    /// Whether a round has no more than its number: chunks in which nothing of the question stands are left out, and fewer are
    /// likely.
    pub jobs_at_most: bool,
    pub jobs_basis: Basis,
    pub local_tokens: u64,
    /// Nothing where the reader has not been timed on this machine.
    pub local_seconds: Option<f64>,
    /// Tokens that the reader takes and writes in a second; nothing likewise.
    pub tokens_per_second: Option<f64>,
    /// Past sessions by which it was timed.
    pub timed_by: usize,
    pub calls: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub remote_basis: Basis,
    /// Nothing where the price is not known.
    pub usd: Option<f64>,
    /// Of the reader, where it is paid for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_usd: Option<f64>,
    /// With every round, every try and every reply at its cap; never more than the budget, which alone is a cap.
    pub bad_case_usd: Option<f64>,
    pub budget_usd: Option<f64>,
    /// Of reading, asking and all else together; nothing where reading or asking is not known.
    pub seconds: Option<f64>,
}

/// What is expected of the run. `past`: what other sessions came to, the newest first.
pub fn forecast(outlook: &Outlook, past: &[Precedent]) -> Forecast {
    let protocol = outlook.settings.protocol;
    let planned_so = own(past.iter().filter(|one| one.protocol == protocol && one.remote == outlook.remote));
    let read_so = own(past.iter().filter(|one| one.local == outlook.local && one.jobs > 0));
    let rounds = rounds(outlook, &planned_so);
    let (jobs_a_round, jobs_basis) = jobs(outlook, &planned_so);
    let jobs = jobs_a_round * u64::from(rounds);
    let (job_input, job_output) = job_tokens(outlook, &read_so);
    let local_tokens = jobs * (job_input + job_output);
    let read = Usage { input_tokens: job_input, output_tokens: job_output, ..Usage::default() };
    let local_usd = outlook.local_price.map(|price| price.cost(&read) * jobs as f64).filter(|usd| *usd > 0.0);
    let paces: Vec<f64> = read_so.iter().filter_map(|one| pace(one)).collect();
    let (timed_by, tokens_per_second) = (paces.len(), median(paces));
    let local_seconds = match local_tokens {
        0 => Some(0.0),
        tokens => tokens_per_second.map(|pace| tokens as f64 / pace),
    };
    let (calls, input_tokens, output_tokens, remote_basis) = asked(outlook, &planned_so, rounds, jobs_a_round);
    let usage = Usage { input_tokens, output_tokens, ..Usage::default() };
    let free = !outlook.plans_with_model || calls == 0;
    let usd = if free { Some(0.0) } else { outlook.price.map(|price| cost(&price, &usage, calls)) };
    let budget_usd = outlook.settings.budget_usd.filter(|_| !free);
    let bad_case_usd = if free { Some(0.0) } else { bad_case(outlook, jobs_a_round) };
    let bad_case_usd = bad_case_usd.map(|usd| budget_usd.map_or(usd, |budget| usd.min(budget)));
    let a_call: Vec<f64> = planned_so
        .iter()
        .filter(|one| one.calls > 0)
        .map(|one| one.asking_ms as f64 / one.calls as f64 / 1e3)
        .collect();
    let asking = if free { Some(0.0) } else { median(a_call).map(|seconds| seconds * calls as f64) };
    let a_round = |one: &&Precedent| one.other_ms as f64 / f64::from(one.rounds.max(1)) / 1e3;
    let other = median(planned_so.iter().map(a_round).collect()).unwrap_or(0.0) * f64::from(rounds);
    Forecast {
        protocol,
        remote: outlook.remote.clone(),
        local: outlook.local.clone(),
        rounds,
        max_rounds: most_rounds(outlook),
        jobs,
        jobs_a_round,
        jobs_at_most: match jobs_basis {
            Basis::Levers => true,
            // What a model plans in its place is no more than likely.
            Basis::OfflinePlanner => outlook.division.retrieves && !outlook.plans_with_model,
            Basis::Known | Basis::Past { .. } | Basis::Guess => false,
        },
        jobs_basis,
        local_tokens,
        local_seconds,
        tokens_per_second,
        timed_by,
        calls,
        input_tokens,
        output_tokens,
        remote_basis,
        usd,
        local_usd,
        bad_case_usd,
        budget_usd,
        seconds: local_seconds.zip(asking).map(|(local, asking)| local + asking + other),
    }
}

/// Those that no eval made; all of them where an eval made each.
fn own<'a>(past: impl Iterator<Item = &'a Precedent>) -> Vec<&'a Precedent> {
    let (of_evals, own): (Vec<_>, Vec<_>) = past.partition(|one| one.of_eval);
    if own.is_empty() { of_evals } else { own }
}

fn most_rounds(outlook: &Outlook) -> u32 {
    match outlook.settings.protocol {
        ProtocolKind::Minions | ProtocolKind::Minion => outlook.settings.max_rounds.max(1),
        ProtocolKind::RemoteOnly | ProtocolKind::LocalOnly => 1,
    }
}

fn rounds(outlook: &Outlook, past: &[&Precedent]) -> u32 {
    let usual = median(past.iter().map(|one| f64::from(one.rounds)).collect()).unwrap_or(1.0);
    (usual.round() as u32).clamp(1, most_rounds(outlook))
}

/// Jobs of one round.
fn jobs(outlook: &Outlook, past: &[&Precedent]) -> (u64, Basis) {
    let Outlook { settings, division, characters, .. } = outlook;
    let samples = u64::from(settings.samples.max(1));
    match settings.protocol {
        ProtocolKind::RemoteOnly => return (0, Basis::Known),
        ProtocolKind::Minion => return (outlook.windows * samples, Basis::Known),
        ProtocolKind::LocalOnly => {
            let reads = outlook.windows * samples;
            return (reads + merges(reads), Basis::Known);
        }
        ProtocolKind::Minions => {}
    }
    let chunks = |chars: u64| characters.div_ceil(chars.max(1)).max(1);
    let within = |jobs: u64| jobs.min(u64::from(settings.max_jobs));
    let by_program = || {
        let all = chunks(division.chunk_chars);
        let read = if division.retrieves { division.read.min(all) } else { all };
        within(division.topics.max(1) * read * samples)
    };
    if !outlook.plans_with_model {
        return (by_program(), Basis::OfflinePlanner);
    }
    if settings.chunk_chars > 0 {
        let overlap = settings.means.overlap_chars.min(settings.chunk_chars / 2);
        let all = chunks(u64::from(settings.chunk_chars - overlap));
        let read = match settings.means.retrieve_k {
            0 => all,
            k => all.min(u64::from(k)),
        };
        return (within(read * u64::from(settings.tasks_per_round.max(1)) * samples), Basis::Levers);
    }
    let a_character = |one: &&Precedent| {
        let of = one.characters * u64::from(one.rounds) * u64::from(one.samples.max(1));
        (of > 0).then(|| one.jobs as f64 / of as f64)
    };
    let known: Vec<f64> = past.iter().filter_map(a_character).collect();
    let sessions = known.len();
    match median(known) {
        Some(each) => (within((each * *characters as f64 * samples as f64).round() as u64), Basis::Past { sessions }),
        None => (by_program(), Basis::OfflinePlanner),
    }
}

/// Jobs by which the reader makes one answer of so many, where each window answers.
fn merges(answers: u64) -> u64 {
    let (mut left, mut jobs) = (answers, 0);
    while left > 1 {
        left = left.div_ceil(READ_TOGETHER as u64);
        jobs += left;
    }
    jobs
}

impl Forecast {
    /// What planner and reader are expected to come to.
    pub fn paid(&self) -> Paid {
        let (mut planner, mut reader) = (Money::default(), Money::default());
        planner.pay(self.usd, false);
        reader.pay(Some(self.local_usd.unwrap_or(0.0)), false);
        Paid { planner, reader }
    }
}

/// Tokens that one job takes, and that it writes.
fn job_tokens(outlook: &Outlook, past: &[&Precedent]) -> (u64, u64) {
    let settings = &outlook.settings;
    let chars = match settings.protocol {
        ProtocolKind::Minion | ProtocolKind::LocalOnly => outlook.characters / outlook.windows.max(1),
        _ if settings.chunk_chars > 0 => u64::from(settings.chunk_chars),
        _ => outlook.division.chunk_chars,
    };
    let replies = past.iter().map(|one| one.local_output_tokens as f64 / one.jobs as f64).collect();
    let reply = median(replies).map_or(REPLY, |tokens| tokens.round() as u64);
    let input = chars.min(outlook.characters).div_ceil(4) + outlook.job_prompt;
    (input, reply.min(settings.local_max_output_tokens))
}

/// Tokens in a second, while it read.
fn pace(past: &Precedent) -> Option<f64> {
    // What took no time that can be told says nothing of the pace; one that was faster is not promised.
    (past.local_tokens > 0).then(|| past.local_tokens as f64 / (past.reading_ms.max(1) as f64 / 1e3))
}

/// Requests to the planner with their tokens in and out.
fn asked(outlook: &Outlook, past: &[&Precedent], rounds: u32, jobs: u64) -> (u64, u64, u64, Basis) {
    let Outlook { settings, prompts, division, .. } = outlook;
    let rounds = u64::from(rounds);
    match settings.protocol {
        ProtocolKind::LocalOnly => return (0, 0, 0, Basis::Known),
        ProtocolKind::RemoteOnly => {
            let said = median(past.iter().map(|one| one.output_tokens as f64).collect());
            let basis = said.map_or(Basis::Guess, |_| Basis::Past { sessions: past.len() });
            return (1, outlook.whole_tokens, said.map_or(SAID, |tokens| tokens as u64), basis);
        }
        ProtocolKind::Minions | ProtocolKind::Minion => {}
    }
    let a_round = |of: &dyn Fn(&Precedent) -> f64| {
        let each = past.iter().map(|one| of(one) / f64::from(one.rounds.max(1)));
        median(each.collect()).map(|each| (each * rounds as f64).round() as u64)
    };
    let input_tokens = |one: &Precedent| one.input_tokens as f64 + more_found(outlook, one, jobs);
    if let (Some(calls), Some(input), Some(output)) =
        (a_round(&|one| one.calls as f64), a_round(&input_tokens), a_round(&|one| one.output_tokens as f64))
    {
        return (calls, input, output, Basis::Past { sessions: past.len() });
    }
    let found = ((jobs as f64 * GOES_ON) as u64 * REPLY).min(division.keep / 4);
    match settings.protocol {
        ProtocolKind::Minion => {
            let each = prompts.think + prompts.decide + 2 * found;
            (1 + 2 * rounds, prompts.message + rounds * each, SAID + rounds * 2 * SAID, Basis::Guess)
        }
        _ => {
            let each = prompts.decompose + prompts.think + prompts.decide + SAID + 2 * found;
            (1 + 3 * rounds, prompts.advise + rounds * each, SAID + rounds * (PLAN + 2 * SAID), Basis::Guess)
        }
    }
}

/// Tokens by which more goes in than in a past session, where a round has other than its number of jobs: what was found grows
/// with the jobs, up to what a program hands on at most, and the prompts stay. Less than nothing where there are fewer jobs.
fn more_found(outlook: &Outlook, past: &Precedent, jobs: u64) -> f64 {
    let Outlook { settings, prompts, division, .. } = outlook;
    let rounds = f64::from(past.rounds.max(1));
    let prompts = match settings.protocol {
        ProtocolKind::Minion => prompts.message as f64 + rounds * (prompts.think + prompts.decide) as f64,
        _ => prompts.advise as f64 + rounds * (prompts.decompose + prompts.think + prompts.decide + SAID) as f64,
    };
    let found = (past.input_tokens as f64 - prompts).max(0.0);
    // Samples that are merged to one hand on as much as one.
    let handed_on = match settings.means.merge {
        Merge::Union => jobs,
        Merge::Majority | Merge::BestCited => jobs / u64::from(settings.samples.max(1)),
    };
    let jobs_before = past.jobs as f64 / rounds;
    if jobs_before <= 0.0 {
        return 0.0;
    }
    // It goes in twice a round.
    let most = (2.0 * rounds * division.keep as f64 / 4.0).max(found);
    (found * handed_on as f64 / jobs_before).min(most) - found
}

/// Dollars of so many calls of the same length.
fn cost(price: &Price, usage: &Usage, calls: u64) -> f64 {
    let calls = calls.max(1);
    let each = Usage {
        input_tokens: usage.input_tokens / calls,
        output_tokens: usage.output_tokens / calls,
        ..Usage::default()
    };
    price.cost(&each) * calls as f64
}

/// Every round with every try, every reply at its cap, and every job that is expected answering at its own. It is no bound: a
/// program may plan as many jobs as `max_jobs` allows and hand on more than they said, and a request that was lost is paid for
/// again. What is certain to hold is a budget.
fn bad_case(outlook: &Outlook, jobs: u64) -> Option<f64> {
    let Outlook { settings, prompts, .. } = outlook;
    let (price, cap) = (outlook.price?, settings.remote_max_output_tokens);
    // With the margin of what is reserved for a request.
    let worst = |input: u64| price.worst(TokenCount { tokens: input, counted: false }.at_most(), cap);
    let tries = |input: u64, tries: u32| {
        // A try after the first is told what the ones before said.
        (0..u64::from(tries.max(1))).map(|before| worst(input + before * cap)).sum::<f64>()
    };
    let found = jobs * settings.local_max_output_tokens;
    let think = worst(prompts.think + found);
    let decide = tries(prompts.decide + found + cap, settings.decision_attempts);
    let rounds = f64::from(most_rounds(outlook));
    Some(match settings.protocol {
        ProtocolKind::LocalOnly => 0.0,
        ProtocolKind::RemoteOnly => {
            let whole = TokenCount { tokens: outlook.whole_tokens, counted: false };
            remote_only_worst(&price, whole, prompts.answer, cap, settings.decision_attempts)
        }
        ProtocolKind::Minion => tries(prompts.message, settings.decision_attempts) + rounds * (think + decide),
        ProtocolKind::Minions => {
            let plan = tries(prompts.decompose + cap, settings.code_attempts);
            worst(prompts.advise) + rounds * (plan + think + decide)
        }
    })
}

/// The middle of the values; of an even number of them the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

#[cfg(test)]
mod tests;
