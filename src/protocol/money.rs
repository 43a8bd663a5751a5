//! What a session paid: dollars, what of them is only estimated, and what lost answers may add; of planner and reader apart.
//!
//! Whoever tells what a session cost tells it from here, so that no two places tell it differently.

use serde::{Deserialize, Serialize};

use super::fact::{Fact, RemoteFailure};
use super::ids::AskId;
use super::in_force::ModelsInForce;
use super::message::Usage;

/// An amount in dollars, with so many digits as it needs to be told from others.
pub fn dollars(amount: f64) -> String {
    if amount != 0.0 && amount.abs() < 0.1 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

/// What one of the two came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Money {
    /// Dollars of the replies whose price is known.
    pub priced_usd: f64,
    /// Whether the price of any reply is not known, and so the sum: part of a sum is no sum.
    pub unpriced: bool,
    /// Of those dollars, the ones of replies whose tokens the server did not count.
    pub estimated_usd: f64,
    /// Beside them, dollars at most for answers that were lost and may have been paid for.
    pub lost_usd: f64,
}

impl Money {
    /// A reply came, of use or not; nothing where its price is not known.
    pub fn pay(&mut self, usd: Option<f64>, estimated: bool) {
        match usd {
            Some(usd) => {
                self.priced_usd += usd;
                self.estimated_usd += if estimated { usd } else { 0.0 };
            }
            None => self.unpriced = true,
        }
    }

    /// Dollars of every reply; nothing where the price of any is not known.
    pub fn usd(&self) -> Option<f64> {
        (!self.unpriced).then_some(self.priced_usd)
    }

    pub fn is_estimated(&self) -> bool {
        self.estimated_usd > 0.0
    }

    /// The dollars, marked where a part of them is estimated.
    pub fn told(&self) -> String {
        match self.usd() {
            Some(usd) if self.is_estimated() => format!("≈ {}", dollars(usd)),
            Some(usd) => dollars(usd),
            None => "price not known".into(),
        }
    }

    /// As [`told`](Self::told), with what lost answers may add.
    pub fn told_with_lost(&self) -> String {
        if self.lost_usd > 0.0 { format!("{} +≤{}", self.told(), dollars(self.lost_usd)) } else { self.told() }
    }
}

impl std::ops::AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.priced_usd += other.priced_usd;
        self.unpriced |= other.unpriced;
        self.estimated_usd += other.estimated_usd;
        self.lost_usd += other.lost_usd;
    }
}

/// What planner and reader came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paid {
    pub planner: Money,
    pub reader: Money,
}

impl Paid {
    /// Whether the reader is one that is paid for.
    pub fn pays_reader(&self) -> bool {
        self.reader.priced_usd > 0.0
    }

    /// Both together. A reader that costs nothing is in no sum, whether its price is known or not.
    pub fn all(&self) -> Money {
        let mut all = self.planner;
        if self.pays_reader() {
            all += self.reader;
        }
        all
    }

    /// `$0.0014`, or of both where the reader is paid for: `planner $0.0014, reader $1.34`; with what lost answers may add.
    pub fn told(&self) -> String {
        if self.pays_reader() {
            format!("planner {}, reader {}", self.planner.told_with_lost(), self.reader.told())
        } else {
            self.planner.told_with_lost()
        }
    }

    /// As [`told`](Self::told), with what lost answers may add in words.
    pub fn told_at_length(&self) -> String {
        let lost = match self.planner.lost_usd {
            usd if usd > 0.0 => format!(", and at most {} for answers that were lost", dollars(usd)),
            _ => String::new(),
        };
        let planner = Money { lost_usd: 0.0, ..self.planner };
        format!("{}{lost}", Self { planner, ..*self }.told())
    }

    /// How many times what was paid another way would cost; nothing while nothing was paid, and where a price is not known.
    pub fn times(&self, other_usd: f64, other_estimated: bool) -> Option<Times> {
        let all = self.all();
        let usd = all.usd().filter(|usd| *usd > 0.0)?;
        Some(Times {
            times: other_usd / usd,
            estimated: other_estimated || all.is_estimated(),
            at_most: all.lost_usd > 0.0,
        })
    }
}

/// How many times what was paid something else costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    pub times: f64,
    /// Whether either side rests on an estimate.
    pub estimated: bool,
    /// Whether it may be less, since lost answers may have been paid for.
    pub at_most: bool,
}

impl Times {
    /// `13.5 times`, `≈ 13.5 times`, `at most 13.5 times`.
    pub fn told(&self) -> String {
        let (mark, about) = (if self.at_most { "at most " } else { "" }, if self.estimated { "≈ " } else { "" });
        format!("{mark}{about}{:.1} times", self.times)
    }
}

/// The fold over facts that comes to what was paid.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bill {
    paid: Paid,
    models: ModelsInForce,
    /// The request that is out or waits to be sent again, and the most that a try at it may cost.
    out: Option<(AskId, f64)>,
    /// Whether the planner was paid for a reply.
    replied: bool,
}

