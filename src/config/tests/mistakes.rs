//! What is told of a slip, and where.

use std::fs;
use std::path::PathBuf;

use super::*;

#[test]
fn a_misspelt_setting_names_its_place_and_the_nearest_right_one() {
    assert_eq!(
        wrong("[remote]\nprovider = \"openai\"\n  modle = \"gpt-4o\"\n"),
        "minions.toml:3:3: unknown setting `remote.modle`; did you mean `remote.model`?"
    );
    assert_eq!(wrong("[remot]\nmodel = \"x\""), "minions.toml:1:2: unknown section `remot`; did you mean `remote`?");
    assert_eq!(
        wrong("max_rounds = 3"),
        "minions.toml:1:1: unknown setting `max_rounds`; did you mean `protocol.max_rounds`?"
    );
    assert_eq!(
        wrong("[screen]\nbudget_usd = 3"),
        "minions.toml:2:1: unknown setting `screen.budget_usd`; did you mean `remote.budget_usd`?"
    );
}

#[test]
fn a_name_like_no_other_is_answered_with_what_there_is() {
    assert_eq!(
        wrong("[screen]\nwallpaper = 1"),
        "minions.toml:2:1: unknown setting `screen.wallpaper`; [screen] has theme, ascii, mouse, accessible, frames_per_second"
    );
    assert_eq!(
        wrong("[window]\n"),
        "minions.toml:1:2: unknown section `window`; there are protocol, remote, redact, local, sandbox, screen, keys, sessions, prices"
    );
    assert_eq!(
        wrong("verbosity = 1"),
        "minions.toml:1:1: unknown setting `verbosity`; settings stand in sections, such as [remote]"
    );
    assert_eq!(
        wrong("remote = 3"),
        "minions.toml:1:1: `remote` is a section: write [remote] and its settings under it"
    );
}

#[test]
fn a_wrong_value_says_what_is_allowed() {
    assert_eq!(
        wrong("[protocol]\nmax_rounds = 40"),
        "minions.toml:2:14: `protocol.max_rounds` cannot be 40; allowed: a whole number from 1 to 20"
    );
    assert_eq!(
        wrong("[protocol]\nmax_rounds = \"three\""),
        "minions.toml:2:14: `protocol.max_rounds` cannot be \"three\"; allowed: a whole number from 1 to 20"
    );
    assert_eq!(
        wrong("[protocol]\nsamples = 1.5"),
        "minions.toml:2:11: `protocol.samples` cannot be 1.5; allowed: a whole number from 1 to 50"
    );
    assert_eq!(
        wrong("[protocol]\nchunk_chars = 99999999999999999999"),
        "minions.toml:2:15: `protocol.chunk_chars` cannot be 99999999999999999999; allowed: a whole number from 0 up"
    );
    assert_eq!(
        wrong("[remote]\nbudget_usd = nan"),
        "minions.toml:2:14: `remote.budget_usd` cannot be nan; allowed: a number from 0 up"
    );
    assert_eq!(
        wrong("[remote]\nprovider = \"opnai\""),
        "minions.toml:2:12: `remote.provider` cannot be \"opnai\"; allowed: offline, openai, openai-responses, anthropic, gemini, ollama, ollama-v1, \
         openrouter, together, groq, deepseek, mistral, xai, azure, vllm, llama-server, lm-studio; did you mean openai?"
    );
    assert_eq!(
        wrong("[screen]\nascii = \"yes\""),
        "minions.toml:2:9: `screen.ascii` cannot be \"yes\"; allowed: true or false"
    );
    assert_eq!(
        wrong("[screen]\ntheme = [\"dark\"]"),
        "minions.toml:2:9: `screen.theme` cannot be [\"dark\"]; allowed: text on one line"
    );
    assert_eq!(
        wrong("[remote]\nbase_url = \"api.openai.com\""),
        "minions.toml:2:12: `remote.base_url` must be a URL beginning with http:// or https://, without a name or password in it"
    );
}

#[test]
fn a_key_in_the_file_is_refused_and_not_repeated() {
    let by_name = wrong("[remote]\napi_key_env = \"sk-proj-abc123\"");
    assert_eq!(
        by_name,
        "minions.toml:2:15: `remote.api_key_env` must be the name of an environment variable in capitals, such as OPENAI_API_KEY; never the key itself"
    );
    let own_setting = wrong("[remote]\napi_key = \"sk-proj-abc123\"");
    assert_eq!(
        own_setting,
        "minions.toml:2:1: unknown setting `remote.api_key`; a key is never written in a file: name the environment variable that holds it in `remote.api_key_env`"
    );
    for message in [
        wrong("[remote]\nbase_url = \"https://me:sk-secret@host/v1\""),
        from_environment(&[("MINIONS_REMOTE_API_KEY_ENV", "sk-secret")]).unwrap_err(),
        from_environment(&[("MINIONS_REMOTE_API_KEY", "sk-secret")]).unwrap_err(),
        wrong("[remote]\nmodel = \"a\" sk-secret"),
        wrong("[remote]\nmodel = \"a\"\nmodel = \"sk-secret\""),
    ] {
        assert!(!message.contains("sk-secret"), "{message}");
    }
}

