// Topics in a real browser: by class, their records live, one of them as JSON; with given answers, then with a real Loom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FULL } from "./given.mjs";
import { envelope, flowing, ROAD } from "./road.mjs";
import { accessible, chromeForTests, open, shot, until, visit } from "./stage.mjs";

const held = chromeForTests();
const NAME = "media.text.transcribed.words";
const START = Date.parse("2025-10-14T04:20:00Z") / 1000;
const END = 600;
const text = ["It was the best of times, it was the worst of times, it was the age of wisdom,", "The more proposals the more credit", "The average man’s a coward"];
// One record a minute for ten hours.
const time = (offset) => new Date((START + offset * 60) * 1000).toISOString().replace("Z", "112Z");
const one = (offset) =>
  envelope(NAME, offset, {
    text: text[offset % 3], language: offset % 2 ? "en" : "de", engine: "moonshine", model: "tiny-en", duration_s: 9.24, confidence: 0.96,
    words: text[offset % 3].split(" ").map((t, i) => ({ text: t, start_s: i * 0.1, end_s: i * 0.1 + 0.08, confidence: 0.99 })),
  }, { recorded_at: time(offset), received_at: time(offset), producer: "microphone" });
const records = ({ query, method, body }) => {
  if (method === "POST") return { status: "success", message_id: "m", topic: NAME, trace_id: "t", offset: END, sent: body };
  const limit = Number(query.get("limit") ?? 10);
  const since = (Date.parse(query.get("from_time")) - Date.parse(time(0))) / 60_000;
  const from = query.has("from") ? Number(query.get("from")) : query.has("from_time") ? Math.ceil(since) : query.get("from_beginning") ? 0 : Math.max(0, END - limit);
  const offsets = Array.from({ length: Math.min(limit, Math.max(0, END - from)) }, (_, i) => from + i);
  return { records: offsets.map(one), next: from + offsets.length, end: END };
};
const row = { ...ROAD["/api/topics"].topics.find((t) => t.topic === NAME), records: END, low: 0, high: END };
const flow = flowing();
Object.assign(flow.topics.find((t) => t.topic === NAME), { records: END, next: END });
const GIVEN = {
  ...FULL, ...ROAD,
  "/ws": (said, tell) => said.type === "subscribe" && said.channels.includes("flow") && tell(flow),
  "/api/topics": { topics: [...ROAD["/api/topics"].topics.filter((t) => t.topic !== NAME), row, { ...row, topic: "device.command.capture", records: 0 }] },
  [`/api/topics/${NAME}`]: row,
  [`/api/topics/${NAME}/records`]: records,
  [`/api/topics/${NAME}/volume`]: ({ query }) => ({ from: time(0), to: time(END - 1), bars: Array(Number(query.get("bars"))).fill(3) }),
};

async function topics(t, name = NAME, more = {}, answers = GIVEN) {
  return open(held, t, answers, { hash: name ? `#topics/${name}` : "#topics", token: true, ...more });
}
const offsets = (page) => page.locator(".rows tbody th").allInnerTexts();
const say = (served, offset) =>
  served.ws.say({ type: "log_message", topic: NAME, message: { key: "d", value: "{}", timestamp: "0", offset: String(offset), partition: 0, formattedTimestamp: "", envelope: one(offset) } });
const followed = (served, from) => until(`followed from ${from}`, () => served.ws.heard.some((h) => h.type === "stream_logs" && h.topic === NAME && h.fromOffset === from));

