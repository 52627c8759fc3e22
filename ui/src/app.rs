//! The app: one page at a time, and what stands around it.

use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::live::{CaptureState, Listening};
use loom_ui_model::token::{Page, first_page};

use crate::api::{self, Lines, Trouble};
use crate::browser;
use crate::dyes::Dyes;
use crate::health::Health;
use crate::link::Link;
use crate::live::Live;
use crate::parts::Bones;
use crate::pipeline::Pipeline;
use crate::recordings;
use crate::settings::Settings;
use crate::shell::{self, Bar, Closing, Help, Lost, Palette, Toaster, focus_main};
use crate::timeline::Timeline;
use crate::topics::Topics;
use crate::welcome::{self, Welcome};
use crate::ws::Ws;

#[component]
pub fn App() -> impl IntoView {
    browser::take_token_from_address();
    let link = Link::provide();
    Ws::provide();
    Dyes::provide();
    let dialogs = shell::provide();
    let page = page();
    recordings::take_what_is_dropped();
    let bar = move || (page.get() != Some(Page::Welcome)).then(|| view! { <Bar page dialogs /> });
    view! {
        <div class="top">{bar}<Lost link /></div>
        {move || match page.get() {
            None => view! { <main id="main"><Bones /></main> }.into_any(),
            Some(Page::Timeline) => view! { <Timeline /> }.into_any(),
            Some(Page::Pipeline) => view! { <Pipeline /> }.into_any(),
            Some(Page::Live) => view! { <Live /> }.into_any(),
            Some(Page::Topics) => view! { <Topics /> }.into_any(),
            Some(Page::Settings) => view! { <Settings /> }.into_any(),
            Some(Page::Health) => view! { <Health /> }.into_any(),
            Some(Page::Welcome) => view! { <Welcome /> }.into_any(),
        }}
        <Palette dialogs />
        <Help open=dialogs.help />
        <Closing />
        <Toaster />
    }
}

/// The page that the address names; `None` until it is known where to begin.
fn page() -> Memo<Option<Page>> {
    let hash = RwSignal::new(browser::hash());
    let turned = window_event_listener(ev::hashchange, move |_| hash.set(browser::hash()));
    on_cleanup(move || turned.remove());
    let page = Memo::new(move |_| Page::named(&hash.get()));
    Effect::new(move |_| {
        if page.get().is_none() {
            spawn_local(async move {
                let first = begin().await;
                // Whoever went somewhere meanwhile stays there.
                if Page::named(&browser::hash()).is_none() {
                    browser::stand_at(first.hash());
                }
                hash.set(browser::hash());
            });
        }
    });
    Effect::new(move |before: Option<Option<Page>>| {
        let now = page.get();
        let name = now.map_or("", Page::name);
        document().set_title(&if name.is_empty() { "Loom".to_string() } else { format!("{name} · Loom") });
        if let Some(body) = document().body() {
            body.set_class_name(if now == Some(Page::Welcome) { "first" } else { "" });
        }
        // Whoever went to another page goes on there; the first one takes no focus.
        if before.flatten().is_some_and(|b| Some(b) != now) {
            request_animation_frame(focus_main);
        }
        now
    });
    page
}

/// Where there is something to see.
async fn begin() -> Page {
    let lines = api::get::<Lines>("/api/timeline?limit=1").await;
    let said = match lines {
        Ok(l) => !l.lines.is_empty(),
        // The timeline's page says what is wrong.
        Err(Trouble::Denied | Trouble::Refused(_)) => return Page::Timeline,
        Err(Trouble::Lost) => return Page::Live,
    };
    let listens = api::get::<CaptureState>("/api/capture").await.is_ok_and(|c| c.state != Listening::Off);
    first_page(welcome::was_seen(), said, listens)
}
