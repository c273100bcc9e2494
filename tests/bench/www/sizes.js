// What has to be fetched, in kB as gzip -9 makes them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { newPage, open } from "../../browser/browser.js";
import { places } from "../../browser/places.js";
import { atMost, told } from "./figure.js";

const kilobytes = async (file) => gzipSync(await readFile(file), { level: 9 }).length / 1000;

/** The sum of the files of the page that were asked for. */
async function fetched(requests) {
  const paths = new Set(requests.map((request) => new URL(request.url())).filter(({ protocol }) => protocol === "http:").map(({ pathname }) => pathname));
  let sum = 0;
  for (const path of paths) sum += await kilobytes(join(places.playground, path === "/" ? "index.html" : path));
  return sum;
}

export async function sizes({ browser, url }) {
  const { context, page, requests } = await newPage(browser);
  await open(page, url);
  const engine = requests.findIndex((request) => request.url().endsWith(".wasm"));
  const verdict = requests.length;
  await page.click("#tab-data");
  await page.focus(".editor textarea");
  await page.waitForSelector(".cm-content");
  await context.close();
  const kB = { unit: "kB", digits: 1 };
  return [
    atMost("page, style, script and worker", await fetched(requests.slice(0, engine)), 75, kB),
    atMost("engine", await fetched([requests[engine]]), 140, kB),
    told("after it, until the first verdict: a scenario and a panel", await fetched(requests.slice(engine + 1, verdict)), kB),
    atMost("editor, when it is used", await fetched(requests.slice(verdict)), 125, kB),
    atMost("single file", await kilobytes(places.single), 220, { ...kB, note: "without the editor" }),
  ];
}
