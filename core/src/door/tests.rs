use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use super::sound::{Form, Heard, OpenStream, Piece, Sound};
use super::{Door, Entry, Outcome, Request, Taken, cloud_events, entry, offers, overland, own_tracks};
use crate::bus::Trace;
use crate::bus::memory::Memory;
use crate::db::{Db, Key};
use crate::env::{ManualClock, Seeded, Time};
use crate::error::Result;
use crate::identity::{Devices, Policy};
use crate::store::blobs::Blobs;

const DEVICE: &str = "0190c0de-0000-8000-8000-000000000001";

mod hostile;
mod sound;

/// Remembers what it heard.
#[derive(Default)]
struct Ear(Mutex<Vec<Piece>>);

impl Sound for Ear {
    fn take(&self, piece: &Piece, _: Time) -> Result<Heard> {
        if let Form::Nothing(why) = piece.form {
            return Ok(Heard::Unreadable(why.into()));
        }
        let mut heard = self.0.lock().unwrap();
        heard.push(piece.clone());
        let repeat = heard.iter().filter(|p| p.key == piece.key).count() > 1;
        Ok(Heard::Landed { message_id: piece.record_id(0), offset: 7, repeat })
    }
    fn open(&self) -> Vec<OpenStream> {
        Vec::new()
    }
}

struct Rig {
    door: Door,
    ear: Arc<Ear>,
    _dir: TempDir,
}

fn rig() -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let db = Db::open(&dir.path().join("loom.db"), &Key::new([3; 32])).unwrap();
    let clock = Arc::new(ManualClock::at(Time::from_secs(1_770_000_000)));
    let own = Uuid::from_u128(1);
    let ear = Arc::new(Ear::default());
    let door = Door {
        bus: Arc::new(Memory::new(clock.clone())),
        registry: Arc::new(crate::schema::Registry::open(&db, clock.clone()).unwrap()),
        devices: Arc::new(Devices::open(&db, own, Policy::Register, clock.clone(), &Seeded::new(3)).unwrap()),
        blobs: Blobs::at(&dir.path().join("files")),
        clock,
        entropy: Arc::new(Seeded::new(1)),
        own,
        sound: ear.clone(),
        sequences: crate::door::Sequences::open(&db).unwrap(),
        pace: crate::door::Pace::new(0),
    };
    Rig { door, ear, _dir: dir }
}

fn request() -> Request<'static> {
    Request { producer: "test", trace: Trace::default(), key: None, device_required: true, look: Default::default() }
}

impl Rig {
    fn post(&self, path: &str, body: Value) -> Vec<Outcome> {
        let entry = entry(path).unwrap();
        match offers(entry, body) {
            Ok(offers) => self.door.take(offers, &request()).unwrap(),
            Err(wrong) => vec![Outcome::Refused(wrong)],
        }
    }
    fn one(&self, path: &str, body: Value) -> Taken {
        match self.post(path, body.clone()).remove(0) {
            Outcome::Taken(taken) => taken,
            other => panic!("{path} {body}: {other:?}"),
        }
    }
    fn refused(&self, path: &str, body: Value) -> Vec<String> {
        match self.post(path, body.clone()).remove(0) {
            Outcome::Refused(wrong) => wrong.into_iter().map(|w| w.pointer).collect(),
            other => panic!("{path} {body}: {other:?}"),
        }
    }
    fn data(&self, taken: &Taken) -> Value {
        let read = self.door.bus.read(&taken.topic, 0, taken.offset, 1, 1 << 20).unwrap();
        serde_json::from_slice(read[0].value().unwrap()).unwrap()
    }
}

#[test]
fn flat_nested_and_aliased_readings_are_one_shape() {
    let rig = rig();
    let flat = rig.one(
        "/sensor/gps",
        json!({"device_id": "phone-001", "timestamp": "2024-01-01T12:00:00Z", "latitude": 37.7, "longitude": -122.4, "bearing": 45.0}),
    );
    let nested = rig.one("/sensor/gps", json!({"schema_version": "v1", "device_id": "phone-001", "recorded_at": "2024-01-01T12:00:00Z", "trace_id": "custom-trace-1", "data": {"lat": 37.7, "lng": -122.4, "heading": 45.0, "altitude": null}}));
    assert_eq!(rig.data(&flat), json!({"latitude": 37.7, "longitude": -122.4, "heading": 45.0}));
    assert_eq!(rig.data(&nested), rig.data(&flat));
    let records = rig.door.bus.read(&flat.topic, 0, 0, 10, 1 << 20).unwrap();
    assert_eq!(records[0].device_id(), records[1].device_id());
    assert_eq!(records[0].device_id().get_version_num(), 8);
    assert_eq!(records[0].recorded_at(), Time::parse("2024-01-01T12:00:00Z").unwrap());
    assert_eq!(records[0].headers().schema, "device.sensor.gps.raw.v1");
}

