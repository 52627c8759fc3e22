//! `cargo xtask dev`: builds, starts, and does so again when a file was saved. It looks at times of change once in a
//! while: no system's own watch is the same as another's.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use crate::Result;
use crate::args::Args;
use crate::command::{cargo, end_group, own_group, run};
use crate::place::Place;
use crate::{say, setup};

const PROGRAM: [&str; 5] = ["schemas", "models", "core", "sync", "src-tauri"];
const PAGES: [&str; 2] = ["ui", "schemas"];

pub fn dev(place: &Place, args: &Args) -> Result {
    say::step("models", || setup::fetch_models(place))?;
    let (mut program_seen, mut pages_seen) = (None, None);
    let mut running: Option<Child> = None;
    loop {
        let (program, pages) = (newest(place, &PROGRAM), newest(place, &PAGES));
        if pages != pages_seen {
            pages_seen = pages;
            tell(say::step("pages", || setup::pages(place)));
        }
        if program != program_seen {
            program_seen = program;
            if let Err(sentence) = run(cargo(place).args(["build", "--package", "loom"])) {
                eprintln!("{sentence}; what ran goes on");
            } else {
                restart(place, args, &mut running)?;
            }
        }
        sleep(Duration::from_millis(300));
    }
}

fn restart(place: &Place, args: &Args, running: &mut Option<Child>) -> Result {
    if let Some(mut old) = running.take() {
        end_group(&mut old);
    }
    let mut command = Command::new(place.program("debug", "loom"));
    command.env("LOOM_UI_DIR", place.pages());
    let words = if args.rest.is_empty() { vec!["serve".to_string()] } else { args.rest.clone() };
    own_group(command.args(words));
    *running = Some(command.spawn().map_err(|e| format!("loom cannot be started: {e}"))?);
    Ok(())
}

fn tell(done: Result) {
    if let Err(sentence) = done {
        eprintln!("{sentence}; the pages stay as they were");
    }
}

fn newest(place: &Place, folders: &[&str]) -> Option<SystemTime> {
    folders.iter().filter_map(|f| newest_in(&place.root.join(f))).max()
}

fn newest_in(path: &Path) -> Option<SystemTime> {
    let about = fs::metadata(path).ok()?;
    if about.is_file() {
        return about.modified().ok();
    }
    let inside = fs::read_dir(path).ok()?.flatten();
    inside
        .filter(|e| !matches!(e.file_name().to_str(), Some("target" | "dist" | "node_modules")))
        .filter_map(|e| newest_in(&e.path()))
        .max()
}
