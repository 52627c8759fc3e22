//! The key that pauses and resumes whatever program is in front. Taken by someone else, or not to be had in this session, it is
//! said and nothing more.

use global_hotkey::hotkey::HotKey;
use global_hotkey::{Error, GlobalHotKeyEvent, GlobalHotKeyManager, HotKeyState};
use loom_core::settings::Hotkey;
use loom_schemas::api::Check;

#[derive(Default)]
pub struct Keys {
    /// While one is wanted: it looks for keys twenty times a second.
    held: Option<GlobalHotKeyManager>,
    wanted: Option<Hotkey>,
}

impl Keys {
    /// Holds this one from now on, and no other. What there is to say about it; nothing where nothing changes.
    pub fn follow(&mut self, wanted: Option<&Hotkey>, pressed: impl Fn() + Send + Sync + 'static) -> Option<Said> {
        if self.wanted.as_ref() == wanted {
            return None;
        }
        // Letting go of the manager lets go of the key.
        self.held = None;
        self.wanted = wanted.cloned();
        let Some(wanted) = wanted else { return Some(Said::Nothing) };
        if let Some(why) = unavailable(&|name| std::env::var(name).unwrap_or_default()) {
            return Some(Said::This(no(&format!("{wanted} does nothing: {why}"), "pause from the tray or the page, or leave the key out")));
        }
        GlobalHotKeyEvent::set_event_handler(Some(move |e: GlobalHotKeyEvent| {
            if e.state == HotKeyState::Pressed {
                pressed();
            }
        }));
        Some(Said::This(match hold(wanted) {
            Ok(manager) => {
                self.held = Some(manager);
                check("ok", format!("{wanted} pauses and goes on listening"), None)
            }
            Err(Error::AlreadyRegistered(_)) => no(&format!("another program has {wanted}"), "choose another one in Settings"),
            Err(_) => no(&format!("the system does not give {wanted}"), "choose another one in Settings"),
        }))
    }
}

/// For the doctor.
pub enum Said {
    Nothing,
    This(Check),
}

fn hold(wanted: &Hotkey) -> Result<GlobalHotKeyManager, Error> {
    let manager = GlobalHotKeyManager::new()?;
    let key: HotKey = wanted.to_string().parse().map_err(|_| Error::UnrecognizedHotKeyCode(String::new()))?;
    manager.register(key).map(|()| manager)
}

/// Only X11 gives programs keys: under Wayland they would work while Loom is in front, and then its own do.
fn unavailable(env: &dyn Fn(&str) -> String) -> Option<&'static str> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    if env("XDG_SESSION_TYPE") == "wayland" || !env("WAYLAND_DISPLAY").is_empty() {
        return Some("a Wayland session lets no program have keys of its own");
    }
    env("DISPLAY").is_empty().then_some("this session has no X display")
}

pub const NAME: &str = "hotkey";

fn check(state: &str, message: String, fix: Option<&str>) -> Check {
    Check { check: NAME.into(), state: state.into(), message, fix: fix.map(Into::into), action: None }
}
fn no(message: &str, fix: &str) -> Check {
    check("warn", message.into(), Some(fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_that_settings_take_is_one_that_can_be_asked_for() {
        let named = "Space Enter Tab Insert Delete Home End PageUp PageDown Up Down Left Right Pause ScrollLock";
        let letters = ('A'..='Z').chain('0'..='9').map(|c| c.to_string());
        let all = named.split(' ').map(String::from).chain(letters).chain((1..=24).map(|n| format!("F{n}")));
        for key in all {
            let text = format!("Ctrl+Alt+Shift+Super+{key}");
            let hotkey: Hotkey = text.parse().unwrap();
            assert_eq!(hotkey.to_string(), text);
            assert!(text.parse::<HotKey>().is_ok(), "{text}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_an_x11_session_gives_keys() {
        let with = |set: &'static [(&str, &str)]| {
            unavailable(&move |name| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_string()).unwrap_or_default())
        };
        assert_eq!(with(&[("DISPLAY", ":0")]), None);
        assert_eq!(with(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "x11")]), None);
        assert!(with(&[("DISPLAY", ":0"), ("WAYLAND_DISPLAY", "wayland-0")]).is_some());
        assert!(with(&[("DISPLAY", ":0"), ("XDG_SESSION_TYPE", "wayland")]).is_some());
        assert!(with(&[]).is_some());
    }
}
