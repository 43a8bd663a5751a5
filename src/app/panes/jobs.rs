//! The Jobs pane: one round's jobs, filtered, with a cursor that follows the work until it is moved.

use crate::app::figures::short_time;
use crate::app::layout::{Area, Pane};
use crate::app::model::{Highlight, Model};
use crate::app::rows::{Mark, Piece, Tone, Writer, match_word, pad};
use crate::app::visible::gist;
use crate::protocol::{Chunk, Flaw, Job, JobId, JobState, Outcome, Round, UtilizationSample};

/// Which jobs are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    #[default]
    All,
    Answered,
    Unfinished,
    Trouble,
}

impl Filter {
    pub fn name(self) -> &'static str {
        match self {
            Filter::All => "all",
            Filter::Answered => "answered",
            Filter::Unfinished => "unfinished",
            Filter::Trouble => "in trouble",
        }
    }

    pub fn next(self) -> Self {
        match self {
            Filter::All => Filter::Answered,
            Filter::Answered => Filter::Unfinished,
            Filter::Unfinished => Filter::Trouble,
            Filter::Trouble => Filter::All,
        }
    }

    fn lists(self, job: &Job) -> bool {
        match (self, &job.state) {
            (Filter::All, _) => true,
            (Filter::Answered, JobState::Ended(outcome)) => matches!(outcome, Outcome::Answered { .. }),
            (Filter::Unfinished, JobState::Waiting | JobState::Running { .. }) => true,
            (Filter::Trouble, JobState::Ended(outcome)) => {
                !matches!(outcome, Outcome::Answered { .. } | Outcome::Abstained { .. })
            }
            _ => false,
        }
    }
}

/// Whether the list scrolls with the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Follow {
    /// The first running or waiting job stays in sight.
    #[default]
    Work,
    /// The person moved the cursor.
    Off,
}

/// How a job's state is shown: a mark, its tone and a word.
pub fn job_word(job: &Job) -> (Mark, Tone, &'static str) {
    match &job.state {
        JobState::Waiting if job.retried.is_some() => (Mark::Waiting, Tone::Warning, "retrying"),
        JobState::Waiting => (Mark::Waiting, Tone::Dim, "waiting"),
        JobState::Running { attempt: 2.. } => (Mark::Current, Tone::Accent, "retry"),
        JobState::Running { .. } => (Mark::Current, Tone::Accent, "running"),
        JobState::Ended(outcome) => match outcome {
            Outcome::Answered { .. } => (Mark::Done, Tone::Good, "answered"),
            Outcome::Abstained { .. } => (Mark::Dot, Tone::Dim, "abstained"),
            Outcome::Malformed { .. } => (Mark::Failed, Tone::Warning, "malformed"),
            Outcome::Truncated { .. } => (Mark::Failed, Tone::Warning, "truncated"),
            Outcome::Failed { .. } => (Mark::Failed, Tone::Bad, "failed"),
            Outcome::Cancelled => (Mark::Failed, Tone::Dim, "cancelled"),
        },
    }
}

impl Model {
    /// The round whose jobs are listed.
    pub fn jobs_round(&self) -> Option<&Round> {
        match self.jobs.round {
            Some(number) => self.state.round_numbered(number),
            // The newest round that has jobs, so that the list does not go blank between rounds.
            None => self.state.rounds.iter().rev().find(|round| !round.jobs.is_empty()).or_else(|| self.state.round()),
        }
    }

    /// The indexes of the jobs listed.
    pub fn listed_jobs(&self) -> Vec<u32> {
        let Some(round) = self.jobs_round() else { return Vec::new() };
        let filter = self.jobs.filter;
        (0u32..).zip(&round.jobs).filter(|(_, job)| filter.lists(job)).map(|(at, _)| at).collect()
    }

    pub fn selected_job(&self) -> Option<JobId> {
        let round = self.jobs_round()?.number;
        let index = *self.listed_jobs().get(self.jobs.cursor)?;
        Some(JobId { round, index })
    }

