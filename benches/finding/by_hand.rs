//! What the offline planner's program does, by hand: cut, retrieve, read, keep.

use std::collections::HashMap;

use minions::document::bm25::{Ranked, rankings};
use minions::document::context::Context;
use minions::document::{Document, Span};
use minions::eval::question::Question;
use minions::ledger::SpanSet;
use minions::local::extractive::read;
use minions::protocol::prompts::messages;
use minions::protocol::{
    AskId, Estimate, Fact, ModelInfo, Purpose, RemoteAsk, ReplyFormat, SessionOpened, Settings, State,
};
use minions::remote::offline::{OfflinePlanner, Plan, Topic};

/// What came as far as each step.
#[derive(Default)]
pub struct Stages {
    /// In the chunks that the reader was given.
    pub retrieved: SpanSet,
    /// In what it quoted.
    pub quoted: SpanSet,
    /// In what was kept.
    pub kept: SpanSet,
    /// Bytes of the text that goes on.
    pub bytes: usize,
}

/// The documents of a question, cut once for each size.
pub struct Cuts<'a> {
    documents: &'a [Document],
    contexts: Vec<Context>,
    known: HashMap<(usize, usize), Vec<Cut>>,
}

impl<'a> Cuts<'a> {
    pub fn new(documents: &'a [Document]) -> Self {
        let contexts = documents.iter().map(|document| Context::of(&document.text)).collect();
        Self { documents, contexts, known: HashMap::new() }
    }

    fn of(&mut self, plan: &Plan) -> &[Cut] {
        let Self { documents, contexts, known } = self;
        known.entry((plan.chunk, plan.close)).or_insert_with(|| {
            let texts: Vec<&str> = documents.iter().map(|document| &*document.text).collect();
            let mut cuts = Vec::new();
            for (at, context) in contexts.iter().enumerate() {
                let mut start = 0;
                for length in cut(texts[at], plan.chunk, plan.close) {
                    let span = Span::new(at, start, start + length);
                    let Ranked { text, page } = context.ranked(&texts, span, &texts[at][start..start + length]);
                    cuts.push(Cut { span, ranked: Ranked { text: text.into_owned().into(), page } });
                    start += length;
                }
            }
            cuts
        })
    }
}

/// A chunk with what it is ranked by.
struct Cut {
    span: Span,
    ranked: Ranked<'static>,
}

pub fn run(question: &Question, documents: &[Document], share: f64, cuts: &mut Cuts<'_>) -> Stages {
    let plan = OfflinePlanner::keeping(share).plan(&request(question, documents));
    let mut stages = Stages::default();
    let (mut kept, mut used): (Vec<&str>, usize) = (Vec::new(), 0);
    let cuts = cuts.of(&plan);
    for (topic, cut) in jobs(&plan, cuts) {
        stages.retrieved.insert(cut.span);
        let chunk = &documents[cut.span.document].text[cut.span.start..cut.span.end];
        let Some(selected) = read(chunk, &plan.question.topics[topic].task, &plan.advice(topic)).selected else {
            continue;
        };
        let span = Span::new(
            cut.span.document,
            cut.span.start + selected.citation.start,
            cut.span.start + selected.citation.end,
        );
        stages.quoted.insert(span);
        let citation = &chunk[selected.citation.clone()];
        if kept.iter().any(|other| other.contains(citation)) {
            continue;
        }
        let characters = |text: &str| text.chars().count();
        let answer = characters(&chunk[selected.citation.start..selected.answer.start]);
        let place = format!("{answer}-{}", answer + characters(&chunk[selected.answer]));
        let text = format!("[{}, {place}]\n{citation}\n", characters(citation));
        if used + characters(&text) > plan.keep {
            continue;
        }
        used += characters(&text) + 1;
        stages.bytes += text.len() + 1;
        kept.push(citation);
        stages.kept.insert(span);
    }
    stages
}

