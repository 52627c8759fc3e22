// The real window, on a desktop of its own: what it shows, what closing, starting again, keys and the end of a session do to it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { children, desktop, driven, exe, until } from "./desktop.mjs";

test("a new owner is welcomed, reads in the window what was said, and closes it without ending Loom", async (t) => {
  const desk = await desktop(t);
  const page = await driven(t, desk);
  await until("the first run", () => page.run("return !!document.querySelector('body.first main h1')"));
  assert.equal(await page.run("return document.title"), "Welcome · Loom");
  assert.match(await page.text("main"), /What you say becomes a timeline/);
  assert.equal(await page.run("return location.hash.includes('token')"), false);
  assert.equal(await page.run("return typeof window.__TAURI__"), "undefined");
  assert.equal(await page.run("return window.loom_window"), true, "its page may end it");

  const { pid } = desk.address();
  assert.equal(exe(pid), "loom-window");
  assert.ok(!children(pid).includes("loom"), "one process is window and Loom");
  await desk.hears("listening");
  await page.run("location.hash = '#live'");
  const player = desk.play(process.env.LOOM_SAMPLE);
  t.after(() => player.kill());
  const line = await until("a line is written", async () => (await desk.ask("GET", "/api/timeline")).lines[0], 120);
  await until("the window shows it", async () => (await page.text("main")).includes(line.text));

  // One line is chosen and stays it, whatever is written meanwhile.
  await page.run("location.hash = '#timeline'");
  await until("a line", () => page.run("const line = document.querySelector('li.said'); line?.click(); return !!line"));
  const pressed = "const b = document.querySelector('.player .solid:enabled'); b?.click(); return !!b";
  await until("its sound is there", () => page.run(pressed));
  await until("it is heard", async () => Number.parseFloat(await page.text(".player .num")) > 0.5);
  assert.equal(await desk.finding("playing"), undefined);
  await page.run(pressed);

  await desk.ask("POST", "/api/window/close");
  await until("it says that Loom goes on", async () => /Loom keeps listening/.test(await page.text("dialog.closing")));
  assert.match(await page.text("dialog.closing"), /Start Loom again/, "no tray is promised where there is none");
  if (process.env.LOOM_SHOTS) writeFileSync(path.join(process.env.LOOM_SHOTS, "window-closing.png"), await page.shot());
  assert.ok(desk.seen(), "it is still there to be read");
  await page.press("Close the window");
  await until("the window is gone", () => !desk.seen());
  await desk.hears("listening");
  assert.equal(desk.kept().told, true);

  assert.equal(await desk.start().ended, 0, "a second start ends well");
  await until("and shows the first one's window", () => desk.seen());
  assert.equal(desk.address().pid, pid);
  await desk.ask("POST", "/api/window/close");
  await until("it is said once", () => !desk.seen());
  await desk.ask("POST", "/api/window/quit");
  await until("Loom has ended", () => !children(process.pid).includes("loom-window"));
});

test("it comes back where it was, after SIGTERM too", async (t) => {
  const desk = await desktop(t);
  const first = await desk.started();
  const id = await until("the window", () => desk.seen());
  desk.xdotool("windowsize", id, "700", "560"), desk.xdotool("windowmove", id, "210", "120");
  const place = { x: 210, y: 120, width: 700, height: 560 };
  await until("it stands there", () => JSON.stringify(desk.place()) === JSON.stringify(place));
  await desk.ask("POST", "/api/window/show");
  await desk.hears("listening");
  first.kill("SIGTERM");
  assert.equal(await first.ended, 0);
  assert.deepEqual(desk.kept().bounds, place);
  const second = await desk.started();
  await until("it stands where it was", () => desk.seen() && JSON.stringify(desk.place()) === JSON.stringify(place));
  second.kill("SIGTERM");
  assert.equal(await second.ended, 0);
  writeFileSync(path.join(desk.data, "window.json"), JSON.stringify({ bounds: { ...place, x: 5000 } }));
  const third = await desk.started();
  await until("what cannot be seen is put where it can", () => desk.seen() && desk.place().x < 1280);
  await desk.ask("POST", "/api/window/quit");
  assert.equal(await third.ended, 0);
});

