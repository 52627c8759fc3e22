// The pipeline in a real browser: each state with given answers, then two hundred nodes, then a real Loom.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { FULL } from "./given.mjs";
import { crowd, flowing, ROAD } from "./road.mjs";
import { accessible, atBest, chromeForTests, open, shot, until, visit } from "./stage.mjs";

const held = chromeForTests();
const GIVEN = { ...FULL, ...ROAD };

async function pipeline(t, answers = GIVEN, more = {}) {
  const opened = await open(held, t, answers, more);
  await opened.page.getByRole("link", { name: "Pipeline" }).click();
  return opened;
}
const knot = (page, name) => page.locator(".knot", { hasText: name });

test("the graph runs from sources through the wall, with states in words, and the worst group first", async (t) => {
  const { page } = await pipeline(t);
  await page.locator(".heed", { hasText: "6 min" }).waitFor();
  assert.equal(await page.locator(".knot").count(), 8);
  assert.deepEqual(await page.locator(".source").allInnerTexts(), ["Calendar", "Apps", "Places", "Phone", "Desk microphone", "Recordings"]);
  assert.match(await knot(page, "parakeet").innerText(), /6 min 4\d s behind/);
  assert.match(await knot(page, "sync").innerText(), /down, lag 214/);
  assert.match(await knot(page, "gps").innerText(), /slow, lag 3/);
  assert.match(await page.locator(".topic", { hasText: "vad_filtered" }).innerText(), /16\/min, lag 46/);
  assert.match(await page.locator(".topic", { hasText: "device.audio.raw" }).innerText(), /3\.0\/s/);
  const box = (name) => knot(page, name).locator(".shape").boundingBox();
  const [vad, gate, timeline] = [await box("silero"), await box("privacy-filter"), await box("timeline")];
  assert.ok(vad.x < gate.x && gate.x < timeline.x);
  assert.equal(await page.locator("svg.wall path").count(), 1);
  assert.ok((await page.locator(".threads .stub").count()) >= 1, "the thread to a group that is down is cut");
  assert.ok((await page.locator('.threads path[d*="c2 "]').count()) >= 3, "three strands hang in loops");
  const rows = await page.locator(".groups tbody th").allInnerTexts();
  assert.deepEqual(rows.slice(0, 3), ["sync-consumer", "parakeet-tdt-consumer", "gps-geocoding-consumer"]);
  await accessible(page);
  await shot(page, "pipeline");
});

