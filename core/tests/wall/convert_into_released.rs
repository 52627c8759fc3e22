//! Nothing converts into a Released, and nothing maps over one.
use loom_core::privacy::{Owner, Released};

fn swap(released: Released<Owner, String>) -> Released<Owner, String> {
    released.map(|_| String::from("four one one one"))
}

fn main() {
    let from: Released<Owner, String> = String::from("four one one one").into();
}
