//! Runs one program in the child's interpreter and turns what it returns into a reply.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef, PyList, PyStr, PyStrRef, PyTuple};
use rustpython_vm::compiler::Mode;
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::scope::Scope;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

use super::errors::{self, FILE};
use super::spans::Finder;
use super::wire::{ChunkRow, JobRow, OUTPUT, Prepared, Reply, Request, Stage};
use super::{Limits, attempts, host, syntax, watch};
use crate::protocol::{CodeError, CodeErrorKind};

/// Why a program gave no result.
enum Failure {
    Raised(PyBaseExceptionRef),
    /// It is no Python.
    Unreadable(CodeError),
    /// It ran, but broke what `prepare_jobs` and `transform_outputs` promise.
    Contract(String),
    /// It returned more than is read.
    TooMuch(String),
}

impl From<PyBaseExceptionRef> for Failure {
    fn from(error: PyBaseExceptionRef) -> Self {
        Failure::Raised(error)
    }
}

/// Runs the request's program. `prelude` is the scope in which `prelude.py` ran.
pub fn run(
    request: &Request<'_>,
    documents: Vec<String>,
    prelude: &PyDictRef,
    limits: Limits,
    vm: &VirtualMachine,
) -> Reply {
    host::let_compare(request.compares);
    let result = match request.stage {
        Stage::Prepare => prepare(request, documents, prelude, vm).map(Reply::Prepared),
        Stage::Transform => transform(request, prelude, vm).map(Reply::Transformed),
        Stage::Attempt => return Reply::Attempted(attempts::make(&request.source)),
    };
    watch::disarm();
    result.unwrap_or_else(|failure| {
        Reply::Failed(match failure {
            Failure::Raised(error) => errors::from_exception(&error, &request.source, prelude, limits, vm),
            Failure::Unreadable(error) => error,
            Failure::Contract(message) => CodeError::new(CodeErrorKind::Contract, message),
            Failure::TooMuch(message) => CodeError::new(CodeErrorKind::OutputLimit, message),
        })
    })
}

/// Loads the program; the result is its global scope.
fn load(
    request: &Request<'_>,
    wanted: &[&str],
    prelude: &PyDictRef,
    vm: &VirtualMachine,
) -> Result<PyDictRef, Failure> {
    let source = &line_feeds(&request.source);
    call(prelude, "set_clock", vec![vm.ctx.new_float(request.clock_ms as f64 / 1000.0).into()], vm)?;
    let code = vm
        .compile(source, Mode::Exec, FILE.to_owned())
        .map_err(|error| Failure::Unreadable(syntax::from_compile_error(&error, source, vm)))?;
    let globals = call(prelude, "program_globals", vec![], vm)?;
    let globals: PyDictRef = globals.try_into_value(vm)?;
    vm.run_code_obj(code, Scope::with_builtins(None, globals.clone(), vm))?;
    match wanted.iter().find(|name| !globals.contains_key(**name, vm)) {
        Some(missing) => Err(Failure::Contract(format!("the program does not define {missing}"))),
        None => Ok(globals),
    }
}

/// The source as CPython reads it: every line ends with a line feed, within a string over several lines too.
fn line_feeds(source: &str) -> Cow<'_, str> {
    match source.contains('\r') {
        true => source.replace("\r\n", "\n").replace('\r', "\n").into(),
        false => source.into(),
    }
}

fn prepare(
    request: &Request<'_>,
    documents: Vec<String>,
    prelude: &PyDictRef,
    vm: &VirtualMachine,
) -> Result<Prepared, Failure> {
    let globals = load(request, &["prepare_jobs", "transform_outputs"], prelude, vm)?;
    let documents: Vec<PyStrRef> = documents.into_iter().map(|text| vm.ctx.new_str(text)).collect();
    host::keep_documents(&documents);
    let context = documents.iter().cloned().map(Into::into).collect();
    let (manifests, outputs) = match request.jobs.is_empty() {
        true => (vm.ctx.none(), vm.ctx.none()),
        false => {
            let both = call(prelude, "make_previous", vec![rows(request, vm)], vm)?;
            (both.get_item(&0usize, vm)?, both.get_item(&1usize, vm)?)
        }
    };
    let arguments: KwArgs = [
        ("context".to_owned(), vm.ctx.new_list(context).into()),
        ("prev_job_manifests".to_owned(), manifests),
        ("prev_job_outputs".to_owned(), outputs),
    ]
    .into_iter()
    .collect();
    let returned = globals.get_item("prepare_jobs", vm)?.call(FuncArgs::new(vec![], arguments), vm)?;
    collect(&jobs_of(returned, request.max_jobs)?, request, &documents, vm)
}

