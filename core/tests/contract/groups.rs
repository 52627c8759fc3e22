//! Promised by every log about consumer groups.

use loom_core::bus::{Class, Commit, Position, Settings};
use loom_core::{Kind, Time};

use super::*;

pub fn the_wall_refuses_a_commit(make: Make) {
    let bus = make();
    let (t, walled) = (topic("device.contract.wall"), topic("media.contract.wall.shared"));
    bus.create(&Settings::new(walled.clone(), Class::Shared)).unwrap();
    bus.append(vec![record(&t, 1)]).unwrap();
    let m = join(&*bus, "wall-consumer", "a", &t);
    let next = all(&*bus, &t)[0].offset() + 1;
    let e = bus.commit(step(&m, &t, 0, next, vec![record(&walled, 2)])).unwrap_err();
    assert_eq!(e.kind, Kind::Invalid);
    assert!(all(&*bus, &walled).is_empty());
    assert!(join(&*bus, "wall-consumer", "b", &t).positions.is_empty(), "the offset stays with the output");
}

pub fn a_commit_brings_everything(make: Make) {
    let bus = make();
    let (input, output) = (topic("device.contract.commit"), topic("media.contract.commit"));
    bus.append(records(&input, 0..3)).unwrap();
    let m = join(&*bus, "commit-consumer", "a", &input);
    assert!(m.positions.is_empty() && m.state.is_none() && m.tick.is_none());
    let next = all(&*bus, &input)[1].offset() + 1;
    let tick = Time::from_secs(77);
    let commit = step(&m, &input, 0, next, records(&output, 10..12));
    let at = bus.commit(Commit { state: Some((4, vec![1, 2, 3])), tick: Some(tick), ..commit }).unwrap();
    assert_eq!(numbers(&*bus, &output), [10, 11]);
    assert_eq!(at.len(), 2);
    let again = join(&*bus, "commit-consumer", "b", &input);
    assert_eq!(again.positions, positions(&input, next));
    assert_eq!((again.state, again.tick), (Some((4, vec![1, 2, 3])), Some(tick)));
    assert!(again.epoch > m.epoch);
}

pub fn a_commit_from_elsewhere_changes_nothing(make: Make) {
    let bus = make();
    let (input, output) = (topic("device.contract.cas"), topic("media.contract.cas"));
    bus.append(records(&input, 0..3)).unwrap();
    let ends: Vec<u64> = all(&*bus, &input).iter().map(|r| r.offset() + 1).collect();
    let m = join(&*bus, "cas-consumer", "a", &input);
    bus.commit(step(&m, &input, 0, ends[0], vec![record(&output, 1)])).unwrap();
    for from in [0, ends[1]] {
        let wrong = step(&m, &input, from, ends[2], vec![record(&output, 2)]);
        let e = bus.commit(Commit { state: Some((1, vec![9])), tick: Some(Time(9)), ..wrong }).unwrap_err();
        assert_eq!(e.kind, Kind::Stop);
    }
    assert_eq!(numbers(&*bus, &output), [1]);
    bus.commit(step(&m, &input, ends[0], ends[1], vec![record(&output, 3)])).unwrap();
    let again = join(&*bus, "cas-consumer", "b", &input);
    assert_eq!((again.positions, again.state, again.tick), (positions(&input, ends[1]), None, None));
    assert_eq!(numbers(&*bus, &output), [1, 3]);
}

pub fn a_zombie_is_fenced(make: Make) {
    let bus = make();
    let (input, output) = (topic("device.contract.zombie"), topic("media.contract.zombie"));
    bus.append(records(&input, 0..2)).unwrap();
    let next = all(&*bus, &input)[0].offset() + 1;
    let zombie = join(&*bus, "zombie-consumer", "a", &input);
    bus.heartbeat(&zombie).unwrap();
    let living = join(&*bus, "zombie-consumer", "b", &input);
    let e = bus.commit(step(&zombie, &input, 0, next, vec![record(&output, 1)])).unwrap_err();
    assert_eq!(e.kind, Kind::Stop);
    assert_eq!(bus.heartbeat(&zombie).unwrap_err().kind, Kind::Stop);
    assert_eq!(bus.leave(&zombie).unwrap_err().kind, Kind::Stop);
    bus.heartbeat(&living).unwrap();
    bus.commit(step(&living, &input, 0, next, vec![record(&output, 2)])).unwrap();
    assert_eq!(numbers(&*bus, &output), [2]);
}

