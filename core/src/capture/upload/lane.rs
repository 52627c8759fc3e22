//! One open stream: which piece may follow, and how it is put on the log.

use loom_schemas::payload::{AudioSource, StreamEnd};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Road;
use super::samples::Samples;
use crate::bus::NewRecord;
use crate::capture::chunk::{Chunks, seconds};
use crate::capture::resample::Resample;
use crate::door::sound::{Form, Heard, OpenStream, Piece};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::store::audio::{NewStream, StreamState};

/// Between what a piece's time says and where the one before ended: clocks and encoders are not exact. Seconds.
const TOLERANCE_S: f64 = 1.0;
/// The same where no time came with it, and it is that of its arrival.
const ARRIVAL_TOLERANCE_S: f64 = 3.0;
/// Less than this is the clock's, not the sender's.
const JITTER_S: f64 = 0.25;
/// After a piece the next one takes as long as the piece itself, within these bounds, and a while to arrive. Seconds.
const NEXT_S: (f64, f64) = (5.0, 60.0);
const ARRIVES_S: f64 = 5.0;
/// Seconds of sound written, flushed and committed together.
const BATCH_BLOCKS: usize = 8;

/// Who writes the end of a stream that a crash broke off.
const PRODUCER: &str = "ingestion-api";

/// How a piece stands to the stream that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It goes on where the last one ended.
    Follows,
    /// Something is missing between: the stream ends, unless that comes.
    Early,
    /// It is of another time: the stream ends.
    Anew,
    /// It belongs before what is there.
    Late,
}

/// 32 hex digits.
fn stream_id(piece: &Piece, started_at: Time, now: Time, attempt: u32) -> String {
    let mut h = Sha256::new();
    h.update(b"upload");
    h.update(piece.device.as_bytes());
    h.update((piece.stream.len() as u32).to_be_bytes());
    h.update(piece.stream.as_bytes());
    h.update(started_at.micros().to_be_bytes());
    h.update(now.micros().to_be_bytes());
    h.update(piece.key);
    h.update(attempt.to_be_bytes());
    hex::encode(&h.finalize()[..16])
}

pub struct Lane {
    chunks: Chunks,
    /// Who brings it, by its newest piece.
    producer: String,
    /// Samples that records name.
    at: u64,
    /// When its last piece ended, by its sender's clock.
    until: Time,
    number: Option<u64>,
    heard: Time,
    /// Seconds after `heard` when nothing follows any more.
    rest_s: f64,
    pieces: u64,
    /// Of samples that go on without a break.
    resample: Option<Resample>,
}

impl Lane {
    /// A stream of its own for this piece: its id is made of device, time and piece, never of the bytes alone.
    pub fn begin(road: &Road, piece: &Piece, duration: f64, now: Time) -> Result<Self> {
        let started_at = piece.at.unwrap_or_else(|| now.plus(-duration));
        let name = if piece.name.is_empty() { "upload".to_owned() } else { piece.name.clone() };
        let source = AudioSource { kind: piece.kind, name };
        let mut new = NewStream { stream_id: String::new(), device_id: piece.device, source: source.clone(), started_at };
        // A piece that a crash broke off began a stream before: that one has ended.
        for attempt in 0.. {
            new.stream_id = stream_id(piece, started_at, now, attempt);
            let state = road.store.open_stream(&new)?;
            if state.ended.is_none() && state.logged == 0 {
                break;
            }
        }
        let (at, stream_id) = (0, new.stream_id);
        let chunks = Chunks { stream_id, source, device_id: piece.device, started_at, producer: PRODUCER };
        let producer = piece.producer.clone();
        Ok(Self { chunks, producer, at, until: started_at, number: None, heard: now, rest_s: 0.0, pieces: 0, resample: None })
    }

    /// One that nobody writes any more.
    pub fn broken(stream_id: String, state: StreamState) -> Self {
        let StreamState { device_id, source, started_at, logged, .. } = state;
        let chunks = Chunks { stream_id, source, device_id, started_at, producer: PRODUCER };
        let (at, until, heard) = (logged, started_at, started_at);
        Self { chunks, producer: PRODUCER.into(), at, until, number: None, heard, rest_s: 0.0, pieces: 0, resample: None }
    }

    pub fn fits(&self, piece: &Piece, duration: f64, now: Time) -> Fit {
        let since = |start: Time| start.seconds() - self.until.seconds();
        if let (Some(n), Some(last)) = (piece.number, self.number) {
            let apart = piece.at.is_some_and(|at| since(at).abs() > 2.0 * TOLERANCE_S);
            return match n {
                n if n <= last => Fit::Late,
                n if n == last + 1 && apart => Fit::Anew,
                n if n == last + 1 => Fit::Follows,
                _ => Fit::Early,
            };
        }
        match piece.at.map(since) {
            None if since(now.plus(-duration)) <= ARRIVAL_TOLERANCE_S => Fit::Follows,
            None => Fit::Anew,
            Some(s) if s.abs() <= TOLERANCE_S => Fit::Follows,
            Some(s) if s < 0.0 => Fit::Late,
            Some(s) if s <= 2.0 * duration.max(TOLERANCE_S) => Fit::Early,
            Some(_) => Fit::Anew,
        }
    }

