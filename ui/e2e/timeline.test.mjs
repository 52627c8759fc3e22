// The timeline in a real browser: each state with given answers, then the whole with a real Loom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { many, timeline } from "./day.mjs";
import { LINES, line } from "./given.mjs";
import { accessible, atBest, chromeForTests, open, shot, until, visit, wav } from "./stage.mjs";

const held = chromeForTests();
const DAY = "#timeline/2025-10-14";

/** Lines with hex ids, as Loom's are; those of given.mjs and others of two days. */
const lines = () => [
  ...LINES.map((l) => ({ ...l })),
  line("d", "2025-10-14T11:05:20.000000Z", "with ugly ones", { source: "Desk microphone", starred: true }),
  line("e", "2025-10-09T08:00:00.000000Z", "turnips are for another day"),
];

/** The timeline of some lines, at an address. */
async function shown(t, of, { where = DAY, ...options } = {}) {
  const { page, served } = await open(held, t, timeline(of), { hash: where, token: true, ...options });
  await page.locator("main.timeline").waitFor();
  return { page, served };
}

test("a day's lines stand by the hour, masked words as their kind", async (t) => {
  const { page, served } = await shown(t, lines(), { where: "#timeline" });
  await page.getByText("The earliest book").waitFor();
  assert.equal(await page.locator("h1").innerText(), "Tuesday 14 October 2025");
  assert.deepEqual(await page.locator("li.hour").allInnerTexts(), ["10:00", "11:00"]);
  assert.equal(await page.locator(".mask").innerText(), "card number");
  assert.ok(!(await page.locator("main").innerText()).includes("<CREDIT_CARD>"));
  assert.match(await page.locator(".list-head").innerText(), /4 lines, 9.6 s of speech/);
  assert.ok(served.asked.every((a) => a.token === "Bearer abc-123"));
  assert.ok(!page.url().includes("abc-123"), "the token does not stay in the address");
  assert.ok(page.url().endsWith(DAY));
  const day = served.asked.find((a) => a.query.get("from"));
  assert.equal(day.query.get("from"), "2025-10-14T00:00:00Z");
  assert.equal(day.query.get("to"), "2025-10-15T00:00:00Z");
  await page.locator(".mask").click();
  await page.getByText("Masked before anything could leave this computer.").waitFor();
  assert.equal(await page.locator("li.is-chosen").count(), 0, "asking about a mask opens no line");
  await accessible(page);
  await shot(page, "timeline");
});

test("a line plays, its words light up, and one goes by words", async (t) => {
  const { page, served } = await shown(t, lines());
  await page.getByText("The earliest book").click();
  await page.getByRole("button", { name: "Play" }).click();
  await page.locator(".said .at").waitFor();
  const first = await page.locator(".said .at").innerText();
  await page.waitForFunction((f) => document.querySelector(".said .at")?.textContent !== f, first);
  assert.equal(served.asked.find((a) => a.path.endsWith("/audio")).token, "Bearer abc-123");
  await shot(page, "playing");
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.locator(".w", { hasText: "movable" }).click();
  await page.waitForFunction(() => Number(document.querySelector(".track").ariaValueNow) >= 2);
  await page.getByRole("button", { name: "Pause playback" }).click();
  const at = () => page.locator(".track").getAttribute("aria-valuenow").then(Number);
  const before = await at();
  await page.locator("li.is-chosen").focus();
  await page.keyboard.press("ArrowLeft");
  await page.waitForFunction((b) => Number(document.querySelector(".track").ariaValueNow) < b, before);
  await page.getByRole("button", { name: "Speed 1×" }).click();
  await page.getByRole("button", { name: "Speed 1.25×" }).waitFor();
  await accessible(page);
  await page.keyboard.press("Escape");
  await page.locator(".player").waitFor({ state: "detached" });
  assert.ok(page.url().endsWith(DAY));
});

test("where a line ends the next one goes on", async (t) => {
  const { page } = await shown(t, lines());
  await page.getByText("The earliest book").click();
  await page.locator(".w", { hasText: "types" }).click();
  await page.locator("li.is-chosen", { hasText: "card number" }).waitFor();
  await page.getByRole("button", { name: "Pause playback" }).waitFor();
});

