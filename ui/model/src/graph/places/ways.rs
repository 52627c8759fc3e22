//! The way of each thread: out of its writer, along its topic's row, into its reader, at right angles.

use std::collections::BTreeMap;

use super::{Frame, SIDE, ThreadAt};
use crate::graph::net::Kind;

/// Which threads bend where, by topic.
pub struct Ways {
    /// The column behind which a topic runs along its row.
    pub starts: Vec<usize>,
    /// Places in the gap behind a column for topics that leave their writer's row.
    out: BTreeMap<usize, Vec<usize>>,
    /// Places before a column for topics that leave their own row there.
    into: BTreeMap<usize, Vec<usize>>,
    /// How far behind its writer each label begins.
    leads: Vec<f64>,
}

impl Ways {
    pub fn of(frame: &Frame) -> Self {
        let net = frame.net;
        let starts: Vec<usize> = net.topics.iter().map(|t| t.writers.iter().map(|w| frame.columns[*w]).max().unwrap_or(0)).collect();
        let (mut out, mut into): (BTreeMap<usize, Vec<usize>>, BTreeMap<usize, Vec<usize>>) = (BTreeMap::new(), BTreeMap::new());
        let row = |t: usize| frame.rows.topics[t];
        for (t, topic) in net.topics.iter().enumerate() {
            if topic.writers.iter().any(|w| frame.row_of(*w) != row(t)) || topic.writers.len() > 1 {
                out.entry(starts[t]).or_default().push(t);
            }
            if let Some(r) = topic.readers.iter().find(|r| frame.row_of(**r) != row(t) && !joins(frame, t, **r)) {
                into.entry(bend_column(frame, t, *r)).or_default().push(t);
            }
        }
        let mut ways = Self { starts, out, into, leads: Vec::new() };
        ways.leads = (0..net.topics.len()).map(|t| ways.lead_of(frame, t)).collect();
        ways
    }

    /// A label begins behind the place where its own thread turns, and where others run up or down through its row.
    fn lead_of(&self, frame: &Frame, topic: usize) -> f64 {
        let net = frame.net;
        let beside = |w: &usize| if net.nodes[*w].kind == Kind::Gate { 24.0 } else { 16.0 };
        let plain = net.topics[topic].writers.iter().map(beside).fold(16.0, f64::max);
        let row = frame.rows.topics[topic];
        let through = |other: usize| {
            let rows = || net.topics[other].writers.iter().map(|w| frame.row_of(*w)).chain([frame.rows.topics[other]]);
            rows().min().is_some_and(|top| top < row) && rows().max().is_some_and(|bottom| row <= bottom)
        };
        let turns = self.out.get(&self.starts[topic]).into_iter().flatten().enumerate();
        let turns = turns.filter(|(_, other)| **other == topic || through(**other));
        turns.map(|(slot, other)| out_px(frame, *other) + slot as f64 * SIDE + 10.0).fold(plain, f64::max)
    }

    pub fn lead(&self, topic: usize) -> f64 {
        self.leads[topic]
    }
    pub fn early(&self, column: usize) -> usize {
        self.out.get(&column).map_or(0, Vec::len)
    }
    pub fn late(&self, column: usize) -> usize {
        self.into.get(&column).map_or(0, Vec::len)
    }
    fn slot(&self, of: &BTreeMap<usize, Vec<usize>>, column: usize, topic: usize) -> Option<usize> {
        of.get(&column)?.iter().position(|t| *t == topic)
    }

    pub fn threads(&self, frame: &Frame) -> Vec<ThreadAt> {
        let mut out = Vec::new();
        for (t, topic) in frame.net.topics.iter().enumerate() {
            let y = frame.y.get(&frame.rows.topics[t]).copied().unwrap_or(0.0);
            let turn = frame.x[self.starts[t]] + out_px(frame, t) + self.slot(&self.out, self.starts[t], t).unwrap_or(0) as f64 * SIDE;
            let meet = (turn + 14.0, y);
            let begins = |w: usize| {
                let from = (frame.x[frame.columns[w]], frame.y.get(&frame.row_of(w)).copied().unwrap_or(0.0));
                if from.1 == y { vec![from] } else { vec![from, (turn, from.1), (turn, y)] }
            };
            let alone = topic.writers.len() == 1;
            if !alone {
                for w in &topic.writers {
                    let mut points = begins(*w);
                    points.push(meet);
                    out.push(ThreadAt { topic: t, writer: Some(*w), reader: None, points });
                }
            }
            for r in &topic.readers {
                let mut points = if alone { begins(topic.writers[0]) } else { vec![meet] };
                self.arrive(frame, t, *r, y, &mut points);
                points.dedup();
                out.push(ThreadAt { topic: t, writer: topic.writers.first().copied().filter(|_| alone), reader: Some(*r), points });
            }
        }
        out
    }

