//! The tables. A step that a file has been through never changes; a change is a new step.

/// What the steps are counted under.
pub(super) const ROOM: &str = "timeline";

pub(super) const STEPS: &[&str] = &[
    // `id` as `id.rs` makes it: ordered by time. `columnsize=0`: it holds the length too.
    // `device_id` is 32 hex digits, one token of the index, so that a device's matches are found without reading rows.
    // `words` is [[text, start_s, end_s, confidence], …]: a third of the size of objects.
    // `automerge=2`: fewer pieces of the index to look into, a third off each search. `pgsz=4000`: two leaves of the
    // index fill one encrypted page of 8 KiB, where the default, 4050, leaves half of each page empty.
    "CREATE TABLE utterance(
        id INTEGER PRIMARY KEY,
        message_id BLOB NOT NULL UNIQUE,
        recorded_at INTEGER NOT NULL,
        duration_s REAL NOT NULL,
        device_id TEXT NOT NULL,
        source TEXT NOT NULL,
        text TEXT NOT NULL,
        words TEXT NOT NULL,
        masked TEXT NOT NULL,
        language TEXT NOT NULL,
        stream_id TEXT, first_sample INTEGER, samples INTEGER, sample_rate INTEGER
    );
    CREATE VIRTUAL TABLE utterance_text USING fts5(text, device_id,
        content='utterance', content_rowid='id', columnsize=0, tokenize='unicode61 remove_diacritics 2');
    INSERT INTO utterance_text(utterance_text, rank) VALUES('secure-delete', 1);
    INSERT INTO utterance_text(utterance_text, rank) VALUES('automerge', 2);
    INSERT INTO utterance_text(utterance_text, rank) VALUES('pgsz', 4000);
    CREATE TRIGGER utterance_added AFTER INSERT ON utterance BEGIN
        INSERT INTO utterance_text(rowid, text, device_id) VALUES(new.id, new.text, new.device_id);
    END;
    CREATE TRIGGER utterance_removed AFTER DELETE ON utterance BEGIN
        INSERT INTO utterance_text(utterance_text, rowid, text, device_id) VALUES('delete', old.id, old.text, old.device_id);
    END;
    CREATE TABLE timeline_position(topic TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL,
        PRIMARY KEY(topic, part)) WITHOUT ROWID;",
    // `part`, `record`: partition and offset of the line's record on the log, from where erasure walks.
    // `original` is [text, words, masked] as the recogniser had them, once the owner changed the wording; `edit` the newest change.
    // `forget`: who took the line out of sight, where it waits to be erased or to come back; such a line is not in the index.
    // A day is read, and days are counted, from `utterance_day` alone, a tenth of the table.
    "ALTER TABLE utterance ADD COLUMN part INTEGER;
    ALTER TABLE utterance ADD COLUMN record INTEGER;
    ALTER TABLE utterance ADD COLUMN starred INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE utterance ADD COLUMN original TEXT;
    ALTER TABLE utterance ADD COLUMN edit BLOB;
    ALTER TABLE utterance ADD COLUMN forget BLOB;
    CREATE INDEX utterance_day ON utterance(recorded_at, duration_s, source) WHERE forget IS NULL;
    CREATE INDEX utterance_starred ON utterance(id) WHERE starred = 1;
    CREATE INDEX utterance_masked ON utterance(id) WHERE masked <> '[]';
    CREATE INDEX utterance_forget ON utterance(forget) WHERE forget IS NOT NULL;
    DROP TRIGGER utterance_added;
    DROP TRIGGER utterance_removed;
    CREATE TRIGGER utterance_added AFTER INSERT ON utterance WHEN new.forget IS NULL BEGIN
        INSERT INTO utterance_text(rowid, text, device_id) VALUES(new.id, new.text, new.device_id);
    END;
    CREATE TRIGGER utterance_changed AFTER UPDATE OF text, forget ON utterance BEGIN
        INSERT INTO utterance_text(utterance_text, rowid, text, device_id)
            SELECT 'delete', old.id, old.text, old.device_id WHERE old.forget IS NULL;
        INSERT INTO utterance_text(rowid, text, device_id) SELECT new.id, new.text, new.device_id WHERE new.forget IS NULL;
    END;
    CREATE TRIGGER utterance_removed AFTER DELETE ON utterance WHEN old.forget IS NULL BEGIN
        INSERT INTO utterance_text(utterance_text, rowid, text, device_id) VALUES('delete', old.id, old.text, old.device_id);
    END;",
    // The owner's changes, all of a line in one row. The log is read again, so that older lines learn where their records are.
    "CREATE TABLE timeline_edit(line BLOB PRIMARY KEY, edit BLOB NOT NULL, starred INTEGER, text TEXT, masked TEXT NOT NULL) WITHOUT ROWID;
    DELETE FROM timeline_position;",
];

/// Row by row through the trigger a million rows would take minutes, so the index is emptied whole.
pub(super) const EMPTY: &str = "
    DROP TRIGGER utterance_removed;
    INSERT INTO utterance_text(utterance_text) VALUES('delete-all');
    DELETE FROM utterance;
    DELETE FROM timeline_edit;
    DELETE FROM timeline_position;
    CREATE TRIGGER utterance_removed AFTER DELETE ON utterance WHEN old.forget IS NULL BEGIN
        INSERT INTO utterance_text(utterance_text, rowid, text, device_id) VALUES('delete', old.id, old.text, old.device_id);
    END;";
