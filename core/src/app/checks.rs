//! What `loom doctor` looks at.

use std::net::TcpListener;

use loom_schemas::api::{Action, Check};
use loom_schemas::live::Listening;

use super::App;
use crate::keys::Place;

impl App {
    /// Every check, each with what to do where it is not well. May take a second: the database is gone through.
    pub fn checks(&self) -> Vec<Check> {
        let mut all = vec![self.microphone(), self.database(), self.key(), self.disk(), self.port(), self.clock(), sync()];
        all.splice(1..1, self.models.list().into_iter().filter(|m| m.default).map(model));
        all.extend(self.pipeline());
        // Whoever attends the desk knows better where both look.
        let desk = self.desk.says();
        all.retain(|c| desk.iter().all(|d| d.check != c.check));
        all.extend(desk);
        all
    }

    fn microphone(&self) -> Check {
        if self.microphone.is_none() {
            return ok("microphone", "not asked for: this Loom takes recordings only");
        }
        let now = self.live.capture.borrow().clone();
        let name = now.device.unwrap_or_else(|| "the microphone".into());
        let message = now.message.unwrap_or_default();
        match now.state {
            Listening::Off => self.microphone_at_rest(),
            Listening::Listening => ok("microphone", &format!("listening to “{name}”")),
            Listening::Paused => {
                let paused = ok("microphone", &format!("“{name}” is paused: nothing is read from it"));
                pressing(paused, "Listen again", "/api/capture/resume")
            }
            Listening::Lost => warn("microphone", &message, "plug it in again, or choose another one"),
            Listening::None => warn("microphone", &message, "connect a microphone, or allow Loom the one there is"),
            Listening::Refused => fail("microphone", &message, "free the microphone, or allow Loom to use it"),
            Listening::Full => fail("microphone", &message, "free some space on the disk with the data folder"),
        }
    }

    /// While Loom stands still nothing is opened: which ones there are is all that can be said.
    fn microphone_at_rest(&self) -> Check {
        let found = self.listen.devices().unwrap_or_default();
        match found.first() {
            Some(first) => ok("microphone", &format!("“{}” is there, and {} in all; `loom serve` listens", first.name, found.len())),
            None => warn("microphone", "no microphone is there", "connect one; Loom then listens by itself"),
        }
    }

    fn database(&self) -> Check {
        match self.db.check() {
            Ok(()) => ok("database", "loom.db is whole"),
            Err(e) => fail("database", &e.to_string(), "restore a backup, or move loom.db aside and start anew"),
        }
    }

    fn key(&self) -> Check {
        match self.key_place {
            Place::Keyring => ok("keys", "the database's key is in the system's keyring"),
            Place::File => ok("keys", "the database's key is in keys/ of the data folder, readable by you alone: keep a copy of it"),
        }
    }

    fn disk(&self) -> Check {
        match self.db.may_grow() {
            Ok(()) => ok("disk", "there is room to go on"),
            Err(e) => fail("disk", &e.to_string(), "free some space on the disk with the data folder"),
        }
    }

    /// The running instance itself holds the port; another program may hold it while Loom stands still.
    fn port(&self) -> Check {
        let port = self.settings.port;
        let ours = crate::data_dir::DataDir::at(&self.data_dir).address().is_some();
        if port == 0 || ours || TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return ok("port", "the HTTP port can be had");
        }
        warn("port", &format!("port {port} is taken by another program"), "set LOOM_PORT to another one, or to 0 to pick one")
    }

    fn clock(&self) -> Check {
        match self.bus.watermark() {
            Ok(newest) if newest.plus(-60.0) > self.clock.now() => {
                warn("clock", "the clock stands before what is already on the log: it was set back", "set the system's clock")
            }
            Ok(_) => ok("clock", "the clock agrees with the log"),
            Err(e) => fail("clock", &e.to_string(), "look at the database check above"),
        }
    }

    fn pipeline(&self) -> Vec<Check> {
        let probes = self.probes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let troubled = probes.iter().filter_map(|p| Some((p.group, p.seen().trouble?)));
        let mut all: Vec<Check> = troubled.map(|(g, t)| trouble(g, &t)).collect();
        all.extend(self.rules.running().trouble.map(|t| warn("event router", &t, "look at /event-router/rules; it tries again by itself")));
        if let Ok(topics) = self.bus.topics() {
            let parked: u64 = topics.iter().filter(|t| t.settings.name.is_dlq()).map(|t| t.records).sum();
            if parked > 0 {
                all.push(warn(
                    "dead letters",
                    &format!("{parked} records could not be taken by a stage"),
                    "`loom dlq list` shows them with their reasons",
                ));
            }
        }
        all
    }
}

fn model(m: loom_models::Status) -> Check {
    match m.problem {
        None if m.state == loom_models::State::Present => ok(m.id, "there and whole"),
        None => fetching(m.id, fail(m.id, "not there", &format!("run `cargo xtask setup` or `loom models pull {}`", m.id))),
        Some(problem) => fetching(m.id, fail(m.id, &problem, &format!("run `loom models pull {}`", m.id))),
    }
}

fn fetching(id: &str, check: Check) -> Check {
    pressing(check, "Fetch it", &format!("/api/models/{id}/pull"))
}

/// Counts can be made again at any time; what the other groups wait for only their own remedy mends.
fn trouble(group: &str, why: &str) -> Check {
    let check = warn(group, why, "it tries again by itself; do what it says");
    if group == "analytics-consumer" { pressing(check, "Count again", "/api/stores/analytics/rebuild") } else { check }
}

/// With a fix that nothing is lost by.
fn pressing(check: Check, title: &str, path: &str) -> Check {
    Check { action: Some(Action { title: title.into(), method: "POST".into(), path: path.into() }), ..check }
}

fn sync() -> Check {
    ok("sync", "off: nothing leaves this machine")
}

fn check(name: &str, state: &str, message: &str, fix: Option<&str>) -> Check {
    Check { check: name.into(), state: state.into(), message: message.into(), fix: fix.map(Into::into), action: None }
}
fn ok(name: &str, message: &str) -> Check {
    check(name, "ok", message, None)
}
fn warn(name: &str, message: &str, fix: &str) -> Check {
    check(name, "warn", message, Some(fix))
}
fn fail(name: &str, message: &str, fix: &str) -> Check {
    check(name, "fail", message, Some(fix))
}
