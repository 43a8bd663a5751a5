//! How well citations are found in documents, and how long that takes: `cargo bench --bench citation [-- --documents DIR]
//! [--each N] [--seed N] [--faults KIND]`. Without a folder the samples are asked.
//!
//! The goals: of what is found at least 99.5 % is right, and of the true citations with at most 10 % of their characters changed
//! at least 95 % are found.

#[path = "../tests/quoting/mod.rs"]
mod quoting;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use minions::document::{Document, Locator};

struct Asked {
    folder: PathBuf,
    each: usize,
    seed: u64,
    faults: Option<String>,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| run(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("citation: {why}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, String> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/samples");
    let mut asked = Asked { folder: samples, each: 10, seed: 1, faults: None };
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("a value is missing after {word}"))?;
        let number = || value.parse::<u64>().map_err(|error| format!("{word} {value}: {error}"));
        match word.as_str() {
            "--documents" => asked.folder = value.into(),
            "--each" => asked.each = number()? as usize,
            "--seed" => asked.seed = number()?,
            "--faults" => asked.faults = Some(value),
            _ => return Err(format!("{word} is not known; see the head of benches/citation.rs")),
        }
    }
    Ok(asked)
}

fn run(asked: &Asked) -> Result<(), String> {
    let documents = documents(&asked.folder).map_err(|error| format!("{}: {error}", asked.folder.display()))?;
    let begun = Instant::now();
    let quality = quoting::measure(&documents, asked.each, asked.seed);
    println!(
        "{} documents of {}, {:.1} s\n{quality}",
        documents.len(),
        asked.folder.display(),
        begun.elapsed().as_secs_f64()
    );
    for (kind, quotation, found) in &quality.faults {
        if asked.faults.as_ref().is_some_and(|wanted| format!("{kind:?}").starts_with(wanted)) {
            println!("\n{kind:?}\n  quoted {quotation:?}\n  found  {found:?}");
        }
    }
    speed(&documents);
    Ok(())
}

/// Text files of a folder, in the order of their names.
fn documents(folder: &Path) -> std::io::Result<Vec<Document>> {
    let mut paths = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "txt"));
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    paths.iter().map(|path| Ok(Document::from_text(name(path), std::fs::read_to_string(path)?))).collect()
}

/// All of the texts again and again as one document: what the first quotation costs, and what each one that stands nowhere.
fn speed(documents: &[Document]) {
    const BYTES: usize = 100_000_000;
    const QUOTATIONS: u32 = 200;
    let all: String = documents.iter().map(|document| &*document.text).collect();
    let mut text = String::with_capacity(BYTES + all.len());
    while text.len() < BYTES && !all.is_empty() {
        text.push_str(&all);
    }
    let size = text.len() as f64 / 1e6;
    let locator = Locator::new(&[Document::from_text("all", text)]);
    let absent =
        |n: u32| format!("the {n}th of the surveyed harbours was deepened by a dredger that nobody had expected there");
    let begun = Instant::now();
    let first = locator.locate(&absent(0), &[]);
    let made = begun.elapsed();
    let begun = Instant::now();
    let found = (1..=QUOTATIONS).filter(|n| locator.locate(&absent(*n), &[]).is_some()).count();
    let each = begun.elapsed() / QUOTATIONS;
    println!(
        "of {size:.0} MB: normal form and index {made:.1?}, then {each:.1?} for each quotation that stands nowhere ({} found)",
        found + usize::from(first.is_some())
    );
    if let Some(peak) = peak() {
        println!("the most memory that this process held, the text included: {peak:.0} MB");
    }
}

/// `VmHWM` of proc(5), in megabytes; nothing where the system does not tell.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB"))?;
    Some(line.trim().parse::<f64>().ok()? / 1024.0)
}
