mod consumer;

use loom_schemas::payload::{AudioRef, AudioSource, Context, Masked, ReleasedText, SourceKind, Word};
use uuid::Uuid;

use super::*;
use crate::db::Key;
use crate::env::Time;

const DAY: i64 = 86_400_000_000;

pub(super) struct Rig {
    _folder: tempfile::TempDir,
    pub db: Db,
    pub timeline: SqliteTimeline,
}

pub(super) fn rig() -> Rig {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(&folder.path().join("loom.db"), &Key::new([7; 32])).unwrap();
    Rig { timeline: SqliteTimeline::open(db.clone()).unwrap(), db, _folder: folder }
}

impl Rig {
    /// Lines a minute apart, ids 1, 2 …, device 1.
    fn with(texts: &[&str]) -> Self {
        let rig = rig();
        for (i, text) in (1..).zip(texts) {
            rig.add(i, 1, Time::from_secs(60 * i as i64), text);
        }
        rig
    }
    fn add(&self, id: u128, device: u128, at: Time, text: &str) -> bool {
        let (message_id, device_id) = (Uuid::from_u128(id), Uuid::from_u128(device));
        let line = Line { message_id, place: None, recorded_at: at, device_id, text: released(text) };
        self.db.write(move |tx| insert(tx, &line)).unwrap()
    }
    fn found(&self, query: &str) -> Vec<u128> {
        ids(&self.timeline.search(query, &all()).unwrap())
    }
    fn rows(&self, sql: &'static str) -> i64 {
        self.db.read(|c| Ok(c.query_row(sql, [], |r| r.get(0))?)).unwrap()
    }
    /// Fails if the index does not match the table.
    fn check_index(&self) {
        self.db.write(|tx| Ok(tx.execute("INSERT INTO utterance_text(utterance_text, rank) VALUES('integrity-check', 1)", [])?)).unwrap();
    }
}

fn all() -> Range {
    Range { limit: 50, ..Range::default() }
}

fn id(text: &str) -> u128 {
    Uuid::try_parse(text).unwrap().as_u128()
}

fn ids(found: &Found) -> Vec<u128> {
    found.hits.iter().map(|h| id(&h.message_id)).collect()
}

pub(super) fn released(text: &str) -> ReleasedText {
    let word = |(i, w): (usize, &str)| Word { text: w.into(), start_s: i as f64 * 0.5, end_s: i as f64 * 0.5 + 0.25, confidence: 0.75 };
    ReleasedText {
        audio: Some(AudioRef { stream_id: "ab".repeat(16), first_sample: 16_000, samples: 8_000, sample_rate: 16_000 }),
        duration_s: 1.5,
        text: text.into(),
        words: text.split_whitespace().enumerate().map(word).collect(),
        language: "en".into(),
        engine: "moonshine".into(),
        model: "tiny-en".into(),
        context: Context {
            local_time: "1970-01-01T00:01:00+00:00".into(),
            time_zone: "UTC".into(),
            daypart: "night".into(),
            weekday: "thursday".into(),
            language: "en".into(),
            duration_s: 1.5,
            words: 2,
        },
        source: AudioSource { kind: SourceKind::Microphone, name: "Kitchen".into() },
        masked: vec![Masked { entity_type: "EMAIL_ADDRESS".into(), start: 0, end: 3, score: 0.5 }],
        policy: "default/1".into(),
    }
}

