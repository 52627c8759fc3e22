//! `loom search`: what was said, best first.

use std::process::ExitCode;

use loom_core::Result;
use loom_core::env::{Clock, System};

use super::rows;
use crate::client::Client;
use crate::context::Context;
use crate::output::{self, field, plain};
use crate::when::Between;

#[derive(clap::Args)]
pub struct Args {
    /// Words that must all occur; quotes make a phrase
    #[arg(required = true, num_args = 1..)]
    query: Vec<String>,
    #[command(flatten)]
    between: Between,
    /// Only this device's, by its UUID
    #[arg(long)]
    device: Option<String>,
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: u16,
    /// JSON Lines, one object a hit
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let mut query = args.between.query(System.now(), &context.settings.zone()?)?;
    query.push(("q", args.query.join(" ")));
    query.push(("limit", args.limit.to_string()));
    query.extend(args.device.iter().map(|d| ("device", d.clone())));
    let answer = Client::open(context)?.get("/api/timeline/search", &query)?;
    let capped = answer["capped"].as_bool() == Some(true);
    let hits = rows(answer, "hits")?;
    let local = Box::new(|r: &serde_json::Value| context.local(&plain(&r["recorded_at"])));
    let seconds = Box::new(|r: &serde_json::Value| r["duration_s"].as_f64().map_or_else(String::new, |s| format!("{s:.1}")));
    output::rows(args.json, &hits, &[("WHEN", local), ("SECONDS", seconds), field("SAID", "snippet")]);
    if capped {
        output::complain("only the newest matches were ranked: narrow the search by another word, --from or --to to see older ones");
    }
    if hits.is_empty() && !args.json {
        output::complain("nothing was found");
    }
    Ok(ExitCode::SUCCESS)
}
