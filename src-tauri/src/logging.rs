//! `logs/loom.jsonl`: JSON lines, each with a trace id, never with a value; a full file makes room for a new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use loom_core::env::{Clock, Entropy, System};
use loom_core::{Error, Result};
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// A file that reaches this is put aside.
const FILE_BYTES: u64 = 10 << 20;
/// How many are kept aside.
const KEPT: usize = 4;

/// Logs of this process go to `folder` from now on. `LOOM_LOG` says what is wanted, `info` unless told.
pub fn start(folder: &Path) -> Result<()> {
    let cannot = |e: io::Error| Error::stop("logs/ cannot be written in the data folder: is the disk full?").because(e);
    fs::create_dir_all(folder).map_err(cannot)?;
    let mut id = [0; 16];
    System.fill(&mut id);
    let own = id.iter().map(|b| format!("{b:02x}")).collect();
    let lines = Lines { file: Mutex::new(Rotating::open(folder).map_err(cannot)?), own_trace: own };
    let wanted = EnvFilter::try_from_env("LOOM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // A second start in one process keeps the first.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(wanted).with(lines));
    Ok(())
}

struct Lines {
    file: Mutex<Rotating>,
    /// Of events that belong to no request or record: this run of the program.
    own_trace: String,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let mut line = Map::new();
        line.insert("time".into(), System.now().to_string().into());
        line.insert("level".into(), event.metadata().level().as_str().to_lowercase().into());
        line.insert("target".into(), event.metadata().target().into());
        line.insert("trace_id".into(), fields.0.remove("trace_id").unwrap_or_else(|| self.own_trace.clone().into()));
        line.append(&mut fields.0);
        // A log that cannot be written stops nobody.
        let _ = self.file.lock().unwrap_or_else(PoisonError::into_inner).line(&Value::Object(line).to_string());
    }
}

struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().into(), format!("{value:?}").into());
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.insert(field.name().into(), json!(value));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().into(), value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().into(), value.into());
    }
}

/// `loom.jsonl`, and `loom.1.jsonl` (the newest) to `loom.4.jsonl` behind it.
struct Rotating {
    folder: PathBuf,
    file: File,
    bytes: u64,
}

impl Rotating {
    fn open(folder: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(folder.join("loom.jsonl"))?;
        let bytes = file.metadata()?.len();
        Ok(Self { folder: folder.into(), file, bytes })
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        if self.bytes >= FILE_BYTES {
            self.rotate()?;
        }
        self.bytes += text.len() as u64 + 1;
        self.file.write_all(format!("{text}\n").as_bytes())
    }

    fn rotate(&mut self) -> io::Result<()> {
        let aside = |n: usize| self.folder.join(format!("loom.{n}.jsonl"));
        for n in (1..KEPT).rev().filter(|n| aside(*n).exists()) {
            fs::rename(aside(n), aside(n + 1))?;
        }
        fs::rename(self.folder.join("loom.jsonl"), aside(1))?;
        *self = Self::open(&self.folder.clone())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_json_lines_with_a_trace() {
        let t = tempfile::tempdir().unwrap();
        let lines = Lines { file: Mutex::new(Rotating::open(t.path()).unwrap()), own_trace: "00ff".into() };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            tracing::info!(trace_id = "ab", status = 200u16, ms = 0.5, "request");
            tracing::warn!("said \"so\"");
        });
        let text = fs::read_to_string(t.path().join("loom.jsonl")).unwrap();
        let rows: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!((&rows[0]["trace_id"], &rows[0]["status"], &rows[0]["message"]), (&json!("ab"), &json!(200), &json!("request")));
        assert_eq!((&rows[1]["trace_id"], &rows[1]["level"], &rows[1]["message"]), (&json!("00ff"), &json!("warn"), &json!("said \"so\"")));
        assert!(rows[0]["time"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn full_files_are_put_aside_and_the_oldest_goes() {
        let t = tempfile::tempdir().unwrap();
        let mut file = Rotating::open(t.path()).unwrap();
        for n in 0..KEPT + 2 {
            file.line(&n.to_string()).unwrap();
            file.bytes = FILE_BYTES;
        }
        let read = |name: &str| fs::read_to_string(t.path().join(name)).unwrap();
        assert_eq!(read("loom.jsonl"), "5\n");
        assert_eq!((read("loom.1.jsonl"), read("loom.4.jsonl")), ("4\n".into(), "1\n".into()));
        assert_eq!(fs::read_dir(t.path()).unwrap().count(), KEPT + 1);
    }
}