    /// Puts a piece behind what is there: samples first, flushed, then on the log, a few seconds at a time.
    pub fn pour(&mut self, road: &Road, piece: &Piece, samples: &mut Samples, now: Time) -> Result<Heard> {
        let start = self.start_of(piece, samples.seconds(), now);
        if !piece.live
            && let Some(rest) = self.rest(road)?
        {
            road.store.flush(&self.chunks.stream_id)?;
            road.bus.append(vec![rest])?;
        }
        let (mut part, mut done, mut first) = (0, 0, None);
        loop {
            let (mut records, from) = (Vec::new(), done);
            while records.len() < BATCH_BLOCKS {
                let Some(block) = self.block(piece, samples)? else { break };
                let place = self.at + (done - from);
                road.store.append(&self.chunks.stream_id, place, &block)?;
                records.push(self.record(piece, part, place, block.len() as u32, start.plus(seconds(done)))?);
                (part, done) = (part + 1, done + block.len() as u64);
            }
            let Some(id) = records.first().map(|r| r.message_id) else { break };
            road.store.flush(&self.chunks.stream_id)?;
            let landed = road.bus.append(records)?;
            let at = landed.first().ok_or_else(|| Error::bug("the log answers fewer records than it was given"))?;
            first.get_or_insert(Heard::Landed { message_id: id, offset: at.offset, repeat: at.repeat });
            // What the log knew already is named in another stream, which a crash broke off: here no record names it.
            if !at.repeat {
                self.at += done - from;
            }
        }
        self.until = start.plus(if piece.live { samples.seconds() } else { seconds(done) });
        (self.number, self.heard, self.pieces) = (piece.number, now, self.pieces + 1);
        self.rest_s = samples.seconds().clamp(NEXT_S.0, NEXT_S.1) + ARRIVES_S;
        Ok(first.unwrap_or(Heard::Held))
    }

    /// The next samples at 16 kHz; those of a piece that goes on come through the stream's own resampler.
    fn block(&mut self, piece: &Piece, samples: &mut Samples) -> Result<Option<Vec<f32>>> {
        let rate = match piece.form {
            Form::Pcm { rate, .. } if piece.live => rate,
            _ => return samples.block(),
        };
        let mut out = Vec::new();
        while out.is_empty() {
            let Some(raw) = samples.raw() else { return Ok(None) };
            if let Some(mut before) = self.resample.take_if(|r| r.rate() != rate) {
                before.finish(&mut out)?;
            }
            let resample = match &mut self.resample {
                Some(resample) => resample,
                None => self.resample.insert(Resample::new(rate)?),
            };
            resample.push(&raw, &mut out)?;
        }
        Ok(Some(out))
    }

    /// When a piece's first sample was taken.
    fn start_of(&self, piece: &Piece, duration: f64, now: Time) -> Time {
        let arrived = now.plus(-duration);
        let follows = self.pieces > 0 && arrived.seconds() <= self.until.seconds() + JITTER_S;
        piece.at.unwrap_or(if follows { self.until } else { arrived })
    }

    fn record(&self, piece: &Piece, part: u64, first_sample: u64, samples: u32, at: Time) -> Result<NewRecord> {
        let mut record = self.chunks.record(first_sample, samples, None)?;
        record.message_id = piece.record_id(part);
        record.recorded_at = at;
        record.headers.trace = piece.trace;
        record.headers.producer = piece.producer.clone();
        record.headers.timed_by_arrival = piece.at.is_none();
        Ok(record)
    }

    /// What the resampler of samples that went on still holds, written and ready to be named.
    fn rest(&mut self, road: &Road) -> Result<Option<NewRecord>> {
        let mut rest = Vec::new();
        if let Some(mut resample) = self.resample.take() {
            resample.finish(&mut rest)?;
        }
        if rest.is_empty() {
            return Ok(None);
        }
        road.store.append(&self.chunks.stream_id, self.at, &rest)?;
        let record = self.timed(self.chunks.record(self.at, rest.len() as u32, None)?, -seconds(rest.len() as u64));
        self.at += rest.len() as u64;
        Ok(Some(record))
    }

    /// The stream is over: what its resampler still holds, then its end.
    pub fn end(&mut self, road: &Road, end: StreamEnd) -> Result<()> {
        let mut records: Vec<NewRecord> = self.rest(road)?.into_iter().collect();
        road.store.flush(&self.chunks.stream_id)?;
        records.push(self.timed(self.chunks.record(self.at, 0, Some(end))?, 0.0));
        road.bus.append(records)?;
        road.store.end_stream(&self.chunks.stream_id, self.at, end)
    }

    /// A record at the end of what was heard.
    fn timed(&self, mut record: NewRecord, seconds: f64) -> NewRecord {
        record.headers.producer.clone_from(&self.producer);
        if self.pieces > 0 {
            record.recorded_at = self.until.plus(seconds);
        }
        record
    }

    pub fn is_silent(&self, now: Time) -> bool {
        now.seconds() - self.heard.seconds() > self.rest_s
    }

    pub fn last_heard(&self) -> Time {
        self.heard
    }

    pub fn seen(&self, device: Uuid, stream: &str) -> OpenStream {
        OpenStream {
            device,
            stream: stream.to_owned(),
            stream_id: self.chunks.stream_id.clone(),
            started_at: self.chunks.started_at,
            last_heard: self.heard,
            seconds: seconds(self.at),
            pieces: self.pieces,
        }
    }
}
