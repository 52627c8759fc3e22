//! `loom schemas`: what records hold, whether two versions get on, whether data fits.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;
use loom_core::{Error, Result};
use serde_json::{Value, json};

use super::rows;
use crate::client::{Client, encode};
use crate::context::Context;
use crate::output::{self, field, plain};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every schema: its name, subject, version and id
    List(Json),
    /// One schema, by its name or its topic's
    Show {
        /// device.sensor.gps.raw.v1, or device.sensor.gps.raw for the newest
        name: String,
        #[command(flatten)]
        json: Json,
    },
    /// Whether readers of NEW can read what was written by OLD; 1 where not
    Check {
        /// A file, or a registered schema's name
        old: String,
        /// A file, or a registered schema's name
        new: String,
        #[command(flatten)]
        json: Json,
    },
    /// Whether the JSON in a file fits a schema; 1 where not
    Validate {
        /// A registered schema's name
        name: String,
        /// - is standard input
        file: String,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(clap::Args)]
struct Json {
    /// JSON Lines, one object a row
    #[arg(long)]
    json: bool,
}

/// Only the answer in the registry's own shape has versions and ids.
const EVERY_VERSION: &str = "/schema-registry/schemas?latestOnly=false";

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let client = Client::open(context)?;
    match &args.what {
        What::List(json) => list(&client, json.json),
        What::Show { name, json } => {
            let found = client.get(&format!("/schema-registry/schemas/{}", encode(name)), &[])?;
            match json.json {
                true => output::line(&found.to_string()),
                false => output::line(&format!("{:#}", found["schema"])),
            }
            Ok(ExitCode::SUCCESS)
        }
        What::Check { old, new, json } => check(&client, old, new, json.json),
        What::Validate { name, file, json } => validate(&client, name, file, json.json),
    }
}

fn list(client: &Client, json: bool) -> Result<ExitCode> {
    let found = rows(json!({"schemas": client.get(EVERY_VERSION, &[])?}), "schemas")?;
    let named = |row: &Value| {
        let (subject, version) = (plain(&row["subject"]), plain(&row["version"]));
        let name = format!("{}.v{version}", subject.strip_suffix("-value").unwrap_or(&subject));
        json!({"name": name, "subject": subject, "version": row["version"], "id": row["id"], "guid": row["guid"]})
    };
    let found: Vec<Value> = found.iter().map(named).collect();
    output::rows(json, &found, &[field("NAME", "name"), field("VERSION", "version"), field("ID", "id"), field("SUBJECT", "subject")]);
    Ok(ExitCode::SUCCESS)
}

/// A file if there is one of this name, else a schema's name.
fn given(name: &str) -> Result<Value> {
    if !Path::new(name).is_file() {
        return Ok(name.into());
    }
    let text = std::fs::read_to_string(name).map_err(|e| Error::invalid(format!("{name} cannot be read as text")).because(e))?;
    let schema: Value = serde_json::from_str(&text).map_err(|e| Error::invalid(format!("{name} is not JSON: {e}")))?;
    match schema {
        Value::Object(_) | Value::Bool(_) => Ok(schema),
        _ => Err(Error::invalid(format!("{name} holds no schema: that is an object, or true or false"))),
    }
}

fn check(client: &Client, old: &str, new: &str, json: bool) -> Result<ExitCode> {
    let answer = client.post("/schema-registry/check", &json!({"old": given(old)?, "new": given(new)?}))?;
    let compatible = answer["compatible"] == true;
    if json {
        output::line(&answer.to_string());
    } else {
        let changes = rows(json!({"changes": answer["changes"]}), "changes")?;
        let breaks = Box::new(|row: &Value| if row["breaks"] == true { "breaks".to_string() } else { String::new() });
        output::rows(false, &changes, &[field("CHANGE", "kind"), field("WHERE", "path"), ("", breaks), field("WHAT IT MEANS", "says")]);
        output::line(if compatible { "compatible: old records can be read by the new schema" } else { "not compatible" });
        match (&answer["counter_example"], compatible) {
            (_, true) => {}
            (Value::Null, false) => output::line("no document that shows it was found, which does not prove that there is none"),
            (document, false) => output::line(&output::printable(&format!("taken by the old schema and refused by the new: {document}"))),
        }
    }
    Ok(ExitCode::from(u8::from(!compatible)))
}

fn validate(client: &Client, name: &str, file: &str, json: bool) -> Result<ExitCode> {
    let text = match file {
        "-" => std::io::read_to_string(std::io::stdin().lock()),
        file => std::fs::read_to_string(file),
    };
    let text = text.map_err(|e| Error::invalid(format!("{file} cannot be read as text")).because(e))?;
    let data: Value = serde_json::from_str(&text).map_err(|e| Error::invalid(format!("{file} is not JSON: {e}")))?;
    let answer = client.post("/schema-registry/validate", &json!({"schema_name": name, "data": data}))?;
    let valid = answer["valid"] == true;
    match json {
        true => output::line(&answer.to_string()),
        false if valid => output::line(&format!("valid: it fits {}", plain(&answer["schema_name"]))),
        false => rows(answer, "errors")?.iter().for_each(|e| output::line(&output::printable(&plain(e)))),
    }
    Ok(ExitCode::from(u8::from(!valid)))
}
