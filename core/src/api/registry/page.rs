//! The pages' HTML, in Loom's own look. Everything that a schema says is escaped.

use serde_json::Value;

use super::PREFIX;
use super::docs::Told;
use crate::schema::describe::{Field, Step, Way};
use crate::schema::registry::Named;

pub fn list(rows: &[(Named, String)]) -> String {
    let line = |(named, says): &(Named, String)| {
        let name = named.subject.strip_suffix("-value").unwrap_or(&named.subject);
        let origin = if named.version.by_path { "comes with Loom" } else { "registered" };
        format!(
            "<tr><th scope=\"row\"><a href=\"{PREFIX}/docs/{}\">{}</a></th><td>{}</td><td class=\"n\">{}</td><td>{origin}</td></tr>",
            in_path(&named.subject),
            escaped(name),
            escaped(says),
            named.number
        )
    };
    let body = format!(
        "<h1>Schemas</h1><p class=\"quiet\">What a record of each topic holds. A record names the schema it was held against.</p>\
         <div class=\"wide\"><table class=\"table\"><thead><tr><th scope=\"col\">Topic or subject</th><th scope=\"col\">What it says</th>\
         <th scope=\"col\" class=\"n\">Newest</th><th scope=\"col\">Origin</th></tr></thead><tbody>{}</tbody></table></div>",
        rows.iter().map(line).collect::<String>()
    );
    document("Schemas", &body)
}

pub fn subject(told: &Told) -> String {
    let (named, schema) = (&told.newest, parsed(&told.newest.stored.content.text));
    let says = schema["description"].as_str().or(schema["title"].as_str()).unwrap_or_default();
    let mut body = format!(
        "<p><a href=\"{PREFIX}/docs\">Schemas</a></p><h1>{}</h1><p>{}</p><dl class=\"pairs\"><dt>Subject</dt><dd>{}</dd><dt>Id</dt><dd>{}</dd>\
         <dt>Compatibility</dt><dd>{}</dd><dt>As JSON</dt><dd><a href=\"{PREFIX}/docs/{}/evolution\">evolution</a></dd></dl>",
        escaped(&named.name()),
        escaped(says),
        escaped(&named.subject),
        named.stored.id,
        told.level.as_str(),
        in_path(&named.subject),
    );
    body.push_str(&fields(&told.fields));
    let examples = schema["examples"].as_array().into_iter().flatten().take(5).map(pretty).collect::<String>();
    if !examples.is_empty() {
        body.push_str(&format!("<section><h2>Examples</h2>{examples}</section>"));
    }
    body.push_str(&format!(
        "<section id=\"versions\"><h2>Versions</h2>{}</section>",
        told.steps.iter().rev().map(step).collect::<String>()
    ));
    document(&named.name(), &body)
}

fn fields(fields: &[Field]) -> String {
    if fields.is_empty() {
        return "<section><h2>Fields</h2><p class=\"quiet\">It declares no fields.</p></section>".into();
    }
    let line = |f: &Field| {
        let examples = f.examples.iter().map(|e| format!("<code>{}</code> ", escaped(&short(e)))).collect::<String>();
        let default = f
            .default
            .as_ref()
            .map(|d| format!(" <span class=\"faint\">else <code>{}</code></span>", escaped(&short(d))))
            .unwrap_or_default();
        format!(
            "<tr><th scope=\"row\"><code>{}</code>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}{default}</td><td>{examples}</td></tr>",
            escaped(&f.path),
            if f.required { " <b class=\"faint\">required</b>" } else { "" },
            escaped(&f.type_),
            escaped(f.unit.as_deref().unwrap_or("–")),
            escaped(f.range.as_deref().unwrap_or("–")),
            escaped(&f.description),
        )
    };
    let heads = ["Field", "Type", "Unit", "Range", "Description", "Examples"].map(|h| format!("<th scope=\"col\">{h}</th>")).concat();
    let rows = fields.iter().map(line).collect::<String>();
    format!(
        "<section><h2>Fields</h2><div class=\"wide\"><table class=\"table\"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )
}

fn step(step: &Step) -> String {
    let origin = if step.by_path { "comes with Loom" } else { "registered" };
    let gone = if step.deleted { ", deleted" } else { "" };
    let at = escaped(step.registered_at.get(..10).unwrap_or_default());
    let head = format!("<h3>Version {} <span class=\"faint\">{at}, {origin}{gone}, id {}</span></h3>", step.version, step.id);
    let ways = [("Readers of this version, old records", &step.backward), ("Readers of the version before, new records", &step.forward)];
    let told = ways.into_iter().filter_map(|(title, way)| Some(self::way(title, way.as_ref()?))).collect::<String>();
    format!("<article>{head}{}</article>", if told.is_empty() { "<p class=\"quiet\">The first one.</p>".into() } else { told })
}

fn way(title: &str, way: &Way) -> String {
    let (state, word) = if way.compatible { ("ok", "compatible") } else { ("down", "not compatible") };
    let mut out = format!("<p><span class=\"state\" data-state=\"{state}\"><i class=\"shape\"></i>{title}: {word}</span></p>");
    if !way.changes.is_empty() {
        let line = |c: &crate::schema::describe::Told| {
            let breaks = if c.breaks { " <b>breaks</b>" } else { "" };
            format!("<li><code>{}</code> {}{breaks} <span class=\"faint\">{}</span></li>", escaped(&c.path), escaped(&c.says), c.kind)
        };
        out.push_str(&format!("<ul>{}</ul>", way.changes.iter().map(line).collect::<String>()));
    }
    match (&way.counter_example, way.compatible) {
        (Some(document), _) => out.push_str(&format!("<p>This was taken before and is refused now:</p>{}", pretty(document))),
        (None, false) => {
            out.push_str("<p class=\"quiet\">No document that shows it was found, which does not prove that there is none.</p>")
        }
        (None, true) => {}
    }
    out
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

fn pretty(value: &Value) -> String {
    format!("<pre>{}</pre>", escaped(&serde_json::to_string_pretty(value).unwrap_or_default()))
}

/// What fits a cell.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(60).chain(['…']).collect() }
}

fn document(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{0} · Loom</title><link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/ui/tokens.css\">\
         <link rel=\"stylesheet\" href=\"/ui/loom.css\"><link rel=\"stylesheet\" href=\"/ui/schemas.css\"></head><body>\
         <header class=\"bar\"><a class=\"skip\" href=\"#main\">Skip to the page</a><a class=\"mark\" href=\"/\"><span>Loom</span></a></header>\
         <main id=\"main\" class=\"told\">{body}</main></body></html>",
        escaped(title)
    )
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// One segment of a path (RFC 3986).
fn in_path(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
