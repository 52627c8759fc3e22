// A pipeline as a given Loom tells of it: who writes and reads what, how fast, how far behind.
import { consumer } from "./given.mjs";

export const AT = "2025-10-14T14:20:00.000000Z";
const producer = (id, label, outputTopics) => ({ id, label, description: "", outputTopics });
const CLASSES = { "media.text.released": "released", "media.text.shared": "shared" };
// Topic, records a minute, next offset.
const FLOWS = [
  ["external.calendar.events.raw", 0, 12], ["os.events.app_lifecycle.raw", 24, 9120], ["device.sensor.gps.raw", 6, 4031],
  ["location.address.geocoded", 6, 4028], ["device.audio.raw", 180, 91240], ["media.audio.vad_filtered", 16, 18250],
  ["media.text.transcribed.words", 9, 18204], ["media.text.enriched", 9, 18203], ["media.text.released", 9, 18203], ["media.text.shared", 9, 18203],
];
const row = ([topic, , high]) => ({
  topic, records: high, low: 0, high, bytes: high * 400, schema: `${topic}.v1`, class: CLASSES[topic] ?? "sensitive",
  ...(CLASSES[topic] ? {} : { retention_days: 30 }), last_received_at: AT,
});
const member = (group) => ({ id: `loom-1/${group}`, host: "this machine", joined_at: AT, last_heartbeat: AT });
// Group, members, lag, topics it reads, topics it writes.
const GROUPS = [
  ["silero-vad-consumer", 1, 0, ["device.audio.raw"], ["media.audio.vad_filtered"]],
  ["parakeet-tdt-consumer", 1, 46, ["media.audio.vad_filtered"], ["media.text.transcribed.words"]],
  ["gps-geocoding-consumer", 1, 3, ["device.sensor.gps.raw"], ["location.address.geocoded"]],
  ["context-enrichment-consumer", 1, 0, ["media.text.transcribed.words", "location.address.geocoded", "external.calendar.events.raw", "os.events.app_lifecycle.raw"], ["media.text.enriched"]],
  ["privacy-filter-consumer", 1, 0, ["media.text.enriched"], ["media.text.released", "media.text.shared"]],
  ["timeline-consumer", 1, 0, ["media.text.released"], []],
  ["analytics-consumer", 1, 0, ["media.text.released"], []],
  ["sync-consumer", 0, 214, ["media.text.shared"], []],
];
export const group = ([group, members, lag, topics]) => ({ group, state: members ? "Stable" : "Empty", members, lag, topics });

/** How long ago, as a time. */
const before = (seconds) => new Date(Date.now() - seconds * 1000).toISOString().replace("Z", "000Z");
export const envelope = (topic, offset, data, more = {}) => ({
  schema: `${topic}.v1`, message_id: `0199e3a0-0000-7000-8000-${String(offset).padStart(12, "0")}`, device_id: "a7d41f08-22c9-8e10-9b6d-5e0f7714c2aa",
  recorded_at: AT, received_at: AT, trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7", data, topic, partition: 0, offset,
  producer: "recording", ...more,
});

const detail = (g) => {
  const [name, members, lag, topics] = g;
  const next = (t) => FLOWS.find(([f]) => f === t)?.[2] ?? 0;
  const offsets = topics.map((topic, i) => ({ topic, partition: 0, committed: next(topic) - (i ? 0 : lag), end: next(topic), lag: i ? 0 : lag }));
  return { ...group(g), member_list: members ? [member(name)] : [], offsets, last_commit: AT };
};
// The oldest record that waits: 6 min 40 s, half a minute, and 23 minutes.
const WAITS = { "media.audio.vad_filtered": 400, "device.sensor.gps.raw": 28, "media.text.shared": 1411 };
const records = (topic) => ({ query }) => {
  const high = FLOWS.find(([t]) => t === topic)[2];
  const limit = Number(query.get("limit") ?? 10);
  const from = query.has("from") ? Number(query.get("from")) : Math.max(0, high - limit);
  const offsets = Array.from({ length: Math.min(limit, Math.max(0, high - from)) }, (_, i) => from + i);
  const received_at = query.get("limit") === "1" && WAITS[topic] ? before(WAITS[topic]) : AT;
  return { records: offsets.map((o) => envelope(topic, o, { text: `line ${o}`, n: o }, { received_at })), next: from + offsets.length, end: high };
};
const LETTER = {
  topic: "media.audio.vad_filtered", partition: 0, group: "parakeet-tdt-consumer", error_kind: "invalid", message: "audio of 0 samples", attempts: 1,
  first_at: AT, last_at: AT, record: { schema: "media.audio.vad_filtered.v1", device_id: "d", recorded_at: AT, data: { samples: 0 } },
};

