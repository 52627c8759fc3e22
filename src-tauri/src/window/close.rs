//! Closing the window leaves Loom where it is, and the first time that is said, in the page, before the window goes.

use std::sync::atomic::Ordering;

use tauri::{CloseRequestApi, Manager, WebviewWindow};

use crate::frame::{self, Frame};

pub fn requested(window: &WebviewWindow, frame: &Frame, api: &CloseRequestApi) {
    frame.kept().note(window);
    frame.save();
    if !frame.ours.load(Ordering::Acquire) {
        return;
    }
    api.prevent_close();
    if frame.kept().told {
        return hide(window);
    }
    if frame.asked.swap(true, Ordering::AcqRel) {
        // It stands there; whoever closes now has read it.
        frame.kept().told = true;
        frame.save();
        return hide(window);
    }
    ask(window, frame.tray.load(Ordering::Acquire));
}

/// The page says it, if there is one that hears.
fn ask(window: &WebviewWindow, tray: bool) {
    let script = format!("!window.dispatchEvent(new CustomEvent('loom-closing', {{ cancelable: true, detail: {tray} }}))");
    let asked = window.clone();
    let evaluated = window.eval_with_callback(script, move |heard| {
        if heard != "true" {
            unheard(&asked);
        }
    });
    if evaluated.is_err() {
        unheard(window);
    }
}

/// Nothing is said then, and it is said the next time.
fn unheard(window: &WebviewWindow) {
    frame::of(window.app_handle()).asked.store(false, Ordering::Release);
    hide(window);
}

fn hide(window: &WebviewWindow) {
    if let Err(e) = window.hide() {
        tracing::warn!(cause = e.to_string(), "the window cannot be hidden");
    }
}
