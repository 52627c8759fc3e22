//! What the bytes are, by what is said of them and by how they begin.

use serde_json::{Map, Value};

/// How one raw sample lies in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    U8,
    S16Le,
    S16Be,
    S24Le,
    S32Le,
    F32Le,
}

impl Sample {
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::S16Le | Self::S16Be => 2,
            Self::S24Le => 3,
            Self::S32Le | Self::F32Le => 4,
        }
    }
}

/// What the bytes are.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// Interleaved samples without a header.
    Pcm { rate: u32, channels: usize, sample: Sample },
    /// wav, flac, mp3, m4a, ogg …: found by its content, the name is a hint.
    File { extension: Option<String> },
    /// Nothing that could be decoded: why.
    Nothing(&'static str),
}

pub(super) fn form(data: &Map<String, Value>, bytes: &[u8]) -> Form {
    let said = text(data, "format").map(str::to_lowercase);
    if bytes.is_empty() {
        return Form::Nothing("nothing came with it");
    }
    if is_file(bytes) {
        return Form::File { extension: said.filter(|_| sample(data).is_none()) };
    }
    if let (Some(sample), Some(rate)) = (sample(data), whole(data, "sample_rate")) {
        let channels = whole(data, "channels").unwrap_or(1) as usize;
        return Form::Pcm { rate: rate as u32, channels, sample };
    }
    match said {
        None => Form::Nothing("it is no audio file, and nothing says how its samples lie: name their format, such as pcm_s16le"),
        extension => Form::File { extension },
    }
}

/// How raw samples lie, where the format says that they are raw.
pub(super) fn sample(data: &Map<String, Value>) -> Option<Sample> {
    let bits = ["bits_per_sample", "bit_depth", "sample_size"].iter().find_map(|f| whole(data, f));
    let bits = bits.or_else(|| whole(data, "sample_width").map(|bytes| bytes * 8));
    match text(data, "format")?.to_lowercase().as_str() {
        "pcm" | "raw" | "lpcm" => match bits {
            None | Some(16) => Some(Sample::S16Le),
            Some(8) => Some(Sample::U8),
            Some(24) => Some(Sample::S24Le),
            Some(32) => Some(Sample::S32Le),
            Some(_) => None,
        },
        "pcm16" | "pcm_16" | "pcm_16bit" | "pcm16bit" | "s16" | "s16le" | "pcm_s16le" | "int16" | "linear16" => Some(Sample::S16Le),
        "l16" | "s16be" | "pcm_s16be" => Some(Sample::S16Be),
        "u8" | "pcm_u8" | "pcm8" => Some(Sample::U8),
        "s24" | "s24le" | "pcm_s24le" | "pcm24" => Some(Sample::S24Le),
        "s32" | "s32le" | "pcm_s32le" | "pcm32" | "int32" => Some(Sample::S32Le),
        "f32" | "f32le" | "pcm_f32le" | "float32" | "float" => Some(Sample::F32Le),
        _ => None,
    }
}

/// Bytes of one sample of a raw format; 1 where it is none.
pub fn sample_bytes(format: &str) -> usize {
    let mut data = Map::new();
    data.insert("format".into(), format.into());
    sample(&data).map_or(1, Sample::bytes)
}

/// Whether the bytes begin as an audio file does, whatever their sender calls them.
fn is_file(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 8] = [b"fLaC", b"OggS", b"ID3", b"FORM", b"caff", b"\x1a\x45\xdf\xa3", b"RIFF", b"RF64"];
    starts.iter().any(|s| bytes.starts_with(s)) || bytes.get(4..8) == Some(b"ftyp")
}

pub(super) fn text<'a>(data: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    data.get(name)?.as_str().map(str::trim)
}

/// A whole number, also as text: a query has nothing else.
pub(super) fn whole(data: &Map<String, Value>, name: &str) -> Option<u64> {
    match data.get(name)? {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(n) => n.as_u64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && (0.0..9e15).contains(f)).map(|f| f as u64)),
        _ => None,
    }
}
