//! Words while they are being said: a guess at what the detector hears and has not ended, for the mailbox, never for the
//! log. It takes the engine only while that is free and speech goes on, and rests twice as long as it worked, so that
//! the words that count never wait for it.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use loom_schemas::live::Partial;
use tokio::sync::{oneshot, watch};

use super::shared::Shared;
use super::vad::SAMPLE_RATE;
use crate::env::Clock;
use crate::error::{Error, Result};
use crate::live::{Live, Speaking};
use crate::privacy::{self, Policy};
use crate::store::Audio;

/// Samples without which there is nothing to guess, padding before speech included.
const LEAST: u64 = SAMPLE_RATE as u64;
/// New samples that are worth another guess.
const MORE: u64 = SAMPLE_RATE as u64 / 4;
/// Rest after a guess, in its own length.
const REST: u64 = 2;
/// How long the last guess stays after speech, unless its line is there sooner: a slow engine may need as long.
const LINGER: Duration = Duration::from_secs(3);

/// What a guess is made of.
pub struct Parts {
    pub live: Arc<Live>,
    pub audio: Arc<dyn Audio>,
    pub engine: Arc<Shared>,
    pub clock: Arc<dyn Clock>,
    /// The owner's.
    pub policy: Policy,
}

/// Guesses until it is dropped.
pub struct Guessing {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Guessing {
    pub fn start(parts: Parts) -> Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let cannot = |e: std::io::Error| Error::stop("the system gives no more threads").because(e);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(cannot)?;
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = Guess::new(parts).run() => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("guess".into()).spawn(run).map_err(cannot)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Guessing {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(t) = self.thread.take() {
            let _ = t.join();
        }
    }
}

struct Guess {
    parts: Parts,
    /// What was guessed at last, and not before when the next one comes.
    last: Option<Speaking>,
    rest_until: u64,
}

impl Guess {
    fn new(parts: Parts) -> Self {
        Self { parts, last: None, rest_until: 0 }
    }

    async fn run(mut self) {
        let mut speaking = self.parts.live.speaking();
        loop {
            let now = speaking.borrow_and_update().clone();
            let over = now.is_none();
            self.step(now);
            if over && !self.parts.live.partial.borrow().text.is_empty() {
                if tokio::time::timeout(LINGER, changed(&mut speaking)).await.is_err() {
                    self.parts.live.partial.send_replace(Partial::default());
                }
            } else {
                changed(&mut speaking).await;
            }
        }
    }

    /// Guesses, if it is time.
    fn step(&mut self, now: Option<Speaking>) {
        let Some(now) = now.filter(|s| self.is_worth_it(s)) else { return };
        let began = self.parts.clock.monotonic_ns();
        match self.hear(&now) {
            Ok(Some(text)) => {
                let began_at = now.began_at.to_string();
                let partial = Partial { stream_id: now.stream_id.clone(), first_sample: now.first_sample, began_at, text };
                self.parts.live.partial.send_replace(self.parts.live.showable(partial));
            }
            // The engine was busy: the next samples try again.
            Ok(None) => return,
            // Whoever settles the utterance meets the same trouble, and says so.
            Err(e) => tracing::debug!("no guess: {e}"),
        }
        let ended = self.parts.clock.monotonic_ns();
        self.rest_until = ended + REST * ended.saturating_sub(began);
        self.last = Some(now);
    }

    fn is_worth_it(&self, s: &Speaking) -> bool {
        let known = self.last.as_ref().filter(|l| l.stream_id == s.stream_id && l.first_sample == s.first_sample);
        let news = s.upto - s.first_sample >= LEAST && known.is_none_or(|l| s.upto - l.upto >= MORE);
        news && s.going_on && self.parts.clock.monotonic_ns() >= self.rest_until
    }

    fn hear(&self, s: &Speaking) -> Result<Option<String>> {
        let samples = self.parts.audio.read(&s.stream_id, s.first_sample, s.upto - s.first_sample)?;
        let heard = self.parts.engine.guess(&samples)?;
        Ok(heard.map(|h| privacy::unsettled(&h.text, &self.parts.policy)))
    }
}

/// Comes back with the next value; never, once nobody is left to send one.
async fn changed<T>(of: &mut watch::Receiver<T>) {
    if of.changed().await.is_err() {
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests;
