//! The verdict on a new version: what changed, whether readers stand it, and a document that shows where they do not.

use serde_json::Value;

use super::compat::{self, Kind, Verdict};
use super::counter::{self, Versions};
use super::document::Flaw;
use super::resolve::Whole;
use super::validators::{compile, roomy};

/// One change between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: Kind,
    /// Where in the schema: `#/properties/a`.
    pub path: String,
    /// Whether it breaks who reads old documents by the new schema.
    pub breaks: bool,
}

/// What is to be said of two versions.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub compatible: bool,
    pub changes: Vec<Change>,
    /// A document that the old schema takes and the new one refuses, seen by their own validators. `None` where nothing
    /// breaks, where none was asked for, or where none was found, which proves nothing.
    pub counter_example: Option<Value>,
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The verdict alone: a document is looked for where it depends on one.
    Verdict,
    /// A document wherever the verdict is bad.
    Example,
}

/// Whether readers of `new` can read what was written by `old`.
pub fn check(old: &Whole, new: &Whole, depth: Depth) -> Result<Report, Flaw> {
    roomy(|| {
        let found = compat::differences(old, new);
        let any = |verdict| found.iter().any(|d| d.kind.verdict() == verdict);
        let (broken, depends) = (any(Verdict::Breaks), any(Verdict::Shown));
        let wanted = if broken { depth == Depth::Example } else { depends };
        let counter_example = if wanted { shown(old, new)? } else { None };
        let shown = !broken && counter_example.is_some();
        let changes = found.into_iter().map(|d| Change {
            kind: d.kind,
            path: format!("#{}", if d.path.is_empty() { "/" } else { &d.path }),
            breaks: match d.kind.verdict() {
                Verdict::Fine => false,
                Verdict::Breaks => true,
                Verdict::Shown => shown,
            },
        });
        Ok(Report { compatible: !broken && !shown, changes: changes.collect(), counter_example })
    })?
}

fn shown(old: &Whole, new: &Whole) -> Result<Option<Value>, Flaw> {
    let (takes, refuses) = (compile(old)?, compile(new)?);
    Ok(counter::example(&Versions { old, new, takes: &takes, refuses: &refuses }))
}