test("a search marks what it found, on this day and on others, and leads to the line", async (t) => {
  const { page, served } = await shown(t, lines());
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("printed");
  await page.locator("mark").waitFor();
  assert.equal(await page.locator("mark").innerText(), "printed");
  assert.equal(served.asked.findLast((a) => a.path.endsWith("/search")).query.get("q"), "printed");
  assert.equal(await page.locator(".cloth.is-asked .found").count(), 1, "hits stand on the cloth");
  await accessible(page);
  await shot(page, "found");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("turnips");
  await page.getByText("No line on this day has “turnips”").waitFor();
  await page.getByText("1 line on other days does.").waitFor();
  await shot(page, "found-nothing");
  await page.getByRole("button", { name: "Search all days" }).click();
  await page.locator("li.said", { hasText: "Thursday 9 October 2025" }).click();
  await page.locator("li.is-chosen", { hasText: "turnips are" }).waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
  assert.ok(page.url().endsWith("#timeline/2025-10-09/e"));
  await page.reload();
  await page.locator("li.is-chosen", { hasText: "turnips are" }).waitFor();
  await page.goBack();
  await page.locator("mark", { hasText: "turnips" }).waitFor();
  await page.goBack();
  await page.getByText("The earliest book").waitFor();
});

test("an empty timeline and a search without a hit say so", async (t) => {
  const { page } = await shown(t, [], { where: "#timeline" });
  await page.getByText("Nothing woven yet").waitFor();
  await page.getByRole("searchbox").fill("turnips");
  await page.getByText(/No line (on this day )?has “turnips”/).waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Nothing woven yet").waitFor();
});

test("days turn to those that have lines, and not beyond today", async (t) => {
  const { page } = await shown(t, lines());
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("[");
  await page.getByText("Thursday 9 October 2025").waitFor();
  await page.getByText("turnips are").waitFor();
  await page.keyboard.press("[");
  await page.getByText("Nothing was said before this day.").waitFor();
  await page.keyboard.press("]");
  await page.getByText("Tuesday 14 October 2025").waitFor();
  await page.keyboard.press("]");
  await page.getByText("today", { exact: true }).waitFor();
  await page.getByText("No line on this day").waitFor();
  assert.ok(await page.getByRole("button", { name: "Day after" }).isDisabled());
});

test("a calendar leads to a day", async (t) => {
  const { page } = await shown(t, lines());
  await page.getByRole("button", { name: "Choose a day" }).click();
  const dialog = page.getByRole("dialog", { name: "Choose a day" });
  await dialog.getByRole("button", { name: "9 October, 1 line" }).waitFor();
  assert.equal(await dialog.locator(".has-lines").count(), 2);
  await accessible(page);
  await shot(page, "calendar");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByText("turnips are").waitFor();
  assert.equal(await dialog.count(), 0);
});

test("lines are starred, corrected and deleted, and a deletion is undone", async (t) => {
  const { page, served } = await shown(t, lines());
  const first = page.locator("li.said", { hasText: "movable types" });
  await first.click();
  await page.keyboard.press("s");
  await first.getByText("starred", { exact: true }).waitFor({ state: "attached" });
  assert.deepEqual(served.asked.findLast((a) => a.method === "PATCH").body, { starred: true });
  await page.keyboard.press("e");
  const field = page.getByRole("textbox", { name: "What was said" });
  assert.equal(await field.inputValue(), "The earliest book printed with movable types");
  await field.fill("The earliest book <b>bound</b> with");
  await accessible(page);
  await shot(page, "editing");
  await page.keyboard.press("Enter");
  const changed = page.locator("li.said", { hasText: "<b>bound</b>" });
  await changed.getByText("edited", { exact: true }).waitFor({ state: "attached" });
  assert.equal(served.asked.findLast((a) => a.method === "PATCH").body.text, "The earliest book <b>bound</b> with");
  await changed.getByText("Edited", { exact: true }).click();
  await changed.getByText("Loom heard: “The earliest book printed with movable types”").waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("e");
  await field.fill("never mind");
  await page.keyboard.press("Escape");
  assert.equal(await page.getByText("never mind").count(), 0, "what is left is as it was");
  await changed.focus();
  await page.keyboard.press("Delete");
  await changed.waitFor({ state: "detached" });
  await page.getByText(/Line deleted. Its audio goes in \d+ s./).waitFor();
  await shot(page, "deleted");
  await page.getByRole("button", { name: "Undo" }).click();
  await changed.waitFor();
  assert.ok(served.asked.some((a) => a.path.endsWith("/undo") && a.method === "POST"));
});

