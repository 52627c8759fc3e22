//! Is a file the one that was published? Hashing 150 MB at each start would cost half a second, so a file that
//! was found right gets a stamp beside it, good for as long as its size and times stay.

use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use crate::catalogue::File;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Good,
    Damaged,
    Absent,
}

/// By the stamp where it holds, else by hashing (and stamping what is right).
pub fn check(path: &Path, file: &File) -> Found {
    match fs::metadata(path) {
        Ok(meta) if meta.len() != file.bytes => Found::Damaged,
        Ok(meta) if fs::read_to_string(stamp_path(path)).is_ok_and(|s| s == stamp(&meta, file.sha256)) => Found::Good,
        Ok(_) => verify(path, file),
        Err(_) => Found::Absent,
    }
}

/// By hashing, whatever the stamp says.
pub fn verify(path: &Path, file: &File) -> Found {
    match sha256(path) {
        Ok(sum) if sum == file.sha256 => {
            write_stamp(path, file.sha256);
            Found::Good
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Found::Absent,
        _ => {
            let _ = fs::remove_file(stamp_path(path)); // may be read-only: then the hash is made each time
            Found::Damaged
        }
    }
}

/// Best effort: in a folder that cannot be written the file is hashed each time.
pub fn write_stamp(path: &Path, sha256: &str) {
    if let Ok(meta) = fs::metadata(path) {
        let _ = fs::write(stamp_path(path), stamp(&meta, sha256));
    }
}

/// `<folder>/.<file>.stamp`
pub fn stamp_path(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.stamp"))
}

/// Lower-case hexadecimal.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

fn stamp(meta: &Metadata, sha256: &str) -> String {
    let modified = meta.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    format!("{} {} {} {sha256}\n", meta.len(), modified.as_nanos(), changed(meta))
}

/// The time of any change at all, which cannot be set back as the modification time can.
#[cfg(unix)]
fn changed(meta: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    format!("{}.{}", meta.ctime(), meta.ctime_nsec())
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> String {
    "-".into()
}
