//! The open line's player: play, a track with the sound's wave, where it is, and how fast.

use leptos::prelude::*;
use loom_ui_model::timeline::wave::WIDTH;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent};

use super::deck::{Deck, Sound};
use crate::parts::Icon;

#[component]
pub fn Player(deck: Deck) -> impl IntoView {
    move || match deck.sound.get() {
        Sound::Gone => view! { <p class="quiet">"The sound of this line is no longer kept."</p> }.into_any(),
        Sound::Failed => view! { <p class="quiet">"The sound of this line could not be fetched. Its words are safe."</p> }.into_any(),
        Sound::Waiting => view! { <Controls deck wave=format!("M0 16H{WIDTH}") ready=false /> }.into_any(),
        Sound::Ready { wave, .. } => view! { <Controls deck wave ready=true /> }.into_any(),
    }
}

#[component]
fn Controls(deck: Deck, wave: String, ready: bool) -> impl IntoView {
    let length = deck.length_s().max(0.1);
    let name = move || if deck.playing.get() { "Pause playback" } else { "Play" };
    view! {
        <div class="player">
            <button class="btn solid only" type="button" disabled=!ready aria-label=name aria-keyshortcuts="Space" on:click=move |_| deck.toggle()>
                {move || if deck.playing.get() { view! { <Icon name="pause" /> } } else { view! { <Icon name="play" /> } }}
            </button>
            <Track deck wave length />
            <span class="num quiet">{move || format!("{:.1} of {length:.1} s", deck.at_s.get())}</span>
            <button class="btn" type="button" aria-label=move || format!("Speed {}×", deck.speed.get()) on:click=move |_| deck.faster()>
                {move || format!("{}×", deck.speed.get())}</button>
        </div>
    }
}

#[component]
fn Track(deck: Deck, wave: String, length: f64) -> impl IntoView {
    let x = move || (deck.at_s.get() / length).clamp(0.0, 1.0);
    let by_key = move |e: KeyboardEvent| {
        let by = match e.key().as_str() {
            "ArrowLeft" | "ArrowDown" => -1.0,
            "ArrowRight" | "ArrowUp" => 1.0,
            _ => return,
        };
        e.prevent_default();
        deck.seek(deck.at_s.get_untracked() + by);
    };
    let by_pointer = move |e: PointerEvent| {
        let Some(track) = e.current_target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
        if e.type_() == "pointerdown" {
            track.set_pointer_capture(e.pointer_id()).ok();
        } else if e.buttons() == 0 {
            return;
        }
        let place = track.get_bounding_client_rect();
        deck.seek((f64::from(e.client_x()) - place.left()) / place.width().max(1.0) * length);
    };
    view! {
        <div class="track" role="slider" tabindex="0" aria-label="Position" aria-valuemin="0" aria-valuemax=format!("{length:.1}")
            aria-valuenow=move || format!("{:.1}", deck.at_s.get())
            aria-valuetext=move || format!("{:.1} of {length:.1} seconds", deck.at_s.get())
            style=("--at", move || format!("{:.2}%", x() * 100.0)) on:keydown=by_key on:pointerdown=by_pointer on:pointermove=by_pointer>
            <svg class="wave" viewBox=format!("0 0 {WIDTH} 32") preserveAspectRatio="none" aria-hidden="true"><path class="rest" d=wave.clone() /></svg>
            <svg class="wave heard" viewBox=format!("0 0 {WIDTH} 32") preserveAspectRatio="none" aria-hidden="true"><path class="played" d=wave /></svg>
            <svg class="head-mark" viewBox="0 0 8 32" aria-hidden="true"><path class="shuttle" d="M4 0q8 16 0 32q-8-16 0-32" /></svg>
        </div>
    }
}
