//! Playback, of one line at a time: it goes on while the line is scrolled away.

use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::api::TimelineRow;
use loom_ui_model::timeline::wave;
use loom_ui_model::timeline::wording::{Heard, step, times};
use web_sys::HtmlAudioElement;

use super::ask;
use crate::api::Trouble;

const SPEEDS: [f64; 5] = [1.0, 1.25, 1.5, 2.0, 0.75];

/// What one hears of the open line.
#[derive(Clone, Debug, PartialEq)]
pub enum Sound {
    /// It is on its way.
    Waiting,
    /// An address in this page, and how it looks.
    Ready {
        address: String,
        wave: String,
    },
    /// No longer kept.
    Gone,
    Failed,
}

#[derive(Clone, Copy)]
pub struct Deck {
    audio: StoredValue<Option<HtmlAudioElement>, LocalStorage>,
    pub row: RwSignal<Option<Arc<TimelineRow>>>,
    pub sound: RwSignal<Sound>,
    pub at_s: RwSignal<f64>,
    pub playing: RwSignal<bool>,
    pub speed: RwSignal<f64>,
    /// Play as soon as there is sound, from here.
    pub wanted: StoredValue<Option<f64>>,
}

impl Deck {
    pub fn new() -> Self {
        Self {
            audio: StoredValue::new_local(None),
            row: RwSignal::new(None),
            sound: RwSignal::new(Sound::Waiting),
            at_s: RwSignal::new(0.0),
            playing: RwSignal::new(false),
            speed: RwSignal::new(SPEEDS[0]),
            wanted: StoredValue::new(None),
        }
    }

    pub fn plays(self, id: &str) -> bool {
        self.row.with(|r| r.as_ref().is_some_and(|r| r.message_id == id))
    }

    /// Fetches a line's sound; none leaves the deck empty.
    pub fn put(self, row: Option<Arc<TimelineRow>>) {
        self.clear();
        let href = row.as_ref().map(|r| r.audio.as_ref().map(|a| a.href.clone()));
        let id = row.as_ref().map(|r| r.message_id.clone()).unwrap_or_default();
        self.row.set(row);
        match href {
            None => {}
            Some(None) => self.sound.set(Sound::Gone),
            Some(Some(href)) => spawn_local(async move {
                let found = ask::bytes(&href).await;
                if self.row.try_with_untracked(|r| r.as_ref().is_some_and(|r| r.message_id == id)) == Some(true) {
                    self.take(found);
                }
            }),
        }
    }

    fn take(self, found: Result<Vec<u8>, Trouble>) {
        let ready = found.and_then(|bytes| Ok((ask::local_address(&bytes, "audio/wav")?, wave::path(&bytes))));
        let Ok((address, wave)) = ready else { return self.sound.set(Sound::Failed) };
        let audio = HtmlAudioElement::new_with_src(&address).ok();
        if let Some(audio) = &audio {
            audio.set_playback_rate(self.speed.get_untracked());
        }
        self.audio.set_value(audio);
        self.sound.set(Sound::Ready { address, wave });
        if let Some(from) = self.wanted.get_value() {
            self.play_from(from);
        }
    }

    /// Stops, and lets go of the sound.
    pub fn clear(self) {
        if let Some(audio) = self.element() {
            audio.pause().ok();
        }
        self.audio.try_set_value(None);
        if let Some(Sound::Ready { address, .. }) = self.sound.try_get_untracked() {
            ask::let_go(&address);
        }
        self.sound.try_set(Sound::Waiting);
        self.at_s.try_set(0.0);
        self.playing.try_set(false);
    }

    fn element(self) -> Option<HtmlAudioElement> {
        self.audio.try_get_value().flatten()
    }

    pub fn toggle(self) {
        let Some(audio) = self.element() else { return self.wanted.set_value(Some(0.0)) };
        if audio.paused() {
            // Refused by a browser that wants a click first: the button still says "play".
            drop(audio.play());
        } else {
            audio.pause().ok();
        }
        self.look();
    }

    /// Plays from a place, also a line whose sound is still on its way.
    pub fn play_from(self, at_s: f64) {
        let Some(audio) = self.element() else { return self.wanted.set_value(Some(at_s)) };
        self.wanted.set_value(None);
        audio.set_current_time(at_s);
        drop(audio.play());
        self.look();
    }

    pub fn seek(self, to_s: f64) {
        if let Some(audio) = self.element() {
            audio.set_current_time(to_s.clamp(0.0, self.length_s()));
            self.look();
        }
    }

    /// To the word before or after the one that sounds.
    pub fn step(self, by: isize) {
        if let Some(to) = step(&self.times(), self.at_s.get_untracked(), by) {
            self.seek(to);
        }
    }

    pub fn faster(self) {
        let now = self.speed.get_untracked();
        let at = SPEEDS.iter().position(|s| *s == now).unwrap_or(0);
        let next = SPEEDS[(at + 1) % SPEEDS.len()];
        self.speed.set(next);
        if let Some(audio) = self.element() {
            audio.set_playback_rate(next);
        }
    }

    pub fn times(self) -> Vec<Heard> {
        self.row.with_untracked(|r| r.as_ref().map(|r| times(r)).unwrap_or_default())
    }

    pub fn length_s(self) -> f64 {
        self.row.with_untracked(|r| r.as_ref().map_or(0.0, |r| r.duration_s))
    }

    /// What the element says: it has no signal of its own. True when the line has just ended.
    pub fn look(self) -> bool {
        let Some(audio) = self.element() else { return false };
        let at = audio.current_time();
        if self.at_s.try_get_untracked() != Some(at) {
            self.at_s.try_set(at);
        }
        let playing = !audio.paused() && !audio.ended();
        let before = self.playing.try_get_untracked();
        if before != Some(playing) {
            self.playing.try_set(playing);
        }
        audio.ended() && before == Some(true)
    }
}
