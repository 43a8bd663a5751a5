//! Random keys, sizes and hostile text: never a panic, never a control character in a cell.

use proptest::prelude::*;

use super::*;
use crate::app::{BINDINGS, Key, Mouse, MouseKind};
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
        const FREE: [&str; 14] = [
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
    world.whole();
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
        for keys in ["1", "2 g enter j enter", "3 j enter", "esc 4", "?", "esc /"] {
            press(&mut model, keys);
            update(&mut model, Message::Paste(HOSTILE.into()));
            assert_clean(&drawn(&model, Depth::True));
        }
        assert!(text(&drawn(&model, Depth::True)).contains(if ascii { "?" } else { "␛" }));
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
    Typed(char),
    Paste,
    Size(u16, u16),
    Mouse(u16, u16, u8),
    Fact,
    Delta,
    Replay(u64, u64),
    Back,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => any::<usize>().prop_map(Event::Key),
        1 => any::<char>().prop_map(Event::Typed),
        1 => Just(Event::Paste),
        2 => (0u16..220, 0u16..70).prop_map(|(w, h)| Event::Size(w, h)),
        1 => (0u16..40, 0u16..12).prop_map(|(w, h)| Event::Size(w, h)),
        2 => (0u16..220, 0u16..70, 0u8..5).prop_map(|(x, y, what)| Event::Mouse(x, y, what)),
        6 => Just(Event::Fact),
        1 => Just(Event::Delta),
        1 => (0u64..90, 0u64..90).prop_map(|(at, len)| Event::Replay(at, len)),
        1 => Just(Event::Back),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_event_at_any_size_breaks_the_screen(events in prop::collection::vec(event(), 1..160)) {
        let (document, facts) = poisoned_world();
        let keys: Vec<Key> = BINDINGS.iter().flat_map(|binding| binding.keys()).flat_map(|keys| keys.keys().to_vec()).collect();
        let mut model = Model::new(vec![document.clone(), Document::from_text("", "")], Mode::Live { running: true });
        let mut fed = facts.iter().cycle();
        for (now_ms, event) in (0u64..).zip(events) {
            let message = match event {
                Event::Key(at) => Message::Key(keys[at % keys.len()]),
                Event::Typed(character) => Message::Key(Key::plain(crate::app::KeyCode::Char(character))),
                Event::Paste => Message::Paste(HOSTILE.into()),
                Event::Size(width, height) => Message::Resize { width, height },
                Event::Mouse(x, y, what) => Message::Mouse(Mouse {
                    what: [MouseKind::Press, MouseKind::ScrollUp, MouseKind::ScrollDown, MouseKind::Drag, MouseKind::Release][usize::from(what)],
                    x,
                    y,
                }),
                Event::Fact => Message::Fact { seq: now_ms, at_ms: now_ms, fact: Box::new(fed.next().unwrap().clone()) },
                Event::Delta => match model.state.asks().last().map(|ask| ask.request.ask) {
                    Some(ask) => Message::Delta { ask, text: HOSTILE.into() },
                    None => Message::Tick { now_ms },
                },
                Event::Replay(position, len) => {
                    Message::Player(Player { position, len, repeat: (Some(len), Some(position)), playing: true, speed: f64::INFINITY })
                }
                Event::Back => {
                    Message::World { seq: 0, began_ms: 0, at_ms: 0, state: Box::default(), load: Default::default() }
                }
            };
            update(&mut model, message);
            assert_clean(&drawn(&model, Depth::True));
        }
    }
}
