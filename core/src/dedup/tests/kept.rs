//! Rules as they are kept: taken or refused, shipped once, and there again after a restart.

use std::sync::Arc;

use serde_json::{Value, json};

use super::rig::*;
use crate::bus::{TopicName, catalogued};
use crate::dedup::{Compiled, MOST_RULES, NoPictures, Rules};
use crate::env::Seeded;
use crate::schema::Registry;

#[test]
fn a_new_loom_has_the_shipped_rules_and_what_is_taken_away_stays_away() {
    let rig = rig();
    let ids = |rules: &Rules| rules.list().into_iter().map(|r| r.rule.id).collect::<Vec<_>>();
    let shipped = ["app_usage", "bluetooth", "browser", "calendar", "email", "location", "notification", "sms", "wifi"];
    assert_eq!(ids(&rig.rules), shipped);
    assert!(rig.rules.remove("wifi").unwrap() && !rig.rules.remove("wifi").unwrap());
    rig.keep(rule("mine"));
    let again = Rules::open(&rig.db, rig.bus.clone(), &Seeded::new(2), Arc::new(NoPictures)).unwrap();
    assert_eq!((ids(&again).len(), ids(&again).contains(&"wifi".to_string())), (9, false));
    assert_eq!(again.revision(), rig.rules.revision());
}

/// Each names a topic that there is, and every field it compares is one of that topic's schema.
#[test]
fn the_shipped_rules_fit_their_topics() {
    let rig = rig();
    let registry = Registry::open(&rig.db, rig.clock.clone()).unwrap();
    for row in rig.rules.list() {
        assert!(Compiled::compile(&row.rule).is_ok(), "{}", row.rule.id);
        let topic = TopicName::parse(&row.rule.topic).unwrap();
        assert!(registry.held(&topic, None).unwrap().is_some(), "{topic} has no schema");
        assert!(catalogued(&topic).retention.days.is_some());
        let schema: Value = serde_json::from_str(loom_schemas::catalogue::schema(&format!("{topic}.v1")).unwrap()).unwrap();
        let loom_schemas::dedup::Match::Fields { fields } = &row.rule.by else { panic!("{} compares no fields", row.rule.id) };
        for field in fields.iter().filter_map(|f| f.field.strip_prefix('/')) {
            assert!(schema["properties"].get(field).is_some(), "{} compares {field}", row.rule.id);
        }
    }
}

#[test]
fn a_message_that_a_phone_sends_again_is_a_repeat_by_the_shipped_rules() {
    let rig = rig();
    for (topic, data) in [
        ("device.sms.received", json!({"from": "+1 (555) 123-4567", "message": "Hello   World!  ", "thread_id": 42})),
        ("device.sms.received", json!({"from": "+15551234567", "message": "hello world!", "thread_id": 42})),
        ("device.sms.received", json!({"from": "+15551234567", "message": "hello world?", "thread_id": 42})),
        ("device.sensor.gps.raw", json!({"latitude": 37.774_91, "longitude": -122.419_41, "accuracy": 5})),
        ("device.sensor.gps.raw", json!({"latitude": 37.774_92, "longitude": -122.419_42, "accuracy": 9})),
        ("device.sensor.gps.raw", json!({"latitude": 37.775_1, "longitude": -122.419_41})),
    ] {
        rig.put(topic, data);
    }
    rig.clock.advance(1.0);
    let stage = step(&rig.bus, &rig.clock, &rig.rules.set(), &rig.rules.engine.figures, 1_000);
    drain(&mut *{ stage });
    let found: Vec<_> = said(&*rig.bus).into_iter().map(|d| (d.rule, d.offset, d.of_offset)).collect();
    assert_eq!(found, [("location".into(), 1, 0), ("sms".into(), 1, 0)]);
}

#[test]
fn what_no_rule_may_be_is_refused_by_name() {
    let rig = rig();
    let with = |field: &str, value: Value| {
        let mut r = rule("r");
        r[field] = value;
        r
    };
    let fields = |n: usize| json!({"by": "fields", "fields": vec![json!({"field": "/a"}); n]});
    for (wrong, said) in [
        (with("id", json!("Bad Id")), "/id format"),
        (with("topic", json!("nowhere")), "/topic format"),
        (with("topic", json!("in.a.x.dlq")), "/topic format"),
        (with("topic", json!("internal.dedup.duplicates")), "/topic loop"),
        (with("window_s", json!(0)), "/window_s range"),
        (with("window_s", json!(u64::MAX)), "/window_s range"),
        (with("lateness_s", json!(40_000_000)), "/lateness_s range"),
        (with("description", json!("x".repeat(1_001))), "/description maxLength"),
        (with("match", fields(0)), "/match/fields minItems"),
        (with("match", fields(17)), "/match/fields minItems"),
        (with("match", json!({"by": "fields", "fields": [{"field": "a"}]})), "/match/fields/0/field format"),
        (with("match", json!({"by": "fields", "fields": [{"field": "/a", "decimals": 3}]})), "/match/fields/0/decimals range"),
        (with("match", json!({"by": "text", "fields": ["/a"], "similarity": 0.2})), "/match/similarity range"),
        (with("match", json!({"by": "text", "fields": ["a"]})), "/match/fields/0 format"),
        (with("match", json!({"by": "image", "distance": 8})), "/match/distance range"),
        (with("into", json!("nowhere")), "/into format"),
        (with("into", json!("media.text.shared")), "/into wall"),
        (with("into", json!("media.text.released")), "/into wall"),
        (with("into", json!("internal.privacy.audit.decisions")), "/into wall"),
        (with("into", json!("in.a.x.dlq")), "/into format"),
        (with("into", json!("in.a.x")), "/into loop"),
        (with("into", json!("internal.dedup.duplicates")), "/into loop"),
        (with("into", json!("device.sms.received")), "/into loop"),
    ] {
        assert!(rig.refused(wrong.clone()).contains(&said.to_string()), "{wrong}: {:?}", rig.refused(wrong.clone()));
    }
    rig.keep(with("into", json!("in.a.unique")));
    let mut on = rule("on");
    on["topic"] = json!("in.a.unique");
    assert_eq!(rig.refused(on), ["/topic loop"], "what one rule writes no other reads");
    for n in rig.rules.list().len()..MOST_RULES {
        rig.keep(rule(&format!("r{n}")));
    }
    assert_eq!(rig.refused(rule("one-more")), [" maxItems"]);
}
