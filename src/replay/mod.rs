//! A timeline over a journal: seek, step by record, job and round, speeds.
