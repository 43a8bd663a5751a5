//! How a message changes the model, and what it asks for.

use super::action::{Action, Context};
use super::input::LineInput;
use super::key::Key;
use super::keymap::Meaning;
use super::layout::Pane;
use super::message::{Command, Message, Mouse, MouseKind};
use super::model::{Mode, Model, Overlay, Partial};
use super::picker::Note;
use crate::ledger::Waited;
use crate::protocol::{Fact, JobId, Outcome, State};

/// A partial reply longer than this shows only its end; the whole one comes with the record. In bytes.
const LONGEST_PARTIAL: usize = 256 * 1024;

/// The only way the model changes. Total: what does not fit changes nothing.
pub fn update(model: &mut Model, message: Message) -> Vec<Command> {
    let commands = take(model, message);
    model.open_held();
    commands
}

fn take(model: &mut Model, message: Message) -> Vec<Command> {
    if !matches!(message, Message::Fact { .. } | Message::Recalled { .. }) {
        model.keep_answers();
    }
    match message {
        Message::Key(key) => return pressed(model, key),
        Message::Mouse(mouse) => return clicked(model, mouse),
        Message::Resize { width, height } => {
            (model.width, model.height) = (width, height);
            model.lay_out();
            model.lay_out_overlay();
        }
        Message::Paste(text) if matches!(model.overlay, Some(Overlay::Question(_))) => {
            return model.paste_in_form(&text);
        }
        Message::Paste(text) if matches!(model.overlay, Some(Overlay::GateText(_))) => model.paste_at_gate(&text),
        Message::Paste(text) if matches!(model.overlay, Some(Overlay::ForkText(_))) => model.paste_for_fork(&text),
        Message::Paste(text) => {
            if let Some(input) = model.input_mut() {
                input.insert(&text);
                model.narrow_picker_anew();
            }
        }
        Message::Fact { seq, at_ms, fact } => {
            apply(model, seq, at_ms, &fact);
            tell_news(model, &fact);
        }
        Message::Recalled { seq, at_ms, fact } => apply(model, seq, at_ms, &fact),
        Message::World { seq, began_ms, at_ms, state, load } => {
            model.partial = None;
            model.load = load;
            model.state = *state;
            model.relist_jobs();
            (model.seq, model.at_ms, model.waiting_since_ms) = (seq, at_ms, at_ms);
            model.began_ms = Some(began_ms);
            model.leave_other_gate();
            model.lay_out();
            model.lay_out_overlay();
        }
        Message::Delta { ask, text } => delta(model, ask, &text),
        Message::Tick { now_ms } => {
            model.now_ms = now_ms;
            model.notice.take_if(|notice| notice.until_ms <= now_ms);
        }
        Message::Figures(figures) => model.figures = figures,
        Message::Edited(text) => return model.edited(&text),
        Message::EditorFailed(why) => model.editor_failed(why),
        Message::Marks(marks) => model.take_marks(marks),
        Message::Worked(worked) => model.worked(worked),
        Message::Account(account) => return model.take_account(*account),
        Message::Today(usd) => {
            model.account.today_usd = Some(usd);
            model.lay_out_overlay();
        }
        Message::Player(player) => model.mode = Mode::Replay(player),
        Message::Rounds(rounds) => model.rounds_at = rounds,
        Message::Notice(text) => model.notify(text),
        Message::Notes(notes) => {
            model.notes.clear();
            notes.into_iter().for_each(|note| model.put_note(note));
        }
        Message::Noted(note) => model.take_note(note),
        Message::NoteRefused { seq, text, why } => {
            model.open_overlay(Overlay::Note { seq, input: LineInput::of(text) });
            model.notify(why);
        }
        Message::EarlierQuestions(questions) => model.take_earlier_questions(questions),
        Message::Forecast { number, forecast } => model.take_forecast(number, forecast),
        Message::Settings(config) => model.settings.adopt(&config),
        Message::AskQuestion => return model.perform(Action::Ask),
        Message::Hinted(action) if !model.contexts().iter().any(|context| context.is_text()) => {
            model.pending.clear();
            return model.perform(action);
        }
        Message::Hinted(_) => {}
        Message::DocumentChanged { document, change } => model.document_changed(document, change),
        Message::DocumentsRefused(why) => model.refuse_documents(why),
        Message::DocumentsProgress(line) => model.tell_progress(line),
        Message::PickSession => return model.perform(Action::Sessions),
        Message::Compared(compared) => model.show_comparison(*compared),
        Message::SideBySide { sides, unread } => model.show_side_by_side(sides, unread),
        Message::ComparedRounds { rounds, compared } => model.show_rounds(rounds, *compared),
        Message::Picker { ticket, news } => return model.picker_news(ticket, news),
        Message::RunBegan => {
            model.mode = Mode::Live { running: true };
            model.followed = false;
            model.keep_models_in_mind();
            model.state = State::default();
            model.partial = None;
            model.began_ms = None;
            model.waited = Waited::default();
            model.marks = Default::default();
            model.figures = Default::default();
            model.account = Default::default();
            model.expected.run = None;
            model.notes.clear();
            model.document.highlight = None;
            model.document.selection = None;
            model.places = None;
            model.planner.toggled.clear();
            model.planner.rows.follow = true;
            model.jobs = model.jobs.anew();
            model.load = Default::default();
            model.answers = Default::default();
            model.answers_tab = None;
            model.held = None;
            model.ticks = None;
            // Where one pane is shown at a time, what was asked for is to be seen when it comes.
            if model.focus == Pane::Document && !model.layout().tabs.is_empty() {
                model.focus = Pane::Answers;
            }
            model.lay_out();
        }
        Message::Follows => model.followed = true,
        Message::RunEnded { error } => {
            let followed = std::mem::take(&mut model.followed);
            if let Mode::Live { running } = &mut model.mode {
                *running = false;
            }
            if matches!(model.overlay, Some(Overlay::Quit)) {
                model.notify("the run has ended meanwhile, and nothing is stopped by leaving; q leaves");
            }
            if matches!(
                model.overlay,
                Some(
                    Overlay::Quit
                        | Overlay::Stop
                        | Overlay::Budget
                        | Overlay::Amount(_)
                        | Overlay::Interrupted
                        | Overlay::Consent
                        | Overlay::Gate(_)
                )
            ) {
                model.overlay = None;
            }
            if let Some(error) = error {
                let title = if followed { "This cannot be followed any more" } else { "The run ended with an error" };
                model.open_text(title, &error);
            }
            model.lay_out();
        }
    }
    Vec::new()
}

