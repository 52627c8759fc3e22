//! A piece's bytes as samples: raw ones as they lie, files through the decoders, a second at a time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use loom_schemas::payload::StreamEnd;

use crate::capture::SAMPLE_RATE;
use crate::capture::decode::Decoder;
use crate::capture::resample::Resample;
use crate::door::sound::{Form, Piece, Sample};
use crate::error::{Error, Result};

/// Tells apart the files of pieces that are decoded at once.
static PIECES: AtomicU64 = AtomicU64::new(0);

/// Samples on their way out.
pub struct Samples<'a>(Of<'a>);

enum Of<'a> {
    Raw { frames: Frames<'a>, resample: Box<Resample>, over: bool },
    File { decoder: Box<Decoder>, next: Option<Vec<f32>>, seconds: f64, _file: Scratch },
}

/// Raw samples as one channel at their own rate.
struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
    rate: u32,
    channels: usize,
    sample: Sample,
}

impl<'a> Samples<'a> {
    /// Errors: `Invalid` and one sentence where nothing can be decoded; `Stop` when the disk is full.
    pub fn open(piece: &'a Piece, scratch: &Path) -> Result<Self> {
        match &piece.form {
            Form::Nothing(why) => Err(Error::invalid(*why)),
            Form::Pcm { rate, channels, sample } => {
                let frames = Frames { bytes: &piece.bytes, at: 0, rate: *rate, channels: *channels, sample: *sample };
                if frames.left() == 0 {
                    return Err(Error::invalid("it is shorter than one sample"));
                }
                Ok(Self(Of::Raw { frames, resample: Box::new(Resample::new(*rate)?), over: false }))
            }
            Form::File { extension } => {
                let mut kept = Scratch::new(scratch, &piece.bytes)?;
                let file = kept.file.take().ok_or_else(|| Error::bug("a file is gone right after it was made"))?;
                let mut decoder = Decoder::new(file, piece.bytes.len() as u64, extension.as_deref())?;
                let next = decoder.next().transpose()?;
                let first = next.as_ref().map_or(0.0, |b| b.len() as f64 / f64::from(SAMPLE_RATE));
                let seconds = decoder.duration_hint_s().unwrap_or(first).max(first);
                Ok(Self(Of::File { decoder: Box::new(decoder), next, seconds, _file: kept }))
            }
        }
    }

    /// How long it is; of a file, as it says itself.
    pub fn seconds(&self) -> f64 {
        match &self.0 {
            Of::Raw { frames, .. } => frames.all() as f64 / f64::from(frames.rate),
            Of::File { seconds, .. } => *seconds,
        }
    }

    /// About a second at 16 kHz; `None` when it is over.
    pub fn block(&mut self) -> Result<Option<Vec<f32>>> {
        match &mut self.0 {
            Of::Raw { frames, resample, over } => {
                let mut out = Vec::new();
                while out.is_empty() && !*over {
                    match frames.next() {
                        Some(raw) => resample.push(&raw, &mut out)?,
                        None => {
                            *over = true;
                            resample.finish(&mut out)?;
                        }
                    }
                }
                Ok((!out.is_empty()).then_some(out))
            }
            // What a decoder that broke had to say is in how the stream ends.
            Of::File { decoder, next, .. } => Ok(next.take().or_else(|| decoder.next().and_then(Result::ok))),
        }
    }

    /// About a second of raw samples at their own rate, one channel.
    pub fn raw(&mut self) -> Option<Vec<f32>> {
        match &mut self.0 {
            Of::Raw { frames, .. } => frames.next(),
            Of::File { .. } => None,
        }
    }

    /// How a stream ends that ends with it.
    pub fn end(&self) -> StreamEnd {
        match &self.0 {
            Of::File { decoder, .. } if decoder.truncated() => StreamEnd::Truncated,
            _ => StreamEnd::FileOver,
        }
    }
}

impl Frames<'_> {
    fn frame(&self) -> usize {
        self.sample.bytes() * self.channels
    }
    fn all(&self) -> usize {
        self.bytes.len() / self.frame()
    }
    fn left(&self) -> usize {
        self.all() - self.at
    }

    /// Half a frame at the end is dropped.
    fn next(&mut self) -> Option<Vec<f32>> {
        let n = self.left().min(self.rate as usize);
        let bytes = self.bytes.get(self.at * self.frame()..(self.at + n) * self.frame())?;
        self.at += n;
        let mean =
            |frame: &[u8]| frame.chunks_exact(self.sample.bytes()).map(|s| value(self.sample, s)).sum::<f32>() / self.channels as f32;
        (n > 0).then(|| bytes.chunks_exact(self.frame()).map(mean).collect())
    }
}

/// In [-1, 1]. What is no number is silence.
fn value(sample: Sample, b: &[u8]) -> f32 {
    match (sample, b) {
        (Sample::U8, &[a]) => (f32::from(a) - 128.0) / 128.0,
        (Sample::S16Le, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
        (Sample::S16Be, &[a, b]) => f32::from(i16::from_be_bytes([a, b])) / 32_768.0,
        (Sample::S24Le, &[a, b, c]) => i32::from_le_bytes([0, a, b, c]) as f32 / 2_147_483_648.0,
        (Sample::S32Le, &[a, b, c, d]) => i32::from_le_bytes([a, b, c, d]) as f32 / 2_147_483_648.0,
        (Sample::F32Le, &[a, b, c, d]) => {
            Some(f32::from_le_bytes([a, b, c, d])).filter(|f| f.is_finite()).map_or(0.0, |f| f.clamp(-1.0, 1.0))
        }
        _ => 0.0,
    }
}

/// A file that lies on the disk while it is decoded, for its owner alone.
struct Scratch {
    path: PathBuf,
    file: Option<File>,
}

impl Scratch {
    fn new(folder: &Path, bytes: &[u8]) -> Result<Self> {
        let path = folder.join(PIECES.fetch_add(1, Ordering::Relaxed).to_string());
        let mut scratch = Self { path, file: None };
        let file = scratch.write(folder, bytes).map_err(|e| {
            let why = if e.kind() == io::ErrorKind::StorageFull {
                "the disk is full: free some space"
            } else {
                "the files folder takes no files"
            };
            Error::stop(why).because(e)
        })?;
        scratch.file = Some(file);
        Ok(scratch)
    }

    fn write(&self, folder: &Path, bytes: &[u8]) -> io::Result<File> {
        fs::create_dir_all(folder)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        file.write_all(bytes)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(file)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that cannot be removed goes at the next start.
        let _ = fs::remove_file(&self.path);
    }
}
