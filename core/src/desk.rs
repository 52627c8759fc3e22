//! The desktop app around this Loom, where there is one: what it can be asked for, and what it has to say for the doctor.
//! Knows no window: whoever shows one attends.

use std::sync::{Mutex, PoisonError};

use loom_schemas::api::Check;
use serde::{Deserialize, Serialize};

/// What a program on this machine, or the page itself, asks of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "api", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// To be seen, before all others.
    Show,
    /// As its close button does: Loom goes on.
    Close,
    /// Loom ends, in order.
    Quit,
}

type Hear = Box<dyn Fn(Wish) + Send + Sync>;

#[derive(Default)]
pub struct Desk {
    hear: Mutex<Option<Hear>>,
    says: Mutex<Vec<Check>>,
}

impl Desk {
    /// Hears every wish from now on; must not block.
    pub fn attend(&self, hear: impl Fn(Wish) + Send + Sync + 'static) {
        *self.hear.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hear));
    }

    /// False where there is no window to ask.
    pub fn ask(&self, wish: Wish) -> bool {
        let hear = self.hear.lock().unwrap_or_else(PoisonError::into_inner);
        hear.as_ref().map(|hear| hear(wish)).is_some()
    }

    /// For the doctor, in place of what was said under this name before.
    pub fn say(&self, check: Check) {
        let mut says = self.says.lock().unwrap_or_else(PoisonError::into_inner);
        says.retain(|c| c.check != check.check);
        says.push(check);
    }

    pub fn unsay(&self, name: &str) {
        self.says.lock().unwrap_or_else(PoisonError::into_inner).retain(|c| c.check != name);
    }

    pub fn says(&self) -> Vec<Check> {
        self.says.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn check(name: &str, message: &str) -> Check {
        Check { check: name.into(), state: "ok".into(), message: message.into(), fix: None, action: None }
    }

    #[test]
    fn nobody_is_asked_until_someone_attends() {
        let (desk, heard) = (Desk::default(), Arc::new(Mutex::new(Vec::new())));
        assert!(!desk.ask(Wish::Show));
        let hears = heard.clone();
        desk.attend(move |wish| hears.lock().unwrap().push(wish));
        assert!(desk.ask(Wish::Show) && desk.ask(Wish::Quit));
        assert_eq!(*heard.lock().unwrap(), [Wish::Show, Wish::Quit]);
    }

    #[test]
    fn the_last_word_under_a_name_counts() {
        let desk = Desk::default();
        for (name, message) in [("tray", "none"), ("hotkey", "taken"), ("tray", "there")] {
            desk.say(check(name, message));
        }
        desk.unsay("hotkey");
        assert_eq!(desk.says(), [check("tray", "there")]);
    }
}
