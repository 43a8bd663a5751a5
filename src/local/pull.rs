//! Fetches a model's file: from a URL, or by its name at Hugging Face. It goes on where it stopped, and checks what came.

use std::io::SeekFrom;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::time::timeout;

use super::gguf;
use super::models::{part_of, stem};

/// Where models are found by name (huggingface.co/docs/hub/api); `HF_ENDPOINT` names a mirror.
pub const HUGGING_FACE: &str = "https://huggingface.co";
const CONNECT: Duration = Duration::from_secs(15);
/// Silence after which a connection is given up.
const IDLE: Duration = Duration::from_secs(60);
/// Connections in a row that brought nothing new.
const ATTEMPTS: u32 = 4;
/// Before another connection, times how many failed.
const PAUSE: Duration = Duration::from_millis(250);
/// Bytes of a list of files that are read.
const LIST_BYTES: usize = 8 << 20;

/// Why no model came, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    #[error(
        "{0:?} is neither a URL of a .gguf file nor a name such as owner/model-GGUF:Q4_K_M; look for one at huggingface.co"
    )]
    Name(String),
    #[error(
        "{place} could not be reached ({why}): check the network, then run the same again; it goes on where it stopped if the server can"
    )]
    Network { place: String, why: String },
    #[error("{place} has no {what}: check the name{}", if *.token { "" } else { ", and set HF_TOKEN where the model is not public" })]
    Missing { place: String, what: String, token: bool },
    #[error("{place} refused ({status}): {}", if *.status == 401 || *.status == 403 { "accept the model's terms there and set HF_TOKEN" } else { "try again later" })]
    Refused { place: String, status: u16 },
    #[error("{0:?} is no SHA-256: give its 64 hexadecimal digits, or leave --sha256 out")]
    NoHash(String),
    #[error("{repo} holds no .gguf file: take a repository that does, often named …-GGUF")]
    NoGguf { repo: String },
    #[error("{repo} holds several models, name one of them, such as {repo}:{}", .files.join(", or :"))]
    Several { repo: String, files: Vec<String> },
    #[error("{repo} holds {whole} in {of} parts and lists {listed} of them: look there whether its upload has ended")]
    PartsMissing { repo: String, whole: String, of: u64, listed: usize },
    #[error(
        "a hash is of one file, and {repo} holds this model in several: leave --sha256 out, theirs are known there"
    )]
    HashOfParts { repo: String },
    #[error("{place} sent a page and no model: check the URL")]
    Page { place: String },
    #[error("what came is not what was promised (SHA-256 {came}, not {promised}): it was removed, pull it again")]
    Hash { came: String, promised: String },
    #[error("what came is of no use: {0}")]
    Gguf(#[from] gguf::GgufError),
    #[error("{0:?} is there already and is not this model: move it away, then pull again")]
    Another(PathBuf),
    #[error("{path:?} cannot be written ({error}): free some space or name another folder with local.models_dir")]
    File { path: PathBuf, error: std::io::Error },
}

