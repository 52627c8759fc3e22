//! The sound thread. It is drawn with each level while something swings, moved in between, and left alone in silence.

use std::time::Duration;

use leptos::ev;
use leptos::prelude::*;
use loom_schemas::live::{Channel, WsOut};
use loom_ui_model::sound::{PX_S, Paths, Sound, WIDTH};

use crate::browser::{is_hidden, is_still, now_s};
use crate::ws::Ws;

/// Twenty-five pictures a second: between two levels the thread only moves.
const FRAME: Duration = Duration::from_millis(40);
/// Redrawn so often where nothing may move.
const STILL: Duration = Duration::from_millis(500);
/// A microphone that works hears something.
const DEAF_S: f64 = 40.0;
const DEAF_DB: f32 = -95.0;

/// What the microphone heard of late.
#[derive(Clone, Copy)]
pub struct Heard {
    sound: StoredValue<Sound>,
    paths: RwSignal<Paths>,
    drawn_s: StoredValue<f64>,
    /// How far the thread has moved since it was drawn, of its width.
    gone: RwSignal<f64>,
    ticks: StoredValue<Option<IntervalHandle>>,
    still: bool,
    pub speaks: RwSignal<bool>,
    /// Something loud enough to be seen was heard.
    pub once: RwSignal<bool>,
    /// When a sound last came, while nothing at all comes.
    pub deaf: RwSignal<bool>,
    last_s: StoredValue<f64>,
}

impl Heard {
    /// Listens to levels for as long as the component that asks lives and is seen.
    pub fn here() -> Self {
        let heard = Self {
            sound: StoredValue::new(Sound::default()),
            paths: RwSignal::new(Sound::default().paths(now_s())),
            drawn_s: StoredValue::new(now_s()),
            gone: RwSignal::new(0.0),
            ticks: StoredValue::new(None),
            still: is_still(),
            speaks: RwSignal::new(false),
            once: RwSignal::new(false),
            deaf: RwSignal::new(false),
            last_s: StoredValue::new(now_s()),
        };
        let hidden = RwSignal::new(is_hidden());
        let turned = window_event_listener(ev::visibilitychange, move |_| hidden.set(is_hidden()));
        let ws = Ws::of_page();
        Effect::new(move |_| {
            if hidden.get() {
                return heard.rest();
            }
            heard.last_s.set_value(now_s());
            ws.hear(&[Channel::Level], move |out| {
                if let WsOut::Level(level) = out {
                    heard.note(level);
                }
            });
        });
        on_cleanup(move || {
            turned.remove();
            heard.rest();
        });
        heard
    }

    fn note(self, level: &loom_schemas::live::Level) {
        let now = now_s();
        self.sound.update_value(|s| s.note(now, level));
        if level.rms_db > DEAF_DB {
            self.last_s.set_value(now);
        }
        put(self.deaf, now - self.last_s.get_value() > DEAF_S);
        put(self.speaks, level.speech);
        let swings = self.sound.with_value(|s| s.swings(now));
        if !swings {
            return;
        }
        put(self.once, true);
        if self.ticks.with_value(Option::is_none) {
            let every = if self.still { STILL } else { FRAME };
            self.ticks.set_value(set_interval_with_handle(move || self.tick(), every).ok());
        }
        if !self.still {
            self.draw(now);
        }
    }

    fn tick(self) {
        let now = now_s();
        let swings = self.sound.with_value(|s| s.swings(now));
        if self.still || !swings {
            self.draw(now);
        } else {
            self.gone.set((now - self.drawn_s.get_value()).min(2.0) * PX_S / WIDTH);
        }
        put(self.speaks, self.sound.with_value(|s| s.speaks(now)));
        if !swings {
            self.rest();
        }
    }

    fn draw(self, now: f64) {
        self.drawn_s.set_value(now);
        self.gone.set(0.0);
        self.paths.set(self.sound.with_value(|s| s.paths(now)));
    }

    fn rest(self) {
        if let Some(Some(ticks)) = self.ticks.try_update_value(Option::take) {
            ticks.clear();
        }
    }
}

fn put(signal: RwSignal<bool>, value: bool) {
    if signal.get_untracked() != value {
        signal.set(value);
    }
}

#[component]
pub fn Level(heard: Heard) -> impl IntoView {
    let label =
        move || if heard.speaks.get() { "Sound level of the last half minute; speech now" } else { "Sound level of the last half minute" };
    view! {
        <div class="level" role="img" aria-label=label>
            <div class="past">
                <svg class="sound t1" class:is-heard=heard.speaks viewBox="0 0 2400 128" width="2400" height="128" aria-hidden="true"
                    style=("--gone", move || format!("{:.5}", heard.gone.get()))><Threads heard /></svg>
            </div>
            <svg class="ahead-of sound" viewBox="0 0 204 128" width="204" height="128" aria-hidden="true">
                <path class="ahead" d="M4 64H204" /><path class="shuttle" d="M0 64q15-8 30 0q-15 8-30 0" />
            </svg>
            {[("10 s", 10), ("20 s", 20), ("30 s ago", 30)].map(|(words, ago)| view! {
                <span class="ago" aria-hidden="true" style=("--ago", ago.to_string())>{words}</span>
            }).collect_view()}
        </div>
    }
}

/// The last ten seconds, for the first run.
#[component]
pub fn Little(heard: Heard) -> impl IntoView {
    view! { <svg class="little" viewBox="1940 0 360 128" preserveAspectRatio="none" aria-hidden="true"><Threads heard /></svg> }
}

#[component]
fn Threads(heard: Heard) -> impl IntoView {
    view! {
        <path class="taut" d=move || heard.paths.with(|p| p.taut.clone()) />
        <path class="stir" d=move || heard.paths.with(|p| p.stir.clone()) />
        <path class="ghost" d=move || heard.paths.with(|p| p.swing.clone()) />
        <path class="swing" d=move || heard.paths.with(|p| p.swing.clone()) />
    }
}
