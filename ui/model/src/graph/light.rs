//! What is lit: everything up- and downstream of what was chosen.

use super::net::Net;

/// What was chosen, by place in the net.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    Node(usize),
    Topic(usize),
    /// Found by name; may be nothing.
    These {
        nodes: Vec<usize>,
        topics: Vec<usize>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lit {
    pub nodes: Vec<bool>,
    pub topics: Vec<bool>,
}

pub fn light(net: &Net, chosen: Option<&Chosen>) -> Lit {
    let (n, t) = (net.nodes.len(), net.topics.len());
    let mut lit = Lit { nodes: vec![chosen.is_none(); n], topics: vec![chosen.is_none(); t] };
    match chosen {
        None => {}
        Some(Chosen::These { nodes, topics }) => {
            nodes.iter().for_each(|i| lit.nodes[*i] = true);
            topics.iter().for_each(|i| lit.topics[*i] = true);
        }
        Some(Chosen::Node(at)) => {
            lit.nodes[*at] = true;
            spread(net, &mut lit, vec![*at], true);
            spread(net, &mut lit, vec![*at], false);
        }
        Some(Chosen::Topic(at)) => {
            lit.topics[*at] = true;
            let topic = &net.topics[*at];
            [(&topic.writers, false), (&topic.readers, true)].into_iter().for_each(|(ends, down)| {
                ends.iter().for_each(|i| lit.nodes[*i] = true);
                spread(net, &mut lit, ends.clone(), down);
            });
        }
    }
    lit
}

fn spread(net: &Net, lit: &mut Lit, mut next: Vec<usize>, down: bool) {
    let mut seen = vec![false; net.nodes.len()];
    while let Some(at) = next.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        lit.nodes[at] = true;
        for (t, topic) in net.topics.iter().enumerate() {
            let (here, there) = if down { (&topic.writers, &topic.readers) } else { (&topic.readers, &topic.writers) };
            if here.contains(&at) {
                lit.topics[t] = true;
                next.extend(there);
            }
        }
    }
}
