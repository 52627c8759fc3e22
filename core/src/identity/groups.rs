//! From evidence to groups. What speaks for a pair of devices is put together by noisy-or, 1 − ∏(1 − cᵢ), over the kinds of
//! evidence (Pearl, Probabilistic Reasoning in Intelligent Systems, 1988, 4.3): kinds count as independent of each other, and
//! of one kind the surest alone counts, so that nobody is believed more for saying the same twice. Pairs that reach the threshold
//! are joined, and a group is what is joined, directly or over others (a connected component): however many weak pairs lie
//! between two groups, they do not glue them, since no pair of them reaches it. Nothing depends on the order of anything.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use super::links::{Evidence, Link};

/// Noisy-or of confidences from 0 to 1: at least the surest, at most 1, and the same in any order.
pub fn combined(confidences: impl IntoIterator<Item = f64>) -> f64 {
    let mut doubts: Vec<f64> = confidences.into_iter().map(|c| 1.0 - c.clamp(0.0, 1.0)).collect();
    // Sums of floats depend on their order.
    doubts.sort_by(f64::total_cmp);
    1.0 - doubts.into_iter().product::<f64>()
}

/// How sure each pair that anything speaks for is: the smaller id first.
pub fn together<'a>(links: impl IntoIterator<Item = &'a Link>) -> BTreeMap<(Uuid, Uuid), f64> {
    let mut kinds: BTreeMap<(Uuid, Uuid), BTreeMap<Evidence, f64>> = BTreeMap::new();
    for link in links.into_iter().filter(|l| !l.removed) {
        let surest = kinds.entry((link.a, link.b)).or_default().entry(link.kind).or_default();
        *surest = surest.max(link.confidence);
    }
    kinds.into_iter().map(|(pair, kinds)| (pair, combined(kinds.into_values()))).collect()
}

/// Who belongs together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups {
    /// By each device that is in a group with another: the smallest id of its group.
    of: HashMap<Uuid, Uuid>,
}

impl Groups {
    /// Pairs with a confidence of at least `threshold` are joined.
    pub fn of<'a>(links: impl IntoIterator<Item = &'a Link>, threshold: f64) -> Self {
        let mut parent: HashMap<Uuid, Uuid> = HashMap::new();
        for ((a, b), _) in together(links).into_iter().filter(|(_, sure)| *sure >= threshold) {
            let (a, b) = (root(&mut parent, a), root(&mut parent, b));
            // The smallest id stays the root, so that it names the group.
            parent.insert(a.max(b), a.min(b));
        }
        let devices: Vec<Uuid> = parent.keys().copied().collect();
        Self { of: devices.into_iter().map(|d| (d, root(&mut parent, d))).collect() }
    }

    /// What a device's group is called: its smallest id. `None` where it is alone.
    pub fn name(&self, device: Uuid) -> Option<Uuid> {
        self.of.get(&device).copied()
    }

    /// A device's group, itself included, in order.
    pub fn with(&self, device: Uuid) -> Vec<Uuid> {
        let Some(name) = self.name(device) else { return vec![device] };
        let mut all: Vec<Uuid> = self.of.iter().filter(|(_, n)| **n == name).map(|(d, _)| *d).collect();
        all.sort_unstable();
        all
    }

    pub fn are_together(&self, a: Uuid, b: Uuid) -> bool {
        a == b || self.name(a).is_some_and(|name| self.name(b) == Some(name))
    }
}

