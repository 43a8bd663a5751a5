//! What a program's `retrieve` asks its parent, and what comes of the answers.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use minions::sandbox::{Likeness, Likenesses, Question};

use super::*;

/// Finds "turnover" like every query, and knows nothing of other chunks; answers after a while, or not at all.
#[derive(Default)]
struct Scripted {
    takes: Duration,
    fails: bool,
    asked: Mutex<Vec<Question>>,
    failed: Mutex<Vec<String>>,
}

impl Likeness for Scripted {
    fn compare(&self, question: Question) -> BoxFuture<'_, Result<Likenesses, String>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(question.clone());
            tokio::time::sleep(self.takes).await;
            let like = |chunk: &String| if chunk.contains("turnover") { 0.9 } else { f32::NAN };
            let row: Vec<f32> = question.chunks.iter().map(like).collect();
            if self.fails { Err("no model".into()) } else { Ok(vec![row; question.queries.len()]) }
        })
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(4)
    }

    fn failed(&self, why: String) {
        self.failed.lock().unwrap().push(why);
    }
}

const CHUNKS: &str = "['net sales rose', 'weather', 'wind', 'rain', 'turnover went up', 'snow', 'turnover went up']";

async fn run(likeness: &Scripted, seconds: u64, body: &str) -> Result<String, CodeError> {
    let source = format!("def transform_outputs(jobs):\n    chunks = {CHUNKS}\n    {body}\n");
    let program = Program { likeness: Some(likeness), ..at_noon(&source) };
    sandbox_of(env!("CARGO_BIN_EXE_minions"), 256, seconds).transform(program, &[]).await
}

#[tokio::test]
async fn retrieve_ranks_by_words_and_by_what_the_parent_says_of_meanings() {
    let likeness = Scripted::default();
    let found = run(&likeness, 5, "return repr(retrieve(['sales', 'net sales'], chunks, 2))").await.unwrap();
    assert_eq!(found, "['net sales rose', 'turnover went up']");
    let asked = likeness.asked.into_inner().unwrap();
    assert_eq!((asked.len(), asked[0].queries.len(), asked[0].chunks.len()), (1, 2, 6), "no text is asked for twice");
}

#[tokio::test]
async fn nothing_is_asked_where_nothing_is_wanted() {
    let likeness = Scripted::default();
    let body = "return repr([retrieve('sales', chunks, 0), retrieve([], chunks), retrieve('sales', [])])";
    assert_eq!(run(&likeness, 5, body).await.unwrap(), "[[], [], []]");
    assert!(likeness.asked.into_inner().unwrap().is_empty());
}

#[tokio::test]
async fn without_an_answer_words_alone_count_and_that_is_told() {
    let likeness = Scripted { fails: true, ..Scripted::default() };
    let found = run(&likeness, 5, "return repr(retrieve('turnover', chunks, 1))").await.unwrap();
    assert_eq!(found, "['turnover went up']");
    let body = "return repr(len(retrieve('turnover', chunks + [f'y{n}' for n in range(70_000)], 1)))";
    assert_eq!(run(&likeness, 60, body).await.unwrap(), "1");
    let failed = likeness.failed.into_inner().unwrap();
    assert_eq!((failed.len(), failed[0].as_str()), (2, "no model"));
    assert!(failed[1].contains("more compared at once"), "{failed:?}");
}

#[tokio::test]
async fn waiting_for_the_parent_takes_none_of_the_programs_time_and_ends_too() {
    let likeness = Scripted { takes: Duration::from_millis(2800), ..Scripted::default() };
    let twice = "return repr([retrieve('sales', chunks, 2) for _ in range(2)])";
    let found = run(&likeness, 1, twice).await.unwrap();
    assert_eq!(found, "[['net sales rose', 'turnover went up'], ['net sales rose', 'weather']]");
    let failed = likeness.failed.lock().unwrap().clone();
    assert!(failed.len() == 1 && failed[0].contains("not embedded within the 4 s"), "{failed:?}");

    let quick = Scripted::default();
    let body = "retrieve('sales', chunks)\n    while True: pass";
    let error = run(&quick, 1, body).await.unwrap_err();
    assert_eq!((error.kind, error.line), (CodeErrorKind::TimeLimit, Some(4)), "{error}");
}
