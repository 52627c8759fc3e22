//! Whether an Ogg file ends where its writer ended it (RFC 3533): the last page says so.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// The longest page: a header, 255 segment sizes, 255 segments of 255 bytes.
const LONGEST_PAGE: u64 = 27 + 255 + 255 * 255;

/// True for an Ogg file whose last page is cut or does not end its stream.
pub fn cut_off(file: &mut File, len: u64) -> bool {
    let mut first = [0; 4];
    if file.seek(SeekFrom::Start(0)).is_err() || file.read_exact(&mut first).is_err() || &first != b"OggS" {
        return false;
    }
    let mut tail = Vec::new();
    let from = len.saturating_sub(LONGEST_PAGE);
    if file.seek(SeekFrom::Start(from)).is_err() || file.take(len - from).read_to_end(&mut tail).is_err() {
        return false;
    }
    let Some(at) = tail.windows(4).rposition(|w| w == b"OggS") else { return true };
    let page = &tail[at..];
    let Some(segments) = page.get(26).and_then(|n| page.get(27..27 + usize::from(*n))) else { return true };
    let whole = 27 + segments.len() + segments.iter().map(|s| usize::from(*s)).sum::<usize>();
    page.len() < whole || page[5] & 4 == 0
}
