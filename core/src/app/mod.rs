//! Settings and components become a running App: the only place that knows everyone.

mod checks;
pub mod engines;
mod feed;
mod upkeep;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use loom_models::Models;
use uuid::Uuid;

pub use feed::{Fed, Feed};

use crate::api::{self, ModelRow};
use crate::bus::{Bus, sqlite::Sqlite};
use crate::capture::microphone::{self, Hearing, Microphone, Parts as Ears, Road};
use crate::capture::{Deaf, Listen};
use crate::data_dir::DataDir;
use crate::db::Db;
use crate::door::Door;
use crate::env::{Clock, Entropy, System};
use crate::error::Result;
use crate::identity;
use crate::keys::{self, Place};
use crate::live::Live;
use crate::pipeline::graph::{self, Parts};
use crate::pipeline::{Probe, Running, Spec, Wiring, sink};
use crate::privacy::Policy;
use crate::schema::Registry;
use crate::settings::Settings;
use crate::store::analytics::{Analytics, AnalyticsSink};
use crate::store::audio::AudioStore;
use crate::store::blobs::Blobs;
use crate::store::timeline::{SqliteTimeline, TimelineSink};

/// Everything one device has, opened. The pipeline stands still until [`App::start`].
pub struct App {
    pub bus: Arc<dyn Bus>,
    pub timeline: Arc<SqliteTimeline>,
    pub audio: Arc<AudioStore>,
    pub analytics: Arc<Analytics>,
    pub settings: Settings,
    pub device_id: Uuid,
    pub models: Models,
    db: Db,
    data_dir: PathBuf,
    key_place: Place,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    specs: Vec<Spec>,
    probes: Mutex<Vec<Arc<Probe>>>,
    door: Arc<Door>,
    registry: Arc<Registry>,
    pub live: Arc<Live>,
    pub listen: Arc<dyn Listen>,
    /// Absent where none was asked for.
    microphone: Option<Arc<Microphone>>,
}

/// Everything that runs. Dropping it stops it in this order: who listens, who works, who tidies up.
pub struct Started {
    _hearing: Option<Hearing>,
    _running: Running,
    _upkeep: upkeep::Upkeep,
}

impl App {
    /// Opens the stores of a data folder that the caller has locked.
    pub fn open(dir: &DataDir, settings: Settings) -> Result<Arc<Self>> {
        let clock: Arc<dyn Clock> = Arc::new(System);
        let entropy: Arc<dyn Entropy> = Arc::new(System);
        let env = |name: &str| std::env::var(name).ok();
        let (key, key_place) = keys::database_key(dir, &*entropy, &env)?;
        let db = Db::open(&dir.database(), &key)?;
        let bus: Arc<dyn Bus> = Arc::new(Sqlite::open(db.clone(), clock.clone())?);
        let timeline = Arc::new(SqliteTimeline::open(db.clone())?);
        let audio = Arc::new(AudioStore::open(&db, &dir.path().join("audio"))?);
        let device_id = identity::own_device(&db, &*clock, &*entropy)?;
        let microphone = settings.microphone.then(|| Microphone::open(&db).map(Arc::new)).transpose()?;
        let registry = Arc::new(Registry::open(&db, clock.clone())?);
        let door = Arc::new(Door {
            bus: bus.clone(),
            registry: registry.clone(),
            devices: Arc::new(identity::Devices::open(&db, device_id, settings.device_policy, clock.clone())?),
            blobs: Blobs::at(&dir.path().join("files")),
            clock: clock.clone(),
            entropy: entropy.clone(),
            own: device_id,
        });
        let listen: Arc<dyn Listen> = microphone.as_ref().map_or_else(|| Arc::new(Deaf) as _, |m| m.clone() as _);
        let mut app = Self {
            bus,
            timeline,
            audio,
            analytics: Arc::new(Analytics::new(dir.path().join("analytics.duckdb"))),
            settings,
            device_id,
            door,
            registry,
            models: Models::find(Some(dir.path())),
            db,
            data_dir: dir.path().to_path_buf(),
            key_place,
            clock,
            entropy,
            specs: Vec::new(),
            probes: Mutex::default(),
            live: Arc::default(),
            listen,
            microphone,
        };
        app.specs = app.weave()?.into_iter().map(|n| n.spec).collect();
        Ok(Arc::new(app))
    }

