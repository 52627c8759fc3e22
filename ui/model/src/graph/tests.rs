use std::collections::BTreeSet;
use std::time::Instant;

use loom_schemas::api::{ConsumerNode, ProducerNode, Structure, TopicRow};

use super::*;

const GATE: &str = "privacy-filter-consumer";

fn names(of: &[&str]) -> Vec<String> {
    of.iter().map(ToString::to_string).collect()
}
fn group(id: &str, reads: &[&str], writes: &[&str]) -> ConsumerNode {
    ConsumerNode {
        group_id: id.into(),
        label: id.into(),
        description: String::new(),
        subscribed_topics: names(reads),
        produces_topics: names(writes),
        status: "Stable".into(),
        member_count: 1,
    }
}
fn source(id: &str, writes: &[&str]) -> ProducerNode {
    ProducerNode { id: id.into(), label: id.into(), description: String::new(), output_topics: names(writes) }
}

/// The road that the look shows.
fn road() -> Net {
    let structure = Structure {
        producers: vec![
            source("calendar", &["external.calendar.events.raw"]),
            source("apps", &["os.events.app_lifecycle.raw"]),
            source("places", &["device.sensor.gps.raw"]),
            source("phone", &["device.audio.raw"]),
            source("desk", &["device.audio.raw"]),
            source("recordings", &["device.audio.raw"]),
        ],
        consumers: vec![
            group("timeline-consumer", &["media.text.released"], &[]),
            group("silero-vad-consumer", &["device.audio.raw", "device.audio.raw.dlq"], &["media.audio.vad_filtered"]),
            group(GATE, &["media.text.enriched"], &["media.text.released", "media.text.shared"]),
            group("gps-geocoding-consumer", &["device.sensor.gps.raw"], &["location.address.geocoded"]),
            group("parakeet-tdt-consumer", &["media.audio.vad_filtered"], &["media.text.transcribed.words"]),
            group(
                "context-enrichment-consumer",
                &[
                    "media.text.transcribed.words",
                    "location.address.geocoded",
                    "external.calendar.events.raw",
                    "os.events.app_lifecycle.raw",
                ],
                &["media.text.enriched"],
            ),
            group("analytics-consumer", &["media.text.released"], &[]),
            group("sync-consumer", &["media.text.shared"], &[]),
        ],
        ..Structure::default()
    };
    net(&structure, &[])
}

fn text(label: &str) -> f64 {
    label.chars().count() as f64 * 6.2
}

fn planned(net: &Net) -> (Vec<usize>, Rows, Plan) {
    let columns = columns(net);
    let rows = rows(net, &columns);
    let plan = plan(net, &columns, &rows, 1280.0, text);
    (columns, rows, plan)
}

fn of<T: Copy>(net: &Net, values: &[T], id: &str) -> T {
    values[net.node(id).unwrap()]
}

#[test]
fn columns_are_the_longest_way_and_the_wall_parts_them() {
    let net = road();
    let columns = columns(&net);
    let at = |id| of(&net, &columns, id);
    assert_eq!(["phone", "silero-vad-consumer", "parakeet-tdt-consumer", "context-enrichment-consumer", GATE].map(at), [0, 1, 2, 3, 4]);
    assert_eq!(["timeline-consumer", "analytics-consumer", "sync-consumer"].map(at), [5, 5, 5]);
    assert_eq!(at("gps-geocoding-consumer"), 1);
}

#[test]
fn the_main_road_is_straight_and_the_rest_lies_beside_it() {
    let net = road();
    let (_, rows, _) = planned(&net);
    let at = |id| of(&net, &rows.nodes, id);
    assert_eq!(
        ["desk", "silero-vad-consumer", "parakeet-tdt-consumer", "context-enrichment-consumer", GATE, "analytics-consumer"].map(at),
        [0; 6]
    );
    assert_eq!(at("places"), at("gps-geocoding-consumer"));
    assert!(["calendar", "apps", "places"].map(at).iter().all(|r| *r < 0), "what joins comes from above");
    let all: BTreeSet<i32> = ["calendar", "apps", "places", "phone", "recordings", "desk"].map(at).into();
    assert_eq!(all.len(), 6, "each source has a row of its own");
    assert!(at("sync-consumer") > at("timeline-consumer").max(0), "what may leave lies below");
}

