//! The whole pipeline, written once, top to bottom: who reads what and writes what.
//!
//! ```text
//! device.audio.raw ─▶ silero-vad ─▶ media.audio.vad_filtered ─▶ parakeet-tdt ─▶ media.text.transcribed.words
//!   ─▶ context-enrichment ─▶ media.text.enriched ─▶ privacy-filter ─┬▶ media.text.released ─▶ timeline, analytics
//!                                                                   └▶ media.text.shared
//! ```

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::runner::{Node, deferred, stage};
use crate::enrich::Enrichment;
use crate::error::Result;
use crate::privacy::PrivacyFilter;
use crate::speech::detect::Detection;
use crate::speech::recognise::Recognition;
use crate::speech::{Recognizer, VoiceDetector};

/// Builds an engine on the thread that will use it.
pub type Factory<T> = Arc<dyn Fn() -> Result<Box<T>> + Send + Sync>;

/// What differs between a desktop, a hub and a simulation.
pub struct Parts {
    pub detector: Factory<dyn VoiceDetector>,
    pub recognizer: Factory<dyn Recognizer>,
    /// Engine and model: part of every transcript's id.
    pub recognizer_label: String,
    /// Where the owner is.
    pub zone: TimeZone,
    /// Readers of what was released: timeline, analytics.
    pub stores: Vec<Node>,
}

/// Every consumer group, in the order of the road.
pub fn weave(parts: Parts) -> Result<Vec<Node>> {
    let mut nodes = vec![
        stage(Detection::new(parts.detector)?),
        deferred(Recognition::new(parts.recognizer, &parts.recognizer_label)),
        stage(Enrichment::new(parts.zone)),
        stage(PrivacyFilter::new()),
    ];
    nodes.extend(parts.stores);
    Ok(nodes)
}
