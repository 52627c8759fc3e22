//! Samples on disk: written first, flushed, and only then named by a record on the log. Append-only files hold them,
//! a catalogue in `loom.db` says which file holds which samples, so that files may move or be compressed.
//!
//! The log is the truth about how far a stream goes: at start, what lies past its last record is cut, for the recording is
//! still there to be read again. What a microphone heard is not, and becomes records.

mod catalogue;
mod files;
mod playback;
mod silence;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use loom_schemas::payload::{AudioChunk, AudioSource, SourceKind, StreamEnd};
use uuid::Uuid;

use self::catalogue::Catalogue;
use self::files::{Folder, Samples};
pub use self::playback::{WAV_HEADER, wav_len};
use super::Audio;
use crate::bus::{Bus, TopicName, names};
use crate::db::Db;
use crate::env::Time;
use crate::error::{Error, Result};

/// Samples a file holds at most: an hour. A file's first sample is a multiple of it.
const FILE_SAMPLES: u64 = 3600 * 16_000;
/// Records of the log read at once while following it.
const PAGE_RECORDS: usize = 2000;
const PAGE_BYTES: usize = 4 << 20;

/// A stream that a source is about to write.
#[derive(Clone, Debug)]
pub struct NewStream {
    /// 32 hex digits.
    pub stream_id: String,
    pub device_id: Uuid,
    pub source: AudioSource,
    /// When its first sample was taken.
    pub started_at: Time,
}

/// A stream as the catalogue knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamState {
    pub device_id: Uuid,
    pub source: AudioSource,
    /// As it was first stored.
    pub started_at: Time,
    /// Samples on disk.
    pub on_disk: u64,
    /// Samples that records on the log name.
    pub logged: u64,
    pub ended: Option<StreamEnd>,
}

/// The audio that records refer to: 16 kHz mono, 16 bits a sample.
pub struct AudioStore {
    db: Db,
    catalogue: Catalogue,
    folder: Folder,
    open: Mutex<HashMap<String, Arc<Mutex<Writer>>>>,
}

/// The file that a stream grows in.
struct Writer {
    /// Position in the stream of the file's first sample.
    first: u64,
    samples: Samples,
}

impl AudioStore {
    /// `folder` is `<data dir>/audio`; it is made when first needed. `db` holds the catalogue.
    pub fn open(db: &Db, folder: &Path) -> Result<Self> {
        let catalogue = Catalogue::open(db)?;
        Ok(Self { db: db.clone(), catalogue, folder: Folder::at(folder), open: Mutex::default() })
    }

    /// Begins a stream, or finds it as it is: then start, device and source stay those of the first time.
    ///
    /// Errors: `Invalid` for an id that is not 32 hex digits; `Stop` when the disk is full.
    pub fn open_stream(&self, new: &NewStream) -> Result<StreamState> {
        check_id(&new.stream_id)?;
        if let Some(known) = self.stream(&new.stream_id)? {
            return Ok(known);
        }
        self.catalogue.begin(new)?;
        self.stream(&new.stream_id)?.ok_or_else(|| Error::bug("a stream is gone right after it was begun"))
    }

    /// A stream as it is now, if there is one of this id.
    pub fn stream(&self, stream_id: &str) -> Result<Option<StreamState>> {
        let Some(mut state) = self.catalogue.stream(stream_id)? else { return Ok(None) };
        if let Some(last) = self.catalogue.last_range(stream_id)? {
            state.on_disk = last.first + last.samples.map_or_else(|| self.folder.len(&last.file), Ok)?;
        }
        Ok(Some(state))
    }

