//! Suites from outside: executables in installers/suites, in order of their names. Each gets the built program and a
//! scratch folder, and prints `N passed, N failed` last.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::suite::{Bench, Outcome};
use super::{count, coverage};
use crate::Result;
use crate::place::Place;

pub fn all(place: &Place) -> Vec<PathBuf> {
    let folder = place.root.join("installers/suites");
    let mut found: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|f| f.path()).collect();
    found.retain(|p| p.is_file() && is_executable(p));
    found.sort();
    found
}

/// `20-killed.sh` is called `killed`.
pub fn name(script: &Path) -> String {
    let stem = script.file_stem().and_then(|s| s.to_str()).unwrap_or("script");
    stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-').replace('-', " ")
}

pub fn run(b: &mut Bench, script: &Path) -> Result<Outcome> {
    let mut command = Command::new(script);
    environment(&mut command, b.place)?;
    let ok = b.logged(&mut command)?;
    Ok(count::script(&b.said(), ok))
}

/// LOOM: the program. LOOM_HUB: the server. LOOM_SAMPLE: the shipped recording. TMPDIR: a folder of its own, emptied.
pub fn environment(command: &mut Command, place: &Place) -> Result {
    let scratch = place.target.join("test-scratch");
    fs::remove_dir_all(&scratch).ok();
    fs::create_dir_all(&scratch).map_err(|e| format!("{} cannot be made: {e}", scratch.display()))?;
    for (variable, _) in std::env::vars_os().filter(|(k, _)| k.to_string_lossy().starts_with("LOOM_")) {
        command.env_remove(variable);
    }
    command.current_dir(&place.root).env("TMPDIR", &scratch).env("LOOM", place.program("debug", "loom"));
    command.env("LOOM_HUB", place.program("debug", "loom-hub")).env("LOOM_WINDOW", place.program("debug", "loom-window"));
    command.env("LOOM_SAMPLE", place.sample()).env("LOOM_UI_DIR", place.pages());
    coverage::environment(command, place);
    Ok(())
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|m| m.permissions().mode() & 0o111 != 0)
}
#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_named_without_its_place_in_the_order() {
        assert_eq!(name(Path::new("installers/suites/20-killed-twice.sh")), "killed twice");
    }
}
