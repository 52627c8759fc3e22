//! The shell: bar, pages, and the banner when Loom does not answer.

use leptos::ev;
use leptos::prelude::*;
use loom_ui_model::token::Page;

use crate::browser;
use crate::health::Health;
use crate::link::Link;
use crate::live::Live;
use crate::parts::{Icon, Mark, Shape};
use crate::pipeline::Pipeline;
use crate::settings::Settings;
use crate::timeline::Timeline;
use crate::topics::Topics;
use crate::welcome::Welcome;
use crate::ws::Ws;

#[component]
pub fn App() -> impl IntoView {
    browser::take_token_from_address();
    let link = Link::provide();
    Ws::provide();
    let page = RwSignal::new(Page::from_hash(&browser::hash()));
    let turned = window_event_listener(ev::hashchange, move |_| page.set(Page::from_hash(&browser::hash())));
    on_cleanup(move || turned.remove());
    Effect::new(move |_| document().set_title(&format!("{} · Loom", page.get().name())));
    view! {
        <div class="top">
            <header class="bar">
                <a class="skip" href="#main">"Skip to the page"</a>
                <a class="mark" href=Page::Timeline.hash()><Mark /><span>"Loom"</span></a>
                <nav class="pages" aria-label="Pages">
                    <Tab page to=Page::Timeline icon="timeline" />
                    <Tab page to=Page::Pipeline icon="pipeline" />
                </nav>
            </header>
            <Lost link />
        </div>
        {move || match page.get() {
            Page::Timeline => view! { <Timeline /> }.into_any(),
            Page::Pipeline => view! { <Pipeline /> }.into_any(),
            Page::Live => view! { <Live /> }.into_any(),
            Page::Topics => view! { <Topics /> }.into_any(),
            Page::Settings => view! { <Settings /> }.into_any(),
            Page::Health => view! { <Health /> }.into_any(),
            Page::Welcome => view! { <Welcome /> }.into_any(),
        }}
    }
}

#[component]
fn Tab(page: RwSignal<Page>, to: Page, icon: &'static str) -> impl IntoView {
    view! {
        <a href=to.hash() aria-current=move || (page.get() == to).then_some("page")><Icon name=icon /><span>{to.name()}</span></a>
    }
}

#[component]
fn Lost(link: Link) -> impl IntoView {
    let words = move |left: u32| match left {
        0 => "Loom does not answer. Trying again.".to_string(),
        s => format!("Loom does not answer. Trying again in {s} s."),
    };
    view! {
        {move || link.lost.get().map(|left| view! {
            <div class="banner" role="alert">
                <Shape state="unknown" /><span>{words(left)}</span>
                <button class="btn" type="button" on:click=move |_| link.try_now()>"Try now"</button>
            </div>
        })}
    }
}
