//! A schema told to a person: every field with its type, unit, range, meaning and examples; and what changed from version to
//! version.

use serde::Serialize;
use serde_json::Value;

use super::compat::Kind;
use super::registry::{Answer, Named, Registry, Wanted, Which};
use super::resolve::{Targets, Whole};
use super::verdict::{Change, Depth, check};

/// Fields told of one schema, and how deep.
const MOST_FIELDS: usize = 500;
const MOST_DEPTH: usize = 8;

/// One field of a payload.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Field {
    /// With dots between names, `[]` for what an array holds: `tags[]`.
    pub path: String,
    #[serde(rename = "type")]
    pub type_: String,
    pub required: bool,
    /// As `unit` says, or the description's first words do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// `-90 to 90`, `at least 0`, `one of "a", "b"`, `1 to 100 characters`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    pub description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// One version, and what is different from the one before it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    pub version: i64,
    pub id: i64,
    pub name: String,
    pub registered_at: String,
    /// It came with Loom.
    pub by_path: bool,
    pub deleted: bool,
    /// Of the version before, absent for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backward: Option<Way>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward: Option<Way>,
}

/// How two versions get on in one direction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Way {
    pub compatible: bool,
    pub changes: Vec<Told>,
    /// What the writer's schema takes and the reader's refuses; null where nothing breaks or nothing was found.
    pub counter_example: Option<Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    pub kind: &'static str,
    pub path: String,
    pub breaks: bool,
    pub says: String,
}

impl From<&Change> for Told {
    fn from(c: &Change) -> Self {
        Self { kind: c.kind.name(), path: c.path.clone(), breaks: c.breaks, says: Kind::sentence(c.kind) }
    }
}

/// Every version of a subject, the first one first, with what changed.
///
/// Errors: 40401 no such subject.
pub fn evolution(registry: &Registry, subject: &str) -> Answer<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut before: Option<Whole> = None;
    for number in registry.versions(subject, Which::All)? {
        let named = registry.version(subject, Wanted::Number(number), Which::All)?;
        let whole = registry.whole(&named.stored)?;
        let way = |old: &Whole, new: &Whole| -> Answer<Way> {
            let report = check(old, new, Depth::Example)?;
            let changes = report.changes.iter().map(Told::from).collect();
            Ok(Way { compatible: report.compatible, changes, counter_example: report.counter_example })
        };
        let ways = before.as_ref().map(|old| Ok::<_, super::registry::Refusal>((way(old, &whole)?, way(&whole, old)?))).transpose()?;
        let (backward, forward) = ways.unzip();
        steps.push(step(&named, backward, forward));
        before = Some(whole);
    }
    Ok(steps)
}

fn step(named: &Named, backward: Option<Way>, forward: Option<Way>) -> Step {
    Step {
        version: named.number,
        id: named.stored.id,
        name: named.name(),
        registered_at: named.version.registered_at.to_string(),
        by_path: named.version.by_path,
        deleted: named.version.deleted,
        backward,
        forward,
    }
}

/// The fields of a schema, in their order of names, what lies within a field after it.
pub fn fields(whole: &Whole) -> Vec<Field> {
    let mut targets = Targets::default();
    targets.add(whole);
    let mut out = Vec::new();
    below(&whole.root, &targets, "", 0, &mut out);
    out
}

fn below<'a>(node: &'a Value, targets: &Targets<'a>, path: &str, depth: usize, out: &mut Vec<Field>) {
    if depth > MOST_DEPTH {
        return;
    }
    if let Some(target) = targets.of(node) {
        below(target.node, targets, path, depth + 1, out);
    }
    for word in ["allOf", "anyOf", "oneOf"] {
        for part in node.get(word).and_then(Value::as_array).into_iter().flatten() {
            below(part, targets, path, depth + 1, out);
        }
    }
    let required: Vec<&str> = node.as_object().map(|n| super::required(n).collect()).unwrap_or_default();
    for (name, schema) in node.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        if out.len() >= MOST_FIELDS || out.iter().any(|f| f.path == path) {
            continue;
        }
        let seen = targets.of(schema).map_or(schema, |t| t.node);
        out.push(field(&path, seen, schema, required.contains(&name.as_str())));
        below(schema, targets, &path, depth + 1, out);
    }
    if let Some(items) = node.get("items").filter(|i| i.is_object()) {
        below(items, targets, &format!("{path}[]"), depth + 1, out);
    }
}

