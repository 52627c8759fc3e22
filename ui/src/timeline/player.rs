//! Playback of a line: fetched with the token, played from memory, each word lit as it is heard.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::api::TimelineRow;
use loom_ui_model::lines::heard;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlAudioElement, KeyboardEvent, MouseEvent};

use crate::api;
use crate::parts::Icon;

/// Often enough for a word to light up when it is heard.
const TICK: Duration = Duration::from_millis(60);
const WIDTH: f64 = 560.0;

#[derive(Clone, Copy)]
struct Deck {
    audio: StoredValue<Option<HtmlAudioElement>, LocalStorage>,
    sound: RwSignal<Option<String>>,
    at_s: RwSignal<f64>,
    playing: RwSignal<bool>,
    length_s: f64,
}

impl Deck {
    fn element(self) -> Option<HtmlAudioElement> {
        self.audio.try_get_value().flatten()
    }
    fn toggle(self) {
        let Some(audio) = self.element() else { return };
        if audio.paused() {
            // Refused by a browser that wants a click first: the button still says "play".
            audio.play().ok();
        } else {
            audio.pause().ok();
        }
        self.look();
    }
    fn seek(self, to_s: f64) {
        if let Some(audio) = self.element() {
            audio.set_current_time(to_s.clamp(0.0, self.length_s));
            self.look();
        }
    }
    /// What the element says: it has no signal of its own.
    fn look(self) {
        let Some(audio) = self.element() else { return };
        self.at_s.try_set(audio.current_time());
        let playing = !audio.paused() && !audio.ended();
        if self.playing.try_get_untracked() != Some(playing) {
            self.playing.try_set(playing);
        }
    }
}

#[component]
pub fn Player(row: StoredValue<TimelineRow>, at: RwSignal<Option<usize>>) -> impl IntoView {
    let Some(href) = row.with_value(|r| r.audio.as_ref().map(|a| a.href.clone())) else {
        return view! { <p class="quiet">"The sound of this line is no longer kept."</p> }.into_any();
    };
    let deck = Deck {
        audio: StoredValue::new_local(None),
        sound: RwSignal::new(None),
        at_s: RwSignal::new(0.0),
        playing: RwSignal::new(false),
        length_s: row.with_value(|r| r.duration_s),
    };
    let trouble = RwSignal::new(false);
    spawn_local(async move {
        match api::sound(&href).await {
            Ok(sound) => {
                let audio = HtmlAudioElement::new_with_src(&sound).ok();
                deck.audio.try_set_value(audio);
                // The line was closed while its sound was on the way.
                if deck.sound.try_set(Some(sound.clone())).is_some() {
                    api::forget(&sound);
                }
            }
            Err(_) => drop(trouble.try_set(true)),
        }
    });
    let ticks = set_interval_with_handle(move || deck.look(), TICK).ok();
    Effect::new(move |_| {
        let now = deck.at_s.get();
        let word = (deck.playing.get() || now > 0.0).then(|| row.with_value(|r| heard(&r.words, now))).flatten();
        if at.get_untracked() != word {
            at.set(word);
        }
    });
    on_cleanup(move || {
        if let Some(ticks) = ticks {
            ticks.clear();
        }
        if let Some(audio) = deck.element() {
            audio.pause().ok();
        }
        if let Some(Some(sound)) = deck.sound.try_get_untracked() {
            api::forget(&sound);
        }
        at.try_set(None);
    });
    view! {
        {move || if trouble.get() {
            view! { <p class="quiet">"The sound of this line could not be fetched. Its words are safe."</p> }.into_any()
        } else {
            view! { <Controls deck /> }.into_any()
        }}
    }
    .into_any()
}

#[component]
fn Controls(deck: Deck) -> impl IntoView {
    let length = deck.length_s.max(0.1);
    let x = move || (deck.at_s.get() / length).clamp(0.0, 1.0);
    let by_key = move |e: KeyboardEvent| match e.key().as_str() {
        "ArrowLeft" => deck.seek(deck.at_s.get_untracked() - 1.0),
        "ArrowRight" => deck.seek(deck.at_s.get_untracked() + 1.0),
        _ => {}
    };
    let by_pointer = move |e: MouseEvent| {
        let Some(track) = e.current_target().and_then(|t| t.dyn_into::<Element>().ok()) else { return };
        let place = track.get_bounding_client_rect();
        deck.seek((f64::from(e.client_x()) - place.left()) / place.width().max(1.0) * length);
    };
    view! {
        <div class="player">
            <button class="btn solid only" type="button" disabled=move || deck.sound.get().is_none()
                aria-label=move || if deck.playing.get() { "Pause playback" } else { "Play" }
                on:click=move |e| { e.stop_propagation(); deck.toggle(); }>
                {move || if deck.playing.get() { view! { <Icon name="pause" /> } } else { view! { <Icon name="play" /> } }}
            </button>
            <div class="track" role="slider" tabindex="0" aria-label="Position" aria-valuemin="0" aria-valuemax=format!("{length:.1}")
                aria-valuenow=move || format!("{:.1}", deck.at_s.get())
                aria-valuetext=move || format!("{:.1} of {length:.1} seconds", deck.at_s.get())
                style=("--at", move || format!("{:.2}%", x() * 100.0)) on:keydown=by_key on:click=by_pointer>
                <svg class="wave" viewBox=format!("0 0 {WIDTH} 32") preserveAspectRatio="none" aria-hidden="true">
                    <path class="rest" d=move || format!("M{:.1} 16H{WIDTH}", x() * WIDTH) />
                    <path class="played" d=move || format!("M0 16H{:.1}", x() * WIDTH) />
                </svg>
                <svg class="head-mark" viewBox="0 0 8 32" aria-hidden="true"><path class="shuttle" d="M4 0q8 16 0 32q-8-16 0-32" /></svg>
            </div>
            <span class="num quiet">{move || format!("{:.1} of {length:.1} s", deck.at_s.get())}</span>
        </div>
    }
}
