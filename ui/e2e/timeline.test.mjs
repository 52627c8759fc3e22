// The timeline in a real browser: each state with given answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FULL } from "./given.mjs";
import { chromeForTests, open, shot } from "./stage.mjs";

const held = chromeForTests();

test("a day's lines stand by the hour, masked words as their kind", async (t) => {
  const { page, served } = await open(held, t, FULL);
  await page.getByText("The earliest book").waitFor();
  assert.equal(await page.locator("h1").innerText(), "Tuesday 14 October 2025");
  assert.deepEqual(await page.locator("li.hour").allInnerTexts(), ["10:00", "11:00"]);
  assert.equal(await page.locator(".mask").innerText(), "card number");
  assert.ok(!(await page.locator("main").innerText()).includes("<CREDIT_CARD>"));
  assert.ok(served.asked.every((a) => a.token === "Bearer abc-123"));
  assert.ok(!page.url().includes("abc-123"), "the token does not stay in the address");
  const day = served.asked.find((a) => a.query.get("from"));
  assert.equal(day.query.get("from"), "2025-10-14T00:00:00Z");
  assert.equal(day.query.get("to"), "2025-10-15T00:00:00Z");
  await shot(page, "timeline");
});

test("a line plays and its words light up as they are heard", async (t) => {
  const { page, served } = await open(held, t, FULL);
  await page.getByText("The earliest book").click();
  await page.getByRole("button", { name: "Play" }).click();
  await page.locator(".said .at").waitFor();
  const first = await page.locator(".said .at").innerText();
  await page.waitForFunction((f) => document.querySelector(".said .at")?.textContent !== f, first);
  await shot(page, "playing");
  assert.equal(served.asked.find((a) => a.path.endsWith("/audio")).token, "Bearer abc-123");
  await page.getByRole("slider").focus();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".player").count(), 0);
});

test("a search marks what it found and leads to its day", async (t) => {
  const { page, served } = await open(held, t, FULL);
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("printed & more");
  assert.equal(await page.locator("mark").innerText(), "printed");
  assert.equal(served.asked.find((a) => a.path.endsWith("/search")).query.get("q"), "printed & more");
  await shot(page, "found");
  await page.locator("li.said").first().click();
  await page.locator("li.said.is-chosen").waitFor();
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
});

test("a search without a hit and an empty timeline say so", async (t) => {
  const { page } = await open(held, t, { ...FULL, "/api/timeline": { lines: [] }, "/api/timeline/search": { hits: [], capped: false } }, { hash: "#timeline", token: true });
  await page.getByText("Nothing woven yet").waitFor();
  await page.getByRole("searchbox").fill("turnips");
  await page.getByText("No line has “turnips”").waitFor();
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Nothing woven yet").waitFor();
});

test("days turn, and not beyond today", async (t) => {
  const { page, served } = await open(held, t, FULL);
  await page.getByText("The earliest book").waitFor();
  await page.keyboard.press("[");
  await page.getByText("Monday 13 October 2025").waitFor();
  await page.keyboard.press("]");
  await page.getByText("Tuesday 14 October 2025").waitFor();
  assert.ok(served.asked.some((a) => a.query.get("from") === "2025-10-13T00:00:00Z"));
});
