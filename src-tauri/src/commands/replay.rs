//! `loom replay`: records of the past once more, into a topic or a group.

use std::process::ExitCode;
use std::time::Duration;

use loom_core::env::{Clock, System};
use loom_core::{Error, Result};
use serde_json::{Value, json};

use crate::client::{Client, encode};
use crate::context::Context;
use crate::output::{self, field, plain};
use crate::when::Between;

/// Between looks at how far it is.
const LOOK: Duration = Duration::from_millis(200);

#[derive(clap::Args)]
pub struct Args {
    topic: String,
    #[command(flatten)]
    between: Between,
    /// Only this device's, by its UUID or the name it came under
    #[arg(long)]
    device: Option<String>,
    /// From this offset on
    #[arg(long, value_name = "OFFSET")]
    offset_from: Option<u64>,
    /// Up to this offset, which is not wanted any more
    #[arg(long, value_name = "OFFSET")]
    offset_to: Option<u64>,
    /// A topic that gets copies, or a group that reads them again [default: the topic itself]
    #[arg(long, value_name = "GROUP|TOPIC")]
    into: Option<String>,
    /// Records a second at most
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    rate: Option<u32>,
    /// Say what it would do
    #[arg(long)]
    dry_run: bool,
    /// JSON Lines
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let mut wish = json!({"topic": args.topic, "dry_run": args.dry_run});
    for (name, text) in args.between.query(System.now(), &context.settings.zone()?)? {
        wish[name] = text.into();
    }
    let numbers = [("offset_from", args.offset_from), ("offset_to", args.offset_to), ("rate", args.rate.map(u64::from))];
    numbers.into_iter().filter_map(|(k, v)| Some((k, v?))).for_each(|(k, v)| wish[k] = v.into());
    let texts = [("device", &args.device), ("into", &args.into)];
    texts.into_iter().filter_map(|(k, v)| Some((k, v.as_ref()?))).for_each(|(k, v)| wish[k] = v.as_str().into());
    let client = Client::open(context)?;
    let mut replay = client.post("/event-router/replay", &wish)?;
    while replay["state"] == "running" {
        output::progress(&format!("{} of {} offsets", plain(&replay["looked_at"]), plain(&replay["offsets"])));
        std::thread::sleep(LOOK);
        replay = client.get(&format!("/event-router/replays/{}", encode(&plain(&replay["id"]))), &[])?;
    }
    output::progress("");
    show(&replay, args.json);
    match replay["state"].as_str() {
        Some("failed") => Err(Error::invalid(plain(&replay["reason"]))),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn show(replay: &Value, json: bool) {
    let columns = [("INTO", "into"), ("STATE", "state"), ("LOOKED AT", "looked_at"), ("COPIED", "copied"), ("THERE BEFORE", "repeats")];
    let more = [("LEFT OUT", "left_out"), ("WHY", "reason")];
    let columns: Vec<_> = columns.into_iter().chain(more).map(|(h, k)| field(h, k)).collect();
    output::rows(json, std::slice::from_ref(replay), &columns);
}
