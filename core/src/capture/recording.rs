//! A recording on its way to the log: hashed, decoded, written to the audio store, flushed, and then named by
//! records of a second each. The same file again, or again after a kill, goes on where it was and doubles nothing.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use jiff::tz::TimeZone;
use loom_schemas::payload::{AudioSource, SourceKind, StreamEnd};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::chunk::{Chunks, seconds};
use super::decode::{self, BLOCK, Decoder};
use crate::bus::{Bus, NewRecord};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::store::audio::{AudioStore, NewStream};

/// Seconds of sound written, flushed and committed together.
const BATCH_BLOCKS: usize = 8;
/// Seconds of sound that a step passes over at most, where they are on the log already.
const SKIP_BLOCKS: usize = 120;

/// What to read, and whose it is.
#[derive(Clone, Debug)]
pub struct Input {
    pub path: PathBuf,
    /// When its first sample was taken, if the owner says so.
    pub at: Option<Time>,
    /// This install's own device.
    pub device_id: Uuid,
    /// For times in the file that have no offset.
    pub zone: TimeZone,
}

/// How far a recording is, in seconds of sound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    pub seconds: f64,
    /// As the file says; absent where it does not, and it may be wrong.
    pub total: Option<f64>,
}

/// A recording being fed to the log, a step at a time.
pub struct Recording {
    store: Arc<AudioStore>,
    bus: Arc<dyn Bus>,
    stream_id: String,
    source: AudioSource,
    device_id: Uuid,
    started_at: Time,
    /// Absent once the stream has ended.
    decoder: Option<Decoder>,
    total: Option<f64>,
    /// Samples decoded, and samples that were on the log before.
    at: u64,
    resumed: u64,
    ended: Option<StreamEnd>,
    warnings: Vec<String>,
}

impl Recording {
    /// Hashes the file, finds or begins its stream and gets ready to go on. [`AudioStore::recover`] comes before.
    ///
    /// Errors: `Invalid` and one sentence where the file is no recording; `Stop` when the disk is full.
    pub fn open(input: &Input, store: Arc<AudioStore>, bus: Arc<dyn Bus>) -> Result<Self> {
        let mut file = decode::open_file(&input.path)?;
        let len = decode::length(&file)?;
        let stream_id = hex::encode(&hash(&mut file, len)?[..16]);
        store.follow(bus.as_ref())?;
        let known = store.stream(&stream_id)?;
        let name = input.path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let source = AudioSource { kind: SourceKind::Recording, name };
        let (device_id, started_at) = (input.device_id, Time::default());
        let mut this = Self {
            store,
            bus,
            stream_id,
            source,
            device_id,
            started_at,
            decoder: None,
            total: None,
            at: 0,
            resumed: 0,
            ended: None,
            warnings: Vec::new(),
        };
        if let Some(state) = known.as_ref().filter(|s| s.ended.is_some()) {
            (this.started_at, this.at, this.resumed, this.ended) = (state.started_at, state.logged, state.logged, state.ended);
            this.total = Some(seconds(state.logged));
            return Ok(this);
        }
        let modified = modified(&file)?;
        let decoder = Decoder::new(file, len, extension(&input.path))?;
        let started_at = match known {
            Some(state) => state.started_at,
            None => start(input, &decoder, modified)?,
        };
        this.begin(decoder, started_at)?;
        Ok(this)
    }

    fn begin(&mut self, decoder: Decoder, started_at: Time) -> Result<()> {
        let new = NewStream { stream_id: self.stream_id.clone(), device_id: self.device_id, source: self.source.clone(), started_at };
        let state = self.store.open_stream(&new)?;
        // Device and name stay those of the first time: they are part of what is on the log.
        (self.device_id, self.source, self.started_at) = (state.device_id, state.source, state.started_at);
        let kept = state.logged.min(state.on_disk);
        self.resumed = kept - kept % BLOCK as u64;
        self.total = decoder.duration_hint_s();
        self.decoder = Some(decoder);
        Ok(())
    }

