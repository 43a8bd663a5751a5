//! Random keys, sizes and hostile text: never a panic, never a control character in a cell.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;
use crate::app::{BINDINGS, Key, KeyCode, Mouse, MouseKind, Pane, Shape};
use crate::document::Document;
use crate::protocol::{Fact, Outcome};

const HOSTILE: &str = "\u{1b}[31m\u{1b}]52;c;aGk=\u{7}\u{9b}2J\u{202e}evil\u{2066}\r\n\t\u{0}\u{8}日本語👩\u{200d}👩\u{200d}👧\u{301}\u{301}\u{e0041}\u{feff}a\u{300}\u{300}é\u{ad}🇩🇪 ";

fn assert_clean(buffer: &Buffer) {
    for cell in &buffer.content {
        let raw = |c: char| {
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
        };
        assert!(!cell.symbol().chars().any(raw), "{:?} reached the screen", cell.symbol());
    }
}

/// Every text of a fact replaced by hostile text.
fn poisoned(fact: &Fact) -> Fact {
    let mut value = serde_json::to_value(fact).unwrap();
    fn poison(value: &mut serde_json::Value, key: &str) {
        const FREE: [&str; 19] = [
            "question",
            "text",
            "content",
            "error",
            "source",
            "message",
            "raw",
            "answer",
            "explanation",
            "citation",
            "provider",
            "model",
            "name",
            "program",
            "feedback",
            "scratchpad",
            "traceback",
            "hint",
            "printed",
        ];
        match value {
            serde_json::Value::String(words) if FREE.contains(&key) => *words = format!("{HOSTILE}{words}{HOSTILE}"),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| {
                if let (serde_json::Value::String(words), "tasks" | "advices") = (&mut *item, key) {
                    *words = format!("{HOSTILE}{words}");
                } else {
                    poison(item, key);
                }
            }),
            serde_json::Value::Object(fields) => fields.iter_mut().for_each(|(key, field)| poison(field, key)),
            _ => {}
        }
    }
    poison(&mut value, "");
    serde_json::from_value(value).unwrap()
}

fn poisoned_world() -> (Document, Vec<Fact>) {
    let mut world = World::new();
    world.two_rounds();
    let text = format!("{HOSTILE}\n{}", HOSTILE.repeat(300)) + &world.document.text;
    let document = Document::from_text(format!("evil{HOSTILE}.txt"), text);
    (document, world.facts.iter().map(poisoned).collect())
}

#[test]
fn hostile_text_is_shown_as_symbols_in_every_pane() {
    let (document, facts) = poisoned_world();
    for ascii in [false, true] {
        let mut model = Model::new(vec![document.clone()], Mode::Live { running: true });
        model.ascii = ascii;
        update(&mut model, Message::Resize { width: 120, height: 40 });
        for (seq, fact) in (1..).zip(&facts) {
            update(&mut model, Message::Fact { seq, at_ms: seq, fact: Box::new(fact.clone()) });
            if matches!(fact, Fact::JobFinished { outcome: Outcome::Answered { .. }, .. }) {
                assert_clean(&drawn(&model, Depth::True));
            }
        }
        update(&mut model, Message::Notice(HOSTILE.into()));
        for keys in ["1", "2 g enter j enter", "d G", "3 j enter", "esc 4", "l", "l G", "?", "esc /"] {
            press(&mut model, keys);
            update(&mut model, Message::Paste(HOSTILE.into()));
            assert_clean(&drawn(&model, Depth::True));
        }
        assert!(text(&drawn(&model, Depth::True)).contains(if ascii { "?" } else { "␛" }));
    }
}

