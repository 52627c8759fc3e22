//! The same as the graph from top to bottom, for a narrow window.

use super::net::{Kind, Net};
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
    stops.sort_by_key(|i| (columns[*i], rows.nodes[*i].abs(), rows.nodes[*i]));
    let mut said = vec![false; net.topics.len()];
    let mut out = Vec::new();
    for (nth, node) in stops.into_iter().enumerate() {
        let inputs: Vec<usize> = (0..net.topics.len()).filter(|t| net.topics[*t].readers.contains(&node)).collect();
        let mut sources: Vec<usize> = inputs.iter().flat_map(|t| net.topics[*t].writers.iter().copied()).collect();
        sources.retain(|w| net.nodes[*w].kind == Kind::Source);
        sources.sort_by_key(|i| rows.nodes[*i]);
        sources.dedup();
        if nth == 0 && !sources.is_empty() {
            out.push(Step::From(std::mem::take(&mut sources)));
        }
        let fresh = inputs.into_iter().filter(|t| !std::mem::replace(&mut said[*t], true));
        out.extend(fresh.map(|topic| Step::Via { topic, group: node }));
        out.push(Step::Stop { node, joins: sources });
    }
    // Topics that nobody reads stand at the end of the road.
    let unread = said.iter().enumerate().filter(|(_, said)| !**said).map(|(topic, _)| topic);
    out.extend(unread.filter_map(|topic| net.topics[topic].readers.first().map(|group| Step::Via { topic, group: *group })));
    out
}
