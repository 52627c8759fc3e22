//! Pictures, films and documents: bytes in base64, under the names that senders give them.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::DecodePaddingMode::Indifferent;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::Renames;
use super::fields::lower;
use crate::door::sound;

/// The field that holds a topic's bytes.
pub fn bytes_field(topic: &str) -> Option<&'static str> {
    match topic {
        "device.image.camera.raw" | "device.image.screenshot.raw" | "external.twitter.images.raw" => Some("image_data"),
        "device.video.screen.raw" => Some("video_data"),
        "task.document.ingest" => Some("file_data"),
        "device.audio.raw" => Some(sound::FIELD),
        _ => None,
    }
}

pub fn renames(topic: &str) -> Renames {
    match topic {
        "device.image.camera.raw" | "device.image.screenshot.raw" => &[("data", "image_data"), ("image", "image_data")],
        "device.video.screen.raw" => &[("data", "video_data"), ("image_data", "frame_data")],
        "task.document.ingest" => &[("data", "file_data"), ("name", "filename")],
        "device.audio.raw" => &[
            ("audio_data", sound::FIELD),
            ("data", sound::FIELD),
            ("audio", sound::FIELD),
            ("chunk_index", "chunk_number"),
            ("samplerate", "sample_rate"),
        ],
        _ => &[],
    }
}

pub fn fit(topic: &str, data: &mut Map<String, Value>) {
    if bytes_field(topic).is_some() {
        lower(data, "format");
        lower(data, "camera_type");
    }
}

/// Base64 with either alphabet, padded or not, line ends and a data URL's head left out. `None` where it is none.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(Indifferent).with_decode_allow_trailing_bits(true);
    let text = text.split_once(";base64,").map_or(text, |(_, rest)| rest);
    let plain: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let url = plain.contains(['-', '_']);
    GeneralPurpose::new(if url { &URL_SAFE } else { &STANDARD }, LENIENT).decode(plain).ok()
}