/// Says in passing what else nobody would see.
fn tell_news(model: &mut Model, fact: &Fact) {
    if !model.is_running() {
        return;
    }
    match (fact, model.state.pins_left_out()) {
        (Fact::NoteAdded { text }, _) => {
            model.notify(format!("note: {}", text.lines().next().unwrap_or_default()));
        }
        (Fact::JobsPlanned(_), Some(told)) => model.notify(told),
        _ => {}
    }
}

fn apply(model: &mut Model, seq: u64, at_ms: u64, fact: &Fact) {
    let ended = model.state.ending().is_some();
    model.state.apply(fact);
    model.waited.apply(fact, at_ms);
    (model.seq, model.at_ms) = (seq, at_ms);
    model.began_ms.get_or_insert(at_ms);
    model.load.apply(at_ms, fact);
    // A replay knows its notes from the beginning.
    if let (Fact::NoteAdded { text }, Mode::Live { .. }) = (fact, model.mode) {
        let ask = model.state.asks().last().map(|ask| ask.request.ask.n);
        model.put_note(Note { seq, at_ms, text: text.clone(), ask });
    }
    // What was asked is on the disk now.
    if matches!(fact, Fact::SessionOpened(_)) && model.is_running() {
        (model.draft, model.fork_draft, model.fork_text) = (None, None, None);
    }
    match fact {
        Fact::UtilizationSampled(_) => return,
        Fact::JobStarted { job, .. } | Fact::JobRetried { job, .. } | Fact::JobReopened { job, .. } => {
            return job_changed(model, *job);
        }
        Fact::JobFinished { job, outcome, .. } => {
            if matches!(outcome, Outcome::Answered { .. }) {
                model.relist_findings();
            }
            return job_changed(model, *job);
        }
        _ => {
            model.waiting_since_ms = at_ms;
            if matches!(fact, Fact::RemoteAnswered(_) | Fact::RemoteFailed(_) | Fact::SessionEnded { .. }) {
                model.partial = None;
            }
            match fact {
                Fact::BudgetReached(_) if model.is_running() => {
                    model.open_unasked(Overlay::Budget, "the next call could pass the budget");
                }
                Fact::ExposureReached(_) if model.is_running() => {
                    model.open_unasked(Overlay::Budget, "the next request would take too much of the documents along");
                }
                Fact::RemoteInterrupted(interrupted) if model.is_running() && interrupted.may_cost() => {
                    model.open_unasked(Overlay::Interrupted, "the answer to a request never came");
                }
                Fact::ResendAllowed { .. } | Fact::SessionEnded { .. }
                    if matches!(model.overlay, Some(Overlay::Interrupted)) =>
                {
                    model.overlay = None;
                }
                Fact::ConsentAsked { .. } if model.is_running() => {
                    model.open_unasked(Overlay::Consent, "the whole documents are about to leave this machine");
                }
                Fact::ConsentGiven | Fact::SessionEnded { .. } if matches!(model.overlay, Some(Overlay::Consent)) => {
                    model.overlay = None;
                }
                Fact::GateReached { .. } if model.is_running() => model.gate_reached(),
                Fact::BudgetRaised { .. } | Fact::ExposureRaised { .. } | Fact::SessionEnded { .. }
                    if matches!(model.overlay, Some(Overlay::Budget | Overlay::Amount(_))) =>
                {
                    model.overlay = None;
                }
                _ => {}
            }
            if model.at_gate().is_none() {
                model.gate_left();
            }
            model.leave_other_gate();
            // A finished answer is shown from its first line.
            let follows = model.answers_tab.is_none();
            if matches!(fact, Fact::Answered { .. } | Fact::SessionEnded { .. }) && !ended && follows {
                (model.answers.cursor, model.answers.top) = (0, 0);
            }
            model.relist_jobs();
            model.lay_out();
            model.find_again();
        }
    }
    model.lay_out_overlay();
}

