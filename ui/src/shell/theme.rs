//! Paper or ink: as the system has it, unless this browser was told otherwise.

use leptos::prelude::*;

use crate::browser::{remember, remembered};

const NAME: &str = "loom-theme";

/// `None` follows the system; else what `data-theme` on the root says.
#[derive(Clone, Copy)]
pub struct Theme(RwSignal<Option<&'static str>>);

impl Theme {
    /// What can be chosen, with its name.
    pub const ALL: [(Option<&'static str>, &'static str); 3] = [(None, "As the system"), (Some("light"), "Light"), (Some("dark"), "Dark")];

    pub fn provide() {
        let known = remembered(NAME);
        let kept = Self::ALL.iter().find_map(|(value, _)| value.filter(|v| known.as_deref() == Some(*v)));
        let theme = Self(RwSignal::new(kept));
        provide_context(theme);
        Effect::new(move |_| {
            let Some(root) = document().document_element() else { return };
            match theme.0.get() {
                Some(value) => root.set_attribute("data-theme", value).ok(),
                None => root.remove_attribute("data-theme").ok(),
            };
        });
    }
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(|| {
            Self::provide();
            Self::of_page()
        })
    }
    pub fn get(self) -> Option<&'static str> {
        self.0.get()
    }
    pub fn choose(self, value: Option<&'static str>) {
        remember(NAME, value);
        self.0.set(value);
    }
}