#[test]
fn threads_run_at_right_angles_from_writer_to_reader() {
    let net = road();
    let (_, _, plan) = planned(&net);
    let knot = |i: usize| plan.knots.iter().find(|k| k.node == i).unwrap();
    for thread in &plan.threads {
        assert!(thread.points.windows(2).all(|p| p[0].0 == p[1].0 || p[0].1 == p[1].1), "{thread:?}");
        assert!(thread.points.windows(2).all(|p| p[0].0 <= p[1].0), "nothing runs back: {thread:?}");
        if let Some(reader) = thread.reader {
            let (to, end) = (knot(reader), thread.points.last().unwrap());
            assert!((to.x - end.0).abs() < 20.0 && to.y == end.1, "{thread:?} ends at {to:?}");
        }
    }
    // Each of the three that write the audio meets the others before the first knot.
    assert_eq!(plan.threads.iter().filter(|t| t.reader.is_none()).count(), 3);
    let joins: BTreeSet<i64> =
        plan.threads.iter().filter(|t| t.points.len() == 3 && t.reader.is_some()).map(|t| t.points[1].0 as i64).collect();
    assert_eq!(joins.len(), 3, "side by side: {joins:?}");
}

#[test]
fn labels_do_not_lie_on_each_other() {
    for net in [road(), gates()] {
        no_label_on_another(&net);
    }
}

fn no_label_on_another(net: &Net) {
    let (_, _, plan) = planned(net);
    let boxes: Vec<(f64, f64, f64, f64)> = plan
        .labels
        .iter()
        .map(|l| (l.x, l.y - if l.wide { 22.0 } else { 38.0 }, l.x + text(&net.topics[l.topic].label), l.y - 5.0))
        .collect();
    for (i, a) in boxes.iter().enumerate() {
        for b in &boxes[..i] {
            assert!(a.2 <= b.0 || b.2 <= a.0 || a.3 <= b.1 || b.3 <= a.1, "{a:?} {b:?}");
        }
    }
    assert!(plan.beyond.is_some_and(|y| plan.knots.iter().any(|k| k.y > y)) && plan.wall.is_some());
}

#[test]
fn no_thread_runs_through_a_name() {
    let structure = Structure {
        producers: vec![source("mic", &["device.audio.raw"])],
        consumers: vec![
            group("analytics", &["device.audio.raw", "media.text.enriched", "media.text.released", "media.text.shared"], &[]),
            group("vad", &["device.audio.raw"], &["media.text.enriched"]),
            group(GATE, &["media.text.enriched"], &["internal.privacy.audit", "media.text.released", "media.text.shared"]),
            group("timeline", &["media.text.released"], &[]),
        ],
        ..Structure::default()
    };
    let class = |name: &str| loom_schemas::api::TopicRow {
        topic: name.into(),
        records: 0,
        low: 0,
        high: 0,
        bytes: 0,
        schema: String::new(),
        class: "released".into(),
        retention_days: None,
        retention_bytes: None,
        last_received_at: None,
    };
    for net in [net(&structure, &[class("internal.privacy.audit")]), gates(), road(), net(&crowd(99), &[])] {
        let (_, rows, plan) = planned(&net);
        let row = |id: &str| rows.topics[net.topic(id).unwrap()];
        assert_eq!(row("media.text.released"), 0, "the main road goes on to what is kept for the owner");
        for label in &plan.labels {
            let (right, top) = (label.x + text(&net.topics[label.topic].label), label.y - if label.wide { 22.0 } else { 38.0 });
            for thread in &plan.threads {
                for leg in thread.points.windows(2).filter(|leg| leg[0].0 == leg[1].0) {
                    let (x, y1, y2) = (leg[0].0, leg[0].1.min(leg[1].1), leg[0].1.max(leg[1].1));
                    let through = x > label.x && x < right && y1 < label.y - 6.0 && y2 > top;
                    assert!(!through, "{} runs through {}", net.topics[thread.topic].name, net.topics[label.topic].name);
                }
            }
        }
    }
}

