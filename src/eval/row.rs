//! What one question came to: a fold over its session's facts, and the row that is kept of it.

use serde::{Deserialize, Serialize};

use super::judge::JudgedBy;
use super::question::Question;
use super::score::{EvidenceScores, Scores, places, score, weigh};
use crate::document::{Document, DocumentHash, Span};
use crate::ledger::{Aggregated, AggregatedRound, Exposure, Ledger, Traffic};
use crate::protocol::redact::Redactor;
use crate::protocol::{Ending, Fact, Money, Paid, ProtocolKind, RemoteAsk, Scope, State, Times, Usage};

/// Which try at which question under which settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Try {
    /// The [fingerprint](super::book::fingerprint) of the settings.
    pub setting: String,
    /// The question's id.
    pub question: String,
    /// Counted from 1.
    pub repeat: u32,
}

/// A question that was answered, or was not: everything that a report needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    #[serde(flatten)]
    pub of: Try,
    pub dataset: String,
    pub session: String,
    /// The name of the [`Ending`], `unfinished`, or `refused`.
    pub outcome: String,
    /// Why its documents could not be asked about under its settings: such a row has no session, no score and no cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    pub answer: Option<String>,
    pub scores: Scores,
    /// Why the judge that was to say gave no verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unjudged: Option<String>,
    /// Who judged, or was to; nothing where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<JudgedBy>,
    /// The documents as they were read, in the question's order; empty in rows of before they were kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<ReadAs>,
    pub evidence: EvidenceScores,
    pub cost: Cost,
    pub rounds: u32,
    pub jobs: u32,
    /// From the first record to the last.
    pub seconds: f64,
}

impl Row {
    /// Of a question that was not asked.
    pub fn refused(of: Try, question: &Question, why: String) -> Self {
        Self {
            of,
            dataset: question.dataset.clone(),
            session: String::new(),
            outcome: "refused".into(),
            refused: Some(why),
            answer: None,
            scores: Scores::default(),
            unjudged: None,
            judged_by: None,
            documents: Vec::new(),
            evidence: EvidenceScores::default(),
            cost: Cost::default(),
            rounds: 0,
            jobs: 0,
            seconds: 0.0,
        }
    }
}

/// A document by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAs {
    /// Of its text.
    pub text: DocumentHash,
    /// Of the file that it was read from; nothing where the set brings the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<DocumentHash>,
}

impl ReadAs {
    pub fn of(document: &Document) -> Self {
        Self { text: document.hash(), file: document.source.as_ref().map(|source| source.hash.get()) }
    }
}

/// What the judge of an answer cost, or may have cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JudgeCost {
    /// Dollars of what the price is known of.
    #[serde(rename = "judge_usd")]
    pub usd: f64,
    /// Those of them that rest on estimated tokens.
    #[serde(rename = "judge_estimated_usd", skip_serializing_if = "is_none")]
    pub estimated_usd: f64,
    /// Whether it replied and its price is not known.
    #[serde(rename = "judge_unpriced", skip_serializing_if = "std::ops::Not::not")]
    pub unpriced: bool,
    #[serde(rename = "judge_input_tokens", skip_serializing_if = "is_zero")]
    pub input_tokens: u64,
    #[serde(rename = "judge_output_tokens", skip_serializing_if = "is_zero")]
    pub output_tokens: u64,
    /// Whether any of those tokens were estimated.
    #[serde(rename = "judge_estimated", skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

impl JudgeCost {
    /// A reply of this usage came; `usd`: nothing where the price is not known.
    pub fn reply(&mut self, usage: &Usage, usd: Option<f64>) {
        self.input_tokens += usage.input_tokens;
        self.output_tokens += usage.output_tokens;
        self.estimated |= usage.estimated;
        self.unpriced |= usd.is_none();
        self.estimated_usd += usd.filter(|_| usage.estimated).unwrap_or(0.0);
    }
}

