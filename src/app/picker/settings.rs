//! The settings in force, each with where it came from; those that can change while the program runs are changed here.

use super::super::action::Action;
use super::super::input::LineInput;
use super::super::message::Command;
use super::super::model::{Model, Overlay};
use super::{Choice, Group, Picker, PickerRow, Picking};
use crate::config::{Catalog, Holds, Kind, Setting, Shape};
use crate::protocol::{BudgetChoice, Scope};

/// A setting whose new value is typed, over the list that it was picked from.
#[derive(Clone, Debug)]
pub struct SettingForm {
    pub name: String,
    pub input: LineInput,
    /// Why what was typed may not stand there; empty where nothing was wrong.
    pub wrong: String,
    pub(crate) list: Box<Picker>,
}

impl SettingForm {
    pub fn setting(&self) -> Option<&'static Setting> {
        Catalog::get().by_name(&self.name)
    }
}

const THEME: &str = "screen.theme";
const ASCII: &str = "screen.ascii";
const BUDGET: &str = "remote.budget_usd";
const FROM_THE_NEXT: &str = "from the next question on";

impl Model {
    pub(crate) fn open_settings(&mut self) {
        let groups = self.settings_groups();
        self.open_picker(Picking::Settings, groups);
    }

    /// Does what Enter means on a setting: switches it, or asks for its value.
    pub(crate) fn pick_setting(&mut self, name: String) -> Vec<Command> {
        let Some(setting) = Catalog::get().by_name(&name) else { return Vec::new() };
        let value = self.settings.value(&name).unwrap_or_default();
        let next = match setting.kind {
            Kind::Flag => Some((value != "true").to_string()),
            _ if name == THEME => self.theme_after(),
            _ => None,
        };
        if let Some(next) = next {
            return self.switch_setting(&name, &next);
        }
        if let Some(Overlay::Picker(list)) = self.overlay.take() {
            let input = LineInput::of(value);
            self.open_overlay(Overlay::Setting(Box::new(SettingForm { name, input, wrong: String::new(), list })));
        }
        Vec::new()
    }

    pub(crate) fn next_theme(&mut self) -> Vec<Command> {
        self.theme_after().map_or_else(Vec::new, |next| self.switch_setting(THEME, &next))
    }

    fn switch_setting(&mut self, name: &str, value: &str) -> Vec<Command> {
        self.change_setting(name, value).unwrap_or_else(|wrong| {
            self.notify(wrong);
            Vec::new()
        })
    }

    /// Takes the value that was typed, or says why it cannot stand.
    pub(crate) fn submit_setting(&mut self, mut form: Box<SettingForm>) -> Vec<Command> {
        match self.change_setting(&form.name, &form.input.text) {
            Ok(commands) => {
                self.leave_setting(form.list);
                commands
            }
            Err(wrong) => {
                form.wrong = wrong;
                self.overlay = Some(Overlay::Setting(form));
                Vec::new()
            }
        }
    }

    /// Back to the list, on the row that the cursor stood on.
    pub(crate) fn leave_setting(&mut self, list: Box<Picker>) {
        self.overlay = Some(Overlay::Picker(list));
        self.refill_settings();
    }

    fn refill_settings(&mut self) {
        let groups = self.settings_groups();
        if let Some(picker) = self.picker_mut().filter(|picker| picker.of == Picking::Settings) {
            picker.groups = groups;
            self.lay_out_picker();
        }
    }

    fn change_setting(&mut self, name: &str, text: &str) -> Result<Vec<Command>, String> {
        self.settings.change(name, text)?;
        let config = self.settings.config.clone();
        let mut commands = vec![Command::Settings(Box::new(config.clone()))];
        match name {
            THEME => commands.push(Command::Theme(config.screen.theme)),
            ASCII => self.ascii = config.screen.ascii,
            BUDGET if self.sets_budget_now() && config.remote.budget_usd > 0.0 => {
                let (scope, to_usd) = (Scope::Session, config.remote.budget_usd);
                commands.push(Command::Budget(BudgetChoice::Raise { scope, to_usd }));
            }
            _ => {}
        }
        let value = self.settings.value(name).unwrap_or_default();
        let lifted = name == BUDGET && config.remote.budget_usd <= 0.0;
        let setting = Catalog::get().by_name(name).filter(|_| !lifted);
        let holds = setting.map_or(FROM_THE_NEXT, |setting| self.holds(setting));
        self.notify(format!("{name} is {value} {holds}; in no file"));
        self.refill_settings();
        Ok(commands)
    }

    /// Whether a new budget holds for the run in flight. One that waits at its budget asks by itself.
    fn sets_budget_now(&self) -> bool {
        self.is_running() && self.state.opened.is_some() && self.budget_reached().is_none()
    }

    /// The theme after the one that is set, which may be one that could not be read.
    fn theme_after(&self) -> Option<String> {
        let set = &self.settings.config.screen.theme;
        let at = self.themes.iter().position(|name| name == set).map_or(0, |at| at + 1);
        self.themes.get(at % self.themes.len().max(1)).cloned()
    }

