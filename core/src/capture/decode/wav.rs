//! WAV headers, taken for what recorders really write: sizes of zero, of "unknown", beyond the file's end, RF64.
//! The decoder gets a plain header of ours and the samples that are there.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use jiff::civil::DateTime;

use crate::error::{Error, Result};

/// Where the samples lie, and what the header says of them.
#[derive(Debug, PartialEq)]
pub struct Wav {
    /// A header with the same format and true sizes.
    pub head: Vec<u8>,
    pub start: u64,
    /// Bytes of samples present, whole frames.
    pub len: u64,
    pub rate: u32,
    /// Bytes a frame.
    pub block: u64,
    /// Samples are stored as they are, so that bytes count frames.
    pub pcm: bool,
    /// The header promises more than there is.
    pub truncated: bool,
    /// `bext` origination: local time of the recorder.
    pub taken_at: Option<DateTime>,
}

/// Chunks looked at before the samples; more is no recording.
const MAX_CHUNKS: usize = 256;
/// Sizes from here on are what recorders write while they do not know it yet.
const UNKNOWN: u64 = 0x7fff_0000;

/// `None` if the bytes are no WAV; `Invalid` if they are one that no samples can be had from.
pub fn read(file: &mut File, file_len: u64) -> Result<Option<Wav>> {
    let mut riff = [0; 12];
    if !fill(file, 0, &mut riff) || &riff[8..] != b"WAVE" || !matches!(&riff[..4], b"RIFF" | b"RF64" | b"BW64") {
        return Ok(None);
    }
    let (mut at, mut fmt, mut large, mut taken_at) = (12, None, None, None);
    for _ in 0..MAX_CHUNKS {
        let mut h = [0; 8];
        if !fill(file, at, &mut h) {
            break;
        }
        let (size, body) = (u64::from(u32::from_le_bytes([h[4], h[5], h[6], h[7]])), at + 8);
        match &h[..4] {
            b"fmt " => fmt = Some(take(file, body, size.min(64))),
            b"ds64" => large = long(&take(file, body, size.min(64))),
            b"bext" => taken_at = origination(&take(file, body, size.min(348))),
            b"data" => {
                let fmt = fmt.ok_or_else(|| Error::invalid("its header does not say how the samples are stored: the file is damaged"))?;
                let promised = if size == u64::from(u32::MAX) { large.unwrap_or(size) } else { size };
                return samples(fmt, body, promised, file_len, taken_at).map(Some);
            }
            _ => {}
        }
        at = body + size + size % 2;
    }
    Err(Error::invalid("it has a WAV header but no samples: the recording was cut off before it began"))
}

fn samples(fmt: Vec<u8>, start: u64, promised: u64, file_len: u64, taken_at: Option<DateTime>) -> Result<Wav> {
    let u16_at = |i: usize| fmt.get(i..i + 2).map_or(0, |b| u16::from_le_bytes([b[0], b[1]]));
    let (tag, channels, block) = (u16_at(0), u16_at(2), u64::from(u16_at(12)));
    let rate = u32::from(u16_at(4)) | u32::from(u16_at(6)) << 16;
    if fmt.len() < 16 {
        return Err(Error::invalid("its header is cut off: the file is damaged"));
    }
    if channels == 0 {
        return Err(Error::invalid("its header says no channels: the file is damaged"));
    }
    if rate == 0 {
        return Err(Error::invalid("its header says 0 Hz: the file is damaged"));
    }
    let present = file_len.saturating_sub(start);
    let known = promised != 0 && promised < UNKNOWN || promised > u64::from(u32::MAX);
    let len = if known { promised.min(present) } else { present };
    let len = len - len % block.max(1);
    if len == 0 {
        return Err(Error::invalid("it holds no sound"));
    }
    let data = u32::try_from(len).unwrap_or(u32::MAX);
    let head = [b"RIFF", &u32::MAX.to_le_bytes()[..], b"WAVEfmt ", &(fmt.len() as u32).to_le_bytes(), &fmt, b"data", &data.to_le_bytes()];
    // PCM, float and the extensible form of both; companded and ADPCM count otherwise.
    let pcm = matches!(tag, 1 | 3 | 0xfffe);
    Ok(Wav { head: head.concat(), start, len, rate, block: block.max(1), pcm, truncated: known && promised > present, taken_at })
}

/// ds64: sizes of the whole and of the samples, 64 bits each.
fn long(ds64: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(ds64.get(8..16)?.try_into().ok()?))
}

/// EBU Tech 3285: at 320, `yyyy-mm-dd` and `hh-mm-ss` with any separators.
fn origination(bext: &[u8]) -> Option<DateTime> {
    let text = std::str::from_utf8(bext.get(320..338)?).ok()?;
    let n = |r: std::ops::Range<usize>| text.get(r)?.parse::<i16>().ok();
    let b = |r: std::ops::Range<usize>| n(r).and_then(|n| i8::try_from(n).ok());
    DateTime::new(n(0..4)?, b(5..7)?, b(8..10)?, b(10..12)?, b(13..15)?, b(16..18)?, 0).ok()
}

fn fill(file: &mut File, at: u64, buf: &mut [u8]) -> bool {
    file.seek(SeekFrom::Start(at)).is_ok() && file.read_exact(buf).is_ok()
}

/// Up to `len` bytes; fewer at the file's end.
fn take(file: &mut File, at: u64, len: u64) -> Vec<u8> {
    let mut out = Vec::new();
    if file.seek(SeekFrom::Start(at)).is_ok() {
        // What cannot be read is missing, and said so by whoever needs it.
        let _ = file.take(len).read_to_end(&mut out);
    }
    out
}
