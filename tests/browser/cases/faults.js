// The page says what is wrong, in words, and keeps what it has.
import { leaveDialog, open, ready, settled } from "../browser.js";
import { equal, holds, text } from "../expect.js";
import { places } from "../places.js";
import { serve } from "../server.js";

const isEngine = (path) => path.endsWith(".wasm");

/** A case with a server that does something to what it answers. */
function changed(name, change, run, allows = []) {
  return {
    name,
    allows,
    async run(tools) {
      const server = await serve(places.playground, change);
      try {
        return await run({ ...tools, url: server.url });
      } finally {
        await server.close();
      }
    },
  };
}

const json = (document) => ({ name: "report.json", mimeType: "application/json", buffer: Buffer.from(typeof document === "string" ? document : JSON.stringify(document)) });

const report = () => ({
  cluster_name: "c1", timestamp: "2026-01-01T00:00:00Z",
  namespaces: [{ uid: "n1", name: "default" }],
  pods: [{ uid: "p1", name: "web", namespace_uid: "n1" }],
  containers: [{ id: "containerd://1", name: "web", image_tag: "web:1", pod_uid: "p1" }],
});

/** Every field of a report, with a way to it. */
function* fields(value, path = []) {
  for (const [key, entry] of Object.entries(value)) {
    yield [...path, key];
    if (typeof entry === "object") yield* fields(entry, [...path, key]);
  }
}

const missing = async ({ page, url }) => {
  await page.goto(url);
  await text(page, "main", "keepset simulate");
  await text(page, "main", "The engine");
};

