//! The event router: its rules, trying them, what passes, and replays.

mod replay;
mod rules;
mod tap;
mod trial;

use loom_schemas::routing::RuleRow;
use utoipa_axum::router::OpenApiRouter;

use super::Routes;
use super::metrics::Exposition;
use super::state::State;

pub fn routes() -> Routes {
    OpenApiRouter::new().merge(rules::routes()).merge(trial::routes()).merge(tap::routes()).merge(replay::routes())
}

/// Figures of each rule for Prometheus.
pub fn families(state: &State, out: &mut Exposition) {
    let rules = state.rules.list();
    let of = |f: fn(&RuleRow) -> f64| rules.iter().map(move |r| (vec![("rule", r.rule.id.clone())], f(r)));
    let mut counter = |name: &str, help: &str, f: fn(&RuleRow) -> f64| out.family(name, "counter", help, of(f));
    counter("loom_router_rule_matched_total", "Records a rule took since Loom started.", |r| r.figures.matched as f64);
    counter("loom_router_rule_emitted_total", "Records a rule made since Loom started.", |r| r.figures.emitted as f64);
    counter("loom_router_rule_failed_total", "Records a rule could not answer, change or write.", |r| r.figures.failed as f64);
    counter("loom_router_rule_seconds_total", "Time spent on a rule's condition and changes.", |r| r.figures.seconds);
}
