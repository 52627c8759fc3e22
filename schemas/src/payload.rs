//! Payloads (`data` of an envelope) of the main road's topics. Times within a stream are seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// `device.audio.raw` v1: a reference to samples that are already on disk, or the end of a stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AudioChunk {
    /// 32 hex digits: of a recording, the first 16 bytes of its SHA-256.
    pub stream_id: String,
    /// Position of the first sample in the stream.
    pub first_sample: u64,
    /// How many; 0 in an end record.
    pub samples: u32,
    /// Hz; always 16000 after intake.
    pub sample_rate: u32,
    /// `pcm_s16le`, mono.
    pub format: String,
    pub source: AudioSource,
    /// The stream ends here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<StreamEnd>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioSource {
    pub kind: SourceKind,
    /// The file's or device's name, for a person.
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    Microphone,
    Recording,
    Phone,
    Upload,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamEnd {
    FileOver,
    /// The file stopped decoding before its end; what came before is here.
    Truncated,
    Paused,
    DeviceLost,
}

/// `media.audio.vad_filtered` v1: one utterance, by reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    pub stream_id: String,
    /// With padding.
    pub first_sample: u64,
    pub samples: u64,
    pub sample_rate: u32,
    pub duration_s: f64,
    /// Mean probability of speech over the frames inside, 0 to 1.
    pub speech_probability: f32,
    /// Seconds from `first_sample` to where speech itself begins.
    pub onset_s: f64,
    /// It was cut at the length limit: the next one goes on where it ends.
    pub cut: bool,
    /// `silero-vad`
    pub engine: String,
    pub model: String,
    pub source: AudioSource,
}

/// A word of a transcript; times in seconds from the utterance's first sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Word {
    pub text: String,
    pub start_s: f64,
    pub end_s: f64,
    /// 0 to 1.
    pub confidence: f32,
}

/// `media.text.transcribed.words` v1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    pub stream_id: String,
    pub first_sample: u64,
    pub samples: u64,
    pub sample_rate: u32,
    pub duration_s: f64,
    /// The words joined by single spaces.
    pub text: String,
    pub words: Vec<Word>,
    /// BCP 47.
    pub language: String,
    pub engine: String,
    pub model: String,
    pub source: AudioSource,
}

/// What was going on when it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// Local date and time with offset, RFC 3339.
    pub local_time: String,
    pub time_zone: String,
    /// `night` 0–5, `morning` 6–11, `afternoon` 12–17, `evening` 18–23, by local hour.
    pub daypart: String,
    /// `monday` …
    pub weekday: String,
    pub language: String,
    pub duration_s: f64,
    pub words: u32,
}

/// `media.text.enriched` v1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enriched {
    #[serde(flatten)]
    pub transcript: Transcript,
    pub context: Context,
}

/// Something the privacy filter masked; places are in the masked text, in Unicode scalar values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Masked {
    /// `CREDIT_CARD`, `EMAIL_ADDRESS` …
    pub entity_type: String,
    pub start: u32,
    pub end: u32,
    /// 0 to 1.
    pub score: f32,
}

/// `media.text.released` v1 (the owner's) and, without audio and place, `media.text.shared` v1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReleasedText {
    /// Absent where the audio may not leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioRef>,
    pub duration_s: f64,
    pub text: String,
    /// A masked run of words is one word that spans their times.
    pub words: Vec<Word>,
    pub language: String,
    pub engine: String,
    pub model: String,
    pub context: Context,
    pub source: AudioSource,
    pub masked: Vec<Masked>,
    /// Name and revision of the policy that let it through.
    pub policy: String,
}

/// Samples by reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioRef {
    pub stream_id: String,
    pub first_sample: u64,
    pub samples: u64,
    pub sample_rate: u32,
}

/// `media.text.edits.raw` v1: what the owner changed about a line; what is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineEdit {
    /// Message id of the released text.
    pub line: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starred: Option<bool>,
    /// The owner's wording.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// `media.text.edits.released` v1: the same, after the privacy filter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ReleasedEdit {
    pub line: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starred: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// In the owner's wording.
    pub masked: Vec<Masked>,
    /// Name and revision of the policy that let it through.
    pub policy: String,
}

/// `internal.privacy.audit.erasures` v1: how much was erased. Never a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Erasure {
    /// Id of what was asked for.
    pub forget: String,
    /// RFC 3339.
    pub asked_at: String,
    /// `lines`, `span`, `device`
    pub scope: String,
    pub lines: u64,
    /// Records by topic.
    pub records: BTreeMap<String, u64>,
    /// Seconds of sound.
    pub audio_s: f64,
}

/// `internal.identity.links` v1: evidence that two devices are of one person, given or taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceLink {
    /// The same for the same two devices, kind and giver.
    pub link: String,
    /// The device with the smaller id.
    pub a: String,
    pub b: String,
    /// `declared`, `fingerprint` …
    pub kind: String,
    /// 0 to 1.
    pub confidence: f64,
    /// `owner`, or a service's name.
    pub given_by: String,
    /// `linked`, `removed`
    pub state: String,
    /// RFC 3339.
    pub changed_at: String,
}

/// `internal.privacy.audit.decisions` v1: what the privacy filter decided about one record. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyDecision {
    /// Message id of the record judged.
    pub record: String,
    pub topic: String,
    pub decisions: Vec<PolicyDecision>,
}

/// One policy's decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDecision {
    /// `owner`, `shared`
    pub destination: String,
    /// Name and revision.
    pub policy: String,
    /// How many of each kind were masked.
    pub masked: BTreeMap<String, u32>,
}
