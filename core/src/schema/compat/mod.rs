//! Whether readers of one version of a schema can read what was written by another: every change with its path and kind.
//!
//! The rule is the one that Confluent's registry and Karapace follow for JSON Schema (content models, sums and products
//! of schemas), written anew on the schema's own nodes. `view.rs` says how a node is seen, `compare.rs` walks.

mod array;
mod combined;
mod compare;
mod kind;
mod object;
mod scalar;
mod view;

use serde_json::{Value, json};

pub use compare::Difference;
pub use kind::{Kind, Verdict};

use super::resolve::{Targets, Whole};
use view::{Primitive, Shape, View};

/// Every difference between `old` and `new`, for a reader of `new` that meets what was written by `old`.
pub fn differences(old: &Whole, new: &Whole) -> Vec<Difference> {
    let as_object = (Whole::alone(json!({"type": "object"})), Whole::alone(json!({"type": "object"})));
    let (mut old, mut new) = (old, new);
    // A root of `true` names no type: other registries take it for any object, and for nothing else.
    let same_kind = match (&old.root, &new.root) {
        (Value::Bool(_), Value::Bool(_)) => return Vec::new(),
        (Value::Bool(taken), _) => *taken && may_be_object(new),
        (_, Value::Bool(taken)) => *taken && may_be_object(old),
        _ => true,
    };
    if !same_kind {
        return vec![Difference { kind: Kind::TypeChanged, path: String::new() }];
    }
    if old.root == Value::Bool(true) {
        old = &as_object.0;
    }
    if new.root == Value::Bool(true) {
        new = &as_object.1;
    }
    let mut targets = Targets::default();
    targets.add(old);
    targets.add(new);
    compare::differences(&targets, &old.root, &new.root)
}

/// Whether a root says of itself that it is an object, or nothing.
fn may_be_object(whole: &Whole) -> bool {
    let mut targets = Targets::default();
    targets.add(whole);
    let shape = View::whole(&whole.root).settled(&targets).shape(&targets);
    matches!(shape, Shape::Anything | Shape::Of(Primitive::Object, _))
}

#[cfg(test)]
mod tests;
