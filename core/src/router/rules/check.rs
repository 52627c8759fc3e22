//! What new rules must be together with the others: few enough, before the wall, and without a way back to themselves.

use std::sync::{Arc, PoisonError};

use loom_schemas::routing::RoutingRule;

use super::{MOST_RULES, Routing, Rules};
use crate::bus::wall;
use crate::door::Wrong;
use crate::error::Result;
use crate::router::compiled::Compiled;
use crate::router::{RuleSet, loops};
use crate::rules::{All, MOST_INPUT_TOPICS, Set};

/// The rules with the new ones among them, or everything that is wrong; `at` is where the new one of a number was written.
pub fn joined(
    r: &Rules,
    mut all: All<Routing>,
    new: &[RoutingRule],
    at: impl Fn(usize) -> String,
) -> Result<Result<All<Routing>, Vec<Wrong>>> {
    let mut wrong = Vec::new();
    let mut fresh: Vec<(usize, Arc<Compiled>)> = Vec::new();
    for (i, rule) in new.iter().enumerate() {
        match Compiled::compile(rule) {
            Err(w) => wrong.extend(w.into_iter().map(|w| placed(&at(i), w))),
            Ok(_) if fresh.iter().any(|(_, f)| f.rule.id == rule.id) => {
                wrong.push(placed(&at(i), Wrong::new("/id", "unique", "an id that no other rule has")));
            }
            Ok(c) => {
                let c = Arc::new(c);
                all.insert(rule.id.clone(), c.clone());
                fresh.push((i, c));
            }
        }
    }
    let enabled: Vec<Arc<Compiled>> = all.values().filter(|c| c.rule.enabled).cloned().collect();
    let stages = r.engine.stages.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for (i, c) in &fresh {
        for (pointer, topic) in c.writes() {
            wrong.extend(wall::forbids(&*r.bus, topic)?.map(|why| placed(&at(*i), Wrong::new(pointer, "wall", why))));
        }
        let way = if c.rule.enabled { loops::of(c, &enabled, &stages) } else { None };
        wrong.extend(way.map(|way| placed(&at(*i), Wrong::new("/outputs", "loop", loops::said(&way)))));
    }
    if all.len() > MOST_RULES {
        wrong.push(Wrong::new("", "maxItems", format!("at most {MOST_RULES} rules: take some out first")));
    }
    let there = r.bus.topics()?.into_iter().map(|t| t.settings.name).collect();
    let topics = RuleSet::new(enabled).inputs(there).len();
    if topics > MOST_INPUT_TOPICS {
        let say = format!("rules that read at most {MOST_INPUT_TOPICS} topics together: they would read {topics}");
        wrong.push(Wrong::new("/inputs", "maxItems", say));
    }
    Ok(if wrong.is_empty() { Ok(all) } else { Err(wrong) })
}

fn placed(at: &str, w: Wrong) -> Wrong {
    Wrong { pointer: format!("{at}{}", w.pointer), ..w }
}
