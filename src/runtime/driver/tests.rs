//! What the loop of a live session promises that no whole run shows for certain.

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::*;
use crate::config::SandboxConfig;
use crate::document::Document;
use crate::journal::{DayBook, Store};
use crate::local::extractive::ExtractiveReader;
use crate::protocol::{DocumentTokens, ProtocolKind, SessionOpened, Settings};
use crate::remote::nobody::Nobody;
use crate::runtime::Embeddings;
use crate::sandbox::Sandbox;

#[tokio::test]
async fn an_answer_is_on_record_while_the_documents_are_still_counted() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Item 7 brought in 10007 dollars in that year.\n";
    let documents = vec![Document::from_text("a.txt", text)];
    let windows = vec![Span::new(0, 0, text.len())];
    let settings = Settings { protocol: ProtocolKind::LocalOnly, windows, ..Settings::default() };
    let (session, journal) = Store::new(folder.path().to_owned()).create(&documents).unwrap();
    let (sender, mut events) = mpsc::channel(64);
    let mut driver = Driver::new(
        Setup {
            beginning: Beginning::New(Box::new(SessionOpened::example(settings, &documents))),
            documents,
            remote: Arc::new(Nobody),
            remote_attempts: 1,
            local: Arc::new(ExtractiveReader),
            sandbox: Sandbox::new("unused".into(), &SandboxConfig::default(), 1),
            embeddings: Embeddings::None,
            recall: Recall::default(),
            journal,
            book: DayBook::new(folder.path().to_owned(), session.id()),
        },
        sender,
    );
    let (count, counted) = oneshot::channel::<DocumentTokens>();
    driver.counting = Counting::by(tokio::spawn(async { counted.await.ok() }));
    let (_orders, no_orders) = mpsc::channel(1);
    let run = tokio::spawn(driver.run(no_orders));
    let answered = async {
        while let Some(event) = events.recv().await {
            let Event::Recorded(records) = event else { continue };
            let mut facts = records.iter().filter_map(|record| record.fact.known());
            if facts.any(|fact| matches!(fact, Fact::Answered { .. })) {
                return true;
            }
        }
        false
    };
    assert_eq!(timeout(Duration::from_secs(60), answered).await, Ok(true));
    drop(count);
    while events.recv().await.is_some() {}
    assert!(run.await.unwrap().unwrap().ending().is_some());
}
