//! What the screen is about: the model, what changes it, and which key does what. It draws nothing.

mod key;

pub use key::{Key, KeyCode, UnknownKey};
