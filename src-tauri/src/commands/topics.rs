//! `loom topics`: the log's topics, and what is on them.

use std::io::{self, BufRead};
use std::process::ExitCode;
use std::time::Duration;

use clap::Subcommand;
use loom_core::{Error, Result};
use serde_json::Value;

use super::rows;
use crate::client::{Client, encode};
use crate::context::Context;
use crate::output::{self, Column, field, plain};

#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Every topic with its size
    List(Json),
    /// One topic
    Describe {
        topic: String,
        #[command(flatten)]
        json: Json,
    },
    /// Its newest records, ending at the present end
    Tail(Tail),
    /// Append records: JSON on standard input, one a line, `{"data": {…}}`
    Produce {
        topic: String,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(clap::Args)]
struct Json {
    /// JSON Lines, one object a row
    #[arg(long)]
    json: bool,
}

#[derive(clap::Args)]
struct Tail {
    topic: String,
    /// From the oldest record that is kept
    #[arg(long)]
    from_beginning: bool,
    /// How many at most [default: the newest 10, or all with --from-beginning or --follow]
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Go on with what comes
    #[arg(long)]
    follow: bool,
    #[arg(long, default_value_t = 0)]
    partition: u32,
    #[command(flatten)]
    json: Json,
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let client = Client::open(context)?;
    match &args.what {
        What::List(json) => {
            let found = rows(client.get("/api/topics", &[])?, "topics")?;
            output::rows(json.json, &found, &columns());
        }
        What::Describe { topic, json } => {
            let found = client.get(&path(topic), &[])?;
            output::rows(json.json, &[found], &columns());
        }
        What::Tail(t) => tail(t, &client)?,
        What::Produce { topic, json } => return produce(&client, topic, json.json),
    }
    Ok(ExitCode::SUCCESS)
}

fn path(topic: &str) -> String {
    format!("/api/topics/{}", encode(topic))
}

fn columns<'a>() -> [Column<'a>; 7] {
    [
        ("TOPIC", "topic"),
        ("RECORDS", "records"),
        ("LOW", "low"),
        ("HIGH", "high"),
        ("BYTES", "bytes"),
        ("CLASS", "class"),
        ("SCHEMA", "schema"),
    ]
    .map(|(heading, key)| field(heading, key))
}

/// Records in one question.
const PAGE: u64 = 500;
const BETWEEN_LOOKS: Duration = Duration::from_millis(250);

fn tail(t: &Tail, client: &Client) -> Result<()> {
    let path = format!("{}/records", path(&t.topic));
    let mut left = t.limit.unwrap_or(if t.from_beginning || t.follow { u64::MAX } else { 10 });
    // Without --from-beginning the first question is for the newest few; from there on by offset.
    let first = if t.from_beginning { ("from_beginning", "true".to_string()) } else { ("from_beginning", "false".to_string()) };
    let newest = if t.from_beginning { PAGE.min(left) } else { left.min(if t.limit.is_some() { 1000 } else { 10 }) };
    let mut query = vec![first, ("limit", newest.to_string())];
    loop {
        query.push(("partition", t.partition.to_string()));
        let answer = client.get(&path, &query)?;
        let (next, end) = (answer["next"].as_u64().unwrap_or(0), answer["end"].as_u64().unwrap_or(0));
        let records = rows(answer, "records")?;
        print(&records, t.json.json);
        left = left.saturating_sub(records.len() as u64);
        if left == 0 || (next >= end && !t.follow) {
            return Ok(());
        }
        if next >= end {
            if !client.is_running() {
                output::complain("no Loom runs on this data folder, so nothing new will come: start one with `loom serve`");
                return Ok(());
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        query = vec![("from", next.to_string()), ("limit", PAGE.min(left).to_string())];
    }
}

fn print(records: &[Value], json: bool) {
    for r in records {
        output::line(&match json {
            true => r.to_string(),
            false => output::printable(&format!("{:>8}  {}  {}", plain(&r["offset"]), plain(&r["recorded_at"]), r["data"])),
        });
    }
}

/// A line that is refused is named by its number; the others are taken.
fn produce(client: &Client, topic: &str, json: bool) -> Result<ExitCode> {
    let path = format!("{}/records", path(topic));
    let mut failed = false;
    for (number, text) in (1..).zip(io::stdin().lock().lines()) {
        let text = text.map_err(|e| Error::invalid("standard input is not UTF-8 text: send JSON, one record a line").because(e))?;
        if text.trim().is_empty() {
            continue;
        }
        let taken = serde_json::from_str(&text).map_err(|_| Error::invalid("it is not JSON")).and_then(|v: Value| match v {
            Value::Object(_) => client.post(&path, &v),
            _ => Err(Error::invalid("a record is an object with `data`")),
        });
        match taken {
            Ok(row) => output::rows(json, &[row], &[field("OFFSET", "offset"), field("MESSAGE ID", "message_id")]),
            Err(e) => {
                failed = true;
                output::complain(&format!("line {number}: {e}"));
            }
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}
