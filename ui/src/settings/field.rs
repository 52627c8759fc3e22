//! One setting and its control. A change is sent when it is made; what is wrong with it stands under it.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::live::{Control, SettingField, SettingsPage};
use loom_ui_model::settings::{held_by, text, unit, value};
use serde_json::{Value, json};

use crate::api;

#[component]
pub fn Field(field: SettingField, restart: RwSignal<bool>) -> impl IntoView {
    let id = format!("set-{}", field.key);
    let about = format!("{id}-about");
    let held = held_by(&field);
    let (trouble, saved) = (RwSignal::new(None::<String>), RwSignal::new(false));
    let key = field.key.clone();
    let send = Callback::new(move |value: Value| {
        let body = json!({ key.clone(): value });
        saved.set(false);
        spawn_local(async move {
            match api::send::<SettingsPage>("PATCH", "/api/settings", Some(&body)).await {
                Ok(page) => {
                    trouble.try_set(None);
                    saved.try_set(true);
                    restart.try_set(page.restart_needed);
                }
                Err(why) => drop(trouble.try_set(Some(why.sentence()))),
            }
        });
    });
    let notes = [held, field.restart.then_some("Holds from the next start.")];
    view! {
        <div class="row-of" class:is-wrong=move || trouble.get().is_some()>
            <div>
                <h3><label for=id.clone()>{field.title.clone()}</label></h3>
                <p class="quiet" id=about.clone()>{field.about.clone()}{notes.into_iter().flatten().map(|n| format!(" {n}")).collect::<String>()}</p>
                {move || trouble.get().map(|t| view! { <p class="wrong" role="alert">{t}</p> })}
                {move || saved.get().then(|| view! { <p class="faint" role="status">"Saved"</p> })}
            </div>
            <div class="control"><Change id about field held=held.is_some() send trouble /></div>
        </div>
    }
}

#[component]
fn Change(
    id: String,
    about: String,
    field: SettingField,
    held: bool,
    send: Callback<Value>,
    trouble: RwSignal<Option<String>>,
) -> impl IntoView {
    match field.control.clone() {
        Control::Switch => {
            let on = RwSignal::new(field.value == Value::Bool(true));
            let turn = move |_| {
                on.update(|o| *o = !*o);
                send.run(json!(on.get_untracked()));
            };
            view! {
                <button class="switch" type="button" role="switch" id=id aria-describedby=about disabled=held
                    aria-checked=move || on.get().to_string() on:click=turn><i></i><span>{move || if on.get() { "On" } else { "Off" }}</span></button>
            }
            .into_any()
        }
        Control::Choice { choices } => {
            let now = field.value.clone();
            let options = choices.into_iter().map(|c| {
                let selected = now.as_str() == Some(c.value.as_str());
                view! { <option value=c.value selected=selected>{c.title}</option> }
            });
            view! {
                <span class="field"><select id=id aria-describedby=about disabled=held on:change:target=move |e| send.run(json!(e.target().value()))>
                    {options.collect_view()}</select></span>
            }
            .into_any()
        }
        control => {
            let (typed, behind) = (text(&field), unit(&control).to_string());
            let placeholder = match &control {
                Control::Text { placeholder } => placeholder.clone(),
                _ => String::new(),
            };
            let number = matches!(control, Control::Number { .. });
            let changed = move |typed: String| match value(&control, &typed) {
                Ok(value) => send.run(value),
                Err(why) => trouble.set(Some(why)),
            };
            view! {
                <span class="field" class:number=number>
                    <input id=id type="text" inputmode=number.then_some("decimal") autocomplete="off" spellcheck="false" aria-describedby=about
                        disabled=held placeholder=placeholder prop:value=typed on:change:target=move |e| changed(e.target().value()) />
                    {(!behind.is_empty()).then_some(behind)}</span>
            }
            .into_any()
        }
    }
}
