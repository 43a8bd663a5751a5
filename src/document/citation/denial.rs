//! The words that turn a statement round: whether a quotation denies what the text denies.
//!
//! Texts are in normal form, where every apostrophe is `'`, and so is every quotation mark.

/// Words that deny by themselves.
const DENY: [&str; 13] = [
    "no", "not", "non", "nor", "never", "none", "neither", "without", "cannot", "nothing", "nobody", "nowhere",
    "unless",
];
/// What scanners make of a verb with `n't`.
const SCANNED: [&str; 20] = [
    "aint", "arent", "cant", "couldnt", "didnt", "doesnt", "dont", "hadnt", "hasnt", "havent", "isnt", "mightnt",
    "mustnt", "neednt", "shant", "shouldnt", "wasnt", "werent", "wont", "wouldnt",
];

/// Whether it is one of the words that deny and are no verbs.
pub(super) fn is_denial(word: &str) -> bool {
    DENY.contains(&word)
}

/// Whether it is a verb with `n't`, as it is written or scanned.
pub(super) fn is_denied_verb(word: &str) -> bool {
    word.ends_with("n't") || SCANNED.contains(&word)
}

/// How many words of the text deny. `don t` is one, whose apostrophe was lost.
pub(super) fn denials(text: &[char]) -> usize {
    let words = text.split(|c| !c.is_alphanumeric() && *c != '\'');
    let mut before = String::new();
    let mut count = 0;
    for word in words {
        let word: String = word.iter().collect();
        let word = word.trim_matches('\'');
        count += usize::from(is_denial(word) || is_denied_verb(word) || (word == "t" && before.ends_with('n')));
        before = word.to_owned();
    }
    count
}
