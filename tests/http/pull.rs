//! Models are fetched whole, once, and checked.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};
use futures_util::{StreamExt, stream};
use minions::local::pull::{PullError, Puller, Wanted};
use serde_json::json;

const SHA: &str = "d67146390dab77d806f136e1f2514f2f7dc17b70a42641c609d84968395bf6d3";

/// Turns of the event loop after which a connection breaks.
const BREAK_TURNS: usize = 1000;

/// A server with the test model, that remembers what it was asked for.
struct Shelf {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, HeaderMap)>>>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone)]
struct Stock {
    model: Arc<Vec<u8>>,
    /// Bytes after which the connection breaks.
    breaks: Option<usize>,
    asked: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Shelf {
    async fn with(breaks: Option<usize>) -> Self {
        let model = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf")).unwrap();
        let asked = Arc::default();
        let stock = Stock { model: Arc::new(model), breaks, asked: Arc::clone(&asked) };
        let router = Router::new().fallback(give).with_state(stock);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked, task }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }

    fn asked(&self, header: &str) -> Vec<Option<String>> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(_, headers)| Some(headers.get(header)?.to_str().unwrap().to_owned())).collect()
    }
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn give(State(stock): State<Stock>, uri: Uri, headers: HeaderMap) -> Response<Body> {
    stock.asked.lock().unwrap().push((uri.path().to_owned(), headers.clone()));
    if uri.path().starts_with("/api/models/maker/small-GGUF/tree/main") {
        let file = |name: &str| json!({"type": "file", "path": name, "lfs": {"oid": SHA}});
        let list = json!([file("small-Q4_0.gguf"), file("small-IQ4_0.gguf"), file("small-Q8_0.gguf"), file("F16/small-F16-00002-of-00002.gguf"),
            file("F16/small-F16-00001-of-00002.gguf"), file("small-BF16-00001-of-00003.gguf"),
            {"type": "file", "path": "README.md"}]);
        return Response::new(Body::from(list.to_string()));
    }
    if uri.path().starts_with("/busy/") && stock.asked.lock().unwrap().len() == 1 {
        return Response::builder().status(503).body(Body::empty()).unwrap();
    }
    if uri.path().ends_with("page.gguf") {
        return Response::builder().header("content-type", "text/html; charset=utf-8").body("<html>".into()).unwrap();
    }
    if !uri.path().ends_with(".gguf") {
        return Response::builder().status(404).body(Body::empty()).unwrap();
    }
    let range = headers.get("range").filter(|_| headers.get("if-range").is_some_and(|tag| tag == "\"one\""));
    let start: usize = range.map_or(0, |range| range.to_str().unwrap()[6..].trim_end_matches('-').parse().unwrap());
    if start > 0 && start >= stock.model.len() {
        return Response::builder().status(416).body(Body::empty()).unwrap();
    }
    let rest = stock.model[start..].to_vec();
    let reply = Response::builder().status(if range.is_some() { 206 } else { 200 }).header("etag", "\"one\"");
    let reply = reply.header("content-length", rest.len());
    let body = match stock.breaks.filter(|_| range.is_none()) {
        None => Body::from(rest),
        Some(breaks) => {
            let begun = stream::iter([Ok(rest[..breaks].to_vec())]);
            let broken = stream::once(async {
                // Until then what was begun is on its way.
                for _ in 0..BREAK_TURNS {
                    tokio::task::yield_now().await;
                }
                Err(std::io::Error::other("the line broke"))
            });
            Body::from_stream(begun.chain(broken))
        }
    };
    reply.body(body).unwrap()
}

fn same(path: &Path) -> bool {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf");
    std::fs::read(path).unwrap() == std::fs::read(model).unwrap()
}

/// The one file that this name means.
async fn find(puller: &Puller, named: &str, sha256: Option<String>) -> Wanted {
    let [wanted] = puller.find(named, sha256).await.unwrap().try_into().unwrap();
    wanted
}

