//! The keep-latest mailbox: levels, words not yet settled, what the microphone does. Whoever writes never waits,
//! whoever reads sees the newest and may have missed what came before. Nothing here is on the log.

use loom_schemas::live::{CaptureState, Level, Partial};
use tokio::sync::watch::{Receiver, Sender};

/// One of each; holds one value, the newest.
#[derive(Debug, Default)]
pub struct Live {
    pub capture: Sender<CaptureState>,
    pub level: Sender<Level>,
    pub partial: Sender<Partial>,
    /// Where the voice detector hears speech that has not ended; written by its stage, read by whoever guesses words.
    pub speaking: Sender<Option<Speaking>>,
}

/// Speech that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaking {
    pub stream_id: String,
    /// Where it began, with padding.
    pub first_sample: u64,
    /// How far the detector has heard.
    pub upto: u64,
}

impl Live {
    pub fn capture(&self) -> Receiver<CaptureState> {
        self.capture.subscribe()
    }
    pub fn level(&self) -> Receiver<Level> {
        self.level.subscribe()
    }
    pub fn partial(&self) -> Receiver<Partial> {
        self.partial.subscribe()
    }
    pub fn speaking(&self) -> Receiver<Option<Speaking>> {
        self.speaking.subscribe()
    }
}
