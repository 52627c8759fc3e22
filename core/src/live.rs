//! The keep-latest mailbox: levels, words not yet settled, what the microphone does. Whoever writes never waits,
//! whoever reads sees the newest and may have missed what came before. Nothing here is on the log.

use std::sync::atomic::{AtomicI64, Ordering};

use loom_schemas::live::{CaptureState, Level, Partial};
use tokio::sync::broadcast;
use tokio::sync::watch::{Receiver, Sender};
use uuid::Uuid;

use crate::env::Time;

/// Changes to lines that a slow listener may be behind; one further behind reads the timeline anew.
const NEWS: usize = 256;

/// One of each; holds one value, the newest.
#[derive(Debug)]
pub struct Live {
    pub capture: Sender<CaptureState>,
    pub level: Sender<Level>,
    pub partial: Sender<Partial>,
    /// Where the voice detector hears speech that has not ended; written by its stage, read by whoever guesses words.
    pub speaking: Sender<Option<Speaking>>,
    /// Lines of the timeline that were changed or went, said by whoever did it. New ones are on the log.
    pub lines: broadcast::Sender<LineNews>,
    /// What was begun to be said before is forgotten, in microseconds since 1970.
    forgotten: AtomicI64,
}

impl Default for Live {
    fn default() -> Self {
        let (capture, level, partial, speaking) = Default::default();
        Self { capture, level, partial, speaking, lines: broadcast::Sender::new(NEWS), forgotten: AtomicI64::new(i64::MIN) }
    }
}

/// What happened to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineNews {
    /// Edited, starred, or back from deletion.
    Changed(Uuid),
    /// Out of sight: deleted or forgotten.
    Gone(Uuid),
}

/// Speech that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speaking {
    pub stream_id: String,
    /// Where it began, with padding.
    pub first_sample: u64,
    /// How far the detector has heard.
    pub upto: u64,
    /// When it began.
    pub began_at: Time,
    /// False in a pause, which may be its end.
    pub going_on: bool,
}

impl Live {
    pub fn capture(&self) -> Receiver<CaptureState> {
        self.capture.subscribe()
    }
    /// Nothing that was begun to be said before is shown any more, whoever still guesses at it.
    pub fn forget_partials(&self, before: Time) {
        self.forgotten.fetch_max(before.micros(), Ordering::SeqCst);
    }
    /// A guess as it may be shown: without words where they were forgotten.
    pub fn showable(&self, partial: Partial) -> Partial {
        let forgotten = Time::parse(&partial.began_at).is_ok_and(|t| t.micros() < self.forgotten.load(Ordering::SeqCst));
        if forgotten { Partial { text: String::new(), ..partial } } else { partial }
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