/// Hostile text in every part of Markdown, and written as entities, which stand for control characters as well.
fn hostile_markdown() -> String {
    let evil = HOSTILE.replace(['\r', '\n'], "");
    let entities = "&#27;]52;c;aGk=&#7; &#x9b;2J &#x202e;evil&#x2066; &#0; &#127;";
    format!(
        "# {evil}\n\n**{evil}** *{entities}* `{evil}` [{evil}](http://a/{entities}) <b {evil}>\n\n- {evil}\n  1. {entities}\n\n> {evil}\n\n| {evil} | {entities} |\n|---|--:|\n| {entities} | {evil} |\n\n```{evil}\n{evil}\n```\n\n```python\nx = '{evil}'  # {evil}\n```\n"
    )
}

#[test]
fn hostile_markdown_is_shown_as_symbols_while_it_streams_and_after() {
    let markdown = hostile_markdown();
    for (width, height) in [(120, 40), (80, 24), (40, 12)] {
        let mut world = World::new();
        world.start();
        let ask = world.pending().unwrap();
        let mut model = world.model(width, height);
        press(&mut model, "2 z");
        for part in markdown.split_inclusive(' ') {
            update(&mut model, Message::Delta { ask, text: part.into() });
            assert_clean(&drawn(&model, Depth::True));
        }
        world.two_rounds_after(&markdown);
        world.feed(&mut model);
        for keys in ["2 g", "G", "d", "g", "4 g", "G", "l g", "G", "l g", "G"] {
            press(&mut model, keys);
            for _ in 0..12 {
                press(&mut model, "pgdn");
                assert_clean(&drawn(&model, Depth::True));
            }
        }
        assert!(text(&drawn(&model, Depth::True)).contains('␛'));
    }
}

#[test]
fn a_frame_of_another_size_than_the_model_is_drawn_as_far_as_it_goes() {
    let mut model = World::new().whole().model(120, 40);
    let theme = Theme::built_in("dark", Depth::True).unwrap();
    for (width, height) in [(0, 0), (1, 1), (50, 10), (119, 39), (200, 60)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        for keys in ["1", "?", "esc", "3 enter", "esc 4"] {
            press(&mut model, keys);
            terminal.draw(|frame| draw(frame, &model, &theme)).unwrap();
        }
    }
}

#[derive(Clone, Debug)]
enum Event {
    Key(usize),
    Typed(char, bool, bool),
    Paste,
    Edited,
    Size(u16, u16),
    Mouse(u16, u16, u8),
    Fact,
    Delta,
    Replay(u64, u64),
    Back,
    Began,
    Ended(bool),
    Notice,
    Ascii(bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        16 => any::<usize>().prop_map(Event::Key),
        2 => any::<(char, bool, bool)>().prop_map(|(character, ctrl, alt)| Event::Typed(character, ctrl, alt)),
        2 => Just(Event::Paste),
        1 => Just(Event::Edited),
        4 => (0u16..=250, 0u16..=80).prop_map(|(w, h)| Event::Size(w, h)),
        2 => (0u16..40, 0u16..12).prop_map(|(w, h)| Event::Size(w, h)),
        4 => (0u16..=250, 0u16..=80, 0u8..5).prop_map(|(x, y, what)| Event::Mouse(x, y, what)),
        12 => Just(Event::Fact),
        2 => Just(Event::Delta),
        2 => (0u64..90, 0u64..90).prop_map(|(at, len)| Event::Replay(at, len)),
        2 => Just(Event::Back),
        1 => Just(Event::Began),
        1 => any::<bool>().prop_map(Event::Ended),
        1 => Just(Event::Notice),
        1 => any::<bool>().prop_map(Event::Ascii),
    ]
}

/// A screen over hostile documents, to which events happen.
struct Walk {
    model: Model,
    keys: Vec<Key>,
    facts: Vec<Fact>,
    /// Facts told so far.
    told: usize,
    step: u64,
}

impl Walk {
    fn new() -> Self {
        let (document, facts) = poisoned_world();
        let sequences = BINDINGS.iter().flat_map(|binding| binding.keys());
        let keys = sequences.flat_map(|keys| keys.keys().to_vec()).collect();
        let model = Model::new(vec![document, Document::from_text("", "")], Mode::Live { running: true });
        Self { model, keys, facts, told: 0, step: 0 }
    }

