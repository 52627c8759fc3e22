//! Topic names, and the settings each topic carries.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// `<category>.<source>.<datatype>.<stage>`: `^[a-z][a-z0-9_]*(\.[a-z0-9_]+){2,5}$`, and `.dlq` after that.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicName(Arc<str>);

impl TopicName {
    pub fn parse(name: &str) -> Result<Self> {
        let stem = name.strip_suffix(".dlq").unwrap_or(name);
        let mut parts = stem.split('.');
        let word = |p: &str| !p.is_empty() && p.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let first = parts.next().is_some_and(|p| word(p) && p.as_bytes()[0].is_ascii_lowercase());
        let rest: Vec<&str> = parts.collect();
        if first && (2..=5).contains(&rest.len()) && rest.iter().all(|p| word(p)) && name.len() <= 200 {
            return Ok(Self(name.into()));
        }
        Err(Error::invalid("a topic is named like device.sensor.gps.raw: three to six words of a-z, 0-9 and _ with dots between"))
    }
    /// A name written in Loom's own source.
    ///
    /// # Panics
    /// If it breaks the grammar, which a test of every constant shows.
    pub fn of(name: &'static str) -> Self {
        Self::parse(name).expect("a topic name in the source follows the grammar")
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Where records go that a stage cannot take.
    #[must_use]
    pub fn dlq(&self) -> Self {
        if self.is_dlq() { self.clone() } else { Self(format!("{}.dlq", self.0).into()) }
    }
    pub fn is_dlq(&self) -> bool {
        self.0.ends_with(".dlq")
    }
    /// The topic whose dead letters these are, or itself.
    #[must_use]
    pub fn stem(&self) -> Self {
        self.0.strip_suffix(".dlq").map_or_else(|| self.clone(), |s| Self(s.into()))
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl Serialize for TopicName {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.0)
    }
}
impl<'de> Deserialize<'de> for TopicName {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        TopicName::parse(&<std::borrow::Cow<'de, str>>::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// Who may see a topic's records. Written to disk as its number: fixed for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Class {
    /// As sensed or derived before the wall: never leaves the machine.
    Sensitive = 0,
    /// The owner's view, made by the privacy filter.
    Released = 1,
    /// May leave the machine, made by the privacy filter.
    Shared = 2,
    /// Loom's own workings, without words of anyone: status, metrics.
    Internal = 3,
}

impl Class {
    /// Whether only the privacy filter's permit lets a record in.
    pub fn is_walled(self) -> bool {
        matches!(self, Class::Released | Class::Shared)
    }
    pub fn as_str(self) -> &'static str {
        match self {
            Class::Sensitive => "sensitive",
            Class::Released => "released",
            Class::Shared => "shared",
            Class::Internal => "internal",
        }
    }
    /// Who may have its records, in a person's words.
    pub fn destination(self) -> &'static str {
        match self {
            Class::Sensitive | Class::Internal => "stays on this machine",
            Class::Released => "the owner: timeline, search, analytics",
            Class::Shared => "may leave: sync, export, webhooks, plugins",
        }
    }
    pub fn from_number(n: u8) -> Option<Self> {
        [Class::Sensitive, Class::Released, Class::Shared, Class::Internal].into_iter().find(|c| *c as u8 == n)
    }
}

/// How long records stay; `None` is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    pub days: Option<u32>,
    /// Sum of the values kept, in bytes.
    pub bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    #[default]
    None,
    Lz4,
    Zstd,
}

/// What a topic is made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub name: TopicName,
    /// Name and version, `device.sensor.gps.raw.v1`.
    pub schema: String,
    pub class: Class,
    pub retention: Retention,
    pub compression: Compression,
    pub partitions: u32,
}

impl Settings {
    /// One partition, no retention, schema version 1.
    pub fn new(name: TopicName, class: Class) -> Self {
        let schema = format!("{name}.v1");
        Self { name, schema, class, retention: Retention::default(), compression: Compression::None, partitions: 1 }
    }
    #[must_use]
    pub fn days(mut self, days: u32) -> Self {
        self.retention.days = Some(days);
        self
    }
    /// Days after which a segment is closed, where the log has segments (Kafka): what is kept briefly goes day by day.
    pub fn segment_days(&self) -> u32 {
        if self.retention.days.is_some_and(|d| d <= 7) { 1 } else { 7 }
    }
    /// The dead letters of this topic: same class, retention and partitions.
    #[must_use]
    pub fn dlq(&self) -> Self {
        Self { name: self.name.dlq(), schema: "loom.dead_letter.v1".into(), ..self.clone() }
    }
}