test("a chosen group lights its ways and opens its panel, and Escape closes it", async (t) => {
  const { page, served } = await pipeline(t);
  await page.locator(".heed .btn").first().waitFor();
  const before = await knot(page, "parakeet").locator(".shape").boundingBox();
  await knot(page, "parakeet").click();
  const panel = page.locator("aside.panel");
  await panel.getByText("46 records wait on the log").waitFor();
  await panel.getByText("this machine").waitFor();
  assert.equal((await knot(page, "parakeet").locator(".shape").boundingBox()).x, before.x, "nothing moved under the pointer");
  assert.match(page.url(), /#pipeline\/parakeet-tdt-consumer$/);
  assert.equal(await page.locator(".knot.is-lit").count(), 7, "all but the geocoder");
  assert.ok((await page.locator(".threads .off").count()) >= 3);
  assert.deepEqual((await panel.locator("tbody td").allInnerTexts()).slice(0, 4), ["0", "18\u202f204", "18\u202f250", "46"]);
  assert.equal(await panel.getByRole("button", { name: "Reset…" }).getAttribute("aria-disabled"), "true");
  await panel.getByText("2 in media.audio.vad_filtered.dlq").waitFor();
  await panel.getByRole("button", { name: "Show" }).click();
  await panel.locator(".letter-list li", { hasText: "audio of 0 samples" }).first().waitFor();
  await panel.getByRole("button", { name: "Redrive…" }).click();
  await panel.getByText("2 records would go onto media.audio.vad_filtered again").waitFor();
  assert.ok(!served.asked.some((a) => a.method === "POST"), "the dry run sends nothing");
  await accessible(page);
  await shot(page, "pipeline-chosen");
  await panel.getByRole("button", { name: "Redrive", exact: true }).click();
  await panel.getByText("2 records went onto the topic again.").waitFor();
  assert.deepEqual(served.asked.find((a) => a.method === "POST").body, { offsets: [7, 9] });
  await page.keyboard.press("Escape");
  assert.equal(await panel.count(), 0);
  assert.match(page.url(), /#pipeline$/);
});

test("only a group without a living member is reset, and after it was said what that does", async (t) => {
  const { page, served } = await pipeline(t);
  await page.getByRole("button", { name: "sync-consumer" }).first().click();
  const panel = page.locator("aside.panel");
  await panel.getByRole("button", { name: "Reset…" }).click();
  assert.ok(await panel.getByRole("button", { name: "Reset", exact: true }).isDisabled());
  await panel.getByRole("button", { name: "End" }).click();
  await panel.getByText("leaves out everything that waits").waitFor();
  await panel.getByRole("button", { name: "Reset", exact: true }).click();
  await panel.getByText("Moved to the end.").waitFor();
  assert.deepEqual(served.asked.find((a) => a.method === "POST").body, { to: "end" });
});

test("a chosen topic shows what it is and its latest records as they come", async (t) => {
  const { page, served } = await pipeline(t);
  await page.locator(".topic", { hasText: "media.text.released" }).click();
  const panel = page.locator("aside.panel");
  await panel.getByText("until you delete it").waitFor();
  await panel.getByRole("link", { name: "timeline-consumer" }).waitFor();
  await panel.locator(".latest").nth(4).waitFor();
  const message = { key: "d", value: "{}", timestamp: "0", offset: "18203", partition: 0, formattedTimestamp: "", envelope: { ...ROAD["/api/topics/media.text.released/records"]({ query: new URLSearchParams("from=18202&limit=1") }).records[0], offset: 18203, data: { text: "just said" } } };
  await until("the topic is followed", () => served.ws.heard.some((h) => h.type === "stream_logs" && h.fromOffset === 18203));
  served.ws.say({ type: "log_message", topic: "media.text.released", message });
  await panel.locator(".latest summary", { hasText: "18\u202f203" }).click();
  await panel.locator("q", { hasText: "just said" }).waitFor();
  assert.equal(await panel.locator(".latest").count(), 5);
  await accessible(page);
  await shot(page, "pipeline-topic");
});

test("an address leads to a topic, a source or a group, before Loom has said what there is", async (t) => {
  const { page } = await open(held, t, GIVEN, { hash: "#pipeline/media.text.released", token: true, quiet: true });
  const panel = page.locator("aside.panel");
  await panel.getByText("until you delete it").waitFor();
  await page.evaluate(() => (location.hash = "#pipeline/calendar"));
  await panel.getByRole("link", { name: "external.calendar.events.raw" }).waitFor();
  await page.evaluate(() => (location.hash = "#pipeline/gone-consumer"));
  await panel.getByText("The log does not know this group any more.").waitFor();
});

test("what the graph shows is saved as JSON", async (t) => {
  const { page } = await pipeline(t);
  await page.locator(".knot").first().waitFor();
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as JSON" }).click()]);
  assert.equal(saved.suggestedFilename(), "pipeline.json");
  const all = JSON.parse(await readFile(await saved.path(), "utf8"));
  assert.equal(all.structure.consumers.length, 8);
  assert.equal(all.groups.find((g) => g.group === "sync-consumer").lag, 214);
});

test("a search highlights what it finds, dims the rest and narrows the table", async (t) => {
  const { page } = await pipeline(t);
  await page.locator(".knot").first().waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("enriched");
  await page.waitForFunction(() => document.querySelectorAll(".topic.is-lit").length === 1);
  assert.equal(await page.locator(".knot.is-lit").count(), 0);
  assert.deepEqual(await page.locator(".groups tbody th").allInnerTexts(), ["privacy-filter-consumer"]);
  await page.getByPlaceholder("Find a topic").fill("wrods");
  await page.getByText("Nothing is called “wrods”").waitFor();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelectorAll(".knot.is-lit").length === 8);
});

test("new records pass as shuttles, at most one a topic each half second, and none where nothing may move", async (t) => {
  const { page, served } = await pipeline(t);
  await page.locator(".knot").first().waitFor();
  await until("the flow is asked for", () => served.ws.heard.some((h) => h.channels?.includes("flow")));
  served.ws.say(flowing(1));
  await page.locator(".shuttles .shuttle").first().waitFor({ state: "attached" });
  const first = await page.locator(".shuttles .shuttle").count();
  served.ws.say(flowing(2));
  await page.waitForFunction(() => performance.now() > 0);
  assert.ok((await page.locator(".shuttles .shuttle").count()) <= first, "too soon for another");
  await page.waitForFunction(() => document.querySelectorAll(".shuttles .shuttle").length === 0, null, { timeout: 5000 });
  await page.emulateMedia({ reducedMotion: "reduce" });
  served.ws.say(flowing(3));
  await page.waitForFunction(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))));
  assert.equal(await page.locator(".shuttles .shuttle").count(), 0);
});

