//! The screen driven by keys over a scripted session.
