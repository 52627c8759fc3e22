//! Fetching a model while Loom runs: on a thread of its own, one at a time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::App;
use crate::error::{Error, Result};

impl App {
    /// Begins; false while another one is being fetched. What comes of it is in the list of models, and in the log.
    pub(super) fn pull(self: &Arc<Self>, id: &str) -> Result<bool> {
        if self.pulling.swap(true, Ordering::SeqCst) {
            return Ok(false);
        }
        let (app, id) = (self.clone(), id.to_owned());
        let run = move || {
            match app.models.ensure(&[id.as_str()], &mut |_| ()) {
                Ok(()) => tracing::info!(id, "a model was fetched"),
                Err(e) => tracing::warn!(id, "a model could not be fetched: {e}"),
            }
            app.pulling.store(false, Ordering::SeqCst);
        };
        let spawned = std::thread::Builder::new().name("fetch a model".into()).spawn(run);
        spawned.map(|_| true).map_err(|e| {
            self.pulling.store(false, Ordering::SeqCst);
            Error::stop("the system gives no more threads").because(e)
        })
    }
}
