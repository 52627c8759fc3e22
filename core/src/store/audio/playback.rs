//! Samples as a WAV file that never lies on disk: 44 bytes of header, then the samples.

use super::AudioStore;
use super::files::SAMPLE_BYTES;
use crate::error::Result;

/// Bytes of a WAV file before its samples.
pub const WAV_HEADER: u64 = 44;

impl AudioStore {
    /// A whole WAV file, 16 kHz mono, 16 bits. `Skip` if the samples are no longer there.
    pub fn wav(&self, stream_id: &str, first_sample: u64, samples: u64) -> Result<Vec<u8>> {
        self.wav_part(stream_id, first_sample, samples, 0, wav_len(samples))
    }

    /// `len` bytes of that file from byte `from` on, fewer at its end: for HTTP ranges and for long streams.
    pub fn wav_part(&self, stream_id: &str, first_sample: u64, samples: u64, from: u64, len: u64) -> Result<Vec<u8>> {
        let end = from.saturating_add(len).min(wav_len(samples));
        let from = from.min(end);
        let header = header(samples);
        let mut out = header[from.min(WAV_HEADER) as usize..end.min(WAV_HEADER) as usize].to_vec();
        if end > WAV_HEADER {
            let (a, b) = (from.max(WAV_HEADER) - WAV_HEADER, end - WAV_HEADER);
            // Whole samples are read, a half one at either end is left out.
            let (first, last) = (a / SAMPLE_BYTES, b.div_ceil(SAMPLE_BYTES));
            let bytes = self.bytes(stream_id, first_sample + first, last - first)?;
            out.extend_from_slice(&bytes[(a - first * SAMPLE_BYTES) as usize..(b - first * SAMPLE_BYTES) as usize]);
        }
        Ok(out)
    }
}

/// Bytes of a WAV file with so many samples.
pub fn wav_len(samples: u64) -> u64 {
    WAV_HEADER + samples * SAMPLE_BYTES
}

fn header(samples: u64) -> Vec<u8> {
    // Longer than 37 hours, the size says "unknown" and players read to the end.
    let data = u32::try_from(samples * SAMPLE_BYTES).unwrap_or(u32::MAX);
    let rate = 16_000u32;
    let riff = data.saturating_add(36);
    let parts: [&[u8]; 7] = [
        b"RIFF",
        &riff.to_le_bytes(),
        b"WAVEfmt \x10\0\0\0\x01\0\x01\0",
        &rate.to_le_bytes(),
        &(rate * 2).to_le_bytes(),
        b"\x02\0\x10\0data",
        &data.to_le_bytes(),
    ];
    parts.concat()
}
