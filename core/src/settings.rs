//! What a user may change: plain data with defaults. `settings.toml` in the data folder < environment `LOOM_*` < flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::bus::{Retention, TopicName};
use crate::error::{Error, Result};
use crate::identity::Policy;

/// The file's name in the data folder.
pub const FILE: &str = "settings.toml";

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// HTTP, on loopback; 0 picks one.
    pub port: u16,
    /// What this machine is called on the timeline; empty is the host's name.
    pub device_name: String,
    /// IANA name; `None` is the system's.
    pub time_zone: Option<String>,
    /// By topic, in place of the catalogue's.
    pub retention: BTreeMap<TopicName, Retention>,
    /// What the privacy filter masks for the owner.
    pub privacy_policy: String,
    /// How much speech is kept, in bytes; older goes first.
    pub audio_bytes: u64,
    /// The speech recogniser.
    pub engine: String,
    /// Whether a device nobody knows may send, and is registered by it.
    pub device_policy: Policy,
    /// Records a second that one device may send, in the mean; 0 is no limit.
    pub device_records_per_second: u32,
    /// Loopback clients need no token.
    pub open_loopback: bool,
    /// Whether `serve` listens.
    pub microphone: bool,
    /// The built pages, where they are not beside the program.
    pub ui_dir: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 8600,
            device_name: String::new(),
            time_zone: None,
            retention: BTreeMap::new(),
            privacy_policy: "owner".into(),
            audio_bytes: 20 << 30,
            engine: "moonshine-tiny-en".into(),
            device_policy: Policy::Register,
            device_records_per_second: 100_000,
            open_loopback: false,
            microphone: true,
            ui_dir: None,
        }
    }
}

/// Every key with what it takes, in a person's words.
const KEYS: [(&str, &str); 12] = [
    ("port", "a number from 0 to 65535"),
    ("device_name", "a text in quotes"),
    ("time_zone", "a zone's name in quotes, such as \"Europe/Berlin\""),
    ("retention", "tables such as [retention.\"device.audio.raw\"] with days and bytes"),
    ("privacy_policy", "a policy's name in quotes"),
    ("audio_bytes", "a number of bytes"),
    ("engine", "an engine's name in quotes"),
    ("device_policy", "\"register\" or \"strict\""),
    ("device_records_per_second", "a number from 0 (no limit) to 4294967295"),
    ("open_loopback", "true or false"),
    ("microphone", "true or false"),
    ("ui_dir", "a folder in quotes"),
];

fn takes(key: &str) -> &'static str {
    KEYS.iter().find(|(k, _)| *k == key).map_or("another kind of value", |(_, takes)| takes)
}

/// Settings, and what was strange but no reason to stop, in a person's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    pub settings: Settings,
    pub warnings: Vec<String>,
}

impl Settings {
    /// The file of a data folder (which need not exist), then the environment as `env` tells it.
    ///
    /// Errors: `Invalid`, one sentence naming the file and line or the variable, and what to do.
    pub fn load(data_dir: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Loaded> {
        let mut loaded = match std::fs::read_to_string(data_dir.join(FILE)) {
            Ok(text) => Self::parse(&text)?,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Loaded::default(),
            Err(e) => {
                return Err(
                    Error::invalid(format!("{FILE} in the data folder cannot be read: make it a text file you may read")).because(e)
                );
            }
        };
        loaded.settings.take_environment(env)?;
        loaded.settings.validate()?;
        Ok(loaded)
    }

    /// A settings file's text.
    pub fn parse(text: &str) -> Result<Loaded> {
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| broken(text, &e, "is not TOML"))?;
        let unknown: Vec<String> = table.keys().filter(|k| KEYS.iter().all(|(known, _)| known != k)).cloned().collect();
        let settings: Settings = toml::from_str(text).map_err(|e| {
            let what = key_at(text, &e).map_or_else(|| "holds a value of the wrong kind".into(), |k| format!("{k} must be {}", takes(&k)));
            broken(text, &e, &what)
        })?;
        let warnings = unknown.iter().map(|k| format!("{FILE}: there is no setting called {}; it is ignored", printable(k))).collect();
        settings.validate()?;
        Ok(Loaded { settings, warnings })
    }

    fn take_environment(&mut self, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
        if let Some(v) = env("LOOM_PORT") {
            self.port = from_env("port", &v)?;
        }
        if let Some(v) = env("LOOM_AUDIO_BYTES") {
            self.audio_bytes = from_env("audio_bytes", &v)?;
        }
        for (key, place) in [("open_loopback", &mut self.open_loopback), ("microphone", &mut self.microphone)] {
            if let Some(v) = env(&variable(key)) {
                *place = match v.as_str() {
                    "1" | "true" | "yes" | "on" => true,
                    "0" | "false" | "no" | "off" | "" => false,
                    _ => return Err(wrong_variable(key)),
                };
            }
        }
        let texts = [("device_name", &mut self.device_name), ("privacy_policy", &mut self.privacy_policy), ("engine", &mut self.engine)];
        for (key, place) in texts {
            if let Some(v) = env(&variable(key)) {
                *place = v;
            }
        }
        self.time_zone = env("LOOM_TIME_ZONE").or(self.time_zone.take());
        self.ui_dir = env("LOOM_UI_DIR").map(PathBuf::from).or(self.ui_dir.take());
        Ok(())
    }

