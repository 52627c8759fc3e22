//! Promised by every log about the rows that a group keeps by key.

use loom_core::bus::{Class, Commit, MOST_ROWS, Row, RowChanges, RowCount, Settings};
use loom_core::{Kind, Time};

use super::*;

fn row(key: &str, value: &str, expires_s: i64) -> Row {
    Row { key: key.into(), value: value.into(), expires: Time::from_secs(expires_s) }
}

fn put(rows: impl IntoIterator<Item = Row>) -> RowChanges {
    RowChanges { put: rows.into_iter().collect(), ..RowChanges::default() }
}

/// What stands under keys, as text; `-` where nothing does.
fn seen(bus: &dyn Bus, group: &str, keys: &[&str]) -> String {
    let keys: Vec<Vec<u8>> = keys.iter().map(|k| k.as_bytes().to_vec()).collect();
    let values = bus.rows(group, &keys).unwrap();
    values.into_iter().map(|v| v.map_or("-".into(), |v| String::from_utf8(v).unwrap())).collect::<Vec<_>>().join(" ")
}

/// A group on a topic of one record, and what its next step changes: it stands still and keeps rows.
struct Keeper {
    m: Membership,
    t: TopicName,
}

impl Keeper {
    fn new(bus: &dyn Bus, name: &str) -> Self {
        let t = topic(&format!("device.contract.{name}"));
        bus.append(vec![record(&t, 1)]).unwrap();
        Self { m: join(bus, &format!("{name}-consumer"), "a", &t), t }
    }
    fn step(&self, rows: RowChanges) -> Commit {
        Commit { rows, ..step(&self.m, &self.t, 0, 0, Vec::new()) }
    }
    fn keep(&self, bus: &dyn Bus, rows: RowChanges) {
        bus.commit(self.step(rows)).unwrap();
    }
    fn seen(&self, bus: &dyn Bus, keys: &[&str]) -> String {
        seen(bus, &self.m.group, keys)
    }
    fn count(&self, bus: &dyn Bus) -> RowCount {
        bus.row_count(&self.m.group).unwrap()
    }
}

pub fn rows_come_with_the_commit(make: Make) {
    let bus = make();
    let (input, output) = (topic("device.contract.rows"), topic("media.contract.rows"));
    bus.append(records(&input, 0..2)).unwrap();
    let next = all(&*bus, &input)[0].offset() + 1;
    let m = join(&*bus, "rows-consumer", "a", &input);
    assert_eq!(seen(&*bus, "rows-consumer", &["a"]), "-");
    let commit = step(&m, &input, 0, next, vec![record(&output, 9)]);
    bus.commit(Commit { rows: put([row("a", "one", 100), row("b", "two", 100)]), ..commit }).unwrap();
    assert_eq!((seen(&*bus, "rows-consumer", &["b", "x", "a", "a"]), numbers(&*bus, &output)), ("two - one one".into(), vec![9]));
    let count = RowCount { rows: 2, bytes: 8, ..RowCount::default() };
    assert_eq!(bus.row_count("rows-consumer").unwrap(), count);
    // A commit that says nothing of them leaves them.
    bus.commit(step(&m, &input, next, next, Vec::new())).unwrap();
    assert_eq!(bus.row_count("rows-consumer").unwrap(), count);
    assert_eq!(seen(&*bus, "rows-consumer", &["a"]), "one", "whoever is the member");
}

pub fn rows_are_the_groups_own(make: Make) {
    let bus = make();
    let (a, b) = (Keeper::new(&*bus, "mine"), Keeper::new(&*bus, "yours"));
    a.keep(&*bus, put([row("k", "mine", 1)]));
    b.keep(&*bus, put([row("k", "yours", 1)]));
    assert_eq!((a.seen(&*bus, &["k"]), b.seen(&*bus, &["k"])), ("mine".into(), "yours".into()));
    a.keep(&*bus, RowChanges { removed: vec![b"k".to_vec()], ..RowChanges::default() });
    assert_eq!((a.seen(&*bus, &["k"]), b.seen(&*bus, &["k"])), ("-".into(), "yours".into()));
    assert_eq!((a.count(&*bus).rows, b.count(&*bus).rows), (0, 1));
    assert_eq!(bus.row_count("nobody-consumer").unwrap(), RowCount::default());
    assert_eq!(seen(&*bus, "nobody-consumer", &["k"]), "-");
}

