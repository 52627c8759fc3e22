//! SQLite's errors in Loom's words: what happened, and what to do.

use rusqlite::ErrorCode;

use crate::error::{Error, Kind};

/// A page is not as it was written.
pub(super) fn damaged() -> Error {
    Error::stop(
        "loom.db is damaged and is kept as it is: what can be read still is; restore a backup, or move the file aside to start anew",
    )
}

/// Nothing more can be taken.
pub(super) fn full() -> Error {
    Error::stop("the disk is full: nothing was lost, free some space and Loom goes on by itself")
}

/// The first page does not open.
pub(super) fn locked_out() -> Error {
    Error::stop(
        "loom.db does not open with this key: bring the right key back, or if the file itself is damaged \
         restore a backup, or move it aside to start anew; it is kept as it is",
    )
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        let plain = match e.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => full(),
            Some(ErrorCode::DatabaseCorrupt) => damaged(),
            Some(ErrorCode::NotADatabase) => locked_out(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::retry("loom.db is busy: try again"),
            Some(ErrorCode::OperationInterrupted) => Error::retry("reading took too long: ask for less, or try again"),
            Some(ErrorCode::SystemIoFailure) => Error::stop("the disk failed on loom.db: check the disk and its free space"),
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
                Error::stop("loom.db cannot be opened for writing: check the folder and its permissions")
            }
            Some(ErrorCode::OutOfMemory) => Error::retry("there is not enough memory: close something and try again"),
            _ => Error::bug("the database refused what Loom asked of it"),
        };
        plain.because(e)
    }
}

fn code(e: &Error) -> Option<ErrorCode> {
    std::error::Error::source(e)?.downcast_ref::<rusqlite::Error>()?.sqlite_error_code()
}

pub(super) fn is_damage(e: &Error) -> bool {
    matches!(code(e), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

pub(super) fn is_full(e: &Error) -> bool {
    matches!(code(e), Some(ErrorCode::DiskFull))
}

/// The same words for another who waits; the cause stays with the first.
pub(super) fn again(e: &Error) -> Error {
    Error::new(e.kind, e.message())
}

/// What a caller hears whose job broke off.
pub(super) fn broke_off() -> Error {
    Error::new(Kind::Bug, "a write broke off inside Loom: nothing of it was kept")
}
