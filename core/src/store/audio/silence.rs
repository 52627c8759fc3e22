//! What a microphone heard and no one said is given back to the disk, once the detector has been past it: its blocks are
//! taken out of the file where they lie. So a reference stays (stream, first sample, count), what is left of a silence reads as
//! zeros, and the detector alone says what silence is: a gate at the microphone would lose soft words for ever.

use std::ops::Range;

use loom_schemas::payload::Utterance;

use super::{AudioStore, FILE_SAMPLES, PAGE_BYTES, PAGE_RECORDS, StreamState};
use crate::bus::{Bus, TopicName, names};
use crate::error::Result;

/// The group whose word counts.
const DETECTOR: &str = "silero-vad-consumer";
/// Samples that an utterance which has not ended yet may reach back: twice the longest.
const UNDECIDED: u64 = 60 * 16_000;
/// Samples kept around an utterance: who listens to it wants to hear it begin.
const AROUND: u64 = 2 * 16_000;
/// Samples in a block of the disk.
const BLOCK: u64 = 4096 / super::files::SAMPLE_BYTES;

impl AudioStore {
    /// Writes zeros over samples, durably, and gives their space back; no sample moves. What is not there is gone already.
    ///
    /// Errors: `Stop` when the files cannot be written.
    pub fn erase(&self, stream_id: &str, samples: Range<u64>) -> Result<()> {
        for range in self.catalogue.ranges(stream_id)? {
            let first = samples.start.max(range.first) - range.first;
            let end = samples.end.min(range.first + range.samples.unwrap_or(FILE_SAMPLES)).saturating_sub(range.first);
            if first < end {
                self.folder.erase(&range.file, first, end - first)?;
            }
        }
        self.hush_range(stream_id, samples).map(drop)
    }

    /// Gives the space of new silence back; seconds of it. While the detector is behind, nothing is known and nothing done.
    pub fn hush(&self, bus: &dyn Bus) -> Result<f64> {
        self.follow(bus)?;
        // Asked after the log was followed: then it has heard all that is known here.
        let heard_all = bus.groups()?.iter().any(|g| g.group == DETECTOR && g.total_lag() == 0);
        let mut samples = 0;
        for (stream_id, from) in if heard_all { self.catalogue.unhushed()? } else { Vec::new() } {
            let Some(state) = self.stream(&stream_id)? else { continue };
            let upto = if state.ended.is_some() { state.logged } else { state.logged.saturating_sub(UNDECIDED) };
            if upto <= from {
                continue;
            }
            if let Some(said) = said(bus, &stream_id, &state, from)? {
                for silence in between(&said, from..upto) {
                    samples += self.hush_range(&stream_id, silence)?;
                }
            }
            self.catalogue.hushed(&stream_id, upto)?;
        }
        Ok(samples as f64 / 16_000.0)
    }

    /// Whole blocks alone; how many samples went.
    fn hush_range(&self, stream_id: &str, silence: Range<u64>) -> Result<u64> {
        let mut gone = 0;
        for range in self.catalogue.ranges(stream_id)? {
            let first = silence.start.max(range.first) - range.first;
            let end = silence.end.min(range.first + range.samples.unwrap_or(FILE_SAMPLES)).saturating_sub(range.first);
            let (first, end) = (first.next_multiple_of(BLOCK), end - end % BLOCK);
            if first < end {
                self.folder.hush(&range.file, first, end - first)?;
                gone += end - first;
            }
        }
        Ok(gone)
    }
}

/// Utterances of a stream that end behind `from`, in order; nothing where the log does not reach back far enough to tell.
fn said(bus: &dyn Bus, stream_id: &str, state: &StreamState, from: u64) -> Result<Option<Vec<Range<u64>>>> {
    let topic = TopicName::of(names::VAD_FILTERED);
    let Some(log) = bus.topic(&topic)? else { return Ok(Some(Vec::new())) };
    let since = state.started_at.plus(from.saturating_sub(UNDECIDED) as f64 / 16_000.0);
    let mut found = Vec::new();
    for (partition, (low, next)) in (0..).zip(log.bounds) {
        // Nothing is received before it is said.
        let mut at = bus.offset_at(&topic, partition, since)?;
        if low > 0 && at <= low {
            return Ok(None);
        }
        while at < next {
            let records = bus.read(&topic, partition, at, PAGE_RECORDS, PAGE_BYTES)?;
            let Some(last) = records.last() else { break };
            at = last.offset() + 1;
            let utterances = records.iter().filter_map(|r| r.payload::<Utterance>().ok()).filter(|u| u.stream_id == stream_id);
            found.extend(utterances.map(|u| u.first_sample..u.first_sample + u.samples));
        }
    }
    found.sort_by_key(|r| r.start);
    Ok(Some(found))
}

