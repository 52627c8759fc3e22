//! What keeps a condition within bounds: its tree is measured, and calls that count are woven in wherever a value would be
//! copied, walked or compared.

use cel::common::ast::operators as op;
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedEntryExpr, LiteralValue};
use cel::parser::Expression;
use regex::{Regex, RegexBuilder};

use super::work::{HELD, MATCHES};
use super::{MOST_LEVELS, MOST_NODES};
use crate::error::{Error, Result};

/// Bytes of a pattern for `matches`, and of what it compiles to.
pub const PATTERN_BYTES: usize = 512;
const COMPILED_BYTES: usize = 1 << 20;

/// A pattern of a rule. Matching takes time in proportion to the text, whatever the pattern.
pub fn pattern(text: &str) -> Result<Regex> {
    let wrong = || Error::invalid(format!("a regular expression of at most {PATTERN_BYTES} bytes, without look-around or back-references"));
    if text.len() > PATTERN_BYTES {
        return Err(wrong());
    }
    RegexBuilder::new(text).size_limit(COMPILED_BYTES).dfa_size_limit(COMPILED_BYTES).nest_limit(32).build().map_err(|e| match e {
        regex::Error::CompiledTooBig(_) => Error::invalid("a regular expression that compiles to less than a megabyte: repeat less"),
        e => wrong().because(e),
    })
}

