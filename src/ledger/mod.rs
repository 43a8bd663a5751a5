//! Pure folds over facts: money and tokens, the remote-only baseline, what left the machine, what was read.
