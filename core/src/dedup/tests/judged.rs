//! What is said of records, by pictures: `a@5` is a record that says `a` and was recorded at second 5, in the order they come.

use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::rig::*;
use crate::bus::memory::Memory;
use crate::bus::{Again, Bus, MOST_ROWS, Position, Positions, TopicName};
use crate::dedup::{Figures, GROUP, MOST_LISTED, of_repeat, repeats_of};
use crate::env::{Clock, Time};

struct Told {
    bus: Arc<dyn Bus>,
    figures: Figures,
    judge: Arc<crate::dedup::Judge>,
}

impl Told {
    fn figures(&self) -> loom_schemas::dedup::DedupFigures {
        self.figures.of(self.judge.rules().next().unwrap())
    }
}

/// `a@5` as above, `a@5/7` of device 7, `+30` lets thirty seconds pass, `|` ends the process.
fn tell(rules: &[Value], picture: &str) -> Told {
    let clock = clock();
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(clock.clone()));
    let (judge, figures) = (judge(rules), Figures::default());
    for word in picture.split_whitespace() {
        if word == "|" {
            drain(&mut *step(&bus, &clock, &judge, &figures, MOST_ROWS));
        } else if let Some(s) = word.strip_prefix('+') {
            drain(&mut *step(&bus, &clock, &judge, &figures, MOST_ROWS));
            clock.advance(s.parse().unwrap());
        } else {
            let (v, at) = word.split_once('@').unwrap();
            let (at, device) = at.split_once('/').unwrap_or((at, "5"));
            let at = Time::from_secs(BEGIN_S + at.parse::<i64>().unwrap());
            put_of(&*bus, TOPIC, device.parse().unwrap(), at, json!({"v": v}));
        }
    }
    drain(&mut *step(&bus, &clock, &judge, &figures, MOST_ROWS));
    Told { bus, figures, judge }
}

#[test]
fn a_window_is_counted_from_the_first_and_no_repeat_makes_it_longer() {
    for (picture, expected) in [
        ("a@0 b@1 a@5", "2>0"),
        ("a@0 a@10", "1>0"),
        ("a@0 a@11", ""),
        // Each is near the one before it, and the third is a first again.
        ("a@0 a@8 a@16", "1>0"),
        ("a@0 a@8 a@16 a@24 a@26", "1>0 3>2 4>2"),
        // Three of one second, and what the process remembers when it begins again.
        ("a@0 a@0 | a@0", "1>0 2>0"),
        ("a@0 | a@8 | a@16 | a@24", "1>0 3>2"),
    ] {
        assert_eq!(pairs(&*tell(&[rule("r")], picture).bus), expected, "{picture}");
    }
}

#[test]
fn what_was_recorded_earlier_may_come_later() {
    for (picture, expected) in [
        ("a@10 a@3", "1>0"),
        ("a@10 a@0", "1>0"),
        ("a@11 a@0", ""),
        // Near to both: the one that came first.
        ("a@20 a@5 a@13", "2>0"),
        ("a@5 a@20 a@13", "2>0"),
        ("a@100 | a@95 | a@80 | a@88 a@92", "1>0 3>2 4>0"),
        // Before 1970 is a time like others.
        ("a@-1770000003 a@-1769999997", "1>0"),
    ] {
        assert_eq!(pairs(&*tell(&[rule("r")], picture).bus), expected, "{picture}");
    }
}

#[test]
fn devices_repeat_themselves_unless_the_rule_looks_across() {
    assert_eq!(pairs(&*tell(&[rule("r")], "a@0/1 a@1/2 a@2/1").bus), "2>0");
    let across =
        json!({"id": "r", "topic": TOPIC, "match": {"by": "fields", "fields": [{"field": "/v"}]}, "window_s": 10, "across_devices": true});
    assert_eq!(pairs(&*tell(&[across], "a@0/1 a@1/2 a@2/1").bus), "1>0 2>0");
}

#[test]
fn firsts_are_let_go_when_the_watermark_has_passed_their_window() {
    // Remembered for the window and the lateness, 110 s, by the log's own time.
    let kept = tell(&[rule("r")], "a@0 +110 a@0");
    assert_eq!((pairs(&*kept.bus), kept.figures().late), ("1>0".into(), 1), "it came 110 s after it was recorded: late, and found");
    let gone = tell(&[rule("r")], "a@0 +111 a@0 a@0");
    assert_eq!((pairs(&*gone.bus), gone.figures().late), ("2>1".into(), 2), "too late for the first, in time for the second");
    // Of many firsts only those are on disk that may still be asked for.
    let many: String = (0..40).map(|n| format!("v{n}@{} +20 ", n * 20)).collect();
    let many = tell(&[rule("r")], &many);
    let count = many.bus.row_count(GROUP).unwrap();
    assert!(count.rows <= 7 && count.expired == 40 - count.rows, "{count:?}");
}

