//! The same as the graph from top to bottom, for a narrow window.

use super::net::{Kind, Net, Side};
use super::rows::Rows;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Sources that begin the road.
    From(Vec<usize>),
    /// A topic on its way to the group below it.
    Via { topic: usize, group: usize },
    /// A group, and the sources that join here.
    Stop { node: usize, joins: Vec<usize> },
}

/// Groups by column, the main road before what lies beside it; each topic stands before the first group that reads it.
pub fn steps(net: &Net, columns: &[usize], rows: &Rows) -> Vec<Step> {
    let mut stops: Vec<usize> =
        (0..net.nodes.len()).filter(|i| matches!(net.nodes[*i].kind, Kind::Group | Kind::Gate | Kind::Fold(_))).collect();
    // What lies beside the road stands just before the group that it flows to.
    let goes_on = |(_, r): &(usize, usize)| net.nodes[*r].kind != Kind::Nobody;
    let wall = (0..net.nodes.len()).filter(|i| net.nodes[*i].kind == Kind::Gate).map(|i| columns[i]).min();
    let turn = |i: usize| match net.edges().filter(|(w, _)| *w == i).filter(goes_on).map(|(_, r)| columns[r]).min() {
        _ if rows.nodes[i] == 0 || net.nodes[i].kind == Kind::Gate => 2 * columns[i],
        Some(next) => 2 * next - 1,
        // What flows nowhere from here parts nothing: it stands at the end of its side.
        None if wall.is_some_and(|w| columns[i] < w) => 2 * wall.unwrap_or_default() - 1,
        _ => 2 * columns[i],
    };
    // The road goes through the wall by its own gate, after the others.
    let by_the_road = |i: usize| net.nodes[i].kind == Kind::Gate && rows.nodes[i] == 0;
    stops.sort_by_key(|i| (turn(*i), by_the_road(*i), rows.nodes[*i].abs(), rows.nodes[*i]));
    let mut said = vec![false; net.topics.len()];
    let mut out = Vec::new();
    for (nth, node) in stops.into_iter().enumerate() {
        let reads = |node: usize| (0..net.topics.len()).filter(move |t| net.topics[*t].readers.contains(&node));
        let inputs: Vec<usize> = reads(node).collect();
        let mut sources: Vec<usize> = inputs.iter().flat_map(|t| net.topics[*t].writers.iter().copied()).collect();
        sources.retain(|w| net.nodes[*w].kind == Kind::Source);
        sources.sort_by_key(|i| rows.nodes[*i]);
        sources.dedup();
        if nth == 0 && !sources.is_empty() {
            out.push(Step::From(std::mem::take(&mut sources)));
        }
        // On the road, what comes straight from sources is said by their names.
        let on_road = inputs.iter().any(|t| rows.topics[*t] == 0);
        let joins =
            |t: &usize| on_road && rows.topics[*t] != 0 && net.topics[*t].writers.iter().all(|w| net.nodes[*w].kind == Kind::Source);
        let mut fresh: Vec<usize> = inputs.into_iter().filter(|t| !std::mem::replace(&mut said[*t], true)).filter(|t| !joins(t)).collect();
        fresh.sort_by_key(|t| rows.topics[*t] == 0);
        if net.nodes[node].kind == Kind::Gate {
            // Nothing sensitive stands below the wall, whose gates follow each other.
            out.extend(unread(net, &mut said, |side| side == Side::Sensitive));
            let gates = (0..net.nodes.len()).filter(|i| net.nodes[*i].kind == Kind::Gate);
            let others = gates.flat_map(|gate| reads(gate).map(move |topic| (topic, gate)));
            let mut before: Vec<(usize, usize)> = others.filter(|(t, _)| !std::mem::replace(&mut said[*t], true)).collect();
            before.sort_by_key(|(t, _)| rows.topics[*t] == 0);
            out.extend(before.into_iter().map(|(topic, group)| Step::Via { topic, group }));
        }
        out.extend(fresh.into_iter().map(|topic| Step::Via { topic, group: node }));
        out.push(Step::Stop { node, joins: sources });
    }
    out.extend(unread(net, &mut said, |_| true));
    out
}

/// Topics that nobody reads stand at the end of their side of the road.
fn unread(net: &Net, said: &mut [bool], of: impl Fn(Side) -> bool) -> Vec<Step> {
    let open = |t: &usize| of(net.topics[*t].side) && net.topics[*t].readers.iter().all(|r| net.nodes[*r].kind == Kind::Nobody);
    let ends = (0..net.topics.len()).filter(open).filter(|t| !std::mem::replace(&mut said[*t], true));
    ends.filter_map(|topic| net.topics[topic].readers.first().map(|group| Step::Via { topic, group: *group })).collect()
}
