//! Times as people type them: RFC 3339, a local date, or `-2h`.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use loom_core::{Error, Result, Time};

/// A time that may still need the clock and the zone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    At(Time),
    /// The whole local day.
    Day(Date),
    /// Local.
    Clock(DateTime),
    /// Seconds before now.
    Ago(f64),
}

impl FromStr for When {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        if let Some(ago) = text.strip_prefix('-').and_then(seconds) {
            return Ok(When::Ago(ago));
        }
        if let Ok(t) = Time::parse(text) {
            return Ok(When::At(t));
        }
        if let (10, Ok(day)) = (text.len(), text.parse()) {
            return Ok(When::Day(day));
        }
        text.parse()
            .map(When::Clock)
            .map_err(|_| Error::invalid("a time is 2026-01-31T12:00:00Z, a local date such as 2026-01-31, or -2h (s, m, h, d, w)"))
    }
}

/// `90s`, `30m`, `2h`, `1d`, `2w`
fn seconds(text: &str) -> Option<f64> {
    let unit = match text.chars().last()? {
        's' => 1.0,
        'm' => 60.0,
        'h' => 3600.0,
        'd' => 86_400.0,
        'w' => 604_800.0,
        _ => return None,
    };
    let n: f64 = text[..text.len() - 1].parse().ok()?;
    (n.is_finite() && (0.0..1e6).contains(&n)).then_some(n * unit)
}

impl When {
    /// The first moment it names.
    pub fn start(self, now: Time, zone: &TimeZone) -> Result<Time> {
        self.resolve(now, zone, false)
    }
    /// The first moment after it: a day ends at the next one's start.
    pub fn end(self, now: Time, zone: &TimeZone) -> Result<Time> {
        self.resolve(now, zone, true)
    }

    fn resolve(self, now: Time, zone: &TimeZone, end: bool) -> Result<Time> {
        let far = |e: jiff::Error| Error::invalid("the time is too far from now").because(e);
        let local = |t: DateTime| t.to_zoned_datetime(zone.clone()).map(|z| Time(z.timestamp().as_microsecond())).map_err(far);
        match self {
            When::At(t) => Ok(t),
            When::Ago(s) => Ok(now.plus(-s)),
            When::Clock(t) => local(t),
            When::Day(d) if end => local(d.tomorrow().map_err(far)?.at(0, 0, 0, 0)),
            When::Day(d) => local(d.at(0, 0, 0, 0)),
        }
    }
}

/// The flags of commands that look at a stretch of time.
#[derive(clap::Args, Default)]
pub struct Between {
    /// From this time on: RFC 3339, a local date, or -2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub from: Option<When>,
    /// Up to this time; a date is that whole day
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub to: Option<When>,
}

impl Between {
    /// As the API takes them.
    pub fn query(&self, now: Time, zone: &TimeZone) -> Result<Vec<(&'static str, String)>> {
        let from = self.from.map(|w| w.start(now, zone)).transpose()?;
        let to = self.to.map(|w| w.end(now, zone)).transpose()?;
        Ok([("from", from), ("to", to)].into_iter().filter_map(|(k, t)| Some((k, t?.to_string()))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_writing_a_time() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = Time::parse("2026-03-01T12:00:00Z").unwrap();
        for (text, start, end) in [
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000000Z", "2026-01-31T12:00:00.000000Z"),
            ("2026-01-31T12:00:00+01:00", "2026-01-31T11:00:00.000000Z", "2026-01-31T11:00:00.000000Z"),
            ("2026-01-31", "2026-01-30T23:00:00.000000Z", "2026-01-31T23:00:00.000000Z"),
            ("2026-01-31T12:00", "2026-01-31T11:00:00.000000Z", "2026-01-31T11:00:00.000000Z"),
            ("-2h", "2026-03-01T10:00:00.000000Z", "2026-03-01T10:00:00.000000Z"),
            ("-1.5d", "2026-02-28T00:00:00.000000Z", "2026-02-28T00:00:00.000000Z"),
        ] {
            let when: When = text.parse().unwrap();
            let said = (when.start(now, &zone).unwrap().to_string(), when.end(now, &zone).unwrap().to_string());
            assert_eq!(said, (start.to_string(), end.to_string()), "{text}");
        }
        for text in ["yesterday", "", "-", "-2", "-2y", "2h", "2026-13-01", "-1e99h", "--2h"] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }
}
