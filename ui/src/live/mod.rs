use leptos::prelude::*;
use loom_schemas::live::{Channel, WsOut};

use crate::ws::Ws;

#[component]
pub fn Live() -> impl IntoView {
    let state = RwSignal::new(None);
    Ws::of_page().hear(&[Channel::Capture], move |out| {
        if let WsOut::Capture(now) = out {
            state.set(now.message.clone());
        }
    });
    view! { <main id="main" class="live"><h1 class="sr">"Live"</h1><p>{move || state.get()}</p></main> }
}
