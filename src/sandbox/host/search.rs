//! The functions that search: chunks by words, documents by a regular expression.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use rustpython_vm::builtins::{PyDict, PyStrRef};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use super::arguments::{Arguments, str_of};
use crate::document::bm25::Ranked;
use crate::document::context::Context;
use crate::document::{Span, bm25, find, fusion};
use crate::sandbox::spans::{self, Finder};
use crate::sandbox::{child, watch};

/// So many chunks' places are remembered.
const PLACES: usize = 1 << 16;

thread_local! {
    /// The documents of the call, for `find_all`.
    static DOCUMENTS: RefCell<Vec<PyStrRef>> = const { RefCell::new(Vec::new()) };
    /// What is known of them, once something was retrieved.
    static KNOWN: RefCell<Option<Known>> = const { RefCell::new(None) };
    /// Whether the parent compares meanings, for `retrieve`.
    static COMPARES: Cell<bool> = const { Cell::new(false) };
}

/// Says whether the program that runs next may ask its parent how alike texts are.
pub fn let_compare(may: bool) {
    COMPARES.set(may);
}

/// Says which documents the program that runs next was given.
pub fn keep_documents(documents: &[PyStrRef]) {
    DOCUMENTS.with_borrow_mut(|kept| *kept = documents.to_vec());
    KNOWN.set(None);
}

/// What was learnt of the documents of the program that ran, which retrieves no more.
pub fn take_learnt() -> spans::Known {
    KNOWN.take().map(|known| known.finder.with_fresh_budgets()).unwrap_or_default()
}

/// What stands in the documents of the call, and where chunks were found in them: a program may retrieve many times.
struct Known {
    /// Headings and tables, a document each.
    contexts: Vec<Context>,
    finder: spans::Known,
    /// By the hash of a chunk. It stands there, or ends there, behind a header that stands further above.
    places: HashMap<u64, Option<Span>>,
    hasher: RandomState,
}

impl Known {
    fn of(documents: &[&str]) -> Self {
        Self {
            contexts: documents.iter().map(|text| Context::of(text)).collect(),
            finder: spans::Known::default(),
            places: HashMap::new(),
            hasher: RandomState::new(),
        }
    }
}

/// Reads chunks with the heading and the header of the table that they stand under in their document.
struct Above<'a> {
    documents: &'a [&'a str],
    known: Known,
}

impl Above<'_> {
    /// What `rank` makes of chunks that it reads so.
    fn read<R>(rank: impl FnOnce(&mut Above<'_>) -> R) -> R {
        let documents = DOCUMENTS.with_borrow(Clone::clone);
        let documents: Vec<&str> = documents.iter().map(str_of).collect();
        let known = KNOWN.take().unwrap_or_else(|| Known::of(&documents));
        let mut above = Above { documents: &documents, known };
        let ranked = rank(&mut above);
        KNOWN.set(Some(above.known));
        ranked
    }

    /// The chunk as it is ranked where it stands; as it is, where it stands in no document.
    fn with<'b>(&mut self, chunk: &'b str) -> Ranked<'b> {
        let Some(place) = self.place(chunk) else { return chunk.into() };
        let context = self.known.contexts.get(place.document);
        context.map_or(chunk.into(), |context| context.ranked(self.documents, place, chunk))
    }

    /// Where the chunk stands, or its rows where it begins with the header of their table.
    fn place(&mut self, chunk: &str) -> Option<Span> {
        let hash = self.known.hasher.hash_one(chunk);
        let text = |place: Span| self.documents.get(place.document).and_then(|text| text.get(place.start..place.end));
        let is_same = |place: Option<Span>| place.is_none_or(|at| text(at).is_some_and(|rows| chunk.ends_with(rows)));
        if let Some(place) = self.known.places.get(&hash).copied().filter(|place| is_same(*place)) {
            return place;
        }
        let mut finder = Finder::with(self.documents, &mut self.known.finder);
        let place = finder.find(chunk).or_else(|| finder.find_headed(chunk).map(|(_, rows)| rows));
        if self.known.places.len() < PLACES {
            self.known.places.insert(hash, place);
        }
        place
    }
}

