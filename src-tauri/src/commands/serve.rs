//! `loom serve`: the pipeline and the API, without a window.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use loom_core::api::classic;
use loom_core::app::{Fed, Feed};
use loom_core::env::{Clock, System};
use loom_core::{Result, Time};

use crate::context::Context;
use crate::home::Home;
use crate::output;
use crate::serving::{self, LOOK, Serving};
use crate::when::When;

#[derive(clap::Args, Default)]
pub struct Args {
    /// Recordings to take in; may be given several times
    #[arg(long, value_name = "FILE", num_args = 1..)]
    input: Vec<PathBuf>,
    /// When the recordings began [default: as they say themselves]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<When>,
    /// End once every recording is on the timeline; with 1 if one failed
    #[arg(long)]
    exit_when_done: bool,
    /// Do not listen
    #[arg(long)]
    no_microphone: bool,
    /// Each service also on the port it had in Loom v2
    #[arg(long)]
    classic_ports: bool,
    /// Programs on this machine need no token
    #[arg(long)]
    open_loopback: bool,
    /// The HTTP port; 0 picks one [default: 8600]
    #[arg(long)]
    port: Option<u16>,
}

pub fn run(args: &Args, mut context: Context) -> Result<ExitCode> {
    context.settings.open_loopback |= args.open_loopback;
    context.settings.microphone &= !args.no_microphone && args.input.is_empty();
    context.settings.port = args.port.unwrap_or(context.settings.port);
    let flags = [
        ("open_loopback", args.open_loopback),
        ("microphone", args.no_microphone || !args.input.is_empty()),
        ("port", args.port.is_some()),
    ];
    flags.into_iter().filter(|(_, given)| *given).for_each(|(key, _)| context.settings.by_flag(key));
    let at = args.at.map(|w| w.start(System.now(), &context.settings.zone()?)).transpose()?;
    context.dir.create()?;
    let lock = serving::lock(&context.dir)?;
    let door = serving::listen(context.settings.port)?;
    let wanted = classic::PORTS.iter().filter(|_| args.classic_ports);
    let classic = wanted.map(|&(port, prefix)| Ok((serving::listen(port)?.0, prefix))).collect::<Result<Vec<_>>>()?;
    let serving = Serving::open(&context, lock, door)?;
    output::line(&format!("listening on {}", serving.url));
    for (listener, prefix) in classic {
        serving.also(listener, classic::at_root(loom_core::api::router(serving.home.state.clone()), prefix));
    }
    let all_well = serving.run(|home, stop| work(args, at, home, stop))?;
    Ok(ExitCode::from(u8::from(args.exit_when_done && !all_well)))
}

/// The pipeline, and the recordings through it; whether all of them went in.
fn work(args: &Args, at: Option<Time>, home: &Home, stop: &AtomicBool) -> Result<bool> {
    let running = home.app.start()?;
    let feed = Feed::start(&home.app, args.input.clone(), at, |path, p| output::progress_of(path, p.seconds, p.total), told)?;
    let mut seen = 0;
    while !stop.load(Ordering::Acquire) {
        if args.exit_when_done && feed.is_done() {
            running.hurry();
            if home.app.drained()? {
                break;
            }
        }
        seen = home.app.bus.wait(seen, LOOK);
    }
    Ok(feed.stop())
}

/// What became of a recording: warnings and errors, a sentence each.
fn told(fed: &Fed) {
    output::progress("");
    let name = fed.path.display();
    match &fed.result {
        Ok(warnings) => warnings.iter().for_each(|w| output::complain(&format!("{name}: {w}"))),
        Err(e) => output::complain(&format!("{name}: {e}")),
    }
}
