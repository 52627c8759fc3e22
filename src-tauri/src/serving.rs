//! A Loom that runs in this process: the folder locked, the pipeline, the API on loopback, an orderly end. `loom serve` is one
//! on a terminal, the desktop app one with a window.

mod signal;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use loom_core::data_dir::{Address, DataDir, Lock};
use loom_core::{Error, Result};
use tokio::runtime::Runtime;

use crate::context::Context;
use crate::home::Home;
use crate::logging;
use signal::Signal;

/// How long a request to end may go unnoticed.
pub const LOOK: Duration = Duration::from_millis(250);

/// Opened, and named in the folder's `address`; it answers once it [runs](Serving::run).
pub struct Serving {
    pub home: Home,
    pub url: String,
    listener: TcpListener,
    runtime: Runtime,
    signal: Signal,
    dir: DataDir,
}

impl Serving {
    /// Opens the folder that `lock` holds, to be answered for on `listener`.
    pub fn open(context: &Context, lock: Lock, (listener, url): (TcpListener, String)) -> Result<Self> {
        logging::start(&context.dir.logs())?;
        let home = Home::open(context, lock)?;
        let runtime = Runtime::new().map_err(|e| Error::stop("the system gives no more threads").because(e))?;
        let signal = runtime.block_on(async { Signal::new() })?;
        let dir = context.dir.clone();
        dir.write_address(&Address { url: url.clone(), pid: std::process::id() })?;
        Ok(Self { home, url, listener, runtime, signal, dir })
    }

    /// Answers from this router too, until the end.
    pub fn also(&self, listener: TcpListener, router: axum::Router) {
        self.runtime.spawn(loom_core::api::serve(router, listener, std::future::pending()));
    }

    /// Answers while `work` is done. A signal sets what `work` is to look at; when it comes back, what is being answered is
    /// finished, and the folder let go.
    pub fn run<T>(self, work: impl FnOnce(&Home, &AtomicBool) -> Result<T>) -> Result<T> {
        let Self { home, listener, runtime, signal, dir, .. } = self;
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        let (finished, work_is_done) = tokio::sync::oneshot::channel();
        let router = loom_core::api::router(home.state.clone());
        let server = runtime.spawn(loom_core::api::serve(router, listener, async move {
            signal.wait_or(work_is_done).await;
            asked.store(true, Ordering::Release);
        }));
        let worked = work(&home, &stop);
        drop::<tokio::sync::oneshot::Sender<()>>(finished);
        let served = runtime.block_on(server).map_err(|e| Error::bug("the server broke off").because(e));
        dir.remove_address();
        let done = worked?;
        served??;
        Ok(done)
    }
}

/// A command that reads the folder holds it for a moment: that is waited for, a Loom that answers is not.
pub fn lock(dir: &DataDir) -> Result<Lock> {
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
pub fn listen(port: u16) -> Result<(TcpListener, String)> {
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
