//! Topic names with wildcards: `*` is any one part, a last `**` one or more.

use std::fmt;

use crate::bus::TopicName;
use crate::error::{Error, Result};

/// What topics a rule reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pattern(String);

impl Pattern {
    /// `Invalid` for what can be no topic's name.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid(
                "a topic such as device.sensor.gps.raw, with * for any one part and a last ** for one or more, and never dead letters",
            )
        };
        if text.len() > 200 || text.ends_with(".dlq") {
            return Err(wrong());
        }
        if !text.contains('*') {
            return TopicName::parse(text).map(|_| Self(text.into())).map_err(|_| wrong());
        }
        let parts: Vec<&str> = text.split('.').collect();
        let word = |p: &&str| !p.is_empty() && p.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let (last, before) = parts.split_last().ok_or_else(wrong)?;
        let sound = before.iter().all(|p| *p == "*" || word(p)) && (matches!(*last, "*" | "**") || word(last));
        let long_enough = *last == "**" || parts.len() >= 3;
        if sound && long_enough && parts.len() <= 6 { Ok(Self(text.into())) } else { Err(wrong()) }
    }

    /// The topic, where it names just one.
    pub fn exact(&self) -> Option<TopicName> {
        if self.0.contains('*') { None } else { TopicName::parse(&self.0).ok() }
    }

    pub fn matches(&self, topic: &TopicName) -> bool {
        if topic.is_dlq() {
            return false;
        }
        let mut parts = topic.as_str().split('.');
        for p in self.0.split('.') {
            match (p, parts.next()) {
                ("**", Some(_)) => return true,
                ("*", Some(_)) => {}
                (p, Some(part)) if p == part => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_part_by_part() {
        for (pattern, topic, matches) in [
            ("a.b.c", "a.b.c", true),
            ("a.b.c", "a.b.c.d", false),
            ("a.*.c", "a.b.c", true),
            ("a.*.c", "a.b.d.c", false),
            ("a.*.*", "a.b.c", true),
            ("*.*.*", "a.b.c", true),
            ("*.*.*", "a.b.c.d", false),
            ("a.**", "a.b.c.d", true),
            ("**", "a.b.c", true),
            ("a.b.c.**", "a.b.c", false),
            ("a.**", "a.b.c.dlq", false),
            ("a.b.*", "a.b.c.dlq", false),
        ] {
            let topic = TopicName::parse(topic).unwrap();
            assert_eq!(Pattern::parse(pattern).unwrap().matches(&topic), matches, "{pattern} {topic}");
        }
    }

    #[test]
    fn what_can_be_no_topic_is_refused() {
        for bad in ["", "a", "a.b", "a..b", "a.**.b", "A.b.c", "a.b.c.dlq", "a.b*.c", "*", "*.*", "a.b.c.d.e.f.*", "***", &"a.".repeat(300)]
        {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