test("what is refused is taken back", async (t) => {
  const refusing = timeline(lines());
  const answers = new Proxy(refusing, { get: (known, path) => (path === "/api/timeline/a" ? 503 : known[path]) });
  const { page } = await open(held, t, answers, { quiet: true });
  await page.locator("main").waitFor();
  await page.evaluate((where) => (location.hash = where), DAY);
  const first = page.locator("li.said", { hasText: "movable types" });
  await first.focus();
  await page.keyboard.press("Delete");
  await page.getByText("The index is being rebuilt. The line is still there.").waitFor();
  await first.waitFor();
});

test("stars, masks and sources narrow the lines, and a part of the day does", async (t) => {
  const { page } = await shown(t, lines());
  const count = (n) => page.waitForFunction((n) => document.querySelectorAll("li.said").length === n, n);
  await count(4);
  await page.getByRole("button", { name: "Starred" }).click();
  await count(1);
  assert.ok(page.url().endsWith("?only=starred"));
  await page.getByRole("button", { name: "Whole day" }).click();
  await count(4);
  await page.getByRole("button", { name: "Desk microphone" }).click();
  await count(3);
  await page.getByRole("button", { name: "Desk microphone" }).click();
  await count(4);
  const cloth = await page.locator(".cloth").boundingBox();
  const x = (hour) => cloth.x + (cloth.width * hour) / 24;
  await page.mouse.move(x(10), cloth.y + 20);
  await page.mouse.down();
  await page.mouse.move(x(11), cloth.y + 20, { steps: 4 });
  await page.mouse.up();
  await count(2);
  assert.match(await page.locator("#shown").innerText(), /^(09:59|10:00) to (10:59|11:00)$/);
  await accessible(page);
  await shot(page, "brush");
  await page.reload();
  await count(2);
  await page.getByRole("slider", { name: "Part of the day shown" }).focus();
  await page.keyboard.press("Shift+PageUp");
  await count(4);
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Whole day" }).waitFor();
});

test("what is shown is saved in five forms", async (t) => {
  const { page, served } = await shown(t, lines(), { where: `${DAY}?part=10:00-11:00` });
  await page.getByRole("button", { name: "Save what is shown" }).click();
  assert.equal(await page.getByRole("menuitem").count(), 5);
  await accessible(page);
  await shot(page, "saving");
  const saved = page.waitForEvent("download");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal((await saved).suggestedFilename(), "loom-2025-10-14.csv");
  const asked = served.asked.find((a) => a.path.endsWith("/export"));
  assert.deepEqual(["format", "from", "to"].map((n) => asked.query.get(n)), ["csv", "2025-10-14T10:00:00Z", "2025-10-14T11:00:00Z"]);
});

test("new lines appear, change and go without moving what is read", async (t) => {
  const of = many(400, { hours: 20 });
  const { page, served } = await shown(t, of);
  await page.getByText("number 0 ").waitFor();
  await page.mouse.wheel(0, 1500);
  await page.waitForFunction(() => scrollY > 1000);
  const at = () => page.evaluate(() => {
    const first = [...document.querySelectorAll("li.said")].find((l) => l.getBoundingClientRect().top > 100);
    return { id: first.dataset.line, top: Math.round(first.getBoundingClientRect().top) };
  });
  const before = await at();
  const first = of[0];
  const long = "a long line ".repeat(40).trim();
  served.ws.say({ type: "line", ...first, message_id: "ffffffff-0000-4000-8000-000000000000", text: long, words: [] });
  await page.waitForFunction((id) => document.querySelector(`[data-line="${id}"]`), before.id);
  served.ws.say({ type: "line_gone", message_id: of[1].message_id });
  served.ws.say({ type: "line", ...of.find((l) => l.message_id === before.id), starred: true });
  await page.locator(`[data-line="${before.id}"]`).getByText("starred").waitFor({ state: "attached" });
  assert.deepEqual(await at(), before);
  await page.evaluate(() => scrollTo(0, 0));
  await page.getByText("a long line").first().waitFor();
  assert.equal(await page.getByText("number 1 ", { exact: false }).filter({ hasText: /^number 1 / }).count(), 0);
});

