//! The microphone. The sound system's callback fills a ring (`intake.rs`); one thread empties it (`ear.rs`) into the
//! stream at hand (`writer.rs`), and ends that where the device goes, the owner pauses, the clock jumps or the disk is full.
//! Devices are reached through one trait (`device.rs`; `system.rs` is cpal), so that all of it runs without a sound card.
//!
//! A stream goes on through silence: its samples are written like any others, because the detector alone says what is speech;
//! the audio store takes out what it was past and found nothing in.

mod device;
mod ear;
mod gate;
mod intake;
mod recover;
mod said;
mod system;
#[cfg(test)]
mod tests;
mod watch;
mod wishes;
mod writer;

use std::sync::Arc;
use std::thread::JoinHandle;

use loom_schemas::live::CaptureDevice;

use self::device::Sound;
use self::ear::Ear;
pub use self::ear::Parts;
pub use self::recover::recover;
use self::wishes::{Chosen, Wishes};
pub use self::writer::Road;
use super::Listen;
use crate::db::Db;
use crate::error::{Error, Result};

/// The microphone as its owner handles it; it listens from [`start`](Self::start) on.
pub struct Microphone {
    sound: Arc<dyn Sound>,
    wishes: Arc<Wishes>,
}

/// The listening thread; dropping it ends the stream and the thread.
pub struct Hearing {
    wishes: Arc<Wishes>,
    handle: Option<JoinHandle<()>>,
}

impl Microphone {
    /// This machine's, with the owner's wishes as they were left. Touches no device.
    pub fn open(db: &Db) -> Result<Self> {
        Ok(Self { sound: Arc::new(system::System::default()), wishes: Arc::new(Wishes::load(db)?) })
    }

    /// Listens from now on, unless paused. [`recover`] comes before.
    pub fn start(&self, parts: Parts) -> Result<Hearing> {
        self.wishes.begin();
        let ear = Ear::new(parts, self.sound.clone(), self.wishes.clone());
        let handle = std::thread::Builder::new().name("microphone".into()).spawn(move || ear.run());
        let handle = handle.map_err(|e| Error::stop("the system gives no more threads").because(e))?;
        // From here on, whoever wishes something waits until it is seen to.
        self.wishes.attend(Some(handle.thread().clone()));
        Ok(Hearing { wishes: self.wishes.clone(), handle: Some(handle) })
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        self.wishes.stop();
        if let Some(h) = self.handle.take() {
            let _ = h.join();
        }
    }
}

impl Listen for Microphone {
    fn devices(&self) -> Result<Vec<CaptureDevice>> {
        Ok(self.sound.list())
    }

    fn pause(&self) -> Result<()> {
        self.wishes.change(|w| w.paused = true)
    }

    fn resume(&self) -> Result<()> {
        self.wishes.change(|w| w.paused = false)
    }

    fn begin_anew(&self) -> Result<()> {
        self.wishes.change(|w| w.streams += 1)
    }

    fn choose(&self, id: Option<&str>) -> Result<()> {
        let chosen = match id {
            None => None,
            Some(id) => {
                let found = self.sound.list().into_iter().find(|d| d.id == id);
                let absent = || Error::invalid("there is no such microphone now: look which there are, and choose one of them");
                Some(found.map(|d| Chosen { id: d.id, name: d.name }).ok_or_else(absent)?)
            }
        };
        self.wishes.change(|w| w.chosen = chosen)
    }
}