#[test]
fn a_clock_a_year_off_hides_no_repeat_and_ages_nobody_else() {
    let year = 31_536_000;
    let told = tell(&[rule("r")], &format!("a@0 f@{year} b@0 f@{} a@3 p@-{year} b@4 p@-{} a@1", year + 5, year - 5));
    assert_eq!(pairs(&*told.bus), "3>1 4>0 6>2 7>5 8>0");
}

#[test]
fn rules_of_one_topic_are_asked_each_for_itself() {
    let by_id = json!({"id": "id", "topic": TOPIC, "match": {"by": "id"}, "window_s": 10});
    let w = json!({"id": "w", "topic": TOPIC, "match": {"by": "fields", "fields": [{"field": "/w"}]}, "window_s": 10});
    let told = tell(&[rule("v"), by_id, w], "a@0 a@1");
    let found: Vec<_> = said(&*told.bus).into_iter().map(|d| d.rule).collect();
    assert_eq!(found, ["v"]);
    let of = |id: &str| told.figures.of(told.judge.rules().find(|r| r.rule.id == id).unwrap());
    assert_eq!((of("v").seen, of("v").unique, of("v").exact), (2, 1, 1));
    assert_eq!((of("id").unique, of("id").duplicates()), (2, 0));
    assert_eq!((of("w").seen, of("w").without_key, of("w").unique), (2, 2, 0), "nothing in it is compared");
}

#[test]
fn what_is_said_is_a_record_of_its_own_and_holds_no_words() {
    let told = tell(&[rule("r")], "secret@0 secret@3");
    let r = &all(&*told.bus, crate::bus::names::DUPLICATES)[0];
    assert!(!String::from_utf8_lossy(r.value().unwrap()).contains("secret"));
    assert_eq!((r.headers().producer.as_str(), r.headers().sources[0].first, r.message_id().get_version_num()), (GROUP, 1, 8));
    assert_eq!(r.class(), crate::bus::Class::Sensitive);
    let schema: Value = serde_json::from_str(loom_schemas::catalogue::schema("internal.dedup.duplicates.v1").unwrap()).unwrap();
    let value: Value = r.payload().unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&value), "{value}");
    // Nor does anything that is remembered.
    let rows = told.bus.rows_from(GROUP, b"", None, 100).unwrap();
    assert!(rows.len() >= 3 && rows.iter().all(|(k, v)| !String::from_utf8_lossy(&[&k[..], v].concat()).contains("secret")));
}

#[test]
fn what_was_a_duplicate_of_what_can_be_asked() {
    let told = tell(&[rule("r")], "a@0 b@0 a@1 a@2 a@3 b@4");
    let id = |n: usize| all(&*told.bus, TOPIC)[n].message_id();
    let of = |n| of_repeat(&*told.bus, id(n)).unwrap().into_iter().map(|d| d.of).collect::<Vec<_>>();
    assert_eq!((of(0), of(3), of(5)), (vec![], vec![id(0).to_string()], vec![id(1).to_string()]));
    let repeats = |n, after: Option<&[u8]>, most| {
        let (found, next) = repeats_of(&*told.bus, id(n), after, most).unwrap();
        (found.into_iter().map(|d| d.offset).collect::<Vec<_>>(), next)
    };
    assert_eq!(repeats(0, None, MOST_LISTED), (vec![2, 3, 4], None));
    let (page, next) = repeats(0, None, 2);
    assert_eq!(page, [2, 3]);
    assert_eq!(repeats(0, next.as_deref(), 2), (vec![4], None));
    assert_eq!(repeats(2, None, 9), (vec![], None), "a repeat is no first");
}

#[test]
fn firsts_alone_are_copied_where_the_rule_wants_them() {
    let mut wants = rule("r");
    wants["into"] = json!("in.a.unique");
    let told = tell(&[wants], "a@0 b@0 a@1 | b@2 c@3");
    let copied: Vec<Value> = all(&*told.bus, "in.a.unique").iter().map(|r| r.payload().unwrap()).collect();
    assert_eq!(copied, [json!({"v": "a"}), json!({"v": "b"}), json!({"v": "c"})]);
    let r = &all(&*told.bus, "in.a.unique")[2];
    assert_eq!((r.headers().sources[0].first, r.recorded_at()), (4, Time::from_secs(BEGIN_S + 3)));
}

