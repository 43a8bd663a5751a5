//! What the remote LM said and what came of it: the Planner pane and the tabs of Answers.

use super::*;

/// The rows of a pane with text, as text.
fn rows(pane: &RowsPane) -> Vec<String> {
    pane.rows.iter().map(Row::text).filter(|row| !row.trim().is_empty()).collect()
}

fn row_with<'a>(rows: &'a [String], words: &str) -> &'a str {
    rows.iter().find(|row| row.contains(words)).unwrap_or_else(|| panic!("no `{words}` in {rows:#?}"))
}

#[test]
fn a_round_has_a_tab_with_its_decision_and_what_changed_since_the_one_before() {
    let mut model = World::new().two_rounds().model(120, 40);
    assert_eq!(model.answers_tab(), AnswersTab::Answer);
    press(&mut model, "4 right");
    assert_eq!(model.answers_tab(), AnswersTab::Round(1));
    let first = rows(&model.answers);
    for words in ["more information wanted", "Two pages name ", "Which figure is", "Net income is $48.2"] {
        row_with(&first, words);
    }
    assert!(!first.iter().any(|row| row.contains("Since round")));
    press(&mut model, "l l");
    assert_eq!(model.answers_tab(), AnswersTab::Round(2));
    let second = rows(&model.answers);
    assert!(row_with(&second, "Since round 1").contains("1 new, 1 again, 1 no more"));
    row_with(&second, "[-is $48.2-] {+was **$48.2 million** in");
    press(&mut model, "h h h");
    assert_eq!(model.answers_tab(), AnswersTab::Answer);
}

#[test]
fn jobs_that_contradict_one_another_are_listed_with_the_words_they_cite() {
    let mut model = World::new().two_rounds().model(120, 40);
    press(&mut model, "/");
    type_in(&mut model, "contradict");
    press(&mut model, "enter enter");
    assert_eq!(model.answers_tab(), AnswersTab::Round(1));
    let told = rows(&model.answers);
    row_with(&told, "contradict one another  t0 ");
    row_with(&told, "1× $48.2 million in 2023");
    row_with(&told, "1× $51.0 million in 2023");
    press(&mut model, "/");
    type_in(&mut model, "1.10");
    press(&mut model, "enter enter");
    assert_eq!(highlighted(&model), Some("Net income for the year ended 31 December 2023"));
}

#[test]
fn a_number_of_the_answer_that_no_cited_words_hold_is_named() {
    let model = World::new().two_rounds().model(120, 40);
    let told = rows(&model.answers);
    assert!(row_with(&told, "in no cited text").contains("in no cited text: 21.4"));
    let marked = model.answers.rows.iter().flat_map(|row| &row.pieces);
    assert!(marked.into_iter().any(|piece| *piece == Piece::Text(Tone::Warning, "21.4".into())));
}

#[test]
fn a_citation_that_agrees_only_nearly_shows_the_words_of_the_document() {
    let mut world = World::new();
    world.whole();
    for fact in &mut world.facts {
        if let Fact::Answered { citations, .. } = fact {
            citations[1].text = "driven by higher con-tainer volumes on the northern routes".into();
            citations[1].located.as_mut().unwrap().how = Match::Normalised;
        }
    }
    let told = rows(&world.model(120, 40).answers);
    row_with(&told, "in the document");
    row_with(&told, "[-con-tainer-] {+container+}");
}

#[test]
fn while_a_run_goes_on_the_newest_round_is_shown_unless_another_was_gone_to() {
    let mut world = World::new();
    let mut model = world.half().model(120, 40);
    assert_eq!(model.answers_tab(), AnswersTab::Round(1));
    press(&mut model, "4 left");
    assert_eq!(model.answers_tab(), AnswersTab::Answer);
    press(&mut model, "right");
    world.two_rounds_from_half();
    world.feed(&mut model);
    assert_eq!(model.answers_tab(), AnswersTab::Round(1));
}

#[test]
fn every_answer_is_counted_although_only_the_first_are_listed() {
    let mut world = World::new();
    let mut model = world.start().plan_many(60).model(120, 40);
    for index in 0..60 {
        world.answered(index, &format!("figure {index}"), "$48.2 million");
    }
    for (seq, fact) in (1..).zip(&world.facts).skip(model.seq as usize) {
        update(&mut model, Message::Fact { seq, at_ms: seq, fact: Box::new(fact.clone()) });
    }
    let told = rows(model.answers_pane());
    row_with(&told, "60 jobs answered");
    row_with(&told, "and 10 more, which the Jobs pane lists");
}

