//! A folder beside the finished ones, on the same disk, where files are made before one rename puts them in place.
//! Whoever is killed half-way leaves such a folder behind and nothing else; the next pull takes it away.

use std::fs::{self, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

const PREFIX: &str = ".fetching-";

/// Held while files are fetched into a models folder; one process at a time.
pub struct Stage {
    folder: PathBuf,
    // Let go by the operating system, also when the process is killed.
    _lock: fs::File,
}

impl Stage {
    /// Waits for another pull into the same folder to end; `waiting` is called once if there is one.
    pub fn open(into: &Path, waiting: impl FnOnce()) -> Result<Self> {
        fs::create_dir_all(into).map_err(Error::disk)?;
        let lock = fs::OpenOptions::new().create(true).truncate(false).write(true).open(into.join(".lock")).map_err(Error::disk)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting();
                lock.lock().map_err(Error::disk)?;
            }
            Err(TryLockError::Error(e)) => return Err(Error::disk(e)),
        }
        clear(into).map_err(Error::disk)?;
        let folder = into.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&folder).map_err(Error::disk)?;
        Ok(Self { folder, _lock: lock })
    }

    /// An empty folder of this name in the stage.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir_all(&folder).map_err(Error::disk)?;
        Ok(folder)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder); // what stays, the next pull takes away
    }
}

/// What a killed pull left; nobody else can be at it, since we hold the lock.
fn clear(into: &Path) -> io::Result<()> {
    for entry in fs::read_dir(into)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Bytes of all files below a folder, as far as they can be seen.
pub fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |e: fs::DirEntry| match e.file_type() {
        Ok(t) if t.is_dir() => size_of(&e.path()),
        Ok(_) => e.metadata().map_or(0, |m| m.len()),
        Err(_) => 0,
    };
    entries.map(size).sum()
}