test("topics stand by class with their rates, and a topic shows its records newest first, live", async (t) => {
  const { page, served } = await topics(t);
  await page.locator(".rows tbody tr").nth(50).waitFor();
  await page.locator(".topics .rate").first().waitFor();
  assert.deepEqual((await page.locator(".topics h2").allInnerTexts()).map((h) => h.split(" ")[0]), ["Sensitive", "Released", "Shared", "Commands"]);
  assert.equal(await page.locator(".topics li a[aria-current] span").innerText(), NAME);
  assert.match(await page.locator('.topics li[data-state="down"]').innerText(), /2 dead/);
  assert.equal(await page.locator(".topic-head h1").innerText(), NAME);
  assert.match(await page.locator(".topic-head p").innerText(), /600 records/);
  assert.deepEqual((await offsets(page)).slice(0, 2), ["599", "598"]);
  assert.equal(await page.locator(".rows thead .value").innerText(), "data.text");
  assert.equal(await page.locator(".rows tbody time").first().innerText(), "14:19:00.000");
  await followed(served, END);
  say(served, END);
  await page.locator(".rows tr.is-new").waitFor();
  assert.deepEqual((await offsets(page)).slice(0, 2), ["600", "599"]);
  await page.locator(".volume path[d*='v-']").waitFor({ state: "attached" });
  await accessible(page);
  await shot(page, "topic");
});

test("one record opens as JSON, value and path are copied, and keys go from record to record", async (t) => {
  const { page } = await topics(t);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.locator(".rows tbody tr").nth(2).click();
  const panel = page.locator("aside.record");
  await panel.getByRole("heading", { name: "Offset 597" }).waitFor();
  assert.equal(await panel.locator("details[open] > summary b").first().innerText(), "data");
  await panel.locator("summary", { hasText: "words" }).click();
  await panel.locator("summary", { hasText: /^0/ }).click();
  const leaf = panel.locator("p", { hasText: "start_s" }).first();
  await leaf.hover();
  await leaf.getByRole("button", { name: "Copy path" }).click();
  const pasted = () => page.evaluate(() => navigator.clipboard.readText());
  assert.equal(await pasted(), "data.words[0].start_s");
  await leaf.hover();
  await leaf.getByRole("button", { name: "Copy value" }).click();
  assert.equal(await pasted(), "0");
  await accessible(page);
  await shot(page, "topic-record");
  await page.locator("h1").click();
  await page.keyboard.press("j");
  await panel.getByRole("heading", { name: "Offset 596" }).waitFor();
  await page.keyboard.press("k");
  await panel.getByRole("heading", { name: "Offset 597" }).waitFor();
  await panel.getByRole("button", { name: "Copy all" }).click();
  assert.equal(JSON.parse(await pasted()).offset, 597);
  await page.keyboard.press("Escape");
  assert.equal(await panel.count(), 0);
});

test("a filter narrows what is shown, in words or by a field", async (t) => {
  const { page } = await topics(t);
  await page.locator(".rows tbody tr").nth(50).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("proposals && offset >= 590");
  await page.waitForFunction(() => document.querySelectorAll(".rows tbody tr").length === 3);
  await page.locator(".asking input").fill('data.language == "en"');
  await page.waitForFunction(() => document.querySelectorAll(".rows tbody tr").length === 50);
  await page.locator(".asking input").fill("turnips");
  await page.getByText("None of these has it").waitFor();
});

test("the list begins at the oldest, an offset or a time, and goes on from there", async (t) => {
  const { page, served } = await topics(t);
  await page.locator(".rows tbody tr").nth(50).waitFor();
  await page.getByRole("button", { name: "Older" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".rows tbody tr").length === 200);
  assert.equal((await offsets(page)).at(-1), "400");
  await page.getByRole("button", { name: "Oldest" }).click();
  await page.locator(".rows tbody th", { hasText: /^0$/ }).waitFor();
  await page.getByRole("button", { name: "Next" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".rows tbody tr").length === 200);
  await page.getByRole("button", { name: "Offset", exact: true }).click();
  await page.getByRole("textbox", { name: "Offset" }).fill("123");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector(".rows tbody th")?.textContent === "123");
  await page.getByRole("button", { name: "Time", exact: true }).click();
  await page.getByLabel("Local time").fill("2025-10-14T05:20:00");
  await page.getByRole("button", { name: "Go", exact: true }).click();
  await page.waitForFunction(() => document.querySelector(".rows tbody th")?.textContent === "60");
  const times = served.asked.flatMap((a) => (a.query.has("from_time") ? [a.query.get("from_time")] : []));
  assert.deepEqual(times, ["2025-10-14T05:20:00Z"], "a time is found by one question");
  assert.equal(await page.locator(".rows").evaluate((list) => list.scrollTop), 0, "it is seen where it begins");
  await shot(page, "topic-time");
});

