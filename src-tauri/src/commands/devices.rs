//! `loom devices`: who sends to this Loom, and putting one out.

use std::process::ExitCode;

use clap::Subcommand;
use loom_core::Result;

use super::rows;
use crate::client::{Client, encode};
use crate::context::Context;
use crate::output::{self, field};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every device that ever sent something
    List {
        /// JSON Lines, one object a device
        #[arg(long)]
        json: bool,
    },
    /// From now on a device may send nothing; what it sent stays
    Revoke {
        /// Its id, or the name it came under
        id: String,
        /// JSON Lines
        #[arg(long)]
        json: bool,
    },
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let client = Client::open(context)?;
    let columns = [
        ("DEVICE", "device_id"),
        ("ALIAS", "alias"),
        ("NAME", "name"),
        ("TYPE", "device_type"),
        ("LAST SEEN", "last_seen_at"),
        ("REVOKED", "revoked_at"),
    ];
    let columns = columns.map(|(h, k)| field(h, k));
    match &args.what {
        What::List { json } => output::rows(*json, &rows(client.get("/devices", &[])?, "devices")?, &columns),
        What::Revoke { id, json } => {
            let device = client.delete(&format!("/devices/{}", encode(id)))?;
            output::rows(*json, std::slice::from_ref(&device), &columns);
        }
    }
    Ok(ExitCode::SUCCESS)
}