fn names(folder: &Path) -> Vec<String> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn a_model_is_found_by_name_fetched_checked_and_fetched_once() {
    let (shelf, folder) = (Shelf::with(None).await, tempfile::tempdir().unwrap());
    let puller = Puller::new(&shelf.url(""), Some("hf_planted".into())).unwrap();
    let wanted = find(&puller, "maker/small-GGUF:q8_0", None).await;
    assert_eq!((wanted.name.as_str(), wanted.sha256.as_deref()), ("small-Q8_0.gguf", Some(SHA)));
    let mut told = Vec::new();
    let path = puller.fetch(&wanted, folder.path(), &mut |there, total| told.push((there, total))).await.unwrap();
    assert!(same(&path));
    assert_eq!(names(folder.path()), ["small-Q8_0.gguf"]);
    assert_eq!(told.last(), Some(&(759_872, Some(759_872))));
    assert_eq!(shelf.asked("authorization"), [Some("Bearer hf_planted".into()), Some("Bearer hf_planted".into())]);
    puller.fetch(&wanted, folder.path(), &mut |_, _| {}).await.unwrap();
    assert_eq!(shelf.asked("authorization").len(), 2, "what is there is not fetched again");
}

#[tokio::test]
async fn all_parts_of_a_split_model_are_found_in_their_order() {
    let shelf = Shelf::with(None).await;
    let puller = Puller::new(&shelf.url(""), None).unwrap();
    for named in ["maker/small-GGUF:-F16", "maker/small-GGUF:F16", "maker/small-GGUF:small-F16-00002-of-00002.gguf"] {
        let parts = puller.find(named, None).await.unwrap();
        let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["small-F16-00001-of-00002.gguf", "small-F16-00002-of-00002.gguf"], "{named}");
        assert!(parts.iter().all(|part| part.sha256.as_deref() == Some(SHA)));
    }
    let error = puller.find("maker/small-GGUF:-F16", Some(SHA.into())).await.unwrap_err();
    assert!(matches!(error, PullError::HashOfParts { .. }), "{error}");
}

#[tokio::test]
async fn a_part_of_a_name_is_meant_as_a_whole_where_a_file_has_it() {
    let shelf = Shelf::with(None).await;
    let puller = Puller::new(&shelf.url(""), None).unwrap();
    assert_eq!(find(&puller, "maker/small-GGUF:Q4_0", None).await.name, "small-Q4_0.gguf");
    assert_eq!(find(&puller, "maker/small-GGUF:iq4", None).await.name, "small-IQ4_0.gguf");
}

#[tokio::test]
async fn another_model_of_the_same_name_is_not_taken_for_it() {
    let (shelf, folder) = (Shelf::with(None).await, tempfile::tempdir().unwrap());
    let puller = Puller::new(&shelf.url(""), None).unwrap();
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/copying.gguf");
    std::fs::copy(other, folder.path().join("tiny.gguf")).unwrap();
    let wanted = find(&puller, &shelf.url("other/tiny.gguf"), None).await;
    let error = puller.fetch(&wanted, folder.path(), &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, PullError::Another(_)), "{error}");
    std::fs::remove_file(folder.path().join("tiny.gguf")).unwrap();
    for _ in 0..2 {
        assert!(same(&puller.fetch(&wanted, folder.path(), &mut |_, _| {}).await.unwrap()));
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let (shelf, folder) = (Shelf::with(None).await, tempfile::tempdir().unwrap());
    let puller = Puller::new(&shelf.url(""), None).unwrap();
    let wanted = find(&puller, &shelf.url("busy/tiny.gguf"), None).await;
    assert!(same(&puller.fetch(&wanted, folder.path(), &mut |_, _| {}).await.unwrap()));
    assert_eq!(shelf.asked("range").len(), 2);
}

#[tokio::test]
async fn a_broken_line_goes_on_where_it_broke() {
    let (shelf, folder) = (Shelf::with(Some(300_000)).await, tempfile::tempdir().unwrap());
    let puller = Puller::new("https://models.invalid", Some("hf_planted".into())).unwrap();
    let wanted = find(&puller, &shelf.url("some/tiny.gguf"), Some(SHA.to_uppercase())).await;
    let path = puller.fetch(&wanted, folder.path(), &mut |_, _| {}).await.unwrap();
    assert!(same(&path));
    let [None, Some(range)] = &shelf.asked("range")[..] else { panic!("{:?}", shelf.asked("range")) };
    let start: usize = range["bytes=".len()..].trim_end_matches('-').parse().unwrap();
    assert!((1..=300_000).contains(&start), "{range}");
    assert_eq!(shelf.asked("authorization"), [None, None], "a key is for its own place alone");
}

