//! Every name in a condition must be one that it knows, so that a slip of the pen is heard of when the rule is made.

use cel::common::ast::{CallExpr, Expr, LiteralValue};
use cel::parser::Expression;
use cel::{ExecutionError, Value};

use super::guard::children;
use super::subject::NAMES;
use super::work;
use crate::error::{Error, Result};

/// What names a type: `type(data.n) == int`.
const TYPES: [&str; 12] =
    ["bool", "bytes", "double", "google", "int", "list", "map", "null_type", "optional_type", "string", "type", "uint"];
/// Asked for without looking.
const COMMON: [&str; 14] = [
    "bool",
    "contains",
    "double",
    "dyn",
    "duration",
    "endsWith",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
    "timestamp",
    "type",
    "uint",
];
/// Operators are calls too.
const OPERATOR_SIGNS: [char; 3] = ['_', '@', '!'];

/// `Invalid` for a name or function that there is not.
pub fn check(tree: &Expression) -> Result<()> {
    look(tree, &mut Vec::new())
}

fn look(e: &Expression, bound: &mut Vec<String>) -> Result<()> {
    match &e.expr {
        Expr::Ident(name) => known(name, bound),
        Expr::Comprehension(c) => {
            look(&c.iter_range, bound)?;
            look(&c.accu_init, bound)?;
            let before = bound.len();
            bound.extend([c.iter_var.clone(), c.accu_var.clone()]);
            bound.extend(c.iter_var2.clone());
            let inside = [&c.loop_cond, &c.loop_step, &c.result].into_iter().try_for_each(|e| look(e, bound));
            bound.truncate(before);
            inside
        }
        Expr::Call(c) => {
            function(c)?;
            let target = c.target.as_deref().filter(|t| !matches!(&t.expr, Expr::Ident(n) if n == "optional"));
            target.into_iter().chain(&c.args).try_for_each(|e| look(e, bound))
        }
        _ => children(e).into_iter().try_for_each(|e| look(e, bound)),
    }
}

fn known(name: &str, bound: &[String]) -> Result<()> {
    if bound.iter().any(|b| b == name) || NAMES.contains(&name) || TYPES.contains(&name) {
        return Ok(());
    }
    let name: String = name.chars().take(40).collect();
    Err(Error::invalid(format!("a condition that asks about {}: it does not know `{name}`", NAMES.join(", "))))
}

/// Asked without arguments, a function that there is says that it takes others.
fn function(c: &CallExpr) -> Result<()> {
    let name = c.func_name.as_str();
    let of_optional = c.target.as_deref().is_some_and(|t| matches!(&t.expr, Expr::Ident(n) if n == "optional"));
    if name.starts_with(OPERATOR_SIGNS) || name.starts_with("-_") || of_optional || COMMON.contains(&name) {
        return Ok(());
    }
    let null = || Expression { id: 0, expr: Expr::Literal(LiteralValue::Null) };
    let ask = |target: Option<Box<Expression>>| {
        let call = CallExpr { func_name: name.to_string(), target, args: Vec::new() };
        let asked = Value::resolve(&Expression { id: 0, expr: Expr::Call(call) }, &work::context());
        matches!(asked, Err(ExecutionError::UndeclaredReference(_)))
    };
    if ask(None) && ask(Some(Box::new(null()))) {
        let name: String = name.chars().take(40).collect();
        return Err(Error::invalid(format!("a condition with CEL's own functions: there is no `{name}`")));
    }
    Ok(())
}
