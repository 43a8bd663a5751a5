//! No bytes from the sandbox's child can make the parent panic, hang or run out of memory.
//!
//! `cargo install cargo-fuzz`, then `cargo +nightly fuzz run reply` in the repository's root.
#![no_main]

use libfuzzer_sys::fuzz_target;
use minions::sandbox::read_reply;

fuzz_target!(|bytes: &[u8]| {
    read_reply(bytes, &["Patient Anna Müller was given lisinopril 20 mg.".into(), "té".into()], 16);
});