    /// What no type can say.
    pub fn validate(&self) -> Result<()> {
        self.zone()?;
        if self.device_name.chars().count() > 100 {
            return Err(Error::invalid(format!("device_name in {FILE} or LOOM_DEVICE_NAME is longer than 100 characters: shorten it")));
        }
        Ok(())
    }

    /// The zone that local times are told in.
    pub fn zone(&self) -> Result<jiff::tz::TimeZone> {
        let Some(name) = &self.time_zone else { return Ok(jiff::tz::TimeZone::system()) };
        jiff::tz::TimeZone::get(name).map_err(|e| {
            let say =
                format!("time_zone in {FILE} or LOOM_TIME_ZONE names no time zone: write one such as \"Europe/Berlin\", or leave it out");
            Error::invalid(say).because(e)
        })
    }
}

fn variable(key: &str) -> String {
    format!("LOOM_{}", key.to_uppercase())
}

fn wrong_variable(key: &str) -> Error {
    Error::invalid(format!("the environment variable {} must be {}: correct it or unset it", variable(key), takes(key)))
}

fn from_env<T: std::str::FromStr>(key: &str, value: &str) -> Result<T> {
    value.trim().parse().map_err(|_| wrong_variable(key))
}

fn line_of(text: &str, e: &toml::de::Error) -> usize {
    let at = e.span().map_or(0, |s| s.start.min(text.len()));
    text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1
}

/// The key on the line where the error is, when it is one of ours.
fn key_at(text: &str, e: &toml::de::Error) -> Option<String> {
    let line = text.lines().nth(line_of(text, e) - 1)?;
    let key = line.split('=').next()?.trim();
    KEYS.iter().any(|(k, _)| *k == key).then(|| key.to_string())
}

fn broken(text: &str, e: &toml::de::Error, what: &str) -> Error {
    let line = line_of(text, e);
    Error::invalid(format!("{FILE}, line {line}: {what}; correct the line, or delete it to have the default"))
}

/// A key in a message: short, and nothing a terminal would act on.
fn printable(key: &str) -> String {
    key.chars().take(40).map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn an_empty_folder_has_the_defaults() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Settings::load(dir.path(), &none).unwrap(), Loaded::default());
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(FILE), "port = 1\nmicrophone = false\nengine = \"a\"\n[retention.\"device.audio.raw\"]\ndays = 3\n")
            .unwrap();
        let env = |k: &str| (k == "LOOM_PORT").then(|| "0".to_string());
        let s = Settings::load(dir.path(), &env).unwrap().settings;
        assert_eq!((s.port, s.microphone, s.engine.as_str()), (0, false, "a"));
        assert_eq!(s.retention[&TopicName::of("device.audio.raw")].days, Some(3));
    }

    #[test]
    fn broken_files_are_named_with_line_and_remedy() {
        for (text, line, word) in [
            ("port = \"many\"\n[[[", "line 2", "not TOML"),
            ("\nport = \"many\"\n", "line 2", "65535"),
            ("port = 70000", "line 1", "65535"),
            ("microphone = 1", "line 1", "true or false"),
            ("[retention.\"a b\"]\ndays = 1", "line 1", "wrong kind"),
        ] {
            let e = Settings::parse(text).unwrap_err();
            let said = e.to_string();
            assert!(said.contains(FILE) && said.contains(line) && said.contains(word), "{text:?}: {said}");
            assert!(!said.contains("many") && !said.contains('\n'), "{said}");
        }
    }

    #[test]
    fn unknown_keys_warn_and_nothing_more() {
        let loaded = Settings::parse("prot = 1\nport = 5\n[window]\nx = 1").unwrap();
        assert_eq!(loaded.settings.port, 5);
        assert_eq!(loaded.warnings.len(), 2);
        assert!(loaded.warnings.iter().any(|w| w.contains("prot")));
    }

    #[test]
    fn a_wrong_variable_or_zone_is_named() {
        let dir = tempfile::tempdir().unwrap();
        for (name, value) in [("LOOM_PORT", "many"), ("LOOM_MICROPHONE", "perhaps"), ("LOOM_TIME_ZONE", "Moon/Base")] {
            let env = |k: &str| (k == name).then(|| value.to_string());
            let said = Settings::load(dir.path(), &env).unwrap_err().to_string();
            assert!(said.contains(name) && !said.contains(value), "{said}");
        }
    }
}
