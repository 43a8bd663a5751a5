//! The functions that the remote LM's program finds already defined and that run as native code.
//!
//! What the remote LM is told of them is in `protocol/prompts/decompose.md`.

use rustpython_vm::builtins::{PyDict, PyStr, PyStrRef};
use rustpython_vm::{FromArgs, PyObjectRef, PyResult, VirtualMachine};

use super::watch;
use crate::document::{bm25, chunk};

#[derive(FromArgs)]
pub struct SectionArgs {
    #[pyarg(any)]
    doc: PyStrRef,
    #[pyarg(any, default = 3000)]
    max_chunk_size: i64,
    #[pyarg(any, default = 20)]
    overlap: i64,
}

/// Windows of `max_chunk_size` characters, each beginning `overlap` characters before the last one's end.
pub fn chunk_by_section(args: SectionArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let SectionArgs { doc, max_chunk_size: size, overlap } = args;
    if size <= 0 || overlap < 0 || overlap >= size {
        return Err(vm.new_value_error("chunk_by_section needs 0 <= overlap < max_chunk_size".to_owned()));
    }
    let text = text(&doc, vm)?;
    chunks(chunk::by_section(text, size as usize, overlap as usize).into_iter().map(|range| &text[range]), vm)
}

#[derive(FromArgs)]
pub struct DocumentArgs {
    #[pyarg(any)]
    doc: PyStrRef,
}

/// The text between form feeds, without pages that are blank.
pub fn chunk_by_page(args: DocumentArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let text = text(&args.doc, vm)?;
    let pages = chunk::by_page(text).into_iter().map(|range| &text[range]);
    chunks(pages.filter(|page| !page.trim().is_empty()), vm)
}

/// The text between blank lines, short neighbours joined.
pub fn chunk_by_paragraph(args: DocumentArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let text = text(&args.doc, vm)?;
    chunks(chunk::by_paragraph(text).into_iter().map(|range| &text[range]), vm)
}

#[derive(FromArgs)]
pub struct RetrieveArgs {
    #[pyarg(any)]
    keywords: PyObjectRef,
    #[pyarg(any)]
    chunks: Vec<PyStrRef>,
    #[pyarg(any, default)]
    weights: Option<PyObjectRef>,
    #[pyarg(any, default = 10)]
    k: i64,
}

/// The `k` chunks in which the keywords weigh most by BM25, best first.
pub fn bm25_retrieve_top_k_chunks(args: RetrieveArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let keywords: Vec<PyStrRef> = match args.keywords.downcast::<PyStr>() {
        Ok(one) => vec![one],
        Err(many) => many.try_into_value(vm)?,
    };
    let keywords = keywords.iter().map(|word| text(word, vm).map(str::to_owned)).collect::<PyResult<Vec<_>>>()?;
    let weights = weights(&keywords, args.weights, vm)?;
    let texts = args.chunks.iter().map(|chunk| text(chunk, vm)).collect::<PyResult<Vec<_>>>()?;
    let best = bm25::top_k(&keywords, &weights, &texts, usize::try_from(args.k).unwrap_or(0));
    let best = best.into_iter().filter_map(|index| args.chunks.get(index).cloned().map(PyObjectRef::from));
    Ok(vm.ctx.new_list(best.collect()).into())
}

/// One number for each keyword: from a dictionary by keyword, from a list by position, else 1.
fn weights(keywords: &[String], given: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Vec<f64>> {
    let number = |value: PyObjectRef| value.try_float(vm).map(|number| number.to_f64());
    let Some(given) = given.filter(|given| !vm.is_none(given)) else {
        return Ok(vec![1.0; keywords.len()]);
    };
    if let Some(by_keyword) = given.downcast_ref::<PyDict>() {
        let weight = |word: &String| by_keyword.get_item_opt(word.as_str(), vm)?.map_or(Ok(1.0), number);
        return keywords.iter().map(weight).collect();
    }
    let mut by_position = given.try_into_value::<Vec<PyObjectRef>>(vm)?.into_iter().map(number);
    keywords.iter().map(|_| by_position.next().unwrap_or(Ok(1.0))).collect()
}

/// A Python list of the parts; stops at the memory limit, which one call can pass many times over.
fn chunks<'a>(parts: impl Iterator<Item = &'a str>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let mut list = Vec::new();
    for part in parts {
        if watch::is_full() {
            return Err(watch::memory_error(vm));
        }
        list.push(vm.ctx.new_str(part).into());
    }
    Ok(vm.ctx.new_list(list).into())
}

fn text<'a>(string: &'a PyStrRef, vm: &VirtualMachine) -> PyResult<&'a str> {
    string.to_str().ok_or_else(|| vm.new_value_error("the text holds half of a surrogate pair".to_owned()))
}
