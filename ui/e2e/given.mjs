// Answers that a page is opened on: lines of a day, groups and topics.
import { wav } from "./stage.mjs";

export const words = (text) => text.split(" ").map((text, i) => ({ text, start_s: i * 0.4, end_s: i * 0.4 + 0.35, confidence: 0.9 }));
export const line = (id, recorded_at, text, more = {}) => ({
  message_id: id, recorded_at, duration_s: 2.4, device_id: "d", source: "reading.flac", text, words: words(text), masked: [],
  language: "en", audio: { href: `/api/timeline/${id}/audio` }, ...more,
});
export const LINES = [
  line("a", "2025-10-14T10:02:10.000000Z", "The earliest book printed with movable types"),
  line("b", "2025-10-14T10:02:40.000000Z", "the more proposals the more <CREDIT_CARD>", {
    masked: [{ entity_type: "CREDIT_CARD", start: 28, end: 41, score: 1 }],
  }),
  line("c", "2025-10-14T11:05:00.000000Z", "than in the same operations"),
];
export const group = (group, members, lag, topics = ["media.text.released"]) => ({ group, state: "Stable", members, lag, topics });
export const consumer = (groupId, subscribedTopics, producesTopics) => ({
  groupId, label: groupId, description: "", subscribedTopics, producesTopics, status: "active", memberCount: 1,
});
export const DAY = {
  date: "2025-10-14", from: "2025-10-14T00:00:00Z", to: "2025-10-15T00:00:00Z", lines: 3, speech_s: 7.2,
  rows: [{ source: "reading.flac", levels: Array.from({ length: 480 }, (_, n) => (n === 200 || n === 221 ? 2 : 0)) }],
};
export const capture = (state, more = {}) => ({ state, device: "Desk microphone", chosen: null, since: "2025-10-14T08:02:00.000000Z", message: null, ...more });
export const FULL = {
  "/api/capture": capture("off", { device: null, since: null }),
  "/api/capture/devices": { devices: [{ id: "desk", name: "Desk microphone", default: true }, { id: "ear", name: "Headset «ü»", default: false }] },
  "/api/timeline": { lines: LINES },
  "/api/timeline/search": { hits: [{ ...LINES[0], snippet: "The earliest book [printed] with", score: 3.2 }], capped: false },
  "/api/timeline/a/audio": wav(2.4),
  "/api/timeline/day": ({ query }) => ({ ...DAY, date: query.get("date") }),
  "/api/timeline/days": { days: [{ date: "2025-10-14", lines: 3, speech_s: 7.2 }], before: null, after: null },
  "/api/groups": { groups: [group("silero-vad-consumer", 1, 0), group("parakeet-tdt-consumer", 1, 400), group("timeline-consumer", 0, 3)] },
  ...Object.fromEntries(
    [group("parakeet-tdt-consumer", 1, 400), group("timeline-consumer", 0, 3)].map((g) => [
      `/api/groups/${g.group}`, { ...g, member_list: [], offsets: [{ topic: g.topics[0], partition: 0, committed: 0, end: g.lag, lag: g.lag }] },
    ]),
  ),
  "/api/dlq": { topics: [] },
  "/dedup/rules": { rules: [] },
  "/device-identity/devices": { devices: [], total: 0 },
  "/device-identity/links": { links: [], total: 0 },
  "/device-identity/suggestions": { suggestions: [], total: 0 },
  "/schema-registry/subjects": [],
  "/api/topics/media.text.released/records": { records: [], next: 0, end: 0 },
  "/api/topics": { topics: [{ topic: "device.audio.raw", records: 18249, low: 0, high: 18249, bytes: 7200000, schema: "s", class: "sensitive" }] },
  "/api/kafka/structure": {
    producers: [], topics: [], flows: [],
    consumers: [
      consumer("silero-vad-consumer", ["device.audio.raw"], ["media.audio.vad_filtered"]),
      consumer("parakeet-tdt-consumer", ["media.audio.vad_filtered"], ["media.text.transcribed.words"]),
      consumer("context-enrichment-consumer", ["media.text.transcribed.words"], ["media.text.enriched"]),
      consumer("privacy-filter-consumer", ["media.text.enriched"], ["media.text.released", "media.text.shared"]),
      consumer("timeline-consumer", ["media.text.released"], []),
      consumer("analytics-consumer", ["media.text.released"], []),
    ],
  },
};
