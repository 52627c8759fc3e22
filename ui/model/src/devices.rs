//! Devices, and what says that two are one person's, in words.

use serde::Deserialize;

use crate::checks::first_upper;

/// Who links what no service links.
const OWNER: &str = "owner";

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Device {
    pub device_id: String,
    /// The name it came under.
    pub alias: Option<String>,
    /// What its owner calls it.
    pub name: Option<String>,
    pub device_type: Option<String>,
    pub platform: Option<String>,
    pub model: Option<String>,
    pub agent: Option<String>,
    /// One person's devices have one; absent where it is alone.
    pub group_id: Option<String>,
    pub last_seen_at: Option<String>,
    pub is_active: bool,
    pub revoked_at: Option<String>,
    /// This machine itself.
    pub own: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Link {
    pub link_id: String,
    pub device_ids: [String; 2],
    pub confidence_score: f64,
    pub evidence: String,
    pub given_by: String,
    pub note: Option<String>,
}

/// Two devices that look like one person's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Suggestion {
    pub device_ids: [String; 2],
    pub confidence_score: f64,
    pub evidence: String,
    pub why: String,
}

impl Device {
    pub fn called(&self) -> String {
        let given = self.name.as_ref().or(self.alias.as_ref()).cloned();
        given.unwrap_or_else(|| if self.own { "This computer".into() } else { self.device_id.clone() })
    }

    /// What it came under where it is called otherwise: `phone-001, Mobile android, Pixel 8, Firefox`; nothing where nothing is known.
    pub fn about(&self) -> String {
        let kind = self.device_type.as_ref().map(|kind| first_upper(&kind.replace('_', " ")));
        let alias = self.alias.as_ref().filter(|_| self.name.is_some());
        let parts = [alias, kind.as_ref(), self.platform.as_ref(), self.model.as_ref(), self.agent.as_ref()];
        parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    /// The shape and the word of how it is.
    pub fn state(&self) -> (&'static str, &'static str) {
        match self {
            d if d.revoked_at.is_some() => ("paused", "put out"),
            d if d.own => ("ok", "Loom runs here"),
            d if d.is_active => ("ok", "sends"),
            _ => ("unknown", "silent for a day"),
        }
    }
}

impl Link {
    /// Only what its owner said can be said again as it was.
    pub fn is_owners(&self) -> bool {
        self.given_by == OWNER
    }

    /// `You said so, 95 % sure.`
    pub fn says(&self) -> String {
        let by = if self.is_owners() { String::new() } else { format!(", says {}", self.given_by) };
        let basis = match self.evidence.as_str() {
            "declared" if by.is_empty() => "You said so",
            "declared" => "They are one person's",
            "pairing" => "One was paired from the other",
            "account" => "One account is used on both",
            "fingerprint" => "They say the same of themselves",
            "name" => "They have one name",
            "network" => "They are on one network",
            "time" => "They are used at the same times",
            other => other,
        };
        let note = self.note.as_ref().map(|note| format!(" “{note}”")).unwrap_or_default();
        format!("{basis}{by}, {} sure.{note}", percent(self.confidence_score))
    }
}

/// `95 %`
pub fn percent(of_one: f64) -> String {
    format!("{:.0}\u{202f}%", of_one * 100.0)
}

/// `Phone and Laptop`
pub fn both(devices: &[Device], ids: &[String; 2]) -> String {
    let known = ids.each_ref().map(|id| devices.iter().find(|d| d.device_id == *id));
    let called = [0, 1].map(|i| known[i].map_or_else(|| ids[i].clone(), Device::called));
    // Of one name, by what they came under.
    let own = |i: usize| known[i].and_then(|d| d.alias.clone()).filter(|_| called[0] == called[1]).map(|alias| format!(" ({alias})"));
    format!("{}{} and {}{}", called[0], own(0).unwrap_or_default(), called[1], own(1).unwrap_or_default())
}

/// Whether all that is known of two devices makes them one person's.
pub fn together(devices: &[Device], ids: &[String; 2]) -> bool {
    let group = |id: &String| devices.iter().find(|d| d.device_id == *id).and_then(|d| d.group_id.clone());
    group(&ids[0]).is_some_and(|one| group(&ids[1]) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, group: Option<&str>) -> Device {
        Device { device_id: id.into(), group_id: group.map(Into::into), ..Device::default() }
    }

    #[test]
    fn a_device_is_called_by_its_owner_then_by_itself() {
        let mut one = Device { own: true, ..device("a-b", None) };
        assert_eq!((one.called(), one.about(), one.state()), ("This computer".into(), String::new(), ("ok", "Loom runs here")));
        one = Device {
            alias: Some("phone-001".into()),
            device_type: Some("mobile_android".into()),
            model: Some("Pixel 8".into()),
            ..device("a", None)
        };
        assert_eq!(
            (one.called(), one.about(), one.state()),
            ("phone-001".into(), "Mobile android, Pixel 8".into(), ("unknown", "silent for a day"))
        );
        one = Device { name: Some("Phone".into()), is_active: true, ..one };
        assert_eq!(
            (one.called(), one.about(), one.state()),
            ("Phone".into(), "phone-001, Mobile android, Pixel 8".into(), ("ok", "sends"))
        );
        one.revoked_at = Some("2025-10-14T14:20:00Z".into());
        assert_eq!(one.state(), ("paused", "put out"));
    }

    #[test]
    fn a_link_says_what_it_rests_on_and_who_says_so() {
        let mut link = Link {
            link_id: "l".into(),
            device_ids: ["a".into(), "b".into()],
            confidence_score: 0.95,
            evidence: "declared".into(),
            given_by: "owner".into(),
            note: None,
        };
        assert_eq!(link.says(), "You said so, 95\u{202f}% sure.");
        (link.evidence, link.given_by, link.note) = ("time".into(), "commute-service".into(), Some("on the move".into()));
        assert_eq!(link.says(), "They are used at the same times, says commute-service, 95\u{202f}% sure. “on the move”");
        assert!(!link.is_owners());
    }

    #[test]
    fn two_of_one_group_are_together_and_two_without_one_are_not() {
        let all = [device("a", Some("a")), device("b", Some("a")), device("c", None), device("d", None)];
        let ids = |a: &str, b: &str| [a.to_string(), b.to_string()];
        assert!(together(&all, &ids("a", "b")) && !together(&all, &ids("b", "c")) && !together(&all, &ids("c", "d")));
        assert_eq!(both(&all, &ids("a", "gone")), "a and gone");
        let phones = ["a", "b"].map(|id| Device { name: Some("Phone".into()), alias: Some(format!("phone-{id}")), ..device(id, None) });
        assert_eq!(both(&phones, &ids("a", "b")), "Phone (phone-a) and Phone (phone-b)");
    }
}
