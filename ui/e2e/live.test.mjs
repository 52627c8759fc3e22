// Live and the first run in a real browser: each state with given answers and a given socket.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FULL, capture, line } from "./given.mjs";
import { pulse } from "./pulse.mjs";
import { accessible, chromeForTests, open, shot, until, visit } from "./stage.mjs";

const held = chromeForTests();
const NOW = new Date();
const ago = (seconds) => new Date(NOW - seconds * 1000).toISOString().replace("Z", "000Z");
const TODAY = [
  line("c", ago(40), "the forms of printed letters should be beautiful"),
  line("b", ago(90), "the more proposals the more <CREDIT_CARD>", { masked: [{ entity_type: "CREDIT_CARD", start: 28, end: 41, score: 1 }] }),
  line("a", ago(200), `a mob <img src=x onerror=alert(1)> <script>alert(2)</script> without`, { source: "Phone" }),
];
const LISTENING = { ...FULL, "/api/timeline": { lines: TODAY }, "/api/capture": capture("listening") };
const level = (rms_db, speech = false) => ({ type: "level", rms_db, peak_db: rms_db, speech });
const partial = (text) => ({ type: "partial", stream_id: "s", first_sample: 1, began_at: ago(1), text });
const live = (t, answers, more) => open(held, t, answers, { hash: "#live", token: true, ...more });

test("today's lines stand newest first, masked words as their kind, and nothing in them runs", async (t) => {
  const { page } = await live(t, LISTENING);
  await page.locator("li.said").first().waitFor();
  assert.deepEqual((await page.locator("li.said .words").allInnerTexts()).map((w) => w.slice(0, 9)), ["the forms", "the more ", "a mob <im"]);
  assert.equal(await page.locator(".mask").innerText(), "card number");
  assert.equal(await page.locator("main img, main script").count(), 0);
  assert.match(await page.locator(".tally").innerText(), /Masked once: 1 card number\./);
  assert.match(await page.locator(".today-head").innerText(), /3 lines, 7\.2 s of speech/);
  await page.locator("li.said").first().hover();
  await page.locator("li.said .facts", { hasText: /^at \d\d:\d\d:\d\d/ }).first().waitFor();
  await accessible(page);
  await shot(page, "live-lines");
});

test("what is said stands as a guess, then as a line", async (t) => {
  const { page, served } = await live(t, LISTENING);
  await page.locator("li.said").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".level"));
  served.ws.say(partial("it was the"));
  await page.locator(".guess", { hasText: "it was the" }).waitFor();
  served.ws.say(partial("it was the best of"));
  await page.locator(".guess", { hasText: /^the best of$/ }).waitFor();
  const fresh = { ...line("n", ago(1), "it was the best of times"), duration_s: 0.4 };
  served.ws.say({ type: "line", ...fresh });
  await page.locator("li.said.is-new", { hasText: "it was the best of times" }).waitFor();
  assert.equal((await page.locator(".partial").innerText()).trim(), "");
  assert.match(await page.locator("li.said").first().locator(".facts").innerText(), /written after \d/);
  served.ws.say({ type: "line", ...fresh, text: "it was the worst of times", words: [] });
  await page.locator("li.said", { hasText: "worst of times" }).waitFor();
  assert.equal(await page.locator("li.said").count(), 4);
  served.ws.say({ type: "line_gone", message_id: "n" });
  await page.waitForFunction(() => document.querySelectorAll("li.said").length === 3);
});

test("the thread is taut in silence and swings with speech", async (t) => {
  const { page, served } = await live(t, LISTENING);
  await page.waitForFunction(() => document.querySelector(".past .taut")?.getAttribute("d") === "M0.0 64H2400.0");
  await heardBy(served, "level");
  for (let i = 0; i < 6; i++) served.ws.say(level(-80));
  for (let i = 0; i < 12; i++) served.ws.say(level(-22, true));
  await page.waitForFunction(() => document.querySelector(".past .swing").getAttribute("d").includes("q"));
  await page.locator('.level[aria-label*="speech now"]').waitFor();
  await shot(page, "live-swings");
});

test("a page that is not seen hears no levels", async (t) => {
  const { page, served } = await live(t, LISTENING);
  await heardBy(served, "level");
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await until("levels are let go of", () => served.ws.heard.some((h) => h.type === "unsubscribe" && h.channels.includes("level")));
});

