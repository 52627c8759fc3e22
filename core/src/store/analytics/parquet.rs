//! Rows as Parquet, through DuckDB in memory.

use std::path::Path;

use duckdb::{Config, Connection};

use crate::error::{Error, Result};

/// The columns of a line of the timeline; what else its JSON holds is left out.
const LINE: &str = "{message_id: 'VARCHAR', recorded_at: 'TIMESTAMP', duration_s: 'DOUBLE', device_id: 'VARCHAR', source: 'VARCHAR',
    text: 'VARCHAR', language: 'VARCHAR', starred: 'BOOLEAN', original: 'VARCHAR',
    words: 'STRUCT(text VARCHAR, start_s DOUBLE, end_s DOUBLE, confidence DOUBLE)[]',
    masked: 'STRUCT(entity_type VARCHAR, \"start\" UINTEGER, \"end\" UINTEGER, score DOUBLE)[]'}";
/// Of a record of any topic.
const RECORD: &str = "{schema: 'VARCHAR', message_id: 'VARCHAR', device_id: 'VARCHAR', recorded_at: 'TIMESTAMP', received_at: 'TIMESTAMP',
    topic: 'VARCHAR', \"partition\": 'UINTEGER', \"offset\": 'UBIGINT', data: 'JSON'}";

/// What the rows are.
#[derive(Clone, Copy, Debug)]
pub enum Rows {
    Lines,
    Records,
}

/// Writes the JSON Lines of one file as another, Parquet with times in UTC.
///
/// Errors: `Stop` where one cannot be read or the other not be written.
pub fn parquet(jsonl: &Path, to: &Path, rows: Rows) -> Result<()> {
    let columns = match rows {
        Rows::Lines => LINE,
        Rows::Records => RECORD,
    };
    let quoted = |p: &Path| format!("'{}'", p.display().to_string().replace('\'', "''"));
    let sql = format!(
        "COPY (SELECT * FROM read_json({}, format = 'newline_delimited', columns = {columns})) TO {} (FORMAT parquet, COMPRESSION zstd)",
        quoted(jsonl),
        quoted(to)
    );
    let written = || -> Result<()> {
        let config = Config::default().enable_autoload_extension(false)?.threads(1)?;
        Ok(Connection::open_in_memory_with_flags(config)?.execute_batch(&sql)?)
    };
    written().map_err(|e| Error::stop("the rows cannot be written as Parquet: is the disk full?").because(e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_a_table_that_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let (jsonl, out) = (folder.path().join("it's.jsonl"), folder.path().join("out.parquet"));
        let line = |n: u32| {
            serde_json::json!({"message_id": n.to_string(), "recorded_at": "2026-01-31T12:00:00.250000Z", "duration_s": 1.5, "device_id": "d",
                "source": "desk", "text": "hello", "words": [{"text": "hello", "start_s": 0.0, "end_s": 0.5, "confidence": 0.9}],
                "masked": [], "language": "en", "audio": null, "starred": n == 1})
        };
        std::fs::write(&jsonl, format!("{}\n{}\n", line(1), line(2))).unwrap();
        parquet(&jsonl, &out, Rows::Lines).unwrap();
        let c = Connection::open_in_memory().unwrap();
        let sql = format!("SELECT count(*), sum(starred::INT), max(words[1].text), max(epoch_us(recorded_at)) FROM '{}'", out.display());
        let row = c.query_row(&sql, [], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, i64>(1)?, r.get::<_, String>(2)?, r.get::<_, i64>(3)?)));
        assert_eq!(row.unwrap(), (2, 1, "hello".into(), 1_769_860_800_250_000));
        std::fs::write(&jsonl, "").unwrap();
        parquet(&jsonl, &out, Rows::Lines).unwrap();
    }
}
