//! What of the documents a quotation is found to be.

use proptest::prelude::*;

use super::needle::LONG;
use super::*;
use crate::document::NormalChars;

const TEXT: &str = "\
Annual Report 2023

Revenue was $1,234.5 million in 2023, up from $1,115 million. The agree-
ment with the “Northern” ﬁnance group ended in\u{a0}2022. See Item 7.
Net   income fell 12% — the first loss since 1998–1999.
Net income is defined in Item 7. Don’t rely on it.
";

fn locate(text: &str, quotation: &str, prefer: &[Span]) -> Option<(String, Match)> {
    let documents = [Document::from_text("d", text)];
    let located = Locator::new(&documents).locate(quotation, prefer)?;
    assert_eq!(located.span.document, 0);
    Some((text[located.span.start..located.span.end].to_owned(), located.how))
}

#[test]
fn words_are_found_byte_for_byte_or_in_normal_form() {
    use Match::{Exact, Normalised};
    for (quotation, words, how) in [
        ("Revenue was $1,234.5 million", "Revenue was $1,234.5 million", Exact),
        ("  Revenue was $1,234.5 million\n", "Revenue was $1,234.5 million", Exact),
        ("The agreement with the", "The agree-\nment with the", Normalised),
        ("The agree-ment with the", "The agree-\nment with the", Normalised),
        ("the \"Northern\" finance group ended in 2022", "the “Northern” ﬁnance group ended in\u{a0}2022", Normalised),
        ("net income FELL 12% - the first loss", "Net   income fell 12% — the first loss", Normalised),
        ("since 1998-1999", "since 1998–1999", Normalised),
        ("\"Don't rely on it\"", "Don’t rely on it", Normalised),
        ("…up from $1,115 million...", "up from $1,115 million", Normalised),
        ("- Net income is defined in Item 7;", "Net income is defined in Item 7", Normalised),
        ("Net income fell 12%.", "Net   income fell 12%", Normalised),
        ("Net income fell 12 %", "Net   income fell 12%", Normalised),
        ("was $ 1 234.5 million", "was $1,234.5 million", Normalised),
    ] {
        assert_eq!(locate(TEXT, quotation, &[]), Some((words.to_owned(), how)), "{quotation:?}");
    }
}

#[test]
fn letters_agree_however_their_accents_are_stored() {
    let stored = "The ho\u{302}tel of Mu\u{308}nchen cost 1,234 euros a night.";
    let words = "ho\u{302}tel of Mu\u{308}nchen cost 1,234 euros";
    assert_eq!(locate(stored, "hôtel of München cost 1,234 euros", &[]), Some((words.into(), Match::Normalised)));
    let quoted = "ho\u{302}tel of Mu\u{308}nchen";
    assert_eq!(locate("The hôtel of München.", quoted, &[]), Some(("hôtel of München".into(), Match::Normalised)));
    // A power and a footnote are no digits of the number.
    assert_eq!(locate("An area of 102 in all of it.", "area of 10² in all", &[]), None);
}

#[test]
fn what_is_doubtful_is_not_found() {
    for quotation in [
        "",
        "   ",
        "…",
        "—",
        // Within a number or, when short, within a word.
        "234.5 million in",
        "was $1,234",
        "15 million",
        "come is defined",
        // Too short without a chunk to look in.
        "12%",
        "7",
        // In several places, and not long enough to be sure of one.
        "Item 7",
        // Short ones must agree in case.
        "northern",
        // Invented or changed.
        "Revenue was $1,234.6 million",
        "Revenue was not $1,234.5 million",
        "Net income fell sharply in every segment",
    ] {
        assert_eq!(locate(TEXT, quotation, &[]), None, "{quotation:?}");
    }
}

const REPORT: &str = "\
The Company acquired the northern terminal of Harbour Lines in March 2021 for $48.2 million in cash.
Its board did not approve the sale of the southern terminal, which Mr. Anderson had proposed in April.
Volumes increased by 12.5% on the northern routes, and fuel cost 1,115 dollars a day more than in the year before.
";

