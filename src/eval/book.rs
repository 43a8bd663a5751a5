//! The book of an eval: which session each try is, and what it came to. Lines of JSON, only ever added to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::judge::JudgedBy;
use super::row::{Cost, JudgeCost, Row, Try};
use crate::protocol::Counted;

/// The newest form of a line that this program reads.
pub const VERSION: u32 = 1;

/// One line of the book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// What is asked: the first line.
    Begun {
        v: u32,
        /// The blake3 of the file of questions, and its name.
        questions: String,
        file: String,
    },
    /// The session of a try is on the disk; written before anything of it is paid for.
    Started {
        #[serde(flatten)]
        of: Try,
        session: String,
        /// Whether its budget is a share of that of all questions, and less than it may spend by itself.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        cut: bool,
    },
    /// The judge is about to be asked about the try's answer, and may cost so much; written before the request leaves.
    JudgeAsked {
        #[serde(flatten)]
        of: Try,
        worst_usd: f64,
    },
    /// It was asked, and cost so much instead.
    JudgeSettled {
        #[serde(flatten)]
        of: Try,
        worst_usd: f64,
        usd: f64,
        /// What was counted of its reply, and what of the price is known; nothing where no reply came.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reply: Option<Counted>,
    },
    /// The session has ended and counts.
    Finished(Box<Row>),
    /// Another judge said of an answer that counts; nothing where it gave no verdict, or had none to give.
    Judged {
        #[serde(flatten)]
        of: Try,
        by: JudgedBy,
        score: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unjudged: Option<String>,
    },
    /// The session ended before its time, and its try is made again. What it cost stays spent.
    Abandoned {
        #[serde(flatten)]
        of: Try,
        session: String,
        why: String,
        cost: Cost,
    },
    /// The tries of before do not count any more: everything is asked anew. What they cost stays spent.
    Anew,
}

/// A try that was begun.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    pub session: String,
    pub cut: bool,
    /// What the judge may have cost so far.
    pub judge: JudgeCost,
}

/// What the book comes to: a fold over its entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Book {
    pub begun: Option<(String, String)>,
    /// By try: what counts.
    pub rows: BTreeMap<Try, Row>,
    /// Tries that were begun and of which no more is known.
    pub open: BTreeMap<Try, Open>,
    /// Every session that was ever begun.
    pub sessions: BTreeSet<String>,
    /// What sessions cost that do not count.
    pub lost: Vec<Cost>,
}

impl Book {
    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Begun { questions, file, .. } => {
                self.begun.get_or_insert((questions.clone(), file.clone()));
            }
            Entry::Started { of, session, cut } => {
                self.sessions.insert(session.clone());
                self.open.insert(of.clone(), Open { session: session.clone(), cut: *cut, judge: JudgeCost::default() });
            }
            Entry::JudgeAsked { of, worst_usd } => self.charge(of, *worst_usd, None),
            Entry::JudgeSettled { of, worst_usd, usd, reply } => self.charge(of, usd - worst_usd, *reply),
            Entry::Finished(row) => {
                self.open.remove(&row.of);
                if let Some(before) = self.rows.insert(row.of.clone(), (**row).clone()) {
                    self.lost.push(before.cost);
                }
            }
            Entry::Judged { of, by, score, unjudged } => {
                if let Some(row) = self.rows.get_mut(of) {
                    row.judged_by = Some(by.clone());
                    (row.scores.judge, row.unjudged) = (*score, unjudged.clone());
                }
            }
            Entry::Abandoned { of, cost, .. } => {
                self.open.remove(of);
                self.lost.push(*cost);
            }
            Entry::Anew => {
                self.lost.extend(std::mem::take(&mut self.rows).into_values().map(|row| row.cost));
                let open = std::mem::take(&mut self.open).into_values();
                self.lost.extend(open.map(|open| Cost { judge: open.judge, ..Cost::default() }));
            }
        }
    }

    /// The judge's cost goes to what is judged: the session that is open, else the answer that counts.
    fn charge(&mut self, of: &Try, usd: f64, reply: Option<Counted>) {
        let open = self.open.get_mut(of).map(|open| &mut open.judge);
        if let Some(judge) = open.or_else(|| self.rows.get_mut(of).map(|row| &mut row.cost.judge)) {
            judge.usd = (judge.usd + usd).max(0.0);
            if let Some(Counted { usage, cost_usd }) = reply {
                judge.reply(&usage, cost_usd);
            }
        }
    }

    /// Dollars of all sessions that ended, those that do not count as well.
    pub fn spent_usd(&self) -> f64 {
        self.rows.values().map(|row| &row.cost).chain(&self.lost).map(Cost::spent_usd).fold(0.0, |sum, usd| sum + usd)
    }
}

/// The entries of a book, and how many bytes of it are whole. A line that was torn when its writer ended is left out; any
/// other that cannot be read is an error with its line.
pub fn read(text: &str) -> Result<(Vec<Entry>, usize), String> {
    let mut entries = Vec::new();
    let mut whole = 0;
    for (n, line) in text.split_inclusive('\n').enumerate() {
        let Some(line) = line.strip_suffix('\n') else { break };
        let entry = serde_json::from_str(line).map_err(|error| format!("line {}: {error}", n + 1))?;
        if let Entry::Begun { v, .. } = entry
            && v > VERSION
        {
            return Err(format!("line {}: this eval was begun by a newer version of the program", n + 1));
        }
        whole += line.len() + 1;
        entries.push(entry);
    }
    Ok((entries, whole))
}

