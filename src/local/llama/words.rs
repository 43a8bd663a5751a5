//! The vocabulary as bytes: what each token says, and which tokens say what has to be said.

use std::collections::HashMap;
use std::sync::Arc;

use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::token::LlamaToken;

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

    #[cfg(test)]
    pub fn listed(words: impl IntoIterator<Item = Box<[u8]>>) -> Self {
        Self(words.into_iter().collect())
    }

    pub fn of_token(&self, token: LlamaToken) -> &[u8] {
        usize::try_from(token.0).ok().and_then(|index| self.0.get(index)).map_or(&[], |bytes| bytes)
    }
}

/// The tokens in which a model writes texts that come again and again.
pub struct Spelling<'a> {
    model: &'a LlamaModel,
    known: HashMap<Vec<u8>, Arc<[LlamaToken]>>,
}

impl<'a> Spelling<'a> {
    pub fn of(model: &'a LlamaModel) -> Self {
        Self { model, known: HashMap::new() }
    }

    /// The tokens of these bytes as they stand within a text; none where the vocabulary cannot part them from what comes before.
    pub fn tokens(&mut self, bytes: &[u8], words: &Words) -> Arc<[LlamaToken]> {
        if let Some(known) = self.known.get(bytes) {
            return known.clone();
        }
        // Some vocabularies put a space before the first word of a text: here that is a line's end, which is taken off again.
        let text = [b"\n", bytes].concat();
        let all = self.model.vocab().tokenize(&text, false, false);
        let mut left = bytes.len();
        let begins = all.iter().rposition(|token| {
            left = left.saturating_sub(words.of_token(*token).len());
            left == 0
        });
        let tokens = begins.map_or(&[][..], |begins| &all[begins..]);
        let said: Vec<u8> = tokens.iter().flat_map(|token| words.of_token(*token)).copied().collect();
        let tokens: Arc<[LlamaToken]> = if said == bytes { tokens.into() } else { Arc::default() };
        self.known.insert(bytes.to_vec(), tokens.clone());
        tokens
    }
}
