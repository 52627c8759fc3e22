//! `loom serve`: the pipeline and the API, without a window.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use loom_core::api::classic;
use loom_core::app::{Fed, Feed};
use loom_core::data_dir::{Address, DataDir, Lock};
use loom_core::env::{Clock, System};
use loom_core::{Error, Result, Time};

use crate::context::Context;
use crate::home::Home;
use crate::when::When;
use crate::{logging, output};

/// How long a request to end may go unnoticed.
const LOOK: Duration = Duration::from_millis(250);

#[derive(clap::Args, Default)]
pub struct Args {
    /// A recording to take in; may be given several times
    #[arg(long, value_name = "FILE")]
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
    let lock = lock(&context.dir)?;
    let (listener, url) = listen(context.settings.port)?;
    let wanted = classic::PORTS.iter().filter(|_| args.classic_ports);
    let classic = wanted.map(|&(port, prefix)| Ok((listen(port)?.0, prefix))).collect::<Result<Vec<_>>>()?;
    logging::start(&context.dir.logs())?;
    let home = Home::open(&context, lock)?;
    let runtime = tokio::runtime::Runtime::new().map_err(|e| Error::stop("the system gives no more threads").because(e))?;
    let signal = runtime.block_on(async { Signal::new() })?;
    context.dir.write_address(&Address { url: url.clone(), pid: std::process::id() })?;
    output::line(&format!("listening on {url}"));
    for (listener, prefix) in classic {
        let router = classic::at_root(loom_core::api::router(home.state.clone()), prefix);
        runtime.spawn(loom_core::api::serve(router, listener, std::future::pending()));
    }
    let outcome = live(args, at, &home, &runtime, listener, signal);
    context.dir.remove_address();
    outcome
}

/// A command that reads the folder holds it for a moment: that is waited for, a Loom that answers is not.
fn lock(dir: &DataDir) -> Result<Lock> {
    const PATIENCE: Duration = Duration::from_secs(3);
    let began = Instant::now();
    loop {
        match dir.lock() {
            Ok(lock) => {
                // What a killed instance left behind must not pass for this one.
                dir.remove_address();
                return Ok(lock);
            }
            Err(e) if began.elapsed() > PATIENCE || dir.address().is_some_and(|a| answers(&a)) => return Err(e),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn answers(address: &Address) -> bool {
    let at = address.url.strip_prefix("http://").and_then(|a| a.parse().ok());
    at.is_some_and(|at| TcpStream::connect_timeout(&at, Duration::from_millis(500)).is_ok())
}

/// Loopback alone.
fn listen(port: u16) -> Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|e| {
        let why = match e.kind() {
            std::io::ErrorKind::AddrInUse => "is taken by another program",
            std::io::ErrorKind::PermissionDenied => "may not be used",
            _ => "cannot be used",
        };
        Error::stop(format!("port {port} {why}: choose another with LOOM_PORT (0 picks one)")).because(e)
    })?;
    let local = listener.local_addr().map_err(|e| Error::stop("the system does not tell which port was picked").because(e))?;
    Ok((listener, format!("http://127.0.0.1:{}", local.port())))
}

/// Runs the pipeline and answers until a signal comes or everything given is done.
fn live(
    args: &Args,
    at: Option<Time>,
    home: &Home,
    runtime: &tokio::runtime::Runtime,
    listener: TcpListener,
    signal: Signal,
) -> Result<ExitCode> {
    let router = loom_core::api::router(home.state.clone());
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    let (finished, work_is_done) = tokio::sync::oneshot::channel();
    let server = runtime.spawn(loom_core::api::serve(router, listener, async move {
        signal.wait_or(work_is_done).await;
        asked.store(true, Ordering::Release);
    }));
    let worked = work(args, at, home, &stop);
    drop(finished);
    let served = runtime.block_on(server).map_err(|e| Error::bug("the server broke off").because(e))?;
    let all_well = worked?;
    served?;
    Ok(ExitCode::from(u8::from(args.exit_when_done && !all_well)))
}

/// The pipeline, and the recordings through it; whether all of them went in.
fn work(args: &Args, at: Option<Time>, home: &Home, stop: &AtomicBool) -> Result<bool> {
    let _running = home.app.start()?;
    let feed = Feed::start(&home.app, args.input.clone(), at, |path, p| output::progress_of(path, p.seconds, p.total), told)?;
    let mut seen = 0;
    while !stop.load(Ordering::Acquire) {
        if args.exit_when_done && feed.is_done() && home.app.drained()? {
            break;
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

/// SIGTERM and SIGINT, or their like.
struct Signal {
    #[cfg(unix)]
    term: tokio::signal::unix::Signal,
}

impl Signal {
    fn new() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let term = signal(SignalKind::terminate()).map_err(|e| Error::stop("the system gives no signals").because(e))?;
            Ok(Self { term })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Comes back at a signal, or when the other end of the channel goes.
    async fn wait_or(mut self, done: tokio::sync::oneshot::Receiver<()>) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.term.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
            _ = done => {}
        }
        #[cfg(not(unix))]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = done => {}
        }
    }
}
