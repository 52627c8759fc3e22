//! What a Released holds cannot be exchanged in place.
use loom_core::privacy::{Released, Sync};

fn read(theirs: &Released<Sync, String>) -> &String {
    &theirs.value
}

fn write(theirs: &mut Released<Sync, String>) {
    *theirs.get() = String::from("four one one one");
}

fn main() {}
