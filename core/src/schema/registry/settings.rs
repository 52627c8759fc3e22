//! What is set for a subject or for all: level, mode, normalisation. The empty name is all.

use super::level::Mode;
use super::refusal::{Answer, Refusal};
use super::state::{Setting, Which};
use super::{Level, Registry, table};

impl Registry {
    /// What is set for exactly this subject.
    pub fn setting(&self, subject: &str) -> Setting {
        self.state().settings.get(subject).cloned().unwrap_or_default()
    }

    /// The level in force for a subject.
    pub fn level(&self, subject: &str) -> Level {
        self.state().level(subject)
    }

    /// The mode in force for a subject.
    pub fn mode(&self, subject: &str) -> Mode {
        self.state().mode(subject)
    }

    /// Sets the level, or normalisation, or both.
    pub fn configure(&self, subject: &str, level: Option<Level>, normalize: Option<bool>) -> Answer<Setting> {
        let _writing = self.writing();
        let mut setting = self.setting(subject);
        setting.level = level.or(setting.level);
        setting.normalize = normalize.or(setting.normalize);
        self.put_setting(subject, setting.clone())?;
        Ok(setting)
    }

    /// Takes back what is set, and answers with what it was. 40401 where nothing was.
    pub fn unconfigure(&self, subject: &str) -> Answer<Setting> {
        let _writing = self.writing();
        let was = self.setting(subject);
        if !subject.is_empty() && was.level.is_none() && was.normalize.is_none() {
            return Err(Refusal::no_subject(subject));
        }
        self.put_setting(subject, Setting { mode: was.mode, ..Setting::default() })?;
        Ok(was)
    }

    /// Sets the mode. Import wants a subject (or a registry) without registered schemas, unless it is forced.
    pub fn set_mode(&self, subject: &str, mode: Mode, force: bool) -> Answer<()> {
        let _writing = self.writing();
        if mode == Mode::Import && !force && self.has_registered(subject) {
            return Err(Refusal::not_permitted("Cannot import since found existing subjects: force=true imports beside them"));
        }
        self.put_setting(subject, Setting { mode: Some(mode), ..self.setting(subject) })
    }

    /// Takes a mode back, and answers with what it was. 40401 where none was set.
    pub fn unset_mode(&self, subject: &str) -> Answer<Mode> {
        let _writing = self.writing();
        let setting = self.setting(subject);
        let was = setting.mode.or(subject.is_empty().then_some(Mode::ReadWrite)).ok_or_else(|| Refusal::no_subject(subject))?;
        self.put_setting(subject, Setting { mode: None, ..setting })?;
        Ok(was)
    }

    fn has_registered(&self, subject: &str) -> bool {
        let state = self.state();
        let registered = |v: &&super::Version| !v.by_path && Which::Living.takes(v);
        state.subjects.iter().filter(|(name, _)| subject.is_empty() || *name == subject).any(|(_, v)| v.values().any(|v| registered(&v)))
    }

    pub(super) fn put_setting(&self, subject: &str, setting: Setting) -> Answer<()> {
        let (name, row) = (subject.to_string(), setting.clone());
        self.db.write(move |tx| table::put_setting(tx, &name, &row))?;
        self.apply(|state| match setting == Setting::default() {
            true => state.settings.remove(subject),
            false => state.settings.insert(subject.to_string(), setting),
        });
        Ok(())
    }
}
