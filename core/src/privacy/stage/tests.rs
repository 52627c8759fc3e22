use std::sync::Arc;

use loom_schemas::payload::{AudioSource, Transcript as Said, Word};
use uuid::Uuid;

use super::*;
use crate::bus::{Bus, Class, Headers, NewRecord, memory::Memory};
use crate::env::ManualClock;
use crate::privacy::{Export, open};

const AT: Time = Time::from_secs(1_767_225_600); // 2026-01-01T00:00:00Z

fn enriched(text: &str, first_sample: u64) -> Enriched {
    let word = |(i, w): (usize, &str)| Word { text: w.into(), start_s: i as f64, end_s: i as f64 + 0.5, confidence: 0.9 };
    let transcript = Said {
        stream_id: "00".repeat(16),
        first_sample,
        samples: 16_000,
        sample_rate: 16_000,
        duration_s: 1.0,
        text: text.into(),
        words: text.split(' ').enumerate().map(word).collect(),
        language: "en".into(),
        engine: "e".into(),
        model: "m".into(),
        source: AudioSource { kind: SourceKind::Recording, name: "jane.roe@example.org.wav".into() },
    };
    let mut context = Context {
        local_time: "2025-12-31T16:00:00-08:00".into(),
        time_zone: "America/Los_Angeles".into(),
        daypart: "afternoon".into(),
        weekday: "wednesday".into(),
        language: "en".into(),
        duration_s: 1.0,
        words: 0,
    };
    context.words = transcript.words.len() as u32;
    Enriched { transcript, context }
}

/// A log in memory, and the stage's work on what is put into it.
struct Road {
    bus: Memory,
    stage: Filter,
    next: u128,
}

impl Road {
    fn new() -> Self {
        let bus = Memory::new(Arc::new(ManualClock::at(AT)));
        Self { bus, stage: Filter::new(Policy::owner(), Policy::shared()).unwrap(), next: 0 }
    }

    fn put(&mut self, value: Vec<u8>) -> Record {
        self.next += 1;
        let topic = TopicName::of(names::ENRICHED);
        let headers = Headers { schema: "media.text.enriched.v1".into(), ..Headers::default() };
        let new = NewRecord::new(topic.clone(), Uuid::from_u128(self.next), Uuid::from_u128(9), AT, headers, value);
        let at = self.bus.append(vec![new]).unwrap()[0].offset;
        self.bus.read(&topic, 0, at, 1, 1 << 20).unwrap().remove(0)
    }

    /// Says a text and gives the records the stage wrote, by topic.
    fn say(&mut self, text: &str, first_sample: u64) -> [Record; 3] {
        let r = self.put(serde_json::to_vec(&enriched(text, first_sample)).unwrap());
        let mut out = Outbox::default();
        out.begin(&r);
        self.stage.on_record(&r, &mut out).unwrap();
        self.bus.append(out.seal(self.stage.spec(), "")).unwrap();
        [names::RELEASED, names::SHARED, names::AUDIT].map(|t| self.bus.read(&TopicName::of(t), 0, 0, 100, 1 << 20).unwrap().pop().unwrap())
    }

    fn owner_sees(&mut self, text: &str, first_sample: u64) -> String {
        let [released, ..] = self.say(text, first_sample);
        open::<Owner, ReleasedText>(&released).unwrap().into_inner().text
    }
}

#[test]
fn what_is_said_is_released_masked_for_the_owner_and_less_of_it_for_others() {
    let mut road = Road::new();
    let [released, shared, audit] = road.say("my card is 4111 1111 1111 1111 thanks", 0);
    assert_eq!((released.class(), shared.class(), audit.class()), (Class::Released, Class::Shared, Class::Internal));
    assert!([&released, &shared, &audit].iter().all(|r| r.recorded_at() == AT));

    let mine = open::<Owner, ReleasedText>(&released).unwrap().into_inner();
    assert_eq!(mine.text, "my card is <CREDIT_CARD> thanks");
    assert_eq!((mine.masked[0].start, mine.masked[0].end), (11, 24));
    assert_eq!(mine.audio.unwrap().samples, 16_000);
    assert_eq!(mine.context.time_zone, "America/Los_Angeles");
    assert_eq!((mine.policy.as_str(), mine.source.name.as_str()), ("owner/1", "<EMAIL_ADDRESS>"));

    let theirs = open::<Sync, ReleasedText>(&shared).unwrap().into_inner();
    assert_eq!(theirs.text, mine.text);
    assert_eq!(theirs.audio, None);
    assert_eq!((theirs.context.local_time.as_str(), theirs.context.time_zone.as_str()), ("2026-01-01T00:00:00Z", "UTC"));
    assert_eq!((theirs.context.daypart.as_str(), theirs.context.weekday.as_str()), ("night", "thursday"));
    assert_eq!((theirs.policy.as_str(), theirs.source.name.as_str()), ("shared/1", "recording"));
}

#[test]
fn the_account_names_kinds_and_counts_and_no_value() {
    let mut road = Road::new();
    let [.., audit] = road.say("mail jane.roe@example.org or joe@example.org from 10.0.0.1", 0);
    let d: PrivacyDecision = audit.payload().unwrap();
    assert_eq!(d.topic, names::ENRICHED);
    assert_eq!(d.record, Uuid::from_u128(1).to_string());
    let counts = |k: &str| d.decisions.iter().map(|p| p.masked[k]).collect::<Vec<_>>();
    assert_eq!((counts("EMAIL_ADDRESS"), counts("IP_ADDRESS")), (vec![2, 2], vec![1, 1]));
    let bytes = String::from_utf8(audit.value().unwrap().to_vec()).unwrap();
    assert!(!bytes.contains("jane") && !bytes.contains("10.0"));
    let [.., audit] = road.say("nothing here", 1 << 30);
    assert!(audit.payload::<PrivacyDecision>().unwrap().decisions.iter().all(|d| d.masked.is_empty()));
}

