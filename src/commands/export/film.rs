//! A session as the workbench shows it while it is played back, frame by frame, without a clock: the same at every replay.

use super::super::Failure;
use super::subject::{Subject, Told};
use crate::app::picker::Note;
use crate::app::{Message, Mode, Model, Player, update};
use crate::journal::{self, Record, Stored};
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
    let outline = Outline::of(subject)?;
    let player = |position: usize| Player {
        position: position as u64,
        len: outline.times.len() as u64,
        repeat: (None, None),
        playing: position < outline.times.len(),
        speed: 1.0,
    };
    let mut model = Model::new(subject.documents.clone(), Mode::Replay(player(0)));
    let mut folds = subject.folds();
    let tell = |model: &mut Model, message: Message| drop(update(model, message));
    tell(&mut model, Message::Resize { width, height });
    tell(&mut model, Message::Rounds(outline.rounds.clone()));
    tell(&mut model, Message::Notes(outline.notes(subject)));
    let slot = |at_ms: u64| at_ms.saturating_sub(subject.began_ms) / FRAME_MS;
    for (at, told) in subject.records()?.enumerate() {
        let Told { shown: Record { seq, at_ms, fact, .. }, whole } = told?;
        tell(&mut model, Message::Tick { now_ms: at_ms });
        tell(&mut model, Message::Player(player(at + 1)));
        if let Stored::Known(fact) = fact {
            tell(&mut model, Message::Fact { seq, at_ms, fact });
        }
        folds.apply(&whole);
        if outline.times.get(at + 1).is_some_and(|(_, next_ms)| slot(*next_ms) == slot(at_ms)) {
            continue;
        }
        tell(&mut model, Message::Figures(folds.figures()));
        tell(&mut model, Message::Marks(folds.marks()));
        tell(&mut model, Message::Account(Box::new(folds.account())));
        see_to(&mut model);
        show(at_ms.saturating_sub(subject.began_ms), &model)?;
    }
    Ok(())
}

/// What has to be known of the whole before its first frame.
#[derive(Default)]
struct Outline {
    /// Number and time of each record.
    times: Vec<(u64, u64)>,
    /// After how many records each round begins.
    rounds: Vec<u64>,
}

impl Outline {
    fn of(subject: &Subject) -> Result<Self, Failure> {
        let mut outline = Self::default();
        for told in subject.records()? {
            let Record { seq, at_ms, fact, .. } = told?.shown;
            outline.times.push((seq, at_ms));
            if let Some(Fact::RoundBegan { .. }) = fact.known() {
                outline.rounds.push(outline.times.len() as u64);
            }
        }
        Ok(outline)
    }

    fn notes(&self, subject: &Subject) -> Vec<Note> {
        let at_ms =
            |seq| self.times.get(self.times.partition_point(|(of, _)| *of < seq)).map_or(0, |(_, at_ms)| *at_ms);
        let shown =
            |note: &journal::Note| Note { seq: note.seq, at_ms: at_ms(note.seq), text: note.text.clone(), ask: None };
        subject.notes.iter().map(shown).collect()
    }
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
