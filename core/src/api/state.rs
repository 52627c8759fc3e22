//! What the routes answer from.

use std::path::PathBuf;
use std::sync::Arc;

use loom_schemas::api::Check;
use uuid::Uuid;

use super::metrics::Metrics;
use super::models::ModelRow;
use super::problem::Problem;
use super::ws::Sockets;
use crate::bus::Bus;
use crate::capture::Listen;
use crate::door::Door;
use crate::env::{Clock, Entropy};
use crate::error::Result;
use crate::live::Live;
use crate::pipeline::Spec;
use crate::schema::Registry;
use crate::settings::Settings;
use crate::store::{Audio, Timeline};

/// Asked anew by each request; may block.
pub type Ask<T> = Arc<dyn Fn() -> Vec<T> + Send + Sync>;

pub type Rebuild = Arc<dyn Fn(&str) -> Result<bool> + Send + Sync>;

/// Everything a handler may use.
pub struct State {
    pub bus: Arc<dyn Bus>,
    pub timeline: Arc<dyn Timeline>,
    pub audio: Arc<dyn Audio>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// What requests must carry.
    pub token: String,
    /// This machine, for records that name no device.
    pub device_id: Uuid,
    pub data_dir: PathBuf,
    pub models: Ask<ModelRow>,
    /// Where records come in.
    pub door: Arc<Door>,
    /// Schemas, and what is held against them.
    pub registry: Arc<Registry>,
    /// Of every group this Loom knows, running or not.
    pub specs: Vec<Spec>,
    pub checks: Ask<Check>,
    /// Empties the store of this name; false where there is none.
    pub rebuild: Rebuild,
    /// The microphone.
    pub listen: Arc<dyn Listen>,
    /// What is not on the log.
    pub live: Arc<Live>,
    /// Who listens on `/ws`.
    pub sockets: Sockets,
    pub settings: Settings,
    pub metrics: Metrics,
}

/// Runs what blocks (the log, the stores, the disk) off the threads that answer connections.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Problem::from),
        Err(_) => Err(Problem::bug()),
    }
}
