//! The settings that a session is gone on with: with its own models, except where others are named.

use serde::Serialize;

use super::Failure;
use super::offers::with;
use crate::app::picker::Choice;
use crate::app::{ChosenModels, Named, is_named};
use crate::config::{Config, Loaded, RemoteProvider};
use crate::protocol::State;
use crate::remote::{nobody, recorded};

/// The settings with the models that the session had last, where they are not themselves to name them.
pub fn config_of(loaded: &Loaded, state: &State, named: Named) -> Result<Config, Failure> {
    let mut config = loaded.config.clone();
    let mut models = state.models.now.clone();
    models.remote = state.models.next.remote.clone().or(models.remote);
    models.local = state.models.next.local.clone().or(models.local);
    if let Some(model) = models
        .remote
        .filter(|model| !named.remote && ![recorded::PROVIDER, nobody::PROVIDER].contains(&model.provider.as_str()))
        && !is_named(loaded, false, &model)
    {
        let choice = Choice::Remote { provider: model.provider, model: model.model };
        config = with(&config, &choice)?.unwrap_or(config);
    }
    if let Some(model) = models.local.filter(|_| !named.local)
        && !is_named(loaded, true, &model)
    {
        let choice = Choice::Local { provider: model.provider, model: model.model };
        config = with(&config, &choice)?.unwrap_or(config);
    }
    Ok(config)
}

/// With the models that the person named in the form of a fork, of the same providers.
pub fn with_chosen(mut config: Config, chosen: &ChosenModels) -> Result<Config, Failure> {
    if let Some(model) = &chosen.planner {
        if config.remote.provider == RemoteProvider::Offline {
            return Err(Failure::usage("the offline planner has no models, so that none can be named of it"));
        }
        let choice = Choice::Remote { provider: name(&config.remote.provider)?, model: model.clone() };
        config = with(&config, &choice)?.unwrap_or(config);
    }
    if let Some(model) = &chosen.reader {
        let choice = Choice::Local { provider: name(&config.local.provider)?, model: model.clone() };
        config = with(&config, &choice)?.unwrap_or(config);
    }
    Ok(config)
}

/// As the settings spell it.
fn name(provider: &impl Serialize) -> Result<String, Failure> {
    let provider = serde_json::to_value(provider)?;
    Ok(provider.as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LocalProvider, Override, Sources, load};
    use crate::protocol::{Fact, ModelInfo, SessionOpened, Settings};

    fn session() -> State {
        let model = |provider: &str, model: &str| ModelInfo {
            provider: provider.into(),
            model: model.into(),
            is_model: true,
            price: None,
        };
        let mut state = State::default();
        let example = SessionOpened::example(Settings::default(), &[]);
        let (remote, local) = (model("openai", "planner"), model("ollama", "reader"));
        state.apply(&Fact::SessionOpened(Box::new(SessionOpened { remote, local, ..example })));
        state
    }

    fn settings(flags: &[(&str, &str)]) -> Loaded {
        let flag = |(name, value): &(&str, &str)| Override {
            name: (*name).into(),
            value: (*value).into(),
            flag: "--set".into(),
        };
        load(&Sources { flags: flags.iter().map(flag).collect(), ..Sources::default() }).unwrap()
    }

    #[test]
    fn a_session_keeps_its_own_models_but_for_those_that_are_named() {
        let of = |flags: &[(&str, &str)]| {
            let loaded = settings(flags);
            let config = config_of(&loaded, &session(), Named::by_flags(&loaded)).unwrap();
            (config.remote.model, config.local.provider, config.local.model)
        };
        assert_eq!(of(&[]), ("planner".into(), LocalProvider::Ollama, "reader".into()));
        assert_eq!(of(&[("local.model", "x")]), ("planner".into(), LocalProvider::Extractive, "x".into()));
        let named = [("remote.provider", "openai"), ("remote.model", "dearer")];
        assert_eq!(of(&named), ("dearer".into(), LocalProvider::Ollama, "reader".into()));
    }

    #[test]
    fn what_the_form_names_is_of_the_provider_that_the_session_had() {
        let config = config_of(&settings(&[]), &session(), Named::default()).unwrap();
        let chosen = ChosenModels { reader: Some("other".into()), planner: Some("dearer".into()) };
        let config = with_chosen(config, &chosen).unwrap();
        assert_eq!((config.remote.provider, config.remote.model.as_str()), (RemoteProvider::Openai, "dearer"));
        assert_eq!((config.local.provider, config.local.model.as_str()), (LocalProvider::Ollama, "other"));
        let refused = with_chosen(Config::default(), &chosen).unwrap_err();
        assert!(refused.to_string().contains("offline planner has no models"), "{refused}");
    }
}