/// The children of a node.
pub fn children(e: &Expression) -> Vec<&Expression> {
    match &e.expr {
        Expr::Call(c) => c.target.as_deref().into_iter().chain(&c.args).collect(),
        Expr::Comprehension(c) => vec![&c.iter_range, &c.accu_init, &c.loop_cond, &c.loop_step, &c.result],
        Expr::List(l) => l.elements.iter().collect(),
        Expr::Map(m) => m.entries.iter().flat_map(parts).collect(),
        Expr::Struct(s) => s.entries.iter().flat_map(parts).collect(),
        Expr::Select(s) => vec![&s.operand],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn parts(e: &IdedEntryExpr) -> Vec<&Expression> {
    match &e.expr {
        EntryExpr::StructField(f) => vec![&f.value],
        EntryExpr::MapEntry(m) => vec![&m.key, &m.value],
    }
}

/// `Invalid` for a tree that is too large or too deep; walks it without recursion.
pub fn measure(tree: &Expression) -> Result<()> {
    let mut waiting = vec![(tree, 1)];
    let mut nodes = 0;
    while let Some((e, level)) = waiting.pop() {
        nodes += 1;
        if level > MOST_LEVELS || nodes > MOST_NODES {
            return Err(Error::invalid(format!("a condition of at most {MOST_LEVELS} levels and {MOST_NODES} parts: say it shorter")));
        }
        match &e.expr {
            Expr::Struct(_) => return Err(Error::invalid("a condition without messages: it knows no types of its own")),
            Expr::Unspecified => return Err(Error::invalid("a condition that can be read: this one cannot")),
            _ => waiting.extend(children(e).into_iter().map(|c| (c, level + 1))),
        }
    }
    Ok(())
}

/// The tree with what counts woven in; patterns for `matches` are taken out and compiled.
pub fn guarded(e: Expression, patterns: &mut Vec<Regex>) -> Result<Expression> {
    let id = e.id;
    let expr = match e.expr {
        Expr::Select(mut s) => {
            *s.operand = guarded(*s.operand, patterns)?;
            Expr::Select(s)
        }
        Expr::List(mut l) => {
            l.elements = all(l.elements, patterns)?.into_iter().map(held).collect();
            Expr::List(l)
        }
        Expr::Map(mut m) => {
            for entry in &mut m.entries {
                if let EntryExpr::MapEntry(kv) = &mut entry.expr {
                    kv.key = held(guarded(std::mem::take(&mut kv.key), patterns)?);
                    kv.value = held(guarded(std::mem::take(&mut kv.value), patterns)?);
                }
            }
            Expr::Map(m)
        }
        Expr::Comprehension(mut c) => {
            // What is gone through is copied item by item. The rest is the macro's own, but for what its writer put into the step.
            c.iter_range = held(guarded(std::mem::take(&mut c.iter_range), patterns)?);
            c.loop_step = guarded(std::mem::take(&mut c.loop_step), patterns)?;
            Expr::Comprehension(c)
        }
        Expr::Call(c) => return call(id, c, patterns),
        other => other,
    };
    Ok(Expression { id, expr })
}

fn all(list: Vec<Expression>, patterns: &mut Vec<Regex>) -> Result<Vec<Expression>> {
    list.into_iter().map(|e| guarded(e, patterns)).collect()
}

fn call(id: u64, mut c: CallExpr, patterns: &mut Vec<Regex>) -> Result<Expression> {
    if c.func_name == "matches" {
        return matches(id, c, patterns);
    }
    c.args = all(c.args, patterns)?;
    c.target = c.target.map(|t| guarded(*t, patterns).map(Box::new)).transpose()?;
    let literal = |e: &Expression| matches!(e.expr, Expr::Literal(_));
    let done = |c| Expression { id, expr: Expr::Call(c) };
    match c.func_name.as_str() {
        op::LOGICAL_AND | op::LOGICAL_OR | op::LOGICAL_NOT | op::CONDITIONAL | op::NOT_STRICTLY_FALSE => Ok(done(c)),
        op::INDEX | op::OPT_INDEX | op::OPT_SELECT | op::NEGATE => Ok(done(c)),
        op::SUBSTRACT | op::MULTIPLY | op::DIVIDE | op::MODULO => Ok(done(c)),
        // Texts and lists grow here, but for what a macro gathers, whose items are counted one by one.
        op::ADD if c.args.first().is_some_and(is_gathered) => Ok(done(c)),
        op::ADD => Ok(held(done(c))),
        // Comparing with a constant costs no more than the constant.
        op::EQUALS | op::NOT_EQUALS | op::LESS | op::LESS_EQUALS | op::GREATER | op::GREATER_EQUALS if c.args.iter().any(literal) => {
            Ok(done(c))
        }
        _ => {
            c.args = c.args.into_iter().map(held).collect();
            c.target = c.target.map(|t| if is_namespace(&t) { t } else { Box::new(held(*t)) });
            Ok(done(c))
        }
    }
}

/// `matches` with the pattern's number in place of the pattern.
fn matches(id: u64, mut c: CallExpr, patterns: &mut Vec<Regex>) -> Result<Expression> {
    let args = c.target.take().map(|t| *t).into_iter().chain(c.args).collect::<Vec<_>>();
    let Ok([text, with]) = <[Expression; 2]>::try_from(args) else {
        return Err(Error::invalid("matches asked as text.matches('pattern')"));
    };
    let Expr::Literal(LiteralValue::String(with)) = with.expr else {
        return Err(Error::invalid("matches with its pattern written out: one that comes with the record is not taken"));
    };
    patterns.push(pattern(with.inner())?);
    let number = Expr::Literal(LiteralValue::Int((patterns.len() as i64 - 1).into()));
    let args = vec![held(guarded(text, patterns)?), Expression { id, expr: number }];
    Ok(Expression { id, expr: Expr::Call(CallExpr { func_name: MATCHES.into(), target: None, args }) })
}

/// What a macro gathers, which no condition can spell.
fn is_gathered(e: &Expression) -> bool {
    matches!(&e.expr, Expr::Ident(name) if name.starts_with('@'))
}

/// `optional` in `optional.of(x)` is no value.
fn is_namespace(e: &Expression) -> bool {
    matches!(&e.expr, Expr::Ident(name) if name == "optional")
}

/// The same value, counted. Constants weigh nothing, lists and maps are counted item by item, and `@held` once is enough.
fn held(e: Expression) -> Expression {
    let free = match &e.expr {
        Expr::Literal(_) | Expr::List(_) | Expr::Map(_) => true,
        Expr::Call(c) => c.func_name == HELD,
        _ => is_gathered(&e),
    };
    if free {
        return e;
    }
    Expression { id: e.id, expr: Expr::Call(CallExpr { func_name: HELD.into(), target: None, args: vec![e] }) }
}
