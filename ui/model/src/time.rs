//! Days and clocks. The browser knows the local offset of a moment; the rest is arithmetic.

/// Seconds since 1970-01-01T00:00:00Z of an RFC 3339 time in UTC (`Z`), fraction dropped.
pub fn epoch(rfc3339: &str) -> Option<i64> {
    let rest = rfc3339.strip_suffix('Z')?;
    let (date, clock) = rest.split_once('T')?;
    let mut d = date.split('-').map(|n| n.parse::<i64>());
    let (year, month, day) = (d.next()?.ok()?, d.next()?.ok()?, d.next()?.ok()?);
    let mut c = clock.split(':');
    let (hour, minute): (i64, i64) = (c.next()?.parse().ok()?, c.next()?.parse().ok()?);
    let second: i64 = c.next()?.split('.').next()?.parse().ok()?;
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    valid.then(|| days_from_civil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Microseconds since 1970 of an RFC 3339 time in UTC.
pub fn micros(rfc3339: &str) -> Option<i64> {
    let fraction = rfc3339.strip_suffix('Z')?.split_once('.').map_or("", |(_, f)| f);
    let digits = fraction.bytes().take_while(u8::is_ascii_digit).chain(std::iter::repeat(b'0')).take(6);
    Some(epoch(rfc3339)? * 1_000_000 + digits.fold(0, |n, d| n * 10 + i64::from(d - b'0')))
}

/// `2025-10-14T00:00:00.000000Z`
pub fn rfc3339_us(micros: i64) -> String {
    let whole = rfc3339(micros.div_euclid(1_000_000));
    format!("{}.{:06}Z", whole.trim_end_matches('Z'), micros.rem_euclid(1_000_000))
}

/// The same with its fraction.
pub fn seconds(rfc3339: &str) -> Option<f64> {
    let fraction = rfc3339.strip_suffix('Z')?.split_once('.').map_or(Some(0.0), |(_, digits)| format!("0.{digits}").parse().ok())?;
    Some(epoch(rfc3339)? as f64 + fraction)
}

/// `2025-10-14T00:00:00Z`
pub fn rfc3339(epoch: i64) -> String {
    let (days, s) = (epoch.div_euclid(86_400), epoch.rem_euclid(86_400));
    let (y, m, d) = civil_from_days(days);
    format!("{y:04}-{m:02}-{d:02}T{:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
}

/// Monday first.
pub const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
pub const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// A local calendar day: days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

impl Day {
    /// `offset_s`: what is added to UTC for local time.
    pub fn of(epoch: i64, offset_s: i64) -> Self {
        Self((epoch + offset_s).div_euclid(86_400))
    }
    /// Local midnight as seconds UTC.
    pub fn start(self, offset_s: i64) -> i64 {
        self.0 * 86_400 - offset_s
    }
    pub fn before(self) -> Self {
        Self(self.0 - 1)
    }
    pub fn after(self) -> Self {
        Self(self.0 + 1)
    }
    /// `2025-10-14`
    pub fn date(self) -> String {
        let (year, month, day) = civil_from_days(self.0);
        format!("{year:04}-{month:02}-{day:02}")
    }
    /// The same back: only a date that exists.
    pub fn from_date(date: &str) -> Option<Self> {
        let mut parts = date.splitn(3, '-').map(|n| n.parse::<i64>());
        let (year, month, day) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        let found = ((1..=9999).contains(&year) && (1..=12).contains(&month)).then(|| Self(days_from_civil(year, month, day)))?;
        (found.civil() == (year, month, day)).then_some(found)
    }
    /// Year, month from 1, day from 1.
    pub fn civil(self) -> (i64, i64, i64) {
        civil_from_days(self.0)
    }
    pub fn of_civil(year: i64, month: i64, day: i64) -> Self {
        Self(days_from_civil(year, month, day))
    }
    /// 0 is Monday.
    pub fn weekday(self) -> usize {
        (self.0 + 3).rem_euclid(7) as usize
    }
    /// `Tuesday 14 October`, with the year if it is another one than today's.
    pub fn name(self, today: Day) -> String {
        let (year, month, day) = civil_from_days(self.0);
        let name = format!("{} {day} {}", WEEKDAYS[self.weekday()], MONTHS[(month - 1) as usize]);
        if civil_from_days(today.0).0 == year { name } else { format!("{name} {year}") }
    }
}

/// `16:20`
pub fn clock(epoch: i64, offset_s: i64) -> String {
    let s = (epoch + offset_s).rem_euclid(86_400);
    format!("{:02}:{:02}", s / 3600, s / 60 % 60)
}

/// `16:20:04`
pub fn clock_s(epoch: i64, offset_s: i64) -> String {
    format!("{}:{:02}", clock(epoch, offset_s), (epoch + offset_s).rem_euclid(60))
}

/// Hour of the local day, 0 to 23.
pub fn hour(epoch: i64, offset_s: i64) -> u8 {
    ((epoch + offset_s).rem_euclid(86_400) / 3600) as u8
}

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil and civil_from_days.
fn days_from_civil(y: i64, m: i64, d: i64) -> i64 {
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

fn civil_from_days(z: i64) -> (i64, i64, i64) {
    let z = z + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(m <= 2), m, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_both_ways() {
        for (text, seconds) in [("1970-01-01T00:00:00Z", 0), ("2024-02-29T12:34:56Z", 1_709_210_096), ("1969-12-31T23:59:59Z", -1)] {
            assert_eq!(epoch(text), Some(seconds), "{text}");
            assert_eq!(rfc3339(seconds), text);
        }
        assert_eq!(epoch("2024-02-29T12:34:56.789012Z"), Some(1_709_210_096));
        assert_eq!(seconds("2024-02-29T12:34:56.5Z"), Some(1_709_210_096.5));
    }

    #[test]
    fn microseconds_go_both_ways() {
        for (text, us) in [
            ("1970-01-01T00:00:00.000001Z", 1),
            ("2024-02-29T12:34:56.789012Z", 1_709_210_096_789_012),
            ("1969-12-31T23:59:59.500000Z", -500_000),
        ] {
            assert_eq!(micros(text), Some(us), "{text}");
            assert_eq!(rfc3339_us(us), text);
        }
        assert_eq!([micros("1970-01-01T00:00:00Z"), micros("1970-01-01T00:00:00.5Z"), micros("soon")], [Some(0), Some(500_000), None]);
    }

    #[test]
    fn a_date_names_a_day_that_exists() {
        let day = Day::from_date("2025-10-14").unwrap();
        assert_eq!((day.date().as_str(), day.civil(), day.weekday()), ("2025-10-14", (2025, 10, 14), 1));
        assert_eq!(Day::of_civil(2025, 10, 14), day);
        for date in ["2025-02-30", "2025-13-01", "2025-1", "-2025-01-01", "x-y-z", ""] {
            assert_eq!(Day::from_date(date), None, "{date}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "yesterday", "2024-02-29", "2024-13-01T00:00:00Z", "2024-02-29T25:00:00Z", "2024-02-29T12:34:56+01:00"] {
            assert_eq!(epoch(text), None, "{text}");
        }
    }

    #[test]
    fn a_day_is_a_local_day() {
        let evening = epoch("2025-10-14T23:30:00Z").unwrap();
        let (utc, berlin) = (Day::of(evening, 0), Day::of(evening, 7200));
        assert_eq!(berlin, utc.after());
        assert_eq!(rfc3339(berlin.start(7200)), "2025-10-14T22:00:00Z");
        assert_eq!((clock(evening, 7200), clock_s(evening, 7200), hour(evening, 7200)), ("01:30".into(), "01:30:00".into(), 1));
    }

    #[test]
    fn a_day_of_another_year_says_so() {
        let day = Day::of(epoch("2025-10-14T10:00:00Z").unwrap(), 0);
        assert_eq!(day.name(day), "Tuesday 14 October");
        assert_eq!(day.name(Day(day.0 + 100)), "Tuesday 14 October 2025");
        assert_eq!(Day(-1).name(Day(0)), "Wednesday 31 December 1969");
    }
}
