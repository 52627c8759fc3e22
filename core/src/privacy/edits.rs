//! The stage at the wall for what the owner writes: a changed wording goes through the owner's policy like what was heard.
//! A group of its own, because two inputs of one group wait for each other's clock.

use loom_schemas::payload::{LineEdit, ReleasedEdit};

use super::filter;
use super::policy::Policy;
use super::recognizers;
use super::released::{Owner, Released};
use crate::bus::{Record, TopicName, names};
use crate::error::{Error, Fault, Result};
use crate::pipeline::{Outbox, Revision, Spec, Stage};

/// `edit-filter-consumer`.
pub struct EditFilter {
    spec: Spec,
    policy: Policy,
}

impl EditFilter {
    /// `Invalid` if the policy is; `Bug` if a pattern does not compile, for then nothing may pass.
    pub fn new(policy: Policy) -> Result<Self> {
        policy.check()?;
        if !recognizers::ready() {
            return Err(Error::bug("a pattern of the privacy filter does not compile"));
        }
        let label = format!("{}:{}+recognizers/{}", policy.label(), policy.digest(), recognizers::REVISION);
        let spec = Spec {
            group: "edit-filter-consumer",
            description: "Masks what must not be seen in what the owner writes and lets it through the wall",
            inputs: vec![TopicName::of(names::EDITS_RAW)],
            outputs: vec![TopicName::of(names::EDITS)],
            revision: Revision { state: 0, label },
            ticks: false,
            audio: false,
        };
        Ok(Self { spec, policy })
    }
}

impl Stage for EditFilter {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault> {
        let edit: LineEdit = r.payload()?;
        let (text, masked) = edit.text.map(|t| filter::masked(&t, &self.policy)).unzip();
        let masked = masked.unwrap_or_default();
        let edit = ReleasedEdit { line: edit.line, starred: edit.starred, text, masked, policy: self.policy.label() };
        out.release(&self.spec.outputs[0], r.recorded_at(), &Released::<Owner, _>::new(edit))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::bus::{Bus, Headers, NewRecord, memory::Memory};
    use crate::env::{ManualClock, Time};

    fn filtered(edit: &LineEdit) -> ReleasedEdit {
        let (bus, topic) = (Memory::new(Arc::new(ManualClock::at(Time(5)))), TopicName::of(names::EDITS_RAW));
        let value = serde_json::to_vec(edit).unwrap();
        bus.append(vec![NewRecord::new(topic.clone(), Uuid::from_u128(1), Uuid::nil(), Time(3), Headers::default(), value)]).unwrap();
        let (mut stage, mut out) = (EditFilter::new(Policy::owner()).unwrap(), Outbox::default());
        let r = bus.read(&topic, 0, 0, 1, 1 << 20).unwrap().remove(0);
        out.begin(&r);
        stage.on_record(&r, &mut out).unwrap();
        serde_json::from_slice(out.outputs()[0].value()).unwrap()
    }

    #[test]
    fn the_owners_wording_is_masked_like_any_other() {
        let text = Some("Write to jane.roe@example.org today.".into());
        let edit = filtered(&LineEdit { line: "a".into(), starred: Some(true), text });
        assert_eq!(edit.text.as_deref(), Some("Write to <EMAIL_ADDRESS> today."));
        let places: Vec<_> = edit.masked.iter().map(|m| (m.entity_type.as_str(), m.start, m.end)).collect();
        assert_eq!(places, [("EMAIL_ADDRESS", 9, 24)]);
        assert_eq!((edit.starred, edit.policy.as_str()), (Some(true), "owner/1"));
    }

    #[test]
    fn a_star_says_nothing_of_the_text() {
        let edit = filtered(&LineEdit { line: "a".into(), starred: Some(false), text: None });
        assert_eq!((edit.starred, edit.text, edit.masked.len()), (Some(false), None, 0));
    }
}
