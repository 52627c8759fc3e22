//! What a user may change: plain data with defaults. `settings.toml` in the data folder < environment `LOOM_*` < flags.
//! One table says what each setting takes, whether the environment knows it, and how a page shows it.

mod hotkey;
mod keeper;

pub use hotkey::Hotkey;
pub use keeper::{Keeper, Refused};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use loom_schemas::live::{Choice, Control};
use serde::{Deserialize, Serialize};

use crate::bus::{Retention, TopicName};
use crate::error::{Error, Result};
use crate::identity::Policy;

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

/// Every setting as a file, the environment and a person know it.
pub struct Setting {
    pub key: &'static str,
    /// What it takes, in a person's words.
    pub takes: &'static str,
    /// Whether `LOOM_` and its name in capitals sets it too.
    pub environment: bool,
    /// How a page shows it, where it does.
    pub shown: Option<Shown>,
}

/// A setting on a page.
pub struct Shown {
    pub group: &'static str,
    pub title: &'static str,
    /// One sentence.
    pub about: &'static str,
    pub control: fn() -> Control,
    /// A change holds from the next start on.
    pub restart: bool,
}

/// The one table of settings: a new one is a field of [`Settings`] and a row here.
pub static SETTINGS: [Setting; 15] = [
    Setting {
        key: "microphone",
        takes: "true or false",
        environment: true,
        shown: Some(Shown {
            group: "Listening",
            title: "Listen to the microphone",
            about: "Off, Loom takes in recordings and what other devices send.",
            control: || Control::Switch,
            restart: true,
        }),
    },
    Setting {
        key: "engine",
        takes: "an engine's name in quotes",
        environment: true,
        shown: Some(Shown {
            group: "Listening",
            title: "Speech recogniser",
            about: "What turns speech into words, on this computer.",
            control: || choices(&[("moonshine-tiny-en", "Moonshine, English")]),
            restart: true,
        }),
    },
    Setting {
        key: "audio_bytes",
        takes: "a number of bytes",
        environment: true,
        shown: Some(Shown {
            group: "Listening",
            title: "Room for speech",
            about: "How much sound is kept; the oldest goes first, its words stay.",
            control: || number(0.0, 1e15, "bytes"),
            restart: false,
        }),
    },
    Setting {
        key: "privacy_policy",
        takes: "a policy's name in quotes",
        environment: true,
        shown: Some(Shown {
            group: "Privacy",
            title: "What is masked for you",
            about: "What may leave is always masked by the stricter policy, whatever you choose here.",
            control: || choices(&[("owner", "What nobody wants to read back"), ("shared", "As strictly as what may leave")]),
            restart: true,
        }),
    },
    Setting {
        key: "device_policy",
        takes: "\"register\" or \"strict\"",
        environment: true,
        shown: Some(Shown {
            group: "Privacy",
            title: "Devices nobody knows",
            about: "Whether a program on this computer may send under a name that is new.",
            control: || choices(&[("register", "Register them"), ("strict", "Refuse them")]),
            restart: false,
        }),
    },
    Setting {
        key: "device_link_percent",
        takes: "a number from 1 to 100",
        environment: true,
        shown: Some(Shown {
            group: "Privacy",
            title: "Devices of one person",
            about: "How sure Loom has to be, in percent, before two linked devices count as one person's.",
            control: || number(1.0, 100.0, "%"),
            restart: false,
        }),
    },
    Setting {
        key: "device_records_per_second",
        takes: "a number from 0 (no limit) to 4294967295",
        environment: true,
        shown: Some(Shown {
            group: "Privacy",
            title: "Records a second",
            about: "How many one device may send; 0 is no limit.",
            control: || number(0.0, 4_294_967_295.0, ""),
            restart: true,
        }),
    },
    Setting {
        key: "open_loopback",
        takes: "true or false",
        environment: true,
        shown: Some(Shown {
            group: "Privacy",
            title: "Let programs on this computer in without the token",
            about: "On, everything that runs here may read what you said.",
            control: || Control::Switch,
            restart: true,
        }),
    },
    Setting {
        key: "time_zone",
        takes: "a zone's name in quotes, such as \"Europe/Berlin\"",
        environment: true,
        shown: Some(Shown {
            group: "This computer",
            title: "Time zone",
            about: "Where your days begin and end.",
            control: || text("as the system has it"),
            restart: true,
        }),
    },
    Setting {
        key: "port",
        takes: "a number from 0 to 65535",
        environment: true,
        shown: Some(Shown {
            group: "This computer",
            title: "HTTP port",
            about: "Where this page and programs on this computer find Loom; 0 picks one that is free.",
            control: || number(0.0, 65535.0, ""),
            restart: true,
        }),
    },
    Setting {
        key: "ui_dir",
        takes: "a folder in quotes",
        environment: true,
        shown: Some(Shown {
            group: "This computer",
            title: "Folder of the pages",
            about: "For pages of your own making, where they are not beside the program.",
            control: || text("beside the program"),
            restart: true,
        }),
    },
    Setting {
        key: "autostart",
        takes: "true or false",
        environment: true,
        shown: Some(Shown {
            group: "Desktop app",
            title: "Start with your session",
            about: "Loom then waits in the tray and listens. A Loom that runs without its window leaves this alone.",
            control: || Control::Switch,
            restart: false,
        }),
    },
    Setting {
        key: "hotkey",
        takes: "Ctrl, Alt or Super, and a key, such as \"Ctrl+Alt+Space\"",
        environment: true,
        shown: Some(Shown {
            group: "Desktop app",
            title: "Key to pause and go on",
            about: "Works whatever program is in front. None until you write one, as many are taken already.",
            control: || text("such as Ctrl+Alt+Space"),
            restart: false,
        }),
    },
    Setting { key: "device_name", takes: "a text in quotes", environment: true, shown: None },
    Setting {
        key: "retention",
        takes: "tables such as [retention.\"device.audio.raw\"] with days and bytes",
        environment: false,
        shown: None,
    },
];

