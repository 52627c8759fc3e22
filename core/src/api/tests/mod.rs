//! Every route over the memory log, without a socket; the server itself with one.

mod answers;
mod consuming;
mod deduplicating;
mod deeds;
mod devices;
mod discovering;
#[cfg(feature = "recordings")]
mod documented;
mod doors;
#[cfg(feature = "grpc")]
mod grpc;
mod live;
mod masking;
mod recordings;
mod registry;
mod routing;
mod routing_page;
mod served;
#[cfg(feature = "recordings")]
mod sounds;
mod writing;

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use loom_schemas::api::{AudioLink, Check, SearchHit, TimelineRow};
use loom_schemas::live::Day;
use loom_schemas::payload::AudioRef;
use serde_json::Value;
use tower::ServiceExt;
use uuid::Uuid;

use super::{Metrics, ModelRow, State};
use crate::Result;
use crate::bus::memory::Memory;
use crate::bus::{Headers, NewRecord, TopicName, Trace};
use crate::consumer::Consumers;
use crate::db::{Db, Key};
use crate::door::Door;
use crate::env::{ManualClock, Seeded, Time, message_id};
use crate::forget::{self, Forgetting};
use crate::identity::{Devices, Policy};
use crate::live::Live;
use crate::router::{Replays, Rules};
use crate::settings::{Keeper, Settings};
use crate::store::audio::AudioStore;
use crate::store::blobs::Blobs;
use crate::store::timeline::SqliteTimeline;
use crate::store::{Audio, DayCount, Days, Found, Place, Range, Timeline};

pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
pub const LINE: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

/// A timeline of one line, which search finds by its only word.
struct OneLine;

fn row() -> TimelineRow {
    TimelineRow {
        message_id: LINE.to_string(),
        recorded_at: "2026-01-01T00:00:00.000000Z".into(),
        duration_s: 0.25,
        device_id: Uuid::nil().to_string(),
        source: "a.wav".into(),
        text: "hello".into(),
        words: Vec::new(),
        masked: Vec::new(),
        language: "en".into(),
        audio: Some(AudioLink { href: format!("/api/timeline/{LINE}/audio") }),
        starred: false,
        original: None,
    }
}

impl Timeline for OneLine {
    fn search(&self, query: &str, range: &Range) -> Result<Found> {
        let r = row();
        let hit = SearchHit {
            message_id: r.message_id,
            recorded_at: r.recorded_at,
            duration_s: r.duration_s,
            device_id: r.device_id,
            text: r.text.clone(),
            snippet: "[hello]".into(),
            score: 1.0,
            audio: r.audio,
        };
        let hits = if query == "hello" && range.limit > 0 { vec![hit] } else { Vec::new() };
        Ok(Found { hits, ..Found::default() })
    }
    fn lines(&self, range: &Range) -> Result<Vec<TimelineRow>> {
        let at = Time::parse(&row().recorded_at)?;
        let inside = range.from.is_none_or(|f| at >= f) && range.to.is_none_or(|t| at < t);
        Ok(if inside { vec![row()] } else { Vec::new() })
    }
    fn line(&self, id: Uuid) -> Result<Option<TimelineRow>> {
        Ok((id == LINE).then(row))
    }
    fn place(&self, _: Uuid) -> Result<Option<Place>> {
        Ok(None)
    }
    fn day(&self, date: Date, _: &TimeZone) -> Result<Day> {
        Ok(Day { date: date.to_string(), ..Day::default() })
    }
    fn days(&self, _: Date, to: Date, _: &TimeZone) -> Result<Days> {
        Ok(Days { days: vec![DayCount { date: to, lines: 1, speech_s: 0.25 }], ..Days::default() })
    }
    fn audio(&self, id: Uuid) -> Result<Option<AudioRef>> {
        Ok((id == LINE).then(|| AudioRef { stream_id: "s".into(), first_sample: 100, samples: 4000, sample_rate: 16000 }))
    }
}

/// Sample number n is n / 32768.
struct Ramp;

impl Audio for Ramp {
    fn read(&self, _stream_id: &str, first_sample: u64, samples: u64) -> Result<Arc<[f32]>> {
        Ok((first_sample..first_sample + samples).map(|n| n as f32 / 32768.0).collect())
    }
}

