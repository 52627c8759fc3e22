//! Bytes at the door: strict JSON, then every shape.

#![no_main]

use libfuzzer_sys::fuzz_target;
use loom_core::door::{PATHS, cloud_events, offers, overland, own_tracks, strict};

fuzz_target!(|body: &[u8]| {
    let Ok(value) = strict::parse(body) else { return };
    for (_, entry) in PATHS {
        let _ = offers(entry, value.clone());
    }
    let _ = cloud_events::batch(value.clone());
    let _ = cloud_events::offer(value.clone());
    let _ = own_tracks::offer(value.clone(), Some("u"), Some("d"));
    let _ = overland::offers(value);
});
