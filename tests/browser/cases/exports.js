// What can be taken away is what it says it is.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { open, ready, settled } from "../browser.js";
import { equal, holds, text } from "../expect.js";
import { places } from "../places.js";

async function exported(page, name) {
  await page.locator(".menu summary").click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
  return readFile(await download.path(), "utf8");
}

const report = (day, pods) => ({
  cluster_name: "c1", timestamp: `2026-01-0${day}T00:00:00Z`,
  namespaces: [{ uid: "n1", name: "default" }],
  pods: pods.map((name) => ({ uid: name, name, namespace_uid: "n1" })),
  containers: pods.map((name) => ({ id: `containerd://${name}`, name, image_tag: `${name}:1`, pod_uid: name })),
});

export default [
  {
    name: "configurations, as the command reads them",
    async run({ page, url }) {
      await open(page, url);
      await page.fill("#ttl-b", "17");
      await settled(page);
      const { services } = parse(await exported(page, "Configuration B as YAML"));
      equal(services.catalog.runtime_inventory, { image_ttl_days: 17, image_ingest_overwrite: await page.isChecked("#overwrite-b"), ecs_truncation_guard: true });
    },
  },
  {
    name: "a fixture, which the engine answers as it says",
    async run({ page, url }) {
      await open(page, url);
      const lines = [report(1, ["a", "b"]), report(2, ["a"]), report(9, ["a", "b"])].map((one) => JSON.stringify(one)).join("\n");
      await page.setInputFiles("input[type=file]", { name: "three.ndjson", mimeType: "application/json", buffer: Buffer.from(lines) });
      await page.waitForFunction(() => document.documentElement.dataset.scenario === "");
      await page.fill("#ttl-a", "3");
      await settled(page);
      const fixture = JSON.parse(await exported(page, "Conformance fixture"));
      equal(fixture.steps.filter(({ report: body }) => body).length, 3);
      equal(fixture.config.image_ttl_days, 3);
      const engine = await import(pathToFileURL(join(places.web, "keepset_web.js")).href);
      engine.initSync({ module: await readFile(join(places.web, "keepset_web_bg.wasm")) });
      const answers = new TextDecoder().decode(engine.run_fixture(new TextEncoder().encode(JSON.stringify(fixture)))).trim().split("\n");
      fixture.steps.forEach(({ expect }, step) => {
        const { retained, removed } = JSON.parse(answers[step]);
        equal(expect.retained, retained);
        equal(expect.removed, removed);
      });
      // What the TTL removed between the second report and the third is in it: as sweeps.
      const swept = fixture.steps.filter(({ report: body }) => !body);
      holds(swept.length > 0 && swept.every(({ expect }) => expect.removed.some(({ reason }) => reason === "expired")), "nothing expired");
    },
  },
  {
    name: "a view with its data opens again as it was",
    async run({ page, fresh, url }) {
      await open(page, url);
      await page.setInputFiles("input[type=file]", { name: "one.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(report(1, ["a"]))) });
      await page.waitForFunction(() => document.documentElement.dataset.scenario === "");
      await page.fill("#ttl-b", "23");
      await page.click("#tab-reports");
      await settled(page);
      const view = await exported(page, "This view, with its data");
      const other = await fresh();
      await open(other, url);
      await other.setInputFiles("input[type=file]", { name: "keepset-view.json", mimeType: "application/json", buffer: Buffer.from(view) });
      await other.waitForFunction(() => document.documentElement.dataset.scenario === "");
      await ready(other);
      equal(await other.inputValue("#ttl-b"), "23");
      equal(await other.locator("[role=tab][aria-selected=true]").textContent(), "Reports");
      await text(other, ".main > p", "one.json");
    },
  },
  {
    name: "the verdict as Markdown",
    async run({ page, url }) {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await open(page, url);
      await page.locator(".menu summary").click();
      await page.getByRole("button", { name: "as Markdown" }).click();
      await text(page, ".notice", "copied");
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      for (const part of ["| | A | B |", "Smallest safe TTL", "| verdict | Removes 80 running items | Removes nothing that still runs |"]) holds(copied.includes(part), copied);
    },
  },
];
