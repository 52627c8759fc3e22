//! Where the files are: a few folders, searched in order, each laid out `<folder>/<id>/<file>`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalogue::{CATALOGUE, Entry, File};
use crate::checksum::{self, Found};
use crate::error::{Error, Kind, Result};

/// Marks a folder that Loom filled and may therefore empty.
pub(crate) const PULLED: &str = ".pulled";

/// The models and native libraries of this machine.
#[derive(Clone, Debug)]
pub struct Models {
    folders: Vec<PathBuf>,
    home: PathBuf,
    pub(crate) catalogue: &'static [Entry],
}

/// One line of `loom models list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub id: &'static str,
    pub what: &'static str,
    pub licence: &'static str,
    pub default: bool,
    pub state: State,
    /// On disk where it is there, else what it will take.
    pub bytes: u64,
    /// Where its first file lies.
    pub folder: Option<PathBuf>,
    /// One sentence where something is wrong.
    pub problem: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Present,
    /// Some of its files are missing.
    Partial,
    Absent,
    Damaged,
    /// It cannot be had for this machine.
    Unsupported,
}

impl State {
    /// The word that `--json` carries; fixed for ever.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Present => "present",
            State::Partial => "partial",
            State::Absent => "absent",
            State::Damaged => "damaged",
            State::Unsupported => "unsupported",
        }
    }
}

impl Models {
    /// Searches `LOOM_MODELS_DIR`, `<data_dir>/models`, the platform data folder's `loom/models`, and `models` beside the
    /// program, in this order; fetches into the first of `LOOM_MODELS_DIR` and the platform data folder.
    pub fn find(data_dir: Option<&Path>) -> Self {
        let chosen = env::var_os("LOOM_MODELS_DIR").filter(|d| !d.is_empty()).map(PathBuf::from);
        let platform = directories::BaseDirs::new().map(|d| d.data_dir().join("loom").join("models"));
        let beside = env::current_exe().ok().and_then(|p| Some(p.parent()?.join("models")));
        Self::from_places(chosen, data_dir, platform, beside)
    }

    fn from_places(chosen: Option<PathBuf>, data_dir: Option<&Path>, platform: Option<PathBuf>, beside: Option<PathBuf>) -> Self {
        let own = data_dir.map(|d| d.join("models"));
        let home = [&chosen, &platform, &own].into_iter().flatten().next().cloned().unwrap_or_else(|| "models".into());
        let mut folders: Vec<PathBuf> = Vec::new();
        for folder in [chosen, own, platform, beside].into_iter().flatten() {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        Self { folders, home, catalogue: CATALOGUE }
    }

    /// Only this folder, for searching and for fetching.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        let home = folder.into();
        Self { folders: vec![home.clone()], home, catalogue: CATALOGUE }
    }

    #[cfg(test)]
    pub(crate) fn in_folders(folders: Vec<PathBuf>, catalogue: &'static [Entry]) -> Self {
        let home = folders[0].clone();
        Self { folders, home, catalogue }
    }

