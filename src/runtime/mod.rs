//! Performs the protocol's effects: joins it to the journal, the models and the sandbox.