/// What of the report is found nearly, where nothing of it is found word for word.
fn nearly(quotation: &str) -> Option<String> {
    let (words, how) = locate(REPORT, quotation, &[])?;
    assert_eq!(how, Match::Fuzzy, "{quotation:?}");
    Some(words)
}

#[test]
fn slips_of_the_pen_do_not_hide_a_quotation() {
    let first = REPORT.lines().next().unwrap().trim_end_matches('.');
    for quotation in [
        "The Company aquired the northern terminal of Harbour Lines in March 2021 for $48.2 million in cash.",
        "The Cornpany acquired tbe northern terminaI of Harbour Lines in Marcb 2O21 for $48.2 mi11ion in cash",
        "The Company acquired the nortern termnal ofHarbour Lines in Ma rch 2021 for 48.2 million in cash",
        "The Companny acquired the northern terminal of Harbuor Lines in March 2021 for $48.2 million in cash",
    ] {
        assert_eq!(nearly(quotation).as_deref(), Some(first), "{quotation}");
    }
    assert_eq!(
        nearly("olumes increased by 12.5 % on th northern route").as_deref(),
        Some("Volumes increased by 12.5% on the northern routes"),
        "what is found ends with its word"
    );
}

#[test]
fn a_slip_beside_or_within_a_verb_that_denies_hides_nothing() {
    let text = "At the meeting in April we didn’t change the plan, and the board isn't bound by it.";
    for quotation in [
        "At the meeting in April we didn't chnge the plan, and the board isn't bound by it",
        "At the meeting in April we didnt change the plan, and the board isnt bound by it",
        "At the meeting in April we didn t change the plan, and the board isn't bound by it",
        "At the meeting in April we dibn't change the plan, and the board isn't bound by it",
    ] {
        assert_eq!(locate(text, quotation, &[]).map(|(_, how)| how), Some(Match::Fuzzy), "{quotation}");
    }
}

#[test]
fn another_statement_is_never_taken_for_a_slip() {
    for quotation in [
        // A number, its sign, its unit.
        "The Company acquired the northern terminal of Harbour Lines in March 2022 for $48.2 million in cash",
        "The Company acquired the northern terminal of Harbour Lines in March 2021 for $48.3 million in cash",
        "The Company acquired the northern terminal of Harbour Lines in March 2021 for €48.2 million in cash",
        "The Company acquired the northern terminal of Harbour Lines in March 2021 for ($48.2) million in cash",
        "The Company acquired the northern terminal of Harbour Lines in March 2021 for $48.2 billion in cash",
        "Volumes increased by 12.5 on the northern routes, and fuel cost 1,115 dollars a day more",
        "Volumes increased by 12.5% on the northern routes, and fuel cost 115 dollars a day more",
        // A name.
        "The Company acquired the southern terminal of Harbour Lines in March 2021 for $48.2 million in cash",
        "The Company acquired the northern terminal of Harbour Lines in April 2021 for $48.2 million in cash",
        "the sale of the southern terminal, which Mr. Peterson had proposed in April",
        // A word that turns it round.
        "Its board did approve the sale of the southern terminal, which Mr. Anderson had proposed in April",
        "The Company has not acquired the northern terminal of Harbour Lines in March 2021 for $48.2 million",
        "Volumes decreased by 12.5% on the northern routes, and fuel cost 1,115 dollars a day more",
        "Volumes increased by 12.5% on the northern routes, and fuel cost 1,115 dollars a day less",
        // Something else.
        "in cash of Lines the acquired March for terminal The Company in 2021 Harbour $48.2 million northern",
        "The Company acquired the northern terminal of the southern terminal, which Mr. Anderson had proposed",
        "acquiredd northern",
    ] {
        assert_eq!(locate(REPORT, quotation, &[]), None, "{quotation}");
    }
    // A verb with and without "n't", both ways.
    let with = |verb: &str| format!("At the meeting in April we {verb} change the plan for the terminal.");
    for (denied, verb) in [
        ("didn't", "did"),
        ("didn’t", "did"),
        ("isn't", "is"),
        ("can't", "can"),
        ("can’t", "can"),
        ("won't", "won"),
        ("don't", "do"),
        ("didnt", "did"),
        ("cant", "can"),
        ("didn t", "did"),
        ("did n't", "did"),
        ("wasn't", "was"),
        ("haven't", "have"),
        ("won't", "want"),
        ("don't", "done"),
        ("not", "now"),
        ("not", "hot"),
        ("no", "so"),
        ("never", "ever"),
        ("without", "with out"),
    ] {
        let slipped = |text: &str| text.replace("terminal", "termnal");
        for (text, quotation) in [(with(denied), with(verb)), (with(verb), with(denied))] {
            let found = locate(&text, &slipped(&quotation), &[]);
            assert_eq!((locate(&text, &quotation, &[]), found), (None, None), "{quotation} {text}");
        }
    }
}

