// A Loom whose timeline is a list of lines: it answers as the real one does, from memory.
import { FULL } from "./given.mjs";
import { wav } from "./stage.mjs";

const MINUTE = 60_000;
const us = (time) => Date.parse(time) * 1000 + Number(/\.\d{3}(\d{3})/.exec(time)?.[1] ?? 0);
const date = (time) => time.slice(0, 10);

/** Lines of a day, evenly from an hour on; what they say is their number and a sentence. */
export function many(count, { day = "2025-10-14", from = 0, hours = 24, source = (n) => "reading.flac" } = {}) {
  const begin = Date.parse(`${day}T00:00:00Z`) + from * 60 * MINUTE;
  const step = Math.floor((hours * 60 * MINUTE) / count);
  const words = "the more proposals the more credit is what a printer of beautiful letters would have said about it all".split(" ");
  return Array.from({ length: count }, (_, n) => {
    const text = `number ${n} ${words.slice(0, 4 + (n * 7) % (words.length - 4)).join(" ")}`;
    const id = `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
    return {
      message_id: id, recorded_at: new Date(begin + n * step).toISOString().replace("Z", "000Z"), duration_s: 2.4, device_id: "d", source: source(n),
      text, words: text.split(" ").map((text, i) => ({ text, start_s: i * 0.3, end_s: i * 0.3 + 0.25, confidence: 0.9 })), masked: [],
      language: "en", audio: { href: `/api/timeline/${id}/audio` },
    };
  });
}

/** Answers for `stage.pages`; `lines` may change while it is served. */
export function timeline(lines, sound = wav(2.4)) {
  const forgotten = new Map();
  const sorted = () => [...lines].sort((a, b) => us(a.recorded_at) - us(b.recorded_at) || (a.message_id < b.message_id ? -1 : 1));
  const wanted = (q) => (l) =>
    (!q.get("from") || us(l.recorded_at) >= us(q.get("from"))) && (!q.get("to") || us(l.recorded_at) < us(q.get("to"))) &&
    (!q.get("starred") || l.starred) && (!q.get("masked") || l.masked.length > 0) && (!q.get("source") || l.source === q.get("source"));
  const answers = {
    ...FULL,
    "/api/timeline": ({ query: q }) => {
      const found = sorted().filter(wanted(q));
      if (q.get("order") !== "asc") found.reverse();
      return { lines: found.slice(0, Number(q.get("limit") ?? 100)) };
    },
    "/api/timeline/search": ({ query: q }) => {
      const has = (l) => q.get("q").toLowerCase().split(" ").every((w) => l.text.toLowerCase().includes(w));
      const hits = sorted().filter(wanted(q)).filter(has).slice(0, Number(q.get("limit")));
      const marked = (l) => q.get("q").split(" ").reduce((text, w) => text.replace(new RegExp(w, "i"), (f) => `[${f}]`), l.text);
      return { hits: hits.map((l) => ({ ...l, snippet: marked(l), score: 1 })), capped: false, elsewhere: hits.length ? 0 : lines.filter(has).length };
    },
    "/api/timeline/day": ({ query: q }) => day(lines, q.get("date")),
    "/api/timeline/days": ({ query: q }) => {
      const all = [...new Set(lines.map((l) => date(l.recorded_at)))].sort();
      const days = all.filter((d) => d >= q.get("from") && d <= q.get("to"));
      const count = (d) => ({ date: d, lines: lines.filter((l) => date(l.recorded_at) === d).length, speech_s: 1 });
      return { days: days.map(count), before: all.filter((d) => d < q.get("from")).at(-1) ?? null, after: all.find((d) => d > q.get("to")) ?? null };
    },
    "/api/timeline/export": ({ query: q }) => Buffer.from(sorted().filter(wanted(q)).map((l) => l.text).join("\n")),
  };
  const one = (request) => {
    const [, id, more] = /^\/api\/timeline\/([^/]+)(\/audio)?$/.exec(request.path) ?? [];
    const undone = /^\/api\/timeline\/forget\/([^/]+)\/undo$/.exec(request.path)?.[1];
    if (undone && forgotten.has(undone)) {
      lines.push(forgotten.get(undone));
      return {};
    }
    const line = lines.find((l) => l.message_id === id);
    if (!line) return 404;
    if (more) return sound;
    if (request.method === "PATCH") {
      const { starred, text } = request.body;
      if (starred !== undefined) line.starred = starred;
      if (text !== undefined) Object.assign(line, { original: line.original ?? line.text, text });
    }
    if (request.method === "DELETE") {
      lines.splice(lines.indexOf(line), 1);
      forgotten.set(`forget-${id}`, line);
      return { forget_id: `forget-${id}`, undo_until: new Date(Date.now() + 10_000).toISOString(), lines: 1 };
    }
    return line;
  };
  // Whatever else is under the timeline is about one line.
  return new Proxy(answers, {
    get: (known, path) => known[path] ?? (typeof path === "string" && path.startsWith("/api/timeline/") ? one : undefined),
  });
}

function day(lines, date) {
  const from = Date.parse(`${date}T00:00:00Z`);
  const of = lines.filter((l) => l.recorded_at.startsWith(date));
  const rows = new Map();
  for (const l of of) {
    const seconds = rows.get(l.source) ?? rows.set(l.source, new Array(480).fill(0)).get(l.source);
    seconds[Math.floor((Date.parse(l.recorded_at) - from) / (3 * MINUTE))] += l.duration_s;
  }
  const level = (s) => Math.min(7, Math.round(Math.sqrt(Math.min(1, s / 180)) * 7));
  return {
    date, from: new Date(from).toISOString(), to: new Date(from + 1440 * MINUTE).toISOString(), lines: of.length,
    speech_s: of.reduce((s, l) => s + l.duration_s, 0),
    rows: [...rows].sort().map(([source, seconds]) => ({ source, levels: seconds.map(level) })),
  };
}
