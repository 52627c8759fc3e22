// The pipeline in a real browser: each state with given answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FULL } from "./given.mjs";
import { chromeForTests, open, shot } from "./stage.mjs";

const held = chromeForTests();

test("the pipeline shows groups worst first, topics and a graph", async (t) => {
  const { page } = await open(held, t, FULL);
  await page.getByRole("link", { name: "Pipeline" }).click();
  await page.locator(".groups tbody tr").first().waitFor();
  assert.deepEqual(await page.locator(".groups tbody th").allInnerTexts(), ["timeline-consumer", "parakeet-tdt-consumer", "silero-vad-consumer"]);
  assert.deepEqual((await page.locator(".groups tbody .state").allInnerTexts()).map((s) => s.trim()), ["down", "behind", "ok"]);
  assert.equal(await page.locator(".topics-table tbody td").nth(1).innerText(), "18\u202f249");
  assert.equal(await page.locator(".knot").count(), 6);
  assert.equal(await page.locator(".wall").count(), 1);
  await page.getByPlaceholder("Find a topic or group").fill("silero");
  assert.equal(await page.locator(".groups tbody tr").count(), 1);
  await page.getByPlaceholder("Find a topic or group").fill("");
  await shot(page, "pipeline");
});

test("an empty log is no error", async (t) => {
  const empty = { "/api/groups": { groups: [] }, "/api/topics": { topics: [] }, "/api/kafka/structure": { producers: [], topics: [], consumers: [], flows: [] } };
  const { page } = await open(held, t, { ...FULL, ...empty });
  await page.getByRole("link", { name: "Pipeline" }).click();
  await page.getByText("No records yet").waitFor();
});
