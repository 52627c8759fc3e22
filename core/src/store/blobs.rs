//! Files that records refer to, by the SHA-256 of their bytes: pictures, films, documents, uploads. Written and flushed
//! before the record that names them; the same bytes are kept once. Readable by their owner alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// `<data dir>/files`.
pub struct Blobs(PathBuf);

impl Blobs {
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_path_buf())
    }

    /// Keeps bytes; their id, 64 hex digits. They survive power loss when it returns.
    ///
    /// Errors: `Stop` when the disk is full.
    pub fn put(&self, bytes: &[u8]) -> Result<String> {
        let id = hex::encode(Sha256::digest(bytes));
        let path = self.path(&id);
        if fs::metadata(&path).is_ok_and(|m| m.len() == bytes.len() as u64) {
            return Ok(id);
        }
        self.write(&path, bytes).map_err(|e| {
            let why = if e.kind() == io::ErrorKind::StorageFull {
                "the disk is full: free some space"
            } else {
                "the files folder takes no files"
            };
            Error::stop(why).because(e)
        })?;
        Ok(id)
    }

    /// Under another name first, so that a file of that id is always whole.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder)?;
        let scratch = path.with_extension(format!("{}", std::process::id()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&scratch)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&scratch, path)?;
        for folder in [folder, &self.0] {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Where the bytes of an id lie, whether they are there or not.
    pub fn path(&self, id: &str) -> PathBuf {
        self.0.join(id.get(..2).unwrap_or("__")).join(id)
    }

    /// Lets a file go. What is not there is gone already.
    pub fn remove(&self, id: &str) -> Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::stop("a file cannot be removed from the files folder").because(e)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_are_kept_once_and_go_for_good() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::at(&dir.path().join("files"));
        let id = blobs.put(b"picture").unwrap();
        assert_eq!(blobs.put(b"picture").unwrap(), id);
        assert_eq!(fs::read(blobs.path(&id)).unwrap(), b"picture");
        assert_eq!(fs::read_dir(blobs.path(&id).parent().unwrap()).unwrap().count(), 1);
        blobs.remove(&id).unwrap();
        blobs.remove(&id).unwrap();
        assert!(!blobs.path(&id).exists());
    }
}
