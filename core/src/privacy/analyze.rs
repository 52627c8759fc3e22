//! From a text to what must not be seen in it.

use super::policy::Policy;
use super::recognizers::{self, Finding};
use super::text::Doc;

/// Every finding a policy cares about, in order and without overlap; places are bytes of `text`.
///
/// Linear in the length of the text. Where findings overlap, everything any of them covers is covered, under the
/// name of the longest (the surest among equals).
pub fn analyze(text: &str, policy: &Policy) -> Vec<Finding> {
    let doc = Doc::new(text);
    let mut all = Vec::new();
    for r in recognizers::ALL {
        if policy.wants(r.entity_type()) {
            r.find(&doc, &mut all);
        }
    }
    all.retain(|f| f.start < f.end && f.score >= policy.threshold(f.entity_type));
    merge(all)
}

/// The same for a text that goes on from `lead`, which is context and not part of the answer.
pub fn analyze_after(lead: &str, text: &str, policy: &Policy) -> Vec<Finding> {
    if lead.is_empty() {
        return analyze(text, policy);
    }
    let whole = format!("{lead} {text}");
    let skip = lead.len() + 1;
    let inside = analyze(&whole, policy).into_iter().filter(|f| f.end > skip);
    inside.map(|f| Finding { start: f.start.saturating_sub(skip), end: f.end - skip, ..f }).collect()
}

fn merge(mut all: Vec<Finding>) -> Vec<Finding> {
    // A stable sort keeps the recognisers' own order among equals.
    all.sort_by(|a, b| a.start.cmp(&b.start).then(b.end.cmp(&a.end)).then(b.score.total_cmp(&a.score)));
    let mut out: Vec<(Finding, usize)> = Vec::with_capacity(all.len());
    for f in all {
        let len = f.end - f.start;
        match out.last_mut() {
            Some((last, longest)) if f.start < last.end => {
                let (end, surest) = (last.end.max(f.end), last.score.max(f.score));
                let same = last.entity_type == f.entity_type;
                if len > *longest || len == *longest && f.score > last.score {
                    (*last, *longest) = (Finding { start: last.start, ..f }, len);
                }
                last.end = end;
                if same {
                    last.score = surest;
                }
            }
            _ => out.push((f, len)),
        }
    }
    out.into_iter().map(|(f, _)| f).collect()
}

#[cfg(test)]
mod tests;
