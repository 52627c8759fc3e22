//! Devices, and what says that two are one person's, in words.

use loom_schemas::devices::{DeviceRow, LinkRow};

use crate::checks::first_upper;

/// Who links what no service links.
const OWNER: &str = "owner";

/// What a person knows it by.
pub fn called(device: &DeviceRow) -> String {
    let given = device.name.as_ref().or(device.alias.as_ref()).cloned();
    given.unwrap_or_else(|| if device.own { "This computer".into() } else { device.device_id.clone() })
}

/// What it came under where it is called otherwise: `phone-001, Mobile android, Pixel 8, Firefox`; nothing where nothing is known.
pub fn about(device: &DeviceRow) -> String {
    let kind = device.device_type.as_ref().map(|kind| first_upper(&kind.replace('_', " ")));
    let alias = device.alias.as_ref().filter(|_| device.name.is_some());
    let parts = [alias, kind.as_ref(), device.platform.as_ref(), device.model.as_ref(), device.agent.as_ref()];
    parts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// The shape and the word of how it is.
pub fn state(device: &DeviceRow) -> (&'static str, &'static str) {
    match device {
        d if d.revoked_at.is_some() => ("paused", "put out"),
        d if d.own => ("ok", "Loom runs here"),
        d if d.is_active => ("ok", "sends"),
        _ => ("unknown", "silent for a day"),
    }
}

/// Only what its owner said can be said again as it was.
pub fn is_owners(link: &LinkRow) -> bool {
    link.given_by == OWNER
}

/// `You said so, 95 % sure.`
pub fn says(link: &LinkRow) -> String {
    let by = if is_owners(link) { String::new() } else { format!(", says {}", link.given_by) };
    let basis = match link.evidence.as_str() {
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
    let note = link.note.as_ref().map(|note| format!(" “{note}”")).unwrap_or_default();
    format!("{basis}{by}, {} sure.{note}", percent(link.confidence_score))
}

/// `95 %`
pub fn percent(of_one: f64) -> String {
    format!("{:.0}\u{202f}%", of_one * 100.0)
}

/// `Phone and Laptop`
pub fn both(devices: &[DeviceRow], ids: &[String; 2]) -> String {
    let known = ids.each_ref().map(|id| devices.iter().find(|d| d.device_id == *id));
    let names = [0, 1].map(|i| known[i].map_or_else(|| ids[i].clone(), called));
    // Of one name, by what they came under.
    let own = |i: usize| known[i].and_then(|d| d.alias.clone()).filter(|_| names[0] == names[1]).map(|alias| format!(" ({alias})"));
    format!("{}{} and {}{}", names[0], own(0).unwrap_or_default(), names[1], own(1).unwrap_or_default())
}

/// Whether all that is known of two devices makes them one person's.
pub fn together(devices: &[DeviceRow], ids: &[String; 2]) -> bool {
    let group = |id: &String| devices.iter().find(|d| d.device_id == *id).and_then(|d| d.group_id.clone());
    group(&ids[0]).is_some_and(|one| group(&ids[1]) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: &str, group: Option<&str>) -> DeviceRow {
        DeviceRow { device_id: id.into(), group_id: group.map(Into::into), ..DeviceRow::default() }
    }

    #[test]
    fn a_device_is_called_by_its_owner_then_by_itself() {
        let mut one = DeviceRow { own: true, ..device("a-b", None) };
        assert_eq!((called(&one), about(&one), state(&one)), ("This computer".into(), String::new(), ("ok", "Loom runs here")));
        one = DeviceRow {
            alias: Some("phone-001".into()),
            device_type: Some("mobile_android".into()),
            model: Some("Pixel 8".into()),
            ..device("a", None)
        };
        assert_eq!(
            (called(&one), about(&one), state(&one)),
            ("phone-001".into(), "Mobile android, Pixel 8".into(), ("unknown", "silent for a day"))
        );
        one = DeviceRow { name: Some("Phone".into()), is_active: true, ..one };
        assert_eq!(
            (called(&one), about(&one), state(&one)),
            ("Phone".into(), "phone-001, Mobile android, Pixel 8".into(), ("ok", "sends"))
        );
        one.revoked_at = Some("2025-10-14T14:20:00Z".into());
        assert_eq!(state(&one), ("paused", "put out"));
    }

    #[test]
    fn a_link_says_what_it_rests_on_and_who_says_so() {
        let mut link = LinkRow {
            link_id: "l".into(),
            device_ids: ["a".into(), "b".into()],
            confidence_score: 0.95,
            evidence: "declared".into(),
            given_by: "owner".into(),
            note: None,
            changed_at: String::new(),
            removed: false,
        };
        assert_eq!(says(&link), "You said so, 95\u{202f}% sure.");
        (link.evidence, link.given_by, link.note) = ("time".into(), "commute-service".into(), Some("on the move".into()));
        assert_eq!(says(&link), "They are used at the same times, says commute-service, 95\u{202f}% sure. “on the move”");
        assert!(!is_owners(&link));
    }

    #[test]
    fn two_of_one_group_are_together_and_two_without_one_are_not() {
        let all = [device("a", Some("a")), device("b", Some("a")), device("c", None), device("d", None)];
        let ids = |a: &str, b: &str| [a.to_string(), b.to_string()];
        assert!(together(&all, &ids("a", "b")) && !together(&all, &ids("b", "c")) && !together(&all, &ids("c", "d")));
        assert_eq!(both(&all, &ids("a", "gone")), "a and gone");
        let phones = ["a", "b"].map(|id| DeviceRow { name: Some("Phone".into()), alias: Some(format!("phone-{id}")), ..device(id, None) });
        assert_eq!(both(&phones, &ids("a", "b")), "Phone (phone-a) and Phone (phone-b)");
    }
}
