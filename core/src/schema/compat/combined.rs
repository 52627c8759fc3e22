//! All of, any of, one of: order does not matter, so parts are matched, as many as can be at once.

use super::compare::{Differences, Found, Walk, is_compatible};
use super::kind::Kind;
use super::view::{Criterion, Facet, Shape, View};

/// Only one side is a combination: done with, if it comes down to a single one of its parts.
pub fn one_side<'a>(walk: &mut Walk<'a>, (old, a): (View<'a>, &Shape<'a>), (new, b): (View<'a>, &Shape<'a>), found: &mut Found) -> bool {
    let (pairs, kind): (Vec<_>, _) = match (a, b) {
        (Shape::Combined(..), Shape::Combined(..)) => return false,
        (_, Shape::Combined(_, parts)) if parts.len() == 1 => (vec![(old, parts[0])], None),
        (_, Shape::Combined(Criterion::Any | Criterion::One, parts)) => {
            (parts.iter().map(|p| (old, *p)).collect(), Some(Kind::SumTypeExtended))
        }
        (Shape::Combined(_, parts), _) if parts.len() == 1 => (vec![(parts[0], new)], None),
        (Shape::Combined(Criterion::All, parts), _) => (parts.iter().map(|p| (*p, new)).collect(), Some(Kind::ProductTypeNarrowed)),
        _ => return false,
    };
    for (old, new) in pairs {
        let below = walk.pair(old, new);
        if is_compatible(&below) {
            found.all_at("", &below);
            kind.into_iter().for_each(|k| found.here(k));
            return true;
        }
    }
    false
}

pub fn both<'a>(walk: &mut Walk<'a>, (was, old): (Criterion, Vec<View<'a>>), (is, new): (Criterion, Vec<View<'a>>), found: &mut Found) {
    if was != is {
        let wider = match is {
            Criterion::Any => true,
            Criterion::One => old.len() == 1,
            Criterion::All => old.len() == 1 && new.len() == 1,
        };
        found.here(if wider { Kind::CombinedTypeExtended } else { Kind::CombinedTypeChanged });
        if !wider {
            return;
        }
    }
    let (old, new) = (distinct(old), distinct(new));
    match (old.len().cmp(&new.len()), is == Criterion::All) {
        (std::cmp::Ordering::Less, true) => found.here(Kind::ProductTypeExtended),
        (std::cmp::Ordering::Less, false) => found.here(Kind::SumTypeExtended),
        (std::cmp::Ordering::Greater, true) => found.here(Kind::ProductTypeNarrowed),
        (std::cmp::Ordering::Greater, false) => found.here(Kind::SumTypeNarrowed),
        (std::cmp::Ordering::Equal, _) => {}
    }
    let mut fits: Vec<Vec<Option<Differences>>> = Vec::with_capacity(old.len());
    for a in &old {
        fits.push(new.iter().map(|b| Some(walk.pair(*a, *b)).filter(|d| is_compatible(d))).collect());
    }
    let matched = matching(&fits, new.len());
    for (a, b) in &matched {
        let path = path_of(was, &old[*a], *a);
        fits[*a][*b].iter().for_each(|d| found.all_at(&path, d));
    }
    if matched.len() < old.len().min(new.len()) {
        found.here(Kind::CombinedTypeSubschemasChanged);
    }
}

/// A part that is a facet of the same node has the node's own path.
fn path_of(by: Criterion, part: &View, index: usize) -> String {
    match (part.facet, by) {
        (Facet::Whole, Criterion::All) => format!("/allOf/{index}"),
        (Facet::Whole, Criterion::Any) => format!("/anyOf/{index}"),
        (Facet::Whole, Criterion::One) => format!("/oneOf/{index}"),
        _ => String::new(),
    }
}

/// Parts that are written alike count once; of very many nobody asks.
fn distinct(parts: Vec<View>) -> Vec<View> {
    if parts.len() > 1000 {
        return parts;
    }
    let mut kept: Vec<View> = Vec::with_capacity(parts.len());
    for part in parts {
        if !kept.iter().any(|k| k.facet == part.facet && k.node == part.node) {
            kept.push(part);
        }
    }
    kept
}

/// The most pairs in which each side stands once (Kuhn's algorithm).
fn matching(fits: &[Vec<Option<Differences>>], width: usize) -> Vec<(usize, usize)> {
    fn place(a: usize, fits: &[Vec<Option<Differences>>], seen: &mut [bool], holder: &mut [Option<usize>]) -> bool {
        for b in 0..holder.len() {
            if fits[a][b].is_none() || std::mem::replace(&mut seen[b], true) {
                continue;
            }
            if holder[b].is_none_or(|other| place(other, fits, seen, holder)) {
                holder[b] = Some(a);
                return true;
            }
        }
        false
    }
    let mut holder = vec![None; width];
    for a in 0..fits.len() {
        place(a, fits, &mut vec![false; width], &mut holder);
    }
    holder.into_iter().enumerate().filter_map(|(b, a)| Some((a?, b))).collect()
}
