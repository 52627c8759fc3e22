//! Rows: the main road first and straight, then chain after chain on the nearest free row to its neighbours' mean
//! (the barycentre of Sugiyama, Tagawa, Toda, "Methods for visual understanding of hierarchical system structures", 1981).

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::net::{Kind, Net, Side};

/// Row 0 is the main road, negative rows lie above it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    pub nodes: Vec<i32>,
    /// The row that a topic's thread runs along.
    pub topics: Vec<i32>,
}

/// A way from node to node that shares a row, and the topics along it.
struct Chain {
    nodes: Vec<usize>,
    topics: Vec<usize>,
    /// Where the last topic joins what is placed already.
    joins: Option<usize>,
}

struct Warp<'a> {
    net: &'a Net,
    columns: &'a [usize],
    outs: Vec<Vec<usize>>,
    ins: Vec<Vec<usize>>,
    /// Steps to the farthest end, and whether the gate is on a way from here.
    height: Vec<usize>,
    to_gate: Vec<bool>,
    nodes: Vec<Option<i32>>,
    topics: Vec<Option<i32>>,
    /// What lies on a row: column c is 2c, the gap behind it 2c + 1.
    taken: BTreeMap<i32, Vec<(usize, usize)>>,
}

pub fn rows(net: &Net, columns: &[usize]) -> Rows {
    let mut warp = Warp::new(net, columns);
    if let Some(start) = warp.main_source() {
        let chain = warp.chain(start);
        warp.place(&chain, 0);
    }
    for start in warp.starts() {
        if warp.nodes[start].is_none() {
            let chain = warp.chain(start);
            let row = warp.row_for(&chain);
            warp.place(&chain, row);
        }
    }
    warp.leftover_topics();
    Rows { nodes: warp.nodes.iter().map(|r| r.unwrap_or(0)).collect(), topics: warp.topics.iter().map(|r| r.unwrap_or(0)).collect() }
}

impl<'a> Warp<'a> {
    fn new(net: &'a Net, columns: &'a [usize]) -> Self {
        let n = net.nodes.len();
        let of = |pick: &dyn Fn(&super::Topic) -> &Vec<usize>| {
            let mut lists = vec![Vec::new(); n];
            net.topics.iter().enumerate().for_each(|(t, topic)| pick(topic).iter().for_each(|i| lists[*i].push(t)));
            lists
        };
        let edges: Vec<_> = net.edges().collect();
        let (mut height, mut to_gate): (Vec<usize>, Vec<bool>) = (vec![0; n], net.nodes.iter().map(|k| k.kind == Kind::Gate).collect());
        let mut from_right: Vec<usize> = (0..n).collect();
        from_right.sort_by_key(|i| Reverse(columns[*i]));
        for at in from_right {
            for (_, to) in edges.iter().filter(|(w, r)| *w == at && columns[*r] > columns[at]) {
                height[at] = height[at].max(height[*to] + usize::from(net.nodes[*to].kind != Kind::Nobody));
                to_gate[at] |= to_gate[*to];
            }
        }
        let (outs, ins) = (of(&|t| &t.writers), of(&|t| &t.readers));
        Self {
            net,
            columns,
            outs,
            ins,
            height,
            to_gate,
            nodes: vec![None; n],
            topics: vec![None; net.topics.len()],
            taken: BTreeMap::new(),
        }
    }

    /// The middle one of those that write where the longest way through the gate begins.
    fn main_source(&self) -> Option<usize> {
        let best = (0..self.net.nodes.len()).min_by_key(|i| (Reverse((self.to_gate[*i], self.height[*i])), self.columns[*i], *i))?;
        let Some(first) = self.outs[best].iter().max_by_key(|t| self.next_of(**t, best).map(|r| self.rank(r))) else { return Some(best) };
        let alike: Vec<usize> =
            self.net.topics[*first].writers.iter().copied().filter(|w| self.columns[*w] == self.columns[best]).collect();
        alike.get(alike.len() / 2).copied().or(Some(best))
    }

    /// Rather on to what is kept for the owner.
    fn rank(&self, node: usize) -> (bool, usize, bool, Reverse<&str>) {
        let releases = self.outs[node].iter().any(|t| self.net.topics[*t].side == Side::Released);
        (self.to_gate[node], self.height[node], releases, Reverse(self.net.nodes[node].id.as_str()))
    }

    fn next_of(&self, topic: usize, from: usize) -> Option<usize> {
        let free = |r: &&usize| self.nodes[**r].is_none() && self.columns[**r] > self.columns[from];
        self.net.topics[topic].readers.iter().filter(free).max_by_key(|r| self.rank(**r)).copied()
    }

    fn chain(&self, start: usize) -> Chain {
        let mut chain = Chain { nodes: vec![start], topics: Vec::new(), joins: None };
        let mut at = start;
        loop {
            let open: Vec<usize> = self.outs[at].iter().copied().filter(|t| self.topics[*t].is_none()).collect();
            // Rather to a group than into the open, rather to what is the owner's than to what may leave.
            let goes = |t: usize, r: usize| (self.net.nodes[r].kind != Kind::Nobody, self.net.topics[t].side != Side::Shared);
            let next = open.iter().filter_map(|t| self.next_of(*t, at).map(|r| (*t, r)));
            let next = next.max_by_key(|(t, r)| (self.to_gate[*r], goes(*t, *r), self.rank(*r)));
            let Some((topic, to)) = next else {
                chain.topics.extend(open.first());
                chain.joins = open.first().and_then(|t| self.net.topics[*t].readers.iter().copied().max_by_key(|r| self.columns[*r]));
                return chain;
            };
            chain.topics.push(topic);
            chain.nodes.push(to);
            at = to;
        }
    }

