//! The microphone at work, a step at a time: what is wished, what the device gives, what the clocks say. One thread
//! steps; it sleeps until the sound system or the owner wakes it.

use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use loom_schemas::live::{CaptureState, Level, Listening};
use loom_schemas::payload::{AudioSource, SourceKind, StreamEnd};
use uuid::Uuid;

use super::device::{Denied, Opened, Sound};
use super::gate::SILENCE_DB;
use super::intake::Trouble;
use super::said;
use super::watch::Watch;
use super::wishes::{Wish, Wishes};
use super::writer::{Road, Writer};
use crate::capture::chunk::Chunks;
use crate::env::{Clock, Entropy, message_id};
use crate::error::{Error, Result};
use crate::live::Live;

/// Sleep while nothing is open and nothing is waited for; whoever wishes something wakes us.
const LONG: Duration = Duration::from_secs(3600);
/// Sleep while a device is open: it wakes us before.
const BREATH: Duration = Duration::from_secs(1);
/// Between two tries for what is away: soon at first, because most come back at once.
const SOON: Duration = Duration::from_millis(250);
const LATER: Duration = Duration::from_secs(5);
const SOON_TRIES: u32 = 120;
/// A device that gives nothing for so long is gone, whatever the sound system says.
const MUTE: Duration = Duration::from_secs(3);
/// Between two looks at whether the device is still the default one.
const LOOK: Duration = Duration::from_secs(2);

/// What the microphone needs, and what it tells.
#[derive(Clone)]
pub struct Parts {
    pub road: Road,
    pub live: Arc<Live>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// This install's own device.
    pub device_id: Uuid,
    /// For times in sentences.
    pub zone: TimeZone,
}

/// Nanoseconds of the clock that never goes back.
type Mark = u64;

pub struct Ear {
    parts: Parts,
    sound: Arc<dyn Sound>,
    wishes: Arc<Wishes>,
    open: Option<Opened>,
    /// The id that was chosen when the device was opened.
    opened_for: Option<String>,
    writer: Option<Writer>,
    /// The writer's stream is over, and the log does not know yet.
    ending: Option<StreamEnd>,
    watch: Watch,
    buffer: Vec<f32>,
    heard_at: Mark,
    look_at: Mark,
    try_at: Mark,
    tries: u32,
    /// Streams that were wished for so far.
    streams: u64,
    /// What was listened to last.
    last: Option<String>,
}

impl Ear {
    pub fn new(parts: Parts, sound: Arc<dyn Sound>, wishes: Arc<Wishes>) -> Self {
        let (open, opened_for, writer, ending, buffer, last) = Default::default();
        let (heard_at, look_at, try_at, tries, streams) = Default::default();
        let watch = Watch::new();
        Self { parts, sound, wishes, open, opened_for, writer, ending, watch, buffer, heard_at, look_at, try_at, tries, streams, last }
    }

    /// Steps until asked to stop; then the stream at hand is ended.
    pub fn run(mut self) {
        loop {
            let (wish, turn, stop) = self.wishes.now();
            if stop {
                break;
            }
            let sleep = self.step(&wish);
            self.wishes.done(turn);
            std::thread::park_timeout(sleep);
        }
        self.close(StreamEnd::Paused);
        self.parts.live.capture.send_replace(CaptureState::default());
        self.wishes.attend(None);
    }

    /// Does what is to be done now; how long there is nothing more to do.
    pub fn step(&mut self, wish: &Wish) -> Duration {
        let chosen = wish.chosen.as_ref().map(|c| &c.id);
        if wish.paused || (self.open.is_some() && self.opened_for.as_ref() != chosen) {
            self.close(StreamEnd::Paused);
            (self.tries, self.try_at) = (0, 0);
        }
        if std::mem::replace(&mut self.streams, wish.streams) != wish.streams
            && let Err(e) = self.begin_anew()
        {
            self.full(wish, &e);
        }
        let over = self.ending.is_none() || self.finish();
        if wish.paused {
            self.say(wish, Listening::Paused, None);
            return if over { LONG } else { LATER };
        }
        if !over {
            return LATER;
        }
        if self.open.is_none() && !self.open(wish) {
            let wait = self.try_at.saturating_sub(self.parts.clock.monotonic_ns());
            return Duration::from_nanos(wait);
        }
        if let Err(e) = self.listen(wish) {
            self.full(wish, &e);
            return LATER;
        }
        // What was closed just now is tried again at once.
        if self.open.is_some() { BREATH } else { SOON }
    }

