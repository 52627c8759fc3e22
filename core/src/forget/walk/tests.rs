use std::sync::Arc;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::bus::memory::Memory;
use crate::bus::{Headers, NewRecord, SourceRange, Trace};
use crate::env::{Clock, ManualClock};

struct Road {
    clock: Arc<ManualClock>,
    bus: Memory,
}

const V: &str = names::VAD_FILTERED;
const T: &str = names::TRANSCRIBED;

fn road() -> Road {
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_000)));
    Road { bus: Memory::new(clock.clone()), clock }
}

impl Road {
    /// A record of a stream, made of some others of it.
    fn put(&self, topic: &'static str, stream: u8, value: Value, of: Option<(&'static str, u64, u64)>) -> u64 {
        let topic = TopicName::of(topic);
        let source = |(t, first, last)| SourceRange { topic: TopicName::of(t), partition: 0, first, last };
        let several = of.is_some_and(|(_, first, last)| first != last);
        let links = if several { vec![hex::encode([stream; 16])] } else { Vec::new() };
        let trace = Trace { trace_id: [stream; 16], span_id: [1; 8] };
        let headers = Headers { trace, sources: of.map(source).into_iter().collect(), links, ..Headers::default() };
        let n = self.bus.topic(&topic).unwrap().map_or(0, |t| t.records);
        let id = Uuid::from_u128(u128::from(n));
        let new = NewRecord::new(topic, id, Uuid::nil(), self.clock.now(), headers, value.to_string().into_bytes());
        self.clock.advance(1.0);
        self.bus.append(vec![new]).unwrap()[0].offset
    }

    fn marked(&self, m: &Marked) -> Vec<(String, u64)> {
        m.counts().into_iter().collect()
    }
}

fn sound(stream: u8, first: u64, samples: u64) -> Value {
    json!({"stream_id": format!("{stream:02x}").repeat(16), "first_sample": first, "samples": samples, "sample_rate": 1000})
}

#[test]
fn what_is_made_of_it_is_found_through_every_step_and_dead_letters() {
    let r = road();
    let v = r.put(V, 1, sound(1, 0, 500), None);
    let other = r.put(V, 2, sound(2, 0, 500), None);
    let t = r.put(T, 1, json!({}), Some((V, v, v)));
    r.put(T, 2, json!({}), Some((V, other, other)));
    r.put("media.text.transcribed.words.dlq", 1, json!({}), Some((T, t, t)));
    r.put("device.audio.raw.dlq", 1, json!({}), Some((V, v, v)));
    // A window over both: it holds something of each.
    r.put("analysis.audio.emotion_scores", 1, json!({}), Some((V, v, other)));
    let mut m = Marked::default();
    m.span(&r.bus, &Span { from: Time::from_secs(1_000), to: Time::from_secs(1_000).plus(0.5), device: None }).unwrap();
    m.follow(&r.bus).unwrap();
    let expected = ["analysis.audio.emotion_scores", "device.audio.raw.dlq", V, T, "media.text.transcribed.words.dlq"];
    assert_eq!(r.marked(&m), expected.map(|t| (t.to_string(), 1)));
    assert_eq!(m.sounds, [("01".repeat(16), 0..500)]);
    assert_eq!((m.erase(&r.bus).unwrap(), m.erase(&r.bus).unwrap()), (5, 0));
}

#[test]
fn records_that_came_at_the_same_moment_are_followed_too() {
    let r = road();
    let (v, trace) = (r.put(V, 1, sound(1, 0, 500), None), Trace::default());
    let chain = [(V, T), (T, names::ENRICHED)];
    let news = chain.iter().rev().map(|(from, to)| {
        let sources = vec![SourceRange { topic: TopicName::of(from), partition: 0, first: v, last: v }];
        let headers = Headers { sources, trace, ..Headers::default() };
        NewRecord::new(TopicName::of(to), Uuid::from_u128(50), Uuid::nil(), Time(0), headers, b"{}".to_vec())
    });
    r.bus.append(news.collect()).unwrap();
    let mut m = Marked::default();
    m.span(&r.bus, &Span { from: Time::from_secs(1_000), to: Time::from_secs(1_001), device: None }).unwrap();
    m.follow(&r.bus).unwrap();
    assert_eq!(r.marked(&m).len(), 3);
}

#[test]
fn a_stream_that_lies_between_is_another_matter() {
    let r = road();
    let first = r.put(names::AUDIO_RAW, 1, sound(1, 0, 1000), None);
    r.put(names::AUDIO_RAW, 2, sound(2, 0, 1000), None);
    let last = r.put(names::AUDIO_RAW, 1, sound(1, 1000, 1000), None);
    r.put(V, 1, sound(1, 500, 1000), Some((names::AUDIO_RAW, first, last)));
    let mut m = Marked::default();
    // Only what stream 2 recorded: from 1001 s on, for a second.
    m.span(&r.bus, &Span { from: Time::from_secs(1_001), to: Time::from_secs(1_001).plus(0.5), device: None }).unwrap();
    m.follow(&r.bus).unwrap();
    assert_eq!(r.marked(&m), [(names::AUDIO_RAW.to_string(), 1)]);
}

#[test]
fn the_end_of_a_stream_stays_so_that_its_last_utterance_can_close() {
    let r = road();
    r.put(names::AUDIO_RAW, 1, sound(1, 0, 1000), None);
    r.put(names::AUDIO_RAW, 1, json!({"stream_id": "01", "first_sample": 1000, "samples": 0, "end": "paused"}), None);
    let mut m = Marked::default();
    m.span(&r.bus, &Span { from: Span::EVER, to: Span::NEVER, device: None }).unwrap();
    assert_eq!(r.marked(&m), [(names::AUDIO_RAW.to_string(), 1)]);
}
