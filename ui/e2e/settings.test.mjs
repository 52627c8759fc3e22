// Settings and health in a real browser, with given answers; devices with a real Loom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FULL } from "./given.mjs";
import { accessible, chromeForTests, open, shot, visit } from "./stage.mjs";

const held = chromeForTests();
const field = (key, group, title, control, value, more = {}) => ({
  key, group, title, about: `What ${title.toLowerCase()} is for.`, control, value, default: value, from: "default", restart: false, ...more,
});
const FIELDS = [
  field("microphone", "Listening", "Microphone", { kind: "switch" }, true),
  field("engine", "Listening", "Recogniser", { kind: "choice", choices: [{ value: "a", title: "Small" }, { value: "b", title: "Large" }] }, "a", { restart: true }),
  field("audio_bytes", "Sound", "Space for sound", { kind: "number", min: 1e9, max: 1e12, unit: "bytes" }, 21474836480),
  field("device_name", "Sound", "Name of this computer", { kind: "text", placeholder: "the host's name" }, ""),
  field("port", "Network", "Port", { kind: "number", min: 0, max: 65535, unit: "" }, 8600, { from: "environment" }),
];
const page_ = (restart_needed = false) => ({ fields: FIELDS, restart_needed });
const settings = (t, answers, more) => open(held, t, { ...FULL, "/api/settings": page_(), ...answers }, { hash: "#settings", token: true, ...more });

test("settings stand in groups, and a change is sent when it is made", async (t) => {
  const { page, served } = await settings(t, { "/api/settings": (r) => (r.method === "PATCH" ? page_("engine" in r.body) : page_()) });
  await page.getByRole("heading", { name: "Listening" }).waitFor();
  assert.deepEqual(await page.locator("section.sheet > h2").allInnerTexts(), ["This page", "Listening", "Sound", "Network"]);
  assert.equal(await page.getByLabel("Space for sound").inputValue(), "21.47");
  assert.ok(await page.getByLabel("Port").isDisabled());
  await page.getByText("Set by the environment").waitFor();
  await accessible(page);
  await shot(page, "settings");
  await page.getByRole("switch", { name: "Microphone" }).click();
  await page.getByText("Saved").waitFor();
  await page.getByLabel("Recogniser").selectOption("b");
  await page.getByText("Something you changed holds from the next start").waitFor();
  await page.getByLabel("Space for sound").fill("5");
  await page.getByLabel("Space for sound").press("Enter");
  await page.getByLabel("Name of this computer").fill("Desk «ü»");
  await page.getByLabel("Name of this computer").press("Enter");
  await page.waitForFunction(() => document.querySelectorAll(".row-of .faint").length === 4);
  const sent = served.asked.filter((a) => a.method === "PATCH").map((a) => a.body);
  assert.deepEqual(sent, [{ microphone: false }, { engine: "b" }, { audio_bytes: 5e9 }, { device_name: "Desk «ü»" }]);
});

test("what is wrong with a value stands under it", async (t) => {
  const { page } = await settings(t, { "/api/settings": (r) => (r.method === "PATCH" ? 503 : page_()) }, { quiet: true });
  await page.getByLabel("Space for sound").fill("many");
  await page.getByLabel("Space for sound").press("Enter");
  await page.getByText("Write a number.").waitFor();
  await page.getByRole("switch", { name: "Microphone" }).click();
  await page.getByText("The index is being rebuilt.").waitFor();
  await accessible(page);
  await shot(page, "settings-wrong");
});

test("colours are kept in this browser", async (t) => {
  const { page } = await settings(t, {});
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  await page.getByRole("button", { name: "Dark" }).click();
  assert.equal(await theme(), "dark");
  await shot(page, "settings-dark");
  await accessible(page);
  await page.reload();
  await page.getByRole("button", { name: "Dark" }).waitFor();
  assert.equal(await theme(), "dark");
  await page.getByRole("button", { name: "As the system" }).click();
  assert.equal(await theme(), undefined);
});

