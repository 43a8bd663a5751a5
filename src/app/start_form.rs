//! The start form: the question over as many lines as it takes, earlier questions, and the levers of the run.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::action::{Action, Context};
use super::input::LineInput;
use super::key::Key;
use super::message::{ChosenModels, Command, ForkChange};
use super::model::{Model, Overlay};
use crate::config::Catalog;
use crate::protocol::{Due, Ending, Phase};

/// Questions of stored sessions that are kept to go back to.
const EARLIER: usize = 200;

/// What is typed before a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartForm {
    pub question: LineInput,
    pub levers: Vec<Lever>,
    /// Which field is typed into: 0 is the question, then the levers.
    pub field: usize,
    /// Why the run cannot start as things are typed; empty where nothing was wrong.
    pub wrong: String,
    /// The record that a new session is forked at; nothing where one begins by itself.
    pub fork: Option<u64>,
    /// The question of the session that is forked.
    asked: String,
    /// How many earlier questions back, and what was typed at places that were left; 0 is the question that is new.
    back: usize,
    typed: BTreeMap<usize, String>,
}

/// A setting of the run, and what it trades.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lever {
    /// As `minions.toml` names it.
    pub setting: &'static str,
    pub label: &'static str,
    pub trade: &'static str,
    pub input: LineInput,
    /// The setting's value that was written into it: what still stands so was not chosen here.
    given: String,
}

/// The model on each side of a fork: by its setting, who works so where there is none.
const MODELS: [(&str, &str); 2] = [("local.model", "the reader"), ("remote.model", "the planner")];
/// A fork goes on with these of its parent.
const STAY: [&str; 2] = ["protocol.name", "protocol.window_chars"];

const LEVERS: [(&str, &str, &str); 18] = [
    ("protocol.name", "protocol", "minions; minion, a chat; local-only; remote-only"),
    ("protocol.max_rounds", "rounds", "more find more in hard questions; each costs its calls"),
    ("protocol.tasks_per_round", "tasks", "more look for more at once; each reads all again"),
    ("protocol.samples", "samples", "more miss less; each repeats every job"),
    ("protocol.merge", "merge", "samples: union costs most; or majority, best-cited"),
    ("protocol.chunk_chars", "chunk", "small ones are read better, but more jobs; 0: open"),
    ("protocol.chunker", "chunker", "section, page, paragraph, heading, code, table, tokens; or auto"),
    ("protocol.overlap_chars", "overlap", "more lose nothing at a cut, and read it twice"),
    ("protocol.retrieval", "retrieve", "on: fewer jobs, may miss; off: reads all; or auto"),
    ("protocol.retrieve_k", "k", "chunks a task; more miss less, more jobs; 0: open"),
    ("protocol.memory", "memory", "scratchpad keeps what is known; retry is cheaper"),
    ("protocol.window_chars", "window", "of minion, local-only; smaller read better; 0: fits"),
    ("local.max_output_tokens", "tokens", "of a job's output; fewer are faster, and cut answers"),
    ("local.temperature", "temp.", "of the reader; more: samples differ more, and err"),
    ("remote.temperature", "r. temp.", "of the remote LM; negative leaves it to the endpoint"),
    ("local.model", "reader", "larger ones read better, and are slower"),
    ("remote.model", "planner", "larger ones plan and judge better, and cost more"),
    ("remote.budget_usd", "budget $", "a call that could pass it waits for you; 0 sets none"),
];

impl StartForm {
    pub(super) fn blank() -> Self {
        let lever = |(setting, label, trade)| Lever {
            setting,
            label,
            trade,
            input: LineInput::default(),
            given: String::new(),
        };
        Self {
            question: LineInput::default(),
            levers: LEVERS.into_iter().map(lever).collect(),
            field: 0,
            wrong: String::new(),
            fork: None,
            asked: String::new(),
            back: 0,
            typed: BTreeMap::new(),
        }
    }

