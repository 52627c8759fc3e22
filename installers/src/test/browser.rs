//! The pages: built, opened in a real browser and in the real window.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::suite::{Bench, Outcome};
use super::{count, one, scripts};
use crate::{Result, say, setup};

/// A page that takes long to load is not used: packed, as it could be sent.
const MOST_BYTES: u64 = 1_000_000;
const WINDOW: &str = "window.test.mjs";

pub fn pages(b: &mut Bench) -> Result<Outcome> {
    let note = setup::pages(b.place)?;
    let wasm = b.place.pages().join("loom-ui_bg.wasm");
    let size = packed(&wasm).map_err(|e| format!("{} cannot be read: {e}", wasm.display()))?;
    Ok(Outcome { note: format!("{note}, {} packed", say::bytes(size)), ..one(size < MOST_BYTES) })
}

/// Bytes of a file under gzip.
fn packed(file: &Path) -> std::io::Result<u64> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    std::io::copy(&mut fs::File::open(file)?, &mut gzip)?;
    Ok(gzip.finish()?.len() as u64)
}

/// Every page's file but the window's, one after the other: some count frames.
pub fn browser(b: &mut Bench) -> Result<Outcome> {
    let fail = |e: std::io::Error| format!("the browser's tests cannot be listed: {e}");
    let all = fs::read_dir(b.place.ui().join("e2e")).map_err(fail)?;
    let mut files: Vec<PathBuf> = all.flatten().map(|f| f.path()).filter(|p| p.to_string_lossy().ends_with(".test.mjs")).collect();
    files.retain(|p| !p.ends_with(WINDOW));
    files.sort();
    node(b, &files)
}

pub fn window(b: &mut Bench) -> Result<Outcome> {
    let file = b.place.ui().join("e2e").join(WINDOW);
    node(b, &[file])
}

fn node(b: &mut Bench, files: &[PathBuf]) -> Result<Outcome> {
    let mut command = Command::new("node");
    scripts::environment(&mut command, b.place)?;
    let ok = b.logged(command.args(["--test", "--test-reporter=tap", "--test-concurrency=1"]).args(files))?;
    Ok(count::node(&b.said(), ok))
}
