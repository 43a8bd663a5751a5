//! A session as the workbench shows it while it is played back, frame by frame, without a clock: the same at every replay.

use super::super::Failure;
use super::subject::{Subject, Told};
use crate::app::picker::Note;
use crate::app::{Message, Mode, Model, Player, update};
use crate::journal::{Record, Stored};
use crate::protocol::Fact;

/// What happens within this time is one frame. In milliseconds.
const FRAME_MS: u64 = 100;
/// Work beside the screen that leads to more work is done this often at most: it ends long before.
const PASSES: usize = 1000;

/// Shows every frame to `show`, with the milliseconds since the session began.
pub fn film(
    subject: &Subject,
    (width, height): (u16, u16),
    show: &mut dyn FnMut(u64, &Model) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let told = subject.records()?.collect::<Result<Vec<_>, _>>()?;
    let (records, counted): (Vec<_>, Vec<_>) = told.into_iter().map(|Told { shown, whole }| (shown, whole)).unzip();
    let player = |position: usize| Player {
        position: position as u64,
        len: records.len() as u64,
        repeat: (None, None),
        playing: position < records.len(),
        speed: 1.0,
    };
    let mut model = Model::new(subject.documents.clone(), Mode::Replay(player(0)));
    let mut folds = subject.folds();
    let tell = |model: &mut Model, message: Message| drop(update(model, message));
    tell(&mut model, Message::Resize { width, height });
    tell(&mut model, Message::Rounds(rounds(&records)));
    tell(&mut model, Message::Notes(notes(subject, &records)));
    let slot = |record: &Record| record.at_ms.saturating_sub(subject.began_ms) / FRAME_MS;
    for (at, (record, counted)) in records.iter().zip(&counted).enumerate() {
        tell(&mut model, Message::Tick { now_ms: record.at_ms });
        tell(&mut model, Message::Player(player(at + 1)));
        if let Stored::Known(fact) = &record.fact {
            tell(&mut model, Message::Fact { seq: record.seq, at_ms: record.at_ms, fact: fact.clone() });
        }
        folds.apply(counted);
        if records.get(at + 1).is_some_and(|next| slot(next) == slot(record)) {
            continue;
        }
        tell(&mut model, Message::Figures(folds.figures()));
        tell(&mut model, Message::Marks(folds.marks()));
        tell(&mut model, Message::Account(Box::new(folds.account())));
        see_to(&mut model);
        show(record.at_ms.saturating_sub(subject.began_ms), &model)?;
    }
    Ok(())
}

/// Does in place what the workbench does beside its screen.
fn see_to(model: &mut Model) {
    let never = std::sync::atomic::AtomicBool::new(false);
    for _ in 0..PASSES {
        let due = model.due();
        if due.is_empty() {
            return;
        }
        for work in due.into_iter().filter_map(|id| model.work(id)).collect::<Vec<_>>() {
            let mut found = Vec::new();
            work.run(&never, &mut |worked| found.push(worked));
            found.into_iter().for_each(|worked| drop(update(model, Message::Worked(worked))));
        }
    }
}

/// After how many records each round begins.
fn rounds(records: &[Record]) -> Vec<u64> {
    let begins = |record: &Record| matches!(record.fact.known(), Some(Fact::RoundBegan { .. }));
    records.iter().zip(1..).filter(|(record, _)| begins(record)).map(|(_, position)| position).collect()
}

fn notes(subject: &Subject, records: &[Record]) -> Vec<Note> {
    let on_record = records.iter().filter_map(|record| match record.fact.known() {
        Some(Fact::NoteAdded { text }) => Some((record.seq, text.clone())),
        _ => None,
    });
    let beside = subject.notes.iter().map(|note| (note.seq, note.text.clone()));
    let at_ms = |seq| records.get(records.partition_point(|record| record.seq < seq)).map_or(0, |record| record.at_ms);
    on_record.chain(beside).map(|(seq, text)| Note { seq, at_ms: at_ms(seq), text, ask: None }).collect()
}
