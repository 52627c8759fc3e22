//! Bytes as a routing rule and a record to try it on.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    loom_core::router::from_anywhere(bytes);
});
