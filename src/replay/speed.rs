//! How fast a session is played back.

use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many times the speed at which it happened.
    Times(f64),
    /// As fast as it can be drawn.
    Max,
}

/// The speeds that keys step through.
const LADDER: [f64; 9] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
const SLOWEST: f64 = LADDER[0];
const FASTEST: f64 = LADDER[LADDER.len() - 1];

impl Speed {
    /// So many times the speed at which it happened, held between 0.25 and 64.
    pub fn times(factor: f64) -> Self {
        Speed::Times(if factor.is_nan() { 1.0 } else { factor.clamp(SLOWEST, FASTEST) })
    }

    /// The next step up; above the highest as fast as it can be drawn.
    pub fn faster(self) -> Self {
        match self {
            Speed::Times(now) => LADDER.into_iter().find(|&step| step > now).map_or(Speed::Max, Speed::Times),
            Speed::Max => Speed::Max,
        }
    }

    /// The next step down, not below the lowest.
    pub fn slower(self) -> Self {
        match self {
            Speed::Times(now) => Speed::Times(LADDER.into_iter().rev().find(|&step| step < now).unwrap_or(SLOWEST)),
            Speed::Max => Speed::Times(FASTEST),
        }
    }
}

impl Default for Speed {
    fn default() -> Self {
        Speed::Times(1.0)
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Speed::Times(factor) => write!(f, "{factor}×"),
            Speed::Max => f.write_str("max"),
        }
    }
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("max") {
            return Ok(Speed::Max);
        }
        match text.trim_end_matches(['x', '×']).parse::<f64>() {
            Ok(factor) if (SLOWEST..=FASTEST).contains(&factor) => Ok(Speed::Times(factor)),
            _ => Err(format!("a speed is a number from {SLOWEST} to {FASTEST}, or max")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_step_through_all_speeds_and_stop_at_the_ends() {
        let mut speed = Speed::Times(0.25);
        let mut seen = vec![speed.to_string()];
        while speed != Speed::Max {
            speed = speed.faster();
            seen.push(speed.to_string());
        }
        assert_eq!(seen.join(" "), "0.25× 0.5× 1× 2× 4× 8× 16× 32× 64× max");
        assert_eq!(Speed::Max.faster(), Speed::Max);
        assert_eq!(Speed::Max.slower(), Speed::Times(64.0));
        assert_eq!(Speed::Times(0.25).slower(), Speed::Times(0.25));
        assert_eq!(Speed::Times(3.0).faster(), Speed::Times(4.0));
    }

    #[test]
    fn a_speed_is_read_from_the_command_line() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("2.5x".parse(), Ok(Speed::Times(2.5)));
        for wrong in ["", "0", "-1", "65", "nan", "inf", "fast"] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
    }
}
