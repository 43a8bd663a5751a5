//! What is asked where with the next request too much of the documents would leave, and what an answer may be.

use crate::protocol::{Overexposed, percent};

/// What happened, for the person who has to decide.
pub fn lines(reached: &Overexposed) -> [String; 3] {
    let Overexposed { left, share, limit, .. } = *reached;
    [
        format!("With the next request ({}) {} of the documents", reached.purpose.name(), percent(share)),
        format!("would have left; {} did, and {} may.", percent(left), percent(limit)),
        "Nothing is sent until you decide.".into(),
    ]
}

/// What one can do: the key that does it stands in the keymap.
pub fn once(reached: &Overexposed) -> String {
    format!("send this request, {} in all; ask again at the next", percent(reached.share))
}

/// The smallest limit that lets the request leave, in per cent, rounded up to what is shown of it.
pub fn at_least(reached: &Overexposed) -> String {
    percent(reached.share)
}

/// The same as a share, with a digit more.
pub fn least_share(reached: &Overexposed) -> f64 {
    ((reached.share * 1e4).ceil() / 1e4).clamp(reached.share, 1.0)
}

/// A new limit to begin with, in per cent: twice the old, or what the request needs.
pub fn suggested(reached: &Overexposed) -> String {
    percent(reached.share.max(reached.limit * 2.0).min(1.0)).trim_end_matches('%').to_owned()
}

/// The new limit that was typed in per cent, as a share, or what is wrong with it.
pub fn read(reached: &Overexposed, typed: &str) -> Result<f64, String> {
    match typed.trim().trim_end_matches('%').trim_end().parse::<f64>() {
        Ok(percents) if (0.0..=100.0).contains(&percents) => {
            let share = percents / 100.0;
            // What is shown of the least is a rounded number.
            let enough = share + 1e-9 >= reached.share;
            enough.then(|| share.max(reached.share)).ok_or(format!("the request needs {} at least", at_least(reached)))
        }
        _ => Err("write the new limit in per cent of the documents, such as 20".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Purpose;

    #[test]
    fn what_is_offered_is_enough_and_what_is_typed_is_per_cent() {
        for share in [0.123_456, 0.5, 0.999_99, 1.0] {
            let reached = Overexposed { purpose: Purpose::Think, attempt: 1, left: 0.1, share, bytes: 9, limit: 0.1 };
            for offered in [suggested(&reached), at_least(&reached)] {
                assert!(read(&reached, &offered).is_ok_and(|to| to >= share), "{offered}");
            }
            assert!(read(&reached, "10").unwrap_err().contains("at least"));
            for wrong in ["", "much", "nan", "101", "-1"] {
                assert!(read(&reached, wrong).unwrap_err().contains("per cent"), "{wrong}");
            }
        }
    }
}