test("space stops the tail and goes on with what was missed", async (t) => {
  const { page, served } = await topics(t);
  await page.locator(".rows tbody tr").nth(50).waitFor();
  await followed(served, END);
  const live = page.getByRole("button", { name: "Live tail" });
  assert.equal(await live.getAttribute("aria-pressed"), "true");
  await page.locator("h1").click();
  await page.keyboard.press("Space");
  assert.equal(await live.getAttribute("aria-pressed"), "false");
  await until("the tail stops", () => served.ws.heard.some((h) => h.type === "stop_stream" && h.topic === NAME));
  const follows = () => served.ws.heard.filter((h) => h.type === "stream_logs").length;
  const before = follows();
  await page.keyboard.press("Space");
  await until("the tail goes on", () => follows() > before);
  say(served, END);
  await page.locator(".rows tbody th", { hasText: "600" }).waitFor();
});

test("a lost connection goes on at the offset after the last record, and none is shown twice", async (t) => {
  const { page, served } = await topics(t, NAME, { quiet: true });
  await page.locator(".rows tbody tr").nth(50).waitFor();
  await followed(served, END);
  say(served, END);
  await page.locator(".rows tbody th", { hasText: "600" }).waitFor();
  served.ws.drop();
  await followed(served, END + 1);
  say(served, END);
  say(served, END + 1);
  await page.locator(".rows tbody th", { hasText: "601" }).waitFor();
  assert.equal((await offsets(page)).filter((o) => o === "600").length, 1);
});

test("a brush over the volume seeks, by hand and by key", async (t) => {
  const { page } = await topics(t);
  await page.locator(".volume path[d*='v-']").waitFor({ state: "attached" });
  const bed = await page.locator(".bed").boundingBox();
  await page.mouse.move(bed.x + bed.width / 2, bed.y + 20);
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForFunction(() => {
    const first = Number(document.querySelector(".rows tbody th")?.textContent);
    return first > 200 && first < 300;
  });
  await page.locator(".brush").focus();
  await page.keyboard.press("Home");
  await page.waitForFunction(() => document.querySelector(".rows tbody th")?.textContent === "0");
  assert.match(await page.locator(".brush").getAttribute("aria-valuetext"), /04:20 to/);
});

test("a test record begins with the newest, is sent, and what is wrong is said", async (t) => {
  const answers = { ...GIVEN };
  const { page, served } = await topics(t, NAME, { quiet: true }, answers);
  await page.locator(".rows tbody tr").first().waitFor();
  await page.locator("h1").click();
  await page.keyboard.press("+");
  const panel = page.locator("aside.produce");
  const field = panel.getByRole("textbox");
  await page.waitForFunction(() => document.querySelector(".produce textarea").value.includes("moonshine"));
  await accessible(page);
  await shot(page, "topic-produce");
  await field.fill("{ not json");
  await panel.getByRole("button", { name: "Send" }).click();
  await panel.getByText("This is no JSON object").waitFor();
  await field.fill('{"text": "hello"}');
  await panel.getByRole("button", { name: "Send" }).click();
  await panel.getByText("It is on the log, at offset 600.").waitFor();
  assert.deepEqual(served.asked.find((a) => a.method === "POST").body, { data: { text: "hello" } });
  answers[`/api/topics/${NAME}/records`] = (r) => (r.method === "POST" ? 422 : records(r));
  await panel.getByRole("button", { name: "Send" }).click();
  await panel.getByText("The index is being rebuilt.").waitFor();
});

test("nothing is produced behind the wall, and dead letters are redriven where they lie", async (t) => {
  const dead = "media.audio.vad_filtered.dlq";
  const dlq = { [`/api/topics/${dead}`]: { ...row, topic: dead, records: 2, low: 7, high: 9 }, [`/api/topics/${dead}/records`]: { records: [7, 8].map((o) => envelope(dead, o, { message: "audio of 0 samples" })), next: 9, end: 9 }, [`/api/topics/${dead}/volume`]: { from: time(7), to: time(8), bars: [1, 1] } };
  const { page } = await topics(t, "media.text.released", {}, { ...GIVEN, ...dlq });
  await page.locator(".rows tbody tr").first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Produce" }).count(), 0);
  await page.getByRole("link", { name: "media.audio.vad_filtered.dlq" }).first().click();
  await page.locator(".dead-head").getByRole("button", { name: "Redrive…" }).click();
  await page.getByText("2 records would go onto media.audio.vad_filtered again").waitFor();
  await shot(page, "topic-dead");
});

