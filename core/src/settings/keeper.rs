//! The settings of a running Loom: shown as a page, changed in the file with the owner's comments left alone, and in force
//! at once where that is possible.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use loom_schemas::live::{Control, SettingField, SettingsPage};
use serde_json::{Map, Value};
use toml_edit::{DocumentMut, Item};

use super::{FILE, Origin, SETTINGS, Setting, Settings, Shown, setting, takes, variable};
use crate::error::{Error, Result};

type Apply = Box<dyn Fn(&Settings) + Send + Sync>;

pub struct Keeper {
    path: PathBuf,
    /// As they were at the start.
    running: Settings,
    now: RwLock<Settings>,
    apply: Mutex<Vec<Apply>>,
}

/// Why a change is not made.
#[derive(Debug)]
pub enum Refused {
    /// What the setting takes.
    Wrong { key: String, expected: String },
    /// It is set elsewhere, and where.
    Elsewhere(String),
    /// The file cannot be written, or holds what it should not.
    Failed(Error),
}

impl From<Error> for Refused {
    fn from(e: Error) -> Self {
        Refused::Failed(e)
    }
}

impl Keeper {
    pub fn new(data_dir: &Path, settings: Settings) -> Self {
        Self { path: data_dir.join(FILE), running: settings.clone(), now: RwLock::new(settings), apply: Mutex::default() }
    }

    /// As they are wished now; what needs a restart may not be in force yet.
    pub fn now(&self) -> Settings {
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Hears of every change.
    pub fn on_change(&self, apply: impl Fn(&Settings) + Send + Sync + 'static) {
        self.apply.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(apply));
    }

    pub fn page(&self) -> SettingsPage {
        let now = self.now();
        let (values, defaults, running) = (json(&now), json(&Settings::default()), json(&self.running));
        let fields = SETTINGS.iter().filter_map(|s| Some(field(s, s.shown.as_ref()?, &now, &values, &defaults))).collect();
        let waits = |s: &&Setting| s.shown.as_ref().is_some_and(|shown| shown.restart) && values[s.key] != running[s.key];
        SettingsPage { fields, restart_needed: SETTINGS.iter().find(waits).is_some() }
    }

    /// Changes settings, all or none; `null` goes back to the default.
    pub fn change(&self, changes: &Map<String, Value>) -> Result<(), Refused> {
        let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
        let text = read(&self.path)?;
        let mut file: DocumentMut =
            text.parse().map_err(|e| Error::invalid(format!("{FILE} is not TOML: correct it first, then change it here")).because(e))?;
        for (key, value) in changes {
            let wrong = || Refused::Wrong { key: key.clone(), expected: takes(key).into() };
            let (setting, shown) = setting(key).and_then(|s| Some((s, s.shown.as_ref()?))).ok_or_else(wrong)?;
            if let Some(where_) = elsewhere(setting, now.from.get(setting.key)) {
                return Err(Refused::Elsewhere(where_));
            }
            match value {
                Value::Null => _ = file.remove(key),
                value => put(&mut file, key, fitting(&(shown.control)(), value).ok_or_else(wrong)?),
            }
        }
        let text = file.to_string();
        let only = changes.keys().next().filter(|_| changes.len() == 1);
        let mut new = Settings::parse(&text).map_err(|e| match only {
            Some(key) => Refused::Wrong { key: key.clone(), expected: takes(key).into() },
            None => Refused::Failed(e),
        })?;
        write(&self.path, &text)?;
        keep_elsewhere(&mut new.settings, &now)?;
        *now = new.settings;
        let apply = self.apply.lock().unwrap_or_else(PoisonError::into_inner);
        apply.iter().for_each(|f| f(&now));
        Ok(())
    }
}

fn json(s: &Settings) -> Value {
    // Plain data: it always serialises.
    serde_json::to_value(s).unwrap_or_default()
}

