// A sound server of the test's own, in a folder of its own: what is played into its sink comes out of a microphone.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { until } from "./stage.mjs";

export async function pulse(t) {
  const home = await mkdtemp(path.join(tmpdir(), "loom-sound-"));
  const run = path.join(home, "run");
  await mkdir(run, { mode: 0o700 });
  const socket = path.join(run, "pulse/native");
  const around = { XDG_RUNTIME_DIR: run, PULSE_RUNTIME_PATH: path.join(run, "pulse"), PULSE_SERVER: `unix:${socket}` };
  const env = { ...process.env, ...around };
  const words = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit", "--use-pid-file=no", "--log-level=error"];
  const modules = ["module-null-sink sink_name=room rate=16000 channels=1 format=s16le", `module-native-protocol-unix socket=${socket} auth-anonymous=1`];
  const server = spawn("pulseaudio", [...words, ...modules.flatMap((m) => ["-L", m])], { env: { ...env, HOME: home }, stdio: "ignore" });
  const players = [];
  t.after(async () => {
    for (const one of [...players, server]) one.kill("SIGKILL");
    await rm(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const pactl = async (...args) => (await promisify(execFile)("pactl", args, { env })).stdout;
  const answers = () => pactl("info").then(() => true, () => false);
  await until("the sound server answers", answers, 60);
  await pactl("set-default-sink", "room");
  await pactl("set-default-source", "room.monitor");
  return {
    around,
    /** Plays a recording, as long as it lasts. */
    play(file) {
      const player = spawn("paplay", [file], { env, stdio: "ignore" });
      player.on("error", (e) => assert.fail(`paplay: ${e}`));
      players.push(player);
      return player;
    },
    /** Whether someone listens. */
    listened: async () => (await pactl("list", "short", "source-outputs")).trim() !== "",
  };
}