test("a knot is moved, keeps its place, and tidying up can be undone", async (t) => {
  const { page } = await pipeline(t);
  const vad = knot(page, "silero").locator(".shape");
  await vad.waitFor();
  const from = await vad.boundingBox();
  await page.mouse.move(from.x + 10, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(from.x + 40, from.y + 70, { steps: 4 });
  await page.mouse.up();
  const to = await vad.boundingBox();
  assert.ok(Math.abs(to.x - from.x - 30) < 2 && Math.abs(to.y - from.y - 60) < 2, JSON.stringify([from, to]));
  assert.equal(await page.locator("aside.panel").count(), 0, "moving is not choosing");
  await shot(page, "pipeline-moved");
  await page.reload();
  await page.getByRole("link", { name: "Pipeline" }).click();
  await vad.waitFor();
  assert.equal((await vad.boundingBox()).y, to.y);
  await page.getByRole("button", { name: "Tidy up" }).click();
  await page.waitForFunction((y) => Math.abs(document.querySelectorAll(".knot .shape")[0] && [...document.querySelectorAll(".knot")].find((k) => k.textContent.includes("silero")).querySelector(".shape").getBoundingClientRect().y - y) < 1, from.y);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForFunction((y) => Math.abs([...document.querySelectorAll(".knot")].find((k) => k.textContent.includes("silero")).querySelector(".shape").getBoundingClientRect().y - y) < 1, to.y);
  await knot(page, "silero").focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.waitForFunction((y) => [...document.querySelectorAll(".knot")].find((k) => k.textContent.includes("silero")).querySelector(".shape").getBoundingClientRect().y > y + 8, to.y);
});

test("keys, buttons and wheel zoom; far away the labels of what is well are left out", async (t) => {
  const { page } = await pipeline(t);
  await page.locator(".knot").first().waitFor();
  const zoom = () => page.locator(".room").evaluate((r) => Number(getComputedStyle(r).getPropertyValue("--zoom")));
  await page.keyboard.press("+");
  assert.equal(await zoom(), 1.25);
  await page.locator(".minimap rect").waitFor();
  for (let i = 0; i < 3; i++) await page.getByRole("button", { name: "Zoom out" }).click();
  assert.ok((await zoom()) < 0.7);
  const shown = (name) => knot(page, name).locator("span").evaluate((e) => getComputedStyle(e).position !== "absolute");
  assert.deepEqual([await shown("silero"), await shown("parakeet")], [false, true]);
  await page.locator(".sight").hover();
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -300);
  await page.keyboard.up("Control");
  assert.ok((await zoom()) > 0.7);
  await page.keyboard.press("0");
  await page.waitForFunction(() => document.querySelectorAll(".minimap").length === 0);
});

