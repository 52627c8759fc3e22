//! What is said once when the window is closed and Loom is not.

use loom_schemas::live::Listening;

/// A heading and a sentence, by what the microphone does and whether the desktop shows the tray.
pub fn words(state: Option<Listening>, tray: bool) -> (&'static str, &'static str) {
    let title = match state {
        Some(Listening::Listening) => "Loom keeps listening",
        _ => "Loom goes on without its window",
    };
    let sentence = match tray {
        true => "It is in the tray: pause it, show it again and quit it from there.",
        false => "Start Loom again and this window is back. To quit, press Ctrl K here and choose Quit Loom.",
    };
    (title, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_only_where_it_does() {
        assert!(words(Some(Listening::Listening), true).0.contains("listening"));
        for state in [None, Some(Listening::Paused), Some(Listening::None), Some(Listening::Off)] {
            assert!(!words(state, true).0.contains("listening"));
        }
    }

    #[test]
    fn the_tray_is_named_only_where_there_is_one() {
        assert!(words(None, true).1.contains("tray") && !words(None, false).1.contains("tray"));
    }
}