pub fn a_commit_without_a_group_stops(make: Make) {
    let bus = make();
    let t = topic("device.contract.nobody");
    bus.append(vec![record(&t, 1)]).unwrap();
    let m =
        Membership { group: "nobody-consumer".into(), member: "a".into(), epoch: 1, positions: Positions::new(), state: None, tick: None };
    assert_eq!(bus.commit(step(&m, &t, 0, 1, Vec::new())).unwrap_err().kind, Kind::Stop);
    assert_eq!(bus.heartbeat(&m).unwrap_err().kind, Kind::Stop);
    assert!(bus.groups().unwrap().iter().all(|g| g.group != m.group));
}

pub fn a_commit_may_leave_state_alone(make: Make) {
    let bus = make();
    let t = topic("device.contract.state");
    bus.append(records(&t, 0..2)).unwrap();
    let ends: Vec<u64> = all(&*bus, &t).iter().map(|r| r.offset() + 1).collect();
    let m = join(&*bus, "state-consumer", "a", &t);
    bus.commit(Commit { state: Some((2, b"kept".to_vec())), tick: Some(Time(5)), ..step(&m, &t, 0, ends[0], Vec::new()) }).unwrap();
    bus.commit(step(&m, &t, ends[0], ends[1], Vec::new())).unwrap();
    let again = join(&*bus, "state-consumer", "b", &t);
    assert_eq!((again.state, again.tick), (Some((2, b"kept".to_vec())), Some(Time(5))));
    assert_eq!(again.positions, positions(&t, ends[1]));
}

pub fn a_commit_may_move_several_inputs(make: Make) {
    let bus = make();
    let (a, b) = (topic("device.contract.left"), topic("device.contract.right"));
    bus.append(vec![record(&a, 1), record(&b, 2)]).unwrap();
    let ends: Vec<u64> = [&a, &b].iter().map(|t| all(&*bus, t)[0].offset() + 1).collect();
    let m = join(&*bus, "several-consumer", "a", &a);
    let both = Positions::from([(at(&a), ends[0]), (at(&b), ends[1])]);
    let from = Positions::from([(at(&a), 0), (at(&b), 0)]);
    bus.commit(Commit { from, to: both.clone(), ..step(&m, &a, 0, 0, Vec::new()) }).unwrap();
    let half_wrong = Positions::from([(at(&a), ends[0]), (at(&b), 0)]);
    assert_eq!(bus.commit(Commit { from: half_wrong, ..step(&m, &a, 0, 99, Vec::new()) }).unwrap_err().kind, Kind::Stop);
    assert_eq!(join(&*bus, "several-consumer", "b", &a).positions, both);
}

pub fn outputs_may_be_the_groups_own_input(make: Make) {
    let bus = make();
    let t = topic("device.contract.loop");
    bus.append(vec![record(&t, 1)]).unwrap();
    let next = all(&*bus, &t)[0].offset() + 1;
    let m = join(&*bus, "loop-consumer", "a", &t);
    bus.commit(step(&m, &t, 0, next, vec![record(&t, 2)])).unwrap();
    assert_eq!(numbers(&*bus, &t), [1, 2]);
    assert_ne!(bus.groups().unwrap().into_iter().find(|g| g.group == "loop-consumer").unwrap().total_lag(), 0);
}

