//! Deleting: softly, so that what was written can still be read, and then for good. What came with Loom stays.

use super::level::Mode;
use super::refusal::{Answer, Refusal};
use super::state::{Setting, Which};
use super::{Registry, Wanted, table};

impl Registry {
    /// Deletes a version and answers with its number.
    ///
    /// Errors: 40401, 40402 not there; 40406 deleted already; 40407 not deleted softly yet; 42205 not to be deleted; 42206 still
    /// referred to.
    pub fn remove_version(&self, subject: &str, wanted: Wanted, permanent: bool) -> Answer<i64> {
        let _writing = self.writing();
        let which = if wanted == Wanted::Latest && !permanent { Which::Living } else { Which::All };
        let named = self.version(subject, wanted, which)?;
        let number = named.number;
        match (named.version.deleted, permanent) {
            (true, false) => {
                return Err(Refusal::new(
                    40406,
                    format!("Subject '{subject}' Version {number} was soft deleted. Set permanent=true to delete permanently"),
                ));
            }
            (false, true) => {
                let what = format!("Subject '{subject}' Version {number} was not deleted first before being permanently deleted");
                return Err(Refusal::new(40407, what));
            }
            _ => {}
        }
        self.may_go(subject, &[number])?;
        self.go(subject, vec![number], permanent)?;
        Ok(number)
    }

    /// Deletes every version of a subject, and what is set for it; answers with their numbers.
    ///
    /// Errors: 40401 not there; 40404 deleted already; 40405 not deleted softly yet; 42205, 42206 as for a version.
    pub fn remove_subject(&self, subject: &str, permanent: bool) -> Answer<Vec<i64>> {
        let _writing = self.writing();
        let (living, all) = {
            let state = self.state();
            let numbers = |which| state.versions(subject, which).map(|v| v.into_iter().map(|(n, _)| n).collect::<Vec<_>>());
            (numbers(Which::Living).unwrap_or_default(), numbers(Which::All)?)
        };
        match (living.is_empty(), permanent) {
            (true, false) => {
                return Err(Refusal::new(40404, format!("Subject '{subject}' was soft deleted. Set permanent=true to delete permanently")));
            }
            (false, true) => {
                let what = format!("Subject '{subject}' was not deleted first before being permanently deleted");
                return Err(Refusal::new(40405, what));
            }
            _ => {}
        }
        let numbers = if permanent { all } else { living };
        self.may_go(subject, &numbers)?;
        self.go(subject, numbers.clone(), permanent)?;
        self.put_setting(subject, Setting::default())?;
        Ok(numbers)
    }

    fn may_go(&self, subject: &str, numbers: &[i64]) -> Answer<()> {
        let state = self.state();
        if matches!(state.mode(subject), Mode::ReadOnly | Mode::ReadOnlyOverride) {
            return Err(Refusal::not_permitted(format!("Subject {subject} is in read-only mode")));
        }
        for number in numbers {
            if state.subjects.get(subject).and_then(|v| v.get(number)).is_some_and(|v| v.by_path) {
                return Err(Refusal::not_permitted(format!("Version {number} of subject {subject} comes with Loom and stays")));
            }
            if !state.referrers(subject, *number).is_empty() {
                return Err(Refusal::new(42206, format!("One or more references exist to the schema {subject} version {number}")));
            }
        }
        Ok(())
    }

    fn go(&self, subject: &str, numbers: Vec<i64>, permanent: bool) -> Answer<()> {
        let mut changed: Vec<_> = {
            let state = self.state();
            let versions = state.subjects.get(subject);
            numbers.iter().filter_map(|n| Some((*n, versions?.get(n)?.clone()))).collect()
        };
        changed.iter_mut().for_each(|(_, v)| v.deleted = true);
        let (name, rows, gone) = (subject.to_string(), changed.clone(), numbers.clone());
        self.db.write(move |tx| {
            if permanent {
                return table::drop_versions(tx, &name, &gone);
            }
            rows.iter().try_for_each(|(number, version)| table::put_version(tx, &name, *number, version))
        })?;
        self.apply(|state| {
            if let Some(versions) = state.subjects.get_mut(subject) {
                match permanent {
                    true => versions.retain(|n, _| !numbers.contains(n)),
                    false => versions.extend(changed),
                }
            }
            state.subjects.retain(|_, versions| !versions.is_empty());
            if permanent {
                let used: std::collections::HashSet<i64> = state.subjects.values().flat_map(|v| v.values()).map(|v| v.id).collect();
                state.schemas.retain(|id, _| used.contains(id));
                state.by_hash.retain(|_, id| used.contains(id));
            }
        });
        Ok(())
    }
}