test("twenty thousand lines of a day scroll at fifty frames a second", async (t) => {
  const of = many(20_000);
  const { page } = await shown(t, of);
  await page.getByText("number 0 ").waitFor();
  assert.match(await page.locator(".list-head").innerText(), /20\u202f000 lines/);
  const ran = await atBest(t, () => page.evaluate(scrolled), (r) => r.fps >= 50);
  assert.ok(ran.fps >= 50, `${ran.fps} frames a second`);
  assert.ok(ran.most < 200, `${ran.most} lines in the page`);
  assert.ok(ran.px > 10_000);
  await page.keyboard.press("End");
  await page.waitForFunction(endIsSeen, "number 19999 ");
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight / 2));
  await page.waitForFunction(() => {
    const seen = [...document.querySelectorAll("li.said")].filter((l) => l.getBoundingClientRect().bottom > 60 && l.getBoundingClientRect().top < innerHeight);
    const number = Number(/number (\d+)/.exec(seen[0]?.textContent)?.[1]);
    return seen.length > 10 && number > 7000 && number < 13_000;
  });
});

/** Six seconds of scrolling from the top, in the page. */
async function scrolled() {
  scrollTo(0, 0);
  await new Promise(requestAnimationFrame);
  const times = [];
  let last = performance.now();
  const end = last + 6000;
  let most = 0;
  await new Promise((done) => {
    const frame = (now) => {
      times.push(now - last);
      last = now;
      most = Math.max(most, document.querySelectorAll("li.said").length);
      scrollBy(0, 55);
      now < end ? requestAnimationFrame(frame) : done();
    };
    requestAnimationFrame(frame);
  });
  times.shift();
  times.sort((a, b) => a - b);
  const sum = times.reduce((a, b) => a + b, 0);
  return { fps: (1000 * times.length) / sum, p95: times[Math.floor(times.length * 0.95)], most, px: scrollY };
}

/** Whether the list's last line is this one and all of it in view, in the page. */
function endIsSeen(text) {
  const last = [...document.querySelectorAll("li.said")].at(-1);
  return last?.textContent.includes(text) && last.getBoundingClientRect().bottom <= innerHeight && last.getBoundingClientRect().top > 0;
}

test("End leads to the end, however late its lines come and however high they are, until one leaves it", async (t) => {
  const of = many(20_000);
  // Nothing that was read before says how high the last ones are.
  for (const l of of.slice(-150)) Object.assign(l, { text: `${l.text} ${"and so on and on ".repeat(60)}`, words: [] });
  const answers = timeline(of);
  const slow = new Proxy(answers, {
    get: (known, path) => (path === "/api/timeline" ? (r) => new Promise((done) => setTimeout(() => done(known[path](r)), 300)) : known[path]),
  });
  const { page, served } = await open(held, t, slow, { hash: DAY, token: true });
  await page.getByText("number 0 ").waitFor();
  await page.keyboard.press("End");
  await page.waitForFunction(endIsSeen, "number 19999 ");
  const next = { ...of.at(-1), message_id: "ffffffff-0000-4000-8000-000000000000", recorded_at: "2025-10-14T23:59:59.500000Z" };
  served.ws.say({ type: "line", ...next, text: "said at last" });
  await page.waitForFunction(endIsSeen, "said at last");
  await page.mouse.move(600, 500);
  await page.mouse.wheel(0, -2000);
  const seen = await page.evaluate(atRest);
  served.ws.say({ type: "line", ...next, message_id: "ffffffff-0000-4000-8000-000000000001", text: "said after it" });
  served.ws.say({ type: "line", ...of.find((l) => l.message_id === seen.id), starred: true });
  await page.locator(`[data-line="${seen.id}"]`).getByText("starred").waitFor({ state: "attached" });
  const after = await page.evaluate(atRest);
  assert.ok(after.id === seen.id && Math.abs(after.top - seen.top) < 3, `whoever left the end is left there: ${JSON.stringify([seen, after])}`);
  assert.ok(!(await page.evaluate(endIsSeen, "said")));
});

