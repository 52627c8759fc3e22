//! Sound that comes as bytes, in the shapes Loom v2's clients have: what it is, which device and stream it is of, and what
//! names this piece, so that a retry is known. [`Sound`] puts it on the pipeline.

mod form;
mod piece;

use loom_schemas::payload::SourceKind;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::form::{Form, Sample, sample_bytes};
pub(super) use self::piece::{complaints, is_sound, piece};
use crate::bus::Trace;
use crate::env::Time;
use crate::error::{Error, Result};

/// The field that holds the bytes once a payload has its topic's shape.
pub const FIELD: &str = "chunk_data";

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
    /// The id of the piece's record number `part`, the same whenever it comes. UUIDv8: 48 bits of the piece's own
    /// milliseconds, if it has any, the rest a hash. Fixed for ever.
    pub fn record_id(&self, part: u64) -> Uuid {
        if let (0, Some(id)) = (part, self.message_id) {
            return id;
        }
        let mut h = Sha256::new();
        h.update(self.key);
        h.update(part.to_be_bytes());
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(&h.finalize()[..16]);
        if let Some(at) = self.at {
            bytes[..6].copy_from_slice(&(at.millis().max(0) as u64).to_be_bytes()[2..]);
        }
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