#[test]
fn a_record_given_back_is_no_repeat_of_itself() {
    let clock = clock();
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(clock.clone()));
    let (judge, figures) = (judge(&[rule("r")]), Figures::default());
    let first = put(&*bus, TOPIC, BEGIN_S, json!({"v": "a"}));
    drain(&mut *step(&bus, &clock, &judge, &figures, MOST_ROWS));
    let old = all(&*bus, TOPIC).remove(0);
    let headers = crate::bus::Headers { again: Some(Again { of: first, times: 1 }), ..old.headers().clone() };
    let (id, device) = (Uuid::from_u128(99), old.device_id());
    let value = old.value().unwrap().to_vec();
    bus.append(vec![crate::bus::NewRecord::new(old.topic().clone(), id, device, old.recorded_at(), headers, value)]).unwrap();
    put(&*bus, TOPIC, BEGIN_S + 1, json!({"v": "a"}));
    drain(&mut *step(&bus, &clock, &judge, &figures, MOST_ROWS));
    assert_eq!(pairs(&*bus), "2>0");
    assert_eq!(figures.of(judge.rules().next().unwrap()).seen, 2);
}

#[test]
fn reading_everything_again_says_the_same_and_doubles_nothing() {
    let mut wants = rule("r");
    wants["into"] = json!("in.a.unique");
    let told = tell(&[wants], "a@0 b@0 a@1 b@14 a@8 b@7 c@3 a@16");
    let (before, figures) = (pairs(&*told.bus), told.figures());
    let copied = all(&*told.bus, "in.a.unique").len();
    let m = told.bus.groups().unwrap().into_iter().find(|g| g.group == GROUP).unwrap();
    assert_eq!(m.total_lag(), 0);
    let join = crate::bus::Join { group: GROUP.into(), member: "x".into(), host: String::new(), topics: vec![TopicName::of(TOPIC)] };
    let m = told.bus.join(&join).unwrap();
    told.bus.leave(&m).unwrap();
    told.bus.seek(GROUP, &Positions::from([(Position { topic: TopicName::of(TOPIC), partition: 0 }, 0)])).unwrap();
    drain(&mut *step(&told.bus, &clock(), &told.judge, &told.figures, MOST_ROWS));
    assert_eq!((pairs(&*told.bus), all(&*told.bus, "in.a.unique").len()), (before, copied));
    assert_eq!(told.figures().unique, figures.unique);
    assert_eq!(told.figures().exact, figures.exact);
}

#[test]
fn what_is_remembered_is_bounded_and_the_oldest_goes_first() {
    let clock = clock();
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(clock.clone()));
    let (judge, figures) = (judge(&[rule("r")]), Figures::default());
    for n in 0..50 {
        clock.advance(0.1);
        put(&*bus, TOPIC, BEGIN_S, json!({"v": n}));
    }
    drain(&mut *step(&bus, &clock, &judge, &figures, 20));
    let count = bus.row_count(GROUP).unwrap();
    assert_eq!((count.rows, count.crowded_out), (20, 30));
    put(&*bus, TOPIC, BEGIN_S, json!({"v": 3}));
    put(&*bus, TOPIC, BEGIN_S, json!({"v": 49}));
    drain(&mut *step(&bus, &clock, &judge, &figures, 1_000));
    assert_eq!(pairs(&*bus), "51>49", "the newest is known, the oldest is forgotten");
}

#[test]
fn what_is_no_json_is_set_aside_and_what_was_erased_is_passed_over() {
    let clock = clock();
    let bus: Arc<dyn Bus> = Arc::new(Memory::new(clock.clone()));
    let (judge, figures) = (judge(&[rule("r")]), Figures::default());
    for value in [r#"{"v": 1}"#, "no json", r#"{"v": 1}"#, r#"{"v": 1}"#] {
        put_bytes(&*bus, TOPIC, 5, clock.now(), value.as_bytes());
    }
    bus.erase(&TopicName::of(TOPIC), 0, &[2]).unwrap();
    drain(&mut *step(&bus, &clock, &judge, &figures, MOST_ROWS));
    assert_eq!((pairs(&*bus), all(&*bus, "in.a.x.dlq").len()), ("3>0".into(), 1));
}
