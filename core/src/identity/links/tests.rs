//! Links as they are kept.

use super::*;
use crate::db::Key;
use crate::env::{ManualClock, Seeded};
use crate::identity::{Devices, Policy};

struct Rig {
    devices: Devices,
    clock: Arc<ManualClock>,
    db: Db,
    _dir: tempfile::TempDir,
}

fn rig() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("loom.db"), &Key::new([7; 32])).unwrap();
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_770_000_000)));
    let devices = Devices::open(&db, Uuid::from_u128(5), Policy::Register, clock.clone(), &Seeded::new(1)).unwrap();
    Rig { devices, clock, db, _dir: dir }
}

fn said(devices: &[Uuid], confidence: f64) -> Linking {
    Linking { devices: devices.to_vec(), kind: Evidence::Declared, confidence, given_by: "owner".into(), note: None }
}

#[test]
fn linking_is_the_same_twice_in_any_order_and_can_be_taken_back() {
    let rig = rig();
    let links = rig.devices.links();
    let [a, b, c] = ["phone", "watch", "laptop"].map(|n| rig.devices.resolve(n).unwrap());
    let first = links.link(said(&[a, b], 0.9)).unwrap();
    rig.clock.advance(60.0);
    assert_eq!(links.link(said(&[b, a], 0.9)).unwrap(), first, "the other way round, later: nothing new");
    assert_eq!(first[0].id.get_version_num(), 8);
    let surer = links.link(said(&[a, b], 0.95)).unwrap();
    assert_eq!((surer[0].id, surer[0].confidence), (first[0].id, 0.95));
    assert!(surer[0].changed_at > first[0].changed_at);
    links.link(said(&[b, c], 0.9)).unwrap();
    assert_eq!(links.groups(0.8).unwrap().with(a).len(), 3);
    assert!(links.unlink(first[0].id).unwrap().unwrap().removed);
    assert_eq!(links.groups(0.8).unwrap().with(a), [a]);
    assert_eq!((links.list(None, false).unwrap().len(), links.list(None, true).unwrap().len()), (1, 2), "history stays");
    assert!(links.unlink(Uuid::nil()).unwrap().is_none());
    links.link(said(&[a, b], 0.95)).unwrap();
    assert_eq!(links.part(b).unwrap().len(), 2);
    assert_eq!(links.list(Some(b), false).unwrap(), []);
}

#[test]
fn the_log_is_told_the_same_thing_once() {
    let rig = rig();
    let [a, b] = ["phone", "watch"].map(|n| rig.devices.resolve(n).unwrap());
    let link = rig.devices.links().link(said(&[a, b], 0.9)).unwrap().remove(0);
    let again = rig.devices.links().link(said(&[a, b], 0.9)).unwrap().remove(0);
    let own = Uuid::from_u128(5);
    assert_eq!(link.record(own).unwrap().message_id, again.record(own).unwrap().message_id);
    rig.clock.advance(1.0);
    let gone = rig.devices.links().unlink(link.id).unwrap().unwrap();
    assert_ne!(gone.record(own).unwrap().message_id, link.record(own).unwrap().message_id);
    let told: DeviceLink = serde_json::from_slice(&gone.record(own).unwrap().value).unwrap();
    assert_eq!((told.state.as_str(), told.kind.as_str()), ("removed", "declared"));
}

#[test]
fn what_is_forgotten_of_a_device_is_what_was_said_of_it() {
    let rig = rig();
    let [a, b, c] = ["phone", "watch", "laptop"].map(|n| rig.devices.resolve(n).unwrap());
    rig.devices.links().link(said(&[a, b, c], 0.9)).unwrap();
    rig.db.write(move |tx| forget(tx, b)).unwrap();
    let left = rig.devices.links().list(None, true).unwrap();
    assert_eq!(left.iter().map(|l| (l.a, l.b)).collect::<Vec<_>>(), [(a.min(c), a.max(c))]);
    assert!(rig.devices.get("watch").unwrap().is_some(), "its name is the owner's");
}
