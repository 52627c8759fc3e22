//! What cargo checks.

use super::coverage;
use super::suite::{Bench, Outcome};
use super::{count, one};
use crate::command::cargo;
use crate::{Result, secrets, setup};

/// Packages that are built for the browser, or that are tools of the build alone.
const NOT_NATIVE: [&str; 4] = ["--exclude", "loom-ui", "--exclude", "loom-bindgen"];

pub fn fmt(b: &mut Bench) -> Result<Outcome> {
    Ok(one(b.logged(cargo(b.place).args(["fmt", "--all", "--check"]))?))
}

pub fn secrets(b: &mut Bench) -> Result<Outcome> {
    let (files, found) = secrets::in_tree(b.place)?;
    std::fs::write(&b.log, found.join("\n")).map_err(|e| e.to_string())?;
    Ok(Outcome { note: format!("in {files} files"), ..one(found.is_empty()) })
}

pub fn clippy(b: &mut Bench) -> Result<Outcome> {
    let mut clippy = cargo(b.place);
    clippy.args(["clippy", "--workspace", "--all-targets"]);
    window(&mut clippy);
    Ok(one(b.logged(clippy.args(["--", "-D", "warnings"]))?))
}

/// Needs neither a sound card nor a model.
pub fn core_alone(b: &mut Bench) -> Result<Outcome> {
    let mut test = cargo(b.place);
    coverage::instrument(&mut test, b.place);
    let ok = b.logged(test.args(["test", "--package", "loom-core", "--no-default-features", "--no-fail-fast"]))?;
    Ok(count::cargo(&b.said(), ok))
}

/// Everything, with real models.
pub fn workspace(b: &mut Bench) -> Result<Outcome> {
    let mut test = cargo(b.place);
    coverage::instrument(&mut test, b.place);
    test.args(["test", "--workspace", "--no-fail-fast"]).args(NOT_NATIVE);
    window(&mut test);
    // What must not compile is tried with core alone: with every feature it would build all dependencies once more.
    test.args(["--", "--skip", "the_wall_holds"]);
    let ok = b.logged(&mut test)?;
    Ok(count::cargo(&b.said(), ok))
}

/// The program that the suites from outside drive: cargo built it with the tests, so this only names it.
pub fn program(b: &mut Bench) -> Result<Outcome> {
    let mut build = cargo(b.place);
    coverage::instrument(&mut build, b.place);
    build.args(["build", "--workspace", "--bins"]).args(NOT_NATIVE);
    window(&mut build);
    let ok = b.logged(&mut build)?;
    setup::link_pages(b.place, "debug")?;
    Ok(one(ok))
}

fn window(cargo: &mut std::process::Command) {
    if setup::system::webkit() {
        cargo.args(["--features", "loom/window"]);
    }
}