fn field(s: &Setting, shown: &Shown, now: &Settings, values: &Value, defaults: &Value) -> SettingField {
    let from = match now.from.get(s.key) {
        None => "default",
        Some(Origin::File) => "file",
        Some(Origin::Environment) => "environment",
        Some(Origin::Flag) => "flag",
    };
    SettingField {
        key: s.key.into(),
        group: shown.group.into(),
        title: shown.title.into(),
        about: shown.about.into(),
        control: (shown.control)(),
        value: values[s.key].clone(),
        default: defaults[s.key].clone(),
        from: from.into(),
        restart: shown.restart,
    }
}

fn elsewhere(s: &Setting, from: Option<&Origin>) -> Option<String> {
    match from {
        Some(Origin::Environment) => Some(format!("{} is set by the environment variable {}: change it there", s.key, variable(s.key))),
        Some(Origin::Flag) => Some(format!("{} is set by a flag that Loom was started with: start it without", s.key)),
        _ => None,
    }
}

/// The value as the file has it, where the control gives such a one.
fn fitting(control: &Control, value: &Value) -> Option<toml_edit::Value> {
    match (control, value) {
        (Control::Switch, Value::Bool(b)) => Some((*b).into()),
        (Control::Text { .. }, Value::String(s)) => Some(s.as_str().into()),
        (Control::Choice { choices }, Value::String(s)) => choices.iter().any(|c| c.value == *s).then(|| s.as_str().into()),
        (Control::Number { min, max, .. }, Value::Number(n)) => {
            let n = n.as_i64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))?;
            (*min..=*max).contains(&(n as f64)).then(|| n.into())
        }
        _ => None,
    }
}

/// In place of the old value, whose comment stays.
fn put(file: &mut DocumentMut, key: &str, mut new: toml_edit::Value) {
    if let Some(old) = file.get(key).and_then(Item::as_value) {
        *new.decor_mut() = old.decor().clone();
    }
    file[key] = Item::Value(new);
}

/// What the file does not decide stays as it is.
fn keep_elsewhere(new: &mut Settings, now: &Settings) -> Result<()> {
    let (mut values, before) = (json(new), json(now));
    let mut from = std::mem::take(&mut new.from);
    for (key, place) in now.from.iter().filter(|(_, place)| **place != Origin::File) {
        values[*key] = before[*key].clone();
        from.insert(*key, *place);
    }
    *new = serde_json::from_value(values).map_err(|e| Error::bug("settings do not come back as they were").because(e))?;
    new.from = from;
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(Error::stop(format!("{FILE} in the data folder cannot be read: make it a text file you may read")).because(e)),
    }
}

/// Under another name first, so that the file is the old one or the new one, whatever happens. A link stays one.
fn write(path: &Path, text: &str) -> Result<()> {
    use std::io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let scratch = path.with_extension(format!("toml.{}", std::process::id()));
    let may = std::fs::metadata(&path).map(|m| m.permissions());
    let written = match &may {
        Ok(may) if may.readonly() => Err(PermissionDenied.into()),
        _ => std::fs::File::create(&scratch).and_then(|mut f| {
            f.write_all(text.as_bytes())?;
            may.as_ref().map_or(Ok(()), |may| f.set_permissions(may.clone()))?;
            f.sync_all()?;
            std::fs::rename(&scratch, &path)
        }),
    };
    written.map_err(|e| {
        // Half a file is of no use to anyone; if it cannot be removed it is written over next time.
        let _ = std::fs::remove_file(&scratch);
        let why = match e.kind() {
            StorageFull | QuotaExceeded => "the disk is full: free some space and change it again",
            PermissionDenied | ReadOnlyFilesystem => "it may not be written: allow it, and change it again",
            _ => "it cannot be written: look at the data folder's disk",
        };
        Error::stop(format!("{FILE} is as it was, {why}")).because(e)
    })
}

#[cfg(test)]
mod tests;