/// An output that the wall refuses takes the rows back too, and rows never come without their offsets.
pub fn rows_of_a_refused_commit_are_not_there(make: Make) {
    let bus = make();
    let k = Keeper::new(&*bus, "refused");
    let walled = topic("media.contract.refused.shared");
    bus.create(&Settings::new(walled.clone(), Class::Shared)).unwrap();
    k.keep(&*bus, put([row("old", "kept", 9)]));
    let changes = RowChanges { removed: vec![b"old".to_vec()], ..put([row("new", "lost", 9)]) };
    let refused = Commit { rows: changes.clone(), outputs: vec![record(&walled, 5)], ..k.step(RowChanges::default()) };
    assert_eq!(bus.commit(refused).unwrap_err().kind, Kind::Invalid);
    let elsewhere = Commit { rows: changes, ..step(&k.m, &k.t, 7, 8, Vec::new()) };
    assert_eq!(bus.commit(elsewhere).unwrap_err().kind, Kind::Stop);
    assert_eq!((k.seen(&*bus, &["old", "new"]), k.count(&*bus).rows), ("kept -".into(), 1));
}

pub fn rows_of_a_zombie_are_not_there(make: Make) {
    let bus = make();
    let zombie = Keeper::new(&*bus, "undead");
    let living = Keeper { m: join(&*bus, "undead-consumer", "b", &zombie.t), t: zombie.t.clone() };
    assert_eq!(bus.commit(zombie.step(put([row("k", "zombie", 9)]))).unwrap_err().kind, Kind::Stop);
    living.keep(&*bus, put([row("k", "living", 9)]));
    assert_eq!(living.seen(&*bus, &["k"]), "living");
}

pub fn rows_are_replaced_and_removed(make: Make) {
    let bus = make();
    let k = Keeper::new(&*bus, "replaced");
    k.keep(&*bus, put([row("a", "1", 10), row("b", "2", 20), row("c", "3", 30)]));
    let changes = put([row("a", "eleven", 99), row("d", "4", 40)]);
    k.keep(&*bus, RowChanges { removed: vec![b"b".to_vec(), b"none".to_vec()], ..changes });
    assert_eq!(k.seen(&*bus, &["a", "b", "c", "d"]), "eleven - 3 4");
    assert_eq!((k.count(&*bus).rows, k.count(&*bus).bytes), (3, 7 + 2 + 2));
    // It expires as it was put last.
    k.keep(&*bus, RowChanges { past: Some(Time::from_secs(50)), ..RowChanges::default() });
    assert_eq!(k.seen(&*bus, &["a", "c", "d"]), "eleven - -");
}

