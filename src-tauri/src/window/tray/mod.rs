//! The tray: what Loom does at a glance, and what it can be told without its window. What stands there is decided here, from
//! plain values; `host.rs` hands it to the desktop, `icon.rs` draws it.

mod host;
mod icon;

use loom_schemas::live::{CaptureState, Listening};

pub use host::{Said, Tray};

/// What is known when the tray is made up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    pub capture: CaptureState,
    /// What was done last can still be undone.
    pub may_undo: bool,
    /// What was done last, or why it was not.
    pub note: Option<String>,
}

/// What a press does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Show,
    Pause,
    Resume,
    /// Pauses or resumes, whichever it can be now.
    Toggle,
    Forget,
    Undo,
    /// The window alone.
    Close,
    Quit,
}

/// A line of the menu; without a deed it only says something.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    Item(String, Option<Deed>),
    Gap,
}

/// What the icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// A taut thread.
    Listening,
    /// Two bars.
    Paused,
    /// A mark that asks to be looked at.
    Trouble,
}

impl Model {
    pub fn face(&self) -> Face {
        match self.capture.state {
            Listening::Listening => Face::Listening,
            Listening::Paused | Listening::Off => Face::Paused,
            Listening::Lost | Listening::None | Listening::Refused | Listening::Full => Face::Trouble,
        }
    }

    /// In the words that the pages have for it.
    pub fn says(&self) -> &'static str {
        match self.capture.state {
            Listening::Listening => "Listening",
            Listening::Paused => "Paused",
            Listening::Off => "Not listening",
            Listening::Lost => "Microphone gone",
            Listening::None => "No microphone",
            Listening::Refused => "Microphone refused",
            Listening::Full => "Disk full",
        }
    }

    /// More than a word, under it: what is wrong, else with which device.
    pub fn detail(&self) -> String {
        self.note.clone().or(self.capture.message.clone()).or(self.capture.device.clone()).unwrap_or_default()
    }

    pub fn menu(&self) -> Vec<Line> {
        let item = |label: &str, deed| Line::Item(label.into(), Some(deed));
        let mut all = vec![Line::Item(self.says().into(), None)];
        all.extend(self.note.as_ref().map(|note| Line::Item(note.clone(), None)));
        all.extend([Line::Gap, item("Show Loom", Deed::Show)]);
        match self.capture.state {
            Listening::Paused => all.push(item("Go on listening", Deed::Resume)),
            Listening::Off => {}
            _ => all.push(item("Pause listening", Deed::Pause)),
        }
        all.push(match self.may_undo {
            true => item("Undo forgetting", Deed::Undo),
            false => item("Forget the last 5 minutes", Deed::Forget),
        });
        all.extend([Line::Gap, item("Quit Loom", Deed::Quit)]);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Listening; 7] =
        [Listening::Off, Listening::Listening, Listening::Paused, Listening::Lost, Listening::None, Listening::Refused, Listening::Full];

    fn model(state: Listening) -> Model {
        Model { capture: CaptureState { state, device: Some("Desk".into()), ..CaptureState::default() }, ..Model::default() }
    }

    fn deeds(model: &Model) -> Vec<Deed> {
        model.menu().into_iter().filter_map(|l| if let Line::Item(_, deed) = l { deed } else { None }).collect()
    }

    #[test]
    fn it_offers_what_can_be_done_now() {
        use Deed::{Forget, Pause, Quit, Resume, Show, Undo};
        assert_eq!(deeds(&model(Listening::Listening)), [Show, Pause, Forget, Quit]);
        assert_eq!(deeds(&model(Listening::Paused)), [Show, Resume, Forget, Quit]);
        assert_eq!(deeds(&model(Listening::Off)), [Show, Forget, Quit]);
        assert_eq!(deeds(&Model { may_undo: true, ..model(Listening::None) }), [Show, Pause, Undo, Quit]);
    }

    #[test]
    fn its_first_line_is_what_loom_does_and_does_nothing() {
        for state in ALL {
            let model = model(state);
            assert_eq!(model.menu()[0], Line::Item(model.says().into(), None));
        }
        let faces = ALL.map(|s| model(s).face());
        assert_eq!(faces.iter().filter(|f| **f == Face::Listening).count(), 1);
        assert_eq!(faces.iter().filter(|f| **f == Face::Trouble).count(), 4);
    }

    #[test]
    fn what_is_wrong_is_told_before_the_device() {
        let mut model = model(Listening::Lost);
        assert_eq!(model.detail(), "Desk");
        model.capture.message = Some("Desk is gone.".into());
        assert_eq!(model.detail(), "Desk is gone.");
        model.note = Some("3 lines are forgotten.".into());
        assert_eq!(model.detail(), "3 lines are forgotten.");
        assert_eq!(model.menu()[1], Line::Item("3 lines are forgotten.".into(), None));
    }
}
