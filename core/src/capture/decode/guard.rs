//! The last resort against hostile bytes: a decoder that panics is an error of the file, not of Loom.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::error::{Error, Result};

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}
static QUIET: Once = Once::new();

/// Runs a decoder's code. What it leaves behind after a panic must not be used again.
pub fn guarded<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    // The default hook would print a backtrace at a person who only gave a broken file.
    QUIET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(outer);
    result.unwrap_or_else(|_| Err(Error::invalid("its bytes are damaged in a way that stops the decoder")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_sentence() {
        let r: Result<()> = guarded(|| panic!("index out of bounds"));
        assert_eq!(r.err().map(|e| e.kind), Some(crate::Kind::Invalid));
        assert_eq!(guarded(|| Ok(7)).ok(), Some(7));
        assert!(!GUARDED.get());
    }
}