/// `said` is what stands at the property itself, `node` what it leads to.
fn field(path: &str, node: &Value, said: &Value, required: bool) -> Field {
    let text = |word: &str| said.get(word).or_else(|| node.get(word)).and_then(Value::as_str);
    Field {
        path: path.into(),
        type_: type_of(node),
        required,
        unit: text("unit").or_else(|| text("x-unit")).map(String::from).or_else(|| unit_in(text("description")?)),
        range: range_of(node),
        description: text("description").or_else(|| text("title")).unwrap_or_default().into(),
        examples: node.get("examples").and_then(Value::as_array).map(|e| e.iter().take(3).cloned().collect()).unwrap_or_default(),
        default: said.get("default").or_else(|| node.get("default")).cloned(),
    }
}

fn type_of(node: &Value) -> String {
    let plain = match node.get("type") {
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        _ if node.get("properties").is_some() => "object".into(),
        _ if node.get("items").is_some() => "array".into(),
        _ => "any".into(),
    };
    let of = node.get("items").filter(|i| i.is_object()).map(type_of).filter(|t| t != "any");
    let format = node.get("format").and_then(Value::as_str);
    match (of, format) {
        (Some(of), _) => format!("{plain} of {of}"),
        (None, Some(format)) => format!("{plain}, {format}"),
        (None, None) => plain,
    }
}

/// What limits a value.
fn range_of(node: &Value) -> Option<String> {
    if let Some(list) = node.get("enum").and_then(Value::as_array) {
        let shown: Vec<String> = list.iter().take(12).map(Value::to_string).collect();
        let more = if list.len() > 12 { " …" } else { "" };
        return Some(format!("one of {}{more}", shown.join(", ")));
    }
    if let Some(constant) = node.get("const") {
        return Some(format!("always {constant}"));
    }
    let limit = |word: &str| node.get(word).filter(|v| v.is_number()).map(Value::to_string);
    let between = |low: Option<String>, high: Option<String>, unit: &str| match (low, high) {
        (Some(low), Some(high)) => Some(format!("{low} to {high}{unit}")),
        (Some(low), None) => Some(format!("at least {low}{unit}")),
        (None, Some(high)) => Some(format!("at most {high}{unit}")),
        (None, None) => None,
    };
    let open = limit("exclusiveMinimum")
        .map(|l| format!("more than {l}"))
        .into_iter()
        .chain(limit("exclusiveMaximum").map(|h| format!("less than {h}")));
    let mut parts: Vec<String> = between(limit("minimum"), limit("maximum"), "").into_iter().chain(open).collect();
    parts.extend(between(limit("minLength"), limit("maxLength"), " characters"));
    parts.extend(between(limit("minItems"), limit("maxItems"), " items"));
    parts.extend(limit("multipleOf").map(|m| format!("a multiple of {m}")));
    parts.extend(node.get("pattern").and_then(Value::as_str).map(|p| format!("like {p}")));
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Loom's own schemas begin a description with the unit: "Metres above the ellipsoid".
fn unit_in(description: &str) -> Option<String> {
    const UNITS: [&str; 24] = [
        "metres a second squared",
        "metres a second",
        "metres",
        "degrees celsius",
        "degrees",
        "percent",
        "seconds",
        "milliseconds",
        "minutes",
        "hours",
        "bytes",
        "beats a minute",
        "hertz",
        "hectopascal",
        "lux",
        "microtesla",
        "radians a second",
        "pixels",
        "decibels",
        "dbm",
        "kilobytes",
        "steps",
        "watts",
        "volts",
    ];
    let lower = description.to_lowercase();
    UNITS.iter().find(|u| lower.starts_with(**u)).map(|u| (*u).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_told_with_type_unit_and_range() {
        let whole = super::super::parse(loom_schemas::catalogue::schema("device.sensor.gps.raw.v1").unwrap()).unwrap();
        let fields = fields(&whole);
        let of = |path: &str| fields.iter().find(|f| f.path == path).unwrap_or_else(|| panic!("no {path}"));
        let latitude = of("latitude");
        assert_eq!((latitude.type_.as_str(), latitude.required, latitude.range.as_deref()), ("number", true, Some("-90 to 90")));
        assert_eq!(of("speed").unit.as_deref(), Some("metres a second"));
        assert_eq!(of("tags").type_, "array of string");
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let tree = super::super::parse(&json!({"properties": {"child": {"$ref": "#", "description": "The next"}}}).to_string()).unwrap();
        let fields = fields(&tree);
        assert_eq!((fields[0].path.as_str(), fields[0].description.as_str()), ("child", "The next"));
        assert!(fields.len() <= MOST_DEPTH + 1);
    }
}