fn choices(of: &[(&str, &str)]) -> Control {
    let choice = |(value, title): &(&str, &str)| Choice { value: (*value).into(), title: (*title).into() };
    Control::Choice { choices: of.iter().map(choice).collect() }
}
fn number(min: f64, max: f64, unit: &str) -> Control {
    Control::Number { min, max, unit: unit.into() }
}
fn text(placeholder: &str) -> Control {
    Control::Text { placeholder: placeholder.into() }
}

/// The setting of this name.
pub fn setting(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|s| s.key == key)
}

fn takes(key: &str) -> &'static str {
    setting(key).map_or("another kind of value", |s| s.takes)
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

impl Setting {
    /// A variable's text as the kind of value that the setting takes.
    fn told(&self, value: &str) -> Option<toml::Value> {
        match self.shown.as_ref().map(|s| (s.control)()) {
            Some(Control::Number { .. }) => value.trim().parse::<i64>().ok().map(toml::Value::Integer),
            Some(Control::Switch) => match value {
                "1" | "true" | "yes" | "on" => Some(true.into()),
                "0" | "false" | "no" | "off" | "" => Some(false.into()),
                _ => None,
            },
            _ => Some(value.into()),
        }
    }
}

/// The variable that sets a setting.
pub(crate) fn variable(key: &str) -> String {
    format!("LOOM_{}", key.to_uppercase())
}

fn wrong_variable(key: &str) -> Error {
    Error::invalid(format!("the environment variable {} must be {}: correct it or unset it", variable(key), takes(key)))
}

fn line_of(text: &str, e: &toml::de::Error) -> usize {
    let at = e.span().map_or(0, |s| s.start.min(text.len()));
    text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1
}

/// The key on the line where the error is, when it is one of ours.
fn key_at(text: &str, e: &toml::de::Error) -> Option<String> {
    let line = text.lines().nth(line_of(text, e) - 1)?;
    let key = line.split('=').next()?.trim();
    setting(key).map(|s| s.key.to_string())
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
        assert_eq!(s.from["port"], Origin::Environment);
        assert_eq!((s.from["engine"], s.from.get("ui_dir")), (Origin::File, None));
        assert_eq!((s.port, s.microphone, s.engine.as_str()), (0, false, "a"));
        assert_eq!(s.retention[&TopicName::of("device.audio.raw")].days, Some(3));
    }

    #[test]
    fn every_setting_has_a_row_and_every_row_a_setting() {
        let fields = serde_json::to_value(Settings::default()).unwrap();
        let fields: std::collections::BTreeSet<_> = fields.as_object().unwrap().keys().cloned().collect();
        assert_eq!(SETTINGS.iter().map(|s| s.key.to_string()).collect::<std::collections::BTreeSet<_>>(), fields);
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
    fn what_no_type_can_say_is_checked() {
        for (text, word) in [
            ("[retention.\"device.audio.raw\"]\ndays = 0", "1 or more"),
            ("device_link_percent = 0", "from 1 to 100"),
            ("device_link_percent = 101", "from 1 to 100"),
        ] {
            let said = Settings::parse(text).unwrap_err().to_string();
            assert!(said.contains(FILE) && said.contains(word), "{said}");
        }
        assert!((Settings::parse("device_link_percent = 95").unwrap().settings.link_threshold() - 0.95).abs() < 1e-9);
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
