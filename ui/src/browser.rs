//! What only a browser knows: its clock, its zone, its storage, its hash, waiting.

use js_sys::Date;
use leptos::prelude::document;
use loom_ui_model::token;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::Element;

/// Seconds since 1970.
pub fn now() -> i64 {
    now_s() as i64
}

/// The same with its fraction.
pub fn now_s() -> f64 {
    Date::now() / 1000.0
}

/// Local time − UTC at a moment, in seconds: it changes with the season.
pub fn offset_s(epoch: i64) -> i64 {
    let date = Date::new(&JsValue::from_f64(epoch as f64 * 1000.0));
    -(date.get_timezone_offset() as i64) * 60
}

pub async fn sleep(seconds: f64) {
    let promise = js_sys::Promise::new(&mut |done, _| {
        if let Some(window) = web_sys::window() {
            window.set_timeout_with_callback_and_timeout_and_arguments_0(&done, (seconds * 1000.0) as i32).ok();
        }
    });
    JsFuture::from(promise).await.ok();
}

pub fn hash() -> String {
    web_sys::window().and_then(|w| w.location().hash().ok()).unwrap_or_default()
}

/// Where the page's own Loom says what is live.
pub fn ws_address() -> String {
    let host = web_sys::window().and_then(|w| w.location().host().ok()).unwrap_or_default();
    format!("ws://{host}/ws")
}

/// Goes to a place of this page, as a link would.
pub fn go(hash: &str) {
    if let Some(window) = web_sys::window() {
        window.location().set_hash(hash).ok();
    }
}

/// The same, without a step in the history.
pub fn stand_at(hash: &str) {
    if let Some(history) = web_sys::window().and_then(|w| w.history().ok()) {
        history.replace_state_with_url(&JsValue::NULL, "", Some(hash)).ok();
    }
}

/// Whether keys that are pressed are text for a field.
pub fn is_typing() -> bool {
    let Some(at) = document().active_element() else { return false };
    // Of inputs only those that take text; a switch or a button takes the space bar alone.
    let takes_text = |e: &Element| !matches!(e.get_attribute("type").as_deref(), Some("checkbox" | "radio" | "button" | "submit" | "file"));
    match at.tag_name().as_str() {
        "INPUT" => takes_text(&at),
        "TEXTAREA" | "SELECT" => true,
        _ => at.has_attribute("contenteditable"),
    }
}

/// Whether the space bar presses what has the focus.
pub fn is_on_button() -> bool {
    document().active_element().is_some_and(|e| matches!(e.tag_name().as_str(), "BUTTON" | "INPUT" | "SUMMARY"))
}

pub fn is_hidden() -> bool {
    document().hidden()
}

/// Whether the person asked the system that nothing moves.
pub fn is_still() -> bool {
    let asked = web_sys::window().and_then(|w| w.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    asked.is_some_and(|m| m.matches())
}

const KEY: &str = "loom-token";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window().and_then(|w| w.session_storage().ok().flatten())
}

pub fn token() -> Option<String> {
    storage().and_then(|s| s.get_item(KEY).ok().flatten())
}

pub fn keep_token(token: &str) {
    if let Some(storage) = storage() {
        storage.set_item(KEY, token.trim()).ok();
    }
}

/// What this browser remembers of its person: never words, never the token.
pub fn remembered(name: &str) -> Option<String> {
    memory()?.get_item(name).ok().flatten()
}

pub fn remember(name: &str, value: Option<&str>) {
    let Some(memory) = memory() else { return };
    match value {
        Some(value) => memory.set_item(name, value).ok(),
        None => memory.remove_item(name).ok(),
    };
}

fn memory() -> Option<web_sys::Storage> {
    web_sys::window().and_then(|w| w.local_storage().ok().flatten())
}

/// Takes the token out of the address, so that it is neither shown nor kept in the history.
pub fn take_token_from_address() {
    let hash = hash();
    let Some(found) = token::from_hash(&hash) else { return };
    keep_token(found);
    stand_at("/");
}

/// Seconds of a clock that only runs forward.
pub fn ticks() -> f64 {
    web_sys::window().and_then(|w| w.performance()).map_or(0.0, |p| p.now() / 1000.0)
}

/// A name as part of a path.
pub fn encoded(name: &str) -> String {
    js_sys::encode_uri_component(name).into()
}

/// Whether a key goes into a field, where it is a letter and no command.
pub fn in_field(e: &web_sys::KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    let target = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|t| t.matches("input, textarea, select, [contenteditable]").unwrap_or(false))
}

/// Whether a key is for what it was pressed on: the space bar presses a button.
pub fn on_control(e: &web_sys::KeyboardEvent) -> bool {
    use wasm_bindgen::JsCast;
    let target = e.target().and_then(|t| t.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|t| t.matches("button, a, summary, [role=slider]").unwrap_or(false))
}

/// Refused where the page may not: the text can still be marked by hand.
pub fn copy(text: &str) {
    let Some(window) = web_sys::window() else { return };
    let written = window.navigator().clipboard().write_text(text);
    wasm_bindgen_futures::spawn_local(async move {
        JsFuture::from(written).await.ok();
    });
}

/// Says in the address what is shown, without going anywhere.
pub fn show_in_address(hash: &str) {
    if let Some(history) = web_sys::window().and_then(|w| w.history().ok()) {
        history.replace_state_with_url(&JsValue::NULL, "", Some(hash)).ok();
    }
}
