//! Moving a group that nobody runs, said back before it is done.

use leptos::prelude::*;
use loom_schemas::api::GroupDetail;
use serde_json::json;

use crate::api::{post, said};
use crate::browser;

const PLACES: [(&str, &str, &str); 2] = [
    ("beginning", "Beginning", "It reads everything that is kept once more, from the first record on."),
    ("end", "End", "It leaves out everything that waits, and goes on with what comes next."),
];

#[component]
pub fn Reset(group: String, alive: bool) -> impl IntoView {
    let (to, done) = (RwSignal::new(None::<usize>), RwSignal::new(None::<String>));
    let asking = RwSignal::new(false);
    if alive {
        return view! {
            <p class="row"><button class="btn" type="button" aria-disabled="true" aria-describedby="why-no-reset">"Reset…"</button>
                <span class="faint" id="why-no-reset">"stop the group first"</span></p>
        }
        .into_any();
    }
    let go = move |_| {
        let Some((place, ..)) = to.get_untracked().and_then(|i| PLACES.get(i)) else { return };
        let path = format!("/api/groups/{}/reset", browser::encoded(&group));
        leptos::task::spawn_local(async move {
            let words = match post::<GroupDetail>(&path, &json!({ "to": place })).await {
                Ok(_) => format!("Moved to the {place}."),
                Err(trouble) => said(&trouble),
            };
            done.try_set(Some(words));
            asking.try_set(false);
        });
    };
    view! {
        {move || done.get().map(|words| view! { <p role="status">{words}</p> })}
        {move || if asking.get() {
            let go = go.clone();
            view! {
                <div class="dry" role="group" aria-label="Reset">
                    <span class="seg" role="group" aria-label="Where to">
                        {PLACES.iter().enumerate().map(|(i, (_, title, _))| view! {
                            <button type="button" aria-pressed=move || (to.get() == Some(i)).to_string() on:click=move |_| to.set(Some(i))>{*title}</button>
                        }).collect_view()}
                    </span>
                    <p>{move || to.get().and_then(|i| PLACES.get(i)).map_or("Choose where it shall stand. What it had saved is forgotten.", |p| p.2)}</p>
                    <div class="row"><button class="btn solid" type="button" disabled=move || to.get().is_none() on:click=go>"Reset"</button>
                        <button class="btn" type="button" on:click=move |_| asking.set(false)>"Leave it"</button></div>
                </div>
            }.into_any()
        } else {
            view! { <p class="row"><button class="btn" type="button" on:click=move |_| { done.set(None); asking.set(true); }>"Reset…"</button></p> }.into_any()
        }}
    }
    .into_any()
}
