use super::*;
use crate::document::{Document, Span};
use crate::eval::question::{Evidence, Place, Source};
use crate::ledger::SpanSet;

fn question(answers: &[&str]) -> Question {
    Question {
        id: "1".into(),
        dataset: "d".into(),
        documents: vec![Source::File("a".into())],
        question: "What was FY2018 revenue?".into(),
        answers: answers.iter().map(|answer| (*answer).to_owned()).collect(),
        unanswerable: false,
        options: Vec::new(),
        evidence: Vec::new(),
    }
}

#[test]
fn words_are_compared_as_squad_does() {
    for (right, said, is_exact, score) in [
        ("The Answer.", "answer", true, 1.0),
        ("a cat, a dog", "the dog", false, 2.0 / 3.0),
        ("one two two", "two two two", false, 2.0 / 3.0),
        ("", "the", true, 1.0),
        ("word", "", false, 0.0),
        ("$1,577", "1577", true, 1.0),
        ("yes", "no", false, 0.0),
    ] {
        assert_eq!(
            (exact(right, said), (f1(right, said) * 1e6).round()),
            (is_exact, (score * 1e6_f64).round()),
            "{right} / {said}"
        );
    }
}

#[test]
fn numbers_are_compared_by_what_they_are() {
    for (right, said, is_same) in [
        ("$1577.00", "Capital expenditure was $1,577 million.", true),
        ("$1577.00", "(1,577)", true),
        ("$1577.00", "1,577.4", false),
        ("24.26", "The ratio is 24.26.", true),
        ("24.26", "about 24.3", true),
        ("24.26", "24", false),
        ("24.26", "24.2612", true),
        ("24.26", "24.27", false),
        ("$8.70 billion", "8,700 million", true),
        ("$8.70 billion", "8,738 million", false),
        ("65.4%", "65.4 percent", true),
        ("65.4%", "0.654", true),
        ("65.4%", "0.0654", false),
        ("-3.2%", "3.2%", false),
        ("−3.2%", "-3.2 %", true),
        ("5", "five", false),
        ("USD 12 bn", "USD12bn", true),
        ("2 million", "In FY2019 it was 2,000,000.", true),
        // Of a calculation the result counts.
        ("24.26", "6,489 / ((253 + 282)/2) = 24.26", true),
        ("24.26", "24.26 / 2 = 12.13", false),
        // Dates and years are not what is asked for.
        ("$1577.00", "In FY2018 (fiscal 2018, year ended December 31, 2018) capex was $1,577 million", true),
        ("1.9%", "It went from 10.1% in 2017 to 12.0% in 2018, up 1.9 percentage points", true),
        ("40", "As of 2019-12-31, that is 31 December 2019, and on 1/2/2020 too: 40", true),
        ("$2000", "It was 2000 in 2017", true),
        // A word may stand for the sign.
        ("-3.2%", "It fell by 3.2%", true),
        ("-3.2%", "a decrease of about 3.2 percent", true),
        ("-12", "a loss of $12 million", true),
        ("3.2%", "It fell by 3.2%", false),
        ("8%", "It fell from 10% to 8%", true),
        // Who leaves a choice says none.
        ("12", "11, 12 or 13", false),
        ("12", "12 or 13", false),
        ("12", "11/12", false),
        ("12", "12 million, or 12,000,000", true),
        ("12", "In 2018, 12", true),
        ("3.2%", "5 million, or 3.2%", true),
        // The right number must not drown among others.
        ("12", "1 2 3 4 5 6 7 8 9 10 11 12", false),
        // A year of the question is not what it asks for, unless it is.
        ("12", "In 2018, 2018 and 2018 it was 12", true),
        ("2019", "2018-2019", true),
    ] {
        let score = number::score(right, said, "What was it in 2018?");
        assert_eq!(score, Some(is_same), "{right} / {said}: {:?}", quantities(said));
    }
    assert_eq!(number::score("3.2%", "It fell by 3.2%", "By how much did it fall?"), Some(true));
    for right in ["No", "It rose from 3 to 5", "It fell by 3 and that is why they sold it", "B12", ""] {
        assert_eq!(number::score(right, "3", ""), None, "{right}");
    }
}

