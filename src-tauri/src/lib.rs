//! The program `loom`: its commands, one file each. Every command that prints data asks the HTTP API, of the
//! running instance or of the folder itself, so that a script, a page and a person are told the same.

pub mod client;
mod commands;
pub mod context;
pub mod home;
mod logging;
pub mod output;
pub mod serving;
mod when;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{devices, dlq, doctor, export, groups, models, privacy, rebuild, replay, rules, schemas, search, serve, topics, transcribe};
use context::Context;

/// Weaves what your devices sense into one private, searchable timeline. Nothing leaves this machine.
#[derive(Parser)]
#[command(name = "loom", version, arg_required_else_help = false)]
struct Cli {
    /// Where everything lives [default: the platform's data folder]
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run without a window, answering on loopback
    Serve(serve::Args),
    /// Print the words of recordings; nothing is stored
    Transcribe(transcribe::Args),
    /// Find what was said, best first
    Search(search::Args),
    /// The log's topics and what is on them
    Topics(topics::Args),
    /// Consumer groups and how far behind they are
    Groups(groups::Args),
    /// What stages could not take
    Dlq(dlq::Args),
    /// Records of the past once more, into a topic or a group
    Replay(replay::Args),
    /// The event router's rules
    Rules(rules::Args),
    /// Make the timeline or the counts again from the log
    Rebuild(rebuild::Args),
    /// What records hold, whether two versions get on, whether data fits
    Schemas(schemas::Args),
    /// Mask what must not be seen in a text on standard input
    Privacy(privacy::Args),
    /// Devices that send to this Loom
    Devices(devices::Args),
    /// The timeline as you see it, or a topic that may leave, for other programs
    Export(export::Args),
    /// Model files: which there are, fetch, verify, remove
    Models(models::Args),
    /// Check that everything Loom needs is there and well
    Doctor(doctor::Args),
}

/// The command line, to an exit code: 0 done, 1 failed, 2 wrong arguments.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(e) => {
            output::complain(&e.to_string());
            ExitCode::from(1)
        }
    }
}

fn run(cli: Cli) -> loom_core::Result<ExitCode> {
    let context = Context::load(cli.data_dir)?;
    match cli.command {
        None => open(&context),
        Some(Command::Serve(a)) => serve::run(&a, context),
        Some(Command::Transcribe(a)) => transcribe::run(&a, &context),
        Some(Command::Search(a)) => search::run(&a, &context),
        Some(Command::Topics(a)) => topics::run(&a, &context),
        Some(Command::Groups(a)) => groups::run(&a, &context),
        Some(Command::Dlq(a)) => dlq::run(&a, &context),
        Some(Command::Replay(a)) => replay::run(&a, &context),
        Some(Command::Rules(a)) => rules::run(&a, &context),
        Some(Command::Rebuild(a)) => rebuild::run(&a, &context),
        Some(Command::Schemas(a)) => schemas::run(&a, &context),
        Some(Command::Privacy(a)) => privacy::run(&a, &context),
        Some(Command::Devices(a)) => devices::run(&a, &context),
        Some(Command::Export(a)) => export::run(&a, &context),
        Some(Command::Models(a)) => models::run(&a, &context),
        Some(Command::Doctor(a)) => doctor::run(&a, &context),
    }
}

/// Whether a window can be shown here.
pub fn has_display() -> bool {
    !cfg!(target_os = "linux") || ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|v| std::env::var_os(v).is_some_and(|d| !d.is_empty()))
}

/// The window where there is a display and the window was built, else `serve`.
fn open(context: &Context) -> loom_core::Result<ExitCode> {
    let window = std::env::current_exe()
        .ok()
        .map(|p| p.with_file_name(format!("loom-window{}", std::env::consts::EXE_SUFFIX)))
        .filter(|p| p.is_file());
    let Some(window) = window.filter(|_| has_display()) else { return serve::run(&serve::Args::default(), context.clone()) };
    let mut command = std::process::Command::new(window);
    let status = become_it(command.arg("--data-dir").arg(context.dir.path()));
    let status = status.map_err(|e| loom_core::Error::stop("the window cannot be started: `loom serve` runs without it").because(e))?;
    Ok(ExitCode::from(u8::from(!status.success())))
}

/// So that signals are its own; where that cannot be, it is waited for.
fn become_it(command: &mut std::process::Command) -> std::io::Result<std::process::ExitStatus> {
    #[cfg(unix)]
    return Err(std::os::unix::process::CommandExt::exec(command));
    #[cfg(not(unix))]
    command.status()
}

#[cfg(test)]
mod tests;
