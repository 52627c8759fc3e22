// What every page has: the key, refusals, a Loom that is gone; then the whole of it with a real Loom.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FULL, capture } from "./given.mjs";
import { accessible, chromeForTests, loom, open, shot } from "./stage.mjs";

const held = chromeForTests();

test("without a token the page asks for it", async (t) => {
  const answers = { ...FULL, "/api/timeline": 401 };
  const { page, served } = await open(held, t, answers, { hash: "", quiet: true });
  await page.getByText("This page has no key to Loom").waitFor();
  await shot(page, "key");
  answers["/api/timeline"] = FULL["/api/timeline"];
  await page.getByLabel("Token").fill(" pasted-1 ");
  await page.getByRole("button", { name: "Open" }).click();
  await page.getByText("The earliest book").waitFor();
  assert.equal(served.asked.at(-1).token, "Bearer pasted-1");
});

test("what Loom refuses is told in its own words", async (t) => {
  const { page } = await open(held, t, { ...FULL, "/api/timeline": 503 }, { quiet: true });
  await page.getByText("The index is being rebuilt.").waitFor();
});

test("a Loom that is gone is missed, and back when it answers", async (t) => {
  const { page, served } = await open(held, t, FULL, { quiet: true });
  await page.getByText("The earliest book").waitFor();
  await served.stop();
  await page.getByText(/Loom does not answer/).waitFor();
  assert.equal(await page.getByText("The earliest book").count(), 1, "what was read stays");
  await shot(page, "lost");
  await served.again();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByText(/Loom does not answer/).waitFor({ state: "detached" });
});

test("a phone shows the same without scrolling sideways", async (t) => {
  const { page } = await open(held, t, FULL, { width: 390, height: 844 });
  const wider = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.getByText("The earliest book").click();
  await page.locator(".player").waitFor();
  assert.ok((await wider()) <= 0, "timeline");
  await shot(page, "timeline-phone");
  await page.getByRole("link", { name: "Pipeline" }).click();
  await page.locator(".road .stop").first().waitFor();
  assert.ok((await wider()) <= 0, "pipeline");
  await shot(page, "pipeline-phone");
});

test("the palette goes anywhere and does anything by a few letters", async (t) => {
  const answers = { ...FULL, "/api/capture": capture("listening"), "/api/capture/pause": capture("paused") };
  const { page, served } = await open(held, t, answers, { hash: "#timeline", token: true });
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  await accessible(page);
  await page.keyboard.type("tdt");
  await page.locator('[role=option][aria-selected="true"]', { hasText: "parakeet-tdt-consumer" }).waitFor();
  await shot(page, "palette");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.hash === "#pipeline/parakeet-tdt-consumer");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("pause");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Go on" }).waitFor();
  assert.ok(served.asked.some((a) => a.path === "/api/capture/pause"));
  await page.keyboard.press("Control+k");
  await page.keyboard.type("zzzz");
  await page.getByText("Nothing is called “zzzz”").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("combobox").waitFor({ state: "detached" });
});

test("keys go from page to page, help tells them, and none works in a field", async (t) => {
  const { page } = await open(held, t, { ...FULL, "/api/settings": { fields: [], restart_needed: false } }, { hash: "#timeline", token: true });
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await accessible(page);
  await shot(page, "help");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.locator("main.live").waitFor();
  assert.equal(await page.title(), "Live · Loom");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.getByRole("searchbox").fill("");
  await page.getByRole("searchbox").pressSequentially("gl?");
  assert.equal(await page.getByRole("searchbox").inputValue(), "gl?");
  assert.equal(await page.getByRole("dialog").count(), 0);
});

