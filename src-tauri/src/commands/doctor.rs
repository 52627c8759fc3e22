//! `loom doctor`: whether everything Loom needs is there and well.

use std::process::ExitCode;

use loom_core::Result;
use serde_json::{Value, json};

use super::rows;
use crate::client::Client;
use crate::context::Context;
use crate::output::{self, field};

#[derive(clap::Args)]
pub struct Args {
    /// JSON Lines, one object a check
    #[arg(long)]
    json: bool,
}

/// Ends with 1 if a check fails. A folder that cannot be opened is a finding, not the end of the visit.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let asked = Client::open(context).and_then(|c| c.get("/api/doctor", &[])).and_then(|a| rows(a, "checks"));
    let checks =
        asked.unwrap_or_else(|e| vec![json!({"check": "data folder", "state": "fail", "message": e.message(), "fix": Value::Null})]);
    output::rows(
        args.json,
        &checks,
        &[field("CHECK", "check"), field("STATE", "state"), field("FINDING", "message"), field("WHAT TO DO", "fix")],
    );
    let failed = checks.iter().any(|c| c["state"] == "fail");
    Ok(ExitCode::from(u8::from(failed)))
}
