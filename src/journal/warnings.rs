//! What is wrong with a journal, in sentences: the first of them, and how many there are more.

/// A journal of garbage alone has one for each line.
const MOST: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Warnings {
    told: Vec<String>,
    more: u64,
}

impl Warnings {
    /// The sentence is made where it is told.
    pub(super) fn push(&mut self, warning: impl FnOnce() -> String) {
        match self.told.len() < MOST {
            true => self.told.push(warning()),
            false => self.more += 1,
        }
    }

    pub(super) fn into_told(mut self) -> Vec<String> {
        if self.more > 0 {
            self.told.push(format!("and {} more of its lines are damaged or not in their place", self.more));
        }
        self.told
    }
}
