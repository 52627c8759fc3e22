//! Time and chance: the only file that reads either. Everything deterministic takes them as arguments.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use uuid::Uuid;

use crate::error::{Error, Result};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub i64);

impl Time {
    pub const fn from_micros(us: i64) -> Self {
        Self(us)
    }
    pub const fn from_secs(s: i64) -> Self {
        Self(s * 1_000_000)
    }
    pub const fn micros(self) -> i64 {
        self.0
    }
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }
    /// Later by so many seconds (negative: earlier), to the microsecond.
    #[must_use]
    pub fn plus(self, seconds: f64) -> Self {
        Self(self.0 + (seconds * 1e6).round() as i64)
    }
    /// The whole second at or before this.
    #[must_use]
    pub const fn floor_second(self) -> Self {
        Self(self.0.div_euclid(1_000_000) * 1_000_000)
    }
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.0).unwrap_or(Timestamp::MIN)
    }
    /// RFC 3339 with any offset.
    pub fn parse(s: &str) -> Result<Self> {
        s.parse::<Timestamp>()
            .map(|t| Self(t.as_microsecond()))
            .map_err(|e| Error::invalid("not an RFC 3339 time such as 2026-01-31T12:00:00Z").because(e))
    }
}

/// RFC 3339 in UTC with microseconds, as every record carries it.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.timestamp())
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let s = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        Time::parse(&s).map_err(serde::de::Error::custom)
    }
}

/// What time it is.
pub trait Clock: Send + Sync {
    fn now(&self) -> Time;
    /// Nanoseconds of a clock that never goes back, from an arbitrary start: for durations only.
    fn monotonic_ns(&self) -> u64;
}

/// Where randomness comes from.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// The machine's own clock and randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> Time {
        Time(Timestamp::now().as_microsecond())
    }
    fn monotonic_ns(&self) -> u64 {
        use std::sync::OnceLock;
        use std::time::Instant;
        static START: OnceLock<Instant> = OnceLock::new();
        START.get_or_init(Instant::now).elapsed().as_nanos() as u64
    }
}

impl Entropy for System {
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness there are no keys: nothing sensible is left to do.
        getrandom::fill(bytes).expect("the operating system gives no random bytes");
    }
}

/// A clock that stands still until moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn at(t: Time) -> Self {
        Self(AtomicI64::new(t.0))
    }
    pub fn set(&self, t: Time) {
        self.0.store(t.0, Ordering::SeqCst);
    }
    pub fn advance(&self, seconds: f64) {
        self.0.fetch_add((seconds * 1e6) as i64, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time(self.0.load(Ordering::SeqCst))
    }
    fn monotonic_ns(&self) -> u64 {
        (self.0.load(Ordering::SeqCst) * 1000) as u64
    }
}

/// Chance from a seed: SplitMix64 (Steele, Lea and Flood 2014). For tests and simulation, never for keys.
#[derive(Debug)]
pub struct Seeded(Mutex<u64>);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
    pub fn next_u64(&self) -> u64 {
        let mut s = self.0.lock().unwrap_or_else(|e| e.into_inner());
        *s = s.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *s;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Uniform enough below `n` (which is not 0).
    pub fn below(&self, n: u64) -> u64 {
        self.next_u64() % n
    }
}

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let r = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&r[..chunk.len()]);
        }
    }
}

/// A time-ordered id (RFC 9562 version 7) for a record that enters here.
pub fn message_id(now: Time, entropy: &dyn Entropy) -> Uuid {
    let mut r = [0u8; 10];
    entropy.fill(&mut r);
    uuid::Builder::from_unix_timestamp_millis(now.millis().max(0) as u64, &r).into_uuid()
}
