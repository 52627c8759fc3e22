//! Which dye a source has, the same on every page and the next time too.

use leptos::prelude::*;
use loom_ui_model::threads::Threads;

use crate::browser::{remember, remembered};

const NAME: &str = "loom-sources";

#[derive(Clone, Copy)]
pub struct Dyes(StoredValue<Threads>);

impl Dyes {
    pub fn provide() {
        let mut threads = Threads::default();
        for source in remembered(NAME).iter().flat_map(|known| known.lines()) {
            threads.dye(source);
        }
        provide_context(Self(StoredValue::new(threads)));
    }
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(|| {
            Self::provide();
            Self::of_page()
        })
    }

    /// The class that carries a source's colour and dash.
    pub fn class(self, source: &str) -> String {
        let class = self.0.try_update_value(|threads| {
            let before = threads.sources().len();
            let class = threads.dye(source).class();
            if threads.sources().len() > before {
                remember(NAME, Some(&threads.sources().join("\n")));
            }
            class
        });
        class.unwrap_or_default()
    }
}
