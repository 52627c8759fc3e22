//! `loom privacy`: masks what must not be seen in a text, offline; and the account of what the pipeline masked.

use std::io::Read;
use std::process::ExitCode;

use clap::Subcommand;
use loom_core::env::{Clock, System};
use loom_core::privacy::{self, Policy};
use loom_core::{Error, Result};
use serde_json::{Value, json};

use super::rows;
use crate::client::Client;
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
    /// Standard input with what must not be seen masked; byte for byte the same where nothing is found
    Filter {
        /// owner or shared [default: as the settings say]
        #[arg(long, value_name = "NAME")]
        policy: Option<String>,
    },
    /// What would be masked in standard input, and why
    Analyze {
        /// owner or shared [default: as the settings say]
        #[arg(long, value_name = "NAME")]
        policy: Option<String>,
        /// JSON Lines, one object a finding
        #[arg(long)]
        json: bool,
    },
    /// Erase for good what a device, a span of time or a search names, with all it came from
    Erase {
        /// Only this device's, by its UUID
        #[arg(long)]
        device: Option<String>,
        #[command(flatten)]
        between: Between,
        /// Lines that a search for this finds
        #[arg(long, value_name = "QUERY")]
        matching: Option<String>,
        /// Only say how much it would be
        #[arg(long)]
        dry_run: bool,
        /// One JSON object
        #[arg(long)]
        json: bool,
    },
    /// What the filter decided about the newest records
    Audit {
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1000))]
        limit: u64,
        /// JSON Lines, one object a decision
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let named = |policy: &Option<String>| Policy::named(policy.as_deref().unwrap_or(&context.settings.privacy_policy));
    match &args.what {
        What::Filter { policy } => output::write_out(privacy::filter(&input()?, &named(policy)?).as_bytes()),
        What::Analyze { policy, json } => {
            let findings = privacy::report(&input()?, &named(policy)?);
            let findings: Vec<Value> = findings.iter().filter_map(|f| serde_json::to_value(f).ok()).collect();
            let columns = [("KIND", "entity_type"), ("FROM", "start"), ("TO", "end"), ("SCORE", "score"), ("WHY", "why")];
            output::rows(*json, &findings, &columns.map(|(h, k)| field(h, k)));
        }
        What::Erase { device, between, matching, dry_run, json } => {
            let mut wish = json!({"device": device, "matching": matching, "dry_run": dry_run});
            for (bound, at) in between.query(System.now(), &context.settings.zone()?)? {
                wish[bound] = at.into();
            }
            let erased = Client::open(context)?.post("/privacy-filter/erase", &wish)?;
            let columns = [("LINES", "lines"), ("RECORDS", "records"), ("SECONDS OF SOUND", "audio_s")];
            output::rows(*json, &[erased], &columns.map(|(h, k)| field(h, k)));
            if *dry_run {
                output::complain("nothing was erased: without --dry-run this is what would be, and it cannot be undone");
            }
        }
        What::Audit { limit, json } => audit(&Client::open(context)?, *limit, *json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn input() -> Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).map_err(|e| Error::invalid("standard input cannot be read").because(e))?;
    String::from_utf8(bytes)
        .map_err(|_| Error::invalid("standard input is not UTF-8 text: convert it first, so that nothing in it is overlooked"))
}

fn audit(client: &Client, limit: u64, json: bool) -> Result<()> {
    let path = format!("/api/topics/{}/records", loom_core::bus::names::AUDIT);
    let answer = match client.get("/api/topics", &[])?["topics"].as_array() {
        Some(topics) if topics.iter().any(|t| t["topic"] == loom_core::bus::names::AUDIT) => {
            client.get(&path, &[("limit", limit.to_string())])?
        }
        // Nothing went through the filter yet.
        _ => return Ok(()),
    };
    let records = rows(answer, "records")?;
    let decisions = Box::new(|r: &Value| plain(&r["data"]["decisions"]));
    output::rows(json, &records, &[field("WHEN", "recorded_at"), ("DECISIONS", decisions)]);
    Ok(())
}