#[test]
fn words_are_anded_and_quotes_make_phrases() {
    let rig = Rig::with(&[
        "the quick brown fox",
        "the brown quick fox jumps",
        "Zoë paid at the Café, e-mail me",
        "brown brown brown bread",
        "not a near or",
        "今天天气很好",
    ]);
    let cases: &[(&str, &[u128])] = &[
        ("fox", &[1, 2]),
        ("FOX", &[1, 2]),
        ("quick fox", &[1, 2]),
        ("\"quick brown\"", &[1]),
        ("\"brown quick\" jumps", &[2]),
        ("\"quick brown", &[1]),
        ("quick bread", &[]),
        ("zoe cafe", &[3]),
        ("CAFÉ", &[3]),
        ("e-mail", &[3]),
        ("mail-e", &[]),
        ("fox!!! ??", &[1, 2]),
        ("!!! fox", &[1, 2]),
        ("NOT OR", &[5]),
        ("near", &[5]),
        ("bro*", &[]),
        ("今天天气很好", &[6]),
        ("", &[]),
        ("   ", &[]),
        ("!!!", &[]),
    ];
    for (query, expected) in cases {
        let mut found = rig.found(query);
        found.sort_unstable();
        assert_eq!(found, *expected, "{query:?}");
    }
}

#[test]
fn no_query_is_a_syntax_error() {
    let rig = Rig::with(&["hello world"]);
    let long = "hello \"x y\" (".repeat(800);
    let many = (0..3000).map(|i| format!("w{i} ")).collect::<String>();
    let odd = [
        "\"",
        "\"\"\"",
        "'",
        "''",
        "(",
        ")",
        "()",
        "*",
        "a*",
        "^a",
        "-a",
        "+",
        "{",
        "}",
        "{text}: a",
        "text:a",
        "text : hello",
        "a AND",
        "AND",
        "OR OR",
        "NOT",
        "NOT a",
        "NEAR(a b, 2)",
        "NEAR(",
        "a\0b",
        "\0",
        "\\",
        "\\\"",
        "`",
        ";",
        "--",
        "/*",
        "%",
        "_",
        "?",
        "?1",
        ":x",
        "@x",
        "$x",
        "😀",
        "😀 hello",
        "👩‍👩‍👧",
        "\u{202e}abc",
        "\u{feff}",
        "é\u{301}",
        "天气",
        "ʼ",
        "\"a\"b\"c",
        "“a",
        "a + b",
        "\u{10ffff}",
        "0x41",
        "1e999",
        &long,
        &many,
    ];
    let alone = Uuid::from_u128(1);
    for query in odd {
        for device in [None, Some(alone)] {
            let answer = rig.timeline.search(query, &Range { device, ..all() });
            assert!(answer.is_ok(), "{query:?}: {:?}", answer.err());
        }
    }
    assert_eq!(rig.found("😀 hello"), [1], "what is no word does not stand in the way");
    assert_eq!(rig.found("text : hello"), [] as [u128; 0], "a column's name is a word like any other");
}

#[test]
fn the_best_comes_first_and_of_equals_the_newest() {
    let rig =
        Rig::with(&["tea", "tea and a very long story about other things", "tea tea tea", "tea", "coffee with milk", "milk with sugar"]);
    assert_eq!(rig.found("tea"), [3, 4, 1, 2]);
    let found = rig.timeline.search("tea", &all()).unwrap();
    assert!(found.hits.windows(2).all(|w| w[0].score >= w[1].score));
    assert!(!found.capped);
    assert_eq!(ids(&rig.timeline.search("tea", &Range { limit: 2, ..all() }).unwrap()), [3, 4]);
    assert_eq!(rig.timeline.search("tea", &Range::default()).unwrap().hits, []);
}

#[test]
fn of_several_words_the_rarer_weighs_more() {
    let mut texts = vec!["common common rare filler", "common rare rare filler"];
    texts.resize(60, "common thing");
    assert_eq!(Rig::with(&texts).found("common rare"), [2, 1]);
}

