//! Packages by name through the clients that people have: pip and npm. Which registry they ask is their own setting.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use super::stage;
use crate::catalogue::{Client, Package};
use crate::error::{Error, Kind, Result};

/// Gets a package's archive (a wheel or a tarball) into an empty folder, saying now and then how many bytes have come.
pub trait Registry {
    fn download(&self, package: &Package, into: &Path, bytes: &mut dyn FnMut(u64)) -> Result<PathBuf>;
}

/// The real ones.
pub struct Clients;

const POLL: Duration = Duration::from_millis(100);
/// What the clients print when they cannot get through, as opposed to being told no.
const NO_NETWORK: [&str; 12] = [
    "ENOTFOUND",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENETUNREACH",
    "NewConnectionError",
    "ConnectTimeout",
    "Max retries exceeded",
    "Connection aborted",
    "name resolution",
    "Read timed out",
];

impl Registry for Clients {
    fn download(&self, package: &Package, into: &Path, bytes: &mut dyn FnMut(u64)) -> Result<PathBuf> {
        let mut command = match package.client {
            Client::Pip { platform } => pip(package, platform, into)?,
            Client::Npm => npm(package, into)?,
        };
        let log = into.join("client.log");
        let output = fs::File::create(&log).map_err(Error::disk)?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(output).current_dir(into);
        // Where pip collects a download before it moves it: in sight, and on the disk that has room for it.
        command.env("TMPDIR", into).env("TEMP", into).env("TMP", into);
        let status = wait(command, into, bytes)?;
        if !status.success() {
            return Err(refused(package, &fs::read_to_string(&log).unwrap_or_default()));
        }
        archive(into).ok_or_else(|| Error::new(Kind::Unavailable, format!("{} gave no package: run the same again", client(package))))
    }
}

fn wait(mut command: Command, folder: &Path, bytes: &mut dyn FnMut(u64)) -> Result<ExitStatus> {
    let failed = |e| Error::new(Kind::Tool, "pip or npm cannot be started: install it anew").because(e);
    let mut child = command.spawn().map_err(failed)?;
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(status);
        }
        bytes(stage::size_of(folder));
        thread::sleep(POLL);
    }
}

fn pip(package: &Package, platform: Option<&str>, into: &Path) -> Result<Command> {
    let mut command = Command::new(python()?);
    command.args(["-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar=off"]);
    command.args(["--retries=2", "--no-deps", "--only-binary=:all:", "--python-version=3.11", "--implementation=cp"]);
    if let Some(platform) = platform {
        command.args(["--abi=cp311", "--platform", platform]);
    }
    command.arg("--dest").arg(into).arg(format!("{}=={}", package.name, package.version));
    Ok(command)
}

/// A Python that has pip.
fn python() -> Result<&'static str> {
    let works = |name: &&str| {
        let mut try_it = Command::new(name);
        try_it.args(["-m", "pip", "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        try_it.status().is_ok_and(|s| s.success())
    };
    let missing = "pip is missing: install Python 3 with pip (on Debian or Ubuntu: apt-get install python3-pip), then run the same again";
    ["python3", "python", "py"].into_iter().find(works).ok_or_else(|| Error::new(Kind::Tool, missing))
}

fn npm(package: &Package, into: &Path) -> Result<Command> {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let there = Command::new(name).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !there.is_ok_and(|s| s.success()) {
        let missing = "npm is missing: install Node.js with npm (on Debian or Ubuntu: apt-get install npm), then run the same again";
        return Err(Error::new(Kind::Tool, missing));
    }
    let mut command = Command::new(name);
    // No `--silent`: the reason of a failure is wanted.
    command.args(["pack", "--loglevel=error", "--no-update-notifier", "--fetch-retries=2", "--pack-destination"]).arg(into);
    command.arg(format!("{}@{}", package.name, package.version));
    Ok(command)
}

fn refused(package: &Package, log: &str) -> Error {
    let (client, name, version) = (client(package), package.name, package.version);
    let message = if NO_NETWORK.iter().any(|sign| log.contains(sign)) {
        format!(
            "{name} {version} could not be downloaded, because {client} does not get through: look at the network, then run the same again"
        )
    } else if log.contains("No space left") || log.contains("ENOSPC") {
        "the disk with the models folder is full: make room and run the same again".into()
    } else {
        format!("{client} could not get {name} {version}: run the same again, or try {client} by hand")
    };
    let last = log.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default();
    Error::new(Kind::Unavailable, message).because(last)
}

fn client(package: &Package) -> &'static str {
    match package.client {
        Client::Pip { .. } => "pip",
        Client::Npm => "npm",
    }
}

fn archive(folder: &Path) -> Option<PathBuf> {
    let mut paths = fs::read_dir(folder).ok()?.flatten().map(|e| e.path());
    paths.find(|p| p.extension().is_some_and(|e| e == "whl" || e == "tgz"))
}

#[cfg(test)]
mod tests;
