//! Keys that are pressed together, as a person writes them: `Ctrl+Alt+Space`. What they do, and whether the system gives
//! them, is known to the desktop app.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// In the order in which they are written, each with its other names.
const MODIFIERS: [&[&str]; 4] = [&["Ctrl", "Control"], &["Alt", "Option"], &["Shift"], &["Super", "Meta", "Cmd", "Command", "Win"]];
const SHIFT: usize = 2;
const NAMED: [&str; 15] = [
    "Space",
    "Enter",
    "Tab",
    "Insert",
    "Delete",
    "Home",
    "End",
    "PageUp",
    "PageDown",
    "Up",
    "Down",
    "Left",
    "Right",
    "Pause",
    "ScrollLock",
];

/// A key that nobody types for something else: with Ctrl, Alt or Super, or one that few keyboards have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hotkey {
    modifiers: [bool; 4],
    key: String,
}

impl FromStr for Hotkey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut modifiers = [false; 4];
        let mut words: Vec<&str> = text.split('+').map(str::trim).collect();
        let key = words.pop().and_then(key).ok_or("the last part names no key")?;
        for word in words {
            let which = MODIFIERS.iter().position(|names| names.iter().any(|n| n.eq_ignore_ascii_case(word)));
            let which = which.ok_or("before the key stand Ctrl, Alt, Shift or Super")?;
            if std::mem::replace(&mut modifiers[which], true) {
                return Err("a key is named twice".into());
            }
        }
        let rare = matches!(key.as_str(), "Pause" | "ScrollLock") || number(&key).is_some_and(|n| n > 12);
        let held = modifiers.iter().enumerate().any(|(i, held)| *held && i != SHIFT);
        if held || rare { Ok(Self { modifiers, key }) } else { Err("every such press would be taken from other programs".into()) }
    }
}

/// As it is written.
fn key(word: &str) -> Option<String> {
    let named = NAMED.iter().find(|n| n.eq_ignore_ascii_case(word)).map(|n| (*n).to_string());
    let upper = word.to_ascii_uppercase();
    let one = word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphanumeric());
    named.or_else(|| (one || number(&upper).is_some_and(|n| (1..=24).contains(&n))).then_some(upper))
}

/// Of a function key.
fn number(key: &str) -> Option<u8> {
    key.strip_prefix('F')?.parse().ok()
}

impl fmt::Display for Hotkey {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let held = MODIFIERS.iter().zip(self.modifiers).filter(|(_, held)| *held);
        held.into_iter().try_for_each(|(names, _)| write!(f, "{}+", names[0]))?;
        f.write_str(&self.key)
    }
}

impl TryFrom<String> for Hotkey {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Hotkey> for String {
    fn from(hotkey: Hotkey) -> String {
        hotkey.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_one_way() {
        for (text, written) in [
            ("ctrl+alt+space", "Ctrl+Alt+Space"),
            (" Shift + Control + l ", "Ctrl+Shift+L"),
            ("Win+F5", "Super+F5"),
            ("f13", "F13"),
            ("pause", "Pause"),
        ] {
            let hotkey: Hotkey = text.parse().unwrap();
            assert_eq!(hotkey.to_string(), written);
            assert_eq!(written.parse::<Hotkey>().unwrap(), hotkey);
        }
    }

    #[test]
    fn what_people_type_is_not_taken_from_them() {
        for text in ["", "L", "Shift+L", "F5", "Ctrl", "Ctrl+", "Ctrl+Ctrl+L", "Hyper+L", "Ctrl+Ü", "Ctrl+F25", "L+Ctrl", "Ctrl+F0"] {
            assert!(text.parse::<Hotkey>().is_err(), "{text}");
        }
    }
}
