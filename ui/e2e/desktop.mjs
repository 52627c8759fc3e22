// A desktop of the test's own: a display, a room with a microphone in it, a folder for settings, and the window on it.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import net from "node:net";
import path from "node:path";

export const freePort = () =>
  new Promise((found) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => found(port));
    });
  });

/** Waits for it; what waits in vain says for what. */
export async function until(what, check, seconds = 60) {
  const end = Date.now() + seconds * 1000;
  let last = "";
  while (Date.now() < end) {
    try {
      const found = await check();
      if (found) return found;
    } catch (e) {
      last = e;
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error(`in vain: ${what} ${last}`);
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

/** A sound server of its own: what is played into its sink comes out of a microphone. */
async function room(t, runtime) {
  const socket = path.join(runtime, "pulse/native");
  const env = { PULSE_RUNTIME_PATH: path.join(runtime, "pulse"), PULSE_SERVER: `unix:${socket}` };
  const words = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no", "--log-level=error"];
  words.push("-L", "module-null-sink sink_name=room rate=16000 channels=1 format=s16le");
  words.push("-L", `module-native-protocol-unix socket=${socket} auth-anonymous=1`);
  const all = { ...process.env, ...env, XDG_RUNTIME_DIR: runtime, HOME: runtime };
  const server = spawn("pulseaudio", words, { env: all, stdio: "ignore" });
  t.after(() => server.kill());
  const pactl = (...words) => spawnSync("pactl", words, { env: all }).status === 0;
  await until("the sound server answers", () => pactl("info"));
  pactl("set-default-sink", "room"), pactl("set-default-source", "room.monitor");
  return env;
}

export async function desktop(t) {
  const home = await mkdtemp(path.join(tmpdir(), "loom-desktop-"));
  t.after(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));
  const [data, config, runtime] = ["data", "config", "run"].map((name) => path.join(home, name));
  for (const folder of [data, config, runtime]) await mkdir(folder, { mode: 0o700 });
  const env = { ...process.env, DISPLAY: await display(t), XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: config, XDG_SESSION_TYPE: "x11", GDK_BACKEND: "x11" };
  Object.assign(env, await room(t, runtime), { LOOM_DATA_DIR: data, LOOM_PORT: "0", LOOM_KEYS: "file", NO_AT_BRIDGE: "1" });
  delete env.WAYLAND_DISPLAY, delete env.DBUS_SESSION_BUS_ADDRESS;
  return new Desktop(t, env, data, config);
}

class Desktop {
  constructor(t, env, data, config) {
    Object.assign(this, { t, env, data, config });
  }

  /** Starts the window, or another program, on this desktop. */
  start(words = [], program = process.env.LOOM_WINDOW, more = {}) {
    const child = spawn(program, words, { env: { ...this.env, ...more }, stdio: ["ignore", "ignore", "inherit"] });
    child.ended = new Promise((done) => child.once("exit", (code, signal) => done(signal ?? code)));
    this.t.after(() => child.exitCode ?? child.kill("SIGKILL"));
    return child;
  }
  /** The same, once it answers. */
  async started(words, program, more) {
    const child = this.start(words, program, more);
    const dead = child.ended.then((how) => {
      throw new Error(`it ended with ${how} before it answered`);
    });
    await Promise.race([until("Loom answers", () => this.ask("GET", "/api/capture")), dead]);
    return child;
  }

  address() {
    return JSON.parse(readFileSync(path.join(this.data, "address"), "utf8"));
  }
  async ask(method, at, body) {
    const token = (await readFile(path.join(this.data, "api-token"), "utf8")).trim();
    const headers = { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) };
    const answer = await fetch(this.address().url + at, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, ...(text && JSON.parse(text)) };
  }
  /** What the doctor says under a name. */
  async finding(name) {
    const { checks } = await this.ask("GET", "/api/doctor");
    return checks.find((c) => c.check === name);
  }
  hears(state) {
    return until(`the microphone is ${state}`, async () => (await this.ask("GET", "/api/capture")).state === state);
  }
  play(file) {
    return spawn("paplay", [file], { env: this.env, stdio: "ignore" });
  }

  xdotool(...words) {
    const { stdout, status, error } = spawnSync("xdotool", words, { env: this.env, encoding: "utf8" });
    if (error) throw error;
    return status === 0 ? stdout.trim() : "";
  }
  /** The window that can be seen, if there is one. */
  seen() {
    return this.xdotool("search", "--onlyvisible", "--name", "Loom$").split("\n")[0];
  }
  place() {
    const shell = this.xdotool("getwindowgeometry", "--shell", this.seen());
    const of = (name) => Number(new RegExp(`^${name}=(-?\\d+)$`, "m").exec(shell)?.[1]);
    return { x: of("X"), y: of("Y"), width: of("WIDTH"), height: of("HEIGHT") };
  }
  kept() {
    return JSON.parse(readFileSync(path.join(this.data, "window.json"), "utf8"));
  }
  autostart() {
    const folder = path.join(this.config, "autostart");
    return existsSync(folder) ? readdirSync(folder).map((name) => readFileSync(path.join(folder, name), "utf8")) : [];
  }
}

/** Names of the programs that a process started, and those started. */
export function children(pid) {
  const all = readdirSync("/proc").filter((n) => /^\d+$/.test(n)).flatMap((n) => {
    try {
      const fields = readFileSync(`/proc/${n}/stat`, "utf8").split(") ").pop().split(" ");
      return [{ pid: Number(n), parent: Number(fields[1]), name: path.basename(readlinkSync(`/proc/${n}/exe`)) }];
    } catch {
      return []; // It has ended meanwhile.
    }
  });
  const of = (parent) => all.filter((p) => p.parent === parent).flatMap((p) => [p.name, ...of(p.pid)]);
  return of(pid);
}

export const exe = (pid) => path.basename(readlinkSync(`/proc/${pid}/exe`));

/** The window, driven by WebKit's own driver. */
export async function driven(t, desk) {
  const port = await freePort();
  const env = { ...desk.env, TAURI_WEBVIEW_AUTOMATION: "true" };
  const driver = spawn("WebKitWebDriver", [`--port=${port}`], { env, stdio: "inherit" });
  t.after(() => driver.kill());
  const call = async (method, at, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${at}`, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${method} ${at}: ${value.error} ${value.message}`);
    return value;
  };
  await until("the driver", async () => (await call("GET", "/status")).ready);
  const alwaysMatch = { "webkitgtk:browserOptions": { binary: process.env.LOOM_WINDOW, args: [] } };
  const { sessionId } = await call("POST", "/session", { capabilities: { alwaysMatch } });
  const run = (script) => call("POST", `/session/${sessionId}/execute/sync`, { script, args: [] });
  const text = (of = "body") => run(`return document.querySelector(${JSON.stringify(of)})?.innerText ?? ""`);
  /** Presses the button of this name, once it is there. */
  const press = (name) =>
    until(name, () => run(`const b = [...document.querySelectorAll("button")].find((b) => b.innerText.trim() === ${JSON.stringify(name)} && b.checkVisibility()); b?.click(); return !!b`));
  const shot = async (file) => Buffer.from(await call("GET", `/session/${sessionId}/screenshot`), "base64");
  return { run, text, press, shot, end: () => call("DELETE", `/session/${sessionId}`) };
}
