//! Other programs: run, watched, bounded in time, their output kept.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::place::Place;

/// Whether the search path has it.
pub fn exists(name: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|dir| dir.join(format!("{name}{}", std::env::consts::EXE_SUFFIX)).is_file())
}

/// Runs it to its end, its output where ours goes.
pub fn run(command: &mut Command) -> Result {
    let name = name(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} failed ({status})")),
        Err(e) => Err(format!("{name} cannot be started: {e}")),
    }
}

/// Its stdout, trimmed; an error carries the end of its stderr.
pub fn output(command: &mut Command) -> Result<String> {
    let name = name(command);
    let out = command.stdin(Stdio::null()).output().map_err(|e| format!("{name} cannot be started: {e}"))?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        return Err(format!("{name} failed: {}", said.trim().lines().last().unwrap_or("it gave no reason")));
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_string())
}

/// Runs it with all it says in a file; ended when it takes longer than `limit`. Answers whether it succeeded.
pub fn logged(command: &mut Command, log: &Path, limit: Duration) -> Result<bool> {
    let name = name(command);
    let file = File::create(log).map_err(|e| format!("{} cannot be written: {e}", log.display()))?;
    let twin = file.try_clone().map_err(|e| format!("{} cannot be written: {e}", log.display()))?;
    own_group(command);
    let mut child = command.stdin(Stdio::null()).stdout(file).stderr(twin).spawn().map_err(|e| format!("{name} cannot be started: {e}"))?;
    wait(&mut child, limit)
}

fn wait(child: &mut Child, limit: Duration) -> Result<bool> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| e.to_string())? {
            return Ok(status.success());
        }
        if start.elapsed() > limit {
            end_group(child);
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(25));
    }
}

/// A group of its own, so that what it started ends with it.
#[cfg(unix)]
pub fn own_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}
#[cfg(not(unix))]
pub fn own_group(_: &mut Command) {}

/// Ends a child and, where it leads a group, what it started.
pub fn end_group(child: &mut Child) {
    if cfg!(unix) {
        Command::new("kill").args(["-TERM", "--", &format!("-{}", child.id())]).status().ok();
        for _ in 0..40 {
            if matches!(child.try_wait(), Ok(Some(_))) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        Command::new("kill").args(["-KILL", "--", &format!("-{}", child.id())]).status().ok();
    }
    child.kill().ok();
    child.wait().ok();
}

/// Cargo as this project wants it: at the root, with the prebuilt DuckDB.
pub fn cargo(place: &Place) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(&place.root).env("CARGO_TARGET_DIR", &place.target).env("DUCKDB_DOWNLOAD_LIB", "0");
    if std::env::var_os("DUCKDB_LIB_DIR").is_none() {
        cargo.env("DUCKDB_LIB_DIR", place.native());
    }
    // What `cargo xtask` sets for us would make the inner cargo think its own package is ours.
    for variable in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_PRIMARY_PACKAGE"] {
        cargo.env_remove(variable);
    }
    cargo
}

/// What says nothing about a failure: what cargo built, which tests went well.
fn is_noise(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    matches!(
        word,
        "" | "Compiling" | "Checking" | "Downloaded" | "Downloading" | "Locking" | "Adding" | "Running" | "running" | "Doc-tests"
    ) || line.starts_with("test ") && line.ends_with("... ok")
        || line.starts_with("test result: ok")
}

/// The last lines of a file that tell a person why.
pub fn tail(log: &Path, lines: usize) -> String {
    let mut text = String::new();
    if let Ok(mut file) = File::open(log) {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok();
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    let all: Vec<&str> = text.lines().filter(|l| !is_noise(l)).collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).file_name().and_then(OsStr::to_str).unwrap_or("a program").to_string()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_hangs_is_ended_with_all_it_started() {
        let dir = std::env::temp_dir().join(format!("xtask-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let log = dir.join("log");
        let start = Instant::now();
        let ok = logged(Command::new("sh").args(["-c", "echo first; sleep 60 & wait"]), &log, Duration::from_millis(200)).unwrap();
        assert!(!ok && start.elapsed() < Duration::from_secs(20));
        assert_eq!(tail(&log, 5), "first");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn an_error_says_who_failed_and_why() {
        let e = output(Command::new("sh").args(["-c", "echo because >&2; exit 3"])).unwrap_err();
        assert_eq!(e, "sh failed: because");
        assert!(exists("sh") && !exists("no-such-program-anywhere"));
    }
}
