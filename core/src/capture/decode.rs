//! Audio files to 16 kHz mono: wav, flac, mp3, m4a (AAC, ALAC), ogg (Vorbis, Opus, FLAC), aiff, webm and mka, found by
//! their content. Blocks of a second come out, so a file of any length needs the same memory.

mod guard;
mod mp4;
mod ogg;
mod source;
mod stream;
mod taken_at;
mod wav;

use std::fs::File;
use std::io;
use std::path::Path;

use jiff::tz::TimeZone;

use self::guard::guarded;
use self::stream::{Facts, Stream};
use super::SAMPLE_RATE;
use crate::env::Time;
use crate::error::{Error, Result};

/// Samples a block; only the last is shorter.
pub const BLOCK: usize = SAMPLE_RATE as usize;

/// A file being decoded: blocks of [`BLOCK`] samples, 16 kHz mono in [-1, 1].
///
/// A file that stops before its end gives what decodes and is [`truncated`](Self::truncated); an item is
/// `Err` only when the decoder broke, and the last one then.
pub struct Decoder {
    stream: Stream,
    taken_at: Option<taken_at::TakenAt>,
    duration: Option<f64>,
    ready: Vec<f32>,
    over: bool,
}

/// Opens a recording. Every error is `Invalid` (or `Retry`, when the disk fails) and one sentence about the file.
pub fn open(path: &Path) -> Result<Decoder> {
    let file = open_file(path)?;
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_owned);
    let len = length(&file)?;
    Decoder::new(file, len, extension.as_deref())
}

/// Bytes of a file, now.
pub(super) fn length(file: &File) -> Result<u64> {
    Ok(file.metadata().map_err(|e| unreadable(&e))?.len())
}

/// The file itself, if it is one that has bytes.
pub(super) fn open_file(path: &Path) -> Result<File> {
    let meta = path.metadata().map_err(|e| unreadable(&e))?;
    if meta.is_dir() {
        return Err(Error::invalid("it is a folder: name the recordings in it one by one"));
    }
    if !meta.is_file() {
        return Err(Error::invalid("it is not a file"));
    }
    if meta.len() == 0 {
        return Err(Error::invalid("the file is empty"));
    }
    File::open(path).map_err(|e| unreadable(&e))
}

pub(super) fn unreadable(e: &io::Error) -> Error {
    let error = match e.kind() {
        io::ErrorKind::NotFound => Error::invalid("there is no such file"),
        io::ErrorKind::PermissionDenied => Error::invalid("it may not be read: change its permissions"),
        io::ErrorKind::NotADirectory | io::ErrorKind::InvalidInput => Error::invalid("there is no such file"),
        _ => Error::retry("it cannot be read: check the disk"),
    };
    error.because(e.to_string())
}

impl Decoder {
    /// Decodes the first `len` bytes of an open file; what is appended later is not seen.
    pub fn new(mut file: File, len: u64, extension: Option<&str>) -> Result<Self> {
        let wav = wav::read(&mut file, len)?;
        let mp4 = mp4::read(&mut file, len);
        if mp4.is_mp4 && !mp4.has_index {
            return Err(Error::invalid("its index is missing: the recording was cut off before it was finished"));
        }
        if mp4.protected {
            return Err(Error::invalid("its sound is encrypted: Loom cannot play it, only a copy without protection"));
        }
        let facts = Facts {
            frames: wav.as_ref().filter(|w| w.pcm).map(|w| w.len / w.block),
            truncated: wav.as_ref().is_some_and(|w| w.truncated) || ogg::cut_off(&mut file, len),
            priming: mp4.priming,
        };
        let local = wav.as_ref().and_then(|w| w.taken_at).map(taken_at::TakenAt::Local);
        let (mut ready, mut over) = (Vec::new(), false);
        let again = file.try_clone().map_err(|e| unreadable(&e))?;
        let window = match wav {
            Some(w) => source::Window::new(w.head, file, w.start, w.len),
            None => source::Window::new(Vec::new(), file, 0, len),
        };
        let mut stream = guarded(|| Stream::probe(window, extension, facts)).or_else(|e| {
            // Cut off, a file's index points to what is not there; from front to end it may still be read.
            let window = source::Window::new(Vec::new(), again, 0, len).forward_only();
            guarded(|| Stream::probe(window, extension, Facts { truncated: true, ..facts })).map_err(|_| e)
        })?;
        // The first samples come now, so that a file without any is refused here.
        while ready.is_empty() && !over {
            over = !guarded(|| stream.more(&mut ready))?;
        }
        if ready.is_empty() {
            return Err(stream.nothing());
        }
        let made = mp4.created.map(taken_at::TakenAt::Exact);
        let taken_at = made.or(local).or_else(|| guarded(|| Ok(stream.tagged())).ok().flatten());
        let duration = stream.duration();
        Ok(Self { stream, taken_at, duration, ready, over })
    }

    /// What the file says its length is, in seconds; it may be wrong.
    pub fn duration_hint_s(&self) -> Option<f64> {
        self.duration
    }

    /// When the recording was made, if the file says so to the second; `zone` is for times without an offset.
    pub fn container_time(&self, zone: &TimeZone) -> Option<Time> {
        self.taken_at.and_then(|t| t.resolve(zone))
    }

    /// The file ends before it should. Known for certain once all blocks are out.
    pub fn truncated(&self) -> bool {
        self.stream.truncated
    }

    /// What a person should know about the file, in sentences.
    pub fn warnings(&self) -> Vec<String> {
        self.stream.warnings()
    }
}

impl Iterator for Decoder {
    type Item = Result<Vec<f32>>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.over && self.ready.len() < BLOCK {
            match guarded(|| self.stream.more(&mut self.ready)) {
                Ok(more) => self.over = !more,
                Err(e) => {
                    // What was decoded before it broke is still good.
                    self.over = true;
                    self.stream.truncated = true;
                    if self.ready.is_empty() {
                        return Some(Err(e));
                    }
                }
            }
        }
        let n = BLOCK.min(self.ready.len());
        let block: Vec<f32> = self.ready.drain(..n).map(|s| s.clamp(-1.0, 1.0)).collect();
        (n > 0).then_some(Ok(block))
    }
}

#[cfg(test)]
pub(in crate::capture) mod tests;