    /// Whether a device is open now.
    fn open(&mut self, wish: &Wish) -> bool {
        let mark = self.parts.clock.monotonic_ns();
        if mark < self.try_at {
            return false;
        }
        if let Err(e) = self.parts.road.store.room() {
            self.full(wish, &e);
            self.try_at = mark + LATER.as_nanos() as u64;
            return false;
        }
        let chosen = wish.chosen.as_ref().map(|c| c.id.clone());
        match self.sound.open(chosen.as_deref()) {
            Ok(opened) => {
                self.last = Some(opened.name.clone());
                (self.open, self.opened_for) = (Some(opened), chosen);
                (self.heard_at, self.look_at, self.tries) = (mark, mark + LOOK.as_nanos() as u64, 0);
                self.watch = Watch::new();
                self.say(wish, Listening::Listening, None);
                true
            }
            Err(denied) => {
                self.tries = self.tries.saturating_add(1);
                let wait = if self.tries < SOON_TRIES && self.last.is_some() { SOON } else { LATER };
                self.try_at = mark + wait.as_nanos() as u64;
                self.denied(wish, denied);
                false
            }
        }
    }

    fn denied(&self, wish: &Wish, denied: Denied) {
        let name = wish.chosen.as_ref().map(|c| &c.name).or(self.last.as_ref());
        let stopped = || self.parts.clock.now();
        let (state, message) = match (denied, name) {
            (Denied::Absent | Denied::Broken, Some(name)) => {
                let was = self.parts.live.capture.borrow().state;
                if was == Listening::Lost {
                    return;
                }
                let since = (was == Listening::Listening).then(stopped);
                (Listening::Lost, said::lost(name, since, &self.parts.zone))
            }
            (Denied::Absent | Denied::Broken, None) => (Listening::None, said::none()),
            (Denied::Busy, name) => (Listening::Refused, said::busy(name)),
            (Denied::Forbidden, _) => (Listening::Refused, said::forbidden()),
        };
        self.say(wish, state, Some(message));
    }

    /// Takes in what has come, and looks whether all is well.
    fn listen(&mut self, wish: &Wish) -> Result<()> {
        let (now, mark) = (self.parts.clock.now(), self.parts.clock.monotonic_ns());
        self.take(mark)?;
        let (jumped, parted) = (self.watch.jumped(now, mark), self.parted(mark));
        let Some(opened) = &self.open else { return Ok(()) };
        if let Some(frames) = opened.outlet.gap() {
            let lost_ms = 1000 * frames / u64::from(opened.rate.max(1));
            tracing::warn!(lost_ms, "the disk was too slow for the microphone: the stream ends at the gap and another begins");
            return self.cut(StreamEnd::DeviceLost);
        }
        if jumped || parted {
            tracing::info!("the clock was set, or this computer slept: a new stream begins");
            return self.cut(StreamEnd::Paused);
        }
        let mute = mark.saturating_sub(self.heard_at) > MUTE.as_nanos() as u64;
        let trouble = if mute { Trouble::Lost } else { opened.outlet.trouble() };
        let looked = mark >= self.look_at;
        let moved = trouble == Trouble::Changed || (looked && !opened.held.stands());
        if looked {
            self.look_at = mark + LOOK.as_nanos() as u64;
        }
        if trouble == Trouble::Lost || moved {
            self.leave(wish, trouble == Trouble::Lost);
        }
        Ok(())
    }

