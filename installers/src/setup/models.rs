//! Speech models and native libraries, and DuckDB where linker and programs find it.

use std::fs;
use std::path::Path;

use loom_models::{Models, Progress, Step};

use crate::Result;
use crate::place::Place;
use crate::say;

const DUCKDB: &str = "duckdb-1.5.6";
/// Recordings with transcripts, which only tests need.
const TEST_SPEECH: &str = "test-speech";

pub fn fetch(place: &Place) -> Result<String> {
    let models = Models::find(None);
    ensure(place, &models, &models.default_ids())
}

/// With what only the tests need.
pub fn fetch_for_tests(place: &Place) -> Result<String> {
    let models = Models::find(None);
    let mut ids = models.default_ids();
    ids.push(TEST_SPEECH);
    ensure(place, &models, &ids)
}

fn ensure(place: &Place, models: &Models, ids: &[&str]) -> Result<String> {
    let mut shown = None;
    models.ensure(ids, &mut |p| show(p, &mut shown)).map_err(|e| e.to_string())?;
    let library = models.library(DUCKDB).map_err(|e| e.to_string())?;
    link_everywhere(place, &library)?;
    let what = if shown.is_some() { "fetched and verified" } else { "all there" };
    Ok(format!("{what}, in {}", models.home().display()))
}

/// On a terminal a line that changes, else one line a step.
fn show(p: Progress, shown: &mut Option<(&'static str, Step)>) {
    let new = *shown != Some((p.id, p.step));
    *shown = Some((p.id, p.step));
    let amount = if p.total > 0 { format!(" {} of {}", say::bytes(p.done), say::bytes(p.total)) } else { String::new() };
    say::changing(&format!("{:<18} {} {}{amount}", "models", p.step.as_str(), p.id), new);
}

/// Where .cargo/config.toml points the linker, and beside what is built.
fn link_everywhere(place: &Place, library: &Path) -> Result {
    let name = library.file_name().ok_or("the DuckDB library has no name")?;
    for folder in [place.native(), place.target.join("native")] {
        link(library, &folder.join(name))?;
    }
    Ok(())
}

fn link(to: &Path, at: &Path) -> Result {
    if fs::read_link(at).is_ok_and(|found| found == to) {
        return Ok(());
    }
    let fail = |e: std::io::Error| format!("{} cannot be made: {e}", at.display());
    if let Some(folder) = at.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    fs::remove_file(at).ok();
    #[cfg(unix)]
    std::os::unix::fs::symlink(to, at).map_err(fail)?;
    #[cfg(not(unix))]
    fs::copy(to, at).map(drop).map_err(fail)?;
    Ok(())
}
