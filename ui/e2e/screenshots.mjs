// Pictures of every page of a real Loom that heard the recording which comes with the project, and got a few readings:
// both themes, two widths, into the folder that LOOM_SHOTS names.
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { browser, loom } from "./stage.mjs";

const SIZES = [[1440, 900], [390, 844]];
const PAGES = ["welcome", "live", "timeline", "pipeline", "topics", "settings", "health"];
const folder = process.env.LOOM_SHOTS;

// Whoever takes pictures is not listened to.
const real = await loom(["--no-microphone"]);
const chrome = await browser();
try {
  await mkdir(folder, { recursive: true });
  await listened();
  await readings();
  for (const [width, height] of SIZES) for (const theme of ["light", "dark"]) await pictures(width, height, theme);
} finally {
  await chrome.close();
  await real.stop();
}

async function ask(at, body) {
  const headers = { Authorization: `Bearer ${real.token}`, "Content-Type": "application/json" };
  const answer = await fetch(real.url + at, { method: body === undefined ? "GET" : "POST", headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${at}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** The sample goes in as a person would give it; its last words are on the timeline when this is over. */
async function listened() {
  await ask("/api/recordings/sample", null);
  const end = Date.now() + 180_000;
  while (Date.now() < end) {
    const { lines } = await ask("/api/timeline?limit=100");
    const { groups } = await ask("/api/groups");
    if (lines.length > 0 && groups.every((g) => g.lag === 0)) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error("the sample was not written within three minutes");
}

/** A walk of a few minutes, so that the pipeline has more than one thread. */
async function readings() {
  const start = Date.now() - 300_000;
  for (let i = 0; i < 20; i++) {
    const recorded_at = new Date(start + i * 15_000).toISOString();
    await ask("/sensor/gps", { device_id: "sample-phone", recorded_at, latitude: 51.5 + i * 0.0004, longitude: -0.12, accuracy: 5 });
    await ask("/sensor/power", { device_id: "sample-phone", recorded_at, battery_level: 80 - i / 4, is_charging: false, power_source: "battery" });
  }
}

async function pictures(width, height, theme) {
  const context = await chrome.newContext({ viewport: { width, height }, colorScheme: theme, locale: "en-GB" });
  await context.addInitScript((token) => sessionStorage.setItem("loom-token", token), real.token);
  const page = await context.newPage();
  for (const name of PAGES) {
    await page.goto(`${real.url}/#${name}`);
    await page.locator("main h1").waitFor({ state: "attached" });
    await page.waitForLoadState("networkidle");
    await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
    await page.screenshot({ path: path.join(folder, `${name}-${theme}-${width}.png`) });
  }
  await context.close();
}
