//! What happens to the desktop app, one thing after the other: presses in the tray, keys, wishes that come by HTTP, what the
//! microphone does, settings that change, Loom's end.

mod deeds;

use std::io;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use loom::serving::Serving;
use loom_core::api;
use loom_core::data_dir::DataDir;
use loom_core::desk::{self as core, Wish};
use loom_core::live::Live;
use loom_schemas::api::Check;
use tauri::AppHandle;
use uuid::Uuid;

use crate::hotkey::{self, Keys};
use crate::running::Running;
use crate::tray::{Deed, Model, Said, Tray};
use crate::{autostart, frame, sound};

/// What has not been looked at yet; more than a person can press.
const NEWS_AT_ONCE: usize = 64;

pub enum News {
    Tray(Said),
    Do(Deed),
    /// The microphone does something else.
    Heard,
    Settings,
    Ended(Result<(), String>),
}

/// Where news goes.
#[derive(Clone)]
struct Ear(SyncSender<News>);

impl Ear {
    /// Never waits: what does not fit was pressed by nobody.
    fn tell(&self, news: News) {
        if self.0.try_send(news).is_err() {
            tracing::warn!("the desktop app does not keep up");
        }
    }
}

/// Everything it works on. What holds the folder open is held by Loom alone, so that its end is the end.
pub struct Desk {
    news: Receiver<News>,
    ear: Ear,
    state: Weak<api::State>,
    says: Arc<core::Desk>,
    live: Arc<Live>,
    dir: DataDir,
    /// Whether the desktop shows the tray, once that is known.
    seen: Option<bool>,
    model: Model,
    /// What can be undone, and until when that and what is noted stand.
    forgotten: Option<Uuid>,
    until: Option<Instant>,
}

impl Desk {
    /// Wishes are heard from here on, before anything is answered, so that nobody takes it for one without a window.
    pub fn of(serving: &Serving, dir: DataDir) -> Self {
        let (send, news) = sync_channel(NEWS_AT_ONCE);
        let ear = Ear(send);
        let state = serving.home.state.clone();
        let (wishes, settings) = (ear.clone(), ear.clone());
        state.desk.attend(move |wish| {
            wishes.tell(News::Do(match wish {
                Wish::Show => Deed::Show,
                Wish::Close => Deed::Close,
                Wish::Quit => Deed::Quit,
            }));
        });
        state.keeper.on_change(move |_| settings.tell(News::Settings));
        Self {
            news,
            ear,
            says: state.desk.clone(),
            live: state.live.clone(),
            state: Arc::downgrade(&state),
            dir,
            seen: None,
            model: Model::default(),
            forgotten: None,
            until: None,
        }
    }

    /// Sets Loom to work, and itself.
    pub fn start(mut self, serving: Serving, app: AppHandle) -> io::Result<Running> {
        let ended = self.ear.clone();
        let running = Running::start(serving, move |how| {
            // Whoever does not hear it any more has ended too.
            let _ = ended.0.send(News::Ended(how));
        })?;
        let (mut capture, ear) = (self.live.capture(), self.ear.clone());
        tauri::async_runtime::spawn(async move {
            while capture.changed().await.is_ok() {
                ear.tell(News::Heard);
            }
        });
        let says = self.says.clone();
        // The first time GStreamer looks through its plugins.
        thread::Builder::new().name("loom-sound".into()).spawn(move || sound::missing().into_iter().for_each(|check| says.say(check)))?;
        thread::Builder::new().name("loom-desk".into()).spawn(move || self.attend(&app))?;
        Ok(running)
    }

    fn attend(&mut self, app: &AppHandle) {
        let ear = self.ear.clone();
        self.look();
        let mut tray = Tray::start(self.model.clone(), move |said| ear.tell(News::Tray(said)));
        let mut keys = Keys::default();
        self.settings(&mut keys);
        loop {
            let next = self.next();
            self.look();
            match next {
                None => self.forget_note(),
                Some(News::Ended(how)) => return end(app, how),
                Some(News::Settings) => self.settings(&mut keys),
                Some(News::Tray(Said::Seen(seen))) => self.seen(app, seen),
                Some(News::Tray(Said::Pressed(deed)) | News::Do(deed)) => self.act(app, deed),
                Some(News::Heard) => {}
            }
            self.look();
            tray.show(&self.model);
        }
    }

    /// What comes next; `None` when what is noted has stood long enough.
    fn next(&self) -> Option<News> {
        let Some(until) = self.until else { return self.news.recv().ok() };
        self.news.recv_timeout(until.saturating_duration_since(Instant::now())).ok()
    }

    fn look(&mut self) {
        self.model.capture = self.live.capture.borrow().clone();
        self.model.may_undo = self.forgotten.is_some();
    }

    fn settings(&self, keys: &mut Keys) {
        let Some(now) = self.state.upgrade().map(|s| s.keeper.now()) else { return };
        if let Err(e) = autostart::follow(now.autostart, &self.dir) {
            tracing::warn!(cause = e.to_string(), "starting with the session cannot be set");
            let fix = "look at who owns the folder autostart in your configuration folder, then switch it again";
            self.says.say(said("autostart", "warn", "whether Loom starts with your session could not be changed", Some(fix)));
        } else {
            self.says.unsay("autostart");
        }
        let ear = self.ear.clone();
        match keys.follow(now.hotkey.as_ref(), move || ear.tell(News::Do(Deed::Toggle))) {
            Some(hotkey::Said::This(check)) => self.says.say(check),
            Some(hotkey::Said::Nothing) => self.says.unsay(hotkey::NAME),
            None => {}
        }
    }

    fn seen(&mut self, app: &AppHandle, seen: bool) {
        frame::of(app).tray.store(seen, Ordering::Release);
        let message = match seen {
            true => "Loom is in the tray",
            false => "this desktop shows no tray: start Loom again to see its window, and quit it from there",
        };
        if self.seen.replace(seen) != Some(seen) {
            tracing::info!("{message}");
        }
        self.says.say(said("tray", "ok", message, None));
    }
}

fn said(name: &str, state: &str, message: &str, fix: Option<&str>) -> Check {
    Check { check: name.into(), state: state.into(), message: message.into(), fix: fix.map(Into::into), action: None }
}

fn end(app: &AppHandle, how: Result<(), String>) {
    match how {
        Ok(()) => app.exit(0),
        Err(sentence) => on_main(app, move |app| frame::fail(app, sentence)),
    }
}

fn on_main(app: &AppHandle, does: impl FnOnce(&AppHandle) + Send + 'static) {
    let on = app.clone();
    // Without its main thread the program is at its end.
    let _ = app.run_on_main_thread(move || does(&on));
}
