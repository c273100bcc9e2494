// Runs the cases, one after the other, in a real browser: `node run.js [part of a name]...`
import { readdir } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { newPage, startBrowser } from "./browser.js";
import { places } from "./places.js";
import { serve } from "./server.js";

const LIMIT_MS = 300_000;
const wanted = process.argv.slice(2);

const cases = [];
for (const file of (await readdir(new URL("cases/", import.meta.url))).filter((name) => name.endsWith(".js")).sort()) {
  const { default: list } = await import(new URL(`cases/${file}`, import.meta.url));
  const group = file.replace(/\.js$/, "");
  cases.push(...(typeof list === "function" ? await list() : list).map((entry) => ({ ...entry, name: `${group}: ${entry.name}` })));
}
const chosen = cases.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

const { browser, close } = await startBrowser();
const server = await serve(places.playground);
let failed = 0;
try {
  for (const { name, run, view, allows = [] } of chosen) {
    const start = performance.now();
    const pages = [];
    // Every page that a case opens is watched; what it complained of, or asked of others, fails the case.
    const fresh = async (options) => {
      const watched = await newPage(browser, options);
      pages.push(watched);
      return watched.page;
    };
    let timer;
    try {
      const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not done after ${LIMIT_MS / 1000} s`)), LIMIT_MS); });
      const page = view === null ? null : await fresh(view);
      const note = await Promise.race([run({ page, fresh, browser, url: server.url, single: pathToFileURL(places.single).href }), late]);
      for (const { complaints, requests } of pages) {
        const bad = complaints.filter((line) => !allows.some((allowed) => allowed.test(line)));
        if (bad.length > 0) throw new Error(`the page complained:\n${bad.join("\n")}`);
        // What the page's policy stopped was asked of nobody.
        const sent = requests.filter((request) => request.failure()?.errorText !== "csp").map((request) => request.url());
        const away = sent.filter((address) => !/^(http:\/\/127\.0\.0\.1:\d+\/|file:\/\/|blob:|data:)/.test(address));
        if (away.length > 0) throw new Error(`the page asked others: ${away.join(", ")}`);
      }
      console.log(`ok      ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)${note ? `  ${note}` : ""}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n        ${String(error.stack ?? error).split("\n").slice(0, 12).join("\n        ")}`);
    } finally {
      clearTimeout(timer);
      await Promise.all(pages.map(({ context }) => context.close().catch(() => {})));
    }
  }
} finally {
  await server.close();
  await close();
}
console.log(`${chosen.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 || chosen.length === 0 ? 1 : 0);
