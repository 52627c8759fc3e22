//! Local time, part of the day and weekday.

use jiff::ZonedDateTime;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use loom_schemas::payload::{Context, Transcript};

use super::Enricher;
use crate::env::Time;

/// Reads the clock on the wall of one time zone.
pub struct Daypart {
    zone: TimeZone,
}

impl Daypart {
    pub fn new(zone: TimeZone) -> Self {
        Self { zone }
    }
}

impl Enricher for Daypart {
    fn revision(&self) -> String {
        format!("daypart/1:{}", zone_name(&self.zone))
    }

    fn enrich(&self, recorded_at: Time, _said: &Transcript, context: &mut Context) {
        let local = local(recorded_at, &self.zone);
        context.local_time = local.local_time;
        context.time_zone = local.time_zone;
        context.daypart = local.daypart.into();
        context.weekday = local.weekday.into();
    }
}

/// A moment as a wall clock and calendar show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// RFC 3339 with the offset in force, to the second.
    pub local_time: String,
    /// IANA name, or the offset where the zone has none.
    pub time_zone: String,
    pub daypart: &'static str,
    pub weekday: &'static str,
}

pub fn local(at: Time, zone: &TimeZone) -> Local {
    let t = at.timestamp().to_zoned_datetime(zone.clone());
    Local { local_time: rfc3339(&t), time_zone: zone_name(zone), daypart: daypart(t.hour()), weekday: weekday(t.weekday()) }
}

fn rfc3339(t: &ZonedDateTime) -> String {
    let offset = t.offset().seconds();
    if offset == 0 {
        return t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    }
    t.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

fn zone_name(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some(name) => name.into(),
        None => zone.to_fixed_offset().map_or_else(|_| "local".into(), |o| o.to_string()),
    }
}

fn daypart(hour: i8) -> &'static str {
    match hour {
        0..=5 => "night",
        6..=11 => "morning",
        12..=17 => "afternoon",
        _ => "evening",
    }
}

fn weekday(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
        Weekday::Sunday => "sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(utc: &str, zone: &str) -> (String, &'static str, &'static str) {
        let l = local(Time::parse(utc).unwrap(), &TimeZone::get(zone).unwrap());
        assert_eq!(l.time_zone, zone);
        (l.local_time, l.daypart, l.weekday)
    }

    #[test]
    fn the_wall_clock_of_a_zone() {
        for (utc, zone, local, part, day) in [
            // Into and out of summer time, the hour that is not and the hour that is twice.
            ("2025-03-30T00:59:59Z", "Europe/Berlin", "2025-03-30T01:59:59+01:00", "night", "sunday"),
            ("2025-03-30T01:00:00Z", "Europe/Berlin", "2025-03-30T03:00:00+02:00", "night", "sunday"),
            ("2025-10-26T00:30:00Z", "Europe/Berlin", "2025-10-26T02:30:00+02:00", "night", "sunday"),
            ("2025-10-26T01:30:00Z", "Europe/Berlin", "2025-10-26T02:30:00+01:00", "night", "sunday"),
            ("2025-03-30T03:59:59Z", "Europe/Berlin", "2025-03-30T05:59:59+02:00", "night", "sunday"),
            ("2025-03-30T04:00:00Z", "Europe/Berlin", "2025-03-30T06:00:00+02:00", "morning", "sunday"),
            // The other half of the world has its summer in January.
            ("2026-01-15T01:00:00Z", "Australia/Sydney", "2026-01-15T12:00:00+11:00", "afternoon", "thursday"),
            ("2026-07-15T01:00:00Z", "Australia/Sydney", "2026-07-15T11:00:00+10:00", "morning", "wednesday"),
            ("2026-01-15T02:59:59Z", "America/Santiago", "2026-01-14T23:59:59-03:00", "evening", "wednesday"),
            // Both sides of the date line at one moment.
            ("2026-01-01T10:30:00Z", "Pacific/Kiritimati", "2026-01-02T00:30:00+14:00", "night", "friday"),
            ("2026-01-01T10:30:00Z", "Pacific/Pago_Pago", "2025-12-31T23:30:00-11:00", "evening", "wednesday"),
            // Offsets of half and quarter hours; a day that a country left out.
            ("2026-01-01T12:30:00Z", "Asia/Kolkata", "2026-01-01T18:00:00+05:30", "evening", "thursday"),
            ("2026-01-01T06:14:59Z", "Asia/Kathmandu", "2026-01-01T11:59:59+05:45", "morning", "thursday"),
            ("2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29T23:59:59-10:00", "evening", "thursday"),
            ("2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31T00:00:00+14:00", "night", "saturday"),
            ("2024-02-29T23:59:59Z", "UTC", "2024-02-29T23:59:59Z", "evening", "thursday"),
            ("1969-12-31T23:59:59.999999Z", "UTC", "1969-12-31T23:59:59Z", "evening", "wednesday"),
        ] {
            assert_eq!(at(utc, zone), (local.to_string(), part, day), "{utc} {zone}");
        }
    }

    #[test]
    fn every_hour_has_its_part() {
        let parts: Vec<&str> = (0..24).map(daypart).collect();
        assert_eq!(parts.chunks(6).map(|c| c[0]).collect::<Vec<_>>(), ["night", "morning", "afternoon", "evening"]);
        assert!(parts.chunks(6).all(|c| c.iter().all(|p| *p == c[0])));
    }

    #[test]
    fn a_zone_without_a_name_is_its_offset() {
        let zone = TimeZone::fixed(jiff::tz::Offset::from_hours(-3).unwrap());
        let l = local(Time::from_secs(0), &zone);
        assert_eq!((l.local_time.as_str(), l.time_zone.as_str()), ("1969-12-31T21:00:00-03:00", "-03"));
    }
}
