//! The functions that the remote LM's program finds already defined and that run as native code.
//!
//! What the remote LM is told of them is in `protocol/prompts/decompose.md`; a test compares it with [`FUNCTIONS`].

mod arguments;
mod chunks;
mod search;

use rustpython_vm::function::{FuncArgs, PyMethodFlags};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use arguments::Arguments;
pub use search::{keep_documents, let_compare, take_learnt};

/// A native function as programs call it.
pub struct HostFunction {
    /// Name and parameters as Python writes them. The defaults written here are those that are used.
    pub signature: &'static str,
    /// What it gives, in one line.
    pub meaning: &'static str,
    run: fn(&Arguments) -> PyResult<PyObjectRef>,
}

/// Every function there is, as they are told.
pub const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        signature: "chunk_by_section(doc, max_chunk_size=3000, overlap=20)",
        meaning: "windows of that many characters",
        run: chunks::by_section,
    },
    HostFunction {
        signature: "chunk_by_page(doc, overlap=0)",
        meaning: "all pages, blank ones too, so that the n-th is page n",
        run: chunks::by_page,
    },
    HostFunction {
        signature: "chunk_by_paragraph(doc, overlap=0)",
        meaning: "paragraphs, short ones joined",
        run: chunks::by_paragraph,
    },
    HostFunction {
        signature: "chunk_by_heading(doc, max_chunk_size=0, overlap=0)",
        meaning: "sections, each with its heading; longer ones are cut further if max_chunk_size is not 0",
        run: chunks::by_heading,
    },
    HostFunction {
        signature: "chunk_by_code(doc, max_chunk_size=3000, overlap=0)",
        meaning: "source code by its definitions",
        run: chunks::by_code,
    },
    HostFunction {
        signature: "chunk_by_table(doc, max_chunk_size=3000, overlap=0)",
        meaning: "whole tables where they fit, else rows, each chunk with the header of its table; prose at paragraphs",
        run: chunks::by_table,
    },
    HostFunction {
        signature: "chunk_by_tokens(doc, max_tokens=800, overlap=0)",
        meaning: "windows of about that many tokens, estimated",
        run: chunks::by_tokens,
    },
    HostFunction {
        signature: "bm25_retrieve_top_k_chunks(keywords, chunks, weights=None, k=10)",
        meaning: "the k chunks in which the keywords weigh most, best first",
        run: search::bm25_retrieve_top_k_chunks,
    },
    HostFunction {
        signature: "retrieve(queries, chunks, k=10)",
        meaning: "the k chunks that the queries together rank highest, best first, no text twice",
        run: search::retrieve,
    },
    HostFunction {
        signature: "find_all(pattern, doc=None, around=0)",
        meaning: "every match of a regular expression with that many characters on both sides, overlapping ones joined",
        run: search::find_all,
    },
];

impl HostFunction {
    pub fn name(&self) -> &'static str {
        self.signature.split('(').next().unwrap_or_default()
    }

    /// The parameters, each with the default that is written behind it.
    fn parameters(&self) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
        let inside = self.signature.split(['(', ')']).nth(1).unwrap_or_default();
        inside.split(", ").map(|parameter| match parameter.split_once('=') {
            Some((name, default)) => (name, Some(default)),
            None => (parameter, None),
        })
    }
}

/// The functions as Python objects.
pub fn functions(vm: &VirtualMachine) -> Vec<PyObjectRef> {
    let object = |function: &'static HostFunction| {
        let call = move |given: FuncArgs, vm: &VirtualMachine| (function.run)(&Arguments::bind(function, given, vm)?);
        let flags = PyMethodFlags::empty();
        vm.ctx.new_method_def(function.name(), call, flags, Some(function.meaning)).build_function(vm).into()
    };
    FUNCTIONS.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remote_lm_is_told_every_function_with_its_signature() {
        let told = include_str!("../../protocol/prompts/decompose.md");
        for function in FUNCTIONS {
            assert!(told.contains(&format!("`{}`", function.signature)), "{}", function.signature);
        }
        let calls = told.split('`').filter(|code| code.starts_with("chunk_by_")).count();
        assert_eq!(calls, FUNCTIONS.iter().filter(|function| function.name().starts_with("chunk_by_")).count());
    }
}
