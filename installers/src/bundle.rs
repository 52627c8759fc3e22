//! `cargo xtask bundle`.

use crate::Result;
use crate::args::Args;
use crate::place::Place;

pub fn bundle(place: &Place, _: &Args) -> Result {
    Err(format!(
        "there is no installer for this platform yet; cargo xtask setup builds {}, which runs from where it is",
        place.program("release", "loom").display()
    ))
}
