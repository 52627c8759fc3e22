//! Bytes do not become a Released but through `privacy::open`.
use loom_core::privacy::{Owner, Released};

fn main() {
    let read: Released<Owner, String> = serde_json::from_str("\"four one one one\"").unwrap();
}
