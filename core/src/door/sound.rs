//! Sound that comes as bytes, in the shapes Loom v2's clients have: what it is, which device and stream it is of, and what
//! names this piece, so that a retry is known. [`Sound`] puts it on the pipeline.

use loom_schemas::payload::SourceKind;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::take::{Fit, Request};
use super::{Offer, Wrong, shape};
use crate::bus::{Trace, names};
use crate::env::Time;
use crate::error::{Error, Result};

/// The field that holds the bytes once a payload has its topic's shape.
pub const FIELD: &str = "chunk_data";
/// Hz that raw samples may have.
const RATES: std::ops::RangeInclusive<u64> = 1_000..=768_000;
const CHANNELS: std::ops::RangeInclusive<u64> = 1..=32;
/// Bytes of a stream's name.
const LONGEST_NAME: usize = 128;

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

/// One piece of sound on its way in.
#[derive(Clone, Debug)]
pub struct Piece {
    pub device: Uuid,
    /// What a person calls the device; empty where nobody named it.
    pub name: String,
    pub kind: SourceKind,
    /// Which of the device's streams; empty where it says nothing of streams.
    pub stream: String,
    /// Where the piece stands in its stream.
    pub number: Option<u64>,
    /// When its first sample was taken, if it says so.
    pub at: Option<Time>,
    /// Names the piece: the same again is the same piece.
    pub key: [u8; 16],
    pub message_id: Option<Uuid>,
    pub trace: Trace,
    pub producer: String,
    pub form: Form,
    pub bytes: Vec<u8>,
    /// Nothing follows it.
    pub last: bool,
    /// Its number came before, whether or not anything else of it is known.
    pub came_before: bool,
    /// More of the same samples follow at once: the resampler goes on where it was.
    pub live: bool,
}