#[test]
fn what_is_missing_or_out_of_range_is_named_and_makes_no_device_known() {
    let rig = rig();
    assert_eq!(rig.refused("/sensor/gps", json!({"latitude": 0.0, "longitude": 0.0})), ["/device_id"]);
    assert_eq!(rig.refused("/sensor/gps", json!({"device_id": "a", "latitude": 91.0, "longitude": 0.0})), ["/latitude"]);
    assert_eq!(rig.refused("/sensor/gps", json!({"device_id": "a", "data": {"latitude": "north", "longitude": 0.0}})), ["/data/latitude"]);
    assert_eq!(rig.refused("/sensor/heartrate", json!({"device_id": "a", "bpm": -10})), ["/bpm"]);
    assert_eq!(rig.refused("/sensor/power", json!({"device_id": "a", "battery_level": 101, "is_charging": true})), ["/battery_level"]);
    assert_eq!(rig.refused("/sensor/gps", json!({"device_id": "a b", "latitude": 1, "longitude": 1})), ["/device_id"]);
    assert_eq!(rig.refused("/sensor/gps", json!({"device_id": 7, "timestamp": "yesterday"})), ["/device_id", "/timestamp"]);
    assert_eq!(
        rig.refused("/images/upload", json!({"device_id": "a", "image_data": "invalid_base64!", "width": 100, "height": 100})),
        ["/image_data"]
    );
    assert!(rig.door.devices.list().unwrap().is_empty());
    assert!(rig.door.bus.topics().unwrap().is_empty());
}

#[test]
fn batches_answer_for_each_item() {
    let rig = rig();
    let both = rig.post(
        "/sensor/batch",
        json!({"device_id": DEVICE, "sensors": [
            {"type": "gps", "timestamp": "2024-01-01T00:00:00Z", "data": {"latitude": 36.1, "longitude": -86.7}},
            {"type": "accelerometer", "data": {"x": 0.1, "y": "sideways", "z": 9.8}},
            {"type": "radon", "value": 3, "unit": "Bq/m3"}]}),
    );
    assert!(matches!(&both[0], Outcome::Taken(t) if t.topic.as_str() == "device.sensor.gps.raw"));
    assert!(matches!(&both[1], Outcome::Refused(w) if w[0].pointer == "/sensors/1/data/y"), "{:?}", both[1]);
    assert!(matches!(&both[2], Outcome::Taken(t) if t.topic.as_str() == "device.sensor.other.raw"));
    let listed = rig.post(
        "/sensor/batch",
        json!([
        {"device_id": "string", "sensor_type": "temperature", "value": {"temp": 25.0}, "unit": "celsius"},
        {"device_id": "string", "sensor_type": "humidity", "value": {"humidity": 60.0}, "unit": "percent"}]),
    );
    for outcome in listed {
        assert!(matches!(outcome, Outcome::Taken(_)), "{outcome:?}");
    }
    assert!(matches!(rig.post("/sensor/batch", json!([])).remove(0), Outcome::Refused(_)));
}

#[test]
fn unified_messages_go_where_their_type_says() {
    let rig = rig();
    let taken = rig.one(
        "/ingest/message",
        json!({"message_type_id": "screenshot", "device_id": "device-uuid-here",
        "data": {"image_data": "iVBORw0KGgo=", "width": 1920, "height": 1080, "format": "PNG"}, "metadata": {"app_name": "A"}}),
    );
    assert_eq!(taken.topic.as_str(), "device.image.screenshot.raw");
    let data = rig.data(&taken);
    assert_eq!((data["format"].as_str(), data["file_size"].as_u64()), (Some("png"), Some(8)));
    assert!(rig.door.blobs.path(data["file_id"].as_str().unwrap()).exists() && data.get("image_data").is_none());
    assert_eq!(rig.refused("/ingest/message", json!({"message_type_id": "smell", "device_id": "a", "data": {}})), ["/message_type_id"]);
}

#[test]
fn an_upload_without_anything_is_kept_as_what_it_is() {
    let rig = rig();
    let taken = rig.one("/images/upload", json!({"device_id": DEVICE, "recorded_at": "2025-07-01T12:00:00+00:00"}));
    assert_eq!(taken.topic.as_str(), "device.upload.unreadable");
    assert_eq!(taken.unreadable.as_deref(), Some("nothing came with it"));
}

