//! One stream on its way to the log: resampled, written at once, flushed every 200 ms above the gate (100 ms while
//! someone speaks, who waits for their words) and every second below it, and only then named by a record.

use std::sync::Arc;

use loom_schemas::live::Level;
use loom_schemas::payload::StreamEnd;

use super::gate::Gate;
use crate::bus::Bus;
use crate::capture::SAMPLE_RATE;
use crate::capture::chunk::Chunks;
use crate::capture::resample::Resample;
use crate::error::{Kind, Result};
use crate::store::audio::{AudioStore, NewStream};

/// Samples between two flushes.
const SPEAKING: u64 = SAMPLE_RATE as u64 / 10;
const HURRIED: u64 = SAMPLE_RATE as u64 / 5;
const CALM: u64 = SAMPLE_RATE as u64;
/// Samples that one record names at most.
pub const RECORD: u64 = SAMPLE_RATE as u64;

/// Where streams go.
#[derive(Clone)]
pub struct Road {
    pub store: Arc<AudioStore>,
    pub bus: Arc<dyn Bus>,
}

/// A stream that grows. What it could not do is done with the next samples, or at its end.
pub struct Writer {
    road: Road,
    chunks: Chunks,
    resample: Resample,
    finished: bool,
    gate: Gate,
    /// Resampled, and not written yet.
    fresh: Vec<f32>,
    /// Samples written, and samples that records name.
    at: u64,
    named: u64,
    /// Samples of a record that was refused, or whose answer was lost: it is asked for again as it was.
    tried: Option<u64>,
}

impl Writer {
    /// Begins a stream of a device of this rate.
    ///
    /// Errors: `Invalid` for a rate that no device has; `Stop` when the disk is full.
    pub fn begin(road: Road, chunks: Chunks, rate: u32) -> Result<Self> {
        let resample = Resample::new(rate)?;
        let Chunks { stream_id, device_id, source, started_at, .. } = chunks.clone();
        road.store.open_stream(&NewStream { stream_id, device_id, source, started_at })?;
        let (finished, fresh, tried) = Default::default();
        Ok(Self { road, chunks, resample, finished, gate: Gate::default(), fresh, at: 0, named: 0, tried })
    }

    /// Takes mono samples at the device's rate; the newest level. What was pushed survives the process at once, and
    /// power loss after the next flush. A log that is busy is asked again with the next samples.
    ///
    /// Errors: `Stop` when the disk is full: nothing is lost, [`end`](Self::end) takes it from there.
    pub fn push(&mut self, samples: &[f32], speaking: bool) -> Result<Option<Level>> {
        let before = self.fresh.len();
        self.resample.push(samples, &mut self.fresh)?;
        let level = self.gate.hear(&self.fresh[before..], speaking);
        self.write()?;
        let due = match (speaking, self.gate.is_open()) {
            (true, _) => SPEAKING,
            (false, true) => HURRIED,
            (false, false) => CALM,
        };
        if self.at - self.named >= due {
            match self.name() {
                Err(e) if e.kind == Kind::Retry => {}
                other => other?,
            }
        }
        Ok(level)
    }

    fn write(&mut self) -> Result<()> {
        if !self.fresh.is_empty() {
            self.road.store.append(&self.chunks.stream_id, self.at, &self.fresh)?;
            self.at += self.fresh.len() as u64;
            self.fresh.clear();
        }
        Ok(())
    }

    /// Flushed, then named.
    fn name(&mut self) -> Result<()> {
        self.road.store.flush(&self.chunks.stream_id)?;
        while self.named < self.at {
            let n = self.tried.unwrap_or((self.at - self.named).min(RECORD));
            self.tried = Some(n);
            self.road.bus.append(vec![self.chunks.record(self.named, n as u32, None)?])?;
            (self.named, self.tried) = (self.named + n, None);
        }
        Ok(())
    }

    /// The stream is over. After an error it may be called again; what never gets here, the next start ends.
    pub fn end(&mut self, end: StreamEnd) -> Result<()> {
        if !self.finished {
            self.resample.finish(&mut self.fresh)?;
            self.finished = true;
        }
        self.write()?;
        self.name()?;
        self.road.bus.append(vec![self.chunks.record(self.at, 0, Some(end))?])?;
        self.road.store.end_stream(&self.chunks.stream_id, self.at, end)
    }

    pub fn stream_id(&self) -> &str {
        &self.chunks.stream_id
    }

    /// Seconds of sound taken in.
    pub fn seconds(&self) -> f64 {
        crate::capture::chunk::seconds(self.at + self.fresh.len() as u64)
    }

    pub fn started_at(&self) -> crate::Time {
        self.chunks.started_at
    }
}
