//! The key that seals the file.

use std::fmt;

/// 32 random bytes, used as they are: no derivation, so that opening takes milliseconds.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
    /// The statement that unlocks a connection.
    pub(super) fn pragma(&self) -> String {
        format!("PRAGMA key = \"x'{}'\"", hex::encode(self.0))
    }
}

/// Keys are never shown.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the compiler from leaving out what nobody reads.
        std::hint::black_box(&self.0);
    }
}
