//! Policies: which kinds are covered, how surely they must be found, and with what. Data, so that an owner can write one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::operators::{HashKey, Operator};
use super::recognizers;
use crate::error::{Error, Result};

/// What is done about one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    pub operator: Operator,
    /// 0 to 1; without one, the policy's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f32>,
}

/// A named policy. `owner` covers what nobody wants to read back; `shared` takes less certain findings too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub name: String,
    pub revision: u32,
    /// Findings less sure than this pass, 0 to 1.
    pub threshold: f32,
    /// By kind, `CREDIT_CARD` …; a kind that is not here passes.
    pub kinds: BTreeMap<String, Rule>,
    #[serde(skip)]
    pub hash_key: HashKey,
}

impl Policy {
    /// What the owner's own timeline shows.
    pub fn owner() -> Self {
        Self::of_all("owner", 0.5)
    }
    /// What may leave the machine.
    pub fn shared() -> Self {
        Self::of_all("shared", 0.4)
    }
    /// A policy of Loom's own. `Invalid` for a name it does not have.
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "owner" => Ok(Self::owner()),
            "shared" => Ok(Self::shared()),
            _ => Err(Error::invalid("there is no policy of that name: take owner or shared")),
        }
    }

    fn of_all(name: &str, threshold: f32) -> Self {
        let kinds = recognizers::ALL.iter().map(|r| (r.entity_type().to_string(), Rule::default())).collect();
        Self { name: name.into(), revision: 1, threshold, kinds, hash_key: HashKey::default() }
    }

    /// `Invalid` for a threshold outside 0 to 1, a kind nobody finds, or a hash without a key.
    pub fn check(&self) -> Result<()> {
        let known = |k: &str| recognizers::ALL.iter().any(|r| r.entity_type() == k);
        let sane = |t: f32| (0.0..=1.0).contains(&t);
        if !sane(self.threshold) || self.kinds.values().any(|r| !r.threshold.is_none_or(sane)) {
            return Err(Error::invalid(format!("the policy {} has a threshold outside 0 to 1", self.name)));
        }
        if self.kinds.keys().any(|k| !known(k)) {
            return Err(Error::invalid(format!("the policy {} names a kind that no recogniser finds", self.name)));
        }
        if self.kinds.values().any(|r| r.operator == Operator::Hash) && !self.hash_key.is_set() {
            return Err(Error::invalid(format!("the policy {} hashes without a key", self.name)));
        }
        Ok(())
    }

    pub fn wants(&self, entity_type: &str) -> bool {
        self.kinds.contains_key(entity_type)
    }
    pub fn threshold(&self, entity_type: &str) -> f32 {
        self.kinds.get(entity_type).and_then(|r| r.threshold).unwrap_or(self.threshold)
    }
    pub fn operator(&self, entity_type: &str) -> Operator {
        self.kinds.get(entity_type).map(|r| r.operator).unwrap_or_default()
    }
    /// Name and revision as records carry it: `owner/1`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.name, self.revision)
    }
    /// Eight hex digits that change with anything the policy says.
    pub fn digest(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(&Sha256::digest(text)[..4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loom_s_own_policies_are_sound_and_cover_every_kind() {
        for name in ["owner", "shared"] {
            let p = Policy::named(name).unwrap();
            p.check().unwrap();
            assert!(recognizers::ALL.iter().all(|r| p.wants(r.entity_type())), "{name}");
            let again: Policy = serde_json::from_str(&serde_json::to_string(&p).unwrap()).unwrap();
            assert_eq!(again, p);
        }
        assert!(Policy::shared().threshold < Policy::owner().threshold);
        assert_eq!(Policy::named("mine").unwrap_err().kind, crate::Kind::Invalid);
    }

    #[test]
    fn a_broken_policy_is_refused() {
        let with = |f: fn(&mut Policy)| {
            let mut p = Policy::owner();
            f(&mut p);
            p.check().map_err(|e| e.kind)
        };
        assert_eq!(with(|p| p.threshold = 1.5), Err(crate::Kind::Invalid));
        assert_eq!(with(|p| p.threshold = f32::NAN), Err(crate::Kind::Invalid));
        assert_eq!(with(|p| p.kinds.extend([("SHOE_SIZE".into(), Rule::default())])), Err(crate::Kind::Invalid));
        let hash = Rule { operator: Operator::Hash, threshold: None };
        let mut p = Policy::owner();
        p.kinds.insert("CREDIT_CARD".into(), hash);
        assert_eq!(p.check().map_err(|e| e.kind), Err(crate::Kind::Invalid));
        p.hash_key = HashKey::new([1; 32]);
        p.check().unwrap();
    }

    #[test]
    fn the_digest_follows_what_it_says() {
        let mut p = Policy::owner();
        let before = p.digest();
        p.kinds.insert("IP_ADDRESS".into(), Rule { operator: Operator::Mask, threshold: None });
        assert_ne!(p.digest(), before);
        assert_eq!(p.label(), "owner/1");
    }
}
