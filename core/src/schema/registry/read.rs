//! Asking what there is.

use std::sync::Arc;

use uuid::Uuid;

use super::Registry;
use super::names::{name_of, resolve};
use super::refusal::{Answer, Refusal};
use super::state::{Stored, Version, Which};
use crate::schema::resolve::Whole;

/// A version that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    Latest,
    Number(i64),
}

impl Wanted {
    /// `latest`, -1, or a number from 1 on; else 42202.
    pub fn parse(text: &str) -> Answer<Self> {
        match text.parse::<i64>() {
            _ if text == "latest" => Ok(Self::Latest),
            Ok(-1) => Ok(Self::Latest),
            Ok(n) if (1..=i64::from(i32::MAX)).contains(&n) => Ok(Self::Number(n)),
            _ => Err(Refusal::new(
                42202,
                format!(
                    "The specified version '{text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
                ),
            )),
        }
    }
}

/// A version with all that is known of it.
#[derive(Clone, Debug)]
pub struct Named {
    pub subject: String,
    pub number: i64,
    pub version: Version,
    pub stored: Arc<Stored>,
}

impl Named {
    /// As records carry it: `device.sensor.gps.raw.v1`.
    pub fn name(&self) -> String {
        name_of(&self.subject, self.number)
    }
}

impl Registry {
    /// Subjects with such versions, in order.
    pub fn subjects(&self, prefix: &str, which: Which) -> Vec<String> {
        let state = self.state();
        let found = state.subjects.iter().filter(|(name, _)| name.starts_with(prefix));
        let kept = found.filter(|(_, versions)| match which {
            // A subject is deleted when all of it is.
            Which::Deleted => versions.values().all(|v| v.deleted),
            _ => versions.values().any(|v| which.takes(v)),
        });
        kept.map(|(name, _)| name.clone()).collect()
    }

    /// Numbers of a subject's versions. 40401 where there are none.
    pub fn versions(&self, subject: &str, which: Which) -> Answer<Vec<i64>> {
        Ok(self.state().versions(subject, which)?.into_iter().map(|(n, _)| n).collect())
    }

    /// One version. 40401 no such subject, 40402 no such version.
    pub fn version(&self, subject: &str, wanted: Wanted, which: Which) -> Answer<Named> {
        let state = self.state();
        let all = state.versions(subject, which)?;
        let found = match wanted {
            Wanted::Latest => all.last(),
            Wanted::Number(n) => all.iter().find(|(number, _)| *number == n),
        };
        let missing = || match wanted {
            Wanted::Latest => Refusal::no_version("latest"),
            Wanted::Number(n) => Refusal::no_version(n),
        };
        let (number, version) = found.ok_or_else(missing)?;
        Ok(Named { subject: subject.into(), number: *number, version: (*version).clone(), stored: state.schema(version.id)?.clone() })
    }

    /// The version a record's schema name means.
    pub fn named(&self, name: &str) -> Answer<Named> {
        let found = resolve(&self.state(), name).ok_or_else(Refusal::no_schema)?;
        self.version(&found.0, Wanted::Number(found.1), Which::Living)
    }

    /// 40403 where no schema has this id.
    pub fn schema(&self, id: i64) -> Answer<Arc<Stored>> {
        self.state().schema(id).cloned()
    }

    /// 40403 where no schema has this guid.
    pub fn by_guid(&self, guid: Uuid) -> Answer<Arc<Stored>> {
        self.state().schemas.values().find(|s| s.guid() == guid).cloned().ok_or_else(Refusal::no_schema)
    }

    pub fn highest_id(&self) -> i64 {
        self.state().schemas.keys().max().copied().unwrap_or(0)
    }

    /// Where a schema is used. 40403 where no schema has this id.
    pub fn uses(&self, id: i64, which: Which) -> Answer<Vec<(String, i64)>> {
        let state = self.state();
        state.schema(id)?;
        let all = state.subjects.iter().flat_map(|(subject, versions)| versions.iter().map(move |(n, v)| (subject, *n, v)));
        Ok(all.filter(|(_, _, v)| v.id == id && which.takes(v)).map(|(s, n, _)| (s.clone(), n)).collect())
    }

    /// Every version, by subject and number; of each subject the last one alone if so asked.
    pub fn all(&self, prefix: &str, which: Which, latest: bool) -> Vec<Named> {
        let state = self.state();
        let mut all = Vec::new();
        for (subject, versions) in state.subjects.iter().filter(|(name, _)| name.starts_with(prefix)) {
            let chosen: Vec<_> = versions.iter().filter(|(_, v)| which.takes(v)).collect();
            let skip = if latest { chosen.len().saturating_sub(1) } else { 0 };
            for (number, version) in chosen.into_iter().skip(skip) {
                if let Ok(stored) = state.schema(version.id) {
                    all.push(Named { subject: subject.clone(), number: *number, version: version.clone(), stored: stored.clone() });
                }
            }
        }
        all
    }

    /// Ids of schemas that refer to a version.
    pub fn referrers(&self, subject: &str, wanted: Wanted) -> Answer<Vec<i64>> {
        let named = self.version(subject, wanted, Which::All)?;
        Ok(self.state().referrers(subject, named.number))
    }

    /// A schema with what it refers to.
    pub fn whole(&self, stored: &Stored) -> Answer<Whole> {
        self.state().whole(&stored.content)
    }

    pub fn counts(&self) -> (usize, usize, usize) {
        let state = self.state();
        (state.schemas.len(), state.subjects.len(), state.subjects.values().map(|v| v.len()).sum())
    }
}
