// The pages in a real browser: each state with given answers, then the whole of it with a real Loom.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { browser, loom, pages, wav } from "./stage.mjs";

let chrome;
before(async () => (chrome = await browser()));
after(() => chrome.close());

const words = (text) => text.split(" ").map((text, i) => ({ text, start_s: i * 0.4, end_s: i * 0.4 + 0.35, confidence: 0.9 }));
const line = (id, recorded_at, text, more = {}) => ({
  message_id: id, recorded_at, duration_s: 2.4, device_id: "d", source: "reading.flac", text, words: words(text), masked: [],
  language: "en", audio: { href: `/api/timeline/${id}/audio` }, ...more,
});
const LINES = [
  line("a", "2025-10-14T10:02:10.000000Z", "The earliest book printed with movable types"),
  line("b", "2025-10-14T10:02:40.000000Z", "the more proposals the more <CREDIT_CARD>", {
    masked: [{ entity_type: "CREDIT_CARD", start: 28, end: 41, score: 1 }],
  }),
  line("c", "2025-10-14T11:05:00.000000Z", "than in the same operations"),
];
const group = (group, members, lag, topics = ["media.text.released"]) => ({ group, state: "Stable", members, lag, topics });
const consumer = (groupId, subscribedTopics, producesTopics) => ({
  groupId, label: groupId, description: "", subscribedTopics, producesTopics, status: "active", memberCount: 1,
});
const FULL = {
  "/api/timeline": { lines: LINES },
  "/api/timeline/search": { hits: [{ ...LINES[0], snippet: "The earliest book [printed] with", score: 3.2 }], capped: false },
  "/api/timeline/a/audio": wav(2.4),
  "/api/groups": { groups: [group("silero-vad-consumer", 1, 0), group("parakeet-tdt-consumer", 1, 400), group("timeline-consumer", 0, 3)] },
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

/** Opens a page on given answers; fails the test for whatever the console complains of. */
async function open(t, answers, { hash = "#token=abc-123", width = 1440, height = 900, quiet = false } = {}) {
  const served = await pages(answers);
  const context = await chrome.newContext({ viewport: { width, height }, timezoneId: "UTC", locale: "en-GB" });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  page.on("pageerror", (e) => complaints.push(String(e)));
  t.after(async () => {
    await context.close();
    await served.stop().catch(() => {});
    if (!quiet) assert.deepEqual(complaints, []);
  });
  await page.goto(`${served.url}/${hash}`);
  return { page, served };
}
const shot = (page, name) => process.env.LOOM_SHOTS && page.screenshot({ path: `${process.env.LOOM_SHOTS}/${name}.png` });

test("a day's lines stand by the hour, masked words as their kind", async (t) => {
  const { page, served } = await open(t, FULL);
  await page.getByText("The earliest book").waitFor();
  assert.equal(await page.locator("h1").innerText(), "Tuesday 14 October 2025");
  assert.deepEqual(await page.locator("li.hour").allInnerTexts(), ["10:00", "11:00"]);
  assert.equal(await page.locator(".mask").innerText(), "card number");
  assert.ok(!(await page.locator("main").innerText()).includes("<CREDIT_CARD>"));
  assert.ok(served.asked.every((a) => a.token === "Bearer abc-123"));
  assert.ok(!page.url().includes("abc-123"), "the token does not stay in the address");
  const day = served.asked.find((a) => a.query.get("from"));
  assert.equal(day.query.get("from"), "2025-10-14T00:00:00Z");
  assert.equal(day.query.get("to"), "2025-10-15T00:00:00Z");
  await shot(page, "timeline");
});

test("a line plays and its words light up as they are heard", async (t) => {
  const { page, served } = await open(t, FULL);
  await page.getByText("The earliest book").click();
  await page.getByRole("button", { name: "Play" }).click();
  await page.locator(".said .at").waitFor();
  const first = await page.locator(".said .at").innerText();
  await page.waitForFunction((f) => document.querySelector(".said .at")?.textContent !== f, first);
  await shot(page, "playing");
  assert.equal(served.asked.find((a) => a.path.endsWith("/audio")).token, "Bearer abc-123");
  await page.getByRole("slider").focus();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".player").count(), 0);
});

test("a search marks what it found and leads to its day", async (t) => {
  const { page, served } = await open(t, FULL);
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("printed & more");
  assert.equal(await page.locator("mark").innerText(), "printed");
  assert.equal(served.asked.find((a) => a.path.endsWith("/search")).query.get("q"), "printed & more");
  await shot(page, "found");
  await page.locator("li.said").first().click();
  await page.locator("li.said.is-chosen").waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
});

test("a search without a hit and an empty timeline say so", async (t) => {
  const { page } = await open(t, { ...FULL, "/api/timeline": { lines: [] }, "/api/timeline/search": { hits: [], capped: false } });
  await page.getByText("Nothing woven yet").waitFor();
  await page.getByRole("searchbox").fill("turnips");
  await page.getByText("No line has “turnips”").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Nothing woven yet").waitFor();
});

