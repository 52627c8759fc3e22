//! The bar, which is also the window's title bar: mark, pages, palette, whether Loom listens, and the rest.

use leptos::prelude::*;
use loom_ui_model::token::Page;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::Dialogs;
use super::ear::Ear;
use super::menu::{Entry, Menu};
use super::theme::Theme;
use crate::browser::go;
use crate::parts::{Icon, Mark};

const PAGES: [(Page, &str); 4] =
    [(Page::Live, "live"), (Page::Timeline, "timeline"), (Page::Pipeline, "pipeline"), (Page::Topics, "topics")];

#[component]
pub fn Bar(page: Memo<Option<Page>>, dialogs: Dialogs) -> impl IntoView {
    let tab = move |(to, icon): (Page, &'static str)| {
        view! { <a href=to.hash() aria-current=move || (page.get() == Some(to)).then_some("page")><Icon name=icon /><span>{to.name()}</span></a> }
    };
    view! {
        <header class="bar" data-tauri-drag-region="">
            <a class="skip" href="#main" on:click=move |e| { e.prevent_default(); focus_main(); }>"Skip to the page"</a>
            <a class="mark" href=Page::Live.hash()><Mark /><span>"Loom"</span></a>
            <nav class="pages" aria-label="Pages">{PAGES.map(tab).collect_view()}</nav>
            <button class="find" type="button" aria-label="Go to or do" on:click=move |_| dialogs.palette.set(true)>
                <Icon name="search" /><span>"Go to or do…"</span><kbd>"Ctrl K"</kbd></button>
            <Ear page />
            <Rest dialogs />
        </header>
    }
}

/// What is looked for less often.
#[component]
fn Rest(dialogs: Dialogs) -> impl IntoView {
    let theme = Theme::of_page();
    let entries = Signal::derive(move || {
        let place = |page: Page| Entry::new(page.name(), move || go(page.hash()));
        let mut all = vec![place(Page::Settings), place(Page::Health)];
        all.extend(Theme::ALL.map(|(value, name)| {
            let chosen = theme.get() == value;
            Entry::choice(&format!("Colours: {}", name.to_lowercase()), chosen, move || theme.choose(value))
        }));
        all.push(Entry::new("Keys", move || dialogs.help.set(true)));
        all
    });
    view! { <Menu label="More" class="btn only more" entries align_end=true><Icon name="more" /></Menu> }
}

/// Where a person who skips the bar, or goes to another page, goes on.
pub fn focus_main() {
    if let Some(main) = document().get_element_by_id("main").and_then(|m| m.dyn_into::<HtmlElement>().ok()) {
        main.set_tab_index(-1);
        main.focus().ok();
    }
}
