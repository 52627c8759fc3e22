// What the browser tests share: a server with the pages and given answers, a real Loom, a browser.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { sockets } from "./socket.mjs";

const HERE = path.dirname(new URL(import.meta.url).pathname);
export const DIST = process.env.LOOM_UI_DIR ?? path.join(HERE, "../dist");
const TYPES = { html: "text/html", js: "text/javascript", css: "text/css", wasm: "application/wasm" };
// As strict as Loom's own: what the pages need beyond it would break there.
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; " +
  "media-src 'self' blob:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The browser of a test file, opened before its tests and closed after them. */
export function chromeForTests() {
  const held = {};
  before(async () => (held.chrome = await browser()));
  after(() => held.chrome.close());
  return held;
}

export async function browser() {
  const executablePath = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find(existsSync);
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"] });
}

/**
 * Serves the pages; `answers` maps a path to what is sent: an object (JSON), a Buffer (WAV), a number (status), or a function
 * of the request that gives one of these, now or later. `/ws` maps to a function of what a page says there and a way to tell it something.
 */
export async function pages(answers) {
  const asked = [];
  const server = http.createServer(async (request, response) => {
    const url = new URL(request.url, "http://localhost");
    if (url.pathname === "/healthz") return answer(response, { status: "ok" });
    if (url.pathname.startsWith("/api/") || url.pathname in answers) {
      const one = { method: request.method, path: url.pathname, query: url.searchParams, token: request.headers.authorization, body: await body(request) };
      asked.push(one);
      const given = answers[url.pathname];
      return answer(response, typeof given === "function" ? await given(one) : given);
    }
    const name = url.pathname === "/" ? "index.html" : url.pathname.replace(/^\/ui\//, "");
    try {
      const bytes = await readFile(path.join(DIST, path.normalize(name)));
      response.writeHead(200, { "Content-Type": TYPES[name.split(".").pop()] ?? "text/plain", "Content-Security-Policy": POLICY });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  const ws = sockets(server, (said, tell) => answers["/ws"]?.(said, tell));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  const stop = () => new Promise((done) => (ws.drop(), server.closeAllConnections(), server.close(done)));
  const again = () => new Promise((done) => server.listen(port, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${port}`, asked, ws, stop, again };
}

/** What was sent, as JSON where it is that. */
async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const bytes = Buffer.concat(parts);
  return /json/.test(request.headers["content-type"] ?? "") ? JSON.parse(bytes) : bytes;
}

function answer(response, given) {
  if (typeof given === "number" || given === undefined) {
    const status = given ?? 404;
    response.writeHead(status, { "Content-Type": "application/problem+json" });
    return response.end(JSON.stringify({ title: "Not now", detail: "The index is being rebuilt.", status }));
  }
  const sound = Buffer.isBuffer(given);
  response.writeHead(200, { "Content-Type": sound ? "audio/wav" : "application/json" });
  response.end(sound ? given : JSON.stringify(given));
}

/** So many seconds of silence, 16 kHz mono. */
export function wav(seconds) {
  const samples = Math.round(16000 * seconds);
  const b = Buffer.alloc(44 + samples * 2);
  b.write("RIFF", 0), b.writeUInt32LE(36 + samples * 2, 4), b.write("WAVEfmt ", 8);
  b.writeUInt32LE(16, 16), b.writeUInt16LE(1, 20), b.writeUInt16LE(1, 22), b.writeUInt32LE(16000, 24);
  b.writeUInt32LE(32000, 28), b.writeUInt16LE(2, 32), b.writeUInt16LE(16, 34);
  b.write("data", 36), b.writeUInt32LE(samples * 2, 40);
  return b;
}

/**
 * A real Loom; without other words for it, one that takes in the recording which comes with the project. Its folder is made
 * for it and goes with it, unless one is named. `around`: more of its environment.
 */
export async function loom(words = ["--input", process.env.LOOM_SAMPLE], named = null, around = {}) {
  const data = named ?? (await mkdtemp(path.join(tmpdir(), "loom-e2e-")));
  const env = { ...process.env, ...around, LOOM_DATA_DIR: data, LOOM_PORT: "0", LOOM_UI_DIR: DIST };
  const child = spawn(process.env.LOOM, ["serve", ...words], { env, stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((found, lost) => {
    let said = "";
    child.stdout.on("data", (b) => {
      said += b;
      const address = /listening on (http:\S+)/.exec(said);
      if (address) found(address[1]);
    });
    child.on("exit", (code) => lost(new Error(`loom serve ended with ${code}`)));
    child.on("error", lost);
  });
  const token = (await readFile(path.join(data, "api-token"), "utf8")).trim();
  const stop = async () => {
    const ended = child.exitCode !== null || new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
    if (!named) await rm(data, { recursive: true, force: true });
  };
  return { url, token, data, stop };
}

/** Opens a page on given answers; fails the test for whatever the console complains of. `clock`: its time can be moved on. */
export async function open(held, t, answers, { hash = "#token=abc-123", token = false, width = 1440, height = 900, quiet = false, clock = false } = {}) {
  const served = await pages(answers);
  const context = await held.chrome.newContext({ viewport: { width, height }, timezoneId: "UTC", locale: "en-GB" });
  // A page that is opened at a place has its token already.
  if (token) await context.addInitScript(() => sessionStorage.setItem("loom-token", "abc-123"));
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  if (clock) await page.clock.install();
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

/** A real Loom, and a page whose owner is let in; `send` brings it something. */
export async function visit(held, t, { words, around, patience = 10_000 } = {}) {
  const real = await loom(words, null, around);
  t.after(real.stop);
  const context = await held.chrome.newContext({ viewport: { width: 1440, height: 900 } });
  t.after(() => context.close());
  await context.addInitScript((token) => sessionStorage.setItem("loom-token", token), real.token);
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const send = async (to, data) => {
    const sent = await context.request.post(real.url + to, { headers: { Authorization: `Bearer ${real.token}` }, data });
    assert.ok(sent.ok(), await sent.text());
  };
  return { real, context, page, send };
}

/** Waits for a condition of this side; whoever waits in vain is told for what. */
export async function until(what, check, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  while (!(await check())) {
    assert.ok(Date.now() < end, `not within ${seconds} s: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/**
 * What is measured, at its best of up to three tries. On two processors with other work a measurement says now and then how
 * busy they are, not how fast the page is; a page that is too slow is so each time. What is asked of it stays the same.
 */
export async function atBest(t, measure, isEnough) {
  for (let tries = 1; ; tries++) {
    const found = await measure();
    t.diagnostic(JSON.stringify(found, (_, v) => (typeof v === "number" ? Math.round(v * 10) / 10 : v)));
    if (tries === 3 || isEnough(found)) return found;
  }
}

const AXE = readFile(path.join(HERE, "../node_modules/axe-core/axe.min.js"), "utf8");

/** Nothing serious or critical stands between what the page shows and a person who hears or tabs it. */
export async function accessible(page) {
  // What still moves is half transparent, and would be judged so.
  await page.evaluate(async () => {
    const ends = document.getAnimations().filter((a) => a.effect.getComputedTiming().endTime < 5000);
    await Promise.all(ends.map((a) => a.finished.catch(() => {})));
  });
  await page.evaluate(await AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const bad = violations.filter((v) => ["serious", "critical"].includes(v.impact));
  assert.deepEqual(bad.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join("; ")}`), []);
}

/** A picture for whoever looks, where a folder is named for it. */
export const shot = (page, name) => process.env.LOOM_SHOTS && page.screenshot({ path: `${process.env.LOOM_SHOTS}/${name}.png` });