    fn weave(&self) -> Result<Vec<crate::pipeline::Node>> {
        graph::weave(Parts {
            detector: engines::detector(&self.models),
            recognizer: engines::recognizer(&self.models),
            engine: engines::ENGINE,
            model: engines::MODEL,
            zone: self.settings.zone()?,
            policy: Policy::named(&self.settings.privacy_policy)?,
            stores: vec![sink(TimelineSink::open(self.db.clone())?), sink(AnalyticsSink::new(self.analytics.clone()))],
        })
    }

    /// Recovers what a crash left, then starts every consumer, the upkeep and the microphone.
    pub fn start(self: &Arc<Self>) -> Result<Started> {
        self.audio.recover(&*self.bus)?;
        let road = Road { store: self.audio.clone(), bus: self.bus.clone() };
        match microphone::recover(&road) {
            Ok(0) => {}
            Ok(streams) => tracing::info!(streams, "named what the microphone had heard when Loom was last broken off"),
            Err(e) => tracing::warn!("what the microphone had heard when Loom was last broken off has to wait: {e}"),
        }
        let wiring = Wiring {
            bus: self.bus.clone(),
            audio: self.audio.clone(),
            clock: self.clock.clone(),
            member: format!("{}", std::process::id()),
            host: "this computer".into(),
            run: String::new(),
            workers: 1,
        };
        let running = Running::start(self.weave()?, &wiring)?;
        *self.probes.lock().unwrap_or_else(PoisonError::into_inner) = running.probes.clone();
        let upkeep = upkeep::Upkeep::start(self.clone())?;
        let hearing = self.microphone.as_ref().map(|m| m.start(self.ears(road)?)).transpose()?;
        Ok(Started { _hearing: hearing, _running: running, _upkeep: upkeep })
    }

    fn ears(&self, road: Road) -> Result<Ears> {
        let (live, clock, entropy) = (self.live.clone(), self.clock.clone(), self.entropy.clone());
        Ok(Ears { road, live, clock, entropy, device_id: self.device_id, zone: self.settings.zone()? })
    }

    /// Whether every group has read everything.
    pub fn drained(&self) -> Result<bool> {
        Ok(self.bus.groups()?.iter().all(|g| g.total_lag() == 0))
    }

    /// What the HTTP API answers from.
    pub fn api_state(self: &Arc<Self>, token: String) -> Arc<api::State> {
        let (asked, models, stores) = (self.clone(), self.clone(), self.clone());
        Arc::new(api::State {
            bus: self.bus.clone(),
            timeline: self.timeline.clone(),
            audio: self.audio.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            token,
            device_id: self.device_id,
            data_dir: self.data_dir.clone(),
            models: Arc::new(move || models.model_rows()),
            door: self.door.clone(),
            registry: self.registry.clone(),
            specs: self.specs.clone(),
            checks: Arc::new(move || asked.checks()),
            rebuild: Arc::new(move |store| stores.rebuild(store)),
            listen: self.listen.clone(),
            live: self.live.clone(),
            sockets: api::Sockets::default(),
            settings: self.settings.clone(),
            metrics: api::Metrics::default(),
        })
    }

    /// Empties what is made from the log, so that it is made again; false where there is no such store.
    fn rebuild(&self, store: &str) -> Result<bool> {
        match store {
            "timeline" => self.timeline.rebuild().map(|()| true),
            "analytics" => self.analytics.rebuild().map(|()| true),
            _ => Ok(false),
        }
    }

    fn model_rows(&self) -> Vec<ModelRow> {
        engines::model_rows(&self.models)
    }
}
