//! From what is to be forgotten to every record of the log that holds any of it. Backwards, `sources` headers lead to what a
//! line came from; forwards, one pass over the log in the order of its receiving finds what was made of any of that.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

use loom_schemas::payload::DeviceLink;
use serde::Deserialize;
use uuid::Uuid;

use super::scope::Span;
use crate::bus::{Bus, Class, Position, Record, TopicName, names};
use crate::env::Time;
use crate::error::Result;

/// Records read at once.
const PAGE_RECORDS: usize = 1000;
const PAGE_BYTES: usize = 4 << 20;
/// A sender's clock may be ahead of this machine's by so much.
const AHEAD_S: f64 = 600.0;

/// Samples of a stream.
pub type Sound = (String, Range<u64>);

/// A minute of a topic and device, by its first microsecond, that counts were made of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Minute {
    pub topic: TopicName,
    pub device: Uuid,
    pub at: i64,
}

impl Minute {
    fn of(r: &Record) -> Self {
        Self { topic: r.topic().clone(), device: r.device_id(), at: r.recorded_at().micros().div_euclid(60_000_000) * 60_000_000 }
    }
}

/// What is to be erased.
#[derive(Debug, Default)]
pub struct Marked {
    /// By partition: offset, and the record's trace.
    records: BTreeMap<Position, BTreeMap<u64, [u8; 16]>>,
    /// Marked, but what was made of them is not for that: they hold others' words too.
    leaves: BTreeMap<Position, Vec<u64>>,
    pub sounds: Vec<Sound>,
    /// Pictures, films, documents, by their ids in the files folder.
    files: BTreeSet<String>,
    /// Where the pass forwards begins.
    since: Option<Time>,
    /// Whose counts are no longer so.
    pub minutes: BTreeSet<Minute>,
}

/// Of any payload, where its sound or file is and how long it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Extent {
    stream_id: Option<String>,
    first_sample: u64,
    samples: u64,
    sample_rate: u32,
    duration_s: Option<f64>,
    audio: Option<Box<Extent>>,
    file_id: Option<String>,
}

impl Extent {
    /// Of a payload of another shape, or none, nothing is known.
    fn of(r: &Record) -> Self {
        r.payload().unwrap_or_default()
    }
    fn seconds(&self) -> f64 {
        self.duration_s.unwrap_or_else(|| self.samples as f64 / f64::from(self.sample_rate.max(1)))
    }
    /// As the files folder names them: it becomes part of a path.
    fn file(&self) -> Option<String> {
        self.file_id.clone().filter(|id| id.len() == 64 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
    }
    fn sound(&self) -> Option<Sound> {
        let own = self.stream_id.clone().filter(|_| self.samples > 0);
        own.map(|id| (id, self.first_sample..self.first_sample.saturating_add(self.samples))).or_else(|| self.audio.as_ref()?.sound())
    }
}

fn place(r: &Record) -> Position {
    Position { topic: r.topic().clone(), partition: r.partition() }
}

impl Marked {
    fn mark(&mut self, r: &Record) -> bool {
        let new = self.records.entry(place(r)).or_default().insert(r.offset(), r.headers().trace.trace_id).is_none();
        if new {
            self.since = Some(self.since.map_or(r.received_at(), |t| t.min(r.received_at())));
            self.minutes.insert(Minute::of(r));
            let extent = Extent::of(r);
            self.sounds.extend(extent.sound());
            self.files.extend(extent.file());
        }
        new
    }

    /// A released record, what it came from, and the sound.
    pub fn line(&mut self, bus: &dyn Bus, partition: u32, offset: u64, sound: Option<Sound>) -> Result<()> {
        let mut open = bus.read(&TopicName::of(names::RELEASED), partition, offset, 1, PAGE_BYTES)?;
        open.retain(|r| r.offset() == offset);
        self.sounds.extend(sound);
        while let Some(r) = open.pop() {
            if !self.mark(&r) {
                continue;
            }
            for s in &r.headers().sources {
                let most = (s.last - s.first + 1).min(PAGE_RECORDS as u64) as usize;
                let inputs = bus.read(&s.topic, s.partition, s.first, most, PAGE_BYTES)?;
                let inputs = inputs.into_iter().filter(|i| i.offset() <= s.last && r.headers().came_from(i));
                match s.topic.as_str() {
                    names::AUDIO_RAW => inputs.for_each(|i| self.leaf(&i)),
                    _ => open.extend(inputs),
                }
            }
        }
        Ok(())
    }

    /// A record of sound that lies wholly in what is to be forgotten. One that reaches beyond holds others' words: it stays,
    /// its own samples here are gone.
    fn leaf(&mut self, r: &Record) {
        let inside =
            |(id, range): &Sound| self.sounds.iter().any(|(other, all)| other == id && all.start <= range.start && range.end <= all.end);
        if Extent::of(r).sound().is_some_and(|s| inside(&s)) {
            self.leaves.entry(place(r)).or_default().push(r.offset());
            self.minutes.insert(Minute::of(r));
        }
    }

    /// Every record that was sensed, or is about what was, in a span.
    pub fn span(&mut self, bus: &dyn Bus, span: &Span) -> Result<()> {
        let since = Time(span.from.micros().saturating_sub((AHEAD_S * 1e6) as i64));
        each(bus, since, &mut |r| {
            let extent = Extent::of(r);
            // The end of a stream holds no sound, and without it the last utterance would stay open.
            let end = r.topic().as_str() == names::AUDIO_RAW && extent.samples == 0;
            if !end && span.touches(r.recorded_at(), extent.seconds(), r.device_id()) {
                self.mark(r);
            }
        })
    }