#[test]
fn a_quotation_as_long_as_a_page_is_found_with_slips_only_up_to_a_length() {
    let text: String =
        (0..200).map(|n| format!("In year {n} the northern terminal was enlarged by another berth. ")).collect();
    let slipped = |bytes: usize| text[..bytes].replacen("terminal", "termnal", 1);
    assert!(locate(&text, &slipped(900), &[]).is_some_and(|(_, how)| how == Match::Fuzzy));
    assert!(locate(&text, &text.replace(' ', "  "), &[]).is_some_and(|(_, how)| how == Match::Normalised));
    assert_eq!(locate(&text, &slipped(6_000), &[]), None, "its alignment would take seconds");
}

#[test]
fn of_two_places_that_are_as_near_neither_is_taken_but_the_chunk_s_own() {
    let text = "Section A holds for the purchase of goods by it.\nSection B holds for the purchase of goods by it.\n";
    let quotation = "Sction holds for the purchse of goods by it.";
    assert_eq!(locate(text, quotation, &[]), None);
    let second = text.find("Section B").unwrap();
    let one = locate(text, "Section B hodls for the purchse of goods by it.", &[]);
    assert_eq!(one.unwrap().0, &text[second..text.len() - 2]);
}

#[test]
fn every_place_of_the_same_words_is_told() {
    let line = "Foot care was\n discussed again;";
    let text = format!("{line} x. Foot care was discussed again; y. {line} z. Foot care was not.");
    let documents = [Document::from_text("a", text.as_str()), Document::from_text("b", text.to_uppercase())];
    let locator = Locator::new(&documents);
    let words =
        |located: &Located| -> Vec<(usize, usize)> { located.places().map(|at| (at.document, at.start)).collect() };
    let starts: Vec<usize> = text.match_indices("Foot").map(|(at, _)| at).collect();
    let second = Span::new(0, starts[1] - 2, starts[1] + 40);
    for (quotation, how) in [
        ("Foot care was discussed again", Match::Exact),
        ("Foot care was  discussed again", Match::Normalised),
        ("Foot caare was discused again", Match::Fuzzy),
    ] {
        let located = locator.locate(quotation, &[second]).unwrap();
        assert_eq!(located.how, how);
        let all = [(0, starts[1]), (0, starts[0]), (0, starts[2]), (1, starts[0]), (1, starts[1]), (1, starts[2])];
        assert_eq!((words(&located).as_slice(), located.place_count()), (&all[..], 6), "{quotation}");
    }
    assert_eq!(locator.locate("Foot care was not", &[]).unwrap().place_count(), 2);
}

#[test]
fn white_space_around_a_dash_is_no_part_of_a_place() {
    let text = "In 2019\n\n- Foot care was discussed.\n\n - Foot  care was discussed.\n";
    let located = Locator::new(&[Document::from_text("d", text)]).locate("- Foot care was  discussed", &[]).unwrap();
    let words: Vec<&str> = located.places().map(|span| &text[span.start..span.end]).collect();
    assert_eq!(words, ["- Foot care was discussed", "- Foot  care was discussed"]);
}

