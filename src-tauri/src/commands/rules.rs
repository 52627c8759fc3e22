//! `loom rules`: the event router's rules.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use loom_core::{Error, Result};
use serde_json::{Value, json};

use super::rows;
use crate::client::{Client, encode};
use crate::context::Context;
use crate::output::{self, field, plain};

const RULES: &str = "/event-router/rules";

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every rule with what it has done
    List {
        /// JSON Lines, one object a rule
        #[arg(long)]
        json: bool,
    },
    /// One rule, as JSON
    Show { id: String },
    /// Take in the rules in a file (one JSON object, or an array), in place of those with their ids
    Put {
        /// `-` is standard input
        file: PathBuf,
        /// These and no others
        #[arg(long)]
        replace: bool,
    },
    /// Try a rule on recent records; nothing is written
    Try {
        /// `-` is standard input
        file: PathBuf,
        /// How many of the newest records
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        /// JSON Lines, one object a record it matches or fails on
        #[arg(long)]
        json: bool,
    },
    /// Let a rule run
    Enable { id: String },
    /// Keep a rule and do not run it
    Disable { id: String },
    /// Take a rule away
    Remove { id: String },
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    // Read before anything is opened, so that a wrong file leaves no folder behind.
    let given = match &args.what {
        What::Put { file, .. } | What::Try { file, .. } => Some(read(file)?),
        _ => None,
    };
    let client = Client::open(context)?;
    let of = |id: &str| format!("{RULES}/{}", encode(id));
    match (&args.what, given) {
        (What::List { json }, _) => list(&client, *json)?,
        (What::Show { id }, _) => output::line(&pretty(&client.get(&of(id), &[])?)),
        (What::Put { replace: true, .. }, Some(given)) => kept(&client.put(RULES, &Value::Array(several(given)))?),
        (What::Put { .. }, Some(given)) => {
            for rule in several(given) {
                kept(&client.post(RULES, &rule)?);
            }
        }
        (What::Try { limit, json, .. }, Some(given)) => {
            tried(&client.post(&format!("{RULES}/try"), &json!({"rule": given, "limit": limit}))?, *json)?
        }
        (What::Enable { id }, _) => kept(&client.post(&format!("{}/enable", of(id)), &json!({}))?),
        (What::Disable { id }, _) => kept(&client.post(&format!("{}/disable", of(id)), &json!({}))?),
        (What::Remove { id }, _) => kept(&client.delete(&of(id))?),
        (What::Put { .. } | What::Try { .. }, None) => return Err(Error::bug("a file was not read")),
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &PathBuf) -> Result<Value> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().read_to_string(&mut text),
        _ => std::fs::File::open(file).and_then(|mut f| f.read_to_string(&mut text)),
    };
    read.map_err(|e| Error::invalid(format!("{} cannot be read", file.display())).because(e))?;
    serde_json::from_str(&text)
        .map_err(|e| Error::invalid(format!("{} is no JSON: line {}, column {}", file.display(), e.line(), e.column())))
}

fn several(given: Value) -> Vec<Value> {
    match given {
        Value::Array(rules) => rules,
        one => vec![one],
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

fn kept(answer: &Value) {
    output::line(&format!("{} rules, revision {}", plain(&answer["rules"]), plain(&answer["revision"])));
}

fn list(client: &Client, json: bool) -> Result<()> {
    let answer = client.get(RULES, &[])?;
    let trouble = answer["running"]["trouble"].as_str().map(str::to_string);
    let rules = rows(answer, "rules")?;
    let figure = |name: &'static str| Box::new(move |r: &Value| plain(&r["figures"][name]));
    let state = Box::new(|r: &Value| if r["enabled"] == json!(true) { "on" } else { "off" }.to_string());
    output::rows(
        json,
        &rules,
        &[
            field("RULE", "id"),
            ("STATE", state),
            field("PRIORITY", "priority"),
            ("MATCHED", figure("matched")),
            ("EMITTED", figure("emitted")),
            ("FAILED", figure("failed")),
            ("LAST FAILURE", figure("last_failure")),
        ],
    );
    if let Some(trouble) = trouble {
        output::complain(&trouble);
    }
    Ok(())
}

fn tried(answer: &Value, json: bool) -> Result<()> {
    let count = |name: &str| plain(&answer[name]);
    for o in answer["objections"].as_array().into_iter().flatten() {
        output::complain(&format!("it would not be taken: {} needs {}", plain(&o["pointer"]), plain(&o["expected"])));
    }
    let rows = rows(answer.clone(), "records")?;
    let outputs = Box::new(|r: &Value| {
        let topics = r["outputs"].as_array().into_iter().flatten().map(|o| plain(&o["topic"]));
        topics.collect::<Vec<_>>().join(", ")
    });
    let of = |name: &'static str| Box::new(move |r: &Value| plain(&r["record"][name]));
    output::rows(json, &rows, &[("TOPIC", of("topic")), ("OFFSET", of("offset")), ("WOULD GO TO", outputs), field("FAILURE", "failure")]);
    let said = format!(
        "of {} records it takes {}, writes {} and fails on {}",
        count("looked_at"),
        count("matched"),
        count("would_emit"),
        count("would_fail")
    );
    if json {
        output::complain(&said)
    } else {
        output::line(&said)
    }
    Ok(())
}
