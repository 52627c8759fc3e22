//! Deduplication: its rules, what was a duplicate of what, trying records and fingerprints, figures.

mod check;
mod duplicates;
mod manifest;
mod rules;
mod stats;

use loom_schemas::dedup::DedupRuleRow;
use utoipa_axum::router::OpenApiRouter;

use super::Routes;
use super::metrics::Exposition;
use super::state::State;
use crate::dedup::GROUP;
use crate::error::Result;

pub fn routes() -> Routes {
    OpenApiRouter::new()
        .merge(rules::routes())
        .merge(duplicates::routes())
        .merge(check::routes())
        .merge(manifest::routes())
        .merge(stats::routes())
}

/// Figures of each rule and of what is remembered, for Prometheus.
pub fn families(state: &State, out: &mut Exposition) -> Result<()> {
    let rules = state.dedup.list();
    let of = |f: fn(&DedupRuleRow) -> u64| rules.iter().map(move |r| (labels(r), f(r) as f64));
    let mut counter = |name: &str, help: &str, f: fn(&DedupRuleRow) -> u64| out.family(name, "counter", help, of(f));
    counter("loom_dedup_seen_total", "Records a rule was asked about.", |r| r.figures.seen);
    counter("loom_dedup_unique_total", "Records that were first.", |r| r.figures.unique);
    counter("loom_dedup_without_key_total", "Records with nothing to compare.", |r| r.figures.without_key);
    counter("loom_dedup_late_total", "Records that came later than their rule's lateness allows.", |r| r.figures.late);
    counter("loom_dedup_left_out_total", "Candidates left out because too many looked alike.", |r| r.figures.left_out);
    let kinds = rules.iter().flat_map(|r| {
        let of = |kind: &str, n: u64| ([labels(r), vec![("kind", kind.to_string())]].concat(), n as f64);
        [of("exact", r.figures.exact), of("text", r.figures.text), of("image", r.figures.image)]
    });
    out.family("loom_dedup_duplicates_total", "counter", "Records that repeat an earlier one, by kind.", kinds);
    let rows = state.bus.row_count(GROUP)?;
    out.family("loom_dedup_rows", "gauge", "Rows remembered.", [(vec![], rows.rows as f64)]);
    out.family("loom_dedup_row_bytes", "gauge", "Bytes of rows remembered.", [(vec![], rows.bytes as f64)]);
    let removed = [("expired", rows.expired), ("crowded_out", rows.crowded_out)];
    let removed = removed.map(|(why, n)| (vec![("why", why.to_string())], n as f64));
    out.family("loom_dedup_rows_removed_total", "counter", "Rows forgotten: past their time, or because there were too many.", removed);
    Ok(())
}

fn labels(r: &DedupRuleRow) -> Vec<(&'static str, String)> {
    vec![("rule", r.rule.id.clone()), ("topic", r.rule.topic.clone())]
}
