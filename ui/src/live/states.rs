//! When Loom does not listen: what happened, what is safe, what to do, and one solid button that does it.

use leptos::prelude::*;
use loom_schemas::live::Listening;
use loom_ui_model::time::{clock, epoch};
use loom_ui_model::token::Page;

use crate::browser::offset_s;
use crate::parts::{Icon, Shape};
use crate::recordings::ChooseRecording;
use crate::shell::Hearing;

#[component]
pub fn Stopped(state: Listening, choosing: RwSignal<bool>) -> impl IntoView {
    let hearing = Hearing::of_page();
    let now = hearing.now.get_untracked().unwrap_or_default();
    let since = now.since.as_deref().and_then(epoch).map(|t| format!(" since {}", clock(t, offset_s(t)))).unwrap_or_default();
    let device = now.device.map_or_else(|| "The microphone".to_string(), |name| format!("“{name}”"));
    let (shape, head) = match state {
        Listening::Paused => ("paused", format!("Paused{since}")),
        Listening::Off => ("paused", "This Loom does not listen".to_string()),
        Listening::None => ("behind", "There is no microphone".to_string()),
        Listening::Lost => ("down", format!("{device} is gone")),
        Listening::Refused => ("down", format!("{device} is refused")),
        Listening::Full => ("down", "The disk is full".to_string()),
        Listening::Listening => ("ok", "Listening".to_string()),
    };
    let sentence = now.message.unwrap_or_else(|| match state {
        Listening::Paused => "Nothing is heard or kept until you go on.".into(),
        Listening::Off => {
            "It was started for recordings, without its microphone. Start it with loom serve alone, or give it a recording.".into()
        }
        _ => "Loom goes on by itself as soon as it can.".into(),
    });
    let choose =
        move || view! { <button class="btn solid" type="button" on:click=move |_| choosing.set(true)>"Choose a microphone"</button> };
    let check = || view! { <a class="btn" href=Page::Health.hash()>"What to check"</a> };
    let deeds = match state {
        Listening::Paused => view! {
            <button class="btn solid" type="button" on:click=move |_| hearing.toggle()><Icon name="play" />"Go on"<kbd>"space"</kbd></button>
        }
        .into_any(),
        Listening::Lost | Listening::Refused => view! { {choose()}{check()} }.into_any(),
        Listening::Full => view! { <a class="btn solid" href=Page::Settings.hash()>"Keep less sound"</a>{check()} }.into_any(),
        _ => view! { <ChooseRecording class="btn solid" words="Use a recording" />{check()} }.into_any(),
    };
    view! {
        <div class="blank stopped" role="status">
            <svg class="loose slack" viewBox="0 0 300 40" width="300" height="40" aria-hidden="true"><path d="M0 12Q150 48 300 12" /></svg>
            <p class="state" data-state=shape><Shape state=shape /><b>{head}</b></p>
            <p>{sentence}</p>
            <div class="row">{deeds}</div>
        </div>
    }
}
