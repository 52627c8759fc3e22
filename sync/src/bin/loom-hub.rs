//! `loom-hub`: Loom for a self-hoster, over Kafka and TimescaleDB.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use loom_schemas::api::Check;
use loom_sync::doctor;
use loom_sync::settings::Settings;

/// Loom over Kafka and TimescaleDB. Settings: LOOM_KAFKA_BROKERS (host:port, separated by commas) and
/// LOOM_DATABASE_URL (postgres://user@host:5432/database).
#[derive(Parser)]
#[command(name = "loom-hub", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the pipeline, its monitor and the API over Kafka.
    Serve,
    /// Bring the database's tables to this version.
    Migrate,
    /// Check that broker and database can be reached.
    Doctor {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    let settings = Settings::read(|name| std::env::var(name).ok());
    match Cli::parse().command {
        Command::Doctor { json } => {
            let rows = doctor::checks(&settings);
            rows.iter().for_each(|row| print(row, json));
            if rows.iter().all(|r| r.state == "ok") { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Command::Serve => cannot("run the pipeline over Kafka"),
        Command::Migrate => cannot("make the database's tables"),
    }
}

fn cannot(what: &str) -> ExitCode {
    eprintln!("this version of loom-hub cannot {what} yet: it has `loom-hub doctor`, and `loom serve` runs the pipeline on one machine");
    ExitCode::FAILURE
}

fn print(row: &Check, json: bool) {
    if json {
        // A row of strings always serialises.
        println!("{}", serde_json::to_string(row).unwrap_or_default());
    } else {
        let fix = row.fix.as_ref().map(|f| format!("; {f}")).unwrap_or_default();
        println!("{:<5} {:<28} {}{fix}", row.state, row.check, row.message);
    }
}
