//! Times, read one way and written another.

use loom_schemas::routing::TimeForm;
use serde_json::Value;

use crate::env::Time;
use crate::error::{Error, Result};

/// Year 1 to year 9999, what RFC 3339 can write.
const EARLIEST: i64 = -62_135_596_800_000_000;
const LATEST: i64 = 253_402_300_799_999_999;

/// `Skip` for what is no time in that form.
pub fn read(value: &Value, form: TimeForm) -> Result<Time> {
    let wrong = || Error::skip("a field that holds a time holds none in the form it should have");
    let micros = match form {
        TimeForm::Rfc3339 => return Time::parse(value.as_str().ok_or_else(wrong)?).map_err(|_| wrong()),
        TimeForm::UnixSeconds => number(value, 1e6),
        TimeForm::UnixMilliseconds => number(value, 1e3),
        TimeForm::UnixMicroseconds => number(value, 1.0),
    };
    micros.filter(|m| (EARLIEST..=LATEST).contains(m)).map(Time::from_micros).ok_or_else(wrong)
}

pub fn write(t: Time, form: TimeForm) -> Value {
    match form {
        TimeForm::Rfc3339 => t.to_string().into(),
        TimeForm::UnixSeconds => match t.micros() % 1_000_000 {
            0 => (t.micros() / 1_000_000).into(),
            _ => t.seconds().into(),
        },
        TimeForm::UnixMilliseconds => t.millis().into(),
        TimeForm::UnixMicroseconds => t.micros().into(),
    }
}

/// A number, or a text that is one, in microseconds.
fn number(value: &Value, scale: f64) -> Option<i64> {
    if let Some(whole) = value.as_i64().or_else(|| value.as_str()?.trim().parse().ok()) {
        return whole.checked_mul(scale as i64);
    }
    let n = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    let micros = (n * scale).round();
    (micros.abs() < 9e18).then_some(micros as i64)
}
