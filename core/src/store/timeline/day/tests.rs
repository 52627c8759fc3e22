use loom_schemas::payload::ReleasedText;
use uuid::Uuid;

use super::*;
use crate::store::Timeline;
use crate::store::timeline::tests::{Rig, released, rig};
use crate::store::timeline::{Line, insert};

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn said(rig: &Rig, n: u128, at: &str, source: &str, duration_s: f64) {
    let text = ReleasedText { duration_s, ..released("something") };
    let text = ReleasedText { source: loom_schemas::payload::AudioSource { name: source.into(), ..text.source.clone() }, ..text };
    let line = Line { message_id: Uuid::from_u128(n), place: None, recorded_at: Time::parse(at).unwrap(), device_id: Uuid::nil(), text };
    rig.db.write(move |tx| insert(tx, &line)).unwrap();
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

#[test]
fn a_level_is_the_root_of_the_share_smoothed() {
    let day_s = 5.0 * CELL_S;
    assert_eq!(levels(&[], day_s), [0; 5]);
    // Cell 2 wholly, so 7; its neighbours get a quarter of that.
    assert_eq!(levels(&[(360.0, 180.0)], day_s), [0, 2, 4, 2, 0]);
    assert_eq!(levels(&[(0.0, 900.0)], day_s), [7; 5]);
    // A quarter of the time in each of two cells: 3.5, and three quarters of that where one neighbour is empty.
    assert_eq!(levels(&[(315.0, 90.0)], day_s), [1, 3, 3, 1, 0]);
    assert_eq!(levels(&[(370.0, 0.5)], day_s), [0, 0, 1, 0, 0], "three words are seen");
    assert_eq!(levels(&[(-30.0, 40.0), (895.0, 60.0)], day_s), [1, 0, 0, 0, 1], "what reaches over an edge counts inside");
    assert_eq!(levels(&[(0.0, 100.0), (0.0, 180.0)], CELL_S), [7], "two at once are no more than the whole");
}

#[test]
fn a_day_has_the_length_it_has_where_the_owner_is() {
    let rig = rig();
    let cases = [
        ("2026-03-29", "2026-03-28T23:00:00.000000Z", "2026-03-29T22:00:00.000000Z", 460),
        ("2026-10-25", "2026-10-24T22:00:00.000000Z", "2026-10-25T23:00:00.000000Z", 500),
        ("2026-01-31", "2026-01-30T23:00:00.000000Z", "2026-01-31T23:00:00.000000Z", 480),
    ];
    for (n, (day, from, to, cells)) in (1..).zip(cases) {
        said(&rig, n, from, "desk", 2.0);
        let day = rig.timeline.day(date(day), &berlin()).unwrap();
        assert_eq!((day.from.as_str(), day.to.as_str(), day.lines), (from, to, 1));
        assert_eq!(day.rows[0].levels.len(), cells, "{}", day.date);
        assert_eq!(day.rows[0].levels[0], 1);
    }
}

#[test]
fn a_row_a_source_and_what_begins_before_midnight_is_the_day_before() {
    let rig = rig();
    said(&rig, 1, "2026-01-30T22:59:50Z", "desk", 20.0);
    said(&rig, 2, "2026-01-31T11:00:00Z", "phone", 3.0);
    said(&rig, 3, "2026-01-31T11:00:04Z", "desk", 3.0);
    let day = rig.timeline.day(date("2026-01-31"), &berlin()).unwrap();
    assert_eq!((day.lines, day.speech_s), (2, 6.0));
    let rows: Vec<_> = day.rows.iter().map(|r| (r.source.as_str(), r.levels[0], r.levels[240])).collect();
    assert_eq!(rows, [("desk", 1, 1), ("phone", 0, 1)]);
    assert_eq!(rig.timeline.day(date("2026-02-01"), &berlin()).unwrap().rows, []);
}

#[test]
fn days_that_have_lines_are_counted_and_the_nearest_named() {
    let rig = rig();
    for (n, at) in
        (1..).zip(["2025-12-24T10:00:00Z", "2026-01-05T23:30:00Z", "2026-01-06T10:00:00Z", "2026-01-20T10:00:00Z", "2026-03-01T10:00:00Z"])
    {
        said(&rig, n, at, "desk", 2.0);
    }
    let days = rig.timeline.days(date("2026-01-01"), date("2026-01-31"), &berlin()).unwrap();
    let counted: Vec<_> = days.days.iter().map(|d| (d.date.to_string(), d.lines, d.speech_s)).collect();
    assert_eq!(counted, [("2026-01-06".into(), 2, 4.0), ("2026-01-20".into(), 1, 2.0)]);
    assert_eq!((days.before, days.after), (Some(date("2025-12-24")), Some(date("2026-03-01"))));
    let last = rig.timeline.days(date("2026-03-01"), date("2026-03-01"), &berlin()).unwrap();
    assert_eq!((last.days.len(), last.before, last.after), (1, Some(date("2026-01-20")), None));
    assert_eq!(rig.timeline.days(date("2020-01-01"), date("2026-01-01"), &berlin()).unwrap_err().kind, crate::Kind::Invalid);
}
