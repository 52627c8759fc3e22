//! Settings: plain lines by group, name, value, one sentence, and the control at the right. What is changed holds at once,
//! or says that it holds from the next start.

mod field;

use leptos::prelude::*;
use loom_schemas::live::SettingsPage;
use loom_ui_model::settings::groups;

use crate::link::{Load, poll};
use crate::parts::{Bones, Failure, Icon};
use crate::shell::{Age, Theme};
use field::Field;

const EVERY_S: u32 = 60;

#[component]
pub fn Settings() -> impl IntoView {
    let asked = poll::<SettingsPage>(|| Some("/api/settings".into()), f64::from(EVERY_S));
    let restart = RwSignal::new(false);
    Effect::new(move |_| {
        if let Load::Ready(page) = asked.get() {
            restart.set(page.restart_needed);
        }
    });
    let body = move || match asked.get() {
        Load::Waiting => view! { <Bones /> }.into_any(),
        Load::Failed(trouble) => view! { <Failure trouble /> }.into_any(),
        Load::Ready(page) => groups(page.fields)
            .into_iter()
            .map(|group| {
                view! {
                    <section class="plain"><h2>{group.name}</h2>
                        {group.fields.into_iter().map(|field| view! { <Field field restart /> }).collect_view()}</section>
                }
            })
            .collect_view()
            .into_any(),
    };
    view! {
        <main id="main" class="settings">
            <header class="plain-head"><h1>"Settings"</h1><Age every_s=EVERY_S />
                {move || restart.get().then(|| view! { <p class="age" role="status"><Icon name="clock" />"Something you changed holds from the next start."</p> })}
            </header>
            <Colours />
            {body}
        </main>
    }
}

/// Of this browser alone.
#[component]
fn Colours() -> impl IntoView {
    let theme = Theme::of_page();
    view! {
        <section class="plain"><h2>"This page"</h2>
            <div class="row-of">
                <div><h3 id="colours">"Colours"</h3><p class="quiet">"Paper or ink. Kept in this browser alone."</p></div>
                <div class="seg" role="group" aria-labelledby="colours">{Theme::ALL.map(|(value, name)| view! {
                    <button type="button" aria-pressed=move || (theme.get() == value).to_string() on:click=move |_| theme.choose(value)>{name}</button>
                }).collect_view()}</div>
            </div>
        </section>
    }
}