impl std::ops::AddAssign for JudgeCost {
    fn add_assign(&mut self, other: Self) {
        self.usd += other.usd;
        self.estimated_usd += other.estimated_usd;
        self.unpriced |= other.unpriced;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.estimated |= other.estimated;
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn is_none(usd: &f64) -> bool {
    *usd == 0.0
}

/// What a question cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cost {
    #[serde(flatten)]
    pub traffic: Traffic,
    /// Whether any of the remote LM's tokens were estimated.
    pub estimated: bool,
    /// Those of the remote LM's tokens that were.
    #[serde(skip_serializing_if = "is_zero")]
    pub estimated_input_tokens: u64,
    #[serde(skip_serializing_if = "is_zero")]
    pub estimated_output_tokens: u64,
    /// Dollars of the planner; nothing where the price is not known.
    pub usd: Option<f64>,
    /// Those of them that rest on estimated tokens.
    #[serde(skip_serializing_if = "is_none")]
    pub estimated_usd: f64,
    /// Dollars of the reader, where it is paid for.
    #[serde(skip_serializing_if = "is_none")]
    pub local_usd: f64,
    /// Dollars at most for calls whose answer was lost.
    pub doubtful_usd: f64,
    #[serde(flatten)]
    pub judge: JudgeCost,
    /// The documents and the question sent whole: tokens, and dollars where a model has a price.
    pub baseline_tokens: u64,
    pub baseline_usd: Option<f64>,
    /// The share of the documents' bytes that left, 0 to 1.
    pub exposed: f64,
    /// The first round's aggregated text against the documents, in bytes; nothing where nothing is aggregated.
    pub sent_on: Option<f64>,
}

impl Cost {
    /// Every dollar of planner and judge that was or may have been spent, as far as prices are known: what budgets go by.
    pub fn spent_usd(&self) -> f64 {
        self.usd.unwrap_or(0.0) + self.doubtful_usd + self.judge.usd
    }

    /// What planner and reader came to.
    pub fn paid(&self) -> Paid {
        let Self { estimated_usd, local_usd, doubtful_usd, usd, .. } = *self;
        let (priced_usd, unpriced) = (usd.unwrap_or(0.0), usd.is_none());
        Paid {
            planner: Money { priced_usd, unpriced, estimated_usd, lost_usd: doubtful_usd },
            reader: Money { priced_usd: local_usd, ..Money::default() },
        }
    }

    /// How many times what was paid the documents sent whole would cost.
    pub fn times_cheaper(&self) -> Option<Times> {
        self.baseline_usd.and_then(|usd| self.paid().times(usd, false))
    }

    /// Whether anything that is told of it rests on estimated tokens.
    pub fn is_estimated(&self) -> bool {
        self.estimated || self.judge.estimated
    }

    /// Tokens in and out of the remote LM as a share of the documents' sent whole.
    pub fn token_share(&self) -> Option<f64> {
        (self.baseline_tokens > 0).then(|| self.traffic.remote_tokens() as f64 / self.baseline_tokens as f64)
    }
}

/// Whether a session that has ended, or does not go on, is the result of its try.
#[derive(Clone, Debug, PartialEq)]
pub enum Settled {
    Counts,
    /// The day's budget was too small for it; why, in words.
    OverDay(String),
    /// Its share of the budget of all was: less than these dollars, which it had spent and might have with its next call.
    OverShare(f64),
    Interrupted,
    Failed(String),
}

/// Follows one session by its facts, while it runs or as its journal has them.
pub struct Followed {
    state: State,
    ledger: Ledger,
    exposure: Exposure,
    aggregated: Aggregated,
    /// The budget that was reached last, and the dollars that were and would have been committed.
    reached: Option<(Scope, f64)>,
    bytes: usize,
    began_ms: Option<u64>,
    last_ms: u64,
}

impl Followed {
    pub fn new(documents: &[Document]) -> Self {
        Self {
            state: State::default(),
            ledger: Ledger::new(),
            exposure: Exposure::new(documents),
            aggregated: Aggregated::new(),
            reached: None,
            bytes: documents.iter().map(|document| document.text.len()).sum(),
            began_ms: None,
            last_ms: 0,
        }
    }