#[test]
fn choosing_lights_what_lies_up_and_down_stream() {
    let net = road();
    let lit = light(&net, net.node("parakeet-tdt-consumer").map(Chosen::Node).as_ref());
    let on: Vec<&str> = net.nodes.iter().zip(&lit.nodes).filter(|(_, l)| **l).map(|(n, _)| n.id.as_str()).collect();
    assert!(["phone", "desk", "silero-vad-consumer", GATE, "sync-consumer"].iter().all(|n| on.contains(n)));
    assert!(!on.contains(&"calendar") && !on.contains(&"gps-geocoding-consumer"));
    assert!(light(&net, None).nodes.iter().all(|l| *l));
}

#[test]
fn strands_are_the_sources_upstream_and_at_most_four() {
    let net = road();
    let order: Vec<usize> = (0..net.nodes.len()).collect();
    let strands = strands(&net, &order, |s| if s == 0 { 0.0 } else { s as f64 });
    let of = |topic: &str| &strands[net.topic(topic).unwrap()];
    assert_eq!(of("media.audio.vad_filtered"), &["phone", "desk", "recordings"].map(|s| Strand::Of(net.node(s).unwrap())).to_vec());
    assert_eq!(of("media.text.released").len(), 4);
    assert_eq!(of("media.text.released")[3], Strand::Undyed);
}

#[test]
fn a_ring_and_nothing_at_all_are_drawn() {
    let ring = net(
        &Structure { consumers: vec![group("a", &["x.y.z"], &["y.z.a"]), group("b", &["y.z.a"], &["x.y.z"])], ..Structure::default() },
        &[],
    );
    let (columns, ..) = planned(&ring);
    assert!(columns.iter().all(|c| *c <= 3), "{columns:?}");
    assert_eq!(planned(&Net::default()).2, Plan::default());
}

#[test]
fn a_topic_that_nobody_reads_ends_in_the_open_and_one_without_writer_begins_there() {
    let net = net(&Structure { consumers: vec![group("a", &["x.y.z"], &["y.z.a"])], ..Structure::default() }, &[]);
    let kinds: Vec<Kind> = net.nodes.iter().map(|n| n.kind).collect();
    assert_eq!(kinds.iter().filter(|k| **k == Kind::Unseen).count(), 1);
    assert_eq!(kinds.iter().filter(|k| **k == Kind::Nobody).count(), 1);
    assert_eq!(planned(&net).2.threads.len(), 2);
}

#[test]
fn slack_is_drawn_where_there_is_room() {
    let points = [(0.0, 10.0), (200.0, 10.0)];
    assert_eq!(drawn(&points, 0.0, Slack::Taut).0, "M0 10L200 10");
    assert_eq!(drawn(&points, 3.0, Slack::Loops(2, 1.0)).0.matches('c').count(), 2);
    assert!(drawn(&points, 0.0, Slack::Sag).0.contains("q16 6 32 0"));
    let (path, stub) = drawn(&points, 0.0, Slack::Cut);
    assert!(path.contains("H132") && stub.as_deref() == Some("M158 10L200 10"), "{path} {stub:?}");
    assert_eq!(drawn(&[(0.0, 10.0), (40.0, 10.0)], 0.0, Slack::Cut).1, None, "too short to be cut");
}

