//! Strands: one a source, side by side, as thick as what flows, and slack where it waits.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::net::{Kind, Net};

/// A source's thread, or what is too much to be told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strand {
    Of(usize),
    Undyed,
}

/// How a thread hangs before a group that reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slack {
    Taut,
    Sag,
    /// So many loops, so many times as deep.
    Loops(u8, f64),
    Cut,
    Dashed,
    Dotted,
}

/// Pixels of one strand: 1.4 + 1.25 · log₁₀(records a minute + 1), from 1.25 to 9.
pub fn width_of(per_minute: f64) -> f64 {
    (1.4 + 1.25 * (per_minute.max(0.0) + 1.0).log10()).clamp(1.25, 9.0)
}

const MOST: usize = 4;

/// The strands of each topic, in the order of the nodes given; above four, the three that bring most and one undyed.
pub fn strands(net: &Net, order: &[usize], brings: impl Fn(usize) -> f64) -> Vec<Vec<Strand>> {
    let n = net.nodes.len();
    let mut up: Vec<BTreeSet<usize>> =
        (0..n).map(|i| if net.nodes[i].kind == Kind::Source { BTreeSet::from([i]) } else { BTreeSet::new() }).collect();
    for _ in 0..n {
        let mut grew = false;
        for (w, r) in net.edges() {
            let more: Vec<usize> = up[w].difference(&up[r]).copied().collect();
            grew |= !more.is_empty();
            up[r].extend(more);
        }
        if !grew {
            break;
        }
    }
    net.topics
        .iter()
        .map(|t| {
            let mut of: Vec<usize> = t.writers.iter().flat_map(|w| up[*w].iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
            let many = of.len() > MOST;
            if many {
                of.sort_by(|a, b| brings(*b).total_cmp(&brings(*a)).then(a.cmp(b)));
                of.truncate(MOST - 1);
            }
            of.sort_by_key(|s| order.iter().position(|o| o == s));
            let mut out: Vec<Strand> = of.into_iter().map(Strand::Of).collect();
            if many || out.is_empty() {
                out.push(Strand::Undyed);
            }
            out
        })
        .collect()
}

const CORNER: f64 = 14.0;
/// How far before a knot a cut thread ends, and where its dotted stub begins.
const CUT: f64 = 68.0;
const STUB: f64 = 42.0;
const LOOP: f64 = 18.0;

/// Right angles with round corners along a line of points, so far to the left of it. The second path is the stub of a
/// thread that is cut.
pub fn drawn(points: &[(f64, f64)], left: f64, slack: Slack) -> (String, Option<String>) {
    let points = beside(points, left);
    let hangs = hanging(&points);
    let mut path = String::new();
    let Some(first) = points.first() else { return (path, None) };
    write!(path, "M{}", at(*first)).ok();
    for i in 1..points.len() {
        let (from, to) = (points[i - 1], points[i]);
        if hangs == Some(i) {
            match slack {
                Slack::Sag => sag(&mut path, from, to),
                Slack::Loops(n, deep) => loops(&mut path, from, to, n, deep, i > 1),
                Slack::Cut => {
                    let end = to.0 - CUT;
                    write!(path, "H{}", px(end)).ok();
                    fray(&mut path, (end, to.1), left);
                    let mut rest = vec![(to.0 - STUB, to.1)];
                    rest.extend(&points[i..]);
                    return (path, Some(drawn(&rest, 0.0, Slack::Taut).0));
                }
                _ => {}
            }
        }
        match points.get(i + 1) {
            None => write!(path, "L{}", at(to)).ok(),
            Some(next) => bend(&mut path, from, to, *next, left),
        };
    }
    (path, None)
}

/// The line moved to its left: each corner is where the two moved legs meet.
fn beside(points: &[(f64, f64)], left: f64) -> Vec<(f64, f64)> {
    let normal = |i: usize| -> (f64, f64) {
        let (a, b) = (points[i], points[i + 1]);
        let (dx, dy) = ((b.0 - a.0).signum() * f64::from(b.0 != a.0), (b.1 - a.1).signum() * f64::from(b.1 != a.1));
        (dy * left, -dx * left)
    };
    (0..points.len())
        .map(|i| {
            let before = if i > 0 { normal(i - 1) } else { (0.0, 0.0) };
            let after = if i + 1 < points.len() { normal(i) } else { (0.0, 0.0) };
            let pick = |a: f64, b: f64| if a == 0.0 { b } else { a };
            (points[i].0 + pick(before.0, after.0), points[i].1 + pick(before.1, after.1))
        })
        .collect()
}

/// The leg that slack hangs from: the longest level one, of those that are long enough.
fn hanging(points: &[(f64, f64)]) -> Option<usize> {
    let long = |i: &usize| points[*i].0 - points[*i - 1].0;
    (1..points.len())
        .filter(|i| (points[*i].1 - points[*i - 1].1).abs() < 0.5 && long(i) > CUT + 12.0)
        .max_by(|a, b| long(a).total_cmp(&long(b)))
}

fn bend(path: &mut String, from: (f64, f64), corner: (f64, f64), to: (f64, f64), left: f64) -> Option<()> {
    let turn = ((corner.0 - from.0) * (to.1 - corner.1) - (corner.1 - from.1) * (to.0 - corner.0)).signum();
    // Turning right, the outer strand is the left one: its corner is wider.
    let r = (CORNER + turn * left).clamp(4.0, (distance(from, corner)).min(distance(corner, to) / 2.0).max(4.0));
    let toward = |other: (f64, f64)| {
        let d = distance(other, corner).max(0.01);
        (corner.0 + (other.0 - corner.0) / d * r, corner.1 + (other.1 - corner.1) / d * r)
    };
    write!(path, "L{}Q{} {}", at(toward(from)), at(corner), at(toward(to))).ok()
}

fn distance(a: (f64, f64), b: (f64, f64)) -> f64 {
    (a.0 - b.0).abs() + (a.1 - b.1).abs()
}

fn sag(path: &mut String, from: (f64, f64), to: (f64, f64)) {
    let middle = from.0 + (to.0 - from.0) * 0.5 - 16.0;
    write!(path, "H{}q16 6 32 0", px(middle)).ok();
}

fn loops(path: &mut String, from: (f64, f64), to: (f64, f64), n: u8, deep: f64, bent: bool) {
    const DEPTHS: [f64; 4] = [9.3, 14.6, 18.6, 21.3];
    let start = from.0 + if bent { 14.0 } else { 26.0 };
    let room = ((to.0 - start - 20.0) / LOOP).max(1.0) as usize;
    write!(path, "H{}", px(start)).ok();
    for depth in DEPTHS.iter().take(usize::from(n).min(room)) {
        let d = px(depth * deep);
        write!(path, "c2 {d} 16 {d} 18 0").ok();
    }
}

/// Ends apart: a strand of several goes its own way, one alone splits in three.
fn fray(path: &mut String, end: (f64, f64), left: f64) {
    if left == 0.0 {
        write!(path, "q6 0 12-5M{}h13M{}q6 0 12 5", at(end), at(end)).ok();
    } else {
        write!(path, "q6 0 12 {}", px(-left * 1.3)).ok();
    }
}

fn at((x, y): (f64, f64)) -> String {
    format!("{} {}", px(x), px(y))
}

fn px(n: f64) -> String {
    let n = (n * 10.0).round() / 10.0;
    if n == 0.0 { "0".into() } else { n.to_string() }
}
