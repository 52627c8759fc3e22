//! Saves what is shown as a file, in one of five forms.

use leptos::html;
use leptos::prelude::*;
use leptos::task::{spawn_local, tick};
use loom_ui_model::time::Day;
use loom_ui_model::timeline::address::encoded;
use wasm_bindgen::JsCast;
use web_sys::{HtmlAnchorElement, HtmlElement, KeyboardEvent};

use super::ask;
use super::deeds::sentence;
use super::outside::close_outside;
use super::shown::Room;
use crate::parts::Icon;

/// Its name on the log and the file, and what it is for.
const FORMS: [(&str, &str); 5] =
    [("md", "Text to read"), ("csv", "Table"), ("jsonl", "Data, a line each"), ("srt", "Subtitles"), ("vtt", "Subtitles for the web")];

#[component]
pub fn Save(room: Room) -> impl IntoView {
    let open = RwSignal::new(false);
    let (button, menu) = (NodeRef::<html::Button>::new(), NodeRef::<html::Div>::new());
    let around = NodeRef::<html::Span>::new();
    close_outside(around, open);
    Effect::new(move |_| {
        if menu.get().is_some() {
            spawn_local(async move {
                tick().await;
                go(menu, 0);
            });
        }
    });
    let close = move || {
        open.set(false);
        if let Some(button) = button.get_untracked() {
            button.focus().ok();
        }
    };
    let keys = move |e: KeyboardEvent| {
        match e.key().as_str() {
            "ArrowDown" => go(menu, 1),
            "ArrowUp" => go(menu, -1),
            "Escape" | "Tab" => close(),
            _ => return,
        }
        e.prevent_default();
    };
    view! {
        <span class="save" node_ref=around>
            <button class="btn plain only" type="button" node_ref=button aria-label="Save what is shown" aria-haspopup="menu"
                aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|o| *o = !*o)><Icon name="download" /></button>
            {move || open.get().then(|| view! {
                <div class="float menu" role="menu" aria-label="Save what is shown" node_ref=menu on:keydown=keys>
                    {FORMS.map(|(form, what)| view! {
                        <button class="btn" type="button" role="menuitem" tabindex="-1" on:click=move |_| { close(); save(room, form); }>
                            <span>{what}</span><kbd class="form">{form}</kbd></button>
                    }).collect_view()}
                </div>
            })}
        </span>
    }
}

/// To the item so many places on; 0 to the first.
fn go(menu: NodeRef<html::Div>, by: i32) {
    let Some(menu) = menu.get_untracked() else { return };
    let items = menu.children();
    let count = items.length() as i32;
    let active = document().active_element();
    let at = (0..count).find(|n| items.item(*n as u32) == active).unwrap_or(if by < 0 { 0 } else { -1 });
    let to = if by == 0 { 0 } else { (at + by).rem_euclid(count.max(1)) };
    if let Some(item) = items.item(to as u32).and_then(|i| i.dyn_into::<HtmlElement>().ok()) {
        item.focus().ok();
    }
}

fn save(room: Room, form: &'static str) {
    let shown = room.shown;
    let Some(bolt) = untrack(|| shown.bolt()) else { return };
    let (from, to) = bolt.part(shown.part.get_untracked());
    let mut path = format!("/api/timeline/export?format={form}&from={}&to={}{}", ask::time(from), ask::time(to), room.list.narrowed());
    let query = shown.query.get_untracked();
    if !query.is_empty() {
        path += &format!("&q={}", encoded(&query));
    }
    let day = shown.day.get_untracked().map(Day::date).unwrap_or_default();
    spawn_local(async move {
        let saved = ask::bytes(&path).await.and_then(|bytes| ask::local_address(&bytes, "application/octet-stream"));
        match saved {
            Ok(address) => hand_over(&address, &format!("loom-{day}.{form}")),
            Err(trouble) => room.toasts.say(sentence("Nothing was saved.", &trouble)),
        }
    });
}

fn hand_over(address: &str, name: &str) {
    if let Some(link) = document().create_element("a").ok().and_then(|a| a.dyn_into::<HtmlAnchorElement>().ok()) {
        link.set_href(address);
        link.set_download(name);
        link.click();
    }
    let address = address.to_string();
    // A browser reads it after the click.
    set_timeout(move || ask::let_go(&address), std::time::Duration::from_secs(60));
}
