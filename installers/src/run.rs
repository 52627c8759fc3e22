//! `cargo xtask run`: set up, then become Loom, so that signals and the exit code are its own.

use std::env;
use std::process::Command;

use crate::Result;
use crate::args::Args;
use crate::place::Place;
use crate::setup::setup;

pub fn run(place: &Place, args: &Args) -> Result {
    let display = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|v| env::var_os(v).is_some_and(|d| !d.is_empty()));
    // Given arguments are for `loom` itself: no window is wanted, and none is built for it.
    let headless = args.headless || !args.rest.is_empty() || args.sample || !display;
    let ready = setup(place, &Args { headless, ..args.clone() })?;
    let (name, words) = program(args, ready.window, &place.sample().to_string_lossy());
    let mut command = Command::new(place.program("release", name));
    command.args(words);
    become_it(command)
}

fn program(args: &Args, window: bool, sample: &str) -> (&'static str, Vec<String>) {
    let mut words = args.rest.clone();
    if window && words.is_empty() {
        return ("loom-window", words);
    }
    if words.is_empty() {
        words.push("serve".into());
    }
    if args.sample {
        words.extend(["--input".into(), sample.into()]);
    }
    ("loom", words)
}

#[cfg(unix)]
fn become_it(mut command: Command) -> Result {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(format!("{} cannot be started: {error}", command.get_program().to_string_lossy()))
}
#[cfg(not(unix))]
fn become_it(mut command: Command) -> Result {
    crate::command::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Args, Command};

    fn starts(rest: &[&str], sample: bool, window: bool) -> String {
        let args = Args { rest: rest.iter().map(ToString::to_string).collect(), sample, ..Args::of(Command::Run) };
        let (name, words) = program(&args, window, "a.flac");
        format!("{name} {}", words.join(" "))
    }

    #[test]
    fn the_window_opens_only_when_nothing_else_was_asked_for() {
        assert_eq!(starts(&[], false, true), "loom-window ");
        assert_eq!(starts(&[], false, false), "loom serve");
        assert_eq!(starts(&["topics", "list"], false, true), "loom topics list");
    }

    #[test]
    fn the_sample_is_fed_to_whatever_serves() {
        assert_eq!(starts(&[], true, false), "loom serve --input a.flac");
        assert_eq!(starts(&["serve", "--exit-when-done"], true, true), "loom serve --exit-when-done --input a.flac");
    }
}
