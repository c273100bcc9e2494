// Nothing leaves the tab; the single file opens from a disk, with the network off.
import { addFault, choose, open, ready, settled } from "../browser.js";
import { equal, holds, text } from "../expect.js";

const policyOf = (page) => page.$eval("meta[http-equiv=Content-Security-Policy]", (meta) => meta.content);

/** Goes through what a reader does. */
async function walk(page) {
  const ids = await page.$$eval("#scenario option", (options) => options.map(({ value }) => value));
  for (const id of ids.slice(0, 2)) await choose(page, id);
  for (const tab of ["reports", "diff", "data", "items"]) await page.click(`#tab-${tab}`);
  await page.click("#tab-data");
  await page.focus(".editor textarea");
  await page.waitForSelector(".cm-content");
  await addFault(page, "clock_skew");
  await settled(page);
}

/** Tries to reach others from within, by every way that a script has. */
const escape = (page) =>
  page.evaluate(async () => {
    const ways = {
      fetch: () => fetch("https://example.com/"),
      image: () => new Promise((done, fail) => Object.assign(new Image(), { onload: done, onerror: fail, src: "https://example.com/x.png" })),
      script: () => new Promise((done, fail) => document.head.append(Object.assign(document.createElement("script"), { onload: done, onerror: fail, src: "https://example.com/x.js" }))),
      socket: () => new Promise((done, fail) => { const socket = new WebSocket("wss://example.com/"); socket.onopen = done; socket.onerror = fail; }),
      worker: () => new Promise((done, fail) => {
        const worker = new Worker(URL.createObjectURL(new Blob(["fetch('https://example.com/').then(() => postMessage(1), () => postMessage(0))"])));
        worker.onmessage = ({ data }) => (data ? done() : fail());
        worker.onerror = fail;
      }),
    };
    const out = [];
    for (const [name, way] of Object.entries(ways)) await Promise.resolve().then(way).then(() => out.push(name), () => {});
    return out;
  });

export default [
  {
    name: "a whole visit asks nobody but the server of the page",
    async run({ page, url }) {
      await open(page, url);
      await walk(page);
      holds((await policyOf(page)).includes("connect-src 'self'"), await policyOf(page));
      equal(await page.evaluate(() => [document.cookie, localStorage.length, sessionStorage.length]), ["", 0, 0]);
    },
  },
  {
    name: "the single file works from a disk with the network off, and may reach nobody",
    async run({ page, single }) {
      await page.context().setOffline(true);
      await open(page, single);
      await walk(page);
      const policy = await policyOf(page);
      holds(policy.includes("connect-src 'none'") && !policy.includes("unsafe-inline"), policy);
      await text(page, "[data-testid=digest]", /^[0-9a-f]{64}$/);
    },
  },
  {
    name: "the policy stops whatever script would reach out",
    // What it stops is said on the console, and requested of nobody.
    allows: [/Content Security Policy|ERR_/],
    async run({ fresh, url, single }) {
      for (const address of [url, single]) {
        const page = await fresh();
        await open(page, address);
        equal(await escape(page), []);
      }
    },
  },
  {
    name: "the digest on the page is the engine's",
    async run({ page, url }) {
      const { createHash } = await import("node:crypto");
      const { readFile } = await import("node:fs/promises");
      const { join } = await import("node:path");
      const { places } = await import("../places.js");
      await open(page, url);
      const bytes = await readFile(join(places.web, "keepset_web_bg.wasm"));
      await text(page, "[data-testid=digest]", createHash("sha256").update(bytes).digest("hex"));
      await ready(page);
    },
  },
];