pub fn seeking_moves_and_forgets(make: Make) {
    let bus = make();
    let t = topic("device.contract.seek");
    bus.append(records(&t, 0..3)).unwrap();
    let ends: Vec<u64> = all(&*bus, &t).iter().map(|r| r.offset() + 1).collect();
    let m = join(&*bus, "seek-consumer", "a", &t);
    bus.commit(Commit { state: Some((1, vec![1])), tick: Some(Time(5)), ..step(&m, &t, 0, ends[2], Vec::new()) }).unwrap();
    bus.leave(&m).unwrap();
    bus.seek("seek-consumer", &positions(&t, ends[0])).unwrap();
    assert_eq!(bus.commit(step(&m, &t, ends[2], ends[2], Vec::new())).unwrap_err().kind, Kind::Stop, "the old member is fenced");
    let again = join(&*bus, "seek-consumer", "b", &t);
    assert_eq!((again.positions, again.state, again.tick), (positions(&t, ends[0]), None, None));
}

pub fn seeking_waits_for_the_member(make: Make) {
    let bus = make();
    let t = topic("device.contract.seek.waits");
    let m = join(&*bus, "seek-waits-consumer", "a", &t);
    let to = positions(&t, 0);
    assert_eq!(bus.seek("seek-waits-consumer", &to).unwrap_err().kind, Kind::Invalid);
    bus.leave(&m).unwrap();
    bus.seek("seek-waits-consumer", &to).unwrap();
    assert_eq!(bus.seek("no-such-consumer", &to).unwrap_err().kind, Kind::Invalid);
}

pub fn lag_is_zero_at_the_end(make: Make) {
    let bus = make();
    let t = topic("device.contract.lag");
    let m = join(&*bus, "lag-consumer", "a", &t);
    let lag = || bus.groups().unwrap().into_iter().find(|g| g.group == "lag-consumer").unwrap().total_lag();
    assert_eq!(lag(), 0);
    bus.append(records(&t, 0..2)).unwrap();
    assert_ne!(lag(), 0);
    let ends: Vec<u64> = all(&*bus, &t).iter().map(|r| r.offset() + 1).collect();
    bus.commit(step(&m, &t, 0, ends[0], Vec::new())).unwrap();
    assert_ne!(lag(), 0);
    bus.commit(step(&m, &t, ends[0], ends[1], Vec::new())).unwrap();
    assert_eq!(lag(), 0);
}

pub fn groups_show_who_is_there(make: Make) {
    let bus = make();
    let t = topic("device.contract.groups");
    let find = || bus.groups().unwrap().into_iter().find(|g| g.group == "groups-consumer");
    assert!(find().is_none());
    let m = join(&*bus, "groups-consumer", "a", &t);
    let g = find().unwrap();
    assert_eq!((g.state(), g.topics.as_slice(), g.members.len()), ("Stable", &[t.clone()][..], 1));
    assert_eq!((g.members[0].id.as_str(), g.members[0].host.as_str(), g.last_commit), ("a", "here", None));
    bus.append(vec![record(&t, 1)]).unwrap();
    let next = all(&*bus, &t)[0].offset() + 1;
    bus.commit(step(&m, &t, 0, next, Vec::new())).unwrap();
    bus.leave(&m).unwrap();
    let g = find().unwrap();
    assert_eq!((g.state(), g.members.len(), g.last_commit.is_some()), ("Empty", 0, true));
    assert_eq!(g.committed.get(&Position { topic: t, partition: 0 }), Some(&next));
}

pub fn state_of_64_kib_is_kept(make: Make) {
    let bus = make();
    let t = topic("device.contract.large");
    bus.append(vec![record(&t, 1)]).unwrap();
    let m = join(&*bus, "large-consumer", "a", &t);
    let state: Vec<u8> = (0..64 << 10).map(|i: u32| (i % 251) as u8).collect();
    bus.commit(Commit { state: Some((1, state.clone())), ..step(&m, &t, 0, 1, Vec::new()) }).unwrap();
    assert_eq!(join(&*bus, "large-consumer", "b", &t).state, Some((1, state)));
}
