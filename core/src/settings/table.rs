//! The one table of settings: what each takes, whether the environment knows it, and how a page shows it.

use loom_schemas::live::{Choice, Control};

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

pub(super) fn takes(key: &str) -> &'static str {
    setting(key).map_or("another kind of value", |s| s.takes)
}

impl Setting {
    /// A variable's text as the kind of value that the setting takes.
    pub(super) fn told(&self, value: &str) -> Option<toml::Value> {
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