test("a phone shows the road from top to bottom without scrolling sideways", async (t) => {
  const { page } = await pipeline(t, GIVEN, { width: 390, height: 844 });
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.locator(".road .stop", { hasText: "behind" }).waitFor();
  assert.ok((await wider()) <= 0);
  assert.ok(!(await page.locator(".graph").isVisible()));
  await accessible(page);
  await shot(page, "pipeline-phone");
  await page.locator(".road li").last().scrollIntoViewIfNeeded();
  await shot(page, "pipeline-phone-end");
  await page.locator(".road .stop button", { hasText: "parakeet" }).click();
  await page.locator("aside.panel").getByText("46 records wait").waitFor();
  assert.ok((await wider()) <= 0, "with the panel");
  await shot(page, "pipeline-phone-chosen");
});

test("in the dark it is the same", async (t) => {
  const { page } = await pipeline(t);
  await page.emulateMedia({ colorScheme: "dark" });
  await knot(page, "parakeet").click();
  await page.locator("aside.panel").getByText("46 records wait").waitFor();
  await accessible(page);
  await shot(page, "pipeline-dark");
});

test("an empty log is no error", async (t) => {
  const nothing = { producers: [], topics: [], consumers: [], flows: [] };
  const empty = { "/api/groups": { groups: [] }, "/api/topics": { topics: [] }, "/api/kafka/structure": nothing, "/ws": () => {} };
  const { page } = await pipeline(t, { ...GIVEN, ...empty });
  await page.getByText("No records yet").waitFor();
  await accessible(page);
});

test("when Loom is gone what was known stays, with its age", async (t) => {
  const { page, served } = await pipeline(t, GIVEN, { quiet: true });
  await page.locator(".knot").first().waitFor();
  await served.stop();
  await page.getByText(/Loom does not answer/).waitFor();
  assert.equal(await page.locator(".knot").count(), 8);
  await page.locator(".age").waitFor({ timeout: 25_000 });
  await shot(page, "pipeline-lost");
});

test("siblings above forty fold into one knot and open in place", async (t) => {
  const { answers } = crowd(30);
  const folded = JSON.parse(JSON.stringify(answers["/api/kafka/structure"]).replaceAll(/device\.s(\d+)\.sensor/g, "device.sensor.s$1").replaceAll(/media\.s(\d+)\.clean/g, "media.clean.s$1"));
  const { page } = await pipeline(t, { ...GIVEN, ...answers, "/api/kafka/structure": folded });
  await page.locator(".topic", { hasText: "device.sensor, 30 topics" }).waitFor();
  const before = await page.locator(".knot").count();
  assert.ok(before < 6, `${before}`);
  await shot(page, "pipeline-folded");
  await page.locator(".topic", { hasText: "device.sensor, 30 topics" }).click();
  await page.waitForFunction((n) => document.querySelectorAll(".knot").length > n + 5, before);
  await page.getByRole("button", { name: "Tidy up" }).click();
  await page.waitForFunction((n) => document.querySelectorAll(".knot").length === n, before);
});

test("two hundred nodes are laid out in under 200 ms and stay at 50 frames a second while records pulse", async (t) => {
  const { answers, flow } = crowd(99);
  const { page, served } = await pipeline(t, { ...GIVEN, ...answers });
  await page.locator(".knot").nth(10).waitFor();
  await until("the flow is asked for", () => served.ws.heard.some((h) => h.channels?.includes("flow")));
  const laid = async () => {
    await page.reload();
    await page.locator(".knot").nth(10).waitFor();
    const took = await page.evaluate(() => performance.getEntriesByName("pipeline layout", "measure").map((m) => m.duration));
    return { times: took.length, ms: Math.max(...took) };
  };
  const layout = await atBest(t, laid, (l) => l.ms < 200);
  assert.ok(layout.times >= 1 && layout.times <= 3 && layout.ms < 200, JSON.stringify(layout));
  let more = 0;
  const pulses = setInterval(() => served.ws.say(flow((more += 3))), 500);
  t.after(() => clearInterval(pulses));
  await page.locator(".shuttle").nth(30).waitFor({ state: "attached" });
  const { fps, most } = await atBest(t, () => page.evaluate(framed), (r) => r.fps >= 50);
  assert.ok(most > 30 && most <= 40, `${most} shuttles`);
  assert.ok(fps >= 50, `${fps} frames a second`);
  await shot(page, "pipeline-200");
});

