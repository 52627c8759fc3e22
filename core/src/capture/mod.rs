//! What senses: each source turns what it hears or sees into records of `device.*.raw`.
//! Samples are written first, flushed, and only then named by a record.

#[cfg(feature = "recordings")]
pub mod decode;
#[cfg(feature = "recordings")]
pub mod recording;
#[cfg(feature = "recordings")]
pub mod resample;

/// Hz of everything after intake; written into records: fixed for ever.
pub const SAMPLE_RATE: u32 = 16_000;
