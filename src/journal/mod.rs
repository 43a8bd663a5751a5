//! The session on disk: record format, append-only writer, tolerant reader, store of sessions.
