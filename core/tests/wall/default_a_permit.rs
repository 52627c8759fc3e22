//! Nor does it come from nothing.
use loom_core::privacy::Permit;

fn main() {
    let permit: Permit = Default::default();
    let read: Permit = serde_json::from_str("null").unwrap();
}