#[test]
fn each_reader_opens_only_what_is_for_it() {
    let mut road = Road::new();
    let [released, shared, _] = road.say("hello there", 0);
    let before = road.put(b"{}".to_vec());
    assert!(open::<Owner, serde_json::Value>(&released).is_ok() && open::<Owner, serde_json::Value>(&shared).is_ok());
    assert!(open::<Export, serde_json::Value>(&shared).is_ok());
    for refused in [
        open::<Sync, serde_json::Value>(&released).map(drop),
        open::<Export, serde_json::Value>(&released).map(drop),
        open::<crate::privacy::Plugin, serde_json::Value>(&released).map(drop),
        open::<Owner, serde_json::Value>(&before).map(drop),
        open::<Sync, serde_json::Value>(&before).map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind, crate::Kind::Invalid);
    }
}

/// Whoever asks: without the filter's permit the log takes nothing behind the wall, dead letters included.
#[test]
fn the_log_refuses_what_did_not_pass_the_filter() {
    let bus = Memory::new(Arc::new(ManualClock::at(AT)));
    for topic in [names::RELEASED, names::SHARED, "media.text.released.dlq", "media.text.shared.dlq"] {
        let topic = TopicName::parse(topic).unwrap();
        let new = |id| NewRecord::new(topic.clone(), Uuid::from_u128(id), Uuid::nil(), AT, Headers::default(), b"{}".to_vec());
        assert_eq!(bus.append(vec![new(1)]).unwrap_err().kind, crate::Kind::Invalid, "{topic}");
        // One without a permit stops the others with it.
        let pair = vec![new(2).permitted(super::super::Permit::grant()), new(3)];
        assert_eq!(bus.append(pair).unwrap_err().kind, crate::Kind::Invalid, "{topic}");
        assert!(bus.read(&topic, 0, 0, 10, 1 << 20).unwrap().is_empty());
        assert!(bus.append(vec![new(4).permitted(super::super::Permit::grant())]).is_ok());
    }
}

#[test]
fn what_cannot_be_judged_is_held_back_and_changes_nothing() {
    let mut road = Road::new();
    let mut differ = enriched("my card is 4111", 0);
    differ.transcript.words.pop();
    for value in [b"{}".to_vec(), b"not json".to_vec(), serde_json::to_vec(&differ).unwrap()] {
        let r = road.put(value);
        let mut out = Outbox::default();
        out.begin(&r);
        assert_eq!(road.stage.on_record(&r, &mut out).unwrap_err().kind, crate::Kind::Skip);
        assert!(out.is_empty());
    }
    assert_eq!(road.stage.carry, Carry::default());
}

#[test]
fn a_number_cut_in_two_by_a_pause_is_masked_in_both() {
    let mut road = Road::new();
    assert_eq!(road.owner_sees("my card number is", 0), "my card number is");
    assert_eq!(road.owner_sees("4111, 1111,", 20_000), "<CREDIT_CARD>,");
    assert_eq!(road.owner_sees("1111.", 40_000), "<CREDIT_CARD>.");
    assert_eq!(road.owner_sees("1111.", 60_000), "<CREDIT_CARD>.");
    assert_eq!(road.owner_sees("1111 people came", 80_000), "1111 people came");
}

#[test]
fn a_restart_in_the_middle_of_a_number_goes_on() {
    let mut road = Road::new();
    road.say("my card number is 4111, 1111,", 0);
    let mut state = Vec::new();
    road.stage.save(&mut state);
    assert!(!String::from_utf8_lossy(&state).contains("4111"), "the saved state holds no digit that was said");
    road.stage = Filter::new(Policy::owner(), Policy::shared()).unwrap();
    road.stage.load(STATE, &state).unwrap();
    assert_eq!(road.owner_sees("1111", 20_000), "<CREDIT_CARD>");
    for (revision, bytes) in [(STATE, &b"broken"[..]), (STATE, b""), (STATE + 1, &state)] {
        road.stage.load(revision, bytes).unwrap();
        assert_eq!(road.stage.carry, Carry::default());
    }
}

#[test]
fn the_same_record_makes_the_same_ids_and_another_policy_others() {
    let ids = |stage: &mut Filter, r: &Record| {
        let mut out = Outbox::default();
        out.begin(r);
        stage.on_record(r, &mut out).unwrap();
        out.seal(stage.spec(), "").iter().map(|n| n.message_id).collect::<Vec<_>>()
    };
    let r = Road::new().put(serde_json::to_vec(&enriched("hello", 0)).unwrap());
    let stage = |owner| Filter::new(owner, Policy::shared()).unwrap();
    let (a, b) = (ids(&mut stage(Policy::owner()), &r), ids(&mut stage(Policy::owner()), &r));
    assert_eq!(a, b);
    let stricter = Policy { threshold: 0.1, ..Policy::owner() };
    assert!(ids(&mut stage(stricter), &r).iter().zip(&a).all(|(x, y)| x != y));
    assert!(Filter::new(Policy { threshold: 2.0, ..Policy::owner() }, Policy::shared()).is_err());
}
