//! Who reads and who plans in a session that is forked or gone on with: its own models, unless the command line or the
//! person names others.

use std::path::Path;

use super::model::Model;
use crate::config::{Loaded, Origin};
use crate::protocol::ModelInfo;

/// The settings that name a model.
const REMOTE: [&str; 2] = ["remote.provider", "remote.model"];
const LOCAL: [&str; 2] = ["local.provider", "local.model"];
/// Providers of the settings that have no models to name.
const WITHOUT_MODELS: [&str; 2] = ["offline", "extractive"];

/// Which models are those that the settings name, and not the session's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Named {
    pub remote: bool,
    pub local: bool,
}

impl Named {
    /// By the command line.
    pub fn by_flags(settings: &Loaded) -> Self {
        let is_flag = |key: &&str| matches!(settings.provenance.get(*key), Some(Origin::Flag(_)));
        Self { remote: REMOTE.iter().any(&is_flag), local: LOCAL.iter().any(&is_flag) }
    }
}

/// Providers and models of the settings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelsOfSettings([Option<String>; 4]);

impl ModelsOfSettings {
    pub fn of(settings: &Loaded) -> Self {
        let [remote, remote_model] = REMOTE;
        let [local, local_model] = LOCAL;
        Self([remote, remote_model, local, local_model].map(|key| settings.value(key)))
    }
}

/// Whether the settings name this model, as the local one or the remote one.
pub fn is_named(settings: &Loaded, is_local: bool, model: &ModelInfo) -> bool {
    let [provider, name] = if is_local { LOCAL } else { REMOTE }.map(|key| settings.value(key).unwrap_or_default());
    let stem = Path::new(&name).file_stem().map(|stem| stem.to_string_lossy());
    provider == model.provider && (!model.is_model || model.model == name || stem.as_deref() == Some(&model.model))
}

impl Model {
    /// From here on a model that the settings name otherwise was chosen by the person.
    pub fn keep_models_in_mind(&mut self) {
        self.models_before = ModelsOfSettings::of(&self.settings);
    }

    /// Which models the command line names, or the person chose since the session at hand was opened.
    pub fn named_models(&self) -> Named {
        let by_flags = Named::by_flags(&self.settings);
        let ([was_remote, was_remote_model, was_local, was_local_model], [remote, remote_model, local, local_model]) =
            (&self.models_before.0, &ModelsOfSettings::of(&self.settings).0);
        Named {
            remote: by_flags.remote || (was_remote, was_remote_model) != (remote, remote_model),
            local: by_flags.local || (was_local, was_local_model) != (local, local_model),
        }
    }

