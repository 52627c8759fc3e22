//! What a user may change: plain data with defaults. `settings.toml` in the data folder < environment `LOOM_*` < flags.

mod hotkey;
mod keeper;
mod table;
mod wrong;

pub use hotkey::Hotkey;
pub use keeper::{Keeper, Refused};
pub use table::{SETTINGS, Setting, Shown, setting};
pub(crate) use wrong::variable;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::bus::{Retention, TopicName};
use crate::error::{Error, Result};
use crate::identity::Policy;
use table::takes;
use wrong::{broken, key_at, printable, wrong_variable};

/// The file's name in the data folder.
pub const FILE: &str = "settings.toml";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// HTTP, on loopback; 0 picks one.
    pub port: u16,
    /// What this machine is called among the devices and as a group's member; empty leaves it as it is there.
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
    /// How sure two devices have to be one person's before they count as that, in percent.
    pub device_link_percent: u8,
    /// Records a second that one device may send, in the mean; 0 is no limit.
    pub device_records_per_second: u32,
    /// Loopback clients need no token.
    pub open_loopback: bool,
    /// Whether `serve` listens.
    pub microphone: bool,
    /// Whether the desktop app starts with the session, hidden.
    pub autostart: bool,
    /// Pauses and resumes listening from anywhere, where the desktop app runs.
    pub hotkey: Option<Hotkey>,
    /// The built pages, where they are not beside the program.
    pub ui_dir: Option<PathBuf>,
    /// What is not the default, and why.
    #[serde(skip)]
    pub from: BTreeMap<&'static str, Origin>,
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
            device_link_percent: 80,
            device_records_per_second: 100_000,
            open_loopback: false,
            microphone: true,
            autostart: false,
            hotkey: None,
            ui_dir: None,
            from: BTreeMap::new(),
        }
    }
}

/// Where a value comes from, if it is not the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    File,
    Environment,
    Flag,
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
        let text = match std::fs::read_to_string(data_dir.join(FILE)) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => {
                return Err(
                    Error::invalid(format!("{FILE} in the data folder cannot be read: make it a text file you may read")).because(e)
                );
            }
        };
        let mut loaded = Self::parse(&text)?;
        loaded.settings.take_environment(&text, env)?;
        loaded.settings.validate()?;
        Ok(loaded)
    }

    /// A settings file's text.
    pub fn parse(text: &str) -> Result<Loaded> {
        let table: toml::Table = text.parse().map_err(|e: toml::de::Error| broken(text, &e, "is not TOML"))?;
        let unknown: Vec<String> = table.keys().filter(|k| setting(k).is_none()).cloned().collect();
        let mut settings: Settings = toml::from_str(text).map_err(|e| {
            let what = key_at(text, &e).map_or_else(|| "holds a value of the wrong kind".into(), |k| format!("{k} must be {}", takes(&k)));
            broken(text, &e, &what)
        })?;
        let warnings = unknown.iter().map(|k| format!("{FILE}: there is no setting called {}; it is ignored", printable(k))).collect();
        settings.validate()?;
        settings.from = SETTINGS.iter().filter(|s| table.contains_key(s.key)).map(|s| (s.key, Origin::File)).collect();
        Ok(Loaded { settings, warnings })
    }

    /// Each variable over what the file says.
    fn take_environment(&mut self, file: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<()> {
        let mut table: toml::Table = file.parse().map_err(|e: toml::de::Error| broken(file, &e, "is not TOML"))?;
        for s in SETTINGS.iter().filter(|s| s.environment) {
            let Some(value) = env(&variable(s.key)) else { continue };
            table.insert(s.key.into(), s.told(&value).ok_or_else(|| wrong_variable(s.key))?);
            let from = std::mem::take(&mut self.from);
            *self = table.clone().try_into().map_err(|_| wrong_variable(s.key))?;
            self.from = from;
            self.from.insert(s.key, Origin::Environment);
        }
        Ok(())
    }

    /// A flag of the command line has the last word about this setting.
    pub fn by_flag(&mut self, key: &'static str) {
        self.from.insert(key, Origin::Flag);
    }

    /// What no type can say.
    pub fn validate(&self) -> Result<()> {
        self.zone()?;
        if self.retention.values().any(|r| r.days == Some(0)) {
            return Err(Error::invalid(format!(
                "retention in {FILE} names 0 days: write 1 or more, or leave days out to keep it for ever"
            )));
        }
        if !(1..=100).contains(&self.device_link_percent) {
            let said = format!("device_link_percent in {FILE} or LOOM_DEVICE_LINK_PERCENT must be {}", takes("device_link_percent"));
            return Err(Error::invalid(said));
        }
        if self.device_name.chars().count() > 100 {
            return Err(Error::invalid(format!("device_name in {FILE} or LOOM_DEVICE_NAME is longer than 100 characters: shorten it")));
        }
        Ok(())
    }

    /// From 0 to 1.
    pub fn link_threshold(&self) -> f64 {
        f64::from(self.device_link_percent) / 100.0
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

#[cfg(test)]
mod tests;
