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
];

/// Row by row through the trigger a million rows would take minutes, so the index is emptied whole.
pub(super) const EMPTY: &str = "
    DROP TRIGGER utterance_removed;
    INSERT INTO utterance_text(utterance_text) VALUES('delete-all');
    DELETE FROM utterance;
    DELETE FROM timeline_position;
    CREATE TRIGGER utterance_removed AFTER DELETE ON utterance BEGIN
        INSERT INTO utterance_text(utterance_text, rowid, text, device_id) VALUES('delete', old.id, old.text, old.device_id);
    END;";
