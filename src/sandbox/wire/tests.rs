//! What passes between the processes comes back as it was, and nothing else is taken.

use super::*;
use proptest::prelude::*;

const JOBS: u32 = 9;

fn word() -> impl Strategy<Value = String> {
    "\\PC{0,12}"
}

fn chunk() -> impl Strategy<Value = ChunkRow> {
    prop_oneof![
        (0usize..9, 0usize..99, 0usize..99).prop_map(|(document, a, b)| ChunkRow::Span(Span::new(document, a, b))),
        (0usize..9, 0usize..99, 0usize..99)
            .prop_map(|(n, a, b)| ChunkRow::Headed { header: Span::new(n, a, b), rows: Span::new(n, b, a) }),
        word().prop_map(ChunkRow::Text),
    ]
}

fn prepared_reply() -> impl Strategy<Value = Reply> {
    let pools = (
        prop::collection::vec(chunk(), 1..6),
        prop::collection::vec(word(), 1..4),
        prop::collection::vec(word(), 1..4),
    );
    (pools, prop::collection::vec(any::<[u32; 3]>(), 0..9)).prop_map(|((chunks, tasks, advices), jobs)| {
        let lengths = [chunks.len() as u32, tasks.len() as u32, advices.len() as u32];
        let jobs = jobs.into_iter().map(|job| std::array::from_fn(|i| job[i] % lengths[i])).collect();
        Reply::Prepared(Prepared { chunks, tasks, advices, jobs })
    })
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        prepared_reply(),
        word().prop_map(Reply::Transformed),
        (0..KINDS.len(), word(), prop::option::of(1u32..99), prop::collection::vec(prop::option::of(word()), 3))
            .prop_map(|(kind, message, line, mut texts)| {
                let (traceback, hint, printed) = (texts.remove(0), texts.remove(0), texts.remove(0));
                Reply::Failed(CodeError { kind: KINDS[kind], message, line, traceback, hint, printed })
            }),
        prop::collection::vec((word(), any::<bool>(), word()), 0..4).prop_map(|layers| {
            let layer = |(name, required, detail)| Layer { name, held: Held::Partly, required, detail };
            Reply::Ready(layers.into_iter().map(layer).collect())
        }),
        prop::option::of(1i32..200).prop_map(Reply::Attempted),
        (prop::collection::vec(word(), 0..4), prop::collection::vec(word(), 0..9))
            .prop_map(|(queries, chunks)| Reply::Asks(Question { queries, chunks })),
        Just(Reply::AsksTooMuch),
    ]
}

proptest! {
    #[test]
    fn a_reply_is_read_as_it_was_written(reply in reply()) {
        prop_assert_eq!(Reply::decode(&reply.encode()[8..], JOBS), Ok(reply));
    }

    #[test]
    fn no_bytes_from_the_child_can_harm_the_parent(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Reply::decode(&bytes, JOBS);
        let _ = Request::decode(&bytes);
        let _ = Answer::decode(&bytes);
    }

    #[test]
    fn an_answer_is_read_as_it_was_written(rows in prop::option::of(prop::collection::vec(prop::collection::vec(-1f32..1.0, 0..5), 0..5))) {
        let answer = Answer(rows);
        prop_assert_eq!(Answer::decode(&answer.encode()[8..]), Ok(answer));
    }

    #[test]
    fn a_damaged_reply_is_refused_or_well_formed(
        reply in reply(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()
    ) {
        let mut frame = reply.encode()[8..].to_vec();
        let at = at.index(frame.len());
        frame[at] = byte;
        if let Ok(Reply::Prepared(prepared)) = Reply::decode(&frame, JOBS) {
            for [chunk, task, advice] in prepared.jobs {
                prop_assert!((chunk as usize) < prepared.chunks.len());
                prop_assert!((task as usize) < prepared.tasks.len());
                prop_assert!((advice as usize) < prepared.advices.len());
            }
        }
        let whole = reply.encode();
        let cut = 8 + cut.index(whole.len() - 8);
        prop_assert_eq!(Reply::decode(&whole[8..cut], JOBS), Err(Malformed));
    }
}

#[test]
fn a_request_is_read_as_it_was_written() {
    let request = Request {
        stage: Stage::Transform,
        milliseconds: 20_000,
        clock_ms: 1_700_000_000_000,
        max_jobs: 2048,
        max_reply: 1 << 26,
        compares: true,
        source: "def prepare_jobs(): …".into(),
        documents: vec![3, 0, 12],
        texts: vec!["chunk", "task"],
        jobs: vec![JobRow {
            chunk: 0,
            task: 1,
            advice: 1,
            chunk_id: 7,
            task_id: 2,
            explanation: String::new(),
            citation: Some("“quoted”".into()),
            answer: None,
        }],
    };
    let (mut frame, tail) = request.around_texts();
    for text in &request.texts {
        frame.extend_from_slice(&(text.len() as u64).to_le_bytes());
        frame.extend_from_slice(text.as_bytes());
    }
    frame.extend_from_slice(&tail);
    assert_eq!(frame[..8], ((frame.len() - 8) as u64).to_le_bytes());
    assert_eq!(Request::decode(&frame[8..]), Ok(request));
}

#[test]
fn more_than_was_asked_for_is_refused() {
    let prepared = |chunks: usize, jobs: usize| {
        let chunks = vec![ChunkRow::Span(Span::new(0, 0, 1)); chunks];
        let texts = vec![String::new()];
        Reply::Prepared(Prepared { chunks, tasks: texts.clone(), advices: texts, jobs: vec![[0; 3]; jobs] }).encode()
    };
    assert!(Reply::decode(&prepared(3, 3)[8..], 3).is_ok());
    assert_eq!(Reply::decode(&prepared(4, 3)[8..], 3), Err(Malformed));
    assert_eq!(Reply::decode(&prepared(3, 4)[8..], 3), Err(Malformed));
    let asks = |queries: usize, chunks: usize| Reply::decode(&question(&vec![""; queries], &vec![""; chunks])[8..], 3);
    assert!(asks(QUERIES, 1).is_ok());
    assert_eq!(asks(QUERIES + 1, 1), Err(Malformed));
    assert_eq!(asks(QUERIES, likeness::PAIRS / QUERIES + 1), Err(Malformed));
    let long = CodeError::new(CodeErrorKind::Exception, "x".repeat(ERROR + 1));
    assert_eq!(Reply::decode(&Reply::Failed(long).encode()[8..], 3), Err(Malformed));
    let long = Reply::Transformed("x".repeat(OUTPUT + 1));
    assert_eq!(Reply::decode(&long.encode()[8..], 3), Err(Malformed));
}

#[test]
fn a_false_count_allocates_nothing() {
    let mut frame = vec![1];
    frame.extend_from_slice(&u64::MAX.to_le_bytes());
    assert_eq!(Reply::decode(&frame, JOBS), Err(Malformed));
}