#[test]
fn cloud_events_are_records_and_their_repeats_are_found() {
    let rig = rig();
    let event = |id: &str| {
        json!({"specversion": "1.0", "id": id, "source": "urn:phone-001", "type": "device.sensor.gps.raw", "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json", "data": {"latitude": 1.0, "longitude": 2.0}})
    };
    let take = |events: Value| rig.door.take(cloud_events::batch(events).unwrap(), &request()).unwrap();
    let first = take(json!([event("a"), event("b")]));
    let again = take(json!([event("b")]));
    let (Outcome::Taken(b), Outcome::Taken(b2)) = (&first[1], &again[0]) else { panic!("{first:?} {again:?}") };
    assert!(!b.repeat && b2.repeat && b.offset == b2.offset && b.message_id == b2.message_id);
    let mut wrong = event("c");
    wrong["specversion"] = json!("0.3");
    wrong["data"] = json!("text");
    let Outcome::Refused(w) = &take(json!([wrong]))[0] else { panic!() };
    assert_eq!(w.iter().map(|w| w.pointer.as_str()).collect::<Vec<_>>(), ["/0/specversion", "/0/data"]);
    let mut walled = event("d");
    walled["type"] = json!("media.text.shared");
    assert!(matches!(take(json!([walled]))[0], Outcome::Closed(_)));
}

#[test]
fn own_tracks_and_overland_bring_positions() {
    let rig = rig();
    let body = json!({"_type": "location", "lat": 52.5, "lon": 13.4, "acc": 10, "vel": 36, "batt": 80, "tst": 1_770_000_000, "tid": "ph", "t": "u"});
    let offer = own_tracks::offer(body, Some("me"), Some("phone")).unwrap();
    assert_eq!(offer.device.as_deref(), Some("me-phone"));
    let Outcome::Taken(taken) = rig.door.take(vec![Ok(offer)], &request()).unwrap().remove(0) else { panic!() };
    let data = rig.data(&taken);
    assert_eq!((data["speed"].as_f64(), data["battery_level"].as_f64()), (Some(10.0), Some(80.0)));
    let body = json!({"locations": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [13.4, 52.5]},
         "properties": {"timestamp": "2026-01-01T00:00:00Z", "horizontal_accuracy": 5, "speed": -1, "battery_level": 0.5, "device_id": "phone", "motion": ["walking"]}},
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [13.4, 152.5]}, "properties": {"device_id": "phone"}},
        {"type": "Feature", "properties": {}}]});
    let outcomes = rig.door.take(overland::offers(body).unwrap(), &request()).unwrap();
    let Outcome::Taken(taken) = &outcomes[0] else { panic!("{outcomes:?}") };
    let data = rig.data(taken);
    assert_eq!((data.get("speed"), data["battery_level"].as_f64()), (None, Some(50.0)));
    assert!(matches!(&outcomes[1], Outcome::Refused(w) if w[0].pointer == "/locations/1/latitude"));
    assert!(matches!(&outcomes[2], Outcome::Refused(w) if w[0].pointer == "/locations/2/geometry/coordinates"));
}

#[test]
fn every_path_leads_to_a_topic_with_a_schema() {
    for (path, entry) in super::PATHS {
        let topic = match entry {
            Entry::One(topic) | Entry::Many { topic, .. } => topic,
            Entry::Sensors | Entry::Unified => continue,
        };
        assert!(loom_schemas::catalogue::schema(&format!("{topic}.v1")).is_some(), "{path}");
    }
}

/// Whatever comes, an answer: deep nesting, huge numbers, odd types in each place.
#[test]
fn nonsense_is_answered() {
    let rig = rig();
    let odd = [
        json!(null),
        json!(1e308),
        json!(-1),
        json!(""),
        json!("\u{0}"),
        json!([]),
        json!({}),
        json!([[[[{}]]]]),
        json!(true),
        json!("9".repeat(5000)),
    ];
    for (path, _) in super::PATHS {
        for a in &odd {
            for name in [
                "device_id",
                "data",
                "value",
                "sensors",
                "sensor_type",
                "images",
                "image_data",
                "timestamp",
                "message_type_id",
                "content",
                "running_applications",
            ] {
                rig.post(path, json!({"device_id": "x", name: a}));
            }
            rig.post(path, a.clone());
            let _ = cloud_events::batch(json!([{"specversion": "1.0", "id": a, "source": a, "type": a, "data": a, "time": a}]));
            let _ = own_tracks::offer(json!({"_type": "location", "lat": a, "tst": a}), None, None);
            let _ = overland::offers(json!({"locations": [{"geometry": a, "properties": a}]}));
        }
    }
}
