//! Room on the disk: intake stops while there is still enough to finish what was begun.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Below this much free space nothing new is taken.
const KEEP_FREE_BYTES: u64 = 64 << 20;
/// Held by a file of that size, given up so that deleting can go on where nothing is left at all.
const RESERVE_BYTES: u64 = 16 << 20;

pub(super) struct Space {
    folder: PathBuf,
    reserve: PathBuf,
    keep_free: AtomicU64,
}

impl Space {
    pub(super) fn beside(db: &Path) -> Self {
        let folder = db.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut reserve = db.as_os_str().to_owned();
        reserve.push("-reserve");
        Self { folder: folder.to_path_buf(), reserve: reserve.into(), keep_free: AtomicU64::new(KEEP_FREE_BYTES) }
    }

    pub(super) fn keep_free(&self, bytes: u64) {
        self.keep_free.store(bytes, Ordering::Relaxed);
    }

    /// Whether there is room for more. One cheap call of the system.
    pub(super) fn is_enough(&self) -> bool {
        free_bytes(&self.folder).is_none_or(|free| free >= self.keep_free.load(Ordering::Relaxed))
    }

    /// Takes the reserve where the disk has plenty; a disk that has not goes without.
    pub(super) fn take_reserve(&self) {
        let plenty = free_bytes(&self.folder).is_some_and(|f| f > self.keep_free.load(Ordering::Relaxed).saturating_add(4 * RESERVE_BYTES));
        if plenty && !self.reserve.exists() && allocate(&self.reserve, RESERVE_BYTES).is_err() {
            self.give_reserve();
        }
    }

    /// Gives the reserve up.
    pub(super) fn give_reserve(&self) {
        // Usually there is none to give.
        let _ = fs::remove_file(&self.reserve);
    }
}

/// Bytes this user may still write in a folder's file system.
#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    use std::os::unix::ffi::OsStrExt;
    let folder = std::ffi::CString::new(folder.as_os_str().as_bytes()).ok()?;
    let mut s = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path ends in a nul and the struct is written whole when the call answers 0.
    let s = unsafe {
        if libc::statvfs(folder.as_ptr(), s.as_mut_ptr()) != 0 {
            return None;
        }
        s.assume_init()
    };
    #[allow(clippy::unnecessary_cast)] // The fields' types differ by platform.
    Some(s.f_bavail as u64 * s.f_frsize as u64)
}

/// Elsewhere SQLite's own error is the only guard.
#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
fn allocate(path: &Path, bytes: u64) -> std::io::Result<()> {
    use std::os::fd::AsRawFd;
    let file = fs::File::create(path)?;
    // SAFETY: the descriptor is open for the length of the call.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes as libc::off_t) } {
        0 => Ok(()),
        e => Err(std::io::Error::from_raw_os_error(e)),
    }
}

#[cfg(not(target_os = "linux"))]
fn allocate(path: &Path, bytes: u64) -> std::io::Result<()> {
    fs::write(path, vec![0; bytes as usize])
}
