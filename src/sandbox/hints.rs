//! What the remote LM should do about an error of its program, where the error alone does not say it.

use super::host::{FUNCTIONS, HostFunction};

/// What a program may import, as the remote LM is told when it imports something else.
const MODULES: &str = "re, json, math, statistics, collections, itertools, functools, operator, heapq, bisect, string, \
                       textwrap, datetime, decimal, fractions, random, copy, enum, dataclasses, typing, difflib, csv";

/// What a program finds defined beside Python's own names and the host's functions.
const NAMES: &[&str] =
    &["context", "prev_job_manifests", "prev_job_outputs", "jobs", "JobManifest", "JobOutput", "Job", "BaseModel"];

/// What stands on the models that a program is given.
const FIELDS: &[(&str, &str)] = &[
    ("JobManifest", "chunk, task, advice, chunk_id, task_id and job_id"),
    ("JobOutput", "explanation, citation and answer"),
    ("Job", "manifest, output and sample"),
];

/// `class` and `message` of the exception, and the line of the program that raised it.
pub fn hint(class: &str, message: &str, line: &str) -> Option<String> {
    match class {
        "ModuleNotFoundError" | "ImportError" => {
            Some(format!("only the standard library's pure modules are here: {MODULES}; do without the others"))
        }
        "NameError" => unknown_name(message),
        "AttributeError" => attribute(message),
        "PermissionError" => Some("there are no files, network or processes: the documents are in `context`".into()),
        "RecursionError" => Some("calls can be nested 1000 deep: use a loop, and lists as stacks".into()),
        "SystemExit" => Some("leave a function with `return`; the program must not end by itself".into()),
        "UnicodeEncodeError" | "UnicodeDecodeError" => {
            Some("the documents are text already: no coding is needed".into())
        }
        "TypeError" if message.contains("NoneType") => {
            Some("`citation` and `answer` are None where a job found nothing: test for None first".into())
        }
        "TypeError" | "ValueError" => called(message, line),
        _ => None,
    }
}

/// The signature of the host's function that the message names, or else of those that the line calls.
fn called(message: &str, line: &str) -> Option<String> {
    let calls = |text: &str| -> Vec<&str> {
        let signatures = FUNCTIONS.iter().filter(|function| text.contains(&format!("{}(", function.name())));
        signatures.map(|function| function.signature).collect()
    };
    let known = Some(calls(message)).filter(|known| !known.is_empty()).unwrap_or_else(|| calls(line));
    (!known.is_empty()).then(|| format!("it is called as {}", known.join(", ")))
}

fn unknown_name(message: &str) -> Option<String> {
    let name = quoted(message)?;
    let known = NAMES.iter().copied().chain(FUNCTIONS.iter().map(HostFunction::name));
    let near = known.map(|known| (strsim::jaro_winkler(name, known), known));
    let (likeness, known) = near.max_by(|one, other| one.0.total_cmp(&other.0))?;
    (likeness > 0.85).then(|| format!("did you mean {known}?"))
}

fn attribute(message: &str) -> Option<String> {
    if message.contains("'NoneType'") {
        return Some("`citation` and `answer` are None where a job found nothing: test for None first".into());
    }
    let class = quoted(message)?;
    let (_, fields) = FIELDS.iter().find(|(known, _)| *known == class)?;
    Some(format!("a {class} has {fields}"))
}

/// The first word between quotes.
fn quoted(message: &str) -> Option<&str> {
    message.split('\'').nth(1).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::hint;

    fn told(class: &str, message: &str) -> String {
        hint(class, message, "").unwrap_or_default()
    }

    #[test]
    fn a_hint_says_what_to_do() {
        assert!(told("ModuleNotFoundError", "No module named 'pandas'").starts_with("only the standard library's"));
        assert_eq!(told("NameError", "name 'chunk_by_sections' is not defined"), "did you mean chunk_by_section?");
        assert_eq!(told("NameError", "name 'zebra' is not defined"), "");
        assert_eq!(
            told("AttributeError", "'Job' object has no attribute 'answer'"),
            "a Job has manifest, output and sample"
        );
        assert!(told("AttributeError", "'NoneType' object has no attribute 'strip'").contains("test for None"));
        assert!(told("TypeError", "argument of type 'NoneType' is not iterable").contains("test for None"));
        assert_eq!(
            told("TypeError", "chunk_by_page() takes from 1 to 2 positional arguments but 3 were given"),
            "it is called as chunk_by_page(doc, overlap=0)"
        );
        assert_eq!(
            hint("ValueError", "too many values to unpack", "a, b = retrieve(['x'], chunks)").as_deref(),
            Some("it is called as retrieve(queries, chunks, k=10)")
        );
        assert_eq!(told("ZeroDivisionError", "division by zero"), "");
        assert_eq!(told("NameError", "'"), "");
    }
}