    /// Writes samples (clamped to [-1, 1], rounded to 16 bits) at their place; durable after [`flush`](Self::flush).
    /// Samples that are there already are written again, which changes nothing.
    ///
    /// Errors: `Stop` when the disk is full, what was there stays; `Bug` where samples before these are missing.
    pub fn append(&self, stream_id: &str, first_sample: u64, samples: &[f32]) -> Result<()> {
        self.db.may_grow()?;
        let (mut at, mut rest) = (first_sample, samples);
        while !rest.is_empty() {
            let first = at - at % FILE_SAMPLES;
            let n = rest.len().min((first + FILE_SAMPLES - at) as usize);
            let writer = self.writer(stream_id, first)?;
            let mut writer = lock(&writer);
            if writer.first != first {
                self.next_file(stream_id, first, &mut writer)?;
            }
            writer.samples.write(at - first, &rest[..n])?;
            (at, rest) = (at + n as u64, &rest[n..]);
        }
        Ok(())
    }

    /// Returns once every sample appended to the stream survives power loss.
    pub fn flush(&self, stream_id: &str) -> Result<()> {
        let writer = lock(&self.open).get(stream_id).cloned();
        writer.map_or(Ok(()), |w| lock(&w).samples.flush())
    }

    /// The stream is over, and its end record is on the log.
    pub fn end_stream(&self, stream_id: &str, samples: u64, end: StreamEnd) -> Result<()> {
        self.flush(stream_id)?;
        lock(&self.open).remove(stream_id);
        self.catalogue.end(stream_id, samples, end)
    }

    /// Takes in what the log says of streams since it was last asked. Cheap: once at start, and before a resume.
    pub fn follow(&self, bus: &dyn Bus) -> Result<()> {
        let topic = TopicName::of(names::AUDIO_RAW);
        let Some(state) = bus.topic(&topic)? else { return Ok(()) };
        for (partition, (low, next)) in (0..).zip(state.bounds) {
            let mut at = self.catalogue.followed(partition)?.max(low);
            while at < next {
                let records = bus.read(&topic, partition, at, PAGE_RECORDS, PAGE_BYTES)?;
                let Some(last) = records.last() else { break };
                at = last.offset() + 1;
                // An erased record names no samples any more.
                let chunks = records.iter().filter_map(|r| r.payload::<AudioChunk>().ok()).collect();
                self.catalogue.follow(partition, at, chunks)?;
            }
        }
        Ok(())
    }

    /// At start, before any source runs: follows the log and cuts what lies past the last record of each stream
    /// that has not ended, except of microphones. Its source goes on there.
    pub fn recover(&self, bus: &dyn Bus) -> Result<()> {
        self.follow(bus)?;
        for (stream_id, logged) in self.catalogue.unended()? {
            for range in self.catalogue.ranges(&stream_id)? {
                if range.first >= logged {
                    self.folder.remove(&range.file)?;
                    self.catalogue.forget(&stream_id, range.first)?;
                } else if range.samples.is_none() {
                    self.folder.cut(&range.file, logged - range.first)?;
                }
            }
        }
        self.catalogue.close_ended()
    }

    /// Whether there is room for more. `Stop` while the disk is full.
    pub fn room(&self) -> Result<()> {
        self.db.may_grow()
    }

    /// Streams that devices send and no end was written for.
    pub fn unended_uploads(&self) -> Result<Vec<(String, StreamState)>> {
        self.unended_of(&[SourceKind::Upload, SourceKind::Phone])
    }

    /// Streams of microphones that no end was written for; at start, after [`recover`](Self::recover), those a crash broke off.
    pub fn unended_microphones(&self) -> Result<Vec<(String, StreamState)>> {
        self.unended_of(&[SourceKind::Microphone])
    }

    fn unended_of(&self, kinds: &[SourceKind]) -> Result<Vec<(String, StreamState)>> {
        let known = |id: String| Ok(self.stream(&id)?.map(|state| (id, state)));
        let mut ids = Vec::new();
        for kind in kinds {
            ids.extend(self.catalogue.unended_of(kind)?);
        }
        ids.into_iter().filter_map(|id| known(id).transpose()).collect()
    }

    /// Returns once what a stream's last file holds survives power loss, whoever wrote it.
    pub fn settle(&self, stream_id: &str) -> Result<()> {
        match self.catalogue.last_range(stream_id)? {
            Some(range) => self.folder.append_to(&range.file)?.flush(),
            None => Ok(()),
        }
    }