impl Bill {
    pub fn apply(&mut self, fact: &Fact) {
        self.models.apply(fact);
        match fact {
            Fact::RemoteAsked(request) => {
                self.out = Some((request.ask, request.estimate.worst_cost_usd.unwrap_or(0.0)));
            }
            Fact::RemoteAnswered(answer) => {
                let usd = answer.cost_usd.or(self.models.plans_free().then_some(0.0));
                self.paid.planner.pay(usd, answer.usage.estimated);
                (self.out, self.replied) = (None, true);
            }
            Fact::RemoteFailed(failure) => self.failed(failure),
            Fact::RemoteInterrupted(interrupted) => {
                self.paid.planner.lost_usd += interrupted.worst_usd.unwrap_or(0.0);
                self.out = None;
            }
            Fact::JobRetried { usage, .. } | Fact::JobUseless { usage, .. } | Fact::JobFinished { usage, .. } => {
                self.read(usage);
            }
            _ => {}
        }
    }

    /// What was paid so far. Where nothing was and the planner's price is not known, nor is its sum.
    pub fn paid(&self) -> Paid {
        let mut paid = self.paid;
        let is_unpriced =
            self.models.now.remote.as_ref().is_none_or(|remote| remote.is_model && remote.price.is_none());
        paid.planner.unpriced |= is_unpriced && !self.replied;
        paid
    }

    /// Who plans and who reads.
    pub fn models(&self) -> &ModelsInForce {
        &self.models
    }

    /// Dollars at most for the request that is out.
    pub fn out_usd(&self) -> f64 {
        self.out.map_or(0.0, |(_, worst_usd)| worst_usd)
    }

    /// What was paid by a session that no process runs: the answer to a request that was out will never come.
    pub fn left(&self) -> Paid {
        let mut paid = self.paid();
        paid.planner.lost_usd += self.out_usd();
        paid
    }

    /// What the tokens cost that were read, at the price in force; nothing where there were any and it is not known.
    pub fn reading_usd(&self, usage: &Usage) -> Option<f64> {
        let price = self.models.now.local.as_ref().and_then(|local| local.price);
        if is_nothing(usage) { Some(0.0) } else { price.map(|price| price.cost(usage)) }
    }

    fn failed(&mut self, failure: &RemoteFailure) {
        let worst_usd = self.out.filter(|(ask, _)| *ask == failure.ask).map(|(_, worst_usd)| worst_usd);
        match failure.counted {
            Some(counted) => {
                self.paid.planner.pay(counted.cost_usd, counted.usage.estimated);
                self.replied = true;
            }
            None => self.paid.planner.lost_usd += failure.held_usd(worst_usd),
        }
        if failure.retry_in_ms.is_none() {
            self.out = None;
        }
    }

    fn read(&mut self, usage: &Usage) {
        if !is_nothing(usage) {
            let usd = self.reading_usd(usage);
            self.paid.reader.pay(usd, usage.estimated);
        }
    }
}

/// Whether nothing was read for it: it was cancelled, say, or on record.
fn is_nothing(usage: &Usage) -> bool {
    usage.input_tokens == 0 && usage.output_tokens == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(priced_usd: f64, estimated_usd: f64, lost_usd: f64) -> Money {
        Money { priced_usd, unpriced: false, estimated_usd, lost_usd }
    }

    #[test]
    fn a_reader_that_is_paid_for_is_told_and_counts_beside_the_planner() {
        let mut paid = Paid { planner: money(0.0014, 0.0, 0.0), reader: Money::default() };
        assert_eq!((paid.told().as_str(), paid.all().usd()), ("$0.0014", Some(0.0014)));
        // One on this machine has no price, and no bill.
        paid.reader.pay(None, true);
        assert_eq!((paid.told().as_str(), paid.all().usd()), ("$0.0014", Some(0.0014)));
        paid.reader = money(1.25, 0.25, 0.0);
        assert_eq!((paid.told().as_str(), paid.all().usd()), ("planner $0.0014, reader ≈ $1.25", Some(1.2514)));
        paid.reader.pay(None, false);
        assert_eq!((paid.told().as_str(), paid.all().usd()), ("planner $0.0014, reader price not known", None));
    }

    #[test]
    fn lost_answers_and_estimates_are_told_beside_dollars_and_multiples() {
        let planner = money(0.25, 0.0, 0.0);
        let paid = |planner, reader_usd| Paid { planner, reader: money(reader_usd, 0.0, 0.0) };
        let told = |paid: Paid, estimated| paid.times(0.5, estimated).map(|times| times.told());
        assert_eq!(told(paid(planner, 0.0), false).as_deref(), Some("2.0 times"));
        assert_eq!(told(paid(planner, 0.75), true).as_deref(), Some("≈ 0.5 times"));
        let lost = Money { lost_usd: 1.0, estimated_usd: 0.125, ..planner };
        assert_eq!(paid(lost, 0.0).told(), "≈ $0.25 +≤$1.00");
        assert_eq!(told(paid(lost, 0.0), false).as_deref(), Some("at most ≈ 2.0 times"));
        assert_eq!(told(paid(Money::default(), 0.0), false), None);
    }
}
