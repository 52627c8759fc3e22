//! `cargo xtask setup`: from a machine with rustup and git to a program that runs. Each step looks first
//! whether there is anything to do, so that a second run takes a second.

mod fresh;
mod hooks;
mod models;
pub mod npm;
mod pages;
mod program;
pub mod system;
mod wasm;

use std::time::Instant;

use crate::Result;
use crate::args::Args;
use crate::place::Place;
use crate::say;

pub use fresh::Stamp;
pub use models::{fetch as fetch_models, fetch_for_tests};
pub use pages::pages;
pub use program::link_pages;

/// What a machine can do once it is set up.
pub struct Ready {
    /// `loom-window` is there.
    pub window: bool,
}

pub fn setup(place: &Place, args: &Args) -> Result<Ready> {
    let start = Instant::now();
    let with_window = !args.headless && cfg!(target_os = "linux");
    say::step("system packages", || system::install(place, args, &system::for_use(place, with_window)))?;
    say::step("commit hooks", || hooks::enable(place))?;
    say::step("models", || models::fetch(place))?;
    say::step("pages", || or_go_on(pages::pages(place)))?;
    let window = with_window && system::webkit();
    say::step("program", || program::build(place, window))?;
    eprintln!("\nready in {}: {}", say::seconds(start.elapsed()), place.program("release", "loom").display());
    Ok(Ready { window })
}

/// Loom runs without its pages: say what is missing and go on.
fn or_go_on(result: Result<String>) -> Result<String> {
    result.or_else(|sentence| Ok(format!("left out: {sentence}")))
}
