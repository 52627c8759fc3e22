//! The only place that touches audio files: where encryption at rest would go. Readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Bytes a sample.
pub const SAMPLE_BYTES: u64 = 2;

/// The folder of all audio; file names are relative to it.
pub struct Folder(PathBuf);

impl Folder {
    pub fn at(path: &Path) -> Self {
        Self(path.to_path_buf())
    }

    /// Opens a file to grow, or makes it and its folders.
    pub fn append_to(&self, file: &str) -> Result<Samples> {
        let path = self.0.join(file);
        let made = make_folders(path.parent().unwrap_or(&self.0)).map_err(unwritable)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(unwritable)?;
        let len = file.metadata().map_err(unwritable)?.len() / SAMPLE_BYTES;
        // A file is only found after power loss if its folder was flushed, and that folder's folder.
        Ok(Samples { file, len, unflushed: made, dirty: true })
    }

    /// Samples in a file; none if it is not there.
    pub fn len(&self, file: &str) -> Result<u64> {
        match fs::metadata(self.0.join(file)) {
            Ok(m) => Ok(m.len() / SAMPLE_BYTES),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(e) => Err(unreadable(e)),
        }
    }

    /// Puts samples behind `out`. `Skip` if they are not all there.
    pub fn read(&self, file: &str, at: u64, samples: u64, out: &mut Vec<u8>) -> Result<()> {
        let gone = |_| Error::skip("the audio is not there any more: it was deleted, or never stored");
        let mut file =
            File::open(self.0.join(file)).map_err(|e| if e.kind() == io::ErrorKind::NotFound { gone(e) } else { unreadable(e) })?;
        let present = file.metadata().map_err(unreadable)?.len() / SAMPLE_BYTES;
        if present < at + samples {
            return Err(gone(io::ErrorKind::UnexpectedEof.into()));
        }
        file.seek(SeekFrom::Start(at * SAMPLE_BYTES)).map_err(unreadable)?;
        file.take(samples * SAMPLE_BYTES).read_to_end(out).map_err(unreadable)?;
        Ok(())
    }

    /// Leaves the first `samples` of a file, durably. A shorter file stays as it is.
    pub fn cut(&self, file: &str, samples: u64) -> Result<()> {
        let path = self.0.join(file);
        if !path.exists() {
            return Ok(());
        }
        let file = OpenOptions::new().write(true).open(path).map_err(unwritable)?;
        if file.metadata().map_err(unwritable)?.len() > samples * SAMPLE_BYTES {
            file.set_len(samples * SAMPLE_BYTES).and_then(|()| file.sync_data()).map_err(unwritable)?;
        }
        Ok(())
    }

    /// Bytes a file takes on the disk: less than its length where silence was taken out.
    pub fn bytes(&self, file: &str) -> Result<u64> {
        match fs::metadata(self.0.join(file)) {
            #[cfg(unix)]
            Ok(m) => Ok(m.len().min(std::os::unix::fs::MetadataExt::blocks(&m) * 512)),
            #[cfg(not(unix))]
            Ok(m) => Ok(m.len()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(e) => Err(unreadable(e)),
        }
    }

    /// Gives the space of samples back; they read as zeros from now on, and no sample moves.
    pub fn hush(&self, file: &str, at: u64, samples: u64) -> Result<()> {
        match OpenOptions::new().write(true).open(self.0.join(file)) {
            Ok(file) => punch(&file, at * SAMPLE_BYTES, samples * SAMPLE_BYTES).map_err(unwritable),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(e) => Err(unwritable(e)),
        }
    }

    /// Writes zeros over samples, as far as there are any, and returns once they survive power loss.
    pub fn erase(&self, file: &str, at: u64, samples: u64) -> Result<()> {
        let mut file = match OpenOptions::new().write(true).open(self.0.join(file)) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(e) => return Err(unwritable(e)),
        };
        let len = file.metadata().map_err(unwritable)?.len();
        let (from, to) = ((at * SAMPLE_BYTES).min(len), ((at + samples) * SAMPLE_BYTES).min(len));
        file.seek(SeekFrom::Start(from)).map_err(unwritable)?;
        let zeros = io::copy(&mut io::repeat(0).take(to - from), &mut file);
        zeros.and_then(|_| file.sync_data()).map_err(unwritable)
    }

    /// Deletes a file that may be gone already.
    pub fn remove(&self, file: &str) -> Result<()> {
        match fs::remove_file(self.0.join(file)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(unwritable(e)),
            _ => Ok(()),
        }
    }
}

/// A file that grows.
pub struct Samples {
    file: File,
    len: u64,
    unflushed: Vec<PathBuf>,
    dirty: bool,
}

impl Samples {
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Writes at a place in the file, or right behind it.
    pub fn write(&mut self, at: u64, samples: &[f32]) -> Result<()> {
        if at > self.len {
            return Err(Error::bug("samples before these are missing"));
        }
        let bytes: Vec<u8> = samples.iter().flat_map(|s| to_i16(*s).to_le_bytes()).collect();
        self.dirty = true;
        let written = self.file.seek(SeekFrom::Start(at * SAMPLE_BYTES)).and_then(|_| self.file.write_all(&bytes));
        if let Err(e) = written {
            // Half a chunk is no chunk. If even this fails, the start cuts it.
            let _ = self.file.set_len(self.len * SAMPLE_BYTES);
            return Err(unwritable(e));
        }
        self.len = self.len.max(at + samples.len() as u64);
        Ok(())
    }

    pub fn flush(&mut self) -> Result<()> {
        if self.dirty {
            self.file.sync_data().map_err(unwritable)?;
            for folder in self.unflushed.drain(..) {
                sync_folder(&folder).map_err(unwritable)?;
            }
            self.dirty = false;
        }
        Ok(())
    }
}

/// 16 bits: what came from 16 bits comes back as it was.
fn to_i16(s: f32) -> i16 {
    // The cast saturates, and makes nothing of what is no number.
    (s * 32768.0).round() as i16
}

#[cfg(target_os = "linux")]
fn punch(file: &File, at: u64, bytes: u64) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let mode = libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_KEEP_SIZE;
    // SAFETY: the descriptor is open for the length of the call.
    match unsafe { libc::fallocate(file.as_raw_fd(), mode, at as libc::off_t, bytes as libc::off_t) } {
        0 => Ok(()),
        _ => match io::Error::last_os_error() {
            // A file system without holes keeps silence until the budget takes it.
            e if e.raw_os_error() == Some(libc::EOPNOTSUPP) => Ok(()),
            e => Err(e),
        },
    }
}

/// Elsewhere silence stays until the budget takes it.
#[cfg(not(target_os = "linux"))]
fn punch(_: &File, _: u64, _: u64) -> io::Result<()> {
    Ok(())
}

/// Makes a folder and those above it; gives all folders that hold something new.
fn make_folders(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut changed = vec![path.to_path_buf()];
    let mut missing = path;
    while !missing.exists() {
        let Some(parent) = missing.parent() else { break };
        changed.push(parent.to_path_buf());
        missing = parent;
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    Ok(changed)
}

#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Elsewhere a folder is no file, and its entries are written through.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn unwritable(e: io::Error) -> Error {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let error = match e.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => Error::stop("the disk is full: nothing was lost, free some space and Loom goes on"),
        _ => Error::stop("audio cannot be written: check the data folder's disk and permissions"),
    };
    error.because(e)
}

fn unreadable(e: io::Error) -> Error {
    Error::retry("audio cannot be read: check the data folder's disk and permissions").because(e)
}
