//! Places in pixels: columns as wide as their widest label, rows as high as what hangs on them.

mod ways;

use std::collections::BTreeMap;

use super::net::{Kind, Net, Side};
use super::rows::Rows;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    pub w: f64,
    pub h: f64,
    /// Where the wall stands, and from which height on what lies behind it may leave.
    pub wall: Option<f64>,
    pub beyond: Option<f64>,
    pub knots: Vec<KnotAt>,
    pub labels: Vec<LabelAt>,
    pub threads: Vec<ThreadAt>,
    /// Nodes from top to bottom: the order of strands everywhere.
    pub order: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct KnotAt {
    pub node: usize,
    pub x: f64,
    pub y: f64,
    /// In the last column: its label stands at its right.
    pub end: bool,
    /// Its label would meet the one before: it hangs a line lower.
    pub drops: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LabelAt {
    pub topic: usize,
    pub x: f64,
    pub y: f64,
    /// There is room for name and rate in one line.
    pub wide: bool,
}

/// A piece of a topic's way: from one of its writers to where they meet, or from there to one of its readers.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadAt {
    pub topic: usize,
    pub writer: Option<usize>,
    pub reader: Option<usize>,
    pub points: Vec<(f64, f64)>,
}

/// A name above or below a row: how far across, and how high.
#[derive(Clone, Copy)]
struct Band {
    row: i32,
    from: f64,
    to: f64,
    px: f64,
}

/// The selvedge: sources stand here, their names left of it.
const LEFT: f64 = 142.0;
/// Behind a label; with what stands before it a gap is 40 px wider than its widest label.
const AIR: f64 = 24.0;
/// What a group that is not well says below its name.
const SAYS: &str = "6 min 40 s behind";
const LEAST_GAP: f64 = 104.0;
/// Threads side by side.
pub(super) const SIDE: f64 = 7.0;
const LINE: f64 = 16.0;
const BEFORE_WALL: f64 = 32.0;

/// What the places are worked out from.
struct Frame<'a> {
    net: &'a Net,
    columns: &'a [usize],
    rows: &'a Rows,
    x: Vec<f64>,
    y: BTreeMap<i32, f64>,
    last: usize,
    /// The column of the wall.
    wall: Option<usize>,
}

/// `width` is what there is: gaps grow to fill it. `text` measures a label, in pixels.
pub fn plan(net: &Net, columns: &[usize], rows: &Rows, width: f64, text: impl Fn(&str) -> f64) -> Plan {
    if net.nodes.is_empty() {
        return Plan::default();
    }
    let last = columns.iter().max().copied().unwrap_or(0);
    let wall = net.nodes.iter().position(|k| k.kind == Kind::Gate).map(|g| columns[g]);
    let mut frame = Frame { net, columns, rows, x: Vec::new(), y: BTreeMap::new(), last, wall };
    let ways = ways::Ways::of(&frame);
    let labels: Vec<f64> = net.topics.iter().map(|t| text(&t.label).max(text("9.9/min, lag 9999"))).collect();
    let right = widest(net, columns, last, &text) + 40.0;
    frame.x = frame.across(&ways, &labels, width, right, &text);
    let shared_row = frame.shared_row();
    let drops = frame.drops(&text);
    let wide: Vec<bool> = (0..net.topics.len()).map(|t| frame.run(t, &ways) > labels[t] + text("9.9/min, lag 9999") + 60.0).collect();
    let (hangs, stands) = (frame.hangs(&drops, &text), frame.stands(&ways, &labels, &wide, &text));
    let h = frame.down(&hangs, &stands, shared_row);
    let mut order: Vec<usize> = (0..net.nodes.len()).collect();
    order.sort_by_key(|i| (rows.nodes[*i], columns[*i]));
    Plan {
        w: frame.x[last] + right,
        h,
        wall: wall.map(|column| frame.x[column]),
        beyond: shared_row.and_then(|r| Some((frame.y.range(..r).next_back()?.1 + frame.y.get(&r)?) / 2.0 - 6.0)),
        knots: frame.knots(&drops),
        labels: frame.labels(&ways, &wide),
        threads: ways.threads(&frame),
        order,
    }
}

