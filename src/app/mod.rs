//! What the screen is about: model, messages, update, actions, keymap. Draws nothing.
