//! `loom devices`: who sends to this Loom, putting one out, and which of them are one person's.

use std::process::ExitCode;

use clap::Subcommand;
use loom_core::Result;
use serde_json::{Value, json};

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
    /// Devices are one person's, each with each other
    Link {
        /// Their ids, or the names they came under
        #[arg(required = true, num_args = 2..)]
        ids: Vec<String>,
        /// How sure it is, from 0 to 1
        #[arg(long, default_value_t = 1.0)]
        confidence: f64,
        /// JSON Lines, one object a device of the group
        #[arg(long)]
        json: bool,
    },
    /// Takes back what links a device, to one other or to all
    Unlink {
        /// Its id, or the name it came under
        id: String,
        /// Only the links to this one
        other: Option<String>,
        /// JSON Lines, one object a link that was taken back
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
        ("GROUP", "group_id"),
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
        What::Link { ids, confidence, json } => {
            let linked = client.post("/device-identity/link", &json!({"device_ids": ids, "confidence_score": confidence}))?;
            output::rows(*json, &rows(linked, "devices")?, &columns);
        }
        What::Unlink { id, other, json } => {
            let gone = unlinked(&client, id, other.as_deref())?;
            let columns = [("DEVICES", "device_ids"), ("EVIDENCE", "evidence"), ("CONFIDENCE", "confidence_score")];
            output::rows(*json, &gone, &columns.map(|(h, k)| field(h, k)));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes links back; those it were.
fn unlinked(client: &Client, id: &str, other: Option<&str>) -> Result<Vec<Value>> {
    let Some(other) = other else { return rows(client.delete(&format!("/device-identity/devices/{}/linked", encode(id)))?, "links") };
    let other = client.get(&format!("/devices/{}", encode(other)), &[])?["device_id"].clone();
    let links = rows(client.get("/device-identity/links", &[("device_id", id.to_string())])?, "links")?;
    let theirs = links.iter().filter(|l| l["device_ids"].as_array().is_some_and(|ids| ids.contains(&other)));
    theirs.filter_map(|l| l["link_id"].as_str()).map(|link| client.delete(&format!("/device-identity/links/{link}"))).collect()
}
