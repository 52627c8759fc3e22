//! Rules that feed themselves: found by following what each writes to who reads it, through Loom's own stages too.

use super::compiled::Compiled;
use crate::bus::TopicName;

/// What Loom's own stages read and write.
pub type Edges = [(Vec<TopicName>, Vec<TopicName>)];

/// The topics of a way that leads from what this rule writes back to it, if there is one; the last is what it reads.
pub fn of<R: AsRef<Compiled>>(rule: &Compiled, rules: &[R], stages: &Edges) -> Option<Vec<TopicName>> {
    let mut ways: Vec<Vec<TopicName>> = rule.writes().map(|(_, t)| vec![t.clone()]).collect();
    let mut seen: Vec<TopicName> = ways.iter().flatten().cloned().collect();
    while let Some(way) = ways.pop() {
        let Some(at) = way.last().cloned() else { continue };
        if rule.reads(&at) {
            return Some(way);
        }
        let by_rules = rules.iter().map(AsRef::as_ref).filter(|r| r.reads(&at)).flat_map(|r| r.writes().map(|(_, t)| t));
        let by_stages = stages.iter().filter(|(inputs, _)| inputs.contains(&at)).flat_map(|(_, outputs)| outputs);
        for next in by_rules.chain(by_stages) {
            if !seen.contains(next) {
                seen.push(next.clone());
                ways.push(way.iter().chain([next]).cloned().collect());
            }
        }
    }
    None
}

/// The way in words.
pub fn said(way: &[TopicName]) -> String {
    let names: Vec<&str> = way.iter().map(TopicName::as_str).collect();
    format!("a rule that does not feed itself: what it writes comes back to it by {}", names.join(" → "))
}