/// What lies between utterances and their surroundings.
fn between(said: &[Range<u64>], within: Range<u64>) -> Vec<Range<u64>> {
    let mut silences = Vec::new();
    let mut at = within.start;
    for u in said {
        let (begin, end) = (u.start.saturating_sub(AROUND), u.end + AROUND);
        silences.push(at..begin.min(within.end));
        at = at.max(end);
    }
    silences.push(at..within.end);
    silences.retain(|s| s.start < s.end);
    silences
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use loom_schemas::payload::{AudioChunk, AudioSource, SourceKind};
    use uuid::Uuid;

    use super::*;
    use crate::bus::memory::Memory;
    use crate::bus::{Commit, Headers, Join, NewRecord, Position};
    use crate::db::{Db, Key};
    use crate::env::{ManualClock, Time};
    use crate::store::Audio;
    use crate::store::audio::NewStream;

    const S: u64 = 16_000;
    const ID: &str = "00112233445566778899aabbccddeeff";

    /// In seconds.
    fn silences(said: &[(u64, u64)], within: (u64, u64)) -> Vec<(u64, u64)> {
        let said: Vec<Range<u64>> = said.iter().map(|(a, b)| a * S..b * S).collect();
        between(&said, within.0 * S..within.1 * S).into_iter().map(|r| (r.start / S, r.end / S)).collect()
    }

    #[test]
    fn silence_is_what_lies_between_utterances_and_two_seconds_around_them() {
        assert_eq!(silences(&[], (0, 1)), [(0, 1)]);
        assert_eq!(silences(&[(5, 6), (7, 8), (20, 21)], (0, 30)), [(0, 3), (10, 18), (23, 30)]);
        assert_eq!(silences(&[(5, 40)], (10, 30)), []);
        assert_eq!(silences(&[(1, 2), (50, 60)], (10, 30)), [(10, 30)]);
    }

    fn source() -> AudioSource {
        AudioSource { kind: SourceKind::Microphone, name: "desk".into() }
    }

    fn record(topic: &'static str, n: u128, payload: &impl serde::Serialize) -> NewRecord {
        let value = serde_json::to_vec(payload).unwrap();
        NewRecord::new(TopicName::of(topic), Uuid::from_u128(n), Uuid::nil(), Time(0), Headers::default(), value)
    }

    /// 200 s on the log, of which the detector found one utterance, from second 50 to 55.
    fn heard(bus: &Memory, store: &AudioStore) {
        let stream = NewStream { stream_id: ID.into(), device_id: Uuid::nil(), source: source(), started_at: Time(0) };
        store.open_stream(&stream).unwrap();
        store.append(ID, 0, &vec![0.25; 200 * S as usize]).unwrap();
        store.flush(ID).unwrap();
        let (stream_id, format) = (ID.into(), "pcm_s16le".into());
        let chunk =
            AudioChunk { stream_id, first_sample: 0, samples: 200 * S as u32, sample_rate: 16_000, format, source: source(), end: None };
        let utterance = Utterance {
            stream_id: ID.into(),
            first_sample: 50 * S,
            samples: 5 * S,
            sample_rate: 16_000,
            duration_s: 5.0,
            speech_probability: 0.9,
            onset_s: 0.0,
            cut: false,
            engine: String::new(),
            model: String::new(),
            source: source(),
        };
        bus.append(vec![record(names::AUDIO_RAW, 1, &chunk), record(names::VAD_FILTERED, 2, &utterance)]).unwrap();
    }

    fn detector_is_done(bus: &Memory) {
        let topic = TopicName::of(names::AUDIO_RAW);
        let join = Join { group: DETECTOR.into(), member: "a".into(), host: String::new(), topics: vec![topic.clone()] };
        let m = bus.join(&join).unwrap();
        let to = [(Position { topic, partition: 0 }, 1)].into();
        let commit = Commit {
            group: m.group,
            epoch: m.epoch,
            from: m.positions,
            to,
            outputs: Vec::new(),
            state: None,
            tick: None,
            rows: Default::default(),
        };
        bus.commit(commit).unwrap();
    }

    #[test]
    fn silence_gives_its_space_back_and_speech_stays_where_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&folder.path().join("loom.db"), &Key::new([1; 32])).unwrap();
        let store = AudioStore::open(&db, &folder.path().join("audio")).unwrap();
        let bus = Memory::new(Arc::new(ManualClock::at(Time(0))));
        heard(&bus, &store);
        let join = Join { group: DETECTOR.into(), member: "a".into(), host: String::new(), topics: vec![TopicName::of(names::AUDIO_RAW)] };
        bus.join(&join).unwrap();
        assert_eq!(store.hush(&bus).unwrap(), 0.0, "the detector has not heard it yet");
        detector_is_done(&bus);
        let file = store.catalogue.ranges(ID).unwrap()[0].file.clone();
        let before = store.folder.bytes(&file).unwrap();
        let gone = store.hush(&bus).unwrap();
        // 140 s are decided; the utterance and 2 s around it stay.
        assert!((gone - 131.0).abs() < 0.6, "{gone} s");
        assert_eq!(store.hush(&bus).unwrap(), 0.0, "once is enough");
        let kept = store.read(ID, 48 * S, 9 * S).unwrap();
        assert!(kept.iter().all(|s| *s == 0.25), "speech was harmed");
        assert!(store.read(ID, 140 * S, 60 * S).unwrap().iter().all(|s| *s == 0.25), "what is not decided was harmed");
        assert_eq!(store.read(ID, 0, 200 * S).unwrap().len(), 200 * S as usize, "no sample moves");
        if store.folder.bytes(&file).unwrap() < before {
            assert!(store.read(ID, 10 * S, S).unwrap().iter().all(|s| *s == 0.0));
        }
    }
}