pub fn rows_are_listed_by_prefix(make: Make) {
    let bus = make();
    let k = Keeper::new(&*bus, "listed");
    k.keep(&*bus, put(["a", "b", "ba", "bb", "bba", "c"].map(|key| row(key, &key.to_uppercase(), 9))));
    let from = |prefix: &str, after: Option<&str>, most| {
        let found = bus.rows_from(&k.m.group, prefix.as_bytes(), after.map(str::as_bytes), most).unwrap();
        found.into_iter().map(|(k, v)| format!("{}={}", String::from_utf8(k).unwrap(), String::from_utf8(v).unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(from("b", None, 9), ["b=B", "ba=BA", "bb=BB", "bba=BBA"]);
    assert_eq!(from("b", None, 2), ["b=B", "ba=BA"]);
    assert_eq!(from("b", Some("ba"), 9), ["bb=BB", "bba=BBA"]);
    assert_eq!(from("b", Some("a"), 1), ["b=B"], "what is before the prefix is no place in it");
    assert!(from("b", Some("c"), 9).is_empty() && from("x", None, 9).is_empty());
    assert_eq!(from("", None, 9).len(), 6);
    assert!(bus.rows_from("nobody-consumer", b"", None, 9).unwrap().is_empty());
}

pub fn expired_rows_go_in_steps(make: Make) {
    let bus = make();
    let k = Keeper::new(&*bus, "expired");
    for half in 0..2 {
        k.keep(&*bus, put((0..5_000).map(|n| row(&format!("{half}-{n:05}"), "v", n + 1))));
    }
    let past = |s| k.keep(&*bus, RowChanges { past: Some(Time::from_secs(s)), ..RowChanges::default() });
    past(1);
    assert_eq!(k.count(&*bus).rows, 10_000, "what expires then does not go before then");
    past(4_001);
    let after_one = k.count(&*bus);
    assert!(after_one.rows > 2_000 && after_one.rows < 10_000, "{after_one:?}: a commit is not kept up by all at once");
    assert_eq!(k.seen(&*bus, &["0-00000", "1-00000", "0-04500"]), "- - v", "the first to expire go first");
    (0..3).for_each(|_| past(4_001));
    assert_eq!((k.count(&*bus).rows, k.count(&*bus).expired, k.count(&*bus).bytes), (2_000, 8_000, 2_000 * 8));
    past(3);
    assert_eq!(k.count(&*bus).rows, 2_000, "the past does not come back");
}

pub fn the_oldest_rows_make_room(make: Make) {
    let bus = make();
    let k = Keeper::new(&*bus, "crowded");
    let most = |n, rows| RowChanges { most_rows: n, ..put(rows) };
    k.keep(&*bus, most(3, vec![row("a", "", 30), row("b", "", 10), row("c", "", 20)]));
    assert_eq!(k.count(&*bus).crowded_out, 0);
    k.keep(&*bus, most(3, vec![row("d", "", 40), row("e", "", 50)]));
    let keys: Vec<_> = bus.rows_from(&k.m.group, b"", None, 9).unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [b"a", b"d", b"e"]);
    assert_eq!(k.count(&*bus), RowCount { rows: 3, bytes: 3, expired: 0, crowded_out: 2 });
    const { assert!(MOST_ROWS >= 1_000_000) };
}

pub fn seeking_forgets_the_rows(make: Make) {
    let bus = make();
    let k = Keeper::new(&*bus, "moved");
    k.keep(&*bus, put((0..3_000).map(|n| row(&format!("{n:04}"), "v", i64::MAX / 2_000_000))));
    bus.leave(&k.m).unwrap();
    bus.seek(&k.m.group, &positions(&k.t, 0)).unwrap();
    assert_eq!((k.seen(&*bus, &["0001"]), k.count(&*bus)), ("-".into(), RowCount::default()));
    let again = Keeper { m: join(&*bus, &k.m.group, "b", &k.t), t: k.t.clone() };
    again.keep(&*bus, put([row("0001", "new", 9)]));
    bus.retain().unwrap();
    assert_eq!((again.seen(&*bus, &["0001", "0002"]), again.count(&*bus).rows), ("new -".into(), 1));
}

/// The log's time has long passed what expired in 1970; a group that lags may still need it.
pub fn expired_rows_of_an_idle_group_go(make: Make) {
    let bus = make();
    let k = Keeper::new(&*bus, "idle");
    k.keep(&*bus, put((0..2_500).map(|n| row(&format!("{n:04}"), "v", n)).chain([row("far", "v", i64::MAX / 2_000_000)])));
    bus.retain().unwrap();
    assert_eq!(k.count(&*bus).rows, 2_501, "it has a record to read yet");
    let next = all(&*bus, &k.t)[0].offset() + 1;
    bus.commit(step(&k.m, &k.t, 0, next, Vec::new())).unwrap();
    bus.retain().unwrap();
    assert_eq!((k.seen(&*bus, &["0001", "far"]), k.count(&*bus).rows, k.count(&*bus).expired), ("- v".into(), 1, 2_500));
}
