//! The terminal: lifecycle, input, one-write frames, capabilities, clipboard, signals.