/// What tells settings apart: a hash over those that change an answer.
pub fn fingerprint(settings: &Value) -> String {
    // The order in which settings stand in the code says nothing.
    let mut settings = settings.clone();
    settings.sort_all_objects();
    let text = settings.to_string();
    blake3::hash(text.as_bytes()).to_hex().chars().take(16).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Followed;
    use crate::protocol::Usage;

    fn of(question: &str) -> Try {
        Try { setting: "s".into(), question: question.into(), repeat: 1 }
    }

    fn started(question: &str, cut: bool) -> Entry {
        Entry::Started { of: of(question), session: format!("session-{question}"), cut }
    }

    #[test]
    fn what_a_kill_left_is_known_with_its_share_and_its_judge() {
        let mut book = Book::default();
        for entry in [started("a", true), started("b", false), Entry::JudgeAsked { of: of("a"), worst_usd: 0.5 }] {
            let line = serde_json::to_string(&entry).unwrap() + "\n";
            book.apply(&read(&line).unwrap().0[0]);
        }
        assert_eq!(
            book.open[&of("a")],
            Open { session: "session-a".into(), cut: true, judge: JudgeCost { usd: 0.5, ..JudgeCost::default() } }
        );
        assert!(!book.open[&of("b")].cut);
    }

    #[test]
    fn what_the_judge_cost_takes_the_place_of_what_it_might_have() {
        let mut book = Book::default();
        let asked = || Entry::JudgeAsked { of: of("a"), worst_usd: 0.5 };
        let settled = Entry::JudgeSettled { of: of("a"), worst_usd: 0.5, usd: 0.125, reply: None };
        [started("a", false), asked(), settled, asked()].iter().for_each(|entry| book.apply(entry));
        assert_eq!(book.open[&of("a")].judge.usd, 0.625);
    }

    #[test]
    fn what_was_counted_of_the_judges_replies_is_known_with_its_estimates() {
        let usage = |estimated| Usage { input_tokens: 140, output_tokens: 14, estimated, ..Usage::default() };
        let settled = |estimated, cost_usd: Option<f64>| Entry::JudgeSettled {
            of: of("a"),
            worst_usd: 0.5,
            usd: cost_usd.unwrap_or(0.0),
            reply: Some(Counted { usage: usage(estimated), cost_usd }),
        };
        let mut book = Book::default();
        for entry in [started("a", false), settled(false, Some(0.5)), settled(true, Some(0.75))] {
            let line = serde_json::to_string(&entry).unwrap() + "\n";
            book.apply(&read(&line).unwrap().0[0]);
        }
        let judge = book.open[&of("a")].judge;
        assert_eq!((judge.input_tokens, judge.output_tokens, judge.estimated_usd), (280, 28, 0.75));
        assert!(judge.estimated && !judge.unpriced);
        book.apply(&settled(false, None));
        assert!(book.open[&of("a")].judge.unpriced);
    }

    #[test]
    fn a_verdict_of_another_judge_takes_the_place_of_the_first_and_what_both_cost_stays_spent() {
        let mut book = Book::default();
        let mut row =
            Followed::new(&[]).row(of("a"), "session-a".into(), &crate::eval::judge::tests::question(&["1"]), &[]);
        row.scores.judge = Some(1.0);
        row.cost.judge.usd = 0.25;
        let by = JudgedBy::now("other".into());
        for entry in [
            started("a", false),
            Entry::Finished(Box::new(row)),
            Entry::JudgeAsked { of: of("a"), worst_usd: 0.5 },
            Entry::JudgeSettled { of: of("a"), worst_usd: 0.5, usd: 0.125, reply: None },
            Entry::Judged { of: of("a"), by: by.clone(), score: Some(0.0), unjudged: None },
        ] {
            let line = serde_json::to_string(&entry).unwrap() + "\n";
            book.apply(&read(&line).unwrap().0[0]);
        }
        let row = &book.rows[&of("a")];
        assert_eq!((row.scores.judge, row.judged_by.as_ref()), (Some(0.0), Some(&by)));
        assert_eq!((row.cost.judge.usd, book.spent_usd()), (0.375, 0.375));
    }

    #[test]
    fn a_line_of_before_shares_were_kept_still_reads() {
        let line = "{\"kind\":\"started\",\"setting\":\"s\",\"question\":\"a\",\"repeat\":1,\"session\":\"x\"}\n";
        assert_eq!(read(line).unwrap().0, [Entry::Started { of: of("a"), session: "x".into(), cut: false }]);
    }

    #[test]
    fn asked_anew_nothing_of_before_is_open_and_what_it_cost_stays_spent() {
        let mut book = Book::default();
        let asked = Entry::JudgeAsked { of: of("a"), worst_usd: 0.5 };
        [started("a", false), asked, Entry::Anew].iter().for_each(|entry| book.apply(entry));
        assert!(book.open.is_empty() && book.rows.is_empty());
        assert_eq!((book.spent_usd(), book.sessions.len()), (0.5, 1));
    }
}
