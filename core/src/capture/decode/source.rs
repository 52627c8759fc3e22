//! The bytes a decoder sees: a window of a file, its length fixed when it was opened, with a header of ours before it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// `head`, then `len` bytes of the file from `start` on. What is appended to the file later is not seen.
pub struct Window {
    head: Vec<u8>,
    file: File,
    start: u64,
    len: u64,
    at: u64,
    seekable: bool,
}

impl Window {
    pub fn new(head: Vec<u8>, file: File, start: u64, len: u64) -> Self {
        Self { head, file, start, len, at: 0, seekable: true }
    }
    /// Read from front to end: for a file whose index points beyond its end.
    #[must_use]
    pub fn forward_only(mut self) -> Self {
        self.seekable = false;
        self
    }
    fn size(&self) -> u64 {
        self.head.len() as u64 + self.len
    }
}

impl Read for Window {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let head = self.head.len() as u64;
        let n = if self.at < head {
            (&self.head[self.at as usize..]).read(buf)?
        } else {
            let left = self.size().saturating_sub(self.at).min(buf.len() as u64) as usize;
            self.file.seek(SeekFrom::Start(self.start + (self.at - head)))?;
            self.file.read(&mut buf[..left])?
        };
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Window {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(n) => Some(n),
            SeekFrom::End(n) => self.size().checked_add_signed(n),
            SeekFrom::Current(n) => self.at.checked_add_signed(n),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

impl MediaSource for Window {
    fn is_seekable(&self) -> bool {
        self.seekable
    }
    fn byte_len(&self) -> Option<u64> {
        // A forward reader that knows the length refuses what the index promises beyond it.
        self.seekable.then(|| self.size())
    }
}
