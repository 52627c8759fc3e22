//! What the MP4 demuxer does not tell: when the file was made, how much priming to skip, whether it is protected.
//! ISO/IEC 14496-12: boxes of a size and four letters.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::env::Time;

#[derive(Debug, Default, PartialEq)]
pub struct Mp4 {
    /// It starts like an MP4.
    pub is_mp4: bool,
    /// It has its index.
    pub has_index: bool,
    pub has_sound: bool,
    /// Its sound is encrypted.
    pub protected: bool,
    /// `mvhd`, UTC.
    pub created: Option<Time>,
    /// Ticks of the sound's own timescale that come before the first sample to be heard, and that timescale.
    pub priming: Option<(u64, u32)>,
}

/// Seconds from 1904-01-01 to 1970-01-01.
const EPOCH_1904: i64 = 2_082_844_800;
/// Larger boxes of an index than this are left alone.
const MAX_BOX: u64 = 1 << 20;

struct Walk<'a> {
    file: &'a mut File,
    found: Mp4,
    /// Of the track being read: its edit's start, its timescale, whether it is sound.
    track: (Option<u64>, u32, bool),
}

/// Never fails: what cannot be read is not there.
pub fn read(file: &mut File, len: u64) -> Mp4 {
    let mut first = [0; 8];
    if file.seek(SeekFrom::Start(0)).is_err() || file.read_exact(&mut first).is_err() || &first[4..] != b"ftyp" {
        return Mp4::default();
    }
    let mut walk = Walk { file, found: Mp4 { is_mp4: true, ..Mp4::default() }, track: (None, 0, false) };
    walk.boxes(0, len, 0);
    walk.found
}

impl Walk<'_> {
    fn boxes(&mut self, mut at: u64, end: u64, depth: u32) {
        // An index nests five deep and holds a handful of boxes a level.
        for _ in 0..4096 {
            let Some((kind, body, next)) = self.header(at, end) else { return };
            self.one(&kind, body, next, depth);
            at = next;
        }
    }

    fn header(&mut self, at: u64, end: u64) -> Option<([u8; 4], u64, u64)> {
        let h: [u8; 8] = self.bytes(at, at.checked_add(8).filter(|e| *e <= end)?)?.try_into().ok()?;
        let kind = [h[4], h[5], h[6], h[7]];
        let (head, size) = match u32::from_be_bytes([h[0], h[1], h[2], h[3]]) {
            0 => (8, end - at),
            1 => (16, u64::from_be_bytes(self.bytes(at + 8, at + 16)?.try_into().ok()?)),
            n => (8, u64::from(n)),
        };
        let next = at.checked_add(size)?.min(end);
        (size >= head && next >= at + head).then_some((kind, at + head, next))
    }

    fn one(&mut self, kind: &[u8; 4], body: u64, end: u64, depth: u32) {
        match kind {
            b"moov" | b"mdia" | b"minf" | b"stbl" | b"edts" if depth < 8 => {
                self.found.has_index |= kind == b"moov";
                self.boxes(body, end, depth + 1);
            }
            b"trak" if depth < 8 => {
                self.track = (None, 0, false);
                self.boxes(body, end, depth + 1);
                let (start, scale, sound) = self.track;
                if sound && !self.found.has_sound {
                    self.found.has_sound = true;
                    self.found.priming = start.map(|s| (s, scale)).filter(|_| scale > 0);
                }
            }
            b"mvhd" => self.found.created = self.bytes(body, end).and_then(|b| created(&b)),
            b"mdhd" => self.track.1 = self.bytes(body, end).and_then(|b| timescale(&b)).unwrap_or(0),
            b"hdlr" => self.track.2 |= self.bytes(body, end).is_some_and(|b| b.get(8..12) == Some(b"soun")),
            b"elst" => self.track.0 = self.bytes(body, end).and_then(|b| first_edit(&b)),
            b"stsd" => {
                let entry = self.bytes(body, end);
                self.found.protected |= entry.is_some_and(|b| matches!(b.get(12..16), Some(b"enca" | b"drms")));
            }
            _ => {}
        }
    }

    fn bytes(&mut self, from: u64, to: u64) -> Option<Vec<u8>> {
        let mut out = vec![0; to.checked_sub(from).filter(|n| *n <= MAX_BOX)? as usize];
        self.file.seek(SeekFrom::Start(from)).ok()?;
        self.file.read_exact(&mut out).ok()?;
        Some(out)
    }
}

fn u32_at(b: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(b.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(b: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(b.get(at..at + 8)?.try_into().ok()?))
}

/// Version 1 has 64-bit times.
fn created(mvhd: &[u8]) -> Option<Time> {
    let seconds = match mvhd.first()? {
        0 => i64::from(u32_at(mvhd, 4)?),
        _ => i64::try_from(u64_at(mvhd, 4)?).ok()?,
    };
    (seconds != 0).then(|| seconds.checked_sub(EPOCH_1904)?.checked_mul(1_000_000)).flatten().map(Time)
}

fn timescale(mdhd: &[u8]) -> Option<u32> {
    u32_at(mdhd, if *mdhd.first()? == 0 { 12 } else { 20 })
}

/// Where in the track the first edit that plays it starts; empty edits (−1) only delay.
fn first_edit(elst: &[u8]) -> Option<u64> {
    let (wide, count) = (*elst.first()? != 0, u32_at(elst, 4)?);
    (0..count.min(16) as usize).find_map(|i| match wide {
        false => u32_at(elst, 8 + 12 * i + 4).filter(|t| *t <= i32::MAX as u32).map(u64::from),
        true => u64_at(elst, 8 + 20 * i + 8).filter(|t| *t <= i64::MAX as u64),
    })
}