    /// Every record that says which other devices are of the same person as this one.
    pub fn links(&mut self, bus: &dyn Bus, device: Uuid) -> Result<()> {
        let topic = TopicName::of(names::LINKS);
        let Some(known) = bus.topic(&topic)? else { return Ok(()) };
        let device = device.to_string();
        for partition in 0..known.bounds.len() as u32 {
            let mut next = known.bounds[partition as usize].0;
            loop {
                let page = bus.read(&topic, partition, next, PAGE_RECORDS, PAGE_BYTES)?;
                let Some(last) = page.last() else { break };
                next = last.offset() + 1;
                let about = |r: &&Record| r.payload::<DeviceLink>().is_ok_and(|l| l.a == device || l.b == device);
                for r in page.iter().filter(about) {
                    self.records.entry(place(r)).or_default().insert(r.offset(), r.headers().trace.trace_id);
                }
            }
        }
        Ok(())
    }

    /// What was made of what is marked, and of that again.
    pub fn follow(&mut self, bus: &dyn Bus) -> Result<()> {
        let Some(since) = self.since else { return Ok(()) };
        // Of one moment the order is not known: what came before its source there is looked at again.
        let (mut moment, mut at) = (Vec::<Record>::new(), since);
        each(bus, since, &mut |r| {
            if r.received_at() != at {
                moment.clear();
                at = r.received_at();
            }
            moment.push(r.clone());
            if self.made(r) {
                while let Some(i) = moment.iter().position(|r| self.made(r)) {
                    self.mark(&moment.swap_remove(i));
                }
            }
        })
    }

    fn made(&self, r: &Record) -> bool {
        let of = |s: &crate::bus::SourceRange| self.records.get(&Position { topic: s.topic.clone(), partition: s.partition });
        let counts = |s: &crate::bus::SourceRange| {
            of(s).is_some_and(|marked| marked.range(s.first..=s.last).any(|(_, trace)| r.headers().counts(s, trace)))
        };
        r.headers().sources.iter().any(counts)
    }

    /// Files that are to go: those that no other record names, since the same bytes are kept once.
    pub fn files(&self, bus: &dyn Bus) -> Result<BTreeSet<String>> {
        let mut files = self.files.clone();
        if !files.is_empty() {
            each(bus, Span::EVER, &mut |r| {
                let marked = self.records.get(&place(r)).is_some_and(|m| m.contains_key(&r.offset()));
                if let Some(file) = Extent::of(r).file().filter(|_| !marked) {
                    files.remove(&file);
                }
            })?;
        }
        Ok(files)
    }

    /// Takes the values away; how many had one. What was made meanwhile is found by walking again.
    pub fn erase(&self, bus: &dyn Bus) -> Result<u64> {
        let mut erased = 0;
        for (p, offsets) in &self.records {
            let offsets: Vec<u64> = offsets.keys().copied().collect();
            erased += bus.erase(&p.topic, p.partition, &offsets)?;
        }
        for (p, offsets) in &self.leaves {
            erased += bus.erase(&p.topic, p.partition, offsets)?;
        }
        Ok(erased)
    }

    /// How many records are marked, by topic.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        // A record may be marked as both, and as a leaf of two lines: it is one.
        let leaves = self.leaves.iter().map(|(p, offsets)| {
            let once: BTreeSet<_> = offsets.iter().filter(|o| !self.records.get(p).is_some_and(|m| m.contains_key(o))).collect();
            (p, once.len())
        });
        let all = self.records.iter().map(|(p, o)| (p, o.len())).chain(leaves).filter(|(_, n)| *n > 0);
        all.for_each(|(p, n)| *counts.entry(p.topic.to_string()).or_default() += n as u64);
        counts
    }
}

/// A partition that is read on.
struct Cursor {
    at: Position,
    next: u64,
    page: VecDeque<Record>,
}

impl Cursor {
    fn fill(&mut self, bus: &dyn Bus) -> Result<()> {
        if self.page.is_empty() {
            self.page = bus.read(&self.at.topic, self.at.partition, self.next, PAGE_RECORDS, PAGE_BYTES)?.into();
            self.next = self.page.back().map_or(self.next, |r| r.offset() + 1);
        }
        Ok(())
    }
}

/// Every record of other than Loom's own account that was received since, in the order of receiving.
fn each(bus: &dyn Bus, since: Time, see: &mut dyn FnMut(&Record)) -> Result<()> {
    let mut cursors = Vec::new();
    for t in bus.topics()? {
        if t.settings.class == Class::Internal {
            continue;
        }
        for partition in 0..t.bounds.len() as u32 {
            let next = bus.offset_at(&t.settings.name, partition, since)?;
            let mut cursor = Cursor { at: Position { topic: t.settings.name.clone(), partition }, next, page: VecDeque::new() };
            cursor.fill(bus)?;
            cursors.push(cursor);
        }
    }
    while let Some(first) = cursors.iter_mut().filter(|c| !c.page.is_empty()).min_by_key(|c| c.page[0].received_at()) {
        if let Some(r) = first.page.pop_front() {
            see(&r);
        }
        first.fill(bus)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