    /// Deletes the oldest finished files until the rest fits the budget; how many bytes went.
    pub fn retain(&self, budget_bytes: u64) -> Result<u64> {
        let mut oldest_first = Vec::new();
        for (stream_id, range) in self.catalogue.finished()? {
            let bytes = self.folder.bytes(&range.file)?;
            oldest_first.push((stream_id, range, bytes));
        }
        let mut kept: u64 = oldest_first.iter().map(|(_, _, bytes)| bytes).sum();
        let mut gone = 0;
        for (stream_id, range, bytes) in oldest_first {
            if kept <= budget_bytes {
                break;
            }
            // The file first: a row without a file is found and deleted again, a file without a row never.
            self.folder.remove(&range.file)?;
            self.catalogue.forget(&stream_id, range.first)?;
            kept -= bytes;
            gone += bytes;
        }
        Ok(gone)
    }

    fn writer(&self, stream_id: &str, first: u64) -> Result<Arc<Mutex<Writer>>> {
        if let Some(w) = lock(&self.open).get(stream_id) {
            return Ok(w.clone());
        }
        let state = self.catalogue.stream(stream_id)?.ok_or_else(|| Error::bug("samples for a stream that was not begun"))?;
        let samples = self.file(stream_id, first, &state)?;
        let writer = Arc::new(Mutex::new(Writer { first, samples }));
        Ok(lock(&self.open).entry(stream_id.to_owned()).or_insert(writer).clone())
    }

    fn next_file(&self, stream_id: &str, first: u64, writer: &mut Writer) -> Result<()> {
        writer.samples.flush()?;
        if first == writer.first + FILE_SAMPLES && writer.samples.len() == FILE_SAMPLES {
            self.catalogue.close(stream_id, writer.first, FILE_SAMPLES)?;
        }
        let state = self.catalogue.stream(stream_id)?.ok_or_else(|| Error::bug("samples for a stream that is gone"))?;
        *writer = Writer { first, samples: self.file(stream_id, first, &state)? };
        Ok(())
    }

    /// The file of these samples; named in the catalogue before it is made, so that none is ever forgotten.
    fn file(&self, stream_id: &str, first: u64, state: &StreamState) -> Result<Samples> {
        let day = state.started_at.plus(first as f64 / 16_000.0).timestamp().strftime("%Y/%m/%d").to_string();
        let file = self.catalogue.range_from(stream_id, first, &format!("{day}/{stream_id}-{first}.pcm"))?;
        self.folder.append_to(&file)
    }

    /// Samples as they lie on disk, little-endian, 2 bytes each.
    fn bytes(&self, stream_id: &str, first_sample: u64, samples: u64) -> Result<Vec<u8>> {
        let gone = || Error::skip("the audio is not there any more: it was deleted, or never stored");
        let end = first_sample.checked_add(samples).ok_or_else(gone)?;
        let mut out = Vec::new();
        let mut at = first_sample;
        while at < end {
            let range = self.catalogue.range_at(stream_id, at)?.ok_or_else(gone)?;
            let upto = range.samples.map_or(range.first + FILE_SAMPLES, |n| range.first + n).min(end);
            if upto <= at {
                return Err(gone());
            }
            self.folder.read(&range.file, at - range.first, upto - at, &mut out)?;
            at = upto;
        }
        Ok(out)
    }
}

impl Audio for AudioStore {
    fn read(&self, stream_id: &str, first_sample: u64, samples: u64) -> Result<Arc<[f32]>> {
        let bytes = self.bytes(stream_id, first_sample, samples)?;
        Ok(bytes.chunks_exact(2).map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0).collect())
    }
}

fn check_id(stream_id: &str) -> Result<()> {
    // It becomes part of a file's name.
    let hex = stream_id.len() == 32 && stream_id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if hex { Ok(()) } else { Err(Error::invalid("a stream id is 32 hex digits, 0-9 and a-f")) }
}

fn lock<T>(m: &Mutex<T>) -> MutexGuard<'_, T> {
    m.lock().unwrap_or_else(|e| e.into_inner())
}

#[cfg(test)]
mod tests;
