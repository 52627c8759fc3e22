//! The window itself: opened, shown, put where it was; the thread it lives on is the program's first.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use loom::serving::Serving;
use loom_core::data_dir::DataDir;
use tauri::{App, AppHandle, Manager, RunEvent, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent};

use crate::desk::Desk;
use crate::first::Ours;
use crate::place::Kept;
use crate::running::Running;
use crate::{close, page};

const LABEL: &str = "main";
/// Tells the page that it is in the window of the Loom it shows, which it may end.
const IN_WINDOW: &str = "Object.defineProperty(window, 'loom_window', { value: true })";

/// Whose window it is.
pub enum Role {
    /// Of the Loom in this process.
    Ours(Box<Ours>),
    /// Of another one, which goes on without it.
    Viewer { page: String, dir: DataDir },
    /// Of nobody: it says why.
    Failed(String),
}

/// What is known of it while it is there and while it is not.
pub struct Frame {
    /// What is opened, with its token.
    page: Mutex<String>,
    sentence: Arc<Mutex<String>>,
    /// Where its place is kept.
    folder: Option<PathBuf>,
    kept: Mutex<Kept>,
    /// Loom is in this process: closed, the window is hidden.
    pub ours: AtomicBool,
    /// The page was asked to say what closing does.
    pub asked: AtomicBool,
    /// The desktop shows the tray.
    pub tray: AtomicBool,
    well: AtomicBool,
    running: Mutex<Option<Running>>,
}

impl Frame {
    /// Until the program ends; whether all was well.
    pub fn run(role: Role, hidden: bool) -> tauri::Result<bool> {
        let (frame, begin) = Self::of(role);
        let hidden = hidden && begin.is_some();
        let sentence = frame.sentence.clone();
        let app = tauri::Builder::default()
            .register_uri_scheme_protocol(page::SCHEME, move |_, _| page::answer(&held(&sentence)))
            .manage(frame)
            .on_window_event(|window, event| event_of(window.app_handle(), event))
            .setup(move |app: &mut App| {
                if let Some((desk, serving)) = begin {
                    let running = desk.start(serving, app.handle().clone())?;
                    *held(&of(app.handle()).running) = Some(running);
                }
                if hidden { Ok(()) } else { open(app.handle()).map_err(Into::into) }
            })
            .build(tauri::generate_context!())?;
        let handle = app.handle().clone();
        app.run_return(|app, event| match event {
            // The window is gone, however that came about; Loom is not.
            RunEvent::ExitRequested { code: None, api, .. } if of(app).ours.load(Ordering::Acquire) => api.prevent_exit(),
            RunEvent::Exit => of(app).end(),
            _ => {}
        });
        Ok(of(&handle).well.load(Ordering::Acquire))
    }

    fn of(role: Role) -> (Self, Option<(Desk, Serving)>) {
        let (page, sentence, dir) = match &role {
            Role::Ours(ours) => (ours.page.clone(), String::new(), Some(ours.context.dir.path().to_path_buf())),
            Role::Viewer { page, dir } => (page.clone(), String::new(), Some(dir.path().to_path_buf())),
            Role::Failed(sentence) => (page::ADDRESS.into(), sentence.clone(), None),
        };
        let frame = Self {
            page: Mutex::new(page),
            well: AtomicBool::new(sentence.is_empty()),
            sentence: Arc::new(Mutex::new(sentence)),
            kept: Mutex::new(dir.as_deref().map(Kept::load).unwrap_or_default()),
            folder: dir,
            ours: AtomicBool::new(matches!(role, Role::Ours(_))),
            asked: AtomicBool::new(false),
            tray: AtomicBool::new(false),
            running: Mutex::new(None),
        };
        let Role::Ours(ours) = role else { return (frame, None) };
        let Ours { context, serving, .. } = *ours;
        (frame, Some((Desk::of(&serving, context.dir), serving)))
    }

    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        held(&self.kept)
    }

    pub fn save(&self) {
        if let Some(folder) = &self.folder {
            self.kept().save(folder);
        }
    }

    fn end(&self) {
        self.save();
        let running = held(&self.running).take();
        if running.is_some_and(|running| !running.end()) {
            self.well.store(false, Ordering::Release);
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn of(app: &AppHandle) -> tauri::State<'_, Frame> {
    app.state::<Frame>()
}

/// Before all others, wherever it was. To be called on the main thread.
pub fn show(app: &AppHandle) {
    of(app).asked.store(false, Ordering::Release);
    let shown = match app.get_webview_window(LABEL) {
        Some(window) => window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus()),
        None => open(app),
    };
    if let Err(e) = shown {
        tracing::warn!(cause = e.to_string(), "the window cannot be shown");
    }
}

/// Loom is not here any more, and this is why.
pub fn fail(app: &AppHandle, sentence: String) {
    let frame = of(app);
    frame.well.store(false, Ordering::Release);
    frame.ours.store(false, Ordering::Release);
    *held(&frame.sentence) = sentence;
    *held(&frame.page) = page::ADDRESS.into();
    if let (Some(window), Ok(address)) = (app.get_webview_window(LABEL), page::ADDRESS.parse()) {
        let _ = window.navigate(address).inspect_err(|e| tracing::warn!(cause = e.to_string(), "the window shows an old page"));
    }
    show(app);
}

pub fn window(app: &AppHandle) -> Option<WebviewWindow> {
    app.get_webview_window(LABEL)
}

fn open(app: &AppHandle) -> tauri::Result<()> {
    let frame = of(app);
    let url: Url = held(&frame.page).parse().map_err(tauri::Error::InvalidUrl)?;
    let home = url.origin();
    let mut builder = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::External(url))
        .title("Loom")
        .inner_size(1200.0, 800.0)
        .min_inner_size(360.0, 480.0)
        .visible(false)
        // The token is in this window: it shows Loom and nothing else.
        .on_navigation(move |to| to.origin() == home || to.scheme() == page::SCHEME);
    if frame.ours.load(Ordering::Acquire) {
        builder = builder.initialization_script(IN_WINDOW);
    }
    let window = builder.build()?;
    let kept = *frame.kept();
    kept.apply(&window)?;
    window.show()
}

fn event_of(app: &AppHandle, event: &WindowEvent) {
    let (frame, Some(window)) = (of(app), window(app)) else { return };
    match event {
        WindowEvent::CloseRequested { api, .. } => close::requested(&window, &frame, api),
        WindowEvent::Moved(_) | WindowEvent::Resized(_) if window.is_visible().unwrap_or(false) => frame.kept().note(&window),
        _ => {}
    }
}