    /// Nodes in the order in which chains begin: what merges at once, then the shorter before the longer, so that the
    /// longer lie outside and cross nothing; what may leave comes last, below everything.
    fn starts(&self) -> Vec<usize> {
        let mut starts: Vec<usize> = (0..self.net.nodes.len()).filter(|i| self.nodes[*i].is_none()).collect();
        starts.sort_by_cached_key(|i| {
            let (lo, hi) = self.span(&self.chain(*i));
            (self.is_shared(*i), self.columns[*i], hi - lo, *i)
        });
        starts
    }

    fn is_shared(&self, node: usize) -> bool {
        !self.ins[node].is_empty() && self.ins[node].iter().all(|t| self.net.topics[*t].side == Side::Shared)
    }

    fn span(&self, chain: &Chain) -> (usize, usize) {
        let column = |i: Option<&usize>| i.map_or(0, |i| self.columns[*i]);
        let first = chain.nodes.first();
        let fed = first.into_iter().flat_map(|n| &self.ins[*n]).flat_map(|t| &self.net.topics[*t].writers).map(|w| self.columns[*w]).min();
        let lo = fed.filter(|w| *w < column(first)).map_or(2 * column(first), |w| 2 * w + 1);
        (lo, (2 * column(chain.nodes.last())).max(2 * column(chain.joins.as_ref())).max(lo))
    }

    fn is_free(&self, row: i32, (lo, hi): (usize, usize)) -> bool {
        self.taken.get(&row).is_none_or(|spans| spans.iter().all(|(a, b)| *b < lo || hi < *a))
    }

    fn row_for(&self, chain: &Chain) -> i32 {
        let span = self.span(chain);
        let near = |n: &usize| {
            self.ins[*n].iter().chain(&self.outs[*n]).flat_map(|t| self.net.topics[*t].writers.iter().chain(&self.net.topics[*t].readers))
        };
        let around: Vec<i32> = chain.nodes.iter().flat_map(near).filter_map(|i| self.nodes[*i]).collect();
        let mean = if around.is_empty() { 0.0 } else { f64::from(around.iter().sum::<i32>()) / around.len() as f64 };
        let shared = chain.nodes.first().is_some_and(|n| self.is_shared(*n));
        // From below, a thread would run through the label of the knot that it joins.
        let below = if chain.joins.is_some() { 6.0 } else { 0.1 };
        self.nearest(span, mean, below, shared)
    }

    fn nearest(&self, span: (usize, usize), mean: f64, below: f64, shared: bool) -> i32 {
        let (top, bottom) = (self.taken.keys().next().copied().unwrap_or(0) - 1, self.taken.keys().last().copied().unwrap_or(0) + 1);
        let gate = self.net.nodes.iter().position(|k| k.kind == Kind::Gate).map_or(0, |g| 2 * self.columns[g] + 1);
        let beyond = |row: i32| self.taken.range(row..).all(|(_, spans)| spans.iter().all(|(_, hi)| *hi < gate));
        let cost = |row: i32| (f64::from(row) - mean).abs() + if f64::from(row) > mean { below } else { 0.0 };
        (top..=bottom)
            .filter(|row| self.is_free(*row, span) && (!shared || beyond(*row)))
            .min_by(|a, b| cost(*a).total_cmp(&cost(*b)))
            .unwrap_or(bottom)
    }

    fn place(&mut self, chain: &Chain, row: i32) {
        let span = self.span(chain);
        self.taken.entry(row).or_default().push(span);
        chain.nodes.iter().for_each(|n| self.nodes[*n] = Some(row));
        chain.topics.iter().for_each(|t| self.topics[*t] = Some(row));
        // What feeds the first knot and runs nowhere yet comes along this row.
        for t in chain.nodes.first().map(|n| self.ins[*n].clone()).unwrap_or_default() {
            let only = self.net.topics[t].writers.iter().all(|w| self.nodes[*w].is_some());
            if self.topics[t].is_none() && only {
                self.topics[t] = Some(row);
                break;
            }
        }
    }

    /// A second topic between the same two, and the like: a row of its own.
    fn leftover_topics(&mut self) {
        for t in 0..self.topics.len() {
            if self.topics[t].is_some() {
                continue;
            }
            let topic = &self.net.topics[t];
            let ends: Vec<usize> = topic.writers.iter().chain(&topic.readers).copied().collect();
            let at = ends.iter().map(|i| self.columns[*i]);
            let span = (2 * at.clone().min().unwrap_or(0) + 1, (2 * at.max().unwrap_or(0)).saturating_sub(1));
            let span = (span.0, span.1.max(span.0));
            let rows: Vec<i32> = ends.iter().filter_map(|i| self.nodes[*i]).collect();
            let mean = f64::from(rows.iter().sum::<i32>()) / rows.len().max(1) as f64;
            let row = self.nearest(span, mean, 0.1, topic.side == Side::Shared);
            self.taken.entry(row).or_default().push(span);
            self.topics[t] = Some(row);
        }
    }
}
