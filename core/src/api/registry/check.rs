//! Two schemas held against each other, registered or not.

use std::sync::Arc;

use axum::extract::State as Extract;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answered, Body, Reply, ask};
use super::compatibility::changes;
use crate::api::state::State;
use crate::schema::registry::{Answer, Refusal};
use crate::schema::{Depth, Registry, Whole, check as compare, compile, parse};

/// Each the name of a registered schema, or a schema itself: an object or a boolean.
#[derive(Deserialize)]
pub struct Pair {
    old: Value,
    new: Value,
}

pub async fn check(Extract(state): Extract<Arc<State>>, Body(pair): Body<Pair>) -> Reply {
    ask(&state, move |r| {
        let (old, new) = (found(r, "old", &pair.old)?, found(r, "new", &pair.new)?);
        let (backward, forward) = (compare(&old, &new, Depth::Example)?, compare(&new, &old, Depth::Example)?);
        Ok(Answered(json!({
            "compatible": backward.compatible, "changes": changes(&backward.changes), "counter_example": backward.counter_example,
            "forward": {"compatible": forward.compatible, "changes": changes(&forward.changes), "counter_example": forward.counter_example},
        })))
    })
    .await
}

fn found(registry: &Registry, which: &str, given: &Value) -> Answer<Whole> {
    let whole = match given {
        Value::String(name) => {
            let missing = |_| Refusal::new(40403, format!("no schema is registered under the name given as `{which}`"));
            return registry.whole(&registry.named(name).map_err(missing)?.stored);
        }
        schema => parse(&schema.to_string()).map_err(|flaw| Refusal::invalid_schema(format!("{which}: {flaw}")))?,
    };
    compile(&whole).map_err(|flaw| Refusal::invalid_schema(format!("{which}: {flaw}")))?;
    Ok(whole)
}
