//! How one job chooses its words: the likeliest token, or one by chance, held to the form of an answer.

use std::sync::Arc;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

use super::constraint::Constraint;

/// Of how many likeliest tokens chance picks one.
const TOP: usize = 40;

/// The bytes of every token; those that no text may hold have none.
pub struct Words(Vec<Box<[u8]>>);

impl Words {
    pub fn of(model: &LlamaModel) -> Self {
        let vocab = model.vocab();
        let bytes = |token| {
            if vocab.is_control(token) || vocab.is_eog(token) {
                return Box::default();
            }
            vocab.token_to_piece(token, false, None).into_boxed_slice()
        };
        Self((0..vocab.n_tokens()).map(|id| bytes(LlamaToken(id))).collect())
    }

    fn of_token(&self, token: LlamaToken) -> &[u8] {
        usize::try_from(token.0).ok().and_then(|index| self.0.get(index)).map_or(&[], |bytes| bytes)
    }
}

/// Thoughts before an answer: how many tokens they may take, and those that end them.
#[derive(Clone, Debug)]
pub struct Thinking {
    pub most: usize,
    pub end: Arc<[LlamaToken]>,
}

#[cfg_attr(test, derive(Clone))]
pub struct Voice {
    thinking: Option<Thinking>,
    /// The thoughts so far.
    thoughts: Vec<LlamaToken>,
    constraint: Constraint,
    said: Vec<u8>,
    tokens: Vec<LlamaToken>,
    /// Tokens after which each of the three texts has to end, so that the last one still has room.
    ends: [usize; 3],
    /// Nothing where the likeliest token is taken.
    chance: Option<LlamaSampler>,
}

impl Voice {
    /// `max_tokens`: what the whole answer may take.
    pub fn new(
        constraint: Constraint,
        temperature: f64,
        sample: u32,
        max_tokens: usize,
        thinking: Option<Thinking>,
    ) -> Self {
        let chance = (temperature > 0.0).then(|| {
            LlamaSampler::chain_simple([
                LlamaSampler::temp(temperature as f32),
                LlamaSampler::dist(sample.wrapping_add(1)),
            ])
        });
        Self {
            thinking,
            thoughts: Vec::new(),
            constraint,
            said: Vec::new(),
            tokens: Vec::new(),
            ends: [max_tokens / 2, max_tokens * 3 / 4, max_tokens.saturating_sub(4)],
            chance,
        }
    }

    /// Chooses the next token among those that may follow; nothing where none may.
    pub fn say(&mut self, logits: &[f32], words: &Words) -> Option<LlamaToken> {
        if let Some(thinking) = self.thinking.clone() {
            return self.think(&thinking, logits, words);
        }
        if self.ends.get(usize::from(self.constraint.part())).is_some_and(|end| self.tokens.len() >= *end) {
            self.constraint.curtail();
        }
        let constraint = self.constraint.clone();
        let token = self.choose(logits, |token| constraint.allows(words.of_token(token)))?;
        self.constraint.take(words.of_token(token));
        self.said.extend_from_slice(words.of_token(token));
        self.tokens.push(token);
        Some(token)
    }

    /// Thoughts are free in their form. They end by themselves, or where the model would end its turn, or as long as they may be.
    fn think(&mut self, thinking: &Thinking, logits: &[f32], words: &Words) -> Option<LlamaToken> {
        let over = self.thoughts.len().saturating_sub(thinking.most);
        let ending = over > 0 || self.thoughts.len() == thinking.most;
        let free = if ending { None } else { self.choose(logits, |_| true) };
        let is_word = |token: &LlamaToken| thinking.end.contains(token) || !words.of_token(*token).is_empty();
        let token = match free.filter(is_word) {
            Some(token) => token,
            None if ending => *thinking.end.get(over)?,
            None => {
                self.thinking = Some(Thinking { most: self.thoughts.len(), ..thinking.clone() });
                *thinking.end.first()?
            }
        };
        self.thoughts.push(token);
        if self.thoughts.ends_with(&thinking.end) {
            self.thinking = None;
        }
        Some(token)
    }

    fn choose(&mut self, logits: &[f32], allowed: impl Fn(LlamaToken) -> bool) -> Option<LlamaToken> {
        match &mut self.chance {
            Some(chance) => by_chance(chance, logits, allowed),
            None => likeliest(logits, allowed),
        }
    }

    /// How many tokens its thoughts took.
    pub fn thought(&self) -> usize {
        self.thoughts.len()
    }

    /// Whether the answer is whole.
    pub fn is_done(&self) -> bool {
        self.constraint.is_done()
    }

