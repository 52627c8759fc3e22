//! Recordings given on the command line, one after the other through the pipeline.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::App;
use crate::capture::recording::{Input, Progress, Recording};
use crate::env::Time;
use crate::error::{Error, Result};

/// What became of one recording.
pub struct Fed {
    pub path: PathBuf,
    pub result: Result<Vec<String>>,
}

/// Recordings on their way in, on a thread of their own.
pub struct Feed {
    stop: Arc<AtomicBool>,
    handle: JoinHandle<bool>,
}

impl Feed {
    /// Starts; `progress` hears of each step, `fed` of each file's end.
    pub fn start(
        app: &Arc<App>,
        files: Vec<PathBuf>,
        at: Option<Time>,
        progress: impl Fn(&PathBuf, Progress) + Send + 'static,
        fed: impl Fn(&Fed) + Send + 'static,
    ) -> Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (app, asked) = (app.clone(), stop.clone());
        let run = move || {
            let mut all_well = true;
            for path in files {
                let result = one(&app, &path, at, &asked, &progress);
                all_well &= result.is_ok();
                fed(&Fed { path, result });
            }
            all_well
        };
        let handle = std::thread::Builder::new().name("recordings".into()).spawn(run);
        Ok(Self { stop, handle: handle.map_err(|e| Error::stop("the system gives no more threads").because(e))? })
    }

    pub fn is_done(&self) -> bool {
        self.handle.is_finished()
    }

    /// Ends after the step at hand; what is in so far stays, and the rest follows next time. Whether all files went in.
    pub fn stop(self) -> bool {
        self.stop.store(true, Ordering::Release);
        self.handle.join().unwrap_or(false)
    }
}

/// Warnings, once the file is in.
fn one(app: &App, path: &PathBuf, at: Option<Time>, stop: &AtomicBool, progress: &impl Fn(&PathBuf, Progress)) -> Result<Vec<String>> {
    let input = Input { path: path.clone(), at, device_id: app.device_id, zone: app.settings.zone()? };
    let mut recording = Recording::open(&input, app.audio.clone(), app.bus.clone())?;
    while !stop.load(Ordering::Acquire) {
        let done = recording.step()?;
        progress(path, recording.progress());
        if done {
            break;
        }
    }
    Ok(recording.warnings().to_vec())
}
