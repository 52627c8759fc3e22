//! Settings as a page shows them: in groups, and what a typed value means.

use loom_schemas::live::{Control, SettingField};
use serde_json::{Value, json};

use crate::numbers;

/// Fields under one heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub name: String,
    pub fields: Vec<SettingField>,
}

/// In the order in which Loom tells them.
pub fn groups(fields: Vec<SettingField>) -> Vec<Group> {
    let mut all: Vec<Group> = Vec::new();
    for field in fields {
        match all.iter_mut().find(|g| g.name == field.group) {
            Some(group) => group.fields.push(field),
            None => all.push(Group { name: field.group.clone(), fields: vec![field] }),
        }
    }
    all
}

/// Whether it can be changed on the page; else where it comes from.
pub fn held_by(field: &SettingField) -> Option<&'static str> {
    match field.from.as_str() {
        "environment" => Some("Set by the environment: it is changed there."),
        "flag" => Some("Set when Loom was started: it is changed there."),
        _ => None,
    }
}

/// What stands in a field that is typed in.
pub fn text(field: &SettingField) -> String {
    match (&field.control, &field.value) {
        (_, Value::Null) => String::new(),
        (Control::Number { unit, .. }, value) if unit == "bytes" => value.as_f64().map_or_else(String::new, gigabytes),
        (_, Value::String(text)) => text.clone(),
        (_, value) => value.to_string(),
    }
}

/// What is typed, as Loom takes it; else why not.
pub fn value(control: &Control, typed: &str) -> Result<Value, String> {
    let typed = typed.trim();
    match control {
        Control::Number { min, max, unit } => {
            let bytes = unit == "bytes";
            let number: f64 = typed.replace(['\u{202f}', ' '], "").replace(',', ".").parse().map_err(|_| "Write a number.".to_string())?;
            let number = if bytes { (number * 1e9).round() } else { number };
            if !(*min..=*max).contains(&number) {
                let [min, max] = [*min, *max].map(|n| if bytes { numbers::bytes(n as u64) } else { n.to_string() });
                return Err(format!("Write a number from {min} to {max}."));
            }
            Ok(if number.fract() == 0.0 { json!(number as i64) } else { json!(number) })
        }
        _ if typed.is_empty() => Ok(Value::Null),
        _ => Ok(json!(typed)),
    }
}

/// What stands behind a number that is typed.
pub fn unit(control: &Control) -> &str {
    match control {
        Control::Number { unit, .. } if unit == "bytes" => "GB",
        Control::Number { unit, .. } => unit,
        _ => "",
    }
}

fn gigabytes(bytes: f64) -> String {
    let text = format!("{:.2}", bytes / 1e9);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(group: &str, control: Control, value: Value) -> SettingField {
        SettingField {
            key: "k".into(),
            group: group.into(),
            title: "K".into(),
            about: "About.".into(),
            control,
            value,
            default: Value::Null,
            from: "default".into(),
            restart: false,
        }
    }
    fn number(min: f64, max: f64, unit: &str) -> Control {
        Control::Number { min, max, unit: unit.into() }
    }

    #[test]
    fn fields_stand_in_their_groups_in_order() {
        let fields = ["Sound", "Privacy", "Sound"].map(|g| field(g, Control::Switch, json!(true)));
        let all = groups(fields.into());
        assert_eq!(all.iter().map(|g| (g.name.as_str(), g.fields.len())).collect::<Vec<_>>(), [("Sound", 2), ("Privacy", 1)]);
    }

    #[test]
    fn bytes_are_typed_in_gigabytes() {
        let control = number(1e9, 1e12, "bytes");
        assert_eq!(text(&field("g", control.clone(), json!(21_474_836_480u64))), "21.47");
        assert_eq!(value(&control, "2,5"), Ok(json!(2_500_000_000i64)));
        assert_eq!(value(&control, "0.1"), Err("Write a number from 1.0 GB to 1.0 TB.".into()));
        assert_eq!(unit(&control), "GB");
    }

    #[test]
    fn what_is_no_number_is_told_before_it_is_sent() {
        let control = number(0.0, 65_535.0, "");
        assert_eq!(value(&control, "8600"), Ok(json!(8600)));
        assert!(value(&control, "many").is_err() && value(&control, "70000").is_err());
    }

    #[test]
    fn an_empty_text_is_none() {
        let control = Control::Text { placeholder: String::new() };
        assert_eq!((value(&control, " "), value(&control, " Desk ")), (Ok(Value::Null), Ok(json!("Desk"))));
        assert_eq!(text(&field("g", control, Value::Null)), "");
    }

    #[test]
    fn what_comes_from_outside_is_not_changed_here() {
        let mut one = field("g", Control::Switch, json!(true));
        assert_eq!(held_by(&one), None);
        one.from = "flag".into();
        assert!(held_by(&one).is_some());
    }
}
