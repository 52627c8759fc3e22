use serde_json::{Value, json};

use super::*;
use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, Record, TopicName};
use crate::env::{ManualClock, Time};

fn record(data: &Value) -> Record {
    let bus = Memory::new(Arc::new(ManualClock::at(Time::from_secs(1_770_000_000))));
    let topic = TopicName::of("device.health.steps.raw");
    let id = uuid::Uuid::from_u128(1);
    let headers = Headers { schema: format!("{topic}.v1"), producer: "http-api".into(), ..Headers::default() };
    let new =
        NewRecord::new(topic.clone(), id, uuid::Uuid::from_u128(5), Time::from_secs(1_769_999_999), headers, data.to_string().into_bytes());
    bus.append(vec![new]).unwrap();
    bus.read(&topic, 0, 0, 1, 1 << 20).unwrap().remove(0)
}

fn ask(condition: &str, data: Value) -> Result<bool, String> {
    let condition = Condition::read(condition).map_err(|e| e.to_string())?;
    let record = record(&data);
    Subject::with(View { record: &record, data: &data }, |s| condition.holds(s))
}

#[test]
fn conditions_hold_or_not() {
    let data = || json!({"kind": "walk", "steps": 12, "speed": 1.5, "tags": ["a", "b"], "at": {"lat": 52.5, "note": null}, "big": u64::MAX, "ok": true});
    for (condition, holds) in [
        ("true", true),
        ("data.kind == 'walk'", true),
        ("data[\"kind\"] == 'run'", false),
        ("data.steps > 10 && data.steps <= 12", true),
        ("data.steps == 12.0 && data.speed == 1.5", true),
        ("data.steps * 2 == 24", true),
        ("data.speed > 1", true),
        ("data.big > 9223372036854775807u", true),
        ("data.at.lat > 50.0 && data.at.note == null", true),
        ("'a' in data.tags && !('c' in data.tags)", true),
        ("data.tags.exists(t, t.startsWith('b'))", true),
        ("data.tags.all(t, size(t) == 1)", true),
        ("data.tags.map(t, t + '!') == ['a!', 'b!']", true),
        ("data.tags.filter(t, t == 'a').size() == 1", true),
        ("data.kind.matches('^w.*k$')", true),
        ("has(data.at.lat) && !has(data.at.lon)", true),
        ("data.?at.?lon.orValue(7) == 7", true),
        ("topic == 'device.health.steps.raw' && schema.endsWith('.v1')", true),
        ("producer == 'http-api' && hops == 0 && offset == 0 && partition == 0", true),
        ("device_id == '00000000-0000-0000-0000-000000000005'", true),
        ("timestamp(recorded_at) < timestamp(received_at)", true),
        ("timestamp(received_at).getFullYear() == 2026", true),
        ("recorded_at < '2026-02-03'", true),
        ("type(data.steps) == int", true),
        ("data.ok ? data.kind == 'walk' : false", true),
        // What is not there is no match, whatever is asked of it.
        ("data.missing == 'x'", false),
        ("data.missing != 'x'", false),
        ("data.tags[7] == 'x'", false),
        ("data.missing == 'x' || data.kind == 'walk'", true),
    ] {
        assert_eq!(ask(condition, data()), Ok(holds), "{condition}");
    }
}

#[test]
fn no_answer_is_said_without_values() {
    for (condition, data, why) in [
        ("data.a > 5", json!({"a": "secret"}), "> cannot be applied to string and int"),
        ("data.a", json!({"a": "secret"}), "comes to a string"),
        ("1 / data.a == 1", json!({"a": 0}), "divides by zero"),
        ("data.a + 1 > 0", json!({"a": i64::MAX}), "beyond 64 bits"),
        ("int(data.a) == 1", json!({"a": "secret"}), "int cannot take"),
        ("data.a.startsWith('x')", json!({"a": 5}), "cannot be applied"),
    ] {
        let said = ask(condition, data).unwrap_err();
        assert!(said.contains(why) && !said.contains("secret"), "{condition}: {said}");
    }
}