/** The first line in view and where it is, once the page is far from its end and no longer moves, in the page. */
async function atRest() {
  let still = 0;
  for (let y = scrollY; still < 20; y = scrollY) {
    await new Promise(requestAnimationFrame);
    still = y === scrollY && y + innerHeight < document.documentElement.scrollHeight - 1500 ? still + 1 : 0;
  }
  const first = [...document.querySelectorAll("li.said")].find((l) => l.getBoundingClientRect().top > 100);
  return { id: first.dataset.line, top: first.getBoundingClientRect().top };
}

test("all of twenty thousand lines are read by scrolling through them", async (t) => {
  const measure = async () => {
    const { page } = await shown(t, many(20_000));
    await page.getByText("number 0 ").waitFor();
    const ran = await page.evaluate(readThrough);
    await page.getByText("number 19999 ").waitFor();
    return ran;
  };
  const enough = (r) => r.fps >= 50 && r.tail >= 50;
  const ran = await atBest(t, measure, enough);
  assert.ok(enough(ran), JSON.stringify(ran));
});

/** From top to bottom, in the page. */
async function readThrough() {
  const frames = [];
  let last = performance.now();
  for (const end = last + 60_000; last < end; ) {
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
    scrollBy(0, 1500);
    if (document.querySelector("li.said:last-child")?.textContent.includes("number 19999 ")) break;
  }
  frames.shift();
  const fps = (of) => (1000 * of.length) / of.reduce((a, b) => a + b, 0);
  return { fps: fps(frames), tail: fps(frames.slice(-100)), longest: Math.max(...frames), frames: frames.length };
}

test("whoever is at the end of today stays there as lines come", async (t) => {
  const today = new Date().toISOString().slice(0, 10);
  const of = many(60, { day: today, hours: 0.01 });
  const { page, served } = await shown(t, of, { where: `#timeline/${today}` });
  await page.getByText("number 0 ").waitFor();
  await page.waitForFunction(() => (scrollTo(0, document.documentElement.scrollHeight), document.querySelector("li.said:last-child")?.textContent.includes("number 59 ")));
  const next = many(61, { day: today, hours: 0.0102 })[60];
  served.ws.say({ type: "line", ...next });
  await page.waitForFunction(() => {
    const last = document.querySelector("li.said:last-child");
    return last.textContent.includes("number 60 ") && last.getBoundingClientRect().bottom <= innerHeight;
  });
});

test("ten thousand lines in an hour, and an address leads into their midst", async (t) => {
  const of = many(10_000, { from: 10, hours: 1 });
  const { page } = await shown(t, of, { where: `${DAY}/${of[6000].message_id}` });
  const open = page.locator("li.is-chosen", { hasText: "number 6000 " });
  await open.waitFor();
  await page.waitForFunction(() => {
    const at = document.querySelector("li.is-chosen")?.getBoundingClientRect();
    return at && at.top > 50 && at.bottom < innerHeight;
  });
  const top = (await open.boundingBox()).y;
  // What is read above it does not push it away.
  await page.waitForFunction(() => document.querySelectorAll("li.said").length > 40);
  assert.ok(Math.abs((await open.boundingBox()).y - top) < 2);
  await open.focus();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.locator("li.is-chosen", { hasText: "number 6002 " }).waitFor();
});

test("Loom is gone for ten minutes: what was read stays, and what came, changed and went meanwhile is there on its return", async (t) => {
  const of = lines();
  const { page, served } = await shown(t, of, { quiet: true, clock: true });
  const said = (text) => page.locator("li.said", { hasText: text });
  await said("The earliest book").waitFor();
  await said("than in the same operations").waitFor();
  await served.stop();
  const banner = page.getByText(/Loom does not answer/);
  await banner.waitFor();
  await page.clock.fastForward("10:00");
  await banner.waitFor();
  assert.equal(await page.locator("li.said").count(), 4, "nothing is cleared");
  of.find((l) => l.message_id === "a").starred = true;
  of.splice(of.findIndex((l) => l.message_id === "c"), 1);
  // From a device that was away itself: older than what was read.
  of.push(line("f", "2025-10-14T10:02:20.000000Z", "it came late"), line("0", "2025-10-14T12:00:00.000000Z", "it came last"));
  await served.again();
  await until("the page is back", async () => (await page.clock.fastForward(5000), (await banner.count()) === 0), 40);
  await said("it came late").waitFor();
  await said("it came last").waitFor();
  await said("than in the same operations").waitFor({ state: "detached" });
  await said("The earliest book").getByText("starred", { exact: true }).waitFor({ state: "attached" });
});