test("space pauses, and the button goes on", async (t) => {
  let state = capture("listening");
  const answers = {
    ...LISTENING,
    "/api/capture/pause": () => (state = capture("paused")),
    "/api/capture/resume": () => (state = capture("listening")),
    "/api/capture": () => state,
  };
  const { page, served } = await live(t, answers);
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.keyboard.press(" ");
  await page.getByText("Paused since").waitFor();
  await accessible(page);
  await shot(page, "live-paused");
  await page.getByRole("button", { name: "Go on" }).click();
  await page.locator(".level").waitFor();
  assert.deepEqual(served.asked.filter((a) => a.method === "POST").map((a) => a.path), ["/api/capture/pause", "/api/capture/resume"]);
});

test("another microphone is chosen from the list, by the keyboard", async (t) => {
  const answers = { ...LISTENING, "/api/capture/device": (r) => capture("listening", { chosen: r.body.id, device: "Headset «ü»" }) };
  const { page, served } = await live(t, answers);
  await page.getByRole("button", { name: "Desk microphone" }).click();
  await page.getByRole("menuitemradio", { name: "Headset «ü»" }).waitFor();
  await accessible(page);
  await shot(page, "live-devices");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Headset «ü»" }).waitFor();
  assert.deepEqual(served.asked.find((a) => a.method === "PUT").body, { id: "ear" });
  await page.getByRole("button", { name: "Headset «ü»" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
});

test("the last five minutes are forgotten, and remembered again", async (t) => {
  const undo = "/api/timeline/forget/f1/undo";
  const answers = { ...LISTENING, "/api/timeline/forget": { forget_id: "f1", undo_until: ago(-10), lines: 2 }, [undo]: {} };
  const { page, served } = await live(t, answers);
  await page.getByRole("button", { name: "Forget the last 5 min" }).click();
  await page.getByText("2 lines").waitFor();
  await shot(page, "live-forgotten");
  await accessible(page);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Nothing was forgotten").waitFor();
  assert.deepEqual(served.asked.find((a) => a.path === "/api/timeline/forget").body, { minutes: 5 });
  assert.ok(served.asked.some((a) => a.path === undo));
});

for (const [state, message, deed] of [
  ["lost", "“Desk microphone” is gone. Listening stopped at 16:20:04; all before it is kept.", "Choose a microphone"],
  ["none", "There is no microphone. Connect one and Loom listens by itself.", "Use a recording"],
  ["refused", "Another program has “Desk microphone” for itself.", "Choose a microphone"],
  ["full", "The disk is full: free some. Loom stopped taking in new speech at 16:02.", "Keep less sound"],
  ["off", null, "Use a recording"],
]) {
  test(`a microphone that is ${state} says so, with one thing to do`, async (t) => {
    const { page } = await live(t, { ...LISTENING, "/api/capture": capture(state, { message }) });
    await page.locator(".stopped").waitFor();
    if (message) await page.getByText(message).waitFor();
    assert.deepEqual((await page.locator(".btn.solid").allInnerTexts()).map((w) => w.trim()), [deed]);
    await accessible(page);
    await shot(page, `live-${state}`);
  });
}

test("nothing said today, and an answer that fails", async (t) => {
  const answers = { ...LISTENING, "/api/timeline": { lines: [] } };
  const { page } = await live(t, answers, { quiet: true });
  await page.getByText("Say something").waitFor();
  await accessible(page);
  await shot(page, "live-empty");
  answers["/api/timeline"] = 503;
  await page.reload();
  await page.getByText("The index is being rebuilt.").waitFor();
});

test("lines that came while the line was down are there when it is back", async (t) => {
  const answers = { ...LISTENING };
  const { page, served } = await live(t, answers, { quiet: true });
  await page.locator("li.said").first().waitFor();
  await served.stop();
  await page.getByText("Loom does not answer").waitFor();
  assert.equal(await page.locator("li.said").count(), 3, "nothing is cleared");
  await accessible(page);
  await shot(page, "live-lost");
  answers["/api/timeline"] = { lines: [line("m", ago(2), "meanwhile"), ...TODAY] };
  await served.again();
  await page.locator("li.said", { hasText: "meanwhile" }).waitFor({ timeout: 15_000 });
  await page.getByText("Loom does not answer").waitFor({ state: "detached" });
});

test("on a phone nothing scrolls sideways", async (t) => {
  const { page, served } = await live(t, LISTENING, { width: 390, height: 844 });
  await page.locator("li.said").first().waitFor();
  await heardBy(served, "level");
  for (let i = 0; i < 20; i++) served.ws.say(level(-22, true));
  served.ws.say(partial("it was the season of light it was the season of darkness"));
  await page.locator(".guess", { hasText: "darkness" }).waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  await accessible(page);
  await shot(page, "live-phone");
});

const MODELS = { models: [{ id: "silero-vad", bytes: 2e6, state: "present" }, { id: "moonshine-tiny-en", bytes: 44e6, state: "present" }] };
const FIRST = { ...LISTENING, "/api/timeline": { lines: [] }, "/api/models": MODELS, "/api/doctor": { checks: [] } };

test("whoever comes first is welcomed, heard, and reads the first words", async (t) => {
  const { page, served } = await open(held, t, FIRST);
  await page.getByText("What you say becomes a timeline").waitFor();
  assert.ok(page.url().endsWith("#welcome"));
  await page.getByText("Say a word").waitFor();
  await accessible(page);
  await shot(page, "welcome");
  await heardBy(served, "level");
  for (let i = 0; i < 12; i++) served.ws.say(level(-22, true));
  await page.getByText("We hear you").waitFor();
  served.ws.say({ type: "line", ...line("n", ago(1), "it was the best of times") });
  await page.locator("blockquote", { hasText: "it was the best of times" }).waitFor();
  await shot(page, "welcome-done");
  await page.getByRole("link", { name: "Go to Live" }).click();
  await page.locator("main.live").waitFor();
  await page.goto(served.url);
  await page.locator("main.live").waitFor();
});

test("a missing model is fetched by the doctor's button", async (t) => {
  const check = { check: "moonshine-tiny-en", state: "fail", message: "not there", fix: "run it", action: { title: "Fetch the model", method: "POST", path: "/api/models/pull" } };
  const missing = { models: [MODELS.models[0], { ...MODELS.models[1], state: "absent" }] };
  const answers = { ...FIRST, "/api/models": missing, "/api/doctor": { checks: [check] } };
  answers["/api/models/pull"] = () => (answers["/api/models"] = MODELS);
  const { page } = await open(held, t, answers, { width: 390, height: 844 });
  await page.getByText("44 MB to fetch").waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  await shot(page, "welcome-phone");
  await page.getByRole("button", { name: "Fetch the model" }).click();
  await page.getByText("works without a network").waitFor();
});

test("the sample, and a file that is dropped, go in", async (t) => {
  const taken = { stream_id: "s", started_at: ago(30), known: false };
  const { page, served } = await open(held, t, { ...FIRST, "/api/recordings/sample": taken, "/api/recordings": { ...taken, known: true } });
  await page.getByRole("button", { name: "Try a recording" }).click();
  await until("the sample is asked for", () => served.asked.some((a) => a.path === "/api/recordings/sample"));
  await page.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array([1, 2, 3])], "Notiz ü & so.wav"));
    window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
  });
  await page.getByText("“Notiz ü & so.wav” is on the timeline already").waitFor();
  const sent = served.asked.find((a) => a.path === "/api/recordings");
  assert.deepEqual([sent.query.get("name"), [...sent.body]], ["Notiz ü & so.wav", [1, 2, 3]]);
});

