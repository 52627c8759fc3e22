//! `loom models`: which model files there are; fetching, verifying and removing them.

use std::process::ExitCode;

use clap::Subcommand;
use loom_core::{Error, Result};
use loom_models::{Models, Progress, Status};
use serde_json::{Value, json};

use crate::context::Context;
use crate::output::{self, field};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every model and native library that Loom knows
    List {
        /// JSON Lines, one object a model
        #[arg(long)]
        json: bool,
    },
    /// Fetch one
    Pull { id: String },
    /// Compare every file that is there with its checksum
    Verify {
        /// JSON Lines, one object a model
        #[arg(long)]
        json: bool,
    },
    /// Delete one that Loom fetched
    Remove { id: String },
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let models = Models::find(Some(context.dir.path()));
    let failed = |e: loom_models::Error| Error::invalid(e.to_string());
    match &args.what {
        What::List { json } => {
            let found: Vec<Value> = models.list().iter().map(row).collect();
            output::rows(
                *json,
                &found,
                &[field("ID", "id"), field("STATE", "state"), field("BYTES", "bytes"), field("WHAT", "description")],
            );
        }
        What::Pull { id } => {
            models.ensure(&[id.as_str()], &mut |p| output::progress(&step(p))).map_err(failed)?;
            output::complain(&format!("{id} is there and whole"));
        }
        What::Verify { json } => return Ok(verify(&models, *json)),
        What::Remove { id } => {
            let freed = models.remove(id).map_err(failed)?;
            output::complain(&format!("{freed} bytes were freed"));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn step(p: Progress) -> String {
    let percent = (p.done * 100).checked_div(p.total).map_or_else(String::new, |n| format!(" {n} %"));
    format!("{}: {:?}{percent}", p.id, p.step)
}

fn row(s: &Status) -> Value {
    json!({"id": s.id, "description": s.what, "licence": s.licence, "default": s.default, "state": s.state.as_str(), "bytes": s.bytes,
        "folder": s.folder, "problem": s.problem})
}

/// Ends with 1 if one that is there is damaged.
fn verify(models: &Models, json: bool) -> ExitCode {
    let there = models.list().into_iter().filter(|s| s.folder.is_some() || s.problem.is_some());
    let checked: Vec<Value> = there
        .map(|s| match models.verify(s.id) {
            Ok(()) => json!({"id": s.id, "state": "ok", "problem": null}),
            Err(e) => json!({"id": s.id, "state": "damaged", "problem": e.to_string()}),
        })
        .collect();
    output::rows(json, &checked, &[field("ID", "id"), field("STATE", "state"), field("PROBLEM", "problem")]);
    ExitCode::from(u8::from(checked.iter().any(|c| c["state"] != "ok")))
}