pub fn bm25_retrieve_top_k_chunks(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let keywords: Vec<String> = arguments.texts("keywords")?.iter().map(|word| str_of(word).to_owned()).collect();
    let chunks = arguments.list_of_texts("chunks")?;
    let weights = weights(&keywords, arguments)?;
    let k = arguments.number("k", 0)?;
    let best =
        Above::read(|above| bm25::top_k(&keywords, &weights, watched(&chunks).map(|chunk| above.with(chunk)), k));
    chosen(&chunks, &best, arguments.vm)
}

pub fn retrieve(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (queries, chunks) = (arguments.texts("queries")?, arguments.list_of_texts("chunks")?);
    let queries: Vec<&str> = queries.iter().map(str_of).collect();
    let k = arguments.number("k", 0)?;
    let likenesses = if k > 0 { likenesses(&queries, &chunks) } else { Vec::new() };
    let best =
        Above::read(|above| fusion::retrieve(&queries, watched(&chunks), |chunk| above.with(chunk), &likenesses, k));
    chosen(&chunks, &best, arguments.vm)
}

/// How alike each query is to each chunk, where the parent knows; texts that stand twice are asked for once.
fn likenesses(queries: &[&str], chunks: &[PyStrRef]) -> Vec<Vec<f32>> {
    if !COMPARES.get() || queries.is_empty() || chunks.is_empty() {
        return Vec::new();
    }
    let mut distinct: Vec<&str> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let place: Vec<usize> = chunks
        .iter()
        .map(|chunk| {
            *places.entry(str_of(chunk)).or_insert_with_key(|text| {
                distinct.push(text);
                distinct.len() - 1
            })
        })
        .collect();
    let Some(rows) = child::compare(queries, &distinct) else { return Vec::new() };
    let of_all = |row: Vec<f32>| place.iter().map(|place| row.get(*place).copied().unwrap_or(f32::NAN)).collect();
    rows.into_iter().map(of_all).collect()
}

pub fn find_all(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (pattern, around) = (arguments.text("pattern")?, arguments.number("around", 0)?);
    let pattern = find::pattern(str_of(&pattern))
        .map_err(|reason| arguments.wrong_value(&format!("argument 'pattern': {reason}")))?;
    let documents = match arguments.value("doc") {
        Some(_) => arguments.texts("doc")?,
        None => DOCUMENTS.with_borrow(Clone::clone),
    };
    let mut found = Vec::new();
    for document in &documents {
        let text = str_of(document);
        let matches = pattern.find_iter(text).map(|found| found.range()).take_while(|_| !watch::must_stop());
        for passage in find::passages(text, matches, around) {
            watch::check(arguments.vm)?;
            found.push(arguments.vm.ctx.new_str(&text[passage]).into());
        }
        watch::check(arguments.vm)?;
    }
    Ok(arguments.vm.ctx.new_list(found).into())
}

/// One number for each keyword: from a dictionary by keyword, from a list by position, else 1.
fn weights(keywords: &[String], arguments: &Arguments) -> PyResult<Vec<f64>> {
    let vm = arguments.vm;
    let number = |value: PyObjectRef| {
        let number = value.try_float(vm).map_err(|_| arguments.wrong_type("weights", "of numbers", &value))?;
        Ok(number.to_f64())
    };
    let Some(given) = arguments.value("weights") else { return Ok(vec![1.0; keywords.len()]) };
    if let Some(by_keyword) = given.downcast_ref::<PyDict>() {
        let weight = |word: &String| by_keyword.get_item_opt(word.as_str(), vm)?.map_or(Ok(1.0), number);
        return keywords.iter().map(weight).collect();
    }
    let listed: PyResult<Vec<PyObjectRef>> = given.clone().try_into_value(vm);
    let listed = listed.map_err(|_| arguments.wrong_type("weights", "a dict or a list of numbers", &given))?;
    let mut by_position = listed.into_iter().map(number);
    keywords.iter().map(|_| by_position.next().unwrap_or(Ok(1.0))).collect()
}

/// The chunks' texts, until a limit is reached: [`chosen`] then says which.
fn watched(chunks: &[PyStrRef]) -> impl Iterator<Item = &str> {
    chunks.iter().map(str_of).take_while(|_| !watch::must_stop())
}

fn chosen(chunks: &[PyStrRef], best: &[usize], vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    watch::check(vm)?;
    let best = best.iter().filter_map(|index| chunks.get(*index).cloned().map(PyObjectRef::from));
    Ok(vm.ctx.new_list(best.collect()).into())
}
