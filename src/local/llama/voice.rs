//! How one job chooses its words: the likeliest token, or one by chance, held to the form of an answer.

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

    /// Chooses the next token among those that may follow; nothing where none may.
    pub fn say(&mut self, logits: &[f32], words: &Words) -> Option<LlamaToken> {
        if self.ends.get(usize::from(self.constraint.part())).is_some_and(|end| self.tokens.len() >= *end) {
            self.constraint.curtail();
        }
        let token = if self.chance.is_some() { self.by_chance(logits, words)? } else { self.likeliest(logits, words)? };
        self.constraint.take(words.of_token(token));
        self.said.extend_from_slice(words.of_token(token));
        self.tokens.push(token);
        Some(token)
    }

    /// A token is only looked at where it is likelier than every allowed one before it, which few are.
    fn likeliest(&self, logits: &[f32], words: &Words) -> Option<LlamaToken> {
        let mut best = None;
        let mut most = f32::NEG_INFINITY;
        for (id, logit) in logits.iter().enumerate() {
            let token = LlamaToken(id as i32);
            if *logit > most && self.constraint.allows(words.of_token(token)) {
                (best, most) = (Some(token), *logit);
            }
        }
        best
    }

    /// One of the likeliest that are allowed. Whether a token is allowed is asked in the order of likeliness, so that few
    /// are asked about.
    fn by_chance(&mut self, logits: &[f32], words: &Words) -> Option<LlamaToken> {
        let chance = self.chance.as_mut()?;
        let mut ids: Vec<u32> = (0..logits.len() as u32).collect();
        let likelier = |one: &u32, other: &u32| logits[*other as usize].total_cmp(&logits[*one as usize]);
        let mut allowed = Vec::with_capacity(TOP);
        let mut rest = &mut ids[..];
        while allowed.len() < TOP && !rest.is_empty() {
            let some = rest.len().min(8 * TOP);
            if some < rest.len() {
                rest.select_nth_unstable_by(some, likelier);
            }
            let (likeliest, others) = rest.split_at_mut(some);
            likeliest.sort_unstable_by(likelier);
            let tokens = likeliest.iter().map(|id| (LlamaToken(*id as i32), logits[*id as usize]));
            let tokens = tokens.filter(|(token, _)| self.constraint.allows(words.of_token(*token)));
            allowed
                .extend(tokens.map(|(token, logit)| LlamaTokenData::new(token, logit, 0.0)).take(TOP - allowed.len()));
            rest = others;
        }
        if allowed.is_empty() {
            return None;
        }
        let mut tokens = LlamaTokenDataArray::new(allowed, true);
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
