//! What is asked where the next call could pass a budget, and what an answer may be.

use super::figures::dollars;
use crate::protocol::{Reached, Scope};

/// What happened, for the person who has to decide.
pub fn lines(reached: &Reached) -> [String; 3] {
    let Reached { worst_usd, committed_usd, budget_usd, .. } = *reached;
    let (who, of) = match reached.scope {
        Scope::Session => ("This session", "its budget"),
        Scope::Day => ("Today's sessions", "the budget of the day"),
    };
    [
        format!("The next call ({}) may cost {} at most.", reached.purpose.name(), dollars(worst_usd)),
        format!("{who} spent or reserved {} of {of}, {}.", dollars(committed_usd), dollars(budget_usd)),
        "Nothing is sent until you decide.".into(),
    ]
}

/// What one can do: the key that does it stands in the keymap.
pub fn once(reached: &Reached) -> String {
    format!("make this call, up to {} in all; ask again at the next", at_least(reached))
}

/// The smallest budget that lets the call go out, rounded up to what is shown of it.
pub fn at_least(reached: &Reached) -> String {
    let (needed, steps) = (reached.needed_usd(), (reached.needed_usd() * 1e4).ceil());
    // What is shown must be enough as a number, too.
    let enough = if steps / 1e4 < needed { steps + 1.0 } else { steps };
    format!("${:.4}", enough / 1e4)
}

/// A new budget to begin with: twice the old, or what the call needs, in whole cents.
pub fn suggested(reached: &Reached) -> String {
    let usd = reached.needed_usd().max(reached.budget_usd * 2.0);
    format!("{:.2}", (usd * 100.0).ceil() / 100.0)
}

/// The new budget that was typed, or what is wrong with it.
pub fn read(reached: &Reached, typed: &str) -> Result<f64, String> {
    let number = typed.trim().trim_start_matches('$').trim_start();
    match number.parse::<f64>() {
        // What is shown of the least is a rounded number.
        Ok(usd) if usd.is_finite() && usd + 1e-9 >= reached.needed_usd() => Ok(usd.max(reached.needed_usd())),
        Ok(usd) if usd.is_finite() => Err(format!("the call needs a budget of {} at least", at_least(reached))),
        _ => Err("write the new budget in dollars, such as 1.50".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Purpose;

    fn reached() -> Reached {
        Reached {
            scope: Scope::Session,
            purpose: Purpose::Think,
            attempt: 1,
            again: None,
            worst_usd: 0.012_345,
            committed_usd: 0.04,
            budget_usd: 0.05,
        }
    }

    #[test]
    fn what_is_offered_is_always_enough() {
        for worst_usd in [0.010_001, 0.012_345, 0.2, 7.0] {
            let reached = Reached { worst_usd, ..reached() };
            for offered in [suggested(&reached), at_least(&reached)] {
                assert!(read(&reached, &offered).is_ok(), "{offered}");
            }
        }
    }

    #[test]
    fn what_is_typed_is_dollars_and_enough_for_the_call() {
        assert_eq!(read(&reached(), " $ 1.5 "), Ok(1.5));
        assert_eq!(read(&reached(), "0.05"), Err("the call needs a budget of $0.0524 at least".into()));
        for wrong in ["", "much", "nan", "inf", "1,5"] {
            assert!(read(&reached(), wrong).unwrap_err().contains("in dollars"), "{wrong}");
        }
    }
}