    /// Where [`Models::ensure`](crate::Models::ensure) puts what it fetches.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Searched in this order.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// What set-up fetches on this machine.
    pub fn default_ids(&self) -> Vec<&'static str> {
        self.catalogue.iter().filter(|e| e.default && e.is_for_this_machine()).map(|e| e.id).collect()
    }

    /// A verified file. A damaged one is passed over where a later folder has a good one.
    ///
    /// # Errors
    /// Missing, Damaged, or Unknown (the id, the file, or this machine).
    pub fn path(&self, id: &str, file: &str) -> Result<PathBuf> {
        let entry = self.entry(id)?;
        let file = entry.files_here().find(|f| f.name == file).ok_or_else(|| match entry.is_for_this_machine() {
            true => Error::new(Kind::Unknown, format!("{id} has no file of that name")),
            false => Error::not_for_this_machine(id),
        })?;
        self.locate(id, file, checksum::check)
    }

    /// The native library of this entry, whatever it is called on this machine.
    ///
    /// # Errors
    /// As [`Models::path`].
    pub fn library(&self, id: &str) -> Result<PathBuf> {
        let file = self.entry(id)?.files_here().next().ok_or_else(|| Error::not_for_this_machine(id))?;
        self.locate(id, file, checksum::check)
    }

    /// Every entry of the catalogue and how it stands.
    pub fn list(&self) -> Vec<Status> {
        self.catalogue.iter().map(|e| self.status(e)).collect()
    }

    /// Hashes every file of this entry.
    ///
    /// # Errors
    /// Missing, Damaged (naming the file), Unknown.
    pub fn verify(&self, id: &str) -> Result<()> {
        let entry = self.entry(id)?;
        if !entry.is_for_this_machine() {
            return Err(Error::not_for_this_machine(id));
        }
        entry.files_here().try_for_each(|f| self.locate(id, f, checksum::verify).map(drop))
    }

    /// Deletes what Loom fetched for this entry; gives back the bytes freed.
    ///
    /// # Errors
    /// Missing when there is nothing; Unknown when the files are not Loom's; Unavailable when the disk refuses.
    pub fn remove(&self, id: &str) -> Result<u64> {
        let entry = self.entry(id)?;
        let places = || self.folders.iter().map(|f| f.join(id)).filter(|f| f.is_dir());
        let Some(folder) = places().find(|f| f.join(PULLED).exists()) else {
            return Err(match places().next() {
                None => Error::new(Kind::Missing, format!("{id} is not there: nothing was removed")),
                Some(_) => Error::new(Kind::Unknown, format!("the files of {id} were not fetched by Loom: delete them yourself")),
            });
        };
        let mut freed = 0;
        for name in entry.files.iter().map(|f| f.name) {
            let path = folder.join(name);
            let _ = fs::remove_file(checksum::stamp_path(&path)); // there may be none
            let Ok(meta) = fs::metadata(&path) else { continue };
            fs::remove_file(&path).map_err(Error::disk)?;
            freed += meta.len();
        }
        fs::remove_file(folder.join(PULLED)).map_err(Error::disk)?;
        let _ = fs::remove_dir(&folder); // stays when the user keeps something of their own in it
        Ok(freed)
    }

    pub(crate) fn entry(&self, id: &str) -> Result<&'static Entry> {
        self.catalogue.iter().find(|e| e.id == id).ok_or_else(|| Error::unknown(id))
    }

    pub(crate) fn is_complete(&self, entry: &Entry) -> bool {
        entry.files_here().all(|f| self.locate(entry.id, f, checksum::check).is_ok())
    }

    fn locate(&self, id: &str, file: &File, check: fn(&Path, &File) -> Found) -> Result<PathBuf> {
        let mut damaged = false;
        for path in self.folders.iter().map(|f| f.join(id).join(file.name)) {
            match check(&path, file) {
                Found::Good => return Ok(path),
                Found::Damaged => damaged = true,
                Found::Absent => {}
            }
        }
        Err(if damaged { Error::damaged(id, file.name) } else { Error::missing(id, file.name) })
    }

    fn status(&self, entry: &'static Entry) -> Status {
        let &Entry { id, what, licence, default, .. } = entry;
        let found: Vec<_> = entry.files_here().map(|f| self.locate(id, f, checksum::check)).collect();
        let good = found.iter().filter(|f| f.is_ok()).count();
        let wrong = found.iter().filter_map(|f| f.as_ref().err());
        let worst = wrong.min_by_key(|e| e.kind != Kind::Damaged);
        let (state, problem) = match worst {
            _ if found.is_empty() => (State::Unsupported, Some(Error::not_for_this_machine(id).to_string())),
            None => (State::Present, None),
            Some(e) if e.kind == Kind::Damaged => (State::Damaged, Some(e.to_string())),
            Some(e) if good > 0 => (State::Partial, Some(e.to_string())),
            Some(_) => (State::Absent, None),
        };
        let folder = found.iter().flatten().next().and_then(|p| Some(p.parent()?.to_owned()));
        Status { id, what, licence, default, state, bytes: entry.bytes(), folder, problem }
    }
}

#[cfg(test)]
mod tests;
