//! What `timeline-consumer` makes of records.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::bus::memory::Memory;
use crate::bus::{Bus, Headers, NewRecord, Position, Positions, Record, TopicName, names};
use crate::env::ManualClock;
use crate::error::Kind;
use crate::pipeline::Sink;
use crate::privacy::{Owner, Released};

struct Road {
    bus: Memory,
    topic: TopicName,
}

impl Road {
    fn new() -> Self {
        Self { bus: Memory::new(Arc::new(ManualClock::at(Time::from_secs(1)))), topic: TopicName::of(names::RELEASED) }
    }
    fn put<T: serde::Serialize>(&self, id: u128, at: Time, value: T) {
        let (value, permit) = Released::<Owner, T>::unfiltered(value).seal().unwrap();
        let new = NewRecord::new(self.topic.clone(), Uuid::from_u128(id), Uuid::from_u128(1), at, Headers::default(), value);
        self.bus.append(vec![new.permitted(permit)]).unwrap();
    }
    fn read(&self, from: u64) -> Vec<Record> {
        self.bus.read(&self.topic, 0, from, 100, 1 << 20).unwrap()
    }
    fn at(&self, next: u64) -> Positions {
        [(Position { topic: self.topic.clone(), partition: 0 }, next)].into()
    }
}

#[test]
fn released_text_becomes_lines_with_its_positions() {
    let (rig, road) = (rig(), Road::new());
    let mut sink = TimelineSink::open(rig.db.clone()).unwrap();
    assert_eq!(sink.positions().unwrap(), Positions::new());
    road.put(1, Time::from_secs(5), released("first words"));
    road.put(2, Time::from_secs(6), released("second words"));
    sink.write(&road.read(0), &road.at(2)).unwrap();
    assert_eq!(rig.found("words").len(), 2);
    assert_eq!(TimelineSink::open(rig.db.clone()).unwrap().positions().unwrap(), road.at(2));
}

#[test]
fn what_comes_again_is_not_doubled() {
    let (rig, road) = (rig(), Road::new());
    let mut sink = TimelineSink::open(rig.db.clone()).unwrap();
    road.put(1, Time::from_secs(5), released("said once"));
    sink.write(&road.read(0), &road.at(1)).unwrap();
    sink.write(&road.read(0), &road.at(1)).unwrap();
    assert_eq!(rig.timeline.count().unwrap(), 1);
    rig.check_index();
}

#[test]
fn a_record_that_is_no_text_is_refused_before_anything_is_written() {
    let (rig, road) = (rig(), Road::new());
    let mut sink = TimelineSink::open(rig.db.clone()).unwrap();
    sink.positions().unwrap();
    road.put(1, Time::from_secs(5), released("good"));
    road.put(2, Time::from_secs(6), json!({"nonsense": true}));
    let fault = sink.write(&road.read(0), &road.at(2)).unwrap_err();
    assert_eq!(fault.kind, Kind::Skip);
    assert_eq!((rig.timeline.count().unwrap(), sink.positions().unwrap()), (0, Positions::new()));
    // The runner parks it, then moves on with nothing to write.
    sink.write(&road.read(0)[..1], &road.at(1)).unwrap();
    sink.write(&[], &road.at(2)).unwrap();
    assert_eq!((rig.timeline.count().unwrap(), sink.positions().unwrap()), (1, road.at(2)));
}

#[test]
fn a_sensitive_record_does_not_get_in() {
    let (rig, road) = (rig(), Road::new());
    let topic = TopicName::of(names::ENRICHED);
    let value = serde_json::to_vec(&released("unfiltered")).unwrap();
    let new = NewRecord::new(topic.clone(), Uuid::from_u128(1), Uuid::nil(), Time(0), Headers::default(), value);
    road.bus.append(vec![new]).unwrap();
    let records = road.bus.read(&topic, 0, 0, 10, 1 << 20).unwrap();
    let mut sink = TimelineSink::open(rig.db.clone()).unwrap();
    assert_eq!(sink.write(&records, &road.at(1)).unwrap_err().kind, Kind::Invalid);
    assert_eq!(rig.timeline.count().unwrap(), 0);
}

#[test]
fn an_erased_record_leaves_no_line_and_no_dead_letter() {
    let (rig, road) = (rig(), Road::new());
    road.put(1, Time::from_secs(5), released("regretted"));
    road.bus.erase(&road.topic, 0, &[0]).unwrap();
    let mut sink = TimelineSink::open(rig.db.clone()).unwrap();
    sink.write(&road.read(0), &road.at(1)).unwrap();
    assert_eq!(rig.timeline.count().unwrap(), 0);
}

#[test]
fn the_timeline_is_made_again_from_the_log() {
    let (rig, road) = (rig(), Road::new());
    for i in 1..=3 {
        road.put(i, Time::from_secs(5), released("at the same moment"));
    }
    let mut sink = TimelineSink::open(rig.db.clone()).unwrap();
    sink.positions().unwrap();
    sink.write(&road.read(0), &road.at(3)).unwrap();
    let before = rig.timeline.lines(&all()).unwrap();
    rig.timeline.rebuild().unwrap();
    assert_eq!((rig.timeline.count().unwrap(), rig.found("moment")), (0, vec![]));
    // A consumer that runs meanwhile is told to ask for its positions, rather than to leave a gap.
    road.put(4, Time::from_secs(6), released("meanwhile"));
    assert_eq!(sink.write(&road.read(3), &road.at(4)).unwrap_err().kind, Kind::Retry);
    assert_eq!(sink.positions().unwrap(), Positions::new());
    sink.write(&road.read(0), &road.at(4)).unwrap();
    assert_eq!(rig.timeline.lines(&all()).unwrap()[..3], before);
    assert_eq!(rig.found("moment").len(), 3);
    rig.check_index();
    assert_eq!(rig.timeline.erase(&[Uuid::from_u128(4)]).unwrap(), 1);
    assert_eq!(rig.found("meanwhile"), [] as [u128; 0], "the trigger that empties the index is back");
}
