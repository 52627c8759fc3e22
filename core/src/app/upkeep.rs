//! What has to be done now and then: retention of the log and of the audio, silence given back.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::App;
use crate::error::{Error, Result};

const EVERY: Duration = Duration::from_secs(600);

/// The upkeep's thread; dropping it ends it.
pub struct Upkeep {
    stop: Arc<(Mutex<bool>, Condvar)>,
    handle: Option<JoinHandle<()>>,
}

impl Upkeep {
    pub(super) fn start(app: Arc<App>) -> Result<Self> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let asked = stop.clone();
        let run = move || {
            while !asked_within(&asked, EVERY) {
                once(&app);
            }
        };
        let handle = std::thread::Builder::new().name("upkeep".into()).spawn(run);
        let handle = handle.map_err(|e| Error::stop("the system gives no more threads").because(e))?;
        Ok(Self { stop, handle: Some(handle) })
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(h) = self.handle.take() {
            let _ = h.join();
        }
    }
}

/// Waits so long, or until asked to stop; whether it was.
fn asked_within(stop: &(Mutex<bool>, Condvar), time: Duration) -> bool {
    let guard = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
    *stop.1.wait_timeout_while(guard, time, |asked| !*asked).unwrap_or_else(PoisonError::into_inner).0
}

/// What fails is tried again next time, and logged.
fn once(app: &App) {
    match app.bus.retain() {
        Ok(0) => {}
        Ok(n) => tracing::info!(records = n, "deleted what is past its topic's retention"),
        Err(e) => tracing::warn!("retention of the log has to wait: {e}"),
    }
    match app.audio.hush(&*app.bus) {
        Ok(0.0) => {}
        Ok(seconds) => tracing::info!(seconds, "gave the space of silence back"),
        Err(e) => tracing::warn!("silence has to be kept for now: {e}"),
    }
    match app.audio.retain(app.keeper.now().audio_bytes) {
        Ok(0) => {}
        Ok(bytes) => tracing::info!(bytes, "deleted the oldest audio to stay within its budget"),
        Err(e) => tracing::warn!("retention of the audio has to wait: {e}"),
    }
}
