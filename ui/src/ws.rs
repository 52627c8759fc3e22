//! What is live: one WebSocket for all of the page, opened again when it is lost. Whoever hears says which channels it
//! wants; topics go on at the offset after the last record heard, so that nothing is missed while the line was down.

use std::sync::Arc;

use leptos::prelude::*;
use loom_schemas::live::{Channel, WsIn, WsOut};
use loom_ui_model::retry::wait_s;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{MessageEvent, WebSocket};

use crate::browser;
use crate::link::Link;

type Hear = Arc<dyn Fn(&WsOut) + Send + Sync>;

#[derive(Clone)]
struct Ear {
    id: u32,
    channels: Vec<Channel>,
    /// A topic, and the next offset of it that is wanted.
    topic: Option<(String, Option<u64>)>,
    hear: Hear,
}

#[derive(Clone, Copy)]
pub struct Ws {
    /// Whether the line is up.
    pub open: RwSignal<bool>,
    socket: StoredValue<Option<WebSocket>, LocalStorage>,
    ears: StoredValue<Vec<Ear>>,
    next: StoredValue<u32>,
    failed: StoredValue<u32>,
    link: Link,
}

impl Ws {
    /// To be called once, by the shell.
    pub fn provide() -> Self {
        let ws = Self {
            open: RwSignal::new(false),
            socket: StoredValue::new_local(None),
            ears: StoredValue::new(Vec::new()),
            next: StoredValue::new(0),
            failed: StoredValue::new(0),
            link: Link::of_page(),
        };
        provide_context(ws);
        Effect::new(move |_| {
            // At first, and when somebody answers again.
            ws.link.again.track();
            if !ws.open.get_untracked() {
                ws.connect();
            }
        });
        ws
    }
    pub fn of_page() -> Self {
        use_context().unwrap_or_else(Self::provide)
    }

    /// Hears these channels for as long as the component that asks lives.
    pub fn hear(self, channels: &[Channel], hear: impl Fn(&WsOut) + Send + Sync + 'static) {
        self.add(channels.to_vec(), None, Arc::new(hear));
    }
    /// Hears a topic's records for as long as the component that asks lives: from an offset, or only what comes.
    pub fn follow(self, topic: String, from: Option<u64>, hear: impl Fn(&WsOut) + Send + Sync + 'static) {
        self.add(Vec::new(), Some((topic, from)), Arc::new(hear));
    }

    fn add(self, channels: Vec<Channel>, topic: Option<(String, Option<u64>)>, hear: Hear) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        let ear = Ear { id, channels, topic, hear };
        self.ask(&ear);
        self.ears.update_value(|e| e.push(ear));
        on_cleanup(move || self.remove(id));
    }

    fn remove(self, id: u32) {
        let gone = self.ears.try_update_value(|ears| {
            let at = ears.iter().position(|e| e.id == id)?;
            let gone = ears.remove(at);
            let wanted = |c: &Channel| ears.iter().any(|e| e.channels.contains(c));
            let channels = gone.channels.iter().filter(|c| !wanted(c)).copied().collect::<Vec<_>>();
            let topic = gone.topic.map(|(t, _)| t).filter(|t| !ears.iter().any(|e| e.topic.as_ref().is_some_and(|(o, _)| o == t)));
            Some((channels, topic))
        });
        let Some(Some((channels, topic))) = gone else { return };
        if !channels.is_empty() {
            self.say(&WsIn::Unsubscribe { channels });
        }
        if let Some(topic) = topic {
            self.say(&WsIn::StopStream { topic });
        }
    }

    fn ask(self, ear: &Ear) {
        if !ear.channels.is_empty() {
            self.say(&WsIn::Subscribe { channels: ear.channels.clone() });
        }
        if let Some((topic, from_offset)) = ear.topic.clone() {
            self.say(&WsIn::StreamLogs { topic, from_beginning: false, from_offset });
        }
    }

    /// What is said while the line is down is said by [`ask`](Self::ask) when it is up.
    fn say(self, said: &WsIn) {
        let Ok(text) = serde_json::to_string(said) else { return };
        self.socket.try_with_value(|s| {
            if let Some(s) = s.as_ref().filter(|s| s.ready_state() == WebSocket::OPEN) {
                s.send_with_str(&text).ok();
            }
        });
    }

    fn connect(self) {
        let Some(token) = browser::token() else { return };
        self.hang_up();
        let protocols = js_sys::Array::of2(&"loom".into(), &format!("token.{token}").into());
        let Ok(socket) = WebSocket::new_with_str_sequence(&browser::ws_address(), &protocols) else { return };
        let opened = Closure::<dyn Fn()>::new(move || {
            self.failed.try_set_value(0);
            self.ears.try_with_value(|ears| ears.iter().for_each(|e| self.ask(e)));
            self.open.try_set(true);
        });
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |e: MessageEvent| {
            let Some(out) = e.data().as_string().and_then(|t| serde_json::from_str::<WsOut>(&t).ok()) else { return };
            self.pass_on(&out);
        });
        let closed = Closure::<dyn Fn()>::new(move || self.again());
        socket.set_onopen(Some(opened.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        socket.set_onclose(Some(closed.as_ref().unchecked_ref()));
        // They live as long as the page's socket does: one a connection.
        opened.forget();
        heard.forget();
        closed.forget();
        self.socket.try_set_value(Some(socket));
    }

    /// What a socket that is given up says no longer counts.
    fn hang_up(self) {
        self.socket.try_update_value(|s| {
            let Some(old) = s.take() else { return };
            old.set_onopen(None);
            old.set_onmessage(None);
            old.set_onclose(None);
            old.close().ok();
        });
    }

    fn pass_on(self, out: &WsOut) {
        if let WsOut::LogMessage { topic, message } = out {
            let next = message.offset.parse::<u64>().ok().map(|o| o + 1);
            self.ears.try_update_value(|ears| {
                let followers = ears.iter_mut().filter_map(|e| e.topic.as_mut()).filter(|(t, _)| t == topic);
                followers.for_each(|(_, from)| *from = next.or(*from));
            });
        }
        // An ear may close itself, or open another, while it hears.
        let ears = self.ears.try_get_value().unwrap_or_default();
        ears.iter().for_each(|e| (e.hear)(out));
    }

    /// It broke off: asks whether Loom is there at all, and opens it again after a while.
    fn again(self) {
        if self.open.try_set(false).is_some() {
            return;
        }
        self.link.doubt();
        let failed = self.failed.try_get_value().unwrap_or(0) + 1;
        self.failed.try_set_value(failed);
        leptos::task::spawn_local(async move {
            browser::sleep(f64::from(wait_s(failed))).await;
            let mine = self.failed.try_get_value() == Some(failed) && self.open.try_get_untracked() == Some(false);
            if mine && self.link.lost.get_untracked().is_none() {
                self.connect();
            }
        });
    }
}
