//! The functions that a program finds defined.

use super::*;

/// What the expressions give, each on a line of its own; an exception as its class and message.
async fn values(expressions: &[&str]) -> Vec<String> {
    let calls: Vec<String> = expressions.iter().map(|expression| format!("lambda: {expression},")).collect();
    let source = format!(
        "def transform_outputs(jobs):\n\
        \x20   chunks = ['weather', 'wind', 'revenue fell', 'revenue rose, revenue doubled', 'rain', 'snow', 'net income']\n\
        \x20   lines = []\n\
        \x20   for call in ({}):\n\
        \x20       try:\n            lines.append(repr(call()))\n\
        \x20       except (TypeError, ValueError) as error:\n            lines.append(type(error).__name__ + ': ' + str(error))\n\
        \x20   return '\\n'.join(lines)\n",
        calls.concat()
    );
    sandbox().transform(at_noon(&source), &[]).await.unwrap().lines().map(str::to_owned).collect()
}

async fn assert_values(expected: &[(&str, &str)]) {
    let expressions: Vec<&str> = expected.iter().map(|(expression, _)| *expression).collect();
    let values = values(&expressions).await;
    assert_eq!(values.len(), expected.len(), "{values:#?}");
    for ((expression, expected), value) in expected.iter().zip(&values) {
        assert_eq!(value, expected, "{expression}");
    }
}

#[tokio::test]
async fn the_functions_do_what_the_remote_lm_is_told() {
    assert_values(&[
        ("[len(c) for c in chunk_by_section('é' * 25, 10, 2)]", "[10, 10, 9, 1]"),
        ("[len(c) for c in chunk_by_section('e' * 25, max_chunk_size=10, overlap=2)]", "[10, 10, 9, 1]"),
        ("[len(chunk_by_section('x' * 5980)), chunk_by_section('')]", "[3, []]"),
        ("chunk_by_page('a\\x0c \\x0cb\\x0c')", "['a', ' ', 'b']"),
        ("chunk_by_paragraph('a\\n\\nb\\n')", r"['a\n\nb']"),
        ("chunk_by_heading('a\\n\\n# B\\nb\\n\\nItem 7A.\\nc')", r"['a', '# B\nb', 'Item 7A.\nc']"),
        ("chunk_by_heading('# B\\none two three', max_chunk_size=11)", r"['# B\none', 'two three']"),
        ("chunk_by_page('ab\\x0ccd', 1)", "['ab', '\\x0ccd']"),
        ("chunk_by_paragraph('a' * 500 + '\\n\\nb', overlap=3)[1]", r"'a\n\nb'"),
        ("chunk_by_heading('# B\\none two three', max_chunk_size=14, overlap=3)", r"['# B\none', 'ne two three']"),
        ("chunk_by_table('a,b,c\\n1,2,3\\n4,5,6\\n', 12)", r"['a,b,c\n1,2,3\n', 'a,b,c\n4,5,6\n']"),
        ("chunk_by_tokens('Net sales rose by', 3, 1)", "['Net sales rose', ' rose by']"),
        ("chunk_by_code('import re\\n\\ndef f():\\n    1\\n', 20)", r"['import re\n\n', 'def f():\n    1\n']"),
        (
            "bm25_retrieve_top_k_chunks(['revenue', 'net income'], chunks, k=2)",
            "['net income', 'revenue rose, revenue doubled']",
        ),
        (
            "bm25_retrieve_top_k_chunks(['revenue', 'net income'], chunks=chunks, weights={'net income': 9.0}, k=1)",
            "['net income']",
        ),
        ("retrieve('net income', chunks, 1)", "['net income']"),
        ("retrieve(['net income', 'weather'], chunks + ['weather'], k=2)", "['net income', 'weather']"),
        (r"find_all('(?i)RE\w+', chunks[3])", "['revenue', 'revenue']"),
        (r"find_all('(?P<word>r.se)', chunks, around=2)", "['e rose, ']"),
        ("find_all('a')", "[]"),
    ])
    .await;
}