export const flowing = (more = 0) => ({
  type: "flow", at: AT, groups: GROUPS.map(group),
  topics: FLOWS.map(([topic, per_minute, next]) => ({ topic, records: next + more, next: next + more, per_minute })),
});

export const ROAD = {
  "/api/groups": { groups: GROUPS.map(group) },
  "/api/topics": { topics: [...FLOWS.map(row), { ...row(["media.audio.vad_filtered.dlq", 0, 2]), class: "sensitive" }] },
  "/api/kafka/structure": {
    producers: [
      producer("calendar", "Calendar", ["external.calendar.events.raw"]), producer("apps", "Apps", ["os.events.app_lifecycle.raw"]),
      producer("places", "Places", ["device.sensor.gps.raw"]), producer("phone", "Phone", ["device.audio.raw"]),
      producer("microphone", "Desk microphone", ["device.audio.raw"]), producer("recording", "Recordings", ["device.audio.raw"]),
    ],
    topics: [], flows: [], consumers: GROUPS.map(([name, , , reads, writes]) => consumer(name, reads, writes)),
  },
  "/api/dlq": { topics: [{ topic: "media.audio.vad_filtered.dlq", records: 2, last_received_at: AT }] },
  "/api/dlq/media.audio.vad_filtered": { letters: [7, 9].map((offset) => ({ offset, message_id: `m${offset}`, received_at: AT, ...LETTER })), next: 10, end: 10 },
  "/api/dlq/media.audio.vad_filtered/redrive": { redriven: 2, repeats: 0, skipped: 0 },
  "/ws": (said, tell) => said.type === "subscribe" && said.channels.includes("flow") && tell(flowing()),
  ...Object.fromEntries(GROUPS.map((g) => [`/api/groups/${g[0]}`, detail(g)])),
  ...Object.fromEntries(FLOWS.map((f) => [`/api/topics/${f[0]}`, row(f)])),
  ...Object.fromEntries(FLOWS.map(([topic]) => [`/api/topics/${topic}/records`, records(topic)])),
  ...Object.fromEntries(FLOWS.map(([topic]) => [`/api/topics/${topic}/volume`, { from: null, to: null, bars: [] }])),
  "/api/groups/sync-consumer/reset": detail(["sync-consumer", 0, 0, ["media.text.shared"]]),
};

/** So many sources, each with a topic of its own and a group, all through the gate; none is a sibling of another. */
export function crowd(n) {
  const raw = (i) => `device.s${i}.sensor.raw`;
  const clean = (i) => `media.s${i}.clean.filtered`;
  const each = Array.from({ length: n }, (_, i) => i);
  const groups = [
    ...each.map((i) => [`clean-${i}-consumer`, 1, 0, [raw(i)], [clean(i)]]),
    ["privacy-filter-consumer", 1, 0, each.map(clean), ["media.text.released"]],
    ["timeline-consumer", 1, 0, ["media.text.released"], []],
  ];
  const topics = [...each.map(raw), ...each.map(clean), "media.text.released"];
  const rows = topics.map((topic) => ({ ...row([topic, 0, 1000]), class: topic.endsWith("released") ? "released" : "sensitive" }));
  const flow = (more) => ({
    type: "flow", at: AT, groups: groups.map(group), topics: topics.map((topic) => ({ topic, records: 1000 + more, next: 1000 + more, per_minute: 60 })),
  });
  const answers = {
    ...ROAD,
    "/api/groups": { groups: groups.map(group) },
    "/api/topics": { topics: rows },
    "/api/dlq": { topics: [] },
    "/api/kafka/structure": {
      producers: each.map((i) => producer(`sensor-${i}`, `Sensor ${i}`, [raw(i)])), topics: [], flows: [],
      consumers: groups.map(([name, , , reads, writes]) => consumer(name, reads, writes)),
    },
    "/ws": (said, tell) => said.type === "subscribe" && said.channels.includes("flow") && tell(flow(0)),
  };
  return { answers, flow };
}
