//! Line coverage of core, from the same build and run as the tests: a compiler wrapper instruments that one package,
//! so dependencies are built once for everything.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::suite::{Bench, Outcome};
use crate::Result;
use crate::command::output;
use crate::place::Place;

const LEAST_PERCENT: f64 = 80.0;

fn folder(place: &Place) -> PathBuf {
    place.target.join("coverage")
}

pub fn instrument(cargo: &mut Command, place: &Place) {
    let wrapper = place.root.join("installers/instrument-core");
    // %m: runs of one binary add up in one file.
    let raw = folder(place).join("raw/%4m.profraw");
    cargo.env("RUSTC_WORKSPACE_WRAPPER", wrapper).env("LLVM_PROFILE_FILE", raw);
}

/// What programs under test should have in their environment.
pub fn environment(command: &mut Command, place: &Place) {
    command.env("LLVM_PROFILE_FILE", folder(place).join("raw/%4m.profraw"));
}

/// Forgets what earlier runs covered.
pub fn reset(place: &Place) {
    fs::remove_dir_all(folder(place)).ok();
}

pub fn coverage(b: &mut Bench) -> Result<Outcome> {
    let tools = Tools::find().ok_or("no llvm-cov fits this compiler; install llvm-22 or: rustup component add llvm-tools")?;
    let folder = folder(b.place);
    let raw: Vec<PathBuf> = fs::read_dir(folder.join("raw")).into_iter().flatten().flatten().map(|f| f.path()).collect();
    if raw.is_empty() {
        return Err("no instrumented test ran".into());
    }
    let merged = folder.join("core.profdata");
    output(Command::new(&tools.profdata).args(["merge", "--sparse", "-o"]).arg(&merged).args(&raw))?;
    let objects = objects(b);
    let first = objects.first().ok_or("the tests named no binary")?;
    let mut report = Command::new(&tools.cov);
    report.arg("report").arg("--instr-profile").arg(&merged).arg(first);
    for object in &objects[1..] {
        report.arg("--object").arg(object);
    }
    // Tests are not what is to be covered.
    report.args(["--ignore-filename-regex", r"(/tests/|/tests\.rs$|/registry/|/rustc/|/benches/|/examples/)"]);
    let table = output(report.arg("--sources").arg(b.place.root.join("core/src")))?;
    fs::write(&b.log, &table).map_err(|e| e.to_string())?;
    let percent = lines_covered(&table).ok_or("llvm-cov's table has no total")?;
    Ok(Outcome { note: format!("{percent:.1} % of core's lines"), ..super::one(percent >= LEAST_PERCENT) })
}

/// The test binaries of core that the suites named as they ran them.
fn objects(b: &Bench) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for suite in ["core-alone.log", "workspace.log"] {
        let said = fs::read_to_string(b.logs.join(suite)).unwrap_or_default();
        found.extend(said.lines().filter_map(|l| binary(l, &b.place.root)).filter(|p| p.exists()));
    }
    let program = b.place.program("debug", "loom");
    found.extend(program.exists().then_some(program));
    found.sort();
    found.dedup();
    found
}

/// `     Running unittests src/lib.rs (target/debug/deps/loom_core-0123456789abcdef)`
fn binary(line: &str, root: &Path) -> Option<PathBuf> {
    let rest = line.trim_start().strip_prefix("Running ")?;
    let path = rest.rsplit_once(" (")?.1.strip_suffix(')')?;
    Some(root.join(path))
}

/// The fourth percentage of the TOTAL line's groups is of lines: regions, functions, lines, branches.
fn lines_covered(table: &str) -> Option<f64> {
    let total = table.lines().find(|l| l.starts_with("TOTAL"))?;
    total.split_whitespace().filter_map(|w| w.strip_suffix('%')).nth(2)?.parse().ok()
}

struct Tools {
    profdata: PathBuf,
    cov: PathBuf,
}

impl Tools {
    /// Beside the compiler, else the system's of the same LLVM.
    fn find() -> Option<Self> {
        let about = output(Command::new("rustc").arg("-vV")).ok()?;
        let major = about.lines().find_map(|l| l.strip_prefix("LLVM version: "))?.split('.').next()?.to_string();
        let host = about.lines().find_map(|l| l.strip_prefix("host: "))?;
        let sysroot = output(Command::new("rustc").args(["--print", "sysroot"])).ok()?;
        let own = Path::new(&sysroot).join("lib/rustlib").join(host).join("bin");
        let system = PathBuf::from(format!("/usr/lib/llvm-{major}/bin"));
        [own, system].into_iter().map(|f| Self { profdata: f.join("llvm-profdata"), cov: f.join("llvm-cov") }).find(|t| t.cov.exists())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_read_from_what_cargo_says() {
        let line = "     Running unittests src/lib.rs (target/debug/deps/loom_core-7c0ffee)";
        assert_eq!(binary(line, Path::new("/loom")).unwrap(), Path::new("/loom/target/debug/deps/loom_core-7c0ffee"));
        assert_eq!(binary("   Doc-tests loom_core", Path::new("/loom")), None);
    }

    #[test]
    fn the_total_of_lines_is_the_third_percentage() {
        let table = "Filename  Regions\na.rs  1 0 100.00% 1 0 100.00% 3 0 100.00%\nTOTAL  90 9 90.00%  20 5 75.00%  200 25 87.50%  0 0 -";
        assert_eq!(lines_covered(table), Some(87.5));
    }
}
