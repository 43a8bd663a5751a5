//! The text that the planner's `transform_outputs` returns, read back. Quotations stand in it word for word, with
//! their length before them, so that nothing a document says can be taken for the frame.

use std::ops::Range;

/// One kept output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub citation: String,
    /// Where the worker's answer stands in the citation, in characters; nothing where it is said in other words.
    pub answer: Option<Range<usize>>,
}

impl Found {
    /// The same text that the planner's program writes.
    pub fn write(&self) -> String {
        let characters = self.citation.chars().count();
        let answer = self.answer.as_ref().map(|at| format!(", {}-{}", at.start, at.end)).unwrap_or_default();
        format!("[{characters}{answer}]\n{}\n", self.citation)
    }
}

/// Reads kept outputs; what does not have their form is passed over.
pub fn read_outputs(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        // The plain list that stands in for a `transform_outputs` that did not work.
        if let Some(citation) = line.strip_prefix("  citation: ") {
            found.push(Found { citation: citation.to_owned(), answer: None });
        } else if let Some((count, answer)) = heading(line) {
            let (citation, after) = split_chars(rest, count);
            if !citation.is_empty() {
                found.push(Found { citation: citation.to_owned(), answer });
            }
            rest = after;
        }
    }
    found
}

/// How many characters follow, and where among them the answer stands.
fn heading(line: &str) -> Option<(usize, Option<Range<usize>>)> {
    let (count, answer) = match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
        Some(short) => (short.split(", ").next()?, short.split_once(", ").and_then(|(_, at)| at.split_once('-'))),
        // As programs of version 0.1.0 wrote it.
        None => {
            let (count, answer) = line.strip_prefix("citation, ")?.strip_suffix(':')?.split_once(" characters")?;
            (count, answer.strip_prefix(", answer at ").and_then(|answer| answer.split_once(" to ")))
        }
    };
    let answer = answer.and_then(|(start, end)| Some(start.parse().ok()?..end.parse().ok()?));
    Some((count.parse().ok()?, answer))
}

fn split_chars(text: &str, count: usize) -> (&str, &str) {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_plain_list_is_read_too() {
        let text = "transform_outputs did not work; these are the answered jobs as they are.\n\nTask 0: Find it\n- 6.60\n  citation: 8.60  6.60\n";
        assert_eq!(read_outputs(text), [Found { citation: "8.60  6.60".into(), answer: None }]);
        assert!(read_outputs("No worker found anything.").is_empty());
    }

    proptest! {
        #[test]
        fn whatever_is_quoted_comes_back_word_for_word(
            quotes in proptest::collection::vec(("(?s).{1,80}|citation, 3 characters:\ncitation", 0usize..9), 0..5)
        ) {
            let outputs: Vec<Found> = quotes
                .into_iter()
                .map(|(citation, start)| Found { citation, answer: (start > 0).then_some(start..start + 3) })
                .collect();
            let text: String = outputs.iter().map(|output| output.write() + "\n").collect();
            prop_assert_eq!(read_outputs(&text), outputs);
        }
    }
}
