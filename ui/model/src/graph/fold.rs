//! Above forty nodes, siblings fold into one knot: those that share the first two parts of their names.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::columns;
use super::net::{Kind, Net, Node, Side, Topic, group_of};

/// Sources, groups and topics together, above which siblings fold.
pub const FOLD_ABOVE: usize = 40;

/// The net to draw, and what each of its nodes stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folded {
    pub net: Net,
    /// Groups and producers of the whole net, by place in `net.nodes`.
    pub inside: Vec<Vec<String>>,
}

/// `device.sensor` of `device.sensor.gps.raw`
fn prefix(name: &str) -> String {
    name.split('.').take(2).collect::<Vec<_>>().join(".")
}

/// Folds what is not opened. A knot of several is named `fold:<prefix>…`.
pub fn fold(net: &Net, open: &BTreeSet<String>) -> Folded {
    let whole = || Folded { inside: net.nodes.iter().map(|n| vec![group_of(&n.id).to_string()]).collect(), net: net.clone() };
    if net.nodes.len() + net.topics.len() <= FOLD_ABOVE {
        return whole();
    }
    let columns = columns(net);
    let bundle = |t: &Topic| {
        let from = t.writers.iter().map(|w| columns[*w]).max().unwrap_or(0);
        (prefix(&t.name), t.side, from)
    };
    let bundles: Vec<(String, Side, usize)> = net.topics.iter().map(bundle).collect();
    let keys: Vec<String> = (0..net.nodes.len()).map(|i| key(net, &columns, &bundles, i, open)).collect();
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    keys.iter().enumerate().for_each(|(i, k)| members.entry(k).or_default().push(i));
    let mut out = Folded::default();
    let mut place = vec![0; net.nodes.len()];
    for (k, of) in in_order(&keys, &members) {
        of.iter().for_each(|i| place[*i] = out.net.nodes.len());
        out.net.nodes.push(if let [one] = of[..] { net.nodes[one].clone() } else { folded(net, k, of) });
        out.inside.push(of.iter().map(|i| group_of(&net.nodes[*i].id).to_string()).collect());
    }
    out.net.topics = topics(net, &bundles, &place, open);
    out
}

/// What a node shares with its siblings; its own id where it has none.
fn key(net: &Net, columns: &[usize], bundles: &[(String, Side, usize)], node: usize, open: &BTreeSet<String>) -> String {
    let own = net.nodes[node].id.clone();
    let among = |pick: fn(&Topic) -> &Vec<usize>| -> BTreeSet<&(String, Side, usize)> {
        net.topics.iter().zip(bundles).filter(|(t, _)| pick(t).contains(&node)).map(|(_, b)| b).collect()
    };
    let (reads, writes) = (among(|t| &t.readers), among(|t| &t.writers));
    let by = if reads.is_empty() { &writes } else { &reads };
    let one = by.iter().next().filter(|_| by.len() == 1 && net.nodes[node].kind != Kind::Gate);
    match one {
        Some((prefix, side, _)) if !open.contains(prefix) && by.len() == 1 => {
            let to: Vec<&str> = if reads.is_empty() { vec![] } else { writes.iter().map(|w| w.0.as_str()).collect() };
            format!("fold:{prefix}:{side:?}:{}:{:?}:{}", columns[node], net.nodes[node].kind, to.join(","))
        }
        _ => own,
    }
}

/// Groups of nodes by the place of their first.
fn in_order<'a>(keys: &'a [String], members: &'a BTreeMap<&str, Vec<usize>>) -> Vec<(&'a str, &'a Vec<usize>)> {
    let mut seen = BTreeSet::new();
    keys.iter().filter(|k| seen.insert(k.as_str())).filter_map(|k| members.get(k.as_str()).map(|of| (k.as_str(), of))).collect()
}

fn folded(net: &Net, key: &str, of: &[usize]) -> Node {
    let prefix = key.split(':').nth(1).unwrap_or_default();
    let kind = net.nodes[of[0]].kind;
    let what = if kind == Kind::Source { "sources" } else { "groups" };
    let label = match kind {
        Kind::Unseen | Kind::Nobody => String::new(),
        _ => format!("{prefix}, {} {what}", of.len()),
    };
    let kind = match kind {
        Kind::Group => Kind::Fold(of.len()),
        other => other,
    };
    Node { id: key.into(), label, kind }
}

fn topics(net: &Net, bundles: &[(String, Side, usize)], place: &[usize], open: &BTreeSet<String>) -> Vec<Topic> {
    let mut out: Vec<Topic> = Vec::new();
    let mut at: BTreeMap<(String, Side, Vec<usize>, Vec<usize>), usize> = BTreeMap::new();
    for (topic, (prefix, side, _)) in net.topics.iter().zip(bundles) {
        let ends = |of: &[usize]| of.iter().map(|i| place[*i]).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        let (writers, readers) = (ends(&topic.writers), ends(&topic.readers));
        let name = if open.contains(prefix) { topic.name.clone() } else { prefix.clone() };
        let same = at.entry((name, *side, writers.clone(), readers.clone())).or_insert(out.len());
        if *same == out.len() {
            out.push(Topic { writers, readers, ..topic.clone() });
        } else {
            let first = &mut out[*same];
            first.members.push(topic.name.clone());
            first.label = format!("{prefix}, {} topics", first.members.len());
        }
    }
    out
}
