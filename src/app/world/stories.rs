//! What happens in the session, from its beginning to the places that tests look at.

use super::World;
use crate::document::{Document, Span};
use crate::protocol::*;

pub const QUESTION: &str = "What was the net income of Harbour Freight Lines in 2023, and what drove the change?";

pub const PROGRAM: &str = "I look for the figures first.\n\n```python\ndef prepare_jobs(context):\n    jobs = []\n    for chunk in chunk_by_page(context):\n        for task in TASKS:\n            jobs.append(JobManifest(chunk=chunk, task=task, advice='figures with units'))\n    return jobs\n\ndef transform_outputs(jobs):\n    return '\\n'.join(job.output.answer for job in jobs if job.output.answer)\n```\n";

/// A program with a line that is wider than any pane.
pub const FAULTY: &str = r#"# Figures first, then the reasons.
TASKS = ["Extract the net income, its unit and its year, and quote the sentence that it stands in.", "Why did it change?"]

def prepare_jobs(context):
    jobs = []
    for number, chunk in enumerate(chunk_by_pages(context, 1)):
        for task in TASKS:
            jobs.append(JobManifest(chunk=chunk, task=task, advice=f"page {number + 1}"))
    return jobs

def transform_outputs(jobs):
    return "\n".join(job.output.answer for job in jobs if job.output.answer is not None)
"#;

pub fn report() -> Document {
    let mut text = String::new();
    for page in 1..=8 {
        if page > 1 {
            text.push('\u{c}');
        }
        text.push_str(&format!("HARBOUR FREIGHT LINES — ANNUAL REPORT 2023{:>24}{page}\n\n", "page "));
        match page {
            2 => text.push_str("Net income for the year ended 31 December 2023 was $48.2 million, compared with $39.7 million in 2022.\n\nThe increase was driven by higher container volumes on the northern routes and by lower fuel cost per mile.\n\n"),
            5 => text.push_str("                         2023      2022\nRevenue                 412.6     377.9\nFuel                    101.3     118.4\nNet income               48.2      39.7\n\n"),
            _ => {}
        }
        for line in 1..=12 {
            text.push_str(&format!("Section {page}.{line}. The company operates vessels between ports of the region and reports on each of its routes, terminals and yards in the tables below.\n"));
            if line % 4 == 0 {
                text.push('\n');
            }
        }
    }
    Document::from_text("harbour-2023.txt", text)
}

impl World {
    /// A round of 2,048 jobs, of which none has begun.
    pub fn many() -> Self {
        let mut world = Self::new();
        world.start();
        let job = |index: u32| PlannedJob { chunk: index / 4, task: index % 4, advice: 0, sample: 0 };
        let planned = Fact::JobsPlanned(PlannedJobs {
            round: 1,
            chunks: (0..512).map(|at| Chunk::Span(Span::new(0, at, at + 900))).collect(),
            tasks: (0..4).map(|at| format!("Extract figure {at}.")).collect(),
            advices: vec![String::new()],
            jobs: (0..2_048).map(job).collect(),
        });
        world.state.apply(&planned);
        world.facts.push(planned);
        world
    }

    /// Jobs in every state: ended, running, retried, waiting.
    pub fn half(&mut self) -> &mut Self {
        self.start().plan();
        for (at, cpu) in [12.0, 35.0, 58.0, 71.0, 88.0, 93.0, 64.0].into_iter().enumerate() {
            self.sample(cpu, at as u32);
        }
        self.abstained(0).abstained(1);
        self.answered(2, "$48.2 million in 2023", "Net income for the year ended 31 December 2023 was $48.2 million");
        self.answered(
            3,
            "higher volumes, lower fuel cost",
            "driven by higher container volumes on the northern routes",
        );
        self.abstained(4).failed(5);
        self.job(6, "not json at all", None).job(6, "still not json", None);
        self.job(7, "{\"answer\": ", None);
        self.answered(8, "48.2", "Net income was about forty-eight million");
        self.input(Input::CancelJob(JobId { round: 1, index: 9 }));
        self.begin(10).begin(11)
    }

    /// The round's jobs all end, and their outputs are aggregated.
    pub fn outputs(&mut self) -> &mut Self {
        self.job(7, "{\"answer\": ", None);
        for index in 10..16 {
            self.abstained(index);
        }
        let text =
            "Task 0\n- $48.2 million in 2023 (page 2)\n- 48.2\n\nTask 1\n- higher volumes, lower fuel cost (page 2)";
        self.aggregate(text)
    }

