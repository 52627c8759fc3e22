//! The stage that asks every enricher about a transcript.

use jiff::tz::TimeZone;
use loom_schemas::payload::{Context, Enriched, Transcript};

use super::{Daypart, Enricher, Language};
use crate::bus::{Record, TopicName, names};
use crate::error::Fault;
use crate::pipeline::{Outbox, Revision, Spec, Stage};

/// `context-enrichment-consumer`.
pub struct Enrich {
    spec: Spec,
    enrichers: Vec<Box<dyn Enricher>>,
}

impl Enrich {
    /// Everything Loom knows about a moment in one time zone.
    pub fn new(zone: TimeZone) -> Self {
        Self::of(vec![Box::new(Daypart::new(zone)), Box::new(Language)])
    }

    pub fn of(enrichers: Vec<Box<dyn Enricher>>) -> Self {
        let label = enrichers.iter().map(|e| e.revision()).collect::<Vec<_>>().join("+");
        let spec = Spec {
            group: "context-enrichment-consumer",
            description: "Adds the time of day, the weekday and the language to what was said",
            inputs: vec![TopicName::of(names::TRANSCRIBED)],
            outputs: vec![TopicName::of(names::ENRICHED)],
            revision: Revision { state: 0, label },
            ticks: false,
            audio: false,
        };
        Self { spec, enrichers }
    }
}

impl Stage for Enrich {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault> {
        let said: Transcript = r.payload()?;
        let mut context = Context {
            local_time: String::new(),
            time_zone: String::new(),
            daypart: String::new(),
            weekday: String::new(),
            language: said.language.clone(),
            duration_s: said.duration_s,
            words: said.words.len() as u32,
        };
        self.enrichers.iter().for_each(|e| e.enrich(r.recorded_at(), &said, &mut context));
        out.emit(&self.spec.outputs[0], r.recorded_at(), &Enriched { transcript: said, context })
    }
}

#[cfg(test)]
mod tests;
