//! Recordings given to a running Loom. They wait in a folder of their own until they are on the log; what a stop or a crash
//! left there is listened to at the next start.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use loom_schemas::live::Taken;

use super::App;
use crate::api::{HALF, TakeIn};
use crate::capture::recording::{Input, Recording};
use crate::env::message_id;
use crate::error::{Error, Kind, Result};

/// Recordings listened to at once: decoding must not starve who speaks.
const MOST_AT_ONCE: usize = 4;
/// A name's length in bytes; file systems take 255.
const NAME_BYTES: usize = 120;

pub struct Incoming {
    folder: PathBuf,
    app: Weak<App>,
    at_once: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Incoming {
    pub fn new(data_dir: &Path, app: Weak<App>) -> Self {
        Self { folder: data_dir.join("files/recordings"), app, at_once: Arc::default(), stop: Arc::default() }
    }

    /// Goes on with what was left here; what cannot be taken is named in the log and let go. Dropping what is returned ends it all.
    pub fn resume(self: &Arc<Self>) -> Open {
        let folders = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in folders.filter_map(|f| fs::read_dir(f.path()).ok()?.flatten().next()).map(|f| f.path()) {
            if path.file_name().is_some_and(|n| n == HALF) {
                let_go(&path);
            } else if let Err(e) = self.begin(&path) {
                tracing::warn!("a recording that was given before the last stop is not listened to: {e}");
                if !waits(&e) {
                    let_go(&path);
                }
            }
        }
        Open(self.stop.clone())
    }

    fn begin(&self, path: &Path) -> Result<Taken> {
        let app = self.app.upgrade().ok_or_else(ending)?;
        let input = Input { path: path.to_path_buf(), at: None, device_id: app.device_id, zone: app.settings.zone()? };
        let recording = Recording::open(&input, app.audio.clone(), app.bus.clone())?;
        let taken = Taken {
            stream_id: recording.stream_id().into(),
            started_at: recording.started_at().to_string(),
            known: recording.ended().is_some(),
        };
        if taken.known {
            let_go(path);
            return Ok(taken);
        }
        if self.at_once.fetch_add(1, Ordering::AcqRel) >= MOST_AT_ONCE {
            self.at_once.fetch_sub(1, Ordering::AcqRel);
            return Err(Error::retry("enough recordings are being listened to: send this one when they are done"));
        }
        self.listen(recording, path.to_path_buf()).inspect_err(|_| {
            self.at_once.fetch_sub(1, Ordering::AcqRel);
        })?;
        Ok(taken)
    }

    fn listen(&self, mut recording: Recording, path: PathBuf) -> Result<()> {
        let (at_once, stop) = (self.at_once.clone(), self.stop.clone());
        let run = move || {
            let outcome = until_done(&mut recording, &stop);
            match &outcome {
                Ok(true) => recording.warnings().iter().for_each(|w| tracing::warn!("{w}")),
                Ok(false) => {}
                Err(e) => tracing::warn!("a recording broke off: {e}"),
            }
            // What was stopped, or had no room, goes on at the next start.
            if !matches!(&outcome, Ok(false)) && !outcome.is_err_and(|e| waits(&e)) {
                let_go(&path);
            }
            at_once.fetch_sub(1, Ordering::AcqRel);
        };
        let started = std::thread::Builder::new().name("recording".into()).spawn(run);
        started.map(drop).map_err(|e| Error::stop("the system gives no more threads").because(e))
    }
}

impl TakeIn for Incoming {
    fn place(&self, name: &str) -> Result<PathBuf> {
        let app = self.app.upgrade().ok_or_else(ending)?;
        app.audio.room()?;
        let folder = self.folder.join(message_id(app.clock.now(), &*app.entropy).simple().to_string());
        let unwritable = |e: io::Error| Error::stop("the data folder takes no recordings: free some space").because(e);
        fs::create_dir_all(&folder).map_err(unwritable)?;
        Ok(folder.join(plain(name)))
    }

    fn take(&self, path: PathBuf) -> Result<Taken> {
        self.begin(&path).inspect_err(|_| let_go(&path))
    }

    fn give_up(&self, path: PathBuf) {
        let_go(&path);
    }
}

/// Recordings are listened to for as long as this lives.
pub struct Open(Arc<AtomicBool>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// What had no room, or no turn, is tried again at the next start.
fn waits(e: &Error) -> bool {
    matches!(e.kind, Kind::Stop | Kind::Retry)
}

fn ending() -> Error {
    Error::stop("Loom is ending: send the recording when it runs again")
}

/// Whether it is done; false where it was stopped.
fn until_done(recording: &mut Recording, stop: &AtomicBool) -> Result<bool> {
    while !stop.load(Ordering::Acquire) {
        if recording.step()? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The file and the folder it has for itself.
fn let_go(path: &Path) {
    if let Some(folder) = path.parent()
        && let Err(e) = fs::remove_dir_all(folder)
    {
        tracing::warn!("a recording that was taken in stays in the data folder: {e}");
    }
}

/// A name that is a name in one folder: what could lead elsewhere, or no system takes, becomes a low line.
fn plain(name: &str) -> String {
    let tail = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = tail.chars().map(|c| if c.is_control() || "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let kept = kept.trim_matches(['.', ' ']);
    let mut from = kept.len().saturating_sub(NAME_BYTES);
    while !kept.is_char_boundary(from) {
        from += 1;
    }
    if kept.is_empty() { "recording".into() } else { kept[from..].into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_nowhere_else() {
        for (name, want) in
            [("a.wav", "a.wav"), ("../../etc/passwd", "passwd"), ("C:\\x\\b.mp3", "b.mp3"), ("..", "recording"), ("", "recording")]
        {
            assert_eq!(plain(name), want, "{name}");
        }
        assert_eq!(plain("Notiz «ü» 日本?.m4a"), "Notiz «ü» 日本_.m4a");
        let long = plain(&format!("{}.flac", "ü".repeat(300)));
        assert!(long.len() <= NAME_BYTES && long.ends_with("ü.flac"));
    }
}