    /// When a change of the setting holds. A run in flight keeps a budget, though: only another amount takes its place.
    fn holds(&self, setting: &Setting) -> &'static str {
        match setting.holds {
            _ if setting.name() == BUDGET && self.sets_budget_now() => "for this run and the next ones",
            Holds::Now => "from now on",
            Holds::NextRound if self.is_running() => "from the next round on",
            Holds::NextRound | Holds::NextQuestion | Holds::NextStart => FROM_THE_NEXT,
        }
    }

    fn settings_groups(&self) -> Vec<Group> {
        let values = self.settings.values();
        let row = |setting: &Setting, value: &str| {
            let name = setting.name();
            let origin = self.settings.provenance.get(&name).map(ToString::to_string).unwrap_or_default();
            let refused = if setting.holds == Holds::NextStart {
                format!("{name} holds from the next start on: set it in minions.toml, or by {}", setting.variable())
            } else {
                String::new()
            };
            let does = match setting.kind {
                Kind::Flag => "switches it",
                _ if name == THEME => "takes the next one",
                _ => "changes it",
            };
            let but = if name == BUDGET && self.sets_budget_now() { "; 0 from the next question on" } else { "" };
            let holds = format!("a change holds {}{but}, until you leave, and stands in no file", self.holds(setting));
            let about = format!(
                "{}\nallowed: {}\nfrom: {origin}\n{}",
                setting.doc,
                setting.allowed(),
                self.with_keys(&holds, &[(Action::Submit, does)])
            );
            let cells = vec![setting.key.clone(), value.to_owned(), origin];
            PickerRow { refused, ..PickerRow::new(Choice::Setting(name), cells, about) }
        };
        let of_section = |section: &str| {
            let settings =
                Catalog::get().settings.iter().zip(&values).filter(|(setting, _)| setting.section == section);
            settings.map(|(setting, (_, value))| row(setting, value)).collect::<Vec<_>>()
        };
        let sections = Catalog::get().sections.iter().filter(|section| section.shape == Shape::Settings);
        let group = |name: &str| Group { title: name.to_owned(), rows: of_section(name), ..Group::default() };
        sections.map(|section| group(&section.name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::world::{World, notice, paste, press};
    use super::*;

    /// The list of settings narrowed to one.
    fn at(model: &mut Model, setting: &str) {
        press(model, "O");
        paste(model, setting);
        let selected = model.picker().unwrap().selected().unwrap();
        assert!(matches!(&selected.choice, Choice::Setting(name) if name.ends_with(setting)), "{selected:?}");
    }

    #[test]
    fn a_flag_is_switched_at_once_and_the_list_stays() {
        let mut model = World::new().model(80, 24);
        at(&mut model, "ascii");
        let switched = press(&mut model, "enter");
        let [Command::Settings(config)] = switched.as_slice() else { panic!("{switched:?}") };
        assert!(config.screen.ascii && model.ascii);
        assert_eq!(model.picker().unwrap().selected().unwrap().cells[1..], ["true", "changed here"]);
        assert!(notice(&model).contains("in no file"));
    }

    #[test]
    fn a_value_is_checked_before_it_holds() {
        let mut model = World::new().model(80, 24);
        at(&mut model, "max_rounds");
        assert_eq!(press(&mut model, "enter ctrl-u 9 9 enter"), []);
        let Some(Overlay::Setting(form)) = &model.overlay else { panic!("{:?}", model.overlay) };
        assert!(form.wrong.contains("from 1 to 20"), "{}", form.wrong);
        let changed = press(&mut model, "ctrl-u 4 enter");
        assert!(matches!(changed.as_slice(), [Command::Settings(config)] if config.protocol.max_rounds == 4));
        assert_eq!(model.picker().unwrap().selected().unwrap().cells[1], "4");
        press(&mut model, "esc");
        assert!(model.overlay.is_none());
    }

    #[test]
    fn the_budget_of_a_run_in_flight_is_changed_at_once() {
        let mut model = World::new().half().model(80, 24);
        at(&mut model, "budget_usd");
        let changed = press(&mut model, "enter ctrl-u 7 enter");
        assert_eq!(changed[1..], [Command::Budget(BudgetChoice::Raise { scope: Scope::Session, to_usd: 7.0 })]);
        assert!(notice(&model).contains("for this run and the next ones"), "{}", notice(&model));
        // Without a limit only another run begins.
        assert_eq!(press(&mut model, "enter ctrl-u 0 enter").len(), 1);
        assert!(notice(&model).contains("from the next question on"), "{}", notice(&model));
    }

    #[test]
    fn a_lever_of_a_run_under_way_holds_from_the_next_round_on() {
        let mut model = World::new().half().model(80, 24);
        at(&mut model, "samples");
        press(&mut model, "enter ctrl-u 3 enter");
        assert!(notice(&model).contains("from the next round on"), "{}", notice(&model));
        let mut model = World::new().half().model(80, 24);
        at(&mut model, "max_rounds");
        press(&mut model, "enter ctrl-u 4 enter");
        assert!(notice(&model).contains("from the next question on"), "{}", notice(&model));
        let mut model = World::new().model(80, 24);
        at(&mut model, "samples");
        press(&mut model, "enter ctrl-u 3 enter");
        assert!(notice(&model).contains("from the next question on"), "{}", notice(&model));
    }

    #[test]
    fn what_is_read_at_the_start_says_so() {
        let mut model = World::new().model(80, 24);
        at(&mut model, "frames_per_second");
        assert_eq!(press(&mut model, "enter"), []);
        assert!(notice(&model).contains("next start"));
    }
}
