//! Commit hooks: format, lints and a look for secrets before a commit, from .githooks.

use std::process::Command;

use crate::Result;
use crate::command::output;
use crate::place::Place;

const FOLDER: &str = ".githooks";

pub fn enable(place: &Place) -> Result<String> {
    let git = |args: &[&str]| output(Command::new("git").arg("-C").arg(&place.root).args(args));
    if !place.root.join(".git").exists() {
        return Ok("no git checkout".into());
    }
    match git(&["config", "--get", "core.hooksPath"]).unwrap_or_default().as_str() {
        FOLDER => Ok("on".into()),
        "" => git(&["config", "core.hooksPath", FOLDER]).map(|_| "turned on".into()),
        _ => Ok("your own are kept".into()),
    }
}
