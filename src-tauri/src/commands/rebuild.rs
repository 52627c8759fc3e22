//! `loom rebuild`: a store that is made from the log is made again.

use std::process::ExitCode;

use clap::ValueEnum;
use loom_core::Result;
use serde_json::json;

use crate::client::Client;
use crate::context::Context;
use crate::output::{self, field};

#[derive(clap::Args)]
pub struct Args {
    #[arg(value_enum)]
    store: Store,
    /// JSON Lines
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Store {
    /// Lines and their search
    Timeline,
    /// Counts by the minute
    Analytics,
}

/// Done at once by the running Loom; one that stands still does it at its next start.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let name = match args.store {
        Store::Timeline => "timeline",
        Store::Analytics => "analytics",
    };
    let answer = Client::open(context)?.post(&format!("/api/stores/{name}/rebuild"), &json!({}))?;
    output::rows(args.json, &[answer], &[field("STORE", "store"), field("STATUS", "status")]);
    Ok(ExitCode::SUCCESS)
}
