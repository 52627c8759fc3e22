//! Pictures among the files that records name.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use image::{ImageReader, Limits, imageops};

use super::image::{PLACES, Pictures};
use crate::error::Result;
use crate::store::blobs::Blobs;

/// What a picture may take while it is looked at, bytes; a greater one is not compared.
const MOST_ALLOCATED: u64 = 256 << 20;
/// Pixels of a side.
const MOST_SIDE: u32 = 32_768;

pub struct FilePictures(Blobs);

impl FilePictures {
    /// `<data dir>/files`.
    pub fn at(folder: &Path) -> Self {
        Self(Blobs::at(folder))
    }
}

impl Pictures for FilePictures {
    fn places(&self, file_id: &str) -> Result<Option<[u8; PLACES]>> {
        // It becomes part of a path.
        let is_id = file_id.len() == 64 && file_id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        // What was forgotten is not there any more.
        let file = if is_id { File::open(self.0.path(file_id)).ok() } else { None };
        Ok(file.and_then(|f| grey_places(BufReader::new(f))))
    }
}

/// `None` of what is no picture that can be looked at.
pub(super) fn grey_places(from: impl std::io::BufRead + std::io::Seek) -> Option<[u8; PLACES]> {
    let mut reader = ImageReader::new(from).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_ALLOCATED);
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE), Some(MOST_SIDE));
    reader.limits(limits);
    let grey = reader.decode().ok()?.to_luma8();
    let small = imageops::thumbnail(&grey, super::image::WIDTH as u32, super::image::HEIGHT as u32);
    small.into_raw().try_into().ok()
}
