//! How much work a condition may be: every value that is copied, walked or compared costs steps, and steps are few. The
//! interpreter has no such bound; calls woven into the tree by the guard count here, on the thread that evaluates.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use cel::common::types::{CelBytes, CelInt, CelList, CelMap, CelMapKey, CelString};
use cel::common::value::{CowVal, Val};
use cel::{Context, ExecutionError, FunctionContext};
use regex::Regex;

/// Steps of one condition over one record: a value each, and a KiB of text each.
pub const MOST_STEPS: u64 = 50_000;
/// Gives its argument back and counts what it weighs. No condition can spell it.
pub const HELD: &str = "@held";
/// Asks a compiled pattern, by number.
pub const MATCHES: &str = "@matches";
/// The name that an exhausted condition's error carries.
pub const TOO_MUCH: &str = "@too_much";

thread_local! {
    static LEFT: Cell<u64> = const { Cell::new(0) };
    static PATTERNS: RefCell<Arc<[Regex]>> = RefCell::new(Arc::from([]));
}

/// A condition begins: it has all its steps.
pub fn begin(patterns: &Arc<[Regex]>) {
    LEFT.set(MOST_STEPS);
    PATTERNS.with_borrow_mut(|p| p.clone_from(patterns));
}

/// A function that may give back what it was given.
type Counting = dyn for<'c, 'v> Fn(&mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> + Send + Sync;

/// A context with the standard functions and those that count.
pub fn context() -> Context<'static, 'static> {
    let mut context = Context::default();
    // Neither name can be one of the standard ones, so neither is refused.
    let held: Box<Counting> = Box::new(held);
    let _ = context.add_function(HELD, held);
    let _ = context.add_function(MATCHES, matches);
    context
}

fn held<'c, 'v>(call: &mut FunctionContext<'c, 'v>) -> Result<CowVal<'c, 'v>, ExecutionError> {
    let value = call.args.first().cloned().ok_or_else(ExecutionError::missing_argument_or_target)?;
    spend(&*value)?;
    Ok(value)
}

fn matches(call: &FunctionContext) -> Result<cel::Value, ExecutionError> {
    let (Some(text), Some(number)) = (call.args.first(), call.args.get(1)) else {
        return Err(ExecutionError::missing_argument_or_target());
    };
    let types = || vec![text.get_type().name().to_string(), "string".to_string()];
    let text = text.downcast_ref::<CelString>().ok_or_else(|| ExecutionError::no_such_overload("matches", types()))?;
    let number = number.downcast_ref::<CelInt>().map_or(usize::MAX, |n| *n.inner() as usize);
    let found = PATTERNS.with_borrow(|p| p.get(number).map(|p| p.is_match(text.inner())));
    found.map(cel::Value::Bool).ok_or_else(|| ExecutionError::function_error("matches", "no such pattern"))
}

/// Counts a value, all the way down; stops as soon as there are no steps left.
fn spend(value: &dyn Val) -> Result<(), ExecutionError> {
    if let Some(text) = value.downcast_ref::<CelString>() {
        return take(1 + text.inner().len() as u64 / 1024);
    }
    if let Some(bytes) = value.downcast_ref::<CelBytes>() {
        return take(1 + bytes.inner().len() as u64 / 1024);
    }
    take(1)?;
    if let Some(list) = value.downcast_ref::<CelList>() {
        return list.inner().iter().try_for_each(|v| spend(&**v));
    }
    if let Some(map) = value.downcast_ref::<CelMap>() {
        return map.inner().iter().try_for_each(|(k, v)| {
            if let CelMapKey::String(k) = k {
                take(k.inner().len() as u64 / 1024)?;
            }
            spend(&**v)
        });
    }
    Ok(())
}

fn take(steps: u64) -> Result<(), ExecutionError> {
    let left = LEFT.get();
    LEFT.set(left.saturating_sub(steps));
    if left < steps { Err(ExecutionError::function_error(TOO_MUCH, "")) } else { Ok(()) }
}
