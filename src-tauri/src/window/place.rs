//! Where the window was, and whether its owner knows what closing it does: `window.json` in the data folder.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tauri::{PhysicalPosition, PhysicalSize, WebviewWindow};

/// The file's name in the data folder.
pub const FILE: &str = "window.json";
/// So much of a window's upper edge must be on a screen to be caught hold of, in pixels.
const HANDLE: (i64, i64) = (96, 24);
const SMALLEST: (u32, u32) = (200, 200);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Kept {
    /// Before it was made as large as its screen.
    pub bounds: Option<Bounds>,
    pub maximized: bool,
    /// It was said that closing the window does not end Loom.
    pub told: bool,
}

/// Of a window or a screen, in physical pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    pub x: i32,
    pub y: i32,
    pub width: u32,
    pub height: u32,
}

impl Kept {
    /// As it was left; what cannot be read is as if it were not there.
    pub fn load(folder: &Path) -> Self {
        let bytes = fs::read(folder.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub fn save(&self, folder: &Path) {
        let (part, file) = (folder.join(format!("{FILE}.new")), folder.join(FILE));
        let written = serde_json::to_vec(self).map_err(std::io::Error::other).and_then(|json| fs::write(&part, json));
        if let Err(e) = written.and_then(|()| fs::rename(part, file)) {
            tracing::warn!(cause = e.to_string(), "where the window stands is not kept");
        }
    }

    /// Looks where the window is now.
    pub fn note(&mut self, window: &WebviewWindow) {
        let there = (window.is_maximized(), window.is_minimized(), window.outer_position(), window.inner_size());
        if let (Ok(maximized), Ok(false), Ok(at), Ok(size)) = there {
            self.maximized = maximized;
            if !maximized {
                self.bounds = Some(Bounds { x: at.x, y: at.y, width: size.width, height: size.height });
            }
        }
    }

    /// Puts the window where it was, if that can still be seen.
    pub fn apply(&self, window: &WebviewWindow) -> tauri::Result<()> {
        let screens: Vec<Bounds> = window
            .available_monitors()?
            .iter()
            .map(|m| Bounds { x: m.position().x, y: m.position().y, width: m.size().width, height: m.size().height })
            .collect();
        if let Some(b) = self.bounds.filter(|b| b.is_within_reach(&screens)) {
            window.set_size(PhysicalSize::new(b.width, b.height))?;
            window.set_position(PhysicalPosition::new(b.x, b.y))?;
        }
        if self.maximized { window.maximize() } else { Ok(()) }
    }
}

impl Bounds {
    fn is_within_reach(&self, screens: &[Bounds]) -> bool {
        let seen = |s: &Bounds| {
            let overlap = |a: i32, a_len: u32, b: i32, b_len: u32| {
                (i64::from(a) + i64::from(a_len)).min(i64::from(b) + i64::from(b_len)) - i64::from(a.max(b))
            };
            let edge = overlap(self.y, HANDLE.1 as u32, s.y, s.height);
            overlap(self.x, self.width, s.x, s.width) >= HANDLE.0 && edge >= HANDLE.1
        };
        self.width >= SMALLEST.0 && self.height >= SMALLEST.1 && screens.iter().any(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Bounds = Bounds { x: 0, y: 0, width: 1920, height: 1080 };

    #[test]
    fn a_window_comes_back_where_it_can_be_caught_hold_of() {
        let right = Bounds { x: 1920, ..SCREEN };
        for (at, one, two) in [
            ((100, 100), true, true),
            ((-1000, 50), true, true),
            ((-1150, 50), false, false),
            ((2500, 0), false, true),
            ((1900, 10), false, true),
            ((0, -30), false, false),
            ((0, 1070), false, false),
        ] {
            let b = Bounds { x: at.0, y: at.1, width: 1200, height: 800 };
            assert_eq!((b.is_within_reach(&[SCREEN]), b.is_within_reach(&[SCREEN, right])), (one, two), "{at:?}");
        }
        assert!(!Bounds { x: 0, y: 0, width: 1, height: 800 }.is_within_reach(&[SCREEN]));
        assert!(!SCREEN.is_within_reach(&[]));
        assert!(!Bounds { x: i32::MIN, y: 0, width: u32::MAX, height: 800 }.is_within_reach(&[]));
    }

    #[test]
    fn what_was_kept_comes_back_and_a_broken_file_is_none() {
        let t = tempfile::tempdir().unwrap();
        assert_eq!(Kept::load(t.path()), Kept::default());
        let kept = Kept { bounds: Some(SCREEN), maximized: true, told: true };
        kept.save(t.path());
        assert_eq!(Kept::load(t.path()), kept);
        std::fs::write(t.path().join(FILE), "{\"told\": tr").unwrap();
        assert_eq!(Kept::load(t.path()), Kept::default());
    }
}