fn widest(net: &Net, columns: &[usize], column: usize, text: &impl Fn(&str) -> f64) -> f64 {
    net.nodes.iter().zip(columns).filter(|(_, c)| **c == column).map(|(n, _)| text(&n.label)).fold(0.0, f64::max)
}

impl Frame<'_> {
    pub(super) fn row_of(&self, node: usize) -> i32 {
        self.rows.nodes[node]
    }

    /// Where a node stands; what ends in the open at the wall ends before it.
    pub(super) fn x_of(&self, node: usize) -> f64 {
        let open = self.net.nodes[node].kind == Kind::Nobody && self.wall == Some(self.columns[node]);
        self.x[self.columns[node]] - if open { BEFORE_WALL } else { 0.0 }
    }

    fn across(&self, ways: &ways::Ways, labels: &[f64], width: f64, right: f64, text: &impl Fn(&str) -> f64) -> Vec<f64> {
        let mut gaps = vec![LEAST_GAP; self.last];
        for (t, topic) in self.net.topics.iter().enumerate() {
            let from = ways.starts[t];
            let next = topic.readers.iter().map(|r| self.columns[*r]).filter(|c| *c > from).min();
            if let (Some(gap), true) = (gaps.get_mut(from), next == Some(from + 1)) {
                *gap = gap.max(ways.lead(t) + labels[t] + AIR);
            }
        }
        for (c, gap) in gaps.iter_mut().enumerate() {
            // What turns before the next column turns behind the names.
            *gap += SIDE * ways.late(c + 1) as f64;
            *gap = gap.max(48.0 + SIDE * (ways.early(c) + ways.late(c + 1)) as f64);
        }
        let left = LEFT.max(widest(self.net, self.columns, 0, text) * 1.09 + 30.0);
        let natural = left + gaps.iter().sum::<f64>() + right;
        // No wider than twice: a road of two knots need not cross the hall.
        let more = ((width - natural) / gaps.len().max(1) as f64).clamp(0.0, 140.0);
        let mut x = vec![left];
        gaps.iter().for_each(|gap| x.push(x.last().copied().unwrap_or(left) + gap + more));
        x
    }

    /// The first row of what may leave.
    fn shared_row(&self) -> Option<i32> {
        let shared = self.net.topics.iter().enumerate().filter(|(_, t)| t.side == Side::Shared);
        shared.flat_map(|(t, topic)| topic.readers.iter().map(|r| self.row_of(*r)).chain([self.rows.topics[t]])).filter(|r| *r > 0).min()
    }

    /// How far a topic runs level before something happens to it.
    fn run(&self, topic: usize, ways: &ways::Ways) -> f64 {
        let next = self.net.topics[topic].readers.iter().map(|r| self.columns[*r]).filter(|c| *c > ways.starts[topic]).min();
        next.map_or(0.0, |c| self.x[c] - self.x[ways.starts[topic]] - ways.lead(topic))
    }

    /// Labels hang under their knots, centred; the second of two that meet drops.
    fn drops(&self, text: &impl Fn(&str) -> f64) -> Vec<bool> {
        let mut order: Vec<usize> = (0..self.net.nodes.len()).filter(|i| self.columns[*i] > 0).collect();
        order.sort_by_key(|i| (self.row_of(*i), self.columns[*i]));
        let mut drops = vec![false; self.net.nodes.len()];
        let mut before: Option<(i32, f64, bool)> = None;
        for i in order {
            let (x, half) = (self.x[self.columns[i]], text(&self.net.nodes[i].label) / 2.0);
            let (from, to) = if self.net.nodes[i].kind == Kind::Gate { (x + 16.0 - 2.0 * half, x + 16.0) } else { (x - half, x + half) };
            drops[i] = before.is_some_and(|(row, end, dropped)| row == self.row_of(i) && !dropped && end + 8.0 > from);
            before = Some((self.row_of(i), to, drops[i]));
        }
        drops
    }

    /// What hangs below the rows: each knot with its name, and with what it says where it is not well.
    fn hangs(&self, drops: &[bool], text: &impl Fn(&str) -> f64) -> Vec<Band> {
        let of = |i: usize| {
            let (x, column) = (self.x_of(i), self.columns[i]);
            let wide = text(&self.net.nodes[i].label).max(text(SAYS));
            let (from, to, px) = match self.net.nodes[i].kind {
                Kind::Gate => (x + 10.0 - wide, x + 22.0, 74.0),
                Kind::Group | Kind::Fold(_) if column < self.last && column > 0 => {
                    (x - wide / 2.0 - 6.0, x + wide / 2.0 + 6.0, 52.0 + if drops[i] { LINE } else { 0.0 })
                }
                Kind::Source => (0.0, x + 10.0, 20.0),
                Kind::Unseen | Kind::Nobody => (x - 20.0, x + 20.0, 14.0),
                _ => (x - 20.0, x + 26.0 + wide, 20.0),
            };
            Band { row: self.row_of(i), from, to, px }
        };
        (0..self.net.nodes.len()).map(of).collect()
    }

    /// What stands above the rows: each topic's name, and the upper half of each knot.
    fn stands(&self, ways: &ways::Ways, labels: &[f64], wide: &[bool], text: &impl Fn(&str) -> f64) -> Vec<Band> {
        let rate = text("9.9/min, lag 9999");
        let of = |t: usize| {
            let from = self.x[ways.starts[t]] + ways.lead(t);
            let (more, px) = if wide[t] { (rate, 28.0) } else { (0.0, 44.0) };
            Band { row: self.rows.topics[t], from, to: from + labels[t] + more, px }
        };
        let knot = |i: usize| Band { row: self.row_of(i), from: self.x_of(i) - 20.0, to: self.x_of(i) + 20.0, px: 18.0 };
        (0..self.net.topics.len()).map(of).chain((0..self.net.nodes.len()).map(knot)).collect()
    }

    /// Fills the heights of the rows, and answers the plane's. A row lies as near to the one above it as their names
    /// allow: those that are at the same place across.
    fn down(&mut self, hangs: &[Band], stands: &[Band], shared_row: Option<i32>) -> f64 {
        let mut rows: Vec<i32> = self.rows.nodes.iter().chain(&self.rows.topics).copied().collect();
        rows.sort_unstable();
        rows.dedup();
        let on = |of: &'_ [Band], row: Option<i32>| of.iter().filter(|b| Some(b.row) == row).copied().collect::<Vec<_>>();
        let deepest = |of: &[Band]| of.iter().map(|b| b.px).fold(14.0, f64::max);
        let (mut y, mut left_end, mut above) = (24.0f64, 0.0f64, None);
        let middle = self.x[self.last / 2];
        for row in rows {
            let (hang, stand) = (on(hangs, above), on(stands, Some(row)));
            let pairs = hang.iter().flat_map(|h| stand.iter().filter(|s| h.from < s.to && s.from < h.to).map(|s| h.px + s.px));
            let room = if above.is_none() { deepest(&stand) } else { deepest(&hang) + 6.0 };
            y += pairs.fold(room.max(52.0), f64::max) + if shared_row == Some(row) { 26.0 } else { 0.0 };
            self.y.insert(row, y);
            let left = on(hangs, Some(row)).into_iter().filter(|b| b.from <= middle).collect::<Vec<_>>();
            left_end = if left.is_empty() { left_end } else { y + deepest(&left) };
            above = Some(row);
        }
        // The map and the zoom lie at the bottom left.
        (y + deepest(&on(hangs, above)) + 12.0).max(left_end + 72.0)
    }

    fn knots(&self, drops: &[bool]) -> Vec<KnotAt> {
        let at = |node: usize| KnotAt {
            node,
            x: self.x_of(node),
            y: self.y.get(&self.row_of(node)).copied().unwrap_or(0.0),
            end: self.columns[node] == self.last && self.last > 0,
            drops: drops[node],
        };
        (0..self.net.nodes.len()).map(at).collect()
    }

    fn labels(&self, ways: &ways::Ways, wide: &[bool]) -> Vec<LabelAt> {
        let at = |t: usize| LabelAt {
            topic: t,
            x: self.x[ways.starts[t]] + ways.lead(t),
            y: self.y.get(&self.rows.topics[t]).copied().unwrap_or(0.0),
            wide: wide[t],
        };
        (0..self.net.topics.len()).map(at).collect()
    }
}
