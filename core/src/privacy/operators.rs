//! What stands in the place of what was found.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How a finding is covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// `<CREDIT_CARD>`
    #[default]
    Replace,
    /// A `*` for every letter and digit; spaces and signs stay.
    Mask,
    /// Nothing.
    Redact,
    /// `<CREDIT_CARD:0123456789abcdef>`: the same value has the same name, under one key.
    Hash,
}

/// The key of [`Operator::Hash`]: whoever has it can try values, so it never leaves the machine.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HashKey(Option<[u8; 32]>);

impl HashKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(Some(key))
    }
    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_set() { "HashKey(set)" } else { "HashKey(unset)" })
    }
}

impl Operator {
    /// What is written for a value of this kind. Without a key a hash is a plain replacement.
    pub fn apply(self, entity_type: &str, value: &str, key: &HashKey) -> String {
        match (self, &key.0) {
            (Operator::Mask, _) => value.chars().map(|c| if c.is_alphanumeric() { '*' } else { c }).collect(),
            (Operator::Redact, _) => String::new(),
            (Operator::Hash, Some(key)) => {
                let canonical: String = value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
                let digest = hmac_sha256(key, &[entity_type.as_bytes(), b"\0", canonical.as_bytes()]);
                format!("<{entity_type}:{}>", hex::encode(&digest[..8]))
            }
            (Operator::Replace | Operator::Hash, _) => format!("<{entity_type}>"),
        }
    }
}

/// RFC 2104 over SHA-256, for a key no longer than a block.
fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let pad = |byte: u8| {
        let mut block = [byte; 64];
        block.iter_mut().zip(key).for_each(|(b, k)| *b ^= k);
        block
    };
    let mut inner = Sha256::new_with_prefix(pad(0x36));
    parts.iter().for_each(|p| inner.update(p));
    Sha256::new_with_prefix(pad(0x5c)).chain_update(inner.finalize()).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operator_covers_the_value() {
        let key = HashKey::new([7; 32]);
        for (op, want) in [(Operator::Replace, "<X>"), (Operator::Mask, "+** *é*".replace('é', "*").as_str()), (Operator::Redact, "")] {
            assert_eq!(op.apply("X", "+41 1é1", &key), want, "{op:?}");
        }
    }

    #[test]
    fn a_hash_names_a_value_whatever_its_separators() {
        let (a, b) = (HashKey::new([1; 32]), HashKey::new([2; 32]));
        let hash = |v: &str, k: &HashKey| Operator::Hash.apply("CREDIT_CARD", v, k);
        assert_eq!(hash("4111 1111", &a), hash("4111-1111", &a));
        assert_ne!(hash("4111 1111", &a), hash("4111 1112", &a));
        assert_ne!(hash("4111 1111", &a), hash("4111 1111", &b));
        assert!(!hash("4111 1111", &a).contains("4111"));
        assert_eq!(hash("4111", &HashKey::default()), "<CREDIT_CARD>");
    }

    /// RFC 4231, test case 2 has a short key; case 1's 20-byte key is padded with zeros like any other.
    #[test]
    fn hmac_is_the_standards() {
        let mut key = [0u8; 32];
        key[..4].copy_from_slice(b"Jefe");
        let got = hex::encode(hmac_sha256(&key, &[b"what do ya want ", b"for nothing?"]));
        assert_eq!(got, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
