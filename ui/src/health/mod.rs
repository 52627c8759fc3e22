//! Health: what the doctor says, worst first, each with what to do about it; then the devices that send.

mod devices;

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::api::{Action, Check};
use loom_ui_model::checks;
use loom_ui_model::time::clock;

use crate::api::{self, Checks};
use crate::browser::{now, offset_s};
use crate::link::{Load, poll_by};
use crate::parts::{Bones, Failure, Shape};
use crate::shell::{Age, Toasts};
use devices::KnownDevices;

const EVERY_S: u32 = 20;

#[component]
pub fn Health() -> impl IntoView {
    let looked = RwSignal::new(None::<i64>);
    let again = RwSignal::new(0u32);
    let asked = poll_by(
        move || Some((again.get(), looked)),
        |(_, looked)| async move {
            let answer = api::get::<Checks>("/api/doctor").await?;
            looked.try_set(Some(now()));
            Ok(checks::worst_first(answer.checks))
        },
        f64::from(EVERY_S),
    );
    let body = move || match asked.get() {
        Load::Waiting => view! { <Bones /> }.into_any(),
        Load::Failed(trouble) => view! { <Failure trouble /> }.into_any(),
        Load::Ready(all) => view! {
            <p class="summary">{checks::summary(&all)}</p>
            <ul class="sheet">{all.into_iter().map(|check| view! { <One check again /> }).collect_view()}</ul>
        }
        .into_any(),
    };
    view! {
        <main id="main" class="health">
            <header class="sheet-head"><h1>"Health"</h1>
                <p class="quiet">{move || looked.get().map(|at| format!("Last looked at {}", clock(at, offset_s(at))))}</p>
                <Age every_s=EVERY_S />
                <button class="btn" type="button" on:click=move |_| again.update(|n| *n += 1)>"Look again"</button>
            </header>
            {body}
            <KnownDevices again every_s=EVERY_S />
        </main>
    }
}

#[component]
fn One(check: Check, again: RwSignal<u32>) -> impl IntoView {
    let Check { check, state, message, fix, action } = check;
    let (shape, word) = checks::state(&state);
    view! {
        <li class="row-of" data-state=shape>
            <div><h2>{checks::first_upper(&check)}</h2><p>{checks::sentence(&message)}</p>{fix.map(|f| view! { <p class="quiet">{checks::sentence(&f)}</p> })}</div>
            <div class="control"><span class="state"><Shape state=shape />{word}</span>{action.map(|action| view! { <Fix action again /> })}</div>
        </li>
    }
}

/// Does what the doctor offers, then looks again.
#[component]
fn Fix(action: Action, again: RwSignal<u32>) -> impl IntoView {
    let (toasts, busy) = (Toasts::of_page(), RwSignal::new(false));
    let Action { title, method, path } = action;
    let press = move |_| {
        let (method, path) = (method.clone(), path.clone());
        busy.set(true);
        spawn_local(async move {
            if let Err(trouble) = api::told(&method, &path, None).await {
                toasts.say(trouble.sentence());
            }
            busy.try_set(false);
            again.try_update(|n| *n += 1);
        });
    };
    view! { <button class="btn plain" type="button" disabled=busy on:click=press>{title}</button> }
}