    fn take(&mut self, mark: Mark) -> Result<()> {
        let Some(opened) = &mut self.open else { return Ok(()) };
        self.buffer.clear();
        opened.outlet.drain(&mut self.buffer);
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.heard_at = mark;
        if self.writer.is_none() {
            let taken = self.buffer.len() as f64 / f64::from(opened.rate.max(1));
            let started_at = self.parts.clock.now().plus(-taken);
            let source = AudioSource { kind: SourceKind::Microphone, name: opened.name.clone() };
            let stream_id = message_id(started_at, &*self.parts.entropy).simple().to_string();
            let chunks = Chunks { stream_id, source, device_id: self.parts.device_id, started_at, producer: "microphone" };
            self.writer = Some(Writer::begin(self.parts.road.clone(), chunks, opened.rate)?);
            self.watch.begin();
        }
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let speaking = self.parts.live.speaking.borrow().as_ref().is_some_and(|s| s.stream_id == writer.stream_id());
        if let Some(level) = writer.push(&self.buffer, speaking)? {
            self.parts.live.level.send_replace(level);
        }
        Ok(())
    }

    /// Whether the stream's time is another one than the world's.
    fn parted(&mut self, mark: Mark) -> bool {
        let Some(writer) = &self.writer else { return false };
        // As of the last sound, which may be a moment ago.
        let since = mark.saturating_sub(self.heard_at) as f64 / 1e9;
        let skew = self.parts.clock.now().seconds() - since - writer.started_at().seconds() - writer.seconds();
        self.watch.parted(skew, mark)
    }

    /// The stream ends, the device stays open: another begins with what it gives next.
    fn cut(&mut self, end: StreamEnd) -> Result<()> {
        if let Some(writer) = &mut self.writer {
            self.ending = Some(end);
            writer.end(end)?;
            (self.writer, self.ending) = (None, None);
        }
        Ok(())
    }

    /// What was given so far ends the stream; the device stays open.
    fn begin_anew(&mut self) -> Result<()> {
        self.take(self.parts.clock.monotonic_ns())?;
        self.cut(StreamEnd::Paused)
    }

    /// The device is gone, or another one took its place.
    fn leave(&mut self, wish: &Wish, lost: bool) {
        self.close(StreamEnd::DeviceLost);
        (self.tries, self.try_at) = (0, 0);
        if lost {
            self.denied(wish, Denied::Absent);
        }
    }

    /// Nothing is read from the device any more; what it gave before is kept.
    fn close(&mut self, end: StreamEnd) {
        let mark = self.parts.clock.monotonic_ns();
        // What cannot be taken is taken at the stream's end, or by the next start.
        let _ = self.take(mark);
        if self.open.take().is_some() {
            self.parts.live.level.send_replace(Level { rms_db: SILENCE_DB, peak_db: SILENCE_DB, speech: false });
        }
        if self.writer.is_some() && self.ending.is_none() {
            self.ending = Some(end);
        }
        self.finish();
    }

    /// Brings the end of the last stream to the log; false if that has to wait.
    fn finish(&mut self) -> bool {
        if let (Some(writer), Some(end)) = (&mut self.writer, self.ending)
            && let Err(e) = writer.end(end)
        {
            tracing::debug!("the end of a stream has to wait: {e}");
            return false;
        }
        (self.writer, self.ending) = (None, None);
        true
    }

    /// Nothing more is taken in until there is room.
    fn full(&mut self, wish: &Wish, e: &Error) {
        self.close(StreamEnd::Paused);
        if self.parts.live.capture.borrow().state != Listening::Full {
            let message = said::full(e, self.parts.clock.now(), &self.parts.zone);
            self.say(wish, Listening::Full, Some(message));
        }
    }

    /// Tells who asks; once a change.
    fn say(&self, wish: &Wish, state: Listening, message: Option<String>) {
        let chosen = wish.chosen.as_ref();
        let open = self.open.as_ref().map(|o| o.name.clone());
        let device = open.or_else(|| chosen.map(|c| c.name.clone())).or_else(|| self.last.clone());
        let new = CaptureState { state, device, chosen: chosen.map(|c| c.id.clone()), since: None, message };
        self.parts.live.capture.send_if_modified(|old| {
            let same = CaptureState { since: None, ..old.clone() } == new;
            if same {
                return false;
            }
            let since = if old.state == state { old.since.take() } else { None };
            // The device's name is the owner's: the log does without.
            match state {
                Listening::Listening | Listening::Paused => tracing::info!("the microphone: {state:?}"),
                _ => tracing::warn!("the microphone: {state:?}"),
            }
            *old = CaptureState { since: since.or_else(|| Some(self.parts.clock.now().to_string())), ..new };
            true
        });
    }
}
