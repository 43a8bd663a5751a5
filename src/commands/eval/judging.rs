//! Asks the judge. What leaves for it goes the way of a session's own requests: with placeholders for private words, noted
//! before it leaves, and within the budgets of the day and of all questions.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch};

use super::super::Failure;
use super::super::begin::{self, store};
use super::folder::Folder;
use super::run::Stop;
use super::session::Came;
use crate::cli::EvalArgs;
use crate::config::{Config, Loaded, ReasoningEffort};
use crate::eval::{Entry, Followed, JudgedBy, Question, Try, judge};
use crate::journal::DayBook;
use crate::protocol::redact::Redactor;
use crate::protocol::{
    AskId, Counted, Estimate, Finish, Message, Price, Purpose, RemoteAsk, ReplyFormat, TokenCount, estimate_tokens,
};
use crate::remote::{Backoff, RemoteError, RemoteLm, RemoteReply};

/// Tries at a verdict, the first included.
const VERDICTS: u32 = 3;
/// Tokens that a verdict has room in: it is an object with one sentence. A judge that thinks before it has
/// `remote.max_output_tokens`.
const VERDICT: u64 = 256;

pub struct Judge {
    model: Arc<dyn RemoteLm>,
    /// Whether it thinks before it says a verdict; nothing as long as that is not known.
    thinks: Mutex<Option<bool>>,
}

/// What is judged.
pub struct Case<'a> {
    pub of: &'a Try,
    pub question: &'a Question,
    pub answer: Option<&'a str>,
    pub session: &'a str,
    pub followed: &'a Followed,
    pub config: &'a Config,
    pub folder: &'a Folder,
    /// Dollars that the judge may spend on it; nothing where there is no budget of all.
    pub most_usd: Option<f64>,
}

pub enum Judged {
    /// There is nothing to hold an answer against.
    Nothing,
    /// 1 or 0.
    Said(f64),
    /// It was not asked, or said nothing that is a verdict; why, in words.
    Unjudged(String),
    /// It was not asked to the end. The session is there, and can be judged when the eval goes on.
    Left(Came),
}

impl Judge {
    /// The judge of the command line, if it names one.
    pub async fn of(args: &EvalArgs, loaded: &Loaded) -> Result<Option<Self>, Failure> {
        let Some(model) = &args.judge else { return Ok(None) };
        let mut config = loaded.config.clone();
        if let Some(model) = model {
            config.remote.model.clone_from(model);
        }
        let model: Arc<dyn RemoteLm> = begin::remote(&config).await?.into();
        let info = model.info();
        if !info.is_model {
            return Err(Failure::usage("--judge: there is no model to judge; set remote.provider and remote.model"));
        }
        if args.total_budget.is_some() && info.price.is_none() {
            return Err(Failure::usage(
                "--total-budget cannot be kept to while the price of the judge is not known; set remote.price_input and \
                 remote.price_output",
            ));
        }
        let thinks = match config.remote.reasoning_effort {
            ReasoningEffort::Auto => None,
            effort => Some(effort != ReasoningEffort::None),
        };
        Ok(Some(Self { model, thinks: Mutex::new(thinks) }))
    }

