//! What is for the owner does not become what may leave.
use loom_core::privacy::{Owner, Released, Sync};

fn leak(mine: Released<Owner, String>) -> Released<Sync, String> {
    mine
}

fn copy(mine: &Released<Owner, String>) -> Released<Owner, String> {
    mine.clone()
}

fn rebuild(mine: Released<Owner, String>) -> Released<Sync, String> {
    Released { destination: std::marker::PhantomData, ..mine }
}

fn main() {}
