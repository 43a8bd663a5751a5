//! The text that the planner's `transform_outputs` returns, read back. Quotations stand in it word for word, with
//! their length before them, so that nothing a document says can be taken for the frame.

/// One kept output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub why: String,
    pub answer: Option<String>,
    pub citation: String,
}

impl Found {
    /// The same text that the planner's program writes.
    pub fn write(&self) -> String {
        let mut text = format!("output\nwhy: {}\n", self.why);
        if let Some(answer) = &self.answer {
            text.push_str(&format!("answer, {} characters:\n{answer}\n", answer.chars().count()));
        }
        text.push_str(&format!("citation, {} characters:\n{}\n", self.citation.chars().count(), self.citation));
        text
    }
}

/// Reads kept outputs; what does not have their form is passed over.
pub fn read_outputs(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut open = Found::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        if line.starts_with("output") {
            open = Found::default();
        } else if let Some(why) = line.strip_prefix("why: ") {
            open.why = why.to_owned();
        } else if let Some(answer) = line.strip_prefix("- ") {
            // The plain list that stands in for a `transform_outputs` that did not work.
            open = Found { answer: Some(answer.to_owned()), ..Found::default() };
        } else if let Some(citation) = line.strip_prefix("  citation: ") {
            found.push(Found { citation: citation.to_owned(), ..std::mem::take(&mut open) });
        } else if let Some(count) = counted(line, "answer") {
            let (answer, after) = split_chars(rest, count);
            open.answer = Some(answer.to_owned());
            rest = after;
        } else if let Some(count) = counted(line, "citation") {
            let (citation, after) = split_chars(rest, count);
            if !citation.is_empty() {
                found.push(Found { citation: citation.to_owned(), ..std::mem::take(&mut open) });
            }
            rest = after;
        }
    }
    found
}

fn counted(line: &str, name: &str) -> Option<usize> {
    line.strip_prefix(name)?.strip_prefix(", ")?.strip_suffix(" characters:")?.parse().ok()
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
        assert_eq!(
            read_outputs(text),
            [Found { why: String::new(), answer: Some("6.60".into()), citation: "8.60  6.60".into() }]
        );
        assert!(read_outputs("No worker found anything.").is_empty());
    }

    proptest! {
        #[test]
        fn whatever_is_quoted_comes_back_word_for_word(
            quotes in proptest::collection::vec(("(?s).{0,40}", "(?s).{1,80}|citation, 3 characters:\noutput\nwhy: x"), 0..5)
        ) {
            let outputs: Vec<Found> = quotes
                .into_iter()
                .map(|(answer, citation)| Found { why: "words".into(), answer: Some(answer), citation })
                .collect();
            let text: String = outputs.iter().map(|output| output.write() + "\n").collect();
            prop_assert_eq!(read_outputs(&text), outputs);
        }
    }
}
