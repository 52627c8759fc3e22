//! Saves what is shown as a file, in one of five forms.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_ui_model::time::Day;
use loom_ui_model::timeline::address::encoded;
use wasm_bindgen::JsCast;
use web_sys::HtmlAnchorElement;

use super::ask;
use super::deeds::sentence;
use super::shown::Room;
use crate::parts::Icon;
use crate::shell::{Entry, Menu};

/// Its name to Loom and of the file, and what it is for.
const FORMS: [(&str, &str); 5] = [
    ("md", "Text to read (md)"),
    ("csv", "Table (csv)"),
    ("jsonl", "Data, a line each (jsonl)"),
    ("srt", "Subtitles (srt)"),
    ("vtt", "Subtitles for the web (vtt)"),
];

#[component]
pub fn Save(room: Room) -> impl IntoView {
    let entries = FORMS.map(|(form, what)| Entry::new(what, move || save(room, form))).to_vec();
    view! { <Menu label="Save what is shown" class="btn plain only" entries=Signal::stored(entries) align_end=true><Icon name="download" /></Menu> }
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