fn root(parent: &mut HashMap<Uuid, Uuid>, device: Uuid) -> Uuid {
    let mut top = device;
    while let Some(above) = parent.get(&top).copied().filter(|above| *above != top) {
        top = above;
    }
    // Everyone on the way is led straight there.
    let mut at = device;
    while let Some(above) = parent.insert(at, top).filter(|above| *above != top && *above != at) {
        at = above;
    }
    top
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    fn link(a: u128, b: u128, kind: Evidence, confidence: f64) -> Link {
        Link::new(device(1000), (device(a), device(b)), kind, confidence, "owner")
    }

    /// A graph made by chance: few devices, so that groups meet.
    fn graph(rng: &mut fastrand::Rng) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for _ in 0..rng.usize(0..30) {
            let (a, b) = (rng.u128(0..12), rng.u128(0..12));
            let kind = Evidence::ALL[rng.usize(0..Evidence::ALL.len())];
            let new = link(a, b, kind, rng.f64());
            if a != b && links.iter().all(|l| l.id != new.id) {
                links.push(new);
            }
        }
        links
    }

    fn partition(links: &[Link], threshold: f64) -> Vec<Vec<Uuid>> {
        let groups = Groups::of(links, threshold);
        (0..12).map(|n| groups.with(device(n))).collect()
    }

    #[test]
    fn what_is_combined_is_at_least_the_surest_and_at_most_certain_in_any_order() {
        let mut rng = fastrand::Rng::with_seed(3);
        assert_eq!((combined([]), combined([0.0, 0.0]), combined([0.3, 1.0])), (0.0, 0.0, 1.0));
        assert!((combined([0.5, 0.5]) - 0.75).abs() < 1e-12);
        for _ in 0..2000 {
            let mut some: Vec<f64> = (0..rng.usize(1..8)).map(|_| rng.f64()).collect();
            let all = combined(some.iter().copied());
            let surest = some.iter().copied().fold(0.0, f64::max);
            assert!(all >= surest - 1e-12 && all <= 1.0, "{some:?}: {all}");
            let one_more = rng.f64();
            assert!(combined(some.iter().copied().chain([one_more])) >= all - 1e-12, "evidence never takes away");
            rng.shuffle(&mut some);
            assert_eq!(combined(some.iter().copied()).to_bits(), all.to_bits(), "in another order it is another");
        }
    }

    #[test]
    fn the_order_of_linking_does_not_matter_and_unlinking_restores_the_groups() {
        let mut rng = fastrand::Rng::with_seed(5);
        for _ in 0..500 {
            let (mut links, threshold) = (graph(&mut rng), rng.f64());
            let before = partition(&links, threshold);
            rng.shuffle(&mut links);
            assert_eq!(partition(&links, threshold), before);
            let extra = link(rng.u128(0..6), rng.u128(6..12), Evidence::Declared, 1.0);
            if links.iter().any(|l| l.id == extra.id) {
                continue;
            }
            links.push(extra.clone());
            assert!(Groups::of(&links, threshold).are_together(extra.a, extra.b));
            links.last_mut().unwrap().removed = true;
            assert_eq!(partition(&links, threshold), before, "taken back it is as if it had never been said");
        }
    }

    #[test]
    fn every_device_is_in_one_group_and_a_higher_threshold_only_splits() {
        let mut rng = fastrand::Rng::with_seed(7);
        for _ in 0..300 {
            let links = graph(&mut rng);
            let (low, high) = (Groups::of(&links, 0.4), Groups::of(&links, 0.8));
            for n in 0..12 {
                for other in high.with(device(n)) {
                    assert!(low.are_together(device(n), other));
                    assert_eq!(high.with(other), high.with(device(n)), "together is mutual");
                }
            }
        }
    }

    #[test]
    fn weak_pairs_do_not_glue_groups_however_many_and_one_kind_said_twice_counts_once() {
        let mut links = vec![link(1, 2, Evidence::Declared, 0.95), link(3, 4, Evidence::Declared, 0.95)];
        links.extend([(1, 3), (1, 4), (2, 3), (2, 4)].map(|(a, b)| link(a, b, Evidence::Network, 0.6)));
        assert_eq!(Groups::of(&links, 0.8).with(device(1)), [device(1), device(2)]);
        let mut again = link(1, 3, Evidence::Network, 0.6);
        again.given_by = "another-service".into();
        links.push(again);
        assert!(!Groups::of(&links, 0.8).are_together(device(1), device(3)), "one kind of evidence is not two");
        links.push(link(1, 3, Evidence::Time, 0.6));
        assert_eq!(Groups::of(&links, 0.8).with(device(4)), [1, 2, 3, 4].map(device), "two kinds are");
    }
}
