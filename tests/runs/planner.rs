//! A scripted remote LM: what it replies to each step of the protocol.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::loopback::{Loopback, Reply};

/// One job a line, and back what was answered.
pub const PROGRAM: &str = r#"Here is the program.

```python
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    lines = [line for line in context[0].splitlines() if line]
    return [JobManifest(chunk=line, task="What did the item bring in?", advice="") for line in lines]

def transform_outputs(jobs):
    kept = [job.output for job in jobs if job.output.answer]
    return "\n".join(f"{output.answer} | {output.citation}" for output in kept[:20])
```
"#;

/// What is asked of the remote LM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Advise,
    Decompose,
    Repair,
    Think,
    Decide,
    DecideAgain,
}

impl Step {
    pub fn of(request: &Value) -> Self {
        let last = request["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
        for (words, step) in [
            ("Before the work is divided", Step::Advise),
            ("Write one Python program", Step::Decompose),
            ("That program could not be used", Step::Repair),
            ("That program is sent back by the person", Step::Repair),
            ("Think it through", Step::Think),
            ("Now decide", Step::Decide),
            ("That reply could not be used", Step::DecideAgain),
        ] {
            if last.contains(words) {
                return step;
            }
        }
        panic!("nobody asks this: {last}");
    }

    /// What a planner says that makes no mistake.
    pub fn good_reply(self) -> Reply {
        Reply::text(match self {
            Step::Advise => "Look for the line of the item.".into(),
            Step::Decompose | Step::Repair => PROGRAM.to_owned(),
            Step::Think => "Item 7 is there, with its figure.".into(),
            Step::Decide | Step::DecideAgain => answer(),
        })
    }
}

pub fn answer() -> String {
    json!({
        "decision": "provide_final_answer",
        "answer": "10007 dollars",
        "explanation": "The line of the item says so.",
        "citations": ["Item 7 brought in 10007 dollars in that year."],
    })
    .to_string()
}

pub fn more() -> String {
    let decision = json!({
        "decision": "request_additional_info",
        "explanation": "Not enough.",
        "feedback": "Look at item 7.",
        "scratchpad": "Nothing yet.",
    });
    decision.to_string()
}

/// A planner that makes no mistake but those of `script`, which gets the step and how often it was asked before.
pub async fn planner(script: impl Fn(Step, usize) -> Option<Reply> + Send + Sync + 'static) -> Loopback {
    let asked = Mutex::new(HashMap::<Step, usize>::new());
    Loopback::start(move |request| {
        let step = Step::of(request);
        let mut asked = asked.lock().unwrap();
        let before = asked.entry(step).or_default();
        let reply = script(step, *before).unwrap_or_else(|| step.good_reply());
        *before += 1;
        reply
    })
    .await
}

/// The text of the last message of each request of this step, in order.
pub fn told(server: &Loopback, step: Step) -> Vec<String> {
    let requests = server.requests().into_iter().filter(|request| Step::of(&request.body) == step);
    requests
        .map(|request| request.body["messages"].as_array().unwrap().last().unwrap()["content"].to_string())
        .collect()
}