impl PullError {
    /// Whether the same may go well a little later.
    fn may_pass(&self) -> bool {
        match self {
            PullError::Network { .. } => true,
            PullError::Refused { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

/// One file to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub url: Url,
    /// The file's name in the folder.
    pub name: String,
    pub sha256: Option<String>,
    /// Whether the key for Hugging Face goes with the request.
    pub keyed: bool,
}

pub struct Puller {
    http: Client,
    endpoint: Url,
    token: Option<String>,
}

#[derive(Deserialize)]
struct Listed {
    path: String,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    /// The file's SHA-256.
    oid: String,
}

impl Puller {
    /// `endpoint` is where models are found by name; only it is given `token`.
    pub fn new(endpoint: &str, token: Option<String>) -> Result<Self, PullError> {
        let network = |why: String| PullError::Network { place: endpoint.to_owned(), why };
        let endpoint = Url::parse(endpoint).map_err(|error| network(format!("HF_ENDPOINT: {error}")))?;
        let agent = concat!("minions/", env!("CARGO_PKG_VERSION"));
        let http = Client::builder().user_agent(agent).connect_timeout(CONNECT).build();
        let http = http.map_err(|_| network("no TLS or proxy could be set up".into()))?;
        Ok(Self { http, endpoint, token: token.filter(|token| !token.is_empty()) })
    }

    /// Finds the files that `named` means, several where a model is split: a URL, or `owner/repository`, with `:FILE.gguf` or `:Q4_K_M` where it holds several.
    pub async fn find(&self, named: &str, sha256: Option<String>) -> Result<Vec<Wanted>, PullError> {
        let unknown = || PullError::Name(named.to_owned());
        let is_hash = |hash: &String| hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if let Some(hash) = sha256.as_ref().filter(|hash| !is_hash(hash)) {
            return Err(PullError::NoHash(hash.clone()));
        }
        if let Some(url) = Url::parse(named).ok().filter(|url| matches!(url.scheme(), "http" | "https")) {
            let name = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default().to_owned();
            let keyed = url.origin() == self.endpoint.origin();
            return if is_model(&name) { Ok(vec![Wanted { url, name, sha256, keyed }]) } else { Err(unknown()) };
        }
        let (repo, choice) = named.split_once(':').unwrap_or((named, ""));
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        if !repo.split_once('/').is_some_and(|(owner, name)| plain(owner) && plain(name)) {
            return Err(unknown());
        }
        let listed = self.list(repo).await?;
        let files = choose(repo, choice, &listed)?;
        if files.len() > 1 && sha256.is_some() {
            return Err(PullError::HashOfParts { repo: repo.to_owned() });
        }
        let wanted = |file: &Listed| Wanted {
            url: self.place(&["resolve", "main", &file.path], repo, ""),
            name: file_name(&file.path).to_owned(),
            sha256: sha256.clone().or_else(|| file.lfs.as_ref().map(|lfs| lfs.oid.clone())),
            keyed: true,
        };
        Ok(files.into_iter().map(wanted).collect())
    }

    async fn list(&self, repo: &str) -> Result<Vec<Listed>, PullError> {
        let mut url = self.place(&["tree", "main"], repo, "api/models/");
        url.set_query(Some("recursive=true"));
        let reply = self.send(self.http.get(url.clone()), &url, true).await?;
        let mut reply = self.accepted(reply, &url, repo)?;
        let page = || PullError::Page { place: place(&url) };
        let mut body = Vec::new();
        while let Some(piece) =
            timeout(IDLE, reply.chunk()).await.map_err(|_| silent(&url))?.map_err(|error| network(&url, &error))?
        {
            body.extend_from_slice(&piece);
            if body.len() > LIST_BYTES {
                return Err(page());
            }
        }
        serde_json::from_slice(&body).map_err(|_| page())
    }

    fn place(&self, parts: &[&str], repo: &str, before: &str) -> Url {
        let mut url = self.endpoint.clone();
        let path = format!("{}/{before}{repo}/{}", url.path().trim_end_matches('/'), parts.join("/"));
        url.set_path(&path);
        url
    }

    async fn send(&self, request: RequestBuilder, url: &Url, keyed: bool) -> Result<Response, PullError> {
        let request = match &self.token {
            Some(token) if keyed => request.bearer_auth(token),
            _ => request,
        };
        let reply = timeout(IDLE, request.send()).await.map_err(|_| silent(url))?;
        reply.map_err(|error| network(url, &error))
    }

    fn accepted(&self, reply: Response, url: &Url, what: &str) -> Result<Response, PullError> {
        match reply.status() {
            status if status.is_success() => Ok(reply),
            StatusCode::NOT_FOUND => {
                let token = self.token.is_some();
                Err(PullError::Missing { place: place(url), what: what.to_owned(), token })
            }
            status => Err(PullError::Refused { place: place(url), status: status.as_u16() }),
        }
    }

    /// Fetches it into `folder` and returns its path. `tell` hears how many bytes are there, and of how many.
    pub async fn fetch(
        &self,
        wanted: &Wanted,
        folder: &Path,
        tell: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<PathBuf, PullError> {
        let path = folder.join(&wanted.name);
        if fs::try_exists(&path).await.unwrap_or(false) {
            let is_it = self.check(&path, wanted).await.is_ok() && self.is_as_long(&path, wanted).await;
            if !is_it {
                return Err(PullError::Another(path));
            }
            let there = length(&path).await;
            tell(there, Some(there));
            return Ok(path);
        }
        fs::create_dir_all(folder).await.map_err(|error| PullError::File { path: folder.to_owned(), error })?;
        let part = folder.join(format!("{}.part", wanted.name));
        let mut failures = 0;
        loop {
            let before = length(&part).await;
            match self.fetch_rest(wanted, &part, tell).await {
                Ok(()) => break,
                Err(error) if error.may_pass() => {
                    failures = if length(&part).await > before { 1 } else { failures + 1 };
                    if failures >= ATTEMPTS {
                        return Err(error);
                    }
                    tokio::time::sleep(PAUSE * failures).await;
                }
                Err(error) => return Err(error),
            }
        }
        let checked = self.check(&part, wanted).await;
        let _ = fs::remove_file(tag_of(&part)).await;
        if checked.is_err() {
            let _ = fs::remove_file(&part).await;
        }
        checked?;
        fs::rename(&part, &path).await.map_err(|error| PullError::File { path: path.clone(), error })?;
        Ok(path)
    }

    /// Without a hash, whether the file is as long as the server says. One that does not say is taken at its name.
    async fn is_as_long(&self, path: &Path, wanted: &Wanted) -> bool {
        if wanted.sha256.is_some() {
            return true;
        }
        let told = self.send(self.http.head(wanted.url.clone()), &wanted.url, wanted.keyed).await.ok();
        let told = told.filter(|reply| reply.status().is_success());
        let bytes = told.and_then(|reply| reply.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse::<u64>().ok());
        let there = length(path).await;
        bytes.is_none_or(|bytes| bytes == there)
    }

    /// Asks for what is not there yet; the whole, where the file has changed since (RFC 9110 §13.1.5).
    async fn fetch_rest(
        &self,
        wanted: &Wanted,
        part: &Path,
        tell: &mut dyn FnMut(u64, Option<u64>),
    ) -> Result<(), PullError> {
        let failed = |error: std::io::Error| PullError::File { path: part.to_owned(), error };
        let mut there = length(part).await;
        let tag = fs::read_to_string(tag_of(part)).await.unwrap_or_default();
        let mut request = self.http.get(wanted.url.clone());
        if there > 0 && !tag.is_empty() {
            request = request.header(RANGE, format!("bytes={there}-")).header(IF_RANGE, tag);
        }
        let reply = self.send(request, &wanted.url, wanted.keyed).await?;
        if reply.status() == StatusCode::RANGE_NOT_SATISFIABLE {
            // All of it is there, and the check tells whether it is right.
            return Ok(());
        }
        let mut reply = self.accepted(reply, &wanted.url, &wanted.name)?;
        let header =
            |name| reply.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        if header(CONTENT_TYPE).starts_with("text/html") {
            return Err(PullError::Page { place: place(&wanted.url) });
        }
        let goes_on = reply.status() == StatusCode::PARTIAL_CONTENT;
        there = if goes_on { there } else { 0 };
        // Only a strong validator says that two parts are of one file.
        let tag = Some(header(ETAG)).filter(|tag| tag.starts_with('"')).unwrap_or_default();
        let total = reply.content_length().map(|rest| there + rest);
        let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(part).await.map_err(failed)?;
        file.set_len(there).await.map_err(failed)?;
        file.seek(SeekFrom::End(0)).await.map_err(failed)?;
        fs::write(tag_of(part), tag).await.map_err(failed)?;
        loop {
            let piece = timeout(IDLE, reply.chunk()).await;
            let written = match piece {
                Ok(Ok(Some(piece))) => {
                    there += piece.len() as u64;
                    file.write_all(&piece).await.map_err(failed)
                }
                Ok(Ok(None)) => break,
                Ok(Err(error)) => Err(network(&wanted.url, &error)),
                Err(_) => Err(silent(&wanted.url)),
            };
            if let Err(error) = written {
                let _ = file.flush().await;
                return Err(error);
            }
            tell(there, total);
        }
        file.flush().await.map_err(failed)?;
        file.sync_all().await.map_err(failed)?;
        match total {
            Some(total) if there < total => Err(silent(&wanted.url)),
            _ => Ok(()),
        }
    }

    async fn check(&self, path: &Path, wanted: &Wanted) -> Result<(), PullError> {
        if let Some(promised) = &wanted.sha256 {
            let failed = |error: std::io::Error| PullError::File { path: path.to_owned(), error };
            let mut file = File::open(path).await.map_err(failed)?;
            let mut hasher = Sha256::new();
            let mut buffer = vec![0; 1 << 20];
            loop {
                let read = file.read(&mut buffer).await.map_err(failed)?;
                if read == 0 {
                    break;
                }
                hasher.update(&buffer[..read]);
            }
            let came: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            if !came.eq_ignore_ascii_case(promised) {
                return Err(PullError::Hash { came, promised: promised.clone() });
            }
        }
        gguf::read(path)?;
        Ok(())
    }
}

/// The one file that is meant, or all parts of it in their order.
fn choose<'a>(repo: &str, choice: &str, listed: &'a [Listed]) -> Result<Vec<&'a Listed>, PullError> {
    let wanted = choice.to_lowercase();
    let fits = |whole: bool| {
        let named = |file: &&Listed| {
            let name = file.path.to_lowercase();
            is_model(&name) && !name.contains("mmproj") && holds(&name, &wanted, whole)
        };
        listed.iter().filter(named).collect::<Vec<_>>()
    };
    let files = Some(fits(true)).filter(|files| !files.is_empty()).unwrap_or_else(|| fits(false));
    let exact = files.iter().find(|file| file.path == choice || file_name(&file.path) == choice);
    match (exact, files.as_slice()) {
        (Some(file), _) | (None, [file]) => with_parts(repo, file, listed),
        (None, []) if choice.is_empty() => Err(PullError::NoGguf { repo: repo.to_owned() }),
        (None, []) => Err(PullError::Missing { place: repo.to_owned(), what: format!("{choice:?}"), token: true }),
        (None, [first, rest @ ..]) if split(first).is_some() && rest.iter().all(|file| same_model(file, first)) => {
            with_parts(repo, first, listed)
        }
        (None, files) => {
            let files = files.iter().map(|file| file.path.clone()).collect();
            Err(PullError::Several { repo: repo.to_owned(), files })
        }
    }
}

/// Whether a file's name holds these words; as a `whole`, so that `Q4_K` means neither `IQ4_K` nor `Q4_K_M`.
fn holds(name: &str, wanted: &str, whole: bool) -> bool {
    let goes_on = |c: char| c.is_alphanumeric() || c == '_';
    let begins = wanted.starts_with(goes_on);
    name.match_indices(wanted).any(|(at, _)| {
        !whole || !(begins && name[..at].ends_with(goes_on) || name[at + wanted.len()..].starts_with(goes_on))
    })
}

fn with_parts<'a>(repo: &str, file: &'a Listed, listed: &'a [Listed]) -> Result<Vec<&'a Listed>, PullError> {
    let Some((whole, _, of)) = split(file) else { return Ok(vec![file]) };
    let mut parts: Vec<&Listed> = listed.iter().filter(|other| same_model(other, file)).collect();
    parts.sort_by(|one, other| one.path.cmp(&other.path));
    if parts.len() as u64 == of {
        Ok(parts)
    } else {
        let (repo, whole) = (repo.to_owned(), file_name(whole).to_owned());
        Err(PullError::PartsMissing { repo, whole, of, listed: parts.len() })
    }
}

/// What a part is of, its number, and of how many.
fn split(file: &Listed) -> Option<(&str, u64, u64)> {
    part_of(stem(&file.path)?)
}

fn same_model(one: &Listed, other: &Listed) -> bool {
    let model = |file| split(file).map(|(whole, _, of)| (whole, of));
    model(one).is_some() && model(one) == model(other)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

fn is_model(name: &str) -> bool {
    name.to_lowercase().ends_with(".gguf")
}

fn tag_of(part: &Path) -> PathBuf {
    part.with_extension("part.etag")
}

async fn length(path: &Path) -> u64 {
    fs::metadata(path).await.map_or(0, |file| file.len())
}

/// The server, without what a URL may hold besides.
fn place(url: &Url) -> String {
    url.host_str().map_or_else(String::new, |host| match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

fn network(url: &Url, error: &reqwest::Error) -> PullError {
    let mut why = "the connection failed".to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        why = cause.to_string();
        source = cause.source();
    }
    PullError::Network { place: place(url), why }
}

fn silent(url: &Url) -> PullError {
    PullError::Network { place: place(url), why: "it fell silent".into() }
}
