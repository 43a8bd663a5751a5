//! Draws the model. Reads, never changes.
