//! What one round found: its decision, what changed since the round before, where its jobs contradict one another, what
//! they answered, and what of that was sent on.

use crate::app::figures::{counted, sentence, short_bytes};
use crate::app::model::Model;
use crate::app::reword::reworded;
use crate::app::rows::{Mark, Piece, Target, Tone, Writer, match_word, pad};
use crate::app::visible::gist;
use crate::document::Located;
use crate::ledger::{Conflict, changes, conflicts};
use crate::protocol::{Decision, Job, JobId, JobOutput, Outcome, Round, State};

/// Findings listed; the Jobs pane has them all.
const FOUND: usize = 50;
/// Changed citations listed, of each kind.
const CHANGED: usize = 12;
/// Characters of an answer or a citation in a list.
const GIST: usize = 200;

/// A job that answered.
struct Finding<'a> {
    id: JobId,
    job: &'a Job,
    output: &'a JobOutput,
    located: Option<&'a Located>,
}

fn findings(round: &Round) -> impl Iterator<Item = Finding<'_>> {
    (0u32..).zip(&round.jobs).filter_map(|(index, job)| match job.outcome()? {
        Outcome::Answered { output, located } => {
            Some(Finding { id: JobId { round: round.number, index }, job, output, located: located.as_ref() })
        }
        _ => None,
    })
}

/// Whether there is anything to show of the round yet.
pub fn has_findings(round: &Round) -> bool {
    round.decision.is_some() || round.aggregated.is_some() || findings(round).next().is_some()
}

impl Model {
    pub(crate) fn write_findings(&self, writer: &mut Writer, round: &Round) {
        if let Some(decision) = &round.decision {
            write_decision(writer, &self.state, round, decision);
        }
        let before = (round.number as usize).checked_sub(2).and_then(|at| self.state.rounds.get(at));
        if let Some(before) = before {
            self.write_changes(writer, before, round);
        }
        for conflict in conflicts(round) {
            writer.blank();
            self.write_conflict(writer, round, &conflict);
        }
        self.write_found(writer, round);
        if let Some(aggregated) = &round.aggregated {
            writer.blank();
            let words = format!(
                "  {} · {} answers kept, {} dropped",
                short_bytes(aggregated.text.len() as u64),
                aggregated.kept,
                aggregated.dropped
            );
            writer.row(vec![Piece::text(Tone::Heading, "Sent on"), Piece::text(Tone::Dim, words)], None);
            writer.text(Tone::Text, 0, &aggregated.text, None);
        }
    }

    fn write_found(&self, writer: &mut Writer, round: &Round) {
        let count = findings(round).count();
        if count == 0 {
            return;
        }
        writer.blank();
        let words = if round.aggregated.is_some() { "Found" } else { "Found so far" };
        let told = if count == 1 { "  1 job answered".into() } else { format!("  {count} jobs answered") };
        writer.row(vec![Piece::text(Tone::Heading, words), Piece::text(Tone::Dim, told)], None);
        for finding in findings(round).take(FOUND) {
            let answer = short(finding.output.answer.as_deref().unwrap_or_default());
            self.write_finding(writer, round, &finding, 0, &answer);
        }
        if count > FOUND {
            let words = format!("and {} more, which the Jobs pane lists", count - FOUND);
            writer.row(vec![pad(2), Piece::text(Tone::Dim, words)], None);
        }
    }

    /// A job with how its citation was found, where it read, and some words; Enter goes to the citation.
    fn write_finding(&self, writer: &mut Writer, round: &Round, finding: &Finding, indent: usize, words: &str) {
        let Finding { id, job, output, located } = finding;
        let cited = output.citation.as_deref().unwrap_or_default();
        let (tone, mark, word) = match_word(cited, located.map(|located| located.how));
        let place = self.place_of(round.chunk_of(job));
        let mut lead = vec![
            pad(indent),
            Piece::Mark(tone, mark),
            pad(1),
            Piece::text(Tone::Dim, format!("{:<6} {place:<7}", id.to_string())),
            pad(1),
        ];
        match (located, &output.citation) {
            (Some(_), _) => {}
            (None, Some(_)) => lead.push(Piece::text(tone, format!("{word} "))),
            (None, None) => lead.push(Piece::text(Tone::Warning, "no citation ")),
        }
        writer.lead(lead, Tone::Text, words, Some(Target::Job(*id)));
    }

