//! How what is told is set: in columns for the eye, or in plain lines that are read out.

use super::super::Failure;
use super::Transcript;
use crate::app::counted;
use crate::document::escape::visible_lines;
use crate::protocol::Held;

/// Lines of a reply, a program or what was aggregated that are read out; all of it is in the session.
const SPOKEN_LINES: usize = 6;

/// How a transcript is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// In columns, for the eye.
    Columns,
    /// Without columns, lines and spaces that a screen reader would read out.
    Spoken,
}

impl Transcript<'_> {
    pub(super) fn line(&mut self, at_ms: u64, text: &str) -> Result<(), Failure> {
        let since = at_ms.saturating_sub(self.began_ms) as f64 / 1000.0;
        match self.style {
            Style::Columns => writeln!(self.out, "{since:8.1} s  {text}")?,
            Style::Spoken => writeln!(self.out, "{since:.1} s: {text}")?,
        }
        Ok(())
    }

    pub(super) fn indent(&self) -> &'static str {
        match self.style {
            Style::Columns => "            ",
            Style::Spoken => "",
        }
    }

    pub(super) fn block(&mut self, text: &str) -> Result<(), Failure> {
        let text = visible_lines(text.trim_end());
        match self.style {
            Style::Columns => {
                for line in text.lines() {
                    writeln!(self.out, "            │ {line}")?;
                }
            }
            Style::Spoken => {
                let lines: Vec<&str> = spoken(&text).collect();
                let (begin, rest) = lines.split_at(lines.len().min(SPOKEN_LINES));
                for line in begin {
                    writeln!(self.out, "{line}")?;
                }
                if !rest.is_empty() {
                    writeln!(self.out, "and {} more", counted(rest.len(), "line"))?;
                }
            }
        }
        Ok(())
    }

    /// Reads out whole what waits at a gate: nobody can answer for a part of it.
    pub(super) fn held(&mut self, held: &Held) -> Result<(), Failure> {
        let round = self.state.round();
        let text = match held {
            Held::Code { code } => {
                let codes = round.map_or(&[][..], |round| &round.codes);
                codes.iter().rev().find(|known| known.id == *code).map(|known| known.source.clone())
            }
            Held::Outputs { .. } => round.and_then(|round| Some(round.aggregated.as_ref()?.text.clone())),
            Held::Request(_) | Held::Decision { .. } => None,
        };
        let text = text.filter(|text| self.style == Style::Spoken && spoken(text).count() > SPOKEN_LINES);
        let Some(text) = text else { return Ok(()) };
        writeln!(self.out, "all {} lines of it:", spoken(&text).count())?;
        for line in spoken(&visible_lines(&text)) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }
}

/// The lines that are read out.
fn spoken(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::{Style, Transcript};
    use crate::app::world::{self, World as Screen};
    use crate::journal::{Record, Stored};
    use crate::protocol::{GateChoice, Gates};

    #[test]
    fn what_waits_at_a_gate_is_read_out_whole() {
        let mut world = Screen { gates: Gates::all(), ..Screen::new() };
        world.start();
        let long: Vec<String> = (1..=90).map(|line| format!("- finding {line}\u{1b}")).collect();
        let code: String = (1..=90).map(|line| format!("# line {line} of the program\n")).collect();
        let program = format!("```python\n{code}\n{}", world::PROGRAM.split("```python\n").nth(1).unwrap());
        world.say(GateChoice::Pass).reply("What matters.").say(GateChoice::Pass).reply(&program).prepare();
        world.say(GateChoice::Pass);
        for index in 0..16 {
            world.abstained(index);
        }
        world.aggregate(&long.join("\n"));
        let mut out = Vec::new();
        let mut transcript = Transcript::new(&mut out, Vec::new(), 0, Style::Spoken);
        for (fact, seq) in world.facts.into_iter().zip(1..) {
            let record = Record { v: 1, seq, at_ms: 1, fact: Stored::Known(Box::new(fact)), blake3: None };
            transcript.apply(&record);
            transcript.tell(&record).unwrap();
        }
        let told = String::from_utf8(out).unwrap();
        let (_, code) = told.split_once("(code): the program of attempt 1 waits\n").unwrap();
        let (_, outputs) = told.split_once("(outputs): the outputs wait to go to the remote LM\n").unwrap();
        for line in 1..=90 {
            assert!(code.contains(&format!("# line {line} of the program\n")), "{told}");
            assert!(outputs.contains(&format!("- finding {line}␛\n")), "{told}");
        }
    }
}
