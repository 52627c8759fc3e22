//! What a device says of itself, as a short mark. Salted with a secret of this install: two installs have different marks for
//! the same phone, so it follows nobody anywhere. Nothing in it tells two phones of one model apart: it is evidence, no more.

use sha2::{Digest, Sha256};

use super::devices::Device;

/// A secret of this install, made once.
#[derive(Clone)]
pub struct Salt(pub(super) [u8; 32]);

impl Salt {
    /// 16 hex digits of a SHA-256 over the salt and kind, platform, model and program family; `None` where too little is known
    /// to tell anything: no model.
    pub fn fingerprint(&self, d: &Device) -> Option<String> {
        let model = d.model.as_deref().filter(|m| !m.trim().is_empty())?;
        let mut h = Sha256::new();
        h.update(b"device fingerprint");
        h.update(self.0);
        for part in [d.kind.as_deref(), d.platform.as_deref(), Some(model), d.agent.as_deref()] {
            let part = part.unwrap_or_default().trim().to_lowercase();
            h.update((part.len() as u64).to_be_bytes());
            h.update(part);
        }
        Some(hex::encode(&h.finalize()[..8]))
    }
}
