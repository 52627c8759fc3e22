//! What the graph keeps from one visit to the next: moved knots, and which source has which dye.

use loom_ui_model::graph::Moved;
use loom_ui_model::threads::Threads;
use serde::Serialize;
use serde::de::DeserializeOwned;

const MOVED: &str = "loom-moved";
const DYES: &str = "loom-dyes";

fn storage() -> Option<web_sys::Storage> {
    web_sys::window().and_then(|w| w.local_storage().ok().flatten())
}

fn kept<T: DeserializeOwned + Default>(key: &str) -> T {
    let text = storage().and_then(|s| s.get_item(key).ok().flatten());
    text.and_then(|t| serde_json::from_str(&t).ok()).unwrap_or_default()
}

/// A browser that keeps nothing loses places at the next visit, no more.
fn keep<T: Serialize>(key: &str, value: &T) {
    if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(value)) {
        storage.set_item(key, &text).ok();
    }
}

pub fn moved() -> Moved {
    kept(MOVED)
}
pub fn keep_moved(moved: &Moved) {
    keep(MOVED, moved);
}

/// Sources that are not known yet get the next dyes.
pub fn dyes(sources: &[String]) -> Threads {
    let mut threads = Threads::of(kept(DYES));
    let before = threads.sources().len();
    for source in sources {
        threads.dye(source);
    }
    if threads.sources().len() > before {
        keep(DYES, &threads.sources());
    }
    threads
}
