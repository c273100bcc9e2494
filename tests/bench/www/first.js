// How long a reader waits for the first verdict, and how much the page jumps meanwhile.
import { newPage } from "../../browser/browser.js";
import { atMost, told } from "./figure.js";
import { quantile, watch } from "./reader.js";

export async function firstVerdict({ browser, url, isQuick }) {
  const loads = [];
  for (let turn = 0; turn < (isQuick ? 3 : 11); turn += 1) loads.push(await load(browser, url));
  const times = loads.map(({ verdict }) => verdict);
  return [
    atMost(`from navigation to a painted verdict, median of ${loads.length}`, quantile(times, 0.5), 1500, { unit: "ms" }),
    atMost("the slowest of them", Math.max(...times), 1500, { unit: "ms" }),
    atMost("cumulative layout shift, the largest", Math.max(...loads.map(({ shift }) => shift)), 0.05, { digits: 3 }),
    told("longest task of the page meanwhile", Math.max(0, ...loads.flatMap(({ long }) => long)), { unit: "ms" }),
  ];
}

/** One load, with nothing in any cache. */
async function load(browser, url) {
  const { context, page } = await newPage(browser);
  await page.addInitScript(watch);
  await page.goto(url);
  await page.waitForFunction(() => globalThis.seen.verdict > 0);
  await page.waitForTimeout(500);
  const seen = await page.evaluate(() => globalThis.seen);
  await context.close();
  return seen;
}