#[test]
fn a_choice_is_named_by_its_letter_or_its_words() {
    let options = ["Diabetes", "Diabetes type 2", "Asthma", "None", "Flu"].map(String::from);
    for (said, taken) in [
        ("B", Some(1)),
        ("b.", Some(1)),
        ("C) Asthma", Some(2)),
        ("(C)", Some(2)),
        ("The answer is C.", Some(2)),
        ("Answer: D", Some(3)),
        ("It is a flu", Some(4)),
        ("He has asthma", Some(2)),
        ("He has diabetes type 2.", Some(1)),
        ("Asthma and flu", None),
        ("The answer is A, not: answer B", None),
        ("F", None),
        ("", None),
        ("A man with asthma", Some(2)),
    ] {
        assert_eq!(chosen(said, &options), taken, "{said}");
    }
    let of = |right: &str, said: &str| {
        let question = Question { options: options.to_vec(), ..question(&[right]) };
        score(&question, Some(said)).choice
    };
    assert_eq!(
        (of("asthma", "C"), of("C", "Asthma"), of("Flu", "C"), of("unheard of", "C")),
        (Some(1.0), Some(1.0), Some(0.0), None)
    );
}

#[test]
fn the_best_of_several_right_answers_counts_and_nothing_said_is_nothing_right() {
    let asked = question(&["twelve million", "$12 million"]);
    let scores = score(&asked, Some("$12 million"));
    assert_eq!(
        (scores.exact, scores.f1, scores.number, scores.best_suited()),
        (Some(1.0), Some(1.0), Some(1.0), Some(1.0))
    );
    let nothing = score(&asked, None);
    assert_eq!((nothing.exact, nothing.f1, nothing.number), (Some(0.0), Some(0.0), Some(0.0)));
    assert_eq!(score(&question(&[]), Some("12")), Scores::default());
    let untold = Question { unanswerable: true, ..question(&[]) };
    assert_eq!((score(&untold, None).best_suited(), score(&untold, Some("12")).best_suited()), (Some(1.0), Some(0.0)));
}

#[test]
fn evidence_is_weighed_by_bytes_that_are_no_white_space() {
    let documents = [Document::from_text("a", "é one two three four five")];
    let piece = |place| Evidence { document: 0, place, keys: Vec::new() };
    let asked = Question {
        evidence: vec![
            piece(Place::Characters(2..9)),
            piece(Place::Bytes(11..16)),
            piece(Place::Words("four".into())),
            piece(Place::Words("stands nowhere".into())),
        ],
        ..question(&[])
    };
    let places = places(&asked, &documents);
    assert_eq!(places.pieces, [Span::new(0, 3, 10), Span::new(0, 11, 16), Span::new(0, 17, 21)]);
    assert_eq!(places.missing, 1);
    let set =
        |spans: &[(usize, usize)]| spans.iter().map(|(start, end)| Span::new(0, *start, *end)).collect::<SpanSet>();
    let cited = [Some(Span::new(0, 12, 13)), Some(Span::new(0, 0, 2)), None];
    let scores = weigh(&places, &documents, Some(&set(&[(3, 6), (11, 16)])), &set(&[(3, 26)]), &cited);
    assert_eq!(scores.aggregated, Some((0.5 + 1.0 + 0.0) / 3.0));
    assert_eq!((scores.key, scores.exposed), (scores.aggregated, Some(1.0)));
    assert_eq!((scores.recall, scores.precision), (Some(1.0 / 3.0), Some(1.0 / 3.0)));
    assert_eq!(weigh(&Default::default(), &documents, None, &set(&[]), &cited), EvidenceScores::default());
    let none = weigh(&places, &documents, None, &set(&[]), &[]);
    assert_eq!((none.aggregated, none.exposed, none.precision), (None, Some(0.0), None));
}
