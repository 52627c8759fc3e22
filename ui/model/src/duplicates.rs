//! What rules of deduplication found, in words.

use loom_schemas::dedup::{DedupRuleRow, Duplicate, DuplicateKind};

use crate::devices::percent;
use crate::numbers::count;

/// `20 of 60 repeat an earlier one`
pub fn found(row: &DedupRuleRow) -> String {
    let (seen, repeats) = (row.figures.seen, row.figures.duplicates());
    match (row.rule.enabled, seen, repeats) {
        (false, ..) => "at rest".into(),
        (true, 0, _) => "none seen yet".into(),
        (true, _, 0) => format!("{} seen, no repeats", count(seen)),
        (true, _, 1) => format!("1 of {} repeats an earlier one", count(seen)),
        _ => format!("{} of {} repeat an earlier one", count(repeats), count(seen)),
    }
}

/// `59 repeats 58`
pub fn which(d: &Duplicate) -> String {
    let elsewhere = if d.partition == d.of_partition { String::new() } else { format!(" in partition {}", d.of_partition) };
    format!("{} repeats {}{elsewhere}", count(d.offset), count(d.of_offset))
}

/// How alike the two are.
pub fn alike(d: &Duplicate) -> String {
    match d.kind {
        DuplicateKind::Exact => "the same".into(),
        DuplicateKind::Text | DuplicateKind::Image => format!("{} alike", percent(d.similarity)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(enabled: bool, seen: u64, exact: u64) -> DedupRuleRow {
        let figures = json!({"seen": seen, "unique": seen - exact, "exact": exact, "text": 0, "image": 0, "without_key": 0, "late": 0, "left_out": 0});
        let rule =
            json!({"id": "steps", "enabled": enabled, "topic": "my.steps.raw", "match": {"by": "id"}, "window_s": 60, "figures": figures});
        serde_json::from_value(rule).unwrap()
    }

    #[test]
    fn a_rule_says_what_it_found() {
        assert_eq!(
            [row(true, 60, 20), row(true, 60, 1), row(true, 1, 0), row(true, 0, 0), row(false, 60, 20)].map(|r| found(&r)),
            ["20 of 60 repeat an earlier one", "1 of 60 repeats an earlier one", "1 seen, no repeats", "none seen yet", "at rest"]
        );
    }

    #[test]
    fn a_duplicate_says_which_record_it_repeats_and_how_alike_they_are() {
        let mut one: Duplicate = serde_json::from_value(json!({
            "message_id": "b", "of": "a", "topic": "my.steps.raw", "partition": 0, "offset": 1059, "of_partition": 0, "of_offset": 58, "rule": "steps",
            "kind": "exact", "similarity": 1.0, "recorded_at": "2025-10-14T14:20:00Z", "of_recorded_at": "2025-10-14T14:20:00Z"
        }))
        .unwrap();
        assert_eq!((which(&one), alike(&one)), ("1\u{202f}059 repeats 58".into(), "the same".into()));
        (one.kind, one.similarity, one.of_partition) = (DuplicateKind::Text, 0.914, 1);
        assert_eq!((which(&one), alike(&one)), ("1\u{202f}059 repeats 58 in partition 1".into(), "91\u{202f}% alike".into()));
    }
}
