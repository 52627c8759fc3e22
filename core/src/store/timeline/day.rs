//! A day as the cloth shows it, and which days there are to see. Both are read from the index `utterance_day` alone.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use loom_schemas::live::{Day, DayRow};
use rusqlite::{Connection, params};

use crate::env::Time;
use crate::error::{Error, Result};
use crate::store::{DayCount, Days};

/// Seconds that one level stands for.
const CELL_S: f64 = 180.0;
const HIGHEST: f64 = 7.0;
/// No utterance is longer.
const LONGEST_S: f64 = 60.0;
/// Days that are counted at once.
pub const MOST_DAYS: usize = 400;

/// Where a local day begins and ends: 23 and 25 hours apart where the clocks are changed.
fn bounds(date: Date, zone: &TimeZone) -> Result<(Time, Time)> {
    let begin = |d: Date| d.to_zoned_datetime(zone.clone()).map(|z| Time(z.timestamp().as_microsecond()));
    let whole = begin(date).and_then(|from| Ok((from, begin(date.tomorrow()?)?)));
    whole.map_err(|e| Error::invalid("there is no such day in the calendar").because(e))
}

fn local(at: Time, zone: &TimeZone) -> Date {
    at.timestamp().to_zoned_datetime(zone.clone()).date()
}

/// An utterance of one source: seconds from the day's begin, and how long.
type Spoken = (f64, f64);

pub(super) fn day(c: &Connection, date: Date, zone: &TimeZone) -> Result<Day> {
    let (from, to) = bounds(date, zone)?;
    let mut by_source = BTreeMap::<String, Vec<Spoken>>::new();
    let (mut lines, mut speech_s) = (0, 0.0);
    let mut statement = c.prepare_cached(
        "SELECT recorded_at, duration_s, source FROM utterance INDEXED BY utterance_day
         WHERE recorded_at >= ?1 AND recorded_at < ?2 AND forget IS NULL",
    )?;
    // What was begun before midnight reaches into the day, and is a line of the day before.
    let mut rows = statement.query([from.plus(-LONGEST_S).micros(), to.micros()])?;
    while let Some(r) = rows.next()? {
        let (at, length): (i64, f64) = (r.get(0)?, r.get(1)?);
        let begun_s = (at - from.micros()) as f64 / 1e6;
        if begun_s >= 0.0 {
            (lines, speech_s) = (lines + 1, speech_s + length);
        }
        if begun_s + length > 0.0 {
            by_source.entry(r.get(2)?).or_default().push((begun_s, length));
        }
    }
    let seconds = (to.micros() - from.micros()) as f64 / 1e6;
    let row = |(source, spoken): (String, Vec<Spoken>)| DayRow { source, levels: levels(&spoken, seconds) };
    let rows = by_source.into_iter().map(row).collect();
    Ok(Day { date: date.to_string(), from: from.to_string(), to: to.to_string(), lines, speech_s, rows })
}

/// √(share of time with speech) × 7 for each cell, smoothed 1-2-1. A cell in which something was said is never 0.
fn levels(spoken: &[Spoken], day_s: f64) -> Vec<u8> {
    let cells = (day_s / CELL_S).ceil().max(1.0) as usize;
    let mut shares = vec![0.0; cells];
    for &(begun, length) in spoken {
        let (begun, end) = (begun.max(0.0), (begun + length).min(day_s));
        let first = (begun / CELL_S) as usize;
        for (cell, share) in shares.iter_mut().enumerate().skip(first).take_while(|(cell, _)| *cell as f64 * CELL_S < end) {
            let begins = cell as f64 * CELL_S;
            *share += (end.min(begins + CELL_S) - begun.max(begins)).max(0.0) / CELL_S;
        }
    }
    let raw: Vec<f64> = shares.iter().map(|share| share.min(1.0).sqrt() * HIGHEST).collect();
    let at = |i: Option<usize>, here: f64| i.and_then(|i| raw.get(i)).copied().unwrap_or(here);
    let smooth = |(i, &here): (usize, &f64)| {
        let level = (at(i.checked_sub(1), here) + 2.0 * here + at(Some(i + 1), here)) / 4.0;
        (level.round() as u8).max(u8::from(here > 0.0))
    };
    raw.iter().enumerate().map(smooth).collect()
}

pub(super) fn days(c: &Connection, from: Date, to: Date, zone: &TimeZone) -> Result<Days> {
    let mut found = Days::default();
    let mut count = c.prepare_cached(
        "SELECT count(*), total(duration_s) FROM utterance INDEXED BY utterance_day
         WHERE recorded_at >= ?1 AND recorded_at < ?2 AND forget IS NULL",
    )?;
    let span = from.series(jiff::Span::new().days(1)).take_while(|d| *d <= to);
    for (i, date) in span.enumerate() {
        if i == MOST_DAYS {
            return Err(Error::invalid(format!("that is more than {MOST_DAYS} days: ask for fewer")));
        }
        let (begin, end) = bounds(date, zone)?;
        let (lines, speech_s) = count.query_row([begin.micros(), end.micros()], |r| Ok((r.get::<_, i64>(0)?.unsigned_abs(), r.get(1)?)))?;
        found.days.extend((lines > 0).then_some(DayCount { date, lines, speech_s }));
    }
    let near = |which: &str, test: &str, at: Time| -> Result<Option<Date>> {
        let sql =
            format!("SELECT {which}(recorded_at) FROM utterance INDEXED BY utterance_day WHERE recorded_at {test} ?1 AND forget IS NULL");
        let at: Option<i64> = c.prepare_cached(&sql)?.query_row(params![at.micros()], |r| r.get(0))?;
        Ok(at.map(|us| local(Time(us), zone)))
    };
    found.before = near("max", "<", bounds(from, zone)?.0)?;
    found.after = near("min", ">=", bounds(to, zone)?.1)?;
    Ok(found)
}

#[cfg(test)]
mod tests;
