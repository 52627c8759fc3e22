//! Dead letters: a record that a stage cannot take is set aside with its reason, and the stage goes on.

use serde_json::{Value, json};

use super::outbox::derived_id;
use super::stage::Spec;
use crate::bus::{Headers, NewRecord, Record, Trace};
use crate::env::Time;
use crate::error::Fault;
use crate::privacy;

/// The letter for `<topic>.dlq`: the original record, group, error kind, message, attempts, first and last time.
pub(super) fn letter(spec: &Spec, r: &Record, fault: &Fault, attempts: u32, first: Time, last: Time) -> NewRecord {
    let topic = r.topic().dlq();
    let value: Option<Value> = r.value().and_then(|v| serde_json::from_slice(v).ok());
    let times = r.headers().again.map_or(0, |a| a.times);
    let body = json!({
        "topic": r.topic(), "partition": r.partition(), "offset": r.offset(),
        "group": spec.group, "error_kind": fault.kind.as_str(), "message": fault.message(),
        "attempts": attempts, "redriven": times, "first_at": first, "last_at": last,
        "record": {
            "schema": r.headers().schema, "message_id": r.message_id(), "device_id": r.device_id(),
            "recorded_at": r.recorded_at(), "received_at": r.received_at(), "data": value,
        },
    });
    // A record that comes again and fails again is another letter.
    let id = derived_id(spec.group, "dead-letter", "", &r.origin(), &topic, u64::from(times));
    let mut span_id = [0; 8];
    span_id.copy_from_slice(&id.as_bytes()[8..]);
    let headers = Headers {
        schema: "loom.dead_letter.v1".into(),
        trace: Trace { span_id, ..r.headers().trace },
        producer: spec.group.into(),
        sources: vec![r.range()],
        hops: r.headers().hops,
        again: r.headers().again,
        ..Headers::default()
    };
    let letter = NewRecord::new(topic, id, r.device_id(), r.recorded_at(), headers, body.to_string().into_bytes());
    match privacy::permit_to_set_aside(r) {
        Some(permit) => letter.permitted(permit),
        None => letter,
    }
}
