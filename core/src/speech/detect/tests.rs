use loom_schemas::payload::{AudioSource, SourceKind, StreamEnd};

use super::testing::{Log, T0};
use super::*;
use crate::bus::Origin;
use crate::env::Time;
use crate::speech::fake::FakeDetector;
use crate::speech::vad::FRAME;

fn chunk(stream: &str, first_sample: u64, samples: usize, end: Option<StreamEnd>) -> AudioChunk {
    AudioChunk {
        stream_id: stream.into(),
        first_sample,
        samples: samples as u32,
        sample_rate: SAMPLE_RATE,
        format: "pcm_s16le".into(),
        source: AudioSource { kind: SourceKind::Recording, name: "a.wav".into() },
        end,
    }
}

fn at(sample: u64) -> Time {
    T0.plus(sample as f64 / 16_000.0)
}

/// A character a tenth of a second: `S` a tone, anything else silence.
fn audio(picture: &str) -> Vec<f32> {
    let tenth = |c: char| (0..1600).map(move |i| if c == 'S' { (i as f32 * 0.3).sin() * 0.3 } else { 0.0 });
    picture.chars().flat_map(tenth).collect()
}

/// The stage with what came out of it; `restart` saves and loads it between records.
struct Bench {
    log: Log,
    stage: Detect,
    out: Outbox,
    restart: bool,
    largest: usize,
}

impl Bench {
    fn new(restart: bool) -> Self {
        Self { log: Log::new(), stage: fresh(), out: Outbox::default(), restart, largest: 0 }
    }

    fn feed(&mut self, chunk: &AudioChunk, audio: &[f32]) {
        let r = self.log.record(names::AUDIO_RAW, at(chunk.first_sample), chunk, audio);
        self.out.begin(&r);
        self.stage.on_record(&r, &mut self.out).unwrap();
        let mut state = Vec::new();
        self.stage.save(&mut state);
        self.largest = self.largest.max(state.len());
        if self.restart {
            self.stage = fresh();
            let layout = self.stage.spec().revision.state;
            self.stage.load(layout, &state).unwrap();
        }
    }

    fn feed_all(&mut self, stream: &str, first: u64, audio: &[f32], size: usize) {
        for (i, samples) in audio.chunks(size).enumerate() {
            self.feed(&chunk(stream, first + (i * size) as u64, samples.len(), None), samples);
        }
    }

    fn end(&mut self, stream: &str, first: u64) {
        self.feed(&chunk(stream, first, 0, Some(StreamEnd::FileOver)), &[]);
    }

    fn found(&self) -> Vec<(Utterance, Time, Origin)> {
        self.out.outputs().iter().map(|o| (serde_json::from_slice(o.value()).unwrap(), o.recorded_at, o.origin.clone())).collect()
    }

    fn utterances(&self) -> Vec<(Utterance, Time)> {
        self.found().into_iter().map(|(u, t, _)| (u, t)).collect()
    }
}

fn fresh() -> Detect {
    Detect::new(Box::new(FakeDetector::default()), Arc::default())
}

/// All of a picture in one stream, in chunks of `size`.
fn run(picture: &str, size: usize, restart: bool) -> Bench {
    let samples = audio(picture);
    let mut bench = Bench::new(restart);
    bench.feed_all("s", 0, &samples, size);
    bench.end("s", samples.len() as u64);
    bench
}

const PICTURE: &str = "..........SSSSSSSS.SSSSSS..................S............................SSSSSSSSSSSSS";

#[test]
fn the_length_of_records_and_restarts_move_nothing() {
    let whole = run(PICTURE, 1 << 20, false).utterances();
    assert_eq!(whole.len(), 3);
    for size in [100, 511, 512, 513, 1600, 3200, 16_000, 50_001] {
        // Microseconds of a record's own time are rounded: an odd sample lies between two.
        for (a, b) in run(PICTURE, size, size % 2 == 0).utterances().iter().zip(&whole) {
            assert_eq!(a.0, b.0, "{size}");
            assert!((a.1.micros() - b.1.micros()).abs() <= 1, "{size}");
        }
        assert_eq!(run(PICTURE, size, true).found(), run(PICTURE, size, false).found(), "{size}");
    }
}

