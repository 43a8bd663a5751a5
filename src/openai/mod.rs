//! The OpenAI-compatible chat wire, spoken to remote and local servers alike.
