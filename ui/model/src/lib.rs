//! What the pages know and decide, without a browser: testable where the rest of Loom is.

pub mod checks;
pub mod first;
pub mod fuzzy;
pub mod graph;
pub mod groups;
pub mod kinds;
pub mod lines;
pub mod marks;
pub mod meter;
pub mod numbers;
pub mod retry;
pub mod road;
pub mod saying;
pub mod settings;
pub mod sound;
pub mod threads;
pub mod time;
pub mod today;
pub mod token;