/// Thousands of these come in seconds: all they cost is a list to be made anew at the next frame.
fn job_changed(model: &mut Model, job: JobId) {
    model.relist_jobs();
    if matches!(model.overlay, Some(Overlay::Job { job: open, .. }) if open == job) {
        model.lay_out_overlay();
    }
}

fn delta(model: &mut Model, ask: crate::protocol::AskId, text: &str) {
    let begins = model.partial.as_ref().is_none_or(|partial| partial.ask != ask);
    match &mut model.partial {
        Some(partial) if partial.ask == ask => partial.text.push_str(text),
        partial => *partial = Some(Partial { ask, text: text.to_owned() }),
    }
    if let Some(partial) = &mut model.partial
        && partial.text.len() > LONGEST_PARTIAL
    {
        let mut from = partial.text.len() - LONGEST_PARTIAL / 2;
        while !partial.text.is_char_boundary(from) {
            from += 1;
        }
        partial.text.drain(..from);
    }
    let pending = model.state.asks().last().is_some_and(|last| last.request.ask == ask);
    if pending {
        // The header above the reply says whether it has begun.
        if begins {
            model.lay_out_planner();
        } else {
            model.lay_out_partial();
        }
        model.settle();
    }
}

fn pressed(model: &mut Model, key: Key) -> Vec<Command> {
    model.document.wants_outline = false;
    match &model.overlay {
        Some(Overlay::Question(_)) => return model.pressed_in_form(key),
        Some(Overlay::Picker(_)) => return model.pressed_in_picker(key),
        Some(Overlay::GateText(_)) => return model.pressed_at_gate_text(key),
        Some(Overlay::ForkText(_)) => return model.pressed_in_fork_text(key),
        _ => {}
    }
    let contexts = model.contexts();
    if contexts.iter().any(|context| context.is_text()) {
        return typed(model, key);
    }
    let mut keys = std::mem::take(&mut model.pending);
    keys.push(key);
    match model.keymap.meaning(&contexts, &keys) {
        Meaning::Does(action) => return model.perform(action),
        Meaning::Begins => model.pending = keys,
        // A key that no sequence goes on with ends it, and does nothing else.
        Meaning::Nothing => {}
    }
    Vec::new()
}

