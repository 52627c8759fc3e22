//! The stage at the wall: an enriched transcript goes in; what the owner sees, what may leave, and the account of it come out.

use loom_schemas::payload::{AudioRef, Context, Enriched, PolicyDecision, PrivacyDecision, ReleasedText, SourceKind};

use super::carry::Carry;
use super::filter::{self, Transcript};
use super::policy::Policy;
use super::recognizers;
use super::released::{Owner, Released, Sync};
use crate::bus::{Record, TopicName, names};
use crate::env::Time;
use crate::error::{Error, Fault, Result};
use crate::pipeline::{Outbox, Revision, Spec, Stage};

/// `privacy-filter-consumer`.
pub struct Filter {
    spec: Spec,
    owner: Policy,
    shared: Policy,
    carry: Carry,
}

/// Of the saved state's layout: a [`Carry`] as JSON. Fixed for ever.
const STATE: u32 = 1;

impl Filter {
    /// `Invalid` if a policy is; `Bug` if a pattern does not compile, for then nothing may pass.
    pub fn new(owner: Policy, shared: Policy) -> Result<Self> {
        owner.check()?;
        shared.check()?;
        if !recognizers::ready() {
            return Err(Error::bug("a pattern of the privacy filter does not compile"));
        }
        let one = |p: &Policy| format!("{}:{}", p.label(), p.digest());
        let label = format!("{}+{}+recognizers/{}", one(&owner), one(&shared), recognizers::REVISION);
        let spec = Spec {
            group: "privacy-filter-consumer",
            description: "Masks what must not be seen and lets the rest through the wall",
            inputs: vec![TopicName::of(names::ENRICHED)],
            outputs: [names::RELEASED, names::SHARED, names::AUDIT].map(TopicName::of).to_vec(),
            revision: Revision { state: STATE, label },
            ticks: false,
            audio: false,
        };
        Ok(Self { spec, owner, shared, carry: Carry::default() })
    }
}

impl Stage for Filter {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn on_record(&mut self, r: &Record, out: &mut Outbox) -> Result<(), Fault> {
        let said: Enriched = r.payload()?;
        let t = &said.transcript;
        let lead = self.carry.lead(&t.stream_id, t.first_sample, t.sample_rate, &t.text).to_string();
        let judge = |p: &Policy| filter::transcript(&lead, &t.text, &t.words, p);
        let (mine, theirs) = (judge(&self.owner)?, judge(&self.shared)?);
        let decision = PrivacyDecision {
            record: r.message_id().to_string(),
            topic: r.topic().to_string(),
            decisions: vec![decided("owner", &self.owner, &mine), decided("shared", &self.shared, &theirs)],
        };
        let at = r.recorded_at();
        let released = Released::<Owner, _>::new(for_owner(&said, mine, &self.owner));
        out.release(&self.spec.outputs[0], at, &released)?;
        let shared = Released::<Sync, _>::new(for_others(&said, theirs, &self.shared, at));
        out.release(&self.spec.outputs[1], at, &shared)?;
        out.emit(&self.spec.outputs[2], at, &decision)?;
        self.carry = Carry::after(&t.stream_id, t.first_sample + t.samples, &lead, &t.text);
        Ok(())
    }

    fn save(&self, to: &mut Vec<u8>) {
        // A carry is two strings and a number, which always serialise; an empty state begins afresh.
        to.extend(serde_json::to_vec(&self.carry).unwrap_or_default());
    }

    fn load(&mut self, revision: u32, from: &[u8]) -> Result<(), Fault> {
        self.carry = match revision {
            STATE => serde_json::from_slice(from).unwrap_or_default(),
            _ => Carry::default(),
        };
        Ok(())
    }
}

fn decided(destination: &str, policy: &Policy, t: &Transcript) -> PolicyDecision {
    PolicyDecision { destination: destination.into(), policy: policy.label(), masked: t.counts() }
}

fn for_owner(said: &Enriched, t: Transcript, policy: &Policy) -> ReleasedText {
    let from = &said.transcript;
    let audio = AudioRef {
        stream_id: from.stream_id.clone(),
        first_sample: from.first_sample,
        samples: from.samples,
        sample_rate: from.sample_rate,
    };
    let mut source = from.source.clone();
    source.name = filter::filter(&source.name, policy);
    ReleasedText {
        audio: Some(audio),
        duration_s: from.duration_s,
        text: t.text,
        words: t.words,
        language: from.language.clone(),
        engine: from.engine.clone(),
        model: from.model.clone(),
        context: said.context.clone(),
        source,
        masked: t.masked,
        policy: policy.label(),
    }
}

/// Without the sound, the file's or device's name, and anything that tells where on Earth it was.
fn for_others(said: &Enriched, t: Transcript, policy: &Policy, at: Time) -> ReleasedText {
    let mut text = for_owner(said, t, policy);
    text.audio = None;
    text.source.name = match text.source.kind {
        SourceKind::Microphone => "microphone",
        SourceKind::Recording => "recording",
        SourceKind::Phone => "phone",
        SourceKind::Upload => "upload",
    }
    .into();
    let words = text.words.len() as u32;
    let utc = crate::enrich::daypart::local(at, &jiff::tz::TimeZone::UTC);
    text.context = Context {
        local_time: utc.local_time,
        time_zone: utc.time_zone,
        daypart: utc.daypart.into(),
        weekday: utc.weekday.into(),
        language: said.context.language.clone(),
        duration_s: said.context.duration_s,
        words,
    };
    text
}

#[cfg(test)]
mod tests;
