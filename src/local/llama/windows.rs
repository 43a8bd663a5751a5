//! Which tokens an embedding model reads together: long texts in windows, short ones side by side in one step.

use std::ops::Range;

/// Cuts `length` tokens into as few windows of at most `most` as it takes, of lengths that differ by one at most.
pub fn windows(length: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    let count = length.div_ceil(most.max(1)).max(1);
    (0..count).map(move |at| at * length / count..(at + 1) * length / count)
}

/// What one step may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub tokens: usize,
    pub sequences: usize,
}

impl Step {
    /// How many of the waiting windows, of these lengths, make the next step. The first always does.
    pub fn take(self, lengths: impl IntoIterator<Item = usize>) -> usize {
        let mut tokens = 0;
        let fits = |(at, length): &(usize, usize)| {
            tokens += length;
            *at == 0 || tokens <= self.tokens
        };
        lengths.into_iter().take(self.sequences.max(1)).enumerate().take_while(fits).count()
    }
}

/// Adds a window's vector, of length 1, to those of the text's other windows.
pub fn add(sum: &mut Vec<f32>, window: &[f32]) {
    if sum.is_empty() {
        sum.extend_from_slice(window);
    } else {
        sum.iter_mut().zip(window).for_each(|(sum, part)| *sum += part);
    }
}

/// Scales a vector to length 1; whether it has a direction at all.
pub fn normalise(vector: &mut [f32]) -> bool {
    let length = vector.iter().map(|part| f64::from(*part).powi(2)).sum::<f64>().sqrt();
    if !length.is_finite() || length < f64::from(f32::MIN_POSITIVE) {
        return false;
    }
    vector.iter_mut().for_each(|part| *part = (f64::from(*part) / length) as f32);
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STEP: Step = Step { tokens: 100, sequences: 4 };

    #[test]
    fn a_step_takes_what_fits_and_always_the_first() {
        assert_eq!(STEP.take([50, 50, 1]), 2);
        assert_eq!(STEP.take([10; 9]), 4);
        assert_eq!(STEP.take([500, 1]), 1, "a window longer than a step goes alone");
        assert_eq!(STEP.take([]), 0);
    }

    #[test]
    fn what_has_no_direction_is_told() {
        let mut vector = [3.0, 4.0];
        assert!(normalise(&mut vector));
        assert_eq!(vector, [0.6, 0.8]);
        assert!(!normalise(&mut [0.0, 0.0]));
        assert!(!normalise(&mut [f32::NAN, 1.0]));
    }

    proptest! {
        #[test]
        fn windows_hold_every_token_once_and_are_as_few_as_can_be(length in 0usize..5000, most in 1usize..600) {
            let windows: Vec<_> = windows(length, most).collect();
            prop_assert_eq!(windows.len(), length.div_ceil(most).max(1));
            prop_assert_eq!(windows.first().map(|window| window.start), Some(0));
            prop_assert_eq!(windows.last().map(|window| window.end), Some(length));
            prop_assert!(windows.windows(2).all(|pair| pair[0].end == pair[1].start));
            let lengths = || windows.iter().map(ExactSizeIterator::len);
            prop_assert!(lengths().all(|length| length <= most));
            prop_assert!(lengths().max().unwrap() - lengths().min().unwrap() <= 1);
        }

        #[test]
        fn every_window_comes_into_some_step(mut lengths in prop::collection::vec(1usize..200, 0..40)) {
            while !lengths.is_empty() {
                let taken = STEP.take(lengths.iter().copied());
                prop_assert!((1..=STEP.sequences).contains(&taken));
                prop_assert!(taken == 1 || lengths[..taken].iter().sum::<usize>() <= STEP.tokens);
                lengths.drain(..taken);
            }
        }
    }
}
