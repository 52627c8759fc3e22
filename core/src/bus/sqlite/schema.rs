//! The log's tables. What is written here stays readable for ever: change by adding a step.

use super::super::topic::{Class, Compression, Retention, Settings, TopicName};
use crate::error::{Error, Result};

/// The low bits of a record's id are its offset, the high ones its topic partition.
pub(super) const OFFSET_BITS: u32 = 40;

pub(super) const STEPS: &[&str] = &[
    "
    CREATE TABLE topic(
        name TEXT PRIMARY KEY, schema TEXT NOT NULL, class INTEGER NOT NULL, days INTEGER, bytes INTEGER,
        compression INTEGER NOT NULL, partitions INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE topic_partition(
        id INTEGER PRIMARY KEY, topic TEXT NOT NULL, partition INTEGER NOT NULL, UNIQUE(topic, partition));
    -- Oldest kept offset, next offset, how many are kept, the sum of their values, when the newest came.
    CREATE TABLE head(
        topic_partition INTEGER PRIMARY KEY, low INTEGER NOT NULL, next INTEGER NOT NULL,
        records INTEGER NOT NULL, bytes INTEGER NOT NULL, newest INTEGER NOT NULL);
    -- id: topic_partition << 40 | offset. Times in microseconds. key: the device. key_id: what seals the value, null while unsealed.
    CREATE TABLE record(
        id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, recorded_at INTEGER NOT NULL, message_id BLOB NOT NULL,
        key BLOB NOT NULL, key_id INTEGER, headers BLOB NOT NULL, value BLOB);
    CREATE UNIQUE INDEX record_once ON record(message_id, id >> 40);
    -- Schemas, producers and topics that headers name by number.
    CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
    CREATE TABLE consumer_group(
        name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, topics TEXT NOT NULL, member TEXT, host TEXT,
        joined_at INTEGER, heartbeat INTEGER, tick INTEGER, last_commit INTEGER) WITHOUT ROWID;
    CREATE TABLE group_position(
        name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
        PRIMARY KEY(name, topic, partition)) WITHOUT ROWID;
    CREATE TABLE group_state(name TEXT PRIMARY KEY, revision INTEGER NOT NULL, state BLOB NOT NULL);
",
    // What free pages are overwritten with. Empty but while retention works: a row says that free pages hold records.
    "CREATE TABLE spare(zeros BLOB NOT NULL);",
    // Rows that groups keep by key. An owner without a name was left behind by a group that was moved.
    "
    CREATE TABLE row_owner(
        id INTEGER PRIMARY KEY, name TEXT UNIQUE, rows INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
        expired INTEGER NOT NULL DEFAULT 0, crowded_out INTEGER NOT NULL DEFAULT 0, past INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE group_row(
        owner INTEGER NOT NULL, key BLOB NOT NULL, expires INTEGER NOT NULL, value BLOB NOT NULL,
        PRIMARY KEY(owner, key)) WITHOUT ROWID;
    CREATE INDEX group_row_expiry ON group_row(owner, expires);
",
    // Records beyond a partition's first lie in tables of their own (segments.rs): the ids of all are kept in one place.
    "
    CREATE TABLE once(
        message_id BLOB NOT NULL, topic_partition INTEGER NOT NULL, offset INTEGER NOT NULL,
        PRIMARY KEY(message_id, topic_partition)) WITHOUT ROWID;
    INSERT INTO once SELECT message_id, id >> 40, id & 0xffffffffff FROM record ORDER BY message_id, id >> 40;
    DROP INDEX record_once;
    -- What the table segment_<number> holds: a partition's records from the first offset to the next table's; nothing, where
    -- these are null. began: when the first came. bytes: of all its values, once it takes no more.
    CREATE TABLE segment(number INTEGER PRIMARY KEY, topic_partition INTEGER, first INTEGER, began INTEGER, bytes INTEGER);
    CREATE UNIQUE INDEX segment_first ON segment(topic_partition, first);
    CREATE INDEX segment_began ON segment(topic_partition, began, first);
    -- Bytes of values that a partition's last table has taken.
    ALTER TABLE head ADD COLUMN filled INTEGER NOT NULL DEFAULT 0;
",
];

/// The id of the record at an offset.
pub(super) fn record_id(topic_partition: i64, offset: u64) -> i64 {
    let last = (1u64 << OFFSET_BITS) - 1;
    (topic_partition << OFFSET_BITS) | offset.min(last) as i64
}

/// The offset in a record's id.
pub(super) fn offset_of(id: i64) -> u64 {
    id as u64 & ((1 << OFFSET_BITS) - 1)
}

/// Columns of `topic` as [`settings`] wants them.
pub(super) const TOPIC_COLUMNS: &str = "name, schema, class, days, bytes, compression, partitions";

pub(super) fn settings(r: &rusqlite::Row) -> Result<Settings> {
    let unknown = || Error::stop("loom.db was written by a newer Loom: update Loom");
    Ok(Settings {
        name: TopicName::parse(r.get_ref(0)?.as_str().map_err(|e| unknown().because(e))?)?,
        schema: r.get(1)?,
        class: Class::from_number(r.get(2)?).ok_or_else(unknown)?,
        retention: Retention { days: r.get(3)?, bytes: r.get::<_, Option<i64>>(4)?.map(|b| b as u64) },
        compression: match r.get(5)? {
            0u8 => Compression::None,
            1 => Compression::Lz4,
            2 => Compression::Zstd,
            _ => return Err(unknown()),
        },
        partitions: r.get(6)?,
    })
}

/// Makes a topic with its partitions, unless there is one of that name.
pub(super) fn make(tx: &rusqlite::Connection, s: &Settings) -> Result<()> {
    let compression = match s.compression {
        Compression::None => 0,
        Compression::Lz4 => 1,
        Compression::Zstd => 2,
    };
    let made = tx.execute(
        &format!("INSERT OR IGNORE INTO topic({TOPIC_COLUMNS}) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
        (
            s.name.as_str(),
            &s.schema,
            s.class as u8,
            s.retention.days,
            s.retention.bytes.map(|b| b.min(i64::MAX as u64) as i64),
            compression,
            s.partitions.max(1),
        ),
    )?;
    for partition in (0..s.partitions.max(1)).filter(|_| made > 0) {
        tx.execute("INSERT INTO topic_partition(topic, partition) VALUES(?1, ?2)", (s.name.as_str(), partition))?;
        tx.execute(
            "INSERT INTO head(topic_partition, low, next, records, bytes, newest) VALUES(?1, 0, 0, 0, 0, 0)",
            [tx.last_insert_rowid()],
        )?;
    }
    Ok(())
}
