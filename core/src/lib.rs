//! Everything one device does: capture, speech, context, privacy, the log and the stores.
//! Knows neither Tauri nor Kafka. Start reading at [`pipeline::graph`].

#[cfg(feature = "api")]
pub mod api;
#[cfg(feature = "full")]
pub mod app;
pub mod built;
pub mod bus;
pub mod capture;
pub mod consumer;
pub mod data_dir;
pub mod db;
pub mod dedup;
pub mod desk;
pub mod door;
pub mod enrich;
pub mod env;
pub mod error;
pub mod export;
pub mod forget;
pub mod identity;
pub mod keys;
pub mod live;
pub mod pipeline;
pub mod privacy;
pub mod router;
pub mod rules;
pub mod schema;
pub mod settings;
pub mod speech;
pub mod store;

pub use env::Time;
pub use error::{Error, Kind, Result};
