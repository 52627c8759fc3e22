//! What the graph is of: sources, groups, and the topics between them.

use std::collections::BTreeMap;

use loom_schemas::api::{Structure, TopicRow};

/// A group that reads on both sides of the wall stands on both: nothing goes through the wall beside the gate. The
/// knot on the sensitive side has this before its name.
const INSIDE: &str = "inside:";

/// The group that a node is a knot of.
pub fn group_of(id: &str) -> &str {
    id.strip_prefix(INSIDE).unwrap_or(id)
}

/// The wall's only gate.
pub const GATE: &str = "privacy-filter-consumer";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Writes and reads nothing.
    Source,
    Group,
    Gate,
    /// So many siblings, folded into one.
    Fold(usize),
    /// Where a topic that no source is known of begins.
    Unseen,
    /// Where a topic that nobody reads ends.
    Nobody,
}

/// Which side of the wall a topic is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Sensitive,
    Released,
    Shared,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The group's or producer's name; unique among nodes.
    pub id: String,
    pub label: String,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    pub name: String,
    pub label: String,
    pub side: Side,
    /// Places in [`Net::nodes`].
    pub writers: Vec<usize>,
    pub readers: Vec<usize>,
    /// The log's own names: one, or those that are folded into this.
    pub members: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Net {
    pub nodes: Vec<Node>,
    pub topics: Vec<Topic>,
}

impl Net {
    /// Pairs of a writer and a reader, by place in `nodes`.
    pub fn edges(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.topics.iter().flat_map(|t| t.writers.iter().flat_map(move |w| t.readers.iter().map(move |r| (*w, *r)))).filter(|(w, r)| w != r)
    }
    pub fn node(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|n| n.id == id)
    }
    pub fn topic(&self, name: &str) -> Option<usize> {
        self.topics.iter().position(|t| t.name == name || t.members.iter().any(|m| m == name))
    }
}

/// Dead letters are left out (every topic has them), and topics that nobody writes or reads.
pub fn net(structure: &Structure, topics: &[TopicRow]) -> Net {
    let mut net = Net::default();
    let mut ends: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for p in &structure.producers {
        if p.output_topics.iter().all(|t| t.ends_with(".dlq")) {
            continue;
        }
        net.nodes.push(Node { id: p.id.clone(), label: p.label.clone(), kind: Kind::Source });
        for topic in &p.output_topics {
            ends.entry(topic).or_default().0.push(net.nodes.len() - 1);
        }
    }
    let side = |name: &str| side(topics.iter().find(|t| t.topic == name).map(|t| t.class.as_str()), name);
    let is_inside = |t: &&String| side(t) == Side::Sensitive && !t.ends_with(".dlq");
    for c in &structure.consumers {
        let kind = if c.group_id == GATE { Kind::Gate } else { Kind::Group };
        net.nodes.push(Node { id: c.group_id.clone(), label: c.group_id.clone(), kind });
        let at = net.nodes.len() - 1;
        c.produces_topics.iter().for_each(|t| ends.entry(t).or_default().0.push(at));
        let inside = c.subscribed_topics.iter().filter(is_inside).count();
        let both = kind == Kind::Group && inside > 0 && c.subscribed_topics.iter().any(|t| side(t) != Side::Sensitive);
        if both {
            net.nodes.push(Node { id: format!("{INSIDE}{}", c.group_id), label: c.group_id.clone(), kind });
        }
        for t in &c.subscribed_topics {
            let to = if both && is_inside(&t) { at + 1 } else { at };
            ends.entry(t).or_default().1.push(to);
        }
    }
    for (name, (mut writers, mut readers)) in ends.into_iter().filter(|(name, _)| !name.ends_with(".dlq")) {
        if writers.is_empty() {
            net.nodes.push(Node { id: format!("unseen:{name}"), label: String::new(), kind: Kind::Unseen });
            writers.push(net.nodes.len() - 1);
        }
        if readers.iter().all(|r| writers.contains(r)) {
            net.nodes.push(Node { id: format!("nobody:{name}"), label: String::new(), kind: Kind::Nobody });
            readers.push(net.nodes.len() - 1);
        }
        net.topics.push(Topic { name: name.into(), label: name.into(), side: side(name), writers, readers, members: vec![name.into()] });
    }
    net
}

/// By the log's own word, and by the name where the log has not said yet.
fn side(class: Option<&str>, name: &str) -> Side {
    match class {
        Some("released") => Side::Released,
        Some("shared") => Side::Shared,
        Some(_) => Side::Sensitive,
        None if name.ends_with(".released") => Side::Released,
        None if name.ends_with(".shared") => Side::Shared,
        None => Side::Sensitive,
    }
}
