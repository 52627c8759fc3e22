//! The desktop app: Loom itself in this process, and a window on its pages. Closed, it goes on in the tray; started again, it
//! shows the window that is there. The page gets no more of the system than a browser's would.

mod autostart;
mod close;
mod desk;
mod first;
mod frame;
mod hotkey;
mod page;
mod place;
mod running;
mod sound;
mod tray;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use loom::context::Context;
use loom::output;

use crate::first::First;
use crate::frame::{Frame, Role};

/// Loom in a window.
#[derive(Parser)]
#[command(name = "loom-window", version)]
struct Args {
    /// Where everything lives [default: the platform's data folder]
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    /// Begin in the tray, without a window
    #[arg(long)]
    hidden: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if !loom::has_display() {
        output::complain("there is no display for the window: `loom serve` runs without one");
        return ExitCode::FAILURE;
    }
    let role = match Context::load(args.data_dir).and_then(|context| first::find(context, args.hidden)) {
        Ok(First::There) => return ExitCode::SUCCESS,
        Ok(First::Ours(ours)) => Role::Ours(ours),
        Ok(First::Theirs { page, dir }) => Role::Viewer { page, dir },
        Err(e) => {
            output::complain(&e.to_string());
            Role::Failed(e.to_string())
        }
    };
    match Frame::run(role, args.hidden) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            output::complain(&format!("the window cannot be opened: {e}; `loom serve` runs without one"));
            ExitCode::FAILURE
        }
    }
}
