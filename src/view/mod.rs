//! Draws the model. It reads, and changes nothing.

pub mod theme;
