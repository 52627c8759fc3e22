//! Runs suites, keeps what they say in a file each, adds up what they found.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Result;
use crate::args::Args;
use crate::command::{logged, tail};
use crate::place::Place;
use crate::say;

/// Longer than the slowest suite takes on two cores from nothing.
const LIMIT: Duration = Duration::from_secs(40 * 60);

/// What a suite found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub passed: u64,
    pub failed: u64,
    /// A figure worth showing.
    pub note: String,
}

pub struct Bench<'a> {
    pub place: &'a Place,
    args: &'a Args,
    pub logs: PathBuf,
    /// The log of the suite that runs.
    pub log: PathBuf,
    total: Outcome,
}

impl<'a> Bench<'a> {
    pub fn new(place: &'a Place, args: &'a Args) -> Result<Self> {
        let logs = place.target.join("test-logs");
        fs::create_dir_all(&logs).map_err(|e| format!("{} cannot be made: {e}", logs.display()))?;
        Ok(Self { place, args, log: logs.join("none.log"), logs, total: Outcome::default() })
    }
    pub fn total(&self) -> &Outcome {
        &self.total
    }

    /// Runs a suite unless another was asked for; a suite that cannot run has failed once.
    pub fn suite(&mut self, name: &str, run: impl FnOnce(&mut Self) -> Result<Outcome>) {
        if !self.args.wants(name) {
            return;
        }
        let start = Instant::now();
        self.log = self.logs.join(format!("{}.log", name.replace(' ', "-")));
        fs::remove_file(&self.log).ok();
        say::passing(&format!("{name:<18} …"));
        let outcome = run(self).unwrap_or_else(|note| Outcome { passed: 0, failed: 1, note });
        say::passing("");
        let counts = format!("{} passed, {} failed", outcome.passed, outcome.failed);
        eprintln!("{name:<18} {counts:<26} {:<25} {:>9}", outcome.note, say::seconds(start.elapsed()));
        if outcome.failed > 0 && self.log.exists() {
            eprintln!("{}\n    all of it: {}", indented(&tail(&self.log, 60)), self.log.display());
        }
        self.total.passed += outcome.passed;
        self.total.failed += outcome.failed;
    }

    /// Runs a command with its output in the suite's log.
    pub fn logged(&self, command: &mut Command) -> Result<bool> {
        logged(command, &self.log, LIMIT)
    }
    /// What the suite said.
    pub fn said(&self) -> String {
        fs::read(&self.log).map(|b| String::from_utf8_lossy(&b).into_owned()).unwrap_or_default()
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|l| format!("    {l}")).collect::<Vec<_>>().join("\n")
}