#[test]
fn scores_are_those_of_fts5s_own_bm25() {
    let rig = Rig::with(&["a b c d", "b b", "a c e f g h i", "a b a b", "x", "y", "z", "u v w", "q r s t"]);
    for (query, expression) in [("a b", "{text} : (\"a\" \"b\")"), ("\"a b\" a", "{text} : (\"a b\" \"a\")")] {
        // The column of devices adds one token to every row's length in FTS5's own, so it is compared on a table without.
        let bm25 = rig
            .db
            .write(move |tx| {
                tx.execute_batch(
                    "CREATE VIRTUAL TABLE IF NOT EXISTS plain USING fts5(text);
                     INSERT OR REPLACE INTO plain(rowid, text) SELECT id, text FROM utterance;",
                )?;
                let mut s = tx.prepare("SELECT u.message_id, -bm25(plain) FROM plain JOIN utterance u ON u.id = plain.rowid WHERE plain MATCH ?1 ORDER BY 2 DESC, u.id DESC")?;
                let rows = s.query_map([expression], |r| Ok((u128::from_be_bytes(r.get(0)?), r.get::<_, f64>(1)?)))?;
                Ok(rows.collect::<Result<Vec<_>, _>>()?)
            })
            .unwrap();
        let ours: Vec<_> = rig.timeline.search(query, &all()).unwrap().hits.into_iter().map(|h| (id(&h.message_id), h.score)).collect();
        assert_eq!(ours.len(), bm25.len());
        for (a, b) in ours.iter().zip(&bm25) {
            assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-9, "{query}: {ours:?} {bm25:?}");
        }
    }
}

#[test]
fn a_device_does_not_change_scores() {
    let rig = Rig::with(&["a b c d", "b b", "a c e", "a b a b", "x"]);
    let scores = |device| rig.timeline.search("a b", &Range { device, ..all() }).unwrap().hits;
    assert_eq!(scores(None), scores(Some(Uuid::from_u128(1))));
    assert_eq!(scores(Some(Uuid::from_u128(2))), []);
}

#[test]
fn hits_carry_what_a_player_and_a_person_need() {
    let rig = Rig::with(&["we met at the station"]);
    let hit = rig.timeline.search("\"the station\" met", &all()).unwrap().hits.remove(0);
    assert_eq!(hit.snippet, "we [met] at [the station]");
    assert_eq!(hit.text, "we met at the station");
    assert_eq!(hit.recorded_at, "1970-01-01T00:01:00.000000Z");
    assert_eq!(hit.device_id, Uuid::from_u128(1).to_string());
    assert_eq!(hit.audio.unwrap().href, format!("/api/timeline/{}/audio", Uuid::from_u128(1)));
    assert_eq!(hit.duration_s, 1.5);
}

#[test]
fn a_hex_word_is_no_device() {
    let rig = Rig::with(&["hello"]);
    assert_eq!(rig.found(&Uuid::from_u128(1).simple().to_string()), [] as [u128; 0]);
}

#[test]
fn more_matches_than_are_ranked_is_said() {
    let rig = rig();
    let fill = |n: i64, first: i64| {
        rig.db
            .write(move |tx| {
                for i in first..first + n {
                    let text = released(if i == 0 { "tea tea tea" } else { "tea time" });
                    let at = Time::from_secs(i);
                    let message_id = Uuid::from_u128(i as u128);
                    insert(tx, &Line { message_id, place: None, recorded_at: at, device_id: Uuid::nil(), text })?;
                }
                Ok(())
            })
            .unwrap();
        rig.timeline.search("tea", &Range { limit: 1, ..all() }).unwrap()
    };
    let found = fill(RANKED_MATCHES as i64, 0);
    assert!(!found.capped);
    assert_eq!(ids(&found), [0], "the best of all");
    let found = fill(1, RANKED_MATCHES as i64);
    assert!(found.capped);
    assert_eq!(ids(&found), [RANKED_MATCHES as u128], "the oldest is not ranked any more");
}

