//! The loop of a live session: one input at a time, its facts on disk, then its effects.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::asking::Asking;
use super::clearance::{self, Clearance};
use super::counting::Counting;
use super::effects::{self, Arrival, Context};
use super::hidden::{self, Hidden};
use super::pinning;
use super::programs::ProgramCall;
use super::recall::Recall;
use super::sampling::sample_utilization;
use super::{Beginning, Connected, Event, Order, Setup};
use crate::document::Span;
use crate::journal::{Durability, JournalError, JournalWriter};
use crate::protocol::{
    AskId, Chunk, Due, Effect, Fact, Input, Job, JobId, JobResult, JobState, Phase, State, Step, UtilizationSample,
    Waiting, advance, decide,
};

/// How many results that are ready at once share one write to the journal.
const BATCH: usize = 128;
const DELTAS: usize = 256;

pub(super) struct Driver {
    state: State,
    /// What the run begins with.
    first: Option<Input>,
    context: Arc<Context>,
    /// Who is asked from the next round on.
    next: Connected,
    recall: Recall,
    journal: JournalWriter,
    events: mpsc::Sender<Event>,
    tasks: JoinSet<Arrival>,
    /// Jobs that no worker has taken yet.
    queue: VecDeque<(JobId, u32)>,
    running: HashMap<JobId, AbortHandle>,
    asking: Option<Asking>,
    clearance: Clearance,
    counting: Counting,
    remote_attempts: u32,
    delta_sender: mpsc::Sender<(AskId, String)>,
    deltas: mpsc::Receiver<(AskId, String)>,
}

