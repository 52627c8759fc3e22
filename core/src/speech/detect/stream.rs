//! One stream's memory: samples that fill no frame yet, the detector's state, the segmenter, the records seen.

use loom_schemas::payload::{AudioChunk, AudioSource, SourceKind};

use super::origin::Trail;
use crate::bus::{Origin, Record, TopicName, names};
use crate::env::Time;
use crate::error::{Error, Result};
use crate::live::Speaking;
use crate::speech::bytes::{Reader, put_bytes, put_u32, put_u64};
use crate::speech::segment::{Frame, Piece, Segmenter, Tuning, sample_of};
use crate::speech::vad::{FRAME, VoiceDetector};

pub struct Stream {
    source: AudioSource,
    partition: u32,
    /// The first sample of frame 0.
    epoch: u64,
    /// Samples heard since.
    heard: u64,
    /// Those that fill no frame yet, as they are stored: 16 bits each.
    rest: Vec<i16>,
    /// The detector's memory, while another stream has the detector.
    pub voice: Vec<u8>,
    segmenter: Segmenter,
    trail: Trail,
    /// When it was heard last, in records.
    pub turn: u64,
}

/// An utterance, and what it came from.
pub struct Found {
    pub first_sample: u64,
    pub samples: u64,
    /// Samples from `first_sample` to where speech begins.
    pub onset: u64,
    pub speech_probability: f32,
    pub cut: bool,
    pub source: AudioSource,
    pub origin: Origin,
    pub recorded_at: Time,
}

/// How streams are cut, by where they come from.
#[derive(Clone, Debug)]
pub struct Tunings {
    pub live: Tuning,
    pub kept: Tuning,
}

impl Tunings {
    pub fn of(&self, source: &AudioSource) -> &Tuning {
        if is_live(source) { &self.live } else { &self.kept }
    }
}

fn is_live(source: &AudioSource) -> bool {
    source.kind == SourceKind::Microphone
}

impl Stream {
    pub fn new(chunk: &AudioChunk, segmenter: Segmenter) -> Self {
        Self {
            source: chunk.source.clone(),
            partition: 0,
            epoch: chunk.first_sample,
            heard: 0,
            rest: Vec::new(),
            voice: Vec::new(),
            segmenter,
            trail: Trail::default(),
            turn: 0,
        }
    }

    pub fn next_sample(&self) -> u64 {
        self.epoch + self.heard
    }

    /// Takes a record's samples; the utterances that end by them.
    pub fn push(&mut self, r: &Record, detector: &mut dyn VoiceDetector) -> Result<Vec<Found>> {
        self.partition = r.partition();
        self.trail.add(self.next_sample(), r);
        self.heard += r.audio().len() as u64;
        let samples: Vec<f32> = self.rest.iter().map(|&s| f32::from(s) / 32768.0).chain(r.audio().iter().map(|&s| to_16_bits(s))).collect();
        let (frames, rest) = samples.split_at(samples.len() / FRAME * FRAME);
        self.rest = rest.iter().map(|s| (s * 32768.0) as i16).collect();
        let found = self.listen(frames, detector)?;
        self.trail.forget_before(self.epoch + sample_of(self.segmenter.needs()));
        Ok(found)
    }

    /// The last frame is filled with zeros, the open utterance ends.
    pub fn finish(&mut self, detector: &mut dyn VoiceDetector) -> Result<Vec<Found>> {
        let mut last: Vec<f32> = self.rest.drain(..).map(|s| f32::from(s) / 32768.0).collect();
        if !last.is_empty() {
            last.resize(FRAME, 0.0);
        }
        let mut found = self.listen(&last, detector)?;
        if let Some(piece) = self.segmenter.finish() {
            found.push(self.found(&piece)?);
        }
        Ok(found)
    }

    fn listen(&mut self, frames: &[f32], detector: &mut dyn VoiceDetector) -> Result<Vec<Found>> {
        if frames.is_empty() {
            return Ok(Vec::new());
        }
        let probabilities = detector.probabilities(frames)?;
        let mut found = Vec::new();
        for (probability, frame) in probabilities.iter().zip(frames.chunks_exact(FRAME)) {
            if let Some(piece) = self.segmenter.push(Frame::new(*probability, frame)) {
                found.push(self.found(&piece)?);
            }
        }
        Ok(found)
    }

    fn found(&self, piece: &Piece) -> Result<Found> {
        let first_sample = self.epoch + sample_of(piece.start);
        let end = (self.epoch + sample_of(piece.end)).min(self.next_sample());
        let topic = TopicName::of(names::AUDIO_RAW);
        let (origin, recorded_at) =
            self.trail.origin(&topic, self.partition, first_sample, end).ok_or_else(|| Error::bug("an utterance came from no record"))?;
        Ok(Found {
            first_sample,
            samples: end - first_sample,
            onset: sample_of(piece.onset - piece.start).min(end - first_sample),
            speech_probability: piece.speech_probability,
            cut: piece.cut,
            source: self.source.clone(),
            origin,
            recorded_at,
        })
    }

    /// The utterance that has not ended, where there is one.
    pub fn speaking(&self, stream_id: &str) -> Option<Speaking> {
        let (start, going_on) = self.segmenter.speaking()?;
        let first_sample = self.epoch + sample_of(start);
        let topic = TopicName::of(names::AUDIO_RAW);
        let (_, began_at) = self.trail.origin(&topic, self.partition, first_sample, first_sample + 1)?;
        Some(Speaking { stream_id: stream_id.into(), first_sample, upto: self.next_sample(), began_at, going_on })
    }

    /// Whether somebody waits for its words as it grows.
    pub fn is_live(&self) -> bool {
        is_live(&self.source)
    }

    pub fn save(&self, to: &mut Vec<u8>) {
        // Plain data: it always serialises.
        put_bytes(to, &serde_json::to_vec(&self.source).unwrap_or_default());
        put_u32(to, self.partition);
        put_u64(to, self.epoch);
        put_u64(to, self.heard);
        put_u64(to, self.turn);
        put_u32(to, self.rest.len() as u32);
        self.rest.iter().for_each(|s| to.extend_from_slice(&s.to_le_bytes()));
        self.segmenter.save(to);
        self.trail.save(to);
    }

    pub fn load(tunings: &Tunings, voice: Vec<u8>, from: &mut Reader) -> Result<Self> {
        let source: AudioSource =
            serde_json::from_slice(from.bytes()?).map_err(|e| Error::bug("the saved state of voice detection is damaged").because(e))?;
        let (partition, epoch, heard, turn) = (from.u32()?, from.u64()?, from.u64()?, from.u64()?);
        let n = from.u32()? as usize;
        let rest = from.take(2 * n)?.chunks_exact(2).map(|b| i16::from_le_bytes([b[0], b[1]])).collect();
        let segmenter = Segmenter::load(tunings.of(&source).clone(), from)?;
        Ok(Self { source, partition, epoch, heard, rest, voice, segmenter, trail: Trail::load(from)?, turn })
    }
}

/// The nearest 16-bit sample, so that what is saved between records is what was heard.
fn to_16_bits(sample: f32) -> f32 {
    (sample * 32768.0).round().clamp(-32768.0, 32767.0) / 32768.0
}
