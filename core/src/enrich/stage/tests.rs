use std::sync::Arc;

use loom_schemas::payload::{AudioSource, SourceKind, Word};
use uuid::Uuid;

use super::*;
use crate::bus::{Bus, Headers, NewRecord, memory::Memory};
use crate::env::{ManualClock, Time};

fn said(text: &str) -> Transcript {
    let word = |w: &str| Word { text: w.into(), start_s: 0.0, end_s: 0.5, confidence: 0.9 };
    Transcript {
        stream_id: "00".repeat(16),
        first_sample: 0,
        samples: 24_000,
        sample_rate: 16_000,
        duration_s: 1.5,
        text: text.into(),
        words: text.split(' ').map(word).collect(),
        language: "en".into(),
        engine: "e".into(),
        model: "m".into(),
        source: AudioSource { kind: SourceKind::Microphone, name: "mic".into() },
    }
}

fn record(value: Vec<u8>, at: Time) -> Record {
    let bus = Memory::new(Arc::new(ManualClock::at(at)));
    let topic = TopicName::of(names::TRANSCRIBED);
    let new = NewRecord::new(topic.clone(), Uuid::from_u128(1), Uuid::nil(), at, Headers::default(), value);
    bus.append(vec![new]).unwrap();
    bus.read(&topic, 0, 0, 1, 1 << 20).unwrap().remove(0)
}

#[test]
fn a_transcript_gets_the_moment_it_was_said_in() {
    let at = Time::parse("2026-03-29T01:30:00.250000Z").unwrap();
    let mut stage = Enrich::new(TimeZone::get("Europe/Paris").unwrap());
    let r = record(serde_json::to_vec(&said("bonjour tout le monde")).unwrap(), at);
    let mut out = Outbox::default();
    out.begin(&r);
    stage.on_record(&r, &mut out).unwrap();
    let new = &out.outputs()[0];
    assert_eq!((new.topic.as_str(), new.recorded_at, out.len()), (names::ENRICHED, at, 1));
    let e: Enriched = serde_json::from_slice(new.value()).unwrap();
    assert_eq!(e.transcript, said("bonjour tout le monde"));
    let want = Context {
        local_time: "2026-03-29T03:30:00+02:00".into(),
        time_zone: "Europe/Paris".into(),
        daypart: "night".into(),
        weekday: "sunday".into(),
        language: "en".into(),
        duration_s: 1.5,
        words: 4,
    };
    assert_eq!(e.context, want);
}

#[test]
fn what_is_no_transcript_is_skipped() {
    let mut stage = Enrich::new(TimeZone::UTC);
    let r = record(b"{}".to_vec(), Time::from_secs(0));
    let mut out = Outbox::default();
    out.begin(&r);
    assert_eq!(stage.on_record(&r, &mut out).unwrap_err().kind, crate::Kind::Skip);
    assert!(out.is_empty());
}

#[test]
fn another_zone_is_another_revision() {
    let label = |z: &str| Enrich::new(TimeZone::get(z).unwrap()).spec().revision.label.clone();
    assert_ne!(label("Europe/Paris"), label("Asia/Tokyo"));
    assert_eq!(label("UTC"), label("UTC"));
}
