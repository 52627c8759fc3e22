// From an address to a page: when the first of it is painted, and when it answers a key. Each time in a browser that has
// nothing of it. One JSON object a line.
import { browser, loom } from "./stage.mjs";

const TIMES = 7;
const PAINT_MS = 1000;
const INTERACTIVE_MS = 2000;
const middle = (times) => Math.round([...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]);
const most = (times) => Math.round(Math.max(...times));

const real = await loom(["--no-microphone"]);
const chrome = await browser();
try {
  for (const name of ["live", "timeline", "pipeline", "topics", "settings", "health"]) {
    const found = [];
    for (let n = 0; n < TIMES; n++) found.push(await once(name));
    const [paint, answers] = [found.map((f) => f.paint), found.map((f) => f.answers)];
    const met = middle(paint) < PAINT_MS && middle(answers) < INTERACTIVE_MS;
    console.log(
      JSON.stringify({ page: name, first_paint_ms: middle(paint), worst_ms: most(paint), target_ms: PAINT_MS, interactive_ms: middle(answers), worst_interactive_ms: most(answers), target_interactive_ms: INTERACTIVE_MS, met }),
    );
  }
} finally {
  await chrome.close();
  await real.stop();
}

async function once(name) {
  const context = await chrome.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript((token) => sessionStorage.setItem("loom-token", token), real.token);
  const page = await context.newPage();
  await page.goto(`${real.url}/#${name}`, { waitUntil: "commit" });
  const answers = await page.evaluate(async () => {
    // The question mark opens the list of keys, on each page.
    for (;;) {
      if (document.querySelector("main")) dispatchEvent(new KeyboardEvent("keydown", { key: "?" }));
      if (document.querySelector("dialog[open], [role=dialog]")) return performance.now();
      await new Promise(requestAnimationFrame);
    }
  });
  // Told of a little after it was.
  const painted = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const paint = await painted.jsonValue();
  await context.close();
  return { paint, answers };
}
