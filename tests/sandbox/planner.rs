//! The offline planner's programs run in the sandbox, whatever was asked and however many documents there are.

use std::sync::Arc;

use minions::document::Document;
use minions::local::extractive::ExtractiveReader;
use minions::local::{ChunkText, JobRequest, LocalLm};
use minions::protocol::{
    AskId, Chunk, Chunker, Estimate, Fact, JobId, Manifest, Means, Purpose, RemoteAsk, ReplyFormat, Retrieval,
    SessionOpened, Settings, State, extract_code, prompts, read_output,
};
use minions::remote::{RemoteLm, offline::OfflinePlanner};
use minions::sandbox::{PastJob, Program};
use tokio::sync::mpsc;

use super::sandbox;

const HARBOUR: &str = "The old harbour \"Brace {Quay}\" closed in 1987.\n\nIn all, 4,812 penguins 🐧 live on the island.\n\n\
    It's said that C:\\ships\\%d.log lists every ship. The naïve café opened late.\n";

/// The program that the planner writes when a session asks this of these documents.
async fn program(question: &str, documents: &[Document]) -> String {
    program_under(Settings::default(), question, documents).await
}

async fn program_under(settings: Settings, question: &str, documents: &[Document]) -> String {
    let planner = OfflinePlanner::default();
    let mut state = State::default();
    state.apply(&Fact::SessionOpened(Box::new(SessionOpened {
        question: question.into(),
        settings,
        documents: documents.iter().map(Document::reference).collect(),
        remote: planner.info(),
        local: ExtractiveReader.info(),
        prompts: prompts::VERSION.into(),
        program: String::new(),
        clock_ms: None,
        embedding: None,
        parent: None,
    })));
    state.apply(&Fact::RoundBegan { round: 1, last: false });
    let request = RemoteAsk {
        ask: AskId { round: 1, n: 1 },
        purpose: Purpose::Decompose,
        attempt: 1,
        messages: prompts::messages(&state, Purpose::Decompose),
        format: ReplyFormat::Text,
        max_output_tokens: 4096,
        estimate: Estimate::default(),
    };
    let (deltas, _received) = mpsc::channel(1);
    extract_code(&planner.ask(&request, deltas).await.unwrap().text).unwrap()
}

/// One round of the program: its jobs, and the text that it makes of what the extractive reader says.
async fn round(question: &str, documents: &[Document]) -> (Vec<Manifest>, String) {
    let sandbox = sandbox(1024, 20);
    let source = program(question, documents).await;
    let texts: Vec<Arc<str>> = documents.iter().map(|document| document.text.clone()).collect();
    let jobs = sandbox
        .prepare(Program { source: &source, clock_ms: 0, likeness: None }, &texts, &[])
        .await
        .unwrap_or_else(|error| panic!("{question:?}: {error}"));
    let mut done = Vec::new();
    for (index, job) in (0..).zip(&jobs) {
        let Chunk::Span(span) = &job.chunk else { panic!("{question:?}: a chunk that stands in no document") };
        let chunk = ChunkText::of(texts[span.document].clone(), span.start..span.end);
        let request = JobRequest {
            id: JobId { round: 1, index },
            chunk: chunk.clone(),
            task: job.task.as_str().into(),
            advice: job.advice.as_str().into(),
            sample: 0,
            max_output_tokens: 512,
        };
        let reply = ExtractiveReader.execute(request).await.unwrap();
        done.push((chunk, job, read_output(&reply.text, reply.finish).unwrap()));
    }
    let past: Vec<PastJob<'_>> = (0..)
        .zip(&done)
        .map(|(chunk_id, (chunk, job, output))| PastJob {
            chunk: chunk.as_str(),
            task: &job.task,
            advice: &job.advice,
            chunk_id,
            task_id: 0,
            output: output.clone(),
        })
        .collect();
    let text = sandbox
        .transform(Program { source: &source, clock_ms: 0, likeness: None }, &past)
        .await
        .unwrap_or_else(|error| panic!("{question:?}: {error}"));
    (jobs, text)
}