/// The jobs in their order: a topic and a chunk.
fn jobs<'c>(plan: &'c Plan, cuts: &'c [Cut]) -> Vec<(usize, &'c Cut)> {
    let topics = &plan.question.topics;
    let weighted = |topic: &'c Topic| topic.keywords.iter().map(|keyword| (keyword.words.as_str(), keyword.weight));
    let queries: Vec<Vec<(&str, f64)>> = topics.iter().map(|topic| weighted(topic).collect()).collect();
    let ranked = |cut: &'c Cut| Ranked { text: (*cut.ranked.text).into(), page: cut.ranked.page };
    let best = rankings(&queries, cuts.iter().map(ranked));
    let in_order = (0..plan.read).flat_map(|rank| {
        let best = &best;
        (0..topics.len()).filter_map(move |topic| Some((topic, *best[topic].get(rank)?)))
    });
    let mut jobs: Vec<(usize, &Cut)> = in_order.map(|(topic, at)| (topic, &cuts[at])).collect();
    if jobs.is_empty() {
        jobs = cuts.iter().take(plan.read).map(|cut| (0, cut)).collect();
    }
    jobs.truncate(plan.jobs);
    jobs
}

/// The planner's request for this question, word for word as a session makes it.
fn request(question: &Question, documents: &[Document]) -> RemoteAsk {
    let mut state = State::default();
    let model =
        |provider: &str| ModelInfo { provider: provider.into(), model: provider.into(), is_model: false, price: None };
    state.apply(&Fact::SessionOpened(Box::new(SessionOpened {
        question: question.asked(),
        settings: Settings::default(),
        documents: documents.iter().map(Document::reference).collect(),
        remote: model("offline"),
        local: model("extractive"),
        prompts: String::new(),
        program: String::new(),
        clock_ms: None,
        embedding: None,
        parent: None,
    })));
    state.apply(&Fact::RoundBegan { round: 1, last: false });
    RemoteAsk {
        ask: AskId { round: 1, n: 1 },
        purpose: Purpose::Decompose,
        attempt: 1,
        messages: messages(&state, Purpose::Decompose),
        format: ReplyFormat::Text,
        max_output_tokens: 4_096,
        estimate: Estimate::default(),
    }
}

/// The lengths in bytes of the chunks that `cut` of the program makes.
fn cut(text: &str, size: usize, close: usize) -> Vec<usize> {
    let mut pieces: Vec<&str> = Vec::new();
    for line in lines(text) {
        if line.chars().count() <= size {
            pieces.push(line);
            continue;
        }
        for sentence in line.split_inclusive(". ") {
            if sentence.chars().count() <= size {
                pieces.push(sentence);
                continue;
            }
            let mut rest = sentence;
            while !rest.is_empty() {
                let at = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
                pieces.push(&rest[..at]);
                rest = &rest[at..];
            }
        }
    }
    let mut chunks = Vec::new();
    let (mut bytes, mut characters, mut last) = (0, 0, "");
    for piece in pieces {
        let length = piece.chars().count();
        if bytes > 0 && (characters + length > size || (characters > close && last.trim().is_empty())) {
            chunks.push(bytes);
            (bytes, characters) = (0, 0);
        }
        bytes += piece.len();
        characters += length;
        last = piece;
    }
    if bytes > 0 {
        chunks.push(bytes);
    }
    chunks
}

/// Lines as Python's `splitlines(keepends=True)` gives them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let ends =
        |c: char| matches!(c, '\n' | '\r' | '\x0b' | '\x0c' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut rest = text;
    std::iter::from_fn(move || {
        let (at, end) = rest.char_indices().find(|(_, c)| ends(*c)).unwrap_or((rest.len(), ' '));
        let after = if rest[at..].starts_with("\r\n") { at + 2 } else { (at + end.len_utf8()).min(rest.len()) };
        let (line, behind) = rest.split_at(after);
        rest = behind;
        (!line.is_empty()).then_some(line)
    })
}
