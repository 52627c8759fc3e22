//! What rules make of a record, in which order, by a table.

use std::sync::Arc;

use serde_json::{Value, json};

use super::rig::{parsed, rule};
use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, Record, TopicName};
use crate::env::{System, Time};
use crate::pipeline::{Outbox, Stage};
use crate::router::{Figures, Router, RuleSet, Tap, View};
use crate::rules::MOST_HOPS;

const STEPS: &str = "device.health.steps.raw";

fn record(topic: &str, data: &Value, hops: u32) -> Record {
    let bus = Memory::new(Arc::new(System));
    let topic = TopicName::parse(topic).unwrap();
    let headers = Headers { hops, ..Headers::default() };
    let id = uuid::Uuid::from_u128(1);
    bus.append(vec![NewRecord::new(topic.clone(), id, id, Time(5), headers, data.to_string().into_bytes())]).unwrap();
    bus.read(&topic, 0, 0, 1, 1 << 20).unwrap().remove(0)
}

fn router(rules: &[Value]) -> (Router, Figures) {
    let rules: Vec<_> = rules.iter().cloned().map(parsed).collect();
    let set = RuleSet::compile(&rules).unwrap().against(super::rig::rig().rules.engine.registry.clone());
    let figures = Figures::default();
    (Router::new(Arc::new(set), vec![TopicName::of(STEPS)], figures.clone(), Tap::default(), Arc::new(System)), figures)
}

/// Topics and payloads that come out, and what is set aside.
fn routed(rules: &[Value], data: Value) -> (Vec<(String, Value)>, Vec<String>) {
    let (mut router, _) = router(rules);
    let r = record(STEPS, &data, 0);
    let mut out = Outbox::default();
    out.begin(&r);
    router.on_record(&r, &mut out).unwrap();
    let made = out.outputs().iter().map(|o| (o.topic.to_string(), serde_json::from_slice(o.value()).unwrap())).collect();
    (made, out.take_aside().iter().map(|(_, e)| e.to_string()).collect())
}

fn topics(rules: &[Value], data: Value) -> Vec<String> {
    let (made, aside) = routed(rules, data);
    assert_eq!(aside, Vec::<String>::new());
    made.into_iter().map(|m| m.0).collect()
}

fn with(mut rule: Value, field: &str, value: Value) -> Value {
    rule[field] = value;
    rule
}

#[test]
fn rules_route_by_topic_condition_priority_and_stop() {
    let a = rule("a", &[STEPS], "data.steps > 10", &["my.a.x"]);
    let b = rule("b", &["device.*.*.raw"], "true", &["my.b.x", "my.b.y"]);
    let c = rule("c", &["**"], "data.kind == 'walk'", &["my.c.x"]);
    let other = rule("other", &["device.health.sleep.raw"], "true", &["my.o.x"]);
    let all = [a.clone(), b.clone(), c.clone(), other];
    assert_eq!(topics(&all, json!({"steps": 20, "kind": "walk"})), ["my.a.x", "my.b.x", "my.b.y", "my.c.x"]);
    assert_eq!(topics(&all, json!({"steps": 5, "kind": "run"})), ["my.b.x", "my.b.y"]);
    let first = with(c.clone(), "priority", json!(5));
    assert_eq!(
        topics(&[a.clone(), b.clone(), first.clone()], json!({"steps": 20, "kind": "walk"})),
        ["my.c.x", "my.a.x", "my.b.x", "my.b.y"]
    );
    let stopping = with(first, "stop", json!(true));
    assert_eq!(topics(&[a.clone(), b.clone(), stopping.clone()], json!({"steps": 20, "kind": "walk"})), ["my.c.x"]);
    assert_eq!(topics(&[a.clone(), b.clone(), stopping], json!({"steps": 20, "kind": "run"})), ["my.a.x", "my.b.x", "my.b.y"]);
    assert_eq!(topics(&[with(a, "enabled", json!(false)), b], json!({"steps": 20})), ["my.b.x", "my.b.y"]);
    let swallow = json!({"id": "swallow", "inputs": [STEPS], "condition": "data.steps == 0", "stop": true, "priority": 1});
    assert_eq!(topics(&[swallow.clone(), c.clone()], json!({"steps": 0, "kind": "walk"})), Vec::<String>::new());
    assert_eq!(topics(&[swallow, c], json!({"steps": 1, "kind": "walk"})), ["my.c.x"]);
}

#[test]
fn content_chooses_a_topic_from_a_closed_table() {
    let route = json!({"field": "/kind", "table": {"walk": "my.walks.raw", "7": "my.sevens.raw", "true": "my.truths.raw"}, "otherwise": "my.rest.raw"});
    let mut rule = json!({"id": "r", "inputs": [STEPS], "route": route});
    for (kind, topic) in [
        (json!("walk"), "my.walks.raw"),
        (json!(7), "my.sevens.raw"),
        (json!(true), "my.truths.raw"),
        (json!("my.evil.raw"), "my.rest.raw"),
        (json!([1]), "my.rest.raw"),
    ] {
        assert_eq!(topics(std::slice::from_ref(&rule), json!({"kind": kind})), [topic], "{kind}");
    }
    rule["route"].as_object_mut().unwrap().remove("otherwise");
    assert_eq!(topics(&[rule], json!({"kind": "run"})), Vec::<String>::new());
}

