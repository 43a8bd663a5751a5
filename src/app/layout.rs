//! Where everything stands at a terminal size. Update needs it to page and to know what the mouse hit; view draws by it.

/// A rectangle of cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

impl Area {
    pub const fn new(x: u16, y: u16, width: u16, height: u16) -> Self {
        Self { x, y, width, height }
    }

    pub fn is_empty(self) -> bool {
        self.width == 0 || self.height == 0
    }

    pub fn contains(self, x: u16, y: u16) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }

    /// What is left below the first `rows` rows.
    pub fn below(self, rows: u16) -> Self {
        let rows = rows.min(self.height);
        Self { y: self.y + rows, height: self.height - rows, ..self }
    }

    /// The first `rows` rows.
    pub fn top(self, rows: u16) -> Self {
        Self { height: rows.min(self.height), ..self }
    }

    /// Without `cells` at the left.
    pub fn after(self, cells: u16) -> Self {
        let cells = cells.min(self.width);
        Self { x: self.x + cells, width: self.width - cells, ..self }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pane {
    Document,
    Planner,
    Jobs,
    #[default]
    Answers,
}

impl Pane {
    pub const ALL: [Pane; 4] = [Pane::Document, Pane::Planner, Pane::Jobs, Pane::Answers];

    pub fn name(self) -> &'static str {
        match self {
            Pane::Document => "Document",
            Pane::Planner => "Planner",
            Pane::Jobs => "Jobs",
            Pane::Answers => "Answers",
        }
    }

    pub fn index(self) -> usize {
        self as usize
    }

    pub fn next(self) -> Self {
        Self::ALL[(self.index() + 1) % 4]
    }

    pub fn previous(self) -> Self {
        Self::ALL[(self.index() + 3) % 4]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All panes at once.
    Wide,
    /// One pane at a time, the others as tabs.
    Tabs,
    /// A few words: too small for a pane.
    Words,
}

/// Areas; what has no room is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub shape: Shape,
    pub whole: Area,
    /// The question, and who answers it.
    pub bar: Area,
    pub tabs: Area,
    /// Each with its title row.
    pub panes: [Area; 4],
    pub scrubber: Area,
    pub timeline: Area,
    pub status: Area,
    pub hints: Area,
}

/// The narrowest and lowest screen on which all panes stand at once.
const WIDE: (u16, u16) = (110, 32);
/// A screen with fewer rows has no timeline.
const LOW: u16 = 14;
/// The smallest screen that has panes at all.
const SMALLEST: (u16, u16) = (40, 12);

impl Layout {
    pub fn of(width: u16, height: u16, focus: Pane, zoomed: bool, replay: bool) -> Self {
        let whole = Area::new(0, 0, width, height);
        let shape = if width < SMALLEST.0 || height < SMALLEST.1 {
            Shape::Words
        } else if width < WIDE.0 || height < WIDE.1 {
            Shape::Tabs
        } else {
            Shape::Wide
        };
        let mut layout = Self {
            shape,
            whole,
            bar: Area::default(),
            tabs: Area::default(),
            panes: [Area::default(); 4],
            scrubber: Area::default(),
            timeline: Area::default(),
            status: Area::default(),
            hints: Area::default(),
        };
        if shape == Shape::Words {
            return layout;
        }
        let mut bottom = height;
        let mut take = |wanted: bool| {
            bottom -= u16::from(wanted);
            Area::new(0, bottom, width, u16::from(wanted))
        };
        layout.hints = take(true);
        layout.status = take(true);
        // Keys help more than the course of the run where there is room for one of them.
        layout.timeline = take(height >= LOW);
        layout.scrubber = take(replay);
        layout.bar = Area::new(0, 0, width, 1);
        let mut middle = Area::new(0, 1, width, bottom - 1);
        if shape == Shape::Tabs {
            layout.tabs = middle.top(1);
            middle = middle.below(1);
        }
        if shape == Shape::Tabs || zoomed {
            layout.panes[focus.index()] = middle;
            return layout;
        }
        layout.panes = if width >= 170 { three_columns(middle) } else { two_columns(middle) };
        layout
    }

    pub fn pane(&self, pane: Pane) -> Area {
        self.panes[pane.index()]
    }

    /// The pane under a cell.
    pub fn pane_at(&self, x: u16, y: u16) -> Option<Pane> {
        Pane::ALL.into_iter().find(|pane| self.pane(*pane).contains(x, y))
    }

    /// The cells of the tab of each pane.
    pub fn tab(&self, pane: Pane) -> Area {
        // Its number and its name; what is left over is for a word about each.
        let named = |pane: Pane| pane.name().len() as u16 + 3;
        let all: u16 = Pane::ALL.into_iter().map(named).sum();
        let rest = self.tabs.width.saturating_sub(all) / 4;
        let x: u16 = Pane::ALL.into_iter().take(pane.index()).map(|before| named(before) + rest).sum();
        let x = x.min(self.tabs.width);
        let wide = if pane == Pane::Answers { self.tabs.width } else { named(pane) + rest };
        Area { x, width: wide.min(self.tabs.width - x), ..self.tabs }
    }
}

/// The document beside planner, jobs and answers.
fn two_columns(middle: Area) -> [Area; 4] {
    let left = middle.width / 2;
    let document = Area { width: left, ..middle };
    let right = middle.after(left + 1);
    let planner = right.height * 3 / 10;
    let jobs = right.height * 38 / 100;
    [document, right.top(planner), right.below(planner).top(jobs), right.below(planner + jobs)]
}

/// The document beside planner and jobs, with the answers under those two.
fn three_columns(middle: Area) -> [Area; 4] {
    let left = middle.width * 21 / 50;
    let document = Area { width: left, ..middle };
    let right = middle.after(left + 1);
    let above = right.top(right.height * 11 / 20);
    let half = above.width / 2;
    let planner = Area { width: half, ..above };
    [document, planner, above.after(half + 1), right.below(above.height)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_size_areas_stay_on_the_screen_and_apart() {
        for width in (0..240).step_by(7) {
            for height in (0..90).step_by(3) {
                for (zoomed, replay) in [(false, false), (true, true)] {
                    let layout = Layout::of(width, height, Pane::Jobs, zoomed, replay);
                    let mut areas = vec![layout.bar, layout.tabs, layout.scrubber, layout.timeline, layout.status];
                    areas.extend(layout.panes);
                    areas.push(layout.hints);
                    let areas: Vec<Area> = areas.into_iter().filter(|area| !area.is_empty()).collect();
                    for (at, area) in areas.iter().enumerate() {
                        assert!(area.x + area.width <= width && area.y + area.height <= height);
                        for other in &areas[at + 1..] {
                            let apart = area.x + area.width <= other.x
                                || other.x + other.width <= area.x
                                || area.y + area.height <= other.y
                                || other.y + other.height <= area.y;
                            assert!(apart, "{width}x{height}: {area:?} {other:?}");
                        }
                    }
                }
            }
        }
    }
}
