//! A record as collapsible JSON: keys, strings in ink, numbers in the colour of focus, with copies of value and path.

use leptos::prelude::*;
use loom_schemas::api::Envelope;
use loom_ui_model::records::{Branch, branches, copied, of_record, shown};
use serde_json::Value;

use crate::browser;

/// What of a long list is shown until it is asked for.
const FIRST: usize = 50;

#[component]
pub fn Json(record: Envelope) -> impl IntoView {
    view! { <div class="json" role="group" tabindex="0" aria-label="Value">{of_record(&record).into_iter().map(one).collect_view()}</div> }
}

#[component]
fn Under(value: Value, path: String) -> impl IntoView {
    let all = branches(&value, &path);
    let more = RwSignal::new(false);
    let (first, rest) = (all.iter().take(FIRST).cloned().collect::<Vec<_>>(), all.into_iter().skip(FIRST).collect::<Vec<_>>());
    let left = rest.len();
    view! {
        {first.into_iter().map(one).collect_view()}
        {(left > 0).then(|| view! {
            {move || if more.get() {
                rest.clone().into_iter().map(one).collect_view().into_any()
            } else {
                view! { <p><button type="button" class="more" on:click=move |_| more.set(true)>{left}" more"</button></p> }.into_any()
            }}
        })}
    }
}

fn one(branch: Branch) -> AnyView {
    match &branch.value {
        Value::Object(map) if !map.is_empty() => view! { <Node branch /> }.into_any(),
        Value::Array(items) if !items.is_empty() => view! { <Node branch /> }.into_any(),
        _ => view! { <Leaf branch /> }.into_any(),
    }
}

/// The payload and what is right under it is open; what lies deeper is built when it is opened.
#[component]
fn Node(branch: Branch) -> impl IntoView {
    let small = match &branch.value {
        Value::Object(map) => map.len() <= 20,
        Value::Array(items) => items.len() <= 3,
        _ => false,
    };
    let begins = branch.path == "data" || (branch.path.matches(['.', '[']).count() == 1 && small);
    let open = RwSignal::new(begins);
    let words = shown(&branch);
    let (value, path) = (branch.value.clone(), branch.path.clone());
    let toggle = move |e: web_sys::MouseEvent| {
        e.prevent_default();
        open.update(|o| *o = !*o);
    };
    view! {
        <details open=move || open.get()>
            <summary on:click=toggle><b>{branch.key}</b>" "<i>{words}</i></summary>
            {move || open.get().then(|| view! { <Under value=value.clone() path=path.clone() /> })}
        </details>
    }
}

#[component]
fn Leaf(branch: Branch) -> impl IntoView {
    let shown = match &branch.value {
        Value::String(text) => view! { <q>{text.clone()}</q> }.into_any(),
        Value::Number(n) => view! { <var>{n.to_string()}</var> }.into_any(),
        other => view! { <i>{other.to_string()}</i> }.into_any(),
    };
    let (value, path) = (copied(&branch.value), branch.path.clone());
    view! {
        <p><b>{branch.key}</b>" "{shown}
            <span class="copies"><button type="button" aria-label=format!("Copy value of {}", branch.path) on:click=move |_| browser::copy(&value)>"value"</button>
                <button type="button" aria-label=format!("Copy path {}", branch.path) on:click=move |_| browser::copy(&path)>"path"</button></span></p>
    }
}