test("the skip link leads to the page, the menu to the rest", async (t) => {
  const { page } = await open(held, t, { ...FULL, "/api/settings": { fields: [], restart_needed: false } }, { hash: "#timeline", token: true });
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  assert.match(page.url(), /#timeline/);
  await page.getByRole("button", { name: "More" }).click();
  await accessible(page);
  await shot(page, "menu");
  await page.getByRole("menuitem", { name: "Settings" }).click();
  await page.locator("main.settings").waitFor();
});

test("with a real Loom: a recording goes in, its words are found and played", async (t) => {
  const real = await loom();
  t.after(real.stop);
  const context = await held.chrome.newContext({ viewport: { width: 1440, height: 900 } });
  t.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const complaints = [];
  page.on("console", (m) => m.type() === "error" && complaints.push(m.text()));
  await page.goto(`${real.url}/#token=${real.token}`);
  await page.getByText("What you say becomes a timeline").waitFor();
  await page.goto(`${real.url}/#timeline`);
  await page.locator("li.said", { hasText: /Dashwood/i }).waitFor({ timeout: 120_000 });
  await page.getByRole("searchbox").fill("leisure");
  await page.locator("mark", { hasText: /leisure/i }).waitFor();
  await page.locator("li.said").first().click();
  await page.locator("li.said.is-chosen").getByRole("button", { name: "Play" }).click();
  await page.locator(".said .at").waitFor();
  await shot(page, "real");
  await page.getByRole("link", { name: "Pipeline" }).click();
  await page.locator(".groups tbody tr", { hasText: "timeline-consumer" }).waitFor();
  assert.equal(await page.locator('.groups tr[data-state="down"]').count(), 0);
  await shot(page, "real-pipeline");
  assert.deepEqual(complaints, []);
});

test("with a real Loom: what is done in one tab shows in the other, and in a third", async (t) => {
  const real = await loom();
  t.after(real.stop);
  const context = await held.chrome.newContext({ viewport: { width: 1440, height: 900 } });
  t.after(() => context.close());
  await context.addInitScript((token) => sessionStorage.setItem("loom-token", token), real.token);
  const line = (page) => page.locator("li.said", { hasText: /Dashwood/i }).first();
  const tab = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(`${real.url}/#timeline`);
    await line(page).waitFor({ timeout: 120_000 });
    return page;
  };
  const [one, two, three] = [await tab(), await tab(), await tab()];
  await line(one).focus();
  await one.keyboard.press("s");
  for (const other of [two, three]) await line(other).getByText("starred", { exact: true }).waitFor({ state: "attached" });
  const id = await line(two).getAttribute("data-line");
  await line(two).focus();
  await two.keyboard.press("Delete");
  for (const other of [one, three]) await other.locator(`[data-line="${id}"]`).waitFor({ state: "detached" });
  await two.getByRole("button", { name: "Undo" }).click();
  for (const other of [one, two, three]) await other.locator(`[data-line="${id}"]`).waitFor();
});

test("the window that is closed for the first time says that Loom goes on", async (t) => {
  const answers = { ...FULL, "/api/capture": capture("listening"), "/api/window/close": {}, "/api/window/quit": {} };
  const { page, served } = await open(held, t, answers);
  await page.getByText("Listening", { exact: true }).first().waitFor();
  const asked = (tray) =>
    page.evaluate((detail) => dispatchEvent(new CustomEvent("loom-closing", { cancelable: true, detail })), tray);
  assert.equal(await asked(true), false, "it is heard");
  const dialog = page.getByRole("dialog", { name: "Closing the window" });
  await dialog.getByRole("heading", { name: "Loom keeps listening" }).waitFor();
  await dialog.getByText(/It is in the tray/).waitFor();
  await accessible(page);
  await shot(page, "closing");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.ok(!served.asked.some((a) => a.path.startsWith("/api/window/")), "who stays asks for nothing");
  for (const [name, wish] of [["Close the window", "close"], ["Quit Loom", "quit"]]) {
    await asked(false);
    await dialog.getByText(/Start Loom again/).waitFor();
    await dialog.getByRole("button", { name }).click();
    await dialog.waitFor({ state: "hidden" });
    const sent = served.asked.filter((a) => a.path === `/api/window/${wish}`);
    assert.deepEqual(sent.map((a) => a.method), ["POST"]);
  }
});