fn typed(model: &mut Model, key: Key) -> Vec<Command> {
    let action = model.keymap.action(&[Context::Typing], key);
    match action {
        Some(Action::Submit) => return model.submit(),
        // Back to the choice that the amount was for.
        Some(Action::Leave) => {
            if let Some(Overlay::Setting(form)) = model.overlay.take_if(|open| matches!(open, Overlay::Setting(_))) {
                model.leave_setting(form.list);
                return Vec::new();
            }
            if !matches!(model.overlay, Some(Overlay::Search(_))) || !model.back_to_beneath() {
                model.overlay = matches!(model.overlay, Some(Overlay::Amount(_))).then_some(Overlay::Budget);
            }
        }
        Some(Action::Editor) => return model.open_editor(),
        action => {
            if let Some(input) = model.input_mut() {
                input.typed(action, key);
            }
        }
    }
    Vec::new()
}

/// Rows that a turn of the wheel scrolls.
const WHEEL: isize = 3;

fn clicked(model: &mut Model, mouse: Mouse) -> Vec<Command> {
    model.pending.clear();
    let layout = model.layout();
    if model.picker().is_some() {
        return match mouse.what {
            MouseKind::ScrollUp => model.scroll_picker(-WHEEL),
            MouseKind::ScrollDown => model.scroll_picker(WHEEL),
            MouseKind::Press if !model.overlay_area().contains(mouse.x, mouse.y) => model.close_picker(),
            MouseKind::Press => model.press_in_picker(mouse.x, mouse.y),
            MouseKind::Drag | MouseKind::Release => Vec::new(),
        };
    }
    if model.overlay.is_some() {
        match mouse.what {
            MouseKind::ScrollUp => model.scroll_overlay(-WHEEL),
            MouseKind::ScrollDown => model.scroll_overlay(WHEEL),
            // Where nothing is typed and nothing is asked, a press beside it is enough.
            MouseKind::Press if !model.overlay_area().contains(mouse.x, mouse.y) => {
                if model.overlay_rows_mut().is_some() {
                    model.overlay = None;
                }
            }
            MouseKind::Press | MouseKind::Drag | MouseKind::Release => {}
        }
        return Vec::new();
    }
    match mouse.what {
        MouseKind::ScrollUp | MouseKind::ScrollDown => {
            let rows = if mouse.what == MouseKind::ScrollUp { -WHEEL } else { WHEEL };
            if let Some(pane) = layout.pane_at(mouse.x, mouse.y) {
                model.scroll_pane(pane, rows);
            }
        }
        MouseKind::Press => {
            if let Some(pane) = Pane::ALL.into_iter().find(|pane| layout.tab(*pane).contains(mouse.x, mouse.y)) {
                model.focus_on(pane);
            } else if let Some((tab, _)) =
                model.answers_tab_areas().into_iter().find(|(_, area)| area.contains(mouse.x, mouse.y))
            {
                model.focus_on(Pane::Answers);
                model.show_answers_tab(tab);
            } else if let Some(pane) = layout.pane_at(mouse.x, mouse.y) {
                let had_focus = model.focus == pane;
                model.focus_on(pane);
                // A second press on a row does what Enter does.
                if model.select_at(pane, mouse.x, mouse.y) && had_focus {
                    return model.perform(Action::Open);
                }
            } else if model.player().is_some() && layout.scrubber.contains(mouse.x, mouse.y) {
                model.scrubbing = true;
                return model.scrub_to(mouse.x);
            }
        }
        MouseKind::Drag if model.scrubbing => return model.scrub_to(mouse.x),
        MouseKind::Drag if model.document.holds_map => model.press_map(mouse.y),
        MouseKind::Drag => model.drag_text(mouse.x, mouse.y),
        MouseKind::Release => {
            model.scrubbing = false;
            model.document.holds_map = false;
            model.document.pressed = None;
        }
    }
    Vec::new()
}
