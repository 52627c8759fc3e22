//! What every command starts from: the data folder's place and the settings.

use std::path::PathBuf;

use loom_core::built::{self, Built};
use loom_core::data_dir::DataDir;
use loom_core::settings::Settings;
use loom_core::{Result, Time};

use crate::output;

/// The data folder (which need not exist yet) and the settings in force.
#[derive(Clone, Debug)]
pub struct Context {
    pub dir: DataDir,
    pub settings: Settings,
}

pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Context {
    pub fn load(data_dir: Option<PathBuf>) -> Result<Self> {
        built::say(Built { commit: env!("LOOM_COMMIT"), date: env!("LOOM_BUILD_DATE") });
        let dir = DataDir::resolve(data_dir, &environment)?;
        let loaded = Settings::load(dir.path(), &environment)?;
        for warning in &loaded.warnings {
            output::complain(warning);
        }
        Ok(Self { dir, settings: loaded.settings })
    }

    /// A record's time as this machine's owner writes it: local, to the second.
    pub fn local(&self, rfc3339: &str) -> String {
        match (Time::parse(rfc3339), self.settings.zone()) {
            (Ok(t), Ok(zone)) => t.timestamp().to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M:%S").to_string(),
            _ => rfc3339.to_string(),
        }
    }
}
