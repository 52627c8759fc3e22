//! Which microphones there are, and opening one of them: all that the rest of the room knows of the sound system.

use loom_schemas::live::CaptureDevice;

use super::intake::Outlet;

/// The sound system. Calls may take a second and more.
pub trait Sound: Send + Sync {
    /// Microphones, the default one first.
    fn list(&self) -> Vec<CaptureDevice>;
    /// Opens this one, or the default one; what it hears wakes the thread that called.
    fn open(&self, chosen: Option<&str>) -> Result<Opened, Denied>;
}

/// A microphone that is being listened to; dropping it ends that.
pub struct Opened {
    pub name: String,
    /// Hz.
    pub rate: u32,
    pub outlet: Outlet,
    pub held: Box<dyn Held>,
}

/// The sound system's own part of an open device.
pub trait Held: Send {
    /// Whether it is there and, where none was chosen, still the default; asked now and then.
    fn stands(&self) -> bool;
}

/// Why a microphone cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is none, or not the one that was asked for.
    Absent,
    /// Another program has it for itself.
    Busy,
    /// The system does not allow it.
    Forbidden,
    /// The sound system fails in another way.
    Broken,
}