    /// Lines of utilization above the list: processor and memory, then one for each GPU (or one that says there is none), then the
    /// local engine or the servers that read.
    pub fn utilization_lines(&self) -> u16 {
        let gpus = self.state.utilization.as_ref().map_or(0, |sample| sample.gpus.len()).clamp(1, 4) as u16;
        let height = self.inside(Pane::Jobs).height;
        let works = |sample: &UtilizationSample| sample.engine.is_some() || sample.fleet.is_some();
        let workers = u16::from(self.state.utilization.as_ref().is_some_and(works));
        if height < 8 { 1 } else { 1 + gpus + workers }
    }

    /// The cells of the list itself: below tallies, gauge, utilization and column heads.
    pub fn jobs_list(&self) -> Area {
        self.inside(Pane::Jobs).below(3 + self.utilization_lines())
    }

    pub(crate) fn settle_jobs(&mut self) {
        let count = self.listed_jobs().len();
        let height = usize::from(self.jobs_list().height.max(1));
        let pane = &mut self.jobs;
        if pane.follow == Follow::Work {
            let listed = self.listed_jobs();
            let round = self.jobs_round();
            let open = listed.iter().position(|at| {
                round.and_then(|round| round.jobs.get(*at as usize)).is_some_and(|job| job.outcome().is_none())
            });
            self.jobs.cursor = open.unwrap_or(0);
            self.jobs.top = self.jobs.cursor.saturating_sub(height / 3);
        }
        let pane = &mut self.jobs;
        pane.cursor = pane.cursor.min(count.saturating_sub(1));
        pane.top = pane.top.clamp((pane.cursor + 1).saturating_sub(height), pane.cursor);
        pane.top = pane.top.min(count.saturating_sub(height));
    }

    pub(crate) fn move_in_jobs(&mut self, rows: isize) {
        self.jobs.follow = Follow::Off;
        self.jobs.cursor = self.jobs.cursor.saturating_add_signed(rows);
        self.settle_jobs();
    }

    pub(crate) fn show_round(&mut self, forward: bool) {
        let Some(shown) = self.jobs_round().map(|round| round.number) else { return };
        let last = self.state.rounds.len() as u32;
        let next = if forward { (shown + 1).min(last) } else { shown.saturating_sub(1).max(1) };
        self.jobs.round = (next != last).then_some(next);
        self.jobs.cursor = 0;
        self.jobs.follow = Follow::Work;
        self.find_again();
        self.settle_jobs();
    }

    pub(crate) fn next_filter(&mut self) {
        self.jobs.filter = self.jobs.filter.next();
        self.jobs.cursor = 0;
        self.jobs.follow = Follow::Work;
        self.find_again();
        self.settle_jobs();
    }

    /// Where a job reads: `p 12`, or the byte offset, or that its text stands nowhere.
    pub fn place_of(&self, chunk: Option<&Chunk>) -> String {
        match chunk {
            Some(Chunk::Span(span)) => {
                let page = self.documents.get(span.document).and_then(|open| open.document.page_of(span.start));
                let place = match page {
                    Some(page) => format!("p {page}"),
                    None => format!("@{}", span.start),
                };
                if self.documents.len() > 1 { format!("{}:{place}", span.document + 1) } else { place }
            }
            Some(Chunk::Text(_)) => "made up".into(),
            None => String::new(),
        }
    }

    /// What a job says in a few words.
    pub fn job_gist(&self, job: &Job, limit: usize) -> String {
        match &job.state {
            JobState::Waiting | JobState::Running { .. } => match &job.retried {
                Some((flaw, _)) => format!("first reply {}", flaw_word(flaw, limit)),
                None => String::new(),
            },
            JobState::Ended(outcome) => match outcome {
                Outcome::Answered { output, .. } => gist(output.answer.as_deref().unwrap_or_default(), limit),
                Outcome::Abstained { output } => gist(&output.explanation, limit),
                Outcome::Malformed { error, .. } | Outcome::Failed { error } => gist(error, limit),
                Outcome::Truncated { .. } => "the reply ran into the token cap".into(),
                Outcome::Cancelled => String::new(),
            },
        }
    }

