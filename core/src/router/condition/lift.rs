//! What a record must hold for a condition to have a chance, read off its tree: `data.kind == "x" && …` can only hold where
//! `kind` is `x`. The index looks such things up instead of asking every condition. It may let through what does not hold in
//! the end, never the other way.

use std::hash::{Hash, Hasher};

use cel::common::ast::operators as op;
use cel::common::ast::{CallExpr, Expr, LiteralValue};
use cel::parser::Expression;
use serde_json::Value;

use super::subject::{NAMES, View};

/// A name, and fields below it where it is `data`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    name: String,
    fields: Vec<String>,
}

/// A value that can be looked up. Numbers are compared as CEL does, whole or not.
#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    Text(String),
    Bool(bool),
    Number(f64),
}

impl Eq for Key {}
impl Hash for Key {
    fn hash<H: Hasher>(&self, h: &mut H) {
        match self {
            Key::Text(t) => t.hash(h),
            Key::Bool(b) => b.hash(h),
            // Nought has two signs and is one number.
            Key::Number(n) => (n + 0.0).to_bits().hash(h),
        }
    }
}

/// What must be so.
#[derive(Clone, Debug, PartialEq)]
pub enum Lifted {
    /// The path holds one of these.
    OneOf(Path, Vec<Key>),
    /// The path holds a number of at least this.
    AtLeast(Path, f64),
    /// The path holds a number of at most this.
    AtMost(Path, f64),
}

impl Path {
    /// What a record holds there.
    pub fn of(&self, view: &View) -> Option<Key> {
        if self.name != "data" {
            let text = view.text(&self.name).map(Key::Text);
            return text.or_else(|| view.number(&self.name).map(|n| Key::Number(n as f64)));
        }
        let value = self.fields.iter().try_fold(view.data, |v, f| v.as_object()?.get(f))?;
        match value {
            Value::String(s) => Some(Key::Text(s.clone())),
            Value::Bool(b) => Some(Key::Bool(*b)),
            Value::Number(n) => n.as_f64().map(Key::Number),
            _ => None,
        }
    }
}

/// The best of what the condition's `&&`s demand: the fewest values first, a bound where nothing else is demanded.
pub fn lift(tree: &Expression) -> Option<Lifted> {
    let mut demands = Vec::new();
    conjuncts(tree, &mut demands);
    demands.into_iter().min_by_key(|d| match d {
        Lifted::OneOf(_, keys) => keys.len(),
        Lifted::AtLeast(..) | Lifted::AtMost(..) => usize::MAX,
    })
}

fn conjuncts(e: &Expression, demands: &mut Vec<Lifted>) {
    match &e.expr {
        Expr::Call(c) if c.func_name == op::LOGICAL_AND => c.args.iter().for_each(|a| conjuncts(a, demands)),
        _ => demands.extend(demand(e)),
    }
}

fn demand(e: &Expression) -> Option<Lifted> {
    let Expr::Call(c) = &e.expr else { return None };
    match c.func_name.as_str() {
        op::LOGICAL_OR => either(c),
        op::EQUALS => {
            let (path, key, _) = sides(c)?;
            Some(Lifted::OneOf(path, vec![key]))
        }
        op::IN => {
            let [one, list] = c.args.as_slice() else { return None };
            let Expr::List(list) = &list.expr else { return None };
            Some(Lifted::OneOf(path(one)?, list.elements.iter().map(key).collect::<Option<_>>()?))
        }
        op::GREATER | op::GREATER_EQUALS => bound(c, true),
        op::LESS | op::LESS_EQUALS => bound(c, false),
        _ => None,
    }
}

/// Either of several values of one path.
fn either(c: &CallExpr) -> Option<Lifted> {
    let demands = c.args.iter().map(demand).collect::<Option<Vec<_>>>()?;
    let mut all = demands.into_iter();
    let Lifted::OneOf(path, mut keys) = all.next()? else { return None };
    for d in all {
        match d {
            Lifted::OneOf(p, more) if p == path => keys.extend(more),
            _ => return None,
        }
    }
    Some(Lifted::OneOf(path, keys))
}

/// A comparison of order; `upwards` where the left side is the greater.
fn bound(c: &CallExpr, upwards: bool) -> Option<Lifted> {
    let (path, key, turned) = sides(c)?;
    let Key::Number(n) = key else { return None };
    Some(if upwards != turned { Lifted::AtLeast(path, n) } else { Lifted::AtMost(path, n) })
}

/// A path and a constant, and whether the constant came first.
fn sides(c: &CallExpr) -> Option<(Path, Key, bool)> {
    let [left, right] = c.args.as_slice() else { return None };
    match (path(left), key(right)) {
        (Some(p), Some(k)) => Some((p, k, false)),
        _ => Some((path(right)?, key(left)?, true)),
    }
}

fn path(e: &Expression) -> Option<Path> {
    let mut fields = Vec::new();
    let mut at = e;
    loop {
        match &at.expr {
            Expr::Select(s) if !s.test => {
                fields.push(s.field.clone());
                at = &s.operand;
            }
            Expr::Call(c) if c.func_name == op::INDEX => {
                let [of, field] = c.args.as_slice() else { return None };
                let Key::Text(field) = key(field)? else { return None };
                fields.push(field);
                at = of;
            }
            Expr::Ident(name) if NAMES.contains(&name.as_str()) => {
                fields.reverse();
                // Only the payload has fields.
                return (name == "data" || fields.is_empty()).then(|| Path { name: name.clone(), fields });
            }
            _ => return None,
        }
    }
}

fn key(e: &Expression) -> Option<Key> {
    match &e.expr {
        Expr::Literal(LiteralValue::String(s)) => Some(Key::Text(s.inner().to_string())),
        Expr::Literal(LiteralValue::Boolean(b)) => Some(Key::Bool(*b.inner())),
        Expr::Literal(LiteralValue::Int(i)) => Some(Key::Number(*i.inner() as f64)),
        Expr::Literal(LiteralValue::UInt(u)) => Some(Key::Number(*u.inner() as f64)),
        Expr::Literal(LiteralValue::Double(d)) if !d.inner().is_nan() => Some(Key::Number(*d.inner())),
        _ => None,
    }
}
