//! The payload and its permit come apart only inside the core.
use loom_core::privacy::{Owner, Released};

fn steal(mine: &Released<Owner, String>) {
    let (bytes, permit) = mine.seal().unwrap();
}

fn main() {}
