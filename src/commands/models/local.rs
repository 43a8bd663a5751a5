//! `minions models local`: the models on this machine.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::app::short_bytes;
use crate::commands::sessions::print_json;
use crate::commands::{Exit, Failure, Output};
use crate::config::{Config, Folders};
use crate::document::escape::visible;
use crate::local::models::{LocalModel, scan};

/// Lists the models in the folder that the settings name.
pub fn local(config: &Config, json: bool) -> Result<Exit, Failure> {
    let folder = folder(config)?;
    let models = scan(&folder)?;
    let out = &mut Output::standard();
    if json {
        print_json(&models.iter().map(Row::of).collect::<Vec<_>>(), out)?;
    } else {
        print_table(&folder, &models, out)?;
    }
    out.flush()?;
    Ok(Exit::Success)
}

pub fn folder(config: &Config) -> Result<PathBuf, Failure> {
    Folders::models(&config.local).ok_or_else(|| {
        Failure::usage("there is no home folder to look for models in; name one with --set local.models_dir=DIR")
    })
}

/// What `--json` prints of a model: a contract, so its fields and their names stay.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    path: &'a Path,
    files: usize,
    bytes: u64,
    /// What the model calls itself. Nothing, as the fields after it, where there is a problem.
    title: Option<&'a str>,
    architecture: Option<&'a str>,
    parameters: Option<u64>,
    quantisation: Option<&'a str>,
    context_length: Option<u64>,
    kv_bytes_per_token: Option<u64>,
    chat_template: Option<bool>,
    problem: Option<String>,
}

impl<'a> Row<'a> {
    fn of(model: &'a LocalModel) -> Self {
        let info = model.info.as_ref().ok();
        Self {
            name: &model.name,
            path: &model.path,
            files: model.files,
            bytes: model.bytes,
            title: info.and_then(|info| info.name.as_deref()),
            architecture: info.map(|info| info.architecture.as_str()),
            parameters: info.map(|info| info.parameters),
            quantisation: info.and_then(|info| info.file_type.as_deref()),
            context_length: info.and_then(|info| info.context_length),
            kv_bytes_per_token: info.and_then(|info| info.kv_bytes_per_token()),
            chat_template: info.map(|info| info.chat_template.is_some()),
            problem: model.info.as_ref().err().map(ToString::to_string),
        }
    }
}

fn print_table(folder: &Path, models: &[LocalModel], out: &mut dyn Write) -> Result<(), Failure> {
    if models.is_empty() {
        let folder = folder.to_string_lossy();
        writeln!(
            out,
            "no model yet in {}; put a model's .gguf file there, such as one from huggingface.co, or name another folder \
             with local.models_dir",
            visible(&folder)
        )?;
        return Ok(());
    }
    let widest = |cells: &mut dyn Iterator<Item = usize>, title: &str| cells.max().unwrap_or(0).max(title.len());
    let wide = |text: &str| visible(text).chars().count();
    let infos = || models.iter().filter_map(|model| model.info.as_ref().ok());
    let names = widest(&mut models.iter().map(|model| wide(&model.name)), "NAME");
    let kinds = widest(&mut infos().map(|info| wide(&info.architecture)), "ARCHITECTURE");
    writeln!(
        out,
        "{:names$}  {:kinds$}  {:>10}  {:12}  {:>8}  {:>8}",
        "NAME", "ARCHITECTURE", "PARAMETERS", "QUANTISATION", "CONTEXT", "SIZE"
    )?;
    for model in models {
        let name = visible(&model.name);
        match &model.info {
            Ok(info) => writeln!(
                out,
                "{name:names$}  {:kinds$}  {:>10}  {:12}  {:>8}  {:>8}",
                visible(&info.architecture),
                short_number(info.parameters),
                info.file_type.as_deref().unwrap_or("n/a"),
                info.context_length.map_or_else(|| "n/a".into(), |tokens| tokens.to_string()),
                short_bytes(model.bytes)
            )?,
            Err(problem) => writeln!(out, "{name:names$}  {}", visible(&problem.to_string()))?,
        }
    }
    Ok(())
}

/// Parameters as models are named by them: `494M`, `7.6B`.
pub fn short_number(count: u64) -> String {
    match count {
        0..1_000_000 => count.to_string(),
        1_000_000..999_500_000 => format!("{:.0}M", count as f64 / 1e6),
        _ => format!("{:.1}B", count as f64 / 1e9),
    }
}