    /// `at_ms`: the record's time.
    pub fn apply(&mut self, fact: &Fact, at_ms: u64) {
        self.began_ms.get_or_insert(at_ms);
        self.last_ms = self.last_ms.max(at_ms);
        if let Fact::BudgetReached(reached) = fact {
            self.reached = Some((reached.scope, reached.committed_usd + reached.worst_usd));
        }
        self.state.apply(fact);
        self.ledger.apply(fact);
        self.exposure.apply(fact);
        self.aggregated.apply(fact);
    }

    pub fn ending(&self) -> Option<&Ending> {
        self.state.ending()
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether the session read these documents: their text, in this order. One that is not opened yet has read none.
    pub fn has_read(&self, documents: &[Document]) -> bool {
        let read = self.state.opened.iter().flat_map(|opened| opened.documents.iter().map(|read| read.hash));
        read.eq(documents.iter().map(Document::hash))
    }

    /// The placeholders that the session has for private words.
    pub fn redactor(&self) -> &Redactor {
        &self.state.redactor
    }

    /// The share of the documents' bytes that will have left once this request has, 0 to 1.
    pub fn exposed_with(&self, request: &RemoteAsk) -> f64 {
        let mut spans = self.exposure.exposed_by(request);
        spans.merge(self.exposure.spans());
        self.exposure.share_of(spans.total_bytes())
    }

    /// What the session says for what is asked of it; `cut`: its budget is a share of that of all questions, and less than it
    /// may spend by itself.
    pub fn settled(&self, cut: bool) -> Settled {
        let (scope, needs_usd) = self.reached.unwrap_or((Scope::Session, 0.0));
        match self.ending() {
            Some(Ending::Answered | Ending::NoAnswer { .. } | Ending::Exposure { .. }) => Settled::Counts,
            // A limit that was not its own says nothing of the question.
            Some(Ending::Budget { reason }) if scope == Scope::Day => Settled::OverDay(reason.clone()),
            Some(Ending::Budget { .. }) if cut => Settled::OverShare(needs_usd),
            Some(Ending::Budget { .. }) => Settled::Counts,
            Some(Ending::Failed { error }) => Settled::Failed(error.clone()),
            Some(Ending::Cancelled) | None => Settled::Interrupted,
        }
    }

    /// What the first round handed on to a planner. Where nobody plans, what the reader gathers stays where it is.
    fn handed_on(&self) -> Option<&AggregatedRound> {
        let is_local = self.state.settings().protocol == ProtocolKind::LocalOnly;
        self.aggregated.first().filter(|_| !is_local)
    }

    /// What it cost so far. The answer to a request that was out when its process ended may have been paid for.
    pub fn cost(&self) -> Cost {
        let (totals, paid) = (self.ledger.totals(), self.ledger.left());
        let first = self.handed_on();
        Cost {
            traffic: Traffic::new(
                (totals.remote.calls, &totals.remote.tokens),
                (totals.local.calls, &totals.local.tokens),
            ),
            estimated: totals.remote.tokens.all().estimated,
            estimated_input_tokens: totals.remote.tokens.estimated.input_tokens,
            estimated_output_tokens: totals.remote.tokens.estimated.output_tokens,
            usd: paid.planner.usd(),
            estimated_usd: paid.planner.estimated_usd,
            local_usd: paid.reader.priced_usd,
            doubtful_usd: paid.planner.lost_usd,
            judge: JudgeCost::default(),
            baseline_tokens: totals.baseline.input_tokens,
            baseline_usd: totals.baseline.cost_usd,
            exposed: self.exposure.share(),
            sent_on: first.map(|round| round.bytes as f64 / self.bytes.max(1) as f64),
        }
    }

    /// The row of a question whose session has ended.
    pub fn row(&self, of: Try, session: String, question: &Question, documents: &[Document]) -> Row {
        let answered = self.state.answer.as_ref();
        let answer = answered.and_then(|answered| answered.answer.clone());
        let cited: Vec<Option<Span>> = answered
            .map(|answered| {
                answered.citations.iter().map(|citation| citation.located.as_ref().map(|at| at.span)).collect()
            })
            .unwrap_or_default();
        let places = places(question, documents);
        let first = self.handed_on().map(|round| &round.spans);
        Row {
            of,
            dataset: question.dataset.clone(),
            session,
            outcome: self.ending().map_or("unfinished", Ending::name).to_owned(),
            refused: None,
            scores: score(question, answer.as_deref()),
            unjudged: None,
            judged_by: None,
            documents: documents.iter().map(ReadAs::of).collect(),
            answer,
            evidence: weigh(&places, documents, first, self.exposure.spans(), &cited),
            cost: self.cost(),
            rounds: self.state.rounds.len() as u32,
            jobs: self.state.rounds.iter().map(|round| round.jobs.len() as u32).sum(),
            seconds: self.last_ms.saturating_sub(self.began_ms.unwrap_or(self.last_ms)) as f64 / 1e3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{AskId, Estimate, Message, Purpose, Reached, ReplyFormat};

    fn stopped_at(scope: Scope) -> Followed {
        let mut followed = Followed::new(&[]);
        let reached = Reached {
            scope,
            purpose: Purpose::Advise,
            attempt: 1,
            again: None,
            worst_usd: 1.0,
            committed_usd: 0.0,
            budget_usd: 0.5,
        };
        followed.apply(&Fact::BudgetReached(reached), 1);
        followed.apply(&Fact::SessionEnded { ending: Ending::Budget { reason: "why".into() } }, 2);
        followed
    }

    #[test]
    fn what_a_further_request_would_take_of_the_documents_is_known_before_it_leaves() {
        let words = |of: &str| (0..200).map(|n| format!("{of}{n} ")).collect::<String>();
        let (sent, kept) = (words("sent"), words("kept"));
        let followed = Followed::new(&[Document::from_text("d", format!("{sent}\n{kept}"))]);
        let request = RemoteAsk {
            ask: AskId { round: 1, n: 1 },
            purpose: Purpose::Decide,
            attempt: 1,
            messages: vec![Message::user(sent)],
            format: ReplyFormat::Json,
            max_output_tokens: 1,
            estimate: Estimate::default(),
        };
        let share = followed.exposed_with(&request);
        assert!((0.45..0.55).contains(&share), "{share}");
    }

    #[test]
    fn a_cost_is_kept_as_it_always_was() {
        let line = "{\"remote_calls\":1,\"remote_input_tokens\":2,\"remote_output_tokens\":3,\"local_calls\":4,\
                    \"local_input_tokens\":5,\"local_output_tokens\":6,\"estimated\":true,\"usd\":0.5,\"doubtful_usd\":0.0,\
                    \"judge_usd\":0.0,\"baseline_tokens\":7,\"baseline_usd\":null,\"exposed\":0.25,\"sent_on\":null}";
        let cost: Cost = serde_json::from_str(line).unwrap();
        assert_eq!((cost.traffic.remote_tokens(), cost.traffic.local_output_tokens, cost.usd), (5, 6, Some(0.5)));
        assert_eq!(serde_json::to_string(&cost).unwrap(), line);
        assert_eq!(serde_json::from_str::<Cost>("{}").unwrap(), Cost::default());
    }

    #[test]
    fn only_a_budget_of_its_own_makes_a_session_a_result() {
        assert_eq!(stopped_at(Scope::Session).settled(false), Settled::Counts);
        assert_eq!(stopped_at(Scope::Session).settled(true), Settled::OverShare(1.0));
        assert_eq!(stopped_at(Scope::Day).settled(false), Settled::OverDay("why".into()));
        assert_eq!(Followed::new(&[]).settled(false), Settled::Interrupted);
    }
}
