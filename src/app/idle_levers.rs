//! Which levers of a run its protocol does without.

const MINION: &[&str] = &[
    "protocol.tasks_per_round",
    "protocol.chunk_chars",
    "protocol.chunker",
    "protocol.retrieval",
    "protocol.retrieve_k",
];
const LOCAL_ONLY: &[&str] = &[
    "protocol.max_rounds",
    "protocol.tasks_per_round",
    "protocol.chunk_chars",
    "protocol.chunker",
    "protocol.retrieval",
    "protocol.retrieve_k",
    "protocol.memory",
    "remote.temperature",
    "remote.model",
    "remote.budget_usd",
];
const REMOTE_ONLY: &[&str] = &[
    "protocol.max_rounds",
    "protocol.tasks_per_round",
    "protocol.samples",
    "protocol.merge",
    "protocol.chunk_chars",
    "protocol.chunker",
    "protocol.overlap_chars",
    "protocol.retrieval",
    "protocol.retrieve_k",
    "protocol.memory",
    "protocol.window_chars",
    "local.max_output_tokens",
    "local.temperature",
    "local.model",
];

/// Whether moving this setting changes nothing under the protocol of this name, as `minions.toml` spells both. What a
/// lever says of itself, as windows do, is not said twice.
pub fn is_idle(protocol: &str, setting: &str) -> bool {
    let idle = match protocol.trim() {
        "minion" => MINION,
        "local-only" => LOCAL_ONLY,
        "remote-only" => REMOTE_ONLY,
        _ => &[],
    };
    idle.contains(&setting)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::StartForm;
    use crate::app::input::LineInput;

    #[test]
    fn every_idle_lever_is_one_of_the_form_and_says_so_there() {
        for (name, idle) in [("minion", MINION), ("local-only", LOCAL_ONLY), ("remote-only", REMOTE_ONLY)] {
            let mut form = StartForm::blank();
            form.levers[0].input = LineInput::of(name.to_owned());
            let says = |setting: &str| {
                let lever = form.levers.iter().find(|lever| lever.setting == setting).unwrap();
                form.trade(lever) == format!("{name} does without it")
            };
            assert!(idle.iter().all(|setting| says(setting)), "{name}");
            assert!(!says("protocol.name"));
        }
        assert!(!is_idle("minions", "protocol.samples"));
    }
}
