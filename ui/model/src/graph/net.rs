//! What the graph is of: sources, groups, and the topics between them.

use std::collections::BTreeMap;

use loom_schemas::api::{ConsumerNode, Structure, TopicRow};

/// Nothing goes through the wall beside a gate: a group that is on both sides of it stands on both. These stand before
/// its name on the knot at the sensitive side, and on the one beyond its own gate.
const INSIDE: &str = "inside:";
const BEYOND: &str = "beyond:";

/// The group that a node is a knot of.
pub fn group_of(id: &str) -> &str {
    id.strip_prefix(INSIDE).or_else(|| id.strip_prefix(BEYOND)).unwrap_or(id)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Writes and reads nothing.
    Source,
    Group,
    /// Writes what was released from what is sensitive: an opening in the wall.
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

/// Who writes and who reads a topic, by place among the nodes.
type Ends<'a> = BTreeMap<&'a str, (Vec<usize>, Vec<usize>)>;

/// Dead letters are left out (every topic has them), and topics that nobody writes or reads.
pub fn net(structure: &Structure, topics: &[TopicRow]) -> Net {
    let mut net = Net::default();
    let mut ends = Ends::new();
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
    for c in &structure.consumers {
        for (before, kind, reads, writes) in knots(c, &side) {
            net.nodes.push(Node { id: format!("{before}{}", c.group_id), label: c.group_id.clone(), kind });
            let at = net.nodes.len() - 1;
            writes.into_iter().for_each(|t| ends.entry(t).or_default().0.push(at));
            reads.into_iter().for_each(|t| ends.entry(t).or_default().1.push(at));
        }
    }
    for (name, (mut writers, mut readers)) in ends {
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

/// The topics that a knot reads, and those that it writes, after what stands before its group's name, and its kind.
type Knot<'a> = (&'static str, Kind, Vec<&'a str>, Vec<&'a str>);

/// A group as it stands in the graph: one knot, or one on either side of the wall.
fn knots<'a>(c: &'a ConsumerNode, side: &impl Fn(&str) -> Side) -> Vec<Knot<'a>> {
    let part = |of: &'a [String]| -> (Vec<&'a str>, Vec<&'a str>) {
        of.iter().map(String::as_str).filter(|t| !t.ends_with(".dlq")).partition(|t| side(t) == Side::Sensitive)
    };
    let ((reads_in, reads_out), (writes_in, writes_out)) = (part(&c.subscribed_topics), part(&c.produces_topics));
    let (within, without) = ((reads_in.len(), writes_in.len()), (reads_out.len(), writes_out.len()));
    match (within, without) {
        ((1.., writes), (reads, 1..)) => {
            let mut of = vec![("", Kind::Gate, reads_in.clone(), writes_out)];
            of.extend((writes > 0).then_some((INSIDE, Kind::Group, reads_in, writes_in)));
            of.extend((reads > 0).then_some((BEYOND, Kind::Group, reads_out, Vec::new())));
            of
        }
        ((0, 0), _) => vec![("", Kind::Group, reads_out, writes_out)],
        (_, (0, 0)) => vec![("", Kind::Group, reads_in, writes_in)],
        _ => vec![("", Kind::Group, reads_out, writes_out), (INSIDE, Kind::Group, reads_in, writes_in)],
    }
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
