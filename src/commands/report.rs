//! What a run comes to: the one object of `run --json`, and the plain answer for people.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

use super::bill::{self, CallBill, Prices, RoundBill};
use crate::document::escape::{visible, visible_lines};
use crate::document::{Document, Match, Span};
use crate::ledger::{Exposure, Forecast, Ledger, SpanSet, Tokens, Unsupported, unsupported};
use crate::protocol::{AnswerCitation, EngineSample, FleetSample, ProtocolKind, Purpose, State, Usage};

/// The object that `run --json` prints: a contract, so its fields and their names stay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub session: String,
    pub protocol: ProtocolKind,
    /// The name of the [`Ending`](crate::protocol::Ending), or `unfinished`.
    pub outcome: &'static str,
    /// Nothing where the documents do not tell or the run did not get there.
    pub answer: Option<String>,
    pub citations: Vec<Citation>,
    /// Numbers of the answer that stand in no cited text nor in the question.
    pub uncited_numbers: Vec<UncitedNumber>,
    pub rounds: u32,
    pub jobs: Jobs,
    pub usage: BothUsages,
    /// Every request to the remote LM, in order.
    pub calls: Vec<CallBill>,
    pub by_round: Vec<RoundBill>,
    pub prices: Prices,
    pub baseline: Baseline,
    pub exposed: Exposed,
    /// What the local engine measured in its own loop, since it started. The key is there only where one of ours ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineSample>,
    /// What the servers that read did, since the start. The key is there only where servers did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetSample>,
    pub seconds: f64,
    /// What was expected before it began. The key is there only where that was worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Forecast>,
    /// Why there is no answer, for people.
    #[serde(skip)]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Citation {
    /// The document's name. Nothing, as the three after it, where the quotation stands in no document.
    pub document: Option<String>,
    /// UTF-8 bytes: `text` is what stands at `start..end`.
    pub start: Option<usize>,
    pub end: Option<usize>,
    /// Counted from 1; nothing where the document has no pages.
    pub page: Option<usize>,
    /// The document's own words; what the remote LM quoted, where they were not found.
    pub text: String,
    #[serde(rename = "match")]
    pub how: CitationMatch,
    /// Every place where the words stand, `start..end` first; at most 32 of them.
    pub places: Vec<Place>,
    /// All of them.
    pub place_count: usize,
    /// The line on which it begins, counted from 1, for people.
    #[serde(skip)]
    pub line: Option<usize>,
}

