//! The screen to which the session comes, and the hands at it.

use std::sync::atomic::AtomicBool;

use super::World;
use crate::app::{
    Account, Command, CurveScreen, Exposed, Exposes, Figures, Key, KeyCode, Keymap, Marks, Message, Mode, Model,
    Worked, update,
};
use crate::config::{Loaded, Sources, load};
use crate::document::Span;
use crate::eval::{Axis, Curve, Point, Stat};
use crate::ledger::{Exposure, Ledger};
use crate::protocol::*;

impl World {
    /// A screen to which these facts came, one by one.
    pub fn model(&self, width: u16, height: u16) -> Model {
        let mut model = Model::new(vec![self.document.clone()], Mode::Live { running: !self.facts.is_empty() });
        update(&mut model, Message::Resize { width, height });
        self.feed(&mut model);
        model
    }

    fn account(&self) -> Account {
        let mut ledger = Ledger::new();
        self.facts.iter().for_each(|fact| ledger.apply(fact));
        let exposed = ledger
            .calls()
            .iter()
            .map(|call| Exposed {
                ask: call.ask,
                purpose: call.purpose,
                bytes: 164,
                share: 0.011,
                count: 1,
                spans: vec![Span::new(0, 0, 164)],
            })
            .collect();
        let held = match &self.state.phase {
            Phase::AtGate { n, held: Held::Request(request) } => {
                let exposure = Exposure::new(std::slice::from_ref(&self.document));
                let spans = exposure.exposed_by(request);
                let (bytes, share) = (spans.total_bytes(), exposure.share_of(spans.total_bytes()));
                Some(Exposes {
                    n: *n,
                    spans: spans.iter().collect(),
                    bytes: bytes as u64,
                    share,
                    left: 0.011,
                    total: share + 0.011,
                })
            }
            _ => None,
        };
        Account { ledger, exposed, today_usd: None, held }
    }

    pub fn feed(&self, model: &mut Model) {
        // Those that came before are known.
        for (seq, fact) in (1..).zip(&self.facts).skip(model.seq as usize) {
            update(model, Message::Fact { seq, at_ms: seq * 250, fact: Box::new(fact.clone()) });
        }
        let now_ms = self.facts.len() as u64 * 250 + 3000;
        update(model, Message::Tick { now_ms });
        let mut marks = Marks { read: vec![Span::new(0, 0, self.document.pages[5])], ..Marks::default() };
        let located = |job: &Job| Some(job.outcome()?.located()?.span);
        marks.cited = self.state.rounds.iter().flat_map(|round| round.jobs.iter().filter_map(located)).collect();
        let quoted = |citation: &AnswerCitation| citation.located.as_ref().map(|located| located.span);
        marks.answered =
            self.state.answer.iter().flat_map(|answer| answer.citations.iter().filter_map(quoted)).collect();
        marks.left = self.find("compared with $39.7 million in 2022").map(|found| found.span).into_iter().collect();
        if !self.facts.is_empty() {
            update(model, Message::Marks(marks));
            update(model, Message::Account(Box::new(self.account())));
            update(model, Message::Figures(figures(self.facts.len() as u64)));
        }
    }
}

pub fn figures(saved_record: u64) -> Figures {
    Figures {
        paid: Some(Paid { planner: Money { priced_usd: 0.0208, ..Money::default() }, ..Paid::default() }),
        budget_usd: Some(1.0),
        baseline_usd: Some(0.0431),
        baseline_tokens: 17_240,
        baseline_estimated: true,
        counted: Usage::default(),
        estimated: Usage {
            input_tokens: 4_936,
            cached_input_tokens: 1_024,
            output_tokens: 840,
            estimated: true,
            ..Usage::default()
        },
        exposed_bytes: 164,
        exposed_share: 0.011,
        saved_record,
    }
}

/// The settings that nobody has changed.
pub fn built_in() -> Loaded {
    load(&Sources::default()).unwrap()
}

/// Presses these keys, which stand apart by spaces.
pub fn press(model: &mut Model, keys: &str) -> Vec<Command> {
    keys.split(' ').flat_map(|key| update(model, Message::Key(key.parse().unwrap()))).collect()
}

/// Types words letter by letter.
pub fn type_in(model: &mut Model, words: &str) {
    for character in words.chars() {
        update(model, Message::Key(Key::plain(KeyCode::Char(character))));
    }
}

pub fn paste(model: &mut Model, text: &str) {
    update(model, Message::Paste(text.into()));
}

pub fn notice(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

/// Does the first work that is due beside the screen; what it finds.
pub fn found(model: &Model) -> Vec<Worked> {
    let mut found = Vec::new();
    let work = model.due().first().and_then(|id| model.work(*id)).unwrap();
    work.run(&AtomicBool::new(false), &mut |worked| found.push(worked));
    found
}

/// Does all work that is due beside the screen.
pub fn finish(model: &mut Model) {
    while !model.due().is_empty() {
        for worked in found(model) {
            update(model, Message::Worked(worked));
        }
    }
}

/// The curve of so many settings, half way.
pub fn curve_screen(count: usize, ascii: bool) -> CurveScreen {
    let stat = |mean, spread| Stat { mean, spread, of: 64 };
    let points = (0..count).map(|n| Point {
        setting: format!("offline_share=0.{n:02} samples={}", n % 3 + 1),
        cost: stat(4000.0 + 2500.0 * n as f64, 400.0),
        quality: stat(0.587 + 0.06 * (n.min(3) as f64), 0.045),
        on_front: n < 4,
    });
    let curve = Curve { axis: Axis::Tokens, measure: "evidence".into(), points: points.collect() };
    let standing = "120 of 192 tries done, 2 running, about 3 min left".to_owned();
    CurveScreen::of("questions.jsonl", &curve, standing, true, ascii, &Keymap::default())
}