test("half a minute in one breath, and a word without end, are read and played on a phone too", async (t) => {
  const long = Array.from({ length: 90 }, (_, n) => `word${n}`).join(" ");
  const breath = { ...line("1", "2025-10-14T10:02:10.000000Z", long), duration_s: 30 };
  breath.words.forEach((w, n) => Object.assign(w, { start_s: n / 3, end_s: n / 3 + 0.3 }));
  const endless = line("2", "2025-10-14T10:03:10.000000Z", "donaudampfschiff".repeat(40));
  const answers = timeline([breath, endless], wav(30));
  const { page } = await open(held, t, answers, { hash: DAY, token: true, width: 390, height: 844 });
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.getByText("donaudampfschiff").waitFor();
  assert.ok((await wider()) <= 0);
  await page.getByText("word0 word1").click();
  await page.locator(".w", { hasText: "word80" }).click();
  await page.locator(".said .at", { hasText: /word8\d/ }).waitFor();
  assert.equal(await page.locator(".track").getAttribute("aria-valuemax"), "30.0");
  assert.ok((await wider()) <= 0, "open");
  await accessible(page);
});

test("nothing in a transcript is read as markup", async (t) => {
  const evil = '<img src=x onerror="window.ran=1"><script>window.ran=1</script> [&lt;b&gt;] javascript:window.ran=1';
  const { page } = await shown(t, [line("a", "2025-10-14T10:02:10.000000Z", evil, { source: "<b>desk</b>", original: evil })]);
  const said = page.locator("li.said");
  await said.click();
  assert.ok((await said.locator(".words > p").first().innerText()).includes('<img src=x onerror="window.ran=1">'));
  await page.getByRole("searchbox").fill("img");
  await page.locator("mark", { hasText: "img" }).waitFor();
  assert.equal(await page.evaluate(() => window.ran ?? document.querySelectorAll("main img, main script").length), 0);
});

test("a phone shows it all without scrolling sideways", async (t) => {
  const { page } = await shown(t, lines(), { width: 390, height: 844 });
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.getByText("The earliest book").click();
  await page.locator(".player").waitFor();
  assert.ok((await wider()) <= 0, "with an open line");
  await accessible(page);
  await shot(page, "phone");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot(page, "phone-dark");
  await page.getByRole("button", { name: "Choose a day" }).click();
  assert.ok((await wider()) <= 0, "with the calendar");
  await shot(page, "phone-calendar");
  await page.keyboard.press("Escape");
  await page.getByRole("searchbox").fill("printed");
  await page.locator("mark").waitFor();
  assert.ok((await wider()) <= 0, "with what was found");
});

test("with a real Loom: a day is woven, its words are found and played", async (t) => {
  const { real, page } = await visit(held, t);
  await page.goto(`${real.url}/#timeline`);
  await page.locator("li.said", { hasText: /Dashwood/i }).first().waitFor({ timeout: 120_000 });
  await page.getByRole("searchbox").fill("leisure");
  await page.locator("mark", { hasText: /leisure/i }).waitFor();
  await page.locator("li.said").first().click();
  await page.locator("li.said.is-chosen").getByRole("button", { name: "Play" }).click();
  await page.locator(".said .at").waitFor();
  await shot(page, "real");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot(page, "real-dark");
  const { ms } = await atBest(t, () => page.evaluate(opened), (r) => r.ms < 100);
  assert.ok(ms < 100, `a day opens within ${ms} ms`);
});

/** How long a day takes to be there, in the page. */
async function opened() {
  const to = location.hash;
  location.hash = "#pipeline";
  while (document.querySelector("li.said")) await new Promise(requestAnimationFrame);
  await new Promise((done) => setTimeout(done, 300));
  const begin = performance.now();
  location.hash = to;
  while (!document.querySelector("li.said")) await new Promise(requestAnimationFrame);
  return { ms: performance.now() - begin };
}