/// Where words stand, in UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    pub document: String,
    pub start: usize,
    pub end: usize,
    pub page: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UncitedNumber {
    /// As the answer writes it.
    pub number: String,
    /// What of cited numbers comes to it, where something does.
    pub reckoned: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CitationMatch {
    Exact,
    Normalised,
    Fuzzy,
    NotFound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Jobs {
    pub planned: u32,
    pub answered: u32,
    pub abstained: u32,
    pub malformed: u32,
    pub truncated: u32,
    pub failed: u32,
    pub cancelled: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BothUsages {
    pub remote: LmUsage,
    pub local: LmUsage,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LmUsage {
    pub calls: u64,
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub cache_write_input_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    /// Nothing where the price is not known.
    pub cost_usd: Option<f64>,
    /// Whether any of the tokens were estimated rather than counted by the server.
    pub estimated: bool,
    /// Those of the input and output tokens that were.
    pub estimated_input_tokens: u64,
    pub estimated_output_tokens: u64,
    /// Of all calls, one after the other.
    pub seconds: f64,
}

impl LmUsage {
    fn new(calls: u64, tokens: &Tokens, cost_usd: Option<f64>, ms: u64) -> Self {
        let Usage {
            input_tokens,
            cached_input_tokens,
            cache_write_input_tokens,
            output_tokens,
            reasoning_tokens,
            estimated,
            reused: _,
        } = tokens.all();
        Self {
            calls,
            input_tokens,
            cached_input_tokens,
            cache_write_input_tokens,
            output_tokens,
            reasoning_tokens,
            cost_usd,
            estimated,
            estimated_input_tokens: tokens.estimated.input_tokens,
            estimated_output_tokens: tokens.estimated.output_tokens,
            seconds: ms as f64 / 1e3,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baseline {
    pub input_tokens: u64,
    pub cost_usd: Option<f64>,
    /// How many times what the session cost; nothing where that is nothing or not known.
    pub ratio: Option<f64>,
    /// Whether the tokens were estimated rather than counted with the model's own tokenizer.
    pub estimated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exposed {
    pub bytes: usize,
    /// Of all bytes of the documents, 0 to 1.
    pub share: f64,
    /// Each request that left, in order.
    pub by_request: Vec<ExposedByRequest>,
    /// The requests of one kind together, in the order in which kinds came first.
    pub by_purpose: Vec<ExposedByPurpose>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExposedByRequest {
    pub round: u32,
    pub purpose: Purpose,
    pub attempt: u32,
    pub bytes: usize,
    pub share: f64,
    /// Those that had not left before.
    pub new_bytes: usize,
    /// Of all documents, what had left with this request.
    pub total_share: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExposedByPurpose {
    pub purpose: Purpose,
    pub requests: usize,
    /// Each byte counted once, however often it left.
    pub bytes: usize,
    pub share: f64,
}

fn exposed(exposure: &Exposure) -> Exposed {
    let mut by_purpose: Vec<(Purpose, usize, SpanSet)> = Vec::new();
    for ask in exposure.asks() {
        match by_purpose.iter_mut().find(|(purpose, ..)| *purpose == ask.purpose) {
            Some((_, requests, spans)) => {
                *requests += 1;
                spans.merge(&ask.spans);
            }
            None => by_purpose.push((ask.purpose, 1, ask.spans.clone())),
        }
    }
    let share = |bytes| exposure.share_of(bytes);
    Exposed {
        bytes: exposure.bytes(),
        share: exposure.share(),
        by_request: exposure
            .asks()
            .iter()
            .map(|ask| ExposedByRequest {
                round: ask.ask.round,
                purpose: ask.purpose,
                attempt: ask.attempt,
                bytes: ask.bytes,
                share: share(ask.bytes),
                new_bytes: ask.new_bytes,
                total_share: share(ask.total_bytes),
            })
            .collect(),
        by_purpose: by_purpose
            .into_iter()
            .map(|(purpose, requests, spans)| {
                let bytes = spans.total_bytes();
                ExposedByPurpose { purpose, requests, bytes, share: share(bytes) }
            })
            .collect(),
    }
}

/// Draws up the report of a session, as far as it got. `documents` are the session's, in its order.
pub fn report(
    session_id: &str,
    state: &State,
    ledger: &Ledger,
    exposure: &Exposure,
    documents: &[Document],
    seconds: f64,
) -> Report {
    let totals = ledger.totals();
    let tally = totals.jobs;
    let answer = state.answer.as_ref();
    let citations = answer.map_or(&[][..], |answer| &answer.citations);
    let citations: Vec<Citation> = citations.iter().map(|citation| cite(citation, documents)).collect();
    let reason = state.ending().and_then(|ending| ending.reason());
    Report {
        session: session_id.to_owned(),
        protocol: state.settings().protocol,
        outcome: state.ending().map_or("unfinished", |ending| ending.name()),
        answer: answer.and_then(|answer| answer.answer.clone()),
        uncited_numbers: uncited(answer.and_then(|answer| answer.answer.as_deref()), state.question(), &citations),
        citations,
        rounds: state.rounds.len() as u32,
        jobs: Jobs {
            planned: tally.planned,
            answered: tally.answered,
            abstained: tally.abstained,
            malformed: tally.malformed,
            truncated: tally.truncated,
            failed: tally.failed,
            cancelled: tally.cancelled,
        },
        usage: BothUsages {
            remote: LmUsage::new(
                totals.remote.calls,
                &totals.remote.tokens,
                totals.remote_cost_usd,
                totals.remote.total_ms,
            ),
            local: LmUsage::new(totals.local.calls, &totals.local.tokens, totals.local_cost_usd, totals.local.busy_ms),
        },
        calls: bill::calls(ledger),
        by_round: bill::rounds(ledger),
        prices: bill::prices(ledger),
        baseline: Baseline {
            input_tokens: totals.baseline.input_tokens,
            cost_usd: totals.baseline.cost_usd,
            ratio: totals.baseline.ratio,
            estimated: totals.baseline.estimated,
        },
        exposed: exposed(exposure),
        engine: state.utilization.as_ref().and_then(|sample| sample.engine.clone()),
        fleet: state.utilization.as_ref().and_then(|sample| sample.fleet.clone()),
        seconds,
        expected: None,
        reason: reason.map(str::to_owned),
    }
}

/// What is cited of the documents alone bears a number out.
fn uncited(answer: Option<&str>, question: &str, citations: &[Citation]) -> Vec<UncitedNumber> {
    let cited = citations.iter().filter(|citation| citation.how != CitationMatch::NotFound);
    let found = unsupported(answer.unwrap_or_default(), question, cited.map(|citation| citation.text.as_str()));
    found.into_iter().map(|it| UncitedNumber { number: it.words.into(), reckoned: it.reckoned }).collect()
}

fn cite(citation: &AnswerCitation, documents: &[Document]) -> Citation {
    let found = citation.located.as_ref().and_then(|located| {
        let document = documents.get(located.span.document)?;
        let text = document.slice(located.span.start, located.span.end)?;
        Some((located, document, text))
    });
    let Some((located, document, text)) = found else {
        return Citation {
            document: None,
            start: None,
            end: None,
            page: None,
            text: citation.text.clone(),
            how: CitationMatch::NotFound,
            places: Vec::new(),
            place_count: 0,
            line: None,
        };
    };
    let before = document.text.as_bytes().get(..located.span.start).unwrap_or_default();
    Citation {
        document: Some(document.name.clone()),
        start: Some(located.span.start),
        end: Some(located.span.end),
        page: document.page_of(located.span.start),
        text: text.to_owned(),
        how: match located.how {
            Match::Exact => CitationMatch::Exact,
            Match::Normalised => CitationMatch::Normalised,
            Match::Fuzzy => CitationMatch::Fuzzy,
        },
        places: located.places().filter_map(|span| place(span, documents)).collect(),
        place_count: located.place_count(),
        line: Some(memchr::memchr_iter(b'\n', before).count() + 1),
    }
}

fn place(span: Span, documents: &[Document]) -> Option<Place> {
    let document = documents.get(span.document)?;
    let Span { start, end, .. } = span;
    Some(Place { document: document.name.clone(), start, end, page: document.page_of(start) })
}

/// Writes an object on one line. Control characters that JSON leaves alone are escaped as well, so that a terminal shows
/// them and does not obey them.
pub fn json_line(object: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::new();
    object.serialize(&mut serde_json::Serializer::with_formatter(&mut line, TerminalSafe))?;
    line.push(b'\n');
    out.write_all(&line)
}

impl Report {
    /// Writes the object on one line, see [`json_line`].
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        json_line(self, out)
    }

    /// Writes the answer and, numbered, the words of the documents that it rests on; or why there is none.
    pub fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        match (&self.answer, &self.reason) {
            (Some(answer), _) => writeln!(out, "{}", visible_lines(answer.trim()))?,
            (None, Some(reason)) => writeln!(out, "No answer: {}.", visible(reason.trim().trim_end_matches('.')))?,
            (None, None) => writeln!(out, "No answer: the run was stopped before it came to one.")?,
        }
        match (self.citations.is_empty(), &self.answer) {
            (true, Some(_)) => writeln!(out, "\nThe answer quotes no words of the documents.")?,
            (true, None) => {}
            (false, _) => writeln!(out)?,
        }
        for (index, citation) in self.citations.iter().enumerate() {
            let line = one_line(&citation.text);
            let words = visible(&line);
            let more = citation.elsewhere().map_or(String::new(), |more| format!(", {more}"));
            writeln!(out, "[{}] {}{more}: \"{words}\"", index + 1, citation.place())?;
        }
        for (index, line) in self.doubts().iter().enumerate() {
            writeln!(out, "{}! {}", if index == 0 { "\n" } else { "" }, visible(line))?;
        }
        Ok(())
    }

    /// What is to be said of numbers in the answer that stand in no cited text.
    pub(super) fn doubts(&self) -> Vec<String> {
        let of = |it: &UncitedNumber| (it.number.clone(), it.reckoned.clone());
        let all: Vec<(String, Option<String>)> = self.uncited_numbers.iter().map(of).collect();
        let told: Vec<Unsupported> =
            all.iter().map(|(words, reckoned)| Unsupported { words, reckoned: reckoned.clone() }).collect();
        Unsupported::told(&told)
    }
}

impl Citation {
    /// In how many more places the words stand, where they do.
    pub(super) fn elsewhere(&self) -> Option<String> {
        match self.place_count {
            0 | 1 => None,
            2 => Some("and 1 more place".into()),
            count => Some(format!("and {} more places", count - 1)),
        }
    }

    /// Where the words stand, as people say it.
    pub(super) fn place(&self) -> String {
        let Some(document) = &self.document else { return "not found in the documents".into() };
        let document = visible(document).into_owned();
        match (self.page, self.line) {
            (Some(page), _) => format!("{document}, page {page}"),
            (None, Some(line)) => format!("{document}, line {line}"),
            (None, None) => document,
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// JSON in which no character but printable ones stands as itself.
struct TerminalSafe;

impl Formatter for TerminalSafe {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(obeyed) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let length = rest[at..].chars().next().map_or(1, char::len_utf8);
            for unit in rest[at..at + length].encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + length..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Whether a terminal would act on the character or be led astray by it: controls and bidirectional overrides.
fn obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Located;
    use crate::protocol::{Ending, Fact, ModelInfo, SessionOpened, Settings};

    fn keys(value: &serde_json::Value) -> Vec<&str> {
        let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    /// The report of a session on one document that ends with this answer.
    fn report_of(text: &str, answer: Option<&str>, citations: Vec<AnswerCitation>, ending: Ending) -> Report {
        let documents = [Document::from_text("report.txt", text)];
        let model = |provider: &str| ModelInfo {
            provider: provider.into(),
            model: provider.into(),
            is_model: false,
            price: None,
        };
        let facts = [
            Fact::SessionOpened(Box::new(SessionOpened {
                question: "What?".into(),
                settings: Settings::default(),
                documents: documents.iter().map(Document::reference).collect(),
                remote: model("offline"),
                local: model("extractive"),
                prompts: "1".into(),
                program: "0.1.0".into(),
                clock_ms: None,
                embedding: None,
                parent: None,
            })),
            Fact::RoundBegan { round: 1, last: false },
            Fact::Answered { answer: answer.map(str::to_owned), explanation: String::new(), citations },
            Fact::SessionEnded { ending },
        ];
        let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::new(), Exposure::new(&documents));
        for fact in &facts {
            state.apply(fact);
            ledger.apply(fact);
            exposure.apply(fact);
        }
        report("s1", &state, &ledger, &exposure, &documents, 1.5)
    }

    fn found(start: usize, end: usize, how: Match) -> AnswerCitation {
        let located = Some(Located::new(Span::new(0, start, end), how));
        AnswerCitation { text: "as the model wrote it".into(), located }
    }

    #[test]
    fn the_json_object_has_exactly_the_keys_scripts_rely_on() {
        let citations =
            vec![found(6, 11, Match::Normalised), AnswerCitation { text: "invented words".into(), located: None }];
        let report = report_of("first\x0cWORDS and more", Some("42"), citations, Ending::Answered);
        let mut line = Vec::new();
        report.write_json(&mut line).unwrap();
        let object: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(
            keys(&object),
            [
                "answer",
                "baseline",
                "by_round",
                "calls",
                "citations",
                "exposed",
                "jobs",
                "outcome",
                "prices",
                "protocol",
                "rounds",
                "seconds",
                "session",
                "uncited_numbers",
                "usage"
            ]
        );
        for citation in object["citations"].as_array().unwrap() {
            assert_eq!(keys(citation), ["document", "end", "match", "page", "place_count", "places", "start", "text"]);
        }
        assert_eq!(
            keys(&object["jobs"]),
            ["abstained", "answered", "cancelled", "failed", "malformed", "planned", "truncated"]
        );
        assert_eq!(keys(&object["usage"]), ["local", "remote"]);
        for lm in ["local", "remote"] {
            assert_eq!(
                keys(&object["usage"][lm]),
                [
                    "cache_write_input_tokens",
                    "cached_input_tokens",
                    "calls",
                    "cost_usd",
                    "estimated",
                    "estimated_input_tokens",
                    "estimated_output_tokens",
                    "input_tokens",
                    "output_tokens",
                    "reasoning_tokens",
                    "seconds"
                ]
            );
        }
        assert_eq!(keys(&object["baseline"]), ["cost_usd", "estimated", "input_tokens", "ratio"]);
        assert_eq!(keys(&object["exposed"]), ["by_purpose", "by_request", "bytes", "share"]);

        assert_eq!(object["protocol"], "minions");
        assert_eq!(object["outcome"], "answered");
        let located = serde_json::json!(
            {"document": "report.txt", "start": 6, "end": 11, "page": 2, "text": "WORDS", "match": "normalised",
            "places": [{"document": "report.txt", "start": 6, "end": 11, "page": 2}], "place_count": 1});
        assert_eq!(object["citations"][0], located);
        let missing = serde_json::json!(
            {"document": null, "start": null, "end": null, "page": null, "text": "invented words", "match": "not_found",
            "places": [], "place_count": 0});
        assert_eq!(object["uncited_numbers"], serde_json::json!([{"number": "42", "reckoned": null}]));
        assert_eq!(object["citations"][1], missing);
    }

    #[test]
    fn a_terminal_obeys_nothing_of_the_json_and_nothing_is_lost() {
        let answer = "red \u{1b}[31m, C1 \u{9b}31m, \u{7f}, \u{202e}, \u{e9}, \u{1f600}";
        let report = report_of("text", Some(answer), Vec::new(), Ending::Answered);
        let mut line = Vec::new();
        report.write_json(&mut line).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert!(!line.trim_end().contains(obeyed));
        assert!(line.contains("\u{e9}, \u{1f600}"));
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["answer"], answer);
    }

    #[test]
    fn people_read_the_answer_and_where_its_words_stand() {
        let citations =
            vec![found(4, 17, Match::Exact), AnswerCitation { text: "invented\u{1b}[2J".into(), located: None }];
        let report = report_of("one\ntwo words\nhere", Some("It is two."), citations, Ending::Answered);
        let mut out = Vec::new();
        report.write_human(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "It is two.\n\n[1] report.txt, line 2: \"two words her\"\n[2] not found in the documents: \"invented␛[2J\"\n"
        );
    }

    #[test]
    fn without_an_answer_people_read_why() {
        for (ending, sentence) in [
            (
                Ending::NoAnswer { reason: "the documents do not tell".into() },
                "No answer: the documents do not tell.\n",
            ),
            (Ending::Cancelled, "No answer: the run was stopped before it came to one.\n"),
        ] {
            let mut out = Vec::new();
            report_of("text", None, Vec::new(), ending).write_human(&mut out).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), sentence);
        }
    }
}
