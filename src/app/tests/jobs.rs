//! The Jobs pane, as a table and as a grid, and what can be done to a job.

use super::*;

#[test]
fn a_job_opens_to_its_details_and_jumps_to_its_citation() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 g j j enter");
    assert!(matches!(model.overlay, Some(Overlay::Job { job: JobId { round: 1, index: 2 }, .. })));
    press(&mut model, "enter");
    assert!(model.overlay.is_none());
    assert_eq!(highlighted(&model), Some("Net income for the year ended 31 December 2023 was $48.2 million"));
}

#[test]
fn a_job_whose_citation_is_not_found_shows_its_chunk_and_says_so() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 g");
    for _ in 0..8 {
        press(&mut model, "down");
    }
    press(&mut model, "o");
    assert!(model.document.highlight.unwrap().how.is_none());
    assert!(notice(&model).contains("NOT FOUND"));
}

#[test]
fn only_a_job_in_flight_can_be_cancelled() {
    let mut model = World::new().half().model(120, 40);
    assert_eq!(press(&mut model, "3 G x"), [Command::CancelJob(JobId { round: 1, index: 15 })]);
    assert_eq!(press(&mut model, "g x"), []);
    assert!(notice(&model).contains("ended already"));
}

#[test]
fn the_list_of_jobs_can_be_narrowed() {
    let mut model = World::new().half().model(120, 40);
    let mut seen = Vec::new();
    while seen.last() != Some(&("cancelled".to_owned(), 1)) {
        seen.push((model.jobs.filter.name().to_owned(), model.listed_jobs().len()));
        press(&mut model, "3 f");
    }
    let expected = [
        ("all", 16),
        ("answered", 3),
        ("unfinished", 7),
        ("in trouble", 3),
        ("waiting", 5),
        ("running", 2),
        ("abstained", 3),
        ("malformed", 1),
        ("failed", 1),
        ("cancelled", 1),
    ];
    assert_eq!(seen, expected.map(|(name, count)| (name.to_owned(), count)), "no state that no job is in");
    assert_eq!(model.jobs.filter, Filter::All);
}

/// The rows of the table as job indexes.
fn listed(model: &Model) -> Vec<u32> {
    model.listed_jobs().to_vec()
}

#[test]
fn one_key_sorts_the_jobs_and_the_cursor_stays_with_its_job() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 g j j i");
    assert_eq!(model.jobs.sort, Sort::State);
    assert_eq!(listed(&model)[..8], [10, 11, 7, 12, 13, 14, 15, 5], "running, waiting, then trouble");
    press(&mut model, "i i");
    assert_eq!((model.jobs.sort, &listed(&model)[..3]), (Sort::Task, &[0, 2, 4][..]));
    press(&mut model, "i");
    assert_eq!(listed(&model)[0], 6, "two attempts took the most tokens");
    press(&mut model, "j j");
    let job = model.selected_job();
    let mut world = World::new();
    world.half();
    world.answered(10, "one", "no such words");
    // The job that ended goes up by its tokens; the cursor does not stay on the row but on the job.
    world.feed(&mut model);
    assert_eq!(model.selected_job(), job);
    press(&mut model, "i i");
    assert_eq!(model.jobs.sort, Sort::Order);
}

#[test]
fn jobs_are_narrowed_to_a_task_and_to_what_is_typed() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 g j T");
    assert_eq!(listed(&model), [1, 3, 5, 7, 9, 11, 13, 15]);
    press(&mut model, "T F");
    assert!(matches!(model.overlay, Some(Overlay::Search(_))));
    type_in(&mut model, "figure 48");
    press(&mut model, "esc F");
    type_in(&mut model, "million");
    press(&mut model, "enter");
    assert_eq!(listed(&model), [2, 8]);
    assert_eq!(model.jobs_narrowed(), "\"million\"");
    press(&mut model, "F");
    assert_eq!(listed(&model).len(), 16);
    press(&mut model, "F");
    assert_eq!(listed(&model), [2, 8], "the search that was made is the one that narrows");
}

