//! `loom dlq`: what stages could not take, and giving it to them once more.

use std::process::ExitCode;

use clap::Subcommand;
use loom_core::Result;
use loom_core::env::{Clock, System};
use serde_json::{Value, json};

use super::rows;
use crate::client::{Client, encode};
use crate::context::Context;
use crate::output::{self, field, plain};
use crate::when::Between;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Topics with dead letters
    List {
        /// JSON Lines, one object a row
        #[arg(long)]
        json: bool,
    },
    /// A topic's dead letters, with the reasons
    Show {
        /// With or without .dlq
        topic: String,
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
        limit: u64,
        /// JSON Lines, one object a letter
        #[arg(long)]
        json: bool,
    },
    /// Put the originals on their topic again; doing it twice puts nothing there twice
    Redrive {
        /// With or without .dlq
        topic: String,
        /// Only the letter at this offset; may be given several times
        #[arg(long)]
        offset: Vec<u64>,
        /// Only what this group could not take
        #[arg(long)]
        group: Option<String>,
        /// Only of this kind: skip, invalid or bug
        #[arg(long)]
        kind: Option<String>,
        /// Only what was set aside between these
        #[command(flatten)]
        between: Between,
        /// Say what it would do
        #[arg(long)]
        dry_run: bool,
        /// Those too that were given back three times and failed each time
        #[arg(long)]
        force: bool,
        /// JSON Lines, with a result a letter
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let client = Client::open(context)?;
    match &args.what {
        What::List { json } => {
            let found = rows(client.get("/api/dlq", &[])?, "topics")?;
            output::rows(*json, &found, &[field("TOPIC", "topic"), field("LETTERS", "records"), field("NEWEST", "last_received_at")]);
        }
        What::Show { topic, limit, json } => show(&client, topic, *limit, *json)?,
        What::Redrive { topic, offset, group, kind, between, dry_run, force, json } => {
            let mut which = json!({"dry_run": dry_run, "force": force});
            for (name, text) in between.query(System.now(), &context.settings.zone()?)? {
                which[name] = text.into();
            }
            let texts = [("group", group), ("error_kind", kind)];
            texts.into_iter().filter_map(|(k, v)| Some((k, v.as_ref()?))).for_each(|(k, v)| which[k] = v.as_str().into());
            if !offset.is_empty() {
                which["offsets"] = json!(offset);
            }
            redriven(&client.post(&format!("/api/dlq/{}/redrive", encode(topic)), &which)?, *json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn redriven(done: &Value, json: bool) -> Result<()> {
    if json {
        output::rows(true, std::slice::from_ref(done), &[]);
        return Ok(());
    }
    let columns = [("OFFSET", "offset"), ("RESULT", "result"), ("TIMES", "times"), ("WHY", "reason")];
    output::rows(false, &rows(done.clone(), "items")?, &columns.map(|(h, k)| field(h, k)));
    let count = |name: &str| plain(&done[name]);
    output::line(&format!("{} redriven, {} there before, {} skipped", count("redriven"), count("repeats"), count("skipped")));
    Ok(())
}

fn show(client: &Client, topic: &str, limit: u64, json: bool) -> Result<()> {
    let mut found: Vec<Value> = Vec::new();
    let mut from = 0;
    while (found.len() as u64) < limit {
        let page = (limit - found.len() as u64).min(1000);
        let answer = client.get(&format!("/api/dlq/{}", encode(topic)), &[("from", from.to_string()), ("limit", page.to_string())])?;
        from = answer["next"].as_u64().unwrap_or(0);
        let end = answer["end"].as_u64().unwrap_or(0);
        let letters = rows(answer, "letters")?;
        let over = letters.is_empty() || from >= end;
        found.extend(letters);
        if over {
            break;
        }
    }
    let columns = [
        ("OFFSET", "offset"),
        ("WHEN", "last_at"),
        ("GROUP", "group"),
        ("KIND", "error_kind"),
        ("ATTEMPTS", "attempts"),
        ("WHY", "message"),
    ];
    output::rows(json, &found, &columns.map(|(h, k)| field(h, k)));
    Ok(())
}
