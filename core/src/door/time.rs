//! Times as devices write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::env::Time;

/// RFC 3339; without an offset it is UTC, as Python's `isoformat` of a UTC time has none. A number is seconds since 1970,
/// or milliseconds above 100 billion (the year 5138 in seconds, 1973 in milliseconds).
pub fn parse_time(value: &Value) -> Option<Time> {
    match value {
        Value::String(text) => Time::parse(text).ok().or_else(|| naive(text)),
        Value::Number(n) => {
            let n = n.as_f64()?;
            let seconds = if n.abs() > 1e11 { n / 1e3 } else { n };
            (seconds.abs() < 253_402_300_800.0).then(|| Time::default().plus(seconds))
        }
        _ => None,
    }
}

fn naive(text: &str) -> Option<Time> {
    let at: DateTime = text.parse().ok()?;
    let at = at.to_zoned_datetime(TimeZone::UTC).ok()?;
    text.contains(['T', ' ']).then(|| Time(at.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_come_with_offset_without_and_as_numbers() {
        let noon = Time::parse("2026-01-31T12:00:00Z").unwrap();
        for same in [
            json!("2026-01-31T12:00:00Z"),
            json!("2026-01-31T07:00:00-05:00"),
            json!("2026-01-31T12:00:00.000000"),
            json!("2026-01-31 12:00:00"),
            json!(1_769_860_800),
            json!(1_769_860_800_000_i64),
        ] {
            assert_eq!(parse_time(&same), Some(noon), "{same}");
        }
        for none in [json!("yesterday"), json!("2026-01-31"), json!(1e300), json!(true), json!("2026-13-01T00:00:00Z")] {
            assert_eq!(parse_time(&none), None, "{none}");
        }
    }
}