#[test]
fn of_very_many_places_some_are_told_and_that_there_are_more() {
    let text = format!("{}{}", "page 70\n".repeat(2_000), "page 7\n".repeat(25));
    let documents = [Document::from_text("d", text.as_str())];
    let part = Span::new(0, text.len() - 20 * 7, text.len());
    for (within, count) in [(None, 25), (Some(part), 20)] {
        let located = Locator::within(&documents, within).locate("page 7", &[part]).unwrap();
        assert_eq!((located.place_count(), located.elsewhere.or_more), (count, false), "page 70 is another");
    }
    let many = Document::from_text("d", "page 7 of the report\n".repeat(2_000));
    let located = Locator::new(&[many]).locate("page 7 of the report", &[]).unwrap();
    assert_eq!(located.elsewhere.told(located.place_count()), "32 or more");
    let alone = Locator::new(&[Document::from_text("d", "7 7 7")]).locate("7", &[Span::new(0, 2, 3)]).unwrap();
    assert_eq!(alone.place_count(), 1, "a mere number stands where it was quoted from");
}

#[test]
fn in_a_long_document_all_places_are_told_at_once_when_it_is_indexed() {
    let year = |year: usize| format!("In the year {year} the\nfleet had {} ships.\n", 3 * year);
    let text: String = (1000..3000).chain([1500, 2999]).map(year).collect();
    let documents = [Document::from_text("d", text.as_str()), Document::from_text("e", year(1500))];
    let locator = Locator::new(&documents);
    let (first, last) = (text.find("In the year 1500").unwrap(), text.rfind("In the year 1500").unwrap());
    let chunk = Span::new(0, first, first + 100);
    let quotation = "In the year 1500 the\nfleet had 4500";
    assert_eq!(locator.locate_at_once(quotation, &[chunk]), None, "nothing is made for it");
    for words in [quotation, "in the year 1500 the fleet had 4500"] {
        let places: Vec<Span> = locator.locate(words, &[chunk]).unwrap().places().collect();
        let at = |document, start| Span::new(document, start, start + quotation.len());
        assert_eq!(places, [at(0, first), at(0, last), at(1, 0)], "{words}");
    }
    for quotation in ["In the year 1500 the\nfleet", "year 1501 the", "year 1500"] {
        let located = locator.locate_at_once(quotation, &[chunk]);
        assert!(located.is_none() || located == locator.locate(quotation, &[chunk]), "{quotation}");
    }
    assert!(locator.locate_at_once("In the year 1500 the\nfleet", &[chunk]).is_some());
    for quotation in ["", " ", "fleet had", "In the year 1700 the\nfleet", "in the year 1500 the fleet had 4500"] {
        assert_eq!(locator.locate_at_once(quotation, &[chunk]), None, "{quotation}");
    }
    let part = Locator::within(&documents, Some(Span::new(0, 0, last)));
    assert_eq!(part.locate(quotation, &[]).unwrap().place_count(), 1);
}

#[test]
fn the_chunk_it_was_quoted_from_comes_first() {
    let second = TEXT.rfind("Item 7").unwrap();
    let chunk = Span::new(0, second - 20, second + 8);
    let documents = [Document::from_text("d", TEXT)];
    let locator = Locator::new(&documents);
    let start = |quotation: &str| locator.locate(quotation, &[chunk]).map(|located| located.span.start);
    assert_eq!(start("Item 7"), Some(second));
    assert_eq!(start("Item\n7"), Some(second));
    assert_eq!(start("7"), Some(second + 5));
    assert_eq!(start("Item 8"), None);
}