    /// What it wrote so far.
    pub fn tokens(&self) -> &[LlamaToken] {
        &self.tokens
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }
}

/// A token is only looked at where it is likelier than every allowed one before it, which few are.
fn likeliest(logits: &[f32], allowed: impl Fn(LlamaToken) -> bool) -> Option<LlamaToken> {
    let mut best = None;
    let mut most = f32::NEG_INFINITY;
    for (id, logit) in logits.iter().enumerate() {
        let token = LlamaToken(id as i32);
        if *logit > most && allowed(token) {
            (best, most) = (Some(token), *logit);
        }
    }
    best
}

/// One of the likeliest that are allowed. Whether a token is allowed is asked in the order of likeliness, so that few are
/// asked about.
fn by_chance(chance: &mut LlamaSampler, logits: &[f32], allowed: impl Fn(LlamaToken) -> bool) -> Option<LlamaToken> {
    let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
    let likelier = |one: &u32, other: &u32| logits[*other as usize].total_cmp(&logits[*one as usize]);
    let mut found = Vec::with_capacity(TOP);
    let mut rest = &mut ids[..];
    while found.len() < TOP && !rest.is_empty() {
        let some = rest.len().min(8 * TOP);
        if some < rest.len() {
            rest.select_nth_unstable_by(some, likelier);
        }
        let (likeliest, others) = rest.split_at_mut(some);
        likeliest.sort_unstable_by(likelier);
        let tokens = likeliest.iter().map(|id| (LlamaToken(*id as i32), logits[*id as usize]));
        let tokens = tokens.filter(|(token, _)| allowed(*token));
        found.extend(tokens.map(|(token, logit)| LlamaTokenData::new(token, logit, 0.0)).take(TOP - found.len()));
        rest = others;
    }
    if found.is_empty() {
        return None;
    }
    let mut tokens = LlamaTokenDataArray::new(found, true);
    tokens.apply_sampler(chance);
    tokens.selected_token()
}

#[cfg(test)]
mod tests {
    use super::super::constraint::Limits;
    use super::*;

    const END: LlamaToken = LlamaToken(256);
    const LIMITS: Limits = Limits { explanation: 3, citation: 3, answer: 3 };

    /// Every byte is a token; one more ends thoughts, and the last ends a turn.
    fn words() -> Words {
        Words((0..=255).map(|byte: u8| Box::from([byte])).chain([Box::default(), Box::default()]).collect())
    }

    fn liking(tokens: &[i32]) -> Vec<f32> {
        let mut logits = vec![0.0; 258];
        for (order, token) in tokens.iter().enumerate() {
            logits[*token as usize] = 9.0 - order as f32;
        }
        logits
    }

    fn voice(most: usize, temperature: f64) -> Voice {
        let thinking = Thinking { most, end: [END, LlamaToken(10)].into() };
        Voice::new(Constraint::new(LIMITS), temperature, 0, 64, Some(thinking))
    }

    fn said(voice: &mut Voice, logits: &[f32], tokens: usize) -> Vec<i32> {
        (0..tokens).map(|_| voice.say(logits, &words()).unwrap().0).collect()
    }

    #[test]
    fn thoughts_end_where_they_may_be_no_longer_and_the_answer_follows_in_form() {
        for temperature in [0.0, 0.1] {
            let mut voice = voice(3, temperature);
            let logits = liking(&[i32::from(b'x')]);
            assert_eq!(said(&mut voice, &logits, 6), [120, 120, 120, 256, 10, i32::from(b'{')]);
            assert_eq!((voice.thought(), voice.text().as_str()), (5, "{"));
        }
    }

    #[test]
    fn thoughts_end_by_themselves_or_with_the_turn() {
        let mut by_itself = voice(9, 0.0);
        said(&mut by_itself, &liking(&[120]), 1);
        said(&mut by_itself, &liking(&[256]), 1);
        said(&mut by_itself, &liking(&[10]), 1);
        assert_eq!(said(&mut by_itself, &liking(&[120]), 1), [i32::from(b'{')]);
        let mut with_the_turn = voice(9, 0.0);
        assert_eq!(said(&mut with_the_turn, &liking(&[257]), 3), [256, 10, i32::from(b'{')]);
    }

    #[test]
    fn chance_takes_what_is_likely_among_what_is_allowed() {
        let mut logits: Vec<f32> = (0..258).map(|id| id as f32 / 10.0).collect();
        logits[usize::from(b'{')] = -50.0;
        let mut voice = Voice::new(Constraint::new(LIMITS), 1.0, 7, 64, None);
        assert_eq!(said(&mut voice, &logits, 1), [i32::from(b'{')], "nothing else may come first");
    }
}
