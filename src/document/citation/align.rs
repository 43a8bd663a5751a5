//! Which characters of a text a quotation stands for: a semi-global alignment with the fewest edits (Sellers 1980), within a
//! band around a diagonal.

/// One step of an alignment: a character of both, or of one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) quoted: Option<usize>,
    pub(super) text: Option<usize>,
}

/// What a character costs that was changed, put in or left out.
const EDIT: u32 = 2;
/// What one costs that was changed into one that looks like it.
const ALIKE: u32 = 1;

const DIAGONAL: u8 = 0;
const QUOTED_ALONE: u8 = 1;
const TEXT_ALONE: u8 = 2;
const NEVER: u32 = u32::MAX / 2;

/// Aligns the whole of `quoted` with a part of `text`, with at most `most` edits; nothing where there are more. The first and
/// the last of the columns, which come in order, are of the quotation.
///
/// The quotation is expected to begin at the character `at` of the text, and nowhere to drift from there by more than `half`.
pub(super) fn align(quoted: &[char], text: &[char], at: usize, half: usize, most: usize) -> Option<Vec<Column>> {
    let most = most as u32 * EDIT;
    let width = 2 * half + 1;
    // The cell `k` of row `i` ends before the character `i + k + at - half` of the text.
    let ends = |i: usize, k: usize| (i + k + at).checked_sub(half).filter(|j| *j <= text.len());
    let mut before: Vec<u32> = (0..width).map(|k| ends(0, k).map_or(NEVER, |_| 0)).collect();
    let mut row = vec![NEVER; width];
    let mut steps = vec![DIAGONAL; quoted.len() * width];
    for (i, (character, steps)) in quoted.iter().zip(steps.chunks_exact_mut(width)).enumerate() {
        let mut least = NEVER;
        for k in 0..width {
            let Some(j) = ends(i + 1, k) else {
                row[k] = NEVER;
                continue;
            };
            let changed = |j: usize| match text[j] {
                same if same == *character => 0,
                other if looks_like(*character, other) => ALIKE,
                _ => EDIT,
            };
            let mut best = j.checked_sub(1).map_or((NEVER, DIAGONAL), |j| (before[k] + changed(j), DIAGONAL));
            let quoted_alone = before.get(k + 1).map_or(NEVER, |cost| cost + EDIT);
            let text_alone = k.checked_sub(1).map_or(NEVER, |k| row[k] + EDIT);
            best = best.min((quoted_alone, QUOTED_ALONE)).min((text_alone, TEXT_ALONE));
            (row[k], steps[k]) = best;
            least = least.min(best.0);
        }
        if least > most {
            return None;
        }
        std::mem::swap(&mut before, &mut row);
    }
    let (cost, mut k) = before.iter().zip(0..).map(|(cost, k)| (*cost, k)).min()?;
    let mut columns = Vec::with_capacity(quoted.len() + cost as usize);
    let mut i = quoted.len();
    while i > 0 {
        let end = ends(i, k)?;
        let step = steps[(i - 1) * width + k];
        let text = (step != QUOTED_ALONE).then(|| end.checked_sub(1)).flatten();
        columns.push(Column { quoted: (step != TEXT_ALONE).then(|| i - 1), text });
        match step {
            DIAGONAL => i -= 1,
            QUOTED_ALONE => (i, k) = (i - 1, k + 1),
            _ => k = k.checked_sub(1)?,
        }
    }
    columns.reverse();
    // Text alone at either end is no part of it.
    let last = columns.iter().rposition(|column| column.quoted.is_some())?;
    columns.truncate(last + 1);
    (cost <= most).then_some(columns)
}

/// Letters and digits that scanners take for one another; in lower case.
pub(super) fn looks_like(one: char, other: char) -> bool {
    let pair = (one.min(other), one.max(other));
    matches!(
        pair,
        ('1', 'l' | 'i')
            | ('i', 'l')
            | ('0', 'o')
            | ('5', 's')
            | ('8', 'b')
            | ('c', 'e')
            | ('b', 'h')
            | ('f', 't')
            | ('n', 'u')
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn aligned(quoted: &str, text: &str, at: usize, half: usize) -> Option<String> {
        let (quoted, text): (Vec<char>, Vec<char>) = (quoted.chars().collect(), text.chars().collect());
        let columns = align(&quoted, &text, at, half, quoted.len())?;
        Some(columns.iter().filter_map(|column| column.text.map(|at| text[at])).collect())
    }

    #[test]
    fn a_quotation_is_aligned_with_its_part_of_the_text() {
        for (quoted, part) in [
            ("northern route", "northern route"),
            ("norhern rout", "northern rout"),
            ("nortthern roude", "northern route"),
            ("the nxrthern", "the northern"),
        ] {
            assert_eq!(aligned(quoted, "on the northern route to", 7, 4).as_deref(), Some(part), "{quoted}");
        }
        assert_eq!(aligned("", "text", 0, 2), None);
        let far = align(&['a'; 8], &['z'; 30], 4, 4, 4);
        assert_eq!(far, None);
    }

    proptest! {
        #[test]
        fn no_other_part_of_the_text_is_nearer(quoted in "[ax ]{1,12}", text in "[ax ]{0,24}", at in 0usize..24) {
            let whole = 40;
            if let Some(part) = aligned(&quoted, &text, at.min(text.len()), whole) {
                let edits = strsim::levenshtein(&quoted, &part);
                for start in 0..=text.len() {
                    for end in start..=text.len() {
                        prop_assert!(edits <= strsim::levenshtein(&quoted, &text[start..end]));
                    }
                }
            }
        }
    }
}
