//! The rules at work on a log: as a group, and changed while it runs.

use serde_json::json;

use super::rig::*;
use crate::bus::TopicName;
use crate::dedup::{GROUP, Supervisor};

fn group(rig: &Rig) -> Option<crate::bus::GroupState> {
    rig.bus.groups().unwrap().into_iter().find(|g| g.group == GROUP)
}

fn idle(rig: &Rig) -> bool {
    group(rig).is_some_and(|g| g.total_lag() == 0)
}

fn in_force(rig: &Rig) -> bool {
    rig.rules.running().revision == Some(rig.rules.revision())
}

#[test]
fn it_is_a_group_while_there_is_a_topic_to_read_and_makes_none() {
    let rig = rig();
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    assert!(group(&rig).is_none() && rig.bus.topics().unwrap().is_empty(), "the shipped rules have nothing to read");
    rig.keep(rule("r"));
    rig.put(TOPIC, json!({"v": 1}));
    rig.put(TOPIC, json!({"v": 1}));
    // A topic that comes later is read from its beginning.
    until("the new topic is read", || pairs(&*rig.bus) == "1>0");
    let topics: Vec<_> = rig.bus.topics().unwrap().into_iter().map(|t| t.settings.name.to_string()).collect();
    assert_eq!(topics, [TOPIC, "internal.dedup.duplicates"]);
    let g = group(&rig).unwrap();
    assert_eq!((g.state(), g.topics.as_slice()), ("Stable", &[TopicName::of(TOPIC)][..]));
    assert!(rig.rules.remove("r").unwrap());
    until("the rules rest", || rig.rules.running().revision.is_none());
    rig.put(TOPIC, json!({"v": 1}));
    let g = group(&rig).unwrap();
    assert_eq!((g.members.len(), g.topics.len(), g.total_lag()), (0, 0, 0), "it lags behind nothing");
}

#[test]
fn a_rule_begins_with_what_comes_after_it_and_goes_on_where_it_was() {
    let rig = rig();
    rig.put(TOPIC, json!({"v": 1}));
    rig.keep(rule("r"));
    let running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    until("the rules run", || in_force(&rig));
    rig.put(TOPIC, json!({"v": 1}));
    rig.put(TOPIC, json!({"v": 1}));
    until("both are seen", || idle(&rig) && pairs(&*rig.bus) == "2>1");
    drop(running);
    rig.put(TOPIC, json!({"v": 1}));
    let _running = Supervisor::start(rig.rules.clone(), rig.wiring()).unwrap();
    until("what came meanwhile is seen", || idle(&rig) && pairs(&*rig.bus) == "2>1 3>1");
    // Another rule changes nothing for this one; a changed one compares anew.
    let mut other = rule("other");
    other["topic"] = json!("in.b.x");
    rig.keep(other);
    until("the rules run", || in_force(&rig));
    rig.put(TOPIC, json!({"v": 1}));
    until("it goes on", || idle(&rig) && pairs(&*rig.bus) == "2>1 3>1 4>1");
    let figures = rig.rules.get("r").unwrap().figures;
    assert_eq!((figures.seen, figures.unique, figures.exact), (4, 1, 3));
    let mut changed = rule("r");
    changed["window_s"] = json!(20);
    rig.keep(changed);
    until("the rules run", || in_force(&rig));
    rig.put(TOPIC, json!({"v": 1}));
    until("it is seen", || idle(&rig) && rig.rules.get("r").unwrap().figures.unique == 1);
    assert_eq!(pairs(&*rig.bus), "2>1 3>1 4>1");
}
