//! `loom groups`: who reads what, how far behind, and moving one.

use std::process::ExitCode;

use clap::Subcommand;
use loom_core::Result;
use loom_core::env::{Clock, System};
use serde_json::{Value, json};

use super::rows;
use crate::client::{Client, encode};
use crate::context::Context;
use crate::output::{self, Column, field};
use crate::when::When;

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every group with its lag
    List {
        /// JSON Lines, one object a row
        #[arg(long)]
        json: bool,
    },
    /// One group, with its members and offsets
    Describe {
        group: String,
        /// JSON Lines
        #[arg(long)]
        json: bool,
    },
    /// Read again from somewhere else; only while nobody runs the group
    Reset(Reset),
}

#[derive(clap::Args)]
struct Reset {
    group: String,
    /// From the oldest record that is kept
    #[arg(long, conflicts_with_all = ["to_end", "to"], required_unless_present_any = ["to_end", "to"])]
    to_beginning: bool,
    /// Pass over everything there is
    #[arg(long, conflicts_with = "to")]
    to_end: bool,
    /// From what was received at this time on: RFC 3339, a local date, or -2h
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    to: Option<When>,
    /// JSON Lines
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let client = Client::open(context)?;
    match &args.what {
        What::List { json } => {
            let found = rows(client.get("/api/groups", &[])?, "groups")?;
            output::rows(*json, &found, &columns());
        }
        What::Describe { group, json } => show(&client.get(&path(group), &[])?, *json),
        What::Reset(r) => {
            let to = match (r.to_beginning, r.to) {
                (true, _) => "beginning".to_string(),
                (false, Some(when)) => when.start(System.now(), &context.settings.zone()?)?.to_string(),
                (false, None) => "end".to_string(),
            };
            show(&client.post(&format!("{}/reset", path(&r.group)), &json!({ "to": to }))?, r.json);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn path(group: &str) -> String {
    format!("/api/groups/{}", encode(group))
}

fn columns<'a>() -> [Column<'a>; 5] {
    [("GROUP", "group"), ("STATE", "state"), ("MEMBERS", "members"), ("LAG", "lag"), ("TOPICS", "topics")].map(|(h, k)| field(h, k))
}

fn show(group: &Value, json: bool) {
    output::rows(json, std::slice::from_ref(group), &columns());
    if !json {
        let part = |name: &str| group[name].as_array().cloned().unwrap_or_default();
        let offsets = [("TOPIC", "topic"), ("PARTITION", "partition"), ("COMMITTED", "committed"), ("END", "end"), ("LAG", "lag")];
        output::line("");
        output::rows(false, &part("offsets"), &offsets.map(|(h, k)| field(h, k)));
        let members = [("MEMBER", "id"), ("HOST", "host"), ("JOINED", "joined_at"), ("LAST HEARTBEAT", "last_heartbeat")];
        output::line("");
        output::rows(false, &part("member_list"), &members.map(|(h, k)| field(h, k)));
    }
}