#[test]
fn programs_are_shown_beside_the_one_before_by_one_key() {
    let mut model = World::new().two_rounds().model(120, 40);
    press(&mut model, "2 g d");
    let told = rows(&model.planner.rows);
    row_with(&told, "against round 1");
    row_with(&told, "lines alike");
    let signed = |mark: Mark| {
        let rows = model.planner.rows.rows.iter();
        rows.filter(|row| matches!(row.pieces.first(), Some(Piece::Mark(_, known)) if *known == mark)).count()
    };
    assert_eq!((signed(Mark::Added), signed(Mark::Removed)), (3, 1));
    press(&mut model, "d");
    assert!(!rows(&model.planner.rows).iter().any(|row| row.contains("against")));
}

#[test]
fn a_search_goes_on_from_where_the_rows_are_now() {
    let mut model = World::new().two_rounds().model(120, 40);
    press(&mut model, "2 g /");
    type_in(&mut model, "The row is");
    press(&mut model, "enter d g n");
    let pane = &model.planner.rows;
    assert!(pane.rows[pane.cursor].text().contains("The row is"), "{}", pane.rows[pane.cursor].text());
}

#[test]
fn a_program_that_failed_shows_its_callers_and_its_traceback_when_asked() {
    let mut world = World::new();
    world.start().reject(
        "import re\n\ndef prepare_jobs(context):\n    jobs = f()\n    return jobs\n",
        5,
        "NameError: f",
    );
    let mut model = world.model(120, 40);
    let arrow = |row: &&Row| matches!(row.pieces.first(), Some(Piece::Mark(Tone::Warning, Mark::Arrow)));
    assert!(model.planner.rows.rows.iter().find(arrow).unwrap().text().contains("jobs = f()"));
    press(&mut model, "2 /");
    type_in(&mut model, "traceback");
    press(&mut model, "enter enter");
    row_with(&rows(&model.planner.rows), "in <listcomp>");
}

#[test]
fn a_call_tells_its_cached_and_reasoning_tokens() {
    let mut world = World::new();
    world.half();
    for fact in &mut world.facts {
        if let Fact::RemoteAnswered(answer) = fact {
            (answer.usage.cached_input_tokens, answer.usage.reasoning_tokens) = (1_024, 64);
        }
    }
    let mut model = world.model(200, 60);
    press(&mut model, "2 z");
    let told = rows(&model.planner.rows);
    let header = row_with(&told, "advise");
    assert!(header.contains("≈ 1.2k in (1.0k cached) · 210 out (64 reasoning) · $0.0052 · 1.8 s"), "{header}");
}

#[test]
fn a_press_on_a_tab_of_the_answers_shows_that_round() {
    let mut model = World::new().two_rounds().model(120, 40);
    let (tab, area) = model.answers_tab_areas()[2];
    update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x: area.x + 1, y: area.y }));
    assert_eq!((tab, model.answers_tab()), (AnswersTab::Round(2), AnswersTab::Round(2)));
}

const MARKDOWN: &str = "(\\{\"a\": 1\\}|\\{\n\n|# a\n|word \\*|\\*\\*b\\*\\* |\n|\n\n|- c\n|  - d\n|1\\. e|> q\n|```python\nx = 1\n|```\n|    i\n|\\| a \\| b \\|\n|\\|---\\|--\\|\n|---\n|===\n|<b>\n|#){0,24}";

#[test]
fn a_block_that_begins_with_a_brace_stays_within_its_reply() {
    let mut world = World::new();
    let mut model = world.start().model(60, 24);
    let ask = world.pending().unwrap();
    for text in ["Like **this**:\n\n", "{\"a\": 1}\n\n", "# So\n\n", "**done**"] {
        update(&mut model, Message::Delta { ask, text: text.into() });
    }
    let told = rows(&model.planner.rows);
    assert_eq!(row_with(&told, "So").trim(), "So");
    assert_eq!(row_with(&told, "done").trim(), "done");
}

proptest::proptest! {
    #[test]
    fn a_reply_that_streams_in_is_laid_out_as_one_that_came_whole(text in MARKDOWN, cuts in proptest::collection::vec(1usize..9, 1..40)) {
        let mut world = World::new();
        world.start();
        let ask = world.pending().unwrap();
        let mut model = world.model(60, 24);
        let mut whole = model.clone();
        let mut rest = text.as_str();
        for cut in cuts.iter().cycle() {
            let (part, after) = rest.split_at(rest.floor_char_boundary(*cut.min(&rest.len())));
            update(&mut model, Message::Delta { ask, text: part.into() });
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        update(&mut whole, Message::Delta { ask, text: text.clone() });
        whole.lay_out_planner();
        proptest::prop_assert_eq!(&model.planner.rows.rows, &whole.planner.rows.rows, "{:?}", text);
    }
}
