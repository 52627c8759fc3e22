//! System packages: on Debian and Ubuntu installed by one apt-get, elsewhere named.

use std::collections::BTreeSet;
use std::io::{BufRead, IsTerminal, Write, stderr, stdin};
use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::args::Args;
use crate::command::{exists, output, run};
use crate::place::Place;
use crate::setup::wasm;

/// Something the machine should have: a package, or a program from anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Debian's name.
    pub package: &'static str,
    /// Satisfied when one of these programs is found, whoever installed it.
    pub programs: &'static [&'static str],
}

const fn package(package: &'static str) -> Need {
    Need { package, programs: &[] }
}
const fn program(package: &'static str, programs: &'static [&'static str]) -> Need {
    Need { package, programs }
}

const BUILD: [Need; 10] = [
    program("g++", &["g++"]),
    program("make", &["make"]),
    program("cmake", &["cmake"]),
    program("pkg-config", &["pkg-config"]),
    package("libssl-dev"),
    package("libasound2-dev"),
    package("ca-certificates"),
    program("python3-pip", &["pip3", "pip"]),
    program("nodejs", &["node"]),
    program("npm", &["npm"]),
];
/// WebKit plays sound by way of GStreamer, and stands still without a sink that lies in its last set.
const WINDOW: [Need; 4] =
    [package("libwebkit2gtk-4.1-dev"), package("libsoup-3.0-dev"), package("librsvg2-dev"), package("gstreamer1.0-plugins-bad")];
const WASM: [Need; 2] = [package("rustc-web"), package("rust-web-src")];
const TESTS: [Need; 15] = [
    program("curl", &["curl"]),
    program("jq", &["jq"]),
    program("xvfb", &["Xvfb"]),
    program("xdotool", &["xdotool"]),
    program("webkit2gtk-driver", &["WebKitWebDriver"]),
    program("dbus", &["dbus-daemon"]),
    program("chromium", &["chromium", "google-chrome"]),
    program("llvm-22", &["llvm-cov-22"]),
    program("espeak-ng", &["espeak-ng"]),
    program("sox", &["sox"]),
    program("pulseaudio", &["pulseaudio"]),
    program("pulseaudio-utils", &["pactl"]),
    package("libasound2-plugins"),
    package("pocketsphinx-testdata"),
    package("fonts-dejavu-core"),
];

/// What running Loom takes.
pub fn for_use(place: &Place, window: bool) -> Vec<Need> {
    let mut needs = BUILD.to_vec();
    if window {
        needs.extend(WINDOW);
    }
    if wasm::wants_debian(place) {
        needs.extend(WASM);
    }
    needs
}

/// What testing it takes beside that.
pub fn for_tests() -> Vec<Need> {
    TESTS.to_vec()
}

/// Whether the window can be built here.
pub fn webkit() -> bool {
    output(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"])).is_ok()
}

pub fn is_debian() -> bool {
    exists("apt-get") && exists("dpkg-query")
}

pub fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id == "0")
}

pub fn install(place: &Place, args: &Args, needs: &[Need]) -> Result<String> {
    if !is_debian() {
        let missing: Vec<&str> =
            needs.iter().filter(|n| !n.programs.is_empty() && !n.programs.iter().any(|p| exists(p))).map(|n| n.package).collect();
        return Ok(match missing.as_slice() {
            [] => "nothing missing that can be looked for here".into(),
            m => format!("install these by your system's own means: {}", m.join(" ")),
        });
    }
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok("all there".into());
    }
    if !may_install(args, &missing)? {
        return Ok(format!("not installed: {}", missing.join(" ")));
    }
    apt(place, &["update", "-qq"])?;
    let known: Vec<&str> = missing.iter().copied().filter(|p| has_candidate(p)).collect();
    let mut words = vec!["install", "-y", "-q", "--no-install-recommends"];
    words.extend(&known);
    if !known.is_empty() {
        apt(place, &words)?;
    }
    let unknown: Vec<&str> = missing.iter().copied().filter(|p| !known.contains(p)).collect();
    Ok(match unknown.as_slice() {
        [] => format!("{} installed", known.len()),
        u => format!("{} installed; this system has no {}", known.len(), u.join(", ")),
    })
}

fn missing(needs: &[Need]) -> Vec<&'static str> {
    let asked: Vec<&Need> = needs.iter().filter(|n| !n.programs.iter().any(|p| exists(p))).collect();
    let there = installed(&asked.iter().map(|n| n.package).collect::<Vec<_>>());
    asked.into_iter().map(|n| n.package).filter(|p| !there.contains(*p)).collect()
}

fn installed(packages: &[&str]) -> BTreeSet<String> {
    // It fails when one is unknown, and still lists the others.
    let Ok(out) = Command::new("dpkg-query").args(["-W", "-f", "${Package} ${db:Status-Status}\n"]).args(packages).output() else {
        return BTreeSet::new();
    };
    String::from_utf8_lossy(&out.stdout).lines().filter_map(|l| l.strip_suffix(" installed").map(String::from)).collect()
}

/// Whether the package archive has it.
pub fn has_candidate(package: &str) -> bool {
    output(Command::new("apt-cache").args(["show", "--no-all-versions", package])).is_ok_and(|text| !text.is_empty())
}

fn may_install(args: &Args, missing: &[&str]) -> Result<bool> {
    if is_root() {
        return Ok(true);
    }
    if !exists("sudo") {
        eprintln!("to install, as root: apt-get install --no-install-recommends {}", missing.join(" "));
        return Ok(false);
    }
    if args.yes {
        return Ok(true);
    }
    if !stdin().is_terminal() {
        eprintln!("to install: sudo apt-get install --no-install-recommends {}", missing.join(" "));
        return Ok(false);
    }
    eprint!("Loom needs {} system packages: {}\nInstall them with sudo? [Y/n] ", missing.len(), missing.join(" "));
    stderr().flush().ok();
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer).map_err(|e| format!("no answer could be read: {e}"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "" | "y" | "yes"))
}

fn apt(place: &Place, words: &[&str]) -> Result {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        sudo
    };
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]).args(words);
    if stderr().is_terminal() {
        // Our stdout is for the program that `run` starts.
        return run(command.stdout(stderr()));
    }
    let folder = place.target.join("setup");
    std::fs::create_dir_all(&folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
    let log = folder.join("apt.log");
    match crate::command::logged(&mut command, Path::new(&log), std::time::Duration::from_secs(1800))? {
        true => Ok(()),
        false => Err(format!("apt-get failed:\n{}", crate::command::tail(&log, 15))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_from_anywhere_satisfies_a_need() {
        let shell = Need { package: "no-such-package-anywhere", programs: &["sh"] };
        assert!(missing(&[shell]).is_empty());
        let none = Need { package: "no-such-package-anywhere", programs: &["no-such-program-anywhere"] };
        assert_eq!(missing(&[none]), ["no-such-package-anywhere"]);
    }
}
