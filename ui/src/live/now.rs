//! Now: the device, pause and forgetting; the sound thread; what is being said.

use leptos::prelude::*;
use loom_schemas::live::{CaptureDevices, Channel, Listening, WsOut};
use loom_ui_model::saying::Saying;
use loom_ui_model::time::{clock, epoch};

use super::sound::{Heard, Level};
use super::states::Stopped;
use crate::browser::offset_s;
use crate::link::poll;
use crate::parts::Icon;
use crate::shell::{Entry, Hearing, Menu};
use crate::ws::Ws;

#[component]
pub fn Now() -> impl IntoView {
    let hearing = Hearing::of_page();
    let state = Memo::new(move |_| hearing.state());
    let choosing = RwSignal::new(false);
    let heard = Heard::here();
    view! {
        <section class="now" aria-label="Now">
            <Head hearing choosing />
            {move || match state.get() {
                None | Some(Listening::Listening) => view! { <Level heard /><Said heard /> }.into_any(),
                Some(state) => view! { <Stopped state choosing /> }.into_any(),
            }}
        </section>
    }
}

#[component]
fn Head(hearing: Hearing, choosing: RwSignal<bool>) -> impl IntoView {
    let since = move || {
        let now = hearing.now.get()?;
        let since = epoch(now.since.as_deref().filter(|_| now.state == Listening::Listening)?)?;
        Some(format!("Listening since {}", clock(since, offset_s(since))))
    };
    let pause = move || {
        (hearing.state() == Some(Listening::Listening)).then(|| {
            view! {
                <button class="btn plain" type="button" on:click=move |_| hearing.toggle()>
                    <Icon name="pause" /><span>"Pause"</span><kbd>"space"</kbd></button>
            }
        })
    };
    view! {
        <div class="now-head">
            <Device class="btn device" open=choosing />
            <span class="faint">{since}</span>
            <button class="btn forget" type="button" on:click=move |_| hearing.forget()>
                <Icon name="forget" /><span>"Forget the last 5 min"</span></button>
            {pause}
        </div>
    }
}

/// Which microphone, and choosing another one.
#[component]
pub fn Device(class: &'static str, open: RwSignal<bool>) -> impl IntoView {
    let hearing = Hearing::of_page();
    let found = poll::<CaptureDevices>(move || open.get().then(|| "/api/capture/devices".into()), 5.0);
    let entries = Signal::derive(move || {
        let chosen = hearing.now.with(|n| n.as_ref().and_then(|n| n.chosen.clone()));
        let devices = found.get().ready().map(|d| d.devices).unwrap_or_default();
        let default = devices.iter().find(|d| d.default).map_or_else(String::new, |d| format!(" ({})", d.name));
        let follow = Entry::choice(&format!("As the system has it{default}"), chosen.is_none(), move || hearing.choose(None));
        let mut all = vec![follow];
        all.extend(devices.into_iter().map(|d| {
            let id = d.id.clone();
            Entry::choice(&d.name, chosen.as_deref() == Some(d.id.as_str()), move || hearing.choose(Some(id.clone())))
        }));
        all
    });
    let name = move || hearing.now.with(|n| n.as_ref().and_then(|n| n.device.clone())).unwrap_or_else(|| "Microphone".into());
    view! { <Menu label="" class entries open><Icon name="mic" /><span class="device-name">{name}</span><Icon name="down" /></Menu> }
}

/// The guess, until its line takes its place.
#[component]
fn Said(heard: Heard) -> impl IntoView {
    let saying = RwSignal::new(Saying::default());
    Ws::of_page().hear(&[Channel::Partial, Channel::Lines], move |out| match out {
        WsOut::Partial(next) => saying.update(|s| s.hear(next)),
        WsOut::Line(row) => saying.update(|s| s.settle(&row.recorded_at)),
        _ => {}
    });
    let deaf = move || {
        heard.deaf.get().then(|| view! { <span class="age"><Icon name="clock" />"No sound for a while. Is the microphone muted?"</span> })
    };
    view! {
        <p class="partial" aria-live="polite">{move || saying.with(|s| view! {
            {s.settled().to_string()}<span class="guess">{s.guess().to_string()}</span>
        })}{deaf}</p>
    }
}
