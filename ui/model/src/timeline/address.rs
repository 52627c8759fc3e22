//! What the timeline shows, as the page's address says it: `#timeline/2025-10-14/LINE?q=printed&part=09:40-11:10`.
//! Going back, forward and loading the page again lead to the same.

use crate::time::Day;
use crate::token::Page;

/// A part of the day, in minutes of its cloth: 0 to 1440.
pub type Part = (u16, u16);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    pub day: Option<Day>,
    /// The open line's message id.
    pub line: Option<String>,
    pub query: String,
    /// The search is not of this day alone.
    pub everywhere: bool,
    pub part: Option<Part>,
    pub starred: bool,
    pub masked: bool,
}

impl Address {
    /// What cannot be read is left out: an address may come from anywhere.
    pub fn from_hash(hash: &str) -> Self {
        let mut out = Self::default();
        let (path, asked) = hash.split_once('?').unwrap_or((hash, ""));
        let mut path = path.trim_start_matches('#').split('/').skip(1);
        out.day = path.next().and_then(Day::from_date);
        out.line = path.next().filter(|id| is_id(id)).map(Into::into);
        for pair in asked.split('&') {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("q", q) => out.query = decoded(q),
                ("in", "all") => out.everywhere = true,
                ("part", part) => out.part = part_of(part),
                ("only", kinds) => {
                    out.starred = kinds.split(',').any(|k| k == "starred");
                    out.masked = kinds.split(',').any(|k| k == "masked");
                }
                _ => {}
            }
        }
        out
    }

    pub fn hash(&self) -> String {
        let mut out = String::from(Page::Timeline.hash());
        let Some(day) = self.day else { return out };
        out += &format!("/{}", day.date());
        if let Some(line) = &self.line {
            out += &format!("/{line}");
        }
        let only = [(self.starred, "starred"), (self.masked, "masked")];
        let only: Vec<_> = only.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
        let asked = [
            (!self.query.trim().is_empty()).then(|| format!("q={}", encoded(self.query.trim()))),
            self.everywhere.then(|| "in=all".to_string()),
            self.part.map(|(from, to)| format!("part={}-{}", clock(from), clock(to))),
            (!only.is_empty()).then(|| format!("only={}", only.join(","))),
        ];
        let asked: Vec<_> = asked.into_iter().flatten().collect();
        if !asked.is_empty() {
            out += &format!("?{}", asked.join("&"));
        }
        out
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= 64 && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn part_of(text: &str) -> Option<Part> {
    let minute = |clock: &str| {
        let (hour, minute) = clock.split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour <= 24).then_some(hour * 60 + minute).filter(|m| *m <= 1440)
    };
    let (from, to) = text.split_once('-')?;
    let part = (minute(from)?, minute(to)?);
    (part.0 < part.1).then_some(part)
}

/// All but letters, digits and `-_.~` as `%XX`.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out += &format!("%{byte:02X}"),
        }
    }
    out
}

/// What [`encoded`] wrote; a `%` that stands for nothing stays.
pub fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3).and_then(|h| u8::from_str_radix(h, 16).ok())).flatten();
        out.push(hex.unwrap_or(bytes[at]));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_goes_both_ways() {
        let day = Day::from_date("2025-10-14");
        let whole = Address { day, ..Address::default() };
        assert_eq!(whole.hash(), "#timeline/2025-10-14");
        let all = Address {
            line: Some("0199e0c4-7a3e-7000-8000-000000000001".into()),
            query: "“forty-two” & 100 %".into(),
            everywhere: true,
            part: Some((580, 670)),
            starred: true,
            masked: true,
            ..whole.clone()
        };
        assert!(all.hash().ends_with("&in=all&part=09:40-11:10&only=starred,masked"), "{}", all.hash());
        for address in [Address::default(), whole, all] {
            assert_eq!(Address::from_hash(&address.hash()), address);
        }
    }

    #[test]
    fn what_is_no_address_is_left_out() {
        for hash in ["", "#timeline", "#timeline/", "#timeline/2025-13-01", "#timeline/yesterday/<b>?part=11:00-10:00&q", "#token=abc"] {
            assert_eq!(Address::from_hash(hash), Address::default(), "{hash}");
        }
        assert_eq!(Address::from_hash("#timeline/2025-10-14?part=0-9&part=25:00-26:00").part, None);
        assert_eq!(decoded("100%%2"), "100%%2");
    }
}
