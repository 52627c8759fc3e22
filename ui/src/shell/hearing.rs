//! What the microphone does, known to every page, and telling it to stop, go on, or be another one.

use leptos::prelude::*;
use leptos::task::spawn_local;
use loom_schemas::live::{CaptureState, Channel, Forgotten, Listening, WsOut};
use loom_ui_model::numbers;
use serde_json::json;

use super::toast::Toasts;
use crate::api;
use crate::link::{Load, poll};
use crate::ws::Ws;

/// Asked for as well: a proxy may let no WebSocket through.
const EVERY_S: f64 = 20.0;

#[derive(Clone, Copy)]
pub struct Hearing {
    /// `None` until it is known.
    pub now: RwSignal<Option<CaptureState>>,
    toasts: Toasts,
}

impl Hearing {
    pub fn provide() {
        let hearing = Self { now: RwSignal::new(None), toasts: Toasts::of_page() };
        provide_context(hearing);
        Ws::of_page().hear(&[Channel::Capture], move |out| {
            if let WsOut::Capture(now) = out {
                hearing.now.set(Some(now.clone()));
            }
        });
        let asked = poll::<CaptureState>(|| Some("/api/capture".into()), EVERY_S);
        Effect::new(move |_| {
            if let Load::Ready(now) = asked.get()
                && hearing.now.with_untracked(|known| known.as_ref() != Some(&now))
            {
                hearing.now.set(Some(now));
            }
        });
    }
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(|| {
            Self::provide();
            Self::of_page()
        })
    }

    pub fn state(self) -> Option<Listening> {
        self.now.with(|now| now.as_ref().map(|n| n.state))
    }

    /// Stops it if it listens, lets it go on if it is paused.
    pub fn toggle(self) {
        match self.now.with_untracked(|now| now.as_ref().map(|n| n.state)) {
            Some(Listening::Paused) => self.tell("POST", "/api/capture/resume", None),
            Some(Listening::Off) | None => {}
            Some(_) => self.tell("POST", "/api/capture/pause", None),
        }
    }

    /// Listens with this device from now on; `None` follows the system's default.
    pub fn choose(self, id: Option<String>) {
        self.tell("PUT", "/api/capture/device", Some(json!({ "id": id })));
    }

    fn tell(self, method: &'static str, path: &'static str, body: Option<serde_json::Value>) {
        spawn_local(async move {
            match api::send::<CaptureState>(method, path, body.as_ref()).await {
                Ok(now) => self.now.set(Some(now)),
                Err(trouble) => self.toasts.say(trouble.sentence()),
            }
        });
    }

    /// Forgets the last five minutes, with ten seconds to think again.
    pub fn forget(self) {
        const MINUTES: u32 = 5;
        spawn_local(async move {
            match api::send::<Forgotten>("POST", "/api/timeline/forget", Some(&json!({ "minutes": MINUTES }))).await {
                Ok(gone) => {
                    let lines = numbers::of(gone.lines as usize, "line");
                    let said = format!("The last {MINUTES} min are forgotten: {lines}. Their sound goes in 10 s.");
                    self.toasts.offer(said, move || self.remember(&gone.forget_id));
                }
                Err(trouble) => self.toasts.say(trouble.sentence()),
            }
        });
    }

    fn remember(self, forget_id: &str) {
        let path = format!("/api/timeline/forget/{forget_id}/undo");
        spawn_local(async move {
            match api::told("POST", &path, None).await {
                Ok(()) => self.toasts.say("Nothing was forgotten.".into()),
                Err(trouble) => self.toasts.say(trouble.sentence()),
            }
        });
    }
}
