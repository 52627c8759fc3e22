//! What is done when something is pressed.

use std::time::{Duration, Instant};

use loom_core::forget::{UNDO_SECONDS, Undone};
use loom_core::{Result, api};
use loom_schemas::live::Listening;
use tauri::AppHandle;
use uuid::Uuid;

use super::{Desk, on_main};
use crate::frame;
use crate::tray::Deed;

const MINUTES: u32 = 5;

impl Desk {
    pub(super) fn act(&mut self, app: &AppHandle, deed: Deed) {
        match deed {
            Deed::Show => on_main(app, frame::show),
            Deed::Close => on_main(app, |app| {
                let closed = frame::window(app).map_or(Ok(()), |w| w.close());
                let _ = closed.inspect_err(|e| tracing::warn!(cause = e.to_string(), "the window cannot be closed"));
            }),
            Deed::Quit => on_main(app, |app| {
                // What is on its way may take seconds: nobody wants to look at that.
                let hidden = frame::window(app).map_or(Ok(()), |w| w.hide());
                let _ = hidden.inspect_err(|e| tracing::warn!(cause = e.to_string(), "the window cannot be hidden"));
                app.exit(0);
            }),
            Deed::Toggle => match self.model.capture.state {
                Listening::Paused => self.try_to(|s| s.listen.resume()),
                // There is nothing to pause: whoever pressed a key sees why.
                Listening::Off => on_main(app, frame::show),
                _ => self.try_to(|s| s.listen.pause()),
            },
            Deed::Pause => self.try_to(|s| s.listen.pause()),
            Deed::Resume => self.try_to(|s| s.listen.resume()),
            Deed::Forget => self.forget(),
            Deed::Undo => self.undo(),
        }
    }

    fn forget(&mut self) {
        let Some(state) = self.state.upgrade() else { return };
        match state.forget.last(MINUTES) {
            Ok(gone) => {
                self.forgotten = Uuid::try_parse(&gone.forget_id).ok();
                let lines = if gone.lines == 1 { "1 line".into() } else { format!("{} lines", gone.lines) };
                self.note(format!("The last {MINUTES} minutes are forgotten: {lines}"));
            }
            Err(e) => self.complain(&e),
        }
    }

    fn undo(&mut self) {
        let (Some(id), Some(state)) = (self.forgotten.take(), self.state.upgrade()) else { return };
        match state.forget.undo(id) {
            Ok(Undone::Back(_)) => self.note("Nothing was forgotten".into()),
            Ok(Undone::TooLate | Undone::Unknown) => self.note("It was too late: it is erased".into()),
            Err(e) => self.complain(&e),
        }
    }

    fn try_to(&mut self, does: impl FnOnce(&api::State) -> Result<()>) {
        if let Some(Err(e)) = self.state.upgrade().map(|state| does(&state)) {
            self.complain(&e);
        }
    }

    fn complain(&mut self, e: &loom_core::Error) {
        tracing::warn!("{e}");
        self.note(e.to_string());
    }

    /// Stands in the tray as long as there is time to undo.
    fn note(&mut self, note: String) {
        self.model.note = Some(note);
        self.until = Some(Instant::now() + Duration::from_secs_f64(UNDO_SECONDS));
    }

    pub(super) fn forget_note(&mut self) {
        self.model.note = None;
        self.forgotten = None;
        self.until = None;
    }
}
