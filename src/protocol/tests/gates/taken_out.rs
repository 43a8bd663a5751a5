//! What the person takes out at the outputs: jobs that are dropped, and words that leave in nothing that comes after.

use super::*;

#[test]
fn dropped_jobs_are_out_of_what_is_aggregated_and_what_the_remote_lm_is_told() {
    let error = CodeError::new(CodeErrorKind::Exception, "KeyError: no");
    // Without a `transform_outputs` that works the outputs go on as they are, so that they can be looked for.
    let world = World { transformed: vec![Err(error)], ..stepping([Gate::Outputs].into_iter().collect()) };
    let run = World { says: says([GateChoice::DropJobs { jobs: [0].into() }]), ..world.clone() }.run();
    let aggregated = run.state.rounds[0].aggregated.as_ref().unwrap();
    assert_eq!((aggregated.kept, aggregated.dropped), (1, 1));
    assert_eq!(aggregated.text.matches("- 42").count(), 1);
    assert!(run.last_user_message(Purpose::Think).contains("held the outputs of 1 of them back"));
    let all = World { says: says([GateChoice::DropJobs { jobs: (0..4).collect() }]), ..world.clone() }.run();
    assert!(all.last_user_message(Purpose::Think).contains("No job gave a usable output"));
    let again = [GateChoice::DropJobs { jobs: [0].into() }, GateChoice::DropJobs { jobs: [].into() }];
    let again = World { says: says(again), ..world }.run();
    assert_eq!(again.state.rounds[0].aggregated.as_ref().unwrap().kept, 2);
}

#[test]
fn what_is_redacted_leaves_in_no_request_of_this_round_or_a_later_one() {
    let run = World {
        transformed: vec![Ok("public\nthe answer is 42\n  hidden line ".into())],
        decisions: vec![MORE, FINAL],
        says: says([
            GateChoice::Redact(Redaction::Pattern(r"answer is \d+".into())),
            GateChoice::Redact(Redaction::Line("hidden line".into())),
        ]),
        ..stepping([Gate::Outputs].into_iter().collect())
    }
    .run();
    assert_eq!(run.state.rounds.len(), 2);
    for ask in run.asked_for(Purpose::Think).into_iter().chain(run.asked_for(Purpose::Decide)) {
        let text: String = ask.messages.iter().map(|message| message.content.as_str()).collect();
        assert!(text.contains("public\nthe [redacted]\n[redacted]"), "{text}");
        assert!(!text.contains("answer is 42") && !text.contains("hidden"), "{text}");
    }
    assert_eq!(run.state.rounds[1].aggregated.as_ref().unwrap().text, "public\nthe [redacted]\n[redacted]");
}

#[test]
fn outputs_that_go_on_with_a_part_redacted_count_as_kept_and_those_of_which_nothing_is_left_do_not() {
    let figures = |pattern: &str| {
        let run = World {
            transformed: vec![Ok("- the answer is 42".into())],
            decisions: vec![MORE, FINAL],
            says: says([GateChoice::Redact(Redaction::Pattern(pattern.into())), GateChoice::Pass]),
            ..stepping([Gate::Outputs].into_iter().collect())
        }
        .run();
        let answered = run.state.rounds[0]
            .jobs
            .iter()
            .filter(|job| job.outcome().is_some_and(|outcome| matches!(outcome, Outcome::Answered { .. })));
        assert_eq!(answered.count(), 2);
        let of = |round: &Round| round.aggregated.as_ref().map(|of| (of.text.clone(), of.kept, of.dropped)).unwrap();
        // The round after is aggregated with the redaction from the beginning.
        assert_eq!(of(&run.state.rounds[0]), of(&run.state.rounds[1]));
        of(&run.state.rounds[0])
    };
    assert_eq!(figures(r"\d+"), ("- the answer is [redacted]".into(), 2, 0));
    assert_eq!(figures("the answer is 42|42"), ("- [redacted]".into(), 0, 2));
}

#[test]
fn what_is_redacted_leaves_in_no_error_and_no_task_of_a_later_program() {
    let raises = CodeError::new(CodeErrorKind::Exception, "the answer is 42, I tell you");
    let run = World {
        transformed: vec![Ok("the answer is 42".into())],
        prepared: vec![Ok(4), Err(raises), Ok(4)],
        decisions: vec![MORE, FINAL],
        says: says([GateChoice::Redact(Redaction::Pattern(r"(answer|fact) (is )?\d+".into()))]),
        ..stepping([Gate::Outputs].into_iter().collect())
    }
    .run();
    let redacted = run.facts.iter().position(|fact| matches!(fact, Fact::OutputsEdited { .. })).unwrap();
    let asked = run.facts[redacted..].iter().filter_map(|fact| match fact {
        Fact::RemoteAsked(request) => Some(request),
        _ => None,
    });
    let (mut errors, mut tasks) = (0, 0);
    for request in asked {
        for message in &request.messages {
            let text = &message.content;
            assert!(!text.contains("answer is 42") && !text.contains("fact 1"), "{text}");
            errors += text.matches("the [redacted], I tell you").count();
            tasks += text.matches("Find [redacted].").count();
        }
    }
    assert!(errors > 0 && tasks > 0);
}

#[test]
fn a_redaction_says_what_is_wrong_with_it_and_never_lets_more_through() {
    assert!(Redaction::Pattern("(".into()).check().unwrap_err().contains("unclosed group"));
    assert_eq!(Redaction::Pattern("(".into()).apply("secret"), Redaction::MARK);
    assert_eq!(Redaction::Pattern("x*".into()).apply("axxb"), "a[redacted]b");
    assert_eq!(Redaction::Line(" a ".into()).apply("a\nab\n a"), "[redacted]\nab\n[redacted]");
}