    fn thinks(&self) -> Option<bool> {
        *self.thinks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns from a reply whether it thinks.
    fn learn(&self, reply: &RemoteReply, is_verdict: bool) {
        let thinks = reply.usage.reasoning_tokens > 0 || (!is_verdict && reply.finish == Finish::Length);
        if thinks || is_verdict {
            let mut known = self.thinks.lock().unwrap_or_else(PoisonError::into_inner);
            *known = Some(thinks || *known == Some(true));
        }
    }

    /// Tokens that a reply may have.
    fn cap(config: &Config, thinks: bool) -> u64 {
        let most = config.remote.max_output_tokens;
        if thinks { most } else { most.min(VERDICT) }
    }

    pub fn by(&self) -> JudgedBy {
        JudgedBy::now(self.model.info().label())
    }

    /// The most that it costs to judge one answer, whatever the answer.
    pub fn worst_usd(&self, question: &Question, config: &Config) -> f64 {
        let Some(price) = self.model.info().price else { return 0.0 };
        let known = judge::PROMPT.len() + question.asked().len() + judge::references(question).len();
        let answer = config.remote.max_output_tokens.max(config.local.max_output_tokens);
        let input = TokenCount { tokens: estimate_tokens(known) + answer, counted: false }.at_most();
        let each = |thinks| price.worst(input, Self::cap(config, thinks));
        // That it thinks shows in its first reply.
        let (first, then) = match self.thinks() {
            Some(thinks) => (thinks, thinks),
            None => (false, true),
        };
        each(first) + f64::from(VERDICTS - 1) * each(then)
    }

    /// What it says of the answer. Without an answer there is nothing to judge: that is right where the documents do not tell,
    /// else wrong. What it costs is in the book.
    pub async fn judged(&self, case: &Case<'_>, mut stop: watch::Receiver<Stop>) -> Result<Judged, Failure> {
        if case.question.answers.is_empty() && !case.question.unanswerable {
            return Ok(Judged::Nothing);
        }
        let Some(messages) = judge::ask(case.question, case.answer) else {
            return Ok(Judged::Said(f64::from(u8::from(case.question.unanswerable))));
        };
        let mut request = self.request(hidden(messages, case.followed.redactor()));
        let limit = case.config.remote.max_exposed_share;
        if limit < 1.0 && tokio::task::block_in_place(|| case.followed.exposed_with(&request)) > limit {
            let why = "more of the documents would have left than remote.max_exposed_share allows; under a higher one the question is asked anew";
            return Ok(Judged::Unjudged(why.into()));
        }
        let price = self.model.info().price;
        let root = store(case.config)?.root().to_owned();
        let mut book = DayBook::new(root, &format!("{}-judge", case.session).parse()?);
        let limit = Some(case.config.remote.budget_usd_per_day).filter(|usd| *usd > 0.0);
        let (mut spent, mut backoff) = (0.0, Backoff::new(VERDICTS));
        let input = TokenCount { tokens: request.estimate.input_tokens, counted: false };
        for attempt in 1..=VERDICTS {
            let cap = Self::cap(case.config, self.thinks() == Some(true));
            let worst_cost_usd = price.map(|price| price.worst(input.at_most(), cap));
            (request.max_output_tokens, request.estimate.worst_cost_usd) = (cap, worst_cost_usd);
            let worst = worst_cost_usd.unwrap_or(0.0);
            if case.most_usd.is_some_and(|most| spent + worst > most) {
                return Ok(Judged::Left(Came::Budget("--total-budget leaves too little for the judge".into())));
            }
            request.attempt = attempt;
            let Ok(held) = book.reserve(worst, limit).await? else {
                let why =
                    "the budget of the day is reached and the judge is not asked: raise remote.budget_usd_per_day";
                return Ok(Judged::Left(Came::Budget(why.into())));
            };
            case.folder.note(&Entry::JudgeAsked { of: case.of.clone(), worst_usd: worst })?;
            let (deltas, mut unread) = mpsc::channel(16);
            let drained = tokio::spawn(async move { while unread.recv().await.is_some() {} });
            let reply = tokio::select! {
                reply = self.model.ask(&request, deltas) => Some(reply),
                _ = stop.wait_for(|stop| *stop == Stop::Now) => None,
            };
            drained.abort();
            // What it may have cost stays in both books.
            let Some(reply) = reply else { return Ok(Judged::Left(Came::Interrupted)) };
            let (usd, counted) = settled(&reply, price);
            spent += usd.unwrap_or(worst);
            if let Some(usd) = usd {
                book.settle(held, usd).await?;
                case.folder.note(&Entry::JudgeSettled {
                    of: case.of.clone(),
                    worst_usd: worst,
                    usd,
                    reply: counted,
                })?;
            }
            match reply {
                Ok(reply) => {
                    let verdict = judge::verdict(&reply.text);
                    self.learn(&reply, verdict.is_some());
                    if let Some(right) = verdict {
                        return Ok(Judged::Said(f64::from(u8::from(right))));
                    }
                }
                Err(error) => {
                    tracing::warn!("the judge did not answer: {error}");
                    let Some(wait) = backoff.next(&error).filter(|_| attempt < VERDICTS) else {
                        return Ok(Judged::Left(Came::Failed(format!("the judge did not answer: {error}"))));
                    };
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        _ = stop.wait_for(|stop| *stop == Stop::Now) => return Ok(Judged::Left(Came::Interrupted)),
                    }
                }
            }
        }
        Ok(Judged::Unjudged(
            "the judge gave no verdict in its replies; the same command asks it again, or take another with --judge=MODEL".into(),
        ))
    }