    fn arrive(&self, frame: &Frame, t: usize, reader: usize, y: f64, points: &mut Vec<(f64, f64)>) {
        let to = (frame.x_of(reader), frame.y.get(&frame.row_of(reader)).copied().unwrap_or(0.0));
        if to.1 == y {
            points.push(to);
        } else if joins(frame, t, reader) {
            let x = to.0 + join_px(frame, t, reader);
            points.extend([(x, y), (x, to.1)]);
        } else {
            let column = bend_column(frame, t, reader);
            let slot = self.slot(&self.into, column, t).unwrap_or(0);
            let x = frame.x[column] - 24.0 - slot as f64 * SIDE;
            points.extend([(x, y), (x, to.1), to]);
        }
    }
}

/// How far behind a column threads turn; the gate is broader than a knot.
fn out_px(frame: &Frame, topic: usize) -> f64 {
    let gate = frame.net.topics[topic].writers.iter().any(|w| frame.net.nodes[*w].kind == Kind::Gate);
    if gate { 32.0 } else { 22.0 }
}

/// So many threads come down on a knot side by side; more would pass it, and the wall's gate, on the wrong side.
const KNOT_ROOM: usize = 6;
const GATE_ROOM: usize = 3;

/// Whether a thread comes down on its reader: when that is not an end, there is room, and no knot lies between.
fn joins(frame: &Frame, topic: usize, reader: usize) -> bool {
    let (from, to) = (frame.rows.topics[topic], frame.row_of(reader));
    let column = frame.columns[reader];
    let between = |i: usize| {
        let row = frame.row_of(i);
        i != reader && frame.columns[i] == column && (from.min(to)..=from.max(to)).contains(&row)
    };
    let above = frame.net.topics.iter().zip(&frame.rows.topics).filter(|(t, row)| t.readers.contains(&reader) && **row < to).count();
    let room = if frame.net.nodes[reader].kind == Kind::Gate { GATE_ROOM } else { KNOT_ROOM };
    above <= room
        && column < frame.last
        && from < to
        && bend_column(frame, topic, reader) == column
        && !(0..frame.net.nodes.len()).any(between)
}

/// Before which column a thread leaves its topic's row: its reader's, or that of the first knot in its way.
fn bend_column(frame: &Frame, topic: usize, reader: usize) -> usize {
    let start = frame.net.topics[topic].writers.iter().map(|w| frame.columns[*w]).max().unwrap_or(0);
    let row = frame.rows.topics[topic];
    let own = frame.columns[reader];
    let in_the_way =
        (0..frame.net.nodes.len()).filter(|i| frame.row_of(*i) == row).map(|i| frame.columns[i]).filter(|c| *c > start && *c < own);
    in_the_way.min().unwrap_or(own)
}

/// Threads that join a knot come down side by side, the nearest row at the left.
fn join_px(frame: &Frame, topic: usize, reader: usize) -> f64 {
    let row = |t: usize| frame.rows.topics[t];
    let topics =
        frame.net.topics.iter().enumerate().filter(|(t, topic)| topic.readers.contains(&reader) && row(*t) != frame.row_of(reader));
    let mut alike: Vec<usize> = topics.map(|(t, _)| t).filter(|t| joins(frame, *t, reader)).collect();
    alike.sort_by_key(|t| -row(*t));
    let at = alike.iter().position(|t| *t == topic).unwrap_or(0) as f64;
    (at - (alike.len().saturating_sub(1)) as f64 / 2.0) * SIDE
}
