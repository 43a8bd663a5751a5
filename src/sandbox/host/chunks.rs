//! The functions that cut a document: what they give is text of the document, word for word.

use std::ops::Range;

use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use super::arguments::{Arguments, str_of};
use crate::document::chunk;
use crate::sandbox::watch;

pub fn by_section(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let doc = arguments.text("doc")?;
    let (size, overlap) = (arguments.number("max_chunk_size", 1)?, arguments.number("overlap", 0)?);
    if overlap >= size {
        return Err(arguments.wrong_value("argument 'overlap' must be smaller than 'max_chunk_size'"));
    }
    let text = str_of(&doc);
    list(text, chunk::by_section(text, size, overlap), arguments.vm)
}

pub fn by_page(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let doc = arguments.text("doc")?;
    list(str_of(&doc), chunk::by_page(str_of(&doc)), arguments.vm)
}

pub fn by_paragraph(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let doc = arguments.text("doc")?;
    list(str_of(&doc), chunk::by_paragraph(str_of(&doc)), arguments.vm)
}

pub fn by_heading(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, size) = (arguments.text("doc")?, arguments.number("max_chunk_size", 0)?);
    list(str_of(&doc), chunk::by_heading(str_of(&doc), size), arguments.vm)
}

pub fn by_code(arguments: &Arguments) -> PyResult<PyObjectRef> {
    let (doc, size) = (arguments.text("doc")?, arguments.number("max_chunk_size", 1)?);
    list(str_of(&doc), chunk::by_code(str_of(&doc), size), arguments.vm)
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
