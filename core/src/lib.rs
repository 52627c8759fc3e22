//! Everything one device does: capture, speech, context, privacy, the log and the stores.
//! Knows neither Tauri nor Kafka. Start reading at [`pipeline::graph`].

pub mod bus;
pub mod capture;
pub mod db;
pub mod enrich;
pub mod env;
pub mod error;
pub mod pipeline;
pub mod privacy;
pub mod speech;
pub mod store;

pub use env::Time;
pub use error::{Error, Kind, Result};
