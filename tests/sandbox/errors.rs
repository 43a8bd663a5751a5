//! What the remote LM is told of a program that fails.

use super::*;

#[tokio::test]
async fn a_syntax_error_names_its_line() {
    for (source, line) in [
        ("x = 1\ny = (1 +\nz = 3\n", 2),
        ("def f(:\n    pass\n", 1),
        ("if True:\nprint(1)\n", 2),
        ("x = 'abc\ny = 2\n", 1),
        ("a = [1,\n  2\nb = 3\n", 1),
    ] {
        let error = sandbox().transform(at_noon(source), &[]).await.unwrap_err();
        assert_eq!((error.kind, error.line), (CodeErrorKind::Exception, Some(line)), "{source:?}: {error}");
    }
}

#[tokio::test]
async fn an_error_of_the_interpreter_itself_names_the_line_too() {
    let source = program("names = [c.__name__ for c in object.__subclasses__()]\nreturn []");
    let documents: Vec<Arc<str>> = vec!["text".into()];
    if let Err(error) = sandbox().prepare(at_noon(&source), &documents, &[]).await {
        assert_eq!((error.kind, error.line), (CodeErrorKind::Stopped, Some(2)), "{error}");
    }
}

#[tokio::test]
async fn an_error_says_what_to_do_and_what_was_printed_but_tells_no_passage_of_a_document() {
    let documents: Vec<Arc<str>> = vec!["Patient Anna Muster was given lisinopril 20 mg on 2019-03-04.".into()];
    let source = program(
        "print('chunks:', len(context))\nprint(context[0])\nfor job in prev_job_outputs or [JobOutput(explanation='', citation=None, answer=None)]:\n    int(context[0][8:50])",
    );
    let error = sandbox().prepare(at_noon(&source), &documents, &[]).await.unwrap_err();
    assert_eq!((error.kind, error.line), (CodeErrorKind::Exception, Some(5)));
    assert_eq!(error.message, "ValueError: invalid literal for int() with base 10: '[42 characters of the documents]'");
    assert_eq!(error.printed.as_deref(), Some("chunks: 1\n[61 characters of the documents]\n"));
    assert!(!error.traceback.unwrap().contains("Anna"));
}

#[tokio::test]
async fn each_kind_of_failure_has_its_own_sentence_and_hint() {
    let hint = |body: &'static str| async move {
        let error = sandbox().prepare(at_noon(&program(body)), &[], &[]).await.unwrap_err();
        (error.line, error.hint.unwrap_or_else(|| panic!("no hint: {}", error.message)))
    };
    for (body, wanted) in [
        ("import numpy as np", "only the standard library's pure modules"),
        ("return [JobManifests(chunk='c', task='t', advice='a')]", "did you mean JobManifest?"),
        ("return JobOutput(explanation='e', citation=None, answer=None).text", "a JobOutput has explanation, citation"),
        ("return open('/etc/passwd')", "there are no files"),
        ("return JobOutput(explanation='e', citation=None, answer=None).answer.strip()", "test for None first"),
        ("f = lambda n: f(n + 1)\nf(0)", "use a loop"),
    ] {
        let (line, told) = hint(body).await;
        assert!(told.contains(wanted), "{body}: {told}");
        assert!(line.is_some(), "{body}");
    }
    let prints = program("while True:\n    print('x' * 1000)");
    let error = sandbox().prepare(at_noon(&prints), &[], &[]).await.unwrap_err();
    assert_eq!((error.kind, error.line), (CodeErrorKind::OutputLimit, Some(3)), "{error}");
    let returns = "def transform_outputs(jobs):\n    return 'x' * (9 << 20)\n";
    let error = sandbox().transform(at_noon(returns), &[]).await.unwrap_err();
    assert_eq!(error.kind, CodeErrorKind::OutputLimit, "{error}");
    assert!(error.message.contains("9 MB of text, more than the 8 MB"), "{error}");
    let nests = "def transform_outputs(jobs):\n    return str(eval('(' * 100000 + ')' * 100000))\n";
    let error = sandbox().transform(at_noon(nests), &[]).await.unwrap_err();
    assert!(error.message.contains("too deeply") || error.message.contains("SyntaxError"), "{error}");
}

#[tokio::test]
async fn names_and_lines_without_end_are_told_in_part() {
    let names = program("raise type('E' * 1_000_000, (Exception,), {})('why')");
    let lines = program(&format!("text = '{}'; raise ValueError('why')", "lorem ipsum ".repeat(4000)));
    let unreadable = format!("text = '{}'; ]", "lorem ipsum ".repeat(4000));
    for (source, line) in [(names, 2), (lines, 2), (unreadable, 1)] {
        let error = sandbox().prepare(at_noon(&source), &[], &[]).await.unwrap_err();
        assert_eq!((error.kind, error.line), (CodeErrorKind::Exception, Some(line)), "{error}");
        assert!(error.message.len() < 1000 && error.traceback.unwrap().len() < 1000, "{}", error.message);
    }
}

#[tokio::test]
async fn a_limit_that_is_reached_within_a_comprehension_names_itself_and_the_line() {
    let full = program("return [str(n) * 100000 for n in range(20480)]");
    let late = program("while True:\n    [n for n in range(100000)]");
    for (source, seconds, kind, lines) in
        [(full, 20, CodeErrorKind::MemoryLimit, 2..3), (late, 1, CodeErrorKind::TimeLimit, 2..4)]
    {
        let sandbox = sandbox_of(env!("CARGO_BIN_EXE_minions"), 256, seconds);
        let error = sandbox.prepare(at_noon(&source), &[], &[]).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(lines.contains(&error.line.unwrap_or(0)), "{error}");
    }
}
