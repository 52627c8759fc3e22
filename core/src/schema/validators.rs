//! Validators: a schema compiled, with what keeps a strange one from doing harm. Patterns run in linear time (`regex`, so no
//! look-around and no back references), references lead to registered documents alone, and a schema whose parts multiply
//! or run in a circle is refused before anyone is held against it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use jsonschema::{PatternOptions, Retrieve, Uri, ValidationOptions, Validator, ValidatorMap};
use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::document::Flaw;
use super::resolve::Whole;
use super::{draft, reach, sound};

/// What a compiled pattern, and the cache of its runs, may take.
const PATTERN_BYTES: usize = 1 << 20;
/// What a flaw says of a schema, in characters.
const MOST_SAID: usize = 400;
/// Some schemas nest deep, and compiling follows them.
const STACK_BYTES: usize = 64 << 20;
/// Copies of the documents that references name, beside two for each.
const SPARE_COPIES: usize = 16;

/// Compiles a schema.
///
/// Errors: what is wrong with it as a JSON Schema, or why it is not taken.
pub fn compile(whole: &Whole) -> Result<Validator, Flaw> {
    roomy(|| {
        sound(whole)?;
        options(whole).build(&stripped(&whole.root)).map_err(|e| said(&e))
    })?
}

/// Whether a schema may be compiled at all; and how many places that takes.
///
/// Deep recursion: to be called where there is room for it.
pub fn sound(whole: &Whole) -> Result<usize, Flaw> {
    let (root, draft) = (stripped(&whole.root), draft::of(&whole.root).of_validator());
    let registry = referencing::Registry::new().retriever(Known::of(whole)).draft(draft);
    let registry = registry.add(reach::name_of(&root, draft), draft.create_resource_ref(&root)).and_then(|r| r.prepare());
    let registry = registry.map_err(|e| reach::said(&e))?;
    sound::check(&registry, &root, draft)
}

/// A validator for each schema within a schema, by JSON pointer.
pub fn compile_parts(whole: &Whole) -> Result<ValidatorMap, Flaw> {
    roomy(|| options(whole).build_map(&stripped(&whole.root)).map_err(|e| said(&e)))?
}

/// A pattern as schemas write them (ECMA 262), for an engine that takes linear time.
pub fn regex(pattern: &str) -> Result<Regex, Flaw> {
    let no = || Flaw::new("a pattern does not run in linear time, or is none: leave look-around, back references and large counts out");
    let translated = jsonschema_regex::to_rust_regex(pattern).map_err(|()| no())?;
    RegexBuilder::new(&translated).size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES).build().map_err(|_| no())
}

/// Runs what follows a schema's nesting where there is room for it.
pub fn roomy<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Flaw> {
    let broke = || Flaw::new("it cannot be worked with here: write it more simply");
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("schema".into()).stack_size(STACK_BYTES).spawn_scoped(scope, work);
        thread.map_err(|_| broke())?.join().map_err(|_| broke())
    })
}

fn options(whole: &Whole) -> ValidationOptions<'static> {
    let linear = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
    let options = jsonschema::options().with_draft(draft::of(&whole.root).of_validator());
    options.should_validate_formats(true).with_pattern_options(linear).with_retriever(Known::of(whole))
}

/// Without a `$schema` that names no known draft, which would have to be fetched.
fn stripped(root: &Value) -> Value {
    let mut root = root.clone();
    let known = root.get("$schema").and_then(Value::as_str).is_some_and(|uri| draft::named(uri).is_some());
    if let (false, Some(map)) = (known, root.as_object_mut()) {
        map.remove("$schema");
    }
    root
}

/// The documents that a schema's references name.
struct Known {
    documents: HashMap<String, Value>,
    /// A document is handed out once for each base that its name is read against.
    left: AtomicUsize,
}

impl Known {
    fn of(whole: &Whole) -> Self {
        let documents: HashMap<_, _> = whole.references.iter().cloned().collect();
        Self { left: AtomicUsize::new(2 * documents.len() + SPARE_COPIES), documents }
    }
}

impl Retrieve for Known {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let uri = uri.as_str();
        let documents = &self.documents;
        let named = documents.get(uri).or_else(|| documents.iter().find(|(name, _)| uri.ends_with(&format!("/{name}"))).map(|(_, v)| v));
        let document = named
            .ok_or("a reference leads out of the schema: nothing is fetched; register what it names and list it under `references`")?;
        let left = self.left.try_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        left.map_err(|_| "its references name the same documents by too many names: use one name for each")?;
        Ok(stripped(document))
    }
}

fn said(e: &jsonschema::ValidationError) -> Flaw {
    let (text, at) = (e.to_string(), e.instance_path().as_str());
    let text: String = text.chars().take(MOST_SAID).collect();
    Flaw::new(if at.is_empty() { text } else { format!("at {at}: {text}") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flaw(schema: Value) -> String {
        compile(&Whole::alone(schema)).err().map(|f| f.0).unwrap_or_default()
    }

    #[test]
    fn what_is_no_schema_or_might_do_harm_is_refused_with_the_reason() {
        assert_eq!(flaw(json!({"type": "object", "properties": {"a": {"$ref": "#/definitions/b"}}, "definitions": {"b": {}}})), "");
        assert!(flaw(json!({"type": 12})).contains("/type"));
        assert!(
            flaw(json!({"$ref": "https://example.com/x.json"})).contains("nothing is fetched"),
            "{}",
            flaw(json!({"$ref": "https://example.com/x.json"}))
        );
        assert!(flaw(json!({"$ref": "#/definitions/none"})).contains("none"));
        for pattern in ["(?=a)b", "(a)\\1"] {
            assert!(flaw(json!({"pattern": pattern})).contains("linear time"), "{}", flaw(json!({"pattern": pattern})));
        }
        assert!(!flaw(json!({"pattern": "((a{1,1000}){1,1000}){1,1000}"})).is_empty());
        assert!(flaw(json!({"$ref": "#"})).contains("circle"));
        assert!(
            flaw(json!({"allOf": [{"$ref": "#/definitions/a"}], "definitions": {"a": {"anyOf": [{"$ref": "#"}, true]}}}))
                .contains("circle")
        );
    }

    #[test]
    fn a_pattern_that_backtracks_elsewhere_takes_no_time() {
        let v = compile(&Whole::alone(json!({"type": "string", "pattern": "^(a+)+$"}))).unwrap();
        assert!(!v.is_valid(&json!(format!("{}!", "a".repeat(50_000)))));
    }

    #[test]
    fn a_schema_may_refer_to_itself_deeper_down() {
        let v = compile(&Whole::alone(json!({"properties": {"child": {"$ref": "#"}}, "required": ["name"]}))).unwrap();
        assert!(v.is_valid(&json!({"name": 1, "child": {"name": 2}})) && !v.is_valid(&json!({"name": 1, "child": {}})));
    }

    #[test]
    fn references_are_found_by_name() {
        let mut whole = Whole::alone(json!({"$schema": "https://unknown.example/dialect", "properties": {"a": {"$ref": "part.json"}}}));
        whole.references.push(("part.json".into(), json!({"type": "integer"})));
        let v = compile(&whole).unwrap();
        assert!(v.is_valid(&json!({"a": 1})) && !v.is_valid(&json!({"a": "x"})));
    }
}