    pub fn whole(&mut self) -> &mut Self {
        self.half().outputs();
        self.reply("The figure is quoted twice; the reasons once. That is enough.");
        let quotations = [
            "Net income for the year ended 31 December 2023 was $48.2 million",
            "driven by higher container volumes on the northern routes",
            "Net income was about forty-eight million",
        ];
        let decision = serde_json::json!({
            "decision": "provide_final_answer",
            "answer": "Net income was $48.2 million in 2023, up from $39.7 million in 2022.",
            "explanation": "Higher container volumes on the northern routes and lower fuel cost per mile drove the increase.",
            "citations": quotations,
        });
        self.reply(&format!("```json\n{decision}\n```"));
        let citations =
            quotations.iter().map(|text| AnswerCitation { text: (*text).into(), located: self.find(text) }).collect();
        self.input(Input::CitationsLocated { round: 1, citations })
    }

    /// A first round whose jobs contradict one another, and a second with another program that answers with numbers of
    /// which one is cited nowhere.
    pub fn two_rounds(&mut self) -> &mut Self {
        self.half().two_rounds_from_half()
    }

    pub fn two_rounds_from_half(&mut self) -> &mut Self {
        self.job(7, "{\"answer\": ", None);
        self.answered(10, "$51.0 million in 2023", "Net income for the year ended 31 December 2023");
        for index in 11..16 {
            self.abstained(index);
        }
        self.aggregate("Task 0\n- $48.2 million in 2023 (page 2)\n- $51.0 million in 2023 (page 5)");
        self.reply("## Two figures\n\nThey **contradict** one another:\n\n| page | net income |\n|---|---:|\n| 2 | 48.2 |\n| 5 | 51.0 |\n\n- ask for the year of each\n- ask for the table's *row*");
        let more = serde_json::json!({
            "decision": "request_additional_info",
            "explanation": "Two pages name **different** figures.",
            "feedback": "- Which figure is net income?\n- What is the other one?",
            "scratchpad": "Net income is $48.2 million or $51.0 million.",
        });
        self.reply(&more.to_string());
        let program = PROGRAM.replace("in chunk_by_page(context):", "in chunk_by_page(context)[:6]:").replace(
            "        for task in TASKS:\n",
            "        if 'income' not in chunk:\n            continue\n        for task in TASKS:\n",
        );
        self.reply(&program).prepare();
        let (first, second) =
            ("Net income for the year ended 31 December 2023 was $48.2 million", "compared with $39.7 million in 2022");
        self.answered(2, "$48.2 million in 2023", first).answered(3, "$39.7 million in 2022", second);
        for index in (0..2).chain(4..16) {
            self.abstained(index);
        }
        self.aggregate("Net income was $48.2 million in 2023 and $39.7 million in 2022.");
        self.reply("The row is *net income*.");
        let decision = serde_json::json!({
            "decision": "provide_final_answer",
            "answer": "Net income was **$48.2 million** in 2023, up 21.4 % from $39.7 million in 2022.",
            "explanation": "The statement names both years.",
            "citations": [first, second],
        });
        self.reply(&decision.to_string());
        let citations =
            [first, second].map(|text| AnswerCitation { text: text.into(), located: self.find(text) }).to_vec();
        self.input(Input::CitationsLocated { round: 2, citations })
    }

    /// A round whose replies, answers and scratchpad are all this text, from before its first reply on.
    pub fn two_rounds_after(&mut self, text: &str) -> &mut Self {
        self.reply(text).reply(&format!("{text}\n{PROGRAM}")).prepare();
        let output = JobOutput {
            explanation: text.into(),
            citation: Some(text.into()),
            answer: Some(format!("{} 7", text.split(' ').next().unwrap_or_default())),
        };
        let other = JobOutput { answer: Some("8".into()), ..output.clone() };
        for index in 0..16 {
            let output = if index == 0 { &output } else { &other };
            self.job(index, &serde_json::to_string(output).unwrap(), None);
        }
        self.aggregate(text).reply(text);
        let decision = serde_json::json!({
            "decision": "request_additional_info", "explanation": text, "feedback": text, "scratchpad": text,
        });
        self.reply(&decision.to_string());
        self.reply(&format!("{text}\n{}", PROGRAM.replace("jobs = []", "jobs = list()"))).prepare();
        for index in 0..16 {
            self.job(index, &serde_json::to_string(&output).unwrap(), None);
        }
        self.aggregate(text).reply(text);
        let decision = serde_json::json!({
            "decision": "provide_final_answer", "answer": text, "explanation": text, "citations": [text],
        });
        self.reply(&decision.to_string());
        self.input(Input::CitationsLocated {
            round: 2,
            citations: vec![AnswerCitation { text: text.into(), located: None }],
        })
    }
}

/// That this job of the first round has answered.
pub fn answered(index: u32) -> Fact {
    let output = JobOutput {
        explanation: "It stands there.".into(),
        citation: Some("Net income was about forty-eight million".into()),
        answer: Some(format!("a figure of {index} million, and what it is compared with in the year before")),
    };
    let usage = Usage { input_tokens: 610, output_tokens: 48, ..Usage::default() };
    let outcome = Outcome::Answered { output, located: None };
    Fact::JobFinished { job: JobId { round: 1, index }, outcome, raw: None, usage, ms: 35 }
}
