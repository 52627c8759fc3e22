//! What the routes answer from.

use std::path::PathBuf;
use std::sync::Arc;

use loom_schemas::api::Check;
use uuid::Uuid;

use super::metrics::Metrics;
use super::models::ModelRow;
use super::pace::Pace;
use super::problem::Problem;
use super::recordings::TakeIn;
use super::sound::Connections;
use super::ws::Sockets;
use crate::bus::{Bus, GroupState};
use crate::capture::Listen;
use crate::consumer::Consumers;
use crate::dedup;
use crate::desk::Desk;
use crate::door::Door;
use crate::env::{Clock, Entropy};
use crate::error::Result;
use crate::forget::Forgetting;
use crate::live::Live;
use crate::pipeline::Spec;
use crate::router::{Replays, Rules};
use crate::schema::Registry;
use crate::settings::{Keeper, Settings};
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
    /// Begins to fetch the model of this id; false while another one is being fetched.
    pub pull: Rebuild,
    /// Where records come in.
    pub door: Arc<Door>,
    /// Schemas, and what is held against them.
    pub registry: Arc<Registry>,
    /// Of every group this Loom knows, running or not.
    pub specs: Vec<Spec>,
    /// Members from outside.
    pub consumers: Arc<Consumers>,
    /// How fast groups commit.
    pub pace: Pace,
    pub checks: Ask<Check>,
    /// What the owner takes back.
    pub forget: Arc<Forgetting>,
    /// Empties the store of this name; false where there is none.
    pub rebuild: Rebuild,
    /// Where recordings come in.
    pub recordings: Arc<dyn TakeIn>,
    /// The microphone.
    pub listen: Arc<dyn Listen>,
    /// What is not on the log.
    pub live: Arc<Live>,
    /// Who listens on `/ws`.
    pub sockets: Sockets,
    /// Who sends sound.
    pub connections: Connections,
    pub settings: Settings,
    pub rules: Arc<Rules>,
    pub replays: Arc<Replays>,
    pub dedup: Arc<dedup::Rules>,
    /// The same as they are changed while Loom runs.
    pub keeper: Arc<Keeper>,
    pub metrics: Metrics,
    /// The desktop app around this Loom, where there is one.
    pub desk: Arc<Desk>,
}

impl State {
    /// Every group, those who stand by among its members.
    pub fn groups(&self) -> Result<Vec<GroupState>> {
        let mut groups = self.bus.groups()?;
        for seen in self.consumers.members().into_iter().filter(|s| !s.active) {
            if let Some(g) = groups.iter_mut().find(|g| g.group == seen.group) {
                g.members.push(seen.member);
            }
        }
        Ok(groups)
    }
}

/// Runs what blocks (the log, the stores, the disk) off the threads that answer connections.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T, Problem> {
    blocking_for(work).await
}

/// The same for work that is refused in words of its own.
pub async fn blocking_for<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(Into::into),
        Err(_) => Err(Problem::bug()),
    }
}
