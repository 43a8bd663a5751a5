//! The programs shown lately with their parts, so that one laid out again, or grown by a line, is not read anew.

use super::highlight::{Highlighted, Part};

/// More than a session of the most rounds shows.
const KEPT: usize = 64;

/// Programs, the one asked for last at the end.
#[derive(Clone, Debug, Default)]
pub struct Programs(Vec<Highlighted>);

impl Programs {
    /// The parts of a program that are more than plain code, in order.
    pub fn parts(&mut self, source: &str) -> Vec<Part> {
        let known = self.0.iter().rposition(|known| known.is(source));
        let program = match (known, self.0.iter().rposition(|known| known.begins(source))) {
            (Some(at), _) => self.0.remove(at),
            (None, Some(at)) => self.0.remove(at).grown(source),
            (None, None) => Highlighted::default().grown(source),
        };
        let parts = program.parts().to_vec();
        if self.0.len() == KEPT {
            self.0.remove(0);
        }
        self.0.push(program);
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_grows_is_kept_once_and_only_so_many_are_kept() {
        let mut programs = Programs::default();
        let program = "def f():\n    return '''a\nb'''\n";
        for end in 0..=program.len() {
            let grown = programs.parts(&program[..end]);
            assert_eq!(grown, Programs::default().parts(&program[..end]));
        }
        assert_eq!(programs.0.len(), 1);
        for number in 0..2 * KEPT {
            programs.parts(&format!("x = {number}\n"));
        }
        assert_eq!(programs.0.len(), KEPT);
    }
}
