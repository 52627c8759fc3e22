//! `target/release/loom` and, where WebKit is, `loom-window`. Cargo knows itself what is fresh.

use std::fs;

use crate::Result;
use crate::command::{cargo, run};
use crate::place::Place;
use crate::say;

pub fn build(place: &Place, window: bool) -> Result<String> {
    let program = place.program("release", "loom");
    if !program.exists() {
        say::begin("program", "the first build takes some minutes");
    }
    let mut build = cargo(place);
    build.args(["build", "--release", "--package", "loom"]);
    if window {
        build.args(["--features", "window"]);
    }
    run(&mut build)?;
    link_pages(place, "release")?;
    let size = fs::metadata(&program).map(|m| m.len()).unwrap_or(0);
    Ok(format!("loom, {}{}", say::bytes(size), if window { ", and loom-window" } else { "; no window" }))
}

/// A build folder outside the checkout has the pages beside the program.
pub fn link_pages(place: &Place, profile: &str) -> Result {
    if place.target == place.root.join("target") {
        return Ok(());
    }
    #[cfg(unix)]
    {
        let at = place.target.join(profile).join("ui");
        if fs::read_link(&at).ok().as_deref() != Some(&place.pages()) {
            fs::remove_file(&at).ok();
            std::os::unix::fs::symlink(place.pages(), &at).map_err(|e| format!("{} cannot be made: {e}", at.display()))?;
        }
    }
    Ok(())
}
