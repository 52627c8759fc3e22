//! Settings and components become a running App: the only place that knows everyone.

mod checks;
pub mod engines;
mod feed;
mod incoming;
mod pull;
mod upkeep;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use loom_models::Models;
use uuid::Uuid;

pub use feed::{Fed, Feed};

use crate::api::{self, ModelRow};
use crate::bus::{Bus, sqlite::Sqlite};
use crate::capture::microphone::{self, Hearing, Microphone, Parts as Ears, Road};
use crate::capture::upload::{self, Tending, Uploads};
use crate::capture::{Deaf, Listen};
use crate::consumer::Consumers;
use crate::data_dir::DataDir;
use crate::db::Db;
use crate::dedup;
use crate::desk::Desk;
use crate::door::{Door, Pace, Sequences};
use crate::env::{Clock, Entropy, System};
use crate::error::Result;
use crate::forget::{self, Forgetting};
use crate::identity;
use crate::keys::{self, Place};
use crate::live::Live;
use crate::pipeline::graph::{self, Parts};
use crate::pipeline::{Probe, Running, Spec, Wiring, sink};
use crate::privacy::Policy;
use crate::router::{self, Replays, Rules, Supervisor};
use crate::schema::Registry;
use crate::settings::{Keeper, Settings};
use crate::speech::guess::{self, Guessing};
use crate::speech::shared::Shared;
use crate::store::analytics::{Analytics, AnalyticsSink};
use crate::store::audio::AudioStore;
use crate::store::blobs::Blobs;
use crate::store::timeline::{EditSink, SqliteTimeline, TimelineSink};

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
    rules: Arc<Rules>,
    replays: Arc<Replays>,
    dedup: Arc<dedup::Rules>,
    registry: Arc<Registry>,
    pub live: Arc<Live>,
    pub listen: Arc<dyn Listen>,
    uploads: Arc<Uploads>,
    forget: Arc<Forgetting>,
    pulling: std::sync::atomic::AtomicBool,
    pub keeper: Arc<Keeper>,
    pub desk: Arc<Desk>,
    /// Absent where none was asked for.
    microphone: Option<Arc<Microphone>>,
    /// Whoever wants words shares it.
    engine: Arc<Shared>,
    incoming: Arc<incoming::Incoming>,
}

/// Everything that runs. Dropping it stops it in this order: who listens, who works, who tidies up.
pub struct Started {
    _hearing: Option<Hearing>,
    _guessing: Option<Guessing>,
    _routing: Supervisor,
    _deduplicating: dedup::Supervisor,
    _tending: Tending,
    _incoming: incoming::Open,
    running: Running,
    _forgetting: forget::Keeping,
    _upkeep: upkeep::Upkeep,
}

impl Started {
    /// Somebody waits until every group has read everything: no consumer gathers what comes any more.
    pub fn hurry(&self) {
        self.running.hurry();
    }
}

