//! The words: payloads of the topics Loom itself makes, the API's types, and the JSON Schemas.
//! No clock, no disk, no network: also builds for wasm32.

pub mod api;
pub mod catalogue;
pub mod dedup;
pub mod devices;
pub mod live;
pub mod payload;
pub mod routing;
pub mod services;