#[test]
fn times_and_devices_narrow_search_and_lines() {
    let rig = rig();
    for i in 0..10 {
        rig.add(i, i % 2, Time(i as i64 * DAY), "word");
    }
    let day = |d: i64| Some(Time(d * DAY));
    let device = |d| Some(Uuid::from_u128(d));
    type Case = (Option<Time>, Option<Time>, Option<Uuid>, &'static [u128]);
    let cases: [Case; 8] = [
        (None, None, None, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (day(3), day(5), None, &[3, 4]),
        (Some(Time(3 * DAY + 1)), None, None, &[4, 5, 6, 7, 8, 9]),
        (None, Some(Time(3 * DAY + 1)), None, &[0, 1, 2, 3]),
        (day(2), day(6), device(1), &[3, 5]),
        (None, None, device(0), &[0, 2, 4, 6, 8]),
        (None, None, device(7), &[]),
        (day(5), day(5), None, &[]),
    ];
    for (from, to, device, expected) in cases {
        let range = Range { from, to, device, limit: 50, ..Range::default() };
        assert_eq!(rig.timeline.lines(&range).unwrap().iter().map(|l| id(&l.message_id)).collect::<Vec<_>>(), expected, "{range:?}");
        let mut found = ids(&rig.timeline.search("word", &range).unwrap());
        found.sort_unstable();
        assert_eq!(found, expected, "{range:?}");
        let newest = Range { newest_first: true, limit: 2, ..range.clone() };
        let lines = rig.timeline.lines(&newest).unwrap();
        assert_eq!(lines.iter().map(|l| id(&l.message_id)).collect::<Vec<_>>(), expected.iter().rev().take(2).copied().collect::<Vec<_>>());
    }
}

#[test]
fn sources_stars_and_what_is_masked_narrow_search_and_lines() {
    let rig = rig();
    for i in 0..12 {
        let mut text = released("word");
        text.source.name = ["Kitchen", "Desk"][i % 2].into();
        text.masked.truncate(usize::from(i % 3 == 0));
        let line = Line {
            message_id: Uuid::from_u128(i as u128),
            place: None,
            recorded_at: Time::from_secs(i as i64),
            device_id: Uuid::nil(),
            text,
        };
        rig.db.write(move |tx| insert(tx, &line)).unwrap();
    }
    rig.db.write(|tx| Ok(tx.execute("UPDATE utterance SET starred = 1 WHERE recorded_at IN (2000000, 3000000, 9000000)", [])?)).unwrap();
    let desk = || Some("Desk".to_owned());
    let device = Some(Uuid::nil());
    let cases: [(Range, &[u128]); 8] = [
        (Range { source: desk(), ..all() }, &[1, 3, 5, 7, 9, 11]),
        (Range { source: desk(), from: Some(Time::from_secs(3)), to: Some(Time::from_secs(7)), ..all() }, &[3, 5]),
        (Range { starred: true, ..all() }, &[2, 3, 9]),
        (Range { starred: true, masked: true, ..all() }, &[3, 9]),
        (Range { masked: true, ..all() }, &[0, 3, 6, 9]),
        (Range { masked: true, source: desk(), device, ..all() }, &[3, 9]),
        (Range { starred: true, device, ..all() }, &[2, 3, 9]),
        (Range { source: Some("Nowhere".into()), ..all() }, &[]),
    ];
    for (range, expected) in cases {
        let lines = rig.timeline.lines(&range).unwrap();
        assert_eq!(lines.iter().map(|l| id(&l.message_id)).collect::<Vec<_>>(), expected, "{range:?}");
        let mut found = ids(&rig.timeline.search("word", &range).unwrap());
        found.sort_unstable();
        assert_eq!(found, expected, "{range:?}");
        let newest = rig.timeline.lines(&Range { newest_first: true, limit: 1, ..range }).unwrap();
        assert_eq!(newest.first().map(|l| id(&l.message_id)), expected.last().copied());
    }
}

#[test]
fn an_empty_day_says_how_much_is_elsewhere() {
    let rig = rig();
    for i in 0..5 {
        rig.add(i, 1, Time(i as i64 * DAY), "word");
    }
    let day = |d: i64| Range { from: Some(Time(d * DAY)), to: Some(Time((d + 1) * DAY)), ..all() };
    let found = rig.timeline.search("word", &day(9)).unwrap();
    assert_eq!((found.hits.len(), found.elsewhere), (0, 5));
    let found = rig.timeline.search("word", &day(2)).unwrap();
    assert_eq!((found.hits.len(), found.elsewhere), (1, 0), "it is only said where there is nothing here");
    assert_eq!(rig.timeline.search("other", &day(9)).unwrap().elsewhere, 0);
    assert_eq!(rig.timeline.search("", &day(9)).unwrap().elsewhere, 0);
}

#[test]
fn a_line_comes_back_as_it_was_released() {
    let rig = rig();
    let at = Time::parse("2026-03-01T12:00:00.123456Z").unwrap();
    rig.add(5, 9, at, "hello there \"you\"");
    let line = rig.timeline.line(Uuid::from_u128(5)).unwrap().unwrap();
    let text = released("hello there \"you\"");
    assert_eq!(line.recorded_at, "2026-03-01T12:00:00.123456Z");
    assert_eq!((line.text, line.words, line.masked), (text.text, text.words, text.masked));
    assert_eq!((line.source.as_str(), line.language.as_str(), line.duration_s), ("Kitchen", "en", 1.5));
    assert_eq!(rig.timeline.audio(Uuid::from_u128(5)).unwrap(), text.audio);
    assert_eq!(rig.timeline.line(Uuid::from_u128(6)).unwrap(), None);
    assert_eq!(rig.timeline.audio(Uuid::from_u128(6)).unwrap(), None);
}

#[test]
fn a_line_without_sound_links_none() {
    let rig = rig();
    let text = ReleasedText { audio: None, ..released("typed") };
    let line = Line { message_id: Uuid::from_u128(1), place: None, recorded_at: Time(0), device_id: Uuid::nil(), text };
    rig.db.write(move |tx| insert(tx, &line)).unwrap();
    assert_eq!(rig.timeline.line(Uuid::from_u128(1)).unwrap().unwrap().audio, None);
    assert_eq!(rig.timeline.search("typed", &all()).unwrap().hits[0].audio, None);
    assert_eq!(rig.timeline.audio(Uuid::from_u128(1)).unwrap(), None);
}

#[test]
fn lines_of_one_moment_are_all_kept_in_order() {
    let rig = rig();
    for i in 1..=5 {
        assert!(rig.add(i, 1, Time::from_secs(7), "same moment"));
    }
    assert!(rig.add(6, 1, Time(7_000_002), "two later"));
    assert!(!rig.add(3, 1, Time::from_secs(8), "again"));
    let lines = rig.timeline.lines(&all()).unwrap();
    assert_eq!(lines.iter().map(|l| id(&l.message_id)).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(lines[4].recorded_at, "1970-01-01T00:00:07.000000Z", "the time itself is not moved");
    let until = Range { to: Some(Time::from_secs(7)), ..all() };
    assert_eq!(rig.timeline.lines(&until).unwrap(), []);
}

#[test]
fn what_is_erased_is_in_neither_table_nor_index() {
    let rig = Rig::with(&["keep this", "xylophonesecret gone", "xylophonesecret stays"]);
    assert_eq!(rig.timeline.erase(&[Uuid::from_u128(2), Uuid::from_u128(99)]).unwrap(), 1);
    assert_eq!(rig.found("xylophonesecret"), [3]);
    assert_eq!(rig.timeline.erase(&[Uuid::from_u128(3)]).unwrap(), 1);
    rig.check_index();
    assert_eq!(rig.timeline.count().unwrap(), 1);
    // The pages of the index hold the word no more: it is overwritten, not marked.
    assert_eq!(rig.rows("SELECT count(*) FROM utterance_text_data WHERE instr(block, CAST('xylophone' AS BLOB)) > 0"), 0);
    assert_eq!(rig.rows("SELECT count(*) FROM utterance_text_data WHERE instr(block, CAST('keep' AS BLOB)) > 0"), 1);
}
