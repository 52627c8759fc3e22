//! The pipeline as a road: groups in columns by their longest way from a source, topics between them.

use std::collections::BTreeMap;

use loom_schemas::api::{ConsumerNode, Structure};

/// A group on the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knot {
    pub group: String,
    pub column: usize,
    pub lane: usize,
}

/// A topic between what writes it and a group that reads it; no writer: it comes in from the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thread {
    pub topic: String,
    pub from: Option<String>,
    pub to: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Road {
    pub knots: Vec<Knot>,
    pub threads: Vec<Thread>,
    pub columns: usize,
    pub lanes: usize,
}

/// Lays the groups out. Dead letters are left out: every topic has them.
pub fn road(structure: &Structure) -> Road {
    let groups = &structure.consumers;
    let mut threads = Vec::new();
    for to in groups {
        for topic in to.subscribed_topics.iter().filter(|t| !t.ends_with(".dlq")) {
            let mut writers = groups.iter().filter(|g| g.produces_topics.contains(topic) && g.group_id != to.group_id).peekable();
            if writers.peek().is_none() {
                threads.push(Thread { topic: topic.clone(), from: None, to: to.group_id.clone() });
            }
            threads.extend(writers.map(|from| Thread { topic: topic.clone(), from: Some(from.group_id.clone()), to: to.group_id.clone() }));
        }
    }
    let columns = columns(groups, &threads);
    let mut filled: BTreeMap<usize, usize> = BTreeMap::new();
    let knots: Vec<Knot> = groups
        .iter()
        .map(|g| {
            let column = columns.get(&g.group_id).copied().unwrap_or(0);
            let lane = filled.entry(column).or_default();
            *lane += 1;
            Knot { group: g.group_id.clone(), column, lane: *lane - 1 }
        })
        .collect();
    Road { columns: filled.keys().max().map_or(0, |c| c + 1), lanes: filled.values().max().copied().unwrap_or(0), knots, threads }
}

/// Longest way from a source; a ring of groups stops growing after as many steps as there are groups.
fn columns(groups: &[ConsumerNode], threads: &[Thread]) -> BTreeMap<String, usize> {
    let mut columns: BTreeMap<String, usize> = groups.iter().map(|g| (g.group_id.clone(), 0)).collect();
    for _ in 0..groups.len() {
        for thread in threads {
            let Some(from) = thread.from.as_ref().and_then(|f| columns.get(f)).copied() else { continue };
            if let Some(to) = columns.get_mut(&thread.to) {
                *to = (*to).max(from + 1).min(groups.len());
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(id: &str, reads: &[&str], writes: &[&str]) -> ConsumerNode {
        ConsumerNode {
            group_id: id.into(),
            label: id.into(),
            description: String::new(),
            subscribed_topics: reads.iter().map(ToString::to_string).collect(),
            produces_topics: writes.iter().map(ToString::to_string).collect(),
            status: "active".into(),
            member_count: 1,
        }
    }
    fn structure(consumers: Vec<ConsumerNode>) -> Structure {
        Structure { consumers, ..Structure::default() }
    }

    #[test]
    fn the_main_road_runs_from_left_to_right_and_forks_at_its_end() {
        let road = road(&structure(vec![
            group("timeline", &["released"], &[]),
            group("vad", &["audio", "audio.dlq"], &["speech"]),
            group("privacy", &["words"], &["released"]),
            group("stt", &["speech"], &["words"]),
            group("analytics", &["released"], &[]),
        ]));
        let at: BTreeMap<&str, (usize, usize)> = road.knots.iter().map(|k| (k.group.as_str(), (k.column, k.lane))).collect();
        assert_eq!((at["vad"], at["stt"], at["privacy"]), ((0, 0), (1, 0), (2, 0)));
        assert_eq!((at["timeline"], at["analytics"]), ((3, 0), (3, 1)));
        assert_eq!((road.columns, road.lanes, road.threads.len()), (4, 2, 5));
        assert!(road.threads.iter().any(|t| t.topic == "audio" && t.from.is_none() && t.to == "vad"));
    }

    #[test]
    fn a_ring_ends() {
        let road = road(&structure(vec![group("a", &["x"], &["y"]), group("b", &["y"], &["x"])]));
        assert!(road.columns <= 3);
    }

    #[test]
    fn nothing_is_an_empty_road() {
        assert_eq!(road(&Structure::default()), Road::default());
    }
}