#[test]
fn strands_keep_their_side_round_a_corner() {
    let up = [(0.0, 100.0), (100.0, 100.0), (100.0, 0.0), (200.0, 0.0)];
    assert_eq!(drawn(&up, 3.0, Slack::Taut).0, "M0 97L86 97Q97 97 97 86L97 14Q97 -3 114 -3L200 -3");
}

#[test]
fn thickness_follows_the_rate() {
    let px: Vec<String> = [0.0, 9.1, 60.0, 1e9].iter().map(|r| format!("{:.1}", width_of(*r))).collect();
    assert_eq!(px, ["1.4", "2.7", "3.6", "9.0"]);
}

#[test]
fn from_top_to_bottom_each_topic_stands_before_the_first_group_that_reads_it() {
    let net = road();
    let (columns, rows, _) = planned(&net);
    let steps = steps(&net, &columns, &rows);
    let word = |s: &Step| match s {
        Step::From(of) => of.iter().map(|i| net.nodes[*i].id.as_str()).collect::<Vec<_>>().join("+"),
        Step::Via { topic, .. } => net.topics[*topic].name.clone(),
        Step::Stop { node, joins } => format!("{} {}", net.nodes[*node].id, joins.len()),
    };
    let said: Vec<String> = steps.iter().map(word).collect();
    assert_eq!(said[..3], ["phone+desk+recordings", "device.audio.raw", "silero-vad-consumer 0"].map(String::from));
    assert!(
        said.contains(&"context-enrichment-consumer 2".to_string()) && said.contains(&"gps-geocoding-consumer 1".to_string()),
        "{said:?}"
    );
    assert_eq!(said.iter().filter(|s| *s == "media.text.released").count(), 1);
    let at = |name: &str| said.iter().position(|s| s.starts_with(name)).unwrap();
    assert!(at(GATE) < at("media.text.released") && at("media.text.released") < at("timeline-consumer"));
}

/// So many sensors, each with a source, a topic and a group, all flowing through the gate.
fn crowd(sensors: usize) -> Structure {
    let raw = |i: usize| format!("device.sensor.s{i}.raw");
    let clean = |i: usize| format!("device.clean.s{i}.filtered");
    let producers = (0..sensors).map(|i| source(&format!("sensor-{i}"), &[&raw(i)])).collect();
    let mut consumers: Vec<ConsumerNode> = (0..sensors).map(|i| group(&format!("clean-{i}-consumer"), &[&raw(i)], &[&clean(i)])).collect();
    let all: Vec<String> = (0..sensors).map(clean).collect();
    consumers.push(group(GATE, &all.iter().map(String::as_str).collect::<Vec<_>>(), &["media.text.released"]));
    consumers.push(group("timeline-consumer", &["media.text.released"], &[]));
    Structure { producers, consumers, ..Structure::default() }
}

#[test]
fn a_group_that_reads_on_both_sides_stands_on_both() {
    let structure = Structure {
        producers: vec![source("mic", &["device.audio.raw"])],
        consumers: vec![
            group("vad", &["device.audio.raw"], &["media.text.enriched"]),
            group(GATE, &["media.text.enriched"], &["media.text.released"]),
            group("analytics", &["device.audio.raw", "device.audio.raw.dlq", "media.text.enriched", "media.text.released"], &[]),
        ],
        ..Structure::default()
    };
    let net = net(&structure, &[]);
    let (columns, _, plan) = planned(&net);
    let of = fold(&net, &BTreeSet::new()).inside;
    assert_eq!(of.iter().filter(|of| *of == &names(&["analytics"])).count(), 2);
    let at = |id| columns[net.node(id).unwrap()];
    assert!(at("inside:analytics") < at(GATE) && at(GATE) < at("analytics"));
    let wall = plan.wall.unwrap();
    for thread in &plan.threads {
        let farthest = thread.points.iter().map(|p| p.0).fold(0.0, f64::max);
        let topic = &net.topics[thread.topic];
        assert!(topic.side != Side::Sensitive || farthest <= wall, "{} goes through the wall", topic.name);
    }
}

