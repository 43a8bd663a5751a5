//! How one job chooses its words: the likeliest token, or one by chance, held to the form of an answer.

use std::sync::Arc;

use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

use super::constraint::Constraint;
use super::shortlist::Wish;
use super::words::Words;

/// Of how many likeliest tokens chance picks one.
const TOP: usize = 40;

/// Thoughts before an answer: how many tokens they may take, and those that end them.
#[derive(Clone, Debug)]
pub struct Thinking {
    pub most: usize,
    pub end: Arc<[LlamaToken]>,
}

/// Gives the tokens that spell these bytes, or none where that is left to choice.
pub type Spell<'a> = &'a mut dyn FnMut(&[u8]) -> Arc<[LlamaToken]>;

#[cfg_attr(test, derive(Clone))]
pub struct Voice {
    thinking: Option<Thinking>,
    /// The thoughts so far.
    thoughts: Vec<LlamaToken>,
    constraint: Constraint,
    said: Vec<u8>,
    tokens: Vec<LlamaToken>,
    /// Tokens of the answer at most.
    most: usize,
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
        let mut voice = Self {
            thinking,
            thoughts: Vec::new(),
            constraint,
            said: Vec::new(),
            tokens: Vec::new(),
            most: max_tokens,
            ends: [max_tokens / 2, max_tokens * 3 / 4, max_tokens.saturating_sub(4)],
            chance,
        };
        voice.curtail();
        voice
    }

    /// What every answer begins with, to be evaluated with the prompt; nothing where thoughts come first. Called once, first.
    pub fn opening(&mut self, words: &Words, spell: Spell<'_>) -> Vec<LlamaToken> {
        let mut opening = Vec::new();
        if self.thinking.is_none() {
            self.say_forced(words, spell, &mut opening);
        }
        opening
    }

    /// What it has to know to go on.
    pub fn wish(&self) -> Wish<'_> {
        let count = if self.chance.is_some() { TOP } else { 1 };
        match &self.thinking {
            Some(thinking) if self.thoughts.len() >= thinking.most => Wish { constraint: None, count: 0 },
            Some(_) => Wish { constraint: None, count },
            None => Wish { constraint: Some(&self.constraint), count },
        }
    }

    /// Says the next token, chosen from what it wished for, and after it what has to follow in any case: of that nothing
    /// is chosen, and all of it is evaluated at once. Nothing, where no token may follow.
    pub fn say(&mut self, likeliest: Vec<LlamaTokenData>, words: &Words, spell: Spell<'_>) -> Option<Vec<LlamaToken>> {
        let mut said = Vec::new();
        match self.thinking.clone() {
            Some(thinking) => said.push(self.think(&thinking, likeliest, words)?),
            None => {
                let token = self.choose(likeliest)?;
                self.take(token, words);
                said.push(token);
            }
        }
        if self.thinking.is_none() {
            self.curtail();
            self.say_forced(words, spell, &mut said);
            self.curtail();
        }
        Some(said)
    }

    /// Thoughts are free in their form. They end by themselves, or where the model would end its turn, or as long as they may be.
    fn think(&mut self, thinking: &Thinking, likeliest: Vec<LlamaTokenData>, words: &Words) -> Option<LlamaToken> {
        let over = self.thoughts.len().saturating_sub(thinking.most);
        let ending = over > 0 || self.thoughts.len() == thinking.most;
        let free = if ending { None } else { self.choose(likeliest) };
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

    fn say_forced(&mut self, words: &Words, spell: Spell<'_>, said: &mut Vec<LlamaToken>) {
        let bytes = self.constraint.forced();
        if bytes.is_empty() {
            return;
        }
        let room = self.most.saturating_sub(self.tokens.len());
        for token in spell(&bytes).iter().take(room) {
            if !self.take(*token, words) {
                return;
            }
            said.push(*token);
        }
    }

    fn take(&mut self, token: LlamaToken, words: &Words) -> bool {
        let bytes = words.of_token(token);
        let taken = self.constraint.take(bytes);
        if taken {
            self.said.extend_from_slice(bytes);
            self.tokens.push(token);
        }
        taken
    }

    /// Ends the text under way where the next one needs the room.
    fn curtail(&mut self) {
        if self.ends.get(usize::from(self.constraint.part())).is_some_and(|end| self.tokens.len() >= *end) {
            self.constraint.curtail();
        }
    }

    fn choose(&mut self, likeliest: Vec<LlamaTokenData>) -> Option<LlamaToken> {
        let first = likeliest.first()?.id();
        let Some(chance) = &mut self.chance else { return Some(first) };
        let mut tokens = LlamaTokenDataArray::new(likeliest, true);
        tokens.apply_sampler(chance);
        tokens.selected_token()
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

#[cfg(test)]
mod tests {
    use super::super::constraint::Limits;
    use super::*;

    const END: LlamaToken = LlamaToken(256);
    const LIMITS: Limits = Limits { explanation: 3, citation: 3, answer: 3 };

    /// Every byte is a token; one more ends thoughts, and the last ends a turn.
    fn words() -> Words {
        Words::listed((0..=255).map(|byte: u8| Box::from([byte])).chain([Box::default(), Box::default()]))
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
        let mut said = Vec::new();
        while said.len() < tokens {
            let list = voice.wish().of(logits, &words());
            said.extend(voice.say(list, &words(), &mut |_| Arc::default()).unwrap().iter().map(|token| token.0));
        }
        said
    }

    /// Spells with a token a byte.
    fn spelled(bytes: &[u8]) -> Arc<[LlamaToken]> {
        bytes.iter().map(|byte| LlamaToken(i32::from(*byte))).collect()
    }

    #[test]
    fn what_leaves_no_choice_is_said_at_once() {
        let mut voice = Voice::new(Constraint::new(LIMITS), 0.0, 0, 64, None);
        let say = |voice: &mut Voice, liked: &str| {
            let logits = liking(&liked.bytes().map(i32::from).collect::<Vec<_>>());
            let list = voice.wish().of(&logits, &words());
            let said = voice.say(list, &words(), &mut spelled).unwrap();
            said.iter().map(|token| token.0 as u8 as char).collect::<String>()
        };
        assert_eq!(voice.opening(&words(), &mut spelled).len(), "{\"explanation\":".len());
        let steps = [" ", "\"", "a", "\"", " ", "n", " ", "\"", "b", "\""].map(|liked| say(&mut voice, liked));
        let expected = [" ", "\"", "a", "\", \"citation\":", " ", "null, \"answer\":", " ", "\"", "b", "\"}"];
        assert_eq!(steps, expected);
        assert!(voice.is_done());
        assert_eq!(voice.text(), r#"{"explanation": "a", "citation": null, "answer": "b"}"#);
    }

    #[test]
    fn no_more_is_said_than_there_is_room_for() {
        let mut voice = Voice::new(Constraint::new(LIMITS), 0.0, 0, 7, None);
        assert_eq!(voice.opening(&words(), &mut spelled).len(), 7);
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
