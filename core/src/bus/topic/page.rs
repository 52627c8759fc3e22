//! `docs/topics.md`: every topic with its settings, and what became of Loom v2's. Written anew where it is stale.

use std::fmt::Write;
use std::path::Path;

use super::*;

const HEAD: &str = "# Topics

Made on first use with these settings, which an owner may change under `[retention.\"<topic>\"]` in `settings.toml`. A topic that
is not here is sensitive, kept 30 days, and takes any payload. Dead letters (`<topic>.dlq`) have the class and retention of their
topic. Who is \"the owner\" or \"may leave\" is decided by the privacy filter alone: nothing else writes to those topics.

Retention in days, then in bytes of values; – is no limit. Segments are those of Kafka, where Loom runs on it: the log in
`loom.db` has none. Payloads are described by the schemas under `schemas/`.

| topic | what | schema | class | days | bytes | segment | compression | destination |
|---|---|---|---|---|---|---|---|---|
";

const CLASSIC_HEAD: &str = "
## Loom v2's topics that are not kept under their name

CloudEvents of these types are taken where another topic takes their records. The rest of Loom v2's topics has the name it had.

| topic | now |
|---|---|
";

fn page() -> String {
    let mut page = HEAD.to_owned();
    let limit = |n: Option<String>| n.unwrap_or_else(|| "–".into());
    for name in CATALOGUE.keys() {
        let s = catalogued(name);
        let schema: serde_json::Value = serde_json::from_str(loom_schemas::catalogue::schema(&s.schema).unwrap()).unwrap();
        let what = schema["description"].as_str().unwrap();
        let (days, bytes) = (limit(s.retention.days.map(|d| d.to_string())), limit(s.retention.bytes.map(|b| b.to_string())));
        let compression = format!("{:?}", s.compression).to_lowercase();
        let (class, segment, destination) = (s.class.as_str(), s.segment_days(), s.class.destination());
        writeln!(page, "| `{name}` | {what} | `{}` | {class} | {days} | {bytes} | {segment} d | {compression} | {destination} |", s.schema)
            .unwrap();
    }
    page.push_str(CLASSIC_HEAD);
    for (name, fate) in CLASSIC.iter() {
        let now = match fate {
            Fate::To(topic) => format!("`{topic}`"),
            Fate::Gone(why) => why.clone(),
        };
        writeln!(page, "| `{name}` | {now} |").unwrap();
    }
    page
}

#[test]
fn the_committed_page_of_topics_is_the_catalogue() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/topics.md");
    let now = page();
    if std::fs::read_to_string(&file).unwrap_or_default() != now {
        std::fs::write(&file, now).unwrap();
        panic!("docs/topics.md was stale and has been written anew: commit it");
    }
}

#[test]
fn whoever_takes_the_records_of_an_old_topic_is_there_and_no_topic_is_both() {
    for (name, fate) in CLASSIC.iter() {
        assert!(TopicName::parse(name).map_or(true, |n| !CATALOGUE.contains_key(&n)), "{name} is kept");
        if let Fate::To(topic) = fate {
            assert!(CATALOGUE.contains_key(&TopicName::parse(topic).unwrap()), "{topic} is no topic");
        }
    }
    assert_eq!(of_classic("device.sensor.power.raw"), "device.state.power.raw");
    assert_eq!(of_classic("scheduler.triggers.hn_scrape"), "scheduler.triggers.hn_scrape");
}
