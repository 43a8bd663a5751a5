//! Who can read: the reader without a model, the models in the folder, what a server on this network lists.

use std::collections::HashSet;

use futures_util::{FutureExt, StreamExt, stream};
use tokio::time::timeout;

use super::{Outlet, PATIENCE, failed};
use crate::app::picker::{Choice, Group, PickerRow, Standing};
use crate::app::{PickerNews, short_bytes, short_count};
use crate::commands::models::{folder, short_number};
use crate::config::{Config, LocalConfig, LocalProvider};
use crate::local::models::{LocalModel, scan};
use crate::provider::{Client, Failure, Model, presets};

/// The names in the settings.
pub const EXTRACTIVE: &str = "extractive";
pub const LLAMA: &str = "llama-cpp";
pub const OPENAI: &str = "openai";
pub const OLLAMA: &str = "ollama";

pub async fn fill(outlet: &Outlet, config: &Config) {
    let without = Group { title: "Without a model".into(), rows: vec![extractive(config)], standing: Standing::Whole };
    let in_folder = Group {
        title: folder(config).map_or_else(|_| "Models folder".into(), |folder| format!("In {}", folder.display())),
        standing: Standing::Loading("looking for GGUF files…".into()),
        ..Group::default()
    };
    // The server of the settings; where there is none, an Ollama at its usual place.
    let (name, server) = match config.local.provider {
        LocalProvider::Openai => (OPENAI, config.local.clone()),
        LocalProvider::Ollama => (OLLAMA, config.local.clone()),
        LocalProvider::Extractive | LocalProvider::LlamaCpp => (OLLAMA, of_ollama(&config.local)),
    };
    let at = |base_url: &str| LocalConfig { base_url: base_url.to_owned(), ..server.clone() };
    let servers: Vec<LocalConfig> = server.base_urls().into_iter().map(at).collect();
    let place = |server: &LocalConfig| match presets::reader(server.provider).place_of(&server.base_url) {
        Some(place) if !server.base_url.is_empty() => place,
        _ => name.to_owned(),
    };
    let at_server = Group {
        title: format!("From {}", servers.iter().map(place).collect::<Vec<_>>().join(", ")),
        standing: Standing::Loading("asking what it offers…".into()),
        ..Group::default()
    };
    outlet.send(PickerNews::Groups(vec![without, in_folder, at_server])).await;
    tokio::join!(list_folder(outlet, config), list_servers(outlet, config, name, &servers));
}

/// The settings for an Ollama on this machine.
pub fn of_ollama(local: &LocalConfig) -> LocalConfig {
    LocalConfig {
        provider: LocalProvider::Ollama,
        base_url: String::new(),
        api_key_env: LocalConfig::default().api_key_env,
        api_key_cmd: String::new(),
        headers: Vec::new(),
        ..local.clone()
    }
}

async fn list_folder(outlet: &Outlet, config: &Config) {
    let (config, now) = (config.clone(), config.local.clone());
    let found = tokio::task::spawn_blocking(move || folder(&config).and_then(|folder| Ok(scan(&folder)?))).await;
    let (rows, standing) = match found {
        Ok(Ok(models)) if models.is_empty() => {
            let none = "no GGUF file yet: `minions pull MODEL` fetches one, or put it there".into();
            (Vec::new(), Standing::Told(none))
        }
        Ok(Ok(models)) => (models.iter().map(|model| file(model, &now)).collect(), Standing::Whole),
        Ok(Err(error)) => (Vec::new(), failed(error)),
        Err(error) => (Vec::new(), failed(format!("the folder could not be looked through: {error}"))),
    };
    outlet.send(PickerNews::Rows { group: 1, rows, standing }).await;
}

