//! The whole pipeline, written once, top to bottom: who reads what and writes what.
//!
//! ```text
//! device.audio.raw ─▶ silero-vad ─▶ media.audio.vad_filtered ─▶ parakeet-tdt ─▶ media.text.transcribed.words
//!   ─▶ context-enrichment ─▶ media.text.enriched ─▶ privacy-filter ─┬▶ media.text.released ─▶ timeline, analytics
//!                                                                   └▶ media.text.shared
//! media.text.edits.raw (the owner's stars and wordings) ─▶ edit-filter ─▶ media.text.edits.released ─▶ timeline-edits
//! ```
//!
//! Beside the road stand the event router and deduplication: they read and write what their rules name.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::node::{Node, deferred, stage};
use crate::dedup::Dedup;
use crate::enrich::Enrich;
use crate::error::Result;
use crate::live::Live;
use crate::privacy::{EditFilter, Filter, Policy};
use crate::router::Router;
use crate::speech::VoiceDetector;
use crate::speech::detect::Detect;
use crate::speech::recognise::{Factory, Recognise};

/// What differs between a desktop, a hub and a simulation.
pub struct Parts {
    pub detector: Box<dyn VoiceDetector>,
    /// Engine and model, as the factory makes them.
    pub engine: &'static str,
    pub model: &'static str,
    pub recognizer: Factory,
    /// Where the owner is.
    pub zone: TimeZone,
    /// Where speech is told of while it lasts.
    pub live: Arc<Live>,
    /// What the owner's own view masks.
    pub policy: Policy,
    /// Readers of what was released: timeline, analytics.
    pub stores: Vec<Node>,
}

/// Every consumer group, in the order of the road.
pub fn weave(parts: Parts) -> Result<Vec<Node>> {
    let mut nodes = vec![
        stage(Detect::new(parts.detector, parts.live)),
        deferred(Recognise::new(parts.engine, parts.model, parts.recognizer)),
        stage(Enrich::new(parts.zone)),
        stage(Filter::new(parts.policy.clone(), Policy::shared())?),
        stage(EditFilter::new(parts.policy)?),
    ];
    nodes.extend(parts.stores);
    Ok(nodes)
}

/// The event router with the rules in force: made anew when they change, not at all without any.
pub fn routing(router: Router) -> Node {
    stage(router)
}

/// Deduplication with the rules in force: made anew when they or the topics there are change. It only names what repeats
/// what, for which nobody waits: a phone that sends a month at once is taken in first.
pub fn deduplication(dedup: Dedup) -> Node {
    stage(dedup).unhurried()
}