    /// Values of a task that cannot both be right, each with the jobs that gave it and the words they cite.
    fn write_conflict(&self, writer: &mut Writer, round: &Round, conflict: &Conflict) {
        let task = round.tasks.get(conflict.task as usize).map_or("", String::as_str);
        let lead = vec![
            Piece::Mark(Tone::Warning, Mark::Failed),
            pad(1),
            Piece::text(Tone::Warning, format!("jobs contradict one another  t{} ", conflict.task)),
        ];
        writer.lead(lead, Tone::Dim, &short(task), None);
        for value in &conflict.values {
            let lead = vec![pad(2), Piece::text(Tone::Dim, format!("{}× ", value.jobs.len()))];
            writer.lead(lead, Tone::Strong, &short(&value.answer), None);
            for id in value.jobs.iter().take(CHANGED) {
                let Some(finding) = self.finding(*id) else { continue };
                let cited = finding.output.citation.as_deref().unwrap_or_default();
                self.write_finding(writer, round, &finding, 4, &short(cited));
            }
        }
        if conflict.left_out > 0 {
            let words = format!("and {} more", counted(conflict.left_out, "value"));
            writer.row(vec![pad(2), Piece::text(Tone::Dim, words)], None);
        }
    }

    fn finding(&self, id: JobId) -> Option<Finding<'_>> {
        let job = self.state.job(id)?;
        match job.outcome()? {
            Outcome::Answered { output, located } => Some(Finding { id, job, output, located: located.as_ref() }),
            _ => None,
        }
    }

    /// What the round found that the one before had not, and how its conclusion reads now.
    fn write_changes(&self, writer: &mut Writer, before: &Round, round: &Round) {
        let changed = changes(before, round);
        let conclusions = round.decision.as_ref().map(|now| (before.decision.as_ref().map_or("", conclusion), now));
        let conclusion = conclusions.and_then(|(then, now)| reworded(then, conclusion(now)));
        writer.blank();
        let words = format!(
            "  places cited: {} new, {} again, {} no more",
            changed.new.len(),
            changed.again,
            changed.gone.len()
        );
        let heading = format!("Since round {}", before.number);
        writer.lead(vec![Piece::text(Tone::Heading, heading)], Tone::Dim, &words, None);
        for (jobs, of, mark, tone) in
            [(&changed.new, round, Mark::Added, Tone::Good), (&changed.gone, before, Mark::Removed, Tone::Bad)]
        {
            for id in jobs.iter().take(CHANGED) {
                let Some(finding) = self.finding(*id) else { continue };
                let place = self.place_of(of.chunk_of(finding.job));
                let lead = vec![Piece::Mark(tone, mark), pad(1), Piece::text(Tone::Dim, format!("{id} {place} "))];
                let cited = short(finding.output.citation.as_deref().unwrap_or_default());
                writer.lead(lead, Tone::Quote, &cited, Some(Target::Job(*id)));
            }
            if jobs.len() > CHANGED {
                let words = format!("and {} more", jobs.len() - CHANGED);
                writer.row(vec![Piece::Mark(tone, mark), pad(1), Piece::text(Tone::Dim, words)], None);
            }
        }
        if let Some(lines) = conclusion {
            writer.row(vec![pad(2), Piece::text(Tone::Dim, "conclusion")], None);
            for line in lines.iter().filter(|line| !line.is_blank()) {
                writer.line(vec![pad(4)], &[pad(4)], line, None);
            }
        }
    }
}

/// The first words of a text on one line.
fn short(text: &str) -> String {
    let words = gist(text, GIST);
    let cut = text.split_whitespace().map(|word| word.chars().count() + 1).sum::<usize>() > GIST + 1;
    if cut { words + "…" } else { words }
}

/// What a decision holds to be known: the answer, or the scratchpad.
fn conclusion(decision: &Decision) -> &str {
    match decision {
        Decision::ProvideFinalAnswer(last) => last.answer.as_deref().unwrap_or_default(),
        Decision::RequestAdditionalInfo(more) => &more.scratchpad,
    }
}

/// What the remote LM decided, or the person in its place, and why.
pub fn write_decision(writer: &mut Writer, state: &State, round: &Round, decision: &Decision) {
    let by_hand = round.decided_by_hand();
    let none = sentence(&state.why_no_answer_of(round));
    let why = if by_hand { "the remote LM had said" } else { "why" };
    let (word, parts) = match decision {
        Decision::ProvideFinalAnswer(last) => {
            let answer = last.answer.as_deref().unwrap_or(&none);
            ("final answer", vec![("", answer), (why, last.explanation.as_str())])
        }
        Decision::RequestAdditionalInfo(more) => (
            "more information wanted",
            vec![(why, more.explanation.as_str()), ("find out", &more.feedback), ("known so far", &more.scratchpad)],
        ),
    };
    let by_hand = Piece::text(Tone::Accent, if by_hand { ", decided by hand" } else { "" });
    writer.row(vec![Piece::Mark(Tone::Accent, Mark::Arrow), pad(1), Piece::text(Tone::Strong, word), by_hand], None);
    for (name, text) in parts.into_iter().filter(|(_, text)| !text.trim().is_empty()) {
        if !name.is_empty() {
            writer.row(vec![pad(2), Piece::text(Tone::Dim, name)], None);
        }
        writer.markdown(Tone::Text, if name.is_empty() { 2 } else { 4 }, text.trim(), None);
    }
}
