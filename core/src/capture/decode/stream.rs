//! One audio track through demuxer, decoder, downmix and resampler.

use std::io;
use std::sync::OnceLock;

use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::common::Limit;
use symphonia::core::errors::Error as Symphonia;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, TimeBase, Timestamp};

use super::source::Window;
use super::taken_at::{self, TakenAt};
use crate::capture::resample::Resample;
use crate::error::{Error, Result};

/// What our own look at the container found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// Frames present, where bytes count them.
    pub frames: Option<u64>,
    pub truncated: bool,
    /// Ticks before the first sample to be heard, and ticks a second.
    pub priming: Option<(u64, u32)>,
}

pub struct Stream {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    time_base: Option<TimeBase>,
    resample: Option<Resample>,
    /// Interleaved as decoded, then one channel: kept to be used again.
    scratch: Vec<f32>,
    mono: Vec<f32>,
    /// Frames the container promises, and frames that came.
    promised: Option<u64>,
    frames: u64,
    seconds: Option<f64>,
    priming: Option<(u64, u32)>,
    /// The count of frames of an mp3 may be a guess: we trim its ends, not the decoder.
    guessed: bool,
    /// Frames the encoder added at the end, while that end is believed.
    padding: u32,
    /// What would be trimmed from the end, until it is clear that it is the end.
    held: Vec<f32>,
    /// Where the next packet begins if none is missing.
    next_ts: Option<Timestamp>,
    /// Frames of silence where packets were damaged.
    lost: u64,
    broken: u64,
    pub truncated: bool,
}

/// Pictures in tags are not read, so that they need no memory.
const MAX_TAG_BYTES: usize = 1 << 20;
/// What a container leaves out is silence, in seconds: shorter is rounding, longer is a damaged time.
const GAP_S: std::ops::RangeInclusive<f64> = 0.05..=10.0;

fn codecs() -> &'static CodecRegistry {
    static CODECS: OnceLock<CodecRegistry> = OnceLock::new();
    CODECS.get_or_init(|| {
        let mut registry = CodecRegistry::new();
        symphonia::default::register_enabled_codecs(&mut registry);
        registry.register_audio_decoder::<symphonia_adapter_libopus::OpusDecoder>();
        registry
    })
}

impl Stream {
    pub fn probe(window: Window, extension: Option<&str>, facts: Facts) -> Result<Self> {
        let mut hint = Hint::new();
        if let Some(e) = extension {
            hint.with_extension(e);
        }
        let bytes = MediaSourceStream::new(Box::new(window), MediaSourceStreamOptions::default());
        let limits = MetadataOptions::default().limit_visual_bytes(Limit::None).limit_tag_bytes(Limit::Maximum(MAX_TAG_BYTES));
        let format = symphonia::default::get_probe().probe(&hint, bytes, FormatOptions::default(), limits).map_err(unknown)?;
        let track = format.default_track(TrackType::Audio).ok_or_else(|| Error::invalid("there is no sound in it"))?;
        let params = track.codec_params.as_ref().and_then(|p| p.audio());
        let params = params.ok_or_else(|| Error::invalid("its sound is stored in a way Loom cannot read: convert it to flac"))?;
        let guessed = matches!(format.format_info().short_name, "mp1" | "mp2" | "mp3");
        let decoder = codecs().make_audio_decoder(params, &AudioDecoderOptions::default().gapless(!guessed)).map_err(unsupported)?;
        let rate = params.sample_rate.map(u64::from).filter(|r| *r > 0);
        let seconds =
            facts.frames.or(track.num_frames).zip(rate).map(|(n, r)| n as f64 / r as f64).or_else(|| seconds(format.as_ref(), track));
        let promised = facts.frames.or_else(|| promised(format.as_ref(), track));
        Ok(Self {
            track: track.id,
            time_base: track.time_base,
            decoder,
            resample: None,
            scratch: Vec::new(),
            mono: Vec::new(),
            promised,
            frames: 0,
            seconds: seconds.filter(|s| s.is_finite() && *s > 0.0),
            // The Opus decoder skips its own.
            priming: facts.priming.filter(|_| params.codec != CODEC_ID_OPUS),
            guessed,
            padding: track.padding.unwrap_or(0),
            held: Vec::new(),
            next_ts: None,
            lost: 0,
            broken: 0,
            truncated: facts.truncated,
            format,
        })
    }

