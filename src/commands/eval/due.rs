//! What of a try is left: asking its question, or, where another judge is to say of its answer, judging alone.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::counted;
use super::plan::Plan;
use crate::document::{Document, DocumentHash};
use crate::eval::{JudgedBy, ReadAs, Row, Source, Try};

/// Documents that are named one by one.
const NAMED: usize = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Asking,
    Judging,
}

/// What answers of before are held against: the documents as they are now, and who judges now.
pub struct Standard {
    judge: Option<JudgedBy>,
    /// Sessions that read other texts than the documents have now.
    outdated: HashSet<String>,
    /// The names of those documents.
    changed: BTreeSet<String>,
}

impl Standard {
    /// Blocks until the files of what was answered are hashed; only one that is not the same file any more is read.
    pub fn of(plan: &Plan, rows: &BTreeMap<Try, Row>, judge: Option<JudgedBy>) -> Self {
        let mut standard = Self { judge, outdated: HashSet::new(), changed: BTreeSet::new() };
        let (mut hashes, mut read) = (HashMap::new(), HashMap::new());
        for (_, at, of) in plan.tries() {
            let question = &plan.questions[at];
            let Some(row) = rows.get(&of).filter(|row| row.documents.len() == question.documents.len()) else {
                continue;
            };
            let mut pairs = question.documents.iter().zip(&row.documents);
            if pairs.all(|(source, before)| is_same(plan, &mut hashes, source, before)) {
                continue;
            }
            let now = match read.entry(at) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => {
                    let documents = plan.documents.read(question);
                    let hashes = |documents: Vec<Document>| {
                        documents.iter().map(|one| (one.name.clone(), Some(one.hash()))).collect::<Vec<_>>()
                    };
                    // One that cannot be read any more is not what it was.
                    let none = |_| question.documents.iter().map(|one| (one.name().to_owned(), None)).collect();
                    new.insert(documents.map_or_else(none, hashes))
                }
            };
            let others = now.iter().zip(&row.documents).filter(|((_, hash), before)| *hash != Some(before.text));
            let changed: Vec<String> = others.map(|((name, _), _)| name.clone()).collect();
            if !changed.is_empty() {
                standard.outdated.insert(row.session.clone());
                standard.changed.extend(changed);
            }
        }
        standard
    }

    /// What is left of a try with this answer; nothing where the answer counts as it is.
    pub fn due(&self, row: Option<&Row>) -> Option<Due> {
        match row {
            None => Some(Due::Asking),
            Some(row) if self.outdated.contains(&row.session) => Some(Due::Asking),
            // One that gave no verdict is asked once more.
            Some(row) if self.judge.is_some() && (row.judged_by != self.judge || row.unjudged.is_some()) => {
                Some(Due::Judging)
            }
            Some(_) => None,
        }
    }

    /// What is done again, and why, in sentences. `judging`: answers that only the judge is asked about.
    pub fn told(&self, judging: usize) -> Vec<String> {
        let mut told = Vec::new();
        if !self.outdated.is_empty() {
            let names = self.changed.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let more = self.changed.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let which = counted(self.outdated.len(), "answer is", "answers are");
            told.push(format!("{which} from before a document changed ({names}{more}), and asked for again"));
        }
        if let Some(judge) = self.judge.as_ref().filter(|_| judging > 0) {
            let which = counted(judging, "answer of before has", "answers of before have");
            told.push(format!("{which} no verdict of {} to its prompt of now: the judge alone is asked", judge.model));
        }
        told
    }
}

/// Whether the document is what it was, as far as that shows without reading it.
fn is_same(plan: &Plan, hashes: &mut HashMap<Source, Option<DocumentHash>>, source: &Source, before: &ReadAs) -> bool {
    let now = *hashes.entry(source.clone()).or_insert_with(|| match source {
        Source::File(name) => plan.documents.hash(name),
        Source::Text { text, .. } => Some(DocumentHash::of(text)),
    });
    let before = match source {
        Source::File(_) => before.file,
        Source::Text { .. } => Some(before.text),
    };
    now.is_some() && now == before
}
