use super::*;

const OWN: [Tokenizer; 2] =
    [Tokenizer { encoding: Encoding::O200k, own: true }, Tokenizer { encoding: Encoding::Cl100k, own: true }];

/// Texts with their tokens in `o200k_base` and `cl100k_base`, as the crate tiktoken-rs 0.12.1 counts them.
const COUNTED: &[(&str, [u64; 2])] = &[
    ("", [0, 0]),
    ("hello world", [2, 2]),
    ("Hello  World \n\n done ", [6, 6]),
    ("don't DON'T we'LL", [5, 7]),
    ("1234567,890.12", [7, 7]),
    ("x\n  y\n\n    z  ", [8, 8]),
    ("Die Straße, naïve café", [6, 7]),
    ("中文和日本語のテキスト", [8, 11]),
    ("🙂👨\u{200d}👩\u{200d}👧", [9, 15]),
    ("https://a.example/b//c\n/d", [9, 9]),
    ("antidisestablishmentarianism supercalifragilistic", [12, 12]),
    ("<|endoftext|>", [7, 7]),
    ("\u{3000}\u{3000}x \t\t y", [5, 5]),
];

fn counts(text: &str) -> [u64; 2] {
    OWN.map(|tokenizer| tokenizer.count(text, || false).unwrap())
}

#[test]
fn a_count_is_tiktokens_to_the_token() {
    for (text, expected) in COUNTED {
        assert_eq!(counts(text), *expected, "{text:?}");
    }
    let report = include_str!("../../commands/samples/opm-annual-performance-report-fy2019.txt");
    assert_eq!(counts(report), [38_896, 39_090]);
}

#[test]
fn texts_that_are_one_long_word_are_counted() {
    assert_eq!(counts(&"a".repeat(200_000))[0], 25_000);
    assert_eq!(counts(&" ".repeat(200_000))[0], 1563);
    assert!(counts(&"\n \t".repeat(50_000))[0] > 0);
}

#[test]
fn words_together_are_the_text() {
    for text in COUNTED.iter().map(|(text, _)| *text).chain(["a  b", "a \n b  ", "\u{3000}\u{3000}x"]) {
        for vocabulary in [&*O200K, &*CL100K] {
            let words: Vec<u8> = vocabulary.words(text).flatten().copied().collect();
            assert_eq!(words, text.as_bytes(), "{text:?}");
        }
    }
}

#[test]
fn a_model_is_known_by_the_name_that_each_provider_gives_it() {
    for name in
        ["gpt-4o", "GPT-4o-mini", "openai/gpt-4o:free", "gpt-5.1-mini", "ft:gpt-4.1:me::1", "o3", "openai/gpt-oss-120b"]
    {
        let tokenizer = Tokenizer::of_model(name);
        assert_eq!((tokenizer.name(), tokenizer.is_own()), ("o200k_base", true), "{name}");
    }
    for name in ["gpt-4", "gpt-4-0613", "gpt-4-turbo-2024-04-09", "gpt-35-turbo", "gpt-3.5-turbo-16k"] {
        let tokenizer = Tokenizer::of_model(name);
        assert_eq!((tokenizer.name(), tokenizer.is_own()), ("cl100k_base", true), "{name}");
    }
    for name in ["claude-opus-4-5", "gemini-2.5-pro", "my-gpt-4o", "gpt-4.7", "o10", "", "anthropic/gpt", "llama3"] {
        assert!(!Tokenizer::of_model(name).is_own(), "{name}");
    }
}

#[test]
fn a_count_that_nobody_wants_any_more_ends() {
    let mut looks = 0;
    let text = "word ".repeat(20_000);
    let stopped = OWN[0].count(&text, || {
        looks += 1;
        looks == 2
    });
    assert_eq!((stopped, looks), (None, 2));
}

#[test]
fn a_request_has_more_tokens_than_its_words() {
    let messages = [Message::system("You plan."), Message::user("Find the revenue.")];
    let words: u64 = messages.iter().map(|message| counts(&message.content)[0]).sum();
    let count =
        |tokenizer: Tokenizer, format| tokenizer.count_request(&messages, format, || false).expect("it is wanted");
    let text = count(OWN[0], ReplyFormat::Text);
    assert_eq!(text, TokenCount { tokens: words + 2 * 4 + 3, counted: true });
    assert!(count(OWN[0], ReplyFormat::Json).tokens > text.tokens + 20);
    assert!(!count(Tokenizer::of_model("claude-opus-4-5"), ReplyFormat::Text).counted);
    assert_eq!(OWN[0].count_request(&messages, ReplyFormat::Text, || true), None);
}