    /// What moving the lever trades, or that the protocol which is typed does without it.
    pub fn trade(&self, lever: &Lever) -> Cow<'static, str> {
        let protocol = self.levers.iter().find(|known| known.setting == "protocol.name");
        let protocol = protocol.map_or("", |lever| lever.input.text.trim());
        match Catalog::get().by_name(lever.setting).is_some_and(|setting| setting.is_idle_under(protocol)) {
            true => format!("{protocol} does without it").into(),
            false => lever.trade.into(),
        }
    }

    pub fn input_mut(&mut self) -> &mut LineInput {
        match self.field.checked_sub(1).and_then(|at| self.levers.get_mut(at)) {
            Some(lever) => &mut lever.input,
            None => &mut self.question,
        }
    }

    fn go_to_field(&mut self, field: usize) {
        self.field = field % (self.levers.len() + 1);
    }

    /// The row above: of the question, then earlier questions; among the levers the one before.
    fn up(&mut self, earlier: &[String]) {
        if self.field > 0 {
            self.go_to_field(self.field - 1);
        } else if !self.question.line_up() {
            self.go_back(earlier, self.back + 1);
        }
    }

    fn down(&mut self, earlier: &[String]) {
        if self.field > 0 {
            self.go_to_field(self.field + 1);
        } else if !self.question.line_down() {
            match self.back {
                0 => self.go_to_field(1),
                back => self.go_back(earlier, back - 1),
            }
        }
    }

    /// Shows the question so many back, as it was left; 0 is the one that is new.
    fn go_back(&mut self, earlier: &[String], back: usize) {
        let known = match (self.typed.get(&back), back.checked_sub(1)) {
            (Some(typed), _) => Some(typed.clone()),
            (None, Some(at)) => earlier.get(at).cloned(),
            (None, None) => None,
        };
        if let Some(text) = known {
            let left = std::mem::replace(&mut self.question, LineInput::of(text)).text;
            self.typed.insert(self.back, left);
            self.back = back;
        }
    }
}

impl Model {
    /// Opens the form: what was typed into it before, or a blank one; the rest of it are the settings in force.
    pub(crate) fn open_start_form(&mut self) -> Vec<Command> {
        let draft = self.draft.take();
        self.show_start_form(draft.unwrap_or_else(|| Box::new(StartForm::blank())))
    }

    /// Opens the form for a fork at the record at hand: what was typed before for this session's question, or that question.
    pub(crate) fn open_fork_form(&mut self) -> Vec<Command> {
        let asked = self.state.question().to_owned();
        let form = match self.fork_draft.take_if(|draft| draft.asked == asked) {
            Some(draft) => *draft,
            None => StartForm { question: LineInput::of(asked.clone()), asked, ..StartForm::blank() },
        };
        self.show_start_form(Box::new(StartForm { fork: Some(self.record_at_hand()), wrong: String::new(), ..form }))
    }

    /// Why the same question cannot be gone on with from the record at hand, and how it can.
    fn nothing_left(&self) -> Option<String> {
        let ending = match &self.state.phase {
            Phase::Due(Due::End(ending)) => ending,
            Phase::Ended(ending @ (Ending::Answered | Ending::NoAnswer { .. })) => ending,
            _ => return None,
        };
        let ended = if *ending == Ending::Answered { "answered" } else { "over" };
        let open = match self.player() {
            Some(_) => String::new(),
            None => format!("open it with {}, ", self.key_for(Action::Sessions)),
        };
        let (back, fork) = (self.key_for(Action::RoundBack), self.key_for(Action::Fork));
        Some(format!("{ended}: {open}go back with {back}, then {fork}, or ask anything else"))
    }

    fn show_start_form(&mut self, mut form: Box<StartForm>) -> Vec<Command> {
        self.expected.asked = None;
        for lever in form.levers.iter_mut().filter(|lever| lever.input.text == lever.given) {
            lever.given = match lever.setting {
                "local.model" if form.fork.is_some() => self.model_of_fork(true).0,
                "remote.model" if form.fork.is_some() => self.model_of_fork(false).0,
                "protocol.name" if form.fork.is_some() => self.state.settings().protocol.name().into(),
                setting => self.settings.value(setting).unwrap_or_default(),
            };
            lever.input = LineInput::of(lever.given.clone());
        }
        self.open_overlay(Overlay::Question(form));
        [vec![Command::EarlierQuestions], self.ask_forecast()].concat()
    }