export default [
  changed("no engine (404): said in words, with the command to use instead", (path, answer) => (isEngine(path) ? { status: 404, headers: {}, body: "" } : answer), missing, [/404/]),
  changed("an engine cut short: said in words", (path, answer) => (isEngine(path) ? { ...answer, body: answer.body.subarray(0, answer.body.length / 2) } : answer), missing),
  changed("an engine of the wrong MIME type runs all the same", (path, answer) => (isEngine(path) ? { ...answer, headers: { "content-type": "text/plain" } } : answer), ({ page, url }) => open(page, url)),
  changed(
    "a policy that forbids WebAssembly: said in words",
    (path, answer) => (path.endsWith(".html") ? { ...answer, body: String(answer.body).replace(" 'wasm-unsafe-eval'", "") } : answer),
    missing,
    [/wasm-unsafe-eval|WebAssembly|Content Security Policy/],
  ),
  {
    name: "a worker that dies can be started again, and nothing is lost",
    async run({ page, url }) {
      await open(page, url);
      await page.fill("#ttl-a", "9");
      await settled(page);
      const before = await text(page, "[data-testid=headline-a]", "Removes");
      await page.workers()[0].evaluate(() => self.close()).catch(() => {});
      await page.fill("#ttl-b", "1");
      await text(page, ".notice", "has not answered", 12_000);
      await page.getByRole("button", { name: "Start it again" }).click();
      await settled(page);
      equal(await page.inputValue("#ttl-a"), "9");
      equal(await page.inputValue("#ttl-b"), "1");
      await text(page, "[data-testid=headline-a]", before);
      await text(page, ".verdict[data-side=b]", "TTL 1 day,");
    },
  },
  {
    name: "JSON that is none: line, column, and the last good result stays",
    async run({ page, url }) {
      await open(page, url);
      const headline = await text(page, "[data-testid=headline-a]", "Removes");
      await page.setInputFiles("input[type=file]", json('{\n  "cluster_name": "c1",\n  "timestamp" 7\n}'));
      const said = await text(page, "[data-testid=problem]", /line 3, column \d+/);
      holds(said.includes("report.json"), said);
      // The text that was refused is there to be mended.
      await page.click("#tab-data");
      holds((await page.inputValue(".editor textarea")).includes('"timestamp" 7'), "the editor shows something else");
      await page.click("#tab-items");
      await text(page, "[data-testid=headline-a]", headline);
      await page.keyboard.press("n");
      await page.setInputFiles("input[type=file]", json(report()));
      await page.waitForFunction(() => !document.querySelector("[data-testid=problem]"));
    },
  },
  {
    name: "what is refused in YAML: its place there, and once it was changed in the editor, its place in that",
    allows: [/Applying inline style/],
    async run({ page, url }) {
      await open(page, url);
      const yaml = "# Of a cluster\ncluster_name: c1\ntimestamp: 2026-01-01T00:00:00Z\npods:\n  - uid: p1\n    name: 5\n";
      await page.setInputFiles("input[type=file]", { name: "report.yaml", mimeType: "application/yaml", buffer: Buffer.from(yaml) });
      await text(page, "[data-testid=problem]", "report.yaml, line 6, column 11, at /pods/0/name");
      await page.getByRole("button", { name: "Show the text" }).click();
      await page.locator(".editor textarea").focus();
      await page.locator(".editor .cm-content").fill('{"cluster_name": "c1", "timestamp": 7}');
      await text(page, "[data-testid=problem]", /report.yaml, as JSON, line 1, column \d+, at .timestamp/);
    },
  },
  {
    name: "a wrong value in any field: its place in the document",
    async run({ page, url }) {
      await open(page, url);
      let tried = 0;
      for (const path of fields(report())) {
        const document = report();
        const parent = path.slice(0, -1).reduce((value, key) => value[key], document);
        parent[path.at(-1)] = Array.isArray(parent[path.at(-1)]) ? "text" : 7;
        await page.setInputFiles("input[type=file]", json(document));
        const pointer = `/${path.join("/")}`;
        await page.waitForFunction((wanted) => document.querySelector("[data-testid=problem]")?.textContent.includes(`at ${wanted}.`), pointer, { timeout: 10_000 })
          .catch(async () => { throw new Error(`${pointer}: ${await page.locator("[data-testid=problem]").textContent().catch(() => "no problem shown")}`); });
        tried += 1;
      }
      return `${tried} fields`;
    },
  },
  {
    name: "the editor marks what is wrong, and replays what is right",
    // Chromium keeps the look of what is typed over by a style of its own, which the page's policy stops.
    allows: [/Applying inline style/],
    async run({ page, url }) {
      await open(page, url);
      await page.setInputFiles("input[type=file]", json(report()));
      await settled(page);
      await page.click("#tab-data");
      await page.focus(".editor textarea");
      await page.waitForSelector(".cm-content");
      await page.locator(".cm-content").fill(JSON.stringify({ ...report(), pods: [{ uid: "p1", name: 5, namespace_uid: "n1" }] }, null, 1));
      await text(page, "[data-testid=problem]", "/pods/0/name");
      const marked = await page.waitForSelector(".cm-lintRange-error, .cm-lintPoint-error");
      equal((await marked.textContent()).trim(), "5");
      await page.locator(".cm-content").fill(JSON.stringify(report(), null, 1));
      await page.waitForFunction(() => !document.querySelector("[data-testid=problem]"));
      await page.keyboard.press("Escape");
      equal(await page.evaluate(() => document.activeElement.id), "panel");
    },
  },
  {
    name: "a file of 60 MB is asked about first",
    async run({ page, url }) {
      await open(page, url);
      const line = `${JSON.stringify(report())}\n`;
      const { mkdtemp, rm, writeFile } = await import("node:fs/promises");
      const { tmpdir } = await import("node:os");
      const { join } = await import("node:path");
      const folder = await mkdtemp(join(tmpdir(), "keepset-large-"));
      try {
        await writeFile(join(folder, "large.ndjson"), line.repeat(Math.ceil(60_000_000 / line.length)));
        await page.setInputFiles("input[type=file]", join(folder, "large.ndjson"));
        await text(page, "dialog", "60 MB");
        await page.getByRole("button", { name: "Leave it" }).click();
        await ready(page);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  },
  {
    name: "more than 2,000,000 sightings are asked about first, once",
    async run({ page, fresh, url }) {
      await open(page, url);
      const headline = await text(page, "[data-testid=headline-a]", "Removes");
      const many = json({
        name: "many", title: "Many", a: { image_ttl_days: 3 },
        history: { generate: { start: "2026-01-01T00:00:00Z", days: 100, poll_seconds: 3600, clusters: ["c1"], namespaces: 4, pods: 125 } },
      });
      const pick = () => page.setInputFiles("input[type=file]", many);
      await pick();
      await text(page, "dialog", /2,401,000 sightings of 1,000 items: .* (less than a second|about \d+ seconds?) for both/);
      await page.getByRole("button", { name: "Leave it" }).click();
      await settled(page);
      equal(await text(page, "[data-testid=headline-a]", "Removes"), headline);
      // What is shown is still in the engine too.
      await page.fill("#ttl-a", "30");
      await settled(page);
      await text(page, "[data-testid=headline-a]", "Removes nothing");
      await pick();
      await page.waitForSelector("dialog");
      await leaveDialog(page);
      await settled(page);
      equal(await page.inputValue("#ttl-a"), "30");
      await pick();
      await page.getByRole("button", { name: "Replay it" }).click();
      await text(page, ".main > p", "1,000 items");
      await settled(page);
      await pick();
      await settled(page);
      equal(await page.locator("dialog").count(), 0);
      await page.getByRole("button", { name: "Copy link" }).click();
      await page.locator("dialog input[type=checkbox]").uncheck();
      await page.waitForFunction(() => document.querySelector("dialog textarea")?.value.includes("#v1."));
      const other = await fresh();
      await other.goto(await page.inputValue("dialog textarea"));
      await other.getByRole("button", { name: "Leave it" }).click();
      await ready(other);
      await text(other, "[data-testid=headline-a]", headline);
    },
  },
  {
    name: "nothing is called safe where there is nothing to judge: neither shown, nor read out, nor copied",
    async run({ page, url }) {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await open(page, url);
      const card = ".verdict[data-side=a]";
      const isSaid = async (headline) => {
        await text(page, "[data-testid=headline-a]", `○ ${headline}`);
        await text(page, "[data-testid=announce]", `A: ${headline}. B: ${headline}.`);
        await text(page, "section[aria-labelledby=title-safe]", /– ?Use in A/);
        await page.locator(".menu summary").click();
        await page.getByRole("button", { name: "as Markdown" }).click();
        await page.waitForFunction(() => document.querySelector(".notice")?.textContent.includes("copied"));
        const copied = await page.evaluate(() => navigator.clipboard.readText());
        holds(copied.includes(`| verdict | ${headline} | ${headline} |`) && !copied.includes("Smallest safe"), copied);
        await page.getByRole("button", { name: "Close" }).click();
      };
      await page.setInputFiles("input[type=file]", json({ ...report(), namespaces: [], pods: [], containers: [] }));
      await text(page, card, "Nothing to judge");
      await isSaid("Nothing to judge");
      await page.setInputFiles("input[type=file]", json(report()));
      await isSaid("Too few reports to judge");
      const lines = [report(), { ...report(), timestamp: "2026-01-02T00:00:00Z" }].map((one) => JSON.stringify(one)).join("\n");
      await page.setInputFiles("input[type=file]", { name: "two.ndjson", mimeType: "application/json", buffer: Buffer.from(lines) });
      holds(!(await text(page, card, "Survives outages")).includes("no gap"), "two are too few");
    },
  },
];