test("a key pauses and resumes, and one that is taken is said", async (t) => {
  const desk = await desktop(t);
  await desk.started();
  await desk.hears("listening");
  const wrong = await desk.ask("PATCH", "/api/settings", { hotkey: "L" });
  assert.equal(wrong.status, 422, "what people type stays theirs");
  assert.equal((await desk.ask("PATCH", "/api/settings", { hotkey: "ctrl+alt+l" })).status, 200);
  await until("the key is held", async () => (await desk.finding("hotkey"))?.state === "ok");
  assert.match((await desk.finding("hotkey")).message, /^Ctrl\+Alt\+L pauses/);
  desk.xdotool("key", "ctrl+alt+l");
  await desk.hears("paused");
  desk.xdotool("key", "ctrl+alt+l");
  await desk.hears("listening");

  const other = await desktop(t);
  Object.assign(other.env, { DISPLAY: desk.env.DISPLAY, LOOM_HOTKEY: "Ctrl+Alt+L" });
  await other.started(["--hidden"]);
  await until("it is said that it is taken", async () => /another program has Ctrl\+Alt\+L/.test((await other.finding("hotkey"))?.message));

  assert.equal((await desk.ask("PATCH", "/api/settings", { hotkey: null })).status, 200);
  await until("it is let go", async () => !(await desk.finding("hotkey")));
});

test("a system without the plugin that playing takes is told so", async (t) => {
  const desk = await desktop(t);
  const none = { GST_PLUGIN_SYSTEM_PATH_1_0: desk.data, GST_REGISTRY_1_0: path.join(desk.data, "plugins") };
  await desk.started(["--hidden"], undefined, none);
  const found = await until("it is said", () => desk.finding("playing"));
  assert.match(found.fix, /gstreamer1.0-plugins-bad/);
});

test("it starts with the session only when asked to, and hidden", async (t) => {
  const desk = await desktop(t);
  const first = await desk.started(["--hidden"]);
  await until("there is no tray, and that is said", async () => /shows no tray/.test((await desk.finding("tray"))?.message));
  assert.equal(desk.seen(), "", "hidden is hidden");
  assert.deepEqual(desk.autostart(), []);
  assert.equal((await desk.ask("PATCH", "/api/settings", { autostart: true })).status, 200);
  const [entry] = await until("it is set", () => desk.autostart().length === 1 && desk.autostart());
  assert.match(entry, new RegExp(`^Exec="${process.env.LOOM_WINDOW}" --data-dir "${desk.data}" --hidden$`, "m"));
  assert.equal((await desk.ask("PATCH", "/api/settings", { autostart: false })).status, 200);
  await until("it is no more", () => desk.autostart().length === 0);

  assert.equal(await desk.start(["--hidden"]).ended, 0);
  assert.equal(desk.seen(), "", "a second hidden start shows nothing either");
  assert.equal(await desk.start().ended, 0);
  await until("started again it is seen", () => desk.seen());
  await desk.ask("POST", "/api/window/quit");
  assert.equal(await first.ended, 0);
});

test("a Loom without a window is shown, and goes on when that is closed", async (t) => {
  const desk = await desktop(t);
  const served = await desk.started(["serve"], process.env.LOOM);
  assert.equal((await desk.ask("POST", "/api/window/show")).status, 404);
  const shown = desk.start();
  await until("its window", () => desk.seen());
  assert.equal(desk.address().pid, served.pid);
  shown.kill("SIGTERM");
  await shown.ended;
  await desk.hears("listening");
  served.kill("SIGTERM");
  assert.equal(await served.ended, 0);
});

test("`loom` alone opens the window, on another port where its own is taken", async (t) => {
  const desk = await desktop(t);
  const squatter = net.createServer((s) => s.end()).listen(0, "127.0.0.1");
  t.after(() => squatter.close());
  await new Promise((done) => squatter.once("listening", done));
  const { port } = squatter.address();
  const first = await desk.started([], process.env.LOOM, { LOOM_PORT: String(port) });
  await until("the window", () => desk.seen());
  assert.equal(exe(desk.address().pid), "loom-window");
  assert.equal(desk.address().pid, first.pid, "signals reach it");
  const said = await desk.finding("port");
  assert.equal(said.state, "warn");
  assert.ok(said.message.includes(`port ${port} is taken`) && said.message.includes(desk.address().url), said.message);
  await desk.ask("POST", "/api/window/quit");
  assert.equal(await first.ended, 0);
});

test("what keeps Loom from opening is said in one plain sentence", async (t) => {
  const desk = await desktop(t);
  writeFileSync(path.join(desk.data, "settings.toml"), "port = \"<b>many</b>\"\n");
  const page = await driven(t, desk);
  const text = await until("a sentence", async () => (await page.run("return document.querySelector('[role=alert]')?.innerText")) || "");
  assert.match(text, /settings\.toml, line 1: port must be a number/);
  assert.doesNotMatch(text, /many/);
});

test("the program without a window links no WebKit", () => {
  const { stdout, status } = spawnSync("ldd", [process.env.LOOM], { encoding: "utf8" });
  assert.equal(status, 0);
  assert.ok(stdout.includes("libc.so") && !/webkit|libgtk/i.test(stdout));
});
