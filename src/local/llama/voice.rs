//! How one job chooses its words: the likeliest token, or one by chance, held to the form of an answer.

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::token::data::LlamaTokenData;
use llama_cpp_2::token::data_array::LlamaTokenDataArray;

use super::constraint::Constraint;

/// Of how many likeliest tokens chance picks one.
const TOP: i32 = 40;

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

#[cfg_attr(test, derive(Clone))]
pub struct Voice {
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
    pub fn new(constraint: Constraint, temperature: f64, sample: u32, max_tokens: usize) -> Self {
        let chance = (temperature > 0.0).then(|| {
            LlamaSampler::chain_simple([
                LlamaSampler::top_k(TOP),
                LlamaSampler::temp(temperature as f32),
                LlamaSampler::dist(sample.wrapping_add(1)),
            ])
        });
        Self {
            constraint,
            said: Vec::new(),
            tokens: Vec::new(),
            ends: [max_tokens / 2, max_tokens * 3 / 4, max_tokens.saturating_sub(4)],
            chance,
        }
    }

    /// Chooses the next token. Most often the model's own choice is allowed, so that is asked first; only where it is not is
    /// every token tried. Nothing where no token may follow.
    pub fn say(&mut self, logits: &[f32], words: &Words) -> Option<LlamaToken> {
        if self.ends.get(usize::from(self.constraint.part())).is_some_and(|end| self.tokens.len() >= *end) {
            self.constraint.curtail();
        }
        let all = || logits.iter().enumerate().map(|(id, logit)| (LlamaToken(id as i32), *logit));
        let mut token = self.choose(all());
        if token.is_none_or(|token| !self.constraint.allows(words.of_token(token))) {
            let constraint = self.constraint.clone();
            token = self.choose(all().filter(|(token, _)| constraint.allows(words.of_token(*token))));
        }
        let token = token?;
        self.constraint.take(words.of_token(token));
        self.said.extend_from_slice(words.of_token(token));
        self.tokens.push(token);
        Some(token)
    }

    fn choose(&mut self, tokens: impl Iterator<Item = (LlamaToken, f32)>) -> Option<LlamaToken> {
        let Some(chance) = &mut self.chance else {
            return tokens.max_by(|one, other| one.1.total_cmp(&other.1)).map(|(token, _)| token);
        };
        let tokens: Vec<_> = tokens.map(|(token, logit)| LlamaTokenData::new(token, logit, 0.0)).collect();
        if tokens.is_empty() {
            return None;
        }
        let mut tokens = LlamaTokenDataArray::new(tokens, false);
        tokens.apply_sampler(chance);
        tokens.selected_token()
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