#[tokio::test]
async fn wrong_arguments_are_named_with_their_function() {
    assert_values(&[
        ("chunk_by_section()", "TypeError: chunk_by_section() missing 1 required positional argument: 'doc'"),
        ("retrieve(k=1)", "TypeError: retrieve() missing 2 required positional arguments: 'queries' and 'chunks'"),
        ("chunk_by_section('a', size=3)", "TypeError: chunk_by_section() got an unexpected keyword argument 'size'"),
        ("chunk_by_page('a', doc='b')", "TypeError: chunk_by_page() got multiple values for argument 'doc'"),
        (
            "chunk_by_page('a', 2, 3)",
            "TypeError: chunk_by_page() takes from 1 to 2 positional arguments but 3 were given",
        ),
        (
            "chunk_by_heading('a', 2, 1, 4)",
            "TypeError: chunk_by_heading() takes from 1 to 3 positional arguments but 4 were given",
        ),
        ("chunk_by_section(7)", "TypeError: chunk_by_section() argument 'doc' must be str, not int"),
        ("chunk_by_code(None)", "TypeError: chunk_by_code() argument 'doc' must be str, not None"),
        ("chunk_by_code('a', 2.5)", "TypeError: chunk_by_code() argument 'max_chunk_size' must be int, not float"),
        ("chunk_by_code('a', 0)", "ValueError: chunk_by_code() argument 'max_chunk_size' must be at least 1, not 0"),
        (
            "chunk_by_section('a', 10, 10)",
            "ValueError: chunk_by_section() argument 'overlap' must be smaller than 'max_chunk_size'",
        ),
        ("retrieve(['a'], 'text')", "TypeError: retrieve() argument 'chunks' must be a list of str, not str"),
        (
            "bm25_retrieve_top_k_chunks([1], chunks)",
            "TypeError: bm25_retrieve_top_k_chunks() argument 'keywords' must be str, not int",
        ),
        (
            "bm25_retrieve_top_k_chunks(['a'], chunks, 3)",
            "TypeError: bm25_retrieve_top_k_chunks() argument 'weights' must be a dict or a list of numbers, not int",
        ),
        ("find_all('(a')", "ValueError: find_all() argument 'pattern': unclosed group"),
        (
            "find_all('(?<=a)b')",
            "ValueError: find_all() argument 'pattern': lookaround cannot be searched for here; use `re` for these",
        ),
        ("chunk_by_page('\\ud800')", "ValueError: chunk_by_page() argument 'doc' holds half of a surrogate pair"),
        (
            "chunk_by_page.__name__ + ': ' + chunk_by_page.__doc__",
            "'chunk_by_page: all pages, blank ones too, so that the n-th is page n'",
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_is_searched_for_without_a_document_is_searched_for_in_all() {
    let documents: Vec<Arc<str>> = vec!["Größe 1.".into(), "none".into(), "Größe 2.".into()];
    let source =
        program("return [JobManifest(chunk=c, task='t', advice='') for c in find_all(r'Gr\\S+ \\d', around=1)]");
    let manifests = sandbox().prepare(at_noon(&source), &documents, &[]).await.unwrap();
    let chunks: Vec<Chunk> = manifests.into_iter().map(|manifest| manifest.chunk).collect();
    let end = documents[0].len();
    assert_eq!(chunks, [Chunk::Span(Span::new(0, 0, end)), Chunk::Span(Span::new(2, 0, end))]);
}

#[tokio::test]
async fn rows_are_retrieved_by_the_heading_of_their_table_however_they_were_cut() {
    let rows = |side: &str| (0..40).map(|n| format!("{side}{n},{},{}\n", n * 7, n * 11)).collect::<String>();
    let table = |heading: &str, side: &str| format!("# {heading}\n\nplace,sum,share\n{}\n", rows(side));
    let text = format!("{}{}", table("Tolls of the north", "n"), table("Fees of the south", "s"));
    let documents: Vec<Arc<str>> = vec![text.into()];
    for cut in ["chunk_by_table(context[0], 150)", "chunk_by_section(context[0], 150, 0)"] {
        for best in ["bm25_retrieve_top_k_chunks(['fees'], chunks, k=4)", "retrieve('fees', chunks, k=4)"] {
            let source = program(&format!(
                "chunks = {cut}\nagain = {best}\nbest = {best}\nassert best == again\nreturn [JobManifest(chunk=c, task='t', advice='') for c in best]"
            ));
            let manifests = sandbox().prepare(at_noon(&source), &documents, &[]).await.unwrap();
            let south = documents[0].find("# Fees").unwrap();
            for manifest in &manifests {
                let place = manifest.chunk.place().unwrap();
                assert!(place.end > south, "{cut} {best}: {place:?}");
            }
            assert_eq!(manifests.len(), 4);
        }
    }
}

#[tokio::test]
async fn native_functions_keep_the_limits_and_name_the_line() {
    let documents: Vec<Arc<str>> = vec!["Net sales rose. ".repeat(20_000).into()];
    for call in ["retrieve('sales', [context[0]] * 100_000)", "find_all('a', context * 100_000)"] {
        let sandbox = sandbox_of(env!("CARGO_BIN_EXE_minions"), 256, 1);
        let error = sandbox.prepare(at_noon(&program(&format!("x = 1\n{call}"))), &documents, &[]).await.unwrap_err();
        let limit = matches!(error.kind, CodeErrorKind::TimeLimit | CodeErrorKind::MemoryLimit);
        assert!(limit && error.line == Some(3), "{call}: {error:?}");
    }
    let sandbox = sandbox_of(env!("CARGO_BIN_EXE_minions"), 256, 20);
    let error = sandbox
        .prepare(at_noon(&program("chunk_by_section(context[0], 3000, 2999)")), &documents, &[])
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.line), (CodeErrorKind::MemoryLimit, Some(2)), "{error}");
}