    /// The request without its cap and its cost.
    fn request(&self, messages: Vec<Message>) -> RemoteAsk {
        let input = estimate_tokens(messages.iter().map(|message| message.content.len()).sum());
        RemoteAsk {
            ask: AskId { round: 1, n: 1 },
            purpose: Purpose::Decide,
            attempt: 1,
            messages,
            format: ReplyFormat::Json,
            max_output_tokens: VERDICT,
            estimate: Estimate { input_tokens: input, ..Estimate::default() },
        }
    }
}

/// What a try came to, and what was counted of it. Nothing where the answer was lost: then it stays at its worst.
fn settled(reply: &Result<RemoteReply, RemoteError>, price: Option<Price>) -> (Option<f64>, Option<Counted>) {
    let usage = match reply {
        Ok(reply) => Some(reply.usage),
        // Of no use, and counted all the same: a refusal, or one without text.
        Err(error) => error.usage,
    };
    match (usage, reply) {
        (Some(usage), _) => {
            let cost_usd = price.map(|price| price.cost(&usage));
            (Some(cost_usd.unwrap_or(0.0)), Some(Counted { usage, cost_usd }))
        }
        (None, Err(error)) if error.lost || !error.partial.is_empty() => (None, None),
        (None, _) => (Some(0.0), None),
    }
}

/// The messages with placeholders for private words: the session's own, and further ones for words that only the reference
/// holds.
fn hidden(mut messages: Vec<Message>, redactor: &Redactor) -> Vec<Message> {
    if redactor.is_on() {
        let mut redactor = redactor.clone();
        let words = redactor.unknown(messages.iter().map(|message| message.content.as_str()));
        redactor.add(&words);
        for message in &mut messages {
            message.content = redactor.hide(&message.content).into_owned();
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Usage;
    use crate::protocol::redact::Rules;
    use crate::remote::Retry;

    #[test]
    fn a_reply_of_no_use_that_the_server_counted_costs_what_it_counted_and_a_lost_one_its_worst() {
        let usage = Usage { input_tokens: 140, output_tokens: 14, ..Usage::default() };
        let price = Some(Price::flat(2.5, 10.0));
        let failed = |usage, lost, partial: &str| {
            let (message, partial, retry) = (String::new(), partial.to_owned(), Retry::Never);
            settled(&Err(RemoteError { message, retry, partial, lost, usage }), price)
        };
        let cost = 0.000_49;
        for (usd, counted) in [failed(Some(usage), true, ""), failed(Some(usage), false, "I can")] {
            assert!((usd.unwrap() - cost).abs() < 1e-12);
            assert_eq!(counted.unwrap().usage, usage);
        }
        assert_eq!((failed(None, true, ""), failed(None, false, "half")), ((None, None), (None, None)));
        assert_eq!(failed(None, false, ""), (Some(0.0), None));
    }

    #[test]
    fn the_judge_reads_one_placeholder_for_one_name_in_reference_and_answer() {
        let rules = Rules { names: vec!["Anna Berg".into(), "Li Wei".into()], ..Rules::default() };
        let redactor = Redactor::open(&rules, ["Li Wei paid."].into_iter());
        let messages = vec![Message::user("Anna Berg or Li Wei? ANNA BERG")];
        assert_eq!(hidden(messages, &redactor)[0].content, "NAME_2 or NAME_1? NAME_2");
        assert_eq!(hidden(vec![Message::user("Anna Berg")], &Redactor::default())[0].content, "Anna Berg");
    }
}