    fn happens(&mut self, event: Event) {
        let now_ms = self.step;
        self.step += 1;
        let message = match event {
            Event::Key(at) => Message::Key(self.keys[at % self.keys.len()]),
            Event::Typed(character, ctrl, alt) => {
                Message::Key(Key { ctrl, alt, ..Key::plain(KeyCode::Char(character)) })
            }
            Event::Paste => Message::Paste(HOSTILE.into()),
            Event::Edited => Message::Edited(HOSTILE.into()),
            Event::Size(width, height) => Message::Resize { width, height },
            Event::Mouse(x, y, what) => {
                use MouseKind as K;
                let what = [K::Press, K::ScrollUp, K::ScrollDown, K::Drag, K::Release][usize::from(what)];
                Message::Mouse(Mouse { what, x, y })
            }
            Event::Fact => {
                let fact = self.facts[self.told % self.facts.len()].clone();
                self.told += 1;
                Message::Fact { seq: now_ms, at_ms: now_ms, fact: Box::new(fact) }
            }
            Event::Delta => match self.model.state.asks().last().map(|ask| ask.request.ask) {
                Some(ask) => Message::Delta { ask, text: HOSTILE.into() },
                None => Message::Tick { now_ms },
            },
            Event::Replay(position, len) => {
                let repeat = (Some(len), Some(position));
                Message::Player(Player { position, len, repeat, playing: true, speed: f64::INFINITY })
            }
            Event::Began => Message::RunBegan,
            Event::Back => {
                // A history that goes on for ever would only be slow.
                self.told = 0;
                Message::World { seq: 0, began_ms: 0, at_ms: 0, state: Box::default(), load: Default::default() }
            }
            Event::Ended(well) => Message::RunEnded { error: (!well).then(|| HOSTILE.into()) },
            Event::Notice => Message::Notice(HOSTILE.into()),
            Event::Ascii(on) => {
                self.model.ascii = on;
                Message::Tick { now_ms }
            }
        };
        update(&mut self.model, message);
        let buffer = drawn(&self.model, Depth::True);
        assert_clean(&buffer);
        self.assert_borders(&buffer);
    }

    /// No text, however wide or combined, moves or covers the lines between panes.
    fn assert_borders(&self, buffer: &Buffer) {
        let layout = self.model.layout();
        if self.model.overlay.is_some() || layout.shape == Shape::Words {
            return;
        }
        for pane in Pane::ALL {
            let area = layout.pane(pane);
            for y in (area.y..area.y + area.height).filter(|_| area.x > 0) {
                let line = buffer[(area.x - 1, y)].symbol();
                assert!(matches!(line, "│" | "|"), "{line:?} stands in the line beside {pane:?}");
                // What begins two cells before is one cell wide, or it would reach into the line.
                let before = area.x.checked_sub(2).map_or(" ", |x| buffer[(x, y)].symbol());
                assert!(unicode_width::UnicodeWidthStr::width(before) <= 1, "{before:?} reaches into the line");
            }
        }
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Model { width, height, focus, overlay, .. } = &self.model;
            eprintln!(
                "at step {}: {width}x{height}, {focus:?}, {:?}",
                self.step,
                overlay.as_ref().map(std::mem::discriminant)
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn no_event_at_any_size_breaks_the_screen(events in prop::collection::vec(event(), 1..160)) {
        let mut walk = Walk::new();
        events.into_iter().for_each(|event| walk.happens(event));
    }
}

/// One long walk, the same every time; `SCREEN_STEPS=100000` makes it longer.
#[test]
fn a_long_walk_of_events_never_breaks_the_screen() {
    let steps = std::env::var("SCREEN_STEPS").map_or(800, |steps| steps.parse().unwrap());
    let mut runner = TestRunner::deterministic();
    let (events, mut walk) = (event(), Walk::new());
    for _ in 0..steps {
        walk.happens(events.new_tree(&mut runner).unwrap().current());
    }
}