fn jobs_of(returned: PyObjectRef, max_jobs: u32) -> Result<Vec<PyObjectRef>, Failure> {
    let at_most = |count: usize| match count > max_jobs as usize {
        true => Err(Failure::Contract(format!(
            "prepare_jobs returned {count} jobs; at most {max_jobs} are allowed: make fewer or larger chunks, fewer tasks, or retrieve first"
        ))),
        false => Ok(()),
    };
    if let Some(list) = returned.downcast_ref::<PyList>() {
        let items = list.borrow_vec();
        return at_most(items.len()).map(|()| items.to_vec());
    }
    if let Some(tuple) = returned.downcast_ref::<PyTuple>() {
        return at_most(tuple.len()).map(|()| tuple.to_vec());
    }
    let class = errors::cut(&returned.class().name());
    Err(Failure::Contract(format!("prepare_jobs must return a list of JobManifest, not {class}")))
}

fn collect(
    manifests: &[PyObjectRef],
    request: &Request<'_>,
    documents: &[PyStrRef],
    vm: &VirtualMachine,
) -> Result<Prepared, Failure> {
    let (mut chunks, mut tasks, mut advices) = (Pool::default(), Pool::default(), Pool::default());
    let mut jobs = Vec::with_capacity(manifests.len());
    for manifest in manifests {
        let index = |field: &'static str, pool: &mut Pool| -> Result<u32, Failure> {
            Ok(pool.index(field_text(manifest, field, vm)?))
        };
        jobs.push([index("chunk", &mut chunks)?, index("task", &mut tasks)?, index("advice", &mut advices)?]);
    }
    let documents: Vec<&str> = documents.iter().map(|text| text.to_str().unwrap_or_default()).collect();
    let mut known = host::take_learnt();
    let mut finder = Finder::with(&documents, &mut known);
    let mut bytes = 0u64;
    let mut own = |text: &str| {
        bytes += text.len() as u64;
        match bytes > request.max_reply / 2 {
            true => Err(Failure::TooMuch(format!(
                "the chunks, tasks and advice that prepare_jobs made up are longer than {} MB together; use text of the documents as it stands",
                request.max_reply >> 21
            ))),
            false => Ok(text.to_owned()),
        }
    };
    let chunks = chunks.texts().map(|text| match finder.find(text) {
        Some(span) => Ok(ChunkRow::Span(span)),
        None => match finder.find_headed(text) {
            Some((header, rows)) => Ok(ChunkRow::Headed { header, rows }),
            None => own(text).map(ChunkRow::Text),
        },
    });
    let chunks = chunks.collect::<Result<_, _>>()?;
    let tasks = tasks.texts().map(&mut own).collect::<Result<_, _>>()?;
    let advices = advices.texts().map(&mut own).collect::<Result<_, _>>()?;
    Ok(Prepared { chunks, tasks, advices, jobs })
}

fn field_text(manifest: &PyObjectRef, field: &'static str, vm: &VirtualMachine) -> Result<PyStrRef, Failure> {
    let wrong = |what: String| Failure::Contract(format!("prepare_jobs returned a job whose {field} is {what}"));
    let value = manifest.get_attr(field, vm)?;
    let value = value
        .downcast::<PyStr>()
        .map_err(|other| wrong(format!("a {}, not a str", errors::cut(&other.class().name()))))?;
    match value.to_str() {
        Some(_) => Ok(value),
        None => Err(wrong("no valid text (it holds half of a surrogate pair)".to_owned())),
    }
}