impl App {
    /// Opens the stores of a data folder that the caller has locked.
    pub fn open(dir: &DataDir, settings: Settings) -> Result<Arc<Self>> {
        let clock: Arc<dyn Clock> = Arc::new(System);
        let entropy: Arc<dyn Entropy> = Arc::new(System);
        let env = |name: &str| std::env::var(name).ok();
        let (key, key_place) = keys::database_key(dir, &*entropy, &env)?;
        engines::known(&settings.engine)?;
        let db = Db::open(&dir.database(), &key)?;
        let bus: Arc<dyn Bus> = Arc::new(Sqlite::open(db.clone(), clock.clone())?.keeping(settings.retention.clone()));
        let timeline = Arc::new(SqliteTimeline::open(db.clone())?);
        let audio = Arc::new(AudioStore::open(&db, &dir.path().join("audio"))?);
        let device_id = identity::own_device(&db, &*clock, &*entropy)?;
        let microphone = settings.microphone.then(|| Microphone::open(&db).map(Arc::new)).transpose()?;
        let road = upload::Road { store: audio.clone(), bus: bus.clone() };
        let uploads = Arc::new(Uploads::open(&db, road, &dir.path().join("files").join("incoming"), upload::PATIENCE)?);
        let registry = Arc::new(Registry::open(&db, clock.clone())?);
        let door = Arc::new(Door {
            bus: bus.clone(),
            registry: registry.clone(),
            devices: Arc::new(identity::Devices::open(&db, device_id, settings.device_policy, clock.clone(), &*entropy)?),
            blobs: Blobs::at(&dir.path().join("files")),
            clock: clock.clone(),
            entropy: entropy.clone(),
            own: device_id,
            sound: uploads.clone(),
            sequences: Sequences::open(&db)?,
            pace: Pace::new(settings.device_records_per_second),
        });
        let listen: Arc<dyn Listen> = microphone.as_ref().map_or_else(|| Arc::new(Deaf) as _, |m| m.clone() as _);
        let models = Models::find(Some(dir.path()));
        let rules = Arc::new(Rules::open(&db, bus.clone(), registry.clone(), &[])?);
        let replays = Arc::new(Replays::open(&db, bus.clone(), clock.clone(), entropy.clone(), rules.clone())?);
        let dedup = dedup::Rules::open(&db, bus.clone(), &*entropy, engines::pictures(&dir.path().join("files")))?;
        let live = Arc::<Live>::default();
        let analytics = Arc::new(Analytics::new(dir.path().join("analytics.duckdb")));
        let forget = Forgetting::open(forget::Parts {
            db: db.clone(),
            bus: bus.clone(),
            audio: audio.clone(),
            files: Blobs::at(&dir.path().join("files")),
            live: live.clone(),
            listen: listen.clone(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            counts: analytics.clone(),
        })?;
        let keeper = Arc::new(Keeper::new(dir.path(), settings.clone()));
        let devices = door.devices.clone();
        if !settings.device_name.is_empty() {
            devices.change(device_id, identity::Change { name: Some(settings.device_name.clone()), ..identity::Change::default() })?;
        }
        devices.links().set_threshold(settings.link_threshold());
        keeper.on_change(move |s| {
            devices.set_policy(s.device_policy);
            devices.links().set_threshold(s.link_threshold());
        });
        let mut app = Self {
            bus,
            rules,
            replays,
            dedup: Arc::new(dedup),
            timeline,
            audio,
            analytics,
            settings,
            device_id,
            door,
            engine: Shared::new(engines::ENGINE, engines::MODEL, engines::recognizer(&models)),
            models,
            registry,
            db,
            data_dir: dir.path().to_path_buf(),
            key_place,
            clock,
            entropy,
            specs: Vec::new(),
            probes: Mutex::default(),
            live,
            listen,
            uploads,
            forget: Arc::new(forget),
            pulling: Default::default(),
            keeper,
            desk: Default::default(),
            microphone,
            incoming: Arc::new(incoming::Incoming::new(dir.path(), Weak::new())),
        };
        app.specs = app.weave()?.into_iter().map(|n| n.spec).collect();
        app.rules.know_stages(&app.specs);
        app.specs.push(router::Router::blank());
        app.specs.push(dedup::Dedup::blank());
        Ok(Arc::new_cyclic(|this| {
            app.incoming = Arc::new(incoming::Incoming::new(dir.path(), this.clone()));
            app
        }))
    }

    fn weave(&self) -> Result<Vec<crate::pipeline::Node>> {
        graph::weave(Parts {
            detector: engines::detector(&self.models),
            recognizer: self.engine.factory(),
            engine: engines::ENGINE,
            model: engines::MODEL,
            zone: self.settings.zone()?,
            live: self.live.clone(),
            policy: Policy::named(&self.settings.privacy_policy)?,
            stores: vec![
                sink(TimelineSink::open(self.db.clone())?),
                sink(EditSink::open(self.db.clone())?),
                sink(AnalyticsSink::new(self.analytics.clone())),
            ],
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
            host: Some(&self.settings.device_name).filter(|n| !n.is_empty()).map_or("this computer", |n| n).into(),
            run: String::new(),
            workers: 1,
        };
        let tending = Tending::start(self.uploads.clone(), self.clock.clone())?;
        let running = Running::start(self.weave()?, &wiring)?;
        *self.probes.lock().unwrap_or_else(PoisonError::into_inner) = running.probes.clone();
        let routing = Supervisor::start(self.rules.clone(), wiring.clone())?;
        let deduplicating = dedup::Supervisor::start(self.dedup.clone(), wiring)?;
        self.replays.resume()?;
        let upkeep = upkeep::Upkeep::start(self.clone())?;
        let guessing = self.microphone.is_some().then(|| self.guess()).transpose()?;
        let hearing = self.microphone.as_ref().map(|m| m.start(self.ears(road)?)).transpose()?;
        let forgetting = self.forget.start()?;
        let incoming = self.incoming.resume();
        Ok(Started {
            _hearing: hearing,
            _guessing: guessing,
            _routing: routing,
            _deduplicating: deduplicating,
            _tending: tending,
            _incoming: incoming,
            running,
            _forgetting: forgetting,
            _upkeep: upkeep,
        })
    }

    fn guess(&self) -> Result<Guessing> {
        let policy = Policy::named(&self.settings.privacy_policy)?;
        let (live, audio, engine, clock) = (self.live.clone(), self.audio.clone(), self.engine.clone(), self.clock.clone());
        Guessing::start(guess::Parts { live, audio, engine, clock, policy })
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
        let (asked, models, stores, pulling) = (self.clone(), self.clone(), self.clone(), self.clone());
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
            pull: Arc::new(move |id| pulling.pull(id)),
            door: self.door.clone(),
            registry: self.registry.clone(),
            specs: self.specs.clone(),
            consumers: Arc::new(Consumers::new(
                self.bus.clone(),
                self.clock.clone(),
                self.entropy.clone(),
                self.specs.iter().map(|s| s.group.into()),
            )),
            pace: api::Pace::default(),
            checks: Arc::new(move || asked.checks()),
            rebuild: Arc::new(move |store| stores.rebuild(store)),
            recordings: self.incoming.clone(),
            listen: self.listen.clone(),
            forget: self.forget.clone(),
            live: self.live.clone(),
            sockets: api::Sockets::default(),
            connections: api::Connections::default(),
            settings: self.settings.clone(),
            rules: self.rules.clone(),
            replays: self.replays.clone(),
            dedup: self.dedup.clone(),
            keeper: self.keeper.clone(),
            metrics: api::Metrics::default(),
            desk: self.desk.clone(),
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
