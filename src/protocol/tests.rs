//! What the protocol promises.