    /// The questions of stored sessions, the newest first.
    pub(crate) fn take_earlier_questions(&mut self, questions: Vec<String>) {
        self.earlier.clear();
        for question in questions {
            if self.earlier.len() < EARLIER && !question.trim().is_empty() && !self.earlier.contains(&question) {
                self.earlier.push(question);
            }
        }
    }

    pub(crate) fn pressed_in_form(&mut self, key: Key) -> Vec<Command> {
        let action = self.keymap.action(&[Context::Form, Context::Typing], key);
        let Some(Overlay::Question(form)) = &mut self.overlay else { return Vec::new() };
        match action {
            Some(Action::Submit) => return self.start(),
            Some(Action::Leave) => {
                if let Some(Overlay::Question(form)) = self.overlay.take() {
                    self.keep(form);
                }
            }
            Some(Action::NextField) => form.go_to_field(form.field + 1),
            Some(Action::PreviousField) => form.go_to_field(form.field + form.levers.len()),
            Some(Action::FormUp) => form.up(&self.earlier),
            Some(Action::FormDown) => form.down(&self.earlier),
            Some(Action::NewLine) if form.field == 0 => form.question.insert_lines("\n"),
            Some(Action::Editor) => return self.open_editor(),
            action => form.input_mut().typed(action, key),
        }
        self.ask_forecast()
    }

    pub(crate) fn paste_in_form(&mut self, text: &str) -> Vec<Command> {
        if let Some(Overlay::Question(form)) = &mut self.overlay {
            match form.field {
                0 => form.question.insert_lines(text),
                _ => form.input_mut().insert(text),
            }
        }
        self.ask_forecast()
    }

    /// Keeps what was typed until it is asked, or the form is opened again.
    fn keep(&mut self, form: Box<StartForm>) {
        match form.fork {
            Some(_) => self.fork_draft = Some(form),
            None => self.draft = Some(form),
        }
    }

