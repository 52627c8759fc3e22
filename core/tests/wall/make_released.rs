//! Only the privacy filter makes a Released.
use loom_core::privacy::{Owner, Released};

fn main() {
    let made = Released::<Owner, _>::new(String::from("four one one one"));
    let literal = Released::<Owner, String> { value: String::new(), destination: std::marker::PhantomData };
}