const heardBy = (served, channel) => until(`${channel} is asked for`, () => served.ws.heard.some((h) => h.type === "subscribe" && h.channels.includes(channel)));

test("with a real Loom and a microphone: the level moves, a guess stands while one speaks, the words settle, pause stops it", async (t) => {
  const room = await pulse(t);
  const { real, page } = await visit(held, t, { words: [], around: room.around, patience: 60_000 });
  const complaints = [];
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  await page.goto(`${real.url}/#live`);
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await until("someone listens", room.listened, 60);
  // What was on the page, in its order: a guess is gone within a second.
  await page.evaluate(() => {
    window.seen = [];
    const look = () => {
      const now = [document.querySelector(".guess")?.textContent.trim() && "guess", document.querySelector("li.said") && "line"];
      for (const one of now) if (one && !window.seen.includes(one)) window.seen.push(one);
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  const reading = room.play(process.env.LOOM_SAMPLE);
  await page.waitForFunction(() => document.querySelector(".past .swing")?.getAttribute("d").includes("q"));
  await page.locator('.level[aria-label*="speech now"]').waitFor();
  await page.waitForFunction(() => window.seen.includes("guess"));
  await shot(page, "real-live-guess");
  await page.locator("li.said", { hasText: /Dashwood/i }).waitFor({ timeout: 120_000 });
  assert.deepEqual(await page.evaluate(() => window.seen), ["guess", "line"]);
  await until("the recording was played", () => reading.exitCode !== null, 90);
  await shot(page, "real-live");
  await page.keyboard.press(" ");
  await page.getByText("Paused since").waitFor();
  await until("nobody listens", async () => !(await room.listened()), 60);
  await page.getByRole("button", { name: "Go on" }).click();
  await until("someone listens again", room.listened, 60);
  assert.deepEqual(complaints, []);
});