#[test]
fn what_is_no_condition_is_refused_with_the_place() {
    let deep = format!("{}1{} == 1", "(".repeat(200), ")".repeat(200));
    let nested = format!("{}true{}", "[1].all(x, ".repeat(60), ")".repeat(60));
    let chain = format!("data{} == 1", "[0]".repeat(400));
    let ternary = format!("{} true", "true ? true :".repeat(200));
    let wide = format!("true {}", "&& true ".repeat(500));
    let long = format!("data.x == '{}'", "x".repeat(5000));
    for (condition, why) in [
        ("", "leave it out"),
        ("data.kind ==", "line 1, column"),
        ("data.kind = 'x'", "line 1, column"),
        ("foo == 1", "does not know `foo`"),
        ("data.tags.exists(t, u == 1)", "does not know `u`"),
        ("frobnicate(data.x)", "there is no `frobnicate`"),
        ("data.x.frobnicate()", "there is no `frobnicate`"),
        ("data.x.matches('(')", "regular expression"),
        ("data.x.matches('(?=a)')", "regular expression"),
        ("data.x.matches('((a{1000}){1000}){1000}')", "megabyte"),
        ("data.x.matches(data.y)", "written out"),
        ("Thing{a: 1} == 1", "messages"),
        (&deep, ""),
        (&nested, ""),
        (&chain, "levels"),
        (&ternary, ""),
        (&long, "bytes"),
        ("\u{0}\u{1}", ""),
        ("1 == 99999999999999999999999999", ""),
    ] {
        let e = Condition::read(condition).map(|_| ()).unwrap_err();
        assert_eq!(e.kind, crate::Kind::Invalid, "{condition}");
        assert!(e.message().contains(why), "{}: {e}", &condition[..condition.len().min(60)]);
    }
    assert!(Condition::read(&wide).is_ok(), "many short parts are no depth");
}

/// Each would copy or walk far more than a rule may; each ends at once, with a sentence.
#[test]
fn work_is_bounded() {
    let items: Vec<u64> = (0..2_000).collect();
    let data = json!({"items": items, "text": "x".repeat(500_000)});
    for condition in [
        "data.items.all(a, data.items.all(b, data.items.all(c, a + b + c >= 0)))",
        "data.items.map(a, data.items.map(b, data)).size() > 0",
        "data.items.map(a, data.text + data.text).size() > 0",
        "data.items.all(a, data.text.contains('y') == false)",
        "data.items.all(a, data == data)",
        "data.items.all(a, data.items == data.items)",
        "data.items.all(a, !(a in data.items.map(x, x + 5000)))",
        "[data, data, data, data, data, data, data, data].map(a, [a, a, a, a, a, a, a, a]).map(b, [b, b, b, b]).size() > 0",
        "[[data.text + data.text].map(a, a + a + a + a).map(b, b + b + b + b).map(c, c + c + c + c).map(d, d + d + d + d)].size() > 0",
        "{'a': data.items.map(x, data.items)} == {}",
    ] {
        let began = std::time::Instant::now();
        let said = ask(condition, data.clone());
        assert!(said.as_ref().is_err_and(|e| e.contains("steps")), "{condition}: {said:?}");
        assert!(began.elapsed().as_secs() < 10, "{condition}");
    }
    assert_eq!(ask("data.items.all(a, a < 2000) && data.text.size() == 500000", data), Ok(true));
}

#[test]
fn what_a_condition_demands_is_read_off_it() {
    let lifted = |c: &str| Condition::read(c).unwrap().lifted.map(|l| format!("{l:?}"));
    for (condition, demand) in [
        ("data.kind == 'x'", Some("OneOf(Path { name: \"data\", fields: [\"kind\"] }, [Text(\"x\")])")),
        ("'x' == data['kind'] && data.n > 5", Some("OneOf(Path { name: \"data\", fields: [\"kind\"] }, [Text(\"x\")])")),
        ("device_id == 'a' || device_id == 'b'", Some("OneOf(Path { name: \"device_id\", fields: [] }, [Text(\"a\"), Text(\"b\")])")),
        ("data.n in [1, 2.0]", Some("OneOf(Path { name: \"data\", fields: [\"n\"] }, [Number(1.0), Number(2.0)])")),
        ("data.ok == true", Some("OneOf(Path { name: \"data\", fields: [\"ok\"] }, [Bool(true)])")),
        ("data.n > 5", Some("AtLeast(Path { name: \"data\", fields: [\"n\"] }, 5.0)")),
        ("5 > data.n", Some("AtMost(Path { name: \"data\", fields: [\"n\"] }, 5.0)")),
        ("data.kind == 'x' || data.n == 1", None),
        ("!(data.kind == 'x')", None),
        ("data.kind != 'x'", None),
        ("[1].all(data, data == 1)", None),
        ("data.a.size() == 1", None),
        ("has(data.kind)", None),
    ] {
        assert_eq!(lifted(condition).as_deref(), demand, "{condition}");
    }
}
