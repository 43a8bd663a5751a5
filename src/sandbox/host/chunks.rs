//! The functions that cut a document: what they give is text of the document, word for word.

use std::ops::Range;

use rustpython_vm::builtins::PyStrRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use super::arguments::{Arguments, str_of};
use crate::document::chunk;
use crate::sandbox::watch;

pub fn by_section(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, Sizes { most, overlap }) = (arguments.text("doc")?, Sizes::of(arguments, "max_chunk_size", 1)?);
    list(str_of(&doc), chunk::by_section(str_of(&doc), most, overlap), arguments.vm)
}

pub fn by_tokens(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, Sizes { most, overlap }) = (arguments.text("doc")?, Sizes::of(arguments, "max_tokens", 1)?);
    list(str_of(&doc), chunk::by_tokens(str_of(&doc), most, overlap), arguments.vm)
}

pub fn by_page(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, overlap) = (arguments.text("doc")?, arguments.number("overlap", 0)?);
    overlapping(&doc, chunk::by_page(str_of(&doc)), overlap, arguments.vm)
}

pub fn by_paragraph(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, overlap) = (arguments.text("doc")?, arguments.number("overlap", 0)?);
    overlapping(&doc, chunk::by_paragraph(str_of(&doc)), overlap, arguments.vm)
}

pub fn by_heading(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, sizes) = (arguments.text("doc")?, Sizes::of(arguments, "max_chunk_size", 0)?);
    overlapping(&doc, chunk::by_heading(str_of(&doc), sizes.own()), sizes.overlap, arguments.vm)
}

pub fn by_code(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, sizes) = (arguments.text("doc")?, Sizes::of(arguments, "max_chunk_size", 1)?);
    overlapping(&doc, chunk::by_code(str_of(&doc), sizes.own()), sizes.overlap, arguments.vm)
}

pub fn by_table(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, Sizes { most, overlap }) = (arguments.text("doc")?, Sizes::of(arguments, "max_chunk_size", 1)?);
    let text = str_of(&doc);
    let mut list = Vec::new();
    for part in chunk::by_table(text, most, overlap) {
        watch::check(arguments.vm)?;
        list.push(arguments.vm.ctx.new_str(part.text(text)).into());
    }
    Ok(arguments.vm.ctx.new_list(list).into())
}

/// How long chunks may be, zero for any length, and how much of that neighbours share.
struct Sizes {
    most: usize,
    overlap: usize,
}

impl Sizes {
    fn of(arguments: &Arguments, most: &str, least: usize) -> PyResult<Self> {
        let sizes = Self { most: arguments.number(most, least)?, overlap: arguments.number("overlap", 0)? };
        match sizes.most > 0 && sizes.overlap >= sizes.most {
            true => Err(arguments.wrong_value(&format!("argument 'overlap' must be smaller than '{most}'"))),
            false => Ok(sizes),
        }
    }

    /// What is left to a chunk beside what it shares.
    fn own(&self) -> usize {
        self.most.saturating_sub(self.overlap)
    }
}

/// The parts, each with so much of the text before it.
fn overlapping(
    doc: &PyStrRef,
    parts: impl Iterator<Item = Range<usize>>,
    overlap: usize,
    vm: &VirtualMachine,
) -> PyResult<PyObjectRef> {
    list(str_of(doc), chunk::overlapping(str_of(doc), parts, overlap), vm)
}

/// A Python list of the parts; one call can pass every limit many times over, so each is looked at.
fn list(text: &str, parts: impl Iterator<Item = Range<usize>>, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
    let mut list = Vec::new();
    for part in parts {
        watch::check(vm)?;
        list.push(vm.ctx.new_str(&text[part]).into());
    }
    Ok(vm.ctx.new_list(list).into())
}