/// Several gates, one of which also writes what stays inside and reads what was released; a group of many sources; one
/// that writes inside what it read beyond.
fn gates() -> Net {
    let structure = Structure {
        producers: vec![
            source("mic", &["device.audio.raw"]),
            source("owner", &["media.text.edits.raw"]),
            source("phone", &["device.sensor.gps.raw", "device.sensor.steps.raw", "device.camera.raw"]),
        ],
        consumers: vec![
            group("vad", &["device.audio.raw"], &["media.text.enriched"]),
            group(
                "deduplication-consumer",
                &["device.audio.raw", "device.sensor.gps.raw", "device.sensor.steps.raw", "device.camera.raw"],
                &["internal.dedup.duplicates"],
            ),
            group(GATE, &["media.text.enriched"], &["media.text.released", "media.text.shared", "internal.privacy.audit.decisions"]),
            group("edit-filter-consumer", &["media.text.edits.raw"], &["media.text.edits.released"]),
            group("event-router", &["media.text.enriched", "media.text.released"], &["media.notes.shared"]),
            group("timeline-consumer", &["media.text.released"], &[]),
            group("timeline-edits", &["media.text.edits.released"], &[]),
            group("identity-consumer", &["media.text.released"], &["internal.identity.links"]),
        ],
        ..Structure::default()
    };
    let inside = ["internal.privacy.audit.decisions", "internal.dedup.duplicates", "internal.identity.links"];
    let class = |name: &&str| TopicRow {
        topic: (*name).into(),
        records: 0,
        low: 0,
        high: 0,
        bytes: 0,
        schema: String::new(),
        class: "internal".into(),
        retention_days: None,
        retention_bytes: None,
        last_received_at: None,
    };
    net(&structure, &inside.iter().map(class).collect::<Vec<_>>())
}

#[test]
fn whatever_releases_is_a_gate_and_nothing_sensitive_is_beyond_the_wall() {
    let net = gates();
    let (columns, rows, plan) = planned(&net);
    let all = [GATE, "edit-filter-consumer", "event-router"];
    assert!(all.iter().all(|g| net.nodes[net.node(g).unwrap()].kind == Kind::Gate));
    let wall = plan.wall.unwrap();
    let knot = |id: &str| plan.knots.iter().find(|k| k.node == net.node(id).unwrap()).unwrap();
    assert!(all.iter().all(|g| knot(g).x == wall), "gates stand in the wall");
    assert!(knot("inside:identity-consumer").x < wall && knot("identity-consumer").x > wall);
    assert!(knot("beyond:event-router").x > wall && knot("inside:privacy-filter-consumer").x < wall);
    assert!(columns[net.node("timeline-edits").unwrap()] > columns[net.node(GATE).unwrap()]);
    assert_eq!(rows.nodes.iter().zip(&columns).collect::<BTreeSet<_>>().len(), net.nodes.len(), "each knot has its own place");
    for thread in &plan.threads {
        let topic = &net.topics[thread.topic];
        let xs = || thread.points.iter().map(|p| p.0);
        match topic.side {
            Side::Sensitive => assert!(xs().fold(0.0, f64::max) <= wall, "{} goes through the wall", topic.name),
            _ => assert!(xs().fold(f64::INFINITY, f64::min) >= wall, "{} comes from inside", topic.name),
        }
    }
    let open = net.node("nobody:internal.privacy.audit.decisions").unwrap();
    assert!(plan.knots.iter().any(|k| k.node == open && k.x < wall), "what nobody reads ends before the wall");
    let is_gate = |s: &Step| matches!(s, Step::Stop { node, .. } if net.nodes[*node].kind == Kind::Gate);
    let steps = steps(&net, &columns, &rows);
    let first = steps.iter().position(is_gate).unwrap();
    assert!(steps[first..first + 3].iter().all(is_gate), "on a phone, too, the gates stand in one wall: {steps:?}");
    let inside = |s: &Step| matches!(s, Step::Via { topic, .. } if net.topics[*topic].side == Side::Sensitive);
    assert!(!steps[first..].iter().any(inside), "{steps:?}");
}