impl Piece {
    /// The id of the piece's record number `part`. UUIDv8: 48 bits of milliseconds, the rest a hash. Fixed for ever.
    pub fn record_id(&self, part: u64, recorded_at: Time) -> Uuid {
        if let (0, Some(id)) = (part, self.message_id) {
            return id;
        }
        let mut h = Sha256::new();
        h.update(self.key);
        h.update(part.to_be_bytes());
        let mut bytes = [0u8; 16];
        bytes[..6].copy_from_slice(&(recorded_at.millis().max(0) as u64).to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&h.finalize()[..10]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// What became of a piece.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// On the log, or known to be: id and offset of its first record.
    Landed { message_id: Uuid, offset: u64, repeat: bool },
    /// Nothing new is on the log: it came before, longer ago than is known where it landed; or it is a fraction of a second
    /// that the stream's next piece brings there.
    Held,
    /// It cannot be decoded: why, for a person.
    Unreadable(String),
}

/// A stream that is open now.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenStream {
    pub device: Uuid,
    pub stream: String,
    pub stream_id: String,
    pub started_at: Time,
    pub last_heard: Time,
    pub seconds: f64,
    pub pieces: u64,
}

/// Where sound goes that comes as bytes.
pub trait Sound: Send + Sync {
    /// Decodes a piece and puts it on the log; durable when it returns. Blocks.
    ///
    /// Errors: `Stop` when the disk is full; then nothing was taken.
    fn take(&self, piece: &Piece, now: Time) -> Result<Heard>;
    /// Every stream that may still go on.
    fn open(&self) -> Vec<OpenStream>;
}

/// Where Loom was built without decoders.
pub struct Deaf;

impl Sound for Deaf {
    fn take(&self, _: &Piece, _: Time) -> Result<Heard> {
        Err(Error::invalid("this Loom was built without what decodes sound: build it with the feature `recordings`"))
    }
    fn open(&self) -> Vec<OpenStream> {
        Vec::new()
    }
}

/// Whether an offer brings sound itself, not a reference to samples that are stored already.
pub(super) fn is_sound(offer: &Offer) -> bool {
    offer.topic.as_str() == names::AUDIO_RAW && !(offer.data.contains_key("stream_id") && offer.data.contains_key("first_sample"))
}

/// What is wrong with what is said beside the sound.
pub(super) fn complaints(offer: &Offer) -> Vec<Wrong> {
    let data = &offer.data;
    let mut wrong = Vec::new();
    match data.get(FIELD) {
        Some(Value::String(_)) => {}
        None if offer.bytes.is_some() => {}
        None => wrong.push(Wrong::new(format!("/{FIELD}"), "required", "the sound: base64 or hex of samples, or of an audio file")),
        Some(_) => wrong.push(Wrong::new(format!("/{FIELD}"), "type", "a text: base64 or hex")),
    }
    let mut number = |name: &str, range: std::ops::RangeInclusive<u64>| {
        if data.contains_key(name) && !whole(data, name).is_some_and(|n| range.contains(&n)) {
            wrong.push(Wrong::new(format!("/{name}"), "range", format!("a whole number from {} to {}", range.start(), range.end())));
        }
    };
    number("sample_rate", RATES);
    number("channels", CHANNELS);
    number("chunk_number", 0..=i64::MAX as u64);
    if wrong.is_empty() && sample(data).is_some() && !data.contains_key("sample_rate") {
        wrong.push(Wrong::new("/sample_rate", "required", "how many samples a second, in Hz"));
    }
    wrong
}

/// The piece of an offer without complaints. `chance` names one that nothing else names: it is new whenever it comes.
pub(super) fn piece(fit: &mut Fit, request: &Request, index: usize, trace: Trace, chance: [u8; 16]) -> Piece {
    let (bytes, readable) = bytes(&mut fit.offer);
    let Fit { offer, device, .. } = fit;
    let data = &offer.data;
    let form = if readable { form(data, &bytes) } else { Form::Nothing("it is neither base64 nor hex") };
    let (named, number) = place(offer);
    let key = match (offer.message_id, request.key, &named, number) {
        (Some(id), ..) => key(&[b"id", device.as_bytes(), id.as_bytes()]),
        (_, Some(said), ..) => key(&[b"key", device.as_bytes(), said, &(index as u64).to_be_bytes()]),
        (_, _, Some(stream), Some(n)) => key(&[b"number", device.as_bytes(), stream.as_bytes(), &n.to_be_bytes()]),
        _ => match offer.recorded_at {
            Some(at) => {
                let of = [at.micros().to_be_bytes(), number.unwrap_or(u64::MAX).to_be_bytes()].concat();
                key(&[b"bytes", device.as_bytes(), &of, &Sha256::digest(&bytes)])
            }
            None => chance,
        },
    };
    Piece {
        device: *device,
        name: String::new(),
        kind: SourceKind::Upload,
        stream: named.unwrap_or_default(),
        number,
        at: offer.recorded_at,
        key,
        message_id: offer.message_id,
        trace,
        producer: request.producer.into(),
        form,
        bytes,
        last: ["last", "final", "is_final"]
            .iter()
            .any(|f| matches!(data.get(*f), Some(Value::Bool(true))) || text(data, f) == Some("true")),
        came_before: false,
        live: data.get("live") == Some(&Value::Bool(true)),
    }
}

/// Which stream it is of, if it says so, and which number it has there. A file's id alone names no stream: some senders
/// give each piece its own.
fn place(offer: &Offer) -> (Option<String>, Option<u64>) {
    if let Some((stream, n)) = &offer.stream {
        return (Some(stream.clone()), Some(*n));
    }
    let number = whole(&offer.data, "chunk_number");
    let fields: &[&str] =
        if number.is_some() { &["stream_id", "session_id", "stream", "file_id"] } else { &["stream_id", "session_id", "stream"] };
    let named = fields.iter().find_map(|f| text(&offer.data, f)).filter(|s| (1..=LONGEST_NAME).contains(&s.len()));
    (named.map(str::to_owned), number)
}

fn bytes(offer: &mut Offer) -> (Vec<u8>, bool) {
    if let Some(bytes) = offer.bytes.take() {
        return (bytes, true);
    }
    let Some(Value::String(text)) = offer.data.remove(FIELD) else { return (Vec::new(), true) };
    match from_hex(&text).or_else(|| shape::decoded(&text)) {
        Some(bytes) => (bytes, true),
        None => (text.into_bytes(), false),
    }
}

/// Some clients send hex. No base64 of sound is made of hex digits alone, so nothing has to say which it is.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    (text.len() >= 8).then(|| hex::decode(text.trim()).ok()).flatten()
}

fn form(data: &Map<String, Value>, bytes: &[u8]) -> Form {
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
fn sample(data: &Map<String, Value>) -> Option<Sample> {
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

fn text<'a>(data: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    data.get(name)?.as_str().map(str::trim)
}

/// A whole number, also as text: a query has nothing else.
fn whole(data: &Map<String, Value>, name: &str) -> Option<u64> {
    match data.get(name)? {
        Value::String(text) => text.trim().parse().ok(),
        Value::Number(n) => n.as_u64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && (0.0..9e15).contains(f)).map(|f| f as u64)),
        _ => None,
    }
}

fn key(parts: &[&[u8]]) -> [u8; 16] {
    let mut h = Sha256::new();
    for part in parts {
        h.update((part.len() as u32).to_be_bytes());
        h.update(part);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&h.finalize()[..16]);
    key
}