#[test]
fn all_that_is_wrong_in_a_file_is_told_at_once_from_top_to_bottom() {
    let message = wrong("[screen]\nframes_per_second = 0\n[local]\ntimeout = 3\n[protocol]\nmax_jobs = true");
    let places: Vec<_> = message.lines().map(|l| l.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(places, ["minions.toml:2:21", "minions.toml:4:1", "minions.toml:6:12"], "{message}");
}

#[test]
fn hundreds_of_problems_are_counted_not_listed() {
    let file: String = (0..300).map(|n| format!("nonsense_{n} = 1\n")).collect();
    let message = wrong(&file);
    assert_eq!(message.lines().count(), 21);
    assert!(message.ends_with("\nand 280 more"), "{message}");
}

#[test]
fn broken_syntax_names_its_place() {
    let message = wrong("[remote]\nmodel = \"x\n");
    assert!(message.starts_with("minions.toml:2:"), "{message}");
    assert!(message.contains("this is no TOML"), "{message}");
    assert!(
        wrong("[remote]\nmodel = \"a\"\nmodel = \"b\"\n")
            .starts_with("minions.toml:3:1: this is no TOML: duplicate key")
    );
}

#[test]
fn a_column_is_counted_in_characters() {
    assert!(wrong("screen = { theme = \"日本\", asci = true }").starts_with("minions.toml:1:26: "));
}

#[test]
fn escape_sequences_of_a_file_are_shown_not_obeyed() {
    let message = wrong("[\"re\\u001b[2Jmote\"]\n[protocol]\n\"max\\u001b_rounds\" = 1\nname = \"\\u001b[31m\"");
    assert!(!message.contains('\u{1b}'), "{message:?}");
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let error = |path: PathBuf| {
        let shown = path.display().to_string();
        let named = Sources { named_file: Some(path), ..Sources::default() };
        load(&named).unwrap_err().to_string().replace(&shown, "FILE")
    };
    assert_eq!(
        error(dir.path().join("absent.toml")),
        "FILE: there is no such file; name another with --config or MINIONS_CONFIG, or write one with `minions config template`"
    );
    assert_eq!(error(dir.path().into()), "FILE: these settings cannot be read: it is a folder; name the file in it");
    let binary = dir.path().join("binary.toml");
    fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(error(binary), "FILE: these settings cannot be read: it is not UTF-8 text");
    let large = dir.path().join("large.toml");
    fs::write(&large, "#".repeat(2 << 20)).unwrap();
    assert_eq!(error(large), "FILE: these settings cannot be read: it is larger than 1 MiB");
}

#[test]
fn a_flag_with_a_wrong_name_or_value_is_told_with_the_flag() {
    assert_eq!(
        from_flag("remote.modle", "x").unwrap_err(),
        "--set: unknown setting `remote.modle`; did you mean `remote.model`?"
    );
    assert_eq!(from_flag("model", "x").unwrap_err(), "--set: unknown setting `model`; did you mean `remote.model`?");
    assert_eq!(
        from_flag("remote.temperature", "hot").unwrap_err(),
        "--set: `remote.temperature` cannot be \"hot\"; allowed: a number"
    );
}

#[test]
fn keys_that_are_no_text_are_refused_with_their_place() {
    assert!(wrong("[keys.jobs]\nfilter = 3").starts_with("minions.toml:2:10: `filter` takes a key"));
    assert!(wrong("[keys.jobs]\nfilter = [\"a\", 3]").starts_with("minions.toml:2:10: `filter` takes a key"));
    assert!(wrong("[keys.jobs]\nfilter = \"\\u001b\"").starts_with("minions.toml:2:10: `filter` takes a key"));
    assert!(wrong("[keys]\nfilter = \"f\"").contains("write [keys.everywhere]"));
}

#[test]
fn a_slip_in_a_table_of_prices_names_its_place() {
    assert_eq!(
        wrong("[prices.m]\noutptu = 1"),
        "minions.toml:2:1: unknown setting `outptu` in a table of [prices]; did you mean `output`?"
    );
    assert_eq!(
        wrong("[prices.m]\ninput = \"two\""),
        "minions.toml:2:9: `prices.input` cannot be \"two\"; allowed: a number"
    );
    assert!(wrong("[prices.gpt-4.1]\ninput = 1").contains("a name with a dot stands in quotes"));
    assert!(wrong("[prices]\ninput = 1").contains("write [prices.\"a name\"]"));
    assert!(from_flag("prices.m.outptu", "1").unwrap_err().contains("did you mean `output`?"));
}