test("settings fit a phone", async (t) => {
  const { page } = await settings(t, {}, { width: 390, height: 844 });
  await page.getByLabel("Port").waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  await shot(page, "settings-phone");
});

const CHECKS = [
  { check: "microphone", state: "ok", message: "listening to “Desk microphone”", fix: null },
  { check: "dead letters", state: "warn", message: "3 records could not be taken by a stage", fix: "`loom dlq list` shows them with their reasons" },
  { check: "moonshine-tiny-en", state: "fail", message: "not there", fix: "run `loom models pull moonshine-tiny-en`", action: { title: "Fetch it", method: "POST", path: "/api/models/pull" } },
];

test("health says the worst first, and its button mends it", async (t) => {
  const answers = { ...FULL, "/api/doctor": { checks: CHECKS } };
  answers["/api/models/pull"] = () => (answers["/api/doctor"] = { checks: CHECKS.slice(0, 1) });
  const { page } = await open(held, t, answers, { hash: "#health", token: true });
  await page.getByText("1 check not well, 1 to watch, 3 in all.").waitFor();
  assert.deepEqual(await page.locator("li.row-of h2").allInnerTexts(), ["moonshine-tiny-en", "Dead letters", "Microphone"]);
  await page.getByText(/Last looked at \d\d:\d\d/).waitFor();
  await accessible(page);
  await shot(page, "health");
  await page.getByRole("button", { name: "Fetch it" }).click();
  await page.getByText("All is well: 1 check.").waitFor();
});

test("health that fails, and on a phone", async (t) => {
  const answers = { ...FULL, "/api/doctor": 503 };
  const { page } = await open(held, t, answers, { hash: "#health", token: true, quiet: true, width: 390, height: 844 });
  await page.getByText("The index is being rebuilt.").waitFor();
  answers["/api/doctor"] = { checks: CHECKS };
  await page.getByRole("button", { name: "Look again" }).click();
  await page.getByText("dead letters").waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  await shot(page, "health-phone");
});

test("with a real Loom: health tells of its devices and what links them, and a link is taken back and said again", async (t) => {
  const { real, page, send } = await visit(held, t, { words: ["--no-microphone"], patience: 60_000 });
  for (const id of ["phone-001", "phone-002"]) {
    await send("/device-identity/devices", { device_id: id, name: "Phone", device_type: "mobile_android", platform: "Android", model: "Pixel 8" });
  }
  await send("/sensor/light", { device_id: "watch", lux: 300 });
  await send("/device-identity/link", { device_ids: ["watch", "phone-001"], confidence_score: 0.6, evidence: "time", note: "worn while the phone moves" });
  await page.goto(`${real.url}/#health`);
  const devices = page.locator("section.devices li");
  await devices.filter({ hasText: "watch" }).getByText(/Last seen at \d\d:\d\d/).waitFor();
  assert.deepEqual(await devices.locator("h3").allInnerTexts(), ["This computer", "Phone", "Phone", "watch"]);
  const linked = page.getByRole("region", { name: "Devices of one person" }).locator("li");
  await linked.getByText("They are used at the same times, 60\u202f% sure. “worn while the phone moves” That is too little to count as one person's.").waitFor();
  await accessible(page);
  await shot(page, "real-health-devices");
  // The two phones look like one that was set up anew.
  await linked.getByRole("button", { name: "Link them" }).first().click();
  await linked.filter({ hasText: /Phone \(phone-00.\) and Phone \(phone-00.\)/ }).getByRole("button", { name: "Take back" }).waitFor();
  const watch = linked.filter({ hasText: "watch" });
  await watch.getByRole("button", { name: "Take back" }).click();
  await page.getByText("are not linked any more.").waitFor();
  await watch.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Undo" }).click();
  await watch.getByText("worn while the phone moves").waitFor();
  await page.setViewportSize({ width: 390, height: 844 });
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)) <= 0);
  await shot(page, "real-health-devices-phone");
});