#[tokio::test]
async fn odd_questions_become_programs_that_run() {
    let documents = [Document::from_text("harbour", HARBOUR), Document::from_text("one line", "word ".repeat(2_000))];
    let long = "how many penguins ".repeat(400);
    for question in [
        "How many 'penguins' live on the \"island\"?",
        "penguins\n\"\"\"\n```\nimport os\n```\n'''",
        "What is in C:\\ships\\%d.log\\",
        "{penguins} {0!r} {{}} %s %(island)d f'{quay}'",
        "🐧👩‍👩‍👧 naïve café e\u{301} \u{202e}island\u{2028}penguins\u{0}\u{7}",
        "</question><question>penguins\t</question>",
        "Why was this?",
        "?!",
        long.as_str(),
    ] {
        let (jobs, text) = round(question, &documents).await;
        assert!(!jobs.is_empty() && !text.is_empty(), "{question:?}");
        if question.contains("penguins") {
            assert!(text.contains("4,812 penguins 🐧"), "{question:?}: {text}");
        }
    }
}

#[tokio::test]
async fn every_document_is_searched_and_none_is_joined_to_another() {
    let names = ["first", "second", "third"];
    let documents = names.map(|name| {
        let filler = "The weather was fine and nothing happened.\n\n".repeat(40);
        Document::from_text(name, format!("{filler}The {name} lighthouse keeper was {name}son.\n\n{filler}"))
    });
    let (jobs, text) = round("Who were the lighthouse keepers?", &documents).await;
    for (index, name) in names.iter().enumerate() {
        let reads = |job: &&Manifest| matches!(job.chunk, Chunk::Span(span) if span.document == index);
        assert!(jobs.iter().any(|job| reads(&job)), "{name}");
        assert!(text.contains(&format!("was {name}son.")), "{text}");
    }
}

/// The chunks that a program under these means has read, as texts.
async fn chunks_under(means: Means, document: &Document) -> Vec<String> {
    let settings = Settings { means, chunk_chars: 400, ..Settings::default() };
    let source = program_under(settings, "What did item 7 bring in?", std::slice::from_ref(document)).await;
    let texts = [document.text.clone()];
    let jobs = sandbox(1024, 20).prepare(Program { source: &source, clock_ms: 0, likeness: None }, &texts, &[]).await;
    let jobs = jobs.unwrap_or_else(|error| panic!("{means:?}: {error}"));
    let chunks = jobs.iter().map(|job| match &job.chunk {
        Chunk::Text(text) => panic!("{means:?}: {text:?} stands nowhere"),
        chunk => chunk.text(|span| document.slice(span.start, span.end)).unwrap().into_owned(),
    });
    chunks.collect()
}

#[tokio::test]
async fn each_lever_changes_what_the_planners_program_has_read() {
    let text: String = (0..200)
        .map(|n| {
            format!(
                "{}Item {n} brought in {} dollars.\n\n",
                if n % 10 == 0 { format!("# Part {n}\n\n") } else { String::new() },
                10_000 + n
            )
        })
        .collect();
    let document = Document::from_text("ledger.md", text.as_str());
    let plain = chunks_under(Means::default(), &document).await;
    let with = |change: fn(&mut Means)| {
        let mut means = Means::default();
        change(&mut means);
        means
    };
    let picked = chunks_under(with(|means| (means.retrieval, means.retrieve_k) = (Retrieval::On, 3)), &document).await;
    assert_eq!(picked.len(), 3);
    let all = chunks_under(with(|means| means.retrieval = Retrieval::Off), &document).await;
    assert!(all.len() > plain.len());
    let place = |chunk: &String| text.find(chunk.as_str());
    let mut in_order = all.clone();
    in_order.sort_by_key(place);
    assert_eq!(in_order.concat(), text, "every chunk is read");
    let overlapping = with(|means| (means.retrieval, means.overlap_chars) = (Retrieval::Off, 50));
    let mut overlapping = chunks_under(overlapping, &document).await;
    overlapping.sort_by_key(place);
    for pair in overlapping.windows(2) {
        assert!(pair[0].ends_with(&pair[1][..50]));
    }
    let headings = with(|means| (means.retrieval, means.chunker) = (Retrieval::Off, Chunker::Heading));
    assert!(chunks_under(headings, &document).await.iter().any(|chunk| chunk.starts_with("# Part 10\n")));
    for chunker in [Chunker::Section, Chunker::Page, Chunker::Paragraph, Chunker::Code, Chunker::Table, Chunker::Tokens]
    {
        let means = Means { chunker, retrieval: Retrieval::Off, overlap_chars: 20, ..Means::default() };
        assert!(!chunks_under(means, &document).await.is_empty(), "{chunker:?}");
    }
}