    /// What a job's details show.
    pub(crate) fn write_job(&self, id: JobId, width: usize) -> Writer {
        let mut writer = Writer::new(width);
        let Some((round, job)) = self.state.round_numbered(id.round).and_then(|round| Some((round, round.job(id)?)))
        else {
            writer.text(Tone::Dim, 0, "this job is not on record here", None);
            return writer;
        };
        let (mark, tone, word) = job_word(job);
        let mut head = vec![Piece::Mark(tone, mark), pad(1), Piece::text(tone, word)];
        let told = format!(
            "  sample {} · attempt {} · {} in, {} out tokens · {}",
            job.sample + 1,
            job.attempt(),
            job.usage.input_tokens,
            job.usage.output_tokens,
            short_time(job.ms)
        );
        head.push(Piece::text(Tone::Dim, told));
        writer.row(head, None);
        part(&mut writer, "task", Tone::Text, round.task_of(job));
        part(&mut writer, "advice", Tone::Text, round.advice_of(job));
        let chunk = round.chunk_of(job);
        let reads = match chunk {
            Some(Chunk::Span(span)) => {
                let name = self.documents.get(span.document).map_or("", |open| open.document.name.as_str());
                format!("{} of {name}, bytes {}–{}", self.place_of(chunk), span.start, span.end)
            }
            Some(Chunk::Text(text)) => {
                format!("text that the program made up: {} bytes that stand in no document", text.len())
            }
            None => "nothing".into(),
        };
        part(&mut writer, "reads", Tone::Text, &reads);
        write_outcome(&mut writer, job);
        if let Some((flaw, raw)) = &job.retried {
            part(&mut writer, "first reply", Tone::Warning, &flaw_word(flaw, 400));
            part(&mut writer, "it said", Tone::Dim, raw);
        }
        writer
    }

    /// The highlight for a job: its citation where it has one that stands, else its chunk when `or_chunk`.
    pub(crate) fn job_place(&self, id: JobId, or_chunk: bool) -> Option<Highlight> {
        let round = self.state.round_numbered(id.round)?;
        let job = round.job(id)?;
        let located = job.outcome().and_then(Outcome::located).copied();
        let chunk = match round.chunk_of(job) {
            Some(Chunk::Span(span)) if or_chunk => Some(*span),
            _ => None,
        };
        Some(Highlight { span: located.map(|located| located.span).or(chunk)?, located })
    }
}

fn write_outcome(writer: &mut Writer, job: &Job) {
    let Some(outcome) = job.outcome() else { return };
    match outcome {
        Outcome::Answered { output, located } => {
            part(writer, "answer", Tone::Strong, output.answer.as_deref().unwrap_or_default());
            part(writer, "because", Tone::Text, &output.explanation);
            match &output.citation {
                Some(citation) => {
                    let (tone, mark, word) = match_word(located.map(|located| located.how));
                    writer.blank();
                    writer.row(
                        vec![
                            Piece::text(Tone::Dim, format!("{:<12}", "citation")),
                            Piece::Mark(tone, mark),
                            pad(1),
                            Piece::text(tone, word),
                        ],
                        None,
                    );
                    writer.text(Tone::Quote, 12, citation, None);
                }
                None => part(writer, "citation", Tone::Warning, "none given"),
            }
        }
        Outcome::Abstained { output } => {
            part(writer, "abstained", Tone::Text, &output.explanation);
        }
        Outcome::Malformed { error, raw } => {
            part(writer, "error", Tone::Bad, error);
            part(writer, "it said", Tone::Dim, raw);
        }
        Outcome::Truncated { raw } => part(writer, "it said", Tone::Dim, raw),
        Outcome::Failed { error } => part(writer, "error", Tone::Bad, error),
        Outcome::Cancelled => part(writer, "cancelled", Tone::Dim, "before it was done"),
    }
}

fn part(writer: &mut Writer, name: &str, tone: Tone, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    writer.blank();
    for (at, line) in text.trim_end().lines().enumerate() {
        let name = if at == 0 { name } else { "" };
        writer.lead(vec![Piece::text(Tone::Dim, format!("{name:<12}"))], tone, line, None);
    }
}

fn flaw_word(flaw: &Flaw, limit: usize) -> String {
    match flaw {
        Flaw::Malformed(error) => format!("malformed: {}", gist(error, limit)),
        Flaw::Truncated => "truncated at the token cap".into(),
    }
}
