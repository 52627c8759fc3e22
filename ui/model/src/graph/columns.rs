//! Columns: the longest way from a source; the wall is a column's border.

use super::net::{Kind, Net, Side};

/// A column for each node. Sources stand in column 0, groups from 1 on; all gates stand in one column, with what is
/// sensitive left of it and what was released right of it; what only reads there stands in the last.
pub fn columns(net: &Net) -> Vec<usize> {
    let n = net.nodes.len();
    let mut edges: Vec<(usize, usize)> = net.edges().collect();
    edges.sort_unstable();
    edges.dedup();
    let is = |i: usize, kind: Kind| net.nodes[i].kind == kind;
    let beyond = beyond(net);
    let gates: Vec<usize> = (0..n).filter(|i| is(*i, Kind::Gate)).collect();
    for gate in &gates {
        // A gate waits for all that is inside, so that the wall has its own on either side. What nobody reads may end at it.
        edges.extend((0..n).filter(|i| !beyond[*i] && !is(*i, Kind::Gate) && !is(*i, Kind::Nobody)).map(|i| (i, *gate)));
        edges.extend((0..n).filter(|i| beyond[*i]).map(|i| (*gate, i)));
    }
    // A way back through the wall would be a hole in it: it does not count for the columns.
    edges.retain(|(w, r)| !beyond[*w] || beyond[*r]);
    let mut columns: Vec<usize> = net.nodes.iter().map(|k| usize::from(!matches!(k.kind, Kind::Source | Kind::Unseen))).collect();
    let order = order(n, &edges);
    let mut turn = vec![0; n];
    order.iter().enumerate().for_each(|(i, at)| turn[*at] = i);
    for at in order {
        let from = columns[at];
        for (_, to) in edges.iter().filter(|(w, r)| *w == at && turn[*r] > turn[at]) {
            columns[*to] = columns[*to].max(from + 1);
        }
    }
    let last = columns.iter().max().copied().unwrap_or(0);
    for at in (0..n).filter(|i| beyond[*i] && !gates.is_empty()) {
        if !edges.iter().any(|(w, _)| *w == at) {
            columns[at] = last;
        }
    }
    columns
}

/// Which nodes stand beyond the wall: those that something flows to or from that was released.
fn beyond(net: &Net) -> Vec<bool> {
    let mut beyond = vec![false; net.nodes.len()];
    for topic in net.topics.iter().filter(|t| t.side != Side::Sensitive) {
        topic.writers.iter().chain(&topic.readers).for_each(|i| beyond[*i] = !matches!(net.nodes[*i].kind, Kind::Gate | Kind::Source));
    }
    beyond
}

/// Writers before readers (A. B. Kahn, "Topological sorting of large networks", 1962); a ring is cut where it is met
/// first: only edges that go forward in the order count.
fn order(n: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let mut waits = vec![0usize; n];
    edges.iter().for_each(|(_, r)| waits[*r] += 1);
    let (mut out, mut done) = (Vec::with_capacity(n), vec![false; n]);
    while out.len() < n {
        let Some(at) = (0..n).filter(|i| !done[*i]).min_by_key(|i| (waits[*i], *i)) else { break };
        done[at] = true;
        out.push(at);
        for (_, to) in edges.iter().filter(|(w, _)| *w == at) {
            waits[*to] = waits[*to].saturating_sub(1);
        }
    }
    out
}