#[test]
fn siblings_fold_above_forty_and_open_in_place() {
    let net = net(&crowd(40), &[]);
    let folded = fold(&net, &BTreeSet::new());
    assert!(folded.net.nodes.len() <= 5, "{:?}", folded.net.nodes);
    assert!(folded.net.topics.iter().any(|t| t.label == "device.sensor, 40 topics"));
    assert_eq!(folded.inside.iter().map(Vec::len).sum::<usize>(), net.nodes.len(), "each stands somewhere");
    let open = fold(&net, &BTreeSet::from(["device.sensor".to_string()]));
    assert!(open.net.nodes.len() > 40);
    assert_eq!(fold(&road(), &BTreeSet::new()).net, road(), "a small road stays as it is");
}

#[test]
fn two_hundred_nodes_are_laid_out_in_a_moment() {
    let net = net(&crowd(99), &[]);
    assert_eq!(net.nodes.len(), 200);
    let start = Instant::now();
    let (_, rows, plan) = planned(&net);
    let took = start.elapsed();
    // Unoptimised here; in a browser, optimised, it is measured by the tests of the pages.
    assert!(took.as_millis() < 2000, "{took:?}");
    assert_eq!(rows.nodes.iter().collect::<BTreeSet<_>>().len(), 99);
    assert!(plan.threads.len() >= 199);
    let wall = plan.wall.unwrap();
    let left = |t: &&ThreadAt| net.topics[t.topic].side == Side::Sensitive;
    let farthest = plan.threads.iter().filter(left).flat_map(|t| t.points.iter().map(|p| p.0)).fold(0.0, f64::max);
    assert!(farthest <= wall, "what is sensitive goes through the gate alone: {farthest} beyond {wall}");
}

#[test]
fn what_flows_nowhere_stands_at_the_end_of_its_side_and_parts_no_road() {
    let structure = Structure {
        producers: vec![source("mic", &["device.audio.raw"]), source("phone", &["device.sensor.gps.raw"])],
        consumers: vec![
            group("deduplication", &["device.sensor.gps.raw"], &["internal.dedup.duplicates"]),
            group("vad", &["device.audio.raw"], &["media.text.enriched"]),
            group(GATE, &["media.text.enriched"], &["media.text.released"]),
            group("timeline", &["media.text.released"], &[]),
        ],
        ..Structure::default()
    };
    let net = net(&structure, &[]);
    let (columns, rows, _) = planned(&net);
    let stops = steps(&net, &columns, &rows).into_iter().filter_map(|s| match s {
        Step::Stop { node, .. } => Some(net.nodes[node].id.clone()),
        _ => None,
    });
    assert_eq!(stops.collect::<Vec<_>>(), ["vad", "deduplication", GATE, "timeline"]);
}

#[test]
fn rows_lie_close_where_no_name_is_over_another() {
    let structure = Structure {
        producers: vec![source("mic", &["device.audio.raw"]), source("phone", &["device.light", "device.power", "device.steps"])],
        consumers: vec![group("vad", &["device.audio.raw"], &["media.text.enriched"]), group("end", &["media.text.enriched"], &[])],
        ..Structure::default()
    };
    let net = net(&structure, &[]);
    let (_, _, plan) = planned(&net);
    let mut heights: Vec<f64> = plan.knots.iter().map(|k| k.y).collect();
    heights.sort_by(f64::total_cmp);
    heights.dedup();
    assert!(heights.len() == 4 && heights.windows(2).all(|two| two[1] - two[0] <= 60.0), "{heights:?}");
}
