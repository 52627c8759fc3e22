//! Programs from npm that ui/package-lock.json pins: wasm-opt, and for tests a browser driver.

use std::process::Command;

use crate::Result;
use crate::command::{exists, output};
use crate::place::Place;
use crate::setup::Stamp;

/// Installs what the lock file names, once for each lock file.
pub fn install(place: &Place) -> Result<String> {
    let ui = place.ui();
    let stamp = Stamp::of(ui.join("node_modules/.stamp"), &[ui.join("package-lock.json")], &[]);
    if stamp.is_fresh() {
        return Ok("all there".into());
    }
    if !exists("npm") {
        return Err("npm is missing; install Node.js".into());
    }
    output(Command::new("npm").current_dir(&ui).args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]))?;
    stamp.set()?;
    Ok("installed".into())
}