    /// Starts the run, or goes to the field that something is wrong with.
    fn start(&mut self) -> Vec<Command> {
        let mut settings = self.settings.clone();
        let (nothing_left, blank) = (self.nothing_left(), self.blank_selection());
        let without_model = [true, false].map(|is_local| !self.model_of_fork(is_local).1);
        let (elsewhere, anew) = (self.key_for(Action::Settings), self.key_for(Action::Ask));
        let Some(Overlay::Question(form)) = &mut self.overlay else { return Vec::new() };
        if form.question.text.trim().is_empty() {
            (form.field, form.wrong) = (0, "the question is blank; write what you want to know".into());
            return Vec::new();
        }
        if let Some(why) = blank.filter(|_| form.fork.is_none()) {
            form.wrong = why;
            return Vec::new();
        }
        if let Some(why) = nothing_left.filter(|_| form.fork.is_some() && form.question.text.trim() == form.asked) {
            (form.field, form.wrong) = (0, why);
            return Vec::new();
        }
        let mut models = ChosenModels::default();
        for (at, lever) in form.levers.iter().enumerate() {
            if form.fork.is_some() {
                let is_moved = lever.input.text.trim() != lever.given.trim();
                if is_moved && STAY.contains(&lever.setting) {
                    (form.field, form.wrong) = (at + 1, format!("{} stays in a fork; {anew} asks anew", lever.label));
                    return Vec::new();
                }
                let side = MODELS.iter().position(|(setting, _)| *setting == lever.setting);
                if let (Some(side), true) = (side, is_moved)
                    && without_model[side]
                {
                    let wrong =
                        format!("{} has no model; choose another in the settings ({elsewhere})", MODELS[side].1);
                    (form.field, form.wrong) = (at + 1, wrong);
                    return Vec::new();
                }
                if is_moved && side.is_some() {
                    let chosen = if side == Some(0) { &mut models.reader } else { &mut models.planner };
                    *chosen = Some(lever.input.text.trim().to_owned());
                }
                if side.is_some() || STAY.contains(&lever.setting) {
                    continue;
                }
            }
            if let Err(wrong) = settings.change(lever.setting, &lever.input.text) {
                // The field says which setting it is.
                let why = wrong.split_once("` ").map_or(wrong.as_str(), |(_, why)| why);
                (form.field, form.wrong) = (at + 1, format!("{} {why}", lever.label));
                return Vec::new();
            }
        }
        // What a fork names is no setting yet: where it cannot begin, it stands there as it was typed.
        let is_fork = form.fork.is_some();
        let kept = |lever: &&mut Lever| !is_fork || MODELS.iter().all(|(setting, _)| *setting != lever.setting);
        for lever in form.levers.iter_mut().filter(kept) {
            lever.given.clone_from(&lever.input.text);
        }
        let form = form.clone();
        let (question, fork) = (form.question.text.trim().to_owned(), form.fork);
        // Kept until the session is on the disk: where it cannot begin, nothing that was typed is lost.
        self.keep(form);
        self.overlay = None;
        let changed = self.settings.config != settings.config;
        self.settings = settings;
        let ask = match fork {
            Some(seq) => {
                let question = Some(question).filter(|text| text != self.state.question());
                Command::Fork { seq, change: ForkChange::Form { question, models } }
            }
            None => Command::Ask { question, part: self.selected() },
        };
        if changed { vec![Command::Settings(Box::new(self.settings.config.clone())), ask] } else { vec![ask] }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Message;
    use super::super::update::update;
    use super::super::world::{World, paste, press};
    use super::*;

    fn form(model: &Model) -> &StartForm {
        let Some(Overlay::Question(form)) = &model.overlay else { panic!("the form is not open") };
        form
    }

    fn opened() -> Model {
        let mut model = World::new().model(80, 24);
        assert_eq!(press(&mut model, "a"), [Command::EarlierQuestions]);
        let earlier = ["newest?", "older?", "newest?", " "].map(String::from).to_vec();
        update(&mut model, Message::EarlierQuestions(earlier));
        model
    }

    #[test]
    fn a_question_of_several_lines_starts_a_run_as_it_was_typed() {
        let mut model = opened();
        paste(&mut model, "Who?\nAnd why?");
        press(&mut model, "ctrl-j x");
        assert_eq!(press(&mut model, "enter"), [Command::Ask { question: "Who?\nAnd why?\nx".into(), part: None }]);
        assert!(model.overlay.is_none());
        press(&mut model, "a");
        assert_eq!(form(&model).question.text, "Who?\nAnd why?\nx", "until it has begun");
    }

    #[test]
    fn up_goes_to_earlier_questions_and_down_back_to_what_was_typed() {
        let mut model = opened();
        paste(&mut model, "new");
        press(&mut model, "up");
        assert_eq!(form(&model).question.text, "newest?");
        press(&mut model, "up up up");
        assert_eq!(form(&model).question.text, "older?");
        press(&mut model, "down down");
        assert_eq!((form(&model).question.text.as_str(), form(&model).field), ("new", 0));
        press(&mut model, "down");
        assert_eq!(form(&model).field, 1);
    }

    #[test]
    fn an_earlier_question_keeps_what_was_changed_in_it() {
        let mut model = opened();
        paste(&mut model, "new");
        press(&mut model, "up ! up");
        assert_eq!(form(&model).question.text, "older?");
        press(&mut model, "down");
        assert_eq!(form(&model).question.text, "newest?!");
        press(&mut model, "down");
        assert_eq!(form(&model).question.text, "new");
    }

    #[test]
    fn levers_are_checked_as_settings_are_and_hold_for_the_run() {
        let mut model = opened();
        paste(&mut model, "Who?");
        press(&mut model, "tab tab ctrl-u 9 9");
        assert_eq!(press(&mut model, "tab tab enter"), []);
        assert_eq!(form(&model).field, 2);
        assert!(form(&model).wrong.contains("from 1 to 20"), "{}", form(&model).wrong);
        let started = press(&mut model, "ctrl-u 5 enter");
        let [.., Command::Settings(config), Command::Ask { .. }] = started.as_slice() else { panic!("{started:?}") };
        assert_eq!((config.protocol.max_rounds, model.settings.config.protocol.max_rounds), (5, 5));
    }

    #[test]
    fn leaving_keeps_the_draft_with_its_levers() {
        let mut model = opened();
        paste(&mut model, "Half a");
        press(&mut model, "backtab ctrl-u 2 esc");
        assert!(model.overlay.is_none());
        press(&mut model, "a");
        assert_eq!(form(&model).question.text, "Half a");
        assert_eq!(form(&model).levers.last().unwrap().input.text, "2");
    }

    #[test]
    fn a_draft_undoes_no_setting_that_was_changed_since() {
        let mut model = opened();
        paste(&mut model, "Who?");
        press(&mut model, "tab tab ctrl-u 5 esc");
        model.settings.change("protocol.max_rounds", "4").unwrap();
        model.settings.change("protocol.samples", "3").unwrap();
        press(&mut model, "a");
        assert_eq!([1, 3].map(|at| form(&model).levers[at].input.text.as_str()), ["5", "3"]);
    }

    #[test]
    fn a_fork_behind_the_answer_says_where_one_can_be_made_and_keeps_what_was_typed() {
        let mut world = World::new();
        world.two_rounds();
        let mut model = world.model(80, 24);
        update(&mut model, Message::RunEnded { error: None });
        press(&mut model, "Y tab tab tab tab ctrl-u 3");
        assert_eq!(press(&mut model, "enter"), []);
        assert_eq!(form(&model).wrong, "answered: open it with S, go back with {, then Y, or ask anything else");
        press(&mut model, "esc Y");
        assert_eq!((form(&model).levers[3].input.text.as_str(), form(&model).wrong.as_str()), ("3", ""));
        // Another question goes on from what is known.
        paste(&mut model, "And 2022?");
        let forked = press(&mut model, "enter");
        assert!(
            matches!(&forked[..], [Command::Settings(_), Command::Fork { change: ForkChange::Form { question: Some(asked), .. }, .. }] if asked.ends_with("And 2022?")),
            "{forked:?}"
        );
        // Of another question's session nothing of it is shown, nor in the form of a new run.
        press(&mut model, "a");
        assert_eq!(form(&model).question.text, "");
    }

    #[test]
    fn a_lever_that_the_protocol_does_without_says_so() {
        let does_without = |protocol: &str| -> Vec<&str> {
            let mut form = StartForm::blank();
            form.levers[0].input = LineInput::of(protocol.to_owned());
            let idle = form.levers.iter().filter(|lever| form.trade(lever) == format!("{protocol} does without it"));
            idle.map(|lever| lever.label).collect()
        };
        assert_eq!(does_without("minions"), [""; 0]);
        assert_eq!(does_without("minion"), ["tasks", "chunk", "chunker", "retrieve", "k"]);
        for (protocol, missing, used) in [("local-only", "planner", "reader"), ("remote-only", "reader", "planner")] {
            let idle = does_without(protocol);
            assert!(idle.contains(&"rounds") && idle.contains(&missing), "{idle:?}");
            assert!(!idle.contains(&used) && !idle.contains(&"protocol"), "{idle:?}");
        }
        // What is said of a setting that the form does not have, nobody reads.
        let in_form = |name: &str| LEVERS.iter().any(|(setting, ..)| *setting == name);
        for setting in &Catalog::get().settings {
            let idle = ["minion", "local-only", "remote-only"].into_iter().any(|name| setting.is_idle_under(name));
            assert!(!idle || in_form(&setting.name()), "{}", setting.name());
        }
    }

    #[test]
    fn a_blank_question_starts_nothing() {
        let mut model = opened();
        assert_eq!(press(&mut model, "space enter"), []);
        assert!(form(&model).wrong.contains("blank"));
    }
}
