//! What senses: each source turns what it hears or sees into records of `device.*.raw`.
//! Samples are written first, flushed, and only then named by a record.

#[cfg(any(feature = "recordings", feature = "microphone"))]
mod chunk;
#[cfg(feature = "recordings")]
pub mod decode;
#[cfg(feature = "microphone")]
pub mod microphone;
#[cfg(feature = "recordings")]
pub mod recording;
#[cfg(any(feature = "recordings", feature = "microphone"))]
pub mod resample;
#[cfg(feature = "recordings")]
pub mod upload;

use loom_schemas::live::CaptureDevice;

use crate::error::Result;

/// What the owner may do to the microphone: from a page, the tray, a key. What it does then is in
/// [`Live::capture`](crate::live::Live).
pub trait Listen: Send + Sync {
    /// Microphones that can be chosen now.
    fn devices(&self) -> Result<Vec<CaptureDevice>>;
    /// Ends the stream at hand; nothing is heard until [`resume`](Self::resume), over restarts too.
    fn pause(&self) -> Result<()>;
    fn resume(&self) -> Result<()>;
    /// The stream at hand ends here, and what is heard next begins another.
    fn begin_anew(&self) -> Result<()> {
        Ok(())
    }
    /// The device of this id from now on; `None` follows the system's default. `Invalid` where there is no such device.
    fn choose(&self, id: Option<&str>) -> Result<()>;
}

/// Where no microphone was asked for.
pub struct Deaf;

impl Listen for Deaf {
    fn devices(&self) -> Result<Vec<CaptureDevice>> {
        Ok(Vec::new())
    }
    fn pause(&self) -> Result<()> {
        Ok(())
    }
    fn resume(&self) -> Result<()> {
        Err(crate::Error::invalid("this Loom was started without its microphone: start it with `loom serve` alone"))
    }
    fn choose(&self, _: Option<&str>) -> Result<()> {
        self.resume()
    }
}

/// Hz of everything after intake; written into records: fixed for ever.
pub const SAMPLE_RATE: u32 = 16_000;
