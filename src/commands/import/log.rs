//! A log of the reference implementation as it is read: who was told what, and what came back.

use serde_json::Value;

#[derive(Debug, Default)]
pub struct Log {
    pub task: String,
    /// What the chat's worker read.
    pub context: Option<String>,
    pub turns: Vec<Turn>,
    /// The answer as the log gives it; nothing where it found none.
    pub answer: Option<String>,
    /// What the log says the calls took in all, in words.
    pub totals: String,
}

#[derive(Debug)]
pub enum Turn {
    /// The remote LM was asked.
    Remote { prompt: String, reply: Option<String> },
    /// Workers did jobs.
    Jobs(Vec<JobTurn>),
    /// The chat's worker was asked about the whole context.
    Chat { prompt: String, reply: Option<String> },
}

#[derive(Debug, Default)]
pub struct JobTurn {
    pub chunk: String,
    pub task: String,
    pub advice: String,
    /// The reply as it came; nothing where it was cut off, which leaves no trace in the log.
    pub reply: Option<String>,
}

impl Turn {
    pub fn jobs(&self) -> &[JobTurn] {
        match self {
            Turn::Jobs(jobs) => jobs,
            Turn::Remote { .. } | Turn::Chat { .. } => &[],
        }
    }
}

/// Reads a log. The error says what about it is not one.
pub fn read(bytes: &[u8]) -> Result<Log, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
    let task = value.get("task").and_then(Value::as_str);
    let conversation = value.get("conversation").and_then(Value::as_array);
    let (Some(task), Some(conversation)) = (task, conversation) else {
        return Err("it is no log of HazyResearch/minions: `task` and `conversation` are not there".into());
    };
    let turns: Vec<Turn> = conversation.iter().filter_map(turn).collect();
    if turns.is_empty() {
        return Err("its conversation is empty".into());
    }
    let answer = value.get("generated_final_answer").map(text).filter(|answer| {
        // What the reference writes where it found none.
        !matches!(answer.trim(), "" | "No answer found.")
    });
    Ok(Log {
        task: task.to_owned(),
        context: value.get("context").map(text).filter(|context| !context.is_empty()),
        turns,
        answer,
        totals: totals(value.get("usage")),
    })
}

fn turn(entry: &Value) -> Option<Turn> {
    let prompt = entry.get("prompt").map(text).unwrap_or_default();
    let output = entry.get("output").filter(|output| !output.is_null());
    if let Some(manifests) = entry.get("job_manifests").and_then(Value::as_array) {
        return Some(Turn::Jobs(jobs(manifests, entry)));
    }
    let reply = output.map(text);
    match entry.get("user").and_then(Value::as_str)? {
        "remote" | "supervisor" => Some(Turn::Remote { prompt, reply }),
        "local" | "worker" => Some(Turn::Chat { prompt, reply }),
        _ => None,
    }
}

/// Outputs name their jobs, since those that were cut off have none.
fn jobs(manifests: &[Value], entry: &Value) -> Vec<JobTurn> {
    let field = |manifest: &Value, name: &str| manifest.get(name).map(text).unwrap_or_default();
    let mut jobs: Vec<JobTurn> = manifests
        .iter()
        .map(|manifest| JobTurn {
            chunk: field(manifest, "chunk"),
            task: field(manifest, "task"),
            advice: field(manifest, "advice"),
            reply: None,
        })
        .collect();
    let samples = entry.get("output").and_then(Value::as_array);
    let outputs = entry.get("job_outputs").and_then(Value::as_array);
    for (at, output) in outputs.into_iter().flatten().enumerate() {
        let named = output.get("job_id").and_then(Value::as_u64).and_then(|id| usize::try_from(id).ok());
        let Some(job) = jobs.get_mut(named.unwrap_or(at)) else { continue };
        let sample = samples.and_then(|samples| samples.get(at)).map(text);
        job.reply = sample.or_else(|| output.get("output").map(ToString::to_string));
    }
    if outputs.is_none() {
        for (job, sample) in jobs.iter_mut().zip(samples.into_iter().flatten()) {
            job.reply = Some(text(sample));
        }
    }
    jobs
}

/// A text as it is; of anything else its JSON, and of lists of texts the texts.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.iter().all(Value::is_string) => {
            values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n\n")
        }
        other => other.to_string(),
    }
}

fn totals(usage: Option<&Value>) -> String {
    let of = |side: &str| {
        let usage = usage?.get(side)?;
        let count = |name: &str| usage.get(name).and_then(Value::as_u64);
        Some(format!("{side} {} tokens in, {} out", count("prompt_tokens")?, count("completion_tokens")?))
    };
    [of("remote"), of("local")].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
