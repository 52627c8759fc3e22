//! Speech models and native libraries, and DuckDB where linker and programs find it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::place::Place;

const DUCKDB: &str = "duckdb-1.5.6";

pub fn fetch(place: &Place) -> Result<String> {
    let folder = folder()?;
    native(place)?;
    Ok(format!("in {}", folder.display()))
}

fn folder() -> Result<PathBuf> {
    let home = std::env::var_os("HOME").ok_or("HOME is not set, so there is no place for models")?;
    Ok(Path::new(&home).join(".local/share/loom/models"))
}

/// Links the prebuilt DuckDB to where .cargo/config.toml points the linker and to beside what is built.
pub fn native(place: &Place) -> Result {
    let library = folder()?.join(DUCKDB).join("libduckdb.so");
    if !library.is_file() {
        return Err(format!("{} is missing: run cargo xtask setup where there is a network", library.display()));
    }
    for folder in [place.native(), place.target.join("native")] {
        link(&library, &folder.join("libduckdb.so"))?;
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