#[test]
fn of_a_part_nothing_outside_of_it_is_found() {
    let documents = [Document::from_text("d", TEXT)];
    let part = Span::new(0, TEXT.find("Net   income").unwrap(), TEXT.len());
    let locator = Locator::within(&documents, Some(part));
    let found = |quotation, prefer: &[Span]| locator.locate(quotation, prefer).map(|located| located.span.start);
    let whole = [Span::new(0, 0, TEXT.len())];
    for (outside, within) in [
        ("Revenue was $1,234.5 million", None),
        ("the agreement with the \"Northern\" finance group", None),
        // In two places, one of them in the part.
        ("Item 7", TEXT.rfind("Item 7")),
        ("net income fell 12%", Some(part.start)),
    ] {
        assert_eq!((found(outside, &[]), found(outside, &whole)), (within, within), "{outside:?}");
    }
}

#[test]
fn spans_that_do_not_fit_the_documents_are_passed_over() {
    let prefer = [Span::new(9, 0, 4), Span::new(0, 3, 9999), Span::new(0, 8, 2)];
    assert_eq!(locate("some words here", "words here", &prefer).unwrap().0, "words here");
}

#[test]
fn scripts_without_spaces_are_found_within_a_line() {
    assert_eq!(locate("本年度売上高は前年比増加", "売上高は前年", &[]).unwrap().1, Match::Exact);
}

/// Words, and what typesetting may have put between and into them.
fn perturbed() -> impl Strategy<Value = (Vec<String>, Vec<String>, usize, usize)> {
    let word = prop_oneof![6 => "[a-z]{2,9}", 1 => "[1-9][0-9]{0,2}(,[0-9]{3})?", 1 => "[A-Z][a-z]{1,7}"];
    let words = prop::collection::vec(word, 30..200);
    words.prop_flat_map(|words| {
        let count = words.len();
        let gaps = prop::collection::vec(prop_oneof![" ", "  ", "\n", "\u{a0}", " \n\t "], count);
        (Just(words), gaps, 0..count - 8, 6usize..8)
    })
}

proptest! {
    #[test]
    fn an_excerpt_is_found_where_it_stands_whatever_its_layout(
        (words, gaps, from, count) in perturbed(), hyphenate in any::<bool>(), upper in any::<bool>(),
    ) {
        let mut text = String::new();
        let mut starts = Vec::new();
        for (word, gap) in words.iter().zip(&gaps) {
            starts.push(text.len());
            match word.char_indices().nth(2) {
                Some((cut, _)) if hyphenate && word.len() > 4 && word.bytes().all(|b| b.is_ascii_lowercase()) => {
                    text.push_str(&word[..cut]);
                    text.push_str("-\n");
                    text.push_str(&word[cut..]);
                }
                _ => text.push_str(word),
            }
            text.push_str(gap);
        }
        let quotation = words[from..from + count].join(" ");
        prop_assume!(weight(&quotation) >= LONG);
        // The same words elsewhere, or as part of others, would be found there rightly.
        prop_assume!(words.join(" ").match_indices(&quotation).count() == 1);
        let quotation = if upper { quotation.to_uppercase() } else { quotation };
        let end = starts[from + count - 1] + text[starts[from + count - 1]..].find(gaps[from + count - 1].as_str()).unwrap();
        let end = if hyphenate { starts.get(from + count).map_or(text.len(), |next| next - gaps[from + count - 1].len()) } else { end };
        let documents = [Document::from_text("d", text.as_str())];
        let locator = Locator::new(&documents);
        for prefer in [&[][..], &[Span::new(0, 0, text.len())][..]] {
            let located = locator.locate(&quotation, prefer);
            prop_assert_eq!(located.map(|l| (l.span.start, l.span.end)), Some((starts[from], end)));
        }
    }

    #[test]
    fn an_invented_sentence_is_not_found((words, gaps, from, count) in perturbed(), invented in "[a-z]{3,8}q[a-z]{2,4}") {
        let text: String = words.iter().zip(&gaps).flat_map(|(word, gap)| [word.as_str(), gap.as_str()]).collect();
        prop_assume!(!text.contains(&invented));
        let mut quoted = words[from..from + count].to_vec();
        quoted[count / 2] = invented;
        prop_assert_eq!(locate(&text, &quoted.join(" "), &[]), None);
    }

    #[test]
    fn walking_on_from_a_mark_is_walking_from_the_start(text in "([a-zA-Z0-9.,'’ﬁ…äß-]{0,12}[ \n]?){0,300}") {
        let normal = NormalText::of(&text);
        let all: Vec<_> = NormalChars::new(&text).tight().collect();
        let mut at = 0;
        for normal_char in &all {
            let end = at + normal_char.character.len_utf8();
            let range = normal.original(&text, at..end);
            prop_assert_eq!(range, Some(normal_char.start..normal_char.end));
            at = end;
        }
        prop_assert_eq!(at, normal.form.len());
    }

    #[test]
    fn any_quotation_of_any_text_is_harmless(text in ".{0,200}", quotation in ".{0,20}", start in 0usize..50, end in 0usize..250) {
        if let Some((words, how)) = locate(&text, &quotation, &[Span::new(0, start, end)])
            && how == Match::Exact
        {
            prop_assert_eq!(words, quotation.trim());
        }
    }
}

