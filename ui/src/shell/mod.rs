//! What stands around every page: the bar, the palette, the keys, what is told in passing.

mod bar;
mod closing;
mod dialog;
mod ear;
mod hearing;
mod help;
mod keys;
mod lost;
mod menu;
mod palette;
mod theme;
mod toast;

use leptos::prelude::*;

pub use bar::{Bar, focus_main};
pub use closing::Closing;
pub use hearing::Hearing;
pub use help::Help;
pub use lost::{Age, Lost};
pub use menu::{Entry, Menu};
pub use palette::Palette;
pub use theme::Theme;
pub use toast::{Toaster, Toasts};

/// Which of the shell's dialogs are open.
#[derive(Clone, Copy)]
pub struct Dialogs {
    pub palette: RwSignal<bool>,
    pub help: RwSignal<bool>,
}

/// Makes all of it ready; to be called once, where everything lives.
pub fn provide() -> Dialogs {
    let dialogs = Dialogs { palette: RwSignal::new(false), help: RwSignal::new(false) };
    provide_context(dialogs);
    Toasts::provide();
    Hearing::provide();
    Theme::provide();
    keys::listen(dialogs);
    dialogs
}
