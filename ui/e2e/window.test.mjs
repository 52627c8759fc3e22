// The real window, under a display of its own, driven by WebKit's own driver: it opens and shows the page.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";

const freePort = () =>
  new Promise((found) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

async function until(what, seconds, check) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const found = await check();
      if (found) return found;
    } catch (e) {
      last = e;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`${what}: not within ${seconds} s ${last ?? ""}`);
}

/** A display of its own; answers its name. */
async function display(t) {
  const x = spawn("Xvfb", ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => x.kill());
  const number = await new Promise((found, lost) => {
    x.stdout.once("data", (b) => found(String(b).trim()));
    x.once("error", lost);
  });
  return `:${number}`;
}

async function call(base, method, at, body) {
  const answer = await fetch(base + at, { method, body: body && JSON.stringify(body) });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${at}: ${value.error} ${value.message}`);
  return value;
}

test("the window opens on a new data folder with the first run", async (t) => {
  const data = await mkdtemp(path.join(tmpdir(), "loom-window-"));
  t.after(() => rm(data, { recursive: true, force: true }));
  const port = await freePort();
  const env = { ...process.env, DISPLAY: await display(t), LOOM_DATA_DIR: data, LOOM_PORT: "0", TAURI_WEBVIEW_AUTOMATION: "true", GDK_BACKEND: "x11" };
  delete env.WAYLAND_DISPLAY;
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], { env, stdio: "inherit" });
  t.after(() => driver.kill());
  const base = `http://127.0.0.1:${port}`;
  await until("the driver", 20, async () => (await call(base, "GET", "/status")).ready);
  const alwaysMatch = { "webkitgtk:browserOptions": { binary: process.env.LOOM_WINDOW, args: [] } };
  const { sessionId } = await call(base, "POST", "/session", { capabilities: { alwaysMatch } });
  const run = (script) => call(base, "POST", `/session/${sessionId}/execute/sync`, { script, args: [] });
  await until("the first run", 60, () => run("return !!document.querySelector('body.first main h1')"));
  assert.equal(await run("return document.title"), "Welcome · Loom");
  assert.match(await run("return document.querySelector('main').innerText"), /What you say becomes a timeline/);
  assert.equal(await run("return location.hash.includes('token')"), false);
  await call(base, "DELETE", `/session/${sessionId}`);
});

test("the program without a window links no WebKit", () => {
  const { stdout, status } = spawnSync("ldd", [process.env.LOOM], { encoding: "utf8" });
  assert.equal(status, 0);
  assert.ok(stdout.includes("libc.so") && !/webkit|libgtk/i.test(stdout));
});