/// A topic as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicState {
    pub settings: Settings,
    /// Per partition: oldest kept offset, next offset.
    pub bounds: Vec<(u64, u64)>,
    pub records: u64,
    /// Sum of the values kept, in bytes.
    pub bytes: u64,
    /// When the newest record came, if there is one.
    pub last_received_at: Option<crate::Time>,
}

/// What the catalogue says of a topic.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    class: Class,
    days: Option<u32>,
    bytes: Option<u64>,
    #[serde(default)]
    compression: Compression,
}

/// What became of a topic of Loom v2.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fate {
    /// Which topic takes its records.
    To(String),
    /// Why, for the page of topics.
    #[cfg_attr(not(test), expect(dead_code))]
    Gone(String),
}

static CLASSIC: LazyLock<BTreeMap<String, Fate>> =
    LazyLock::new(|| toml::from_str(loom_schemas::catalogue::CLASSIC).expect("the list of Loom v2's topics parses, which a test shows"));

/// The topic that takes the records of one of Loom v2's; its own name where nothing else was decided.
pub fn of_classic(name: &str) -> &str {
    match CLASSIC.get(name) {
        Some(Fate::To(topic)) => topic,
        _ => name,
    }
}

static CATALOGUE: LazyLock<BTreeMap<TopicName, Entry>> =
    LazyLock::new(|| toml::from_str(loom_schemas::catalogue::TOPICS).expect("the catalogue of topics parses, which a test shows"));

/// How Loom makes a topic: as the catalogue (`schemas/topics.toml`) has it. One it does not know is sensitive and kept 30 days.
pub fn catalogued(name: &TopicName) -> Settings {
    let stem = name.stem();
    let settings = match CATALOGUE.get(&stem) {
        Some(entry) => Settings {
            retention: Retention { days: entry.days, bytes: entry.bytes },
            compression: entry.compression,
            ..Settings::new(stem, entry.class)
        },
        None => Settings::new(stem, Class::Sensitive).days(30),
    };
    if name.is_dlq() { settings.dlq() } else { settings }
}

/// The main road, in order.
pub mod names {
    pub const AUDIO_RAW: &str = "device.audio.raw";
    pub const VAD_FILTERED: &str = "media.audio.vad_filtered";
    pub const TRANSCRIBED: &str = "media.text.transcribed.words";
    pub const ENRICHED: &str = "media.text.enriched";
    pub const RELEASED: &str = "media.text.released";
    pub const SHARED: &str = "media.text.shared";
    pub const AUDIT: &str = "internal.privacy.audit.decisions";
    /// What the owner changed about lines, before and behind the wall.
    pub const EDITS_RAW: &str = "media.text.edits.raw";
    pub const EDITS: &str = "media.text.edits.released";
    /// What was a duplicate of what.
    pub const DUPLICATES: &str = "internal.dedup.duplicates";
    /// How much was erased when.
    pub const ERASURES: &str = "internal.privacy.audit.erasures";
    /// Which devices are said to be one person's.
    pub const LINKS: &str = "internal.identity.links";
}

#[cfg(test)]
mod page;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_catalogued_topic_has_a_schema_and_every_schema_a_topic() {
        let schemas = loom_schemas::catalogue::names();
        for name in CATALOGUE.keys() {
            assert!(schemas.contains(&format!("{name}.v1")), "{name} has no schema");
        }
        for schema in schemas.iter().filter(|s| !s.starts_with("loom.")) {
            let topic = TopicName::parse(schema.rsplit_once('.').unwrap().0).unwrap();
            assert!(CATALOGUE.contains_key(&topic), "{topic} is not in the catalogue");
        }
    }

    #[test]
    fn the_road_keeps_its_classes_and_the_unknown_stays_here() {
        let class = |n| catalogued(&TopicName::of(n)).class;
        assert_eq!(
            [names::AUDIO_RAW, names::RELEASED, names::SHARED, names::AUDIT].map(class),
            [Class::Sensitive, Class::Released, Class::Shared, Class::Internal]
        );
        let unknown = catalogued(&TopicName::of("device.sensor.radon.raw"));
        assert_eq!((unknown.class, unknown.retention.days), (Class::Sensitive, Some(30)));
        assert_eq!(catalogued(&TopicName::of("media.text.shared.dlq")).class, Class::Shared);
    }
}