#[tokio::test]
async fn a_file_that_has_changed_since_is_fetched_anew() {
    let (shelf, folder) = (Shelf::with(None).await, tempfile::tempdir().unwrap());
    std::fs::write(folder.path().join("tiny.gguf.part"), "the beginning of another file").unwrap();
    std::fs::write(folder.path().join("tiny.gguf.part.etag"), "\"zero\"").unwrap();
    let puller = Puller::new(&shelf.url(""), None).unwrap();
    let wanted = find(&puller, &shelf.url("tiny.gguf"), None).await;
    assert!(same(&puller.fetch(&wanted, folder.path(), &mut |_, _| {}).await.unwrap()));
}

#[tokio::test]
async fn a_file_that_came_whole_before_it_got_its_name_is_not_fetched_again() {
    let (shelf, folder) = (Shelf::with(None).await, tempfile::tempdir().unwrap());
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf");
    std::fs::copy(model, folder.path().join("tiny.gguf.part")).unwrap();
    std::fs::write(folder.path().join("tiny.gguf.part.etag"), "\"one\"").unwrap();
    let puller = Puller::new(&shelf.url(""), None).unwrap();
    let wanted = find(&puller, &shelf.url("tiny.gguf"), Some(SHA.into())).await;
    let mut told = 0;
    assert!(same(&puller.fetch(&wanted, folder.path(), &mut |_, _| told += 1).await.unwrap()));
    assert_eq!((told, names(folder.path())), (0, vec!["tiny.gguf".to_owned()]));
}

#[tokio::test]
async fn what_is_not_what_was_promised_is_not_kept() {
    let (shelf, folder) = (Shelf::with(None).await, tempfile::tempdir().unwrap());
    let puller = Puller::new(&shelf.url(""), None).unwrap();
    let wanted = find(&puller, &shelf.url("tiny.gguf"), Some("0".repeat(64))).await;
    let error = puller.fetch(&wanted, folder.path(), &mut |_, _| {}).await.unwrap_err();
    assert!(matches!(error, PullError::Hash { .. }), "{error}");
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn what_cannot_be_had_is_told_with_what_to_do() {
    let (shelf, folder) = (Shelf::with(None).await, tempfile::tempdir().unwrap());
    let puller = Puller::new(&shelf.url(""), None).unwrap();
    let told = async |named: &str| puller.find(named, None).await.unwrap_err().to_string();
    assert!(told("maker/small-GGUF").await.contains(":small-Q4_0.gguf, or :small-IQ4_0.gguf"));
    assert!(told("maker/small-GGUF:Q2").await.contains("check the name"));
    assert!(told("maker/nothing").await.contains("set HF_TOKEN"));
    assert!(told("maker/small-GGUF:BF16").await.contains("in 3 parts and lists 1 of them"));
    for name in ["small", "../etc", "a/..", "a/b/c", "https://host/model.bin", "file:///etc/passwd"] {
        assert!(told(name).await.contains("neither a URL"), "{name}");
    }
    let hash = puller.find("maker/small-GGUF:Q4_0", Some("abc".into())).await.unwrap_err();
    assert!(hash.to_string().contains("64 hexadecimal digits"), "{hash}");
    std::fs::write(folder.path().join("mine.gguf"), "not a model").unwrap();
    let mine = find(&puller, &shelf.url("mine.gguf"), None).await;
    let error = puller.fetch(&mine, folder.path(), &mut |_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("is there already"), "{error}");
    assert_eq!(std::fs::read(folder.path().join("mine.gguf")).unwrap(), b"not a model");
    let page = find(&puller, &shelf.url("page.gguf"), None).await;
    let error = puller.fetch(&page, folder.path(), &mut |_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("sent a page"), "{error}");
    let nowhere = find(&puller, "http://127.0.0.1:9/tiny.gguf", None).await;
    let error = puller.fetch(&nowhere, folder.path(), &mut |_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:9 could not be reached"), "{error}");
}
