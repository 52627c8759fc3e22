//! Pairs that look like one person's, or like one device that was set up anew. Suggested, never linked: what is taken for
//! evidence is weak alone, and only the owner knows.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::devices::Device;
use super::fingerprint::Salt;
use super::groups::Groups;
use super::links::{Evidence, Link};

/// Pairs suggested at once.
const MOST: usize = 100;
/// Devices of one mark or name, of which pairs are made.
const MOST_ALIKE: usize = 20;

/// One pair, as it may be linked.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    pub devices: (Uuid, Uuid),
    pub kind: Evidence,
    pub confidence: f64,
    /// In a person's words.
    pub why: String,
}

/// The surest first; not what is together already, nor what was taken back.
pub fn suggestions(devices: &[Device], links: &[Link], groups: &Groups, salt: &Salt) -> Vec<Suggestion> {
    let mut alike: BTreeMap<(Evidence, String), Vec<&Device>> = BTreeMap::new();
    for d in devices {
        if let Some(mark) = salt.fingerprint(d) {
            alike.entry((Evidence::Fingerprint, mark)).or_default().push(d);
        }
        if let Some(name) = d.name.as_deref().map(|n| n.trim().to_lowercase()).filter(|n| !n.is_empty()) {
            alike.entry((Evidence::Name, name)).or_default().push(d);
        }
    }
    let known: BTreeSet<(Uuid, Uuid, Evidence)> = links.iter().map(|l| (l.a, l.b, l.kind)).collect();
    let refused: BTreeSet<(Uuid, Uuid)> = links.iter().filter(|l| l.removed).map(|l| (l.a, l.b)).collect();
    let mut found = Vec::new();
    for ((kind, _), same) in &alike {
        let same = &same[..same.len().min(MOST_ALIKE)];
        for (i, one) in same.iter().enumerate() {
            for other in &same[i + 1..] {
                let pair = (one.id.min(other.id), one.id.max(other.id));
                let settled = groups.are_together(pair.0, pair.1) || refused.contains(&pair) || known.contains(&(pair.0, pair.1, *kind));
                if !settled {
                    found.push(judged(*kind, one, other, pair));
                }
            }
        }
    }
    found.sort_by(|x, y| y.confidence.total_cmp(&x.confidence).then(x.devices.cmp(&y.devices)).then(x.kind.cmp(&y.kind)));
    found.truncate(MOST);
    found
}

fn judged(kind: Evidence, one: &Device, other: &Device, devices: (Uuid, Uuid)) -> Suggestion {
    let (old, new) = if one.registered_at <= other.registered_at { (one, other) } else { (other, one) };
    let relieved = old.last_seen.is_none_or(|seen| seen <= new.registered_at);
    let (confidence, why) = match (kind, relieved) {
        (Evidence::Fingerprint, true) => {
            (0.6, "the same model, system and program, and the one fell silent before the other came: one device set up anew?")
        }
        (Evidence::Fingerprint, false) => (0.3, "the same model, system and program, both in use: two alike of one person?"),
        _ => (0.5, "you gave them the same name"),
    };
    Suggestion { devices, kind, confidence, why: why.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Time;

    fn device(n: u128, model: &str, since: i64, seen: i64) -> Device {
        Device {
            id: Uuid::from_u128(n),
            model: (!model.is_empty()).then(|| model.to_string()),
            platform: Some("Android".into()),
            registered_at: Time::from_secs(since),
            last_seen: Some(Time::from_secs(seen)),
            ..Device::default()
        }
    }

    #[test]
    fn a_phone_set_up_anew_is_suggested_until_it_is_linked_or_refused() {
        let salt = Salt([1; 32]);
        let mut devices = vec![device(1, "Pixel 8", 0, 10), device(2, "pixel 8", 20, 30), device(3, "Tab", 0, 30), device(4, "", 0, 30)];
        let ask = |devices: &[Device], links: &[Link]| suggestions(devices, links, &Groups::of(links, 0.8), &salt);
        let found = ask(&devices, &[]);
        assert_eq!(found.len(), 1, "what says too little of itself is like nothing: {found:?}");
        assert_eq!((found[0].devices, found[0].kind, found[0].confidence), ((devices[0].id, devices[1].id), Evidence::Fingerprint, 0.6));
        devices[0].last_seen = Some(Time::from_secs(25));
        assert_eq!(ask(&devices, &[])[0].confidence, 0.3, "both in use");
        let pair = (devices[0].id, devices[1].id);
        let mut link = Link::new(Uuid::nil(), pair, Evidence::Declared, 0.95, "owner");
        assert!(ask(&devices, std::slice::from_ref(&link)).is_empty());
        link.removed = true;
        assert!(ask(&devices, std::slice::from_ref(&link)).is_empty(), "who took it back is not asked again");
        devices[2].name = Some("My Thing".into());
        devices[3].name = Some("my thing ".into());
        assert!(ask(&devices, &[link]).iter().any(|s| s.kind == Evidence::Name));
    }

    #[test]
    fn marks_are_of_one_install_and_many_alike_stay_bounded() {
        let phone = device(1, "Pixel 8", 0, 1);
        let (here, there) = (Salt([1; 32]).fingerprint(&phone), Salt([2; 32]).fingerprint(&phone));
        assert!(here.as_ref().is_some_and(|m| m.len() == 16) && here != there);
        let many: Vec<Device> = (0..500).map(|n| device(n, "Pixel 8", 0, 1)).collect();
        assert_eq!(suggestions(&many, &[], &Groups::default(), &Salt([1; 32])).len(), MOST);
    }
}
