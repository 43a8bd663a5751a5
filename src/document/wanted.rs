//! What kind of thing answers a question, and whether a piece of text holds one.

use std::sync::LazyLock;

use regex::Regex;

use super::words::{is_number, is_year, scan};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Number,
    Date,
    Name,
    Place,
    Reason,
    Statement,
}

impl Wanted {
    /// The kind that the question words ask for.
    pub fn of(question: &str) -> Self {
        let words: Vec<String> = scan(question).map(|(start, end)| question[start..end].to_lowercase()).collect();
        let text = format!(" {} ", words.join(" "));
        CUES.iter()
            .find(|(_, cues)| cues.iter().any(|cue| text.contains(&format!(" {cue} "))))
            .map_or(Wanted::Statement, |(wanted, _)| *wanted)
    }

    pub fn describe(self) -> &'static str {
        match self {
            Wanted::Number => "a number",
            Wanted::Date => "a date or a time",
            Wanted::Name => "a name",
            Wanted::Place => "a place",
            Wanted::Reason => "a reason",
            Wanted::Statement => "a statement",
        }
    }

    /// Whether the text holds something of this kind. A statement is held by any text.
    pub fn is_held_by(self, text: &str) -> bool {
        match self {
            Wanted::Number => numbers(text).any(|number| !is_year(number)) || NUMBER_WORD.is_match(text),
            Wanted::Date => DATE.is_match(text) || numbers(text).any(is_year),
            Wanted::Name | Wanted::Place => NAME.is_match(text),
            Wanted::Reason => REASON.is_match(text),
            Wanted::Statement => true,
        }
    }
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    scan(text).map(|(start, end)| &text[start..end]).filter(|word| is_number(word))
}

/// Question words and what they ask for; the first that is met decides.
const CUES: &[(Wanted, &[&str])] = &[
    (Wanted::Number, &["how many", "how much", "how long", "how old", "how large", "how big", "how far", "how often"]),
    (Wanted::Date, &["when", "what year", "which year", "what date", "which date", "what time", "on which day"]),
    (Wanted::Name, &["who", "whom", "whose", "which company", "what company", "name of", "names of"]),
    (Wanted::Place, &["where", "what place", "what country", "which country", "what city", "which city"]),
    (Wanted::Reason, &["why", "reason", "reasons", "cause", "causes", "drove", "what led"]),
    (
        Wanted::Number,
        &["percent", "percentage", "ratio", "margin", "number of", "amount", "average", "rate", "figures"],
    ),
    (Wanted::Number, &["highest", "lowest", "largest", "smallest", "what is the size", "value", "target", "by how"]),
    (Wanted::Date, &["date", "dates", "year", "deadline"]),
];

static DATE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|january|february|march|april|june|july|august|september|october|november|december|(jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.? \d|(years?|months?|weeks?|days?) (ago|after|before|later|earlier)|centur(y|ies)|midnight|noon|o.clock|monday|tuesday|wednesday|thursday|friday|saturday|sunday)|\b[AB]\.[DC]\.",
    )
});
static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(r"[\p{Ll},;] \p{Lu}\p{L}+|\p{Lu}\p{Ll}+ \p{Lu}\p{L}*"));
static REASON: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(because|due to|owing to|as a result|result(ed|ing)? (of|from|in)|caused? by|reasons?|therefore|thus|hence|attributable|driven by|led to|in order to|so that|since|reflecting|primarily)\b",
    )
});
static NUMBER_WORD: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|million|billion|half|third|quarter|dozen)\b",
    )
});

/// A pattern of this file; one that does not compile matches nothing, and the tests say so.
fn pattern(text: &str) -> Regex {
    #[allow(clippy::expect_used)] // The patterns are literals of this file, each met by a test.
    Regex::new(text).expect("a pattern of this file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_answer_is_read_from_the_question_words() {
        assert_eq!(Wanted::of("How many people came?"), Wanted::Number);
        assert_eq!(Wanted::of("When did it open?"), Wanted::Date);
        assert_eq!(Wanted::of("Who wrote the letter?"), Wanted::Name);
        assert_eq!(Wanted::of("Why did he leave?"), Wanted::Reason);
        assert_eq!(Wanted::of("Where is the archive kept?"), Wanted::Place);
        assert_eq!(Wanted::of("Describe the garden."), Wanted::Statement);
    }

    #[test]
    fn a_text_holds_the_kind_that_stands_in_it() {
        assert!(Wanted::Number.is_held_by("sales of 12.5"));
        assert!(Wanted::Number.is_held_by("vanished three years ago"));
        assert!(!Wanted::Number.is_held_by("sales fell in 2019"));
        assert!(Wanted::Date.is_held_by("on 02/11/2019") && Wanted::Date.is_held_by("last February"));
        assert!(Wanted::Date.is_held_by("in the year Forty, A.D.") && Wanted::Date.is_held_by("two years ago"));
        assert!(!Wanted::Date.is_held_by("sales of 12.5"));
        assert!(Wanted::Name.is_held_by("written by Ada Lovelace") && !Wanted::Name.is_held_by("written by hand"));
        assert!(Wanted::Reason.is_held_by("fell because of rain") && !Wanted::Reason.is_held_by("it fell"));
    }
}
