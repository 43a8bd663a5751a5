//! Where the parts of a picker stand.

use super::super::layout::Area;
use super::super::model::{Model, Overlay};
use super::Picking;

/// The cells of a picker's parts, within its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PickerAreas {
    pub input: Area,
    /// The names of the columns; no cells where there is no room, or where they need no names.
    pub names: Area,
    pub list: Area,
    /// What the selected row is about; no cells where there is no room.
    pub preview: Area,
    /// Which keys do what, and what is asked before something is deleted.
    pub hints: Area,
}

const NOWHERE: Area = Area { x: 0, y: 0, width: 0, height: 0 };
/// Cells that a list needs beside a preview, and rows above one.
const WIDE: u16 = 110;
const HIGH: u16 = 13;
/// Cells of a preview beside its list, at most: its words wrap, those of a row do not.
const PREVIEW: u16 = 52;
/// Rows of a preview below its list.
const BELOW: u16 = 5;

impl Model {
    pub fn picker_areas(&self) -> PickerAreas {
        let area = self.overlay_area();
        let inside = Area {
            x: area.x + 2.min(area.width),
            y: area.y + 1.min(area.height),
            width: area.width.saturating_sub(4),
            height: area.height.saturating_sub(2),
        };
        let row = |y: u16| Area { y: inside.y + y, height: 1.min(inside.height.saturating_sub(y)), ..inside };
        let input = row(0);
        let told = match inside.height {
            0..4 => 0,
            4..12 => 1,
            _ => self.picker_hints(inside.width).len() as u16,
        };
        let hints = Area { y: inside.y + inside.height - told, height: told, ..inside };
        let named = match &self.overlay {
            Some(Overlay::Picker(picker)) => !matches!(picker.of, Picking::Actions | Picking::Keys),
            _ => false,
        };
        let names = if named && inside.height >= 8 { row(1) } else { NOWHERE };
        let from = 1 + names.height;
        let height = inside.height.saturating_sub(from + hints.height);
        let list = Area { y: inside.y + from, height, ..inside };
        if inside.width >= WIDE {
            // Beside the list, with an empty cell and a rule between.
            let width = (inside.width / 3).min(PREVIEW);
            let list = Area { width: inside.width - width - 3, ..list };
            let names = Area { width: names.width.min(list.width), ..names };
            let preview = Area { x: list.x + list.width + 3, width, ..list };
            return PickerAreas { input, names, list, preview, hints };
        }
        if height >= HIGH {
            // A rule between.
            let list = Area { height: height - BELOW - 1, ..list };
            let preview = Area { y: list.y + list.height + 1, height: BELOW, ..list };
            return PickerAreas { input, names, list, preview, hints };
        }
        PickerAreas { input, names, list, preview: NOWHERE, hints }
    }
}