#[test]
fn an_utterance_holds_its_speech_and_names_its_records() {
    let bench = run(PICTURE, 1600, false);
    let found = bench.found();
    let (first, t, origin) = &found[0];
    assert!(first.first_sample <= 16_000 && first.first_sample + first.samples >= 40_000 - FRAME as u64);
    let onset = first.first_sample as f64 / 16_000.0 + first.onset_s;
    assert!((onset - 1.0).abs() < 0.04, "{onset}");
    assert_eq!(*t, at(first.first_sample));
    assert_eq!((origin.first, origin.last), (first.first_sample / 1600, (first.first_sample + first.samples - 1) / 1600));
    assert_eq!(origin.links.len() as u64, origin.last - origin.first);
    assert_eq!(origin.message_id.as_u128(), u128::from(origin.first) + 1);
    let last = &found[2].0;
    assert_eq!(last.first_sample + last.samples, audio(PICTURE).len() as u64, "the last ends with the stream, not with its frame");
    assert!(found.iter().all(|(u, ..)| !u.cut && u.engine == "fake-detector" && u.speech_probability > 0.0));
}

#[test]
fn a_gap_ends_an_utterance_and_begins_the_stream_anew() {
    let tone = audio("SSSSSSSSSS");
    let mut bench = Bench::new(true);
    bench.feed_all("s", 0, &tone, 3000);
    bench.feed_all("s", 20_001, &tone, 3000);
    bench.end("s", 36_001);
    let ends: Vec<_> = bench.utterances().iter().map(|(u, _)| (u.first_sample, u.first_sample + u.samples)).collect();
    assert_eq!(ends, [(0, 16_000), (20_001, 36_001)]);
    let origins: Vec<_> = bench.found().iter().map(|(.., o)| (o.first, o.last)).collect();
    assert_eq!(origins, [(0, 5), (6, 11)]);
}

#[test]
fn streams_interleave_without_hearing_each_other() {
    let (a, b) = (audio(PICTURE), audio("SSSSSSSS............SSSSSSSS...................."));
    let alone = |s: &[f32], id: &str| {
        let mut bench = Bench::new(false);
        bench.feed_all(id, 0, s, 800);
        bench.end(id, s.len() as u64);
        bench.utterances()
    };
    let mut both = Bench::new(true);
    for i in 0..a.len().div_ceil(800) {
        for (id, samples) in [("a", &a), ("b", &b)] {
            if let Some(c) = samples.chunks(800).nth(i) {
                both.feed(&chunk(id, 800 * i as u64, c.len(), None), c);
            }
        }
    }
    both.end("b", b.len() as u64);
    both.end("a", a.len() as u64);
    for (id, samples) in [("a", &a), ("b", &b)] {
        let of: Vec<_> = both.utterances().into_iter().filter(|(u, _)| u.stream_id == id).collect();
        assert_eq!(of, alone(samples, id), "{id}");
    }
    assert!(both.stage.streams.is_empty());
}

#[test]
fn endless_speech_is_cut_and_goes_on() {
    let bench = run(&"S".repeat(700), 1000, true);
    let found = bench.utterances();
    assert!(found.len() >= 3);
    for pair in found.windows(2) {
        assert!(pair[0].0.cut && pair[0].0.samples <= 30 * 16_000);
        assert_eq!(pair[0].0.first_sample + pair[0].0.samples, pair[1].0.first_sample);
    }
    assert!(!found[found.len() - 1].0.cut);
}

#[test]
fn saved_state_has_a_bound_and_many_streams_take_turns() {
    let mut bench = Bench::new(true);
    let tone = audio(&"S".repeat(300));
    for (i, samples) in tone.chunks(1000).enumerate() {
        for s in 0..MAX_STREAMS {
            bench.feed(&chunk(&format!("{s:032}"), 1000 * i as u64, samples.len(), None), samples);
        }
    }
    assert!(bench.largest < 60 << 10, "{} bytes", bench.largest);
    assert_eq!(bench.utterances().len(), MAX_STREAMS, "each was cut once, at its length limit");
    bench.feed(&chunk("one more", 0, 1000, None), &tone[..1000]);
    assert_eq!(bench.stage.streams.len(), MAX_STREAMS);
    let (last, _) = bench.utterances().pop().unwrap();
    assert_eq!(last.stream_id, format!("{:032}", 0), "the one silent longest is flushed");
}

#[test]
fn what_is_not_whole_is_parked_and_changes_nothing() {
    let log = Log::new();
    let mut stage = fresh();
    let mut out = Outbox::default();
    let mut rate = chunk("s", 0, 100, None);
    rate.sample_rate = 48_000;
    for r in [
        log.record(names::AUDIO_RAW, T0, &chunk("s", 0, 100, None), &[0.0; 99]),
        log.record(names::AUDIO_RAW, T0, &rate, &[0.0; 100]),
        log.record(names::AUDIO_RAW, T0, &"nonsense", &[]),
    ] {
        assert_eq!(stage.on_record(&r, &mut out).unwrap_err().kind, crate::Kind::Skip);
    }
    assert!(stage.streams.is_empty() && out.is_empty());
    assert!(stage.load(stage.spec().revision.state, &[1, 2, 3]).is_err());
}