    /// The model that a fork made now would have, as its form shows it, and whether it is one: what works without a model has
    /// no other of its kind to be named.
    pub(crate) fn model_of_fork(&self, is_local: bool) -> (String, bool) {
        let (named, models) = (self.named_models(), &self.state.models);
        let (is_settings, next, now) = match is_local {
            true => (named.local, &models.next.local, &models.now.local),
            false => (named.remote, &models.next.remote, &models.now.remote),
        };
        let [provider, name] = if is_local { LOCAL } else { REMOTE }.map(|key| self.settings.value(key));
        let (provider, name) = (provider.unwrap_or_default(), name.unwrap_or_default());
        match next.as_ref().or(now.as_ref()) {
            Some(own) if !is_settings && !is_named(&self.settings, is_local, own) => match own.is_model {
                true => (own.model.clone(), true),
                false => (own.provider.clone(), false),
            },
            _ if WITHOUT_MODELS.contains(&provider.as_str()) => (provider, false),
            _ => (name, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::{ChosenModels, Command, ForkChange, Message};
    use super::super::model::Overlay;
    use super::super::update::update;
    use super::super::world::{World, paste, press};
    use super::*;

    fn info(provider: &str, model: &str) -> ModelInfo {
        ModelInfo { provider: provider.into(), model: model.into(), is_model: true, price: None }
    }

    /// A session of other models than those of the settings, at a place where something is left to be done.
    fn played() -> Model {
        let mut model = World::new().half().model(100, 40);
        update(&mut model, Message::RunEnded { error: None });
        model.state.models.now.remote = Some(info("openai", "planner"));
        model.state.models.now.local = Some(info("llama-cpp", "small"));
        model
    }

    /// What the form of a fork shows of reader and planner.
    fn shown(model: &mut Model) -> [String; 2] {
        press(model, "1 Y");
        let Some(Overlay::Question(form)) = &model.overlay else { panic!("no form is open") };
        let lever = |setting| form.levers.iter().find(|lever| lever.setting == setting).unwrap().input.text.clone();
        let shown = ["local.model", "remote.model"].map(lever);
        press(model, "esc");
        shown
    }

    #[test]
    fn the_form_of_a_fork_shows_the_sessions_models_or_those_that_are_named() {
        let mut model = played();
        assert_eq!(shown(&mut model), ["small", "planner"]);
        model.settings.change("local.provider", "openai").unwrap();
        model.settings.change("local.model", "chosen").unwrap();
        assert_eq!(model.named_models(), Named { remote: false, local: true });
        assert_eq!(shown(&mut model), ["chosen", "planner"]);
        model.settings.provenance.insert("remote.provider".into(), Origin::Flag("--set".into()));
        assert_eq!(shown(&mut model), ["chosen", "offline"]);
        // What was chosen before the session is on the screen says nothing of it.
        let mut model = played();
        model.settings.change("local.model", "chosen").unwrap();
        model.keep_models_in_mind();
        assert_eq!((shown(&mut model)[0].as_str(), model.named_models()), ("small", Named::default()));
    }

    #[test]
    fn a_file_that_the_settings_name_is_the_model_of_its_name() {
        let mut settings = Loaded::default();
        settings.change("local.provider", "llama-cpp").unwrap();
        settings.change("local.model", "/models/small.gguf").unwrap();
        assert!(is_named(&settings, true, &info("llama-cpp", "small")));
        assert!(!is_named(&settings, true, &info("llama-cpp", "other")));
        assert!(!is_named(&settings, true, &info("openai", "small")));
    }

    #[test]
    fn a_model_that_is_typed_is_the_forks_and_stays_typed_where_it_cannot_begin() {
        let mut model = played();
        press(&mut model, "1 Y backtab backtab backtab ctrl-u");
        paste(&mut model, "larger");
        let forked = press(&mut model, "enter");
        let [Command::Fork { change: ForkChange::Form { models, .. }, .. }] = &forked[..] else { panic!("{forked:?}") };
        assert_eq!(*models, ChosenModels { reader: Some("larger".into()), planner: None });
        assert_eq!(model.settings.config.local.model, Loaded::default().config.local.model, "no setting was changed");
        assert_eq!(shown(&mut model), ["larger", "planner"]);
    }

    #[test]
    fn what_cannot_take_effect_in_a_fork_is_refused_and_says_why() {
        let mut model = played();
        model.state.models.now.local = Some(ModelInfo { is_model: false, ..info("extractive", "extractive reader") });
        assert_eq!(shown(&mut model)[0], "extractive");
        let wrong = |model: &mut Model, keys: &str, typed: &str| {
            press(model, keys);
            paste(model, typed);
            assert_eq!(press(model, "enter"), []);
            let Some(Overlay::Question(form)) = &model.overlay else { panic!("no form is open") };
            (form.levers[form.field - 1].setting, form.wrong.clone())
        };
        let (field, why) = wrong(&mut model, "1 Y backtab backtab backtab ctrl-u", "small");
        assert!(field == "local.model" && why.contains("the reader has no model"), "{field}: {why}");
        let (field, why) = wrong(&mut model, "tab tab tab tab ctrl-u", "minion");
        assert!(field == "protocol.name" && why.contains("protocol stays in a fork"), "{field}: {why}");
    }
}