/// The names first, as each server lists them; what a server tells of each model comes after.
async fn list_servers(outlet: &Outlet, config: &Config, name: &str, servers: &[LocalConfig]) {
    let used = servers.first().is_some_and(|server| server.provider == config.local.provider);
    let asked: Vec<_> = servers.iter().map(|server| listed(server).boxed()).collect();
    let mut answers = stream::iter(asked).buffer_unordered(servers.len().max(1));
    let (mut names, mut found, mut silent) = (HashSet::new(), Vec::new(), Vec::new());
    while let Some(answer) = answers.next().await {
        match answer {
            Ok((client, mut models)) => {
                models.retain(|model| names.insert(model.id.clone()));
                let row = |model: &Model| PickerRow {
                    current: used && model.is_called(config.local.model.trim()),
                    ..served(name, model)
                };
                let (rows, standing) =
                    (models.iter().map(row).collect(), Standing::Loading("asking what each reads…".into()));
                outlet.send(PickerNews::Rows { group: 2, rows, standing }).await;
                found.push((client, models));
            }
            Err(why) => silent.push(why),
        }
    }
    let standing = match (found.is_empty(), silent.is_empty()) {
        // Nobody said that there is one.
        (true, _) if !used => {
            Standing::Told("none answers on this machine; [local] provider and base_url name a server elsewhere".into())
        }
        (_, false) => failed(format!("{}; opened anew, the list asks again", silent.join("; "))),
        (_, true) if names.is_empty() => failed("the server offers no model; load one there"),
        (_, true) => Standing::Whole,
    };
    let described = found.iter().map(|(client, models)| client.described(models).boxed());
    let mut described = stream::select_all(described);
    while let Some(model) = described.next().await {
        outlet.send(PickerNews::Row(Box::new(served(name, &model)))).await;
    }
    outlet.send(PickerNews::Rows { group: 2, rows: Vec::new(), standing }).await;
}

/// What a server lists, or why it lists nothing.
async fn listed(server: &LocalConfig) -> Result<(Client, Vec<Model>), String> {
    let list = async {
        let client = Client::for_local_listing(server).await?;
        let models = client.listed().await?;
        Ok((client, models))
    };
    let told = |failure: Failure| failure.message;
    let late = |_| format!("it did not list its models within {} s", PATIENCE.as_secs());
    timeout(PATIENCE, list).await.map_err(late)?.map_err(told)
}

fn extractive(config: &Config) -> PickerRow {
    let choice = Choice::Local { provider: EXTRACTIVE.into(), model: String::new() };
    let about = "The reader that comes with the program: it quotes the sentences that fit the task. No language model.";
    let current = config.local.provider == LocalProvider::Extractive;
    PickerRow { current, ..PickerRow::new(choice, vec!["extractive reader".into()], about) }
}

fn file(model: &LocalModel, now: &LocalConfig) -> PickerRow {
    let choice = Choice::Local { provider: LLAMA.into(), model: model.name.clone() };
    let current = now.provider == LocalProvider::LlamaCpp && now.model == model.name;
    let size = short_bytes(model.bytes);
    let row = match &model.info {
        Err(problem) => PickerRow {
            refused: problem.to_string(),
            ..PickerRow::new(choice, vec![model.name.clone(), String::new(), String::new(), size], "")
        },
        Ok(info) => {
            let context = info.context_length.map_or_else(|| "n/a".into(), short_count);
            let cells = vec![model.name.clone(), context, short_number(info.parameters), size.clone()];
            let mut about = vec![info.name.clone().unwrap_or_else(|| model.name.clone())];
            let kind = info.file_type.as_deref().unwrap_or("of unknown quantisation");
            about.push(format!("{}, {kind}, {size} in {} file(s)", info.architecture, model.files));
            about.push("It is read by the engine in this program, on this machine.".into());
            let refused = match info.chat_template {
                Some(_) => String::new(),
                None => "It holds no chat template: take a GGUF of the model's chat or instruct version.".into(),
            };
            PickerRow { refused, ..PickerRow::new(choice, cells, about.join("\n")) }
        }
    };
    PickerRow { current, ..row }
}

fn served(name: &str, model: &Model) -> PickerRow {
    let choice = Choice::Local { provider: name.into(), model: model.id.clone() };
    let context = model.context.map_or_else(|| "n/a".into(), short_count);
    let about =
        format!("{}\nThis server gets the documents' chunks, as many jobs at once as make it faster.", model.id);
    PickerRow::new(choice, vec![model.id.clone(), context], about)
}
