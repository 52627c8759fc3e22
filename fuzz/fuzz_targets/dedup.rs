//! Bytes as a rule of deduplication and a record to ask it about.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    loom_core::dedup::from_anywhere(bytes);
});
