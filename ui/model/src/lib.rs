//! What the pages know and decide, without a browser: testable where the rest of Loom is.

pub mod checks;
pub mod closing;
pub mod devices;
pub mod duplicates;
pub mod first;
pub mod flow;
pub mod fuzzy;
pub mod graph;
pub mod groups;
pub mod kinds;
pub mod lines;
pub mod marks;
pub mod meter;
pub mod numbers;
pub mod records;
pub mod retry;
pub mod saying;
pub mod settings;
pub mod sound;
pub mod threads;
pub mod time;
pub mod timeline;
pub mod today;
pub mod token;
