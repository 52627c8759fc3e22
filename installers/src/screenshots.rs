//! `cargo xtask screenshots`: every page, in both themes and two widths, of a real Loom that heard the shipped recording.

use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::args::Args;
use crate::command::run;
use crate::place::Place;
use crate::setup::{npm, setup};

/// Into `target/screenshots`, or the folder named after `--`.
pub fn screenshots(place: &Place, args: &Args) -> Result {
    setup(place, &Args { headless: true, ..args.clone() })?;
    crate::say::step("npm packages", || npm::install(place))?;
    let folder = args.rest.first().map_or_else(|| place.target.join("screenshots"), PathBuf::from);
    let mut node = Command::new("node");
    node.current_dir(&place.root).arg("ui/e2e/screenshots.mjs").env("LOOM", place.program("release", "loom"));
    node.env("LOOM_SAMPLE", place.sample())
        .env("LOOM_UI_DIR", place.pages())
        .env("LOOM_SHOTS", std::path::absolute(&folder).unwrap_or(folder.clone()));
    run(&mut node)?;
    println!("pictures are in {}", folder.display());
    Ok(())
}
