//! Flags and subcommands.
