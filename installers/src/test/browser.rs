//! The pages: built, opened in a real browser and in the real window.

use std::fs;
use std::process::Command;

use super::suite::{Bench, Outcome};
use super::{count, one, scripts};
use crate::{Result, setup};

/// A page that takes long to load is not used.
const MOST_BYTES: u64 = 1_500_000;

pub fn pages(b: &mut Bench) -> Result<Outcome> {
    let note = setup::pages(b.place)?;
    let wasm = b.place.pages().join("loom-ui_bg.wasm");
    let size = fs::metadata(&wasm).map_err(|e| format!("{} cannot be read: {e}", wasm.display()))?.len();
    Ok(Outcome { note, ..one(size > 0 && size < MOST_BYTES) })
}

pub fn browser(b: &mut Bench) -> Result<Outcome> {
    node(b, "browser")
}

pub fn window(b: &mut Bench) -> Result<Outcome> {
    node(b, "window")
}

fn node(b: &mut Bench, name: &str) -> Result<Outcome> {
    let mut command = Command::new("node");
    scripts::environment(&mut command, b.place)?;
    let file = b.place.ui().join(format!("e2e/{name}.test.mjs"));
    let ok = b.logged(command.args(["--test", "--test-reporter=tap"]).arg(file))?;
    Ok(count::node(&b.said(), ok))
}
