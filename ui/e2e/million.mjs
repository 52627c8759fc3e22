// A million utterances in a real Loom, through its timeline in a browser: how long a day takes to open, how smoothly one goes
// through days, what its answers take. The folder that LOOM_MILLION names holds them, as `search_bench` leaves them.
// One JSON object a line.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { browser, loom } from "./stage.mjs";

const data = process.env.LOOM_MILLION;
// The key that `search_bench` sealed them with.
await mkdir(path.join(data, "keys"), { recursive: true, mode: 0o700 });
await writeFile(path.join(data, "keys/database.key"), "2a".repeat(32), { mode: 0o600 });

const PLAIN = "2024-10-14";
const CROWDED = "2024-11-14";
const OPENS_MS = 100;
const FPS = 50;
const round = (x) => Math.round(x * 10) / 10;
const say = (bench, facts) => console.log(JSON.stringify({ bench, ...facts }));
const p = (times, part) => round([...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))]);

const real = await loom(["--no-microphone"], data);
const chrome = await browser();
try {
  const context = await chrome.newContext({ viewport: { width: 1440, height: 900 }, timezoneId: "UTC", locale: "en-GB" });
  await context.addInitScript((token) => sessionStorage.setItem("loom-token", token), real.token);
  const page = await context.newPage();
  await page.goto(`${real.url}/#timeline/${PLAIN}`);
  await page.locator("li.said").first().waitFor();
  await days(page);
  await rolls(page, "a day of a thousand lines", PLAIN, 55);
  await rolls(page, "a day of a hundred thousand lines", CROWDED, 55);
  await rolls(page, "a day of a hundred thousand lines, by screens", CROWDED, 900);
  await through(page);
  await ends(page);
  await answers();
} finally {
  await chrome.close();
  await real.stop();
}

/** From the key, or the address, to lines of another day that were painted. */
async function days(page) {
  const by = async (what, deeds) => {
    const times = [];
    for (const deed of deeds) times.push(await page.evaluate(opened, deed));
    say("a day opens", { by: what, days: times.length, first_ms: round(times[0]), p50_ms: p(times, 0.5), p95_ms: p(times, 0.95), target_ms: OPENS_MS, met: p(times, 0.95) < OPENS_MS });
  };
  await by("key, day before", Array(30).fill("["));
  await by("key, day after", Array(30).fill("]"));
  const of = (n) => new Date(Date.parse("2023-12-01T00:00:00Z") + n * 23 * 86_400_000).toISOString().slice(0, 10);
  await by("address, anywhere", Array.from({ length: 28 }, (_, n) => `#timeline/${of((n * 11) % 28)}`));
  await by("address, the crowded day", [`#timeline/${CROWDED}`, `#timeline/${PLAIN}`, `#timeline/${CROWDED}`]);
}

/** In the page. */
async function opened(deed) {
  const line = () => document.querySelector("li.said")?.dataset.line;
  const before = line();
  const begin = performance.now();
  if (deed.startsWith("#")) location.hash = deed;
  else dispatchEvent(new KeyboardEvent("keydown", { key: deed }));
  while (!line() || line() === before) {
    if (performance.now() - begin > 20_000) throw new Error(`nothing after ${deed}`);
    await new Promise(requestAnimationFrame);
  }
  // Painted by the next frame.
  await new Promise(requestAnimationFrame);
  const took = performance.now() - begin;
  await new Promise((done) => setTimeout(done, 150));
  return took;
}

async function go(page, day) {
  const there = await page.evaluate(() => location.hash);
  if (!there.startsWith(`#timeline/${day}`)) await page.evaluate(opened, `#timeline/${day}`);
}

async function rolls(page, what, day, px) {
  await go(page, day);
  const ran = await page.evaluate(scrolled, { px, key: null });
  say("scrolls", { through: what, fps: round(ran.fps), longest_ms: round(ran.longest), px: ran.px, target_fps: FPS, met: ran.fps >= FPS });
}

/** One day after the other while it is scrolled. */
async function through(page) {
  const ran = await page.evaluate(scrolled, { px: 300, key: "[" });
  say("scrolls", { through: `${ran.turns} days`, fps: round(ran.fps), longest_ms: round(ran.longest), target_fps: FPS, met: ran.fps >= FPS });
}

/** In the page: eight seconds; with a key, another day by it four times a second. */
async function scrolled({ px, key }) {
  scrollTo(0, 0);
  await new Promise(requestAnimationFrame);
  const frames = [];
  let [last, turns] = [performance.now(), 0];
  const begin = last;
  while (last < begin + 8000) {
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
    scrollBy(0, px);
    if (key && now - begin > turns * 250) {
      turns++;
      dispatchEvent(new KeyboardEvent("keydown", { key }));
    }
  }
  frames.shift();
  return { fps: (1000 * frames.length) / frames.reduce((a, b) => a + b, 0), longest: Math.max(...frames), px: scrollY, turns };
}

/** From End to the last line of the crowded day. */
async function ends(page) {
  await go(page, CROWDED);
  const took = await page.evaluate(async () => {
    scrollTo(0, 0);
    await new Promise(requestAnimationFrame);
    const begin = performance.now();
    dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
    const isSeen = () => {
      const last = [...document.querySelectorAll(".lines > li")].at(-1);
      const { top, bottom } = last.getBoundingClientRect();
      return last.classList.contains("said") && top > 0 && bottom <= innerHeight;
    };
    while (!isSeen()) {
      if (performance.now() - begin > 20_000) throw new Error("the end does not come");
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - begin;
  });
  say("the end of the crowded day", { ms: round(took) });
}

async function answers() {
  const day = (date) => `from=${date}T00:00:00Z&to=${date}T23:59:59Z`;
  for (const at of [
    `/api/timeline?${day(PLAIN)}&order=asc&limit=120`,
    `/api/timeline?${day(CROWDED)}&order=asc&limit=120`,
    `/api/timeline/day?date=${PLAIN}`,
    `/api/timeline/day?date=${CROWDED}`,
    `/api/timeline/days?from=${PLAIN}&to=${PLAIN}`,
    "/api/timeline/days?from=2024-09-03&to=2024-10-14",
    "/api/timeline/days?from=2023-11-01&to=2024-11-30",
  ]) {
    const times = [];
    for (let n = 0; n < 20; n++) {
      const begin = performance.now();
      const answer = await fetch(real.url + at, { headers: { Authorization: `Bearer ${real.token}` } });
      if (!answer.ok) throw new Error(`${at}: ${answer.status}`);
      await answer.arrayBuffer();
      times.push(performance.now() - begin);
    }
    say("answers", { to: at, first_ms: round(times[0]), p50_ms: p(times, 0.5), p95_ms: p(times, 0.95) });
  }
}
