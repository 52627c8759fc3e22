//! Measures the event router: what a record costs with ten rules and with a thousand, by what their conditions ask, and the
//! stage itself over records. One JSON object a line. With `--cel`, how many of CEL's own conformance cases come out right
//! (`installers/peers/cel_cases.py` makes the file).
//!
//!     cargo run --release -p loom-core --example router_bench -- [--records N] [--cel FILE]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use loom_core::bus::memory::Memory;
use loom_core::bus::{Bus, Headers, NewRecord, Record, TopicName};
use loom_core::env::System;
use loom_core::pipeline::{Outbox, Stage};
use loom_core::router::{Condition, Figures, Router, RuleSet, Subject, Tap, View};
use loom_core::{Result, Time};
use loom_schemas::routing::RoutingRule;
use serde_json::{Value, json};
use uuid::Uuid;

const FEW: usize = 10;
const MANY: usize = 1_000;
/// Runs of which the quickest counts: others run on the machine too.
const RUNS: usize = 5;

/// A condition of rule `n`, and what a record holds so that about one rule takes it.
struct Kind {
    name: &'static str,
    condition: fn(usize) -> String,
    data: fn(usize) -> Value,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "data.kind == text",
        condition: |n| format!("data.kind == 'kind-{n}' && data.value > 0"),
        data: |i| json!({"kind": format!("kind-{}", i % FEW), "value": i + 1, "note": "a record like many"}),
    },
    Kind {
        name: "data.kind in list",
        condition: |n| format!("data.value > 0 && data.kind in ['a-{n}', 'b-{n}']"),
        data: |i| json!({"kind": format!("b-{}", i % FEW), "value": i + 1, "note": "a record like many"}),
    },
    Kind {
        name: "device_id == text",
        condition: |n| format!("device_id == '{}'", Uuid::from_u128(n as u128)),
        data: |i| json!({"value": i}),
    },
    Kind {
        name: "data.level >= number",
        condition: |n| format!("data.level >= {n}"),
        data: |_| json!({"level": 3, "note": "a record like many"}),
    },
    Kind {
        // Each rule reads a topic of its own.
        name: "by topic",
        condition: |_| "data.value >= 0".into(),
        data: |i| json!({"value": i}),
    },
];

fn rules(kind: &Kind, count: usize) -> Vec<RoutingRule> {
    let topic = |n| if kind.name == "by topic" { format!("bench.t{n}.raw") } else { "bench.t0.raw".into() };
    let rule = |n| RoutingRule {
        id: format!("r{n}"),
        enabled: true,
        inputs: vec![topic(n)],
        condition: Some((kind.condition)(n)),
        outputs: vec!["bench.out.raw".into()],
        ..RoutingRule::default()
    };
    (0..count).map(rule).collect()
}

fn records(kind: &Kind, count: usize) -> Result<Vec<(Record, Value)>> {
    let bus = Memory::new(Arc::new(System));
    let topic = TopicName::parse("bench.t0.raw")?;
    let new = |i: usize| {
        let data = (kind.data)(i).to_string().into_bytes();
        NewRecord::new(
            topic.clone(),
            Uuid::from_u128(i as u128),
            Uuid::from_u128((i % FEW) as u128),
            Time(i as i64),
            Headers::default(),
            data,
        )
    };
    bus.append((0..count).map(new).collect())?;
    let all = bus.read(&topic, 0, 0, count, usize::MAX)?;
    all.into_iter().map(|r| Ok((r.clone(), r.payload()?))).collect()
}

/// Nanoseconds a record, and rules that took one.
fn matching(set: &RuleSet, records: &[(Record, Value)]) -> (f64, f64) {
    let mut best = f64::MAX;
    let mut taken = 0;
    for _ in 0..RUNS {
        let began = Instant::now();
        taken = records.iter().map(|(r, data)| set.taken_by(r, data, &System)).sum();
        best = best.min(began.elapsed().as_nanos() as f64 / records.len() as f64);
    }
    (best, taken as f64 / records.len() as f64)
}

fn compiled(rules: &[RoutingRule]) -> (RuleSet, f64) {
    let began = Instant::now();
    let set = RuleSet::compile(rules).unwrap_or_else(|wrong| panic!("a rule of the bench is refused: {wrong:?}"));
    (set, began.elapsed().as_secs_f64() * 1e3)
}

/// Records a second through the stage, payloads parsed and outputs made.
fn stage(set: RuleSet, records: &[(Record, Value)]) -> Result<f64> {
    let mut router = Router::new(Arc::new(set), Vec::new(), Figures::default(), Tap::default(), Arc::new(System));
    let began = Instant::now();
    let mut out = Outbox::default();
    for (r, _) in records {
        out.begin(r);
        router.on_record(r, &mut out)?;
    }
    let made = out.seal(router.spec(), "").len();
    assert!(made > 0, "the rules make something");
    Ok(records.len() as f64 / began.elapsed().as_secs_f64())
}

/// Right, of so many, by file.
fn conformance(file: &str) -> Result<BTreeMap<String, (usize, usize)>> {
    let text = std::fs::read_to_string(file).map_err(|e| loom_core::Error::invalid("the file of cases cannot be read").because(e))?;
    let (record, data) = records(&KINDS[2], 1)?.remove(0);
    let mut scores = BTreeMap::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).map_err(|e| loom_core::Error::invalid("a case is no JSON").because(e))?;
        let (condition, holds) = (case["condition"].as_str().unwrap_or_default(), case["holds"] == json!(true));
        let answer = match Condition::read(condition) {
            Ok(c) => Subject::with(View { record: &record, data: &data }, |s| c.holds(s)),
            Err(e) => Err(e.to_string()),
        };
        let right = answer == Ok(true);
        let score: &mut (usize, usize) = scores.entry(case["file"].as_str().unwrap_or_default().to_string()).or_default();
        score.1 += 1;
        if right == holds {
            score.0 += 1;
        } else {
            eprintln!("{} {}: {}: {answer:?}", case["file"], case["name"], condition.replace('\n', ""));
        }
    }
    Ok(scores)
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let of = |name: &str| args.iter().position(|a| a == name).and_then(|i| args.get(i + 1));
    if let Some(file) = of("--cel") {
        for (file, (right, of)) in conformance(file)? {
            println!("{}", json!({"what": "CEL conformance", "file": file, "right": right, "of": of}));
        }
        return Ok(());
    }
    let count = of("--records").and_then(|n| n.parse().ok()).unwrap_or(20_000);
    for kind in &KINDS {
        let records = records(kind, count)?;
        let (few, _) = compiled(&rules(kind, FEW));
        let (many, compile_ms) = compiled(&rules(kind, MANY));
        let (few_ns, few_taken) = matching(&few, &records);
        let (many_ns, many_taken) = matching(&many, &records);
        println!(
            "{}",
            json!({"what": "matching", "conditions": kind.name, "ns_10_rules": few_ns, "ns_1000_rules": many_ns, "ratio": many_ns / few_ns,
                "taken_by_10": few_taken, "taken_by_1000": many_taken, "compile_1000_ms": compile_ms})
        );
        println!("{}", json!({"what": "stage", "conditions": kind.name, "rules": MANY, "records_a_second": stage(many, &records)?}));
    }
    Ok(())
}
