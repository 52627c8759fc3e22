//! What the API asks: counts over spans of whole minutes.

use duckdb::{Connection, Row, ToSql, params_from_iter};
use loom_schemas::api::CountRow;
use uuid::Uuid;

use super::tally::{MINUTE_US, floor_minute};
use crate::bus::TopicName;
use crate::env::Time;
use crate::error::{Error, Result};

/// Rows in one answer; more is no chart.
const MOST_ROWS: usize = 100_000;

/// Which counts. Times count by whole minutes: `from` and `to` are widened to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Which {
    /// At or after.
    pub from: Option<Time>,
    /// Before.
    pub to: Option<Time>,
    /// A multiple of 60; buckets begin at multiples of it since 1970.
    pub bucket_seconds: u32,
    pub topic: Option<TopicName>,
    pub device: Option<Uuid>,
}

impl Which {
    pub(super) fn check(&self) -> Result<()> {
        match self.bucket_seconds {
            0 => Err(Error::invalid("bucket_seconds is at least 60")),
            n if n % 60 != 0 => Err(Error::invalid("bucket_seconds is a multiple of 60, since counts are kept by the minute")),
            _ => Ok(()),
        }
    }

    /// Conditions and their values.
    fn conditions(&self) -> (String, Vec<Box<dyn ToSql>>) {
        let mut sql = vec!["true"];
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        if let Some(t) = self.from {
            sql.push("minute >= make_timestamp(?)");
            values.push(Box::new(floor_minute(t.micros())));
        }
        if let Some(t) = self.to {
            sql.push("minute < make_timestamp(?)");
            values.push(Box::new(floor_minute(t.micros().saturating_add(MINUTE_US - 1))));
        }
        if let Some(t) = &self.topic {
            sql.push("topic = ?");
            values.push(Box::new(t.as_str().to_owned()));
        }
        if let Some(d) = self.device {
            sql.push("device_id = ?");
            values.push(Box::new(d.to_string()));
        }
        (sql.join(" AND "), values)
    }
}

pub(super) fn counts(c: &Connection, which: &Which) -> Result<Vec<CountRow>> {
    let (conditions, mut values) = which.conditions();
    values.insert(0, Box::new(i64::from(which.bucket_seconds)));
    let mut statement = c.prepare(&format!(
        "SELECT epoch_us(time_bucket(to_seconds(?::BIGINT), minute, TIMESTAMP '1970-01-01')) AS start, topic, device_id::VARCHAR,
            sum(records)::BIGINT, sum(words)::BIGINT, sum(seconds)
        FROM count_minute WHERE {conditions} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3 LIMIT {}",
        MOST_ROWS + 1
    ))?;
    let rows = statement.query_map(params_from_iter(values), row)?.collect::<Result<Vec<_>, _>>()?;
    if rows.len() > MOST_ROWS {
        return Err(Error::invalid("that is too much for one answer: ask for a shorter time or longer buckets"));
    }
    Ok(rows)
}

fn row(r: &Row) -> duckdb::Result<CountRow> {
    let count = |n| Ok::<_, duckdb::Error>(r.get::<_, i64>(n)?.unsigned_abs());
    Ok(CountRow {
        start: Time(r.get(0)?).to_string(),
        topic: r.get(1)?,
        device_id: r.get(2)?,
        records: count(3)?,
        words: count(4)?,
        seconds: r.get(5)?,
    })
}
