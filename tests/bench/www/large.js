// A history of 100,000 items under a reader's hands.
import { choose, newPage, open, settled } from "../../browser/browser.js";
import { scenarios } from "../../browser/fixtures.js";
import { atMost, told } from "./figure.js";
import { quantile, watch } from "./reader.js";

const ms = { unit: "ms", digits: 1 };

export async function large({ browser, url, isQuick }) {
  const frames = isQuick ? 120 : 480;
  const { context, page } = await newPage(browser);
  await page.addInitScript(watch);
  await open(page, url);
  await choose(page, (await scenarios()).find(({ id }) => /hundred/.test(id)).id);
  await page.waitForTimeout(1000);
  await page.evaluate(() => (globalThis.seen.long = []));

  const scrubbing = await scrubbed(page, frames);
  await page.getByLabel("Show", { exact: true }).selectOption("kept");
  const choosing = await scrubbed(page, frames);
  await page.getByLabel("Show", { exact: true }).selectOption("all");
  const edits = await edited(page, isQuick ? 10 : 40);
  const lanes = await painted(page, frames);
  const { long } = await page.evaluate(() => globalThis.seen);
  const heap = await heapOf(context, page);
  await context.close();
  return [
    told(`scrubbing, ${frames} frames: p50`, quantile(scrubbing, 0.5), ms),
    atMost("scrubbing: p95", quantile(scrubbing, 0.95), 20, ms),
    told("scrubbing: p99", quantile(scrubbing, 0.99), ms),
    told("scrubbing with “Kept now”, rows chosen anew in each frame: p50", quantile(choosing, 0.5), ms),
    atMost("scrubbing with “Kept now”: p95", quantile(choosing, 0.95), 20, ms),
    atMost(`painting the lanes, ${lanes.length} times: p95`, quantile(lanes, 0.95), 2, ms),
    atMost(`from a changed TTL to a painted verdict, ${edits.length} times: p50`, quantile(edits, 0.5), 100, ms),
    told("from a changed TTL to a painted verdict: p95", quantile(edits, 0.95), ms),
    atMost("tasks of more than 50 ms during all of this", long.length, 0),
    ...(long.length > 0 ? [told("the longest of them", Math.max(...long), { unit: "ms" })] : []),
    atMost("JavaScript heap of the page, with the columns, after all of this", heap.before, 80, { unit: "MB" }),
    told("the same after a collection", heap.after, { unit: "MB" }),
  ];
}

/** The time of each frame, while the instant moves through the whole history. */
const scrubbed = (page, frames) =>
  page.evaluate(async (count) => {
    const range = document.querySelector("#scrubber");
    const [from, to] = [Number(range.min), Number(range.max)];
    const times = [];
    let last = await new Promise(requestAnimationFrame);
    for (let frame = 0; frame < count; frame += 1) {
      range.value = String(from + ((to - from) * frame) / count);
      range.dispatchEvent(new Event("input", { bubbles: true }));
      const now = await new Promise(requestAnimationFrame);
      times.push(now - last);
      last = now;
    }
    return times;
  }, frames);

/** The time from each change of the TTL to the frame after the one that shows its verdict. */
async function edited(page, turns) {
  const times = [];
  for (let turn = 0; turn < turns; turn += 1) {
    times.push(await page.evaluate(async (days) => {
      const input = document.querySelector("#ttl-a");
      const card = document.querySelector(".verdict[data-side=a]");
      const start = performance.now();
      input.value = String(days);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      while (!card.textContent.includes(`TTL ${days} day`)) await new Promise(requestAnimationFrame);
      // What was asked for in the frame's callback runs when the frame is painted.
      await new Promise((done) => setTimeout(done));
      return performance.now() - start;
    }, 2 + (turn % 12)));
    await settled(page);
  }
  return times;
}

/** The time of each painting of the lanes, while they are scrolled. */
async function painted(page, frames) {
  await page.evaluate(() => (globalThis.seen.lanes = []));
  return page.evaluate(async (count) => {
    const lanes = document.querySelector(".lanes");
    for (let frame = 0; frame < count; frame += 1) {
      lanes.scrollTop = (lanes.scrollHeight * frame) / count;
      await new Promise(requestAnimationFrame);
    }
    await new Promise((done) => setTimeout(done, 100));
    return globalThis.seen.lanes;
  }, frames);
}

/** In MB. Columns are kept beside the heap, and belong to it all the same. */
async function heapOf(context, page) {
  const session = await context.newCDPSession(page);
  const used = async () => {
    const { usedSize, backingStorageSize = 0 } = await session.send("Runtime.getHeapUsage");
    return (usedSize + backingStorageSize) / 1e6;
  };
  const before = await used();
  await session.send("HeapProfiler.collectGarbage");
  return { before, after: await used() };
}