test("HTML in a record stays text", async (t) => {
  const bad = { records: [envelope(NAME, 599, { text: "<img src=x onerror=alert(1)>" })], next: 600, end: 600 };
  const { page } = await topics(t, NAME, {}, { ...GIVEN, [`/api/topics/${NAME}/records`]: bad });
  await page.locator(".rows tbody tr").first().click();
  await page.locator("aside.record q", { hasText: "<img" }).waitFor();
  assert.equal(await page.locator("main img").count(), 0);
});

test("an empty topic and none at all say so", async (t) => {
  const none = { records: [], next: 0, end: 0 };
  const { page } = await topics(t, "", {}, { ...GIVEN, [`/api/topics/${NAME}/records`]: none });
  await page.getByText("Choose a topic").waitFor();
  await page.evaluate((n) => (location.hash = `#topics/${n}`), NAME);
  await page.getByText("Nothing is kept on this topic").waitFor();
});

test("a phone shows the list, then a topic, then a record, none wider than it is", async (t) => {
  const { page } = await topics(t, "", { width: 390, height: 844 });
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.locator(".topics li a", { hasText: NAME }).waitFor();
  assert.ok((await wider()) <= 0, "list");
  await accessible(page);
  await shot(page, "topics-phone");
  await page.locator(".topics li a", { hasText: NAME }).click();
  await page.locator(".rows tbody tr").nth(5).waitFor();
  assert.ok((await wider()) <= 0, "topic");
  await accessible(page);
  await shot(page, "topic-phone");
  await page.locator(".rows tbody tr").nth(2).click();
  await page.locator("aside.record .json").waitFor();
  assert.ok((await wider()) <= 0, "record");
  await shot(page, "topic-phone-record");
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("link", { name: "All topics" }).click();
  await page.locator(".topics li a", { hasText: NAME }).waitFor();
});

test("in the dark it is the same", async (t) => {
  const { page } = await topics(t);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator(".rows tbody tr").nth(3).click();
  await page.locator("aside.record .json").waitFor();
  await page.locator(".volume path[d*='v-']").waitFor({ state: "attached" });
  await accessible(page);
  await shot(page, "topic-dark");
});

test("with a real Loom: a record that is produced comes live, and a topic is read", async (t) => {
  const { real, context, page } = await visit(held, t);
  const place = { data: { latitude: 48.2, longitude: 16.37 } };
  const sent = await context.request.post(`${real.url}/api/topics/device.sensor.gps.raw/records`, { headers: { Authorization: `Bearer ${real.token}` }, data: place });
  assert.equal(sent.status(), 201);
  await page.goto(`${real.url}/#topics/device.sensor.gps.raw`);
  await page.locator(".rows tr", { hasText: "48.2" }).waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: "Produce" }).click();
  await page.waitForFunction(() => document.querySelector(".produce textarea")?.value.includes("latitude"));
  await page.locator(".produce textarea").fill('{"latitude": 52.52, "longitude": 13.4}');
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("It is on the log, at offset 1.").waitFor();
  await page.locator(".rows tr.is-new", { hasText: "52.52" }).waitFor();
  await page.locator(".produce textarea").fill('{"latitude": 152.5, "longitude": 13.4}');
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".produce [role=alert]").waitFor();
  await shot(page, "real-topic-refused");
  await page.evaluate(() => (location.hash = "#topics/media.text.transcribed.words"));
  await page.locator(".rows tbody tr", { hasText: /dashwood/i }).first().click({ timeout: 120_000 });
  await page.locator("aside.record summary", { hasText: "words" }).waitFor();
  await shot(page, "real-topic");
});
