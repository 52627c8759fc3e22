//! The thread that ends streams whose devices fell silent.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Uploads;
use crate::env::Clock;
use crate::error::{Error, Result};

const EVERY: Duration = Duration::from_secs(1);

/// Dropping it ends it, and every stream.
pub struct Tending {
    stop: Arc<(Mutex<bool>, Condvar)>,
    handle: Option<JoinHandle<()>>,
    uploads: Arc<Uploads>,
}

impl Tending {
    /// Ends what a crash broke off, then looks every second.
    pub fn start(uploads: Arc<Uploads>, clock: Arc<dyn Clock>) -> Result<Self> {
        uploads.sweep()?;
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let (asked, tended) = (stop.clone(), uploads.clone());
        let run = move || {
            while !asked_within(&asked, EVERY) {
                if let Err(e) = tended.tend(clock.now()) {
                    tracing::warn!("a stream of a device that fell silent has to wait for its end: {e}");
                }
            }
        };
        let handle = std::thread::Builder::new().name("uploads".into()).spawn(run);
        let handle = handle.map_err(|e| Error::stop("the system gives no more threads").because(e))?;
        Ok(Self { stop, handle: Some(handle), uploads })
    }
}

impl Drop for Tending {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(h) = self.handle.take() {
            let _ = h.join();
        }
        if let Err(e) = self.uploads.close() {
            tracing::warn!("streams of devices could not be ended and are at the next start: {e}");
        }
    }
}

fn asked_within(stop: &(Mutex<bool>, Condvar), time: Duration) -> bool {
    let guard = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
    *stop.1.wait_timeout_while(guard, time, |asked| !*asked).unwrap_or_else(PoisonError::into_inner).0
}