    /// Does the next few seconds of sound; true once there are no more. They are durable when it returns, and on the log.
    ///
    /// Errors: `Stop` when the disk is full; the same recording can be opened again and goes on.
    pub fn step(&mut self) -> Result<bool> {
        let Some(mut decoder) = self.decoder.take() else {
            // After an error the decoder stands behind what was committed.
            return self.ended.map(|_| true).ok_or_else(|| Error::stop("this recording broke off: open it again and it goes on"));
        };
        let (mut records, mut skipped) = (Vec::new(), 0);
        while records.len() < BATCH_BLOCKS && skipped < SKIP_BLOCKS {
            let Some(block) = decoder.next() else {
                records.push(self.record(self.at, 0, Some(self.end_of(&decoder)))?);
                self.commit(records)?;
                return self.finish(&decoder).map(|()| true);
            };
            // A decoder that broke is at its end, and says that the file is truncated.
            let Ok(samples) = block else { continue };
            let first = self.at;
            self.at += samples.len() as u64;
            if self.at <= self.resumed {
                skipped += 1;
                continue;
            }
            self.store.append(&self.stream_id, first, &samples)?;
            records.push(self.record(first, samples.len() as u32, None)?);
        }
        self.commit(records)?;
        self.decoder = Some(decoder);
        Ok(false)
    }

    /// Written first, flushed, and only then on the log.
    fn commit(&self, records: Vec<NewRecord>) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.store.flush(&self.stream_id)?;
        self.bus.append(records).map(|_| ())
    }

    fn end_of(&self, decoder: &Decoder) -> StreamEnd {
        if decoder.truncated() { StreamEnd::Truncated } else { StreamEnd::FileOver }
    }

    fn finish(&mut self, decoder: &Decoder) -> Result<()> {
        let end = self.end_of(decoder);
        self.store.end_stream(&self.stream_id, self.at, end)?;
        (self.ended, self.warnings) = (Some(end), decoder.warnings());
        self.total = Some(seconds(self.at));
        Ok(())
    }

    fn record(&self, first_sample: u64, samples: u32, end: Option<StreamEnd>) -> Result<NewRecord> {
        let (stream_id, source) = (self.stream_id.clone(), self.source.clone());
        let chunks = Chunks { stream_id, source, device_id: self.device_id, started_at: self.started_at, producer: "recording" };
        chunks.record(first_sample, samples, end)
    }

    pub fn progress(&self) -> Progress {
        Progress { seconds: seconds(self.at), total: self.total }
    }
    /// 32 hex digits: the first 16 bytes of the file's SHA-256.
    pub fn stream_id(&self) -> &str {
        &self.stream_id
    }
    /// When its first sample was taken.
    pub fn started_at(&self) -> Time {
        self.started_at
    }
    /// Seconds of it that were on the log before it was opened; all of it for one that had ended.
    pub fn resumed_at_s(&self) -> f64 {
        seconds(self.resumed)
    }
    /// How it ended, once it has.
    pub fn ended(&self) -> Option<StreamEnd> {
        self.ended
    }
    /// What a person should know about the file, once it has ended.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|e| e.to_str())
}

/// SHA-256 of the first `len` bytes.
fn hash(file: &mut File, len: u64) -> Result<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut buf = vec![0; 1 << 18];
    let mut rest = file.take(len);
    loop {
        match rest.read(&mut buf) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(n) => hash.update(&buf[..n]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(decode::unreadable(&e)),
        }
    }
}

fn modified(file: &File) -> Result<Time> {
    let at = file.metadata().and_then(|m| m.modified()).map_err(|e| decode::unreadable(&e))?;
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Time(since.as_micros() as i64))
}

/// When the first sample was taken: as said, else as the file says, else so that the last one was when it was written.
fn start(input: &Input, decoder: &Decoder, modified: Time) -> Result<Time> {
    if let Some(t) = input.at.or_else(|| decoder.container_time(&input.zone)) {
        return Ok(t);
    }
    let duration = match decoder.duration_hint_s() {
        Some(s) => s,
        // It has to be listened to, once.
        None => decode::open(&input.path)?.filter_map(Result::ok).map(|b| seconds(b.len() as u64)).sum(),
    };
    Ok(modified.plus(-duration))
}

#[cfg(test)]
mod tests;
