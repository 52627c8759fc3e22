//! `loom export`: the timeline as you see it, or a topic that may leave, for other programs.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use loom_core::env::{Clock, System};
use loom_core::store::analytics::{Rows, parquet};
use loom_core::{Error, Result};

use crate::client::{Client, encode};
use crate::context::Context;
use crate::output;
use crate::when::Between;

#[derive(clap::Args)]
pub struct Args {
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
    #[command(flatten)]
    between: Between,
    /// A shared topic's records, as jsonl, csv or parquet, in place of the timeline
    #[arg(long)]
    topic: Option<String>,
    /// Only lines that a search for this finds
    #[arg(long, value_name = "QUERY", conflicts_with = "topic")]
    matching: Option<String>,
    /// Only this device's, by its UUID
    #[arg(long, conflicts_with = "topic")]
    device: Option<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Jsonl,
    Csv,
    Parquet,
    Md,
    Srt,
    Vtt,
}

impl Format {
    /// As the API calls it: Parquet is made here, of JSON Lines.
    fn asked(self) -> &'static str {
        match self {
            Format::Jsonl | Format::Parquet => "jsonl",
            Format::Csv => "csv",
            Format::Md => "md",
            Format::Srt => "srt",
            Format::Vtt => "vtt",
        }
    }
}

/// To standard output, as it comes.
pub fn run(args: &Args, context: &Context) -> Result<ExitCode> {
    let mut query = args.between.query(System.now(), &context.settings.zone()?)?;
    query.push(("format", args.format.asked().into()));
    query.extend(args.matching.iter().map(|q| ("q", q.clone())));
    query.extend(args.device.iter().map(|d| ("device", d.clone())));
    let (path, rows) = match &args.topic {
        Some(topic) => (format!("/api/topics/{}/export", encode(topic)), Rows::Records),
        None => ("/api/timeline/export".into(), Rows::Lines),
    };
    let client = Client::open(context)?;
    if args.format == Format::Parquet {
        return as_parquet(&client, &path, &query, rows, context.dir.path());
    }
    client.stream(&path, &query, &mut |piece| {
        output::write_out(piece);
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn as_parquet(client: &Client, path: &str, query: &[(&str, String)], rows: Rows, folder: &Path) -> Result<ExitCode> {
    let scratch = |ending: &str| Scratch(folder.join(format!("export-{}.{ending}", std::process::id())));
    let (jsonl, table) = (scratch("jsonl"), scratch("parquet"));
    let full = |e: std::io::Error| Error::stop("the data folder takes no more: free some space on its disk").because(e);
    let mut file = jsonl.make()?;
    client.stream(path, query, &mut |piece| file.write_all(piece).map_err(full))?;
    drop(table.make()?);
    parquet(&jsonl.0, &table.0, rows)?;
    let mut file = File::open(&table.0).map_err(full)?;
    let mut piece = vec![0; 1 << 16];
    loop {
        match file.read(&mut piece).map_err(full)? {
            0 => return Ok(ExitCode::SUCCESS),
            n => output::write_out(&piece[..n]),
        }
    }
}

/// A file of the moment, readable by its owner alone, gone with the command.
struct Scratch(PathBuf);

impl Scratch {
    fn make(&self) -> Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&self.0).map_err(|e| Error::stop("the data folder takes no files: check its disk and permissions").because(e))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left is the owner's alone, and the next of this name takes its place.
        let _ = std::fs::remove_file(&self.0);
    }
}