#[test]
fn changes_are_to_a_copy_and_each_rule_sees_the_record_as_it_came() {
    let a = with(rule("a", &[STEPS], "true", &["my.a.x"]), "transforms", json!([{"do": "drop", "fields": ["/secret"]}]));
    let b = with(rule("b", &[STEPS], "has(data.secret)", &["my.b.x"]), "transforms", json!([{"do": "mask", "field": "/secret"}]));
    let (made, _) = routed(&[a, b], json!({"secret": "s", "n": 1}));
    assert_eq!(made, [("my.a.x".into(), json!({"n": 1})), ("my.b.x".into(), json!({"secret": "***", "n": 1}))]);
}

#[test]
fn one_rule_that_cannot_go_on_keeps_no_other_from_it() {
    let cast = with(rule("a", &[STEPS], "true", &["my.a.x"]), "transforms", json!([{"do": "cast", "field": "/n", "to": "integer"}]));
    let unfit = rule("b", &[STEPS], "true", &["device.sensor.gps.raw", "my.b.x"]);
    let fine = rule("c", &[STEPS], "true", &["my.c.x"]);
    let (made, aside) = routed(&[cast, unfit, fine], json!({"n": "secret"}));
    assert_eq!(made.iter().map(|m| m.0.as_str()).collect::<Vec<_>>(), ["my.b.x", "my.c.x"]);
    assert_eq!(aside.len(), 1, "one letter a record");
    assert!(aside[0].contains("rule a: ") && aside[0].contains("rule b: device.sensor.gps.raw does not take"), "{}", aside[0]);
    assert!(!aside[0].contains("secret"));
}

#[test]
fn a_record_that_came_round_too_often_is_set_aside() {
    let (mut router, figures) = router(&[rule("a", &[STEPS], "data.n == 1", &["my.a.x"])]);
    for (n, hops, made, aside) in [(1, MOST_HOPS - 1, 1, 0), (1, MOST_HOPS, 0, 1), (2, MOST_HOPS, 0, 0)] {
        let r = record(STEPS, &json!({"n": n}), hops);
        let mut out = Outbox::default();
        out.begin(&r);
        router.on_record(&r, &mut out).unwrap();
        assert_eq!((out.len(), out.take_aside().len()), (made, aside), "{n} {hops}");
        let records = out.seal(router.spec(), "");
        assert!(records.iter().all(|r| r.headers.hops == hops + 1));
    }
    let f = figures.of("a");
    assert_eq!((f.matched, f.emitted, f.failed), (2, 1, 1));
    assert!(f.last_failure.unwrap().contains("feeds itself") && f.last_matched_at.is_some() && f.seconds > 0.0);
}

/// Whatever the index passes over would not have matched: a thousand rules of all kinds, with and without it.
#[test]
fn the_index_leaves_out_nothing_that_matches() {
    let mut rng = fastrand::Rng::with_seed(7);
    let fields = ["kind", "n", "deep.kind", "ok"];
    let literals = ["'a'", "'b'", "1", "2", "2.5", "true", "-1"];
    let mut one = || {
        let field = fields[rng.usize(..fields.len())];
        let literal = literals[rng.usize(..literals.len())];
        match rng.usize(..6) {
            0 => format!("data.{field} == {literal}"),
            1 => format!("{literal} == data.{field}"),
            2 => format!("data.{field} in [{literal}, 'c', 7]"),
            3 => format!("data.{field} > {literal}"),
            4 => format!("data.{field} <= {literal}"),
            _ => format!("data.{field} != {literal}"),
        }
    };
    let mut conditions: Vec<String> = Vec::new();
    for i in 0..300 {
        let (a, b) = (one(), one());
        conditions.push(match i % 3 {
            0 => a,
            1 => format!("{a} && {b}"),
            _ => format!("{a} || {b}"),
        });
    }
    let rules: Vec<_> = conditions.iter().enumerate().map(|(i, c)| parsed(rule(&format!("r{i}"), &[STEPS], c, &["my.a.x"]))).collect();
    let together = RuleSet::compile(&rules).unwrap();
    let alone: Vec<_> = rules
        .iter()
        .map(|r| {
            RuleSet::compile(&[loom_schemas::routing::RoutingRule {
                condition: r.condition.as_ref().map(|c| format!("({c}) ? true : false")),
                ..r.clone()
            }])
            .unwrap()
        })
        .collect();
    let values = [
        json!("a"),
        json!("b"),
        json!("c"),
        json!(1),
        json!(2),
        json!(2.0),
        json!(2.5),
        json!(7),
        json!(-1),
        json!(true),
        json!(null),
        json!([1]),
    ];
    let mut asked = 0;
    for i in 0..200 {
        let v = |n: usize| values[(i * 7 + n * 5) % values.len()].clone();
        let data = json!({"kind": v(0), "n": v(1), "deep": {"kind": v(2)}, "ok": v(3)});
        let r = record(STEPS, &data, 0);
        asked += together.asked(&View { record: &r, data: &data });
        let expected: usize = alone.iter().map(|s| s.taken_by(&r, &data, &System)).sum();
        assert_eq!(together.taken_by(&r, &data, &System), expected, "{data}");
    }
    assert!(asked < 200 * 300, "the index passes over some: {asked}");
}
