//! What the timeline's page knows and decides: which part of a day is held, which lines are in view, the cloth, the
//! address, the sound's wave.

pub mod address;
pub mod cloth;
pub mod guess;
pub mod held;
pub mod month;
pub mod roll;
pub mod wave;
pub mod wording;
