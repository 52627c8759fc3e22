//! Columns: the longest way from a source; the wall is a column's border.

use super::net::{Kind, Net};

/// A column for each node. Sources stand in column 0, groups from 1 on; what does not come through the gate stands
/// left of it, and what only reads beyond it in the last column.
pub fn columns(net: &Net) -> Vec<usize> {
    let n = net.nodes.len();
    let mut edges: Vec<(usize, usize)> = net.edges().collect();
    edges.sort_unstable();
    edges.dedup();
    let gate = net.nodes.iter().position(|k| k.kind == Kind::Gate);
    let beyond = gate.map_or_else(|| vec![false; n], |g| reached(n, &edges, g));
    if let Some(gate) = gate {
        // The gate waits for all that is not behind it, so that the wall has its own on either side.
        edges.extend((0..n).filter(|i| !beyond[*i] && *i != gate).map(|i| (i, gate)));
        // A way back through the gate would be a hole in the wall: it does not count for the columns.
        edges.retain(|(w, r)| !beyond[*w] || beyond[*r]);
    }
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
    for at in (0..n).filter(|i| beyond[*i]) {
        if !edges.iter().any(|(w, _)| *w == at) {
            columns[at] = last;
        }
    }
    columns
}

/// Everything downstream of a node.
fn reached(n: usize, edges: &[(usize, usize)], from: usize) -> Vec<bool> {
    let mut seen = vec![false; n];
    let mut next = vec![from];
    while let Some(at) = next.pop() {
        for (_, to) in edges.iter().filter(|(w, r)| *w == at && *r != from) {
            if !std::mem::replace(&mut seen[*to], true) {
                next.push(*to);
            }
        }
    }
    seen
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