pub struct Rig {
    pub state: Arc<State>,
    pub clock: Arc<ManualClock>,
    pub router: Router,
    _dir: tempfile::TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

pub fn rig() -> Rig {
    rig_with(Settings::default())
}

pub fn rig_with(settings: Settings) -> Rig {
    made(settings, |_| Arc::new(OneLine)).0
}

/// With another timeline, and what that and the rest lie on.
pub fn made(settings: Settings, timeline: impl FnOnce(&Db) -> Arc<dyn Timeline>) -> (Rig, Db) {
    let clock = Arc::new(ManualClock::at(Time::parse("2026-01-01T00:00:10Z").unwrap()));
    let bus = Arc::new(Memory::new(clock.clone()));
    let entropy = Arc::new(Seeded::new(7));
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("loom.db"), &Key::new([7; 32])).unwrap();
    let own = Uuid::from_u128(5);
    let registry = Arc::new(crate::schema::Registry::open(&db, clock.clone()).unwrap());
    let door = Door {
        bus: bus.clone(),
        registry: registry.clone(),
        devices: Arc::new(Devices::open(&db, own, Policy::Register, clock.clone(), &Seeded::new(3)).unwrap()),
        blobs: Blobs::at(&dir.path().join("files")),
        clock: clock.clone(),
        entropy: entropy.clone(),
        own,
        sound: sound(&db, &dir, bus.clone()),
        sequences: crate::door::Sequences::open(&db).unwrap(),
        pace: crate::door::Pace::new(settings.device_records_per_second),
    };
    let consumers = Consumers::new(bus.clone(), clock.clone(), entropy.clone(), ["silero-vad-consumer".to_string()]);
    let rules = Arc::new(Rules::open(&db, bus.clone(), registry.clone(), &[]).unwrap());
    let dedup = crate::dedup::Rules::open(&db, bus.clone(), &*entropy, Arc::new(crate::dedup::NoPictures)).unwrap();
    let replays = Arc::new(Replays::open(&db, bus.clone(), clock.clone(), entropy.clone(), rules.clone()).unwrap());
    let live = Arc::<Live>::default();
    SqliteTimeline::open(db.clone()).unwrap();
    let forget = Forgetting::open(forget::Parts {
        db: db.clone(),
        bus: bus.clone(),
        audio: Arc::new(AudioStore::open(&db, &dir.path().join("audio")).unwrap()),
        files: Blobs::at(&dir.path().join("files")),
        live: live.clone(),
        listen: Arc::new(crate::capture::Deaf),
        clock: clock.clone(),
        entropy: entropy.clone(),
        counts: Arc::new(()),
    });
    let state = Arc::new(State {
        forget: Arc::new(forget.unwrap()),
        bus,
        rules,
        replays,
        dedup: Arc::new(dedup),
        door: Arc::new(door),
        registry,
        timeline: timeline(&db),
        audio: Arc::new(Ramp),
        clock: clock.clone(),
        entropy,
        token: TOKEN.into(),
        device_id: own,
        data_dir: PathBuf::new(),
        models: Arc::new(|| {
            vec![ModelRow {
                id: "m".into(),
                description: "d".into(),
                licence: "MIT".into(),
                bytes: 1,
                state: "present".into(),
                folder: None,
            }]
        }),
        pull: Arc::new(|id| Ok(id == "absent")),
        specs: Vec::new(),
        consumers: Arc::new(consumers),
        pace: super::Pace::default(),
        checks: Arc::new(|| vec![Check { check: "disk".into(), state: "ok".into(), message: "enough".into(), fix: None, action: None }]),
        rebuild: Arc::new(|store| Ok(store == "analytics")),
        recordings: Arc::new(recordings::Kept(dir.path().join("incoming"))),
        keeper: Arc::new(Keeper::new(dir.path(), settings.clone())),
        desk: Default::default(),
        settings,
        listen: Arc::new(crate::capture::Deaf),
        live,
        sockets: super::Sockets::default(),
        connections: super::Connections::default(),
        metrics: Metrics::default(),
    });
    (Rig { router: super::router(state.clone()), state, clock, _dir: dir }, db)
}

#[cfg(feature = "recordings")]
fn sound(db: &Db, dir: &tempfile::TempDir, bus: Arc<Memory>) -> Arc<dyn crate::door::sound::Sound> {
    use crate::capture::upload::{Road, Uploads};
    let store = Arc::new(crate::store::audio::AudioStore::open(db, &dir.path().join("audio")).unwrap());
    Arc::new(Uploads::open(db, Road { store, bus }, &dir.path().join("incoming"), std::time::Duration::ZERO).unwrap())
}

#[cfg(not(feature = "recordings"))]
fn sound(_: &Db, _: &tempfile::TempDir, _: Arc<Memory>) -> Arc<dyn crate::door::sound::Sound> {
    Arc::new(crate::door::sound::Deaf)
}

impl Rig {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// With the token, and further headers.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut r = Request::get(path).header("host", "127.0.0.1:8600").header("authorization", format!("Bearer {TOKEN}"));
        for (k, v) in headers {
            r = r.header(*k, *v);
        }
        self.send(r.body(Body::empty()).unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    pub async fn post(&self, path: &str, body: &Value, headers: &[(&str, &str)]) -> Answer {
        let mut r =
            Request::post(path).header("host", "localhost:8600").header("x-api-key", TOKEN).header("content-type", "application/json");
        for (k, v) in headers {
            r = r.header(*k, *v);
        }
        self.send(r.body(Body::from(body.to_string())).unwrap()).await
    }

    /// A record on the log, past the API.
    pub fn put(&self, topic: &str, value: &Value) -> u64 {
        let topic = TopicName::parse(topic).unwrap();
        let id = message_id(self.state.clock.now(), &*self.state.entropy);
        let headers = Headers {
            schema: format!("{topic}.v1"),
            trace: Trace { trace_id: [1; 16], span_id: [2; 8] },
            producer: "microphone".into(),
            ..Headers::default()
        };
        let record = NewRecord::new(topic, id, Uuid::nil(), self.state.clock.now(), headers, value.to_string().into_bytes());
        self.state.bus.append(vec![record]).unwrap()[0].offset
    }
}