fn transform(request: &Request<'_>, prelude: &PyDictRef, vm: &VirtualMachine) -> Result<String, Failure> {
    let globals = load(request, &["transform_outputs"], prelude, vm)?;
    let jobs = call(prelude, "make_jobs", vec![rows(request, vm)], vm)?;
    let arguments: KwArgs = [("jobs".to_owned(), jobs)].into_iter().collect();
    let returned = globals.get_item("transform_outputs", vm)?.call(FuncArgs::new(vec![], arguments), vm)?;
    let text = returned.downcast::<PyStr>().map_err(|other| {
        Failure::Contract(format!("transform_outputs must return a str, not {}", errors::cut(&other.class().name())))
    })?;
    match text.as_bytes().len() > OUTPUT {
        true => Err(Failure::TooMuch(format!(
            "transform_outputs returned {} MB of text, more than the {} MB that can be sent on: return what matters",
            text.as_bytes().len().div_ceil(1 << 20),
            OUTPUT >> 20
        ))),
        false => Ok(text.to_string_lossy().into_owned()),
    }
}

fn call(prelude: &PyDictRef, name: &str, arguments: Vec<PyObjectRef>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    prelude.get_item(name, vm)?.call(FuncArgs::new(arguments, KwArgs::default()), vm)
}

/// The request's jobs as the tuples that `prelude.py` makes its objects from; texts that jobs share stay shared.
fn rows(request: &Request<'_>, vm: &VirtualMachine) -> PyObjectRef {
    let texts: Vec<PyObjectRef> = request.texts.iter().map(|text| vm.ctx.new_str(*text).into()).collect();
    let text = |index: u32| texts.get(index as usize).cloned().unwrap_or_else(|| vm.ctx.none());
    let optional = |text: &Option<String>| match text {
        Some(text) => vm.ctx.new_str(text.as_str()).into(),
        None => vm.ctx.none(),
    };
    let row = |(job_id, job): (usize, &JobRow)| -> PyObjectRef {
        let fields = vec![
            text(job.chunk),
            text(job.task),
            text(job.advice),
            vm.ctx.new_int(job.chunk_id).into(),
            vm.ctx.new_int(job.task_id).into(),
            vm.ctx.new_int(job_id).into(),
            vm.ctx.new_str(job.explanation.as_str()).into(),
            optional(&job.citation),
            optional(&job.answer),
            vm.ctx.new_str(sample(job)).into(),
        ];
        PyTuple::new_ref(fields, &vm.ctx).into()
    };
    vm.ctx.new_list(request.jobs.iter().enumerate().map(row).collect()).into()
}

/// The worker's output as the JSON that it was asked for.
fn sample(job: &JobRow) -> String {
    let json =
        |text: Option<&str>| text.map_or_else(|| "null".to_owned(), |text| serde_json::Value::from(text).to_string());
    format!(
        "{{\"explanation\": {}, \"citation\": {}, \"answer\": {}}}",
        json(Some(&job.explanation)),
        json(job.citation.as_deref()),
        json(job.answer.as_deref())
    )
}

/// Distinct texts in the order of their first appearance. Most jobs share the very object, so that is asked first.
#[derive(Default)]
struct Pool {
    items: Vec<PyStrRef>,
    by_object: HashMap<usize, u32>,
    by_hash: HashMap<u64, Vec<u32>>,
    hasher: RandomState,
}

impl Pool {
    fn index(&mut self, text: PyStrRef) -> u32 {
        let object = text.as_object().get_id();
        if let Some(index) = self.by_object.get(&object) {
            return *index;
        }
        let same = self.by_hash.entry(self.hasher.hash_one(text.as_bytes())).or_default();
        let known = same.iter().copied().find(|index| self.items[*index as usize].as_bytes() == text.as_bytes());
        if let Some(index) = known {
            return index;
        }
        let index = self.items.len() as u32;
        same.push(index);
        // An object's id stays its own only while it lives, so only those that are kept are remembered.
        self.by_object.insert(object, index);
        self.items.push(text);
        index
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|text| text.to_str().unwrap_or_default())
    }
}
