//! The names records give their schemas: `device.sensor.gps.raw.v1`, the topic alone for its newest, Loom v2's
//! `device.sensor.gps.v1` without the stage, a bare version where the topic is known, and subjects as they are.

use super::state::{State, Which};

/// The subject of a topic's values.
pub fn subject_of(topic: &str) -> String {
    format!("{topic}-value")
}

/// What a version of a subject is called in records.
pub fn name_of(subject: &str, version: i64) -> String {
    format!("{}.v{version}", subject.strip_suffix("-value").unwrap_or(subject))
}

/// The subject and the version a name means; that of its newest where it says none.
pub fn resolve(state: &State, name: &str) -> Option<(String, i64)> {
    whole(state, name, None).or_else(|| {
        let (stem, version) = name.rsplit_once(".v")?;
        whole(state, stem, Some(version.parse().ok()?))
    })
}

/// A bare version, `v2`, `2` or `1.0`, of a subject.
pub fn version_of(state: &State, subject: &str, word: &str) -> Option<i64> {
    let digits = word.strip_prefix('v').unwrap_or(word);
    let number = digits.split_once('.').map_or(digits, |(major, _)| major).parse().ok()?;
    living(state, subject, Some(number))
}

fn whole(state: &State, stem: &str, version: Option<i64>) -> Option<(String, i64)> {
    let exact = [subject_of(stem), stem.to_string(), subject_of(&format!("{stem}.raw"))];
    let found = exact.into_iter().find_map(|s| living(state, &s, version).map(|v| (s, v)));
    found.or_else(|| only_longer(state, stem).and_then(|s| living(state, &s, version).map(|v| (s, v))))
}

/// The one topic that goes on from this name by a single word.
fn only_longer(state: &State, stem: &str) -> Option<String> {
    let prefix = format!("{stem}.");
    let below = state.subjects.range(prefix.clone()..).take_while(|(s, _)| s.starts_with(&prefix));
    let mut longer = below.map(|(s, _)| s).filter(|s| s.strip_suffix("-value").is_some_and(|t| !t[prefix.len()..].contains('.')));
    longer.next().filter(|_| longer.next().is_none()).cloned()
}

fn living(state: &State, subject: &str, version: Option<i64>) -> Option<i64> {
    let versions = state.subjects.get(subject)?;
    match version {
        Some(n) => versions.get(&n).filter(|v| Which::Living.takes(v)).map(|_| n),
        None => versions.iter().rfind(|(_, v)| Which::Living.takes(v)).map(|(n, _)| *n),
    }
}
