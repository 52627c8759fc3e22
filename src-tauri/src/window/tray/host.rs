//! Handing it to the desktop: a StatusNotifierItem on the session's bus. A desktop without a tray, or a session without a
//! bus, is told to whoever listens, and nothing else comes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ksni::blocking::{Handle, TrayMethods};
use ksni::menu::StandardItem;
use ksni::{Icon, MenuItem, OfflineReason, ToolTip};

use super::{Deed, Face, Line, Model, icon};

/// What the desktop says.
pub enum Said {
    Pressed(Deed),
    /// Whether it shows the tray.
    Seen(bool),
}

pub struct Tray {
    /// `None` where there is no bus.
    handle: Option<Handle<Item>>,
    shown: Model,
}

struct Item {
    model: Model,
    say: Box<dyn Fn(Said) + Send>,
    seen: Arc<AtomicBool>,
}

impl Tray {
    /// `say` must not block.
    pub fn start(model: Model, say: impl Fn(Said) + Send + Sync + Clone + 'static) -> Self {
        let seen = Arc::new(AtomicBool::new(true));
        let item = Item { model: model.clone(), say: Box::new(say.clone()), seen: seen.clone() };
        let handle = item.assume_sni_available(true).spawn();
        if let Err(e) = &handle {
            tracing::debug!(cause = e.to_string(), "there is no tray");
        }
        say(Said::Seen(handle.is_ok() && seen.load(Ordering::Acquire)));
        Self { handle: handle.ok(), shown: model }
    }

    pub fn show(&mut self, model: &Model) {
        if self.shown != *model {
            self.shown = model.clone();
            if let Some(handle) = &self.handle {
                let model = model.clone();
                handle.update(move |item| item.model = model);
            }
        }
    }
}

impl ksni::Tray for Item {
    fn id(&self) -> String {
        "loom".into()
    }
    fn title(&self) -> String {
        format!("Loom: {}", self.model.says().to_lowercase())
    }
    fn status(&self) -> ksni::Status {
        match self.model.face() {
            Face::Trouble => ksni::Status::NeedsAttention,
            _ => ksni::Status::Active,
        }
    }
    fn icon_pixmap(&self) -> Vec<Icon> {
        icons(self.model.face())
    }
    fn attention_icon_pixmap(&self) -> Vec<Icon> {
        icons(Face::Trouble)
    }
    fn tool_tip(&self) -> ToolTip {
        ToolTip { title: self.title(), description: plain(&self.model.detail()), ..ToolTip::default() }
    }
    fn activate(&mut self, _: i32, _: i32) {
        (self.say)(Said::Pressed(Deed::Show));
    }
    fn menu(&self) -> Vec<MenuItem<Self>> {
        self.model.menu().into_iter().map(line).collect()
    }
    fn watcher_online(&self) {
        self.seen.store(true, Ordering::Release);
        (self.say)(Said::Seen(true));
    }
    fn watcher_offline(&self, reason: OfflineReason) -> bool {
        tracing::debug!(?reason, "the desktop shows no tray");
        self.seen.store(false, Ordering::Release);
        (self.say)(Said::Seen(false));
        true
    }
}

fn icons(face: Face) -> Vec<Icon> {
    icon::SIZES.map(|size| Icon { width: size as i32, height: size as i32, data: icon::draw(size, face) }).into()
}

fn line(line: Line) -> MenuItem<Item> {
    match line {
        Line::Gap => MenuItem::Separator,
        Line::Item(label, deed) => StandardItem {
            // One of them alone would name a key.
            label: label.replace('_', "__"),
            enabled: deed.is_some(),
            activate: Box::new(move |item: &mut Item| deed.into_iter().for_each(|deed| (item.say)(Said::Pressed(deed)))),
            ..StandardItem::default()
        }
        .into(),
    }
}

/// Some desktops take it for markup.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
