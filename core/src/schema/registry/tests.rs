use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::bus::TopicName;
use crate::db::Key;
use crate::env::{ManualClock, Time};
use crate::schema::Depth;

struct Rig {
    registry: Registry,
    dir: TempDir,
}

fn opened(dir: &TempDir) -> Registry {
    let db = Db::open(&dir.path().join("loom.db"), &Key::new([9; 32])).unwrap();
    Registry::open(&db, Arc::new(ManualClock::at(Time::from_secs(1_770_000_000)))).unwrap()
}

fn rig() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    Rig { registry: opened(&dir), dir }
}

fn content(schema: &Value) -> Content {
    Content { text: schema.to_string(), ..Content::default() }
}

fn offer(schema: &Value) -> Offer {
    Offer { content: content(schema), ..Offer::default() }
}

fn code<T: std::fmt::Debug>(answer: Answer<T>) -> u32 {
    answer.unwrap_err().code
}

fn object(properties: Value) -> Value {
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

#[test]
fn what_comes_by_path_is_there_and_stays() {
    let Rig { registry, dir: _dir } = rig();
    let named = registry.named("device.sensor.gps.raw.v1").unwrap();
    assert_eq!((named.subject.as_str(), named.number, named.version.by_path), ("device.sensor.gps.raw-value", 1, true));
    for same in ["device.sensor.gps.raw", "device.sensor.gps.v1", "device.sensor.gps", "device.sensor.gps.raw-value", "device.sms.v1"] {
        assert!(registry.named(same).is_ok(), "{same}");
    }
    for none in ["device.sensor.gps.v2", "device.sensor.v1", "nothing.v1", "", ".v1", "device.sensor.gps.raw.v99999999999999999999"] {
        assert_eq!(code(registry.named(none)), 40403, "{none}");
    }
    assert_eq!(code(registry.remove_subject(&named.subject, false)), 42205);
    assert_eq!(code(registry.remove_version(&named.subject, Wanted::Latest, false)), 42205);
}

#[test]
fn a_schema_has_one_id_wherever_it_is_registered_and_however_it_is_written() {
    let Rig { registry, dir } = rig();
    let a = registry
        .register(
            "a-value",
            Offer {
                content: Content { text: "{\"type\" : \"object\", \"maxProperties\": 3}".into(), ..Content::default() },
                ..Offer::default()
            },
        )
        .unwrap();
    let b = registry.register("b-value", offer(&json!({"maxProperties": 3, "type": "object"}))).unwrap();
    assert_eq!((a.stored.id, a.number), (b.stored.id, 1));
    assert_eq!(a.stored.content.text, "{\"type\":\"object\",\"maxProperties\":3}");
    let again = registry.register("a-value", offer(&json!({"maxProperties": 3, "type": "object"}))).unwrap();
    assert_eq!((again.number, registry.versions("a-value", Which::Living).unwrap()), (1, vec![1]));
    let sorted = registry.register("c-value", Offer { normalize: true, ..offer(&json!({"type": "integer"})) }).unwrap();
    assert_eq!(sorted.stored.content.text, "{\"type\":\"integer\"}");
    assert_eq!(registry.by_guid(a.stored.guid()).unwrap().id, a.stored.id);
    drop(registry);
    let registry = opened(&dir);
    assert_eq!(
        registry.lookup("b-value", &content(&json!({"type": "object", "maxProperties": 3})), Which::Living).unwrap().stored.id,
        a.stored.id
    );
    assert_eq!(registry.uses(a.stored.id, Which::Living).unwrap(), [("a-value".into(), 1), ("b-value".into(), 1)]);
}

#[test]
fn each_level_asks_of_the_versions_it_names() {
    let (narrow, wide) = (json!({"type": "integer", "minimum": 0, "maximum": 5}), json!({"type": "integer"}));
    let middle = json!({"type": "integer", "minimum": 0});
    for (level, widening, narrowing) in [
        ("NONE", true, true),
        ("BACKWARD", true, false),
        ("BACKWARD_TRANSITIVE", true, false),
        ("FORWARD", false, true),
        ("forward_transitive", false, true),
        ("FULL", false, false),
        ("FULL_TRANSITIVE", false, false),
    ] {
        let Rig { registry, dir: _dir } = rig();
        registry.configure("s", Some(Level::named(level).unwrap()), None).unwrap();
        registry.register("s", offer(&middle)).unwrap();
        let judged = |schema: &Value| registry.judge("s", &content(schema), None, Depth::Verdict).unwrap().is_compatible();
        assert_eq!((judged(&wide), judged(&narrow), judged(&middle)), (widening, narrowing, true), "{level}");
        assert_eq!(registry.register("s", offer(&wide)).is_ok(), widening, "{level}");
    }
    assert_eq!(code(Level::named("SIDEWARD")), 42203);
}

#[test]
fn transitive_levels_look_at_every_version() {
    let Rig { registry, dir: _dir } = rig();
    registry.configure("", Some(Level::None), None).unwrap();
    registry.register("s", offer(&json!({"type": "string"}))).unwrap();
    registry.register("s", offer(&json!({"type": "integer"}))).unwrap();
    let number = json!({"type": "number"});
    for (level, fits) in [(Level::Backward, true), (Level::BackwardTransitive, false)] {
        registry.configure("s", Some(level), None).unwrap();
        let judgement = registry.judge("s", &content(&number), None, Depth::Example).unwrap();
        assert_eq!(judgement.is_compatible(), fits, "{level:?}");
        assert_eq!(judgement.troubles.iter().map(|t| t.version).collect::<Vec<_>>(), if fits { vec![] } else { vec![1] });
    }
    let refused = registry.register("s", offer(&number)).unwrap_err();
    assert_eq!(refused.code, 409);
    assert!(refused.message.contains("TYPE_CHANGED") && refused.message.contains("counterExample"), "{}", refused.message);
}

#[test]
fn deleting_is_soft_first_and_then_for_good() {
    let Rig { registry, dir } = rig();
    registry.configure("s", Some(Level::None), None).unwrap();
    let first = registry.register("s", offer(&json!({"type": "string"}))).unwrap();
    registry.register("s", offer(&json!({"type": "integer"}))).unwrap();
    assert_eq!(code(registry.remove_version("s", Wanted::Number(1), true)), 40407);
    assert_eq!(registry.remove_version("s", Wanted::Number(1), false).unwrap(), 1);
    assert_eq!(code(registry.remove_version("s", Wanted::Number(1), false)), 40406);
    assert_eq!(code(registry.version("s", Wanted::Number(1), Which::Living)), 40402);
    assert_eq!(registry.version("s", Wanted::Number(1), Which::All).unwrap().stored.id, first.stored.id);
    assert!(registry.schema(first.stored.id).is_ok(), "what was written by it can still be read");
    assert_eq!(code(registry.remove_subject("s", true)), 40405);
    assert_eq!(registry.remove_subject("s", false).unwrap(), [2]);
    assert_eq!(code(registry.remove_subject("s", false)), 40404);
    assert_eq!((registry.subjects("s", Which::Living).len(), registry.subjects("s", Which::Deleted)), (0, vec!["s".to_string()]));
    assert_eq!(registry.register("s", offer(&json!({"type": "string"}))).unwrap().number, 3);
    registry.remove_subject("s", false).unwrap();
    assert_eq!(registry.remove_subject("s", true).unwrap(), [1, 2, 3]);
    assert_eq!((code(registry.schema(first.stored.id)), code(registry.remove_subject("s", true))), (40403, 40401));
    drop(registry);
    let registry = opened(&dir);
    let next = registry.register("s", offer(&json!({"type": "null"}))).unwrap();
    assert!(next.number == 1 && next.stored.id > first.stored.id + 1, "an id is never given twice");
}

#[test]
fn references_hold_what_they_refer_to() {
    let Rig { registry, dir: _dir } = rig();
    registry.register("part", offer(&json!({"type": "integer"}))).unwrap();
    let refers = |version: i64| Offer {
        content: Content {
            references: vec![Reference { name: "part.json".into(), subject: "part".into(), version }],
            ..content(&object(json!({"a": {"$ref": "part.json"}})))
        },
        ..Offer::default()
    };
    assert_eq!(code(registry.register("whole", refers(7))), 42201);
    let whole = registry.register("whole", refers(1)).unwrap();
    assert_eq!(registry.referrers("part", Wanted::Number(1)).unwrap(), [whole.stored.id]);
    assert_eq!(code(registry.remove_subject("part", false)), 42206);
    let held = registry.by_name("whole", None).unwrap().unwrap();
    assert!(held.complaints(&json!({"a": 1})).is_empty() && held.complaints(&json!({"a": "x"}))[0].pointer == "/a");
    assert_eq!(code(registry.register("away", offer(&json!({"$ref": "https://example.com/a.json"})))), 42201);
    registry.remove_subject("whole", false).unwrap();
    registry.remove_subject("part", false).unwrap();
}

#[test]
fn modes_say_who_may_write() {
    let Rig { registry, dir: _dir } = rig();
    let text = offer(&json!({"type": "string"}));
    registry.set_mode("s", Mode::ReadOnly, false).unwrap();
    assert_eq!(code(registry.register("s", text.clone())), 42205);
    registry.set_mode("s", Mode::Import, false).unwrap();
    assert_eq!(code(registry.register("s", text.clone())), 42205);
    let imported = registry.register("s", Offer { id: Some(7000), version: Some(4), ..text.clone() }).unwrap();
    assert_eq!((imported.stored.id, imported.number), (7000, 4));
    assert_eq!(code(registry.register("s", Offer { id: Some(7000), ..offer(&json!({"type": "null"})) })), 42205);
    registry.set_mode("s", Mode::ReadWrite, false).unwrap();
    assert_eq!(code(registry.register("s", Offer { id: Some(7001), ..offer(&json!({"type": "null"})) })), 42205);
    assert_eq!(code(registry.set_mode("", Mode::Import, false)), 42205);
    registry.set_mode("", Mode::ReadOnlyOverride, false).unwrap();
    assert_eq!(code(registry.register("s", offer(&json!({})))), 42205);
    assert_eq!(registry.unset_mode("").unwrap(), Mode::ReadOnlyOverride);
    assert!(registry.register("s", offer(&json!({}))).is_ok());
    assert_eq!((code(Mode::named("UPSIDE_DOWN")), code(registry.unset_mode("none"))), (42204, 40401));
}

#[test]
fn a_topics_records_are_held_against_the_version_they_name_and_else_its_newest() {
    let Rig { registry, dir: _dir } = rig();
    let topic = TopicName::of("device.sensor.radon.raw");
    assert!(registry.held(&topic, None).unwrap().is_none());
    let becquerel = |most: u32| object(json!({"bq": {"type": "integer", "maximum": most}}));
    registry.register("device.sensor.radon.raw-value", offer(&becquerel(10))).unwrap();
    registry.register("device.sensor.radon.raw-value", offer(&becquerel(20))).unwrap();
    let held = |said: Option<&str>| registry.held(&topic, said).unwrap().unwrap();
    for (said, name, fits) in [
        (None, "device.sensor.radon.raw.v2", true),
        (Some("device.sensor.radon.raw.v1"), "device.sensor.radon.raw.v1", false),
        (Some("device.sensor.radon.v1"), "device.sensor.radon.raw.v1", false),
        (Some("v1"), "device.sensor.radon.raw.v1", false),
        (Some("1.0"), "device.sensor.radon.raw.v1", false),
        (Some("device.sensor.radon.raw.v9"), "device.sensor.radon.raw.v2", true),
    ] {
        let held = held(said);
        assert_eq!((&*held.name, held.complaints(&json!({"bq": 15})).is_empty()), (name, fits), "{said:?}");
    }
    registry.remove_version("device.sensor.radon.raw-value", Wanted::Number(2), false).unwrap();
    assert_eq!(&*held(None).name, "device.sensor.radon.raw.v1", "what was held is forgotten when something changes");
}

#[test]
fn odd_subjects_and_schemas_are_refused() {
    let Rig { registry, dir: _dir } = rig();
    for subject in ["", "__GLOBAL", "a\nb", &"x".repeat(401)] {
        assert_eq!(code(registry.register(subject, offer(&json!({})))), 42208, "{subject}");
    }
    for text in ["", "{", "3", "[]", "{\"type\": 12}", "{\"a\": 1, \"a\": 2}", "{\"$ref\": \"#\"}", "{\"pattern\": \"(?=a)\"}"] {
        let odd = Offer { content: Content { text: text.into(), ..Content::default() }, ..Offer::default() };
        assert_eq!(code(registry.register("s", odd)), 42201, "{text}");
    }
    assert_eq!(code(Wanted::parse("0")), 42202);
    assert_eq!((Wanted::parse("-1").unwrap(), Wanted::parse("latest").unwrap()), (Wanted::Latest, Wanted::Latest));
}

#[test]
fn evolution_is_told_step_by_step() {
    let Rig { registry, dir: _dir } = rig();
    registry.configure("s", Some(Level::None), None).unwrap();
    registry.register("s", offer(&object(json!({"a": {"type": "integer"}})))).unwrap();
    registry.register("s", offer(&object(json!({"a": {"type": "string"}})))).unwrap();
    let steps = crate::schema::describe::evolution(&registry, "s").unwrap();
    assert!(steps[0].backward.is_none());
    let backward = steps[1].backward.as_ref().unwrap();
    assert_eq!(
        (backward.compatible, backward.changes[0].kind, backward.changes[0].path.as_str()),
        (false, "TYPE_CHANGED", "#/properties/a")
    );
    assert!(backward.counter_example.as_ref().unwrap()["a"].is_number());
}