#[test]
fn a_quotation_with_words_blotted_out_is_found_where_the_rest_and_what_was_blotted_out_stand() {
    let date = regex::Regex::new(r"\d{2}/\d{2}/\d{4}|(?i)walnut").unwrap();
    let blot = |text: &str| date.replace_all(text, "[redacted]").into_owned();
    let find = |text: &str, quotation: &str| {
        let documents = [Document::from_text("d", text)];
        let out = BlottedOut { mark: "[redacted]", of: &blot };
        let found = Locator::new(&documents).locate_blotted(quotation, out, &[])?;
        Some(text[found.span.start..found.span.end].to_owned())
    };
    let text = "Lisinopril was therefore stopped on 07/01/2020 and replaced\nby losartan. It was begun on 02/03/2019.";
    let whole = "Lisinopril was therefore stopped on 07/01/2020 and replaced\nby losartan";
    for quotation in [
        "Lisinopril was therefore stopped on [redacted] and replaced by losartan.",
        "“lisinopril was therefore stopped on [redacted] and replaced by losartan”",
    ] {
        assert_eq!(find(text, quotation).as_deref(), Some(whole), "{quotation}");
    }
    assert_eq!(find(text, "[redacted] and replaced by losartan").as_deref(), Some("and replaced\nby losartan"));
    assert_eq!(find(text, "It was begun on [redacted]").as_deref(), Some("It was begun on"));
    // What stands between is something else, or more; the rest is not there, or in another order; or too little is left.
    for quotation in [
        "Lisinopril was therefore stopped on [redacted] replaced by losartan",
        "Lisinopril was [redacted] and replaced by losartan",
        "Lisinopril was therefore begun on [redacted] and replaced by losartan",
        "replaced by losartan [redacted] Lisinopril was therefore stopped",
        "stopped on [redacted] and replaced by ibuprofen",
        "on [redacted] and",
        "[redacted]",
        "[redacted] [redacted]",
    ] {
        assert_eq!(find(text, quotation), None, "{quotation}");
    }
    // Which of several is meant cannot be told where the words that would tell were blotted out.
    let two = "The first dose was given 01/02/2020 at noon. The first dose was given 03/04/2020 at noon.";
    assert_eq!(find(two, "The first dose was given [redacted] at noon."), None);
    let same = "The dose was given 01/02/2020 at noon. As told, the dose was given 01/02/2020 at noon.";
    assert_eq!(
        find(same, "the dose was given [redacted] at noon").as_deref(),
        Some("The dose was given 01/02/2020 at noon")
    );
    let marked = "The court found that [redacted] had paid the fee in full.";
    assert_eq!(find(marked, "found that [redacted] had paid").as_deref(), Some("found that [redacted] had paid"));
}