test("days turn, and not beyond today", async (t) => {
  const { page, served } = await open(t, FULL);
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("[");
  await page.getByText("Monday 13 October 2025").waitFor();
  await page.keyboard.press("]");
  await page.getByText("Tuesday 14 October 2025").waitFor();
  assert.ok(served.asked.some((a) => a.query.get("from") === "2025-10-13T00:00:00Z"));
});

test("without a token the page asks for it", async (t) => {
  const answers = { ...FULL, "/api/timeline": 401 };
  const { page, served } = await open(t, answers, { hash: "", quiet: true });
  await page.getByText("This page has no key to Loom").waitFor();
  await shot(page, "key");
  answers["/api/timeline"] = FULL["/api/timeline"];
  await page.getByLabel("Token").fill(" pasted-1 ");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText("The earliest book").waitFor();
  assert.equal(served.asked.at(-1).token, "Bearer pasted-1");
});

test("what Loom refuses is told in its own words", async (t) => {
  const { page } = await open(t, { ...FULL, "/api/timeline": 503 }, { quiet: true });
  await page.getByText("The index is being rebuilt.").waitFor();
});

test("a Loom that is gone is missed, and back when it answers", async (t) => {
  const { page, served } = await open(t, FULL, { quiet: true });
  await page.getByText("The earliest book").waitFor();
  await served.stop();
  await page.getByText(/Loom does not answer/).waitFor();
  assert.equal(await page.getByText("The earliest book").count(), 1, "what was read stays");
  await shot(page, "lost");
  await served.again();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByText(/Loom does not answer/).waitFor({ state: "detached" });
});

test("the pipeline shows groups worst first, topics and a graph", async (t) => {
  const { page } = await open(t, FULL);
  await page.getByRole("link", { name: "Pipeline" }).click();
  await page.locator(".groups tbody tr").first().waitFor();
  assert.deepEqual(await page.locator(".groups tbody th").allInnerTexts(), ["timeline-consumer", "parakeet-tdt-consumer", "silero-vad-consumer"]);
  assert.deepEqual((await page.locator(".groups tbody .state").allInnerTexts()).map((s) => s.trim()), ["down", "behind", "ok"]);
  assert.equal(await page.locator(".topics-table tbody td").nth(1).innerText(), "18\u202f249");
  assert.equal(await page.locator(".knot").count(), 6);
  assert.equal(await page.locator(".wall").count(), 1);
  await page.getByPlaceholder("Find a topic or group").fill("silero");
  assert.equal(await page.locator(".groups tbody tr").count(), 1);
  await page.getByPlaceholder("Find a topic or group").fill("");
  await shot(page, "pipeline");
});

test("an empty log is no error", async (t) => {
  const empty = { "/api/groups": { groups: [] }, "/api/topics": { topics: [] }, "/api/kafka/structure": { producers: [], topics: [], consumers: [], flows: [] } };
  const { page } = await open(t, { ...FULL, ...empty });
  await page.getByRole("link", { name: "Pipeline" }).click();
  await page.getByText("No records yet").waitFor();
});

test("a phone shows the same without scrolling sideways", async (t) => {
  const { page } = await open(t, FULL, { width: 390, height: 844 });
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.getByText("The earliest book").click();
  await page.locator(".player").waitFor();
  assert.ok((await wider()) <= 0, "timeline");
  await shot(page, "timeline-phone");
  await page.getByRole("link", { name: "Pipeline" }).click();
  await page.locator(".road .stop").first().waitFor();
  assert.ok((await wider()) <= 0, "pipeline");
  await shot(page, "pipeline-phone");
});

test("with a real Loom: a recording goes in, its words are found and played", async (t) => {
  const real = await loom();
  t.after(real.stop);
  const context = await chrome.newContext({ viewport: { width: 1440, height: 900 } });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  await page.goto(`${real.url}/#token=${real.token}`);
  await page.locator("li.said", { hasText: /Dashwood/i }).waitFor({ timeout: 120_000 });
  await page.getByRole("searchbox").fill("leisure");
  await page.locator("mark", { hasText: /leisure/i }).waitFor();
  await page.locator("li.said").first().click();
  await page.locator("li.said.is-chosen").getByRole("button", { name: "Play" }).click();
  await page.locator(".said .at").waitFor();
  await shot(page, "real");
  await page.getByRole("link", { name: "Pipeline" }).click();
  await page.locator(".groups tbody tr", { hasText: "timeline-consumer" }).waitFor();
  assert.equal(await page.locator('.groups tr[data-state="down"]').count(), 0);
  await shot(page, "real-pipeline");
  assert.deepEqual(complaints, []);
});