#[test]
fn only_jobs_in_trouble_are_tried_again_and_a_refusal_says_why() {
    let job = |index| JobId { round: 1, index };
    let mut world = World::new();
    let mut model = world.half().model(120, 40);
    press(&mut model, "3 g j j j j j");
    assert_eq!(press(&mut model, "R"), [Command::RetryJobs(vec![job(5)])]);
    assert_eq!(press(&mut model, "ctrl-r"), [Command::RetryJobs(vec![job(5), job(6), job(9)])]);
    assert_eq!(press(&mut model, "enter R"), [Command::RetryJobs(vec![job(5)])], "and from its details");
    press(&mut model, "esc g R");
    assert_eq!(notice(&model), "job 1.0 abstained; only jobs in trouble are tried again");
    press(&mut model, "G R");
    assert_eq!(notice(&model), "job 1.15 has not ended yet");
    world.input(Input::RetryJobs(vec![job(5), job(9)]));
    world.answered(5, "again", "nowhere");
    world.feed(&mut model);
    let retried = model.state.job(job(5)).unwrap();
    assert_eq!((retried.attempt(), retried.outcome().unwrap().name()), (2, "answered"));
    press(&mut model, "g j j j j j enter");
    let Some(Overlay::Job { rows, .. }) = &model.overlay else { panic!() };
    let told: Vec<String> = rows.rows.iter().map(Row::text).collect();
    let told = told.join("\n");
    for words in
        ["attempt 2", "failed, and tried again at your word", "closed the connection", "raw reply", "<excerpt-"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let mut done = World::new().whole().model(120, 40);
    assert_eq!(press(&mut done, "3 ctrl-r"), []);
    assert_eq!(notice(&done), "no run is in flight");
}

#[test]
fn a_round_that_has_aggregated_takes_no_job_back() {
    let mut world = World::new();
    world.half();
    world.job(7, "{", None);
    for index in 10..16 {
        world.abstained(index);
    }
    let mut model = world.model(120, 40);
    assert!(model.is_running());
    let refused = "round 1 has gone on to aggregate; its jobs stand as they are";
    for keys in ["3 g j j j j j R", "ctrl-r"] {
        assert_eq!(press(&mut model, keys), []);
        assert_eq!(notice(&model), refused);
        press(&mut model, "esc");
    }
}

#[test]
fn in_the_grid_keys_go_from_cell_to_cell_and_open_their_jobs() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3 v");
    assert_eq!(model.selected_job(), Some(JobId { round: 1, index: 7 }), "the work is followed");
    press(&mut model, "g h l l j");
    assert_eq!(model.grid_cursor(), Cell { chunk: 4, task: 1 });
    press(&mut model, "h h h");
    assert_eq!(model.selected_job(), Some(JobId { round: 1, index: 3 }));
    press(&mut model, "enter");
    assert!(matches!(model.overlay, Some(Overlay::Job { job: JobId { round: 1, index: 3 }, .. })));
    press(&mut model, "esc f");
    assert_eq!(model.job_grid().best(Cell { chunk: 0, task: 0 }), None, "only the answered are left");
    press(&mut model, "f f f f f f f f f l l j k o");
    assert_eq!(model.focus, Pane::Document);
}

#[test]
fn what_is_open_is_searched_and_keys_of_the_list_beneath_do_nothing() {
    let mut model = World::new().half().model(80, 24);
    press(&mut model, "3 g j j enter");
    let job = JobId { round: 1, index: 2 };
    let is_open = |model: &Model| matches!(model.overlay, Some(Overlay::Job { job: open, .. }) if open == job);
    assert!(is_open(&model));
    assert!(press(&mut model, "/ x").is_empty(), "what is typed is no key of a job");
    press(&mut model, "esc");
    assert!(is_open(&model), "back to what was open");
    press(&mut model, "/");
    type_in(&mut model, "net income");
    press(&mut model, "enter");
    let found = |model: &Model| match &model.overlay {
        Some(Overlay::Job { rows, .. }) => rows.search.as_ref().map(|search| (search.current, search.matches.len())),
        _ => None,
    };
    let Some((Some(0), count @ 2..)) = found(&model) else { panic!("{:?}", found(&model)) };
    press(&mut model, "n");
    assert_eq!(found(&model), Some((Some(1), count)));
    press(&mut model, "N N");
    assert_eq!(found(&model), Some((Some(count - 1), count)), "around the beginning");
    press(&mut model, "/");
    type_in(&mut model, "nowhere at all");
    press(&mut model, "enter");
    assert!(is_open(&model) && notice(&model).contains("`nowhere at all` is not in this"), "{}", notice(&model));
    assert!(press(&mut model, "ctrl-r").is_empty() && is_open(&model));
    press(&mut model, "esc");
    assert!(model.overlay.is_none());
}

#[test]
fn a_key_that_would_do_nothing_is_not_hinted_at_in_a_job() {
    let mut model = World::new().half().model(80, 24);
    press(&mut model, "3 G enter");
    assert!(model.hint_works(Action::CancelJob) && !model.hint_works(Action::RetryJob), "it waits");
    press(&mut model, "esc g j j enter");
    assert!(!model.hint_works(Action::CancelJob), "it has ended");
    model.mode = Mode::Live { running: false };
    assert!(!model.hint_works(Action::CancelJob) && !model.hint_works(Action::RetryJob));
    assert!(model.hint_works(Action::Copy) && model.hint_works(Action::Dismiss));
}

#[test]
fn a_second_press_on_a_row_opens_it_and_one_beside_what_is_open_closes_it() {
    let mut model = World::new().half().model(120, 40);
    press(&mut model, "3");
    let list = model.jobs_list();
    let mut mouse = |x, y| update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x, y }));
    mouse(list.x + 4, list.y + 1);
    mouse(list.x + 4, list.y + 1);
    let open = model.overlay_area();
    assert!(matches!(model.overlay, Some(Overlay::Job { .. })));
    let mut mouse = |x, y| update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x, y }));
    mouse(open.x + 3, open.y + 2);
    assert!(model.overlay.is_some(), "within");
    update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x: 0, y: open.y }));
    assert!(model.overlay.is_none());
    press(&mut model, "q");
    update(&mut model, Message::Mouse(Mouse { what: MouseKind::Press, x: 0, y: 0 }));
    assert!(model.overlay.is_some(), "what asks something wants an answer");
    press(&mut model, "n");
    update(&mut model, Message::Hinted(Action::Help));
    assert!(matches!(model.overlay, Some(Overlay::Help(_))), "a hint that was pressed");
}
