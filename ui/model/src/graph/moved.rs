//! Knots that a person moved: they keep their place, and what is tied to them goes along.

use std::collections::BTreeMap;

use super::net::{Kind, Net};
use super::places::{Plan, ThreadAt};

/// Where knots were put, by the node's name.
pub type Moved = BTreeMap<String, (f64, f64)>;

/// Room that is kept around what lies farthest out.
const EDGE: f64 = 24.0;
/// How far behind a moved writer, and before a moved reader, its thread turns.
const OUT: f64 = 22.0;
const INTO: f64 = 24.0;

/// The plan with the moved knots where they were put; sources keep to the selvedge and gates to the wall, so only their
/// height counts.
pub fn moved(net: &Net, mut plan: Plan, places: &Moved) -> Plan {
    let selvedge = plan.knots.iter().map(|k| k.x).fold(f64::INFINITY, f64::min);
    for k in 0..plan.knots.len() {
        let knot = plan.knots[k].clone();
        let Some((x, y)) = places.get(&net.nodes[knot.node].id).copied() else { continue };
        let keeps = knot.x == selvedge || net.nodes[knot.node].kind == Kind::Gate;
        let to = (if keeps { knot.x } else { x.max(selvedge + EDGE) }, y.max(EDGE));
        plan.knots[k] = super::KnotAt { x: to.0, y: to.1, ..knot.clone() };
        let by = (to.0 - knot.x, to.1 - knot.y);
        for thread in &mut plan.threads {
            tie(thread, (knot.x, knot.y), to, knot.node, net);
        }
        for label in &mut plan.labels {
            if net.topics[label.topic].writers == [knot.node] {
                (label.x, label.y) = (label.x + by.0, label.y + by.1);
            }
        }
        plan.w = plan.w.max(to.0 + 2.0 * EDGE);
        plan.h = plan.h.max(to.1 + 3.0 * EDGE);
    }
    plan
}

/// Ties the ends of a thread that were at `from` to `to`.
fn tie(thread: &mut ThreadAt, from: (f64, f64), to: (f64, f64), node: usize, net: &Net) {
    let points = &mut thread.points;
    let writes = thread.writer == Some(node) || (thread.writer.is_none() && net.topics[thread.topic].writers == [node]);
    if writes && points.first() == Some(&from) {
        begin(points, to);
    }
    if thread.reader == Some(node) {
        end(points, from, to);
    }
}

fn begin(points: &mut Vec<(f64, f64)>, to: (f64, f64)) {
    let Some(next) = points.get(1).copied() else { return };
    points[0] = to;
    if next.1 != to.1 {
        let turn = to.0 + OUT;
        points.splice(1..1, [(turn, to.1), (turn, next.1)]);
    }
}

fn end(points: &mut Vec<(f64, f64)>, from: (f64, f64), to: (f64, f64)) {
    let last = points.len() - 1;
    let Some(before) = last.checked_sub(1).map(|i| points[i]) else { return };
    let end = points[last];
    if before.1 != end.1 {
        // It comes down on its knot, somewhat beside the middle.
        let x = to.0 + end.0 - from.0;
        points[last - 1].0 = x;
        points[last] = (x, to.1);
        return;
    }
    points[last] = to;
    if end.1 != to.1 {
        let turn = to.0 - INTO;
        points.splice(last..last, [(turn, end.1), (turn, to.1)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{KnotAt, LabelAt, Node, Side, Topic};

    fn plan() -> (Net, Plan) {
        let node = |id: &str, kind| Node { id: id.into(), label: id.into(), kind };
        let topic = Topic {
            name: "t".into(),
            label: "t".into(),
            side: Side::Sensitive,
            writers: vec![0],
            readers: vec![1],
            members: vec!["t".into()],
        };
        let net = Net { nodes: vec![node("s", Kind::Source), node("g", Kind::Group)], topics: vec![topic] };
        let knot = |node, x| KnotAt { node, x, y: 50.0, end: false, drops: false };
        let thread = ThreadAt { topic: 0, writer: Some(0), reader: Some(1), points: vec![(100.0, 50.0), (300.0, 50.0)] };
        let label = LabelAt { topic: 0, x: 116.0, y: 50.0, wide: true };
        let plan = Plan {
            w: 400.0,
            h: 100.0,
            knots: vec![knot(0, 100.0), knot(1, 300.0)],
            threads: vec![thread],
            labels: vec![label],
            ..Plan::default()
        };
        (net, plan)
    }

    #[test]
    fn a_thread_follows_the_knots_at_both_of_its_ends() {
        let (net, plan) = plan();
        let places = Moved::from([("g".to_string(), (500.0, 150.0)), ("s".to_string(), (7.0, 80.0))]);
        let plan = moved(&net, plan, &places);
        assert_eq!((plan.knots[0].x, plan.knots[0].y), (100.0, 80.0), "a source stays at the selvedge");
        assert_eq!((plan.knots[1].x, plan.knots[1].y), (500.0, 150.0));
        let points = &plan.threads[0].points;
        assert_eq!((points[0], *points.last().unwrap()), ((100.0, 80.0), (500.0, 150.0)));
        assert!(points.windows(2).all(|p| p[0].0 == p[1].0 || p[0].1 == p[1].1), "right angles: {points:?}");
        assert_eq!(plan.labels[0].y, 80.0);
        assert!(plan.w >= 548.0 && plan.h >= 222.0, "there is room for it");
    }

    #[test]
    fn what_nobody_moved_stays() {
        let (net, before) = plan();
        assert_eq!(moved(&net, before.clone(), &Moved::from([("gone".to_string(), (1.0, 1.0))])), before);
    }
}
