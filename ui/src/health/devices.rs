//! The devices that Loom knows, and on what evidence two count as one person's.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::devices::{DeviceRow, DeviceRows, LinkRow, LinkRows, SuggestionRow, SuggestionRows};
use loom_ui_model::checks::sentence;
use loom_ui_model::devices::{about, both, called, is_owners, percent, says, state, together};
use loom_ui_model::time::{Day, clock, epoch};
use serde_json::json;

use crate::api::{self, Trouble};
use crate::browser::{now, offset_s};
use crate::link::{Load, poll_by};
use crate::parts::Shape;
use crate::shell::Toasts;

#[derive(Clone, PartialEq)]
struct Known {
    devices: Vec<DeviceRow>,
    links: Vec<LinkRow>,
    suggestions: Vec<SuggestionRow>,
}

async fn ask() -> Result<Known, Trouble> {
    Ok(Known {
        devices: api::get::<DeviceRows>("/device-identity/devices").await?.devices,
        links: api::get::<LinkRows>("/device-identity/links").await?.links,
        suggestions: api::get::<SuggestionRows>("/device-identity/suggestions").await?.suggestions,
    })
}

#[component]
pub fn KnownDevices(again: RwSignal<u32>, every_s: u32) -> impl IntoView {
    let asked = poll_by(move || Some(again.get()), |_| ask(), f64::from(every_s));
    move || match asked.get() {
        Load::Waiting => ().into_any(),
        Load::Failed(trouble) => {
            view! { <section class="sheet"><h2>"Devices"</h2><p class="quiet" role="alert">{api::said(&trouble)}</p></section> }.into_any()
        }
        Load::Ready(Known { devices, links, suggestions }) => {
            let linked = links.iter().map(|link| view! { <OneLink devices=devices.clone() link=link.clone() again /> }).collect_view();
            let looks = suggestions.iter().map(|s| view! { <Looks devices=devices.clone() suggestion=s.clone() again /> }).collect_view();
            let any = !links.is_empty() || !suggestions.is_empty();
            view! {
                <section class="sheet devices" aria-labelledby="devices"><h2 id="devices">"Devices"</h2>
                    <ul>{devices.into_iter().map(|device| view! { <One device /> }).collect_view()}</ul>
                </section>
                {any.then(|| view! {
                    <section class="sheet" aria-labelledby="linked"><h2 id="linked">"Devices of one person"</h2><ul>{linked}{looks}</ul></section>
                })}
            }
            .into_any()
        }
    }
}

#[component]
fn One(device: DeviceRow) -> impl IntoView {
    let (shape, word) = state(&device);
    let about = Some(about(&device)).filter(|a| !a.is_empty()).map(|a| a + ". ");
    let seen = device.last_seen_at.as_deref().and_then(epoch).map(last_seen);
    view! {
        <li class="row-of" data-state=shape>
            <div><h3>{called(&device)}</h3><p class="quiet">{about}{seen}</p></div>
            <div class="control"><span class="state"><Shape state=shape />{word}</span></div>
        </li>
    }
}

/// `Last seen at 16:20.`, the day where it is not today.
fn last_seen(at: i64) -> String {
    let (day, today) = (Day::of(at, offset_s(at)), Day::of(now(), offset_s(now())));
    if day == today { format!("Last seen at {}.", clock(at, offset_s(at))) } else { format!("Last seen on {}.", day.name(today)) }
}

#[component]
fn OneLink(devices: Vec<DeviceRow>, link: LinkRow, again: RwSignal<u32>) -> impl IntoView {
    let (toasts, busy) = (Toasts::of_page(), RwSignal::new(false));
    let names = both(&devices, &link.device_ids);
    let counts =
        if together(&devices, &link.device_ids) { "They count as one person's." } else { "That is too little to count as one person's." };
    let (says, title) = (format!("{} {counts}", says(&link)), names.clone());
    let take_back = move |_| {
        let (link, names) = (link.clone(), names.clone());
        busy.set(true);
        spawn_local(async move {
            match api::told("DELETE", &format!("/device-identity/links/{}", link.link_id), None).await {
                Err(trouble) => toasts.say(trouble.sentence()),
                Ok(()) if is_owners(&link) => {
                    toasts.offer(format!("{names} are not linked any more."), move || say_again(link.clone(), toasts, again))
                }
                Ok(()) => toasts.say(format!("{names} are not linked by that any more.")),
            }
            busy.try_set(false);
            again.try_update(|n| *n += 1);
        });
    };
    view! {
        <li class="row-of">
            <div><h3>{title}</h3><p class="quiet">{says}</p></div>
            <div class="control"><button class="btn" type="button" disabled=busy on:click=take_back>"Take back"</button></div>
        </li>
    }
}

fn say_again(link: LinkRow, toasts: Toasts, again: RwSignal<u32>) {
    let said =
        json!({"device_ids": link.device_ids, "confidence_score": link.confidence_score, "evidence": link.evidence, "note": link.note});
    link_them(said, toasts, again);
}

fn link_them(said: serde_json::Value, toasts: Toasts, again: RwSignal<u32>) {
    spawn_local(async move {
        if let Err(trouble) = api::told("POST", "/device-identity/link", Some(said.to_string().into())).await {
            toasts.say(trouble.sentence());
        }
        again.try_update(|n| *n += 1);
    });
}

/// What looks like one person's is never linked by itself.
#[component]
fn Looks(devices: Vec<DeviceRow>, suggestion: SuggestionRow, again: RwSignal<u32>) -> impl IntoView {
    let toasts = Toasts::of_page();
    let SuggestionRow { device_ids, confidence_score, evidence, why } = suggestion;
    let names = both(&devices, &device_ids);
    let press = move |_| {
        link_them(json!({"device_ids": device_ids, "confidence_score": confidence_score, "evidence": evidence}), toasts, again);
    };
    view! {
        <li class="row-of">
            <div><h3>{names}</h3><p class="quiet">{sentence(&why)}{format!(" {} sure. They are not linked.", percent(confidence_score))}</p></div>
            <div class="control"><button class="btn plain" type="button" on:click=press>"Link them"</button></div>
        </li>
    }
}
