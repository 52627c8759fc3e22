//! What rooms with rules answer alike: how the rules run, what is kept of a wish to change them, what is refused.

use std::sync::Arc;

use axum::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::problem::Problem;
use super::produce::refused;
use super::state::blocking;
use crate::error::Result;
use crate::rules::{Changed, Engine, Rules};

/// The rules and how they run.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct RuleList<R> {
    /// Of the enabled rules as they are kept; changes with anything they say.
    pub revision: String,
    pub running: RunningRules,
    pub rules: Vec<R>,
}

#[derive(Serialize, Deserialize, ToSchema)]
pub struct RunningRules {
    /// Of the rules at work; absent while none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Topics that are read.
    pub inputs: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Rules are kept, and run from now on.
#[derive(Serialize, Deserialize, ToSchema)]
pub struct KeptRules {
    pub revision: String,
    /// How many there are.
    pub rules: u64,
}

pub fn list<E: Engine>(rules: &Rules<E>) -> Json<RuleList<E::Row>> {
    let running = rules.running();
    let inputs = running.inputs.iter().map(ToString::to_string).collect();
    Json(RuleList {
        revision: rules.revision(),
        running: RunningRules { revision: running.revision, inputs, trouble: running.trouble },
        rules: rules.list(),
    })
}

/// Changes the rules off the threads that answer connections.
pub async fn change<E: Engine>(
    rules: &Arc<Rules<E>>,
    wish: impl FnOnce(&Rules<E>) -> Result<Changed> + Send + 'static,
) -> Result<Json<KeptRules>, Problem> {
    let asked = rules.clone();
    match blocking(move || wish(&asked)).await? {
        Changed::Kept(revision) => Ok(kept(rules, revision)),
        Changed::Refused(wrong) => Err(refused(wrong)),
    }
}

/// `None` where there is no such rule.
pub async fn remove<E: Engine>(rules: &Arc<Rules<E>>, id: String) -> Result<Option<Json<KeptRules>>, Problem> {
    let asked = rules.clone();
    let was_there = blocking(move || asked.remove(&id)).await?;
    Ok(was_there.then(|| kept(rules, rules.revision())))
}

fn kept<E: Engine>(rules: &Rules<E>, revision: String) -> Json<KeptRules> {
    Json(KeptRules { revision, rules: rules.all().len() as u64 })
}

/// A rule that is written at an address has its id.
pub fn at(address: &str, id: &str) -> Result<(), Problem> {
    match address == id {
        true => Ok(()),
        false => Err(Problem::bad_request("the rule has another id than its address: make them the same")),
    }
}
