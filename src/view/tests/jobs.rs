//! The grid of jobs under the hands: thousands of chunks, clicks, and the way back to the table.

use super::*;
use crate::app::world::answered;
use crate::app::{Message, Mouse, MouseKind};
use crate::protocol::JobId;

#[test]
fn the_grid_folds_samples_to_the_best_and_scrolls_through_thousands_of_chunks() {
    let mut model = World::many().model(80, 24);
    press(&mut model, "3 v");
    update(&mut model, Message::Fact { seq: 90, at_ms: 9_000, fact: Box::new(answered(2_047)) });
    press(&mut model, "G");
    let shown = text(&drawn(&model, Depth::True));
    assert!(shown.contains("chunk 445 of 512") && shown.contains("t3"), "{shown}");
    // The last cell of its task is beside the last chunk: the only answer.
    for _ in 0..80 {
        press(&mut model, "l");
    }
    let shown = text(&drawn(&model, Depth::True));
    assert!(shown.contains("· t3 answered · a figure of 2047 million"), "{shown}");
    let row = shown.lines().position(|line| line.contains('■') && line.contains(" t3 ")).unwrap();
    let x = shown.lines().nth(row).unwrap().chars().position(|c| c == '■').unwrap();
    let click = |model: &mut Model, x: usize| {
        update(model, Message::Mouse(Mouse { what: MouseKind::Press, x: x as u16, y: row as u16 }))
    };
    click(&mut model, x - 1);
    assert_eq!(model.selected_job(), Some(JobId { round: 1, index: 2_043 }));
    click(&mut model, x);
    press(&mut model, "v");
    assert!(!model.jobs.as_grid);
    assert_eq!(model.selected_job(), Some(JobId { round: 1, index: 2_047 }), "the table stands at the same job");
}

#[test]
fn a_state_has_one_sign_in_the_table_the_grid_and_the_bar() {
    let mut model = World::new().half().outputs().model(120, 40);
    press(&mut model, "esc 3 z");
    let table = text(&drawn(&model, Depth::True));
    let bar = table.lines().find(|line| line.contains("■■")).unwrap().to_owned();
    press(&mut model, "v");
    let grid = text(&drawn(&model, Depth::True));
    for (sign, word) in [('■', "answered"), ('□', "abstained"), ('≠', "malformed")] {
        let signed = format!("{sign} {word}");
        assert!(table.contains(&signed), "{signed}: {table}");
        assert!(grid.contains(&signed) && bar.contains(sign), "{signed}: {grid}");
    }
    assert!(!grid.contains("waiting") && !grid.contains("truncated"), "what is not there is not explained: {grid}");
}
