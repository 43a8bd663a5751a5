//! How far an eval is, in figures and in a line.

use super::Eval;

/// How far it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    pub asked: usize,
    pub done: usize,
    pub running: usize,
    /// Tries whose documents cannot be asked about; they are done.
    pub refused: usize,
    /// Sessions that failed in this process.
    pub failed: usize,
    pub spent_usd: f64,
    /// Dollars that sessions may have cost which are neither done nor under way.
    pub open_usd: f64,
    pub seconds_left: Option<f64>,
}

impl Standing {
    pub fn told(&self) -> String {
        let spent = if self.spent_usd > 0.0 { format!(", ${:.4} spent", self.spent_usd) } else { String::new() };
        let open = if self.open_usd > 0.0 { format!(", ${:.4} in what is open", self.open_usd) } else { String::new() };
        let refused = if self.refused > 0 { format!(", {} refused", self.refused) } else { String::new() };
        let failed = if self.failed > 0 { format!(", {} failed", self.failed) } else { String::new() };
        let left = match self.seconds_left.filter(|_| self.done < self.asked) {
            Some(seconds) if seconds < 90.0 => format!(", about {seconds:.0} s left"),
            Some(seconds) if seconds < 5400.0 => format!(", about {:.0} min left", seconds / 60.0),
            Some(seconds) => format!(", about {:.1} h left", seconds / 3600.0),
            None => String::new(),
        };
        format!(
            "{} of {} tries done, {} running{refused}{spent}{open}{failed}{left}",
            self.done, self.asked, self.running
        )
    }
}

impl Eval {
    pub fn standing(&self) -> Standing {
        let asked = self.plan.tries().count();
        let (spent_usd, refused) = (self.folder.book(|book| book.spent_usd()), self.refused().len());
        Standing { asked, done: asked - self.left().len(), refused, spent_usd, ..Standing::default() }
    }
}
