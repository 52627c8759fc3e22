//! Being asked to end.

#[cfg(unix)]
use loom_core::Error;
use loom_core::Result;

/// SIGTERM and SIGINT, or their like.
pub struct Signal {
    #[cfg(unix)]
    term: tokio::signal::unix::Signal,
}

impl Signal {
    pub fn new() -> Result<Self> {
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
    pub async fn wait_or(mut self, done: tokio::sync::oneshot::Receiver<()>) {
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