impl Driver {
    pub(super) fn new(setup: Setup, events: mpsc::Sender<Event>) -> Self {
        let Setup { beginning, documents, remote, remote_attempts, local, sandbox, embeddings, recall, journal, book } =
            setup;
        let (delta_sender, deltas) = mpsc::channel(DELTAS);
        let (state, first) = match beginning {
            Beginning::New(opened) => (State::default(), Input::Start(opened)),
            Beginning::OnRecord { state, resumed } => (*state, Input::Resume(*resumed)),
        };
        let (question, part) = match &first {
            Input::Start(opened) => (opened.question.clone(), opened.settings.part),
            _ => (state.question().to_owned(), state.settings().part),
        };
        let counting = Counting::begin(remote.tokenizer(), question, &documents, part.as_ref());
        let part = part.map(|part| part.span);
        Self {
            state,
            first: Some(first),
            context: Arc::new(Context::new(documents, remote, local, sandbox, embeddings, part)),
            next: Connected::default(),
            recall,
            journal,
            events,
            tasks: JoinSet::new(),
            queue: VecDeque::new(),
            running: HashMap::new(),
            asking: None,
            clearance: Clearance::new(book),
            counting,
            remote_attempts,
            delta_sender,
            deltas,
        }
    }

    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) -> Result<State, JournalError> {
        let mut samples = sample_utilization();
        let (mut orders_open, mut samples_open) = (true, true);
        if let Some(mut first) = self.first.take() {
            self.hide(&mut first).await?;
            self.take(vec![first]).await?;
        }
        let mut worked = false;
        while self.state.ending().is_none() {
            let mut inputs = tokio::select! {
                order = orders.recv(), if orders_open => match order {
                    Some(Order::Choose(connected)) => vec![self.choose(connected)],
                    // Connections are made by whoever shares the run.
                    Some(Order::Pick(_)) => continue,
                    Some(Order::LeaveOpen) if self.state.needs_person() => break,
                    Some(Order::Leave) if self.state.left_at().is_some() => break,
                    Some(Order::LeaveOpen) => continue,
                    Some(Order::Levers(levers)) => vec![Input::ChooseLevers(levers)],
                    Some(Order::Pause) => vec![self.pause()],
                    Some(Order::GoOn) => vec![Input::GoOn],
                    Some(Order::Pin(span)) => vec![self.pin(span)],
                    Some(Order::Consent) => vec![Input::Consent],
                    Some(Order::Stop | Order::Leave) => vec![self.stop()],
                    Some(Order::SendAgain) => vec![Input::SendAgain],
                    Some(Order::CancelJob(job)) => vec![Input::CancelJob(job)],
                    Some(Order::RetryJobs(jobs)) => vec![Input::RetryJobs(jobs)],
                    Some(Order::Note(text)) => vec![Input::Note { text }],
                    Some(Order::Budget(choice)) => vec![Input::Budget(choice)],
                    Some(Order::Gates(gates)) => vec![Input::ChooseGates(gates)],
                    Some(Order::RunOn { to, n }) => vec![Input::RunOn { to, n }],
                    Some(Order::AtGate { n, choice }) => vec![Input::AtGate { n, choice }],
                    Some(Order::Exposure(choice)) => vec![Input::Exposure(choice)],
                    None => { orders_open = false; continue }
                },
                Some((ask, text)) = self.deltas.recv() => {
                    self.delta(ask, text).await;
                    continue;
                }
                Some(done) = self.tasks.join_next() => self.arrivals(done),
                counted = self.counting.done(), if self.counting.is_under_way() => {
                    counted.map(Input::DocumentsCounted).into_iter().collect()
                }
                sample = samples.recv(), if samples_open => match sample {
                    Some(sample) => vec![Input::Utilization(self.with_jobs(sample))],
                    None => { samples_open = false; continue }
                },
            };
            inputs.extend(self.remarks());
            self.take(inputs).await?;
            let works = !self.running.is_empty() || !self.queue.is_empty();
            if worked && !works && self.state.ending().is_none() {
                let rested = self.workers_at_rest().map(Input::Utilization);
                self.take(rested.into_iter().collect()).await?;
            }
            worked = works;
        }
        self.tasks.shutdown().await;
        self.journal.close().await?;
        Ok(self.state)
    }

    /// Finds the private words of the documents. What a session that is on record does not know yet, such as in a fork with
    /// other rules, is noted in it before anything else happens.
    async fn hide(&mut self, first: &mut Input) -> Result<(), JournalError> {
        let (question, known) = match &*first {
            Input::Start(opened) => (opened.question.clone(), opened.settings.redact.clone()),
            _ => (
                self.state.question().to_owned(),
                self.state.settings().redact.is_some().then(|| self.state.redactor.redaction()),
            ),
        };
        let Some(known) = known else { return Ok(()) };
        let before = known.words.len();
        let opens = matches!(first, Input::Start(_)) && before == 0;
        let found = hidden::find(Arc::clone(&self.context.documents), question, known, opens).await;
        // Where it fails the documents stay unknown to programs.
        let Some((hidden, redaction)) = found else {
            self.context = Arc::new(self.context.hiding(Hidden::none(&[])));
            return Ok(());
        };
        self.context = Arc::new(self.context.hiding(hidden));
        if let Input::Start(opened) = first {
            opened.settings.redact = Some(redaction);
            return Ok(());
        }
        let words = redaction.words.get(before..).unwrap_or_default().to_vec();
        if words.is_empty() {
            return Ok(());
        }
        let found = Fact::WordsRedacted { words };
        self.state.apply(&found);
        self.record(vec![found]).await
    }

    /// Decides, applies, records, tells the watcher, and only then performs.
    async fn take(&mut self, inputs: Vec<Input>) -> Result<(), JournalError> {
        let (mut facts, mut effects) = (Vec::new(), Vec::new());
        // Without an input the protocol goes on by itself.
        let none = inputs.is_empty().then_some(None);
        for input in inputs.into_iter().map(Some).chain(none) {
            let mut next = Some(input.map_or_else(Step::default, |input| decide(&self.state, input)));
            while let Some(step) = next {
                for fact in &step.facts {
                    self.state.apply(fact);
                    self.clearance.note(&self.state, fact).await;
                    if matches!(fact, Fact::RoundBegan { .. }) {
                        self.change_models();
                    }
                }
                facts.extend(step.facts);
                // A call is reserved before its fact says that it is made.
                let due = clearance::due(&self.state, &self.context, &self.recall).await;
                let refused = self.clearance.refusal(&self.state, &self.context, &step.effects, due.as_ref()).await;
                next = match refused {
                    Some(refused) => Some(clearance::held_back(&self.state, refused)),
                    None => {
                        effects.extend(step.effects);
                        if self.awaits_count() { None } else { advance(&self.state, due) }
                    }
                };
            }
        }
        // Jobs that start where others ended share their write to the journal.
        let started = self.start_jobs(&mut facts);
        self.record(facts).await?;
        self.hand_out(started);
        for effect in effects {
            self.perform(effect);
        }
        // An effect may have put jobs in line.
        let mut facts = Vec::new();
        let started = self.start_jobs(&mut facts);
        self.record(facts).await?;
        self.hand_out(started);
        Ok(())
    }

    /// Whether the session could end but for its documents, which are still being counted. All else of it is on record
    /// meanwhile.
    fn awaits_count(&mut self) -> bool {
        let awaits = matches!(self.state.phase, Phase::Due(Due::End(_))) && self.counting.is_under_way();
        if awaits {
            self.counting.hurry();
        }
        awaits
    }

    async fn record(&mut self, facts: Vec<Fact>) -> Result<(), JournalError> {
        if facts.is_empty() {
            return Ok(());
        }
        // A request is on the disk before it leaves, and an answer or an ending before it is shown.
        let lasts =
            |fact: &Fact| matches!(fact, Fact::RemoteAsked(_) | Fact::Answered { .. } | Fact::SessionEnded { .. });
        let must_last = facts.iter().any(lasts);
        let durability = if must_last { Durability::Synced } else { Durability::Written };
        let records = self.journal.append(facts, durability).await?;
        // Without a watcher the session goes on all the same.
        let _ = self.events.send(Event::Recorded(records)).await;
        Ok(())
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(request) => {
                let known = self.state.remote().and_then(|model| self.recall.reply(model, &request));
                if let Some(answer) = known.filter(|_| request.estimate.reused) {
                    self.tasks.spawn(async move { Arrival::Input(Box::new(Input::RemoteAnswered(answer))) });
                    return;
                }
                self.asking = Some(Asking::new(request.clone(), self.remote_attempts));
                self.tasks.spawn(effects::ask(
                    self.context.clone(),
                    request,
                    self.delta_sender.clone(),
                    Duration::ZERO,
                ));
            }
            Effect::AskAgain { ask, after_ms } => {
                // One that was held back before this process began is known to the state alone.
                if self.asking.is_none() {
                    let known = self.state.asks().find(|known| known.request.ask == ask);
                    self.asking = known.map(|known| Asking::new(known.request.clone(), self.remote_attempts));
                }
                let Some(asking) = self.asking.as_mut().filter(|asking| asking.is(ask)) else { return };
                let wait = Duration::from_millis(after_ms);
                asking.again(wait, |request| {
                    self.tasks.spawn(effects::ask(self.context.clone(), request, self.delta_sender.clone(), wait))
                });
            }
            // The state waits for the call, which says all there is to know of it.
            Effect::Prepare(_) | Effect::Transform(_) => {
                let Some(call) = ProgramCall::due(&self.state) else { return };
                self.tasks.spawn(effects::run_program(self.context.clone(), call));
            }
            Effect::RunJobs { round } => {
                let Some(planned) = self.state.round_numbered(round) else { return };
                let waiting = planned.jobs.iter().zip(0..).filter(|(job, _)| job.state == JobState::Waiting);
                let mut jobs: Vec<(u32, u32, u32)> =
                    waiting.map(|(job, index)| (job.chunk, index, job.attempt())).collect();
                let bytes = |job: &Job| {
                    let chunk = planned.chunk_of(job).map_or(0, Chunk::bytes);
                    chunk + planned.task_of(job).len() + planned.advice_of(job).len()
                };
                let longest = jobs.iter().map(|(_, index, _)| JobId { round, index: *index });
                let longest = longest.max_by_key(|id| planned.job(*id).map(bytes));
                if let Some(work) = longest.and_then(|id| self.work(id)) {
                    self.context.local.expect(&work.request);
                }
                // One chunk's jobs together: who reads it once for all of them has to have them at once.
                jobs.sort_unstable();
                self.queue.extend(jobs.into_iter().map(|(_, index, attempt)| (JobId { round, index }, attempt)));
            }
            Effect::RetryJob { job, attempt } => self.queue.push_front((job, attempt)),
            Effect::CancelJob(job) => {
                self.queue.retain(|(waiting, _)| *waiting != job);
                if let Some(task) = self.running.remove(&job) {
                    task.abort();
                }
            }
            Effect::LocateCitations { round, quotations } => {
                let mut prefer = self.state.round_numbered(round).map(effects::located_spans).unwrap_or_default();
                // What is asked about a part is quoted from it.
                prefer.extend(self.state.settings().part.map(|part| part.span));
                let hiding = effects::Hiding::of(&self.state);
                self.tasks.spawn(effects::locate(self.context.clone(), round, quotations, prefer, hiding));
            }
            Effect::Finish => {
                self.queue.clear();
                self.tasks.abort_all();
            }
        }
    }

    /// Takes waiting jobs out of the line, as many as the local LM has room for, and says so in `facts`.
    fn start_jobs(&mut self, facts: &mut Vec<Fact>) -> Vec<(JobId, u32)> {
        if self.queue.is_empty() || self.state.pause.is_some() {
            return Vec::new();
        }
        let mut free = self.context.local.max_in_flight().max(1).saturating_sub(self.running.len());
        let mut started = Vec::new();
        while free > 0
            && let Some((job, attempt)) = self.queue.pop_front()
        {
            let step = decide(&self.state, Input::JobStarted { job });
            // One that was cancelled meanwhile does not start.
            if step.facts.is_empty() {
                continue;
            }
            step.facts.iter().for_each(|fact| self.state.apply(fact));
            facts.extend(step.facts);
            started.push((job, attempt));
            free -= 1;
        }
        started
    }

    fn work(&self, id: JobId) -> Option<effects::Work> {
        let round = self.state.round_numbered(id.round)?;
        effects::job_request(&self.context, round, id, self.state.settings().local_max_output_tokens)
    }

    /// Gives jobs that are on record as started to workers.
    fn hand_out(&mut self, started: Vec<(JobId, u32)>) {
        for (id, attempt) in started {
            let Some(work) = self.work(id) else { continue };
            let task = match self.recall.output(&self.context.local.info(), &work.request) {
                Some((outcome, raw)) => {
                    let result = JobResult::OnRecord { outcome, raw };
                    let done = Input::JobDone { job: id, attempt, result, ms: 0 };
                    self.tasks.spawn(async move { Arrival::Input(Box::new(done)) })
                }
                None => self.tasks.spawn(effects::execute(self.context.clone(), work, attempt)),
            };
            self.running.insert(id, task);
        }
    }

    /// Pins a passage that can be read, or notes why it cannot be.
    fn pin(&self, span: Span) -> Input {
        let reader = self.next.local.as_ref().unwrap_or(&self.context.local);
        let room = reader.window_chars(self.state.settings().local_max_output_tokens);
        pinning::pin(&self.state, span, &self.context.documents, room)
    }

    /// This result and those that are ready by now.
    fn arrivals(&mut self, first: Result<Arrival, tokio::task::JoinError>) -> Vec<Input> {
        let mut inputs = Vec::new();
        let mut done = Some(first);
        while let Some(arrival) = done {
            match arrival {
                Ok(arrival) => inputs.extend(self.arrived(arrival)),
                Err(error) if error.is_cancelled() => {}
                // What a panic says may be of the documents.
                Err(_) => {
                    inputs.push(Input::Fault { error: "a task of this program failed; please report it".into() });
                }
            }
            done = if inputs.len() < BATCH { self.tasks.try_join_next() } else { None };
        }
        inputs
    }

    fn arrived(&mut self, arrival: Arrival) -> Option<Input> {
        match arrival {
            Arrival::Input(input) => {
                // A late result of an attempt that was cancelled leaves the next one running.
                if let Input::JobDone { job, attempt, .. } = &*input
                    && self.state.job(*job).is_none_or(|known| known.attempt() == *attempt)
                {
                    self.running.remove(job);
                }
                if let Input::RemoteAnswered(answer) = &*input
                    && self.asking.as_ref().is_some_and(|asking| asking.is(answer.ask))
                {
                    self.asking = None;
                }
                Some(*input)
            }
            Arrival::AskFailed { ask, error } => {
                let asking = self.asking.as_mut().filter(|asking| asking.is(ask))?;
                Some(asking.failed(error, self.context.price()))
            }
        }
    }

    async fn delta(&mut self, ask: AskId, text: String) {
        if let Some(asking) = self.asking.as_mut().filter(|asking| asking.is(ask)) {
            asking.push(&text);
            let _ = self.events.send(Event::Delta { ask, text }).await;
        }
    }

    fn choose(&mut self, connected: Connected) -> Input {
        let models = connected.models();
        let Connected { remote, local } = connected;
        self.next.remote = remote.or(self.next.remote.take());
        self.next.local = local.or(self.next.local.take());
        Input::ChooseModels(models)
    }

    /// What was chosen is asked from now on.
    fn change_models(&mut self) {
        let next = std::mem::take(&mut self.next);
        let another = next.remote.is_some();
        self.context = Arc::new(self.context.with(next));
        if another {
            // What sending the documents would have come to, by the tokens of the one that plans now.
            let (tokenizer, question) = (self.context.tokenizer(), self.state.question().to_owned());
            let part = self.state.settings().part;
            self.counting = Counting::begin(tokenizer, question, &self.context.documents, part.as_ref());
        }
    }

    /// A request that waits to be sent again goes out no more.
    fn pause(&mut self) -> Input {
        Input::Pause { holds: self.asking.as_ref().is_some_and(Asking::hold) }
    }

    fn stop(&mut self) -> Input {
        let asking = match self.state.phase {
            Phase::Waiting(Waiting::Remote(_)) => self.asking.take(),
            _ => None,
        };
        let sent = !self.state.rests() && asking.as_ref().is_some_and(Asking::has_left);
        Input::Stop { partial: asking.map(Asking::into_partial).unwrap_or_default(), sent }
    }

    /// What engine or servers came to, when the last job of a round has ended: the samples a second apart seldom hold it.
    fn workers_at_rest(&self) -> Option<UtilizationSample> {
        let sample = self.with_jobs(self.state.utilization.clone().unwrap_or_default());
        (sample.engine.is_some() || sample.fleet.is_some()).then_some(sample)
    }

    /// What the models have to tell, as notes of the session.
    fn remarks(&self) -> impl Iterator<Item = Input> {
        let told = self.context.local.remarks().into_iter().chain(self.context.remote.remarks());
        told.map(|text| Input::Note { text })
    }

    fn with_jobs(&self, mut sample: UtilizationSample) -> UtilizationSample {
        sample.jobs_running = self.running.len() as u32;
        sample.jobs_waiting = self.queue.len() as u32;
        sample.engine = self.context.local.engine();
        sample.fleet = self.context.local.fleet();
        sample
    }
}

#[cfg(test)]
mod tests;