    pub fn duration(&self) -> Option<f64> {
        self.seconds
    }

    pub fn tagged(&mut self) -> Option<TakenAt> {
        taken_at::tagged(self.format.as_mut())
    }

    /// Decodes a packet behind `out`; false when the file is over.
    pub fn more(&mut self, out: &mut Vec<f32>) -> Result<bool> {
        let packet = match self.format.next_packet() {
            Ok(Some(p)) => p,
            Ok(None) => return self.finish(false, out),
            Err(Symphonia::ResetRequired) => return self.chained(out),
            // A damaged container ends here: what lies behind cannot be placed.
            Err(_) => return self.finish(true, out),
        };
        if packet.track_id == self.track {
            let missing = self.next_ts.and_then(|t| packet.pts.duration_from(t));
            self.next_ts = packet.pts.checked_add(packet.dur);
            if let Some(gap) = missing.and_then(|d| self.seconds_of(d)).filter(|s| GAP_S.contains(s)) {
                self.silence(gap, out)?;
            }
            match self.decode(&packet)? {
                Some(rate) => self.pass_on(rate, out)?,
                None => self.silence(self.seconds_of(packet.dur).map_or(0.0, |s| s.min(*GAP_S.end())), out)?,
            }
        }
        Ok(true)
    }

    fn seconds_of(&self, d: Duration) -> Option<f64> {
        Some(self.time_base?.calc_duration(d)?.as_secs_f64())
    }

    /// Fills `mono`; its rate, or `None` if the packet is damaged.
    fn decode(&mut self, packet: &Packet) -> Result<Option<u32>> {
        let buffer = match self.decoder.decode(packet) {
            Ok(b) => b,
            Err(Symphonia::DecodeError(_) | Symphonia::IoError(_)) => return Ok(None),
            Err(e) => return Err(unsupported(e)),
        };
        let (rate, channels) = (buffer.spec().rate(), buffer.num_planes());
        self.mono.clear();
        match channels {
            0 => return Ok(None),
            1 => buffer.copy_to_vec_interleaved(&mut self.mono),
            n => {
                buffer.copy_to_vec_interleaved(&mut self.scratch);
                self.mono.extend(self.scratch.chunks_exact(n).map(|f| f.iter().sum::<f32>() / n as f32));
            }
        }
        for s in &mut self.mono {
            // Floating point files hold anything; one NaN would spoil a whole block of the resampler.
            *s = if s.is_finite() { s.clamp(-1.0, 1.0) } else { 0.0 };
        }
        if self.guessed {
            self.trim(packet);
        }
        Ok(Some(rate))
    }

    /// Drops the encoder's delay, and its padding only if no more than that follows: a count of frames that is
    /// wrong (files joined, none at all) would cost everything behind the end it names.
    fn trim(&mut self, packet: &Packet) {
        let frames = |d: Duration| usize::try_from(d.get()).unwrap_or(usize::MAX);
        self.mono.drain(..frames(packet.trim_start).min(self.mono.len()));
        if self.padding > 0 {
            let keep = self.mono.len().saturating_sub(frames(packet.trim_end));
            self.held.extend(self.mono.drain(keep..));
        }
        if self.held.len() > self.padding as usize {
            self.mono.append(&mut self.held);
            self.padding = 0;
        }
    }

    /// Keeps time where a packet is damaged or missing, so that later words keep their place.
    fn silence(&mut self, seconds: f64, out: &mut Vec<f32>) -> Result<()> {
        self.broken += 1;
        // Before the first good packet there is no place to keep.
        let Some(rate) = self.resample.as_ref().map(Resample::rate) else { return Ok(()) };
        let frames = (seconds * f64::from(rate)).round() as u64;
        let frames = frames.min(self.promised.map_or(u64::MAX, |p| p.saturating_sub(self.frames)));
        self.lost += frames;
        self.mono.clear();
        self.mono.resize(frames as usize, 0.0);
        self.pass_on(rate, out)
    }