/** Four seconds of frames, in the page, and how many shuttles went at once. */
function framed() {
  return new Promise((done) => {
    const times = [];
    let most = 0;
    const frame = (now) => {
      times.push(now);
      most = Math.max(most, document.querySelectorAll(".shuttle").length);
      if (now - times[0] < 4000) requestAnimationFrame(frame);
      else done({ fps: (times.length - 1) / ((times.at(-1) - times[0]) / 1000), most });
    };
    requestAnimationFrame(frame);
  });
}

test("with a real Loom: a recording flows through its graph", async (t) => {
  const { real, page } = await visit(held, t);
  const complaints = [];
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  await page.goto(`${real.url}/#pipeline`);
  await page.locator(".groups tbody tr", { hasText: "timeline-consumer" }).waitFor({ timeout: 60_000 });
  await page.locator(".source", { hasText: "Recording" }).waitFor({ timeout: 120_000 });
  await page.waitForFunction(() => /media\.text\.released/.test(document.querySelector(".plane").innerText), null, { timeout: 120_000 });
  await page.locator(".topic", { hasText: "media.text.released" }).click();
  await page.locator("aside.panel .latest").first().waitFor({ timeout: 60_000 });
  await shot(page, "real-pipeline");
  await page.locator("aside.panel .latest summary").first().click();
  await page.locator("aside.panel .latest[open] .json b", { hasText: "policy" }).first().waitFor();
  await knot(page, "silero").click();
  await page.locator("aside.panel").getByText("heartbeat").waitFor();
  await shot(page, "real-pipeline-group");
  assert.equal(await page.locator('.groups tr[data-state="down"] th', { hasText: /silero|parakeet|timeline/ }).count(), 0);
  assert.deepEqual(complaints, []);
});

test("with a real Loom: a topic tells of its duplicates and its schema, whose page opens from there and leads back", async (t) => {
  const { real, page, send } = await visit(held, t, { words: ["--no-microphone"], patience: 60_000 });
  const recorded_at = new Date(Date.now() - 60_000).toISOString();
  for (const accuracy of [5, 6, 7]) {
    await send("/sensor/gps", { device_id: "phone-001", recorded_at, latitude: 51.5, longitude: -0.12, accuracy });
  }
  await page.goto(`${real.url}/#pipeline/device.sensor.gps.raw`);
  const panel = page.locator("aside.panel");
  await panel.getByText("2 of 3 repeat an earlier one").waitFor();
  assert.deepEqual(await panel.locator(".repeats .num").allInnerTexts(), ["2 repeats 0", "1 repeats 0"]);
  await panel.getByRole("link", { name: /^1, backward/ }).waitFor();
  await accessible(page);
  await shot(page, "real-pipeline-duplicates");
  await panel.getByRole("link", { name: /^device\.sensor\.gps\.raw\.v/ }).click();
  await page.getByRole("heading", { name: "Versions" }).waitFor();
  await page.locator("main th", { hasText: /latitude/ }).first().waitFor();
  await accessible(page);
  await shot(page, "real-schema");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.locator("main th", { hasText: /latitude/ }).first().waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0, "on a phone its tables scroll, not the page");
  await shot(page, "real-schema-phone");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goBack();
  await panel.getByText("2 of 3 repeat an earlier one").waitFor();
});
