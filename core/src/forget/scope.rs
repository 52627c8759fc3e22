//! What is to be forgotten.

use uuid::Uuid;

use crate::env::Time;

/// Lines, or everything that was sensed in a span of time.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    /// These lines, by message id, with all they came from and went to.
    Lines(Vec<Uuid>),
    Span(Span),
}

/// Everything of which any part lies in it, lines that are not written yet included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Included.
    pub from: Time,
    /// Excluded.
    pub to: Time,
    /// One device's alone.
    pub device: Option<Uuid>,
}

impl Span {
    /// Before and after everything, with room to reckon.
    pub const EVER: Time = Time(i64::MIN / 4);
    pub const NEVER: Time = Time(i64::MAX / 4);

    /// The device, where it is all that it ever sent.
    pub fn whole_device(&self) -> Option<Uuid> {
        self.device.filter(|_| self.from <= Self::EVER && self.to >= Self::NEVER)
    }

    /// Whether something that began then and took so long lies in it, wholly or in part.
    pub fn touches(&self, began: Time, seconds: f64, device: Uuid) -> bool {
        began < self.to && began.plus(seconds.max(1e-6)) > self.from && self.device.is_none_or(|d| d == device)
    }
}
