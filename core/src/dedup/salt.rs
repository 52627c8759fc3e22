//! This install's secret: whatever is kept of a record goes through it, so that a hash of a phone number says nothing to who
//! has not the database, and the hashes of two installs cannot be compared.

use sha2::{Digest, Sha256};
use uuid::Uuid;

#[derive(Clone, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

/// What a rule compares among: its own records, of one device or of all.
pub type Scope = [u8; 16];

impl Salt {
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A hash under the secret, of parts that cannot run into each other.
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut h = Sha256::new();
        h.update(self.0);
        for part in parts {
            h.update((part.len() as u64).to_be_bytes());
            h.update(part);
        }
        h.finalize().into()
    }

    pub fn scope(&self, rule: &[u8; 32], device: Option<Uuid>) -> Scope {
        let device = device.map_or([0; 16], Uuid::into_bytes);
        half(self.hash(&[b"scope", rule, &device]))
    }

    /// What stands for content within a scope.
    pub fn key(&self, scope: &Scope, content: &[u8]) -> [u8; 16] {
        half(self.hash(&[b"key", scope, content]))
    }
}

/// The first half is more than enough: a hundred million rows meet by chance once in 10^22.
fn half(hash: [u8; 32]) -> [u8; 16] {
    std::array::from_fn(|i| hash[i])
}
