//! GPU, CPU and memory. What cannot be read is absent, never zero.
