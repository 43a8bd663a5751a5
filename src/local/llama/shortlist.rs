//! The likeliest tokens that may follow, for every job that is to write: the one place that looks at all likings.

use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;

use super::constraint::Constraint;
use super::words::Words;

/// Likings that are worth a thread of their own: some tenths of a millisecond's work, several times what starting one takes.
const OF_A_THREAD: usize = 1 << 19;
/// So many are passed over together where none of them is liked enough, which a processor finds out in a few steps.
const BLOCK: usize = 64;

/// What a job wants to know: its likeliest tokens, best first.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// What the tokens are held to, where anything.
    pub constraint: Option<&'a Constraint>,
    /// How many.
    pub count: usize,
}

impl Wish<'_> {
    /// A token is only held against the form where it is likelier than what was found so far, which few are: no mask of
    /// the whole vocabulary is made.
    pub fn of(&self, likings: &[f32], words: &Words) -> Vec<LlamaTokenData> {
        let mut found: Vec<LlamaTokenData> = Vec::with_capacity(self.count);
        if self.count == 0 {
            return found;
        }
        let mut least = f32::NEG_INFINITY;
        for (block, likings) in likings.chunks(BLOCK).enumerate() {
            // Without a way out in its midst the loop becomes a few vector instructions.
            if !likings.iter().fold(false, |any, liking| any | (*liking > least)) {
                continue;
            }
            for (index, liking) in likings.iter().enumerate() {
                if *liking <= least || liking.is_nan() {
                    continue;
                }
                let token = LlamaToken((block * BLOCK + index) as i32);
                if self.constraint.is_some_and(|form| !form.allows(words.of_token(token))) {
                    continue;
                }
                found.truncate(self.count - 1);
                let place = found.partition_point(|one| one.logit() >= *liking);
                found.insert(place, LlamaTokenData::new(token, *liking, 0.0));
                if found.len() == self.count {
                    least = found.last().map_or(least, LlamaTokenData::logit);
                }
            }
        }
        found
    }
}

/// The lists of all jobs in their order, by as many threads as pay.
pub fn all(wishes: &[(Wish<'_>, &[f32])], words: &Words, threads: usize) -> Vec<Vec<LlamaTokenData>> {
    let list = |(wish, likings): &(Wish<'_>, &[f32])| wish.of(likings, words);
    let work: usize = wishes.iter().map(|(_, likings)| likings.len()).sum();
    let threads = threads.min(work / OF_A_THREAD);
    if threads < 2 {
        return wishes.iter().map(list).collect();
    }
    let mut lists = vec![Vec::new(); wishes.len()];
    let share = wishes.len().div_ceil(threads);
    std::thread::scope(|scope| {
        for (wishes, lists) in wishes.chunks(share).zip(lists.chunks_mut(share)) {
            scope.spawn(move || wishes.iter().zip(lists).for_each(|(wish, place)| *place = list(wish)));
        }
    });
    lists
}

#[cfg(test)]
mod tests {
    use super::super::constraint::Limits;
    use super::*;

    /// Every byte is a token.
    fn words() -> Words {
        Words::listed((0..=255).map(|byte: u8| Box::from([byte])))
    }

    fn ids(found: &[LlamaTokenData]) -> Vec<i32> {
        found.iter().map(|one| one.id().0).collect()
    }

    #[test]
    fn the_likeliest_come_first_and_equals_in_the_order_of_the_vocabulary() {
        let mut likings = vec![0.0; 256];
        for (id, liking) in [(9, 2.0), (7, 3.0), (200, 2.0), (30, f32::NAN)] {
            likings[id] = liking;
        }
        let free = |count| ids(&Wish { constraint: None, count }.of(&likings, &words()));
        assert_eq!(free(4), [7, 9, 200, 0]);
        assert_eq!(free(1), [7]);
        assert!(free(0).is_empty());
        assert_eq!(free(999).len(), 255, "what is no number is not liked");
    }

    #[test]
    fn only_what_may_follow_is_listed() {
        let form = Constraint::new(Limits { explanation: 9, citation: 9, answer: 9 });
        let likings: Vec<f32> = (0..256).map(|id| id as f32).collect();
        let held = Wish { constraint: Some(&form), count: 40 };
        assert_eq!(ids(&held.of(&likings, &words())), [i32::from(b'{')]);
    }

    #[test]
    fn several_threads_list_what_one_lists() {
        let likings: Vec<Vec<f32>> = (0..70u32)
            .map(|row| (0..40_000u32).map(|id| (id.wrapping_mul(2_654_435_761 + row) % 9973) as f32).collect())
            .collect();
        let wish = Wish { constraint: None, count: 5 };
        let wishes: Vec<_> = likings.iter().map(|row| (wish, row.as_slice())).collect();
        let lists = |threads| all(&wishes, &words(), threads).iter().map(|list| ids(list)).collect::<Vec<_>>();
        assert_eq!(lists(1), lists(4));
    }
}
