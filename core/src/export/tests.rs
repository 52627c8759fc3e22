use super::*;

fn line(at: &str, text: &str) -> TimelineRow {
    TimelineRow {
        message_id: "m".into(),
        recorded_at: at.into(),
        duration_s: 1.5,
        device_id: "d".into(),
        source: "Desk, left".into(),
        text: text.into(),
        words: Vec::new(),
        masked: Vec::new(),
        language: "en".into(),
        audio: None,
        starred: text == "=1+1",
        original: None,
    }
}

fn written(format: Format) -> String {
    let mut w = Writer::new(format, TimeZone::get("Europe/Berlin").unwrap());
    let lines = [line("2026-01-31T22:59:58.000000Z", "he said \"hi\" <b>--> *"), line("2026-01-31T23:00:01.250000Z", "=1+1")];
    lines.iter().fold(w.head().to_owned(), |all, l| all + &w.line(l).unwrap())
}

#[test]
fn each_format_as_its_readers_want_it() {
    assert_eq!(
        written(Format::Csv),
        "recorded_at,duration_s,source,device_id,language,starred,text\r\n\
         2026-01-31T22:59:58.000000Z,1.5,\"Desk, left\",d,en,false,\"he said \"\"hi\"\" <b>--> *\"\r\n\
         2026-01-31T23:00:01.250000Z,1.5,\"Desk, left\",d,en,true,'=1+1\r\n"
    );
    assert_eq!(
        written(Format::Markdown),
        "## 2026-01-31\n\n- **23:59:58** he said \"hi\" \\<b\\>--\\> \\*\n\n## 2026-02-01\n\n- **00:00:01** ★ =1+1\n"
    );
    assert_eq!(
        written(Format::Srt),
        "1\n00:00:00,000 --> 00:00:01,500\nhe said \"hi\" <b>→ *\n\n2\n00:00:03,250 --> 00:00:04,750\n=1+1\n\n"
    );
    assert_eq!(
        written(Format::Vtt),
        "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\nhe said \"hi\" &lt;b&gt;→ *\n\n2\n00:00:03.250 --> 00:00:04.750\n=1+1\n\n"
    );
    let rows: Vec<TimelineRow> = written(Format::Jsonl).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(rows[1].text, "=1+1");
}

#[test]
fn formats_are_known_by_name() {
    for name in ["jsonl", "csv", "md", "srt", "vtt"] {
        assert_eq!(Format::parse(name).unwrap().extension(), name);
    }
    assert_eq!(Format::parse("docx").unwrap_err().kind, crate::Kind::Invalid);
}

#[test]
fn what_may_not_leave_is_refused() {
    use std::sync::Arc;

    use uuid::Uuid;

    use crate::bus::{Bus, Headers, NewRecord, TopicName, memory::Memory, names};
    use crate::env::ManualClock;
    use crate::privacy::{Released, Sync};

    let bus = Memory::new(Arc::new(ManualClock::at(Time(0))));
    let (value, permit) = Released::<Sync, _>::unfiltered(serde_json::json!({"text": "a"})).seal().unwrap();
    for (topic, may) in [(names::SHARED, true), (names::RELEASED, false), (names::ENRICHED, false)] {
        let topic = TopicName::of(topic);
        let new = NewRecord::new(topic.clone(), Uuid::nil(), Uuid::nil(), Time(0), Headers::default(), value.clone());
        bus.append(vec![new.permitted(permit)]).unwrap();
        let r = bus.read(&topic, 0, 0, 1, 100).unwrap().remove(0);
        assert_eq!(record(&r, false).is_ok(), may, "{topic}");
        bus.erase(&topic, 0, &[0]).unwrap();
        let gone = bus.read(&topic, 0, 0, 1, 100).unwrap().remove(0);
        assert_eq!(record(&gone, true).unwrap(), None);
    }
}
