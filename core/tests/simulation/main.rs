//! The whole pipeline on the memory log: seeded clock, seeded schedule, a crash at any commit, an oracle.
//!
//! A seed that fails becomes a named test at the end of this file.

mod dedup;
mod faulty;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use world::{Outcome, World};

/// What must hold for every seed, compared with the same recordings in an undisturbed life.
fn judge(seed: u64) {
    let calm = World::new(seed, 0).live();
    let wild = World::new(seed, 25).live();
    assert!(!calm.released.is_empty(), "seed {seed}: nothing was said");
    every_utterance_once(seed, &calm, &wild);
    order_is_kept(seed, &wild);
    no_secret_beyond_the_wall(seed, &wild);
    assert_eq!(wild.lag, 0, "seed {seed}: something was left unread");
    assert_eq!(wild.parked, 1, "seed {seed}: the one poisoned record is parked once");
}

fn every_utterance_once(seed: u64, calm: &Outcome, wild: &Outcome) {
    let texts = |o: &Outcome| o.released.iter().map(|r| (r.message_id, r.text.clone())).collect::<BTreeMap<_, _>>();
    assert_eq!(texts(wild).len(), wild.released.len(), "seed {seed}: an utterance was released twice");
    assert_eq!(texts(wild), texts(calm), "seed {seed}: {} crashes changed what was heard", wild.crashes);
    let stored: BTreeSet<_> = wild.stored.iter().copied().collect();
    assert_eq!(stored.len(), wild.stored.len(), "seed {seed}: stored twice");
    assert_eq!(stored, texts(wild).into_keys().collect(), "seed {seed}: the store and the log differ");
}

fn order_is_kept(seed: u64, o: &Outcome) {
    let mut last = BTreeMap::new();
    for r in &o.released {
        let before = last.insert(r.stream.clone(), r.recorded_at);
        assert!(before.is_none_or(|b| b < r.recorded_at), "seed {seed}: utterances of a stream changed places");
    }
}

fn no_secret_beyond_the_wall(seed: u64, o: &Outcome) {
    for secret in world::SECRETS {
        assert!(!o.beyond_the_wall.contains(secret), "seed {seed}: a secret passed the wall");
    }
}

#[test]
fn two_hundred_seeds() {
    let workers: Vec<_> = (0..2u64).map(|w| std::thread::spawn(move || (w * 100..w * 100 + 100).for_each(judge))).collect();
    workers.into_iter().for_each(|w| w.join().unwrap());
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [1, 7, 42] {
        let (a, b) = (World::new(seed, 25).live(), World::new(seed, 25).live());
        assert!(a.crashes > 0, "seed {seed} never crashed: the simulation tests nothing");
        assert_eq!(a.trace, b.trace);
    }
    assert_ne!(World::new(1, 25).live().trace, World::new(2, 25).live().trace);
}

#[test]
fn the_oracle_sees_secrets_before_the_wall() {
    let seen = (0..20).map(|seed| World::new(seed, 0).live().before_the_wall).collect::<String>();
    for secret in world::SECRETS {
        assert!(seen.contains(secret), "the simulation never said a secret, so the wall was not tried");
    }
}