    fn pass_on(&mut self, rate: u32, out: &mut Vec<f32>) -> Result<()> {
        self.frames += self.mono.len() as u64;
        let mut skip = 0;
        if let Some((ticks, per_second)) = self.priming {
            let frames = (u128::from(ticks) * u128::from(rate) / u128::from(per_second)) as u64;
            skip = (frames.min(self.mono.len() as u64)) as usize;
            let left = frames - skip as u64;
            self.priming = (left > 0).then_some((left, rate));
        }
        if self.resample.as_ref().is_none_or(|r| r.rate() != rate) {
            // A chained file changes its rate on the way.
            if let Some(mut before) = self.resample.take() {
                before.finish(out)?;
            }
            self.resample = Some(Resample::new(rate)?);
        }
        match &mut self.resample {
            Some(r) => r.push(&self.mono[skip..], out),
            None => Ok(()),
        }
    }

    /// Another file follows in the same one.
    fn chained(&mut self, out: &mut Vec<f32>) -> Result<bool> {
        let track = self.format.default_track(TrackType::Audio);
        let next = track.and_then(|t| Some((t.id, t.time_base, t.codec_params.as_ref()?.audio()?.clone())));
        let Some((id, time_base, params)) = next else { return self.finish(true, out) };
        self.decoder = codecs().make_audio_decoder(&params, &AudioDecoderOptions::default()).map_err(unsupported)?;
        (self.track, self.time_base, self.promised, self.next_ts) = (id, time_base, None, None);
        Ok(true)
    }

    fn finish(&mut self, cut: bool, out: &mut Vec<f32>) -> Result<bool> {
        // Encoders round the count to their frames; a tenth of a second is more than any of them.
        let tolerance = self.resample.as_ref().map_or(0, |r| u64::from(r.rate()) / 10);
        let short = self.promised.is_some_and(|p| self.frames + tolerance < p);
        let complete = self.promised.is_some_and(|p| self.frames >= p);
        self.truncated |= short || (cut && !complete);
        if let Some(r) = &mut self.resample {
            r.finish(out)?;
        }
        Ok(false)
    }

    /// Why no sample came.
    pub fn nothing(&self) -> Error {
        match (self.broken, self.truncated) {
            (0, false) => Error::invalid("it holds no sound"),
            (0, true) => Error::invalid("it was cut off before its sound begins"),
            _ => Error::invalid("none of its sound can be decoded: the file is damaged"),
        }
    }

    pub fn warnings(&self) -> Vec<String> {
        let mut all = Vec::new();
        if self.truncated {
            all.push("the file ends before it should: what is there was taken".to_owned());
        }
        if self.broken > 0 {
            let rate = self.resample.as_ref().map_or(1, Resample::rate);
            let seconds = self.lost as f64 / f64::from(rate);
            all.push(format!("{} damaged places in it became {seconds:.1} s of silence", self.broken));
        }
        all
    }
}

/// How long, where frames are not counted.
fn seconds(format: &dyn FormatReader, track: &Track) -> Option<f64> {
    let of = |base: Option<TimeBase>, d: Option<Duration>| Some(base?.calc_duration(d?)?.as_secs_f64());
    let info = format.media_info();
    of(track.time_base, track.duration).or_else(|| of(info.time_base, info.duration))
}

/// Frames the file must have to be whole; an mp3 without a table of contents is only guessed at.
fn promised(format: &dyn FormatReader, track: &Track) -> Option<u64> {
    match format.format_info().short_name {
        "mp3" | "mp2" | "mp1" | "aac" | "ogg" => None,
        _ => track.num_frames,
    }
}

fn unknown(e: Symphonia) -> Error {
    let error = match &e {
        Symphonia::IoError(e) if e.kind() != io::ErrorKind::UnexpectedEof => Error::retry("it cannot be read: check the disk"),
        Symphonia::Unsupported(_) | Symphonia::IoError(_) => {
            Error::invalid("no sound was recognised in it: Loom reads wav, flac, mp3, m4a, ogg, opus, aiff and webm")
        }
        _ => Error::invalid("it starts like a recording but its header is damaged"),
    };
    error.because(e.to_string())
}

fn unsupported(e: Symphonia) -> Error {
    Error::invalid("its sound is stored in a way Loom cannot read: convert it to flac").because(e.to_string())
}
